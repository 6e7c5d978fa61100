# SPDX-License-Identifier: Apache-2.0
"""Edits of JSON in the file's own indentation and separators (see `editing`)."""

from __future__ import annotations

from gitseal.documents.editing_kinds import Wanted, stands_here
from gitseal.documents.nodes import Mapping, Scalar, spans
from gitseal.documents.quoting import json_text
from gitseal.documents.values import to_python

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.documents.base import Document, Edit
    from gitseal.documents.editing import Place
    from gitseal.documents.nodes import Node
    from gitseal.keypaths import TypedPath


class _Style:
    """
    How a file is laid out around one collection.

    Attributes:
        multi: whether each member has a line of its own.
        indent: what stands before a member.
        unit: one level of indentation.
        colon: what stands between key and value.
        comma: what stands between members on one line.
    """

    __slots__ = ("ascii", "colon", "comma", "indent", "line_break", "multi", "unit")

    def __init__(self, document: Document, place: Place) -> None:
        text = document.text
        self.line_break = document.line_break
        self.ascii = text.isascii() and "\\u" in text
        self.colon = _colon(text, place)
        self.comma = ", " if self.colon.endswith(" ") else ","
        self.unit = _unit(text, place)
        # The collection that a member is written into, or that holds the replaced value.
        nodes = [node for node in place.nodes if not isinstance(node, Scalar)]
        if not place.rest and nodes[-1] is place.node:
            nodes.pop()
        node = nodes[-1]
        members = spans(node)
        inside = text[node.start + 1 : members[0][0] if members else node.end]
        self.multi = "\n" in inside
        above = _line_indent(text, node.start)
        self.indent = above + self.unit
        if members:
            self.indent = _line_indent(text, members[-1][0])
            if len(members) > 1 and not self.multi:
                self.comma = "," + text[members[-2][1] : members[-1][0]].partition(",")[2]
        elif len(nodes) > 1:
            self.multi = _is_multi(text, nodes[-2])

    def write(self, value: object) -> str:
        """Write any value where a member of this indentation stands."""
        if isinstance(value, dict | list) and value and self.multi:
            written = json_text(value, self.unit, ascii_only=self.ascii)
            return written.replace("\n", self.line_break + self.indent)
        return json_text(value, None, (self.comma, self.colon), ascii_only=self.ascii)

    def build(self, rest: TypedPath, new: Wanted, depth: int = 0) -> str:
        """Write the collections that the rest of a path names, around the new value."""
        indent = self.indent + self.unit * depth
        if not rest:
            if new.raw is not None:
                return new.raw[0]
            if new.literal is not None:
                return new.literal
            return self.write(new.value).replace(
                self.line_break + self.indent, self.line_break + indent
            )
        member = self.build(rest[1:], new, depth + 1)
        brackets = "[]"
        if isinstance(rest[0], str):
            member = self.member(rest[0], member)
            brackets = "{}"
        if self.multi:
            inner = self.line_break + indent
            return f"{brackets[0]}{inner}{self.unit}{member}{inner}{brackets[1]}"
        return brackets[0] + member + brackets[1]

    def member(self, name: str, value: str) -> str:
        """Write a member of an object."""
        return json_text(name, None, ascii_only=self.ascii) + self.colon + value


def _line_indent(text: str, index: int) -> str:
    line = text[text.rfind("\n", 0, index) + 1 : index]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _is_multi(text: str, node: Node) -> bool:
    members = spans(node)
    return bool(members) and "\n" in text[node.start : members[0][0]]


def _unit(text: str, place: Place) -> str:
    """Find one level of indentation, near the place first."""
    for node in reversed([*place.roots, *place.nodes]):
        if _is_multi(text, node):
            above = _line_indent(text, node.start)
            inside = _line_indent(text, spans(node)[0][0])
            if inside.startswith(above) and inside != above:
                return inside[len(above) :]
    return "  "


def _colon(text: str, place: Place) -> str:
    """Find what stands between key and value, near the place first."""
    for node in reversed([*place.roots, *place.nodes]):
        if isinstance(node, Mapping) and node.entries:
            key, value = node.entries[-1]
            between = text[key.end : value.start]
            return between if "\n" not in between else ": "
    return ": "


def set_edits(document: Document, place: Place, new: Wanted) -> list[Edit]:
    """Replace a value, or insert a member behind the last one."""
    node = place.node
    style = _Style(document, place)
    if not place.rest:
        if spans(node) and not isinstance(new.value, dict | list):
            raise stands_here(node)
        return [(node.start, node.end, style.build((), new))]
    if isinstance(node, Scalar):
        return [(node.start, node.end, style.build(place.rest, new))]
    member = style.build(place.rest[1:], new)
    if isinstance(node, Mapping):
        member = style.member(str(place.rest[0]), member)
    members = spans(node)
    inner = style.line_break + style.indent
    if members:
        end = members[-1][1]
        return [(end, end, ("," + inner if style.multi else style.comma) + member)]
    if style.multi:
        member = f"{inner}{member}{style.line_break}{_line_indent(document.text, node.start)}"
    return [(node.start + 1, node.end - 1, member)]


def remove_edits(document: Document, place: Place) -> list[Edit]:
    """Take a member out, with the comma that nobody needs then."""
    del document
    parent = place.nodes[-2]
    members = spans(parent)
    index = place.steps[-1]
    start, end = members[index]
    if len(members) == 1:
        return [(parent.start + 1, parent.end - 1, "")]
    if index == len(members) - 1:
        return [(members[index - 1][1], end, "")]
    return [(start, members[index + 1][0], "")]


def rename_edits(document: Document, place: Place, name: str) -> list[Edit]:
    """Write another name for a member."""
    parent = place.nodes[-2]
    assert isinstance(parent, Mapping)  # noqa: S101 - lists have no names
    key = parent.entries[place.steps[-1]][0]
    written = json_text(name, None, ascii_only=_Style(document, place).ascii)
    return [(key.start, key.end, written)]


def source_of(document: Document, place: Place) -> Wanted:
    """Give a value with its bytes."""
    node = place.node
    return Wanted(to_python(node), raw=[document.text[node.start : node.end]])
