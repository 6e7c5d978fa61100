# SPDX-License-Identifier: Apache-2.0
"""
dotenv: lines to values with their places, events and the header (format 4, 5, 6).

Loaders disagree about these files, so a value is everything that some loader takes for one:
from behind the `=` to the end of the line, `#` included.  Only a value in quotes ends before
that, at its quote, and it may go on over several lines.
"""

from __future__ import annotations

from gitseal.documents.base import (
    MAX_EVENTS,
    NOTE,
    WHOLE_HINT,
    Document,
    check_values,
    refusal,
    sealed_comment,
    sealed_text,
)
from gitseal.documents.events import (
    DOCUMENT_END,
    MAPPING,
    MAPPING_END,
    QUOTED,
    SEALED,
    event,
    scalar_event,
)
from gitseal.documents.fields import note_and_lines, read
from gitseal.errors import LimitError
from gitseal.keypaths import ROOT_PATH, below, key_segment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitseal.documents.base import Slot
    from gitseal.errors import NotADocumentError

    Assignment = tuple[int, int, int, int]

BLANKS = " \t"
NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
"""What names are made of, for python-dotenv, Docker Compose and Node together."""

_DOCUMENT = event(b"D", b"", b"", b"dotenv")
_HEADER_LINE = "# gitseal "
_NOTE_LINE = f"# {NOTE}"
_FIELD = frozenset("abcdefghijklmnopqrstuvwxyz")


def parse(text: str, *, bom: bool = False) -> Document:
    """
    Parse a dotenv file.

    Raises:
        NotADocumentError: a line is no blank, comment or assignment; names it.
        LimitError: larger than format 11 allows.
    """
    document = Document("dotenv", text, bom=bom)
    document.events += (_DOCUMENT, MAPPING)
    lines = _Lines(document)
    document.layout = lines.assignments
    position = 0
    size = len(text)
    while position < size:
        position = lines.read(position)
    document.events += (MAPPING_END, DOCUMENT_END)
    if len(document.events) > MAX_EVENTS:
        raise LimitError("the document has more than a million events", hint=WHOLE_HINT)
    check_values(document)
    return document


class _Lines:
    """
    The state of one pass.

    Attributes:
        assignments: what `Document.layout` holds: (begin of the key, its end, begin of the
            value, its end), positions in the text.
        note: place of a comment that would belong to a header on the next line, or -1.
    """

    __slots__ = ("assignments", "document", "note", "text")

    def __init__(self, document: Document) -> None:
        self.document = document
        self.text = document.text
        self.note = -1
        self.assignments: list[Assignment] = []

    def read(self, position: int) -> int:
        """Read one logical line and give the beginning of the next."""
        text = self.text
        end, following = line_end(text, position)
        line = text[position:end]
        content = line.lstrip(BLANKS)
        if not content:
            self.note = -1
            return following
        if content[0] == "#":
            if not (line.startswith(_HEADER_LINE) and self.header_line(line, position, following)):
                self.comment(end - len(content) + 1, end)
                self.note = position if line == _NOTE_LINE else -1
            return following
        self.note = -1
        return self.assignment(content, end, following)

    def comment(self, start: int, end: int) -> None:
        """Add the comment whose sign stands before `start`, unless it is blank."""
        content = self.text[start:end]
        token = sealed_comment(content)
        if token is not None:
            self.document.sealed_comments.append((start, end, token))
        elif content.strip(BLANKS):
            self.document.comments.append((start, end))

    def header_line(self, line: str, position: int, following: int) -> bool:
        """Take a line of the header; False if it is only a comment."""
        name, colon, value = line[len(_HEADER_LINE) :].partition(": ")
        if not colon or not name or not _FIELD.issuperset(name):
            return False
        document = self.document
        if document.header is None:
            document.header = []
            start = position
            if self.note >= 0:
                start = self.note
                document.comments.pop()
            document.header_span = (start, following)
        elif document.header_span[1] != position:
            reason = "the file has two headers of gitseal"
            raise refusal(self.text, position, reason, hint="keep one; see git diff")
        document.header_span = (document.header_span[0], following)
        document.header.append((name, read(value.rstrip(BLANKS))))
        return True

    def assignment(self, content: str, end: int, following: int) -> int:
        """Read an assignment, whose first line ends at `end`, and give the next line."""
        key, sign, value = content.partition("=")
        key = key.rstrip(BLANKS)
        name = bare_name(key)
        if not sign or not name or not NAME.issuperset(name):
            raise self.no_line(content, end, sign)
        events = self.document.events
        events.append(scalar_event(QUOTED, key.encode()))
        if len(events) > MAX_EVENTS:
            raise LimitError("the document has more than a million events", hint=WHOLE_HINT)
        path = below(ROOT_PATH, key_segment(name))
        value = value.lstrip(BLANKS)
        start = end - len(value)
        key_start = end - len(content)
        if not value:
            self.assignments.append((key_start, key_start + len(key), start, start))
            self.document.empties.append(path)
            events.append(QUOTED[0])
            return following
        last = end
        if value[0] in QUOTES:
            last, end, following = self.quoted(start, end, following)
        last = self.value(start, last, path)
        self.assignments.append((key_start, key_start + len(key), start, last))
        if last < end:
            sign_at = self.text.find("#", last, end)
            if sign_at >= 0:
                self.comment(sign_at + 1, end)
        return following

    def value(self, start: int, end: int, path: bytes) -> int:
        """Add a value and give its end, which is earlier if a comment follows a sealed one."""
        document = self.document
        value = self.text[start:end]
        style = style_of(value)
        index = len(document.events)
        decoded = decode_value(value)
        if value[0] == "#" and self.text[start - 1] in BLANKS:
            decoded = ""  # a comment behind nothing, for the loaders
        token = sealed_text(decoded) if decoded[:6] == "seal:v" else None
        if token is None or (not style and not value.startswith(token)):
            document.slots.append((start, end, path, index, style, 0, False, decoded))
            document.events.append(scalar_event(QUOTED, value.encode()))
            return end
        if not style:
            end = start + len(token)
        document.sealed.append((start, end, path, index, style, 0, False, token))
        document.events.append(scalar_event(SEALED, token.encode()))
        return end

    def quoted(self, start: int, end: int, following: int) -> tuple[int, int, int]:
        """
        Find the end of a value that begins with a quote.

        Returns:
            end of the value, end of its last line, beginning of the next line.
        """
        text = self.text
        closing = closing_quote(text, start)
        if closing < 0:
            return end, end, following
        last_end, last_following = line_end(text, closing)
        tail = text[closing + 1 : last_end]
        blanks = len(tail) - len(tail.lstrip(BLANKS))
        if blanks == len(tail) or (blanks and tail[blanks] == "#"):
            return closing + 1, last_end, last_following
        farther = unescaped_quote(text, start)
        if last_end == end and (farther <= end or text[closing - 1] != "\\"):
            return end, end, following
        # Some loaders would end the value here and others go on: what one takes for a secret
        # is another name's value, perhaps a clear one, for the next.
        raise refusal(text, start, "the quote is closed on another line, and text follows it")

    def no_line(self, content: str, end: int, sign: str) -> NotADocumentError:
        """Say why a line is no assignment."""
        reason = "the name is not made of letters, digits, '_', '.' and '-'"
        if not sign:
            reason = "the line is no assignment (NAME=value), comment or blank"
        return refusal(self.text, end - len(content), reason)


