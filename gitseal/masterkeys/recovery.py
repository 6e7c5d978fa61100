# SPDX-License-Identifier: Apache-2.0
"""
A recovery key in words: an age X25519 identity that a person can write on paper.

The 32 bytes are 16 numbers of 16 bits; each is written as a word of five letters, consonant,
vowel, consonant, vowel, consonant (the scheme of "proquints", arxiv.org/abs/0901.4016), so no
list of words is needed.  Two more words make it a Reed-Solomon code over GF(2^16) with 18
symbols and distance 3: every wrong word is not only noticed but *found*, every two are noticed,
two neighbours that changed places are mostly found, and of other mistakes one in 2^32 passes.

    syndrome 0 = sum of w[i],  syndrome 1 = sum of a^i * w[i],  i = 0 .. 17,  a = 2

Both are shifted by constants, so that eighteen words of something else are no recovery key.
"""

from __future__ import annotations

from gitseal.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.masterkeys.identities import Identity

WORDS = 18
_DATA_WORDS = 16
_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aiou"
_LENGTH = 5
_FIELD = 0x1100B  # x^16 + x^12 + x^3 + x + 1, of which 2 is a generator
_SHIFT = (0x6769, 0x7473)  # "gi", "ts"
_LABEL = "recovery key"


class RecoveryKey:
    """
    A recovery key; its words are shown once and never stored.

    Attributes:
        recipient: its public half, `age1…`, to be added as a reader.
    """

    __slots__ = ("_secret", "recipient")

    def __init__(self, secret: bytes) -> None:
        from gitseal.masterkeys.identities import x25519_identity

        self._secret = bytes(secret)
        self.recipient = x25519_identity(secret, _LABEL).recipient

    @classmethod
    def generate(cls) -> RecoveryKey:
        """Make a new one, with the randomness of age."""
        import pyrage

        from gitseal.masterkeys import bech32

        _, secret = bech32.decode(str(pyrage.x25519.Identity.generate()))
        return cls(secret)

    @classmethod
    def from_words(cls, text: str) -> RecoveryKey:
        """
        Read what a person typed: any case, any white space, hyphens, commas, numbered or not.

        Raises:
            UsageError: it is no recovery key; the word that is wrong is named by its number.
        """
        return cls(from_words(text))

    def words(self) -> tuple[str, ...]:
        """Give the 18 words."""
        return to_words(self._secret)

    def identity(self) -> Identity:
        """Give the identity, to open with."""
        from gitseal.masterkeys.identities import x25519_identity

        return x25519_identity(self._secret, _LABEL)

    def secret(self) -> bytes:
        """Give the 32 bytes, for `generate_identity(path, secret=…)`."""
        return self._secret

    def __repr__(self) -> str:
        return f"RecoveryKey({self.recipient!r}, …)"

    def __reduce__(self) -> str:
        raise TypeError("a recovery key cannot be pickled")


def to_words(secret: bytes) -> tuple[str, ...]:
    """
    Write 32 bytes as 18 words.

    Raises:
        ValueError: not 32 bytes.
    """
    if len(secret) != 2 * _DATA_WORDS:
        raise ValueError("a recovery key has 32 bytes")
    numbers = [int.from_bytes(secret[i : i + 2], "big") for i in range(0, len(secret), 2)]
    first, second = _syndromes([*numbers, 0, 0])
    # p + q = first and a^16 p + a^17 q = second, where p and q are the last two words.
    low, high = _power(_DATA_WORDS), _power(_DATA_WORDS + 1)
    last = _times(second ^ _times(low, first), _inverse(low ^ high))
    return tuple(_word(number) for number in [*numbers, first ^ last, last])


def from_words(text: str) -> bytes:
    """
    Give the 32 bytes back; see `RecoveryKey.from_words`.

    Raises:
        UsageError: naming the word that is wrong, never showing one.
    """
    numbers = [_number(word, place) for place, word in enumerate(_split(text), 1)]
    if len(numbers) != WORDS:
        raise UsageError(f"a recovery key has {WORDS} words; these are {len(numbers)}")
    first, second = _syndromes(numbers)
    if first or second:
        raise _mistake(numbers, first, second)
    return b"".join(number.to_bytes(2, "big") for number in numbers[:_DATA_WORDS])


def _mistake(numbers: list[int], first: int, second: int) -> UsageError:
    hint = "compare the words with the paper; capitals and white space do not matter"
    if first and second:
        ratio = _times(second, _inverse(first))
        for place in range(WORDS):
            if _power(place) == ratio:
                return UsageError(f"word {place + 1} of the recovery key is mistyped", hint=hint)
    swaps = [place for place in range(WORDS - 1) if _is_swapped(numbers, place)]
    if len(swaps) == 1:
        return UsageError(
            f"words {swaps[0] + 1} and {swaps[0] + 2} of the recovery key changed places", hint=hint
        )
    return UsageError("more than one word of the recovery key is mistyped", hint=hint)


def _is_swapped(numbers: list[int], place: int) -> bool:
    swapped = numbers.copy()
    swapped[place : place + 2] = numbers[place + 1], numbers[place]
    return _syndromes(swapped) == (0, 0)


def _split(text: str) -> list[str]:
    words: list[str] = []
    for run in "".join(char if char.isalpha() else " " for char in text.lower()).split():
        # Typed without white space it can be cut; where there is some, it shows the wrong word.
        size = _LENGTH if len(run) % _LENGTH == 0 else len(run)
        words += [run[start : start + size] for start in range(0, len(run), size)]
    return words


def _word(number: int) -> str:
    return (
        _CONSONANTS[number >> 12]
        + _VOWELS[number >> 10 & 3]
        + _CONSONANTS[number >> 6 & 15]
        + _VOWELS[number >> 4 & 3]
        + _CONSONANTS[number & 15]
    )


def _number(word: str, place: int) -> int:
    if len(word) != _LENGTH:
        raise UsageError(f"word {place} of the recovery key has not {_LENGTH} letters")
    number = 0
    for index, char in enumerate(word):
        letters, bits = (_VOWELS, 2) if index % 2 else (_CONSONANTS, 4)
        digit = letters.find(char)
        if digit < 0:
            raise UsageError(
                f"word {place} of the recovery key has a letter that cannot stand there",
                hint=f"consonants are {_CONSONANTS}, vowels {_VOWELS}: no c, e, q, w, x or y",
            )
        number = number << bits | digit
    return number


def _syndromes(numbers: list[int]) -> tuple[int, int]:
    first, second = _SHIFT
    for place, number in enumerate(numbers):
        first ^= number
        second ^= _times(_power(place), number)
    return first, second


def _power(exponent: int) -> int:
    result = 1
    for _ in range(exponent):
        result = _times(result, 2)
    return result


def _times(left: int, right: int) -> int:
    result = 0
    while right:
        if right & 1:
            result ^= left
        left <<= 1
        if left > 0xFFFF:
            left ^= _FIELD
        right >>= 1
    return result


def _inverse(number: int) -> int:
    # The group has 2^16 - 1 elements: x^(2^16 - 2) is 1/x.
    result = 1
    for bit in range(1, 16):
        square = number
        for _ in range(bit):
            square = _times(square, square)
        result = _times(result, square)
    return result
