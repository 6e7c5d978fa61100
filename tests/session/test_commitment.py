# SPDX-License-Identifier: Apache-2.0
"""
Why `kid` is checked after every unwrap: one ciphertext can open under two keys.

AES-GCM (and -SIV, and ChaCha20-Poly1305) does not commit to its key.  Below, one ciphertext with
one tag decrypts under two keys to two texts.  Were a record to wrap the first for Alice and the
second for Bob, each would read something else in the same sealed file, and both would verify.
"""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fakes import SCOPE, FakeKey, providers, wrapped_for
from gitseal.crypto.derive import ScopeKeys
from gitseal.errors import CommitmentError
from gitseal.keys import DataKey
from gitseal.session import Session

ALICES, BOBS = DataKey(b"\1" * 32), DataKey(b"\2" * 32)
NONCE = bytes(12)
LENGTHS = (0).to_bytes(8, "big") + (256).to_bytes(8, "big")


def block(key: bytes, data: bytes) -> bytes:
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(data)


def number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def times(left: int, right: int) -> int:
    """Multiply in the field of GHASH (SP 800-38D, 6.3)."""
    result = 0
    for bit in range(127, -1, -1):
        if left >> bit & 1:
            result ^= right
        right = right >> 1 ^ (0xE1 << 120 if right & 1 else 0)
    return result


def power(base: int, exponent: int) -> int:
    result = 1 << 127
    while exponent:
        if exponent & 1:
            result = times(result, base)
        base = times(base, base)
        exponent >>= 1
    return result


def two_faced(left: bytes, right: bytes) -> bytes:
    """Two blocks and a tag that verify under both keys: one linear equation in the 2nd block."""
    hashes = [number(block(key, bytes(16))) for key in (left, right)]
    masks = [number(block(key, NONCE + b"\0\0\0\1")) for key in (left, right)]
    first = number(b"first block is free"[:16])

    def combined(exponent: int) -> int:
        return power(hashes[0], exponent) ^ power(hashes[1], exponent)

    known = times(first, combined(3)) ^ times(number(LENGTHS), combined(1)) ^ masks[0] ^ masks[1]
    second = times(known, power(combined(2), 2**128 - 2))
    tag = masks[0]
    for part, exponent in ((first, 3), (second, 2), (number(LENGTHS), 1)):
        tag ^= times(part, power(hashes[0], exponent))
    return b"".join(part.to_bytes(16, "big") for part in (first, second, tag))


def test_one_ciphertext_opens_under_two_keys_to_two_texts() -> None:
    sealed = two_faced(ALICES.expose(), BOBS.expose())

    read = [AESGCM(key.expose()).decrypt(NONCE, sealed, None) for key in (ALICES, BOBS)]

    assert read[0] != read[1]


@pytest.mark.parametrize("reader", ["alice", "bob"])
def test_only_the_reader_whose_key_the_record_commits_to_gets_it(reader: str) -> None:
    alice, bob = FakeKey("fake:alice"), FakeKey("fake:bob")
    wraps = {"alice": wrapped_for(alice, ALICES), "bob": wrapped_for(bob, BOBS)}
    session = Session(resolve=providers(alice, bob))
    kid = ScopeKeys(ALICES, SCOPE).kid

    if reader == "alice":
        assert session.keys(SCOPE, [wraps["alice"]], kid).kid == kid
        return
    with pytest.raises(CommitmentError, match="another data key"):
        session.keys(SCOPE, [wraps["bob"]], kid)
    assert not session.holds(SCOPE, kid)
