# SPDX-License-Identifier: Apache-2.0
"""Injective encodings: what is hashed, signed or bound never depends on a separator (format 1)."""

from __future__ import annotations

from struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseal.keys import Context, ScopeId

_LE64 = Struct("<Q")
le64 = _LE64.pack
"""Encode an integer below 2**63 as 8 bytes, little endian."""

_read_le64 = _LE64.unpack_from
_MAX_PART = 2**63 - 1


def pae(*parts: bytes) -> bytes:
    """
    Encode byte strings injectively: `LE64(n) || LE64(|p1|) || p1 || …`.

    Source: PASETO's pre-authentication encoding; format 1.
    """
    pieces = [le64(len(parts))]
    for part in parts:
        pieces.append(le64(len(part)))
        pieces.append(part)
    return b"".join(pieces)


def unpae(encoded: bytes) -> list[bytes]:
    """
    Undo `pae`.

    Raises:
        ValueError: not exactly one encoding.
    """
    if len(encoded) < 8:
        raise ValueError("too short for a PAE")
    (count,) = _read_le64(encoded)
    parts = []
    position = 8
    for _ in range(min(count, len(encoded))):
        if len(encoded) < position + 8:
            raise ValueError("PAE ends in a length")
        (size,) = _read_le64(encoded, position)
        position += 8
        if size > _MAX_PART or len(encoded) < position + size:
            raise ValueError("PAE ends in a part")
        parts.append(encoded[position : position + size])
        position += size
    if position != len(encoded) or len(parts) != count:
        raise ValueError("PAE has the wrong number of parts")
    return parts


def context_bytes(context: Context) -> bytes:
    """Encode a context: `PAE(k1, v1, …)`, keys in byte order (format 2, `ctxenc`)."""
    return pae(*(text.encode("ascii") for pair in context.items() for text in pair))


def scope_id_bytes(scope: ScopeId) -> bytes:
    """Encode scope name, context and epoch (format 2, `sid`)."""
    return pae(scope.name.encode("ascii"), context_bytes(scope.context), le64(scope.epoch))


def canonical_json(value: object) -> bytes:
    """
    Write canonical JSON (format 1), the one text that is signed and compared byte for byte.

    It is what `json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False)` gives, and
    a line break.

    The standard library indents in generators, half the time of reading a record.

    Raises:
        ValueError: a float, or a type that JSON does not have, or a lone surrogate.
    """
    from json.encoder import encode_basestring

    pieces: list[str] = []
    _emit(value, "\n", pieces, encode_basestring)
    pieces.append("\n")
    return "".join(pieces).encode("utf-8")


def _emit(value: object, margin: str, pieces: list[str], quote: Callable[[str], str]) -> None:
    if isinstance(value, str):
        pieces.append(quote(value))
    elif isinstance(value, bool):
        pieces.append("true" if value else "false")
    elif isinstance(value, int):
        pieces.append(str(value))
    elif value is None:
        pieces.append("null")
    elif isinstance(value, dict):
        inner = margin + "  "
        lead = "{" + inner
        for key in sorted(value):
            pieces.append(lead + quote(key) + ": ")
            _emit(value[key], inner, pieces, quote)
            lead = "," + inner
        pieces.append(margin + "}" if value else "{}")
    elif isinstance(value, list):
        inner = margin + "  "
        lead = "[" + inner
        for item in value:
            pieces.append(lead)
            _emit(item, inner, pieces, quote)
            lead = "," + inner
        pieces.append(margin + "]" if value else "[]")
    else:
        raise ValueError("canonical JSON holds no such type")
