# SPDX-License-Identifier: Apache-2.0
"""Base 32 in wide lanes is the base 32 that one character at a time would give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseal.crypto import base32


def one_at_a_time(data: bytes) -> str:
    """The plain reading of the definition: five bits a character, zeros at the end."""
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    return "".join(chr(base32.ALPHABET[int(bits[i : i + 5], 2)]) for i in range(0, len(bits), 5))


@given(st.lists(st.binary(max_size=80), max_size=20))
def test_many_values_agree_with_the_definition(values: list[bytes]) -> None:
    texts = base32.encode_many(values)

    assert [one_at_a_time(value) for value in values] == texts
    assert values == base32.decode_many(texts)


def test_more_values_than_one_block_of_lanes_holds() -> None:
    values = [bytes([i % 256]) * 48 for i in range(1500)]

    assert values == base32.decode_many(base32.encode_many(values))


@given(st.text(alphabet="0123456789abcdefghjkmnpqrstvwxyzilouA=_ é", max_size=24))
def test_what_decodes_encodes_to_the_same_text(text: str) -> None:
    try:
        data = base32.decode(text)
    except ValueError:
        return
    assert text == base32.encode(data)


def test_spare_bits_of_one_text_among_many_are_noticed() -> None:
    good = base32.encode(bytes(48))

    with pytest.raises(ValueError, match="spare bits"):
        base32.decode_many([good, good[:-1] + "1", good])


@pytest.mark.parametrize(
    "text",
    ["seal:v1[_00_", "seal:v1[00_]", "seal:v2[_00_]", "kid:v1[_00_]", "seal:v1[_]", " seal:v1[__]"],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        base32.from_text("seal", text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("seal:v1[_x_]", True), ("seal:v2[", True), ("seal:v10[x", True), ("seal:v1", False),
     ("seal:vx[", False), ("seal:v[", False), ("Seal:v1[", False), ("seal:v\u0661[", False)],
)  # fmt: skip
def test_what_begins_like_a_sealed_value(value: str, *, expected: bool) -> None:
    assert expected == base32.looks_sealed(value)
