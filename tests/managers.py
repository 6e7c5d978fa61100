# SPDX-License-Identifier: Apache-2.0
"""
A repository of sealed files under a hook manager, and the four managers that tests run for real.

All that is secret in it holds `CANARY`.  One hook is a spy: while the manager keeps the unstaged
edits somewhere, it looks for the canary wherever a manager may write, and copies what the worktree
shows.  Another one formats files, once a test asks for that.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

from desk import CANARY, Desk
from gitseal.operations import attributing

_HOOKS = {"format": "tidy", "spy": "spy", "gitseal": "gitseal check --staged"}
_SPY = """\
#!/bin/sh
grep -rlaF -e '{canary}' .git "$HOME" "$TMPDIR" >>'{folder}/seen'
rm -rf '{folder}/during'
cp -R secrets '{folder}/during'
"""
_TIDY = """\
#!/bin/sh
[ ! -e '{folder}/tidy' ] || sed -i 's/-staged$/-tidied/' "$@"
"""


def _pre_commit() -> str:
    """The file that pre-commit and prek read; JSON is YAML, too."""
    hooks = [
        {"id": name, "name": name, "entry": entry, "language": "system"}
        # Only the first one gets names of files; the others look for themselves.
        | ({} if name == "format" else {"pass_filenames": False, "always_run": True})
        for name, entry in _HOOKS.items()
    ]
    return json.dumps({"repos": [{"repo": "local", "hooks": hooks}]}, indent=2) + "\n"


def _lefthook() -> str:
    run = _HOOKS | {"format": f"{_HOOKS['format']} {{staged_files}}"}
    commands = {name: {"run": entry} for name, entry in run.items()}
    return json.dumps({"pre-commit": {"commands": commands}}, indent=2) + "\n"


def _lint_staged() -> str:
    """Commands from a function get no names; the first one gets all of them."""
    commands = _HOOKS.copy()
    first = json.dumps(commands.pop("format"))
    return f'export default {{ "*": {first}, "**": () => {json.dumps([*commands.values()])} }};\n'


class Manager(NamedTuple):
    """How a hook manager is set up: its file, how it gets into git's hooks, and a run over all."""

    file: str
    content: str
    install: tuple[str, ...]
    everything: tuple[str, ...]


MANAGERS = {
    "pre-commit": Manager(
        ".pre-commit-config.yaml",
        _pre_commit(),
        ("pre-commit", "install"),
        ("pre-commit", "run", "--all-files"),
    ),
    "prek": Manager(
        ".pre-commit-config.yaml",
        _pre_commit(),
        ("prek", "install"),
        ("prek", "run", "--all-files"),
    ),
    "lefthook": Manager(
        "lefthook.yml",
        _lefthook(),
        ("lefthook", "install"),
        ("lefthook", "run", "pre-commit", "--all-files"),
    ),
    # It brings no hook of its own (husky does), and knows no run over all files.
    "lint-staged": Manager("lint-staged.config.mjs", _lint_staged(), (), ()),
}


