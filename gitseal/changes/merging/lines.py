# SPDX-License-Identifier: Apache-2.0
"""The three-way merge of texts by lines (diff3)."""

from __future__ import annotations

from gitseal.changes.aligning import align, lines_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Chunk = tuple[list[str], list[str], list[str]]


class MergedLines:
    """
    A merge by lines.

    Attributes:
        ours: with every clash decided for ours; the merge, if there is none.
        theirs: with every clash decided for theirs.
        clashes: how many places clash.
    """

    __slots__ = ("clashes", "ours", "theirs")

    def __init__(self, ours: str, theirs: str, clashes: int) -> None:
        self.ours = ours
        self.theirs = theirs
        self.clashes = clashes


def merged_lines(base: str, ours: str, theirs: str) -> MergedLines:
    """Merge as git does: what both sides changed without a common line between them clashes."""
    left: list[str] = []
    right: list[str] = []
    clashes = 0
    for old, mine, yours in _chunks(lines_of(base), lines_of(ours), lines_of(theirs)):
        if yours in (mine, old):
            one = other = mine
        elif mine == old:
            one = other = yours
        else:
            one, other = mine, yours
            clashes += 1
        left += one
        right += other
    return MergedLines("".join(left), "".join(right), clashes)


def united_lines(base: str, ours: str, theirs: str) -> str:
    """
    Merge with every change of both sides, ours first where they touch.

    Nothing clashes here, so the result means something only to a caller that checks it.
    """
    old = lines_of(base)
    sides = [_changes(old, lines_of(side)) for side in (ours, theirs)]
    gone = sides[0][1] | sides[1][1]
    text: list[str] = []
    for index in range(len(old) + 1):
        mine, yours = (adds.get(index, []) for adds, _gone in sides)
        text += mine
        text += yours if yours != mine else []
        if index < len(old) and index not in gone:
            text.append(old[index])
    return "".join(text)


def _changes(old: list[str], new: list[str]) -> tuple[dict[int, list[str]], set[int]]:
    """Give what a side put before which line of the base, and which lines it took away."""
    pairs = align(old, new)
    adds: dict[int, list[str]] = {}
    left = right = 0
    for one, other in [*pairs, (len(old), len(new))]:
        if other > right:
            adds[left] = new[right:other]
        left, right = one + 1, other + 1
    return adds, set(range(len(old))) - {one for one, _other in pairs}


def _chunks(base: list[str], ours: list[str], theirs: list[str]) -> Iterator[Chunk]:
    """Cut three texts at the lines that all have in common; common lines are chunks, too."""
    left, right = dict(align(base, ours)), dict(align(base, theirs))
    start = at = to = 0
    for index in range(len(base)):
        here, there = left.get(index), right.get(index)
        if here is None or there is None:
            continue
        if index > start or here > at or there > to:
            yield base[start:index], ours[at:here], theirs[to:there]
        line = base[index : index + 1]
        yield line, line, line
        start, at, to = index + 1, here + 1, there + 1
    yield base[start:], ours[at:], theirs[to:]
