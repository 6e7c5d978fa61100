# SPDX-License-Identifier: Apache-2.0
"""Real JSON and dotenv files: sealed, read again, opened: the same bytes."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseal import documents
from gitseal.documents.base import slice_facts
from gitseal.errors import IntegrityError, NotADocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseal.documents import Document

FIELDS = [("v", "1"), ("scope", '"s"'), ("kid", '"kid:v1[_0_]"')]


def seal_and_open(data: bytes, syntax: str, share: float = 1.0) -> int:
    """Replace values by numbered tokens, read it again, put them back; give their number."""
    clear = documents.parse(data, syntax)
    chance = random.Random(len(data))
    slots = [slot for slot in clear.slots if chance.random() < share]
    comments = [place for place in clear.comments if chance.random() < share]
    tokens = [f"seal:v1[_{number:079}_]" for number in range(len(slots) + len(comments))]
    body, events = documents.seal_into(
        clear, slots, tokens[: len(slots)], comments, tokens[len(slots) :]
    )
    fields = list(FIELDS)
    if not body.endswith("\n"):
        fields.insert(2, ("newline", "false"))
    text = documents.attach_header(clear, body, fields, note=True)
    sealed = documents.parse(documents.to_bytes(clear, text), syntax)
    check_sealed(sealed, events, tokens, slots)
    pieces = []
    for slot in slots:
        piece, multi, _turned, at_end = slice_facts(clear, slot)
        if not clear.mixed_breaks:
            piece = piece.replace("\n", clear.line_break)
        pieces.append((piece, slot[5], multi, at_end))
    opened = documents.restore(sealed, pieces, [clear.text[a:b] for a, b in comments])
    assert documents.to_bytes(opened, opened.text) == data
    assert opened.events == clear.events
    return len(slots)


def check_sealed(
    sealed: Document, events: list[bytes], tokens: list[str], slots: list[documents.base.Slot]
) -> None:
    assert sealed.events == events
    assert [slot[7] for slot in sealed.sealed] == tokens[: len(slots)]
    assert [slot[2] for slot in sealed.sealed] == [slot[2] for slot in slots]
    assert sorted(one[2] for one in sealed.sealed_comments) == tokens[len(slots) :]


def is_object(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except ValueError:
        return False


def as_crlf(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


VARIANTS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda data: data,
    "CRLF": as_crlf,
    "BOM": lambda data: b"\xef\xbb\xbf" + data,
    "no final newline": lambda data: data.rstrip(b"\r\n"),
    "more newlines": lambda data: data + b"\n\n",
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("folder", "syntax"), [("json", "json"), ("env", "dotenv")])
def test_real_files_come_back_byte_for_byte(
    corpus: Path, folder: str, syntax: str, variant: str
) -> None:
    count = refused = 0
    for path in sorted((corpus / folder).iterdir()):
        data = VARIANTS[variant](path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
        try:
            documents.parse(data, syntax)
        except NotADocumentError:
            assert not is_object(data)
            refused += 1
            continue
        for share in (1.0, 0.3):
            count += seal_and_open(data, syntax, share)
    assert count > (3000 if syntax == "json" else 80)
    assert refused <= 5


@pytest.mark.parametrize(
    ("text", "syntax"),
    [
        ("A='x\r\ny'\r\nB=z", "dotenv"),
        ('A="x" # note\nB= y # kept\n# end', "dotenv"),
        ("A=1\nA=2\n", "dotenv"),
        ('{"a": "x", "b": [1, {"c": null}], "d": {}}', "json"),
        ('{"a": "\\u00e9\\/", "é": -0.0E+1}\r\n', "json"),
    ],
)
def test_hard_cases_come_back_byte_for_byte(text: str, syntax: str) -> None:
    assert seal_and_open(text.encode(), syntax) > 0


@pytest.mark.parametrize(
    ("piece", "text"),
    [
        ('1, "x": 2', '{"a": TOKEN}'),
        ("", '{"a": TOKEN}'),
        ("1 ", '{"a": TOKEN}'),
        ("NaN", '{"a": TOKEN}'),
        ("x\nB=1", "A=TOKEN\n"),
        ("'x", "A=TOKEN\nB='y'\n"),
        ("x", "A=TOKEN # a comment that a bare value would swallow\n"),
    ],
)  # fmt: skip
def test_a_slice_that_does_not_fit_is_an_error(piece: str, text: str) -> None:
    syntax = "json" if text.startswith("{") else "dotenv"
    token = "seal:v1[_" + "0" * 79 + "_]"
    quoted = f'"{token}"' if syntax == "json" else token
    sealed = documents.parse(text.replace("TOKEN", quoted).encode(), syntax)
    with pytest.raises(IntegrityError):
        documents.restore(sealed, [(piece, 0, False, False)], [])


LINES = [
    "A=1", "B = x # c", "export C='d'", 'D="e\\"f" # g', "# note", "", 'E="g\nh"', "F=", "G='",
    "I='a\\'b' #x", "  J=k", "L=`", 'M="a" "b', "N=$(x)", "O=é  ", "P= #q", "#", "R='\n\n'",
]  # fmt: skip


@given(
    st.lists(st.sampled_from(LINES), max_size=8), st.sampled_from(["\n", "\r\n"]),
    st.booleans(), st.sampled_from([1.0, 0.5]),
)  # fmt: skip
def test_made_up_dotenv_files_come_back_byte_for_byte(
    lines: list[str], line_break: str, final: bool, share: float
) -> None:
    text = "\n".join(lines) + "\n" * final
    data = text.replace("\n", line_break).encode()
    try:
        documents.parse(data, "dotenv")
    except NotADocumentError:
        return
    seal_and_open(data, "dotenv", share)


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_sealed_json_that_a_formatter_wrote_anew_opens_to_the_same_values(
    corpus: Path, indent: int | str | None
) -> None:
    for path in sorted((corpus / "json").iterdir()):
        data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
        if not is_object(data):
            continue
        clear = documents.parse(data, "json")
        tokens = [f"seal:v1[_{number:079}_]" for number in range(len(clear.slots))]
        body, _events = documents.seal_into(clear, clear.slots, tokens, [], [])
        text = documents.attach_header(clear, body, FIELDS, note=True)
        formatted = json.dumps(json.loads(text), indent=indent).encode()
        sealed = documents.parse(formatted, "json")
        pieces = [(clear.text[slot[0] : slot[1]], 0, False, False) for slot in clear.slots]
        opened = documents.restore(sealed, pieces, [])
        assert json.loads(opened.text) == json.loads(data)
        assert opened.events == clear.events
