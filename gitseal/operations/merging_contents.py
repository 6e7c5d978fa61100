# SPDX-License-Identifier: Apache-2.0
"""Merging what was opened: by key path where all sides are documents, else line by line, or not."""

from __future__ import annotations

from gitseal import documents, sealedfile
from gitseal.changes.markers import with_markers
from gitseal.changes.merging import merge_documents, merge_texts
from gitseal.errors import NotADocumentError
from gitseal.sealedfile import ClearFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.changes.merging import Merged
    from gitseal.documents.base import Document

MARKER_SIZE = 7
_MAX_TEXT = 64 * 1024 * 1024
"""Bytes from which a file is merged as binary."""


class Contents:
    """
    How the content of one path is merged.

    Args:
        path: its name decides the syntax.
        whole: whether the rules seal it as a whole, so that it is never parsed.
    """

    __slots__ = ("_path", "_whole")

    def __init__(self, path: str, *, whole: bool) -> None:
        self._path = path
        self._whole = whole

    def merge(self, base: bytes | None, ours: bytes, theirs: bytes) -> Merged | None:
        """Merge clear content; None where some of it is binary."""
        if max(len(ours), len(theirs)) <= _MAX_TEXT:
            documented = self._by_key(base, ours, theirs)
            if documented is not None:
                return documented
            texts = [_text(one) for one in (base or b"", ours, theirs)]
            if texts[0] is not None and texts[1] is not None and texts[2] is not None:
                return merge_texts(texts[0], texts[1], texts[2])
        return None

    def _by_key(self, base: bytes | None, ours: bytes, theirs: bytes) -> Merged | None:
        parent = None if base is None else self.document(base)
        mine, other = self.document(ours), self.document(theirs)
        if mine is None or other is None or (parent is None and base is not None):
            return None
        return merge_documents(parent, mine, other)

    def document(self, data: bytes) -> Document | None:
        """Parse clear content; None where it is no document."""
        try:
            content = sealedfile.inspect(data, self._path, whole=self._whole)
        except NotADocumentError:
            return None
        return content.document if isinstance(content, ClearFile) else None

    def fits(self, text: str) -> bool:
        """Tell whether a merged text is what the name of the file says."""
        if documents.syntax_of(self._path) is None or self._whole:
            return True
        return self.document(text.encode()) is not None


def marked(
    merged: Merged, ours: bytes, theirs: bytes, labels: tuple[str, str], size: int = MARKER_SIZE
) -> bytes:
    """Give both decisions in one text, with conflict markers; each encoded as its side was."""
    # A byte order mark is part of the first line, so that it never stands before a marker.
    pair = (encoded(merged.ours, ours).decode(), encoded(merged.theirs, theirs).decode())
    return with_markers(*pair, labels, size).encode()


def encoded(text: str, like: bytes) -> bytes:
    """Encode a text as a side was, byte order mark included: documents leave that out."""
    data = text.encode()
    mark = b"\xef\xbb\xbf"
    return mark + data if like.startswith(mark) and not data.startswith(mark) else data


def _text(data: bytes) -> str | None:
    """Give content as text; None where it is none, and must not be merged line by line."""
    if b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
