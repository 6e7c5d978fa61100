# SPDX-License-Identifier: Apache-2.0
"""At a place that the rules name stands nothing readable, whichever way it got there."""

from __future__ import annotations

import time

import pytest

import worlds
from gitseal import documents
from gitseal.errors import GitsealError, IntegrityError
from gitseal.keypaths import Rules, format_path
from gitseal.native.places import check_aliases, unsealed_places


def rules(*seal: str, clear: tuple[str, ...] = ()) -> Rules:
    return Rules(seal, clear, "clear")


def unsealed(text: str, chosen: Rules) -> list[str]:
    document = documents.parse(text.encode(), "yaml")
    return [format_path(slot[2]) for slot in unsealed_places(document, chosen)]


TEXT = """\
a: 1
b: {password: 2, user: 3}
c:
  - password: 4
  - 5
d: "seal:v1[_00_]"
e:
f: {}
g: []
"a.b": 6
7: 8
"""


@pytest.mark.parametrize(
    ("chosen", "places"),
    [
        (rules("**"), ["a", "b.password", "b.user", "c[].password", "c[]", '"a.b"', "7"]),
        (rules("*"), ["a", "b.password", "b.user", "c[].password", "c[]", '"a.b"', "7"]),
        (rules("b"), ["b.password", "b.user"]),
        (rules("**.password"), ["b.password", "c[].password"]),
        (rules("*.password"), ["b.password"]),
        (rules("c.*"), ["c[].password", "c[]"]),
        (rules("c.*.password"), ["c[].password"]),
        (rules(r"a\.b"), ['"a.b"']),
        (rules("a.b"), []),
        (rules("7"), ["7"]),
        (rules("d", "e", "f", "g"), []),
        (rules("**", clear=("b.**", "c.**")), ["a", '"a.b"', "7"]),
        (rules("b.*", clear=("**.user",)), ["b.password"]),
        (rules(), []),
    ],
)
def test_clear_values_at_places_that_are_to_be_sealed(chosen: Rules, places: list[str]) -> None:
    assert places == unsealed(TEXT, chosen)


def test_a_clear_place_may_be_sealed_all_the_same() -> None:
    clear = b"a: x\nb: y\n"
    data = worlds.seal(clear)

    assert worlds.open_(data, rules=rules("a")) == clear


REFUSED = [
    "name: &x canary\npassword: *x\n",
    "&x canary: 1\npassword: *x\n",
    "n: &x canary\nb: {password: *x}\n",
    "n: &x canary\nb: [{password: *x}]\n",
    "n: &x canary\npassword: *x\nm: 1\n",
    "a: &a {password2: {x: 1}}\nn: &x canary\nb: {c: *a, password: *x}\n",
    "a: &a\n  x: &x canary\nb:\n  password: *x\n",
]


@pytest.mark.parametrize("text", REFUSED)
def test_an_alias_to_a_clear_value_is_refused(text: str) -> None:
    with pytest.raises(IntegrityError, match="alias") as caught:
        check_aliases(documents.parse(text.encode(), "yaml"), worlds.PASSWORDS)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("a: &a {x: canary}\nlive: *a\n", rules("live.*")),
        ("a: &a {x: canary}\nlive: *a\n", rules("live.x")),
        ("a: &a {x: canary}\nlive: {<<: *a}\n", rules("live.x")),
        ("a: &a {x: canary}\nlive: {<<: [*a]}\n", rules("live.x")),
        ("a: &a {x: canary}\nb: &b {y: 1}\nlive:\n  <<: [*b, *a]\n", rules("live.x")),
        ("a: &a {x: canary}\nb: &b {<<: *a}\nlive: *b\n", rules("live.x")),
        ("a: &a {x: canary}\nb: &b {<<: *a}\nlive: {<<: *b}\n", rules("live.x")),
        ("a: &a {x: canary}\nb: &b {<<: [*a]}\nlive: {<<: [*b]}\n", rules("live.x")),
        ("a: &a {x: canary}\nb: &b {c: *a}\nlive: *b\n", rules("live.c.x")),
        ("a: &a [canary]\nlive: *a\n", rules("live.*")),
        ("a: &a [[canary]]\nlive: *a\n", rules("live.**")),
        ("a: &a {b: {x: canary}}\nlive: *a\n", rules("live.b.x")),
        ("base: &a {x: canary}\n<<: *a\n", rules("x")),
        ("- &a canary\n- {x: *a}\n", rules("*.x")),
        ("a: &a {x: &k canary}\nb: &b {y: *k}\nlive: *b\n", rules("live.y")),
        ("base: &b\n  &k canary: 1\nlive: *k\n", rules("live")),
    ],
)
def test_a_clear_value_behind_collections_and_merges_is_refused(text: str, chosen: Rules) -> None:
    with pytest.raises(IntegrityError, match="alias"):
        check_aliases(documents.parse(text.encode(), "yaml"), chosen)


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("password: &x canary\nb: {password: *x}\n", rules("**.password")),
        ("a: &a {password: canary}\nlive: {<<: *a}\n", rules("**.password")),
        ("a: &a {x: 1}\nb: *a\nlive: {y: 2}\n", rules("live.*")),
        ("a: &a\nlive: *a\n", rules("live")),
        ("a: &a {}\nlive: *a\n", rules("live", "live.*")),
        ("a: &a []\nlive: *a\n", rules("live", "live.*")),
        ("a: &a canary\nb: *a\n", rules("c")),
        ("a: &a canary\nb: *a\n", rules("**")),
    ],
)
def test_aliases_to_sealed_empty_or_unnamed_places_are_fine(text: str, chosen: Rules) -> None:
    document = documents.parse(text.encode(), "yaml")
    check_aliases(document, chosen)
    clear = text.encode()
    assert worlds.open_(worlds.seal(clear, rules=chosen), rules=chosen) == clear


