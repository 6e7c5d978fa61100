# SPDX-License-Identifier: Apache-2.0
r"""
What every syntax has in common: documents, slots, limits, decoding (format 4, 5, 11).

A document is text plus the spans of its values.  Nothing is ever written from a tree: sealing
and opening replace spans (`splice`) and leave every other character alone.  Positions are
indices into `Document.text`, in code points.

The shapes, as plain tuples because a file may hold 100,000 of them:

    Slot   (start, end, path, event, style, indent, flow, value)
           start, end: span of the slice, the value exactly as it stands in the text
           path:       key path in encoded form (`gitseal.keypaths`)
           event:      index of its event in `Document.events`
           style:      "" plain, "'", '"', "|", ">"
           indent:     YAML: column of the innermost block collection around it, -1 at the
                       root; 0 in other syntaxes.  Flow collections do not count: what stands
                       before them on the line may change its width when it is sealed
           flow:       whether it stands inside a YAML flow collection
           value:      decoded; of a sealed value its text with white space stripped out
    Piece  (slice, indent, multi, at_end): what was sealed for one value.  The slice has the
           line breaks it is to be put back with: whoever opens a frame with NORMALISED set
           turns "\n" into `Document.line_break` first.  `indent` counts only if `multi`
    Edit   (start, end, replacement); edits never overlap
    Alias  (path, name, event, first, last): an alias at `path`; `event` is its own index and
           [first, last) the events of the node that carries the anchor
"""

from __future__ import annotations

from gitseal.crypto.base32 import SEALED_PREFIX, TEXT_END, looks_sealed
from gitseal.errors import LimitError, NotADocumentError, hush

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Slot = tuple[int, int, bytes, int, str, int, bool, str]
    Piece = tuple[str, int, bool, bool]
    Edit = tuple[int, int, str]
    Alias = tuple[bytes, str, int, int, int]

MAX_DEPTH = 100
MAX_EVENTS = 1_000_000
MAX_VALUE = 1 << 20
MAX_SEALED = 2 << 20
"""A value of 1 MiB gives 1.7 MiB of sealed text: padding, then 8 characters for 5 bytes."""
MAX_DOCUMENT = 64 << 20
MAX_KEY = 1024
"""Code points; libyaml refuses longer implicit keys, and the others follow it."""

WHOLE_HINT = "list the file under `whole` in .gitseal.yaml to seal it as a whole"

NOTE = "Sealed with gitseal. To change it: gitseal edit FILE"


class Document:
    r"""
    A parsed document; see the module for the shapes.

    Attributes:
        syntax: "yaml", "json", "dotenv", …
        text: decoded, without byte order mark, with the header.
        bom: whether a byte order mark stood before it.
        line_break: the first one in the text; "\n" if there is none.
        mixed_breaks: whether the text has both kinds.
        events: encoded events of the body: header taken off, `newline` applied (format 6).
        slots: clear values that are not empty, in the order of the text; no keys.
        sealed: sealed values, in the order of the text.
        comments: span of what follows the sign of each clear comment that is not blank.
        sealed_comments: (start, end, sealed text); the span of all that follows the sign.
        empties: paths of empty values, `{}` and `[]`.
        aliases: YAML only.
        header: raw (name, value) fields in order, duplicates kept; None if there is none.
            Values are what JSON would give, and `UNREADABLE` for anything else.
        header_span: span of the header; (0, 0) if there is none.
        layout: whatever the syntax module remembers for its `attach_header`.
        parse_later: for documents made by `compared`.
    """

    parse_later: Callable[..., Document]

    __slots__ = (
        "aliases", "bom", "comments", "empties", "events", "header", "header_span",
        "layout", "line_break", "mixed_breaks", "parse_later", "sealed", "sealed_comments",
        "slots", "syntax", "text",
    )  # fmt: skip

    def __init__(self, syntax: str, text: str, *, bom: bool = False) -> None:
        self.syntax = syntax
        self.text = text
        self.bom = bom
        self.line_break, self.mixed_breaks = line_breaks(text)
        self.events: list[bytes] = []
        self.slots: list[Slot] = []
        self.sealed: list[Slot] = []
        self.comments: list[tuple[int, int]] = []
        self.sealed_comments: list[tuple[int, int, str]] = []
        self.empties: list[bytes] = []
        self.aliases: list[Alias] = []
        self.header: list[tuple[str, object]] | None = None
        self.header_span = (0, 0)
        self.layout: object = None

    @classmethod
    def compared(
        cls, syntax: str, text: str, parse: Callable[..., Document], *, bom: bool
    ) -> Document:
        """
        Make a document of a text that is known to be one, and parse it when it must be.

        Most callers want nothing but its text, and get it in half the time and memory.

        Args:
            syntax: as in `Document`.
            text: without a header.
            parse: the syntax module's.
            bom: as in `Document`.
        """
        document = cls.__new__(cls)
        document.syntax, document.text, document.bom = syntax, text, bom
        document.line_break, document.mixed_breaks = line_breaks(text)
        document.header, document.header_span = None, (0, 0)
        document.parse_later = parse
        return document

    def spend(self) -> None:
        """Let go of all but the text; whoever sealed it needs no more, and memory is short."""
        self.events, self.slots, self.sealed, self.empties = [], [], [], []

    if not TYPE_CHECKING:

        def __getattr__(self, name):  # noqa: ANN001, ANN204
            """Parse now; only what `compared` left out is not there at first."""
            if name not in _PARSED:
                raise AttributeError(name)
            parsed = self.parse_later(self.text, bom=self.bom)
            for each in _PARSED:
                setattr(self, each, getattr(parsed, each))
            return getattr(self, name)


