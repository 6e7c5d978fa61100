# SPDX-License-Identifier: Apache-2.0
"""The header in YAML: the last entry of the root mapping, or a last document (format 5)."""

from __future__ import annotations

from gitseal.documents import _libyaml
from gitseal.documents.base import NOTE, UNREADABLE, header_cut, refusal, splice
from gitseal.documents.events import DOCUMENT_END, MAPPING_END
from gitseal.documents.yaml_keys import core_type
from gitseal.documents.yaml_spans import BLOCK_STYLES, block_end
from gitseal.errors import LimitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from gitseal.documents.base import Document

HEADER_KEY = "gitseal"
_MOST = 1 << 20
_NEEDED = frozenset(("v", "scope"))
_BRACKETS = frozenset(("]", "}"))


class Part:
    """
    One document of a YAML stream.

    Attributes:
        event: index of its first event.
        start, end: where its marks begin and end; `end` of an implicit end is that of the text
            or of the blank and comment lines behind it.
        mapping, flow, column, keys: what its root collection is.
        explicit_start, explicit_end: whether `---` and `...` stand there.
        directives: whether `%` lines stand before it.
    """

    __slots__ = (
        "column", "directives", "end", "event", "explicit_end", "explicit_start", "flow", "keys",
        "mapping", "start",
    )  # fmt: skip

    def __init__(self, event: int, start: int, *, explicit: bool, directives: bool) -> None:
        self.event = event
        self.start = start
        self.explicit_start = explicit
        self.directives = directives
        self.mapping = self.flow = self.explicit_end = False
        self.column = self.keys = 0
        self.end = start

    def open_root(self, column: int, *, mapping: bool, flow: bool) -> None:
        """Note what the root collection is."""
        self.mapping, self.column, self.flow = mapping, column, flow

    def close(self, end: int, *, explicit: bool) -> None:
        """Note where the document ends, and whether `...` says so."""
        self.end, self.explicit_end = end, explicit

    def takes_entry(self) -> bool:
        """Tell whether an entry can be added to the root at the end of the text."""
        return self.mapping and not self.flow and self.column == 0 and not self.explicit_end


class Mark:
    """A root key `gitseal`, and how much the document held before it."""

    __slots__ = ("before", "empties", "event", "part", "sealed", "slots", "start")

    def __init__(
        self, document: Document, event: int, start: int, *, part: int, before: int
    ) -> None:
        self.event = event
        self.start = start
        self.part = part
        self.before = before
        self.slots = len(document.slots)
        self.sealed = len(document.sealed)
        self.empties = len(document.empties)


def take_header(
    document: Document,
    parts: list[Part],
    marks: Sequence[Mark],
    parse: Callable[[str], Document],
) -> None:
    """
    Move what stands below a root key `gitseal` from the body into the header.

    Raises:
        NotADocumentError: it is no header, not at the end, or there are two.
    """
    mark, part = marks[0], parts[marks[0].part]
    text = document.text
    if len(marks) > 1:
        raise refusal(text, marks[1].start, "there are two headers (root keys 'gitseal')")
    _check_place(text, parts, mark)
    line = text.rfind("\n", 0, mark.start) + 1
    if part.end - line > _MOST:
        raise LimitError("the header is larger than 1 MiB")
    found = _read(text, line, part.end)
    if found is None or not _NEEDED.issubset(name for name, _ in found[0]):
        raise refusal(
            text,
            mark.start,
            "the root key 'gitseal' is not a header of gitseal",
            hint="that name is reserved in sealed files; choose another one",
        )
    document.header, end = found
    start = part.start if part.keys == 1 and part.explicit_start else line
    document.header_span = (_with_note(text, start), _line_end(text, part, end))
    last_value = document.slots[mark.slots - 1] if mark.slots else None
    _take_off(document, parts, mark)
    cut = header_cut(document)
    if cut and cut[0] != document.header_span[0] and last_value and last_value[4] in BLOCK_STYLES:
        # The header gave the last block scalar a line break that the body has not.
        body = parse(splice(text, [cut]))
        document.events, document.slots = body.events, body.slots
        document.sealed, document.aliases = body.sealed, body.aliases


def _check_place(text: str, parts: Sequence[Part], mark: Mark) -> None:
    """Refuse a root key `gitseal` anywhere but at the end, in block style, on its own line."""
    part = parts[mark.part]
    misplaced = (
        part.flow
        or mark.part != len(parts) - 1
        or mark.before != part.keys - 1
        or (len(parts) > 1 and part.keys != 1)
    )
    if misplaced:
        raise refusal(
            text,
            mark.start,
            "the root key 'gitseal' stands where no header can stand",
            hint="the header is the last entry of the file, or a last document of its own",
        )
    line = text.rfind("\n", 0, mark.start) + 1
    if text[line : mark.start].strip(" ") or (part.keys == 1 and part.directives):
        raise refusal(text, mark.start, "the header does not begin on a line of its own")


def _with_note(text: str, start: int) -> int:
    """Give where a header begins whose first line begins at `start`: at its note, if it has one."""
    above = text.rfind("\n", 0, max(start - 1, 0)) + 1
    return above if start and text[above:start].strip() == "# " + NOTE else start


