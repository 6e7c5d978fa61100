# SPDX-License-Identifier: Apache-2.0
"""Lines and columns of YAML nodes, as edits need them (see `editing`)."""

from __future__ import annotations

from gitseal.documents.nodes import spans

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.documents.nodes import Node


def line_start(text: str, index: int) -> int:
    """Give where the line of a position begins."""
    return text.rfind("\n", 0, index) + 1


def line_stop(text: str, index: int) -> int:
    """Give where the line of a position ends, without its break."""
    stop = text.find("\n", index)
    if stop < 0:
        return len(text)
    return stop - 1 if stop > index and text[stop - 1] == "\r" else stop


def next_line(text: str, index: int) -> int:
    """Give where the line behind the one of a position begins, or the end of the text."""
    stop = text.find("\n", index)
    return len(text) if stop < 0 else stop + 1


def column(text: str, index: int) -> int:
    """Give the column of a position, counted from 0."""
    return index - line_start(text, index)


def entry_start(text: str, key: Node) -> int:
    """Give where an entry of a block mapping begins: at its key, or at the `?` before it."""
    line = text[line_start(text, key.start) : key.start]
    before = line.rstrip(" ")
    if before != line and before.endswith("?") and before[-2:-1] in {"", " "}:
        return key.start - len(line) + len(before) - 1
    return key.start


def in_flow(nodes: list[Node]) -> bool:
    """Tell whether the last of nested nodes stands inside a flow collection."""
    return any(getattr(node, "flow", False) for node in nodes[:-1]) or bool(
        nodes and getattr(nodes[-1], "flow", False) and spans(nodes[-1])
    )


def after_key(text: str, key: Node, node: Node) -> int:
    """Give the position behind the colon of a key, or behind the properties of its value."""
    if node.inner > node.start:
        first = text[node.start : node.inner].partition("\n")[0].partition(" #")[0]
        return node.start + len(first.rstrip())
    return text.index(":", key.end) + 1
