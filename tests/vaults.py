# SPDX-License-Identifier: Apache-2.0
"""A repository with sealed files of every kind, made once by the real program, copied for tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

FILES = {
    ".env": "# old: sesame\nDB_PASSWORD=hunter2\nDB_PORT=8080\n",
    "conf/app.yaml": (
        "db:\n  password: hunter2 # was sesame\n  port: 5432\n"
        "users:\n- name: ada\n- name: ben\nempty:\n"
    ),
    "conf/app.json": (
        '{\n  "token": "hunter2",\n  "retries": 3,\n  "nested": {"key": "sesame"}\n}\n'
    ),
    "conf/secret.yaml": (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: hunter2\n"
    ),
    "conf/site.tmpl.yaml": "{{ if .x }}password: hunter2{{ end }}\n",
    "conf/server.pem": "-----BEGIN KEY-----\nhunter2\n-----END KEY-----\n",
}
LOCAL = "API_TOKEN=hunter2\n"
SECRETS = ("hunter2", "sesame", "8080", "5432")

POLICY = """\
version: 1
readers:
  ada: {key}
scopes:
  main:
    files: [".env", "conf/**"]
    context: {{app: shop, env: prod}}
    readers: [ada]
    clear: ["metadata.**", kind, apiVersion]
    whole: ["*.tmpl.yaml"]
  local:
    files: ["local/**"]
    readers: [ada]
    worktree: plain
"""


class Vault(NamedTuple):
    """A repository with everything sealed and committed, and the home of its only reader."""

    root: Path
    home: Path

    def write(self, path: str, text: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def read(self, path: str) -> str:
        return (self.root / path).read_text()

    def replace(self, path: str, old: str, new: str) -> None:
        """Change a file by hand, once, loudly if there is nothing to change."""
        text = self.read(path)
        assert old in text, text
        self.write(path, text.replace(old, new, 1))

    def sealed_value(self, path: str, name: str) -> str:
        """The sealed text that stands behind a key."""
        line = next(line for line in self.read(path).splitlines() if name in line)
        start = line.index("seal:v1[_")
        return line[start : line.index("_]", start) + 2]


class Answer(NamedTuple):
    """What a command said, run in this process."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The findings, without hints."""
        return [line for line in self.out.splitlines() if not line.startswith(" ")]

    @property
    def codes(self) -> list[str]:
        """The codes of the findings, in their order."""
        return [word for line in self.lines for word in line.split() if word.startswith("GS")]


def make(folder: Path, home: Path) -> None:
    """Make the repository with the real program."""
    environ = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "PYTHONPATH": str(Path(__file__).parent.parent),
    }
    for role in ("AUTHOR", "COMMITTER"):
        environ |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@example.org"}

    def call(*words: str) -> str:
        done = subprocess.run(words, cwd=folder, env=environ, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, check=False)  # fmt: skip
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    seal = (sys.executable, "-m", "gitseal")
    home.mkdir(mode=0o700)
    folder.mkdir()
    call("git", "init", "-q", "-b", "main")
    for path, text in FILES.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    context = ("--name", "ada", "--context", "app=shop", "--context", "env=prod")
    call(*seal, "init", "--yes", "--files", "nothing-yet/**", *context)
    policy = folder / ".gitseal.yaml"
    key = policy.read_text().partition("age1")[2].split()[0]
    policy.write_text(POLICY.format(key="age1" + key))
    call(*seal, "apply", "--yes")
    (folder / "local").mkdir()
    (folder / "local/app.env").write_text(LOCAL)
    call(*seal, "encrypt", *FILES, "local/app.env")
    call("git", "add", "-A")
    call("git", "commit", "-qm", "Seal the secrets")
    (folder / "local/app.env").write_text(LOCAL)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    folder = tmp_path_factory.mktemp("template")
    vault = Vault(folder / "repo", folder / "home")
    make(vault.root, vault.home)
    return vault


@pytest.fixture
def vault(template: Vault, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Vault:
    """The repository, copied, as current directory; its reader is at home here."""
    shutil.copytree(template.root, tmp_path / "repo", symlinks=True)
    shutil.copytree(template.home, home, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path / "repo")
    return Vault(tmp_path / "repo", home)


@pytest.fixture
def stranger(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> Vault:
    """The same after a fresh clone: no pin, no key, no home."""
    shutil.rmtree(vault.root / ".git/gitseal")
    monkeypatch.setenv("HOME", "/nonexistent")
    return vault


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Run a command in this process, with everything a person would see."""
    from gitseal import __main__ as program
    from gitseal.cli import reporting

    def call(*words: str) -> Answer:
        capfd.readouterr()
        code = reporting.guarded(program._dispatch, list(words))
        out, err = capfd.readouterr()
        return Answer(code, out, err)

    return call
