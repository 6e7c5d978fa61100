# SPDX-License-Identifier: Apache-2.0
"""One version of a file: what can be read of it without a key, and what opening it gave."""

from __future__ import annotations

import hashlib

from gitseal import sealedfile
from gitseal.changes.comparing import Leaf, leaves, opened_leaves
from gitseal.errors import GitsealError
from gitseal.sealedfile import ClearFile, SealedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.authority import Grant
    from gitseal.documents.base import Document
    from gitseal.native.header import Header

WHOLE = b""
"""Stands for a key path where a file has none, because it is sealed as a whole."""


class Snapshot:
    """
    A file at one commit, or in the worktree.

    Attributes:
        path: in the repository.
        entry: (mode, object id); (0, "") in the worktree.
        grant: what the records say of the path; None if they say nothing.
        header: of a sealed file; None if it is clear, or cannot be read.
        content: the sealed file, not yet opened; None if there is none.
        clear: whether it stands in clear.
        whole: whether it has no keys; then it has one leaf, at `WHOLE`.
        size: bytes of its content; where it was not opened, of the sealed file.
        stored: bytes of the file as it lies there.
        leaves: its values as they lie there.
        comments: the same of its comments.
        opened: the same once it was opened: values and comments.
        error: why it cannot be read, or why it was not opened; "" if neither is so.
        readable: whether it could be read, as far as that needs no key.
        tried: whether somebody tried to open it.
        retired: whether it was opened with the key of an epoch that is retired by now.
    """

    __slots__ = (
        "clear", "comments", "content", "entry", "error", "grant", "header", "leaves", "opened",
        "path", "readable", "retired", "size", "stored", "tried", "whole",
    )  # fmt: skip

    def __init__(self, path: str, entry: tuple[int, str], grant: Grant | None) -> None:
        self.path = path
        self.entry = entry
        self.grant = grant
        self.header: Header | None = None
        self.content: SealedFile | None = None
        self.clear = self.whole = self.retired = self.tried = False
        self.readable = True
        self.size = self.stored = 0
        self.leaves: list[Leaf] = []
        self.comments: list[str] = []
        self.opened: tuple[list[Leaf], list[str]] | None = None
        self.error = ""

    @property
    def lock(self) -> tuple[str, int, bytes, str] | None:
        """Give what equal sealed texts need in common to be equal values; None if clear."""
        header = self.header
        return None if header is None else (header.scope, header.epoch, header.kid, header.origin)

    def view(self) -> tuple[list[Leaf], list[str]]:
        """Give values and comments, opened where they are."""
        return self.opened or (self.leaves, self.comments)

    def fill(self, data: bytes, *, exposed: bool) -> None:
        """
        Read the content.

        Args:
            data: of the file.
            exposed: whether a clear value that the rules seal is one that leaked.
        """
        grant = self.grant
        self.size = self.stored = len(data)
        try:
            content = sealedfile.inspect(
                data, self.path, whole=grant is not None and grant.is_whole(self.path)
            )
        except GitsealError as error:
            self.readable = False
            self.error = first_line(error)
            return
        document = content.document
        if document is not None and document.header is None and _sealed(document):
            self.readable = False
            self.error = "it holds sealed values, but not the header that belongs to them"
            return
        self.clear = isinstance(content, ClearFile)
        if isinstance(content, SealedFile):
            self.header, self.content = content.header, content
        if document is not None:
            self.leaves = leaves(document, self._selects, exposed=exposed)
            self.comments = [document.text[a:b] for a, b in document.comments]
            self.comments += [token for _a, _b, token in document.sealed_comments]
        elif data:
            self.whole = True
            digest = _digest(data)
            text = digest if self.clear else None
            token = "" if self.clear else digest
            secret = grant is not None
            hidden = secret and exposed and self.clear
            self.leaves = [Leaf(WHOLE, text, token, 1, secret=secret, exposed=hidden)]
        if self.clear:
            self.opened = (self.leaves, self.comments)

    def _selects(self, path: bytes) -> bool:
        return self.grant is not None and self.grant.rules.selects(path)

    def take(self, clear: ClearFile) -> None:
        """Keep what opening it gave."""
        self.size = len(clear.data)
        document = clear.document
        if self.whole or document is None or self.content is None:
            leaf = self.leaves[0]
            digest = _digest(clear.data)
            self.opened = ([Leaf(WHOLE, digest, leaf.token, 1, secret=True)], [])
            return
        stored = self.content.document
        found = [] if stored is None else opened_leaves(stored, document, self._selects)
        if len(found) == len(self.leaves):
            self.opened = (found, [document.text[a:b] for a, b in document.comments])

    def __repr__(self) -> str:
        return f"Snapshot({self.path!r})"


def _sealed(document: Document) -> bool:
    return bool(document.sealed or document.sealed_comments)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def first_line(error: GitsealError) -> str:
    """Give what a note says of an error."""
    return error.message.split("\n")[0]
