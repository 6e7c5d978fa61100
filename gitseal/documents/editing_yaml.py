# SPDX-License-Identifier: Apache-2.0
"""Setting values in YAML in the file's own indentation and quotes (see `editing`)."""

from __future__ import annotations

from gitseal.documents import quoting_yaml as quoting
from gitseal.documents.editing_kinds import Wanted, nested, stands_here
from gitseal.documents.editing_yaml_places import (
    after_key,
    column,
    entry_start,
    in_flow,
    line_start,
    line_stop,
    next_line,
)
from gitseal.documents.editing_yaml_removal import remove_edits, rename_edits, source_of
from gitseal.documents.nodes import Alias, Mapping, Scalar, Sequence, children, spans
from gitseal.documents.quoting import usual_quote
from gitseal.documents.yaml_spans import BLOCK_STYLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitseal.documents.base import Document, Edit
    from gitseal.documents.editing import Place
    from gitseal.documents.nodes import Node
    from gitseal.keypaths import TypedPath

__all__ = ["remove_edits", "rename_edits", "set_edits", "source_of"]


def set_edits(document: Document, place: Place, new: Wanted) -> list[Edit]:
    """Replace a value, or insert what the rest of the path names."""
    writer = _Writer(document, place, new)
    node = place.node
    if not place.rest:
        return writer.replace()
    if in_flow(place.nodes) and (not isinstance(node, Mapping | Sequence) or node.flow):
        return writer.into_flow()
    if isinstance(node, Mapping) and node.entries:
        start = entry_start(document.text, node.entries[0][0])
        return writer.below(node, column(document.text, start))
    if isinstance(node, Sequence) and node.items:
        return writer.below(node, column(document.text, node.inner))
    return writer.grow()