_PARSED = (
    "aliases", "comments", "empties", "events", "layout", "sealed", "sealed_comments", "slots",
)  # fmt: skip


class _Unreadable:
    """The type of `UNREADABLE`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNREADABLE"


UNREADABLE = _Unreadable()
"""Stands in a header for what JSON could not say: an anchor, a tag, a date, a duplicate key."""


# --- Text --------------------------------------------------------------------------------------


def locate(text: str, index: int) -> tuple[int, int]:
    """Give line and column of a position, both counted from 1, columns in code points."""
    index = min(index, len(text))
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def refusal(text: str, index: int, reason: str, *, hint: str | None = None) -> NotADocumentError:
    """Give the error that names a position; `reason` never quotes the text."""
    line, column = locate(text, index)
    return NotADocumentError(reason, line=line, column=column, hint=hint)


def line_breaks(text: str) -> tuple[str, bool]:
    r"""Give the first line break of a text ("\n" if none), and whether it has both kinds."""
    pairs = text.count("\r\n") if "\r" in text else 0
    if not pairs:
        return "\n", False
    first = text.find("\n")
    line_break = "\r\n" if text[first - 1 : first] == "\r" else "\n"
    return line_break, pairs != text.count("\n")


_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BOM = b"\xef\xbb\xbf"
_SAVE_AS_UTF8 = "save the file as UTF-8"


def decode(data: bytes) -> tuple[str, bool]:
    """
    Decode UTF-8; the common way in of all syntaxes but properties.

    Returns:
        the text without byte order mark, and whether there was one.

    Raises:
        NotADocumentError: UTF-16, not UTF-8, or a character of `check_characters`.
        LimitError: more than 64 MiB.
    """
    check_size(data)
    if data[:2] in _UTF16 or data[:4] == b"\x00\x00\xfe\xff":
        raise NotADocumentError(
            "the file is UTF-16 or UTF-32", line=1, column=1, hint=_SAVE_AS_UTF8
        )
    bom = data.startswith(_BOM)
    try:
        text = data[3:].decode() if bom else data.decode()
    except UnicodeDecodeError as error:
        start = error.start + 3 * bom
        line_start = data.rfind(b"\n", 0, start) + 1 or 3 * bom
        before = data[line_start:start].decode("utf-8", "replace")
        hush(error)
        raise NotADocumentError(
            "the file is not UTF-8",
            line=data.count(b"\n", 0, start) + 1,
            column=len(before) + 1,
            hint=_SAVE_AS_UTF8,
        ) from None
    check_characters(text)
    return text, bom


def check_size(data: bytes) -> None:
    """
    Refuse a structured document above 64 MiB (format 11).

    Raises:
        LimitError: it is larger.
    """
    if len(data) > MAX_DOCUMENT:
        raise LimitError(
            "the document is larger than 64 MiB",
            hint="list the file under `whole` in .gitseal.yaml",
        )


_FORBIDDEN = (
    ("\0", "a NUL character (is the file UTF-16?)"),
    ("\x85", "the line break U+0085, which YAML 1.1 and 1.2 read differently"),
    ("\u2028", "the line break U+2028, which YAML 1.1 and 1.2 read differently"),
    ("\u2029", "the line break U+2029, which YAML 1.1 and 1.2 read differently"),
    ("\ufeff", "a byte order mark (U+FEFF) inside the text"),
)


def check_characters(text: str) -> None:
    """
    Refuse what parsers read differently: odd line breaks, NUL, marks inside (format 11).

    Raises:
        NotADocumentError: names line and column.
    """
    for char, name in _FORBIDDEN[: 1 if text.isascii() else None]:
        if char in text:
            raise refusal(text, text.index(char), f"the text holds {name}")
    if "\r" in text and text.count("\r") != text.count("\r\n"):
        index = -1
        while True:
            index = text.index("\r", index + 1)
            if text[index + 1 : index + 2] != "\n":
                raise refusal(text, index, "a carriage return stands without a line feed")


def check_values(document: Document) -> None:
    """
    Refuse a value of more than 1 MiB (format 11), and more sealed text than that gives.

    Raises:
        LimitError: names the line.
    """
    text = document.text
    for slots, most in ((document.slots, MAX_VALUE), (document.sealed, MAX_SEALED)):
        # A code point has at most four bytes.
        few = most // 4
        if len(text) <= few:
            continue
        for slot in slots:
            start, end = slot[0], slot[1]
            if end - start > few and len(text[start:end].encode()) > most:
                line, column = locate(text, start)
                raise LimitError(
                    f"line {line}, column {column}: the value is larger than 1 MiB",
                    hint="list the file under `whole` in .gitseal.yaml",
                )


def sealed_text(value: str) -> str | None:
    """
    Give the sealed text of a decoded value, white space stripped out, or None.

    A formatter may fold it, or write it as a block with an empty line before it.  Only the
    shape is looked at; that the base 32 is canonical shows when it is opened.  What
    begins like a sealed value and has not its shape stays a clear value here: whoever seals
    or opens refuses it (`looks_sealed`).
    """
    if (
        value[:9] == SEALED_PREFIX
        and value[-2:] == TEXT_END
        and value[9:-2].isalnum()
        and value.isascii()
    ):
        return value
    stripped = value.lstrip()
    token = "".join(stripped.split()) if looks_sealed(stripped) else value
    return sealed_text(token) if token != value else None


def sealed_comment(content: str) -> str | None:
    """Give the sealed text of what follows a comment's sign, or None."""
    content = content.strip(" \t")
    return sealed_text(content) if content[:6] == "seal:v" and " " not in content else None


