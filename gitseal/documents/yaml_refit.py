# SPDX-License-Identifier: Apache-2.0
"""
Putting opened YAML values back where a formatter has been.

What nobody moved goes back as it was.  Otherwise a slice is shifted with its surroundings, gets
another chomping indicator, or is written anew in double quotes, in this order; and whatever was
done, the result is parsed and every event compared with what the slice says alone.
"""

from __future__ import annotations

from gitseal.documents import _libyaml, restoring
from gitseal.documents.base import Document, check_characters
from gitseal.documents.events import event, event_parts, opened_event
from gitseal.documents.yaml_compare import first_difference
from gitseal.documents.yaml_header import json_for_yaml
from gitseal.documents.yaml_keys import core_type
from gitseal.documents.yaml_spans import BLOCK_STYLES, block_end
from gitseal.errors import DocumentError, IntegrityError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gitseal.documents.base import Edit, Piece, Slot

    Content = tuple[bytes, bytes]
    Parse = Callable[..., Document]

_FLOW_SIGNS = frozenset(",[]{}")


# --- What a slice says alone -------------------------------------------------------------------


def expected_events(document: Document, pieces: Sequence[Piece]) -> Iterator[bytes]:
    """
    Give the events of the clear document, those of opened values from their slices alone.

    Raises:
        IntegrityError: a slice is no single value; names the key path.
    """
    events = document.events
    escaped = _read_escaped(document.sealed, pieces)
    position = 0
    for slot, piece in zip(document.sealed, pieces, strict=True):
        index = slot[3]
        while position < index:
            yield events[position]
            position += 1
        position += 1
        text = piece[0]
        first = text[:1]
        if piece[2] or first in BLOCK_STYLES:
            yield opened_event(events[index], *_alone(slot, piece))
        elif first == '"':
            content = next(escaped) if "\\" in text else text[1:-1]
            yield opened_event(events[index], b"!", content.encode())
        elif first == "'":
            yield opened_event(events[index], b"!", text[1:-1].replace("''", "'").encode())
        elif first:
            yield opened_event(events[index], b"?", text.encode())
        else:
            raise restoring.does_not_fit(slot[2])
    yield from events[position:]


def _read_escaped(slots: Sequence[Slot], pieces: Sequence[Piece]) -> Iterator[str]:
    """Let the parser read all double-quoted slices of one line with escapes, as one list."""
    places = [
        place
        for place, piece in enumerate(pieces)
        if "\\" in piece[0] and piece[0][0] == '"' and not piece[2]
    ]
    if not places:
        return iter(())
    engine = _libyaml.engine()
    text = "".join([f"- {pieces[place][0]}\n" for place in places])
    try:
        values = [
            item.value
            for item in iter(engine.new_parser(text).get_event, None)
            if type(item) is engine.events.ScalarEvent and item.style == '"'
        ]
    except engine.error:
        values = []
    if len(values) == len(places):
        return iter(values)
    return iter([_alone(slots[place], pieces[place])[1].decode() for place in places])


def _alone(slot: Slot, piece: Piece) -> Content:
    content = _read_alone(piece[0], piece[1] if piece[2] else 0, at_end=piece[3])
    if content is None:
        raise restoring.does_not_fit(slot[2])
    return content


def _read_alone(text: str, indent: int, *, at_end: bool) -> Content | None:
    """
    Parse one slice below a collection of that column; None if it is no single value there.

    A slice from a flow collection may be indented less than a block allows: it is tried in a
    flow collection too.
    """
    behind = "" if at_end else "\n"
    before = "--- " if indent < 0 else " " * indent + "k: "
    content = _read_in(before, text, behind)
    if content is None and text[:1] not in BLOCK_STYLES:
        content = _read_in("[", text, "]")
    return content


