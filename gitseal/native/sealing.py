# SPDX-License-Identifier: Apache-2.0
"""Sealing a clear document: its values are replaced where they stand, nothing else moves."""

from __future__ import annotations

from gitseal import documents
from gitseal.crypto.values import seal_values
from gitseal.errors import DocumentError, IntegrityError, NotADocumentError
from gitseal.keypaths import COMMENT_PATH, format_path
from gitseal.native.binding import Binding, bind
from gitseal.native.frames import (
    AT_END,
    COMMENT_CODE,
    MULTI,
    NORMALISED,
    SYNTAX_CODES,
    write_frame,
)
from gitseal.native.places import check_aliases, lookalikes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitseal.crypto.derive import ScopeKeys
    from gitseal.documents.base import Document, Piece, Slot
    from gitseal.keypaths import Rules
    from gitseal.native.header import Header

_LOSS = "this layout cannot be sealed without loss"
_WAY_OUT = "write the value in double quotes, or list the file under `whole`"

# Below this many values the sealed text is simply opened again; above, that costs too much.
_MANY = 5_000


def seal_document(
    clear: Document,
    header: Header,
    keys: ScopeKeys,
    rules: Rules,
    *,
    strict: bool = True,
    note: bool = True,
    proven: bool = False,
) -> bytes:
    """
    Seal the places that the rules name; equal inputs give equal bytes.

    The result is parsed and put back again before it is given: it is refused unless that
    returns exactly the clear text.  The clear document is spent by that (`Document.spend`).

    Args:
        clear: parsed from clear text.
        header: without `seal` and `newline`, which are added in what is written.
        keys: of the header's scope and epoch.
        rules: which places to seal.
        strict: whether the file gets a seal (format 6, `integrity`).
        note: whether the line for people is written above the header.
        proven: open every value again and compare it, too; what git is given cannot be asked for
            a second time.

    Returns:
        the bytes of the sealed file.

    Raises:
        NotADocumentError: a clear value looks like a sealed one.
        DocumentError: the document cannot be sealed without loss.
    """
    _check_clear(clear, rules)
    slots = clear.slots
    if not rules.everything:
        slots = [slot for slot in slots if rules.selects(slot[2])]
    comments = clear.comments if rules.comments else []
    key = keys.value_key(header.origin.encode())
    tokens = _tokens(clear, slots, comments, key, proven=proven)
    comment_tokens = tokens[len(slots) :]
    del tokens[len(slots) :]
    placed = (slots, tokens, comments, comment_tokens)
    body, events = documents.seal_into(clear, *placed)
    binding = bind(header, keys.scope)
    digest = binding.document_digest(events)
    seal = keys.sign(binding.digest_message(digest)) if strict else None
    written = header.finished(seal=seal, newline=clear.text.endswith("\n"))
    text = documents.attach_header(clear, body, written.fields(), note=note)
    if (proven or len(slots) >= _MANY) and documents.reads_back(clear, text, events, *placed):
        return documents.to_bytes(clear, text)
    del body, events, tokens, placed
    data = documents.to_bytes(clear, text)
    del text
    pieces = [documents.piece_of(clear, slot) for slot in slots]
    del slots
    clear.spend()
    texts = [clear.text[start:end] for start, end in comments]
    _check_reversible(clear, data, (binding, digest), pieces, (texts, comment_tokens))
    return data


def _check_clear(clear: Document, rules: Rules) -> None:
    refuse_lookalikes(clear)
    try:
        check_aliases(clear, rules)
    except IntegrityError as error:
        raise DocumentError(error.message, hint=error.hint) from None


def _tokens(
    clear: Document,
    slots: Sequence[Slot],
    comments: Sequence[tuple[int, int]],
    key: bytes,
    *,
    proven: bool,
) -> list[str]:
    paths = [slot[2] for slot in slots] + [COMMENT_PATH] * len(comments)
    frames = _frames(clear, slots)
    frames += [write_frame(COMMENT_CODE, 0, -1, clear.text[start:end]) for start, end in comments]
    return seal_values(key, paths, frames, proven=proven)


def refuse_lookalikes(document: Document) -> None:
    """
    Refuse clear values that look like sealed ones (format 4).

    Raises:
        NotADocumentError: names the key path and the line.
    """
    for slot in document.sealed:
        raise _lookalike(document, slot[0], slot[2])
    for start, path, _text in lookalikes(document):
        raise _lookalike(document, start, path)
    for start, _end, _token in document.sealed_comments:
        raise _lookalike(document, start, COMMENT_PATH)


def _lookalike(document: Document, start: int, path: bytes) -> NotADocumentError:
    where = "a comment" if path == COMMENT_PATH else format_path(path)
    return NotADocumentError(
        f"{where} looks like sealed text, but the file is not sealed",
        line=document.text.count("\n", 0, start) + 1,
        hint="restore the sealed file from git, or replace that text",
    )


def _frames(clear: Document, slots: Sequence[Slot]) -> list[bytes]:
    """Give the frame of each slot; the common case stays on one line of Python."""
    text = clear.text
    code = SYNTAX_CODES[clear.syntax]
    plain = bytes((code, 0))
    length = len(text)
    frames = []
    for slot in slots:
        end = slot[1]
        piece = text[slot[0] : end]
        if "\n" not in piece and end != length:
            frames.append(plain + piece.encode())
            continue
        piece, multi, normalised, at_end = documents.slice_facts(clear, slot)
        flags = MULTI * multi | NORMALISED * normalised | AT_END * at_end
        frames.append(write_frame(code, flags, slot[5], piece))
    return frames


def _check_reversible(
    clear: Document,
    data: bytes,
    expected: tuple[Binding, bytes],
    pieces: Sequence[Piece],
    comments: tuple[Sequence[str], Sequence[str]],
) -> None:
    """
    Parse the result and put every slice back: the text must be the clear text again.

    A value that this cannot bring back is refused, never written: some layouts (a block
    scalar at its parent's own column) read differently once a sealed value stands there.
    Equal digests mean equal events, and so the same sealed values at the same paths.
    """
    try:
        again = documents.parse(data, clear.syntax)
    except NotADocumentError:
        # Such as a quote that nothing closed before the header came.
        raise DocumentError(_LOSS, hint=_WAY_OUT) from None
    binding, digest = expected
    texts, comment_tokens = comments
    found_comments = [token for _start, _end, token in again.sealed_comments]
    if binding.document_digest(again.events) != digest or found_comments != list(comment_tokens):
        raise DocumentError(_LOSS, hint=_WAY_OUT)
    if documents.put_back(again, pieces, texts) != clear.text:
        raise DocumentError("this layout does not come back byte for byte", hint=_WAY_OUT)