def _line_end(text: str, part: Part, end: int) -> int:
    """
    Give where the lines after the header begin.

    Comments that are indented as its fields are belong to it, as blank lines at the end of the
    file do: in the body, a block scalar before the header would take them in.
    """
    if part.keys == 1 and part.explicit_end:
        end = part.end
    end = position = text.find("\n", end) + 1 or len(text)
    while position < len(text):
        behind = text.find("\n", position) + 1 or len(text)
        line = text[position:behind].strip(" \t\r\n")
        if line and not (
            line[0] == "#"
            and text[position + part.column : position + 1 + part.column] in {" ", "\t"}
        ):
            return end
        position = behind
        end = behind if line else end
    return len(text)


def _take_off(document: Document, parts: list[Part], mark: Mark) -> None:
    """Remove the header's events and values from the body's."""
    part = parts[mark.part]
    if part.keys == 1:
        del document.events[part.event :]
        parts.pop()
    else:
        document.events[mark.event :] = [MAPPING_END, DOCUMENT_END]
        part.keys -= 1
    del document.slots[mark.slots :]
    del document.sealed[mark.sealed :]
    del document.empties[mark.empties :]
    document.aliases = [alias for alias in document.aliases if alias[2] < mark.event]


# --- Reading the fields ------------------------------------------------------------------------


def _read(text: str, start: int, end: int) -> tuple[list[tuple[str, object]], int] | None:
    """
    Read the entry `gitseal`.

    Returns:
        its raw fields in order, and where its last value ends; None if it is no mapping.
    """
    engine = _libyaml.engine()
    kinds = engine.events
    source = text[start:end]
    last = 0
    events = list(iter(engine.new_parser(source).get_event, None))
    for item in events:
        first, behind = item.start_mark.index, item.end_mark.index
        if isinstance(item, kinds.ScalarEvent) and item.style in BLOCK_STYLES:
            last = block_end(source, first, behind, item.value)
        elif isinstance(item, (kinds.ScalarEvent, kinds.AliasEvent)) or (
            isinstance(item, kinds.CollectionEndEvent) and source[first:behind] in _BRACKETS
        ):
            last = behind
    # Stream, document, root mapping and key stand before the value.
    if not isinstance(events[4], kinds.MappingStartEvent):
        return None
    if events[4].anchor is not None or events[4].tag is not None:
        return None
    return list(_pairs(iter(events[5:]), kinds)), start + last


def _pairs(events: Iterator[Any], kinds: Any) -> Iterator[tuple[str, object]]:
    """Read the entries of a mapping up to its end."""
    for item in events:
        if isinstance(item, kinds.MappingEndEvent):
            return
        # The parser of the whole document lets scalars be keys, and nothing else.
        typed = not item.style and core_type(item.value) is not None
        name = item.value
        value = _value(next(events), events, kinds)
        yield name, UNREADABLE if typed or item.anchor or item.tag else value


def _value(item: Any, events: Iterator[Any], kinds: Any) -> object:
    """Read one node as JSON would give it; what JSON cannot say is UNREADABLE."""
    value: object = UNREADABLE
    if isinstance(item, kinds.MappingStartEvent):
        pairs = list(_pairs(events, kinds))
        value = dict(pairs)
        if len(value) != len(pairs):
            value = UNREADABLE
    elif isinstance(item, kinds.SequenceStartEvent):
        value = list(_items(events, kinds))
    elif isinstance(item, kinds.ScalarEvent):
        value = item.value if item.style else _plain(item.value)
    if item.anchor is not None or getattr(item, "tag", None) is not None:
        return UNREADABLE
    return value


def _items(events: Iterator[Any], kinds: Any) -> Iterator[object]:
    for item in events:
        if isinstance(item, kinds.SequenceEndEvent):
            return
        yield _value(item, events, kinds)


_LITERALS = {"true": True, "false": False, "null": None}


def _plain(text: str) -> object:
    """
    Read a plain scalar: JSON's literals and integers, and strings whose quotes a formatter took.

    Everything else (1.0, 0x1, ~, True) is UNREADABLE: gitseal never writes it.
    """
    if text in _LITERALS:
        return _LITERALS[text]
    typed = core_type(text)
    if typed is None:
        return text
    digits = text[1:] if text[:1] == "-" else text
    json_like = digits == "0" or (digits[:1] != "0" and digits.isdigit() and len(digits) < 20)
    return int(text) if typed[0] == "int" and json_like else UNREADABLE


# --- Writing -----------------------------------------------------------------------------------


def attach_header(
    document: Document, body: str, fields: Sequence[tuple[str, str]], *, note: bool
) -> str:
    """See `gitseal.documents`: an entry at the end of the root mapping, or a document."""
    line_break = document.line_break
    parts = document.layout
    lines = [f"# {NOTE}"] if note else []
    if not (isinstance(parts, list) and len(parts) == 1 and parts[0].takes_entry()):
        lines.append("---")
    lines.append(HEADER_KEY + ":")
    lines += [f"  {name}: {json_for_yaml(json_text)}" for name, json_text in fields]
    if body and not body.endswith("\n"):
        body += line_break
    return body + line_break.join(lines) + line_break


def json_for_yaml(json_text: str) -> str:
    """Write JSON's strings so that libyaml reads them: it knows no surrogate escapes, no DEL."""
    if "\\ud" not in json_text and json_text.isprintable():
        return json_text
    import json

    text = json.dumps(json.loads(json_text), ensure_ascii=False)
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
