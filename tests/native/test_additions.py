# SPDX-License-Identifier: Apache-2.0
"""What people add by hand is forgiven; anything else is not."""

from __future__ import annotations

import re

import pytest

import worlds
from gitseal.crypto.derive import ScopeKeys
from gitseal.keypaths import Rules
from gitseal.keys import DataKey
from gitseal.native.additions import open_additions

TOKEN = re.compile(rb"seal:v1\[_\w+_\]")
YAML = worlds.seal("a: canary\nb:\n  - one\n  - two\nc: {d: x}\n")
ENV = worlds.seal("A=canary\nB='two'\n", ".env")
JSON = worlds.seal('{\n  "a": "canary",\n  "b": {"c": "x"}\n}\n', "a.json")


def added(
    data: bytes, name: str = "app.yaml", rules: Rules = worlds.EVERYTHING, *, strict: bool = True
) -> str | None:
    sealed = worlds.sealed_document(data, name)
    document = open_additions(sealed, worlds.KEYS, rules, strict=strict)
    return None if document is None else document.text


def test_a_line_behind_the_header() -> None:
    assert added(ENV + b"NEW=x\n", ".env") == "A=canary\nB='two'\nNEW=x\n"
    assert added(ENV + b"# remark\nexport NEW='x y'\nMORE=1", ".env") == (
        "A=canary\nB='two'\n# remark\nexport NEW='x y'\nMORE=1"
    )


def test_a_line_anywhere() -> None:
    at = ENV.index(b"\nB=") + 1

    assert added(ENV[:at] + b"NEW=x\n" + ENV[at:], ".env") == "A=canary\nNEW=x\nB='two'\n"


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (b"b:\n", b"new: x\nb:\n", "a: canary\nnew: x\nb:\n  - one\n  - two\nc: {d: x}\n"),
        (b"b:\n", b"b:\n  - x\n", "a: canary\nb:\n  - x\n  - one\n  - two\nc: {d: x}\n"),
        (b"{d: ", b"{e: y, d: ", "a: canary\nb:\n  - one\n  - two\nc: {e: y, d: x}\n"),
    ],
)
def test_keys_and_items_in_yaml(old: bytes, new: bytes, text: str) -> None:
    assert added(YAML.replace(old, new, 1)) == text


def test_members_in_json() -> None:
    data = JSON.replace(b'"b": {', b'"new": 1, "b": {"e": "y", ')

    assert added(data, "a.json") == (
        '{\n  "a": "canary",\n  "new": 1, "b": {"e": "y", "c": "x"}\n}\n'
    )


def test_without_additions_there_is_nothing_to_forgive() -> None:
    assert added(YAML) is None
    assert added(ENV + b"EMPTY=\n", ".env") is None


def swapped(data: bytes) -> bytes:
    one, two = TOKEN.findall(data)[:2]
    return data.replace(one, b"\0").replace(two, one).replace(b"\0", two)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: TOKEN.sub(b"clear", data, count=1),
        lambda data: data.replace(b"A=", b"AA=", 1),
        lambda data: data[data.index(b"\n") + 1 :],
        lambda data: data.replace(b"B=", b"EMPTY=\nB=", 1),
        lambda data: data.replace(b"B=", b"export B=", 1),
        swapped,
        lambda data: data.replace(b"origin: ", b"origin: ", 1).replace(b'".env"', b'".env.b"'),
        lambda data: re.sub(rb"# gitseal seal: .*\n", b"", data),
    ],
    ids=["replaced", "renamed", "dropped", "emptied", "export", "swapped", "origin", "seal"],
)
def test_an_addition_does_not_excuse_anything_else(change: object) -> None:
    assert callable(change)
    assert added(change(ENV) + b"NEW=x\n", ".env") is None


def test_a_sealed_value_that_is_damaged_or_of_another_file_is_not_excused() -> None:
    foreign = TOKEN.findall(worlds.seal("A=canary\n", "other.env"))[0]
    for strict in (True, False):
        data = worlds.seal("A=canary\nB=two\n", ".env", strict=strict)
        altered = data.replace(TOKEN.findall(data)[0], foreign) + b"NEW=x\n"
        assert added(altered, ".env", strict=strict) is None


def test_an_added_collection_is_more_than_an_added_value() -> None:
    assert added(YAML.replace(b"b:\n", b"new: {x: y}\nb:\n", 1)) is None


def test_an_added_value_that_no_rule_seals_is_a_change_of_the_document() -> None:
    rules = Rules(["**"], ["open"], "clear")
    data = worlds.seal("A=canary\n", ".env", rules)

    assert added(data + b"NEW=x\n", ".env", rules) == "A=canary\nNEW=x\n"
    assert added(data + b"open=x\n", ".env", rules) is None
    assert added(data + b"open=x\nNEW=x\n", ".env", rules) is None


def test_without_a_seal_values_still_have_to_open() -> None:
    data = worlds.seal("A=canary\n", ".env", strict=False)

    assert added(data + b"NEW=x\n", ".env", strict=False) == "A=canary\nNEW=x\n"
    moved = swapped(worlds.seal("A=1\nB=2\n", ".env", strict=False)) + b"C=x\n"
    assert added(moved, ".env", strict=False) is None


def test_other_keys_open_nothing() -> None:
    keys = ScopeKeys(DataKey(bytes(32)), worlds.SCOPE)
    sealed = worlds.sealed_document(ENV + b"NEW=x\n", ".env")

    assert open_additions(sealed, keys, worlds.EVERYTHING) is None
