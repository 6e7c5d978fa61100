# SPDX-License-Identifier: Apache-2.0
"""
Sealing of values and of whole files with AES-SIV (RFC 5297), deterministic by design.

A clean filter must be repeatable, or git sees every checkout as modified.  The price: equal
values at one place of one file give equal sealed text (format 12).
"""

from __future__ import annotations

from gitseal.crypto import library
from gitseal.crypto.base32 import SEALED_PREFIX, TEXT_END, decode_many, encode_many
from gitseal.crypto.encoding import le64, pae
from gitseal.errors import IntegrityError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

KEY_SIZE = 64
TAG_SIZE = 16

_MARK = b"\x80"
_SMALL = (32, 48, 64, 96, 128)
_VALUE_LABEL = b"gitseal/v1 value"
# PAE(label, path) with everything but the path's length and bytes.
_VALUE_AD = le64(2) + le64(len(_VALUE_LABEL)) + _VALUE_LABEL
_PREFIX_SIZE = len(SEALED_PREFIX)
# Enough to fill the lanes of base 32 several times over: more at once only costs memory.
_BATCH = 4096


def padded_length(size: int) -> int:
    """Give the length T(size) that a text of `size` bytes, mark included, is padded to."""
    for step in _SMALL:
        if size <= step:
            return step
    # Padmé (arXiv 1806.03160): at most 12 % more, and only O(log log size) bits leak.
    exponent = size.bit_length() - 1
    rest = exponent - exponent.bit_length()
    mask = (1 << rest) - 1
    return (size + mask) & ~mask


def pad(frame: bytes) -> bytes:
    """Append 0x80 and zeros up to T(|frame| + 1) (format 4)."""
    rest = padded_length(len(frame) + 1) - len(frame) - 1
    return b"".join((frame, _MARK, bytes(rest)))  # one copy: a whole file may have 1 GiB


def unpad(padded: bytes) -> bytes:
    """
    Undo `pad`.

    Raises:
        ValueError: no 0x80, other filler, or a length that `pad` never gives.
    """
    end = padded.rfind(_MARK)  # searched from the end, without a copy of a large text
    zeros = len(padded) - end - 1
    if end < 0 or padded.count(0, end) != zeros or padded_length(end + 1) != len(padded):
        raise ValueError("not a padded text")
    return padded[:end]


def _cipher(key: bytes) -> AESSIV:
    # AES-SIV also takes 32 and 48 bytes, which are weaker when many keys are in use.
    if len(key) != KEY_SIZE:
        raise ValueError("a sealing key has 64 bytes")
    return library.aes_siv(key)


def seal_values(
    key: bytes, paths: Sequence[bytes], frames: Sequence[bytes], *, proven: bool = False
) -> list[str]:
    """
    Seal the values of one file; equal inputs always give equal text.

    Args:
        key: 64 bytes, of this file only (`K("value", 64, origin)`).
        paths: one encoded key path for each value (format 4); bound, not encrypted.
        frames: what is sealed, at least 1 byte each.
        proven: open every text again, and compare.

    Returns:
        one sealed text `seal:v1[_…_]` for each frame; 88 characters up to 31 bytes.

    Raises:
        IntegrityError: one of them does not open to its frame, which is a bug.
    """
    cipher = _cipher(key)
    encrypt = cipher.encrypt
    if len(paths) != len(frames):
        raise ValueError("one path for each frame")
    texts: list[str] = []
    for start in range(0, len(frames), _BATCH):
        sealed = []
        for index in range(start, min(start + _BATCH, len(frames))):
            path = paths[index]
            frame = frames[index]
            if len(frame) < 32:  # what `pad` gives, without two calls for each value
                padded = (frame + _MARK).ljust(32, b"\0")
            else:
                padded = pad(frame)
            sealed.append(encrypt(padded, [_VALUE_AD + le64(len(path)) + path]))
        texts += [f"{SEALED_PREFIX}{text}{TEXT_END}" for text in encode_many(sealed)]
    if proven and _open(cipher, paths, texts) != list(frames):
        raise IntegrityError("what was sealed does not open again; this is a bug in gitseal")
    return texts


