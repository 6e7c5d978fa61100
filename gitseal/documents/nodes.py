# SPDX-License-Identifier: Apache-2.0
"""The nodes of a document's tree, with their places in the text, in code points as slots have."""

from __future__ import annotations


class Node:
    """
    One node of a document.

    Attributes:
        start: where it begins, its anchor and tag included.
        inner: where it begins without them.
        end: where it ends; the last line break of a block scalar is no part of it.
        path: its encoded key path (format 4), for messages and for rules.
        tag: its explicit tag, resolved, or None.
        anchor: the name of its anchor, or None.
        later: at the first root of a YAML stream, the roots of the documents that follow.
    """

    __slots__ = ("anchor", "end", "inner", "later", "path", "start", "tag")

    def __init__(self, start: int, inner: int, end: int, path: bytes) -> None:
        self.start = start
        self.inner = inner
        self.end = end
        self.path = path
        self.tag: str | None = None
        self.anchor: str | None = None
        self.later: tuple[Node, ...] = ()


class Scalar(Node):
    """
    A value or a key.

    Attributes:
        value: its decoded text; of a JSON number or literal, the source text.
        style: "" plain, "'", '"', "|" or ">".
        kind: what a plain text says without its tag: "null", "bool", "int", "float"; else "str".
    """

    __slots__ = ("kind", "style", "value")

    def __init__(self, place: tuple[int, int, int], path: bytes, value: str, style: str) -> None:
        super().__init__(*place, path)
        self.value = value
        self.style = style
        self.kind = "str"


class Mapping(Node):
    """
    Keys and values in the order of the text.

    Attributes:
        entries: the pairs; a dotenv file may hold one name several times.
        flow: whether it is written in braces.
    """

    __slots__ = ("entries", "flow")

    def __init__(self, place: tuple[int, int, int], path: bytes, flow: bool) -> None:
        super().__init__(*place, path)
        self.entries: list[tuple[Node, Node]] = []
        self.flow = flow

    def index_of(self, part: str | int) -> int | None:
        """
        Give the place of the entry that a part of a typed path names; of equal names the last.

        An index names the key that is written like it.
        """
        name = str(part)
        for index in range(len(self.entries) - 1, -1, -1):
            key = self.entries[index][0]
            if isinstance(key, Scalar) and key.value == name:
                return index
        return None

    def names(self) -> list[str]:
        """Give the names of the keys, which are public."""
        return [key.value for key, _ in self.entries if isinstance(key, Scalar)]


class Sequence(Node):
    """
    Items in the order of the text.

    Attributes:
        items: the nodes.
        flow: whether it is written in brackets.
    """

    __slots__ = ("flow", "items")

    def __init__(self, place: tuple[int, int, int], path: bytes, flow: bool) -> None:
        super().__init__(*place, path)
        self.items: list[Node] = []
        self.flow = flow

    def index_of(self, part: str | int) -> int | None:
        """Give the index that a part of a typed path names, if the list is that long."""
        if isinstance(part, str):
            if not (part.isascii() and part.isdigit() and len(part) < 10):
                return None
            part = int(part)
        return part if part < len(self.items) else None


class Alias(Node):
    """
    A reference to an anchored node of the same document.

    Attributes:
        name: the name of the anchor.
        target: the node; None where the anchor stands around the alias itself.
    """

    __slots__ = ("name", "target")

    def __init__(self, place: tuple[int, int, int], path: bytes, name: str) -> None:
        super().__init__(*place, path)
        self.name = name
        self.target: Node | None = None


def children(node: Node) -> list[Node]:
    """Give the values of a mapping or the items of a list; a single value has none."""
    if isinstance(node, Mapping):
        return [value for _key, value in node.entries]
    return list(node.items) if isinstance(node, Sequence) else []


def spans(node: Node) -> list[tuple[int, int]]:
    """Give where the entries or items of a collection begin and end, keys included."""
    if isinstance(node, Mapping):
        return [(key.start, value.end) for key, value in node.entries]
    return [(item.start, item.end) for item in node.items] if isinstance(node, Sequence) else []
