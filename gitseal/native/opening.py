# SPDX-License-Identifier: Apache-2.0
"""Opening a sealed document: verify, check the places, open, put back, compare (format 9)."""

from __future__ import annotations

from gitseal import documents
from gitseal.crypto.base32 import SEALED_PREFIX
from gitseal.errors import GitsealError, IntegrityError, NewerVersionError
from gitseal.keypaths import format_path
from gitseal.native.additions import open_additions
from gitseal.native.binding import bind, check_seal
from gitseal.native.header import read_header
from gitseal.native.pieces import open_pieces
from gitseal.native.places import check_aliases, lookalikes, unsealed_places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.crypto.derive import ScopeKeys
    from gitseal.documents.base import Document, Slot
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
    for _start, path, text in lookalikes(document):
        raise _imposter(text, path)


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
        try:
            verify_document(sealed, keys.scope, keys.sign_public())
        except IntegrityError as error:
            raise _addition(sealed, keys, rules) or error from None
    if rules is not None:
        _check_places(document, rules)
    pieces, comments = open_pieces(sealed, keys)
    return documents.restore(document, pieces, comments)


def _check_places(document: Document, rules: Rules) -> None:
    for slot in unsealed_places(document, rules):
        raise _in_clear(document, slot)
    check_aliases(document, rules)


def _in_clear(document: Document, slot: Slot) -> IntegrityError:
    line = document.text.count("\n", 0, slot[0]) + 1
    return IntegrityError(
        f"{format_path(slot[2])} (line {line}) is in clear, but the rules say it is sealed",
        hint="seal it: gitseal encrypt FILE",
    )


def _addition(
    sealed: SealedDocument, keys: ScopeKeys, rules: Rules | None
) -> IntegrityError | None:
    """Name the clear value that alone broke the seal, as after `echo NEW=x >> .env`."""
    if rules is None or open_additions(sealed, keys, rules) is None:
        return None
    return _in_clear(sealed.document, unsealed_places(sealed.document, rules)[0])
