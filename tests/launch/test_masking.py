# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import base64
import itertools
import json
import time
import urllib.parse
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseal.launch.masking import MASK, Masker

PEM = (
    "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\nEFAASCBKcwggSjAgEAAoIBAQ\n-----END KEY-----\n"
)


def masked(values: Iterable[str | bytes], *pieces: bytes) -> bytes:
    masker = Masker(values)
    return b"".join([*(masker.feed(piece) for piece in pieces), masker.finish()])


def test_a_value_is_masked_wherever_it_stands() -> None:
    assert masked(["hunter2"], b"hunter2 a hunter2, xhunter2x hunter\n") == (
        b"*** a ***, x***x hunter\n"
    )


@pytest.mark.parametrize("size", range(1, 12))
def test_a_value_in_pieces_is_masked(size: int) -> None:
    text = b"user=ada password=hunter2-canary end hunter2-cana"
    pieces = [text[start : start + size] for start in range(0, len(text), size)]

    assert masked(["hunter2-canary"], *pieces) == b"user=ada password=*** end hunter2-cana"


def test_nothing_is_held_back_that_cannot_be_a_value() -> None:
    masker = Masker(["hunter2"])

    assert masker.feed(b"Password: ") == b"Password: "
    assert masker.feed(b"hunt") == b""
    assert masker.feed(b"ing") == b"hunting"
    assert masker.feed(b"hunter2") == MASK
    assert masker.finish() == b""


def test_the_longest_of_several_wins() -> None:
    values = ["abcd", "abcdef", "cdefgh"]

    assert masked(values, b"abcdef abcdx abcdefgh") == b"*** ***x ***gh"
    assert masked(values, b"abcd", b"ef|abcd", b"|ab", b"cd") == b"***|***|***"


def test_values_that_overlap_in_pieces() -> None:
    assert masked(["xabc", "abcq"], b"xabc", b"zz") == b"***zz"
    assert masked(["aaaa"], *[b"a"] * 9) == b"******a"


@pytest.mark.parametrize("value", ["", "a", "abc", "äöü"])
def test_short_values_are_left_alone(value: str) -> None:
    text = f"{value} abc true {value}".encode()

    assert masked([value], text) == text


SECRET = 'p"ä/s s+w%\\x?'


@pytest.mark.parametrize(
    "form",
    [
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        json.dumps(SECRET).replace("/", "\\/"),
        urllib.parse.quote(SECRET),
        urllib.parse.quote(SECRET, safe=""),
        urllib.parse.quote_plus(SECRET),
        urllib.parse.quote(SECRET, safe="").replace("%C3%A4", "%c3%a4").replace("%2F", "%2f"),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
    ],
)
def test_other_spellings_are_masked(form: str) -> None:
    result = masked([SECRET], f"<{form}>".encode())

    assert MASK in result or form.count("%c3") != 0
    assert len(result) <= len(f"<{form}>")


def test_spellings_with_small_letters_are_masked() -> None:
    form = "".join(
        char if char.isalnum() and char.isascii() else "".join(f"%{b:02x}" for b in char.encode())
        for char in SECRET
    )

    assert masked([SECRET], form.encode()) == MASK


@pytest.mark.parametrize("user", ["a", "ab", "abc", "abcd"])
def test_what_is_inside_of_base64_is_masked_but_for_its_edges(user: str) -> None:
    header = base64.b64encode(f"{user}:correct horse battery:end".encode())
    value = "correct horse battery"

    result = masked([value], b"Authorization: Basic " + header)

    assert MASK in result
    left = result.partition(b"Basic ")[2].replace(MASK, b"")
    assert len(left) < len(header) - len(base64.b64encode(value.encode())) + 8


def test_lines_of_a_value_are_masked_one_by_one() -> None:
    logged = "".join(f"log: {line}\r\n" for line in PEM.splitlines()).encode()

    assert masked([PEM], logged) == b"log: ***\r\n" * 4
    assert masked([PEM], PEM.encode()) == MASK


def test_bytes_that_are_no_text_pass() -> None:
    noise = bytes(range(256)) * 300

    assert masked(["hunter2", b"\xff\xfe\x00\x01"], noise) == noise
    assert masked([b"\xff\xfe\x00\x01"], b"a\xff\xfe", b"\x00\x01b") == b"a***b"
    assert masked(["\udcff\udcfeabc"], b"\xff\xfeabc") == MASK


def test_without_values_everything_passes_at_once() -> None:
    assert Masker([]).feed(b"abc") == b"abc"


@given(
    st.lists(st.text("abc", min_size=4, max_size=7), min_size=1, max_size=4),
    st.text("abcd", max_size=60),
    st.lists(st.integers(0, 60), max_size=8),
)
def test_pieces_make_no_difference(values: list[str], text: str, cuts: list[int]) -> None:
    data = text.encode()
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[start:end] for start, end in itertools.pairwise(places)]

    whole = masked(values, data)

    assert masked(values, *pieces) == whole
    for value in values:
        assert value.encode() not in whole


def test_many_values_and_much_output_take_little_time() -> None:
    values = [f"secret-{number:04d}-{'x' * 20}" for number in range(500)] + [PEM * 10]
    output = b"".join(b"line %d of some log secret-%d\n" % (n, n) for n in range(50_000))
    start = time.process_time()

    result = masked(values, *(output[n : n + 65536] for n in range(0, len(output), 65536)))

    assert result == output
    assert time.process_time() - start < 6
