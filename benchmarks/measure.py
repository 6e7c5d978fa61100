# SPDX-License-Identifier: Apache-2.0
"""Runs commands in turn and says what each took: wall clock and peak memory of the process."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Command:
    """
    One contender of a row.

    Args:
        argv: the program and its arguments, run in `folder` with `environment`.
        output: the file that gets its standard output, which is compared for size.
    """

    argv: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    output: Path


@dataclass
class Result:
    """What the runs of one command took."""

    seconds: list[float] = field(default_factory=list)
    kilobytes: list[int] = field(default_factory=list)

    @property
    def time(self) -> float:
        """The median wall clock, in seconds."""
        return statistics.median(self.seconds)

    @property
    def memory(self) -> float:
        """The median peak resident set, in MiB."""
        return statistics.median(self.kilobytes) / 1024


class CommandFailed(Exception):  # noqa: N818 - says what happened
    """A contender did not do its work, so its time says nothing."""


def run_once(command: Command) -> tuple[float, int]:
    """
    Run a command to its end: seconds of wall clock, KiB of peak memory.

    Raises:
        CommandFailed: it ended with anything but 0; the message holds the end of its stderr.
    """
    with command.output.open("wb") as output, command.output.with_suffix(".err").open("wb") as said:
        begun = time.perf_counter()
        child = subprocess.Popen(
            command.argv,
            cwd=command.folder,
            env=dict(command.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=said,
        )
        # wait4 gives the resources of this child alone; subprocess would reap it without them.
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        tail = command.output.with_suffix(".err").read_text(errors="replace")[-400:]
        raise CommandFailed(f"{' '.join(command.argv)}: exit code {child.returncode}: {tail}")
    return seconds, usage.ru_maxrss


def interleave(commands: Mapping[str, Command], rounds: int) -> dict[str, Result]:
    """Run each command once to warm the caches, then all of them in turn, `rounds` times."""
    results = {name: Result() for name in commands}
    for command in commands.values():
        run_once(command)
    for _ in range(rounds):
        for name, command in commands.items():
            seconds, kilobytes = run_once(command)
            results[name].seconds.append(seconds)
            results[name].kilobytes.append(kilobytes)
    return results
