# SPDX-License-Identifier: Apache-2.0
"""What changed between two versions of a document, value by value."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence

    from gitseal.documents.base import Document

ADDED = "added"
REMOVED = "removed"
CHANGED = "changed"
UNKNOWN = "sealed again"
"""Sealed under another key or for another path, and not opened: nobody can tell."""


class Leaf:
    """
    One value of a document.

    Attributes:
        path: encoded key path; items of one list share theirs.
        text: the value as it stands in the source; None if it is sealed and was not opened.
        token: the sealed text; "" if it stands in clear.
        secret: whether it is sealed, or should be.
        exposed: whether it stands in clear where it should be sealed.
        line: 1-based line at which it stands.
    """

    __slots__ = ("exposed", "line", "path", "secret", "text", "token")

    def __init__(
        self,
        path: bytes,
        text: str | None,
        token: str,
        line: int,
        *,
        secret: bool,
        exposed: bool = False,
    ) -> None:
        self.exposed = exposed
        self.path = path
        self.text = text
        self.token = token
        self.line = line
        self.secret = secret

    def __repr__(self) -> str:
        return f"Leaf(line={self.line}, secret={self.secret})"


class Change:
    """
    One value that was added, removed or changed.

    Attributes:
        kind: ADDED, REMOVED, CHANGED or UNKNOWN.
        old: None if added.
        new: None if removed.
    """

    __slots__ = ("kind", "new", "old")

    def __init__(self, old: Leaf | None, new: Leaf | None, kind: str | None = None) -> None:
        self.old = old
        self.new = new
        self.kind = kind or (ADDED if old is None else REMOVED if new is None else CHANGED)

    @property
    def leaf(self) -> Leaf:
        """Give the newer side that there is."""
        leaf = self.new or self.old
        if leaf is None:
            raise ValueError("a change has one side at least")
        return leaf

    @property
    def path(self) -> bytes:
        """Give the encoded key path."""
        return self.leaf.path


class Comparison:
    """
    What differs between two versions.

    Attributes:
        changes: in the order of the new version, removed values last.
        resealed: how many values have another sealed text and the same content.
    """

    __slots__ = ("changes", "resealed")

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.resealed = 0


def leaves(
    document: Document, selects: Callable[[bytes], bool], *, exposed: bool = False
) -> list[Leaf]:
    """
    Give the values of a document, in the order of its text, sealed ones unopened.

    Args:
        document: sealed or clear.
        selects: whether the rules seal the value at an encoded path.
        exposed: whether a clear value at such a path is one that leaked.
    """
    found = [(slot[0], Leaf(slot[2], None, slot[7], 0, secret=True)) for slot in document.sealed]
    text = document.text
    for slot in document.slots:
        secret = selects(slot[2])
        source = text[slot[0] : slot[1]]
        leaf = Leaf(slot[2], source, "", 0, secret=secret, exposed=secret and exposed)
        found.append((slot[0], leaf))
    found.sort(key=lambda pair: pair[0])
    line = 1
    position = 0
    for start, leaf in found:
        line += text.count("\n", position, start)
        position = start
        leaf.line = line
    return [leaf for _start, leaf in found]


def opened_leaves(
    sealed: Document, clear: Document, selects: Callable[[bytes], bool]
) -> list[Leaf]:
    """
    Give the values of a sealed document with what they say.

    Whatever is sealed there stays a secret, whatever the rules say of its path by now.

    Args:
        sealed: the document as it is stored.
        clear: what opening it gave.
        selects: whether the rules seal the value at an encoded path.
    """
    tokens = leaves(sealed, selects, exposed=True)
    secret = {leaf.path for leaf in tokens if leaf.token}
    found = leaves(clear, lambda path: _either(path, secret, selects))
    # Opening changes no structure: the values stand in the same order on both sides.
    if len(found) == len(tokens):
        for leaf, stored in zip(found, tokens, strict=True):
            leaf.token, leaf.line, leaf.exposed = stored.token, stored.line, stored.exposed
    return found


def _either(path: bytes, secret: Container[bytes], selects: Callable[[bytes], bool]) -> bool:
    return path in secret or selects(path)


def compare(old: Sequence[Leaf], new: Sequence[Leaf], *, same_key: bool = True) -> Comparison:
    """
    Compare two versions.

    Items of one list are aligned by their values, so that an insertion is one change.

    Args:
        old: the values of the older version; opened on both sides, or on neither.
        new: those of the newer one.
        same_key: whether equal values have equal sealed texts on both sides: one epoch, one
            origin.  Otherwise unopened values are UNKNOWN.
    """
    result = Comparison()
    before = by_path(old)
    for path, values in by_path(new).items():
        _align(before.pop(path, []), values, result, same_key=same_key)
    for values in before.values():
        result.changes += [Change(leaf, None) for leaf in values]
    return result


def by_path(values: Iterable[Leaf]) -> dict[bytes, list[Leaf]]:
    """Give the values of each key path, in their order."""
    groups: dict[bytes, list[Leaf]] = {}
    for leaf in values:
        groups.setdefault(leaf.path, []).append(leaf)
    return groups


def _key(leaf: Leaf, *, same_key: bool) -> tuple[bool, str]:
    """Give what two equal values have in common; that one of them was sealed is a change."""
    if leaf.text is not None:
        return leaf.exposed, leaf.text
    return False, leaf.token if same_key else ""


def _align(old: list[Leaf], new: list[Leaf], result: Comparison, *, same_key: bool) -> None:
    left = [_key(leaf, same_key=same_key) for leaf in old]
    right = [_key(leaf, same_key=same_key) for leaf in new]
    for start, end, at, to in differing(left, right):
        pairs = max(end - start, to - at)
        olds: list[Leaf | None] = [*old[start:end], *[None] * (pairs - (end - start))]
        news: list[Leaf | None] = [*new[at:to], *[None] * (pairs - (to - at))]
        result.changes += [Change(a, b) for a, b in zip(olds, news, strict=True)]
    if len(old) == len(new) and left == right:
        for before, after in zip(old, new, strict=True):
            if before.token == after.token:
                continue
            if before.text is None or after.text is None:
                result.changes.append(Change(before, after, UNKNOWN))
            elif before.token and after.token:
                result.resealed += 1


def differing(
    left: Sequence[tuple[bool, str]], right: Sequence[tuple[bool, str]]
) -> list[tuple[int, int, int, int]]:
    """Give the spans that differ, as (start, end) of both sides; for items of one list."""
    if left == right:
        return []
    if len(left) == len(right):
        return [
            (at, at + 1, at, at + 1)
            for at, (a, b) in enumerate(zip(left, right, strict=True))
            if a != b
        ]
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, left, right, autojunk=False)
    return [
        (start, end, at, to) for tag, start, end, at, to in matcher.get_opcodes() if tag != "equal"
    ]