def _read_in(before: str, text: str, behind: str) -> Content | None:
    engine = _libyaml.engine()
    source = before + text + behind
    start, end = len(before), len(before) + len(text)
    found = None
    scalars = 0
    try:
        for item in iter(engine.new_parser(source).get_event, None):
            if type(item) is not engine.events.ScalarEvent:
                continue
            scalars += 1
            if item.start_mark.index == start:
                found = item
    except engine.error:
        return None
    if found is None or scalars != 1 + before.endswith("k: ") or found.tag or found.anchor:
        return None
    stop: int = found.end_mark.index
    if found.style in BLOCK_STYLES:
        stop = block_end(source, start, stop, found.value)
    return (b"!" if found.style else b"?", found.value.encode()) if stop == end else None


# --- Fitting one slice -------------------------------------------------------------------------


def fit(document: Document, slot: Slot, piece: Piece) -> list[Edit]:
    """Give the edits that put a slice of several lines where its sealed value stands now."""
    text, indent, _multi, at_end = piece
    block = text[0] in BLOCK_STYLES
    if block and slot[6]:
        return _quoted(slot, piece)
    if slot[5] != indent:
        shifted = _shift(text, slot[5] - indent)
        content = _read_alone(text, indent, at_end=at_end)
        if content is None or _read_alone(shifted, slot[5], at_end=at_end) != content:
            return _quoted(slot, piece)
        text = shifted
    return _below_comment(document, slot, text) if block else [(slot[0], slot[1], text)]


def _shift(text: str, by: int) -> str:
    """Move all lines but the first by some columns; blank lines stay."""
    first, *lines = text.split("\n")
    moved = [first]
    for line in lines:
        if not line.strip(" \t\r"):
            moved.append(line)
        elif by >= 0:
            moved.append(" " * by + line)
        else:
            blanks = len(line) - len(line.lstrip(" "))
            moved.append(line[min(-by, blanks) :])
    return "\n".join(moved)


def _below_comment(document: Document, slot: Slot, text: str) -> list[Edit]:
    """Give the edits of a block scalar: its lines go below a comment behind the sealed value."""
    source = document.text
    line_end = source.find("\n", slot[1])
    line_end = len(source) if line_end < 0 else line_end - (source[line_end - 1] == "\r")
    if not source[slot[1] : line_end].strip(" \t"):
        return [(slot[0], slot[1], text)]
    head, line_feed, lines = text.partition("\n")
    if head.endswith("\r"):
        head, line_feed = head[:-1], "\r\n"
    return [(slot[0], slot[1], head), (line_end, line_end, line_feed + lines)]


def _quoted(slot: Slot, piece: Piece) -> list[Edit]:
    """Give the edit that writes a value anew in double quotes, which are valid everywhere."""
    content = _alone(slot, piece)[1].decode()
    return [(slot[0], slot[1], _double_quoted(content))]


def _double_quoted(content: str) -> str:
    import json

    return json_for_yaml(json.dumps(content))


# --- All of them -------------------------------------------------------------------------------


def restore(
    document: Document, pieces: Sequence[Piece], comments: Sequence[str], parse: Parse
) -> Document:
    """See `gitseal.documents.restore`; `parse` is that of `yaml`, which knows this module."""
    text = restoring.put_back(document, pieces, comments, fit)
    if first_difference(text, expected_events(document, pieces)) < 0:
        return _checked(Document.compared("yaml", text, parse, bom=document.bom))
    # It may still be right: a key that looks like sealed text is none, but looks so at a glance.
    expected = list(expected_events(document, pieces))
    ladder = _Ladder(document, pieces, expected)
    clear = _parsed(parse, text, bom=document.bom)
    # Each round writes at least one more value anew, and most need one of each kind.
    for _round in range(_ROUNDS):
        if clear is not None and clear.events == expected:
            return _checked(clear)
        if not ladder.climb(clear):
            break
        text = restoring.put_back(document, pieces, comments, fit, ladder.rewritten)
        clear = _parsed(parse, text, bom=document.bom)
    if clear is None:
        raise IntegrityError("the opened values do not fit into the layout of this document")
    restoring.compare(document, clear, expected)
    return _checked(clear)


