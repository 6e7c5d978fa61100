# SPDX-License-Identifier: Apache-2.0
"""
One text woven from three: each piece from the side that changed it.

What this makes is a proposal.  `merging` reads it and compares it with what the merge of the
values says; nothing here is trusted.
"""

from __future__ import annotations

from gitseal.changes.merging.layout import Group, Item, Piece, text_of
from gitseal.changes.merging.moves import shifted
from gitseal.changes.merging.order import Order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable

    Part = Piece | Group
    Groups = tuple[Group | None, Group, Group]
    Triple = tuple[Item | None, Item | None, Item | None]


class Weave:
    """
    One weaving, in which what clashes is decided for one side.

    Attributes:
        idents: by `id` of a node what it says.
        decided: the `id`s of nodes that clash.
        same: by `id` of the node of a list item, which item of the base it was.
        torn: whether both sides changed one comment, or the layout of one place.
    """

    def __init__(
        self,
        idents: dict[int, int],
        decided: set[int],
        same: dict[int, int],
        *,
        prefer_ours: bool,
        line_break: str,
    ) -> None:
        self.idents = idents
        self.decided = decided
        self.same = same
        self.prefer_ours = prefer_ours
        self.line_break = line_break
        self.torn = False

    def weave(self, base: Item | None, ours: Item, theirs: Item) -> str:
        """Give the text of whole documents."""
        text = self.item((base, ours, theirs), (0, 0, 0))
        sides = [text_of(one) for one in (base, ours, theirs) if one is not None]
        ends = [one.endswith("\n") for one in sides]
        wanted = self.changed(ends[0], ends[1], ends[2]) if len(ends) == 3 else any(ends)
        if wanted and not text.endswith("\n"):
            return text + self.line_break
        return text if wanted else text.removesuffix("\n").removesuffix("\r")

    # --- Choosing ---

    def changed(self, base: object, ours: object, theirs: object) -> bool:
        """Choose between things of which the sides have two at most."""
        return bool(theirs if ours == base else ours)

    def pick(self, base: str | None, ours: str, theirs: str) -> str:
        """Give the text that one side changed; white space alone is nobody's loss."""
        if theirs in (ours, base):
            return ours
        if ours == base:
            return theirs
        bare = base.strip() if base is not None else None
        if theirs.strip() in (ours.strip(), bare):
            return ours
        if ours.strip() == bare:
            return theirs
        self.torn = True
        return ours if self.prefer_ours else theirs

    def column(self, base: int | None, ours: int, theirs: int) -> int:
        """Choose a column: the one that a side changed, ours if both did."""
        return theirs if ours == base else ours

    def says(self, part: Part | None) -> Hashable:
        """Give what a value says; a stream says nothing that could be compared."""
        if part is None or part.node is None:
            return None
        return self.idents[id(part.node)]

    def clashes(self, item: Item | None) -> bool:
        """Tell whether the value of an entry was decided for one side."""
        value = item.value if item is not None else None
        return value is not None and value.node is not None and id(value.node) in self.decided

    # --- Entries ---

    def item(self, triple: Triple, indents: tuple[int, int, int]) -> str:
        """
        Give the text of an entry or line that the merged text has.

        Args:
            triple: as it stands in the base, in ours and in theirs.
            indents: of the merged collection, of ours and of theirs.
        """
        base, ours, theirs = triple
        if ours is None or theirs is None:
            one, indent = (ours, indents[1]) if ours is not None else (theirs, indents[2])
            return shifted(text_of(one), indents[0] - indent) if one is not None else ""
        if ours.value is None or theirs.value is None:
            return self.pick(base.key if base is not None else None, ours.key, theirs.key)
        key = self.pick(base.key if base is not None else None, ours.key, theirs.key)
        if self.clashes(ours) and self.clashes(theirs):
            return key + self.rest(ours if self.prefer_ours else theirs, triple, indents)
        old = base.value if base is not None else None
        mine, yours = ours.value, theirs.value
        if isinstance(mine, Group) and isinstance(yours, Group) and mine.style == yours.style:
            like = old if isinstance(old, Group) and old.is_list == mine.is_list else None
            value = self.group((like, mine, yours))
        elif isinstance(mine, Piece) and isinstance(yours, Piece):
            value = self.piece(old, mine, yours, indents)
        else:
            return key + self.rest(self.changer(triple), triple, indents)
        # What stands around a value of another make says nothing about this one.
        around = base if base is not None and type(old) is type(mine) else None
        sep = self.pick(around.sep if around else None, ours.sep, theirs.sep)
        tail = self.pick(around.tail if around else None, ours.tail, theirs.tail)
        return key + sep + value + tail

    def rest(self, side: Item, triple: Triple, indents: tuple[int, int, int]) -> str:
        """Give all but the key of one side's entry."""
        text = text_of(side)[len(side.key) :]
        return shifted(text, indents[0] - indents[1 if side is triple[1] else 2])

    def changer(self, triple: Triple) -> Item:
        """Give the side that changed the make of a value."""
        base, ours, theirs = triple
        if ours is None or theirs is None:
            raise ValueError("both sides have the entry")
        old = base.value if base is not None else None
        if self.says(ours.value) == self.says(theirs.value) or self.says(theirs.value) == self.says(
            old
        ):
            return ours
        if self.says(ours.value) == self.says(old):
            return theirs
        self.torn = True
        return ours if self.prefer_ours else theirs

    def piece(
        self, base: Part | None, ours: Piece, theirs: Piece, indents: tuple[int, int, int]
    ) -> str:
        """Choose between two values: what one says comes before how it is written."""
        old = base.text if isinstance(base, Piece) else None
        mine = shifted(ours.text, indents[0] - indents[1])
        yours = shifted(theirs.text, indents[0] - indents[2])
        if theirs.text in (ours.text, old):
            return mine
        if ours.text == old:
            return yours
        said = self.says(base)
        if self.says(ours) == self.says(theirs) or self.says(theirs) == said:
            return mine
        if self.says(ours) == said:
            return yours
        self.torn = True
        return mine if self.prefer_ours else yours

    # --- Collections ---

    def group(self, groups: Groups) -> str:
        """Merge collections of one style, entry by entry."""
        base, ours, theirs = groups
        order = Order(
            base.items if base is not None else [],
            ours.items,
            theirs.items,
            self.ident,
            prefer_ours=self.prefer_ours,
        )
        triples = [one for one in order.triples() if self.stays(one)]
        self.torn = self.torn or order.torn
        if base is not None and base.style != ours.style:
            groups = (None, ours, theirs)
        return self.brackets(groups, triples) if ours.flow else self.lines(groups, triples)

    def ident(self, item: Item) -> tuple[str, Hashable]:
        """Give what an item is known by; a list item stays the same when it changes."""
        kind, name = item.ident
        if kind == "i" and item.value is not None and item.value.node is not None:
            return kind, self.same.get(id(item.value.node), name)
        return kind, name

    def stays(self, triple: Triple) -> bool:
        """Tell whether an entry that one side has not is there in the end."""
        base, ours, theirs = triple
        left = ours if theirs is None else theirs
        if base is None or left is None or (ours is not None and theirs is not None):
            return True
        return self.clashes(left) and (left is ours) == self.prefer_ours

    def lines(self, groups: Groups, triples: list[Triple]) -> str:
        """Write a block collection."""
        base, ours, theirs = groups
        indent = self.column(base.indent if base else None, ours.indent, theirs.indent)
        inline = self.changed(base.inline if base else None, ours.inline, theirs.inline)
        indents = (indent, ours.indent, theirs.indent)
        texts: list[str] = []
        for triple in triples:
            text = self.item(triple, indents)
            if any(one is not None and one.value is not None for one in triple) and (
                texts or not inline
            ):
                text = " " * indent + text
            if texts and not texts[-1].endswith("\n"):
                texts[-1] += self.line_break
            texts.append(text)
        return "".join(texts)

    def brackets(self, groups: Groups, triples: list[Triple]) -> str:
        """Write a collection in brackets, with as many commas as it needs."""
        base, ours, theirs = groups
        first = self.pick(base.first if base and base.items else None, ours.first, theirs.first)
        if not (ours.items and theirs.items):
            first = ours.first if ours.items else theirs.first
        close = self.pick(base.close if base else None, ours.close, theirs.close)
        trailing = self.changed(base.trailing if base else None, ours.trailing, theirs.trailing)
        between = self.pick(base.between if base else None, ours.between, theirs.between)
        texts = []
        for index, triple in enumerate(triples):
            lead = self.lead(groups, triple, between) if index else first
            texts.append(lead + self.item(triple, (0, 0, 0)))
        comma = "," if trailing and texts else ""
        closing = {"{": "}", "[": "]"}[ours.style]
        return ours.style + ",".join(texts) + comma + close + closing

    def lead(self, groups: Groups, triple: Triple, between: str) -> str:
        """Give what stands before an item that is not the first."""
        known: list[str | None] = [None, None, None]
        for side, (group, item) in enumerate(zip(groups, triple, strict=True)):
            if group is not None and item is not None and item is not group.items[0]:
                known[side] = item.lead if item.lead != group.between else between
        base, ours, theirs = known
        if ours is not None and theirs is not None:
            return self.pick(base, ours, theirs)
        one = ours if ours is not None else theirs
        return one if one is not None else between
