# SPDX-License-Identifier: Apache-2.0
"""One secret for CI: what is packed comes back, and a slip is noticed without showing anything."""

from __future__ import annotations

import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseal.errors import NewerVersionError, UsageError
from gitseal.trust.packing import format_trust, is_packed, pack, parse_trust, unpack

IDENTITY = "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ"
PINS = {"shop-prod": bytes(range(32)), "a.b_c": bytes(32)}


def test_what_is_packed_comes_back() -> None:
    text = pack(IDENTITY, PINS)
    packed = unpack(text + "\n")

    assert (packed.expose(), packed.pins) == (IDENTITY, PINS)
    assert is_packed(text)
    assert not is_packed(IDENTITY)


@given(
    identity=st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    pins=st.dictionaries(
        st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True),
        st.binary(min_size=32, max_size=32),
        max_size=3,
    ),
)
def test_no_character_means_anything_to_a_shell(identity: str, pins: dict[str, bytes]) -> None:
    text = pack(identity, pins)

    assert re.fullmatch(r"[A-Za-z0-9_.-]+", text)
    assert unpack(text).expose() == identity
    assert unpack(text).pins == pins


@given(st.data())
def test_any_slip_is_noticed(data: st.DataObject) -> None:
    text = pack(IDENTITY, PINS)
    position = data.draw(st.integers(0, len(text) - 1))
    slip = data.draw(st.sampled_from(["", "A", "x", "-", "=", " ", "."]))
    wrong = text[:position] + slip + text[position + 1 :]
    if wrong.strip() == text:
        return

    with pytest.raises((UsageError, NewerVersionError)) as caught:
        unpack(wrong)
    assert not set(re.findall(r"[A-Za-z0-9_-]{12,}", str(caught.value))) & {wrong, text}
    assert "QQQQ" not in str(caught.value)


def test_a_newer_version_says_so() -> None:
    with pytest.raises(NewerVersionError):
        unpack("gitseal-key-2.AAAA.BBBB")


def test_nothing_shows_the_identity() -> None:
    packed = unpack(pack(IDENTITY, PINS))

    assert IDENTITY not in repr(packed)
    assert "shop-prod" in repr(packed)
    with pytest.raises(TypeError):
        pickle.dumps(packed)


def test_only_fingerprints_are_packed() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        pack(IDENTITY, {"shop": b"short"})
    with pytest.raises(ValueError, match="an identity"):
        pack("", {})


class TestGitsealTrust:
    def test_it_is_written_and_read(self) -> None:
        text = format_trust(PINS)

        assert re.fullmatch(r"[a-z0-9._=,-]+", text)
        assert parse_trust(text) == PINS
        assert parse_trust(f" {text.replace(',', ' , ')} ") == PINS
        assert parse_trust("") == {}

    @pytest.mark.parametrize(
        "text",
        ["shop", "shop=", "=x", "shop=ztnf-yw05-dzpc", "Shop=" + "0" * 52, "shop=" + "0000-" * 13],
    )
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(UsageError):
            parse_trust(text)

    def test_two_fingerprints_for_one_scope_are_refused(self) -> None:
        one, two = format_trust({"shop": bytes(32)}), format_trust({"shop": bytes([1] * 32)})

        assert parse_trust(f"{one},{one}") == {"shop": bytes(32)}
        with pytest.raises(UsageError, match="two fingerprints"):
            parse_trust(f"{one},{two}")
