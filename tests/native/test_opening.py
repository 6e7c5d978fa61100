# SPDX-License-Identifier: Apache-2.0
"""Opening releases everything, to the byte, or nothing, with one kind of error."""

from __future__ import annotations

import re

import pytest

import worlds
from gitseal.crypto.base32 import to_text
from gitseal.crypto.derive import ScopeKeys
from gitseal.errors import DocumentError, GitsealError, IntegrityError, NewerVersionError
from gitseal.keypaths import Rules
from gitseal.keys import Context, DataKey, ScopeId, WrappedKey
from gitseal.native import pieces
from gitseal.native.header import FileRules

CLEAR = "user: canary-ada\npassword: canary-one\nlist:\n  - password: canary-two\n"
SEALED = worlds.seal(CLEAR, rules=worlds.PASSWORDS)
SIG = re.compile(rb'  seal: ".*"\n')


def refused(data: bytes, **options: object) -> GitsealError:
    options.setdefault("rules", worlds.PASSWORDS)
    with pytest.raises(IntegrityError) as caught:
        worlds.open_(data, **options)  # type: ignore[arg-type]
    error = caught.value
    assert error.exit_code == 3
    assert error.__context__ is None or error.__suppress_context__
    assert "canary" not in f"{error} {error.hint}"
    return error


def test_it_opens_to_the_same_bytes() -> None:
    assert CLEAR.encode() == worlds.open_(SEALED, rules=worlds.PASSWORDS)


@pytest.mark.parametrize(
    "scope",
    [
        ScopeId("payments-dev", worlds.SCOPE.context, 1),
        ScopeId("payments-prod", worlds.SCOPE.context, 2),
        ScopeId("payments-prod", Context({"app": "payments"}), 1),
        ScopeId("payments-prod", Context(), 1),
    ],
)
def test_it_opens_in_no_other_scope_epoch_or_context(scope: ScopeId) -> None:
    keys = ScopeKeys(DataKey(bytes(range(32))), scope)

    refused(SEALED, keys=keys)
    refused(worlds.seal(CLEAR, rules=worlds.PASSWORDS, strict=False), keys=keys, strict=False)


def test_it_opens_under_no_other_data_key() -> None:
    keys = ScopeKeys(DataKey(bytes(32)), worlds.SCOPE)

    refused(SEALED, keys=keys)
    refused(worlds.seal("a: 1\n", strict=False), keys=keys, strict=False)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('scope: "payments-prod"', 'scope: "payments-dev"'),
        ("epoch: 1", "epoch: 2"),
        (to_text("kid", worlds.KEYS.kid), to_text("kid", bytes(32))),
        ('origin: "app.yaml"', 'origin: "b.yaml"'),
        ('origin: "app.yaml"', 'origin: ""'),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_a_header_that_says_something_else_is_refused(old: str, new: str, strict: bool) -> None:
    data = worlds.seal(CLEAR, rules=worlds.PASSWORDS, strict=strict)
    assert data.count(old.encode()) == 1

    refused(data.replace(old.encode(), new.encode()), strict=strict)


def test_the_context_that_a_portable_file_carries_is_bound() -> None:
    header = worlds.header("app.yaml")
    header.context = worlds.SCOPE.context
    header.keys = (WrappedKey("ada", "age:x", b"x"),)
    clear = worlds.inspect_clear(b"a: canary\n")
    data = clear.seal(header, worlds.KEYS, worlds.EVERYTHING)

    assert worlds.open_(data, rules=None) == b"a: canary\n"
    refused(data.replace(b'"env": "prod"', b'"env": "test"'), rules=None)
    refused(data.replace(b', "env": "prod"', b""), rules=None)


def test_the_rules_that_a_file_carries_are_signed() -> None:
    scope = ScopeId("file", Context(), 1)
    keys = ScopeKeys(DataKey(bytes(32)), scope)
    header = worlds.header("app.yaml", keys)
    header.context = scope.context
    header.keys = (WrappedKey("ada", "age:x", b"x"),)
    header.rules = FileRules(["**"], [], "clear")
    data = worlds.inspect_clear(b"a: canary\n").seal(header, keys, worlds.EVERYTHING)

    assert worlds.open_(data, keys=keys) == b"a: canary\n"
    widened = data.replace(b'"clear": []', b'"clear": ["a"]')
    refused(widened, rules=Rules(["**"], ["a"], ""), keys=keys)


def test_a_missing_seal_is_refused_only_where_the_policy_wants_one() -> None:
    bare = SIG.sub(b"", SEALED)

    assert "missing" in refused(bare).message
    assert worlds.open_(bare, rules=worlds.PASSWORDS, strict=False) == CLEAR.encode()


