# SPDX-License-Identifier: Apache-2.0
"""Keys of ssh as they stand in files: what is read, and what is refused before age sees it."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from gitseal.masterkeys.sshkeys import canonical_public, parse_private

SEED = bytes(range(32))


def private_file(seed: bytes = SEED) -> bytes:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())


def public_line(seed: bytes = SEED) -> str:
    key = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def body(pem: bytes) -> bytes:
    return base64.b64decode(b"".join(pem.split(b"\n")[1:-2]))


def pem(raw: bytes) -> bytes:
    begin, end = (f"-----{word} OPENSSH PRIVATE KEY-----\n".encode() for word in ("BEGIN", "END"))
    return begin + base64.encodebytes(raw) + end


def test_the_seed_is_the_secret() -> None:
    key = parse_private(private_file())

    assert (key.kind, key.recipient, key.secret()) == ("ssh-ed25519", public_line(), SEED)


def test_the_file_does_not_depend_on_line_ends_or_white_space_around() -> None:
    file = b"\n\n" + private_file().replace(b"\n", b"\r\n") + b"  \n"

    assert parse_private(file).recipient == public_line()


@pytest.mark.parametrize("place", ["public", "half", "seed's own half", "check"])
def test_halves_that_do_not_belong_together_are_refused(place: str) -> None:
    raw = body(private_file())
    public = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
    starts = [start for start in range(len(raw)) if raw.startswith(public, start)]
    assert len(starts) == 3
    position = {"public": starts[0], "half": starts[1], "seed's own half": starts[2]}
    at = position.get(place, raw.index(b"ssh-ed25519", starts[0]) - 5)
    altered = raw[:at] + bytes((raw[at] ^ 1,)) + raw[at + 1 :]

    with pytest.raises(ValueError, match="belong together|damaged"):
        parse_private(pem(altered))


def test_halves_of_two_rsa_keys_are_refused() -> None:
    files = [
        body(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
        for key in (rsa.generate_private_key(65537, 2048) for _ in range(2))
    ]
    # Lengths are the same up to the comment, so the public half of one fits into the other.
    end = files[0].index(b"ssh-rsa", files[0].index(b"ssh-rsa") + 1) - 16

    with pytest.raises(ValueError, match="belong together"):
        parse_private(pem(files[0][:end] + files[1][end:]))


@pytest.mark.parametrize("bits", [1024, 2048])
def test_small_rsa_keys_are_refused(bits: int) -> None:
    key = rsa.generate_private_key(65537, bits).public_key()
    line = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

    if bits == 2048:
        assert canonical_public(line) == line
        return
    with pytest.raises(ValueError, match="1024 bits"):
        canonical_public(line)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (public_line().partition(" ")[0], "AAAA"),
        (public_line()[:-4], "cut off"),
        (public_line() + "AAAA", "after its end"),
        (public_line() + "=", "not what it says"),
        (public_line() + "é", "base 64"),
        (public_line().replace("ssh-ed25519", "ssh-rsa"), "not what it says"),
        ("ssh-ed25519 AAAAB3NzaC1kc3MAAAAA", "ssh-dss"),
    ],
)
def test_what_is_no_public_key_is_refused(line: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        canonical_public(line)


@pytest.mark.needs("ssh-keygen")
def test_a_locked_file_shows_its_public_half_and_no_secret(tmp_path: Path) -> None:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "x12345", "-f", str(tmp_path / "key")]
    subprocess.run(command, check=True)

    key = parse_private((tmp_path / "key").read_bytes())

    assert key.locked
    assert key.recipient == canonical_public((tmp_path / "key.pub").read_text())
    with pytest.raises(ValueError, match="locked"):
        key.secret()


@pytest.mark.needs("ssh-keygen")
def test_a_locked_pem_file_is_known_to_be_locked(tmp_path: Path) -> None:
    command = ["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "x12345"]
    subprocess.run([*command, "-f", str(tmp_path / "key")], check=True)

    key = parse_private((tmp_path / "key").read_bytes())

    assert (key.locked, key.recipient) == (True, "")


def test_no_repr_shows_the_seed() -> None:
    assert repr(parse_private(private_file())) == "SshKey('ssh-ed25519', …)"
