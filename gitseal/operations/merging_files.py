# SPDX-License-Identifier: Apache-2.0
"""
Merging a sealed file: three sides opened, merged by key path, and sealed again (format 13).

git stores what comes out of here as it is.  So nothing does that was not sealed, opened again and
compared; and whatever is in doubt leaves the file as it was, and a conflict for a person.
"""

from __future__ import annotations

from gitseal import sealedfile
from gitseal.changes.markers import split_markers, with_markers
from gitseal.errors import (
    DocumentError,
    GitsealError,
    IntegrityError,
    KeyAccessError,
    RefusedError,
)
from gitseal.keypaths import COMMENT_PATH, format_path
from gitseal.operations.incoming import record_to_come
from gitseal.operations.merging_contents import MARKER_SIZE, Contents, encoded, marked
from gitseal.operations.sealing import seal_clear
from gitseal.operations.sides import OURS, THEIRS, Opener, in_clear
from gitseal.operations.workspace import Place
from gitseal.repository.locking import is_locked
from gitseal.sealedfile import ClearFile, SealedFile
from gitseal.settings import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.authority import Grant
    from gitseal.changes.merging import Merged
    from gitseal.operations.sides import Side
    from gitseal.operations.workspace import Workspace

    Labels = tuple[str, str]
    Answer = tuple[bytes | None, bool]

_MAX_TOLD = 8


def merge(
    workspace: Workspace,
    base: bytes,
    ours: bytes,
    theirs: bytes,
    path: str,
    *,
    labels: Labels = (OURS, THEIRS),
    marker_size: int = MARKER_SIZE,
) -> Answer:
    """
    Merge two versions of a file as git holds them.

    Args:
        workspace: repository, trust and keys of this call.
        base: what both come from; empty if there is nothing.
        ours: sealed; or all sides are clear, as in `git rerere`, which gets a clear answer.
        theirs: as `ours`.
        path: in the repository; it decides the scope.
        labels: what conflict markers call the two.
        marker_size: how many characters a conflict marker has.

    Returns:
        what git is to store, None to leave our version as it is; and whether it is merged
        without a conflict.

    Raises:
        GitsealError: a side does not authenticate, does not open, or does not belong here.
    """
    merging = Merging(workspace, path, labels=labels, marker_size=marker_size)
    return merging.run(base, ours, theirs)


def granted(workspace: Workspace, place: Place) -> Grant:
    """
    Give what the worktree's record says of a file in a merge.

    Raises:
        RefusedError: no scope claims it.
        UntrustedError: the record is not trusted here.
    """
    grant = workspace.grant(place)
    if grant is None:
        raise RefusedError(
            "no scope of this worktree claims it", hint="gitseal policy explain says which do"
        )
    return grant


def place_of(workspace: Workspace, path: str) -> Place:
    """Give the place of a repository path; whatever lies there is not looked at."""
    repository = workspace.needed_repository()
    return Place(path, repository.absolute(path), path, inside=True)


