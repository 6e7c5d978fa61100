# SPDX-License-Identifier: Apache-2.0
"""The header in YAML: where it goes, what is read from it, how it comes off (format 5)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fakesealing import FakeSealed, header_fields
from gitseal import documents
from gitseal.documents import NOTE, UNREADABLE
from gitseal.documents.events import event
from gitseal.errors import LimitError, NotADocumentError

HEADER = 'gitseal:\n  v: 1\n  scope: "x"\n'
ENTRY = HEADER.rstrip("\n")


def parse(text: str) -> documents.Document:
    return documents.parse(text.encode(), "yaml")


def header_of(text: str) -> list[tuple[str, object]]:
    document = parse(text)
    assert document.header is not None
    return document.header


def test_the_known_answer(vectors: Path) -> None:
    known = json.loads((vectors / "format-v1.json").read_text())
    (case,) = [one for one in known["documents"] if one["syntax"] == "yaml"]
    document = documents.parse(case["sealed_file"].encode(), "yaml")
    body = documents.parse(case["body"].encode(), "yaml")
    assert document.header is not None

    expected = [event(*(part.encode() for part in one)) for one in case["events"]]
    assert document.events == body.events == expected
    assert documents.body_text(document) == case["body"]
    fields = [(name, json.dumps(value)) for name, value in document.header]
    assert documents.attach_header(body, case["body"], fields, note=False) == case["sealed_file"]


@pytest.mark.parametrize(
    ("body", "start"),
    [
        ("a: 1\n", "gitseal:"),
        ("a:\n  b: 1\n\n# end\n", "gitseal:"),
        ("--- # c\na: 1\n", "gitseal:"),
        ("%YAML 1.2\n---\na: 1\n", "gitseal:"),
        ("&x\na: 1\n", "gitseal:"),
        ("a: |+\n  x\n\n\n", "gitseal:"),
        ("? a\n", "gitseal:"),
        ("'a': [1,\n 2]\n", "gitseal:"),
        ("  a: 1\n", "---\ngitseal:"),
        ("a: 1\n...\n", "---\ngitseal:"),
        ("a: 1\n---\nb: 2\n", "---\ngitseal:"),
        ("- a\n", "---\ngitseal:"),
        ("{a: 1}\n", "---\ngitseal:"),
        ("text\n", "---\ngitseal:"),
        ("--- |\n  text\n", "---\ngitseal:"),
        ("---\n", "---\ngitseal:"),
        ("# nothing\n", "---\ngitseal:"),
        ("", "---\ngitseal:"),
    ],
)
@pytest.mark.parametrize("note", [True, False])
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
@pytest.mark.parametrize("final", [True, False])
def test_where_it_goes_and_how_it_comes_off(
    body: str, start: str, note: bool, line_break: str, final: bool
) -> None:
    body = (body if final else body.rstrip("\n")).replace("\n", line_break)
    clear = parse(body)
    fields = header_fields(newline=body.endswith("\n"))
    text = documents.attach_header(clear, body, fields, note=note)
    document = parse(text)

    line_break = clear.line_break
    joint = "" if not body or body.endswith("\n") else line_break
    first = f"# {NOTE}{line_break}" if note else ""
    assert text.startswith(body + joint + first + start.replace("\n", line_break))
    assert text.endswith(f'_]"{line_break}')
    assert text.count("\n") == text.count(line_break)
    assert document.events == clear.events
    assert document.slots == clear.slots
    assert document.comments == clear.comments
    assert documents.body_text(document) == body
    assert [name for name, _ in document.header or []] == [name for name, _ in fields]


def test_a_clear_block_scalar_at_the_end_keeps_its_value() -> None:
    for body in ("a: |\n  x", "a: |+\n  x", "a: >\n  x", "- |\n  x", "|\n  x", "a: |2\n   x"):
        clear = parse(body)
        text = documents.attach_header(clear, body, header_fields(newline=False), note=True)

        assert parse(text).events == clear.events
        assert parse(text).slots == clear.slots


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("a: 1", 1),
        ("a: -20", -20),
        ("a: 0", 0),
        ("a: true", True),
        ("a: false", False),
        ("a: null", None),
        ('a: "x"', "x"),
        ("a: 'it''s'", "it's"),
        ('a: "\\u00e9\\U0001f600"', "é😀"),
        ("a: plain-string", "plain-string"),
        ("a: >-\n    folded", "folded"),
        ('a: {"k": "v", "n": [1, null, {}]}', {"k": "v", "n": [1, None, {}]}),
        ("a:\n    k: v\n    l:\n      - 1", {"k": "v", "l": [1]}),
        ("a: 01", UNREADABLE),
        ("a: 1.0", UNREADABLE),
        ("a: 0x1", UNREADABLE),
        ("a: +1", UNREADABLE),
        ("a: True", UNREADABLE),
        ("a: ~", UNREADABLE),
        ("a:", UNREADABLE),
        ("a: 99999999999999999999", UNREADABLE),
        ("a: !!str x", UNREADABLE),
        ("a: &x y", UNREADABLE),
        ("a: !t [x]", UNREADABLE),
        ("a: [&x y]", [UNREADABLE]),
        ("1: x", UNREADABLE),
        ("!t a: x", UNREADABLE),
    ],
)
def test_fields_are_read_as_json_would(field: str, value: object) -> None:
    fields = header_of(f"b: 1\n{HEADER}  {field}\n")

    assert fields[:2] == [("v", 1), ("scope", "x")]
    assert len(fields) == 3
    assert fields[2][1] == value
    assert type(fields[2][1]) is type(value)


def test_an_alias_in_a_header_is_unreadable() -> None:
    document = parse(f"b: &x 1\n{HEADER}  a: *x\n")

    assert document.header == [("v", 1), ("scope", "x"), ("a", UNREADABLE)]
    assert document.aliases == []


@pytest.mark.parametrize(
    "text",
    [
        f"a: 1\n{HEADER}",
        "a: 1\n'gitseal':\n    scope: 'x'\n    v: 1\n",
        'a: 1\n"\\x67itseal": {v: 1, scope: "x"}\n',
        f"a: 1\n# {NOTE}\n{HEADER}",
        f"a: 1\n{HEADER}\n\n   \n",
        f"a: 1\n{HEADER}  # why\n",
        f"a: 1\n{ENTRY} # why",
        f"a: 1\n{HEADER}\n    # why\n  # because",
        "a: 1\ngitseal: # here\n\n  v: 1\n  # there\n  scope: 'x'\n",
        "a: 1\ngitseal:\n  v: 1\n  scope: >-\n    x\n\n",
        f"a: 1\n{HEADER}".replace("\n", "\r\n"),
    ],
)
def test_formatters_do_not_hurt_it(text: str) -> None:
    document = parse(text)

    assert sorted(document.header or [], key=str) == [("scope", "x"), ("v", 1)]
    assert documents.body_text(document).rstrip("\r\n") == "a: 1"
    assert len(document.events) == 6
    assert [slot[7] for slot in document.slots] == ["1"]


def test_a_whole_file_indented_keeps_its_header() -> None:
    document = parse("  a: 1\n  gitseal:\n    v: 1\n    scope: x\n")

    assert document.header == [("v", 1), ("scope", "x")]
    assert documents.body_text(document) == "  a: 1\n"


@pytest.mark.parametrize(
    "text",
    [
        f"- a\n---\n{HEADER}",
        f"- a\n---\n{HEADER}...\n",
        f"- a\n# {NOTE}\n---\n{HEADER}",
        f"- a\n--- # here\n# {NOTE}\n{HEADER}\n",
    ],
)
def test_a_header_as_a_document(text: str) -> None:
    document = parse(text)

    assert document.header == [("v", 1), ("scope", "x")]
    assert documents.body_text(document) == "- a\n"
    assert document.events == parse("- a\n").events
    assert document.comments == []


def test_a_header_alone_has_an_empty_body() -> None:
    for text in (HEADER, f"---\n{HEADER}", f"# c\n---\n{HEADER}", f"# c\n# {NOTE}\n{HEADER}"):
        document = parse(text)

        assert document.events == []
        assert document.slots == []
        assert documents.body_text(document) in {"", "# c\n"}
        assert len(document.comments) == text.count("# c")


def test_lines_behind_the_header_belong_to_the_body() -> None:
    document = parse(f"a: 1\n{HEADER}  newline: false\n# appended\n")

    assert documents.body_text(document) == "a: 1\n# appended\n"
    assert [document.text[a:b] for a, b in document.comments] == [" appended"]


def test_comments_in_the_header_are_not_the_bodys() -> None:
    document = parse(f"# mine\na: 1\n# {NOTE}\ngitseal: # no\n  v: 1 # no\n  # no\n  scope: x\n")

    assert [document.text[a:b] for a, b in document.comments] == [" mine"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("gitseal: 1\n", "is not a header"),
        ("a: 1\ngitseal:\n", "is not a header"),
        ("a: 1\ngitseal: [v, scope]\n", "is not a header"),
        ("a: 1\ngitseal: {v: 1}\n", "is not a header"),
        ("a: 1\ngitseal: &x {v: 1, scope: x}\n", "is not a header"),
        ("a: 1\ngitseal: !t {v: 1, scope: x}\n", "is not a header"),
        ("a: 1\ngitseal:\n  enabled: true\n", "is not a header"),
        (f"{HEADER}a: 1\n", "where no header can stand"),
        (f"{HEADER}---\na: 1\n", "where no header can stand"),
        (f"b: 1\n---\na: 1\n{HEADER}", "where no header can stand"),
        ("{a: 1, gitseal: {v: 1, scope: x}}\n", "where no header can stand"),
        (f"a: 1\n{HEADER}---\n{HEADER}", "two headers"),
        (f"{HEADER}---\n{HEADER}", "two headers"),
        (f"a: 1\n{HEADER}{HEADER}", "stands twice"),
        (f"a: 1\n{HEADER}  v: 1\n", "stands twice"),
        (f"%YAML 1.2\n---\n{HEADER}", "a line of its own"),
        ("a: 1\n? gitseal\n: {v: 1, scope: x}\n", "a line of its own"),
    ],
)
def test_what_is_no_header(text: str, reason: str) -> None:
    with pytest.raises(NotADocumentError, match=reason) as caught:
        parse(text)

    assert caught.value.line


def test_a_header_has_a_limit() -> None:
    with pytest.raises(LimitError, match="larger than 1 MiB"):
        parse(f"a: 1\n{HEADER}  keys: [{'x, ' * 400_000}]\n")


def test_the_name_is_free_below_the_root() -> None:
    document = parse("a:\n  gitseal: 1\nb: [{gitseal: 2}]\nc: gitseal\n")

    assert document.header is None
    assert len(document.slots) == 3


@pytest.mark.parametrize("name", ["é/ü.yaml", "😀.yaml", "a\x7fb\x80.yaml", "\ufeffx", "\u2028"])
def test_any_file_name_can_be_an_origin(name: str) -> None:
    clear = parse("a: 1\n")
    fields = [("v", "1"), ("scope", '"x"'), ("origin", json.dumps(name))]

    text = documents.attach_header(clear, clear.text, fields, note=True)

    assert dict(parse(text).header or [])["origin"] == name


def test_a_sealed_file_can_be_sealed_again_under_another_header() -> None:
    """As `set` and `rotate` do: the old header comes off while the new one goes on."""
    for body in ("a: 1\nb: 2\n", "- a\n", "a: 1", "x: 1\n---\ny: 2\n"):
        sealed = documents.parse(FakeSealed(body, keep=lambda _: False).data, "yaml")
        text, _events = documents.seal_into(sealed, [], [], [], [])
        again = documents.attach_header(
            sealed, text, header_fields(newline=body.endswith("\n")), note=True
        )

        assert again == sealed.text
