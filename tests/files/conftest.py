# SPDX-License-Identifier: Apache-2.0
"""Places where writing fails: a full disk, a directory and a disk that are read-only."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import needs

NOBODY = 65534
ONLY_ROOT = needs.REASON + "the right to mount"


def mounted(folder: Path, *options: str) -> bool:
    command = ["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)]
    return os.geteuid() == 0 and subprocess.run(command, check=False).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 64 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if not mounted(folder, "-o", "size=64k"):
        pytest.skip(ONLY_ROOT)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def read_only_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs with a file in it, mounted read-only."""
    folder = tmp_path / "read-only"
    folder.mkdir()
    if not mounted(folder):
        pytest.skip(ONLY_ROOT)
    (folder / "a").write_bytes(b"old")
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def read_only_directory(tmp_path: Path) -> Iterator[Path]:
    """A directory nobody may write to; where root runs the test, it is nobody for a while."""
    folder = tmp_path / "protected"
    folder.mkdir()
    (folder / "a").write_bytes(b"old")
    folder.chmod(0o555)
    if os.geteuid() != 0:
        yield folder
        folder.chmod(0o755)
        return
    for above in folder.parents:
        mode = above.stat().st_mode & 0o7777
        if mode & 0o011 != 0o011:  # pytest's own directories, which are root's alone
            above.chmod(mode | 0o011)
    os.seteuid(NOBODY)
    yield folder
    os.seteuid(0)
