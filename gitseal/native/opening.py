# SPDX-License-Identifier: Apache-2.0
"""Opening a sealed document: verify, check the places, open, put back, compare (format 9)."""

from __future__ import annotations

from gitseal import documents
from gitseal.crypto.base32 import SEALED_PREFIX, looks_sealed
from gitseal.crypto.values import ValueDoesNotOpenError, open_values
from gitseal.errors import GitsealError, IntegrityError, NewerVersionError
from gitseal.keypaths import COMMENT_PATH, format_path
from gitseal.native.binding import bind, check_key, check_seal
from gitseal.native.frames import (
    AT_END,
    COMMENT_CODE,
    MULTI,
    NORMALISED,
    SYNTAX_CODES,
    read_frame,
)
from gitseal.native.header import read_header
from gitseal.native.places import check_aliases, unsealed_places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitseal.crypto.derive import ScopeKeys
    from gitseal.documents.base import Document, Piece
    from gitseal.keypaths import Rules
    from gitseal.keys import ScopeId
    from gitseal.native.header import Header


class SealedDocument:
    """
    A sealed document, taken apart but not yet verified.

    Attributes:
        document: the body: its events, its sealed and its clear values.
        header: what the file says about itself.
    """

    __slots__ = ("document", "header")

    def __init__(self, document: Document, header: Header) -> None:
        self.document = document
        self.header = header


def inspect_document(document: Document) -> SealedDocument | None:
    """
    Read the header of a parsed document; None if it has none.

    Raises:
        DocumentError: the header is damaged.
        NewerVersionError: the file was made by a newer gitseal.
        IntegrityError: a value only looks sealed.
    """
    if document.header is None:
        return None
    header = read_header(document.header)
    refuse_imposters(document)
    return SealedDocument(document, header)


def refuse_imposters(document: Document) -> None:
    """
    Refuse clear values that begin like sealed ones; a damaged sealed value is never a value.

    Raises:
        IntegrityError: names the key path.
        NewerVersionError: the value says it was sealed in a newer format.
    """
    if "seal:v" not in document.text and "\\" not in document.text:
        return
    for slot in document.slots:
        value = slot[7].lstrip()
        if value.startswith("seal:v") and looks_sealed(value):
            raise _imposter(value, slot[2])
    for start, end in document.comments:
        text = document.text[start:end].lstrip(" \t")
        if text.startswith("seal:v") and looks_sealed(text):
            raise _imposter(text, COMMENT_PATH)


def _imposter(text: str, path: bytes) -> GitsealError:
    if text[6] != "0" and not text.startswith(SEALED_PREFIX[:8]):
        return NewerVersionError(
            f"{format_path(path)} is sealed in a newer format", hint="install a newer gitseal"
        )
    return IntegrityError(
        f"{format_path(path)} looks sealed, but is damaged",
        hint="take the file from git again; see git diff",
    )


def verify_document(sealed: SealedDocument, scope: ScopeId, sign_public: bytes) -> None:
    """
    Verify the seal; needs no secret.

    Args:
        sealed: the file.
        scope: which scope the path and the trusted record say it has.
        sign_public: 32 bytes, of that scope and epoch.

    Raises:
        IntegrityError: changed, damaged, or of another scope, epoch or origin.
    """
    message = bind(sealed.header, scope).document_message(sealed.document.events)
    check_seal(sign_public, sealed.header.seal, message)


def open_document(
    sealed: SealedDocument, keys: ScopeKeys, rules: Rules | None, *, strict: bool = True
) -> Document:
    """
    Verify and open; releases nothing before everything has been checked.

    Args:
        sealed: the file.
        keys: of its scope and epoch.
        rules: which places must be sealed; None skips that step (portable files without a
            record, format 5).
        strict: whether a missing seal is refused.

    Returns:
        the clear document; its text is the text that was sealed.

    Raises:
        IntegrityError: changed, damaged, moved within the file, or a clear value stands
            where a sealed one belongs.
    """
    document = sealed.document
    if strict or sealed.header.seal is not None:
        verify_document(sealed, keys.scope, keys.sign_public())
    if rules is not None:
        _check_places(document, rules)
    pieces, comments = open_pieces(sealed, keys)
    return documents.restore(document, pieces, comments)


def _check_places(document: Document, rules: Rules) -> None:
    for slot in unsealed_places(document, rules):
        line = document.text.count("\n", 0, slot[0]) + 1
        raise IntegrityError(
            f"{format_path(slot[2])} (line {line}) is in clear, but the rules say it is sealed",
            hint="seal it: gitseal encrypt FILE",
        )
    check_aliases(document, rules)


def open_pieces(sealed: SealedDocument, keys: ScopeKeys) -> tuple[list[Piece], list[str]]:
    """
    Open every sealed value and comment of a file, without putting them back.

    Returns:
        (slice, indent, multi, at_end) for each sealed value, and the text of each comment.

    Raises:
        IntegrityError: a value does not belong at its place; names the key path.
    """
    check_key(sealed.header, keys)
    document = sealed.document
    slots = document.sealed
    paths = [slot[2] for slot in slots]
    tokens = [slot[7] for slot in slots]
    comments = document.sealed_comments
    if comments:
        paths += [COMMENT_PATH] * len(comments)
        tokens += [token for _start, _end, token in comments]
    key = keys.value_key(sealed.header.origin.encode())
    try:
        frames = open_values(key, paths, tokens)
    except ValueDoesNotOpenError as error:
        raise _does_not_open(paths[error.index]) from None
    pieces = _pieces(document, frames, paths)
    return pieces, _comment_texts(frames[len(slots) :])


def _pieces(document: Document, frames: Sequence[bytes], paths: Sequence[bytes]) -> list[Piece]:
    code = SYNTAX_CODES[document.syntax]
    plain = bytes((code, 0))
    pieces = []
    for index in range(len(document.sealed)):
        frame = frames[index]
        try:
            if frame[:2] == plain and b"\n" not in frame and b"\r" not in frame and frame[2:]:
                pieces.append((frame[2:].decode(), -1, False, False))
                continue
            flags, indent, text = read_frame(frame, code)
        except ValueError:
            raise _does_not_open(paths[index]) from None
        if flags & NORMALISED:
            text = text.replace("\n", document.line_break)
        pieces.append((text, indent, bool(flags & MULTI), bool(flags & AT_END)))
    return pieces


def _comment_texts(frames: Sequence[bytes]) -> list[str]:
    texts = []
    for frame in frames:
        try:
            texts.append(read_frame(frame, COMMENT_CODE)[2])
        except ValueError:
            raise _does_not_open(COMMENT_PATH) from None
    return texts


def _does_not_open(path: bytes) -> IntegrityError:
    return IntegrityError(
        f"{format_path(path)} does not open: it was altered, or comes from another place, "
        "file or epoch",
        hint="git log -p FILE shows who changed it; gitseal recover FILE shows what is intact",
    )
