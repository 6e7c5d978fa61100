# SPDX-License-Identifier: Apache-2.0
"""YAML: spans, key paths, events and comments of clear documents."""

from __future__ import annotations

import pytest

from gitseal import documents
from gitseal.documents import Document
from gitseal.documents.events import event_parts
from gitseal.keypaths import decode, format_path


def parse(text: str) -> Document:
    return documents.parse(text.encode(), "yaml")


def slices(text: str) -> list[str]:
    document = parse(text)
    return [document.text[slot[0] : slot[1]] for slot in document.slots]


def events(text: str) -> list[tuple[str, ...]]:
    return [tuple(part.decode() for part in event_parts(one)) for one in parse(text).events]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1", ["1"]),
        ("a: plain text # comment\n", ["plain text"]),
        ("a: plain\n  on lines\n   \nb: 1\n", ["plain\n  on lines", "1"]),
        ('a: "x # y"\n', ['"x # y"']),
        ("a: 'it''s\n  more'\n", ["'it''s\n  more'"]),
        ("a: |\n  text\n\n\nb: 1\n", ["|\n  text", "1"]),
        ("a: |-  # why\n  text\n", ["|-  # why\n  text"]),
        ("a: |+\n  text\n\n\nb: 1\n", ["|+\n  text\n\n", "1"]),
        ("a: |2+\n   text\n\n", ["|2+\n   text\n"]),
        ("a: >\n  folded\n  text\n# comment\n", [">\n  folded\n  text"]),
        ("a: |\n  text\n   \n", ["|\n  text\n   "]),
        ("a: |\n  end ", ["|\n  end "]),
        ("a: |\r\n  x\r\n\r\nb: 1\r\n", ["|\r\n  x", "1"]),
        ("a: |+\r\n  x\r\n\r\nb: 1\r\n", ["|+\r\n  x\r\n", "1"]),
        ("a: |\nb: >-\n", ["|", ">-"]),
        ("[a, 'b', \"c\", {d: e, f: }]", ["a", "'b'", '"c"', "e"]),
        ('{"a":b}', ["b"]),
        ("- - x\n- [y]\n", ["x", "y"]),
        ("a: &anchor v\nb: !tag v2\nc: &c !!str # why\n  v3\n", ["v", "v2", "v3"]),
        ("a: !<tag:example.org,2002:x> v\n", ["v"]),
        ("a: ~\nb: null\nc: ''\n", ["~", "null", "''"]),
        ("a:\nb: &x\nc: !t\nd: {}\ne: []\n", []),
        ("just text", ["just text"]),
        ("--- a\n--- b\n...\n", ["a", "b"]),
        ("? key\n: value\n", ["value"]),
        ("𐍈: 𐍈x\né: ü\n", ["𐍈x", "ü"]),
        ("", []),
        ("# nothing\n", []),
    ],
)
def test_slices_are_values_as_they_stand(text: str, expected: list[str]) -> None:
    assert slices(text) == expected


