# SPDX-License-Identifier: Apache-2.0
"""
A document as a tree of nodes with their places in the text: for navigation and for edits.

Sealing and opening never build it; they go over slots (`documents.base`).  Places count code
points of `Document.text`, as slots do.
"""

from __future__ import annotations

from gitseal.errors import DocumentError, LimitError, NotFoundError
from gitseal.keypaths import format_typed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.documents.base import Document
    from gitseal.keypaths import TypedPath

MERGE_KEY = "<<"
_MAX_MERGES = 200


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


def tree(doc: Document) -> Node:
    """
    Build the nodes of a document; a header is left out.

    Returns:
        the root: a mapping, or in YAML any node; `later` holds the documents behind it.
        Of an empty YAML file it is an empty scalar at the end of the text.

    Raises:
        DocumentError: there is no tree for this syntax.
    """
    if doc.syntax == "yaml":
        from gitseal.documents import tree_yaml

        return tree_yaml.build(doc)
    if doc.syntax in {"json", "dotenv"}:
        from gitseal.documents import tree_plain

        return tree_plain.build_json(doc) if doc.syntax == "json" else tree_plain.build_dotenv(doc)
    raise DocumentError(
        f"{doc.syntax} files have no key paths to look into yet",
        hint="use gitseal edit for them",
    )


def find(node: Node, parts: TypedPath) -> Node:
    """
    Find the node at a typed path, through aliases and merge keys.

    In a stream of documents it is the first document that has it.

    Raises:
        NotFoundError: nothing stands there; the hint names what stands nearby.
    """
    failure: NotFoundError | None = None
    for root in (node, *node.later):
        try:
            return _descend(root, parts)
        except NotFoundError as error:
            failure = failure or error
    assert failure is not None  # noqa: S101 - the loop ran at least once
    raise failure


def _descend(node: Node, parts: TypedPath) -> Node:
    for index, part in enumerate(parts):
        found = step(node, part)
        if found is None:
            raise missing(node, parts, index)
        node = found
    return node


def resolved(node: Node) -> Node:
    """
    Follow an alias to its target.

    Raises:
        DocumentError: the alias stands inside its own anchor.
    """
    if not isinstance(node, Alias):
        return node
    if node.target is None:
        raise DocumentError(f"the alias *{node.name} stands inside its own anchor")
    return node.target


def step(node: Node, part: str | int, seen: set[int] | None = None) -> Node | None:
    """Go one part of a typed path down, through aliases and merge keys."""
    node = resolved(node)
    if isinstance(node, Sequence):
        index = node.index_of(part)
        return None if index is None else node.items[index]
    if not isinstance(node, Mapping):
        return None
    index = node.index_of(part)
    if index is not None:
        return node.entries[index][1]
    # Each mapping is looked into once: merges of merges could double at every level.
    seen = set() if seen is None else seen
    seen.add(id(node))
    if len(seen) > _MAX_MERGES:
        raise LimitError(f"a mapping merges in more than {_MAX_MERGES} others")
    for source in merged(node):
        found = None if id(source) in seen else step(source, part, seen)
        if found is not None:
            return found
    return None


def merged(node: Mapping) -> list[Mapping]:
    """Give the mappings that a mapping merges in with `<<`, the strongest first (YAML 1.1)."""
    sources: list[Mapping] = []
    for key, value in node.entries:
        if not is_merge(key):
            continue
        target = resolved(value)
        items = target.items if isinstance(target, Sequence) else [target]
        for item in items:
            source = resolved(item)
            if not isinstance(source, Mapping):
                raise DocumentError("a merge key << must name a mapping or a list of mappings")
            sources.append(source)
    return sources


def is_merge(key: Node) -> bool:
    """Tell whether a key is the plain merge key of YAML."""
    return isinstance(key, Scalar) and key.value == MERGE_KEY and key.style == "" and not key.tag


def missing(node: Node, parts: TypedPath, index: int) -> NotFoundError:
    """Say which part of a path does not exist, and name what stands near it."""
    node = resolved(node)
    message = f"there is no {format_typed(parts[: index + 1])}"
    above = format_typed(parts[:index]) or "the document"
    if isinstance(node, Sequence):
        count = len(node.items)
        hint = f"{above} is a list of {count} item{'s' * (count != 1)}"
        return NotFoundError(message, hint=f"{hint}; the first is [0]" if count else hint)
    if not isinstance(node, Mapping):
        return NotFoundError(message, hint=f"{above} is a single value")
    names = list(dict.fromkeys(node.names()))
    if not names:
        return NotFoundError(message, hint=f"{above} is empty")
    return NotFoundError(message, hint=_near(str(parts[index]), names))


def _near(name: str, names: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, names, 3, 0.6)
    if close:
        return "did you mean " + " or ".join(format_typed((one,)) for one in close)
    shown = ", ".join(format_typed((one,)) for one in names[:8])
    return f"there are: {shown}" + (", …" if len(names) > 8 else "")
