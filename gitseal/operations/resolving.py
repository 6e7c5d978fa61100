# SPDX-License-Identifier: Apache-2.0
"""
A conflict in a sealed file, for a person to decide: every side verified, merged as far as it goes.

What stands between opening and sealing (an editor, a question) is the caller's.
"""

from __future__ import annotations

import os
import re

from gitseal import documents
from gitseal.changes.markers import split_markers
from gitseal.changes.reviewing import decisions
from gitseal.errors import (
    GitsealError,
    NotADocumentError,
    NotFoundError,
    RefusedError,
    UsageError,
)
from gitseal.native.wholefile import is_whole
from gitseal.operations.editing import Draft
from gitseal.operations.merging_contents import encoded, marked
from gitseal.operations.merging_files import Merging
from gitseal.operations.opening import MAX_FILE
from gitseal.operations.sides import OURS, THEIRS, split_sealed
from gitseal.policy.records import KEYRING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.changes.merging import Merged
    from gitseal.changes.reviewing import Decision
    from gitseal.documents.base import Document
    from gitseal.files import Snapshot
    from gitseal.operations.sides import Side
    from gitseal.operations.workspace import Place, Workspace

_MARKER = re.compile(rb"(<{7,}|>{7,})( |$)")


class Conflict:
    """
    A file that two branches changed, all its sides authentic and open.

    Attributes:
        place: where it stands.
        merging: seals what becomes of it.
        base, ours, theirs: its sides; no base where there is none.
        merged: as far as it goes by itself; None for binary content.
        lying: what lies in the worktree, and `snapshot` what that file was; empty if none does.
    """

    __slots__ = (
        "base", "lying", "merged", "merging", "ours", "place", "snapshot", "theirs",
    )  # fmt: skip

    def __init__(
        self, merging: Merging, sides: tuple[Side | None, Side, Side], place: Place
    ) -> None:
        self.merging = merging
        self.place = place
        self.base, self.ours, self.theirs = sides
        parent = None if self.base is None else self.base.content
        self.merged: Merged | None = merging.merged(parent, self.ours, self.theirs)
        self.lying, self.snapshot = b"", _absent()

    @property
    def scope(self) -> str:
        """Give the name of the scope."""
        return self.merging.grant.scope

    @property
    def plain(self) -> bool:
        """Whether the file lies in clear in the worktree."""
        return self.merging.grant.plain

    @property
    def notices(self) -> list[str]:
        """What a person should know of the sides before sealing them anew."""
        found = (self.merging.notice, self.ours.notice, self.theirs.notice)
        return [notice for notice in found if notice]

    @property
    def clashes(self) -> list[str]:
        """Give the key paths that both sides changed, as people type them."""
        return self.merging.clashes

    @property
    def settled(self) -> bytes | None:
        """Give the content if everything merges by itself."""
        if self.merged is None or self.merged.text is None:
            return None
        data = encoded(self.merged.text, self.ours.content)
        return data if self._is_one(data) else None

    def decided(self, side: str) -> bytes:
        """Give the content with every clash decided for OURS or THEIRS."""
        taken = self.ours if side == OURS else self.theirs
        if self.merged is None:
            return taken.content
        text = self.merged.ours if side == OURS else self.merged.theirs
        return encoded(text, taken.content)

    def marked(self) -> bytes:
        """
        Give the text for an editor: what lies in the worktree if a person began there already.

        Raises:
            UsageError: it is binary.
        """
        if self.merged is None:
            raise UsageError(
                "is binary, so it cannot be merged in an editor",
                hint="take one side: --ours or --theirs",
                path=self.place.typed,
            )
        if self.plain and _sides_of(self.lying) is not None:
            return self.lying
        return marked(self.merged, self.ours.content, self.theirs.content, (OURS, THEIRS))

    def _is_one(self, data: bytes) -> bool:
        try:
            self.check(data)
        except GitsealError:
            return False
        return True

    def check(self, data: bytes) -> None:
        """
        Refuse content that is not finished.

        Raises:
            NotADocumentError: conflict markers are left, or it is not what its name says.
            RefusedError: nothing is left.
        """
        own = {*self.ours.content.splitlines(), *self.theirs.content.splitlines()}
        for number, line in enumerate(data.splitlines(), 1):
            if _MARKER.match(line) and line not in own:
                raise NotADocumentError(
                    "a conflict marker is left",
                    line=number,
                    hint="decide between the sides, and remove the markers' lines",
                    path=self.place.typed,
                )
        if not data.strip() and self.ours.content.strip() and self.theirs.content.strip():
            raise RefusedError(
                "nothing would be left in the file",
                hint="to remove the file itself: git rm",
                path=self.place.typed,
            )
        if documents.syntax_of(self.place.name) and not self.merging.grant.is_whole(
            self.place.name
        ):
            documents.parse(data, documents.syntax_of(self.place.name) or "")

    def draft(self) -> Draft:
        """Give it as a file that is being edited: for the editor, and to keep what was typed."""
        grant = self.merging.grant
        return Draft(self.place, b"", self.snapshot, grant=grant, stays_clear=grant.plain)


