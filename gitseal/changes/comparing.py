# SPDX-License-Identifier: Apache-2.0
"""What changed between two versions of a document, value by value."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitseal.documents.base import Document

ADDED = "added"
REMOVED = "removed"
CHANGED = "changed"


class Leaf:
    """
    One value of a document.

    Attributes:
        path: encoded key path; items of one list share theirs.
        text: the sealed text, or the clear value as it stands.
        sealed: which of the two it is.
        line: 1-based line at which it stands.
        index: of the value in `Document.sealed`, or in `Document.slots` if clear.
    """

    __slots__ = ("index", "line", "path", "sealed", "text")

    def __init__(self, path: bytes, text: str, line: int, index: int, *, sealed: bool) -> None:
        self.path = path
        self.text = text
        self.line = line
        self.index = index
        self.sealed = sealed

    def same(self, other: Leaf) -> bool:
        """Tell whether both are the same value, as far as can be told without a key."""
        return (self.path, self.text) == (other.path, other.text)

    def __repr__(self) -> str:
        return f"Leaf(line={self.line}, sealed={self.sealed})"


class Change:
    """
    One value that was added, removed or changed.

    Attributes:
        kind: ADDED, REMOVED or CHANGED.
        old: None if added.
        new: None if removed.
    """

    __slots__ = ("kind", "new", "old")

    def __init__(self, old: Leaf | None, new: Leaf | None) -> None:
        self.old = old
        self.new = new
        self.kind = ADDED if old is None else REMOVED if new is None else CHANGED

    @property
    def path(self) -> bytes:
        """Give the encoded key path."""
        leaf = self.new or self.old
        assert leaf is not None  # noqa: S101 - a change has one side at least
        return leaf.path


def leaves(document: Document) -> list[Leaf]:
    """Give the values of a document in the order of its text."""
    found = []
    for sealed, slots in ((True, document.sealed), (False, document.slots)):
        for index, slot in enumerate(slots):
            text = slot[7] if sealed else document.text[slot[0] : slot[1]]
            found.append((slot[0], Leaf(slot[2], text, 0, index, sealed=sealed)))
    found.sort(key=lambda pair: pair[0])
    line = 1
    position = 0
    for start, leaf in found:
        line += document.text.count("\n", position, start)
        position = start
        leaf.line = line
    return [leaf for _start, leaf in found]


def compare(old: Sequence[Leaf], new: Sequence[Leaf]) -> list[Change]:
    """
    Compare two versions, in the order of the new one.

    Items of one list are aligned by their values, so that an insertion is one change.
    """
    before = _by_path(old)
    after = _by_path(new)
    changes: list[Change] = []
    for path, values in after.items():
        changes += _align(before.pop(path, []), values)
    for values in before.values():
        changes += [Change(leaf, None) for leaf in values]
    return changes


def _by_path(values: Iterable[Leaf]) -> dict[bytes, list[Leaf]]:
    groups: dict[bytes, list[Leaf]] = {}
    for leaf in values:
        groups.setdefault(leaf.path, []).append(leaf)
    return groups


def _align(old: list[Leaf], new: list[Leaf]) -> list[Change]:
    if len(old) == len(new):
        pairs = zip(old, new, strict=True)
        return [Change(left, right) for left, right in pairs if not left.same(right)]
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(
        None, [leaf.text for leaf in old], [leaf.text for leaf in new], autojunk=False
    )
    changes: list[Change] = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            continue
        left: list[Leaf | None] = list(old[i1:i2])
        right: list[Leaf | None] = list(new[j1:j2])
        size = max(len(left), len(right))
        left += [None] * (size - len(left))
        right += [None] * (size - len(right))
        changes += [Change(a, b) for a, b in zip(left, right, strict=True)]
    return changes