def open_values(key: bytes, paths: Sequence[bytes], texts: Sequence[str]) -> list[bytes]:
    """
    Open the sealed values of one file.

    Args:
        key: 64 bytes, of this file only.
        paths: the encoded key path at which each text stands.
        texts: sealed texts `seal:v1[_…_]`.

    Returns:
        one frame for each text.

    Raises:
        ValueDoesNotOpenError: a text is malformed or does not authenticate; `index` tells which.
    """
    return _open(_cipher(key), paths, texts)


def _open(cipher: AESSIV, paths: Sequence[bytes], texts: Sequence[str]) -> list[bytes]:
    decrypt = cipher.decrypt
    frames: list[bytes] = []
    for index, ciphertext in enumerate(_decode_texts(texts)):
        path = paths[index]
        try:
            padded = decrypt(ciphertext, [_VALUE_AD + le64(len(path)) + path])
            frames.append(unpad(padded))
        except Exception as error:
            if isinstance(error, ValueError) or library.is_refusal(error):
                raise ValueDoesNotOpenError(index) from None
            raise
    return frames


class ValueDoesNotOpenError(IntegrityError):
    """
    A sealed value is malformed, or belongs to another place, file, scope or epoch.

    Attributes:
        index: which of the texts handed to `open_values`.
    """

    def __init__(self, index: int) -> None:
        super().__init__("a sealed value does not belong here or was altered")
        self.index = index


def _decode_texts(texts: Sequence[str]) -> Iterator[bytes]:
    for start in range(0, len(texts), _BATCH):
        batch = texts[start : start + _BATCH]
        try:
            yield from decode_many([text[_PREFIX_SIZE:-2] for text in batch])
        except ValueError:
            raise ValueDoesNotOpenError(start + _malformed(batch)) from None


def _malformed(texts: Sequence[str]) -> int:
    """Give the index of the first text that does not decode alone."""
    for index, text in enumerate(texts):
        try:
            decode_many([text[_PREFIX_SIZE:-2]])
        except ValueError:
            return index
    raise AssertionError("unreachable: all texts decode alone")


def check_grammar(text: str) -> bool:
    """Tell whether a text is a sealed value by its grammar, without any key."""
    if not text.startswith(SEALED_PREFIX) or not text.endswith(TEXT_END):
        return False
    try:
        (ciphertext,) = decode_many([text[_PREFIX_SIZE:-2]])
    except ValueError:
        return False
    size = len(ciphertext) - TAG_SIZE
    return size >= _SMALL[0] and padded_length(size) == size


def seal_file(key: bytes, header: bytes, content: bytes) -> bytes:
    """
    Seal a whole file; equal inputs always give equal bytes (format 7).

    Args:
        key: 64 bytes, of this file only (`K("file", 64, origin)`).
        header: `hdr` of format 6; bound, not encrypted.
        content: any bytes.

    Returns:
        the 16-byte synthetic IV, then the padded content, encrypted.
    """
    return _cipher(key).encrypt(pad(content), [pae(b"gitseal/v1 file", header)])


def proves_file(key: bytes, header: bytes, body: bytes, content: bytes) -> bool:
    """Tell whether what `seal_file` gave opens to just this content; copies none of it."""
    try:
        padded = _cipher(key).decrypt(body, [pae(b"gitseal/v1 file", header)])
    except Exception as error:
        if library.is_refusal(error):
            return False
        raise
    rest = padded[len(content) :]
    return padded.startswith(content) and rest == _MARK.ljust(len(rest), b"\0")


def open_file(key: bytes, header: bytes, body: bytes | memoryview) -> bytes:
    """
    Open a whole file; the arguments are those of `seal_file`, and what it gave.

    Raises:
        IntegrityError: the body, the header or the key is not the one it was sealed with.
    """
    try:
        return unpad(_cipher(key).decrypt(body, [pae(b"gitseal/v1 file", header)]))
    except Exception as error:
        if isinstance(error, ValueError) or library.is_refusal(error):
            message = "the sealed content was altered or does not belong here"
            raise IntegrityError(message) from None
        raise
