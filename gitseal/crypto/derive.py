# SPDX-License-Identifier: Apache-2.0
"""Everything that follows from one data key: key id, sealing keys, signing key (format 2)."""

from __future__ import annotations

import hashlib
import hmac

from gitseal.crypto import base32
from gitseal.crypto.encoding import context_bytes, le64, pae, scope_id_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.crypto.signatures import Signer
    from gitseal.keys import DataKey, ScopeId

_SUITE = b"gitseal/v1"
_HASH_SIZE = 32
KID_SIZE = 32


def hkdf_extract(salt: bytes, secret: bytes) -> bytes:
    """Give the 32-byte pseudo-random key (RFC 5869, 2.2, SHA-256)."""
    return hmac.digest(salt or bytes(_HASH_SIZE), secret, "sha256")


def hkdf_expand(key: bytes, info: bytes, size: int) -> bytes:
    """
    Give `size` bytes, at most 8,160, bound to `info` (RFC 5869, 2.3, SHA-256).

    Raises:
        ValueError: more bytes than HKDF can give.
    """
    if size > 255 * _HASH_SIZE:
        raise ValueError("HKDF gives at most 8160 bytes")
    block = b""
    output = b""
    counter = 1
    while len(output) < size:
        block = hmac.digest(key, block + info + bytes((counter,)), "sha256")
        output += block
        counter += 1
    return output[:size]


class ScopeKeys:
    """
    The keys of one scope in one epoch; derived when asked for, silent in every repr.

    Attributes:
        scope: what the data key is for.
        kid: 32 bytes; public key id, and a commitment to the data key and its scope.
    """

    __slots__ = ("_data_key", "_last_value", "_prk", "_sid", "_signing", "kid", "scope")

    def __init__(self, data_key: DataKey, scope: ScopeId) -> None:
        self.scope = scope
        self._data_key = data_key
        self._sid = scope_id_bytes(scope)
        self._prk = hkdf_extract(_SUITE, data_key.expose())
        self._signing: Signer | None = None
        self._last_value: tuple[bytes | None, bytes] = (None, b"")
        self.kid = self._derive(b"commit", KID_SIZE)

    def _derive(self, label: bytes, size: int, *extra: bytes) -> bytes:
        return hkdf_expand(self._prk, pae(_SUITE, label, self._sid, *extra), size)

    def data_key(self) -> DataKey:
        """Give the data key, to wrap it for another reader."""
        return self._data_key

    def value_key(self, origin: bytes) -> bytes:
        """Give the 64-byte key for the values of the file first sealed at `origin`."""
        # In plain scopes one key is for all files; elsewhere one file's is asked for twice.
        if self._last_value[0] != origin:
            self._last_value = origin, self._derive(b"value", 64, origin)
        return self._last_value[1]

    def file_key(self, origin: bytes) -> bytes:
        """Give the 64-byte key for whole-file mode of the file first sealed at `origin`."""
        return self._derive(b"file", 64, origin)

    def sign(self, message: bytes) -> bytes:
        """Sign as a holder of the data key; 64 bytes."""
        return self._signer().sign(message)

    def sign_public(self) -> bytes:
        """Give the 32-byte Ed25519 public key `spk`."""
        return self._signer().public_key

    def _signer(self) -> Signer:
        # Kept: a filter signs and verifies for thousands of files under one key.
        if self._signing is None:
            from gitseal.crypto.signatures import Signer

            self._signing = Signer(self._derive(b"sign", 32))
        return self._signing

    def inbox_public(self) -> bytes:
        """Give the 1,216-byte public key `ipk` that proposals are sealed to."""
        from gitseal.crypto.inbox import inbox_public

        return inbox_public(self._derive(b"inbox", 96))

    def value_fingerprint(self, origin: bytes, path: bytes, value: bytes) -> bytes:
        """Give the 5 bytes that stand for a value in a redacted diff (format 2, `fp`)."""
        key = self._derive(b"fp", 32)
        return hmac.digest(key, pae(origin, path, value), "sha256")[:5]

    def __repr__(self) -> str:
        return f"ScopeKeys({self.scope.name!r}, epoch={self.scope.epoch}, …)"

    def __reduce__(self) -> str:
        raise TypeError("scope keys cannot be pickled")


def fingerprint(scope: ScopeId, kid: bytes, sign_public: bytes, inbox_public: bytes) -> bytes:
    """
    Give the 32 bytes that name the public keys of an epoch; what people trust (format 2, `fpr`).

    Args:
        scope: name, context and epoch.
        kid: 32 bytes.
        sign_public: 32 bytes, `spk`.
        inbox_public: 1,216 bytes, `ipk`.
    """
    parts = pae(b"gitseal/v1 scope-key", scope_id_bytes(scope), kid, sign_public, inbox_public)
    return hashlib.sha256(parts).digest()


def format_fingerprint(digest: bytes) -> str:
    """Write the 32 bytes of a fingerprint as 13 groups of four characters with hyphens."""
    text = base32.encode(digest)
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))


def parse_fingerprint(text: str) -> bytes:
    """
    Undo `format_fingerprint`.

    Raises:
        ValueError: not 52 characters of base 32 in hyphened groups of four.
    """
    digest = base32.decode(text.replace("-", ""))
    if len(digest) != _HASH_SIZE or format_fingerprint(digest) != text:
        raise ValueError("not a fingerprint")
    return digest


def safety_code(digest: bytes) -> str:
    """Give the first three groups of a fingerprint, which people compare."""
    return format_fingerprint(digest)[:14]


def link_message(scope: ScopeId, digest: bytes) -> bytes:
    """Give what epoch n signs to name epoch n+1 its successor; `scope` is of n+1 (format 8)."""
    return pae(
        b"gitseal/v1 rotate",
        scope.name.encode("ascii"),
        context_bytes(scope.context),
        le64(scope.epoch),
        digest,
    )
