# SPDX-License-Identifier: Apache-2.0
"""People with homes, keys and clones of their own, for tests of two and more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

Done = subprocess.CompletedProcess[str]


class Person:
    """Somebody with a home, who works in one folder; commands run as that person."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.home = folder / name
        self.home.mkdir(mode=0o700)
        self.folder = self.home
        self.environ = {
            **os.environ,
            "HOME": str(self.home),
            "GIT_CONFIG_GLOBAL": str(self.home / ".gitconfig"),
            "GIT_AUTHOR_NAME": name,
            "GIT_AUTHOR_EMAIL": f"{name}@example.org",
            "GIT_COMMITTER_NAME": name,
            "GIT_COMMITTER_EMAIL": f"{name}@example.org",
        }

    def gitseal(self, *words: str, code: int = 0, **environ: str) -> Done:
        """Run gitseal; the exit code must be the one that is expected."""
        done = self._run([sys.executable, "-m", "gitseal", *words], environ)
        assert done.returncode == code, f"gitseal {words}: {done.returncode}\n{done.stderr}"
        return done

    def git(self, *words: str, check: bool = True) -> str:
        """Run git and give what it printed."""
        done = self._run(["git", *words], {})
        assert not check or done.returncode == 0, f"git {words}: {done.stderr}"
        return done.stdout

    def commit(self, message: str) -> None:
        """Commit everything."""
        self.git("add", "-A")
        self.git("commit", "-qm", message)

    def write(self, path: str, text: str) -> None:
        """Write a file of the folder."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def read(self, path: str) -> str:
        """Read a file of the folder."""
        return (self.folder / path).read_text()

    def key(self) -> str:
        """Make an identity and give its recipient."""
        from gitseal.masterkeys.identities import generate_identity

        return generate_identity(str(self.home / ".config" / "gitseal" / "identity.txt"))

    def clone(self, other: Person) -> None:
        """Clone somebody's repository and work there."""
        self.folder = self.home / "clone"
        subprocess.run(
            ["git", "clone", "-q", str(other.folder), str(self.folder)],
            check=True,
            env=self.environ,
            capture_output=True,
        )

    def _run(self, command: list[str], environ: dict[str, str]) -> Done:
        options: dict[str, Any] = {"capture_output": True, "text": True}
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environ | environ,
            stdin=subprocess.DEVNULL,
            check=False,
            **options,
        )


ENV = 'A=1\nB="two words"\n'
YAML = 'db:\n  host: db1 # main\n  password: "hunter2"\n'


def owner(folder: Path, name: str = "ada") -> Person:
    """Give a person with a repository in which two files are sealed and committed."""
    person = Person(folder, name)
    person.folder = person.home / "repo"
    subprocess.run(
        ["git", "init", "-q", "-b", "main", str(person.folder)], check=True, env=person.environ
    )
    person.write(".env", ENV)
    person.write("config/app.yaml", YAML)
    person.gitseal("init", "--yes", "--name", name, "--files", ".env", "--files", "config/*.yaml")
    person.commit("Seal the secrets")
    return person


def pair(folder: Path) -> tuple[Person, Person]:
    """Give two people: ada owns the repository, ben is a reader with a trusted clone."""
    ada, ben = owner(folder), Person(folder, "ben")
    ada.gitseal("readers", "add", "ben", ben.key(), "--yes")
    ada.commit("Ben may read")
    ben.clone(ada)
    ben.gitseal("trust", "--yes")
    ben.commit("Vouch")
    return ada, ben
