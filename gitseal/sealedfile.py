# SPDX-License-Identifier: Apache-2.0
"""One face over every kind of sealed file, so that no command needs to know them."""

from __future__ import annotations

from gitseal import documents
from gitseal.native import opening, sealing, wholefile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.crypto.derive import ScopeKeys
    from gitseal.documents.base import Document
    from gitseal.keypaths import Rules
    from gitseal.keys import ScopeId
    from gitseal.native.header import Header
    from gitseal.native.opening import SealedDocument
    from gitseal.native.wholefile import SealedWhole


_NAME = b"gitseal"
"""Part of every header of a document."""


class ClearFile:
    """
    Content that is not sealed.

    Attributes:
        data: the bytes.
        document: the parsed document; None where the content is sealed as a whole.
    """

    __slots__ = ("data", "document")

    def __init__(self, data: bytes, document: Document | None) -> None:
        self.data = data
        self.document = document

    def seal(
        self,
        header: Header,
        keys: ScopeKeys,
        rules: Rules,
        *,
        strict: bool = True,
        proven: bool = False,
    ) -> bytes:
        """
        Seal the content; equal inputs give equal bytes.

        Args:
            header: without `seal`, which is added; its scope, epoch and kid are those of `keys`.
            keys: of the scope and epoch.
            rules: which places of a document to seal.
            strict: whether a document gets a seal (format 6, `integrity`).
            proven: open the result again and compare, before it is given.

        Raises:
            DocumentError: it cannot be sealed without loss.
        """
        if self.document is None:
            return wholefile.seal_whole(self.data, header, keys, proven=proven)
        return sealing.seal_document(
            self.document, header, keys, rules, strict=strict, proven=proven
        )

    def __repr__(self) -> str:
        return "ClearFile(…)"


class SealedFile:
    """
    A sealed file, taken apart but not yet verified.

    Attributes:
        header: what the file says about itself.
        sealed: the document or the whole file behind it.
    """

    __slots__ = ("header", "sealed")

    def __init__(self, sealed: SealedDocument | SealedWhole) -> None:
        self.sealed = sealed
        self.header: Header = sealed.header

    @property
    def is_whole(self) -> bool:
        """Tell whether the file is sealed as a whole, not value by value."""
        return isinstance(self.sealed, wholefile.SealedWhole)

    @property
    def document(self) -> Document | None:
        """Give the sealed document; None for whole files."""
        return None if isinstance(self.sealed, wholefile.SealedWhole) else self.sealed.document

    def verify(self, scope: ScopeId, sign_public: bytes, *, strict: bool = True) -> None:
        """
        Verify the seal with public material only.

        Args:
            scope: what the path and the trusted record say.
            sign_public: 32 bytes, of that scope and epoch.
            strict: whether a document without a seal is refused.

        Raises:
            IntegrityError: changed, damaged, or of another scope, epoch or origin.
        """
        if isinstance(self.sealed, wholefile.SealedWhole):
            wholefile.verify_whole(self.sealed, scope, sign_public)
        elif strict or self.header.seal is not None:
            opening.verify_document(self.sealed, scope, sign_public)

    def open(self, keys: ScopeKeys, rules: Rules | None, *, strict: bool = True) -> ClearFile:
        """
        Verify and open; see `native.opening.open_document`.

        Raises:
            IntegrityError: changed, damaged, or clear where it must be sealed.
        """
        if isinstance(self.sealed, wholefile.SealedWhole):
            return ClearFile(wholefile.open_whole(self.sealed, keys), None)
        document = opening.open_document(self.sealed, keys, rules, strict=strict)
        return ClearFile(documents.to_bytes(document, document.text), document)


def may_be_sealed(data: bytes) -> bool:
    """Tell cheaply whether content can be sealed; what cannot is clear for sure."""
    return wholefile.is_whole(data) or _NAME in data


def inspect(data: bytes, path: str, *, whole: bool = False) -> SealedFile | ClearFile:
    """
    Tell what content is: sealed (and how), or clear.

    Args:
        data: the whole file.
        path: its name decides the syntax.
        whole: whether the policy lists it under `whole`, so that it is never parsed.

    Raises:
        NotADocumentError: the name says a structured syntax, and it is not a document.
        DocumentError: the header is damaged.
        NewerVersionError: made by a newer gitseal.
        IntegrityError: a value only looks sealed.
    """
    if wholefile.is_whole(data):
        return SealedFile(wholefile.inspect_whole(data))
    syntax = None if whole else documents.syntax_of(path)
    if syntax is None or not data:
        return ClearFile(data, None)
    document = documents.parse(data, syntax)
    sealed = opening.inspect_document(document)
    return ClearFile(data, document) if sealed is None else SealedFile(sealed)
