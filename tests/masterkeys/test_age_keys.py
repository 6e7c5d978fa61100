# SPDX-License-Identifier: Apache-2.0
"""age recipients as master keys, tried with pyrage and with the real `age` and `ssh-keygen`."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest

from fakes import SCOPE
from gitseal.errors import (
    GitsealError,
    KeyUnusableError,
    MissingExtraError,
    NoCredentialsError,
    RefusedError,
    UsageError,
    WrongKeyError,
)
from gitseal.keys import DataKey
from gitseal.masterkeys import canonical, resolve
from gitseal.masterkeys.base import MAX_BLOB, Deadline, Means
from gitseal.masterkeys.bech32 import encode
from gitseal.masterkeys.identities import Identities, Identity, Source, generate_identity
from gitseal.masterkeys.localkeys import LocalKeys

SSH_KINDS = {
    "ed25519": ["-t", "ed25519"],
    "rsa": ["-t", "rsa", "-b", "2048"],
    "rsa-pem": ["-t", "rsa", "-b", "2048", "-m", "PEM"],
}


@pytest.fixture
def data_key() -> DataKey:
    return DataKey.generate()


def means(*paths: Path, ask: Callable[[str], str | None] | None = None) -> Means:
    sources = [Source(str(path), path=str(path)) for path in paths]
    return Means(Identities(sources, ask=ask), LocalKeys())


def ssh_key(folder: Path, kind: str, passphrase: str = "") -> Path:
    path = folder / f"ssh-{kind}"
    arguments = ["ssh-keygen", "-q", "-N", passphrase, "-C", "ada@example.org", "-f", str(path)]
    subprocess.run([*arguments, *SSH_KINDS[kind]], check=True)
    return path


def age(*arguments: str | Path, data: bytes) -> bytes:
    return subprocess.run(["age", *arguments], input=data, capture_output=True, check=True).stdout


def test_what_is_wrapped_is_unwrapped(tmp_path: Path, data_key: DataKey) -> None:
    recipient = generate_identity(str(tmp_path / "me.txt"))
    key = resolve(recipient, means(tmp_path / "me.txt"))

    blob = key.wrap(data_key, SCOPE, Deadline(5))

    assert key.uri == recipient
    assert blob.startswith(b"age-encryption.org/v1\n")
    assert data_key.expose() not in blob
    assert key.unwrap(blob, SCOPE, Deadline(5)).expose() == data_key.expose()


@pytest.mark.needs("ssh-keygen")
@pytest.mark.parametrize("kind", SSH_KINDS)
def test_ssh_keys_wrap_and_unwrap(kind: str, tmp_path: Path, data_key: DataKey) -> None:
    path = ssh_key(tmp_path, kind)
    line = path.with_suffix(".pub").read_text()
    key = resolve(line.strip(), means(path))

    assert key.uri == " ".join(line.split()[:2])
    blob = key.wrap(data_key, SCOPE, Deadline(5))
    assert key.unwrap(blob, SCOPE, Deadline(5)).expose() == data_key.expose()


@pytest.mark.needs("age", "age-keygen")
def test_age_opens_what_gitseal_wrapped(tmp_path: Path, data_key: DataKey) -> None:
    generate_identity(str(tmp_path / "me.txt"))
    recipient = subprocess.run(
        ["age-keygen", "-y", tmp_path / "me.txt"], capture_output=True, text=True, check=True
    ).stdout.strip()

    blob = resolve(recipient, means()).wrap(data_key, SCOPE, Deadline(5))

    assert age("-d", "-i", tmp_path / "me.txt", data=blob) == data_key.expose()


@pytest.mark.needs("age", "age-keygen")
def test_gitseal_opens_what_age_wrapped(tmp_path: Path, data_key: DataKey) -> None:
    subprocess.run(["age-keygen", "-o", tmp_path / "me.txt"], capture_output=True, check=True)
    ours = means(tmp_path / "me.txt")
    (identity,) = ours.identities.all()

    blob = age("-r", identity.recipient, data=data_key.expose())

    key = resolve(identity.recipient, ours)
    assert key.unwrap(blob, SCOPE, Deadline(5)).expose() == data_key.expose()


@pytest.mark.needs("age", "ssh-keygen")
@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_age_and_gitseal_agree_about_ssh_keys(kind: str, tmp_path: Path, data_key: DataKey) -> None:
    path = ssh_key(tmp_path, kind)
    line = path.with_suffix(".pub").read_text().strip()
    key = resolve(line, means(path))

    theirs = age("-r", line, data=data_key.expose())
    ours = key.wrap(data_key, SCOPE, Deadline(5))

    assert key.unwrap(theirs, SCOPE, Deadline(5)).expose() == data_key.expose()
    assert age("-d", "-i", path, data=ours) == data_key.expose()


def test_a_colleagues_key_is_not_mine(tmp_path: Path, data_key: DataKey) -> None:
    generate_identity(str(tmp_path / "me.txt"))
    theirs = generate_identity(str(tmp_path / "colleague.txt"))
    key = resolve(theirs, means(tmp_path / "me.txt"))
    blob = key.wrap(data_key, SCOPE, Deadline(5))

    with pytest.raises(NoCredentialsError, match="not your key"):
        key.unwrap(blob, SCOPE, Deadline(5))


def test_a_wrap_that_is_another_readers_is_told_from_one_that_is_damaged(
    tmp_path: Path, data_key: DataKey
) -> None:
    mine = generate_identity(str(tmp_path / "me.txt"))
    theirs = generate_identity(str(tmp_path / "colleague.txt"))
    key = resolve(mine, means(tmp_path / "me.txt"))
    foreign = resolve(theirs, means()).wrap(data_key, SCOPE, Deadline(5))

    with pytest.raises(WrongKeyError):
        key.unwrap(foreign, SCOPE, Deadline(5))


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"x",
        b"age-encryption.org/v1\n",
        b"age-encryption.org/v1\n-> X25519 abc\n",
        b"age-encryption.org/v2\n-> X25519 abc\n--- abc\n",
        b"-----BEGIN AGE ENCRYPTED FILE-----\n",
        b"a" * (MAX_BLOB + 1),
    ],
    ids=["empty", "x", "cut", "header without end", "version 2", "armor", "large"],
)
def test_what_is_no_wrapped_key_is_broken(blob: bytes, tmp_path: Path) -> None:
    key = resolve(generate_identity(str(tmp_path / "me.txt")), means(tmp_path / "me.txt"))

    with pytest.raises(KeyUnusableError):
        key.unwrap(blob, SCOPE, Deadline(5))


def test_every_flipped_byte_is_noticed(tmp_path: Path, data_key: DataKey) -> None:
    key = resolve(generate_identity(str(tmp_path / "me.txt")), means(tmp_path / "me.txt"))
    blob = key.wrap(data_key, SCOPE, Deadline(5))

    for position in range(len(blob)):
        altered = bytearray(blob)
        altered[position] ^= 1
        with pytest.raises((WrongKeyError, KeyUnusableError)):
            key.unwrap(bytes(altered), SCOPE, Deadline(5))


def test_a_wrap_addressed_to_a_second_reader_is_refused(tmp_path: Path, data_key: DataKey) -> None:
    mine = generate_identity(str(tmp_path / "me.txt"))
    hidden = pyrage.x25519.Identity.generate().to_public()
    both = [pyrage.x25519.Recipient.from_str(mine), hidden]
    key = resolve(mine, means(tmp_path / "me.txt"))

    with pytest.raises(KeyUnusableError, match="alone"):
        key.unwrap(pyrage.encrypt(data_key.expose(), both), SCOPE, Deadline(5))


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_data_key_of_another_length_is_refused(size: int, tmp_path: Path) -> None:
    mine = generate_identity(str(tmp_path / "me.txt"))
    key = resolve(mine, means(tmp_path / "me.txt"))
    blob = pyrage.encrypt(bytes(size), [pyrage.x25519.Recipient.from_str(mine)])

    with pytest.raises(KeyUnusableError, match=f"{size} bytes"):
        key.unwrap(blob, SCOPE, Deadline(5))


@pytest.mark.needs("ssh-keygen")
def test_a_locked_ssh_key_is_known_to_be_mine(tmp_path: Path, data_key: DataKey) -> None:
    path = ssh_key(tmp_path, "ed25519", passphrase="correct horse")
    key = resolve(path.with_suffix(".pub").read_text().strip(), means(path))
    blob = key.wrap(data_key, SCOPE, Deadline(5))

    with pytest.raises(KeyUnusableError, match="has a passphrase") as caught:
        key.unwrap(blob, SCOPE, Deadline(5))
    assert "gitseal keys generate" in (caught.value.hint or "")


def test_a_key_that_only_age_finds_fault_with_is_told(tmp_path: Path, data_key: DataKey) -> None:
    mine = generate_identity(str(tmp_path / "me.txt"))
    ours = Means(Identities(), LocalKeys())
    ours.identities._found[mine] = Identity("ssh-ed25519", mine, "~/odd", b"odd", b"")
    key = resolve(mine, ours)

    with pytest.raises(KeyUnusableError, match="~/odd"):
        key.unwrap(key.wrap(data_key, SCOPE, Deadline(5)), SCOPE, Deadline(5))


SECRET = str(pyrage.x25519.Identity.generate())
SMALL_ORDER = bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        (encode("age1pq", bytes(1216)), MissingExtraError),
        (encode("age1tag", bytes(33)), MissingExtraError),
        (encode("age1yubikey", bytes(33)), RefusedError),
        ("age1../../x1qqqqqqqqqq", RefusedError),
        ("age1/bin/sh1qqqqqqqqqq", RefusedError),
        ("age1", UsageError),
        ("age1qqqq", UsageError),
        (encode("age", bytes(31)), UsageError),
        (encode("age", bytes(32)), UsageError),
        (encode("age", b"\1" + bytes(31)), UsageError),
        (encode("age", SMALL_ORDER), UsageError),
        (encode("age", b"\xff" * 32), UsageError),
        (encode("age", b"\7" * 32).upper(), UsageError),
        ("age:" + encode("age", b"\7" * 32).upper(), UsageError),
        (SECRET, UsageError),
        (SECRET.lower(), UsageError),
        ("ssh-ed25519 AAAA", UsageError),
        ("ssh-ed25519", UsageError),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", UsageError),
        (
            "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI",
            UsageError,
        ),
    ],
)
def test_what_is_no_reader_is_refused(uri: str, kind: type[GitsealError]) -> None:
    with pytest.raises(kind) as caught:
        canonical(uri)

    assert caught.type is kind
    assert SECRET.lower() not in str(caught.value).lower()


def test_a_plugins_name_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = tmp_path / "ran"
    program = tmp_path / "age-plugin-evil"
    program.write_text(f"#!/bin/sh\ntouch {trace}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    with pytest.raises(RefusedError, match="runs no plugins"):
        resolve(encode("age1evil", bytes(32)), means())
    assert not trace.exists()


def test_a_prefix_and_a_comment_are_no_part_of_the_name(tmp_path: Path) -> None:
    recipient = generate_identity(str(tmp_path / "me.txt"))

    assert canonical(f"age:{recipient}") == recipient
    assert canonical(recipient) == recipient
