# SPDX-License-Identifier: Apache-2.0
"""
One person's repository with one scope, and gitseal in this process.

Every value in it that must stay secret holds `CANARY`; no message may ever show it, and no file
outside a file system in memory.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from gitseal.cli import plain, reporting
from gitseal.cli.application import run as typer_run
from gitseal.cli.context import workspace
from gitseal.keys import Context
from gitseal.masterkeys.identities import generate_identity
from gitseal.operations.keyrings import make_record, write_record
from gitseal.operations.sealing import encrypt_path
from gitseal.operations.workspace import Workspace
from gitseal.policy.terms import Reader, RecordPolicy

CANARY = "cAnArY-5up3r-s3cr3t"
FILES = ("*.yaml", "*.yml", "*.json", ".env", "*.env", "*.pem")
ENV = f"# from the vault\nDB_PASSWORD={CANARY}\nPORT=8080  # inside\n"
YAML = f"""\
# our database
db:
  host: db1   # main
  password: "{CANARY}"
  port: 5432
users:
  - name: ada
    key: 'k1'
  - name: ben
    key: 'k2'
"""
JSON = f'{{\n  "db": {{"password": "{CANARY}", "port": 5432}},\n  "on": true\n}}\n'
PEM = f"-----BEGIN KEY-----\n{CANARY}\n-----END KEY-----\n"


class Answer(NamedTuple):
    """What a call of gitseal did."""

    code: int
    out: str
    err: str


class Desk:
    """The person, the place, and the program."""

    def __init__(
        self,
        folder: Path,
        home: Path,
        patch: pytest.MonkeyPatch,
        capture: pytest.CaptureFixture[str],
    ) -> None:
        self.folder = folder
        self.home = home
        self._patch = patch
        self._capture = capture
        self.recipient = generate_identity(str(home / ".config" / "gitseal" / "identity.txt"))

    def workspace(self) -> Workspace:
        return workspace()

    def scope(self, name: str = "app", **terms: object) -> None:
        """Make and trust the record of a scope."""
        given = {"files": FILES, "readers": [Reader("ada", self.recipient)], **terms}
        policy = RecordPolicy(**given)  # type: ignore[arg-type]
        current = self.workspace()
        write_record(current, make_record(current, name, Context({"app": name}), policy))

    def seal(self, path: str, text: str | bytes) -> Path:
        """Write a file and seal it."""
        file = self.write(path, text)
        encrypt_path(self.workspace(), path)
        return file

    def write(self, path: str, text: str | bytes) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    def __call__(self, *words: str, code: int = 0, data: bytes = b"") -> Answer:
        """Run gitseal in this process, without a terminal; its exit code must be `code`."""
        self._capture.readouterr()
        stdin = io.TextIOWrapper(io.BytesIO(data))
        with self._patch.context() as patch:
            patch.setattr(sys, "stdin", stdin)
            done = reporting.guarded(_run, list(words))
        out, err = self._capture.readouterr()
        assert done == code, f"gitseal {words}: {done}\n{err}"
        assert CANARY not in err, "a message shows a value"
        return Answer(done, out, err)

    def clear(self, path: str) -> str:
        """The content of a sealed file."""
        return self("decrypt", path).out

    def leftovers(self) -> list[Path]:
        """Files below home and repository that hold the canary in clear."""
        found = []
        for top in (self.folder.parent, self.home):
            for directory, _folders, names in os.walk(top):
                for name in names:
                    path = Path(directory, name)
                    if path.is_file() and CANARY.encode() in path.read_bytes():
                        found.append(path)
        return found


def _run(words: list[str]) -> int:
    code = plain.run(words) if words[0] in {"get", "run", "decrypt", "check"} else None
    return typer_run(words) if code is None else code


def script(folder: Path, body: str, name: str = "editor") -> str:
    """Write a program for EDITOR; "$1" is the file."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)
