# SPDX-License-Identifier: Apache-2.0
"""Ed25519 (RFC 8032): who holds the data key can sign, everyone can verify."""

from __future__ import annotations

from gitseal.crypto import library
from gitseal.errors import IntegrityError

SIGNATURE_SIZE = 64


def public_key(seed: bytes) -> bytes:
    """Give the 32-byte public key of a 32-byte seed."""
    return library.private_key(seed).public_key().public_bytes_raw()


def sign(seed: bytes, message: bytes) -> bytes:
    """Sign with a 32-byte seed; the 64 bytes are the same every time (RFC 8032, 5.1.6)."""
    return library.private_key(seed).sign(message)


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
