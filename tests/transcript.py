# SPDX-License-Identifier: Apache-2.0
"""Reads, runs and rewrites the transcripts of tests/transcripts/ (its README has the grammar)."""

from __future__ import annotations

import difflib
import itertools
import os
import re
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

TIMEOUT = 120
_ANY_LINES = "[...]"
_ANY_TEXT = "[..]"
_FILE = re.compile(r"^-- (.+) --$")
_NEEDS = re.compile(r"^# needs: (.+)$", re.MULTILINE)


@dataclass
class Step:
    """One command with the comment above it, what it should print, and its exit code."""

    comment: str
    command: str
    expected: list[str] = field(default_factory=list)
    code: int = 0

    def text(self) -> str:
        first, *rest = self.command.split("\n")
        lines = [f"$ {first}", *(f"> {line}" for line in rest), *self.expected]
        if self.code:
            lines.append(f"? {self.code}")
        return self.comment + "\n".join(lines) + "\n"


@dataclass
class Transcript:
    """A file of tests/transcripts/, taken apart."""

    steps: list[Step]
    files: dict[str, str]

    def text(self) -> str:
        parts = [step.text() for step in self.steps]
        parts += [f"-- {name} --\n{body}" for name, body in self.files.items()]
        return "\n".join(parts)


def needed(text: str) -> list[str]:
    """The programs that a transcript says it needs."""
    return [name for line in _NEEDS.findall(text) for name in line.split()]


def parse(text: str) -> Transcript:
    """
    Take a transcript apart.

    Raises:
        ValueError: text before the first command that is no comment.
    """
    lines = text.splitlines()
    files = _cut_files(lines)
    steps: list[Step] = []
    pending: list[str] = []
    for line in lines:
        if line.startswith("$ "):
            comment = _close(steps, pending)
            steps.append(Step(comment, line[2:]))
        elif line.startswith("> ") and steps and not pending:
            steps[-1].command += "\n" + line[2:]
        else:
            pending.append(line)
    if any(line.startswith("#") for line in pending) and not steps:
        raise ValueError("a transcript without a command")
    _close(steps, [*pending, ""])
    return Transcript(steps, files)


def _cut_files(lines: list[str]) -> dict[str, str]:
    marks = [number for number, line in enumerate(lines) if _FILE.match(line)]
    files = {}
    for mark, end in itertools.pairwise([*marks, len(lines)]):
        body = lines[mark + 1 : end]
        if end != len(lines) and body and not body[-1]:
            body.pop()
        files[lines[mark][3:-3]] = "".join(line + "\n" for line in body)
    if marks:
        del lines[marks[0] :]
    return files


def _close(steps: list[Step], pending: list[str]) -> str:
    """Give the step before what it should print; return the comment of the next one."""
    start = len(pending)
    while start and pending[start - 1].startswith("#"):
        start -= 1
    if start and pending[start - 1]:
        start = len(pending)  # no empty line above: it is output
    comment = "".join(line + "\n" for line in pending[start:])
    output = pending[:start]
    pending.clear()
    while output and not output[-1]:
        output.pop()
    if not steps:
        if output:
            raise ValueError(f"text before the first command: {output[0]}")
        return comment
    if output and re.fullmatch(r"\? \d+", output[-1]):
        steps[-1].code = int(output.pop()[2:])
    steps[-1].expected = output
    return comment


def matches(expected: list[str], actual: list[str]) -> bool:
    """True if `actual` is what `expected` describes, wildcards included."""
    pattern = ""
    for line in expected:
        if line == _ANY_LINES:
            pattern += r"(?:.*\n)*"
        else:
            pattern += ".*".join(map(re.escape, line.split(_ANY_TEXT))) + r"\n"
    return re.fullmatch(pattern, "".join(line + "\n" for line in actual)) is not None


class Shell:
    """A bash that keeps its folder and its exported variables between commands."""

    def __init__(self, folder: Path, home: Path, programs: Path) -> None:
        self.folder = folder
        self._home = home
        self._state = home / ".transcript-state"
        self._state.write_text(f"cd {shlex.quote(str(folder))}\n")
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        self._environment = os.environ | {"PATH": path, "WORK": str(folder)}

    def run(self, command: str) -> tuple[list[str], int]:
        """The lines a command printed, without empty ones at the end, and its exit code."""
        state = shlex.quote(str(self._state))
        script = (
            f". {state}\n{command}\n"
            f"code=$?; {{ export -p; printf 'cd %q\\n' \"$PWD\"; }} >{state}; exit $code"
        )
        done = subprocess.run(
            ["bash", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment,
            timeout=TIMEOUT,
            check=False,
        )
        text = done.stdout.decode(errors="backslashreplace")
        text = text.replace(str(self.folder), "$WORK").replace(str(self._home), "$HOME")
        return text.rstrip("\n").split("\n") if text.strip("\n") else [], done.returncode


def difference(step: Step, actual: list[str], code: int) -> str:
    """What differs, as a diff that begins with the command."""
    expected = [*step.expected, f"? {step.code}"]
    lines = difflib.unified_diff(
        expected, [*actual, f"? {code}"], "expected", "printed", lineterm="", n=99
    )
    return "\n".join([f"$ {step.command}", *lines])
