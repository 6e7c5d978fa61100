# SPDX-License-Identifier: Apache-2.0
"""The tree of a YAML document, from the same events that sealing reads."""

from __future__ import annotations

from gitseal.documents._libyaml import engine
from gitseal.documents.base import header_cut
from gitseal.documents.nodes import Alias, Mapping, Node, Scalar, Sequence
from gitseal.documents.yaml_keys import CORE_TAG, core_type
from gitseal.documents.yaml_spans import BLOCK_STYLES, block_end, skip_properties
from gitseal.keypaths import LIST_SEGMENT, ROOT_PATH, below, key_segment, tagged_key_segment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from gitseal.documents.base import Document


def build(document: Document) -> Node:
    """Build the nodes of all documents of the stream; the header is left out."""
    text = document.text
    roots = _Builder(text).roots()
    cut = header_cut(document)
    if cut is not None:
        roots = _without_header(roots, document.header_span[0])
    if not roots:
        nothing = Scalar((len(text), len(text), len(text)), ROOT_PATH, "", "")
        nothing.kind = "null"
        return nothing
    roots[0].later = tuple(roots[1:])
    return roots[0]


def _without_header(roots: list[Node], start: int) -> list[Node]:
    """Take away what stands in the header: a document of its own, or the last entry."""
    roots = [root for root in roots if root.start < start]
    if roots and isinstance(roots[-1], Mapping):
        entries = roots[-1].entries
        entries[:] = [entry for entry in entries if entry[0].start < start]
    return roots


class _Builder:
    """One pass over the events of a text."""

    def __init__(self, text: str) -> None:
        used = engine()
        self.text = text
        self.next = used.new_parser(text).get_event
        self.kinds = used.events
        self.anchors: dict[str, Node | None] = {}

    def roots(self) -> list[Node]:
        roots: list[Node] = []
        while True:
            event = self.next()
            if event is None or isinstance(event, self.kinds.StreamEndEvent):
                return roots
            if isinstance(event, self.kinds.DocumentStartEvent):
                self.anchors = {}
                roots.append(self.node(self.next(), ROOT_PATH))

    def node(self, event: Any, path: bytes) -> Node:
        kinds, text = self.kinds, self.text
        start, end = event.start_mark.index, event.end_mark.index
        name = event.anchor
        if isinstance(event, kinds.AliasEvent):
            alias = Alias((start, start, end), path, name)
            alias.target = self.anchors.get(name)
            return alias
        inner = start
        if name is not None or event.tag is not None:
            limit = end if isinstance(event, kinds.ScalarEvent) else len(text)
            inner = skip_properties(text, event, limit)
        if name is not None:
            self.anchors[name] = None  # an alias inside its own anchor has no target
        node = self.content(event, (start, inner, end), path)
        node.tag, node.anchor = event.tag, name
        if name is not None:
            self.anchors[name] = node
        return node

    def content(self, event: Any, place: tuple[int, int, int], path: bytes) -> Node:
        if isinstance(event, self.kinds.ScalarEvent):
            return self.scalar(event, place, path)
        if isinstance(event, self.kinds.MappingStartEvent):
            mapping = Mapping(place, path, bool(event.flow_style))
            while True:
                event = self.next()
                if isinstance(event, self.kinds.MappingEndEvent):
                    self.end(mapping, event, [value for _key, value in mapping.entries])
                    return mapping
                key = self.node(event, path)
                mapping.entries.append((key, self.node(self.next(), _value_path(path, key))))
        sequence = Sequence(place, path, bool(event.flow_style))
        while True:
            event = self.next()
            if isinstance(event, self.kinds.SequenceEndEvent):
                self.end(sequence, event, sequence.items)
                return sequence
            sequence.items.append(self.node(event, below(path, LIST_SEGMENT)))

    def scalar(self, event: Any, place: tuple[int, int, int], path: bytes) -> Scalar:
        start, inner, end = place
        style = event.style or ""
        if style in BLOCK_STYLES:
            end = block_end(self.text, inner, end, event.value)
        scalar = Scalar((start, inner, end), path, event.value, style)
        if not style:
            typed = core_type(event.value)
            scalar.kind = typed[0] if typed else "str"
        return scalar

    def end(self, node: Mapping | Sequence, event: Any, children: list[Node]) -> None:
        """Block collections end with their last child; the parser's mark is at the next token."""
        if node.flow:
            node.end = event.end_mark.index
        elif children:
            node.end = children[-1].end


def _value_path(path: bytes, key: Node) -> bytes:
    if not isinstance(key, Scalar):
        return below(path, key_segment("?"))
    if key.kind != "str" and key.tag is None:
        return below(path, tagged_key_segment(CORE_TAG + key.kind, key.value))
    return below(path, key_segment(key.value))
