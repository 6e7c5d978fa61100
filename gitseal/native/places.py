# SPDX-License-Identifier: Apache-2.0
"""Which places of a document must be sealed, and what may not stand in clear (format 4, 9)."""

from __future__ import annotations

from bisect import bisect_left

from gitseal.crypto.base32 import looks_sealed
from gitseal.documents.base import MAX_DEPTH
from gitseal.documents.events import event_parts
from gitseal.errors import IntegrityError, LimitError
from gitseal.keypaths import COMMENT_PATH, decode, format_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeVar

    from gitseal.documents.base import Document, Slot
    from gitseal.keypaths import Rules

    _T = TypeVar("_T")

_BUDGET = 200_000  # about a second where paths are long
_MERGE = "<<"


def unsealed_places(document: Document, rules: Rules) -> list[Slot]:
    """Give the clear values that stand where the rules want sealed ones."""
    if rules.everything:
        return document.slots
    return [slot for slot in document.slots if rules.selects(slot[2])]


def lookalikes(document: Document) -> Iterator[tuple[int, bytes, str]]:
    """
    Find the clear values and comments that begin like sealed ones, of any version (format 4).

    Returns:
        (begin, key path, text without the white space before it) for each, values first.
    """
    # In JSON and YAML an escape may stand for any of these characters.
    if "seal:v" not in document.text and "\\" not in document.text:
        return
    for slot in document.slots:
        value = slot[7].lstrip()
        if value.startswith("seal:v") and looks_sealed(value):
            yield slot[0], slot[2], value
    for start, end in document.comments:
        text = document.text[start:end].lstrip(" \t")
        if looks_sealed(text):
            yield start, COMMENT_PATH, text


def check_aliases(document: Document, rules: Rules) -> None:
    """
    Refuse an alias that brings a clear value to a place that the rules name.

    Aliases are never expanded: for each one, the clear values behind its anchor are tried
    at the place of the alias.  Where the exact place cannot be told cheaply, the check
    errs on the side of refusing.

    Raises:
        IntegrityError: names the alias's key path.
        LimitError: aliases of aliases, too many to follow.
    """
    if document.aliases:
        _Aliases(document, rules).check()


class _Aliases:
    """Follows aliases through a document, within a bound."""

    def __init__(self, document: Document, rules: Rules) -> None:
        self._document = document
        self._rules = rules
        clear = [slot for slot in document.slots if not rules.selects(slot[2])]
        self._clear = [(slot[3], _names(slot[2])) for slot in clear]
        self._inner = [(alias[2], alias) for alias in document.aliases]
        self._covered = {slot[3] for slot in document.sealed}
        self._covered.update(slot[3] for slot in document.slots)
        self._covered.difference_update(slot[3] for slot in clear)
        self._seen: set[tuple[tuple[str, ...], int]] = set()
        self._budget = _BUDGET

    def check(self) -> None:
        for path, _name, _event, first, last in self._document.aliases:
            for place in _landings(_names(path)):
                if self._reaches(place, first, last):
                    raise IntegrityError(
                        f"{format_path(path)}: the alias brings a value in clear to a place "
                        "that the rules seal",
                        hint="write the value out there, or seal the place of its anchor",
                    )

    def _reaches(self, place: tuple[str, ...], first: int, last: int) -> bool:
        """Tell whether a clear value behind an anchor lands on a place to be sealed."""
        self._spend()
        if (place, first) in self._seen:
            return False
        self._seen.add((place, first))
        if last - first == 1:
            return self._is_clear(first) and self._selects(place)
        for _event, names in _within(self._clear, first, last):
            if any(self._selects(place + tail) for tail in _tails(names)):
                return True
        if len(place) > MAX_DEPTH:
            raise _too_many()
        for _event, (path, _name, _at, start, end) in _within(self._inner, first, last):
            for tail in _tails(_names(path)):
                if any(self._reaches(on, start, end) for on in _landings(place + tail)):
                    return True
        return False

    def _is_clear(self, event: int) -> bool:
        """Tell whether one event is a scalar in clear: a value, or a key that has an anchor."""
        if event in self._covered:
            return False
        kind, _anchor, _tag, content = event_parts(self._document.events[event])
        return kind == b"S" and content != b""

    def _selects(self, place: tuple[str, ...]) -> bool:
        self._spend()
        return self._rules.selects_names(place)

    def _spend(self) -> None:
        self._budget -= 1
        if self._budget < 0:
            raise _too_many()


def _too_many() -> LimitError:
    return LimitError(
        "too many aliases of aliases to check",
        hint="write the values out, or list the file under `whole`",
    )


def _within(items: list[tuple[int, _T]], first: int, last: int) -> list[tuple[int, _T]]:
    """Give the items, sorted by event, whose event lies in [first, last)."""
    return items[bisect_left(items, (first,)) : bisect_left(items, (last,))]


def _names(path: bytes) -> tuple[str, ...]:
    return tuple(segment[-1] for segment in decode(path))


def _tails(names: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    """Give every non-empty end of a path: the anchor may stand at any depth above it."""
    return (names[start:] for start in range(len(names)))


def _landings(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Give the place of an alias; behind a merge key its entries land one level up, too."""
    bare = names
    while bare and bare[-1] == "*":
        bare = bare[:-1]
    if bare and bare[-1] == _MERGE:
        return [names, bare[:-1]]
    return [names]
