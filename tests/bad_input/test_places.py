# SPDX-License-Identifier: Apache-2.0
"""Files where they cannot be read or written, and names that no program should trip over."""

from __future__ import annotations

import os
import resource
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desk import CANARY, ENV, PEM, YAML, Desk
from needs import is_root
from trouble import check_message, refused, snapshot

NOBODY = 65534


@pytest.fixture
def sealed(app: Desk) -> Desk:
    app.seal(".env", ENV)
    app.seal("sub/a.yaml", YAML)
    return app


@pytest.fixture
def read_only(sealed: Desk) -> Iterator[Path]:
    """A directory that cannot be written in, for root as well."""
    folder = sealed.folder / "sub"
    if os.geteuid() != 0:
        folder.chmod(0o500)
        yield folder
        folder.chmod(0o700)
        return
    subprocess.run(["chattr", "+i", str(folder)], check=True)
    yield folder
    subprocess.run(["chattr", "-i", str(folder)], check=True)


@pytest.mark.needs("chattr", *(["immutable files"] if is_root() else []))
def test_a_directory_that_cannot_be_written(sealed: Desk, read_only: Path) -> None:
    for words, data in (
        (["set", "sub/a.yaml", "db.port", "--stdin"], b"1"),
        (["unset", "sub/a.yaml", "users"], b""),
        (["decrypt", "-i", "sub/a.yaml"], b""),
        (["decrypt", "-o", "sub/b.txt", ".env"], b""),
    ):
        refused(sealed, *words, code=1, says=["sub/", "cannot write", "ls"], data=data)
    assert sealed("decrypt", "sub/a.yaml").out == YAML


class Child:
    """The real program, started with limits or in odd places."""

    def __init__(self, desk: Desk) -> None:
        self.folder = desk.folder

    def __call__(
        self,
        *words: str,
        code: int,
        before: Callable[[], None] | None = None,
        says: str = "",
        path: Path | None = None,
    ) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "gitseal", *words],
            cwd=path or self.folder,
            capture_output=True,
            input=b"1",
            preexec_fn=before,
            timeout=60,
            check=False,
        )
        stderr = done.stderr.decode()
        assert done.returncode == code, stderr
        check_message(stderr, says)
        assert CANARY not in done.stdout.decode()
        return stderr


def test_a_limit_on_file_sizes(sealed: Desk) -> None:
    before = snapshot(sealed.folder)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    Child(sealed)("set", ".env", "NEW", "--stdin", code=1, before=limit, says="ulimit -f")

    assert snapshot(sealed.folder) == before


@pytest.mark.needs("the right to mount")
def test_a_full_disk(app: Desk, small_disk: Path) -> None:
    app.write(".env", ENV)
    (small_disk / "a.env").write_bytes(
        app("encrypt", "-", "--filename", ".env", data=ENV.encode()).out.encode()
    )
    (small_disk / "filler").write_bytes(b"x" * (56 * 1024))
    before = snapshot(small_disk)
    Child(app)("decrypt", ".env", "-o", str(small_disk / "b"), code=6, says=".env")
    app.seal(".env", ENV + f"#{'x' * 20_000}\n")
    Child(app)("decrypt", ".env", "-o", str(small_disk / "b"), code=1, says="free some space")
    assert snapshot(small_disk) == before


class TestLinks:
    def test_inside_the_repository_are_followed(self, sealed: Desk) -> None:
        link = sealed.folder / "link.yaml"
        link.symlink_to("sub/a.yaml")

        assert sealed("decrypt", "link.yaml").out == YAML
        sealed("set", "link.yaml", "db.port", "--stdin", data=b"1")

        assert link.is_symlink()
        assert sealed("get", "sub/a.yaml", "db.port").out == "1\n"

    def test_that_lead_out_are_not(self, sealed: Desk, tmp_path: Path) -> None:
        outside = tmp_path / "outside.yaml"
        outside.write_text(YAML)
        (sealed.folder / "out.yaml").symlink_to(outside)
        (sealed.folder / "dir").symlink_to(tmp_path)

        for words in (["encrypt", "out.yaml"], ["decrypt", "out.yaml"], ["unset", "out.yaml", "a"],
                      ["encrypt", "dir/outside.yaml"]):  # fmt: skip
            refused(
                sealed,
                *words,
                code=6,
                says=[words[1], "outside.yaml" if "dir" in words[1] else "outside the repository"],
            )
        assert outside.read_text() == YAML

    def test_to_nothing(self, sealed: Desk) -> None:
        (sealed.folder / "no.yaml").symlink_to("nowhere")

        for words in (["decrypt", "no.yaml"], ["encrypt", "no.yaml"], ["unset", "no.yaml", "a"]):
            refused(sealed, *words, code=1, says=["no.yaml: is a link to nothing", "ls -l"])

    def test_in_a_circle(self, sealed: Desk) -> None:
        (sealed.folder / "a.yaml").symlink_to("b.yaml")
        (sealed.folder / "b.yaml").symlink_to("a.yaml")

        answer = sealed("decrypt", "a.yaml", code=1)
        check_message(answer.err, "a.yaml")


