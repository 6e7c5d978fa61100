# SPDX-License-Identifier: Apache-2.0
"""Recovery keys in words: they come back as typed by a person, and mistakes are found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseal.errors import UsageError
from gitseal.masterkeys.identities import generate_identity
from gitseal.masterkeys.recovery import WORDS, RecoveryKey, from_words, to_words

SECRET = bytes(range(32))
KNOWN = (
    "babad bamag bibaj bimal boban bomar bubat bumaz dabid "
    "damig dibij dimil dobin domir dubit dumiz zobus nutij"
)
secrets = st.binary(min_size=32, max_size=32)
places = st.integers(0, WORDS - 1)
word = st.integers(0, 2**16 - 1).map(lambda number: to_words(number.to_bytes(32, "big"))[15])


def test_known_words() -> None:
    assert " ".join(to_words(SECRET)) == KNOWN


@given(secrets)
def test_words_give_the_secret_back(secret: bytes) -> None:
    words = to_words(secret)

    assert len(words) == WORDS
    assert all(re.fullmatch("[bdfghjklmnprstvz][aiou][bdfghjklmnprstvz][aiou][bdfghjklmnprstvz]", one) for one in words)  # fmt: skip  # noqa: E501
    assert from_words(" ".join(words)) == secret


@pytest.mark.parametrize(
    "typed",
    [
        KNOWN.upper(),
        KNOWN.title(),
        KNOWN.replace(" ", "-"),
        KNOWN.replace(" ", ",\r\n\t "),
        KNOWN.replace(" ", ""),
        "".join(f"{number}. {one}\n" for number, one in enumerate(KNOWN.split(), 1)),
        f"  {KNOWN} . ",
    ],
    ids=["upper", "title", "hyphens", "lines", "together", "numbered", "around"],
)
def test_how_it_is_typed_does_not_matter(typed: str) -> None:
    assert from_words(typed) == SECRET


@given(secrets, places, word)
def test_one_wrong_word_is_named(secret: bytes, place: int, wrong: str) -> None:
    words = list(to_words(secret))
    if words[place] == wrong:
        return
    words[place] = wrong

    with pytest.raises(UsageError, match=rf"^word {place + 1} of .* mistyped$"):
        from_words(" ".join(words))


@given(secrets, places, places, word, word)
def test_two_wrong_words_are_noticed(
    secret: bytes, left: int, right: int, one: str, other: str
) -> None:
    words = list(to_words(secret))
    if left == right or words[left] == one or words[right] == other:
        return
    words[left], words[right] = one, other

    with pytest.raises(UsageError):
        from_words(" ".join(words))


@given(secrets, st.integers(0, WORDS - 2))
def test_two_words_that_changed_places_are_named(secret: bytes, place: int) -> None:
    words = list(to_words(secret))
    if words[place] == words[place + 1]:
        return
    words[place], words[place + 1] = words[place + 1], words[place]

    # Where more than one swap would mend it, none is named; a random key has one chance in 4,000.
    named = f"words {place + 1} and {place + 2} of .* changed places|more than one word"
    with pytest.raises(UsageError, match=named):
        from_words(" ".join(words))


def test_the_first_two_words_changed_places() -> None:
    first, second, *rest = KNOWN.split()

    with pytest.raises(UsageError, match="words 1 and 2 of the recovery key changed places"):
        from_words(" ".join([second, first, *rest]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({2: "babxb"}, "word 3 .* a letter that cannot stand there"),
        ({2: "bobbb"}, "word 3 .* a letter that cannot stand there"),
        ({2: "babé"}, "word 3 .* has not 5 letters"),
        ({4: "baba"}, "word 5 .* has not 5 letters"),
        ({4: "bobanb"}, "word 5 .* has not 5 letters"),
        ({4: ""}, "18 words; these are 17"),
        ({4: "babab babab"}, "18 words; these are 19"),
    ],
)
def test_what_cannot_be_a_word_is_named(change: dict[int, str], message: str) -> None:
    words = [change.get(place, one) for place, one in enumerate(KNOWN.split())]

    with pytest.raises(UsageError, match=message):
        from_words(" ".join(words))


@pytest.mark.parametrize("text", ["", " ", "the quick brown fox", "1 2 3", "babab " * 18])
def test_anything_else_is_no_recovery_key(text: str) -> None:
    with pytest.raises(UsageError):
        from_words(text)


@given(st.text())
def test_any_text_is_refused_in_the_same_way(text: str) -> None:
    with pytest.raises(UsageError):
        from_words(text)


def test_no_message_shows_a_word() -> None:
    words = KNOWN.split()
    words[3] = "zuzuz"

    with pytest.raises(UsageError) as caught:
        from_words(" ".join(words))
    assert not set(words) & set(re.findall("[a-z]{5}", f"{caught.value} {caught.value.hint}"))


def test_words_and_identity_file_are_one_key(tmp_path: Path) -> None:
    made = RecoveryKey.generate()
    found = RecoveryKey.from_words(" ".join(made.words()))

    assert found.recipient == made.recipient == made.identity().recipient
    assert generate_identity(str(tmp_path / "me.txt"), secret=found.secret()) == made.recipient


def test_two_keys_are_two_keys() -> None:
    assert RecoveryKey.generate().recipient != RecoveryKey.generate().recipient


def test_no_repr_shows_a_word() -> None:
    key = RecoveryKey(SECRET)

    assert not set(key.words()) & set(re.findall("[a-z]{5}", repr(key)))
    assert repr(key) == f"RecoveryKey({key.recipient!r}, …)"


@pytest.mark.parametrize("size", [0, 31, 33])
def test_only_32_bytes_have_words(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        to_words(bytes(size))