def test_a_slot_says_how_its_value_stands() -> None:
    document = parse('root:\n  - key: "v1"\n    flow: {a: [v2]}\n')
    start = document.text.index('"v1"')

    first, second = document.slots
    assert first[:2] == (start, start + 4)
    assert first[3:] == (6, '"', 4, False, "v1")
    # The column of a flow collection would change with what is sealed before it.
    assert second[3:] == (11, "", 4, True, "v2")
    assert parse("x").slots[0][4:] == ("", -1, False, "x")
    assert parse("a: &x\n  b: c\n").slots[0][5] == 2
    assert parse("a: !!map # why\n   &k b: c\n").slots[0][5] == 3


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a: {b: x}", (("k", "a"), ("k", "b"))),
        ("a:\n- x\n", (("k", "a"), ("*",))),
        ("- - x", (("*",), ("*",))),
        ("x", ()),
        ('"a.b": x', (("k", "a.b"),)),
        ('"\\x61": x', (("k", "a"),)),
        ("on: x", (("k", "on"),)),
        ("yes: x", (("k", "yes"),)),
        ("<<: x", (("k", "<<"),)),
        ("2020-01-01: x", (("k", "2020-01-01"),)),
        ("1_000: x", (("k", "1_000"),)),
        ("0b1: x", (("k", "0b1"),)),
        ("1e: x", (("k", "1e"),)),
        (".: x", (("k", "."),)),
        ("-: x", (("k", "-"),)),
        ("1: x", (("k!tag:yaml.org,2002:int", "1"),)),
        ("-12: x", (("k!tag:yaml.org,2002:int", "-12"),)),
        ("0x1F: x", (("k!tag:yaml.org,2002:int", "0x1F"),)),
        ("0o17: x", (("k!tag:yaml.org,2002:int", "0o17"),)),
        ("1.5: x", (("k!tag:yaml.org,2002:float", "1.5"),)),
        (".5e-3: x", (("k!tag:yaml.org,2002:float", ".5e-3"),)),
        ("-.inf: x", (("k!tag:yaml.org,2002:float", "-.inf"),)),
        (".NaN: x", (("k!tag:yaml.org,2002:float", ".NaN"),)),
        ("true: x", (("k!tag:yaml.org,2002:bool", "true"),)),
        ("FALSE: x", (("k!tag:yaml.org,2002:bool", "FALSE"),)),
        ("~: x", (("k!tag:yaml.org,2002:null", "~"),)),
        ("? \n: x", (("k!tag:yaml.org,2002:null", ""),)),
        ("'1': x", (("k", "1"),)),
        ("!!str 1: x", (("k", "1"),)),
        ("!!int '1': x", (("k!tag:yaml.org,2002:int", "1"),)),
        ("!mine a: x", (("k", "a"),)),
        ("- a\n--- \nb: x", (("k", "b"),)),
    ],
)
def test_key_paths(text: str, path: tuple[tuple[str, ...], ...]) -> None:
    assert decode(parse(text).slots[-1][2]) == path


def test_events_carry_type_anchor_tag_and_content() -> None:
    text = (
        "%YAML 1.2\n---\na: &x !t 1\nb: 'q'\nc: ! 3\nd: *x\n&k e: &l [!!str y]\n...\n---\n- !m {}\n"
    )

    assert events(text) == [
        ("D", "", "", "1.2"),
        ("M", "", "?", ""),
        ("S", "", "?", "a"),
        ("S", "x", "t:!t", "1"),
        ("S", "", "?", "b"),
        ("S", "", "!", "q"),
        ("S", "", "?", "c"),
        ("S", "", "t:!", "3"),
        ("S", "", "?", "d"),
        ("A", "x", "", ""),
        ("S", "k", "?", "e"),
        ("L", "l", "?", ""),
        ("S", "", "t:tag:yaml.org,2002:str", "y"),
        ("l", "", "", ""),
        ("m", "", "", ""),
        ("d", "", "", ""),
        ("D", "", "", ""),
        ("L", "", "?", ""),
        ("M", "", "t:!m", ""),
        ("m", "", "", ""),
        ("l", "", "", ""),
        ("d", "", "", ""),
    ]


def test_events_are_the_same_whatever_the_layout() -> None:
    block = "a:\n  - 'b'  # hi\n  - c: >-\n      d\n"

    assert events(block) == events('# hi\na : [ "b", \n {c   : "d"} ]')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# one\na: 1 # two\n#\n#   \nb: 2 #three", [" one", " two", "three"]),
        ("a: 'x # y'\nb: |\n  # text\n\n# real\n", [" real"]),
        ("a: | # inside the header\n  x\n", []),
        ("a: x#y\n'k # k': v\n\"k#\": v # c\n", [" c"]),
        ("k#k: v # c", [" c"]),
        ("a: &x # between\n  v\n", [" between"]),
        ("[a, # one\n b] # two\n", [" one", " two"]),
        ("--- # start\na\n... # end\n", [" start", " end"]),
        ("a: 1 # crlf\r\nb: 2\r\n", [" crlf"]),
        ('a: "\\x23 x" # c', [" c"]),
        ("# a # b\n", [" a # b"]),
        ("%YAML 1.1 # directive\n---\na: 1\n", [" directive"]),
        ("a: >\n  x\n  # y\n # less\nb: 1 # z", [" less", " z"]),
    ],
)
def test_comments_are_what_follows_the_sign(text: str, expected: list[str]) -> None:
    document = parse(text)

    assert [document.text[start:end] for start, end in document.comments] == expected


