# SPDX-License-Identifier: Apache-2.0
"""Sealing replaces values where they stand, and refuses what it could not bring back."""

from __future__ import annotations

import re

import pytest

import worlds
from gitseal import documents
from gitseal.crypto.derive import ScopeKeys
from gitseal.errors import DocumentError, LimitError, NotADocumentError
from gitseal.keypaths import Rules
from gitseal.keys import Context, DataKey, ScopeId
from gitseal.native import sealing

TOKEN = re.compile(r"seal:v1\[_[0-9a-z]+_\]")
NAMES = {"yaml": "app.yaml", "json": "app.json", "dotenv": ".env"}


def tokens(data: bytes) -> list[str]:
    return TOKEN.findall(data.decode())


def body(data: bytes) -> str:
    """What stands before the header."""
    return data.decode().partition("# Sealed with gitseal")[0]


def test_only_the_selected_values_change() -> None:
    clear = "# remark\na: 1   # one\nb:  {password: 'x', c: [y]}\nlist:\n- password: z\n"
    data = worlds.seal(clear, rules=worlds.PASSWORDS)
    first, second = tokens(data)

    assert body(data) == clear.replace("'x'", f'"{first}"').replace("z\n", f'"{second}"\n')


def test_equal_inputs_give_equal_bytes() -> None:
    for name, clear in (("a.yaml", "a: x\nb: y\n"), ("a.json", '{"a": "x"}'), (".env", "A=x\n")):
        assert worlds.seal(clear, name) == worlds.seal(clear, name)


def test_only_a_changed_value_changes_its_sealed_text() -> None:
    before = tokens(worlds.seal("a: one\nb: two\nc: three\n"))
    after = tokens(worlds.seal("a: one\nb: TWO\nc: three\n"))

    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]


@pytest.mark.parametrize("value", ["null", '""', "true", "7", "x" * 29])
def test_small_values_are_all_of_one_length(value: str) -> None:
    assert [len(token) for token in tokens(worlds.seal(f"a: {value}\n"))] == [88]


def test_a_value_of_thirty_bytes_is_in_the_next_bucket() -> None:
    assert [len(token) for token in tokens(worlds.seal(f"a: {'x' * 30}\n"))] == [88 + 26]


def test_equal_values_differ_between_places_files_scopes_and_epochs() -> None:
    def token(text: str = "a: x\n", name: str = "app.yaml", **keys: int | str) -> str:
        scope = ScopeId(str(keys.get("scope", "s")), Context(), int(keys.get("epoch", 1)))
        made = ScopeKeys(DataKey(bytes(32)), scope)
        return tokens(worlds.seal(text, name, keys=made))[0]

    texts = [
        token(),
        token("b: x\n"),
        token("c:\n  a: x\n"),
        token("- x\n"),
        token(name="other.yaml"),
        token(scope="t"),
        token(epoch=2),
        token('{"a": x}\n'),
    ]
    assert len(texts) - 1 == len(set(texts))
    assert texts[0] == texts[-1]


def test_items_of_a_list_share_a_place_so_that_insertions_change_no_neighbour() -> None:
    one, two = tokens(worlds.seal("- x\n- x\n"))
    three = tokens(worlds.seal("- new\n- x\n- x\n"))

    assert one == two
    assert three[1:] == [one, two]


def test_the_seal_is_last_and_there_is_none_where_the_policy_says_mergeable() -> None:
    for name, clear in (("a.yaml", "a: x\n"), ("a.json", '{"a": "x"}\n'), (".env", "A=x\n")):
        strict = documents.parse(worlds.seal(clear, name), documents.syntax_of(name) or "").header
        loose = worlds.inspect(worlds.seal(clear, name, strict=False), name).header
        assert strict is not None
        assert strict[-1][0] == "seal"
        assert loose.seal is None


@pytest.mark.parametrize(
    ("name", "clear"), [("a.yaml", "a: x"), ("a.json", '{"a": "x"}'), (".env", "A=x")]
)
def test_a_missing_final_line_break_is_noted_and_stays_missing(name: str, clear: str) -> None:
    data = worlds.seal(clear, name)

    assert data.endswith(b"\n")
    assert worlds.inspect(data, name).header.newline is False
    assert worlds.open_(data, name) == clear.encode()


