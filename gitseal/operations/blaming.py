# SPDX-License-Identifier: Apache-2.0
"""Which commit gave each value of a file its present content; sealing it again does not count."""

from __future__ import annotations

from gitseal.changes.comparing import UNKNOWN
from gitseal.changes.tracing import CLEARED, SAME, SEALED, Step
from gitseal.errors import GitsealError, NotFoundError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitseal.changes.comparing import Leaf
    from gitseal.operations.archives import Archive
    from gitseal.operations.following import Node, Story
    from gitseal.operations.snapshots import Snapshot
    from gitseal.repository.trails import Commit

    Waiting = list[tuple[int, "Origin"]]
    """Indices of values in one version, and whose they are."""

_DOUBTFUL = {UNKNOWN: "sealed again", SEALED: "sealed", CLEARED: "in clear"}


class Origin:
    """
    Where one value comes from.

    Attributes:
        leaf: the value, in the version that was asked for.
        commit: that gave it its content; None if that is not committed yet.
        path: what the file was called there.
        doubt: "sealed again", "sealed" or "in clear" where the commit did that to it, and no key
            is at hand that tells whether the content was another one before; else "".
    """

    __slots__ = ("commit", "doubt", "leaf", "path")

    def __init__(self, leaf: Leaf, path: str) -> None:
        self.leaf = leaf
        self.path = path
        self.commit: Commit | None = None
        self.doubt = ""

    def __repr__(self) -> str:
        return f"Origin({self.leaf!r}, {self.commit!r})"


class Blame:
    """
    The answer.

    Attributes:
        origins: of each value, in the order of the text.
        notes: what a reader should know.
        scope: that the file belongs to; "" if none is known.
    """

    __slots__ = ("notes", "origins", "scope")

    def __init__(self, snapshot: Snapshot, origins: list[Origin], notes: list[str]) -> None:
        self.origins = origins
        self.notes = notes
        self.scope = "" if snapshot.grant is None else snapshot.grant.scope


def blame(story: Story, *, worktree: bool) -> Blame:
    """
    Find the commit of each value.

    Args:
        story: of the file.
        worktree: whether to begin with the file as it lies in the worktree, not with the commit.

    Raises:
        NotFoundError: there is no such file where it begins.
        GitsealError: it cannot be read there.
    """
    tip = story.nodes[0] if story.nodes else None
    committed = None if tip is None else story.archive.snapshot(tip.commit, tip.path)
    present = story.archive.in_worktree(story.path) if worktree else None
    notes: list[str] = []
    if present is not None:
        found = _uncommitted(story, present, committed, notes)
        if found is not None:
            return found
    if committed is None:
        raise NotFoundError("is not there", path=story.path, hint="gitseal log FILE shows its past")
    if not committed.readable:
        raise GitsealError(f"cannot be read: {committed.error}", path=story.path)
    origins = _origins(committed)
    _trace(story, list(enumerate(origins)))
    return Blame(committed, origins, notes)


def _origins(snapshot: Snapshot) -> list[Origin]:
    return [Origin(leaf, snapshot.path) for leaf in snapshot.leaves]


def _uncommitted(
    story: Story, present: Snapshot, committed: Snapshot | None, notes: list[str]
) -> Blame | None:
    """Begin with the worktree; None where that says less than the commit does."""
    if not present.readable:
        notes.append(f"the file in the worktree cannot be read: {present.error}")
        return None
    origins = _origins(present)
    if committed is None or not committed.readable:
        return Blame(present, origins, notes)
    steps = story.archive.compare(committed, present).steps
    plain = present.clear and present.grant is not None and present.grant.plain
    if plain and any(step.mixed for step in steps):
        notes.append(f"what is committed was not opened, so it alone is told: {committed.error}")
        return None
    waiting, _left = _passed(steps, list(enumerate(origins)))
    _trace(story, waiting)
    return Blame(present, origins, notes)


def _trace(story: Story, waiting: Waiting) -> None:
    """Go back from the newest commit, and leave each value where its content began."""
    if not waiting or not story.nodes:
        return
    tip = story.nodes[0]
    todo: dict[tuple[str, str], Waiting] = {(tip.commit.id, tip.path): waiting}
    for node in story.nodes:
        here = todo.pop((node.commit.id, node.path), None)
        if not here:
            continue
        doubts: dict[int, str] = {}
        for parent, name in node.before:
            steps = _steps(story.archive, node, parent, name)
            if steps is None:
                continue
            passed, here = _passed(steps, here, doubts)
            todo.setdefault((parent.id, name), []).extend(passed)
        for index, origin in here:
            origin.commit, origin.path = node.commit, node.path
            origin.doubt = doubts.get(index, "")


def _steps(archive: Archive, node: Node, parent: Commit, name: str) -> list[Step] | None:
    """Give what became of each value since a parent; None where that cannot be told."""
    old = archive.snapshot(parent, name)
    new = archive.snapshot(node.commit, node.path)
    if old is None or new is None or not (old.readable and new.readable):
        return None
    if old.entry == new.entry and old.path == new.path:
        return [Step(SAME, index, index, known=True) for index in range(len(new.leaves))]
    return archive.compare(old, new).steps


def _passed(
    steps: Sequence[Step], waiting: Waiting, doubts: dict[int, str] | None = None
) -> tuple[Waiting, Waiting]:
    """Split what waits: what the older version has as well, by its indices, and the rest."""
    by_new = {step.new: step for step in steps if step.new is not None}
    passed: Waiting = []
    left: Waiting = []
    for index, origin in waiting:
        step = by_new.get(index)
        if step is not None and step.known and step.old is not None:
            passed.append((step.old, origin))
            continue
        left.append((index, origin))
        if step is not None and doubts is not None and step.kind in _DOUBTFUL:
            doubts[index] = _DOUBTFUL[step.kind]
    return passed, left
