# SPDX-License-Identifier: Apache-2.0
"""
`make bench ARGS=--facts`: what becomes of files and commits under gitseal and under SOPS.

The same real files (those of the corpus that SOPS, too, takes for its formats), the same changes;
counted, not timed.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import needs
from benchmarks.bench import Bench

COPIES = 20
SAMPLE = "app:\n  name: shop\n  user: ada\n  password: battery-staple\n  token: 5cXv0qP2\n"


class Program:
    """One of the two programs, with the same five verbs."""

    def __init__(self, bench: Bench, name: str) -> None:
        self.name = name
        self._bench = bench
        self._folder = bench.folder / "secrets" / "facts" / name
        self._folder.mkdir(parents=True)

    def fresh(self, name: str, content: bytes) -> Path:
        path = self._folder / name
        path.write_bytes(content)
        return path

    def _call(self, *argv: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            argv,
            cwd=self._bench.folder,
            env=self._bench.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )

    def seal(self, path: Path) -> bool:
        name = str(path.relative_to(self._bench.folder))
        if self.name == "gitseal":
            return self._call(self._bench.gitseal, "encrypt", name).returncode == 0
        recipient = self._bench.recipient
        return (
            self._call(self._bench.sops, "encrypt", "-i", "--age", recipient, name).returncode == 0
        )

    def clear(self, path: Path) -> bytes:
        name = str(path.relative_to(self._bench.folder))
        program = self._bench.gitseal if self.name == "gitseal" else self._bench.sops
        return self._call(program, "decrypt", name).stdout

    def change(self, path: Path) -> None:
        name = str(path.relative_to(self._bench.folder))
        if self.name == "gitseal":
            self._call(self._bench.gitseal, "set", name, "app.password", "correct-horse")
        else:
            self._call(self._bench.sops, "set", name, '["app"]["password"]', '"correct-horse"')

    def add_reader(self, paths: list[Path], recipient: str) -> None:
        if self.name == "gitseal":
            self._call(self._bench.gitseal, "readers", "add", "ben", recipient, "--yes")
            return
        for path in paths:
            name = str(path.relative_to(self._bench.folder))
            self._call(self._bench.sops, "rotate", "-i", "--add-age", recipient, name)


def round_trip(program: Program, corpus: Path) -> str:
    """How many real files come back as they were, of those that could be sealed."""
    sealed = same = 0
    files = sorted(path for kind in ("yaml", "json", "env") for path in (corpus / kind).iterdir())
    for path in files:
        content = path.read_bytes()
        copy = program.fresh(path.name, content)
        if program.seal(copy):
            sealed += 1
            same += program.clear(copy) == content
        copy.unlink()
    return f"{same} of {sealed}"


def changed_lines(program: Program) -> str:
    """Lines of the sealed file that differ after one value changed."""
    path = program.fresh("one.yaml", SAMPLE.encode())
    program.seal(path)
    before = path.read_text().splitlines()
    time.sleep(1.1)  # nobody changes a secret in the second in which it was made
    program.change(path)
    after = path.read_text().splitlines()
    return str(sum(old != new for old, new in zip(before, after, strict=True)))


def changed_files(program: Program, recipient: str) -> str:
    """Sealed files that differ after one reader was added."""
    paths = [program.fresh(f"copy{number}.yaml", SAMPLE.encode()) for number in range(COPIES)]
    for path in paths:
        program.seal(path)
    before = [path.read_bytes() for path in paths]
    program.add_reader(paths, recipient)
    changed = sum(path.read_bytes() != old for path, old in zip(paths, before, strict=True))
    return f"{changed} of {COPIES}"


def table(bench: Bench) -> Iterator[str]:
    """The facts, as lines of a table."""
    import pyrage

    recipient = str(pyrage.x25519.Identity.generate().to_public())
    programs = [Program(bench, name) for name in ("gitseal", "sops")]
    facts: dict[str, Callable[[Program], str]] = {
        "lines changed by one new value": changed_lines,
        "sealed files changed by one new reader": lambda one: changed_files(one, recipient),
    }
    corpus = needs.corpus_path()
    if corpus is not None:
        facts["real files that come back byte for byte"] = lambda one: round_trip(one, corpus)
    yield "| | gitseal | SOPS |"
    yield "|---|---|---|"
    for name, measure in facts.items():
        yield f"| {name} | {' | '.join(measure(program) for program in programs)} |"
    shutil.rmtree(bench.folder / "secrets" / "facts")