def _checked(clear: Document) -> Document:
    try:
        check_characters(clear.text)
    except DocumentError:
        raise IntegrityError("an opened value holds a character that YAML does not") from None
    return clear


_ROUNDS = 6


def _parsed(parse: Parse, text: str, *, bom: bool) -> Document | None:
    try:
        return parse(text, bom=bom)
    except DocumentError:
        return None


class _Ladder:
    """The ways of writing that are still to be tried, value by value."""

    def __init__(
        self,
        document: Document,
        pieces: Sequence[Piece],
        expected: list[bytes],
    ) -> None:
        self.document = document
        self.pieces = pieces
        self.expected = expected
        self.rewritten: dict[int, list[Edit]] = {}
        self._quoted: set[int] = set()
        self._step = 0

    def climb(self, clear: Document | None) -> bool:
        """Choose another way for what went wrong; False if there is none left."""
        if clear is not None and len(clear.events) == len(self.expected):
            wrong = [
                index
                for index, slot in enumerate(self.document.sealed)
                if clear.events[slot[3]] != self.expected[slot[3]]
            ]
            changed = [
                self._rechomp(index, clear.events[self.document.sealed[index][3]])
                or self._quote(index)
                for index in wrong
            ]
            return any(changed)
        # Some value takes part of its surroundings in, or breaks out: the likeliest go first.
        while self._step < len(_SUSPECTS):
            suspect = _SUSPECTS[self._step]
            self._step += 1
            changed = [
                self._quote(index)
                for index, (slot, piece) in enumerate(
                    zip(self.document.sealed, self.pieces, strict=True)
                )
                if suspect(slot, piece)
            ]
            if any(changed):
                return True
        return False

    def _rechomp(self, index: int, found: bytes) -> bool:
        """Write `|` as `|-` or back, where only the last line break differs."""
        slot, piece = self.document.sealed[index], self.pieces[index]
        content = event_parts(self.expected[slot[3]])[3]
        if index in self.rewritten or piece[0][0] not in BLOCK_STYLES or slot[6]:
            return False
        if content.rstrip(b"\n") != event_parts(found)[3].rstrip(b"\n") or content[-2:] == b"\n\n":
            return False
        head, *rest = fit(self.document, slot, piece)
        sign = "" if content.endswith(b"\n") else "-"
        self.rewritten[index] = [(head[0], head[1], _with_chomping(head[2], sign)), *rest]
        return True

    def _quote(self, index: int) -> bool:
        """Write a value in double quotes, unless that is done or would change its type."""
        slot = self.document.sealed[index]
        kind, anchor, tag, content = event_parts(self.expected[slot[3]])
        if index in self._quoted or (tag == b"?" and core_type(content.decode()) is not None):
            return False
        if _alone(slot, self.pieces[index])[1] != content:
            raise restoring.does_not_fit(slot[2])
        if tag == b"?":
            self.expected[slot[3]] = event(kind, anchor, b"!", content)
        self._quoted.add(index)
        self.rewritten[index] = [(slot[0], slot[1], _double_quoted(content.decode()))]
        return True


def _with_chomping(text: str, sign: str) -> str:
    end = 1
    while text[end : end + 1] and text[end] in "+-123456789":
        end += 1
    digits = text[1:end].strip("+-")
    return text[0] + digits + sign + text[end:]


def _breaks_flow(slot: Slot, piece: Piece) -> bool:
    """Tell whether a plain slice of one line cannot stand in a flow collection."""
    text = piece[0]
    return (
        slot[6]
        and text[0] not in "\"'"
        and (not _FLOW_SIGNS.isdisjoint(text) or ": " in text or text.endswith(":"))
    )


def _moved(slot: Slot, piece: Piece) -> bool:
    return piece[2] and piece[1] != slot[5]


def _any_risk(slot: Slot, piece: Piece) -> bool:
    return piece[2] or piece[0][0] in BLOCK_STYLES or (slot[6] and piece[0][0] not in "\"'")


_SUSPECTS = (_breaks_flow, _moved, _any_risk)
