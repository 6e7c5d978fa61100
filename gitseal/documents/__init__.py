# SPDX-License-Identifier: Apache-2.0
"""
Lossless documents: text to values and events, and back by replacing spans.

One module a syntax, named in the table below and loaded when it is first used.  Each offers

    parse(text: str, *, bom: bool = False) -> Document
        Raises NotADocumentError with line, column and reason, or LimitError.
    quote_token(slot: Slot, token: str) -> str
        The token as it stands in the sealed text, where `slot` was clear.
    attach_header(document, body: str, fields: list[tuple[str, str]], *, note: bool) -> str
        `body` is the sealed body, fields are (name, one-line JSON) in order (format 5).
    read_slice(slot: Slot, piece: str) -> tuple[bytes, bytes]
        Tag (`?` or `!`) and content of the event that this slice alone gives at this place.

and, where it needs to,

    decode(data: bytes) -> tuple[str, bool]; encode(text: str) -> bytes
        instead of UTF-8 (properties files are latin-1).
    fit(document, slot: Slot, piece: Piece) -> list[Edit]
        Called for pieces of several lines: the edits that put the slice where the sealed value
        stands, which a formatter may have moved.
    restore(document, pieces, comments) -> Document
        instead of the plain way: put back, parse, compare (then it needs no read_slice).
    reads_back(document, text, events, slots, edits) -> bool
        a quick look at sealed text; see below.
"""

from __future__ import annotations

from gitseal.documents import restoring
from gitseal.documents.base import (
    NOTE,
    UNREADABLE,
    WHOLE_HINT,
    Document,
    decode,
    header_cut,
    piece_of,
    refusal,
    slice_facts,
    splice,
)
from gitseal.documents.events import sealed_event
from gitseal.errors import NotADocumentError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import ModuleType

    from gitseal.documents.base import Edit, Piece, Slot

__all__ = [
    "NOTE",
    "UNREADABLE",
    "Document",
    "attach_header",
    "body_text",
    "parse",
    "piece_of",
    "put_back",
    "reads_back",
    "restore",
    "seal_into",
    "slice_facts",
    "splice",
    "syntax_of",
    "to_bytes",
]

_MODULES = {
    "yaml": "gitseal.documents.yaml",
    "json": "gitseal.documents.json",
    "dotenv": "gitseal.documents.dotenv",
    "toml": "gitseal.documents.toml",
    "ini": "gitseal.documents.ini",
    "properties": "gitseal.documents.properties",
}

_EXTENSIONS = {
    "yaml": "yaml",
    "yml": "yaml",
    "json": "json",
    "env": "dotenv",
    "toml": "toml",
    "ini": "ini",
    "cfg": "ini",
    "conf": "",
    "properties": "properties",
}


def syntax_of(path: str) -> str | None:
    """
    Tell the structured syntax that a path's name says, or None.

    `.env`, `.env.prod` and `prod.env` are dotenv; `.jsonc` and `.json5` are no syntax of ours,
    since their comments and commas are not JSON's.
    """
    name = path.rpartition("/")[2].lower()
    if name == ".env" or name.startswith(".env."):
        return "dotenv"
    stem, _, extension = name.rpartition(".")
    return _EXTENSIONS.get(extension) or None if stem else None


def _module(syntax: str) -> ModuleType:
    name = _MODULES.get(syntax)
    if name is None:
        raise ValueError("unknown syntax")
    import sys

    if name not in sys.modules:
        try:
            __import__(name)
        except ModuleNotFoundError:
            raise NotADocumentError(
                f"this gitseal does not read {syntax} files yet",
                hint=WHOLE_HINT,
            ) from None
    return sys.modules[name]


def parse(data: bytes, syntax: str) -> Document:
    """
    Parse a document, sealed or clear.

    Args:
        data: the whole file.
        syntax: what `syntax_of` says.

    Raises:
        NotADocumentError: not a document of that syntax, or one that parsers read
            differently; names line, column and reason, never content.
        LimitError: larger or deeper than format 11 allows.
    """
    module = _module(syntax)
    text, bom = getattr(module, "decode", decode)(data)
    _check_conflicts(text)
    document: Document = module.parse(text, bom=bom)
    return document


def _check_conflicts(text: str) -> None:
    """
    Refuse a text with the three conflict markers of git at the beginning of lines.

    Raises:
        NotADocumentError: names the first marker's line.
    """
    start = _line_with(text, "<<<<<<< ")
    if start < 0 or _line_with(text, "=======") < 0 or _line_with(text, ">>>>>>> ") < 0:
        return
    raise refusal(
        text, start, "the file has conflict markers",
        hint="finish the merge first; of a sealed file: gitseal resolve FILE",
    )  # fmt: skip


def _line_with(text: str, marker: str) -> int:
    if text.startswith(marker):
        return 0
    found = text.find("\n" + marker)
    return found + 1 if found >= 0 else -1