class Managed:
    """One person's repository, in which a hook manager stands between them and each commit."""

    def __init__(self, desk: Desk, programs: Path, worktree: str, name: str) -> None:
        self.desk = desk
        self.plain = worktree == "plain"
        self.name = name
        self.manager = MANAGERS[name]
        self.folder = desk.folder
        self.watch = programs.parent / "watch"
        self._temporary = programs.parent / "temporary"
        for folder in (self.watch, self._temporary):
            folder.mkdir()
        for program, text in {"spy": _SPY, "tidy": _TIDY}.items():
            (programs / program).write_text(text.format(canary=CANARY, folder=self.watch))
            (programs / program).chmod(0o755)
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        self.environ = {**os.environ, "PATH": path, "TMPDIR": str(self._temporary)}
        desk.scope(files=("secrets/**",), worktree=worktree)
        desk("git", "install", "--local")
        attributing.write(desk.workspace())
        self.write(self.manager.file, self.manager.content)

    def run(self, *command: str, code: int | None = 0) -> str:
        """Run a program as somebody without a terminal would; give all it said."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environ, check=False, timeout=60,
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )  # fmt: skip
        said = done.stdout + done.stderr
        assert code is None or done.returncode == code, f"{command}: {done.returncode}\n{said}"
        assert CANARY not in said, "a secret was shown"
        return said

    def git(self, *words: str) -> str:
        """Run git, which must not complain."""
        return self.run("git", *words)

    def hook(self) -> None:
        """Put the manager into git's hooks."""
        if self.manager.install:
            self.run(*self.manager.install)
            return
        hook = self.folder / ".git" / "hooks" / "pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\nexec {self.name}\n")
        hook.chmod(0o755)

    def write(self, path: str, data: str | bytes) -> None:
        """Write a file as it is."""
        self.desk.write(path, data)

    def edit(self, path: str, data: bytes) -> None:
        """Write a file as a person has it in this kind of worktree, in clear or sealed."""
        if self.plain or not path.startswith("secrets/"):
            self.write(path, data)
        else:
            self.desk.seal(path, data)

    def worktree(self) -> dict[str, bytes]:
        """Every file that lies there, git's own aside."""
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and ".git" not in path.relative_to(self.folder).parts
        }

    def index(self) -> str:
        """Every entry of the index: mode, blob, path."""
        return self.git("ls-files", "-s")

    def blob(self, name: str) -> bytes:
        """What git stores under a name such as `:FILE`."""
        return subprocess.run(
            ["git", "cat-file", "blob", name], cwd=self.folder, check=True, capture_output=True
        ).stdout

    def keep(self, data: bytes) -> str:
        """Store a blob behind the filter's back, and give its id."""
        return subprocess.run(
            ["git", "hash-object", "-w", "--stdin"],
            cwd=self.folder, input=data, check=True, capture_output=True,
        ).stdout.decode().strip()  # fmt: skip

    def stored(self, name: str) -> bytes:
        """What git would write for `HEAD:FILE` or `:FILE`: clear text in a plain worktree."""
        return subprocess.run(
            ["git", "cat-file", "--filters", name],
            cwd=self.folder, env=self.environ, check=True, capture_output=True,
        ).stdout  # fmt: skip

    def clear(self, path: str) -> bytes:
        """What a file of the worktree says, in clear."""
        data = (self.folder / path).read_bytes()
        sealed = path.startswith("secrets/") and CANARY.encode() not in data
        return self.desk.clear(path).encode() if sealed else data

    def touch(self) -> None:
        """Make git look into every file again."""
        for name in self.worktree():
            os.utime(self.folder / name, (1, 1))

    def leaks(self) -> list[str]:
        """Where the canary lies in clear: in an object, reachable or not, or in somebody's file."""
        objects = subprocess.run(
            ["git", "cat-file", "--batch-all-objects", "--batch"],
            cwd=self.folder, check=True, capture_output=True,
        ).stdout  # fmt: skip
        found = ["an object of git"] if CANARY.encode() in objects else []
        for top in (self.folder / ".git", self.desk.home, self._temporary):
            found += [
                str(path)
                for path in top.rglob("*")
                if path.is_file() and CANARY.encode() in path.read_bytes()
            ]
        return found

    def seen(self) -> str:
        """Where the spy saw the canary while the hooks ran; fails if there was no spy."""
        return (self.watch / "seen").read_text()

    def during(self, name: str) -> bytes:
        """What a file of `secrets/` held while the hooks ran."""
        return (self.watch / "during" / name).read_bytes()

    def let_tidy(self) -> None:
        """From now on, the hook that formats changes `-staged` at the end of lines."""
        (self.watch / "tidy").touch()

    def patches(self) -> list[Path]:
        """What the manager keeps of edits that it could not bring back."""
        kept = [*self.desk.home.rglob("*patch*"), *(self.folder / ".git").rglob("*.patch")]
        return [path for path in kept if path.is_file()]
