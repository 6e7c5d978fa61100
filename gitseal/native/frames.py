# SPDX-License-Identifier: Apache-2.0
"""What is sealed for one value: its source text and how it stood there (format 4)."""

from __future__ import annotations

SYNTAX_CODES = {"yaml": 1, "json": 2, "dotenv": 3, "ini": 4, "toml": 5, "properties": 6}
COMMENT_CODE = 12

MULTI = 1
NORMALISED = 2
AT_END = 4


def write_frame(code: int, flags: int, indent: int, text: str) -> bytes:
    """
    Give `syntax || flags || [indent] || slice`.

    Args:
        code: syntax of the document, or `COMMENT_CODE`.
        flags: MULTI, NORMALISED, AT_END.
        indent: column of the parent collection, -1 at the root; written with MULTI only.
        text: the value exactly as it stands, line breaks as LF if NORMALISED.
    """
    head = bytes((code, flags))
    if flags & MULTI:
        head += _leb128(indent + 1)
    return head + text.encode()


def read_frame(frame: bytes, code: int) -> tuple[int, int, str]:
    """
    Undo `write_frame`.

    Args:
        frame: what was sealed.
        code: the syntax that the document has, or `COMMENT_CODE` for a comment.

    Returns:
        (flags, indent, text); indent is -1 without MULTI.

    Raises:
        ValueError: another syntax, a flag that does not fit, or not UTF-8.
    """
    if len(frame) < 3 or frame[0] != code:
        raise ValueError("sealed in another syntax")
    flags = frame[1]
    position = 2
    indent = -1
    if flags & ~(MULTI | NORMALISED | AT_END):
        raise ValueError("unknown flag")
    if flags & MULTI:
        column, position = _read_leb128(frame, position)
        indent = column - 1
    text = frame[position:].decode()
    _check_flags(code, flags, text)
    return flags, indent, text


def _check_flags(code: int, flags: int, text: str) -> None:
    breaks = "\n" in text or "\r" in text
    if not text:
        raise ValueError("an empty slice is never sealed")
    if bool(flags & MULTI) != (breaks and code == SYNTAX_CODES["yaml"]):
        raise ValueError("flag for several lines does not fit")
    if flags & NORMALISED and ("\n" not in text or "\r" in text):
        raise ValueError("flag for line breaks does not fit")
    if text.count("\r") != text.count("\r\n"):
        raise ValueError("a carriage return alone is no line break")
    if code == COMMENT_CODE and (breaks or flags):
        raise ValueError("a comment has one line")
    if code == SYNTAX_CODES["json"] and (breaks or flags):
        raise ValueError("a value of JSON has one line")


def _leb128(number: int) -> bytes:
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _read_leb128(data: bytes, position: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        if position >= len(data) or shift > 28:
            raise ValueError("indent is cut short")
        byte = data[position]
        position += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    # 0x80 0x00 would be a second spelling of 0.
    if byte == 0 and shift > 7:
        raise ValueError("indent is not minimal")
    return number, position