def body_text(document: Document) -> str:
    """Give the text without header, `newline: false` applied."""
    cut = header_cut(document)
    return document.text if cut is None else splice(document.text, [cut])


def to_bytes(document: Document, text: str) -> bytes:
    """Encode a text as the document was encoded, byte order mark included."""
    encode = getattr(_module(document.syntax), "encode", None)
    if encode is not None:
        encoded: bytes = encode(text)
        return encoded
    return b"\xef\xbb\xbf" + text.encode() if document.bom else text.encode()


def seal_into(
    document: Document,
    slots: Sequence[Slot],
    tokens: Sequence[str],
    comments: Sequence[tuple[int, int]],
    comment_tokens: Sequence[str],
) -> tuple[str, list[bytes]]:
    """
    Replace clear values and comments by their sealed texts.

    Args:
        document: a clear document, or one whose header is to be replaced.
        slots: clear values of it, in the order of the text.
        tokens: their sealed texts.
        comments: spans of clear comments of it, in the order of the text.
        comment_tokens: their sealed texts.

    Returns:
        the sealed body, without header, and the events that parsing it must give.
    """
    events = document.events.copy()
    for slot, token in zip(slots, tokens, strict=True):
        index = slot[3]
        events[index] = sealed_event(events[index], token)
    edits = _sealing(document, slots, tokens, comments, comment_tokens)
    return splice(document.text, edits), events


def _sealing(
    document: Document,
    slots: Sequence[Slot],
    tokens: Sequence[str],
    comments: Sequence[tuple[int, int]],
    comment_tokens: Sequence[str],
) -> Iterable[Edit]:
    """Give the edits that seal a document, in order."""
    quote = _module(document.syntax).quote_token
    values = (
        (slot[0], slot[1], quote(slot, token)) for slot, token in zip(slots, tokens, strict=True)
    )
    cut = header_cut(document)
    if not comments and cut is None:
        return values
    edits = list(values)
    for (start, end), token in zip(comments, comment_tokens, strict=True):
        edits.append((start, end, " " + token))
    if cut is not None:
        edits.append(cut)
    edits.sort()
    return edits


def reads_back(
    document: Document,
    text: str,
    events: Sequence[bytes],
    slots: Sequence[Slot],
    tokens: Sequence[str],
    comments: Sequence[tuple[int, int]],
    comment_tokens: Sequence[str],
) -> bool:
    """
    Tell quickly whether sealed text reads as promised.

    True means: parsing `text` gives a body with just these events, every sealed value stands
    where it was put, and `put_back` would give the clear text.  It costs half of that in time and
    next to nothing in memory.  False may mean no more than that one has to look closer: parse,
    compare, put back.

    Args:
        document: the clear document.
        text: what `attach_header` gave.
        events: what `seal_into` gave.
        slots: what `seal_into` was given, as the rest.
        tokens: see there.
        comments: see there.
        comment_tokens: see there.
    """
    own = getattr(_module(document.syntax), "reads_back", None)
    if own is None:
        return False
    edits = _sealing(document, slots, tokens, comments, comment_tokens)
    return bool(own(document, text, events, slots, edits))


def attach_header(
    document: Document, body: str, fields: Sequence[tuple[str, str]], *, note: bool
) -> str:
    """
    Attach a header to a sealed body (format 5).

    Args:
        document: what the body was made of; decides where the header goes.
        body: what `seal_into` gave; the final line break is added if it is missing.
        fields: (name, one-line JSON) in order.
        note: whether the line for people is written above it.
    """
    text: str = _module(document.syntax).attach_header(document, body, fields, note=note)
    return text


def put_back(document: Document, pieces: Sequence[Piece], comments: Sequence[str]) -> str:
    """
    Give the text with every opened slice in its place and without header, not yet compared.

    Args:
        document: a sealed document.
        pieces: one for each of `document.sealed`.
        comments: one for each of `document.sealed_comments`, all that follows the sign.
    """
    fit = getattr(_module(document.syntax), "fit", None)
    return restoring.put_back(document, pieces, comments, fit)


def restore(document: Document, pieces: Sequence[Piece], comments: Sequence[str]) -> Document:
    """
    Put every opened slice back and compare the result with the sealed document.

    Args:
        document: a sealed document whose seal has been checked.
        pieces: one for each of `document.sealed`.
        comments: one for each of `document.sealed_comments`, all that follows the sign.

    Returns:
        the clear document; its text is what was sealed, byte for byte if nobody moved
        anything, and with the values re-fitted to their surroundings otherwise.

    Raises:
        IntegrityError: a value or the structure would differ; names the key path.
    """
    module = _module(document.syntax)
    own = getattr(module, "restore", None)
    if own is None:
        return restoring.restore(module, document, pieces, comments)
    restored: Document = own(document, pieces, comments)
    return restored