def test_an_alias_to_a_sealed_value_is_fine_in_the_sealed_file_too() -> None:
    clear = b"password: &x canary\nb: {password: *x}\n"
    data = worlds.seal(clear, rules=worlds.PASSWORDS)

    assert b"canary" not in data
    assert worlds.open_(data, rules=worlds.PASSWORDS) == clear


@pytest.mark.parametrize("strict", [True, False])
def test_an_alias_brought_to_a_sealed_place_is_refused_with_and_without_seals(
    strict: bool,
) -> None:
    data = worlds.seal("n: &x canary\npassword: one\n", rules=worlds.PASSWORDS, strict=strict)
    start = data.index(b'"seal:')
    end = data.index(b"\n", start)
    altered = data[:start] + b"*x" + data[end:]
    if strict:
        altered = worlds.sign_again(altered)

    with pytest.raises(IntegrityError, match="alias"):
        worlds.open_(altered, rules=worlds.PASSWORDS, strict=strict)


def bomb(levels: int, width: int, start: str = "[canary]") -> str:
    lines = [f"l0: &l0 {start}\n"]
    for level in range(1, levels):
        below = ", ".join([f"*l{level - 1}"] * width)
        lines.append(f"l{level}: &l{level} [{below}]\n")
    return "".join(lines)


def fan(count: int) -> str:
    """Each mapping merges all before it."""
    lines = []
    for i in range(count):
        before = ", ".join(f"*a{j}" for j in range(i))
        lines.append(f"a{i}: &a{i} {{x{i}: canary, <<: [{before}]}}\n")
    return "".join(lines)


def wide(values: int, aliases: int) -> str:
    """Many values behind one anchor, and many aliases of it."""
    lines = ["a: &a\n", *(f"  k{i}: {i}\n" for i in range(values))]
    return "".join([*lines, *(f"b{i}: *a\n" for i in range(aliases))])


@pytest.mark.parametrize(
    "text",
    [
        bomb(10, 9),
        bomb(60, 20),
        bomb(24, 2, "{x: canary}").replace("[*", "{<<: [*").replace("]\n", "]}\n"),
        fan(60),
        wide(5000, 200),
        "a: &a [*a, canary]\n",
        "a: &a {<<: *a, x: canary}\n",
        "a: &a {b: &b {c: *a, d: *b}, x: canary}\n",
    ],
    ids=["9^10", "20^60", "merges", "fan", "wide", "itself", "merges-itself", "each-other"],
)  # fmt: skip
@pytest.mark.parametrize("chosen", [rules("live.**"), rules("**.password"), rules("**.**.**.no")])
def test_bombs_of_aliases_end_soon(text: str, chosen: Rules) -> None:
    start = time.process_time()
    error = ""
    try:
        check_aliases(documents.parse(text.encode(), "yaml"), chosen)
    except GitsealError as caught:
        error = str(caught)
    assert "canary" not in error
    assert time.process_time() - start < 5
