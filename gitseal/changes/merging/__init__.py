# SPDX-License-Identifier: Apache-2.0
"""
The three-way merge of documents by key path, and of other texts line by line: pure.

A merged document is taken only if reading it gives just what the merge of the values says
(`trees`), its aliases mean what they meant, and no comment is lost.  Whatever made the
text (`weave`, `lines`) is not asked.  If no text stands that test, it is a clash:
a merge that silently writes a wrong secret is the one mistake that must not happen here.
"""

from __future__ import annotations

from gitseal.changes.markers import split_markers, with_markers
from gitseal.changes.merging.lines import merged_lines
from gitseal.errors import DocumentError

__all__ = [
    "Clash",
    "Merged",
    "merge_documents",
    "merge_texts",
    "split_markers",
    "with_markers",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.documents.base import Document

TEXT = "text"


class Clash:
    """
    A place that both sides changed, each in its way.

    Attributes:
        path: encoded key path; None for comments, layout, and lines of texts.
        kind: "changed"; "deleted" on one side and changed on the other; "added" on both; "text".
    """

    __slots__ = ("kind", "path")

    def __init__(self, path: bytes | None, kind: str) -> None:
        self.path = path
        self.kind = kind

    def __repr__(self) -> str:
        return f"Clash({self.kind})"


class Merged:
    """
    What a merge gave.  Texts are without byte order mark; `documents.to_bytes` puts it back.

    Attributes:
        text: None if anything clashes.
        ours: everything merged that can be, each clash decided for ours; if that gives no
            document, ours as it was.
        theirs: the same for theirs.
        clashes: in the order in which they were met, each place once.
    """

    __slots__ = ("clashes", "ours", "text", "theirs")

    def __init__(self, text: str | None, ours: str, theirs: str, clashes: list[Clash]) -> None:
        self.text = text
        self.ours = ours
        self.theirs = theirs
        self.clashes = clashes


def merge_documents(base: Document | None, ours: Document, theirs: Document) -> Merged:
    """
    Merge clear documents of one syntax by key path, every unchanged piece byte for byte.

    Args:
        base: the version that both sides come from; None if both added the file.
        ours: the side whose layout, byte order mark and order come first.
        theirs: the other side.
    """
    known = base.text if base is not None else None
    if theirs.text in (ours.text, known):
        return _agreed(ours.text)
    if ours.text == known:
        return _agreed(theirs.text)
    if ours.syntax == theirs.syntax:
        from gitseal.changes.merging.documents import DocumentMerge

        try:
            return DocumentMerge(base, ours, theirs).merged()
        except DocumentError:
            # Keys without a path, or a merged text above a limit: not for this merge to decide.
            pass
    return Merged(None, ours.text, theirs.text, [Clash(None, TEXT)])


def _agreed(text: str) -> Merged:
    return Merged(text, text, text, [])


def merge_texts(base: str, ours: str, theirs: str) -> Merged:
    """Merge line by line as git does: changes that touch clash."""
    merged = merged_lines(base, ours, theirs)
    if not merged.clashes:
        return _agreed(merged.ours)
    return Merged(None, merged.ours, merged.theirs, [Clash(None, TEXT)] * merged.clashes)
