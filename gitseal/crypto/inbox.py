# SPDX-License-Identifier: Apache-2.0
"""The inbox key pair: MLKEM768-X25519, to which proposals are sealed (format 2 and 15)."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SEED_SIZE = 96


def inbox_public(seed: bytes) -> bytes:
    """
    Give the 1,216-byte public key: ML-KEM-768 (1,184 bytes), then X25519 (32).

    Args:
        seed: 96 bytes; the ML-KEM seed (FIPS 203: d, then z), then the X25519 private key.
    """
    if len(seed) != SEED_SIZE:
        raise ValueError("an inbox seed has 96 bytes")
    post_quantum = MLKEM768PrivateKey.from_seed_bytes(seed[:64]).public_key()
    classical = X25519PrivateKey.from_private_bytes(seed[64:]).public_key()
    return post_quantum.public_bytes(Encoding.Raw, PublicFormat.Raw) + classical.public_bytes(
        Encoding.Raw, PublicFormat.Raw
    )
