# SPDX-License-Identifier: Apache-2.0
"""Removing and renaming keys of YAML, with the comments that are theirs (see `editing`)."""

from __future__ import annotations

from gitseal.documents.editing_kinds import Wanted
from gitseal.documents.editing_yaml_places import (
    after_key,
    column,
    entry_start,
    line_start,
    line_stop,
    next_line,
)
from gitseal.documents.nodes import Mapping, Node, Scalar, Sequence, spans
from gitseal.documents.quoting_yaml import quoted
from gitseal.documents.values import to_python
from gitseal.documents.yaml_spans import BLOCK_STYLES
from gitseal.errors import DocumentError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.documents.base import Document, Edit
    from gitseal.documents.editing import Place


def _with_dashes(text: str, node: Node) -> list[tuple[int, int]]:
    """Give the members of a block collection, items with their dashes, keys with their `?`."""
    members = spans(node)
    if isinstance(node, Mapping):
        return [(entry_start(text, key), value.end) for key, value in node.entries]
    dashed = []
    floor = node.inner
    for start, end in members:
        # The dash is the first thing on its line that is no comment, and behind the last item.
        dash = floor
        while text[dash] != "-":
            dash = next_line(text, dash) if text[dash] == "#" else dash + 1
        dashed.append((dash, end if end > start else max(end, dash + 1)))
        floor = dashed[-1][1]
    return dashed


def remove_edits(document: Document, place: Place) -> list[Edit]:
    """Take an entry or item out with its lines and comments; the last one leaves `{}` or `[]`."""
    parent = place.nodes[-2]
    index = place.steps[-1]
    if isinstance(parent, Mapping | Sequence) and parent.flow:
        return [_from_flow(document.text, parent, index)]
    members = _with_dashes(document.text, parent)
    if len(members) == 1:
        return _last_one(document, place, members[0])
    text = document.text
    start, end = members[index]
    if text[line_start(text, start) : start].strip(" "):
        # It begins behind the dash of an item: the next entry takes its place there.
        stop = line_stop(text, end)
        while text[stop : stop + 1] in {" ", "\t", "\r", "\n"}:
            stop += 1
        return [(start, stop, "")]
    floor = members[index - 1][1] if index else parent.inner
    return [(*_region(text, start, end, floor, first=not index), "")]


def _region(
    text: str, start: int, end: int, floor: int, *, first: bool, alone: bool = False
) -> tuple[int, int]:
    """Give the lines of an entry with the comment lines directly above it."""
    width = column(text, start)
    begin = line_start(text, start)
    bound = line_start(text, floor) if first else floor
    while begin > 0:
        above = line_start(text, begin - 1)
        line = text[above:begin]
        if line[width : width + 1] != "#" or line[:width].strip(" "):
            break
        if not first and above < bound:
            break
        begin = above
    stop = next_line(text, end)
    if stop == len(text) and not text.endswith("\n") and begin and not alone:
        begin -= 2 if text[:begin].endswith("\r\n") else 1
    return begin, stop


def _last_one(document: Document, place: Place, member: tuple[int, int]) -> list[Edit]:
    """Remove the only entry of a block collection."""
    text = document.text
    parent = place.nodes[-2]
    empty = "{}" if isinstance(parent, Mapping) else "[]"
    start, end = member
    above = place.nodes[-3] if len(place.nodes) > 2 else None
    begin, stop = _region(text, start, end, parent.inner, first=True, alone=above is None)
    if isinstance(above, Mapping):
        key = above.entries[place.steps[-2]][0]
        gap = after_key(text, key, parent)
        if begin < gap:  # behind an explicit key: `? key` and `: - item`
            return [(gap, line_stop(text, end), f" {empty}")]
        return [(gap, gap, f" {empty}"), (begin, stop, "")]
    if text[line_start(text, start) : start].strip(" ") or above is not None:
        return [(start, line_stop(text, end), empty)]
    line_break = document.line_break if text[begin:stop].endswith("\n") else ""
    return [(begin, stop, empty + line_break)]


def _from_flow(text: str, parent: Mapping | Sequence, index: int) -> Edit:
    members = spans(parent)
    start, end = members[index]
    if len(members) == 1:
        return (parent.inner + 1, parent.end - 1, "")
    if index == len(members) - 1:
        before = members[index - 1][1]
        between = text[before:start]
        if "#" in between:
            # A comment of the one before: it stays, and so does its comma.
            comment = before + between.rindex("#")
            stop = _own_end(text, end)
            begin = next_line(text, comment) if stop == end else line_stop(text, comment)
            return (begin, stop, "")
        return (before, end, "")
    following = members[index + 1][0]
    between = text[end:following]
    if "#" in between and "\n" in between:
        stop = next_line(text, end)
        while text[stop] in " \t\r\n":
            stop += 1
        return (start, stop, "")
    return (start, following, "")


def _own_end(text: str, end: int) -> int:
    """Give where an entry of a flow collection ends with its comma and comment."""
    stop = line_stop(text, end)
    tail = text[end:stop].lstrip(" \t")
    tail = tail[1:].lstrip(" \t") if tail[:1] == "," else tail
    return stop if not tail or tail[0] == "#" else end


def rename_edits(document: Document, place: Place, name: str) -> list[Edit]:
    """Write another name for a key, in its quotes."""
    del document
    parent = place.nodes[-2]
    key = parent.entries[place.steps[-1]][0] if isinstance(parent, Mapping) else None
    if not isinstance(key, Scalar) or key.style in BLOCK_STYLES:
        raise DocumentError("this key cannot be renamed", hint="gitseal edit")
    return [(key.inner, key.end, quoted(name, key.style))]


def source_of(document: Document, place: Place) -> Wanted:
    """
    Give a value with its bytes: the text on its key's line, then the other lines.

    Lines of a block collection are moved to column 0, others by the column of their parent.
    """
    text, node, parent = document.text, place.node, place.nodes[-2]
    value = to_python(node)
    piece = text[node.start : node.end]
    if "\n" not in piece and (not isinstance(node, Mapping | Sequence) or node.flow):
        return Wanted(value, raw=[piece])
    if isinstance(node, Mapping | Sequence) and not node.flow:
        width = column(text, node.inner)
        properties = text[node.start : node.inner].strip()
        lines = [" " * width + text[node.inner : line_stop(text, node.end)]]
        lines = "\n".join(lines).replace("\r\n", "\n").split("\n")
        return Wanted(value, raw=[properties, *(_dedented(line, width) for line in lines)])
    width = 0
    if isinstance(parent, Mapping):
        width = column(text, entry_start(text, parent.entries[place.steps[-1]][0])) + 2
    lines = piece.replace("\r\n", "\n").split("\n")
    return Wanted(value, raw=[lines[0], *(_dedented(line, width) for line in lines[1:])])


def _dedented(line: str, width: int) -> str:
    return line[min(width, len(line) - len(line.lstrip(" "))) :]
