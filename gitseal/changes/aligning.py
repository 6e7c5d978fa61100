# SPDX-License-Identifier: Apache-2.0
"""Which lines, or other items, of one version stand in another one: in near linear time."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    Pair = tuple[int, int]
    Box = tuple[int, int, int, int]

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_SMALL = 40_000
"""Items times items up to which two stretches without a landmark are compared one by one."""


def lines_of(text: str) -> list[str]:
    r"""Split at "\n" alone, line breaks kept; joined they are the text."""
    return _LINE.findall(text)


def align(one: Sequence[Hashable], other: Sequence[Hashable]) -> list[Pair]:
    """
    Give pairs of indices of equal items, growing on both sides.

    Items that stand once on each side are landmarks (patience diff), equal items beside them
    follow, and only short stretches without a landmark are searched closely.  So long texts that
    have nothing in common cost no more than looking at them.
    """
    pairs: list[Pair] = []
    boxes: list[Box] = [(0, len(one), 0, len(other))]
    while boxes:
        start, end, at, to = boxes.pop()
        while start < end and at < to and one[start] == other[at]:
            pairs.append((start, at))
            start, at = start + 1, at + 1
        while start < end and at < to and one[end - 1] == other[to - 1]:
            end, to = end - 1, to - 1
            pairs.append((end, to))
        if start == end or at == to:
            continue
        marks = _landmarks(one, other, (start, end, at, to))
        if marks:
            boxes += _between(marks, (start, end, at, to))
            pairs += marks
        elif (end - start) * (to - at) <= _SMALL:
            pairs += _closely(one, other, (start, end, at, to))
    pairs.sort()
    return pairs


def _between(marks: list[Pair], box: Box) -> Iterator[Box]:
    start, end, at, to = box
    for left, right in marks:
        yield start, left, at, right
        start, at = left + 1, right + 1
    yield start, end, at, to


def _landmarks(one: Sequence[Hashable], other: Sequence[Hashable], box: Box) -> list[Pair]:
    """Give the longest growing row of items that stand once on each side."""
    start, end, at, to = box
    here, there = _once(one, start, end), _once(other, at, to)
    pairs = [(index, there[item]) for item, index in here.items() if item in there]
    pairs.sort()
    return _growing(pairs)


def _once(items: Sequence[Hashable], start: int, end: int) -> dict[Hashable, int]:
    found: dict[Hashable, int] = {}
    twice = set()
    for index in range(start, end):
        item = items[index]
        if item in found:
            twice.add(item)
        found[item] = index
    for item in twice:
        del found[item]
    return found


def _growing(pairs: list[Pair]) -> list[Pair]:
    """Give the longest subsequence whose second numbers grow."""
    from bisect import bisect_left

    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for index, (_left, right) in enumerate(pairs):
        place = bisect_left(ends, right)
        if place == len(ends):
            ends.append(right)
            last.append(index)
        else:
            ends[place] = right
            last[place] = index
        before.append(last[place - 1] if place else -1)
    row = []
    index = last[-1] if last else -1
    while index >= 0:
        row.append(pairs[index])
        index = before[index]
    row.reverse()
    return row


def _closely(one: Sequence[Hashable], other: Sequence[Hashable], box: Box) -> list[Pair]:
    """Give a longest common subsequence of two short stretches."""
    start, end, at, to = box
    width = to - at
    table = [[0] * (width + 1)]
    for index in range(end - 1, start - 1, -1):
        below, row = table[-1], [0] * (width + 1)
        for place in range(width - 1, -1, -1):
            if one[index] == other[at + place]:
                row[place] = below[place + 1] + 1
            else:
                row[place] = max(below[place], row[place + 1])
        table.append(row)
    table.reverse()
    pairs = []
    index = place = 0
    while index < end - start and place < width:
        if one[start + index] == other[at + place]:
            pairs.append((start + index, at + place))
            index, place = index + 1, place + 1
        elif table[index + 1][place] >= table[index][place + 1]:
            index += 1
        else:
            place += 1
    return pairs
