# SPDX-License-Identifier: Apache-2.0
"""What all syntaxes share: names, decoding, splicing, line breaks."""

from __future__ import annotations

import pytest

from gitseal import documents
from gitseal.documents import base, events
from gitseal.errors import LimitError, NotADocumentError


@pytest.mark.parametrize(
    ("path", "syntax"),
    [
        ("a/b.yaml", "yaml"),
        ("b.YML", "yaml"),
        ("package.json", "json"),
        ("tsconfig.jsonc", None),
        ("a.json5", None),
        (".env", "dotenv"),
        ("deploy/.env.production", "dotenv"),
        ("prod.env", "dotenv"),
        ("pyproject.toml", "toml"),
        ("app.ini", "ini"),
        ("setup.cfg", "ini"),
        ("log4j.properties", "properties"),
        ("README.md", None),
        ("yaml", None),
        (".yaml", None),
        ("a.env/notes.txt", None),
        ("Makefile", None),
    ],
)
def test_the_name_tells_the_syntax(path: str, syntax: str | None) -> None:
    assert documents.syntax_of(path) == syntax


def test_an_unknown_syntax_is_the_programmers_mistake() -> None:
    with pytest.raises(ValueError, match="unknown syntax"):
        documents.parse(b"", "xml")


@pytest.mark.parametrize(
    ("data", "place", "reason"),
    [
        (b"\xff\xfea\x00", (1, 1), "UTF-16"),
        (b"\xfe\xff\x00a", (1, 1), "UTF-16"),
        (b"a\x00:\x00", (1, 2), "NUL"),
        (b"a: 1\nb: caf\xe9\n", (2, 7), "not UTF-8"),
        (b"\xef\xbb\xbfa: \xff\n", (1, 4), "not UTF-8"),
        (b"a: 1\rb: 2\r", (1, 5), "carriage return"),
        (b"a: 1\r\nb: 2\r", (2, 5), "carriage return"),
        ("a: 1\u0085".encode(), (1, 5), r"U\+0085"),
        ("a: \u2028".encode(), (1, 4), r"U\+2028"),
        ("a: 1\n\u2029".encode(), (2, 1), r"U\+2029"),
        ("a: x\ufeff".encode(), (1, 5), r"U\+FEFF"),
        (b"\xef\xbb\xbf" * 2, (1, 1), r"U\+FEFF"),
        (b"a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> x\n", (2, 1), "conflict markers"),
    ],
)
def test_what_parsers_read_differently_is_no_document(
    data: bytes, place: tuple[int, int], reason: str
) -> None:
    with pytest.raises(NotADocumentError, match=reason) as caught:
        documents.parse(data, "yaml")

    assert (caught.value.line, caught.value.column) == place


def test_a_conflict_needs_all_three_markers() -> None:
    documents.parse(b"a: |\n  <<<<<<< x\n  =======\n", "yaml")
    documents.parse(b"a: 1\n#\n# >>>>>>> x\n", "yaml")


def test_a_document_of_more_than_64_mib_is_refused() -> None:
    base.check_size(b"#" * base.MAX_DOCUMENT)
    with pytest.raises(LimitError, match="64 MiB"):
        documents.parse(b"#" * (base.MAX_DOCUMENT + 1), "yaml")


def test_positions_are_counted_in_code_points_from_one() -> None:
    text = "é: 1\r\n𐍈𐍈x"

    assert base.locate(text, 0) == (1, 1)
    assert base.locate(text, 8) == (2, 3)
    assert base.locate(text, 100) == (2, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("\n", False)),
        ("a", ("\n", False)),
        ("a\nb\r\n", ("\n", True)),
        ("a\r\nb\n", ("\r\n", True)),
        ("a\r\nb\r\n", ("\r\n", False)),
        ("\r\n", ("\r\n", False)),
    ],
)
def test_line_breaks(text: str, expected: tuple[str, bool]) -> None:
    assert base.line_breaks(text) == expected


def test_splicing_a_lot() -> None:
    text = "ab" * 20_000
    edits = [(i, i + 1, "xyz") for i in range(0, len(text), 2)]

    assert base.splice(text, edits) == "xyzb" * 20_000
    assert base.splice(text, []) == text
    assert base.splice("abc", [(0, 0, "1"), (1, 2, ""), (3, 3, "2")]) == "1ac2"


TOKEN = "seal:v1[_" + "0a" * 39 + "_]"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (TOKEN, TOKEN),
        (TOKEN[:20] + "\n  " + TOKEN[20:] + "\n", TOKEN),
        ("\n" + TOKEN, TOKEN),
        (TOKEN + "x", None),
        ("x" + TOKEN, None),
        (TOKEN.replace("v1", "v2"), None),
        (TOKEN[:-2], None),
        ("seal:v1[__]", None),
        ("seal:v1[_é_]", None),
        ("seal:v1[_a-b_]", None),
        ("", None),
    ],
)
def test_the_shape_of_sealed_text(value: str, expected: str | None) -> None:
    assert base.sealed_text(value) == expected


def test_sealed_events_keep_anchor_and_tag() -> None:
    clear = events.event(b"S", b"x", b"t:!secret", b"hunter2")
    sealed = events.sealed_event(clear, TOKEN)

    assert events.event_parts(sealed) == [b"S", b"x", b"enc:!secret", TOKEN.encode()]
    assert events.opened_event(sealed, b"?", b"hunter2") == clear


@pytest.mark.parametrize("tag", [b"?", b"!"])
@pytest.mark.parametrize("size", [0, 1, 255, 256, 70_000])
@pytest.mark.parametrize("anchor", [b"", b"a"])
def test_prepared_beginnings_give_the_same_events(tag: bytes, size: int, anchor: bytes) -> None:
    content = b"x" * size
    clear = events.event(b"S", anchor, tag, content)
    token = "seal:v1[_" + "0" * size + "_]"
    sealed = events.event(b"S", anchor, b"enc", token.encode())

    if not anchor:
        tables = {b"?": events.PLAIN, b"!": events.QUOTED}
        assert events.scalar_event(tables[tag], content) == clear
    assert events.sealed_event(clear, token) == sealed
    assert events.opened_event(sealed, tag, content) == clear


def test_a_byte_order_mark_comes_back() -> None:
    document = documents.parse(b"\xef\xbb\xbfa: 1\n", "yaml")

    assert document.bom
    assert document.text == "a: 1\n"
    assert documents.to_bytes(document, "a: 2\n") == b"\xef\xbb\xbfa: 2\n"


def test_a_document_that_was_only_compared_is_parsed_when_it_must_be() -> None:
    calls = []

    def parse(text: str, *, bom: bool = False) -> documents.Document:
        calls.append(text)
        return documents.parse(text.encode(), "yaml")

    document = documents.Document.compared("yaml", "a: 1\n", parse, bom=False)

    assert (document.text, document.line_break, document.header) == ("a: 1\n", "\n", None)
    assert not calls
    assert len(document.slots) == 1
    assert len(document.events) == 6
    assert calls == ["a: 1\n"]
    with pytest.raises(AttributeError):
        getattr(document, "nothing")  # noqa: B009