class Merging:
    """
    One file that is merged.

    Args:
        workspace: repository, trust and keys of this call.
        path: in the repository.
        labels: what conflict markers call the two sides.
        marker_size: how many characters a conflict marker has.
        reviewed: see `sides.Opener`.

    Attributes:
        place: of that path.
        grant: what its record says once git has finished: the worktree's, or the other side's.
        clashes: key paths that both sides changed, as people type them; filled by `merged`.
        notice: why there is no base, where one does not open and a person may decide without.
    """

    __slots__ = (
        "_contents", "_here", "_in_clear", "_labels", "_opener", "_reviewed", "_size", "_workspace",
        "clashes", "grant", "notice", "place",
    )  # fmt: skip

    def __init__(
        self,
        workspace: Workspace,
        path: str,
        *,
        labels: Labels = (OURS, THEIRS),
        marker_size: int = MARKER_SIZE,
        reviewed: bool = False,
    ) -> None:
        self._workspace = workspace
        self._labels = labels
        self._size = marker_size
        self.place = place_of(workspace, path)
        self._here = granted(workspace, self.place)
        coming = None if reviewed else record_to_come(workspace, self._here, path)
        self.grant = coming or self._here
        self._opener = Opener(workspace, self.place, self._here, coming, reviewed=reviewed)
        self._contents = Contents(path, whole=self.grant.is_whole(path))
        self._reviewed = reviewed
        self._in_clear: set[tuple[bytes, str]] | None = None
        self.clashes: list[str] = []
        self.notice = ""

    def run(self, base: bytes, ours: bytes, theirs: bytes) -> Answer:
        """Merge; see `merge`."""
        if self._all_clear(base, ours, theirs):
            return self._merge_clear(base, ours, theirs)
        self.check_unlocked()
        taken = self._unchanged(base, ours, theirs)
        if taken is not None:
            return taken, True
        sides = self.open(base, ours, theirs)
        self._check_clear_sides(*sides)
        parent, mine, other = sides
        merged = self.merged(None if parent is None else parent.content, mine, other)
        if merged is None:
            self._tell("its two versions differ, and it is not text")
            return None, False
        if merged.text is not None and self._contents.fits(merged.text):
            return self.seal(encoded(merged.text, mine.content)), True
        self._tell_clashes(merged)
        return self._conflict(merged, mine, other), False

    def open(self, base: bytes, ours: bytes, theirs: bytes) -> tuple[Side | None, Side, Side]:
        """
        Verify and open all sides.

        Raises:
            GitsealError: one of them is not authentic, or belongs to another path.
        """
        mine, other = self._opener.open(ours, OURS), self._opener.open(theirs, THEIRS)
        parent = self._base(base)
        self._opener.check_origins(parent, mine, other)
        if not self._reviewed:
            self._in_clear = mine.in_clear | other.in_clear
        return parent, mine, other

    def _base(self, data: bytes) -> Side | None:
        try:
            return self._opener.open_base(data)
        except GitsealError as error:
            if not self._reviewed:
                raise
            self.notice = (
                "what both sides come from does not open, so keys that one of them deleted are "
                f"back: {error.message.partition(chr(10))[0]}"
            )
            return None

    def check_unlocked(self) -> None:
        """
        Refuse to open anything in a worktree that was locked.

        Raises:
            KeyAccessError: `gitseal lock` was the last word.
        """
        if self._here.plain and is_locked(self._workspace.needed_repository()):
            raise KeyAccessError("this worktree is locked, so it was not merged", hint=_UNLOCK)

    def _all_clear(self, *sides: bytes) -> bool:
        """Tell whether no side is sealed: git rerere hands over what lies in the worktree."""
        try:
            found = [self._opener.inspect(data) for data in sides]
        except (DocumentError, IntegrityError):
            return False
        return all(isinstance(content, ClearFile) for content in found)

    def _merge_clear(self, base: bytes, ours: bytes, theirs: bytes) -> Answer:
        merged = self._contents.merge(base or None, ours, theirs)
        if merged is None:
            return None, False
        if merged.text is not None:
            return encoded(merged.text, ours), True
        return marked(merged, ours, theirs, self._labels, self._size), False

    def _unchanged(self, base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
        """
        Give the version that stands as it is, because the other one is the same or the base.

        It is git's own first question, but in `git rerere` the sides are texts with markers,
        which cannot be opened; only what is taken has to be authentic.
        """
        if theirs in {ours, base}:
            taken, name = ours, OURS
        elif base == ours:
            taken, name = theirs, THEIRS
        else:
            return None
        side = self._opener.open(taken, name)
        self._opener.check_origins(None, side, side)
        header = side.header
        epoch = None if header is None else self.grant.record.epoch(header.epoch)
        known = header is not None and epoch is not None and epoch.kid == header.kid
        return taken if known else None

    def _check_clear_sides(self, base: Side | None, ours: Side, theirs: Side) -> None:
        """
        Let clear text in only where the file was in clear before, and one branch sealed it.

        Anybody who can push can put clear text in place of sealed, and what comes with a commit
        that is picked may be made up from the base on; a merge must not give that a seal.
        """
        for side in (ours, theirs):
            if side.sealed:
                continue
            if base is None or base.sealed or not self._was_here(base.stored):
                raise RefusedError(f"{side.name}: is in clear, where it should be sealed")
            self._workspace.tell(f"{self._shown}: {side.name} was in clear; it is sealed now")

    def _was_here(self, data: bytes) -> bool:
        """Tell whether our own history has had just this at the path."""
        from gitseal.repository.history import has_held

        return has_held(self._workspace.needed_repository(), self.place.name, data)

    def merged(self, base: bytes | None, ours: Side, theirs: Side) -> Merged | None:
        """Merge what was opened, by key path where all are documents; None for binary content."""
        merged = self._contents.merge(base, ours.content, theirs.content)
        if merged is not None:
            names = [printable(format_path(one.path)) for one in merged.clashes if one.path]
            self.clashes = list(dict.fromkeys(names))
        return merged

    def seal(self, data: bytes) -> bytes:
        """
        Seal merged content under the active key of the record; proven to open again.

        Raises:
            DocumentError: it is no document, or cannot be sealed without loss.
            IntegrityError: it does not come back as it is.
        """
        if not data:
            return data
        whole = self.grant.is_whole(self.place.name)
        content = sealedfile.inspect(data, self.place.name, whole=whole)
        if isinstance(content, SealedFile):
            raise IntegrityError("holds sealed text inside of sealed text")
        self._check_exposed(content)
        return self._proven(content)

    def _check_exposed(self, content: ClearFile) -> None:
        """
        Refuse to bring into the clear what no side has in clear.

        Two branches may have different rules, and a key may have moved to where they seal nothing.
        """
        document, rules = content.document, self.grant.rules
        if document is None or self._in_clear is None:
            return
        for path, text in in_clear(document):
            named = rules.comments if path == COMMENT_PATH else rules.selects(path)
            if not named and (path, text) not in self._in_clear:
                raise RefusedError(
                    f"{printable(format_path(path))} would stand in clear, as the rules here say, "
                    "but a branch has it sealed",
                    hint="bring the rules together first: gitseal apply",
                )

    def _proven(self, content: ClearFile) -> bytes:
        workspace, grant, data = self._workspace, self.grant, content.data
        grant.check_not_replaced(grant.epoch.n)
        sealed = seal_clear(workspace, content, self.place, grant)
        again = sealedfile.inspect(sealed, self.place.name, whole=grant.is_whole(self.place.name))
        keys = workspace.keys(grant.record, grant.epoch.n)
        same = (
            isinstance(again, SealedFile)
            and again.open(keys, grant.rules, strict=grant.strict).data == data
        )
        if not same:
            raise IntegrityError("does not come back as it was merged; this is a bug in gitseal")
        return sealed

    def _conflict(self, merged: Merged, ours: Side, theirs: Side) -> bytes | None:
        """
        Give what stands in the file until a person has decided, or None to leave ours there.

        In plain worktrees the text with its markers is sealed whole, and people see it.  In sealed
        ones the markers stand between sealed texts: each side of them is complete, and opens.
        """
        if self.grant.plain:
            whole = marked(merged, ours.content, theirs.content, self._labels, self._size)
            return self._proven(ClearFile(whole, None))
        try:
            mine = self.seal(encoded(merged.ours, ours.content))
            other = self.seal(encoded(merged.theirs, theirs.content))
            pair = mine.decode(), other.decode()
        except (DocumentError, UnicodeDecodeError):
            # Not a document, or a container of bytes: there is no line to put a marker at.
            return None
        text = with_markers(*pair, self._labels, self._size)
        return text.encode() if split_markers(text) == pair else None

    def _tell_clashes(self, merged: Merged) -> None:
        names = self.clashes[:_MAX_TOLD]
        more = len(self.clashes) - len(names)
        what = ", ".join(names) + (f" and {more} more" if more else "")
        if not what:
            what = "the same lines" if merged.clashes else "it in ways that do not fit together"
        self._tell(f"both sides changed {what}")

    def _tell(self, what: str) -> None:
        # A bigger marker is of a merge of merges, whose conflicts nobody has to see.
        if self._size <= MARKER_SIZE:
            from shlex import quote

            again = f"gitseal resolve {quote(self._shown)}"
            self._workspace.tell(f"{self._shown}: {what}\n  to decide: {again}")

    @property
    def _shown(self) -> str:
        return printable(self.place.name)


_UNLOCK = "gitseal unlock, then: git checkout -m FILE"