def _socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)
    os.chdir(here)


KINDS: dict[str, tuple[Callable[[Path], None], str]] = {
    "directory": (lambda path: path.mkdir(), "a directory"),
    "pipe": (os.mkfifo, "a pipe"),
    "socket": (_socket, "a socket"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file(kind: str, sealed: Desk) -> None:
    make, says = KINDS[kind]
    make(sealed.folder / "x.yaml")

    for words in (["decrypt", "x.yaml"], ["encrypt", "x.yaml"], ["get", "x.yaml", "a"],
                  ["unset", "x.yaml", "a"], ["export", "x.yaml"]):  # fmt: skip
        refused(sealed, *words, code=9, says=[f"x.yaml: is {says}", "name a file"])
    refused(sealed, "run", "x.yaml", "--", "true", code=125, says=[f"is {says}"])


def test_a_device(sealed: Desk) -> None:
    for path in ("/dev/null", "/dev/zero", "/dev/full"):
        refused(sealed, "decrypt", path, code=9, says=[f"{path}: is a device"])
    refused(sealed, "set", ".env", "A", "--from-file", "/dev/zero", code=9, says=["a device"])
    sealed("decrypt", "-o", "/dev/null", ".env", code=9)


def test_what_belongs_to_git(sealed: Desk) -> None:
    for target in (".git/config", ".git/x", "sub/../.git/hooks/pre-commit"):
        before = snapshot(sealed.folder)
        for words in (["decrypt", "-o", target, ".env"], ["mv", ".env", target]):
            answer = sealed(*words, code=6)
            check_message(answer.err)
        assert snapshot(sealed.folder) == before


@pytest.mark.parametrize("target", ["no/such/folder/x", "/no/such/folder/x"])
def test_output_that_has_no_place(target: str, sealed: Desk) -> None:
    before = snapshot(sealed.folder)

    if target.startswith("/"):
        answer = sealed("decrypt", "-o", target, ".env", code=1)
        check_message(answer.err, "no such file or directory")
        assert snapshot(sealed.folder) == before
    else:
        sealed("decrypt", "-o", target, ".env")
        assert (sealed.folder / target).read_text() == ENV


NAMES = [
    "new\nline.env",
    "-rf.env",
    "--output.env",
    " space .env",
    "quo'te\".env",
    "$(touch x).env",
    "semi;colon.env",
    "star*.env",
    "tab\t.env",
    "colour\x1b[31m.env",
    "back\\slash.env",
    "\u202egnp.env",
    "n\u0308.env",
    "\U0001f511.env",
    "x" * 250 + ".env",
]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_odd_names_work_and_harm_no_terminal(name: str, app: Desk) -> None:
    app.write(name, ENV)

    told = app("encrypt", "--", name).err
    for text in (told, app("decrypt", "--", f"no{name}", code=1).err, app("check").out):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert CANARY not in (app.folder / name).read_text()
    assert app("decrypt", "--", name).out == ENV
    assert app("get", "--", name, "PORT").out == "8080\n"
    app("set", "--stdin", "--", name, "NEW", data=b"1")
    assert app("get", "--", name, "NEW").out == "1\n"
    app("mv", "--", name, "other.env")
    assert not (app.folder / "x").exists()
    assert sorted(path.name for path in app.folder.glob("*.env")) == ["other.env"]


def test_a_name_that_is_no_utf8_is_refused(app: Desk) -> None:
    name = os.fsdecode(b"caf\xe9.env")
    app.write(name, ENV)

    refused(app, "encrypt", name, code=6, says=["caf\\xe9.env", "UTF-8"])


def test_a_name_that_is_too_long(app: Desk) -> None:
    app.seal("a.env", ENV)
    long = "x" * 300 + ".env"

    for words in (["decrypt", long], ["encrypt", long], ["mv", "a.env", long]):
        answer = app(*words, code=1)
        check_message(answer.err)


def test_an_old_mode_is_kept(app: Desk) -> None:
    file = app.seal(".env", ENV)
    file.chmod(0o640)

    app("set", ".env", "NEW", "--stdin", data=b"1")

    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.needs("root")
def test_a_foreign_users_repository(app: Desk) -> None:
    app.seal(".env", ENV)
    app.seal("a.pem", PEM)
    for path in (app.folder, app.folder / ".git"):
        os.chown(path, NOBODY, NOBODY)

    for words in (["check"], ["decrypt", ".env"], ["status"], ["set", ".env", "A", "--stdin"]):
        refused(app, *words, code=6, says=["belongs to another user", "safe.directory"])
