# SPDX-License-Identifier: Apache-2.0
"""dotenv: what is a value, where it ends, and what the real loaders make of it."""

from __future__ import annotations

import io
import json

import pytest
from dotenv import dotenv_values
from hypothesis import example, given
from hypothesis import strategies as st

from gitseal import documents
from gitseal.documents.base import NOTE
from gitseal.documents.dotenv import parse
from gitseal.documents.events import event_parts
from gitseal.errors import DocumentError, NotADocumentError
from gitseal.keypaths import format_path

TOKEN = "seal:v1[_" + "0" * 77 + "_]"
FIELDS = [("v", "1"), ("scope", '"s"'), ("seal", '"sig"')]
HEADER = '# gitseal v: 1\n# gitseal scope: "s"\n'


def slices(text: str) -> list[str]:
    return [text[slot[0] : slot[1]] for slot in parse(text).slots]


@pytest.mark.parametrize(
    ("line", "piece"),
    [
        ("A=b", "b"),
        ("A= b ", "b "),
        ("  export A =b", "b"),
        ("A=b # c", "b # c"),
        ("A=#b", "#b"),
        ("A= # b", "# b"),
        ("A='b' # c", "'b'"),
        ('A="b"', '"b"'),
        ('A="b"   ', '"b"'),
        ('A="b"#c', '"b"#c'),
        ('A="b" c', '"b" c'),
        ('A="b', '"b'),
        ('A="b\\" # c" # d', '"b\\" # c"'),
        ("A='b\\' # c'", "'b\\' # c'"),
        ("A='b\\'", "'b\\'"),
        ("A='b\\' # d", "'b\\'"),
        ('A="b\nc" # d', '"b\nc"'),
        ("A='b\r\nc'", "'b\r\nc'"),
        ("A=`b`", "`b`"),
        ("A.b-1=x=y", "x=y"),
    ],
)  # fmt: skip
def test_a_value_is_all_that_some_loader_takes_for_one(line: str, piece: str) -> None:
    for text in (line, line + "\n", "X=1\n" + line + "\r\nY=2\r\n"):
        assert piece in slices(text)
        assert len(slices(text)) == text.count("=") - piece.count("=")


def test_an_empty_value_is_named_and_has_no_slot() -> None:
    document = parse("A=\nB= \t\nexport C=\n")
    assert document.slots == []
    assert [format_path(path) for path in document.empties] == ["A", "B", "C"]
    assert len(document.events) == 3 * 2 + 4


def test_the_path_leaves_export_out_and_the_event_keeps_it() -> None:
    document = parse("export  A=1\nA=2\n")
    assert document.slots[0][2] == document.slots[1][2]
    assert event_parts(document.events[2]) == [b"S", b"", b"!", b"export  A"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("A=1\nB\n", 2),
        ("A=1\n\nexport B\n", 3),
        ("A: 1\n", 1),
        ("A B=1\n", 1),
        ("=1\n", 1),
        ("'A'=1\n", 1),
        ('A="b\nc" d\n', 1),
        ("A='it\\'s\nB='x\n", 1),
        ('A="b\nB=1\n', 0),
        ("-----BEGIN KEY-----\n", 1),
    ],
)
def test_a_line_that_is_nothing_makes_it_no_document(text: str, line: int) -> None:
    if not line:
        assert len(slices(text)) == 2
        return
    with pytest.raises(NotADocumentError) as caught:
        parse(text)
    assert caught.value.line == line
    assert "KEY" not in str(caught.value)


def comments(text: str) -> list[str]:
    return [text[start:end] for start, end in parse(text).comments]


def test_comments_stand_on_their_own_line_or_behind_a_quoted_value() -> None:
    assert comments("# a\n  #b\n#\n#  \nA=1 # no\nB='x' # c\nC=\"y\"\n") == [" a", "b", " c"]


def test_sealed_values_and_comments_are_known() -> None:
    text = f'# {TOKEN}\nA={TOKEN}\nexport B="{TOKEN}" # {TOKEN}\nC={TOKEN}  # x\nD={TOKEN}x\n'
    document = parse(text)
    assert [slot[7] for slot in document.sealed] == [TOKEN] * 3
    assert [text[slot[0] : slot[1]] for slot in document.sealed] == [TOKEN, f'"{TOKEN}"', TOKEN]
    assert [one[2] for one in document.sealed_comments] == [TOKEN] * 2
    assert comments(text) == [" x"]
    assert [slot[7] for slot in document.slots] == [TOKEN + "x"]


