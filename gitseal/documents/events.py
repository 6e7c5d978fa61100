# SPDX-License-Identifier: Apache-2.0
"""
Events: what the seal of a document covers (format 6).

`e = PAE(type, anchor, tag, content)` with the types `D`/`d` document, `M`/`m` mapping, `L`/`l`
list, `S` scalar, `A` alias.  Hot loops add a content to a prepared beginning.
"""

from __future__ import annotations

from gitseal.crypto.encoding import le64, pae, unpae

SHORT = 256
"""Contents below this many bytes find their event's beginning in a table."""


def event(kind: bytes, anchor: bytes = b"", tag: bytes = b"", content: bytes = b"") -> bytes:
    """Encode one event: `PAE(type, anchor, tag, content)`."""
    return pae(kind, anchor, tag, content)


def event_parts(encoded: bytes) -> list[bytes]:
    """Undo `event`: [type, anchor, tag, content]."""
    return unpae(encoded)


def _beginnings(tag: bytes) -> list[bytes]:
    head = event(b"S", b"", tag)[:-8]
    return [head + le64(size) for size in range(SHORT)]


PLAIN = _beginnings(b"?")
QUOTED = _beginnings(b"!")
SEALED = _beginnings(b"enc")
"""Beginnings of scalar events without anchor, by the size of their content in bytes."""

MAPPING = event(b"M", b"", b"?")
MAPPING_END = event(b"m")
LIST = event(b"L", b"", b"?")
LIST_END = event(b"l")
DOCUMENT_END = event(b"d")

# No anchor, and a tag of one byte.
_PLAIN_OR_QUOTED = PLAIN[0][:33]
# No anchor, and the tag `enc`.
_SEALED_ONLY = SEALED[0][:36]


def scalar_event(beginnings: list[bytes], content: bytes) -> bytes:
    """Encode a scalar without anchor; hot loops do the first line themselves."""
    size = len(content)
    if size < SHORT:
        return beginnings[size] + content
    return beginnings[0][:-8] + le64(size) + content


def sealed_event(clear: bytes, token: str) -> bytes:
    """Give the event of a sealed value, from the event of the clear value it replaces."""
    content = token.encode()
    if clear[:33] == _PLAIN_OR_QUOTED:
        size = len(content)
        return SEALED[size] + content if size < SHORT else scalar_event(SEALED, content)
    _kind, anchor, tag, _content = unpae(clear)
    return event(b"S", anchor, b"enc:" + tag[2:] if tag[:2] == b"t:" else b"enc", content)


def opened_event(sealed: bytes, tag: bytes, content: bytes) -> bytes:
    """
    Give the event of a clear value, from the event of the sealed value it replaces.

    Args:
        sealed: event with the tag `enc` or `enc:…`.
        tag: `?` or `!`, what the slice alone says; an explicit tag of the document wins.
        content: what the slice alone says.
    """
    if sealed[:36] == _SEALED_ONLY:
        beginnings = PLAIN if tag == b"?" else QUOTED
        size = len(content)
        return beginnings[size] + content if size < SHORT else scalar_event(beginnings, content)
    _kind, anchor, given, _token = unpae(sealed)
    return event(b"S", anchor, b"t:" + given[4:] if given[:4] == b"enc:" else tag, content)
