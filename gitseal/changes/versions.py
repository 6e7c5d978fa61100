# SPDX-License-Identifier: Apache-2.0
"""Two versions of one file, opened or not, and what differs between them."""

from __future__ import annotations

from gitseal.changes.comparing import Comparison, Leaf, compare
from gitseal.crypto import base32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.crypto.derive import ScopeKeys

_ALIKE = 0.5
"""The share of equal values from which a removed and an added file are one that was moved."""

MODIFIED = "modified"
ADDED = "added"
REMOVED = "removed"
RENAMED = "renamed"


class Version:
    """
    One version of a file.

    Attributes:
        path: in the repository.
        leaves: its values; empty for whole files.
        whole: whether it is no document, but one sealed whole.
        content: the clear content, if it is clear or was opened.
        stored: bytes as they lie there.
        header_id: (scope, epoch, kid, origin) of a sealed file; None of a clear one.
        keys: if it was opened.
        origin: what its values are bound to.
        note: what a reader of the comparison should know; "" if nothing.
        comments: its comments, opened where it was.
    """

    __slots__ = (
        "comments", "content", "header_id", "keys", "leaves", "note", "origin", "path", "stored",
        "whole",
    )  # fmt: skip

    def __init__(self, path: str, stored: bytes) -> None:
        self.path = path
        self.stored = stored
        self.leaves: list[Leaf] = []
        self.comments: list[str] = []
        self.whole = False
        self.content: bytes | None = None
        self.header_id: tuple[str, int, bytes, str] | None = None
        self.keys: ScopeKeys | None = None
        self.origin = ""
        self.note = ""


class FileChange:
    """
    What changed in one file.

    Attributes:
        kind: ADDED, REMOVED, MODIFIED or RENAMED.
        old, new: the versions; one of them is None where the file was added or removed.
        scope: of the newer side.
        comparison: of their values.
        comments: whether comments changed.
    """

    __slots__ = ("comments", "comparison", "kind", "new", "old", "scope")

    def __init__(self, old: Version | None, new: Version | None, scope: str) -> None:
        self.old = old
        self.new = new
        self.scope = scope
        self.kind = ADDED if old is None else REMOVED if new is None else MODIFIED
        if old is not None and new is not None and old.path != new.path:
            self.kind = RENAMED
        self.comparison = _compared(old, new)
        self.comments = _comments_differ(old, new)

    @property
    def path(self) -> str:
        """Give the path of the newer side that there is."""
        version = self.new or self.old
        return version.path if version is not None else ""

    def fingerprint(self, leaf: Leaf | None) -> str:
        """Give eight characters for an opened value, comparable between both sides; else ""."""
        version = next((one for one in (self.new, self.old) if one and one.keys), None)
        if version is None or version.keys is None or leaf is None or leaf.text is None:
            return ""
        origin = version.origin.encode("utf-8", "surrogateescape")
        value = leaf.text.encode("utf-8", "surrogatepass")
        return base32.encode(version.keys.value_fingerprint(origin, leaf.path, value))

    @property
    def same_content(self) -> bool:
        """Tell whether both versions say the same; false where that cannot be told."""
        contents = [one.content for one in (self.old, self.new) if one is not None]
        return len(contents) == 2 and contents[0] is not None and contents[0] == contents[1]


def _comments_differ(old: Version | None, new: Version | None) -> bool:
    """Tell whether comments changed; false where only a key could tell."""
    if old is None or new is None:
        return False
    opened = old.content is not None and new.content is not None
    sealed_alike = old.content is new.content is None and old.header_id == new.header_id
    return (opened or sealed_alike) and old.comments != new.comments


def _compared(old: Version | None, new: Version | None) -> Comparison:
    before, after = old.leaves if old else [], new.leaves if new else []
    if old is not None and new is not None:
        unopened = any(leaf.text is None for leaf in (*before, *after))
        if unopened:
            # What one side alone could open must not be compared with sealed text.
            before, after = ([_closed(leaf) for leaf in one] for one in (before, after))
        same = old.header_id == new.header_id
        return compare(before, after, same_key=same)
    return compare(before, after)


def _closed(leaf: Leaf) -> Leaf:
    if not leaf.secret or leaf.exposed:
        return leaf
    return Leaf(leaf.path, None, leaf.token, leaf.line, secret=True)


def alike(old: Version, new: Version) -> bool:
    """Tell whether a removed and an added file are one that was moved."""
    if old.stored == new.stored:
        return True
    if old.content is None or new.content is None:
        return False
    before = {(leaf.path, leaf.text) for leaf in old.leaves}
    after = {(leaf.path, leaf.text) for leaf in new.leaves}
    if not before or not after:
        return old.content == new.content
    return len(before & after) >= _ALIKE * max(len(before), len(after))
