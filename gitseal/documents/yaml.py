# SPDX-License-Identifier: Apache-2.0
"""
YAML: one loop over the events of PyYAML's parser (format 4, 6, 9, 11).

The parser gives exact positions of every scalar, so the text itself is never written anew.
What YAML 1.1 (libyaml) and 1.2 parsers read differently is refused: a value that one of them
takes for a key or a comment would stay readable.
"""

from __future__ import annotations

from itertools import islice

from gitseal.crypto.encoding import le64
from gitseal.documents import _libyaml, yaml_compare
from gitseal.documents.base import (
    MAX_DEPTH,
    MAX_EVENTS,
    MAX_KEY,
    Document,
    check_values,
    locate,
    refusal,
    sealed_text,
)
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
from gitseal.documents.yaml_header import HEADER_KEY, Mark, Part, attach_header, take_header
from gitseal.documents.yaml_keys import key_parts
from gitseal.documents.yaml_spans import (
    BLOCK_STYLES,
    block_end,
    check_name_end,
    find_comments,
    skip_properties,
)
from gitseal.errors import LimitError, NotADocumentError, hush
from gitseal.keypaths import LIST_PART, ROOT_PATH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from gitseal.documents.base import Edit, Piece, Slot
    from gitseal.documents.yaml_keys import KeyParts

__all__ = ["attach_header", "fit", "parse", "quote_token", "reads_back", "restore"]

_HEADS = [le64(count) for count in range(MAX_DEPTH + 2)]
_REMEMBERED_KEYS = 4096
_WHOLE_FILE = "templates are no YAML: list the file under `whole` in .gitseal.yaml"


def parse(text: str, *, bom: bool = False) -> Document:
    """
    Parse YAML.

    Raises:
        NotADocumentError: names line, column and reason, never content.
        LimitError: deeper or larger than format 11 allows.
    """
    document = Document("yaml", text, bom=bom)
    engine = _libyaml.engine()
    try:
        scan = _Scan(document)
        _run(scan, engine)
    except engine.error as error:
        raise _not_yaml(text, error, in_c=engine.in_c) from None
    except NotADocumentError as error:
        error.hint = error.hint or _template_hint(text)
        raise
    except UnicodeEncodeError as error:
        hush(error)
        raise NotADocumentError("a key or a value holds half a surrogate pair") from None
    check_values(document)
    if scan.marks:
        take_header(document, scan.parts, scan.marks, parse)
    document.layout = scan.parts
    if "#" in text:
        find_comments(document, scan.hashes)
    return document


class _Scan:
    """What the loop hands to the rarer cases: one object a document, none a value."""

    __slots__ = ("anchors", "document", "hashes", "keys", "marks", "open_aliases", "parts")

    def __init__(self, document: Document) -> None:
        self.document = document
        self.parts: list[Part] = []
        self.marks: list[Mark] = []
        self.hashes: list[tuple[int, int]] = []
        self.anchors: dict[str, list[int]] = {}
        self.open_aliases: list[tuple[bytes, str, int, list[int]]] = []
        self.keys: dict[str, KeyParts] = {}


