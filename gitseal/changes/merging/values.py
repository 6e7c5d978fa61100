# SPDX-License-Identifier: Apache-2.0
"""
What documents say, without how it is written: values that compare in no time.

Equal values of any document get one number, so that comparing two subtrees compares two numbers.
The order of keys is no part of it, that of list items is.  Anchors, tags, the target of an alias
and whether a scalar is plain are: what reading the document again must give.
"""

from __future__ import annotations

from gitseal.documents.events import event_parts
from gitseal.documents.nodes import Alias, Mapping, Scalar, Sequence
from gitseal.documents.tree import tree
from gitseal.errors import DocumentError
from gitseal.keypaths import ROOT_PATH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from gitseal.documents.base import Document
    from gitseal.documents.nodes import Node

    Entry = tuple[Hashable, "Value"]

MAP = "map"
LIST = "list"
LEAF = "leaf"
STREAM = "stream"


class Value:
    """
    A value of a document.

    Attributes:
        kind: MAP, LIST, LEAF, or STREAM for the list of all documents.
        head: anchor and tag of a collection; of a stream the `%YAML` versions in it, or None.
        ident: equal for equal values that the same `Values` read.
        entries: of a mapping, by the last segment of the path (`keypaths.part`): what is said of
            the key itself, and the value.
        items: of a list or stream.
        path: encoded key path.
        nodes: where it stands; several where a dotenv file has a name more than once.
    """

    __slots__ = ("entries", "head", "ident", "items", "kind", "nodes", "path")

    def __init__(self, kind: str, head: Hashable, path: bytes, nodes: tuple[Node, ...]) -> None:
        self.kind = kind
        self.head = head
        self.path = path
        self.nodes = nodes
        self.ident = 0
        self.entries: dict[bytes, Entry] = {}
        self.items: list[Value] = []


class Values:
    """
    Reads documents, and numbers what they say.

    Attributes:
        idents: the number of each node that was read, by `id` of the node.
    """

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._alive: list[Node] = []
        self.idents: dict[int, int] = {}

    def number(self, key: Hashable) -> int:
        """Give the number of what equals `key`; never 0."""
        return self._numbers.setdefault(key, len(self._numbers) + 1)

    def read(self, document: Document) -> tuple[list[Node], Value]:
        """
        Give the roots of a clear document and what it says.

        Raises:
            DocumentError: keys that no path tells apart, which nobody could merge by path.
        """
        root = tree(document)
        roots = [root, *root.later]
        self._alive += roots  # their `id`s must stay theirs
        stream = Value(STREAM, _versions(document), ROOT_PATH, ())
        reader = _Reader(self, document)
        stream.items = [reader.value(one) for one in roots]
        return roots, self.sealed(stream)

    def sealed(self, value: Value) -> Value:
        """Give a collection its number, once all that is in it has one."""
        inner: Hashable
        if value.kind == MAP:
            inner = frozenset((key, head, one.ident) for key, (head, one) in value.entries.items())
        else:
            inner = tuple(one.ident for one in value.items)
        value.ident = self.number((value.kind, value.head, inner))
        for node in value.nodes:
            self.idents[id(node)] = value.ident
        return value


def _versions(document: Document) -> Hashable:
    if document.syntax != "yaml" or "%YAML" not in document.text:
        return None
    parts = [event_parts(one) for one in document.events]
    said = tuple(content for kind, _anchor, _tag, content in parts if kind == b"D")
    return said if any(said) else None


class _Reader:
    """Reads the nodes of one document."""

    def __init__(self, values: Values, document: Document) -> None:
        self.values = values
        self.text = document.text
        self.dotenv = document.syntax == "dotenv"

    def value(self, node: Node) -> Value:
        if isinstance(node, Mapping):
            value = Value(MAP, (node.anchor, node.tag), node.path, (node,))
            self.entries(value, node)
            return self.values.sealed(value)
        if isinstance(node, Sequence):
            value = Value(LIST, (node.anchor, node.tag), node.path, (node,))
            value.items = [self.value(item) for item in node.items]
            return self.values.sealed(value)
        return self.leaf(node)

    def leaf(self, node: Node) -> Value:
        value = Value(LEAF, None, node.path, (node,))
        if isinstance(node, Alias):
            target = node.target.path if node.target is not None else None
            value.ident = self.values.number(("alias", node.name, target))
        elif self.dotenv:
            # Quotes say there what is replaced in a value, so they are part of it.
            source = self.text[node.start : node.end].replace("\r\n", "\n")
            value.ident = self.values.number(("text", source))
        elif isinstance(node, Scalar):
            said = (node.anchor, node.tag, node.style == "", node.value)
            value.ident = self.values.number(("scalar", *said))
        self.values.idents[id(node)] = value.ident
        return value

    def entries(self, value: Value, node: Mapping) -> None:
        for key, inner in node.entries:
            one = self.value(inner)
            head = self.key_head(key)
            segment = one.path[len(value.path) :]
            before = value.entries.get(segment)
            if before is not None:
                if not self.dotenv:
                    raise DocumentError("two keys of a mapping cannot be told apart by their path")
                head, one = self.repeated((before, (head, one)))
            value.entries[segment] = (head, one)

    def key_head(self, key: Node) -> Hashable:
        if self.dotenv:
            return key.inner > key.start  # whether it is exported
        plain = isinstance(key, Scalar) and key.style == ""
        return (key.anchor, key.tag, plain)

    def repeated(self, entries: Iterable[Entry]) -> Entry:
        """Give all values of a name as one, which changes as a whole: the last one counts."""
        before, last = entries
        nodes = (*before[1].nodes, *last[1].nodes)
        value = Value(LEAF, None, last[1].path, nodes)
        said = (before[0], before[1].ident, last[0], last[1].ident)
        value.ident = self.values.number(("again", *said))
        return (before[0], last[0]), value


def says_nothing(value: Value | None) -> bool:
    """Tell whether a value is not there, or is a bare null: both sides may begin one then."""
    if value is None or (value.kind == LEAF and not value.nodes):
        return True
    node = value.nodes[0] if len(value.nodes) == 1 else None
    return isinstance(node, Scalar) and node.kind == "null" and node.anchor is None and not node.tag
