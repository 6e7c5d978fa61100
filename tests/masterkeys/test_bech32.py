# SPDX-License-Identifier: Apache-2.0
"""Bech32, against pyrage's, and against its own faults."""

from __future__ import annotations

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseal.masterkeys.bech32 import decode, encode

VALID = "age1cxhf8lu25d0wkaqkpsv93d8qr2mg3np53j30t4mu9xf3vnn0e9vs6lnaxx"


@given(st.text("abcdefghijklmnopqrstuvwxyz1-", min_size=1), st.binary(max_size=80))
def test_what_is_encoded_is_decoded(prefix: str, data: bytes) -> None:
    text = encode(prefix, data)

    assert decode(text) == decode(text.upper()) == (prefix, data)


def test_pyrage_writes_the_same() -> None:
    identity = pyrage.x25519.Identity.generate()

    for text in (str(identity).lower(), str(identity.to_public())):
        assert encode(*decode(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "age",
        "age1",
        "1qqqqqq",
        VALID[:-1],
        VALID + "q",
        VALID[:-1] + "q",
        VALID.replace("c", "b", 1),
        VALID.replace("c", "C", 1),
        VALID.replace("c", "é", 1),
        "é" + VALID,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="bech32"):
        decode(text)


@given(st.integers(4, len(VALID) - 1), st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l"))
def test_one_wrong_character_is_noticed(place: int, char: str) -> None:
    if VALID[place] == char:
        return
    with pytest.raises(ValueError, match="checksum"):
        decode(VALID[:place] + char + VALID[place + 1 :])


def test_spare_bits_must_be_zero() -> None:
    # 'age' with one byte is two characters; the lower two bits of the second are spare.
    prefix, checked = "age", encode("age", b"\xff")

    assert decode(checked) == (prefix, b"\xff")
    for data in ("ll", "q", "qqq"):
        with pytest.raises(ValueError, match="spare bits"):
            decode(_with_checksum(data))


def _with_checksum(data: str) -> str:
    from gitseal.masterkeys import bech32

    values = [bech32._ALPHABET.index(char) for char in data]
    check = bech32._polymod([*bech32._expanded("age"), *values, *[0] * 6]) ^ 1
    tail = "".join(bech32._ALPHABET[check >> 5 * shift & 31] for shift in range(5, -1, -1))
    return f"age1{data}{tail}"