def splice(text: str, edits: Iterable[Edit]) -> str:
    """Replace spans that are in order and do not overlap."""
    chunks: list[str] = []
    parts: list[str] = []
    position = 0
    for start, end, replacement in edits:
        parts.append(text[position:start])
        parts.append(replacement)
        position = end
        if len(parts) > _JOINED_AT_ONCE:
            chunks.append("".join(parts))
            parts.clear()
    return "".join([*chunks, *parts, text[position:]])


# 100,000 short strings take six times the memory of the text they make.
_JOINED_AT_ONCE = 8192


def header_cut(document: Document) -> Edit | None:
    """
    Give the edit that takes the header off, `newline: false` applied; None without a header.

    What stands behind the header stays; then the body has the line break it was given.
    """
    if document.header is None:
        return None
    start, end = document.header_span
    text = document.text
    if end == len(text) and ("newline", False) in document.header:
        if text[:start].endswith("\r\n"):
            start -= 2
        elif text[:start].endswith("\n"):
            start -= 1
    return (start, end, "")


def piece_of(document: Document, slot: Slot) -> Piece:
    """Give what would put the slice of a clear value back where it stands."""
    start, end = slot[0], slot[1]
    text = document.text[start:end]
    multi = document.syntax == "yaml" and "\n" in text
    at_end = end == len(document.text) and document.syntax != "json"
    return text, slot[5] if multi else -1, multi, at_end


def slice_facts(document: Document, slot: Slot) -> tuple[str, bool, bool, bool]:
    r"""
    Give what the frame of a value says about its slice (format 4).

    Returns:
        the slice, its line breaks as "\n" if they are the document's; whether it has several
        lines (YAML only); whether its line breaks were turned; whether it ended at the end
        of the file without a line break.
    """
    text, _indent, multi, at_end = piece_of(document, slot)
    normalised = "\n" in text and not document.mixed_breaks
    return text.replace("\r\n", "\n") if normalised else text, multi, normalised, at_end
