# SPDX-License-Identifier: Apache-2.0
"""
People whose git runs gitseal, in repositories with a plain and a sealed scope.

Everything that must stay secret holds `CANARY`.  `canary_in_objects` looks for it in all that git
stores, reachable or not; no message of git or gitseal may show it either.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from desk import CANARY, ENV, JSON, PEM, YAML
from people import Person

CONFIG = """\
[filter "gitseal"]
	process = gitseal git filter-process
	clean = gitseal git clean %f
	smudge = gitseal git smudge %f
	required = true
[merge "gitseal"]
	name = sealed files, by key path
	driver = gitseal git merge-driver %O %A %B %L %P %S %X %Y
[diff "gitseal"]
	command = gitseal git diff-driver
[protocol "file"]
	allow = always
[advice]
	detachedHead = false
"""
POLICY = """\
version: 1
readers:
  ada: {ada}
scopes:
  app:
    files: [".env", "*.env", "config/**", "*.pem", "keys/*"]
    readers: [ada]
    seal: ["**"]
    comments: clear
    worktree: plain
  vault:
    files: ["vault/*.yaml", "vault/*.bin"]
    readers: [ada]
    seal: ["**"]
    comments: clear
    worktree: sealed
"""
PLAIN = {
    ".env": ENV,
    "config/app.yaml": YAML,
    "config/app.json": JSON,
    "server.pem": PEM,
}
"""Path -> clear text of the files that lie readable in the worktree."""

PUBLIC = "README.md"
ODD_NAMES = [
    b"two words", b'quo"te', b"apo'strophe", b"$HOME", b"a=b=c", b"tab\there", b"new\nline",
    "größe".encode(), b"\xff\xfe", b"-n", b"--help", b"%f", b"`id`", b"back\\slash", b"*",
    b"pathname=x", b"a\r",
]  # fmt: skip


class Answer(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


class Guest(Person):
    """
    Somebody whose git runs gitseal.

    Args:
        folder: where the person's home is made, unless it is there.
        name: of the person.
        programs: a folder for PATH in which `gitseal` is the program under test.
    """

    def __init__(self, folder: Path, name: str, programs: Path) -> None:
        if (folder / name).is_dir():
            self.name = name
            self.home = self.folder = folder / name
        else:
            super().__init__(folder, name)
            (self.home / ".gitconfig").write_text(CONFIG)
        self.environ = {
            **os.environ,
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "GIT_CONFIG_GLOBAL": str(self.home / ".gitconfig"),
        }
        for role in ("AUTHOR", "COMMITTER"):
            self.environ[f"GIT_{role}_NAME"] = name
            self.environ[f"GIT_{role}_EMAIL"] = f"{name}@example.org"

    def run(
        self,
        *words: str,
        code: int | None = 0,
        data: bytes = b"",
        cwd: Path | None = None,
        hidden: bool = True,
        env: dict[str, str] | None = None,
    ) -> Answer:
        """Run a program; nothing it says may hold a secret, unless it is not `hidden`."""
        done = subprocess.run(
            words, cwd=cwd or self.folder, env=self.environ | (env or {}), check=False,
            input=data, capture_output=True,
        )  # fmt: skip
        answer = Answer(done.returncode, _text(done.stdout), _text(done.stderr))
        assert code is None or done.returncode == code, f"{words}: {done.returncode}\n{answer.said}"
        assert "Traceback" not in answer.said, answer.said
        assert "bug in gitseal" not in answer.said, answer.said
        assert CANARY not in answer.err
        assert not hidden or CANARY not in answer.out, f"{words} shows a secret"
        return answer

    def do(self, *words: str, code: int | None = 0, cwd: Path | None = None, **environ: str) -> str:
        """Run git; give all it said, in which no secret stands."""
        return self.run("git", *words, code=code, cwd=cwd, env=environ).said

    def blob(self, name: str) -> bytes:
        """Give an object of git, such as `HEAD:.env` or `:.env`."""
        return subprocess.run(
            ["git", "cat-file", "blob", name],
            cwd=self.folder, env=self.environ, check=True, capture_output=True,
        ).stdout  # fmt: skip

    def put(self, path: str, content: str | bytes) -> Path:
        """Write a file into the worktree."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def have(self, path: str) -> bytes:
        """Give what lies in the worktree."""
        return (self.folder / path).read_bytes()

    def commit_all(self, message: str = "more") -> None:
        self.do("add", "-A")
        self.do("commit", "-qm", message)

    def status(self, *, cwd: Path | None = None) -> str:
        """Give what git calls changed."""
        return self.run("git", "status", "--porcelain", cwd=cwd).out

    def touch(self) -> None:
        """Make git look at every file again: new times, and no chance to be racy."""
        future = time.time() + 5
        for file in self.files():
            os.utime(file, (future, future), follow_symlinks=False)

    def files(self) -> list[Path]:
        """Give all files of the worktree."""
        found = self.folder.rglob("*")
        return [one for one in found if ".git" not in one.parts and not one.is_dir()]

    def calm(self) -> None:
        """Assert that nothing is changed, also when git looks at every file again."""
        assert self.status() == ""
        self.touch()
        assert self.status() == ""
        self.do("diff", "--exit-code", "HEAD")

    def sealed(self, name: str) -> bytes:
        """Give an object of git, which must be sealed."""
        data = self.blob(name)
        assert is_sealed(data), f"{name} is not sealed"
        return data

    def copy(self, other: Person, *options: str, folder: str = "clone") -> Answer:
        """Clone somebody's repository and work there."""
        source = f"file://{other.folder}"
        self.folder = self.home
        answer = self.run("git", "clone", "-q", *options, source, folder)
        self.folder = self.home / folder
        return answer

    def seal(self, *words: str, code: int | None = 0, **environ: str) -> str:
        """Run gitseal; give all it said."""
        return self.run("gitseal", *words, code=code, env=environ).said

    def another(self, name: str) -> Guest:
        """Give somebody else, on the same machine."""
        return Guest(self.home.parent, name, Path(self.environ["PATH"].split(":")[0]))


