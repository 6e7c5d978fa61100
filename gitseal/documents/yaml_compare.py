# SPDX-License-Identifier: Apache-2.0
"""Reading YAML only to compare it with events that are known: no paths, no values, no memory."""

from __future__ import annotations

from gitseal.documents import _libyaml
from gitseal.documents.base import sealed_text
from gitseal.documents.events import (
    DOCUMENT_END,
    LIST,
    LIST_END,
    MAPPING,
    MAPPING_END,
    PLAIN,
    QUOTED,
    SEALED,
    SHORT,
    event,
    scalar_event,
)
from gitseal.documents.yaml_events import collection_event, document_event, property_event
from gitseal.documents.yaml_header import HEADER_KEY
from gitseal.documents.yaml_spans import skip_properties
from gitseal.errors import NotADocumentError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any


class Sight:
    """
    Whether sealed values are met where they should be.

    Attributes:
        starts: where each of them should begin.
        astray: whether one did not.
        stop: where the first event begins that differs.
        wanted: indices of events whose surroundings are of interest.
        surroundings: (indent, flow) for each of those.
    """

    __slots__ = ("astray", "starts", "stop", "surroundings", "wanted")

    def __init__(self, starts: Iterator[int], wanted: set[int]) -> None:
        self.starts = starts
        self.astray = False
        self.stop = 0
        self.wanted = wanted
        self.surroundings: dict[int, tuple[int, bool]] = {}

    def note(self, text: str, item: Any, index: int, surroundings: tuple[int, bool]) -> None:
        """Look at a sealed value."""
        if skip_properties(text, item, item.end_mark.index) != next(self.starts, -1):
            self.astray = True
        if index in self.wanted:
            self.surroundings[index] = surroundings


def first_difference(text: str, expected: Iterable[bytes]) -> int:
    """
    Parse a text and compare its events with expected ones.

    Returns:
        index of the first event that differs, is missing or is one too many; -1 if none is.
    """
    engine = _libyaml.engine()
    try:
        return _follow(text, iter(expected), None, engine)
    except (engine.error, NotADocumentError, UnicodeEncodeError):
        return 0


def _follow(
    text: str, expected: Iterator[bytes], sight: Sight | None, engine: _libyaml.Engine
) -> int:
    scalar = engine.events.ScalarEvent
    fixed = _fixed_events(engine.events)
    stack: list[tuple[int, bool]] = []
    indent, flow = -1, False
    for index, item in enumerate(iter(engine.new_parser(text).get_event, None), -1):
        kind = type(item)
        if kind is scalar:
            value: str = item.value
            token = sealed_text(value) if "seal:v" in value else None
            if sight is not None and token is not None:
                sight.note(text, item, index, (indent, flow))
            if item.anchor is None and item.tag is None:
                beginnings = SEALED if token else QUOTED if item.style else PLAIN
                content = (token or value).encode()
                short = len(content) < SHORT
                found = beginnings[len(content)] + content if short else b""
                found = found or scalar_event(beginnings, content)
            else:
                found = property_event(item, b"!" if item.style else b"?", token)
        elif kind in fixed:
            found = fixed[kind]
            if found is MAPPING or found is LIST:
                stack.append((indent, flow))
                if sight is not None:
                    indent, flow = _surroundings(text, item, indent)
                if item.anchor is not None or item.tag is not None:
                    found = collection_event(item, b"M" if found is MAPPING else b"L")
            elif found is not DOCUMENT_END:
                indent, flow = stack.pop()
        elif (found := _rare_event(item, engine.events)) == b"":
            continue
        if found != next(expected, b""):
            if sight is not None:
                sight.stop = item.start_mark.index
            return index
    # The event of the stream's end, too, has an index.
    return -1 if next(expected, b"") == b"" else index


def _rare_event(item: Any, kinds: Any) -> bytes:
    """Give the event of an alias or of a document's start; nothing for those of the stream."""
    if isinstance(item, kinds.AliasEvent):
        return event(b"A", item.anchor.encode())
    return document_event(item) if isinstance(item, kinds.DocumentStartEvent) else b""


def _fixed_events(kinds: Any) -> dict[type, bytes]:
    return {
        kinds.MappingStartEvent: MAPPING,
        kinds.SequenceStartEvent: LIST,
        kinds.MappingEndEvent: MAPPING_END,
        kinds.SequenceEndEvent: LIST_END,
        kinds.DocumentEndEvent: DOCUMENT_END,
    }


def _surroundings(text: str, item: Any, indent: int) -> tuple[int, bool]:
    """Give what stands around the values of a collection: block column, and whether in flow."""
    if item.flow_style:
        return indent, True
    start: int = item.start_mark.index
    if item.anchor is not None or item.tag is not None:
        start = skip_properties(text, item, len(text))
    return start - text.rfind("\n", 0, start) - 1, False


def reads_back(
    text: str,
    events: Sequence[bytes],
    starts: Iterator[int],
    surroundings: dict[int, tuple[int, bool]],
) -> bool:
    """
    Tell whether a sealed text reads as promised, each sealed value where it was put.

    Then putting the slices back gives the clear text: the same spans are replaced, and no slice
    of several lines has to be shifted.

    Args:
        text: with its header.
        events: of the body.
        starts: where each sealed value begins.
        surroundings: (indent, flow) of the values of several lines, by event.
    """
    sight = Sight(starts, set(surroundings))
    engine = _libyaml.engine()
    try:
        difference = _follow(text, iter(events), sight, engine)
    except (engine.error, NotADocumentError, UnicodeEncodeError):
        return False
    # The header is the one thing more: an entry before the root's end, or a document.
    at_header = text.startswith((HEADER_KEY + ":", "---"), sight.stop)
    return (
        difference in {len(events) - 2, len(events)}
        and at_header
        and not sight.astray
        and next(starts, None) is None
        and sight.surroundings == surroundings
    )
