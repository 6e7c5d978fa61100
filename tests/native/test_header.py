# SPDX-License-Identifier: Apache-2.0
"""Headers are read strictly, and written so that they can be read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gitseal.crypto.base32 import to_text
from gitseal.errors import DocumentError, LimitError, NewerVersionError
from gitseal.keys import Context, WrappedKey
from gitseal.native.header import FileRules, Header, is_origin, read_header

KID = to_text("kid", bytes(32))
GOOD: dict[str, Any] = {
    "v": 1, "scope": "s", "epoch": 1, "kid": KID, "origin": "a.yaml",
    "seal": to_text("sig", bytes(64)),
}  # fmt: skip
CARRIED: dict[str, Any] = {
    "context": {"app": "x"},
    "keys": [{"key": "age:age1x", "to": "ada", "wrapped": to_text("wrap", b"blob")}],
}
RULES: dict[str, Any] = {"rules": {"seal": ["**"], "clear": [], "comments": "seal"}}


def read(**changes: Any) -> Header:
    fields = GOOD | changes
    return read_header((name, value) for name, value in fields.items() if value is not ...)


def refused(**changes: Any) -> str:
    with pytest.raises(DocumentError) as caught:
        read(**changes)
    assert caught.value.__cause__ is None
    assert not isinstance(caught.value, LimitError)
    return caught.value.message


def test_what_is_written_is_read_again() -> None:
    header = Header(
        "file", 1, bytes(range(32)), "a/b.yaml",
        newline=False,
        context=Context({"env": "prod", "app": "x"}),
        keys=[WrappedKey("ada", "age:age1x", b"blob"), WrappedKey("bob", "age:age1y", b"")],
        rules=FileRules(["**"], ["a.*"], "seal"),
        seal=bytes(range(64)),
    )  # fmt: skip
    fields = [(name, json.loads(text)) for name, text in header.fields()]

    assert read_header(fields).fields() == header.fields()
    assert [name for name, _ in fields] == [
        "v", "scope", "epoch", "kid", "origin", "newline", "context", "keys", "rules", "seal",
    ]  # fmt: skip


def test_what_is_absent_is_not_written() -> None:
    names = [name for name, _ in Header("s", 1, bytes(32), "").fields()]

    assert names == ["v", "scope", "epoch", "kid", "origin"]


def test_the_order_of_fields_is_a_formatters_business() -> None:
    backwards = read_header(reversed(GOOD.items()))

    assert read().fields() == backwards.fields()


@pytest.mark.parametrize("name", ["v", "scope", "epoch", "kid", "origin"])
def test_each_field_is_needed(name: str) -> None:
    assert "missing" in refused(**{name: ...})


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("v", ["1", 1.0, True, None, 0, -1, [1]]),
        ("scope", ["", "A", "con", "-x", None, 1, ["s"], "a" * 65]),
        ("epoch", [0, -1, 1.0, True, "1", None, 2**63]),
        ("kid", ["", KID.upper(), KID[:-3] + "_]", to_text("kid", bytes(31)), KID[4:], None]),
        ("origin", [None, 1, "/a", "a/", "a//b", ".", "a/../b", "\ud800"]),
        ("newline", [True, 0, None, "false"]),
        ("seal", [None, "", to_text("sig", bytes(63)), to_text("kid", bytes(64)), 0]),
    ],
)  # fmt: skip
def test_a_field_of_another_kind_is_refused(name: str, values: list[Any]) -> None:
    for value in values:
        assert repr(name) in refused(**{name: value})


@pytest.mark.parametrize("name", ["hint", "V", "v ", "", "seal2"])
def test_an_unknown_field_is_refused(name: str) -> None:
    assert "unknown" in refused(**{name: 1})


def test_a_field_that_stands_twice_is_refused() -> None:
    with pytest.raises(DocumentError, match="twice"):
        read_header([*GOOD.items(), ("v", 1)])


def test_a_newer_version_is_said_before_anything_else() -> None:
    with pytest.raises(NewerVersionError) as caught:
        read(v=2, hint=1, kid=...)
    assert caught.value.exit_code == 8


@pytest.mark.parametrize(
    "changes",
    [
        {"context": CARRIED["context"]},
        {"keys": CARRIED["keys"]},
        CARRIED | {"keys": []},
        CARRIED | {"keys": {}},
        CARRIED | {"keys": CARRIED["keys"] * 65},
        CARRIED | {"keys": [{"key": "age:x", "to": "ada"}]},
        CARRIED | {"keys": [CARRIED["keys"][0] | {"more": 1}]},
        CARRIED | {"keys": [CARRIED["keys"][0] | {"to": 1}]},
        CARRIED | {"keys": [CARRIED["keys"][0] | {"wrapped": "wrap:v1[_u_]"}]},
        CARRIED | {"keys": ["age:x"]},
        CARRIED | {"context": {"App": "x"}},
        CARRIED | {"context": {"app": 1}},
        CARRIED | {"context": [["app", "x"]]},
        CARRIED | {"context": dict.fromkeys("abcdef", "x")},
        RULES,
        CARRIED | RULES,
    ],
)
def test_what_portable_files_carry_is_whole_and_well_formed(changes: dict[str, Any]) -> None:
    refused(**changes)


def test_scope_file_needs_all_it_carries() -> None:
    full = CARRIED | RULES | {"scope": "file"}
    read(**full)
    for name in ("context", "keys", "rules", "seal"):
        refused(**(full | {name: ...}))
    refused(**(full | {"epoch": 2}))


@pytest.mark.parametrize(
    "rules",
    [None, [], {}, {"seal": ["**"], "clear": []}, {"seal": "**", "clear": [], "comments": "seal"},
     {"seal": [1], "clear": [], "comments": "seal"}, {"seal": [], "clear": [], "comments": True},
     {"seal": ["a..b"], "clear": [], "comments": "seal"},
     {"seal": ["**"], "clear": ["a*"], "comments": "seal"}],
)  # fmt: skip
def test_rules_that_are_none_are_refused_as_the_files_fault(rules: Any) -> None:
    assert "rules" in refused(**(CARRIED | {"scope": "file", "rules": rules}))


@pytest.mark.parametrize(
    "changes",
    [{"origin": "x" * 65_537}, {"hint": "x" * 65_537}, {"rules": {"seal": ["x" * 100] * 700}},
     {"context": {"x" * 65_537: ""}}, {"keys": [CARRIED["keys"][0] | {"to": "x" * 65_536}]}],
)  # fmt: skip
def test_a_field_of_more_than_64_kib_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(LimitError, match="64 KiB"):
        read(**changes)


def test_nothing_is_written_that_no_reader_would_accept() -> None:
    wraps = [WrappedKey(f"r{i}", "age:x", b"x") for i in range(65)]
    with pytest.raises(LimitError):
        Header("s", 1, bytes(32), "a", context=Context(), keys=wraps).fields()
    with pytest.raises(LimitError):
        Header("s", 1, bytes(32), "a" * 65_537).fields()


def test_a_deeply_nested_field_is_refused_in_the_end() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    refused(keys=deep)


@pytest.mark.parametrize(
    ("path", "fits"),
    [("a", True), ("a/b.yaml", True), ("é/…", True), (" ", True), ("", False), ("/a", False),
     ("a/", False), ("a/./b", False), ("../a", False), ("\udcff", False)],
)  # fmt: skip
def test_origins(path: str, fits: bool) -> None:
    assert is_origin(path) is fits