@pytest.mark.parametrize(
    "clear",
    [
        "a: seal:v1[_00_]\n",
        "a: 'seal:v1[_x'\n",
        "a: seal:v2[_00_]\n",
        "a: x # seal:v1[_00\n",
        "# seal:v1[_0z_] trailing\na: x\n",
        "#seal:v9[\na: x\n",
    ],
)
def test_what_looks_sealed_is_not_sealed_again(clear: str) -> None:
    with pytest.raises(NotADocumentError, match="looks like sealed text") as caught:
        worlds.seal(clear)
    assert caught.value.line == 1
    assert "seal:v" not in str(caught.value)


def test_a_sealed_value_without_its_header_is_not_sealed_again() -> None:
    lost = body(worlds.seal("b: 1\na: canary\n", rules=Rules(["a"], [], "clear")))

    with pytest.raises(NotADocumentError, match="a looks like sealed text") as caught:
        worlds.seal(lost)
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("name", "clear"),
    [("a.yaml", "a: 1\ngitseal: x\n"), ("a.yaml", "gitseal:\n  b: 1\n"),
     ("a.json", '{"gitseal": 1}'), ("a.json", '{"\\u0067itseal": {"v": 1}}'),
     (".env", "# gitseal v: 1\nA=x\n")],
)  # fmt: skip
def test_the_name_of_the_header_is_taken(name: str, clear: str) -> None:
    with pytest.raises(DocumentError):
        worlds.seal(clear, name)


@pytest.mark.parametrize("line", ["gitsealed: 1\n", "b:\n  gitseal: 1\n", '"gitseal ": 1\n'])
def test_names_like_it_are_not(line: str) -> None:
    clear = f"a: x\n{line}".encode()

    assert worlds.open_(worlds.seal(clear)) == clear


@pytest.mark.parametrize(
    ("name", "before", "after", "quotes"),
    [("a.yaml", "a: ", "\n", 0), ("a.yaml", "a: '", "'\n", 2), ("a.json", '{"a": "', '"}\n', 2),
     (".env", "A=", "\n", 0)],
    ids=["yaml", "yaml-quoted", "json", "dotenv"],
)  # fmt: skip
def test_a_value_of_one_mebibyte_is_sealed_and_a_byte_more_is_refused(
    name: str, before: str, after: str, quotes: int
) -> None:
    clear = (before + "x" * (2**20 - quotes) + after).encode()

    assert worlds.open_(worlds.seal(clear, name), name) == clear
    with pytest.raises(LimitError, match="1 MiB") as caught:
        worlds.seal(clear.replace(b"xxx", b"xxxx", 1), name)
    assert "xxx" not in str(caught.value)


def test_empty_values_are_not_sealed() -> None:
    clear = "a:\nb: {}\nc: []\nd: ''\n"
    data = worlds.seal(clear)

    assert body(data) == clear.replace("''", f'"{tokens(data)[0]}"')


def test_sealing_an_alias_into_a_sealed_place_is_a_fault_of_the_document() -> None:
    with pytest.raises(DocumentError, match="alias") as caught:
        worlds.seal("name: &x canary\npassword: *x\n", rules=worlds.PASSWORDS)
    assert "canary" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_quote_that_the_header_would_close_is_refused_without_a_wrong_line() -> None:
    clear = 'PASSWORD=x\nB="\n'
    with pytest.raises(DocumentError, match="without loss"):
        worlds.seal(clear, ".env", Rules(["PASSWORD"], [], "clear"))
    assert worlds.open_(worlds.seal(clear, ".env"), ".env") == clear.encode()


def test_the_note_for_people_can_be_left_out() -> None:
    clear = documents.parse(b"a: x\n", "yaml")
    header = worlds.header("app.yaml")
    data = sealing.seal_document(clear, header, worlds.KEYS, worlds.EVERYTHING, note=False)

    assert b"Sealed with gitseal" not in data
    assert worlds.open_(data) == b"a: x\n"
