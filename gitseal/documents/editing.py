# SPDX-License-Identifier: Apache-2.0
"""
Changing one place of a document and nothing else: set a value, remove or move a key.

Each change is a few replaced spans.  The result is parsed again and its tree compared with the
old one: whatever differs beyond the wanted place makes the change an error, and nothing was
written yet.  Documents are given as parsed from a clear body, without header.
"""

from __future__ import annotations

from gitseal.documents import parse, splice, to_bytes
from gitseal.documents.editing_kinds import Wanted, nested, same_value, wanted
from gitseal.documents.nodes import Alias, Mapping, Scalar, Sequence, children
from gitseal.documents.tree import missing, tree
from gitseal.documents.values import to_python
from gitseal.errors import DocumentError, LimitError, NotFoundError, UsageError
from gitseal.keypaths import format_typed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from gitseal.documents.base import Document, Edit
    from gitseal.documents.nodes import Node
    from gitseal.keypaths import TypedPath

    Shape = list[Any]


class Place:
    """
    Where a typed path leads in a tree, as far as it leads.

    Attributes:
        roots: the roots of all documents.
        root: the index of the document.
        nodes: the nodes on the way, from the root to the deepest that exists.
        steps: the index of the entry or item taken at each of them but the last.
        rest: the parts of the path that do not exist; empty if all do.
        parts: the whole path.
    """

    __slots__ = ("nodes", "parts", "rest", "root", "roots", "steps")

    def __init__(self, roots: list[Node], root: int, parts: TypedPath) -> None:
        self.roots = roots
        self.root = root
        self.parts = parts
        self.nodes = [roots[root]]
        self.steps: list[int] = []
        for part in parts:
            node = self.nodes[-1]
            index = node.index_of(part) if isinstance(node, Mapping | Sequence) else None
            if index is None:
                break
            self.steps.append(index)
            self.nodes.append(children(node)[index])
        self.rest = parts[len(self.steps) :]

    @property
    def node(self) -> Node:
        """Give the deepest node."""
        return self.nodes[-1]


def locate(document: Document, parts: TypedPath) -> Place:
    """Find a typed path without following aliases: what is changed stands at the place itself."""
    parts = _joined(document, parts)
    if not parts:
        raise UsageError("name a key path inside the document")
    first = tree(document)
    roots = [first, *first.later]
    places = [Place(roots, index, parts) for index in range(len(roots))]
    return next((place for place in places if not place.rest), places[0])


def _joined(document: Document, parts: TypedPath) -> TypedPath:
    """Give names of dotenv files as one part: they may hold dots, which people type as they are."""
    if document.syntax == "dotenv" and parts:
        return (".".join(str(part) for part in parts),)
    return parts


def set_value(document: Document, parts: TypedPath, value: str, kind: str | None = None) -> str:
    """
    Give the text with one value replaced, or with the key inserted, parents included.

    Args:
        document: parsed from a clear body.
        parts: typed path; the index behind the last item of a list appends to it.
        value: as people type it.
        kind: "string", "int", "float", "bool", "null", "json"; None keeps the kind of the old
            value where the new text is of it, and is a string otherwise.

    Raises:
        UsageError: the text is not of that kind.
        NotFoundError: an index leads behind the end of a list.
        DocumentError: the path leads through a value or an alias, or the document is written
            in a way that this cannot change without touching something else.
    """
    place = locate(document, parts)
    old = place.node if not place.rest else None
    new = wanted(document.syntax, value, kind, old)
    if place.rest:
        _check_room(place)
    text = _apply(document, _module(document).set_edits(document, place, new))
    changed = _parsed(document, text)
    _check_set(place, changed, new)
    return text


def remove(document: Document, parts: TypedPath) -> str:
    """
    Give the text without a key or item, its comment, and the comment lines directly above it.

    Raises:
        NotFoundError: nothing stands there.
        DocumentError: it cannot be done without touching something else.
    """
    place = _existing(document, parts)
    edits = _module(document).remove_edits(document, place)
    expected = _shapes(place.roots)
    entries = _children(expected, place)
    if document.syntax == "dotenv":
        # Each of equal names goes: the one before would count from now on.
        entries[:] = [one for one in entries if one[0][-1] != place.parts[0]]
    else:
        del entries[place.steps[-1]]
    try:
        return _checked(document, edits, expected)
    except DocumentError:
        # A block scalar that would end the text now may need the line break before the hole.
        kept = [_with_break(document.text, edit) for edit in edits]
        if kept == edits:
            raise
        return _checked(document, kept, expected)


def _with_break(text: str, edit: Edit) -> Edit:
    start, end, replacement = edit
    if end == len(text) and not replacement and text[start : start + 1] in {"\r", "\n"}:
        start = text.index("\n", start) + 1
    return start, end, replacement


def _checked(document: Document, edits: list[Edit], expected: list[Shape]) -> str:
    text = _apply(document, edits)
    _compare(expected, _parsed(document, text))
    return text


def move(document: Document, source: TypedPath, target: TypedPath) -> str:
    """
    Give the text with a key renamed, or moved to another mapping; its value keeps its bytes.

    Raises:
        NotFoundError: nothing stands at the source.
        UsageError: something stands at the target, or the target is inside the source.
        DocumentError: it cannot be done without touching something else.
    """
    place = _existing(document, source)
    # In a stream of documents a key stays in its own.
    goal = Place(locate(document, target).roots, place.root, _joined(document, target))
    if not goal.rest:
        raise UsageError(f"{format_typed(target)} exists already")
    if tuple(goal.parts[: len(place.parts)]) == tuple(place.parts):
        raise UsageError("a key cannot be moved into itself")
    here = (place.root, place.steps[:-1])
    if (goal.root, goal.steps) == here and len(goal.rest) == 1 and isinstance(goal.node, Mapping):
        return _rename(document, place, goal)
    return _carry(document, place, goal)