QUOTES = frozenset("\"'")


def line_end(text: str, position: int) -> tuple[int, int]:
    """Give the end of the line at a position, without its break, and the next line's start."""
    end = text.find("\n", position)
    if end < 0:
        return len(text), len(text)
    return (end - 1 if end > position and text[end - 1] == "\r" else end), end + 1


def bare_name(key: str) -> str:
    """Give the name of a key as it stands in the text, without `export`."""
    if key[:6] == "export" and key[6:7] in {" ", "\t"}:
        return key[7:].lstrip(BLANKS)
    return key


def closing_quote(text: str, start: int) -> int:
    """
    Find the quote that closes the one at `start`, or give -1.

    A backslash before a quote keeps the value open.  In single quotes only some loaders read
    it so; the closer quote counts there unless the farther one is on the same line, so that
    the value is rather too long than too short.
    """
    escaped = unescaped_quote(text, start)
    if text[start] == '"':
        return escaped
    closer = text.find("'", start + 1)
    return closer if escaped < 0 or "\n" in text[closer:escaped] else escaped


def unescaped_quote(text: str, start: int) -> int:
    """Find the next quote like the one at `start` that no backslash escapes, or give -1."""
    position = start
    while True:
        position = text.find(text[start], position + 1)
        slash = position
        while slash > 0 and text[slash - 1] == "\\":
            slash -= 1
        if position < 0 or (position - slash) % 2 == 0:
            return position


def style_of(piece: str) -> str:
    """Give the quote that a value is written in, or nothing."""
    quote = piece[:1]
    if quote in QUOTES and len(piece) > 1 and closing_quote(piece, 0) == len(piece) - 1:
        return quote
    return ""


_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", '"': '"', "'": "'", "$": "$", "`": "`",
}  # fmt: skip


def decode_value(piece: str) -> str:
    """
    Give what a value says: escapes of double quotes read, a comment behind a bare value cut.

    Variables (`$NAME`) stay as they are written.
    """
    style = style_of(piece)
    if not style:
        for blank in BLANKS:
            piece = piece.partition(f"{blank}#")[0]
        return piece.rstrip(BLANKS)
    inner = piece[1:-1]
    if "\\" not in inner:
        return inner
    if style == "'":
        return inner.replace("\\'", "'")
    parts = []
    pieces = iter(inner.split("\\"))
    parts.append(next(pieces))
    for part in pieces:
        if part:
            parts.append(_ESCAPES.get(part[0], "\\" + part[0]) + part[1:])
        else:
            # Two backslashes: the second one's text follows as it is.
            parts.append("\\" + next(pieces, ""))
    return "".join(parts)


def quote_token(slot: Slot, token: str) -> str:  # noqa: ARG001 - the same for all slots
    """Give a sealed text as it stands in a dotenv file."""
    return token


def read_slice(slot: Slot, piece: str) -> tuple[bytes, bytes]:  # noqa: ARG001
    """Give tag and content of the event that a slice alone gives."""
    return b"!", piece.encode()


def attach_header(
    document: Document, body: str, fields: Sequence[tuple[str, str]], *, note: bool
) -> str:
    """Write the header as comments at the end (format 5)."""
    if body and not body.endswith("\n"):
        body += document.line_break
    return body + note_and_lines("#", NOTE if note else "", fields, document.line_break)
