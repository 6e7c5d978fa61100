# SPDX-License-Identifier: Apache-2.0
"""Which commit did what to which value of a file, newest first; most of it needs no key."""

from __future__ import annotations

from collections import Counter

from gitseal.changes.comparing import CHANGED, REMOVED, UNKNOWN
from gitseal.changes.tracing import CLEARED, RESEALED, SAME, SEALED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gitseal.changes.comparing import Leaf
    from gitseal.operations.archives import Archive, Difference
    from gitseal.operations.following import Node, Story
    from gitseal.operations.snapshots import Snapshot
    from gitseal.repository.trails import Commit

FILE_ADDED = "file added"
FILE_REMOVED = "file removed"
RENAMED = "renamed"
COMMENTS = "comments changed"
LAYOUT = "layout changed"
UNREADABLE = "cannot be read"
SEALED_AGAIN = "sealed again"
_KINDS = {RESEALED: SEALED_AGAIN, UNKNOWN: SEALED_AGAIN, SEALED: SEALED, CLEARED: CLEARED}


class Row:
    """
    One thing that a commit did.

    Attributes:
        kind: "added", "removed", "changed", "sealed again", "sealed" (it was in clear), "in clear"
            (it was sealed), or of the file: one of the names above.
        key: encoded key path; `WHOLE` for a file without keys; None for the file itself.
        same: whether the content stayed the same; None where only a key can tell.
        old, new: the value on both sides.
    """

    __slots__ = ("key", "kind", "new", "old", "same")

    def __init__(
        self,
        kind: str,
        key: bytes | None = None,
        old: Leaf | None = None,
        new: Leaf | None = None,
        *,
        same: bool | None = False,
    ) -> None:
        self.kind = kind
        self.key = key
        self.old = old
        self.new = new
        self.same = same

    def __repr__(self) -> str:
        return f"Row({self.kind!r}, {self.key!r})"


class Entry:
    """
    What one commit did to the file.

    Attributes:
        commit: the commit.
        path: of the file in it, or before it, where it is gone.
        old_path: of the file before it; "" if there was none.
        scope: that the file belongs to; "" if none is known.
        rows: what happened.
        notes: what else a reader should know.
        sizes: bytes before and after; None where there is no file, or no telling.
        exact: whether these are sizes of the content, and not of what is sealed.
        merge: whether the commit is a merge.
    """

    __slots__ = (
        "commit", "exact", "merge", "notes", "old_path", "path", "rows", "scope", "sizes",
    )  # fmt: skip

    def __init__(self, node: Node, olds: Sequence[Snapshot], new: Snapshot | None) -> None:
        self.commit: Commit = node.commit
        self.path = node.path
        self.old_path = olds[0].path if olds else ""
        self.scope = next((found for one in (new, *olds) if (found := _scope(one))), "")
        self.rows: list[Row] = []
        self.notes: list[str] = []
        self.sizes: tuple[int | None, int | None] = (None, None)
        self.exact = False
        self.merge = len(node.before) > 1


def _scope(snapshot: Snapshot | None) -> str:
    if snapshot is None:
        return ""
    if snapshot.header is not None:
        return snapshot.header.scope
    return "" if snapshot.grant is None else snapshot.grant.scope


def entries(
    story: Story, wanted: Callable[[bytes], bool] | None = None, *, reveal: bool = False
) -> Iterator[Entry]:
    """
    Give what each commit did, newest first; commits that did nothing are left out.

    A merge counts only with what it has from none of its parents.

    Args:
        story: of the file.
        wanted: tells which key paths count; None counts all, and the file itself.
        reveal: open everything that can be, so that values can be shown.
    """
    for node in story.nodes:
        entry = _entry(story.archive, node, reveal=reveal)
        if entry is None:
            continue
        if wanted is not None:
            entry.rows = [
                row for row in entry.rows
                if (row.kind == UNREADABLE if row.key is None else row.key and wanted(row.key))
            ]  # fmt: skip
        if entry.rows:
            yield entry