def test_a_seal_that_is_there_is_verified_in_any_case() -> None:
    other = to_text("sig", bytes(64)).encode()
    wrong = SIG.sub(b'  seal: "' + other + b'"\n', SEALED)

    refused(wrong)
    refused(wrong, strict=False)


def test_the_seal_verifies_without_any_secret() -> None:
    sealed = worlds.inspect(SEALED)
    sealed.verify(worlds.SCOPE, worlds.KEYS.sign_public())

    altered = worlds.inspect(SEALED.replace(b"canary-ada", b"canary-bob"))
    with pytest.raises(IntegrityError):
        altered.verify(worlds.SCOPE, worlds.KEYS.sign_public())
    for public in (bytes(32), b"\1" + bytes(31), worlds.KEYS.sign_public()[::-1]):
        with pytest.raises(IntegrityError):
            sealed.verify(worlds.SCOPE, public)
    with pytest.raises(IntegrityError):
        sealed.verify(ScopeId("other", worlds.SCOPE.context, 1), worlds.KEYS.sign_public())


def test_nothing_is_opened_before_the_seal_has_been_verified(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_arguments: object) -> list[bytes]:
        raise AssertionError("opened")

    monkeypatch.setattr(pieces, "open_values", never)

    refused(SEALED.replace(b"canary-ada", b"canary-bob"))
    refused(SEALED.replace(b"user:", b"user2:\nuser:"))


def test_nothing_is_opened_before_all_places_have_been_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_arguments: object) -> list[bytes]:
        raise AssertionError("opened")

    monkeypatch.setattr(pieces, "open_values", never)
    clear = worlds.sign_again(SEALED.replace(b"list:\n", b"list:\n  - password: canary\n"))

    error = refused(clear)
    assert "list[].password" in error.message
    assert "line 4" in error.message


def test_the_error_names_the_place_of_the_value_that_does_not_open() -> None:
    first, second = re.findall(r"seal:v1\[_\w+_\]", SEALED.decode())
    data = worlds.sign_again(SEALED.replace(second.encode(), first.encode()))

    assert "list[].password" in refused(data).message


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("seal:v1[_", IntegrityError),
        ("seal:v1[", IntegrityError),
        ("seal:v0[_00_]", IntegrityError),
        ("seal:v01[_00_]", IntegrityError),
        ("seal:v2[_00_]", NewerVersionError),
        ("seal:v10[", NewerVersionError),
    ],
)
def test_text_that_begins_like_a_sealed_value_is_never_a_value(
    text: str, kind: type[GitsealError]
) -> None:
    for old, new in ((b"canary-ada", text.encode()), (b"user:", b"# %s\nuser:" % text.encode())):
        with pytest.raises(kind) as caught:
            worlds.inspect(SEALED.replace(old, new))
        assert text not in str(caught.value)


def test_sealed_text_as_a_key_opens_again_or_is_not_sealed() -> None:
    for clear in (b"'seal:v1[_00_]': canary\n", b"a: {seal:v1[_00_]: canary}\n"):
        try:
            data = worlds.seal(clear)
        except DocumentError:
            continue
        assert worlds.open_(data) == clear


def test_comments_open_wherever_they_stand() -> None:
    rules = Rules(["**"], [], "seal")
    clear = b"# canary one\na: 1 # canary two\n"
    data = worlds.seal(clear, rules=rules)
    lines = data.splitlines(keepends=True)
    added = b"".join([lines[0], *lines])

    assert b"canary" not in data
    assert worlds.open_(data, rules=rules) == clear
    assert worlds.open_(added, rules=rules) == b"# canary one\n" + clear


def test_what_was_added_in_clear_is_named_before_the_seal() -> None:
    sealed = worlds.seal(CLEAR, rules=worlds.EVERYTHING)
    addition = sealed.replace(b"list:\n", b"new: canary-three\nlist:\n", 1)

    error = refused(addition, rules=worlds.EVERYTHING)
    assert "new (line 3) is in clear" in str(error)
    assert error.hint == "seal it: gitseal encrypt FILE"
    # With anything else wrong beside it, sealing it again is no way out.
    more = addition.replace(b"user:", b"used:", 1)
    assert "the seal does not verify" in str(refused(more, rules=worlds.EVERYTHING))


def test_without_rules_the_places_are_not_looked_at() -> None:
    assert worlds.open_(SEALED, rules=None) == CLEAR.encode()
    refused(SEALED, rules=worlds.EVERYTHING)


def test_clear_content_has_no_value_in_its_repr() -> None:
    assert "canary" not in repr(worlds.inspect(SEALED).open(worlds.KEYS, worlds.PASSWORDS))
