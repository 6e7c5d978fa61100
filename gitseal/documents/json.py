# SPDX-License-Identifier: Apache-2.0
"""
JSON: one pass over the text gives values with their places, events and the header.

Accepted is what the standard library's `json` accepts, without NaN and Infinity, lone
surrogates, members of equal name, and roots that are no object.  One strict expression matches
the tokens and their order is checked here, so there is no second parser to agree with.
"""

from __future__ import annotations

import re
from itertools import islice

from gitseal.crypto.encoding import le64
from gitseal.documents.base import (
    MAX_DEPTH,
    MAX_EVENTS,
    WHOLE_HINT,
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
from gitseal.documents.fields import read_at
from gitseal.errors import LimitError, hush
from gitseal.keypaths import LIST_PART, key_segment, part

try:  # the C function alone: `import json` costs 7 ms, at every git command
    from _json import scanstring
except ImportError:  # pragma: no cover - interpreters without the C part
    from json.decoder import py_scanstring as scanstring  # type: ignore[attr-defined,no-redef]

__all__ = ["attach_header", "parse", "quote_token", "read_slice", "scanstring"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitseal.documents.base import Slot

    _Known = tuple[str, bytes, bytes]
    _Lists = tuple[list[bytes], Callable[[bytes], None], Callable[[Slot], None], dict[str, _Known]]

HEADER_NAME = "gitseal"

_SPACE = r"[ \t\n\r]*+"
_STRING = r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
_ATOM = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?|true|false|null"
TOKEN = re.compile(
    rf"{_SPACE}(?:(?:({_STRING}){_SPACE}:{_SPACE})?(?:({_STRING})|({_ATOM})|([\[{{]))"
    rf"|([\]}}])|\Z|([^ \t\n\r]))(?:{_SPACE}(,))?"
)
"""
One match a member or item, without gaps.

Groups: key, string, number or literal, opening bracket, closing bracket, anything else, comma.
None of the first six: the end of the text.
"""

_COLON = re.compile(rf"{_SPACE}:{_SPACE}")
_FIRST, _NEXT, _END = 0, 1, 2  # what may follow: anything, a value, a closing bracket
_DOCUMENT = event(b"D", b"", b"", b"json")
_ROOT_HEAD = le64(1)
_BLANKS = " \t\n\r"
_SEPARATORS = frozenset(_BLANKS + ",")


def parse(text: str, *, bom: bool = False) -> Document:
    """
    Parse JSON.

    Raises:
        NotADocumentError: no JSON, or JSON that readers understand differently.
        LimitError: deeper or larger than format 11 allows.
    """
    document = Document("json", text, bom=bom)
    scanner = _Scanner(document)
    try:
        scanner.run()
    except UnicodeEncodeError as error:
        hush(error)
        raise refusal(text, _surrogate(text), "a string holds a lone surrogate") from None
    check_values(document)
    if scanner.last is not None:
        document.layout = text[scanner.last.start() : scanner.last.start(1)]
    header = document.header
    if header is not None and ("newline", False) in header and not scanner.behind_header:
        # The body had no final line break.  The header stands inside the braces, so that
        # cutting it would leave the line break that sealing added.
        document.text = text.removesuffix("\n").removesuffix("\r")
    return document


class _Scanner:
    """
    The state of one pass, as far as it does not change with every value.

    Attributes:
        stack: of each open collection whether it is an object, the names seen in it, and what
            the paths of its members begin with.  The first stands for the document.
        keys: what is known of a key's source text: name, event, end of its path.
        last: the last root member that is no header.
        member: the member that holds the header.
        marks: sizes of the document's lists before the header; empty outside a header.
        behind_header: whether a member follows the header.
    """

    __slots__ = ("behind_header", "document", "keys", "last", "marks", "member", "stack")

    def __init__(self, document: Document) -> None:
        self.document = document
        self.stack: list[tuple[bool, set[str], bytes]] = [(False, set(), b"")]
        self.keys: dict[str, _Known] = {}
        self.last: re.Match[str] | None = None
        self.member: re.Match[str] | None = None
        self.marks: tuple[int, ...] = ()
        self.behind_header = False

    def run(self) -> None:
        """Go over the text once; raises at the first fault."""
        events, add, add_slot, keys = self.lists()
        in_object, names, head = self.stack[-1]
        allowed = _NEXT
        for match in islice(TOKEN.finditer(self.document.text), MAX_EVENTS):
            key, string, atom, opening, closing, _fault, comma = match.groups()
            if closing is not None:
                if allowed == _NEXT or not self.close(match, allowed):
                    break
                in_object, names, head = self.stack[-1]
                allowed = _NEXT if comma else _END
                continue
            if allowed == _END or (key is None) is in_object:
                break
            if key is not None:
                name, item, entry = keys.get(key) or self.key(key)
                if name in names or head is _ROOT_HEAD:
                    self.check_name(match, name)
                names.add(name)
                add(item)
                path = head + entry
            else:
                path = head + LIST_PART
            if string is not None:
                value = scanstring(string, 1)[0] if "\\" in string else string[1:-1]
                if value[:6] != "seal:v" or not self.add_sealed(match, path, value):
                    start, end = match.span(2)
                    add_slot((start, end, path, len(events), '"', 0, False, value))
                    size = len(content := value.encode())
                    add(QUOTED[size] + content if size < SHORT else scalar_event(QUOTED, content))
            elif atom is not None:
                start, end = match.span(3)
                add_slot((start, end, path, len(events), "", 0, False, atom))
                add(scalar_event(PLAIN, atom.encode()))
            elif opening is None or comma:
                break
            else:
                in_object, names, head = self.open(match, path)
            allowed = _FIRST if opening else _NEXT if comma else _END
        self.finish(match, allowed)

    def lists(self) -> _Lists:
        """Give the document's events, begun, what adds to them and to the slots, and the keys."""
        events = self.document.events
        events.append(_DOCUMENT)
        return events, events.append, self.document.slots.append, self.keys

    def key(self, key: str) -> _Known:
        """Decode a key that was not seen yet."""
        name: str = scanstring(key, 1)[0]
        known = (name, scalar_event(QUOTED, name.encode()), part(key_segment(name)))
        self.keys[key] = known
        return known

    def check_name(self, match: re.Match[str], name: str) -> None:
        """Refuse a name that the object has already; find out about root members."""
        text, depth = self.document.text, len(self.stack)
        if name in self.stack[-1][1] and not (self.marks and depth == 3):
            raise refusal(text, match.start(1), "the object has two members of this name")
        if depth != 2:
            return
        self.behind_header = self.document.header is not None
        if name != HEADER_NAME:
            self.last = match
        elif match.group(4) != "{":
            reason = f"the root member {HEADER_NAME!r} is no header of gitseal"
            raise refusal(text, match.start(1), reason, hint="rename the member")
        else:
            self.member = match
            of = self.document
            self.marks = (len(of.events), len(of.slots), len(of.sealed), len(of.empties))

    def add_sealed(self, match: re.Match[str], path: bytes, value: str) -> bool:
        """Add a sealed value, if it is one."""
        token = sealed_text(value)
        if token is None:
            return False
        document = self.document
        place = (*match.span(2), path, len(document.events), '"', 0, False, token)
        document.sealed.append(place)
        document.events.append(scalar_event(SEALED, token.encode()))
        return True

    def open(self, match: re.Match[str], path: bytes) -> tuple[bool, set[str], bytes]:
        """Enter a collection."""
        depth = len(self.stack)
        if depth > MAX_DEPTH:
            line, _column = locate(self.document.text, match.start(4))
            raise LimitError(f"line {line}: deeper than {MAX_DEPTH} levels", hint=WHOLE_HINT)
        is_object = match.group(4) == "{"
        self.document.events.append(MAPPING if is_object else LIST)
        head = _ROOT_HEAD if depth == 1 else le64(depth) + path[8:]
        self.stack.append((is_object, set(), head))
        return self.stack[-1]

    def close(self, match: re.Match[str], allowed: int) -> bool:
        """Leave a collection; False if another bracket would have to close it."""
        depth = len(self.stack) - 1
        is_object, _names, head = self.stack[-1]
        if not depth or (match.group(5) == "}") is not is_object:
            return False
        self.stack.pop()
        document = self.document
        document.events.append(MAPPING_END if is_object else LIST_END)
        if allowed == _FIRST or (depth == 1 and self.last is None):
            document.empties.append(le64(depth - 1) + head[8:])
        if self.marks and depth == 2:
            self.take_header(match)
        return True

    def take_header(self, match: re.Match[str]) -> None:
        """Read the header that ends here and forget it in the body."""
        document = self.document
        sizes, self.marks = self.marks, ()
        events, slots, sealed, empties = sizes
        del document.events[events:], document.slots[slots:]
        del document.sealed[sealed:], document.empties[empties:]
        assert self.member is not None  # noqa: S101 - marks are set with it
        text = document.text
        start = self.member.start(1)
        before = text[:start].rstrip(_BLANKS)
        if before[-1] == ",":
            # The comma is the header's, and so are the blanks that stand before the comma.
            document.header_span = (len(before[:-1].rstrip(_BLANKS)), match.end(5))
        else:
            document.header_span = (len(before), match.end(7) if match.group(7) else match.end(5))
        document.header = _fields(text, self.member.end(4))

    def finish(self, match: re.Match[str], allowed: int) -> None:
        """End the events, or say what is wrong at the last token."""
        events, text = self.document.events, self.document.text
        if len(events) >= MAX_EVENTS:
            raise LimitError("the document has more than a million events", hint=WHOLE_HINT)
        done = allowed == _END and len(self.stack) == 1
        places = [match.start(i) for i in range(1, 8) if match.group(i)]
        if not done or places:
            place = min(places, default=len(text.rstrip(_BLANKS)))
            place, reason = self.reason(match, allowed, place, done)
            raise refusal(text, place, reason)
        if events[1] is not MAPPING:
            raise refusal(text, 0, "the root is no object", hint=WHOLE_HINT)
        events.append(DOCUMENT_END)

    def reason(self, match: re.Match[str], allowed: int, place: int, done: bool) -> tuple[int, str]:
        """Say what is wrong where a token stands that may not stand there."""
        key, string, _atom, _opening, closing, fault, _comma = match.groups()
        if not any(match.groups()):
            return place, "the text ends too early" if place else "the file is empty"
        if done:
            return place, "text stands behind the root object"
        if fault:
            return place, _fault(match.string, place)
        if closing:
            one = "a comma stands before this bracket" if allowed == _NEXT else "another bracket"
            return place, one if allowed == _NEXT else f"{one} must be closed first"
        if allowed == _END:
            return place, "a comma is missing"
        if not self.stack[-1][0]:
            return place, "a name stands in a list" if key else "a value is missing"
        behind = _COLON.match(match.string, match.end(2)) if string else None
        if behind is None:
            return place, "a name in quotes and a colon must stand before a value"
        return behind.end(), _fault(match.string, behind.end())


def _fault(text: str, place: int) -> str:
    """Say why no value begins at a place."""
    if text.startswith(("NaN", "Infinity", "-Infinity"), place):
        return "NaN and Infinity are no JSON"
    start = text[place : place + 1]
    if start == '"':
        return "a string is not closed, or holds a bad escape or a control character"
    if start in {"/", "#"}:
        return "JSON has no comments"
    return "no value begins like this"


def _surrogate(text: str) -> int:
    """Find the string with a lone surrogate."""
    for match in TOKEN.finditer(text):
        for group in (1, 2):
            if match.group(group):
                try:
                    scanstring(match.group(group), 1)[0].encode()
                except UnicodeEncodeError:
                    return match.start(group)
    return 0


def _fields(text: str, position: int) -> list[tuple[str, object]]:
    """Read the members of the header object whose brace ends at a position, duplicates kept."""
    fields: list[tuple[str, object]] = []
    while True:
        match = TOKEN.match(text, position)
        if match is None or not match.group(1):
            return fields
        start = next(match.start(i) for i in (2, 3, 4) if match.group(i))
        value, end = read_at(text, start)
        if end < 0:
            raise refusal(text, start, "a field of the header cannot be read")
        fields.append((scanstring(match.group(1), 1)[0], value))
        position = end
        while text[position] in _SEPARATORS:
            position += 1


def quote_token(slot: Slot, token: str) -> str:  # noqa: ARG001 - the same for all slots
    """Give a sealed text as it stands in JSON."""
    return f'"{token}"'


def read_slice(slot: Slot, piece: str) -> tuple[bytes, bytes]:  # noqa: ARG001
    """Give tag and content of the event that a slice alone gives."""
    match = TOKEN.fullmatch(piece)
    if match is None or match.group(2) != piece:
        return b"?", piece.encode()
    return b"!", scanstring(piece, 1)[0].encode("utf-8", "surrogatepass")


def attach_header(
    document: Document, body: str, fields: Sequence[tuple[str, str]], *, note: bool
) -> str:
    """
    Write the header as last member of the root object (format 5); JSON has no place for a note.

    The comma comes directly behind the last member, then the white space that stood before it.
    """
    del note
    if not body.endswith("\n"):
        body += document.line_break
    closing = body.rindex("}")
    last = len(body[:closing].rstrip(_BLANKS))
    lead = document.layout
    if body[last - 1] == "{" and lead is None:
        start = ""
    else:
        start = f",{lead}"
    header = ", ".join(f'"{name}": {text}' for name, text in fields)
    return f'{body[:last]}{start}"{HEADER_NAME}": {{{header}}}{body[last:]}'
