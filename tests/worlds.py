# SPDX-License-Identifier: Apache-2.0
"""One scope with fixed keys, and the few calls that tests of sealed files need again and again."""

from __future__ import annotations

from gitseal import documents, sealedfile
from gitseal.crypto.base32 import to_text
from gitseal.crypto.derive import ScopeKeys
from gitseal.crypto.encoding import pae
from gitseal.keypaths import Rules
from gitseal.keys import Context, DataKey, ScopeId
from gitseal.native.binding import bind
from gitseal.native.header import Header
from gitseal.native.opening import SealedDocument, inspect_document
from gitseal.sealedfile import ClearFile, SealedFile

SCOPE = ScopeId("payments-prod", Context({"app": "payments", "env": "prod"}), 1)
KEYS = ScopeKeys(DataKey(bytes(range(32))), SCOPE)
EVERYTHING = Rules(["**"], [], "clear")
PASSWORDS = Rules(["**.password"], [], "clear")


def header(origin: str, keys: ScopeKeys = KEYS) -> Header:
    return Header(keys.scope.name, keys.scope.epoch, keys.kid, origin)


def seal(
    clear: str | bytes,
    name: str = "app.yaml",
    rules: Rules = EVERYTHING,
    *,
    strict: bool = True,
    keys: ScopeKeys = KEYS,
) -> bytes:
    """Seal a clear file as the file of that name."""
    data = clear.encode() if isinstance(clear, str) else clear
    return inspect_clear(data, name).seal(header(name, keys), keys, rules, strict=strict)


def inspect_clear(data: bytes, name: str = "app.yaml") -> ClearFile:
    content = sealedfile.inspect(data, name)
    assert isinstance(content, ClearFile)
    return content


def seal_whole(content: bytes, name: str) -> bytes:
    """Seal content as a whole, even if it is a container itself."""
    return ClearFile(content, None).seal(header(name), KEYS, EVERYTHING)


def inspect(data: bytes, name: str = "app.yaml") -> SealedFile:
    content = sealedfile.inspect(data, name)
    assert isinstance(content, SealedFile)
    return content


def sealed_document(data: bytes, name: str = "app.yaml") -> SealedDocument:
    sealed = inspect_document(documents.parse(data, documents.syntax_of(name) or ""))
    assert sealed is not None
    return sealed


def open_(
    data: bytes,
    name: str = "app.yaml",
    rules: Rules | None = EVERYTHING,
    *,
    strict: bool = True,
    keys: ScopeKeys = KEYS,
) -> bytes:
    """Open a sealed file as the file of that name."""
    return inspect(data, name).open(keys, rules, strict=strict).data


def sign_again(data: bytes, name: str = "app.yaml", keys: ScopeKeys = KEYS) -> bytes:
    """Give an altered document a fresh, valid seal, as a reader of the scope could."""
    sealed = sealed_document(data, name)
    assert sealed.header.seal is not None
    digest = bind(sealed.header, keys.scope).document_digest(sealed.document.events)
    signed = pae(b"gitseal/v1 docsig", digest)
    old = to_text("sig", sealed.header.seal).encode()
    assert data.count(old) == 1
    return data.replace(old, to_text("sig", keys.sign(signed)).encode())
