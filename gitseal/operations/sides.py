# SPDX-License-Identifier: Apache-2.0
"""
The sides of a merge: each verified under its own header and the path's scope, then opened.

Nothing is merged with what is not authentic.  The result is sealed anew, so whatever slipped in
here would come out with a valid seal (format 13).
"""

from __future__ import annotations

import os

from gitseal import sealedfile
from gitseal.changes.markers import split_markers, with_markers
from gitseal.errors import (
    DocumentError,
    GitsealError,
    IntegrityError,
    KeyAccessError,
    MovedError,
    NotADocumentError,
    NoUsableKeyError,
    RefusedError,
)
from gitseal.keypaths import COMMENT_PATH
from gitseal.native.wholefile import is_whole
from gitseal.operations.opening import not_cut_short
from gitseal.operations.otherrecords import Records
from gitseal.sealedfile import ClearFile, SealedFile
from gitseal.settings import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitseal.authority import Grant
    from gitseal.documents.base import Document
    from gitseal.native.header import Header
    from gitseal.operations.workspace import Place, Workspace

BASE, OURS, THEIRS = "base", "ours", "theirs"


class Side:
    """
    One side, opened.

    Attributes:
        name: BASE, OURS or THEIRS.
        stored: as git holds it.
        content: its clear content.
        header: what it says about itself; None if it was clear.
        in_clear: the values and comments that git holds in clear: (key path, text).
        notice: what a person should know before sealing it anew; "" if nothing.
    """

    __slots__ = ("content", "header", "in_clear", "name", "notice", "stored")

    def __init__(
        self, name: str, stored: bytes, content: bytes, header: Header | None, notice: str = ""
    ) -> None:
        self.name = name
        self.stored = stored
        self.content = content
        self.header = header
        self.notice = notice
        self.in_clear: set[tuple[bytes, str]] = set()

    @property
    def sealed(self) -> bool:
        """Whether git holds it sealed."""
        return self.header is not None

    def __repr__(self) -> str:
        return f"Side({self.name!r}, sealed={self.sealed})"


class Opener:
    """
    Opens the sides of one file.

    Args:
        workspace: repository, trust and keys of this call.
        place: where the file stands.
        grant: what the worktree's record says of that path.
        coming: what theirs does, where it is the record that stays.
        reviewed: whether a person sees and decides: then older keys and records of branches that
            forked may open a side, and `notice` says so.
    """

    __slots__ = ("_coming", "_grant", "_place", "_records", "_reviewed", "_workspace")

    def __init__(
        self,
        workspace: Workspace,
        place: Place,
        grant: Grant,
        coming: Grant | None = None,
        *,
        reviewed: bool = False,
    ) -> None:
        self._workspace = workspace
        self._coming = coming or grant
        self._place = place
        self._grant = grant
        self._reviewed = reviewed
        self._records = Records(workspace, grant, reviewed=reviewed)

    def inspect(self, data: bytes) -> SealedFile | ClearFile:
        """
        Tell what content is; text that is no document, as with conflict markers, is clear text.

        Raises:
            DocumentError, IntegrityError: sealed, but damaged; or some sealed values in clear text.
        """
        path, whole = self._place.name, self._grant.is_whole(self._place.name)
        try:
            content = sealedfile.inspect(data, path, whole=whole)
            if whole and isinstance(content, ClearFile):
                content = _as_document(data, path) or content
        except NotADocumentError:
            if is_whole(data) or b"seal:v" in data:
                raise
            return ClearFile(data, None)
        if isinstance(content, ClearFile):
            not_cut_short(content)
        return content

    def open(self, data: bytes, name: str) -> Side:
        """
        Verify and open one side.

        Raises:
            GitsealError: anything about it is in doubt; the message says which side it is.
        """
        try:
            return self._open(data, name)
        except KeyAccessError:
            raise  # no side is to blame
        except GitsealError as error:
            error.message = f"{name}: {error.message}"
            raise

    def open_base(self, data: bytes) -> Side | None:
        """
        Open what both sides come from; None where there is nothing.

        The base of a criss-cross merge is itself a merge, and may have conflict markers: within
        one sealed file, or between two that are complete.

        Raises:
            GitsealError: as `open`.
        """
        if not data:
            return None
        halves = None if is_whole(data) else split_sealed(data)
        if halves is None:
            return self.open(data, BASE)
        ours, theirs = (self.open(half, BASE).content.decode() for half in halves)
        text = with_markers(ours, theirs, (OURS, THEIRS))
        return Side(BASE, data, text.encode(), None)

    def _open(self, data: bytes, name: str) -> Side:
        content = self.inspect(data)
        if isinstance(content, ClearFile):
            side = Side(name, data, data, None)
        else:
            grant, notice = self._authorise(content.header, name)
            clear = self._clear(content, grant, name)
            if _nested(clear.data, self._place.name, whole=grant.is_whole(self._place.name)):
                raise IntegrityError("holds sealed text inside of sealed text", hint=_LOOK)
            side = Side(name, data, clear.data, content.header, notice)
        if content.document is not None:
            side.in_clear = set(in_clear(content.document))
        return side

    def _clear(self, content: SealedFile, grant: Grant, name: str) -> ClearFile:
        keys = self._workspace.keys(grant.record, content.header.epoch)
        try:
            return content.open(keys, grant.rules, strict=grant.strict)
        except IntegrityError:
            # The rules changed since. Who signed it could read it, and left in clear what is in
            # clear; and a base says no more than which of two authentic sides is the newer one.
            if name != BASE and not (self._reviewed and content.header.seal is not None):
                raise
            return content.open(keys, None, strict=grant.strict)

    def _authorise(self, header: Header, name: str) -> tuple[Grant, str]:
        """Give the record that a side is opened under, and what to tell about it."""
        grant, n = self._grant_of(name), header.epoch
        epoch = grant.record.epoch(n)
        if header.scope != grant.scope:
            grant.check_header(header.scope, n, header.kid)
        notice = ""
        if epoch is None or epoch.kid != header.kid or not epoch.wraps:
            found = self._records.with_key(n, header.kid)
            if found is None:
                grant.check_header(header.scope, n, header.kid, history=True)
            elif found is not grant:
                grant = found
                notice = "" if grant.verdict.readable else _of_other(name, grant)
        if self._records.is_retired(n, header.kid):
            if name != BASE and not self._reviewed:
                raise _retired(n, grant.scope)
            notice = f"{name}: {_retired(n, grant.scope).message}"
        epoch = grant.record.epoch(n)
        if epoch is None or not epoch.wraps:
            raise NoUsableKeyError(
                f"no record that is here holds the key of epoch {n} of {grant.scope} any more",
                hint="in a shallow clone, git fetch --unshallow brings the older records",
            )
        return grant, notice if name != BASE else ""

    def _grant_of(self, name: str) -> Grant:
        return self._coming if name == THEIRS else self._grant

    def check_origins(self, base: Side | None, ours: Side, theirs: Side) -> None:
        """
        Refuse a side that was sealed for another file of the scope, and copied here.

        Whoever can push can copy; a merge would give the copy a seal of its own.  A file that
        `gitseal mv` brought here on one branch is still sealed for its old path on the other,
        and in the base.

        Raises:
            MovedError, IntegrityError: it was.
        """
        path = self._place.name
        sealed = [(one, one.header.origin) for one in (ours, theirs) if one.header is not None]
        old = base.header.origin if base is not None and base.header is not None else None
        moved = (
            bool(old)
            and path in [origin for _side, origin in sealed]
            and not self._still_there(old or "", ours)
        )
        for side, origin in sealed:
            plain = self._grant_of(side.name).plain
            if origin == ("" if plain else path) or (moved and not plain and origin == old):
                continue
            if not self._reviewed or origin not in {"", path}:
                raise _foreign(side, origin, plain=plain)
            side.notice = side.notice or (
                f"{side.name} was sealed when this scope had another kind of worktree"
            )

    def _still_there(self, origin: str, ours: Side) -> bool:
        """Tell whether the file was copied here, not moved, on our own branch."""
        mine = ours.header is not None and ours.header.origin == self._place.name
        root = self._workspace.needed_repository().root
        return mine and os.path.lexists(os.path.join(root, origin))


