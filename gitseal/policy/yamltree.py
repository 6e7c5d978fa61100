# SPDX-License-Identifier: Apache-2.0
"""
`.gitseal.yaml` as a tree of strings with positions: nothing is turned into dates, numbers or bools.

Built from parser events, so that `on`, `1.10` and `2024-01-01` stay what was typed, duplicate keys
are seen, and every fault has a line.  Anchors, aliases, tags and merge keys are refused: a file
that decides who may read must say it in one place.
"""

from __future__ import annotations

from gitseal.errors import PolicyError, hush

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_FILE = 1024 * 1024
MAX_DEPTH = 8

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_FOREIGN_BREAKS = "\x00\x85\u2028\u2029\ufeff"


class Node:
    """
    One value of the policy file.

    Attributes:
        kind: "text", "mapping" or "list".
        text: the decoded scalar; "" for collections.
        style: "" for a plain scalar, else its quote or block sign.
        entries: (key, value) of a mapping, in order.
        items: values of a list, in order.
        flow: whether a collection stands in brackets.
        start, end: span in the text, in characters; of a block collection to its last value.
        line, column: of the start; the line is 1-based, the column 0-based.
    """

    __slots__ = (
        "column",
        "end",
        "entries",
        "flow",
        "items",
        "kind",
        "line",
        "start",
        "style",
        "text",
    )

    def __init__(self, kind: str, mark: Any, end: int) -> None:
        self.kind = kind
        self.text = ""
        self.style = ""
        self.entries: list[tuple[Node, Node]] = []
        self.items: list[Node] = []
        self.flow = False
        self.start: int = mark.index
        self.line: int = mark.line + 1
        self.column: int = mark.column
        self.end = end

    @property
    def empty(self) -> bool:
        """Whether nothing was written, or null."""
        return self.kind == "text" and not self.style and self.text in _NULLS

    def find(self, key: str) -> tuple[Node, Node] | None:
        """Give the entry of a mapping, or None."""
        return next((entry for entry in self.entries if entry[0].text == key), None)

    def plain(self) -> object:
        """Give it as dict, list, str or None, to compare."""
        if self.kind == "mapping":
            return {key.text: value.plain() for key, value in self.entries}
        if self.kind == "list":
            return [item.plain() for item in self.items]
        return None if self.empty else self.text


def decode(data: bytes, name: str) -> str:
    """
    Decode the policy file; a BOM is left out.

    Raises:
        PolicyError: too large, not UTF-8, or with line breaks that parsers disagree about.
    """
    if len(data) > MAX_FILE:
        raise PolicyError("larger than 1 MiB", path=name)
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        hush(error)
        raise PolicyError("not UTF-8", path=f"{name}:{line}") from None
    bare = text.replace("\r\n", "\n")
    for char in _FOREIGN_BREAKS + "\r":
        if char in bare:
            line = bare.count("\n", 0, bare.index(char)) + 1
            raise PolicyError(f"holds the character U+{ord(char):04X}", path=f"{name}:{line}")
    return text


def parse_tree(text: str, name: str) -> Node | None:
    """
    Parse one YAML document into nodes; None where it is empty.

    Raises:
        PolicyError: not YAML, or more than a policy file may hold; `path` says the line.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _Builder(text, name)
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        _refuse_conflict(text, name)
        mark = error.problem_mark or error.context_mark
        where = f"{name}:{mark.line + 1}" if mark else name
        raise PolicyError(f"not YAML: {error.problem or error.context}", path=where) from None
    except yaml.YAMLError:
        raise PolicyError("not YAML: a character that YAML does not allow", path=name) from None
    return builder.root


def _refuse_conflict(text: str, name: str) -> None:
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("<<<<<<< "):
            raise PolicyError(
                "has conflict markers",
                hint="gitseal apply merges both sides; or take the markers out by hand first",
                path=f"{name}:{number}",
            ) from None


class _Builder:
    """Takes parser events one by one and refuses what a policy file has no use for."""

    __slots__ = ("_keys", "_name", "_open", "_text", "root")

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name
        self._open: list[Node] = []
        self._keys: list[Node | None] = []  # the key that waits for its value, per open mapping
        self.root: Node | None = None

    def take(self, event: Any) -> None:
        kind = type(event).__name__
        if kind == "AliasEvent" or getattr(event, "anchor", None) is not None:
            self._refuse(event, "anchors and aliases are not allowed here", "use a group instead")
        if kind == "ScalarEvent":
            self._scalar(event)
        elif kind in {"MappingStartEvent", "SequenceStartEvent"}:
            self._begin(event, "mapping" if kind == "MappingStartEvent" else "list")
        elif kind in {"MappingEndEvent", "SequenceEndEvent"}:
            self._finish(event)
        elif kind == "DocumentStartEvent" and self.root is not None:
            self._refuse(event, "only one document may stand here")

    def _scalar(self, event: Any) -> None:
        if event.tag is not None:
            self._refuse(event, "tags are not allowed here")
        start: int = event.start_mark.index
        # The parser ends a block scalar behind the blank lines that follow it.
        end = start + len(self._text[start : event.end_mark.index].rstrip())
        node = Node("text", event.start_mark, end)
        node.text = event.value
        node.style = event.style or ""
        self._place(node, event)

    def _begin(self, event: Any, kind: str) -> None:
        if event.tag is not None:
            self._refuse(event, "tags are not allowed here")
        if len(self._open) >= MAX_DEPTH:
            self._refuse(event, "nested too deeply")
        node = Node(kind, event.start_mark, event.end_mark.index)
        node.flow = bool(event.flow_style)
        self._place(node, event)
        self._open.append(node)
        self._keys.append(None)

    def _finish(self, event: Any) -> None:
        node = self._open.pop()
        self._keys.pop()
        if node.flow:
            node.end = event.end_mark.index
            return
        # The parser ends a block collection behind the comments that follow it.
        last = node.items[-1] if node.items else node.entries[-1][1]
        node.end = last.end

    def _place(self, node: Node, event: Any) -> None:
        if not self._open:
            self.root = node
            return
        parent = self._open[-1]
        if parent.kind == "list":
            parent.items.append(node)
            return
        key = self._keys[-1]
        if key is not None:
            parent.entries.append((key, node))
            self._keys[-1] = None
            return
        if node.kind != "text" or node.empty:
            self._refuse(event, "a key is a name")
        if parent.find(node.text):
            self._refuse(event, f"{node.text!r} stands here twice")
        self._keys[-1] = node

    def _refuse(self, event: Any, reason: str, hint: str | None = None) -> None:
        raise PolicyError(reason, hint=hint, path=f"{self._name}:{event.start_mark.line + 1}")