def _rename(document: Document, place: Place, goal: Place) -> str:
    """Write another name for a key, which keeps its place."""
    edits = _module(document).rename_edits(document, place, str(goal.rest[0]))
    text = _apply(document, edits)
    expected = _shapes(place.roots)
    entry = _children(expected, place)[place.steps[-1]]
    changed = _parsed(document, text)
    new = Place(changed, place.root, goal.parts)
    if not new.rest and isinstance(new.nodes[-2], Mapping):
        entry[0] = _shape(new.nodes[-2].entries[new.steps[-1]][0])
    _compare(expected, changed)
    return text


def _carry(document: Document, place: Place, goal: Place) -> str:
    """Move a value to another parent: insert it there, then remove it here."""
    _check_room(goal)
    module = _module(document)
    carried = module.source_of(document, place)
    inserted = _apply(document, module.set_edits(document, goal, carried))
    middle = _parsed(document, inserted)
    new = Place(middle, goal.root, goal.parts)
    if new.rest or _shape(new.node) != _shape(place.node):
        raise _too_hard()
    copy = parse(to_bytes(document, inserted), document.syntax)
    return remove(copy, place.parts)


def _module(document: Document) -> ModuleType:
    from importlib import import_module

    return import_module(f"gitseal.documents.editing_{document.syntax}")


def _existing(document: Document, parts: TypedPath) -> Place:
    place = locate(document, parts)
    if place.rest:
        raise missing(place.node, place.parts, len(place.steps))
    return place


def _check_room(place: Place) -> None:
    """Refuse to insert where there is no room: behind values, aliases and ends of lists."""
    node, part = place.node, place.rest[0]
    above = format_typed(place.parts[: len(place.steps)]) or "the document"
    if isinstance(node, Alias):
        raise DocumentError(
            f"{above} is an alias of &{node.name}",
            hint=f"change the value where &{node.name} stands",
        )
    if isinstance(node, Sequence) and (not isinstance(part, int) or part != len(node.items)):
        raise NotFoundError(
            f"there is no {format_typed(place.parts[: len(place.steps) + 1])}",
            hint=f"the list has {len(node.items)} items; [{len(node.items)}] appends one",
        )
    if isinstance(node, Scalar) and (node.kind != "null" or node.tag or node.style):
        raise DocumentError(
            f"{above} is a single value, so nothing can stand below it",
            hint="remove it first: gitseal unset",
        )
    if isinstance(node, Mapping) and isinstance(part, int):
        raise DocumentError(f"{above} is a mapping, not a list", hint=f'a key is written "{part}"')
    start = 1 if isinstance(node, Mapping | Sequence) else 0
    if any(isinstance(one, int) and one for one in place.rest[start:]):
        raise NotFoundError("a new list begins with [0]")


def _apply(document: Document, edits: list[Edit]) -> str:
    return splice(document.text, sorted(edits))


def _parsed(document: Document, text: str) -> list[Node]:
    """Parse the changed text again and give its roots."""
    try:
        changed = parse(to_bytes(document, text), document.syntax)
    except LimitError:
        raise
    except DocumentError:
        raise _too_hard() from None
    first = tree(changed)
    return [first, *first.later]


def _too_hard() -> DocumentError:
    return DocumentError(
        "the layout around this key does not allow the change without touching other lines",
        hint="change it by hand: gitseal edit",
    )


def _shape(node: Node) -> Shape:
    """Give all of a node that a change elsewhere must not alter."""
    head: Shape = [type(node).__name__, node.anchor, node.tag]
    if isinstance(node, Scalar):
        return [*head, node.style == "", node.value]
    if isinstance(node, Mapping):
        return [*head, [[_shape(key), _shape(value)] for key, value in node.entries]]
    if isinstance(node, Sequence):
        return [*head, [_shape(item) for item in node.items]]
    return [*head, node.name if isinstance(node, Alias) else ""]


def _shapes(roots: list[Node]) -> list[Shape]:
    return [_shape(root) for root in roots]


def _at(shapes: list[Shape], place: Place, depth: int) -> Shape:
    """Give the shape of the node that stands `depth` steps down."""
    shape = shapes[place.root]
    for index, node in zip(place.steps[:depth], place.nodes, strict=False):
        one = shape[-1][index]
        shape = one[1] if isinstance(node, Mapping) else one
    return shape


def _children(shapes: list[Shape], place: Place) -> list[Any]:
    """Give the shapes of the entries or items among which the place stands."""
    children: list[Any] = _at(shapes, place, len(place.steps) - 1)[-1]
    return children


def _compare(expected: list[Shape], changed: list[Node]) -> None:
    if _shapes(changed) != expected:
        raise _too_hard()


def _check_set(place: Place, changed: list[Node], new: Wanted) -> None:
    """Compare everything but the new value, and then the new value with what was wanted."""
    found = Place(changed, place.root, place.parts)
    if found.rest:
        raise _too_hard()
    depth = len(place.steps)
    old, now = place.node, found.nodes[depth]
    if (old.anchor, old.tag) != (now.anchor, now.tag):
        raise _too_hard()
    expected = _shapes(place.roots)
    shape = _at(expected, place, depth)
    # A document of nothing but comments has no node yet.
    if place.rest and isinstance(old, Mapping | Sequence):
        added = _shape(now)[-1]
        shape[-1] = [*shape[-1], added[-1]]
        top, rest = found.nodes[depth + 1], place.rest[1:]
    else:
        shape[:] = _shape(now)
        top, rest = now, place.rest
    _compare(expected, changed)
    if not same_value(to_python(top), nested(rest, new.value)):
        raise _too_hard()