_LOOK = "git log -p FILE shows who changed it"
_MOVED = (
    "a sealed file belongs to its path; where it was moved, gitseal mv OLD NEW seals it for its "
    "new one; or did someone copy it here?"
)


def in_clear(document: Document) -> Iterator[tuple[bytes, str]]:
    """Give key path and text of each value and comment of a document that is not sealed."""
    text = document.text
    yield from ((slot[2], text[slot[0] : slot[1]]) for slot in document.slots)
    yield from ((COMMENT_PATH, text[start:end]) for start, end in document.comments)


def split_sealed(data: bytes) -> tuple[bytes, bytes] | None:
    """Give the two sealed texts that stand in one with conflict markers; None if there are none."""
    if b"seal:v" not in data:
        return None
    try:
        sides = split_markers(data.decode())
    except UnicodeDecodeError:
        return None
    return None if sides is None else (sides[0].encode(), sides[1].encode())


def _foreign(side: Side, origin: str, *, plain: bool) -> GitsealError:
    if plain or not origin:
        message = f"{side.name}: the origin of the file is not what its scope says"
        return IntegrityError(message, hint=_LOOK)
    return MovedError(f"{side.name}: was sealed as {printable(origin)}", hint=_MOVED)


def _as_document(data: bytes, path: str) -> SealedFile | None:
    """Give what the rules want sealed as a whole, but is still sealed value by value."""
    try:
        content = sealedfile.inspect(data, path)
    except DocumentError:
        return None
    return content if isinstance(content, SealedFile) else None


def _nested(data: bytes, path: str, *, whole: bool) -> bool:
    try:
        return isinstance(sealedfile.inspect(data, path, whole=whole), SealedFile)
    except NotADocumentError:
        return False


def _retired(n: int, scope: str) -> RefusedError:
    return RefusedError(
        f"is sealed in epoch {n} of {scope}, which is retired; a former reader may have made it"
    )


def _of_other(name: str, grant: Grant) -> str:
    return (
        f"{name} is sealed under another branch's record of {grant.scope}, which you have not "
        f"trusted yet ({grant.verdict.state})"
    )
