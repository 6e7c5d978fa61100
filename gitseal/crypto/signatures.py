# SPDX-License-Identifier: Apache-2.0
"""Ed25519 (RFC 8032): who holds the data key can sign, everyone can verify."""

from __future__ import annotations

from gitseal.crypto import library
from gitseal.errors import IntegrityError

SIGNATURE_SIZE = 64


class Signer:
    """
    A private key that signs many times.

    Args:
        seed: 32 bytes.
    """

    __slots__ = ("_private", "public_key")

    def __init__(self, seed: bytes) -> None:
        self._private = library.private_key(seed)
        self.public_key: bytes = self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """Give 64 bytes; the same every time (RFC 8032, 5.1.6)."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return "Signer(…)"


def verify(public: bytes, signature: bytes, message: bytes) -> None:
    """
    Verify a 64-byte signature under a 32-byte public key.

    Raises:
        IntegrityError: it does not verify, whatever the reason.
    """
    try:
        library.public_key(public).verify(signature, message)
    except Exception as error:
        if isinstance(error, ValueError) or library.is_refusal(error):
            raise IntegrityError("the signature does not verify") from None
        raise