def _text(data: bytes) -> str:
    return data.decode(errors="surrogateescape")


def is_sealed(data: bytes) -> bool:
    """Tell whether content looks like what gitseal makes."""
    canary = CANARY.encode() in data
    return not canary and (data.startswith(b"\0GITSEAL") or b"seal:v1[_" in data)


def canary_in_objects(repository: Path) -> bool:
    """Tell whether any object of a repository holds a secret, unreachable ones included."""
    common = subprocess.run(
        ["git", "rev-parse", "--git-common-dir"],
        cwd=repository, check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    said = subprocess.run(
        ["git", "cat-file", "--batch-all-objects", "--batch", "--unordered"],
        cwd=repository, check=True, capture_output=True,
    ).stdout  # fmt: skip
    assert len(said) > 100, f"no objects in {common}"
    return CANARY.encode() in said


@functools.cache
def template(base: Path) -> Path:
    """Give the home of ada, made once a process, with a repository in which all is committed."""
    folder = base / "template"
    folder.mkdir(exist_ok=True)
    programs = folder / "programs"
    programs.mkdir()
    root = Path(__file__).resolve().parent.parent
    start = f'PYTHONPATH="{root}" exec "{sys.executable}" -m gitseal "$@"'
    installed = Path(sys.executable).parent / "gitseal"
    if installed.exists():
        start = f'exec "{installed}" "$@"'
    (programs / "gitseal").write_text(f"#!/bin/sh\n{start}\n")
    (programs / "gitseal").chmod(0o755)
    ada = Guest(folder, "ada", programs)
    key = ada.key()
    ada.run("git", "init", "-q", "-b", "main", "repo")
    ada.folder = ada.home / "repo"
    ada.put(".gitseal.yaml", POLICY.format(ada=key))
    ada.seal("apply", "--yes")
    for path, text in PLAIN.items():
        ada.put(path, text)
    ada.put("vault/db.yaml", YAML)
    ada.put("vault/key.bin", PEM)
    ada.seal("encrypt", "vault/db.yaml", "vault/key.bin")
    ada.put(PUBLIC, "nothing to hide\n")
    ada.commit_all("first")
    return folder


@pytest.fixture
def ada(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, home: Path) -> Guest:
    """Ada, with a repository of her own that nobody else touches."""
    made = template(tmp_path_factory.getbasetemp())
    shutil.copytree(made / "ada", tmp_path / "ada", symlinks=True)
    person = Guest(tmp_path, "ada", made / "programs")
    person.folder = person.home / "repo"
    return person
