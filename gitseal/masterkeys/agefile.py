# SPDX-License-Identifier: Apache-2.0
"""
The outside of age files (c2sp.org/age): enough to know what one is before it is opened.

pyrage opens them; here is only refused what it would spend memory, or a person's time, on.
"""

from __future__ import annotations

import binascii

VERSION_LINE = b"age-encryption.org/v1\n"
_ARMOR_BEGIN = b"-----BEGIN AGE ENCRYPTED FILE-----"
_ARMOR_END = b"-----END AGE ENCRYPTED FILE-----"
_MAX_HEADER = 16 * 1024
_MAX_WORK = 20  # 2**20 needs 1 GiB of memory; age itself writes 2**18


def is_age_file(data: bytes) -> bool:
    """Tell whether bytes begin like an age file of any version, armored or not."""
    return data.startswith(b"age-encryption.org/") or data.lstrip().startswith(_ARMOR_BEGIN)


def stanzas(data: bytes) -> list[list[str]]:
    """
    Give the arguments of each recipient stanza of a binary age file, grease left out.

    Raises:
        ValueError: not the header of an age file, version 1.
    """
    if not data.startswith(VERSION_LINE):
        raise ValueError("not an age file of version 1")
    found: list[list[str]] = []
    for line in data[len(VERSION_LINE) : _MAX_HEADER].split(b"\n"):
        if line.startswith(b"---"):
            return found
        if line.startswith(b"-> "):
            arguments = line[3:].decode("ascii", "replace").split(" ")
            # Random stanzas keep readers from depending on what stands there today.
            if not arguments[0].endswith("-grease"):
                found.append(arguments)
    raise ValueError("an age file whose header does not end")


def check_passphrase_file(data: bytes) -> None:
    """
    Refuse an encrypted identity file that no passphrase opens, or that costs too much to try.

    Raises:
        ValueError: why.
    """
    found = stanzas(_dearmored(data))
    if [arguments[0] for arguments in found] != ["scrypt"]:
        raise ValueError("an age file encrypted to another key, not to a passphrase")
    work = found[0][-1]
    if len(found[0]) != 3 or not work.isascii() or not work.isdigit():
        raise ValueError("an age file that is damaged")
    if int(work[:4]) > _MAX_WORK:
        raise ValueError(f"an age file whose passphrase costs 2**{work[:4]} steps to try")


def open_with_passphrase(data: bytes, passphrase: str) -> bytes | None:
    """Give what is inside, or None if the passphrase is another one, or the file damaged."""
    import pyrage

    try:
        inside: bytes = pyrage.passphrase.decrypt(_dearmored(data), passphrase)
    except pyrage.DecryptError:
        return None
    return inside


def _dearmored(data: bytes) -> bytes:
    text = data.strip()
    if not text.startswith(_ARMOR_BEGIN):
        return data
    if not text.endswith(_ARMOR_END):
        raise ValueError("an age file that is cut off")
    body = b"".join(text[len(_ARMOR_BEGIN) : -len(_ARMOR_END)].split())
    try:
        return binascii.a2b_base64(body, strict_mode=True)
    except ValueError:
        raise ValueError("an age file whose base 64 is damaged") from None
