# SPDX-License-Identifier: Apache-2.0
"""git's commands with gitseal as filter beside git-crypt: many small files, and one large one."""

from __future__ import annotations

import os
import random
import resource
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SMALL = 0.15
LARGE = 1.1
_TICK = 1.1
"""Seconds after which git no longer takes a file for one that may change unseen."""


@dataclass(frozen=True)
class Load:
    """The files of one run: what they are called, how many, and the ratio to reach."""

    name: str
    files: int
    size: int
    rounds: int
    goal: float


LOADS = (
    Load("1,000 files", 1_000, 0, 3, SMALL),
    Load("5,000 files", 5_000, 0, 1, SMALL),
    Load("one file of 100 MB", 1, 100_000_000, 3, LARGE),
)


@dataclass
class Took:
    """Wall clock and processor time of one step, by round, in seconds."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


class Contender:
    """A repository in which one of the two programs is git's filter."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.home = folder / "home"
        self.repository = folder / "repo"
        self.home.mkdir(parents=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        self.run("git", "init", "-q", "-b", "main", str(self.repository), cwd=folder)
        self.run("git", "config", "user.name", "bench")
        self.run("git", "config", "user.email", "bench@example.org")
        self.set_up()
        self.run("git", "add", "-A")
        self.run("git", "commit", "-qm", "start")

    def set_up(self) -> None:
        """Make it the filter of `secrets/`."""
        raise NotImplementedError

    def lock(self) -> Sequence[str]:
        """Give the command that seals the worktree."""
        raise NotImplementedError

    def unlock(self) -> Sequence[str]:
        """Give the command that opens it again."""
        raise NotImplementedError

    def run(self, *argv: str, cwd: Path | None = None) -> None:
        """Run a command to its end; what it says is shown where it fails."""
        done = subprocess.run(
            argv,
            cwd=cwd or self.repository,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{self.name}: {' '.join(argv)}: {done.stderr[-400:]}")


class Gitseal(Contender):
    """gitseal, one scope in clear in the worktree, under an age key."""

    def set_up(self) -> None:
        self.run("gitseal", "git", "install")
        init = ("gitseal", "init", "--yes", "--name", "bench", "--files", "secrets/**")
        self.run(*init, "--worktree", "plain")

    def lock(self) -> Sequence[str]:
        return ("gitseal", "lock")

    def unlock(self) -> Sequence[str]:
        return ("gitseal", "unlock")


class GitCrypt(Contender):
    """git-crypt, under its own key."""

    def set_up(self) -> None:
        self.run("git-crypt", "init")
        self.run("git-crypt", "export-key", str(self.home / "key"))
        rule = "secrets/** filter=git-crypt diff=git-crypt\n"
        (self.repository / ".gitattributes").write_text(rule)

    def lock(self) -> Sequence[str]:
        return ("git-crypt", "lock")

    def unlock(self) -> Sequence[str]:
        return ("git-crypt", "unlock", str(self.home / "key"))


def write_files(folder: Path, load: Load) -> None:
    """Write the files of a load; equal for both."""
    folder.mkdir(exist_ok=True)
    random_bytes = random.Random(7).randbytes
    if load.size:
        (folder / "large.bin").write_bytes(random_bytes(load.size))
        return
    for number in range(load.files):
        (folder / f"service{number}.yaml").write_text(
            f"# service {number}\ndb:\n  host: db{number}.example.com\n"
            f"  password: {random_bytes(9).hex()}\n  port: 5432\napi_key: {number:032x}\n"
        )


def steps(contender: Contender) -> dict[str, tuple[Callable[[], None], Sequence[str]]]:
    """Give what is measured: for each name, what comes before it, and the command."""
    secrets = contender.repository / "secrets"

    def touch() -> None:
        for path in secrets.iterdir():
            path.touch()

    def remove() -> None:
        shutil.rmtree(secrets)

    def commit_and_lock() -> None:
        contender.run("git", "commit", "-qm", "files")
        time.sleep(_TICK)
        contender.run("git", "status")
        contender.run(*contender.lock())

    return {
        "add": (lambda: None, ("git", "add", "-A")),
        "status, all touched": (touch, ("git", "status", "--short")),
        "checkout of all": (remove, ("git", "checkout", "-q", "--", "secrets")),
        "unlock": (commit_and_lock, contender.unlock()),
    }


def measure(contender: Contender, load: Load, found: dict[str, Took]) -> None:
    """Run every step once."""
    write_files(contender.repository / "secrets", load)
    for name, (before, command) in steps(contender).items():
        before()
        time.sleep(_TICK)
        begun, used = time.perf_counter(), _children()
        contender.run(*command)
        took = found.setdefault(name, Took())
        took.wall.append(time.perf_counter() - begun)
        took.cpu.append(_children() - used)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def table(folder: Path, *, quick: bool) -> bool:
    """Print the table, and give whether every goal was reached."""
    print("\n| git with a filter | gitseal s | git-crypt s | ratio | ratio of CPU | goal |")
    print("|---|---|---|---|---|---|", flush=True)
    reached = True
    for load in LOADS[:1] if quick else LOADS:
        ours: dict[str, Took] = {}
        theirs: dict[str, Took] = {}
        for number in range(1 if quick else load.rounds):
            for kind, found in ((Gitseal, ours), (GitCrypt, theirs)):
                place = folder / f"{kind.__name__}-{load.files}-{number}"
                measure(kind(kind.__name__, place), load, found)
                shutil.rmtree(place)
        for name, took in ours.items():
            reached &= _tell(f"{load.name}: {name}", took, theirs[name], load.goal)
    return reached


def _tell(name: str, ours: Took, theirs: Took, goal: float) -> bool:
    wall, other = statistics.median(ours.wall), statistics.median(theirs.wall)
    cpu = statistics.median(ours.cpu) / statistics.median(theirs.cpu)
    met = wall / other <= goal
    verdict = "reached" if met else "MISSED"
    cells = (name, f"{wall:.2f}", f"{other:.2f}", f"**{wall / other:.2f}**", f"{cpu:.2f}")
    print(f"| {' | '.join(cells)} | {goal}: {verdict} |", flush=True)
    return met
