# SPDX-License-Identifier: Apache-2.0
"""
The primitives of the `cryptography` package, by the short way: 3 ms instead of 20.

Its public modules load the whole of `typing`, `dataclasses` and the ssh formats.  What they
would hand out lies in its compiled part, which is not public; so this module is the only one
that looks there, falls back to the public names, and a test compares the two.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV


def aes_siv(key: bytes) -> AESSIV:
    """Give the AES-SIV cipher of RFC 5297 for a key."""
    return _aes_siv(key)


def private_key(seed: bytes) -> Ed25519PrivateKey:
    """Give the Ed25519 private key of a 32-byte seed."""
    return _private_key(seed)


def public_key(public: bytes) -> Ed25519PublicKey:
    """
    Give the Ed25519 public key of 32 bytes.

    Raises:
        ValueError: another length, or no point of the curve.
    """
    return _public_key(public)


def is_refusal(error: Exception) -> bool:
    """Tell whether an exception is the library's word that something does not authenticate."""
    from cryptography.exceptions import InvalidSignature, InvalidTag

    return isinstance(error, (InvalidSignature, InvalidTag))


try:
    from cryptography.hazmat.bindings._rust import openssl as _openssl

    _aes_siv: type[AESSIV] = _openssl.aead.AESSIV
    _private_key = _openssl.ed25519.from_private_bytes
    _public_key = _openssl.ed25519.from_public_bytes
except (ImportError, AttributeError):
    from cryptography.hazmat.primitives.asymmetric import ed25519
    from cryptography.hazmat.primitives.ciphers import aead

    _aes_siv = aead.AESSIV
    _private_key = ed25519.Ed25519PrivateKey.from_private_bytes
    _public_key = ed25519.Ed25519PublicKey.from_public_bytes