def _run(scan: _Scan, engine: _libyaml.Engine) -> None:
    """
    Turn parser events into encoded events, slots and the rest.

    One loop with local names and plain tuples: it costs as much as everything else together,
    and each call or object a value would add a tenth to it.

    Raises:
        NotADocumentError: what libyaml takes, but other parsers read otherwise.
        LimitError: deeper or longer than format 11 allows.
    """
    document, text = scan.document, scan.document.text
    events = engine.events
    scalar, alias = events.ScalarEvent, events.AliasEvent
    mapping_start, list_start = events.MappingStartEvent, events.SequenceStartEvent
    collection_ends = (events.MappingEndEvent, events.SequenceEndEvent)
    add, add_slot = document.events.append, document.slots.append
    known, has_hash = scan.keys.get, "#" in text
    stack: list[tuple[Any, ...]] = []
    keys: Any = None
    want_key = flow = False
    indent = -1
    prefix = b""
    path = ROOT_PATH
    stream = islice(iter(engine.new_parser(text).get_event, None), MAX_EVENTS + 3)
    for index, item in enumerate(stream, -1):
        kind = type(item)
        if kind is scalar:
            value: str = item.value
            if want_key:
                want_key = False
                parts = None
                if not item.style and item.anchor is None and item.tag is None:
                    parts = known(value)
                if parts is None or flow:
                    before = len(keys) if len(stack) == 1 else -1
                    parts = _key(scan, item, index, flow=flow, before=before)
                if has_hash and "#" in value:
                    scan.hashes.append((item.start_mark.index, item.end_mark.index))
                if parts[2] in keys:
                    raise refusal(text, item.start_mark.index, "a key stands twice in one mapping")
                keys.add(parts[2])
                add(parts[0])
                path = prefix + parts[1]
                continue
            if keys is not None:
                want_key = True
            start: int = item.start_mark.index
            end: int = item.end_mark.index
            style: str = item.style or ""
            if item.anchor is not None or item.tag is not None:
                _with_properties(scan, item, (path, index, indent, flow))
                continue
            if start == end:
                document.empties.append(path)
                add(PLAIN[0])
                continue
            if "seal:v" in value and (token := sealed_text(value)) is not None:
                if style in BLOCK_STYLES:
                    end = block_end(text, start, end, value)
                content = token.encode()
                size = len(content)
                add(SEALED[size] + content if size < SHORT else scalar_event(SEALED, content))
                document.sealed.append((start, end, path, index, style, indent, flow, token))
                continue
            content = value.encode()
            size = len(content)
            if style:
                if style in BLOCK_STYLES:
                    end = block_end(text, start, end, value)
                add(QUOTED[size] + content if size < SHORT else scalar_event(QUOTED, content))
            else:
                add(PLAIN[size] + content if size < SHORT else scalar_event(PLAIN, content))
            add_slot((start, end, path, index, style, indent, flow, value))
        elif kind is mapping_start or kind is list_start:
            if want_key:
                raise refusal(text, item.start_mark.index, "a key is a mapping or a list")
            record = None
            start = item.start_mark.index
            if item.anchor is not None or item.tag is not None:
                start, record = _collection_with_properties(scan, item, index, mapping_start)
            else:
                add(MAPPING if kind is mapping_start else LIST)
            stack.append((keys, prefix, path, indent, flow, index, record))
            depth = len(stack)
            if depth > MAX_DEPTH:
                raise _too_deep(text, start)
            if item.flow_style:
                flow = True
            else:
                indent = start - text.rfind("\n", 0, start) - 1
            if depth == 1:
                scan.parts[-1].open_root(indent, mapping=kind is mapping_start, flow=flow)
            if kind is mapping_start:
                prefix = _HEADS[depth] + path[8:]
                keys, want_key = set(), True
            else:
                path = _HEADS[depth] + path[8:] + LIST_PART
                keys, want_key = None, False
        elif kind in collection_ends:
            add(MAPPING_END if keys is not None else LIST_END)
            if len(stack) == 1:
                scan.parts[-1].keys = len(keys or ())
            keys, prefix, path, indent, flow, first, record = stack.pop()
            want_key = keys is not None
            if first == index - 1:
                document.empties.append(path)
            if record is not None:
                record[1] = index + 1
        elif kind is alias:
            if want_key:
                raise refusal(text, item.start_mark.index, "a key is an alias")
            want_key = keys is not None
            _alias(scan, item, path, index)
        else:
            path = ROOT_PATH
            _frame(scan, item, index, engine)
    if index > MAX_EVENTS:
        raise LimitError("the document has more than a million keys, values and collections")
    document.aliases = [
        (path, name, at, target[0], target[1]) for path, name, at, target in scan.open_aliases
    ]


def _key(scan: _Scan, item: Any, index: int, *, flow: bool, before: int) -> KeyParts:
    """Give the parts of a key the loop has not met before, or must look at more closely."""
    document = scan.document
    start: int = item.start_mark.index
    value: str = item.value
    if flow and document.text[start - 1 : start] == "?":
        # libyaml reads `[?x]` as a mapping with the key x, YAML 1.2 as the string "?x".
        raise refusal(document.text, start - 1, "a '?' directly before a word in flow style")
    if len(value) > MAX_KEY:
        raise refusal(document.text, start, f"a key has more than {MAX_KEY} characters")
    if item.anchor is not None:
        skip_properties(document.text, item, item.end_mark.index)
        _anchored(scan, item.anchor, index)
    parts = key_parts(value, item.style, item.anchor, item.tag)
    if before >= 0 and value == HEADER_KEY:
        part = len(scan.parts) - 1
        scan.marks.append(Mark(document, index, start, part=part, before=before))
    elif (
        value != HEADER_KEY
        and not item.style
        and item.anchor is None
        and item.tag is None
        and len(scan.keys) < _REMEMBERED_KEYS
    ):
        scan.keys[value] = parts
    return parts


def _anchored(scan: _Scan, name: str, index: int) -> list[int]:
    record = scan.anchors[name] = [index, index + 1]
    return record


