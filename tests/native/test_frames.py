# SPDX-License-Identifier: Apache-2.0
"""A frame has one spelling: what is read would be written the same way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseal.native.frames import (
    AT_END,
    COMMENT_CODE,
    MULTI,
    NORMALISED,
    SYNTAX_CODES,
    read_frame,
    write_frame,
)

YAML, JSON, DOTENV = SYNTAX_CODES["yaml"], SYNTAX_CODES["json"], SYNTAX_CODES["dotenv"]
CODES = st.sampled_from([*SYNTAX_CODES.values(), COMMENT_CODE])


@given(CODES, st.binary(max_size=8), st.sampled_from([b"", b"\n", b"\r\n", b"\r"]))
def test_what_is_read_has_no_second_spelling(code: int, data: bytes, extra: bytes) -> None:
    frame = bytes((code,)) + data + extra
    try:
        flags, indent, text = read_frame(frame, code)
    except ValueError:
        return
    assert frame == write_frame(code, flags, indent, text)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), min_size=1))
def test_one_line_comes_back(text: str) -> None:
    for code in SYNTAX_CODES.values():
        assert (0, -1, text) == read_frame(write_frame(code, 0, -1, text), code)


@pytest.mark.parametrize("indent", [-1, 0, 5, 126, 127, 128, 5000, 2**20])
def test_indents_come_back(indent: int) -> None:
    frame = write_frame(YAML, MULTI | NORMALISED, indent, "|\n a")

    assert read_frame(frame, YAML) == (MULTI | NORMALISED, indent, "|\n a")


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"", YAML),
        (b"\1", YAML),
        (b"\1\0", YAML),
        (b"\1\0a", JSON),
        (b"\1\0a", COMMENT_CODE),
        (b"\x0c\0a", YAML),
        (b"\1\x08a", YAML),
        (b"\1\x80a", YAML),
        (b"\1\1", YAML),
        (b"\1\1\0", YAML),
        (b"\1\1\x80", YAML),
        (b"\1\1\x80\0|\n a", YAML),
        (b"\1\1\xff\xff\xff\xff\xff\xff\xff\x7f|\n a", YAML),
        (b"\1\1\0abc", YAML),
        (b"\1\0|\n a", YAML),
        (b"\1\2abc", YAML),
        (b"\1\3\0|\r\n a", YAML),
        (b"\1\1\0'a\rb'", YAML),
        (b"\1\0\xff", YAML),
        (b"\1\0\xed\xa0\x80", YAML),
        (b"\2\0a\nb", JSON),
        (b"\2\4a", JSON),
        (b"\2\1\0a", JSON),
        (b"\3\1\0a\nb", DOTENV),
        (b"\x0c\0a\nb", COMMENT_CODE),
        (b"\x0c\4a", COMMENT_CODE),
    ],
)
def test_everything_else_is_refused(frame: bytes, code: int) -> None:
    with pytest.raises(ValueError):
        read_frame(frame, code)


def test_what_ends_the_file_is_remembered() -> None:
    assert read_frame(write_frame(DOTENV, AT_END, -1, "a"), DOTENV) == (AT_END, -1, "a")
