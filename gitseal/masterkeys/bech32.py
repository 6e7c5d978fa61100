# SPDX-License-Identifier: Apache-2.0
"""Bech32 (BIP 173) without its length limit, as age writes recipients and identities."""

from __future__ import annotations

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = {char: value for value, char in enumerate(_ALPHABET)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM = 6


def encode(prefix: str, data: bytes) -> str:
    """Give `prefix`, the separator `1`, the data and the checksum, all in lower case."""
    size = (len(data) * 8 + 4) // 5
    number = int.from_bytes(data, "big") << (size * 5 - len(data) * 8)
    words = [(number >> (5 * shift)) & 31 for shift in range(size - 1, -1, -1)]
    check = _polymod([*_expanded(prefix), *words, *[0] * _CHECKSUM]) ^ 1
    words += [(check >> (5 * shift)) & 31 for shift in range(_CHECKSUM - 1, -1, -1)]
    return f"{prefix}1{''.join(_ALPHABET[word] for word in words)}"


def decode(text: str) -> tuple[str, bytes]:
    """
    Give the prefix (in lower case) and the data.

    Raises:
        ValueError: mixed case, a foreign character, a wrong checksum or spare bits that are
            not zero; the message never holds the text, which may be a secret.
    """
    if text not in (text.lower(), text.upper()):
        raise ValueError("bech32: upper and lower case are mixed")
    prefix, separator, tail = text.lower().rpartition("1")
    if not separator or not prefix or len(tail) < _CHECKSUM or not prefix.isascii():
        raise ValueError("bech32: too short")
    if not all(char in _VALUES for char in tail):
        raise ValueError("bech32: a character that never occurs")
    words = [_VALUES[char] for char in tail]
    if _polymod([*_expanded(prefix), *words]) != 1:
        raise ValueError("bech32: the checksum does not match")
    return prefix, _joined(words[:-_CHECKSUM])


def _joined(words: list[int]) -> bytes:
    number = 0
    for word in words:
        number = number << 5 | word
    spare = len(words) * 5 % 8
    if spare >= 5 or number & ((1 << spare) - 1):
        raise ValueError("bech32: spare bits that are not zero")
    return (number >> spare).to_bytes(len(words) * 5 // 8, "big")


def _expanded(prefix: str) -> list[int]:
    codes = prefix.encode("ascii")
    return [*(code >> 5 for code in codes), 0, *(code & 31 for code in codes)]


def _polymod(words: list[int]) -> int:
    check = 1
    for word in words:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ word
        for bit, value in enumerate(_GENERATOR):
            if top >> bit & 1:
                check ^= value
    return check