class _Writer:
    """
    One change.

    Attributes:
        step: columns of one level of indentation.
        offset: columns of the items of a list below the key that holds it.
        habit: the quote that most strings of the file have, or "".
    """

    def __init__(self, document: Document, place: Place, new: Wanted) -> None:
        self.text = document.text
        self.line_break = document.line_break
        self.place = place
        self.new = new
        self.step, self.offset = _indents(self.text, place.roots)
        self.habit = _habit(place.roots)

    def lines(self, rest: TypedPath) -> list[str]:
        """Write what a path names, in block style, as lines that begin at column 0."""
        if not rest:
            return self.value(self.habit)
        part, deeper = rest[0], rest[1:]
        below = self.lines(deeper)
        if isinstance(part, int):
            if self.is_block(deeper) and not deeper:
                below = below[1:]
            return [f"- {below[0]}", *quoting.indented(below[1:], 2)]
        key = self.key(part)
        if deeper:
            width = self.offset if isinstance(deeper[0], int) else self.step
            return [f"{key}:", *quoting.indented(below, width)]
        head = f" {below[0]}" if below[0] else ""
        listed = isinstance(self.new.value, list) and self.is_block(deeper)
        return [f"{key}:{head}", *quoting.indented(below[1:], self.offset if listed else self.step)]

    def is_block(self, rest: TypedPath) -> bool:
        """Tell whether the value itself is a collection in block style."""
        if rest:
            return False
        if self.new.raw is not None:
            return isinstance(self.new.value, dict | list) and self.new.raw[0][:1] in {"", "&", "!"}
        return isinstance(self.new.value, dict | list) and bool(self.new.value)

    def value(self, habit: str) -> list[str]:
        """Write the value in block context: what stands on the key's line, then more lines."""
        if self.new.raw is not None:
            return self.new.raw
        if self.new.literal is not None:
            return [self.new.literal]
        if isinstance(self.new.value, str):
            return quoting.string(self.new.value, habit)
        if isinstance(self.new.value, dict | list) and self.new.value:
            return ["", *quoting.lines(self.new.value, self.step)]
        return [quoting.flow(self.new.value)]

    def inline(self, habit: str) -> str:
        """Write the value on one line."""
        if self.new.raw is not None and len(self.new.raw) == 1:
            return self.new.raw[0]
        if self.new.literal is not None:
            return self.new.literal
        if isinstance(self.new.value, str):
            return quoting.quoted(self.new.value, habit)
        return quoting.flow(self.new.value)

    def key(self, name: str) -> str:
        """Write a key, in double quotes where its neighbours have them."""
        node = self.place.node
        keys = [key for key, _ in node.entries] if isinstance(node, Mapping) else []
        styles = [key.style for key in keys if isinstance(key, Scalar)]
        return quoting.quoted(name, '"' if styles and set(styles) == {'"'} else "")

    def replace(self) -> list[Edit]:
        """Put the new value in the old one's place."""
        node, text = self.place.node, self.text
        full = bool(spans(node))
        one_line = getattr(node, "flow", True) and isinstance(self.new.value, dict | list)
        if full and not one_line:
            raise stands_here(node)
        start = node.start if isinstance(node, Alias) else node.inner
        habit, old = self.habit, ""
        if isinstance(node, Scalar) and node.end > node.inner:
            old = node.value
            habit = node.style if node.style in {"'", '"'} else ""
            if node.style in BLOCK_STYLES:
                habit = self.habit
        lines = [self.inline(habit)]
        string = isinstance(self.new.value, str) and self.new.literal is None
        keeps = habit == '"' and "\n" in old and getattr(node, "style", "") == '"'
        if string and not keeps and not in_flow(self.place.nodes):
            lines = self.value(habit)
        head = lines[0]
        if start == node.end and text[start - 1 : start] not in {"", " ", "\t", "\n"}:
            head = f" {head}"
        if isinstance(node, Scalar) and node.style in BLOCK_STYLES:
            head += _header_comment(text, start)
        edits = [(start, node.end, head)]
        if len(lines) > 1:
            stop = line_stop(text, node.end)
            added = self.block(lines[1:], self.parent_column() + self.step)
            edits.append((stop, stop, added + self.final_break(stop)))
        return edits

    def parent_column(self) -> int:
        """Give the column of the collection that holds the target."""
        if len(self.place.nodes) < 2:
            return 0
        parent = self.place.nodes[-2]
        if isinstance(parent, Mapping):
            key = parent.entries[self.place.steps[-1]][0]
            return column(self.text, entry_start(self.text, key))
        return column(self.text, parent.inner)

    def block(self, lines: list[str], width: int) -> str:
        """Write lines behind the end of a line."""
        return "".join(self.line_break + line for line in quoting.indented(lines, width))

    def below(self, node: Node, width: int) -> list[Edit]:
        """Insert behind the last line of a block collection."""
        lines = self.lines(self.place.rest)
        stop = _behind_comments(self.text, line_stop(self.text, node.end), width)
        edits = [(stop, stop, self.block(lines, width) + self.final_break(stop))]
        if stop == len(self.text):
            edits += _end_of_block(_last(node))
        return edits

    def final_break(self, stop: int) -> str:
        """Give the line break that a literal needs at the end of a text that has none."""
        value = self.new.value
        if stop == len(self.text) and isinstance(value, str) and value.endswith("\n"):
            return self.line_break if quoting.literal(value) else ""
        return ""

    def grow(self) -> list[Edit]:
        """Turn nothing - an empty value, null, `{}` or `[]` - into a block collection."""
        place, text, node = self.place, self.text, self.place.node
        lines = self.lines(place.rest)
        parent = place.nodes[-2] if len(place.nodes) > 1 else None
        if isinstance(parent, Mapping):
            key = parent.entries[place.steps[-1]][0]
            width = column(text, entry_start(text, key))
            width += self.offset if isinstance(place.rest[0], int) else self.step
            stop = line_stop(text, node.end)
            gap = after_key(text, key, node)
            added = self.block(lines, width) + self.final_break(stop)
            return [(gap, node.end, ""), (stop, stop, added)]
        if node.end == node.inner and parent is None:
            return [self.at_the_end(lines)]
        width = column(text, node.inner)
        head = lines[0]
        if node.inner == node.end:
            head, width = f" {head}", width + 1
        return [(node.inner, node.end, head + self.block(lines[1:], width))]

    def at_the_end(self, lines: list[str]) -> Edit:
        """Write the first entry of a file that has none."""
        text, line_break = self.text, self.line_break
        before = "" if not text or text.endswith("\n") else line_break
        last = text[line_start(text, len(text.rstrip("\r\n"))) :]
        if last.startswith("#") and (before or last.count("\n") == 1):
            before += line_break  # else the comment would be this key's
        return (len(text), len(text), before + "".join(line + line_break for line in lines))

    def into_flow(self) -> list[Edit]:
        """Insert into a flow collection, or turn a null of one into a collection."""
        place, text, node = self.place, self.text, self.place.node
        if not isinstance(node, Mapping | Sequence):
            head = quoting.flow(nested(place.rest, self.new.value))
            bare = node.inner == node.end and text[node.inner - 1] not in " \t\n"
            space = " " if bare else ""
            return [(node.inner, node.end, space + head)]
        member = self.inline(self.habit)
        if place.rest[1:]:
            member = quoting.flow(nested(place.rest[1:], self.new.value))
        if isinstance(node, Mapping):
            member = f"{self.key(str(place.rest[0]))}: {member}"
        members = spans(node)
        if not members:
            if not in_flow(place.nodes[:-1]) and not place.nodes[:-1]:
                return self.grow()
            return [(node.inner + 1, node.end - 1, member)]
        start, end = members[-1]
        before = text.rfind("\n", node.inner, start)
        gap = " "
        if before >= 0:
            line = text[line_start(text, start) : start]
            gap = self.line_break + line[: len(line) - len(line.lstrip(" \t"))]
        tail = text[end : node.end - 1]
        if tail.lstrip(" \t").startswith(","):
            end += tail.index(",") + 1
            return [(end, end, f"{gap}{member},")]
        return [(end, end, f",{gap}{member}")]


