# SPDX-License-Identifier: Apache-2.0
"""
A repository in which git itself merges sealed files, through the program as it is installed.

Whatever is secret in it begins with `CANARY`; `leaks` looks for that in every object git holds.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from desk import CANARY, FILES, Desk

PLAIN, SEALED = "plain", "sealed"
DRIVER = "gitseal git merge-driver %O %A %B %L %P %S %X %Y"
CONFIG = {
    "filter.gitseal.process": "gitseal git filter-process",
    "filter.gitseal.clean": "gitseal git clean %f",
    "filter.gitseal.smudge": "gitseal git smudge %f",
    "filter.gitseal.required": "true",
    "merge.gitseal.name": "sealed files, by key path",
    "merge.gitseal.driver": DRIVER,
}
_ATTRIBUTES = "[attr]gitseal filter=gitseal merge=gitseal -text -ident\n"


def secret(name: str) -> str:
    """A value that must never be seen."""
    return f"{CANARY}-{name}"


def lines(**values: str) -> str:
    """A dotenv text."""
    return "".join(f"{key}={secret(value)}\n" for key, value in values.items())


class Merges:
    """One person's repository with branches."""

    def __init__(self, desk: Desk, programs: Path, worktree: str) -> None:
        self.desk = desk
        self.worktree = worktree
        self.environ = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
        self.folder = desk.folder

    @property
    def plain(self) -> bool:
        return self.worktree == PLAIN

    def start(self, first: Mapping[str, str | bytes], **terms: object) -> None:
        """Make the scope, the attributes, and a first commit on main."""
        terms = {"worktree": self.worktree, **terms}
        claimed = terms.get("files", FILES)
        self.desk.scope(**terms)  # type: ignore[arg-type]
        for key, value in CONFIG.items():
            self.git("config", key, value)
        patterns = "".join(f"{one} gitseal\n" for one in (*claimed, ".gitseal/keyring/*"))  # type: ignore[misc]
        patterns = patterns.replace(
            ".gitseal/keyring/* gitseal", ".gitseal/keyring/* merge=gitseal"
        )
        (self.folder / ".gitattributes").write_text(_ATTRIBUTES + patterns)
        self.commit("base", first)

    def git(self, *words: str, code: int | None = 0, **environ: str) -> str:
        """Run git; give all it said, in which no secret may stand."""
        done = subprocess.run(
            ["git", *words], cwd=self.folder, env=self.environ | environ, check=False,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert code is None or done.returncode == code, f"git {words}: {done.returncode}\n{said}"
        assert "Traceback" not in said
        return said

    def gitseal(self, *words: str, code: int = 0, **environ: str) -> str:
        """Run gitseal as a program; give what it said."""
        done = subprocess.run(
            ["gitseal", *words], cwd=self.folder, env=self.environ | environ, check=False,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert done.returncode == code, f"gitseal {words}: {done.returncode}\n{said}"
        return said

    def put(self, path: str, text: str | bytes) -> None:
        """Write a file as this kind of worktree has it."""
        if self.plain:
            self.desk.write(path, text)
        else:
            self.desk.seal(path, text)

    def commit(self, message: str, files: Mapping[str, str | bytes | None]) -> None:
        for path, text in files.items():
            if text is None:
                self.git("rm", "-q", path)
            else:
                self.put(path, text)
        self.git("add", "-A")
        self.git("commit", "-qm", message)

    def fork(
        self,
        ours: Mapping[str, str | bytes | None],
        theirs: Mapping[str, str | bytes | None],
    ) -> None:
        """Change things on main, and others on `topic`; stand on main."""
        self.git("switch", "-qc", "topic")
        self.commit("theirs", theirs)
        self.git("switch", "-q", "main")
        self.commit("ours", ours)

    def plant(self, path: str, blob: bytes) -> None:
        """Stage bytes as they are, as whoever can push can; the worktree follows."""
        done = subprocess.run(
            ["git", "hash-object", "-w", "--stdin"],
            cwd=self.folder, input=blob, check=True, capture_output=True,
        )  # fmt: skip
        self.git(
            "update-index", "--add", "--cacheinfo", f"100644,{done.stdout.decode().strip()},{path}"
        )
        self.git("checkout", "-f", "--", path)

    def content(self, path: str = ".env") -> str:
        """What a file says, in clear."""
        if self.plain:
            return (self.folder / path).read_text()
        return self.desk.clear(path)

    def blob(self, name: str) -> bytes:
        """An object of git, such as `HEAD:.env`."""
        done = subprocess.run(
            ["git", "cat-file", "blob", name], cwd=self.folder, check=True, capture_output=True
        )
        return done.stdout

    def leaks(self) -> list[str]:
        """Objects of git that hold a secret, reachable or not."""
        said = subprocess.run(
            ["git", "cat-file", "--batch-all-objects", "--batch"],
            cwd=self.folder, check=True, capture_output=True,
        ).stdout  # fmt: skip
        return ["an object holds a secret"] if CANARY.encode() in said else []

    def good(self, path: str = ".env") -> None:
        """After a merge: everything is committed, authentic, and nowhere in clear."""
        assert self.git("status", "--porcelain") == ""
        self.desk("check")
        sealed = self.blob(f"HEAD:{path}")
        assert sealed.startswith(b"\0GITSEAL") or b"seal:v1[_" in sealed
        assert not self.leaks()


@pytest.fixture(params=[PLAIN, SEALED])
def merges(request: pytest.FixtureRequest, desk: Desk, programs: Path) -> Merges:
    """A repository whose files lie readable in the worktree, and one where they lie sealed."""
    return Merges(desk, programs, request.param)


@pytest.fixture
def plain(desk: Desk, programs: Path) -> Merges:
    """The first of the two."""
    return Merges(desk, programs, PLAIN)


@pytest.fixture
def sealed(desk: Desk, programs: Path) -> Merges:
    """The second."""
    return Merges(desk, programs, SEALED)
