# SPDX-License-Identifier: Apache-2.0
"""What git is given was opened again first: a fault on the way is an error, never a lost secret."""

from __future__ import annotations

from typing import Any

import pytest

from desk import CANARY, YAML, Desk
from gitseal.crypto import library
from gitseal.errors import IntegrityError
from gitseal.operations.cleaning import Cleaner

LARGE = CANARY.encode() * 300_000


class Faulty:
    """A fake of what no healthy machine does: every n-th sealing has one bit wrong."""

    def __init__(self, key: bytes) -> None:
        self._cipher: Any = REAL(key)

    def encrypt(self, data: bytes, associated: list[bytes]) -> bytes:
        sealed = bytearray(self._cipher.encrypt(data, associated))
        sealed[-1] ^= 1
        return bytes(sealed)

    def decrypt(self, data: bytes, associated: list[bytes]) -> bytes:
        opened: bytes = self._cipher.decrypt(data, associated)
        return opened


REAL = library.aes_siv


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("app.yaml", YAML.encode()),
        (".env", b"A=1\n"),
        ("app.json", b'{"a": 1}'),
        ("key.pem", b"key\n"),
        ("key.pem", LARGE),
        ("broken.yaml", b"a: [1"),
    ],
    ids=["yaml", "dotenv", "json", "whole", "large", "unparseable"],
)
def test_a_fault_of_the_cipher_reaches_no_object(
    app: Desk, monkeypatch: pytest.MonkeyPatch, path: str, data: bytes
) -> None:
    app.scope(worktree="plain")
    cleaner = Cleaner(app.workspace())
    sound = cleaner.clean(path, data)
    monkeypatch.setattr(library, "aes_siv", Faulty)

    with pytest.raises(IntegrityError):
        cleaner.clean(path, data)

    assert CANARY.encode() not in sound
