# SPDX-License-Identifier: Apache-2.0
"""
How a document is written: its text cut into pieces that belong to keys, items and comments.

Joined in order the pieces are the text again.  What cannot be cut so (complex keys, a mapping
without braces inside brackets) stays in one piece.
"""

from __future__ import annotations

import re

from gitseal.changes.aligning import lines_of
from gitseal.documents.nodes import Mapping, Node, Sequence, children

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable

    Start = tuple[int, int, Node]

_COMMA = re.compile(r"(?:[ \t\r\n]++|(?<=[ \t\r\n])#[^\n]*+)*+,")
_GAP = re.compile(r"(?:[ \t\r\n]++|(?<=[ \t\r\n])#[^\n]*+)*+")


class Piece:
    """
    The text of a single value, or of one that is not cut further.

    Attributes:
        text: with its anchor and tag.
        node: whose text it is.
    """

    __slots__ = ("node", "text")

    def __init__(self, text: str, node: Node) -> None:
        self.text = text
        self.node = node


class Group:
    """
    The text of a collection.

    Attributes:
        node: the collection, or None for the documents of a stream.
        style: the opening bracket; "-" for a block list, ":" for a block mapping or a stream.
        items: in order.
        indent: column of its entries in block style.
        inline: whether the first entry stands behind something on its line.
        first: what stands before the first item in brackets.
        close: what stands before the closing bracket.
        trailing: whether there is a comma behind the last item.
    """

    __slots__ = ("close", "first", "indent", "inline", "items", "node", "style", "trailing")

    def __init__(self, node: Node | None, style: str) -> None:
        self.node = node
        self.style = style
        self.items: list[Item] = []
        self.indent = 0
        self.inline = False
        self.first = ""
        self.close = ""
        self.trailing = False

    @property
    def flow(self) -> bool:
        """Tell whether it is written in brackets."""
        return self.style in {"{", "["}

    @property
    def is_list(self) -> bool:
        """Tell whether it has items and no keys."""
        return self.style in {"-", "["}

    @property
    def between(self) -> str:
        """Give what stands between a comma and an item, in brackets."""
        if len(self.items) > 1:
            return self.items[1].lead
        return self.first if "\n" in self.first else " "


class Item:
    """
    An entry, a list item, or a line between them.

    Attributes:
        ident: (kind, what it is known by); the kind is "k" of a key, "i" of an item, "#" of a
            comment or another line, "" of a blank one.
        lead: what stands before it, in brackets.
        key: its key or dash; the whole line of a line between entries.
        sep: what stands between key and value.
        value: None for such a line.
        tail: what stands behind the value, up to the comma or the end of the line.
    """

    __slots__ = ("ident", "key", "lead", "sep", "tail", "value")

    def __init__(self, ident: tuple[str, Hashable], key: str) -> None:
        self.ident = ident
        self.lead = ""
        self.key = key
        self.sep = ""
        self.value: Piece | Group | None = None
        self.tail = ""


class UnlaidError(Exception):
    """A text that cannot be cut as this module cuts it."""


def text_of(part: Piece | Group | Item) -> str:
    """Join pieces again."""
    if isinstance(part, Piece):
        return part.text
    if isinstance(part, Item):
        value = text_of(part.value) if part.value is not None else ""
        return part.key + part.sep + value + part.tail
    if part.flow:
        closing = {"{": "}", "[": "]"}[part.style]
        inner = ",".join(item.lead + text_of(item) for item in part.items)
        comma = "," if part.trailing else ""
        return part.style + inner + comma + part.close + closing
    texts = []
    for index, item in enumerate(part.items):
        blank = item.value is None or (part.inline and not index)
        texts.append(("" if blank else " " * part.indent) + text_of(item))
    return "".join(texts)


def laid_out(text: str, roots: list[Node], idents: dict[int, int]) -> Item:
    """
    Cut a text.

    Args:
        text: of a clear document.
        roots: of its documents.
        idents: by `id` of a node what it says, as `values` reads it.

    Raises:
        UnlaidError: its documents, or its lines, cannot be told apart.
    """
    cutter = _Cutter(text, idents)
    if len(roots) == 1:
        item = cutter.root(roots[0], 0, len(text))
    else:
        group = Group(None, ":")
        position = 0
        for index, root in enumerate(roots):
            end = cutter.end_of_document(roots, index)
            one = cutter.root(root, position, end)
            one.ident = ("i", idents[id(root)])
            group.items.append(one)
            position = end
        item = Item(("", ""), "")
        item.value = group
    if text_of(item) != text:
        raise UnlaidError
    return item


def trivia(line: str) -> Item:
    """Give the item of a line between entries."""
    stripped = line.strip()
    return Item(("#" if stripped else "", stripped), line)