def _with_properties(scan: _Scan, item: Any, place: tuple[bytes, int, int, bool]) -> None:
    """Add a value with an anchor or a tag."""
    document = scan.document
    text, value = document.text, item.value
    path, index, indent, flow = place
    end: int = item.end_mark.index
    start = skip_properties(text, item, end)
    style: str = item.style or ""
    if item.anchor is not None:
        _anchored(scan, item.anchor, index)
    token = sealed_text(value)
    if style in BLOCK_STYLES:
        end = block_end(text, start, end, value)
    document.events.append(property_event(item, b"!" if style else b"?", token))
    if start == end:
        document.empties.append(path)
    elif token is not None:
        document.sealed.append((start, end, path, index, style, indent, flow, token))
    else:
        document.slots.append((start, end, path, index, style, indent, flow, value))


def _collection_with_properties(
    scan: _Scan, item: Any, index: int, mapping_start: type
) -> tuple[int, list[int] | None]:
    """Add a collection with an anchor or a tag; give where it starts, and its anchor's record."""
    document = scan.document
    document.events.append(collection_event(item, b"M" if type(item) is mapping_start else b"L"))
    start = skip_properties(document.text, item, len(document.text))
    return start, None if item.anchor is None else _anchored(scan, item.anchor, index)


def _alias(scan: _Scan, item: Any, path: bytes, index: int) -> None:
    text = scan.document.text
    check_name_end(text, item.end_mark.index)
    name: str = item.anchor
    record = scan.anchors.get(name)
    if record is None:
        raise refusal(text, item.start_mark.index, "an alias names no anchor before it")
    scan.document.events.append(event(b"A", name.encode()))
    scan.open_aliases.append((path, name, index, record))


def _frame(scan: _Scan, item: Any, index: int, engine: _libyaml.Engine) -> None:
    """Note where documents begin and end; streams need nothing."""
    if isinstance(item, engine.events.DocumentStartEvent):
        scan.document.events.append(document_event(item))
        directives = item.version is not None or bool(item.tags)
        start = item.start_mark.index
        scan.parts.append(Part(index, start, explicit=item.explicit, directives=directives))
        scan.anchors = {}
    elif isinstance(item, engine.events.DocumentEndEvent):
        scan.document.events.append(DOCUMENT_END)
        scan.parts[-1].close(item.end_mark.index, explicit=item.explicit)


def _too_deep(text: str, start: int) -> LimitError:
    line, column = locate(text, start)
    return LimitError(
        f"line {line}, column {column}: collections are nested more than {MAX_DEPTH} deep"
    )


def _not_yaml(text: str, error: Any, *, in_c: bool) -> NotADocumentError:
    """Say what the parser says; libyaml's reasons are constants, the other one quotes text."""
    hint = _template_hint(text)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        position = getattr(error, "position", 0)
        if in_c:  # it counts bytes
            position = len(text.encode()[:position].decode("utf-8", "ignore"))
        return refusal(text, position, "a control character that YAML does not allow", hint=hint)
    reason = str(error.problem or error.context) if in_c else "the grammar does not allow this here"
    begun = getattr(error, "context_mark", None)
    if begun is not None and str(error.context).startswith("while scanning a quoted scalar"):
        # Where the quote was opened helps; where the file ended does not.
        mark, reason = begun, "this quote is not closed, or closed too late"
    return NotADocumentError(
        f"not YAML: {reason}", line=mark.line + 1, column=mark.column + 1, hint=hint
    )


def _template_hint(text: str) -> str | None:
    return _WHOLE_FILE if "{{" in text or "{%" in text or "<%" in text else None


def quote_token(_slot: Slot, token: str) -> str:
    """Give the token in double quotes, whatever the value was written like."""
    return f'"{token}"'


def fit(document: Document, slot: Slot, piece: Piece) -> list[Edit]:
    """Give the edits that put a slice of several lines where its sealed value stands now."""
    from gitseal.documents import yaml_refit

    return yaml_refit.fit(document, slot, piece)


def restore(document: Document, pieces: Sequence[Piece], comments: Sequence[str]) -> Document:
    """Put slices back, re-fitted where their surroundings changed, and compare."""
    from gitseal.documents import yaml_refit

    return yaml_refit.restore(document, pieces, comments, parse)


def reads_back(
    document: Document,
    text: str,
    events: Sequence[bytes],
    slots: Sequence[Slot],
    edits: Iterable[Edit],
) -> bool:
    """Tell whether sealed text reads as promised; False may mean that one has to look closer."""
    clear = document.text
    several = {slot[3]: (slot[5], slot[6]) for slot in slots if "\n" in clear[slot[0] : slot[1]]}
    return yaml_compare.reads_back(text, events, _new_starts(slots, edits), several)


def _new_starts(slots: Sequence[Slot], edits: Iterable[Edit]) -> Iterator[int]:
    """Give where the values begin after the edits; comments and a header stand between them."""
    moved = 0
    rest = iter(slots)
    slot = next(rest, None)
    for start, end, replacement in edits:
        if slot is not None and start == slot[0]:
            yield start + moved
            slot = next(rest, None)
        moved += len(replacement) - (end - start)
