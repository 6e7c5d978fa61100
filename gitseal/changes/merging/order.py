# SPDX-License-Identifier: Apache-2.0
"""Where the entries, items and comment lines of three versions stand in the merged text."""

from __future__ import annotations

from itertools import pairwise

from gitseal.changes.aligning import align

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from gitseal.changes.merging.layout import Item

    Ident = tuple[str, Hashable]
    Triple = tuple[Item | None, Item | None, Item | None]


class Order:
    """
    The items of one collection, woven together.

    Each stands where the base has it, or where the side put it that moved it, ours before
    theirs.  Lines that both sides put at one place follow each other.

    Attributes:
        torn: whether both sides changed one comment.
    """

    def __init__(
        self,
        base: list[Item],
        ours: list[Item],
        theirs: list[Item],
        ident: Callable[[Item], Ident],
        *,
        prefer_ours: bool,
    ) -> None:
        self.base, self.prefer_ours = base, prefer_ours
        self.ident = ident
        self.torn = False
        self.old = [ident(one) for one in base]
        self.left = _Side(self.old, ours, ident)
        self.right = _Side(self.old, theirs, ident)
        self.before = dict(zip(self.old, base, strict=True))
        self.done: set[Ident] = set()
        self._settle_comments()

    def _settle_comments(self) -> None:
        """Find comments that both sides changed, each in its way; one side's remain."""
        index = 0
        while index < len(self.base):
            end = index
            while end < len(self.base) and not self.left.has(end) and not self.right.has(end):
                end += 1
            if any(self.old[at][0] == "#" for at in range(index, end)):
                mine, yours = self.left.comments(index, end), self.right.comments(index, end)
                if mine != yours:
                    self.torn = True
                    side = self.right if self.prefer_ours else self.left
                    side.drop_comments(index, end)
            index = max(end, index + 1)

    def triples(self) -> Iterator[Triple]:
        """Give what stands in the merged text, as it stands in the three versions."""
        for index in range(len(self.base) + 1):
            runs = self.left.added.get(index, []), self.right.added.get(index, [])
            for here, there in self._united(*runs):
                yield from self._added(here, there)
            if index < len(self.base):
                yield from self._kept(index)

    def _kept(self, index: int) -> Iterator[Triple]:
        item, name = self.base[index], self.old[index]
        here, there = self.left.at(index), self.right.at(index)
        if here is not None and there is not None:
            self.done.add(name)
            yield item, here, there
        elif name[0] == "k" and (here is not None or there is not None):
            if name not in self.left.names or name not in self.right.names:
                self.done.add(name)
                yield item, here, there  # the other side deleted it: the caller decides
        elif name[0] == "i" and (here is not None or there is not None):
            yield item, here, there

    def _added(self, here: Item | None, there: Item | None) -> Iterator[Triple]:
        """Give what one or both sides put where the base has nothing."""
        item = here if here is not None else there
        if item is None:
            return
        name = self.ident(item)
        if name[0] != "k":
            yield None, here, there
            return
        if name in self.done or (here is None and name in self.left.moved):
            return
        self.done.add(name)
        yield self.before.get(name), self.left.names.get(name), self.right.names.get(name)

    def _united(
        self, mine: list[Item], yours: list[Item]
    ) -> Iterator[tuple[Item | None, Item | None]]:
        """Unite what both sides put at one place: common parts once, ours before theirs."""
        left = right = 0
        names, others = [self.ident(one) for one in mine], [self.ident(one) for one in yours]
        pairs = _common(names, others) if mine and yours else []
        for one, other in [*pairs, (len(mine), len(yours))]:
            yield from ((item, None) for item in mine[left:one])
            yield from ((None, item) for item in yours[right:other])
            if one < len(mine):
                yield mine[one], yours[other]
            left, right = one + 1, other + 1


class _Side:
    """
    One side beside the base.

    Attributes:
        names: its entries by what they are known by.
        added: by index of the base, what stands there before it and is not in the base.
        moved: the names of entries among those.
    """

    def __init__(self, old: list[Ident], items: list[Item], ident: Callable[[Item], Ident]) -> None:
        new = [ident(one) for one in items]
        pairs = align(old, new)
        self.items = items
        self.found = dict(pairs)
        self.names = {name: item for name, item in zip(new, items, strict=True) if name[0] == "k"}
        self.added: dict[int, list[Item]] = {}
        self.moved: set[Ident] = set()
        back = {other: one for one, other in pairs}
        slot = 0
        for index, item in enumerate(items):
            if index in back:
                slot = back[index] + 1
                continue
            self.added.setdefault(slot, []).append(item)
            self.moved.add(new[index])

    def has(self, index: int) -> bool:
        return index in self.found

    def at(self, index: int) -> Item | None:
        at = self.found.get(index)
        return self.items[at] if at is not None else None

    def slots(self, start: int, end: int) -> range:
        """Give the places where something in the place of a stretch of the base can stand."""
        while start and start - 1 not in self.found:
            start -= 1
        return range(start, end + 1)

    def comments(self, start: int, end: int) -> list[Hashable]:
        return [
            item.ident[1]
            for slot in self.slots(start, end)
            for item in self.added.get(slot, [])
            if item.ident[0] == "#"
        ]

    def drop_comments(self, start: int, end: int) -> None:
        for slot in self.slots(start, end):
            if slot in self.added:
                self.added[slot] = [one for one in self.added[slot] if one.ident[0] != "#"]


def _common(names: list[Ident], others: list[Ident]) -> list[tuple[int, int]]:
    """
    Pair what is common to two additions: entries, and the comments that belong to them.

    Blank lines and comments elsewhere are each side's own, or blocks of both would be mixed up.
    """
    if names == others:
        return [(index, index) for index in range(len(names))]
    keyed = [
        [name if name[0] in {"k", "i"} else (str(side), index) for index, name in enumerate(found)]
        for side, found in enumerate((names, others))
    ]
    marks = align(*keyed)
    pairs = set(marks)
    ends = [(-1, -1), *marks, (len(names), len(others))]
    for (left, right), (one, other) in pairwise(ends):
        _extend(names, others, (left + 1, one, right + 1, other), pairs)
    return sorted(pairs)


def _extend(
    names: list[Ident],
    others: list[Ident],
    box: tuple[int, int, int, int],
    pairs: set[tuple[int, int]],
) -> None:
    """Pair equal lines at both ends of a stretch, if a comment is among them."""
    start, end, at, to = box
    found: list[tuple[int, int]] = []
    while start < end and at < to and names[start] == others[at] and names[start][0] in {"#", ""}:
        found.append((start, at))
        start, at = start + 1, at + 1
    if any(names[one][0] == "#" for one, _other in found):
        pairs.update(found)
    found = []
    while start < end and at < to and names[end - 1] == others[to - 1]:
        end, to = end - 1, to - 1
        if names[end][0] not in {"#", ""}:
            break
        found.append((end, to))
    pairs.update(found)
