# SPDX-License-Identifier: Apache-2.0
"""Known answers: the format's own, RFC 5869's and those of the AES-SIV collection."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from gitseal.crypto import base32, derive, encoding, values
from gitseal.keys import Context, DataKey, ScopeId

KNOWN: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "format-v1.json").read_text()
)
INPUTS = KNOWN["inputs"]
SCOPE = ScopeId(INPUTS["scope"], Context(INPUTS["context"]), INPUTS["epoch"])
KEYS = derive.ScopeKeys(DataKey(bytes.fromhex(INPUTS["data_key"])), SCOPE)


@pytest.mark.parametrize("case", KNOWN["pae"], ids=lambda case: str(case["parts"]))
def test_pae(case: dict[str, Any]) -> None:
    parts = [part.encode() for part in case["parts"]]

    assert case["hex"] == encoding.pae(*parts).hex()
    assert parts == encoding.unpae(bytes.fromhex(case["hex"]))


@pytest.mark.parametrize("case", KNOWN["base32"], ids=lambda case: case["text"])
def test_base32(case: dict[str, str]) -> None:
    assert case["text"] == base32.encode(bytes.fromhex(case["hex"]))
    assert case["hex"] == base32.decode(case["text"]).hex()


@pytest.mark.parametrize("text", KNOWN["base32_refused"])
def test_base32_refuses_what_does_not_encode_to_the_same_text(text: str) -> None:
    with pytest.raises(ValueError, match=r"base 32|spare bits"):
        base32.decode(text)


def test_scope_and_key_derivation() -> None:
    assert KNOWN["context_encoding"] == encoding.context_bytes(SCOPE.context).hex()
    assert KNOWN["scope_id"] == encoding.scope_id_bytes(SCOPE).hex()
    assert KNOWN["prk"] == derive.hkdf_extract(b"gitseal/v1", KEYS.data_key().expose()).hex()
    assert KNOWN["kid_hex"] == KEYS.kid.hex()
    assert KNOWN["kid"] == base32.to_text("kid", KEYS.kid)
    assert KNOWN["value_key"] == KEYS.value_key(INPUTS["origin"].encode()).hex()
    assert KNOWN["file_key_secrets/blob.bin"] == KEYS.file_key(b"secrets/blob.bin").hex()


def test_public_keys_and_fingerprint() -> None:
    digest = derive.fingerprint(SCOPE, KEYS.kid, KEYS.sign_public(), KEYS.inbox_public())

    assert KNOWN["sign_public"] == base32.to_text("pub", KEYS.sign_public())
    assert KNOWN["inbox_public"] == base32.to_text("pub", KEYS.inbox_public())
    assert KNOWN["fingerprint"] == derive.format_fingerprint(digest)
    assert digest == derive.parse_fingerprint(KNOWN["fingerprint"])
    assert KNOWN["safety_code"] == derive.safety_code(digest)


@pytest.mark.parametrize(("size", "padded"), KNOWN["padding"])
def test_padding(size: int, padded: int) -> None:
    text = b"x" * size

    assert padded == len(values.pad(text))
    assert text == values.unpad(values.pad(text))


@pytest.mark.parametrize("case", KNOWN["tokens"], ids=lambda case: str(case["slice"])[:20])
def test_sealed_values(case: dict[str, Any]) -> None:
    key = KEYS.value_key(case["origin"].encode())
    path = bytes.fromhex(case["path"])
    frame = bytes.fromhex(case["frame"])

    assert [case["token"]] == values.seal_values(key, [path], [frame])
    assert [frame] == values.open_values(key, [path], [case["token"]])


def test_fingerprint_of_a_value() -> None:
    case = KNOWN["fingerprint_of_value"]
    path = bytes.fromhex(case["path"])

    found = KEYS.value_fingerprint(case["origin"].encode(), path, case["slice"].encode())

    assert case["hex"] == found.hex()


def test_second_epoch_is_linked_to_the_first() -> None:
    case = KNOWN["epoch2"]
    scope = ScopeId(SCOPE.name, SCOPE.context, 2)
    keys = derive.ScopeKeys(DataKey(bytes.fromhex(case["data_key"])), scope)
    digest = derive.fingerprint(scope, keys.kid, keys.sign_public(), keys.inbox_public())

    assert case["kid"] == base32.to_text("kid", keys.kid)
    assert case["fingerprint"] == derive.format_fingerprint(digest)
    link = KEYS.sign(derive.link_message(scope, digest))
    assert case["link"] == base32.to_text("sig", link)


def _cases(path: str) -> list[dict[str, str]]:
    """Read blocks of `NAME = value`, each begun by COUNT; names in lower case."""
    found: list[dict[str, str]] = []
    for line in files("cryptography_vectors").joinpath(path).read_text().splitlines():
        name, equals, value = line.partition("=")
        if not equals or line.startswith("#"):
            continue
        if name.strip() == "COUNT":
            found.append({})
        found[-1][name.strip().lower()] = value.strip()
    return found


def test_hkdf_against_rfc_5869() -> None:
    cases = _cases("KDF/rfc-5869-HKDF-SHA256.txt")
    assert len(cases) >= 3

    for case in cases:
        key = derive.hkdf_extract(bytes.fromhex(case["salt"]), bytes.fromhex(case["ikm"]))
        assert case["prk"] == key.hex()
        okm = derive.hkdf_expand(key, bytes.fromhex(case["info"]), int(case["l"]))
        assert case["okm"] == okm.hex()


def test_aes_siv_of_this_installation() -> None:
    """The library under us agrees with the published vectors, several components included."""
    cases = _cases("ciphers/AES/SIV/openssl.txt")
    assert len(cases) >= 4

    for case in cases:
        cipher = AESSIV(bytes.fromhex(case["key"]))
        names = [name for name in ("aad", "aad2", "aad3") if name in case]
        data = [bytes.fromhex(case[name]) for name in names]
        plaintext = bytes.fromhex(case["plaintext"])
        sealed = bytes.fromhex(case["tag"] + case["ciphertext"])
        assert sealed == cipher.encrypt(plaintext, data)
        assert plaintext == cipher.decrypt(sealed, data)
