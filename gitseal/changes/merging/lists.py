# SPDX-License-Identifier: Apache-2.0
"""
Which items of three versions of a list belong together.

An item is known by what it says.  A mapping that says who it is (`name`, `id`, `key`, or `kind`
and `metadata.name`) stays the same item when the rest of it changes; nothing else does, because
a guess would put one item's change into another.
"""

from __future__ import annotations

from gitseal.changes.aligning import align
from gitseal.changes.merging.values import MAP, STREAM, Value
from gitseal.keypaths import key_segment, part

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Hashable, Iterator

    Content = tuple[int, int, tuple[int, ...]]
    Row = tuple[Value | None, Value | None, Value | None]
    Hunk = tuple[int, int, int, int]
    Pair = tuple[int, int]


class Clashing(Exception):  # noqa: N818 - no error: an answer
    """Both sides changed one place of the list."""


def merged_items(base: Value, ours: Value, theirs: Value) -> list[Row]:
    """
    Give the items of the merged list in order, each as it stands in the three versions.

    An item of the base that one side took away is there with None for that side only if the
    other side has it as it was.

    Raises:
        Clashing: both sides changed one item, or put different ones in one place, or moved one.
    """
    left, right = _Side(base, ours), _Side(base, theirs)
    if len(base.items) == len(ours.items) == len(theirs.items) == 1 and base.kind == STREAM:
        return [(base.items[0], ours.items[0], theirs.items[0])]
    _check(base, left, right)
    return list(_rows(base, left, right))


class _Side:
    """
    One side beside the base.

    Attributes:
        items: of the side.
        at: for each item of the base its index in the side, if it is there.
        hunks: (start, end) of the base and (start, end) of the side where they differ.
        names: by index what items say that they are.
    """

    def __init__(self, base: Value, side: Value) -> None:
        self.items = side.items
        old, new = base.items, side.items
        exact = align([one.ident for one in old], [one.ident for one in new])
        pairs: list[Pair] = []
        known = (_names(base), _names(side)) if len(exact) < max(len(old), len(new)) else ({}, {})
        for hunk in _gaps(exact, len(old), len(new)):
            pairs += _kin(old, new, hunk, known, stream=base.kind == STREAM)
        pairs = sorted([*exact, *pairs])
        self.at = dict(pairs)
        self.hunks = list(_gaps(pairs, len(old), len(new)))
        self.names = known[1]

    def content(self, hunk: Hunk) -> Content:
        """Give what a hunk puts where, to compare it with one of the other side."""
        start, end, at, to = hunk
        return start, end, tuple(one.ident for one in self.items[at:to])

    def added(self, without: Container[Content] = ()) -> set[Hashable]:
        """Give what the items of hunks say, and their names, but for some hunks."""
        indices = [
            index
            for hunk in self.hunks
            if self.content(hunk) not in without
            for index in range(hunk[2], hunk[3])
        ]
        names = {self.names[index] for index in indices if index in self.names}
        return {self.items[index].ident for index in indices} | names

    def changed(self, base: Value, index: int) -> bool:
        """Tell whether an item of the base is here with another content."""
        at = self.at.get(index)
        return at is not None and self.items[at].ident != base.items[index].ident


def _gaps(pairs: list[Pair], end: int, to: int) -> Iterator[Hunk]:
    left = right = 0
    for one, other in [*pairs, (end, to)]:
        if one > left or other > right:
            yield left, one, right, other
        left, right = one + 1, other + 1


def _kin(
    old: list[Value],
    new: list[Value],
    hunk: Hunk,
    known: tuple[dict[int, Hashable], dict[int, Hashable]],
    *,
    stream: bool,
) -> list[Pair]:
    """Pair items of a stretch that differ and are the same item all the same."""
    start, end, at, to = hunk
    names = [known[0].get(index, ("old", index)) for index in range(start, end)]
    others = [known[1].get(index, ("new", index)) for index in range(at, to)]
    pairs = [(start + one, at + other) for one, other in align(names, others)]
    if not pairs and stream and end - start == to - at == 1 and _alike(old[start], new[at]):
        named = start in known[0] or at in known[1]
        return [] if named else [(start, at)]
    return pairs


