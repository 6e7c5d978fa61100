# SPDX-License-Identifier: Apache-2.0
"""
The three-way merge of what documents say: which value stands where, and what clashes.

No text is looked at here, and none is made: `merging` accepts a merged text only if it says what
this module expects.
"""

from __future__ import annotations

from gitseal.changes.merging.lists import Clashing, merged_items
from gitseal.changes.merging.values import LIST, MAP, STREAM, Value, says_nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable

    from gitseal.changes.merging.values import Entry, Values

    Found = tuple[bytes, str]

CHANGED = "changed"
DELETED = "deleted"
ADDED = "added"


class TreeMerge:
    """
    One merge, whose clashes are decided for one side.

    Attributes:
        clashes: (encoded path, kind) in the order in which they were met.
        decided: the `id`s of the nodes of both sides that clash; the decision takes one of them.
        same: for list items that both sides or one of them changed: the `id` of the node, and
            the number of the item of the base that it was.
    """

    def __init__(self, values: Values, *, prefer_ours: bool) -> None:
        self.values = values
        self.prefer_ours = prefer_ours
        self.clashes: list[Found] = []
        self.decided: set[int] = set()
        self.same: dict[int, int] = {}

    def merge(self, base: Value | None, ours: Value | None, theirs: Value | None) -> Value | None:
        """Merge three values; None is one that is not there."""
        numbers = [one.ident if one is not None else 0 for one in (base, ours, theirs)]
        if numbers[2] in (numbers[1], numbers[0]):
            return ours
        if numbers[1] == numbers[0]:
            return theirs
        if ours is not None and theirs is not None and ours.kind == theirs.kind:
            like = base if base is not None and base.kind == ours.kind else None
            if ours.kind == MAP and (like is not None or says_nothing(base)):
                return self.mapping(like, ours, theirs)
            if ours.kind in {LIST, STREAM} and like is not None:
                return self.row(like, ours, theirs)
        return self.clash(base, ours, theirs)

    def clash(self, base: Value | None, ours: Value | None, theirs: Value | None) -> Value | None:
        """Note a clash and decide it."""
        known = ours or theirs or base
        if known is None:
            raise ValueError("a clash has one side at least")
        kind = ADDED if base is None else DELETED if ours is None or theirs is None else CHANGED
        self.clashes.append((known.path, kind))
        for side in (ours, theirs):
            if side is not None:
                self.decided.update(id(node) for node in side.nodes)
        return ours if self.prefer_ours else theirs

    def head(self, heads: tuple[Hashable, Hashable, Hashable], of: Value) -> Hashable:
        """Merge what is said of a key, or the anchor and tag of a collection."""
        base, ours, theirs = heads
        if theirs in (ours, base):
            return ours
        if ours == base:
            return theirs
        self.clashes.append((of.path, CHANGED))
        return ours if self.prefer_ours else theirs

    def mapping(self, base: Value | None, ours: Value, theirs: Value) -> Value:
        """Merge mappings key by key; their order says nothing."""
        head = base.head if base is not None else (None, None)
        result = Value(MAP, self.head((head, ours.head, theirs.head), ours), ours.path, ())
        old = base.entries if base is not None else {}
        for key in dict.fromkeys([*ours.entries, *theirs.entries]):
            entry = self.entry(old.get(key), ours.entries.get(key), theirs.entries.get(key))
            if entry is not None:
                result.entries[key] = entry
        return self.values.sealed(result)

    def entry(self, base: Entry | None, ours: Entry | None, theirs: Entry | None) -> Entry | None:
        """Merge what stands at one key; None if nothing does."""
        inner = [one[1] if one is not None else None for one in (base, ours, theirs)]
        value = self.merge(*inner)
        if value is None:
            return None
        if ours is not None and theirs is not None:
            heads = (base[0] if base is not None else ours[0], ours[0], theirs[0])
            return self.head(heads, ours[1]), value
        left = ours or theirs
        if left is None:
            raise ValueError("an entry has one side at least")
        return left[0], value

    def row(self, base: Value, ours: Value, theirs: Value) -> Value | None:
        """Merge lists by their items, or the documents of a stream."""
        result = Value(
            base.kind, self.head((base.head, ours.head, theirs.head), ours), ours.path, ()
        )
        try:
            rows = merged_items(base, ours, theirs)
        except Clashing:
            return self.clash(base, ours, theirs)
        for before, here, there in rows:
            if before is not None:
                for side in (here, there):
                    for node in side.nodes if side is not None else ():
                        self.same[id(node)] = before.ident
            one = self.merge(before, here, there)
            if one is not None:
                result.items.append(one)
        return self.values.sealed(result)