class _Cutter:
    """Cuts one text."""

    def __init__(self, text: str, idents: dict[int, int]) -> None:
        self.text = text
        self.idents = idents

    def line_start(self, position: int) -> int:
        return self.text.rfind("\n", 0, position) + 1

    def next_line(self, position: int) -> int:
        return self.text.find("\n", position) + 1 or len(self.text)

    def end_of_document(self, roots: list[Node], index: int) -> int:
        """Give where the lines of the next document begin: at its `---`."""
        if index == len(roots) - 1:
            return len(self.text)
        position = self.text.find("\n---", max(roots[index].end - 1, 0))
        if position < 0 or position >= roots[index + 1].end:
            raise UnlaidError
        return position + 1

    def root(self, root: Node, start: int, end: int) -> Item:
        """Cut a document, which has its lines alone."""
        item = Item(("", ""), "")
        if _is_block(root):
            item.value = self.block(root, start, end)
        else:
            item.key = self.text[start : root.inner]
            item.value = self.value(root, root.inner)
            item.tail = self.text[root.end : end]
        return item

    def value(self, node: Node, start: int) -> Piece | Group:
        """Cut a value that is no block collection."""
        if isinstance(node, Mapping | Sequence) and getattr(node, "flow", False):
            group = self.flow(node)
            if group is not None:
                return group
        return Piece(self.text[start : node.end], node)

    # --- Lines ---

    def starts(self, node: Node) -> list[Start]:
        """Give where entries begin, where their keys end, and their values."""
        if isinstance(node, Mapping):
            return [(key.start, key.end, value) for key, value in node.entries]
        if not isinstance(node, Sequence) or self.text[node.inner] != "-":
            raise UnlaidError
        found = [(node.inner, node.inner + 1, node.items[0])]
        for before, item in zip(node.items, node.items[1:], strict=False):
            position = self.next_line(before.end)
            while self.text[position : self.next_line(position)].lstrip()[:1] in {"#", ""}:
                if position >= item.end:
                    raise UnlaidError
                position = self.next_line(position)
            while self.text[position] == " ":
                position += 1
            if self.text[position] != "-":
                raise UnlaidError
            found.append((position, position + 1, item))
        return found

    def block(self, node: Node, start: int, end: int) -> Group:
        """Cut a block collection whose region begins with a line, or with its first entry."""
        group = Group(node, "-" if isinstance(node, Sequence) else ":")
        starts = self.starts(node)
        first = starts[0][0]
        group.inline = self.line_start(first) < start
        group.indent = first - self.line_start(first)
        position = start
        seen: dict[bytes, int] = {}
        for index, (at, after, value) in enumerate(starts):
            line = self.line_start(at)
            if index or not group.inline:
                group.items += [trivia(one) for one in lines_of(self.text[position:line])]
                if self.text[line:at] != " " * group.indent or line < position:
                    raise UnlaidError
            limit = self.line_start(starts[index + 1][0]) if index + 1 < len(starts) else end
            item = Item(self.ident(node, value, seen), self.text[at:after])
            position = self.entry(item, value, after, limit)
            group.items.append(item)
        group.items += [trivia(one) for one in lines_of(self.text[position:end])]
        return group

    def ident(self, node: Node, value: Node, seen: dict[bytes, int]) -> tuple[str, Hashable]:
        if isinstance(node, Sequence):
            return ("i", self.idents[id(value)])
        segment = value.path[len(node.path) :]
        # In dotenv files a name may stand several times.
        count = seen[segment] = seen.get(segment, 0) + 1
        return ("k", (segment, count))

    def entry(self, item: Item, value: Node, after: int, limit: int) -> int:
        """Cut what follows a key or dash, and give the position of the line behind it."""
        text = self.text
        if _is_block(value):
            first = self.starts(value)[0][0]
            line = self.next_line(after)
            begin = min(line, first)
            stop = self.behind_comments(value, self.next_line(value.end), limit)
            item.sep = text[after:begin]
            item.value = self.block(value, begin, stop)
            return stop
        start = value.inner if getattr(value, "flow", False) else value.start
        if start < after:
            raise UnlaidError
        stop = self.next_line(value.end)
        item.sep = text[after:start]
        item.value = self.value(value, start)
        item.tail = text[value.end : stop]
        return stop

    def behind_comments(self, node: Node, position: int, limit: int) -> int:
        """Go on over comments that stand as deep as the entries of a collection."""
        first = self.starts(node)[0][0]
        indent = first - self.line_start(first)
        stop = position
        while position < limit:
            line = self.text[position : self.next_line(position)]
            blanks = len(line) - len(line.lstrip(" "))
            if line.strip() and (line[blanks] != "#" or blanks < indent):
                break
            position += len(line)
            if line.strip():
                stop = position
        return stop

    # --- Brackets ---

    def flow(self, node: Mapping | Sequence) -> Group | None:
        """Cut a collection in brackets; None if it is written in an unusual way."""
        text = self.text
        style = "{" if isinstance(node, Mapping) else "["
        if text[node.inner] != style:
            return None
        group = Group(node, style)
        position = node.inner + 1
        seen: dict[bytes, int] = {}
        for start, after, value in self.members(node):
            item = Item(self.ident(node, value, seen), text[start:after])
            item.lead = text[position:start]
            begin = value.inner if getattr(value, "flow", False) else value.start
            if begin < after or start < position or not _GAP.fullmatch(text, position, start):
                return None
            item.sep = text[after:begin]
            item.value = self.value(value, begin)
            group.items.append(item)
            comma = _COMMA.match(text, value.end, node.end - 1)
            position = comma.end() if comma else value.end
            item.tail = text[value.end : position - 1] if comma else ""
            group.trailing = comma is not None
        group.first = group.items[0].lead if group.items else ""
        group.close = text[position : node.end - 1]
        return group if _GAP.fullmatch(text, position, node.end - 1) else None

    def members(self, node: Mapping | Sequence) -> list[Start]:
        if isinstance(node, Mapping):
            return [(key.start, key.end, value) for key, value in node.entries]
        return [(item.start, item.start, item) for item in node.items]


def _is_block(node: Node) -> bool:
    return bool(children(node)) and not getattr(node, "flow", True)
