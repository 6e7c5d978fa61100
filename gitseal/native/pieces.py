# SPDX-License-Identifier: Apache-2.0
"""Opening every sealed value of a document, each at its own place (format 4)."""

from __future__ import annotations

from gitseal.crypto.values import ValueDoesNotOpenError, open_values
from gitseal.errors import IntegrityError
from gitseal.keypaths import COMMENT_PATH, format_path
from gitseal.native.binding import check_key
from gitseal.native.frames import (
    AT_END,
    COMMENT_CODE,
    MULTI,
    NORMALISED,
    SYNTAX_CODES,
    read_frame,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitseal.crypto.derive import ScopeKeys
    from gitseal.documents.base import Document, Piece
    from gitseal.native.opening import SealedDocument


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