def begin(workspace: Workspace, path: str) -> Conflict:
    """
    Open a file in conflict: the three stages in the index, or sealed text with markers.

    Sides of a retired epoch, or of a branch that is not trusted yet, are opened here, because a
    person looks at what comes of it; `Conflict.notices` says so.

    Raises:
        NotFoundError: there is no conflict.
        RefusedError: it is not a file for this command; the hint says which is.
        GitsealError: a side is not authentic, or does not open.
    """
    place = workspace.locate(path)
    if place.name.startswith(KEYRING + "/"):
        raise RefusedError(
            "is a record, which readers sign",
            hint="gitseal apply merges both versions and signs the result",
            path=path,
        )
    lying, snapshot = _lying(workspace, place)
    base, ours, theirs = _sides(workspace, place, lying)
    try:
        merging = Merging(workspace, place.name, reviewed=True)
        merging.check_unlocked()
        conflict = Conflict(merging, merging.open(base, ours, theirs), place)
    except GitsealError as error:
        raise error.at(path) from None
    for side in (conflict.ours, conflict.theirs):
        if not side.sealed:
            side.notice = f"{side.name} is in clear in git; whoever can push may have made it"
    conflict.lying, conflict.snapshot = lying, snapshot
    return conflict


def check_begun(conflict: Conflict) -> None:
    """
    Refuse to overwrite what a person has merged by hand, where the file lies in clear.

    Raises:
        RefusedError: it has no markers any more, and is neither of the two versions.
    """
    known = (b"", conflict.ours.content, conflict.theirs.content)
    lying = conflict.lying
    if not conflict.plain or lying in known or is_whole(lying) or b"seal:v" in lying:
        return
    if _sides_of(lying) is None:
        raise RefusedError(
            "has no conflict markers any more",
            hint="is that your decision? git add FILE; to begin again: git checkout -m FILE",
            path=conflict.place.typed,
        )


def seal(conflict: Conflict, data: bytes) -> bytes:
    """
    Give the bytes that belong in the worktree when the content is this.

    Raises:
        GitsealError: it is not finished, or cannot be sealed; see `Conflict.check`.
    """
    try:
        conflict.check(data)
        sealed = conflict.merging.seal(data)
    except GitsealError as error:
        raise error.at(conflict.place.typed) from None
    # In a plain scope git's clean seals; sealing here only proves that it can.
    return data if conflict.plain else sealed


def save(workspace: Workspace, conflict: Conflict, data: bytes) -> None:
    """
    Seal the content, and put it in the place of the file.

    Raises:
        ChangedError: the file is not what it was when this began; nothing was written.
        GitsealError: as `seal`.
    """
    sealed = seal(conflict, data)
    try:
        workspace.write(conflict.place, sealed, conflict.snapshot)
    except GitsealError as error:
        raise error.at(conflict.place.typed) from None


def review(conflict: Conflict, data: bytes) -> list[Decision] | None:
    """Give who changed what, key by key; None where the file has no keys."""
    sides = (conflict.base, conflict.ours, conflict.theirs)
    contents = [None if side is None else side.content for side in sides]
    found = [None if one is None else _document(conflict, one) for one in (*contents, data)]
    base, ours, theirs, result = found
    if ours is None or theirs is None or result is None:
        return None
    return decisions(base, ours, theirs, result)


def _document(conflict: Conflict, data: bytes) -> Document | None:
    syntax = documents.syntax_of(conflict.place.name)
    if syntax is None or conflict.merging.grant.is_whole(conflict.place.name):
        return None
    try:
        return documents.parse(data, syntax)
    except NotADocumentError:
        return None


def _absent() -> Snapshot:
    from gitseal.files import ABSENT

    return ABSENT


def _lying(workspace: Workspace, place: Place) -> tuple[bytes, Snapshot]:
    if not os.path.lexists(place.file):
        return b"", _absent()
    return workspace.read(place, MAX_FILE)


def _sides(workspace: Workspace, place: Place, lying: bytes) -> tuple[bytes, bytes, bytes]:
    """Give base, ours and theirs as git has them, or as they stand between conflict markers."""
    from gitseal.repository.trees import IndexTree

    tree = IndexTree(workspace.needed_repository(), limit=MAX_FILE)
    try:
        stages = tree.stages(place.name)
    finally:
        tree.close()
    if 2 in stages and 3 in stages:
        return stages.get(1, b""), stages[2], stages[3]
    if stages:
        raise RefusedError(
            "was deleted on one side and changed on the other",
            hint="keep it: git add FILE; or let it go: git rm FILE",
            path=place.typed,
        )
    halves = split_sealed(lying)
    if halves is None:
        raise NotFoundError(
            "is not in conflict", hint="git status tells which files are", path=place.typed
        )
    return b"", *halves


def _sides_of(data: bytes) -> tuple[str, str] | None:
    try:
        return split_markers(data.decode())
    except UnicodeDecodeError:
        return None
