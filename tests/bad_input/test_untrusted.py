# SPDX-License-Identifier: Apache-2.0
"""Keys that are missing, wrong, locked or damaged; records and pins that cannot be believed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from desk import CANARY, ENV, Desk
from gitseal.masterkeys.identities import generate_identity
from trouble import refused

RECORD = ".gitseal/keyring/app.json"


@pytest.fixture
def sealed(app: Desk) -> Desk:
    app.seal(".env", ENV)
    return app


@pytest.fixture
def identity(home: Path) -> Path:
    return home / ".config" / "gitseal" / "identity.txt"


def put(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    path.unlink()
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)


class TestTheUsersOwnKey:
    @pytest.mark.parametrize(
        ("content", "says"),
        [
            ("", "holds no identity"),
            ("# nothing\n", "holds no identity"),
            (f"{CANARY}\n", "line 1: not an age identity"),
            ("# key\nAGE-SECRET-KEY-1QQQQ\n", "line 2: not an age identity"),
            ("AGE-PLUGIN-YUBIKEY-1QQQQ\n", "runs no plugins"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nx\n", "ssh"),
            ("x" * 100_000, "larger than 65536 bytes"),
            (b"\xff\xfe\0", "line 1: not an age identity"),
        ],
    )
    def test_that_is_damaged(
        self, content: str | bytes, says: str, sealed: Desk, identity: Path
    ) -> None:
        put(identity, content)

        refused(sealed, "decrypt", ".env", code=4, says=[".env: ", says, "identity.txt", "mend"])

    def test_that_is_missing(self, sealed: Desk, identity: Path) -> None:
        identity.unlink()

        refused(sealed, "decrypt", ".env", code=4, says=["(not there)", "gitseal keys generate"])

    def test_that_is_another_persons(self, sealed: Desk, identity: Path, home: Path) -> None:
        generate_identity(str(home / "other.txt"))
        put(identity, (home / "other.txt").read_bytes())

        for words in (["decrypt", ".env"], ["get", ".env", "PORT"], ["unset", ".env", "PORT"],
                      ["rotate", "--yes"], ["export", ".env"]):  # fmt: skip
            refused(sealed, *words, code=4, says=["is not you", "gitseal readers add"])
        refused(sealed, "run", ".env", "--", "true", code=125, says=["is not you"])

    def test_that_is_locked_and_nobody_can_be_asked(self, sealed: Desk, identity: Path) -> None:
        import pyrage

        put(identity, pyrage.passphrase.encrypt(identity.read_bytes(), "open sesame"))

        refused(
            sealed, "decrypt", ".env", code=4, says=["passphrase", "at a terminal", "identity.txt"]
        )

    def test_that_others_can_read_is_used_with_a_warning(
        self, sealed: Desk, identity: Path
    ) -> None:
        identity.chmod(0o644)

        answer = sealed("decrypt", ".env")

        assert answer.out == ENV
        assert f"chmod 600 {identity}" in answer.err
        assert answer.err.count("warning") == 1

    @pytest.mark.parametrize("kind", ["directory", "pipe"])
    def test_that_is_no_file(self, kind: str, sealed: Desk, identity: Path) -> None:
        identity.unlink()
        make: Callable[[Path], None] = os.mkfifo if kind == "pipe" else os.mkdir
        make(identity)

        refused(sealed, "decrypt", ".env", code=4, says=["not a regular file"])


class TestVariables:
    @pytest.mark.parametrize(
        ("name", "value", "code", "says"),
        [
            ("GITSEAL_KEY", CANARY, 2, "GITSEAL_KEY holds no key"),
            ("GITSEAL_KEY", f"gitseal-key-1.{CANARY}", 2, "GITSEAL_KEY"),
            ("GITSEAL_KEY", "gitseal-key-1.", 2, "GITSEAL_KEY"),
            ("GITSEAL_KEY", "gitseal-key-2.x.y", 8, "newer"),
            ("GITSEAL_KEY", "a" * 100_000, 2, "GITSEAL_KEY holds no key"),
            ("GITSEAL_KEY", "\x1b[31m", 2, "GITSEAL_KEY holds no key"),
            ("GITSEAL_IDENTITY", CANARY, 4, "GITSEAL_IDENTITY (line 1"),
            ("GITSEAL_IDENTITY_FILE", "/nowhere", 4, "GITSEAL_IDENTITY_FILE (no such file)"),
            ("GITSEAL_IDENTITY_FILE", "/dev/zero", 4, "not a regular file"),
            ("GITSEAL_KEYS", "bogus", 4, "GITSEAL_KEYS"),
            ("GITSEAL_TRUST", CANARY, 2, "GITSEAL_TRUST"),
            ("GITSEAL_TRUST", f"app={CANARY}", 2, "GITSEAL_TRUST"),
            ("GITSEAL_TRUST", "app=" + "-".join(["0000"] * 13), 4, "GITSEAL_TRUST"),
            ("GITSEAL_TRUST", "a" * 10_000, 2, "GITSEAL_TRUST"),
        ],
    )
    def test_that_are_malformed(
        self,
        name: str,
        value: str,
        code: int,
        says: str,
        sealed: Desk,
        identity: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        if name not in {"GITSEAL_TRUST", "GITSEAL_KEYS"}:
            identity.unlink()
        monkeypatch.setenv(name, value)

        answer = refused(sealed, "decrypt", ".env", code=code, says=[says])

        assert len(answer.err) < 2_000

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("editor = [", "is not TOML"),
            ("edtor = 'x'", "did you mean 'editor'"),
            ("editor = 3", "editor must be"),
            (f"timeout = '{CANARY}'", "timeout must be"),
            (f"identities = '{CANARY}'", "identities must be"),
            ("x" * 100_000, "config.toml"),
        ],
    )
    def test_of_the_configuration_file(
        self, text: str, says: str, sealed: Desk, home: Path
    ) -> None:
        (home / ".config/gitseal/config.toml").write_text(text)

        refused(sealed, "decrypt", ".env", code=2, says=["config.toml: ", says])

    def test_of_a_configuration_file_that_is_a_pipe(self, sealed: Desk, home: Path) -> None:
        """It is neither waited for nor taken for anything."""
        os.mkfifo(home / ".config/gitseal/config.toml")

        assert sealed("decrypt", ".env").out == ENV


# name -> change of a record's text, exit code, what the message says
RECORDS: dict[str, tuple[Callable[[str], str | bytes], int, str]] = {
    "a newer version": (lambda t: t.replace('"v": 1', '"v": 2'), 8, "version 2"),
    "half of it": (lambda t: t[: len(t) // 2], 3, "not JSON"),
    "nothing": (lambda _: "", 3, "not JSON"),
    "no JSON": (lambda _: CANARY, 3, "not JSON"),
    "no UTF-8": (lambda t: t.encode() + b"\xff", 3, "not JSON"),
    "a list": (lambda _: "[]\n", 3, "record"),
    "a field twice": (lambda t: t.replace('"v": 1', '"v": 1,\n  "v": 1'), 3, "canonical"),
    "a field more": (lambda t: t.replace('"v": 1', '"v": 1,\n  "x": 1'), 3, "unknown field 'x'"),
    "a space more": (lambda t: t + " ", 3, "canonical"),
    "another type": (lambda t: t.replace('"seq": 1', '"seq": 1.0'), 3, "seq is not a number"),
    "another name": (lambda t: t.replace('"name": "app"', '"name": "bpp"'), 3, "scope 'bpp'"),
    "a later number": (lambda t: t.replace('"seq": 1', '"seq": 7'), 3, "without a reader's key"),
    "another rule": (lambda t: t.replace('"seal"', '"clear"', 1), 3, ""),
    "conflict markers": (lambda t: f"<<<<<<< a\n{t}=======\n{t}>>>>>>> b\n", 3, "gitseal apply"),
    "100,000 levels": (lambda _: "[" * 100_000, 9, "nested too deeply"),
    "20 MB": (lambda _: "x" * 20_000_000, 9, "larger than 8 MiB"),
}


class TestRecords:
    @pytest.mark.parametrize("name", RECORDS)
    def test_that_are_no_records(self, name: str, sealed: Desk) -> None:
        change, code, says = RECORDS[name]
        sealed.write(RECORD, change((sealed.folder / RECORD).read_text()))

        refused(sealed, "decrypt", ".env", code=code, says=[f"error: {RECORD}: ", says])
        assert sealed("check", code=1).out

    def test_of_a_stranger(self, sealed: Desk, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
        (sealed.folder / RECORD).unlink()
        shutil.rmtree(sealed.folder / ".git" / "gitseal")
        shutil.rmtree(home / ".config/gitseal/pins")
        sealed.scope()
        shutil.rmtree(sealed.folder / ".gitseal" / "vouch", ignore_errors=True)
        shutil.rmtree(sealed.folder / ".git" / "gitseal")
        shutil.rmtree(home / ".config/gitseal/pins")

        for words in (["decrypt", ".env"], ["encrypt", ".env"], ["unset", ".env", "PORT"]):
            refused(sealed, *words, code=4, says=["safety code", "gitseal trust"])

    def test_that_were_rolled_back(self, sealed: Desk) -> None:
        old_record, old_env = (
            (sealed.folder / RECORD).read_bytes(),
            (sealed.folder / ".env").read_bytes(),
        )
        sealed.write(".gitseal.yaml", policy(sealed))
        sealed("rotate", "--yes")
        sealed.write(RECORD, old_record)
        sealed.write(".env", old_env)

        refused(sealed, "unset", ".env", "PORT", code=6, says=["merge the keyring first"])

    @pytest.mark.parametrize("kind", ["missing", "directory", "pipe", "link"])
    def test_that_are_gone(self, kind: str, sealed: Desk) -> None:
        record = sealed.folder / RECORD
        record.unlink()
        if kind == "directory":
            record.mkdir()
        elif kind == "pipe":
            os.mkfifo(record)
        elif kind == "link":
            record.symlink_to("/etc/passwd")

        refused(sealed, "decrypt", ".env", code=4, says=["record is gone", "git log"])


class TestPins:
    @pytest.mark.parametrize(
        ("change", "code", "says"),
        [
            (lambda t: t[:100], 3, "not JSON"),
            (lambda _: "", 3, "not JSON"),
            (lambda _: CANARY, 3, "not JSON"),
            (lambda t: t.replace('"v": 1\n}', '"v": 2\n}'), 8, "newer"),
            (lambda t: t.replace('"name": "app"', '"name": "bpp"'), 3, "damaged"),
        ],
    )
    def test_that_are_damaged(
        self, change: Callable[[str], str], code: int, says: str, sealed: Desk
    ) -> None:
        pin = sealed.folder / ".git/gitseal/pins/app.json"
        pin.write_text(change(pin.read_text()))

        refused(sealed, "decrypt", ".env", code=code, says=["pins/app.json: ", says, "trust"])
        refused(sealed, "unset", ".env", "PORT", code=code, says=["pins/app.json: "])

    def test_that_others_may_write(self, sealed: Desk) -> None:
        (sealed.folder / ".git/gitseal/pins/app.json").chmod(0o666)

        refused(sealed, "decrypt", ".env", code=4, says=["others may write this pin", "chmod 600"])

    def test_that_are_links(self, sealed: Desk) -> None:
        pin = sealed.folder / ".git/gitseal/pins/app.json"
        pin.rename(pin.with_suffix(".real"))
        pin.symlink_to("app.real")

        refused(sealed, "decrypt", ".env", code=4, says=["pin"])


def policy(desk: Desk, files: str = '[".env"]') -> str:
    return (
        f"version: 1\nreaders:\n  ada: {desk.recipient}\n"
        f"scopes:\n  app:\n    files: {files}\n    readers: [ada]\n"
    )
