# SPDX-License-Identifier: Apache-2.0
"""Whole files: any bytes in, the same bytes out, and nothing for a container that was touched."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import worlds
from gitseal import sealedfile
from gitseal.crypto.encoding import canonical_json, le64
from gitseal.errors import DocumentError, IntegrityError, LimitError, NewerVersionError
from gitseal.native import wholefile

NAME = "blob.bin"
CLEAR = b"canary\0\xff" * 3
SEALED = worlds.seal(CLEAR, NAME)


@settings(max_examples=50)
@given(st.binary(max_size=400))
def test_any_content_comes_back(content: bytes) -> None:
    assert worlds.open_(worlds.seal_whole(content, NAME), NAME) == content


def test_content_that_is_a_container_itself_is_only_content() -> None:
    assert worlds.open_(worlds.seal_whole(SEALED, "x.bin"), "x.bin") == SEALED


def test_sealing_is_repeatable_and_bound_to_the_file() -> None:
    other = wholefile.inspect_whole(worlds.seal(CLEAR, "other.bin"))

    assert worlds.seal(CLEAR, NAME) == SEALED
    assert other.body != wholefile.inspect_whole(SEALED).body


def test_the_content_shows_nowhere_in_the_container() -> None:
    assert b"canary" not in SEALED
    assert worlds.inspect(SEALED, NAME).is_whole
    assert worlds.inspect(SEALED, NAME).document is None


def test_a_container_cut_anywhere_does_not_open() -> None:
    assert isinstance(sealedfile.inspect(b"", NAME), sealedfile.ClearFile)
    for size in range(1, len(SEALED)):
        for name in (NAME, "app.yaml") if size >= 8 else ("app.yaml",):
            with pytest.raises((DocumentError, IntegrityError)):
                worlds.open_(SEALED[:size], name, None)


def test_no_changed_byte_opens_or_shows_anything() -> None:
    for position in range(len(SEALED)):
        for bit in (1, 0x20, 0x80):
            data = bytearray(SEALED)
            data[position] ^= bit
            try:
                content = sealedfile.inspect(bytes(data), NAME)
            except (DocumentError, NewerVersionError):
                continue
            if isinstance(content, sealedfile.ClearFile):
                assert position < len(wholefile.MAGIC)
                continue
            with pytest.raises(IntegrityError):
                content.open(worlds.KEYS, None)


def test_the_header_is_compared_byte_for_byte() -> None:
    size = int.from_bytes(SEALED[9:17], "little")
    fields = json.loads(SEALED[17 : 17 + size])
    body = SEALED[17 + size :]

    def container(head: bytes) -> bytes:
        return SEALED[:9] + le64(len(head)) + head + body

    assert container(canonical_json(fields)) == SEALED
    for head in (
        json.dumps(fields).encode(),
        canonical_json(fields)[:-1],
        canonical_json(fields) + b"\n",
        canonical_json(fields).replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + canonical_json(fields),
        canonical_json([fields]),
        canonical_json(fields | {"newline": False}),
        b"",
        b"[" * 100_000,
        b'{"v": ' + b"1" * 10_000 + b"}",
        b'{"v": "\\ud800"}',
    ):
        with pytest.raises(DocumentError):
            wholefile.inspect_whole(container(head))


def test_the_scope_and_key_must_be_those_of_the_header() -> None:
    size = int.from_bytes(SEALED[9:17], "little")
    fields = json.loads(SEALED[17 : 17 + size])
    for change in ({"scope": "other"}, {"epoch": 2}, {"origin": "b"}, {"origin": ""}):
        head = canonical_json(fields | change)
        data = SEALED[:9] + le64(len(head)) + head + SEALED[17 + size :]
        with pytest.raises(IntegrityError):
            worlds.open_(data, NAME)
        with pytest.raises(IntegrityError):
            worlds.inspect(data, NAME).verify(worlds.SCOPE, worlds.KEYS.sign_public())


def test_the_seal_is_looked_at_whatever_the_policy_says() -> None:
    size = int.from_bytes(SEALED[9:17], "little")
    fields = json.loads(SEALED[17 : 17 + size])
    del fields["seal"]
    head = canonical_json(fields)
    data = SEALED[:9] + le64(len(head)) + head + SEALED[17 + size :]

    with pytest.raises(IntegrityError, match="missing"):
        worlds.inspect(data, NAME).verify(worlds.SCOPE, worlds.KEYS.sign_public(), strict=False)
    with pytest.raises(IntegrityError, match="missing"):
        worlds.open_(data, NAME, strict=False)


def test_more_than_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wholefile.MAX_CONTENT == 2**30
    monkeypatch.setattr(wholefile, "MAX_CONTENT", 10)

    assert worlds.open_(worlds.seal(b"x" * 10, NAME), NAME) == b"x" * 10
    with pytest.raises(LimitError, match="1 GiB"):
        worlds.seal(b"x" * 11, NAME)
