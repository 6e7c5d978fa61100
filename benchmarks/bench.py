# SPDX-License-Identifier: Apache-2.0
"""What is measured: a temporary repository, sealed by both programs, and the rows of the table."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import measure, samples

SEALED = {"yaml": samples.as_yaml, "json": samples.as_json}
CHECKED_FILES = 1_000
CHECKED_VALUES = 10


@dataclass(frozen=True)
class Goal:
    """What a row should reach: ratios to SOPS, or seconds where SOPS has no such command."""

    time: float | None = None
    memory: float | None = None
    size: float | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    rounds: int
    goal: Goal
    commands: dict[str, measure.Command]


class Bench:
    """A temporary repository with one scope, one age key for both programs, and the samples."""

    def __init__(self, folder: Path, gitseal: str, sops: str) -> None:
        self.folder = folder / "repo"
        self._out = folder / "out"
        self.sops = sops
        self.gitseal = gitseal
        self._out.mkdir()
        self._make_identity(folder)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GITSEAL_IDENTITY_FILE": str(folder / "identity.txt"),
            "SOPS_AGE_KEY_FILE": str(folder / "identity.txt"),
        }
        self._run("git", "init", "-q", "-b", "main", str(self.folder), cwd=folder)
        self._run("git", "config", "user.name", "bench")
        self._run("git", "config", "user.email", "bench@example.org")
        self._run(self.gitseal, "init", "--yes", "--name", "bench", "--files", "secrets/**")
        (self.folder / "secrets").mkdir(exist_ok=True)

    def _make_identity(self, folder: Path) -> None:
        import pyrage

        identity = pyrage.x25519.Identity.generate()
        self.recipient = str(identity.to_public())
        path = folder / "identity.txt"
        path.touch(mode=0o600)
        path.write_text(f"{identity}\n")

    def _run(self, *argv: str, cwd: Path | None = None) -> None:
        done = subprocess.run(
            argv,
            cwd=cwd or self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise measure.CommandFailed(f"{' '.join(argv)}: {done.returncode}\n{done.stderr}")

    def command(self, output: str, *argv: str) -> measure.Command:
        return measure.Command(argv, self.folder, self.environment, self._out / output)

    def both_ways(self, kind: str, values: int, goal: Goal, rounds: int) -> Iterator[Row]:
        """Sealing and opening one file; the size is that of the sealed file."""
        clear = f"secrets/{kind}{values}.{kind}"
        path = self.folder / clear
        path.write_text(SEALED[kind](values))
        with_type = ["--input-type", kind, "--output-type", kind]
        sealing = {
            "gitseal": self.command(f"a.{kind}", self.gitseal, "encrypt", "-o", "-", clear),
            "sops": self.command(
                f"b.{kind}", self.sops, "encrypt", "--age", self.recipient, *with_type, clear
            ),
        }
        yield Row(f"{kind.upper()} {values:,} seal", rounds, goal, sealing)
        # The sealed file of the last run is what the other way opens.
        shutil.copy(sealing["gitseal"].output, path)
        other = f"sops-{kind}{values}.{kind}"
        shutil.copy(sealing["sops"].output, self.folder / other)
        opening = {
            "gitseal": self.command("a.open", self.gitseal, "decrypt", clear),
            "sops": self.command("b.open", self.sops, "decrypt", *with_type, other),
        }
        goal = Goal(time=3.0) if values == CHECKED_VALUES else Goal(goal.time, goal.memory)
        yield Row(f"{kind.upper()} {values:,} open", rounds, goal, opening)

    def one_value(self, rounds: int) -> Row:
        """`get` of one value; needs the file that `both_ways("yaml", 10)` left."""
        keys = '["service00001"]["password"]'
        commands = {
            "gitseal": self.command(
                "a.get", self.gitseal, "get", "secrets/yaml10.yaml", "service00001.password"
            ),
            "sops": self.command(
                "b.get", self.sops, "decrypt", "--extract", keys, "sops-yaml10.yaml"
            ),
        }
        return Row("YAML 10 get", rounds, Goal(time=3.0), commands)

    def check(self, rounds: int) -> Row:
        """`check` of a thousand sealed files in a commit; SOPS has nothing to compare."""
        names = [f"secrets/many/{number:04d}.yaml" for number in range(CHECKED_FILES)]
        (self.folder / "secrets/many").mkdir()
        for number, name in enumerate(names):
            text = samples.as_yaml(CHECKED_VALUES)
            (self.folder / name).write_text(f"# {number}\n{text}")
        self._run(self.gitseal, "encrypt", *names)
        self._run("git", "add", "-A", ".gitseal", ".gitseal.yaml", "secrets/many")
        self._run("git", "commit", "-qm", "sealed")
        commands = {"gitseal": self.command("a.check", self.gitseal, "check", "secrets/many")}
        return Row(f"check {CHECKED_FILES:,} files", rounds, Goal(seconds=0.5), commands)

    def rows(self, *, quick: bool) -> Iterator[Row]:
        """The rows in order; each is prepared when it is asked for."""
        yield from self.both_ways("yaml", 10, Goal(), 5 if quick else 21)
        yield self.one_value(5 if quick else 21)
        yield from self.both_ways("yaml", 1_000, Goal(), 5 if quick else 15)
        big = Goal(time=0.45, size=0.80)
        yield from self.both_ways("yaml", 10_000, big, 3 if quick else 9)
        yield from self.both_ways("json", 10_000, big, 3 if quick else 9)
        if not quick:
            yield from self.both_ways("yaml", 100_000, Goal(0.30, 0.45, 0.80), 5)
        yield self.check(3 if quick else 9)
