# SPDX-License-Identifier: Apache-2.0
"""The rarer events of YAML, from those of the parser (format 6); hot loops do the others."""

from __future__ import annotations

from gitseal.documents.events import event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def property_event(item: Any, mark: bytes, token: str | None) -> bytes:
    """
    Give the event of a scalar with an anchor or a tag.

    Args:
        item: the parser's event.
        mark: `?` or `!`, for the case that it has no tag.
        token: its sealed text, if it is a sealed value.
    """
    content: str = item.value
    tag = mark if item.tag is None else b"t:" + item.tag.encode()
    if token is not None:
        content = token
        tag = b"enc" if item.tag is None else b"enc:" + tag[2:]
    return event(b"S", (item.anchor or "").encode(), tag, content.encode())


def collection_event(item: Any, kind: bytes) -> bytes:
    """Give the event of a collection with an anchor or a tag."""
    tag = b"?" if item.tag is None else b"t:" + item.tag.encode()
    return event(kind, (item.anchor or "").encode(), tag)


def document_event(item: Any) -> bytes:
    """Give the event of a document's start: with the version that a `%YAML` line says."""
    return event(b"D", content=b"" if item.version is None else b"%d.%d" % item.version)
