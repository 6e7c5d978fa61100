# SPDX-License-Identifier: Apache-2.0
"""Ed25519 (RFC 8032): who holds the data key can sign, everyone can verify."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gitseal.errors import IntegrityError

SIGNATURE_SIZE = 64
PUBLIC_KEY_SIZE = 32


def public_key(seed: bytes) -> bytes:
    """Give the 32-byte public key of a 32-byte seed."""
    key = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def sign(seed: bytes, message: bytes) -> bytes:
    """Sign with a 32-byte seed; the 64 bytes are the same every time (RFC 8032, 5.1.6)."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def verify(public: bytes, signature: bytes, message: bytes) -> None:
    """
    Verify a 64-byte signature under a 32-byte public key.

    Raises:
        IntegrityError: it does not verify, whatever the reason.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise IntegrityError("the signature does not verify") from None
