# SPDX-License-Identifier: Apache-2.0
"""Putting opened values back, and proving that they are where they were (format 9)."""

from __future__ import annotations

from gitseal.documents.base import header_cut, splice
from gitseal.documents.events import opened_event
from gitseal.errors import DocumentError, IntegrityError
from gitseal.keypaths import format_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType

    from gitseal.documents.base import Document, Edit, Piece, Slot

    Fit = Callable[[Document, Slot, Piece], list[Edit]]


def put_back(
    document: Document,
    pieces: Sequence[Piece],
    comments: Sequence[str],
    fit: Fit | None = None,
    rewritten: dict[int, list[Edit]] | None = None,
) -> str:
    """
    Give the text with every opened slice in its place and without header, not yet compared.

    Args:
        document: a sealed document.
        pieces: one for each of `document.sealed`.
        comments: one for each of `document.sealed_comments`, all that follows the sign.
        fit: gives the edits of a piece of several lines; None puts it back as it is.
        rewritten: instead of all that, the edits of single values, by their index.
    """
    edits = _values(document, pieces, fit, rewritten or {})
    if not document.sealed_comments:
        return splice(document.text, edits)
    everything = list(edits)
    for (start, end, _token), text in zip(document.sealed_comments, comments, strict=True):
        everything.append((start, end, text))
    everything.sort()
    return splice(document.text, everything)


def _values(
    document: Document,
    pieces: Sequence[Piece],
    fit: Fit | None,
    rewritten: dict[int, list[Edit]],
) -> Iterator[Edit]:
    """Give the edits of the values, in order, and at last the one that cuts the header."""
    cut = header_cut(document)
    for index, (slot, piece) in enumerate(zip(document.sealed, pieces, strict=True)):
        if cut is not None and slot[0] >= cut[0]:
            yield cut
            cut = None
        if index in rewritten:
            yield from rewritten[index]
        elif piece[2] and fit is not None:
            yield from fit(document, slot, piece)
        else:
            yield (slot[0], slot[1], piece[0])
    if cut is not None:
        yield cut


def opened_events(document: Document, contents: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
    """
    Give the events of the clear document.

    Args:
        document: a sealed document.
        contents: tag (`?` or `!`) and content that each slice gives alone.
    """
    events = document.events.copy()
    for slot, (tag, content) in zip(document.sealed, contents, strict=True):
        events[slot[3]] = opened_event(events[slot[3]], tag, content)
    return events


def compare(document: Document, clear: Document, expected: Sequence[bytes]) -> None:
    """
    Compare what parsing the opened text gave with what the sealed document says.

    Raises:
        IntegrityError: names the first key path that differs.
    """
    if clear.events == expected and not clear.sealed:
        return
    for slot in document.sealed:
        index = slot[3]
        if index >= len(clear.events) or clear.events[index] != expected[index]:
            raise does_not_fit(slot[2])
    raise IntegrityError("the opened values do not fit into the structure of this document")


def does_not_fit(path: bytes) -> IntegrityError:
    """Give the error for a value that no way of writing puts back at its place."""
    return IntegrityError(
        f"{format_path(path)}: the opened value does not fit into the layout around it",
        hint="undo the last change of the layout; see git diff",
    )


def restore(
    module: ModuleType, document: Document, pieces: Sequence[Piece], comments: Sequence[str]
) -> Document:
    """Put back, parse and compare: what a syntax needs whose values no formatter moves."""
    text = put_back(document, pieces, comments)
    read = module.read_slice
    contents = [read(slot, piece[0]) for slot, piece in zip(document.sealed, pieces, strict=True)]
    try:
        clear: Document = module.parse(text, bom=document.bom)
    except DocumentError:
        raise IntegrityError("the opened values do not give a document") from None
    compare(document, clear, opened_events(document, contents))
    return clear
