# SPDX-License-Identifier: Apache-2.0
"""Conflict markers as git writes them: around what differs, and off again."""

from __future__ import annotations

import re

from gitseal.changes.aligning import align, lines_of
from gitseal.documents.base import line_breaks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitseal.changes.aligning import Pair

_UNFINISHED = " (no line break at the end)"
"""Stands behind the label of a side that ended so: the markers need one, and the side has none."""

_BEGINNING = re.compile(r"^<+(?= |\r?$)", re.MULTILINE)
_SHORTEST = 3


def with_markers(ours: str, theirs: str, labels: tuple[str, str], size: int = 7) -> str:
    """
    Give one text with git's markers around the lines that differ; `split_markers` undoes it.

    Args:
        ours: the upper side.
        theirs: the lower side.
        labels: what stands behind the markers of the sides; each one line.
        size: of the markers in characters.  They are longer where a line of the text itself
            begins like one of that size or more.
    """
    if ours == theirs:
        return ours
    line_break = line_breaks(ours if "\n" in ours else theirs)[0]
    upper, lower = lines_of(ours), lines_of(theirs)
    size = _unmistakable(size, [*upper, *lower])
    text: list[str] = []
    for common, left, right in _hunks(upper, lower, align(upper, lower)):
        text += common
        if not left and not right:
            continue
        parts: tuple[tuple[str, str, list[str]], ...]
        parts = (("<", labels[0], left), ("=", "", right), (">", labels[1], []))
        unfinished = {"<": _is_unfinished(left), ">": _is_unfinished(right)}
        for sign, label, lines in parts:
            head = sign * size + (f" {label}" if label else "")
            text.append(head + _UNFINISHED * unfinished.get(sign, False) + line_break)
            text += lines
            text.append("\n" * _is_unfinished(lines))
    return "".join(text)


def _unmistakable(size: int, lines: list[str]) -> int:
    """Give a size at which no line looks like a marker, and none like the first of longer ones."""
    lines = [line for line in lines if line[0] in "<|=>"]
    size = max([size, *(len(line) - len(line.lstrip("<")) + 1 for line in lines if line[0] == "<")])
    while any(sign_of(line, size) for line in lines):
        size += 1
    return size


def sign_of(line: str, size: int) -> str:
    """Give the sign of a marker line; "" for any other line."""
    sign, rest = line[:1], line[size:].rstrip("\r\n")
    if sign not in {"<", "|", "=", ">"} or line[:size] != sign * size:
        return ""
    return sign if not rest or (rest[0] == " " and sign != "=") else ""


def _is_unfinished(lines: list[str]) -> bool:
    return bool(lines) and not lines[-1].endswith("\n")


def _hunks(
    upper: list[str], lower: list[str], pairs: list[Pair]
) -> Iterator[tuple[list[str], list[str], list[str]]]:
    """Give common lines and what differs behind them, in turn."""
    common: list[str] = []
    left = right = 0
    for one, other in [*pairs, (len(upper), len(lower))]:
        if one > left or other > right:
            yield common, upper[left:one], lower[right:other]
            common = []
        common += upper[one : one + 1]
        left, right = one + 1, other + 1
    yield common, [], []


def split_markers(text: str, size: int | None = None) -> tuple[str, str] | None:
    """
    Give both sides of a text with markers; None if it has none, or they are broken or nested.

    Base parts (git's diff3 and zdiff3 style) are left out.

    Args:
        text: as git, or `with_markers`, wrote it.
        size: of the markers; None takes the longest that make sense, which are the outermost.
    """
    sizes = {len(run) for run in _BEGINNING.findall(text)} if size is None else {size}
    sizes = {one for one in sizes if one >= _SHORTEST}
    for one in sorted(sizes, reverse=True):
        sides = _Splitter(one).split(text)
        if sides is not None:
            return sides
    return None


class _Splitter:
    """One pass over a text with markers of one size."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.sides: tuple[list[str], list[str]] = ([], [])
        self.state = ""
        self.unfinished = False
        self.found = False

    def split(self, text: str) -> tuple[str, str] | None:
        lines = lines_of(text)
        for index, line in enumerate(lines):
            sign = sign_of(line, self.size)
            if not sign:
                self.content(line)
            elif not self.marker(sign, line, last=index == len(lines) - 1):
                return None
        if self.state or not self.found:
            return None
        return "".join(self.sides[0]), "".join(self.sides[1])

    def marker(self, sign: str, line: str, *, last: bool) -> bool:
        """Take a marker; False if it may not stand here."""
        after = {"<": ("",), "|": ("<",), "=": ("<", "|"), ">": ("=",)}
        if self.state not in after[sign]:
            return False
        unfinished = line.rstrip("\r\n").endswith(_UNFINISHED)
        if sign == "<":
            self.unfinished = unfinished
        if sign == ">" and last:
            self.cut(0, self.unfinished)
            self.cut(1, unfinished)
        self.state = "" if sign == ">" else sign
        self.found = True
        return True

    def cut(self, side: int, unfinished: bool) -> None:
        """Take off the line break that the markers needed."""
        lines = self.sides[side]
        if unfinished and lines:
            lines[-1] = lines[-1].removesuffix("\n")

    def content(self, line: str) -> None:
        if self.state in {"", "<"}:
            self.sides[0].append(line)
        if self.state in {"", "="}:
            self.sides[1].append(line)
