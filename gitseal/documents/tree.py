# SPDX-License-Identifier: Apache-2.0
"""
A document as a tree of nodes with their places in the text: for navigation and for edits.

Sealing and opening never build it; they go over slots (`documents.base`).  Places count code
points of `Document.text`, as slots do.
"""

from __future__ import annotations

from gitseal.documents.nodes import Alias, Mapping, Scalar, Sequence
from gitseal.errors import DocumentError, LimitError, NotFoundError
from gitseal.keypaths import format_typed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.documents.base import Document
    from gitseal.documents.nodes import Node
    from gitseal.keypaths import TypedPath

MERGE_KEY = "<<"
_MAX_MERGES = 200


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
    return NotFoundError(message, hint=_near(parts[:index], str(parts[index]), names))


def _near(above: TypedPath, name: str, names: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, names, 3, 0.6)
    if close:
        return "did you mean " + " or ".join(format_typed((*above, one)) for one in close)
    shown = ", ".join(format_typed((one,)) for one in names[:8])
    return f"there are: {shown}" + (", …" if len(names) > 8 else "")
