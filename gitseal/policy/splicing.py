# SPDX-License-Identifier: Apache-2.0
"""
Small changes to the text of `.gitseal.yaml`: one line comes, goes or changes, and no other byte.

Emitters move comments, quotes and blank lines.  Here the text is cut at the positions that the
parser reports, and `apply_edit` compares what the parser sees afterwards with what was meant.
"""

from __future__ import annotations

from gitseal.errors import PolicyError
from gitseal.policy.yamltree import Node, decode, parse_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

_PLAIN_START = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_/")
_PLAIN_CHARS = _PLAIN_START | frozenset("0123456789-.@+=:")
_READ_AS_OTHER = frozenset((
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf",
))  # fmt: skip


def quote(text: str) -> str:
    """Write a string so that every YAML reader takes it for one: plain if that is safe."""
    plain = (
        text[:1] in _PLAIN_START
        and _PLAIN_CHARS.issuperset(text)
        and ": " not in text
        and not text.endswith(":")
        and text.lower() not in _READ_AS_OTHER
    )
    if plain:
        return text
    import json

    return json.dumps(text, ensure_ascii=False)


def flow(value: Any, *, quoted: bool = False) -> str:
    """Write a value on one line; strings of lists in quotes, as in the examples."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quote(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item, quoted=quoted) for item in value) + "]"
    text = quote(value)
    if quoted and not text.startswith('"'):
        return f'"{text}"'
    return text


class Text:
    """The policy file as text with its tree; changes are collected and made at once."""

    __slots__ = ("_cuts", "line_break", "name", "root", "text")

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        self.line_break = "\r\n" if "\r\n" in text else "\n"
        root = parse_tree(text, name)
        if root is None or root.kind != "mapping" or root.flow:
            raise self.by_hand()
        self.root = root
        self._cuts: list[tuple[int, int, str]] = []

    def by_hand(self) -> PolicyError:
        """Give the error for a layout that is not touched automatically."""
        return PolicyError(
            "its layout is too unusual to be changed by a command",
            hint=f"change {self.name} by hand, then: gitseal apply",
            path=self.name,
        )

    def cut(self, start: int, end: int, replacement: str) -> None:
        """Plan to put `replacement` in place of a span."""
        self._cuts.append((start, end, replacement))

    def result(self) -> str:
        """Make the planned changes."""
        text = self.text
        for start, end, replacement in sorted(self._cuts, reverse=True):
            text = text[:start] + replacement + text[end:]
        return text

    def line_start(self, position: int) -> int:
        """Give where the line of a position begins."""
        return self.text.rfind("\n", 0, position) + 1

    def line_end(self, position: int) -> int:
        """Give where the next line begins, or the end of the text."""
        end = self.text.find("\n", position)
        return len(self.text) if end < 0 else end + 1

    def insert_lines(self, position: int, lines: Sequence[str]) -> None:
        """Plan to insert whole lines after the line of a position."""
        end = self.line_end(position)
        block = "".join(line + self.line_break for line in lines)
        if end and self.text[end - 1] != "\n":
            # The last line has no break: neither shall the new last one.
            block = self.line_break + block.removesuffix(self.line_break)
        self.cut(end, end, block)

    def insert_entry(self, mapping: Node, key: str, value: Sequence[str] | str) -> None:
        """Plan to add an entry at the end; `value` is one line, or lines to indent below it."""
        if mapping.flow:
            if not isinstance(value, str):
                raise self.by_hand()
            ends = [entry for _, entry in mapping.entries]
            self._insert_flow(mapping, ends, f"{quote(key)}: {value}")
            return
        margin = " " * mapping.column
        self.insert_lines(mapping.end, self._entry_lines(margin, key, value))

    def fill_empty(self, owner: Node, empty: Node, key: str, value: Sequence[str] | str) -> None:
        """Plan to put the first entry under the key `owner`, whose value is null or `{}`."""
        # `{}` or null goes, with the blank before it; what stands behind it stays.
        start = empty.start
        while empty.end > empty.start and self.text[start - 1] in " \t":
            start -= 1
        if empty.end > empty.start:
            self.cut(start, empty.end, "")
        margin = " " * (owner.column + self.step())
        self.insert_lines(empty.end, self._entry_lines(margin, key, value))

    def step(self) -> int:
        """Give by how many blanks this file indents."""
        for _, value in self.root.entries:
            if value.kind == "mapping" and not value.flow and value.column:
                return value.column
        return 2

    def _entry_lines(self, margin: str, key: str, value: Sequence[str] | str) -> list[str]:
        if isinstance(value, str):
            return [f"{margin}{quote(key)}: {value}"]
        inner = margin + " " * self.step()
        return [f"{margin}{quote(key)}:", *(inner + line for line in value)]

    def append_item(self, items: Node, value: str) -> None:
        """Plan to add a string at the end of a list, in quotes if its neighbours have them."""
        quoted = bool(items.items) and all(item.style in {'"', "'"} for item in items.items)
        text = flow(value, quoted=quoted or not items.items)
        if items.flow:
            self._insert_flow(items, items.items, text)
        else:
            self.insert_lines(items.end, [" " * items.column + "- " + text])

    def _insert_flow(self, collection: Node, items: Sequence[Node], text: str) -> None:
        close = collection.end - 1
        if not items:
            self.cut(collection.start + 1, close, text)
            return
        last = items[-1]
        comma = self._comma_after(last.end, close)
        if "\n" not in self.text[last.end : close]:
            self.cut(last.end, last.end, f", {text}")
            return
        # One item a line: the new one gets its own line, and the comma of its neighbours.
        begin = self.line_start(last.start)
        line = self.text[begin : last.start]
        margin = line[: len(line) - len(line.lstrip())]
        if comma < 0:
            self.cut(last.end, last.end, ",")
        self.insert_lines(last.end, [margin + text + ("," if comma >= 0 else "")])

    def _comma_after(self, position: int, end: int) -> int:
        """Give where a comma follows, comments left out, or -1."""
        while position < end and self.text[position] != ",":
            if self.text[position] == "#":
                position = self.line_end(position)
            else:
                position += 1
        return position if position < end else -1

    def remove_entry(self, owner: Node, mapping: Node, key: str) -> None:
        """Plan to take an entry out; `owner` is the key that the mapping belongs to."""
        nodes = [(name, value) for name, value in mapping.entries]
        index = next(i for i, (name, _) in enumerate(nodes) if name.text == key)
        spans = [(name.start, value.end) for name, value in nodes]
        self._remove(owner, mapping, spans, index, "{}")

    def remove_item(self, owner: Node, items: Node, index: int) -> None:
        """Plan to take an item out of a list; `owner` is the key that the list belongs to."""
        spans = [(item.start, item.end) for item in items.items]
        self._remove(owner, items, spans, index, "[]")

    def _remove(
        self, owner: Node, collection: Node, spans: list[tuple[int, int]], index: int, empty: str
    ) -> None:
        start, end = spans[index]
        if not collection.flow:
            if len(spans) == 1:
                self.cut(owner.end + 1, owner.end + 1, f" {empty}")
            self.cut(self.line_start(start), self.line_end(end), "")
        elif len(spans) == 1:
            self.cut(collection.start, collection.end, empty)
        elif self._alone(start, end):
            self.cut(self.line_start(start), self.line_end(end), "")
        elif index + 1 < len(spans):
            self.cut(start, spans[index + 1][0], "")
        else:
            self.cut(spans[index - 1][1], end, "")

    def _alone(self, start: int, end: int) -> bool:
        """Tell whether an item and its comma are all there is on its lines."""
        behind = self.text[end : self.line_end(end)].strip()
        has_comma = behind.startswith(",") and behind[1:].lstrip()[:1] in {"", "#"}
        return has_comma and not self.text[self.line_start(start) : start].strip()

    def replace(self, node: Node, text: str) -> None:
        """Plan to put other text in place of a scalar or of a list in brackets."""
        if node.kind != "text" and not node.flow:
            raise self.by_hand()
        lead = "" if node.end > node.start else " "
        self.cut(node.start, node.end, lead + text)


def apply_edit(
    data: bytes, name: str, edit: Callable[[Text], None], meant: Callable[[Any], None]
) -> bytes:
    """
    Change the policy file and prove that exactly the meant change happened.

    Args:
        data: the file; BOM and line breaks are kept.
        name: the file, for messages.
        edit: plans the change of the text.
        meant: makes the same change to the plain dict that the file stands for.

    Raises:
        PolicyError: the file is not YAML, or the parser reads something else afterwards.
    """
    original = decode(data, name)
    text = Text(original, name)
    edit(text)
    wanted = text.root.plain()
    meant(wanted)
    result = text.result()
    root = parse_tree(result, name)
    if root is None or root.plain() != wanted:
        raise text.by_hand()
    bom = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    return bom + result.encode("utf-8")