def _behind_comments(text: str, stop: int, width: int) -> int:
    """
    Go on over comment lines that stand deeper than a new entry would.

    They are about what is above, and a literal block would swallow them.
    """
    position = next_line(text, stop)
    while position < len(text):
        end = line_stop(text, position)
        line = text[position:end].lstrip(" ")
        if line and (line[0] != "#" or end - position - len(line) <= width):
            break
        if line:
            stop = end
        position = next_line(text, position)
    return stop


def _last(node: Node) -> Node:
    """Give the last single value inside a collection."""
    while below := children(node):
        node = below[-1]
    return node


def _end_of_block(node: Node) -> list[Edit]:
    """
    Keep the value of a block scalar that ended with the text, before more text follows.

    Without a line break at its end it has none in its value, which `-` says from now on.
    """
    if isinstance(node, Scalar) and node.style in BLOCK_STYLES and not node.value.endswith("\n"):
        return [(node.inner + 1, node.inner + 1, "-")]
    return []


def _header_comment(text: str, start: int) -> str:
    """Give the comment behind the header of a block scalar, with a blank before it."""
    header = text[start : line_stop(text, start)]
    _indicator, sign, comment = header.partition(" #")
    return f" #{comment}" if sign else ""


def _walk(nodes: list[Node]) -> Iterator[tuple[Node, Node | None]]:
    """Give each node with the key that holds it."""
    stack: list[tuple[Node, Node | None]] = [(node, None) for node in reversed(nodes)]
    while stack:
        node, key = stack.pop()
        yield node, key
        if isinstance(node, Mapping):
            stack += [(value, one) for one, value in reversed(node.entries)]
        elif isinstance(node, Sequence):
            stack += [(item, None) for item in reversed(node.items)]


def _indents(text: str, roots: list[Node]) -> tuple[int, int]:
    """Give the file's indentation of mappings below keys, and of lists below keys."""
    step = offset = 0
    for node, key in _walk(roots):
        if key is None or getattr(node, "flow", True) or node.inner == node.end:
            continue
        width = column(text, node.inner) - column(text, key.start)
        if isinstance(node, Mapping):
            step = step or width
        elif isinstance(node, Sequence):
            offset = offset or width + 1  # 0 is an answer too
        if step and offset:
            break
    step = step if 0 < step <= 8 else (offset - 1 if 1 < offset <= 9 else 2)
    return step, offset - 1 if offset else step


def _habit(roots: list[Node]) -> str:
    """Give the quote that most of the strings among the values have."""
    styles = [
        node.style
        for node, _key in _walk(roots)
        if isinstance(node, Scalar) and node.kind == "str" and node.style in {"", "'", '"'}
    ]
    return usual_quote(styles)
