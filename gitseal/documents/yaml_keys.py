# SPDX-License-Identifier: Apache-2.0
"""YAML keys: which of them are strings, and which two are the same key (format 4, 11)."""

from __future__ import annotations

from gitseal.documents.events import PLAIN, QUOTED, event, scalar_event
from gitseal.keypaths import key_segment, part, tagged_key_segment

TYPE_CHECKING = False
if TYPE_CHECKING:
    Identity = str | tuple[str, object]
    KeyParts = tuple[bytes, bytes, Identity]

CORE_TAG = "tag:yaml.org,2002:"
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("true", "True", "TRUE"))
_FALSE = frozenset(("false", "False", "FALSE"))
_INFINITE = frozenset((".inf", ".Inf", ".INF"))
_NAN = frozenset((".nan", ".NaN", ".NAN"))
_TYPED_START = frozenset("~nNtTfF+-.0123456789")
_DIGITS = frozenset("0123456789")
_OCTAL = frozenset("01234567")
_HEX = frozenset("0123456789abcdefABCDEF")
_TYPED_TAGS = frozenset(CORE_TAG + name for name in ("null", "bool", "int", "float"))


def key_parts(value: str, style: str | None, anchor: str | None, tag: str | None) -> KeyParts:
    """
    Give what the parser needs of a key.

    Args:
        value: decoded.
        style: the parser's; empty or None if plain.
        anchor: the parser's; None if not given.
        tag: the same.

    Returns:
        its event; its encoded segment with its length before it; what it is equal to: two keys
        of a mapping with equal identities are one key to some parser.
    """
    content = value.encode()
    if anchor is None and tag is None:
        encoded = scalar_event(QUOTED if style else PLAIN, content)
    else:
        mark = b"t:" + tag.encode() if tag is not None else b"!" if style else b"?"
        encoded = event(b"S", (anchor or "").encode(), mark, content)
    typed = None
    if tag in _TYPED_TAGS:
        typed = core_type(value) or (str(tag)[len(CORE_TAG) :], value)
        typed = (str(tag)[len(CORE_TAG) :], typed[1])
    elif tag is None and not style:
        typed = core_type(value)
    if typed is None:
        return encoded, part(key_segment(value)), value
    segment = tagged_key_segment(CORE_TAG + typed[0], value)
    kind = "number" if typed[0] in {"int", "float"} else typed[0]
    return encoded, part(segment), (kind, typed[1])


def core_type(text: str) -> tuple[str, object] | None:
    """
    Read a plain scalar by YAML 1.2's core schema.

    Returns:
        ("null" | "bool" | "int" | "float", value), or None for a string.  Source: YAML 1.2.2,
        section 10.3.2.
    """
    if text and text[0] not in _TYPED_START:
        return None
    if text in _NULL:
        return "null", None
    if text in _TRUE:
        return "bool", True
    if text in _FALSE:
        return "bool", False
    return _number(text)


def _number(text: str) -> tuple[str, object] | None:
    unsigned = text[1:] if text[0] in "+-" else text
    if unsigned in _INFINITE:
        return "float", float("-inf" if text[0] == "-" else "inf")
    if text in _NAN:
        return "float", "nan"
    if unsigned and _DIGITS.issuperset(unsigned):
        return "int", _integer(text)
    if text[:2] == "0o" and len(text) > 2 and _OCTAL.issuperset(text[2:]):
        return "int", int(text, 0)
    if text[:2] == "0x" and len(text) > 2 and _HEX.issuperset(text[2:]):
        return "int", int(text, 0)
    return ("float", float(text)) if _is_float(unsigned) else None


def _integer(text: str) -> object:
    """Read an integer; one of more digits than Python likes to read is only itself."""
    try:
        return int(text)
    except ValueError:
        return text


def _is_float(unsigned: str) -> bool:
    r"""Match `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`."""
    mantissa, exponent_sign, exponent = unsigned.replace("E", "e", 1).partition("e")
    if exponent_sign:
        digits = exponent[1:] if exponent[:1] in {"+", "-"} else exponent
        if not digits or not _DIGITS.issuperset(digits):
            return False
    whole, _point, fraction = mantissa.partition(".")
    return bool(whole or fraction) and _DIGITS.issuperset(whole + fraction)