def _alike(one: Value, other: Value) -> bool:
    """Tell whether most of two documents without a name is equal."""
    if one.kind != MAP or other.kind != MAP:
        return False
    left = {(key, entry[1].ident) for key, entry in one.entries.items()}
    right = {(key, entry[1].ident) for key, entry in other.entries.items()}
    return 2 * len(left & right) >= max(len(left), len(right))


_NAMES = (("name",), ("id",), ("key",), ("metadata", "name"))
_KINDS = (("kind",), ("metadata", "namespace"))


def _names(row: Value) -> dict[int, Hashable]:
    """Give by index what items say that they are, where it stands once in the list."""
    found: dict[int, Hashable] = {}
    seen: dict[Hashable, int] = {}
    for index, item in enumerate(row.items):
        said = tuple(_said(item, path) for path in _NAMES)
        if any(said):
            name = (said, tuple(_said(item, path) for path in _KINDS))
            seen[name] = seen.get(name, 0) + 1
            found[index] = name
    return {index: name for index, name in found.items() if seen[name] == 1}


def _said(item: Value, names: tuple[str, ...]) -> int:
    value: Value | None = item
    for name in names:
        if value is None or value.kind != MAP:
            return 0
        entry = value.entries.get(part(key_segment(name)))
        value = entry[1] if entry is not None else None
    return value.ident if value is not None and value.kind not in {MAP, STREAM} else 0


def _check(base: Value, left: _Side, right: _Side) -> None:
    """Refuse what could be meant in two ways."""
    for here in left.hunks:
        for there in _near(here, right.hunks):
            _meet(left, here, right, there)
    mine, yours = ({side.content(hunk) for hunk in side.hunks} for side in (left, right))
    added, also = left.added(yours), right.added(mine)
    if added & also:
        raise Clashing  # one item, or two of one name, at two places
    gone = {
        one.ident
        for index, one in enumerate(base.items)
        if index not in left.at and index not in right.at
    }
    if gone & (left.added() | right.added()):
        raise Clashing  # one side moved what the other took away
    for one, other in ((left, right), (right, left)):
        for start, end, _at, _to in one.hunks:
            if any(other.changed(base, index) for index in range(start, end)):
                raise Clashing


def _near(here: Hunk, hunks: list[Hunk]) -> list[Hunk]:
    """Give the hunks of the other side that touch this one's stretch of the base."""
    from bisect import bisect_left, bisect_right

    first = bisect_left(hunks, here[0], key=lambda hunk: hunk[1])
    last = bisect_right(hunks, here[1], key=lambda hunk: hunk[0])
    return hunks[first:last]


def _meet(left: _Side, here: Hunk, right: _Side, there: Hunk) -> None:
    """Refuse two hunks that touch, unless they are one change or their order is plain."""
    if left.content(here) == right.content(there):
        return
    if max(here[0], there[0]) < min(here[1], there[1]):
        raise Clashing
    inserts = [hunk[0] == hunk[1] for hunk in (here, there)]
    if all(inserts) or _inside(here, there) or _inside(there, here):
        raise Clashing
    # Beside an insertion a change must not hold one itself: their order would be a guess.
    for insert, hunk in ((inserts[1], here), (inserts[0], there)):
        if insert and hunk[3] - hunk[2] > hunk[1] - hunk[0]:
            raise Clashing


def _inside(one: Hunk, other: Hunk) -> bool:
    return other[0] < one[0] == one[1] < other[1]


def _rows(base: Value, left: _Side, right: _Side) -> Iterator[Row]:
    """Give the items, those of hunks where their stretch of the base begins."""
    adds: dict[int, list[tuple[bool, Row]]] = {}
    mine = {left.content(hunk) for hunk in left.hunks}
    for side in (left, right):
        for hunk in side.hunks:
            if side is right and side.content(hunk) in mine:
                continue  # both did the same there
            for one in side.items[hunk[2] : hunk[3]]:
                row: Row = (None, one, None) if side is left else (None, None, one)
                adds.setdefault(hunk[0], []).append((hunk[1] > hunk[0], row))
    for index in range(len(base.items) + 1):
        # What was put before an item stands before what it was changed into.
        for _change, row in sorted(adds.get(index, []), key=lambda one: one[0]):
            yield row
        if index == len(base.items):
            return
        here, there = (
            side.items[side.at[index]] if index in side.at else None for side in (left, right)
        )
        if here is not None or there is not None:
            yield base.items[index], here, there
