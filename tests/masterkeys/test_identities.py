# SPDX-License-Identifier: Apache-2.0
"""Where the user's private keys are looked for, and what is made of what stands there."""

from __future__ import annotations

import base64
import os
import stat
import subprocess
from pathlib import Path

import pexpect
import pyrage
import pytest

from fakes import locked_age_file
from gitseal.errors import RefusedError
from gitseal.masterkeys.identities import (
    MAX_IDENTITIES,
    MAX_SOURCE,
    Identities,
    Source,
    generate_identity,
    vouch_secret,
)

PASSPHRASE = "correct horse battery staple"


def secret() -> tuple[str, str]:
    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def file_of(folder: Path, text: str | bytes, name: str = "me.txt", mode: int = 0o600) -> Source:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return Source(f"~/{name}", path=str(path), named=True)


def locked(text: str) -> bytes:
    return locked_age_file(text, PASSPHRASE)


def armored(blob: bytes) -> str:
    body = base64.encodebytes(blob).decode()
    return f"-----BEGIN AGE ENCRYPTED FILE-----\n{body}-----END AGE ENCRYPTED FILE-----\n"


class Person:
    """Answers questions, and remembers them."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, prompt: str) -> str | None:
        self.asked.append(prompt)
        return self.answers.pop(0)


def test_places_are_read_in_order_and_only_as_far_as_needed(tmp_path: Path) -> None:
    first, wanted = secret()
    identities = Identities(
        [file_of(tmp_path, first, "a"), Source("never", path=str(tmp_path / "never"), named=True)]
    )

    assert identities.find(wanted) is not None
    assert identities.warnings() == ()
    assert identities.looked() == ("~/a", "never (no such file)")
    assert identities.warnings() == ("never: no such file",)


def test_a_default_place_may_be_missing_without_a_word(tmp_path: Path) -> None:
    identities = Identities([Source("~/.ssh/id_ed25519", path=str(tmp_path / "id_ed25519"))])

    assert identities.all() == ()
    assert identities.looked() == ("~/.ssh/id_ed25519 (not there)",)
    assert identities.warnings() == ()


def test_several_identities_comments_and_line_ends(tmp_path: Path) -> None:
    pairs = [secret() for _ in range(3)]
    lines = "\r\n\r\n# comment\r\n".join(text for text, _ in pairs)
    identities = Identities([file_of(tmp_path, "\ufeff# created: today\r\n" + lines + "  \r\n")])

    assert [one.recipient for one in identities.all()] == [public for _, public in pairs]
    assert {one.origin for one in identities.all()} == {"~/me.txt"}


def test_an_identity_may_stand_in_a_variable() -> None:
    text, public = secret()

    identities = Identities([Source("GITSEAL_IDENTITY", text=text)])

    assert [one.recipient for one in identities.all()] == [public]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "holds no identity"),
        (b"# nothing\n", "holds no identity"),
        (b"hunter2\n", "line 1: not an age identity"),
        (b"\0\xff\xfe" * 40, "line 1: not an age identity"),
        (b"# x\nAGE-SECRET-KEY-1QQQQ\n", "line 2: not an age identity"),
        (b"AGE-SECRET-KEY-PQ-1QQQQ\n", "line 1: a post-quantum identity"),
        (b"AGE-PLUGIN-YUBIKEY-1QQQQ\n", "line 1: an identity of an age plugin"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\n", "cut off"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "ssh-keygen -p"),
        (b"PuTTY-User-Key-File-3: ssh-ed25519\n", "ssh-keygen -p"),
        (b"age-encryption.org/v1\n-> scrypt abc 30\n--- abc\n", "2**30"),
        (b"age-encryption.org/v1\n-> scrypt abc\n--- abc\n", "damaged"),
        (b"age-encryption.org/v1\n-> X25519 abc\n--- abc\n", "to another key"),
        (b"age-encryption.org/v1\n-> scrypt abc 18\n", "does not end"),
        (b"age-encryption.org/v9\n", "version 1"),
        (b"-----BEGIN AGE ENCRYPTED FILE-----\n", "cut off"),
        (b"#" * (MAX_SOURCE + 1), "larger than"),
    ],
)
def test_what_is_no_identity_file_is_passed_over_and_told(
    content: bytes, reason: str, tmp_path: Path
) -> None:
    text, public = secret()
    identities = Identities([file_of(tmp_path, content, "bad"), file_of(tmp_path, text)])

    assert identities.find(public) is not None
    assert reason in identities.looked()[0]
    assert "hunter2" not in str(identities.looked())


def test_a_file_with_a_broken_line_is_not_used_at_all(tmp_path: Path) -> None:
    text, public = secret()

    assert Identities([file_of(tmp_path, f"{text}\nrubbish\n")]).find(public) is None


def test_too_many_identities_are_refused(tmp_path: Path) -> None:
    text, public = secret()
    identities = Identities([file_of(tmp_path, f"{text}\n" * (MAX_IDENTITIES + 1))])

    assert identities.find(public) is None
    assert "more than" in identities.looked()[0]


@pytest.mark.parametrize("kind", ["fifo", "directory", "device"])
def test_only_regular_files_are_read(kind: str, tmp_path: Path) -> None:
    path = Path("/dev/zero") if kind == "device" else tmp_path / "me.txt"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()

    identities = Identities([Source("me", path=str(path), named=True)])

    assert identities.all() == ()
    assert identities.looked() == ("me (not a regular file)",)


def test_a_linked_identity_file_is_followed(tmp_path: Path) -> None:
    text, public = secret()
    file_of(tmp_path, text, "real")
    (tmp_path / "link").symlink_to("real")

    assert Identities([Source("link", path=str(tmp_path / "link"))]).find(public) is not None


def test_others_being_able_to_read_it_is_said(tmp_path: Path) -> None:
    text, _ = secret()
    identities = Identities([file_of(tmp_path, text, mode=0o644)])

    identities.all()

    (warning,) = identities.warnings()
    assert "0644" in warning
    assert "chmod 600" in warning
    assert text not in warning


@pytest.mark.parametrize("form", ["binary", "armored"])
def test_a_passphrase_opens_an_identity_file(form: str, tmp_path: Path) -> None:
    text, public = secret()
    blob = locked(f"# mine\n{text}\n")
    person = Person("wrong", PASSPHRASE)
    content = blob if form == "binary" else armored(blob)
    identities = Identities([file_of(tmp_path, content)], ask=person)

    (place,) = identities.locked_for(public)
    assert identities.find(public) is None
    assert person.asked == []
    assert identities.unlock(place)
    assert identities.find(public) is not None
    assert len(person.asked) == 2
    assert identities.looked() == ("~/me.txt",)
    assert identities.locked_for(public) == ()


def test_a_passphrase_is_asked_for_once_and_not_where_nobody_is(tmp_path: Path) -> None:
    source = file_of(tmp_path, locked(secret()[0]))
    person = Person(None)
    asking, silent = Identities([source], ask=person), Identities([source])

    assert not asking.unlock(asking.locked_for("age1")[0])
    assert not asking.unlock(asking.locked_for("age1")[0])
    assert len(person.asked) == 1
    assert not silent.unlock(silent.locked_for("age1")[0])


@pytest.mark.needs("age", "age-keygen")
def test_a_file_that_age_locked_opens(tmp_path: Path) -> None:
    subprocess.run(["age-keygen", "-o", tmp_path / "clear.txt"], capture_output=True, check=True)
    child = pexpect.spawn(
        "age", ["-p", "-o", str(tmp_path / "me.txt"), str(tmp_path / "clear.txt")], timeout=30
    )
    for prompt in ("Enter passphrase", "Confirm passphrase"):
        child.expect(prompt)
        child.sendline(PASSPHRASE)
    child.expect(pexpect.EOF)
    child.close()
    identities = Identities([Source("me", path=str(tmp_path / "me.txt"))], ask=Person(PASSPHRASE))

    assert identities.unlock(identities.locked_for("age1")[0])
    (identity,) = identities.all()
    assert identity.recipient in (tmp_path / "clear.txt").read_text()


@pytest.mark.needs("ssh-keygen")
def test_a_vouch_does_not_depend_on_the_syntax_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    command = ["ssh-keygen", "-q", "-N", "", "-f", str(path)]
    subprocess.run([*command, "-t", "rsa", "-b", "2048", "-m", "PEM"], check=True)
    (pem,) = Identities([Source("pem", path=str(path))]).all()
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "", "-f", str(path)], check=True)
    assert b"OPENSSH" in path.read_bytes()
    (openssh,) = Identities([Source("openssh", path=str(path))]).all()

    assert openssh.recipient == pem.recipient
    assert vouch_secret(openssh) == vouch_secret(pem)


def test_vouch_secrets_are_the_private_keys_themselves() -> None:
    text = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
    identities = Identities([Source("x", text=text)])

    assert identities.vouch_secrets() == (b"\x42" * 32,)


def test_an_identity_is_made_as_age_keygen_makes_it(tmp_path: Path) -> None:
    path = tmp_path / "config" / "gitseal" / "identity.txt"

    recipient = generate_identity(str(path), now=0)

    lines = path.read_text().splitlines()
    assert lines[:2] == ["# created: 1970-01-01T00:00:00Z", f"# public key: {recipient}"]
    assert lines[2].startswith("AGE-SECRET-KEY-1")
    assert len(lines) == 3
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [one.name for one in path.parent.iterdir()] == ["identity.txt"]


@pytest.mark.needs("age-keygen")
def test_age_keygen_reads_what_was_made(tmp_path: Path) -> None:
    recipient = generate_identity(str(tmp_path / "me.txt"))

    done = subprocess.run(
        ["age-keygen", "-y", tmp_path / "me.txt"], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == recipient


def test_an_identity_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "me.txt"
    generate_identity(str(path))
    before = path.read_bytes()

    with pytest.raises(RefusedError, match="not replaced"):
        generate_identity(str(path))
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["me.txt"]


def test_a_strict_umask_leaves_the_file_readable_for_its_owner(tmp_path: Path) -> None:
    before = os.umask(0o777)
    try:
        generate_identity(str(tmp_path / "me.txt"))
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "me.txt").stat().st_mode) == 0o600


def test_no_repr_shows_a_secret(tmp_path: Path) -> None:
    text, public = secret()
    source = Source("GITSEAL_IDENTITY", text=text)
    identities = Identities([source, file_of(tmp_path, locked(text))])
    shown = [repr(identities.find(public)), repr(source), repr(identities)]
    shown += [repr(identities.locked_for(public)), str(identities.looked())]

    assert text not in "".join(shown)
    assert text.lower() not in "".join(shown).lower()
    with pytest.raises(TypeError):
        identities.all()[0].__reduce__()