def _entry(archive: Archive, node: Node, *, reveal: bool) -> Entry | None:
    new = archive.snapshot(node.commit, node.path)
    every = [archive.snapshot(parent, name) for parent, name in node.before] or [None]
    if any(_alike(old, new) for old in every):
        return None
    olds = [old for old in every if old is not None]
    entry = Entry(node, olds, new)
    entry.rows = _file_rows(olds, new)
    if new is not None and not new.readable:
        entry.rows.append(Row(UNREADABLE))
        entry.notes.append(f"cannot be read at this commit: {new.error}")
        return entry
    legible = [old for old in every if old is None or old.readable]
    if legible:
        differences = [archive.compare(old, new, reveal=reveal) for old in legible]
        entry.rows += _rows(differences)
        _add_rest(entry, differences, legible)
    else:
        entry.rows.append(Row(CHANGED, same=None))
        entry.notes.append("the version before cannot be read, so values are not compared")
    old = olds[0] if olds else None
    entry.sizes = (old.size if old is not None else None, new.size if new is not None else None)
    entry.exact = all(one.opened is not None for one in (*olds[:1], new) if one is not None)
    _add_notes(archive, entry, olds, new)
    return entry


def _alike(old: Snapshot | None, new: Snapshot | None) -> bool:
    """Tell whether a parent has the very same file, or has none either."""
    if old is None or new is None:
        return old is new
    return old.entry[1] == new.entry[1] and old.path == new.path


def _file_rows(olds: Sequence[Snapshot], new: Snapshot | None) -> list[Row]:
    if new is None:
        return [Row(FILE_REMOVED)]
    if not olds:
        return [Row(FILE_ADDED)]
    return [Row(RENAMED)] if all(old.path != new.path for old in olds) else []


def _rows(differences: Sequence[Difference]) -> list[Row]:
    """Give what differs from all parents, as it differs from the first of them."""
    first, *others = differences
    elsewhere = [{step.new: step for step in one.steps} for one in others]
    gone = [_removed(one) for one in others]
    rows = []
    for step in first.steps:
        old = None if step.old is None else first.old[step.old]
        new = None if step.new is None else first.new[step.new]
        leaf = new or old
        if leaf is None or step.kind == SAME:
            continue
        if new is None:
            taken = not all(one[leaf.path] > 0 for one in gone)
        else:
            # A value of one parent that is sealed for the other's path is that parent's still.
            steps = [one[step.new] for one in elsewhere]
            taken = any(one.kind == SAME or one.known != step.known for one in steps)
        if taken:
            continue
        unsure = step.kind == UNKNOWN or step.mixed
        kind = _KINDS.get(step.kind, step.kind)
        rows.append(Row(kind, leaf.path, old, new, same=None if unsure else step.known))
    return rows


def _removed(difference: Difference) -> Counter[bytes]:
    """Count what is gone at each key path."""
    old, steps = difference.old, difference.steps
    return Counter(
        old[step.old].path for step in steps if step.kind == REMOVED and step.old is not None
    )


def _add_rest(
    entry: Entry, differences: Sequence[Difference], olds: Sequence[Snapshot | None]
) -> None:
    if all(one.comments for one in differences):
        entry.rows.append(Row(COMMENTS))
    if not entry.rows and len(olds) == 1:
        entry.rows.append(Row(LAYOUT, same=True))


def _add_notes(
    archive: Archive, entry: Entry, olds: Sequence[Snapshot], new: Snapshot | None
) -> None:
    notes = entry.notes
    if new is not None and new.clear and new.leaves:
        notes.append("in clear in this commit")
    if new is not None and new.header is not None:
        if fault := archive.fault(new):
            notes.append(f"altered without a key, or damaged: {fault}")
        origin = new.header.origin
        if origin and origin != entry.path:
            notes.append(f"sealed for {origin}, and not for this path: gitseal mv would do it")
    if any(row.same is None and row.key is not None for row in entry.rows):
        told = [one.error for one in (new, *olds) if one is not None and one.error]
        notes += [f"not opened: {error}" for error in dict.fromkeys(told)]
    for one in (new, *olds):
        if one is not None and one.retired and one.header is not None:
            notes.append(f"opened with the key of epoch {one.header.epoch}, which is retired")
    entry.notes = list(dict.fromkeys(notes))