def test_empty_values_and_collections_have_paths() -> None:
    document = parse("a:\nb: {}\nc: [[], x]\nd: &n\n")

    assert [format_path(path) for path in document.empties] == ["a", "b", "c[]", "d"]


def test_aliases_name_the_events_of_their_anchor() -> None:
    document = parse("a: &x\n  b: 1\nc: &y 2\nd: [*x, *y]\ne: &x 3\nf: *x\n")

    found = [
        (format_path(path), name, [tuple(event_parts(one))[3] for one in document.events[a:b]])
        for path, name, _event, a, b in document.aliases
    ]
    assert found == [
        ("d[]", "x", [b"", b"b", b"1", b""]),
        ("d[]", "y", [b"2"]),
        ("f", "x", [b"3"]),
    ]
    assert [document.events[alias[2]][16:17] for alias in document.aliases] == [b"A"] * 3


def test_an_alias_inside_its_own_anchor_spans_all_of_it() -> None:
    document = parse("a: &x [1, *x]\n")

    assert document.aliases[0][2:] == (5, 3, 7)


def test_keys_may_repeat_in_other_mappings_and_documents() -> None:
    assert len(parse("- a: 1\n- a: 2\n---\na: 3\n").slots) == 3


def test_sealed_values_are_found_whatever_their_quotes() -> None:
    token = "seal:v1[_" + "7h" * 40 + "_]"
    layouts = [
        f"a: {token}\n",
        f"a: '{token}'\n",
        f'a: "{token}"  # c\n',
        f"a:\n  {token}\n",
        f"a: |\n  {token}\n",
        f"a: >-\n  {token}\n\n",
        f"a: |\n\n  {token}\n",
        f"a: ['{token}']\n",
    ]
    for text in layouts:
        document = parse(text)
        (slot,) = document.sealed
        assert slot[7] == token
        assert not document.slots
        assert event_parts(document.events[slot[3]]) == [b"S", b"", b"enc", token.encode()]


def test_sealed_values_keep_anchor_and_tag() -> None:
    token = "seal:v1[_" + "7h" * 40 + "_]"
    document = parse(f'a: &x !t "{token}"\n')

    (slot,) = document.sealed
    assert document.text[slot[0] : slot[1]] == f'"{token}"'
    assert event_parts(document.events[3]) == [b"S", b"x", b"enc:!t", token.encode()]


def test_what_only_begins_like_sealed_text_stays_a_clear_value() -> None:
    document = parse("a: 'seal:v1[_short'\n# seal:v1[_short\n")

    assert len(document.slots) == 1
    assert len(document.comments) == 1
    assert not document.sealed


def test_a_comment_in_the_header_of_a_block_is_part_of_its_value() -> None:
    token = "seal:v1[_" + "7h" * 40 + "_]"
    document = parse(f"a: | # c\n  {token}\n# d\n")

    assert [document.text[start:end] for start, end in document.comments] == [" d"]
    assert len(document.sealed) == 1


def test_sealed_comments() -> None:
    token = "seal:v1[_" + "7h" * 40 + "_]"
    document = parse(f"a: 1 # {token}\n#   {token}  \n# x {token}\n")

    assert [text for _, _, text in document.sealed_comments] == [token, token]
    start, end, _ = document.sealed_comments[1]
    assert document.text[start:end] == f"   {token}  "
    assert len(document.comments) == 1