BODIES = ["", "A=1\n", "A=1", "# c\r\nA=1\r\n", "A='x\ny'", "\n\n", "A=1\n\n# end\n"]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("note", [False, True])
def test_the_header_comes_off_exactly(body: str, note: bool) -> None:
    clear = parse(body)
    fields = list(FIELDS)
    if body and not body.endswith("\n"):
        fields.insert(2, ("newline", "false"))
    text = documents.attach_header(clear, body, fields, note=note)
    sealed = parse(text)
    assert (NOTE in text) == note
    assert documents.body_text(sealed) == body
    assert sealed.events == clear.events
    assert sealed.comments == clear.comments
    assert sealed.header == [(name, json.loads(value)) for name, value in fields]
    assert documents.attach_header(sealed, documents.body_text(sealed), fields, note=note) == text


def test_lines_may_follow_the_header() -> None:
    document = parse("A=1\n" + HEADER + "B=2\n")
    assert documents.body_text(document) == "A=1\nB=2\n"
    assert document.header == [("v", 1), ("scope", "s")]


def test_two_headers_are_refused_and_faults_in_one_are_handed_on() -> None:
    with pytest.raises(NotADocumentError, match="two headers") as caught:
        parse("A=1\n" + HEADER + "B=2\n" + HEADER)
    assert caught.value.line == 5
    header = parse(HEADER + '# gitseal v: nope\n# gitseal x: {"a":1,"a":2}\n').header
    assert header is not None
    assert header[2:] == [("v", documents.UNREADABLE), ("x", documents.UNREADABLE)]


def test_a_comment_about_gitseal_is_no_header() -> None:
    text = f"# gitseal is used here\n# {NOTE}\n # gitseal v: 1\n#gitseal v: 1\nA=1\n"
    document = parse(text)
    assert document.header is None
    assert len(document.comments) == 4


PLAIN_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"]))
ODD = st.text(st.sampled_from("ab \\\"'`#$=\n\t{}!"), max_size=10)


@given(PLAIN_TEXT | ODD)
@example(" #")
@example("a #b")
@example("\\n")
def test_a_value_says_what_python_dotenv_reads(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    check_with_python_dotenv(f'A="{escaped}" # c')
    if "\\" not in text:  # loaders disagree about those in single quotes and bare values
        # `''#x` is a comment for python-dotenv, and a value for a shell.
        if not text.lstrip().startswith(("'", '"')):
            check_with_python_dotenv(f"A={text}")
        if "'" not in text:
            check_with_python_dotenv(f"A='{text}'")


def check_with_python_dotenv(line: str) -> None:
    try:
        slots = parse(line + "\n").slots
    except NotADocumentError:
        return
    read = dotenv_values(stream=io.StringIO(line + "\n"), interpolate=False)
    if len(read) != 1 or read.get("A") is None or len(slots) > 1:
        return  # python-dotenv skips such a line, or parts of it
    assert (slots[0][7] if slots else "") == read["A"]


def test_the_check_above_compares_something() -> None:
    check_with_python_dotenv("A=b")
    with pytest.raises(AssertionError):
        check_with_python_dotenv("A='b\\\\c'")


LINES = [
    "A=1", "B = x # c", "export C='d'", 'D="e\\"f"', "# note", "", 'E="g\nh"', "F=", "G='", 'H="',
    "I='a\\'b' #x", "  J=k", TOKEN, f"K={TOKEN}", "L=`", 'M="a" "b', "N=$(x)",
]  # fmt: skip


@given(st.lists(st.sampled_from(LINES), max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_every_character_is_value_comment_or_public(lines: list[str], line_break: str) -> None:
    text = line_break.join(lines).replace("\n", line_break).replace("\r\r", "\r")
    try:
        document = parse(text)
    except NotADocumentError:
        return
    spans = [slot[:2] for slot in (*document.slots, *document.sealed)]
    spans += [*document.comments, *((one[0], one[1]) for one in document.sealed_comments)]
    rest = documents.splice(text, [(start, end, "") for start, end in sorted(spans)])
    # What stays readable: names, signs, blanks, and nothing of a value.
    allowed = set("ABCDEFGHIJKLMN=# \r\n") | set("export ")
    assert set(rest) <= allowed


def test_names_agree_with_python_dotenv_on_real_files(corpus: object) -> None:
    from pathlib import Path

    for path in sorted(Path(str(corpus)).glob("env/*")):
        data = path.read_bytes()
        document = documents.parse(data, "dotenv")
        names = [format_path(slot[2]) for slot in document.slots]
        names += [format_path(one) for one in document.empties]
        read = dotenv_values(stream=io.StringIO(data.decode()), interpolate=False)
        assert set(names) == set(read)
        for slot in document.slots:
            assert slot[7] == read[format_path(slot[2])]


def test_an_error_is_one_of_ours() -> None:
    with pytest.raises(DocumentError, match="NUL"):
        documents.parse(b"A=\0", "dotenv")
