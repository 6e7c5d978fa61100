# SPDX-License-Identifier: Apache-2.0
"""What a seal binds besides the content: scope, context, epoch, key, origin, rules (format 6)."""

from __future__ import annotations

import hashlib

from gitseal.crypto.encoding import context_bytes, le64, pae
from gitseal.crypto.signatures import verify as verify_signature
from gitseal.errors import IntegrityError, RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitseal.crypto.derive import ScopeKeys
    from gitseal.keys import ScopeId
    from gitseal.native.header import Header

_WHO_CHANGED_IT = "take the file from git again; git log -p FILE shows who changed it"


class Binding:
    """
    The identity of one sealed file; two files never share one unless they are the same file.

    Attributes:
        scope: name, context and epoch, from the trusted record (or a header of scope `file`).
        kid: 32 bytes.
        origin: path bytes, empty in plain scopes.
        rules: canonical JSON in scope `file`, else empty.
    """

    __slots__ = ("kid", "origin", "rules", "scope")

    def __init__(self, scope: ScopeId, kid: bytes, origin: bytes, rules: bytes = b"") -> None:
        self.scope = scope
        self.kid = kid
        self.origin = origin
        self.rules = rules

    def header_bytes(self) -> bytes:
        """Give `hdr` of format 6."""
        return pae(
            b"gitseal/v1",
            self.scope.name.encode("ascii"),
            context_bytes(self.scope.context),
            le64(self.scope.epoch),
            self.kid,
            self.origin,
            self.rules,
        )

    def document_message(self, events: Sequence[bytes]) -> bytes:
        """Give what the seal of a document signs."""
        return self.digest_message(self.document_digest(events))

    def digest_message(self, digest: bytes) -> bytes:
        """Give the same from a digest that has been computed already."""
        return pae(b"gitseal/v1 docsig", digest)

    def document_digest(self, events: Sequence[bytes]) -> bytes:
        """Give `H` of format 6 over the encoded events of the body."""
        digest = hashlib.sha256(pae(b"gitseal/v1 doc", self.header_bytes(), le64(len(events))))
        for event in events:
            digest.update(event)
        return digest.digest()

    def file_message(self, body: bytes | memoryview) -> bytes:
        """Give what the seal of a whole file signs (format 7)."""
        return pae(b"gitseal/v1 filesig", self.header_bytes(), hashlib.sha256(body).digest())


def bind(header: Header, scope: ScopeId) -> Binding:
    """
    Bind a header to the scope that the path and the trusted record say it has.

    The signature covers the scope of the record, not the words of the header: a header that
    says something else would go unnoticed, and mislead whoever reads it first.

    Raises:
        IntegrityError: the header says another scope, epoch or context.
    """
    carried = header.context
    if (
        header.scope != scope.name
        or header.epoch != scope.epoch
        or (carried is not None and carried != scope.context)
    ):
        raise IntegrityError(
            "the header names another scope, epoch or context than the one it is opened for",
            hint=_WHO_CHANGED_IT,
        )
    rules = header.rules.signed_bytes() if header.rules is not None else b""
    return Binding(scope, header.kid, header.origin.encode(), rules)


def check_key(header: Header, keys: ScopeKeys) -> None:
    """
    Refuse keys that are not those of the header; matters where no seal says so.

    Raises:
        IntegrityError: another scope, epoch, context or key id.
    """
    bind(header, keys.scope)
    if header.kid != keys.kid:
        raise IntegrityError(
            "the header names another data key than the one it is opened with",
            hint=_WHO_CHANGED_IT,
        )


def origin_bytes(path: str) -> bytes:
    """
    Give the bytes of a path that a file is bound to.

    Raises:
        RefusedError: the name is not UTF-8.
    """
    try:
        return path.encode()
    except UnicodeEncodeError:
        raise RefusedError(
            "the file name is not UTF-8, so it cannot be bound to the sealed values",
            hint="rename the file",
        ) from None


def check_seal(public: bytes, seal: bytes | None, message: bytes) -> None:
    """
    Verify the seal of a file under the public key of its scope and epoch.

    Raises:
        IntegrityError: there is none, or it does not verify.
    """
    if seal is None:
        raise IntegrityError(
            "the seal is missing",
            hint=_WHO_CHANGED_IT,
        )
    try:
        verify_signature(public, seal, message)
    except IntegrityError:
        raise IntegrityError(
            "the seal does not verify: the file was changed without gitseal, or damaged",
            hint="undo that change (git diff shows it) and use gitseal edit; "
            "gitseal recover FILE shows what is intact",
        ) from None
