# SPDX-License-Identifier: Apache-2.0
"""Places where writing fails: a directory and a disk that are read-only."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

NOBODY = 65534


@pytest.fixture
def read_only_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs with a file in it, mounted read-only; for tests that need the right to mount."""
    folder = tmp_path / "read-only"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", str(folder)], check=True)
    (folder / "a").write_bytes(b"old")
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def as_a_user(tmp_path: Path) -> Iterator[None]:
    """No root for a while, for whom no mode means anything."""
    if os.geteuid() != 0:
        yield
        return
    for above in (tmp_path, *tmp_path.parents):
        mode = above.stat().st_mode & 0o7777
        if mode & 0o011 != 0o011:  # pytest's own directories, which are root's alone
            above.chmod(mode | 0o011)
    real = os.getuid()
    os.setresuid(NOBODY, NOBODY, 0)
    yield
    os.setresuid(real, 0, 0)


@pytest.fixture
def read_only_directory(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A directory with a file in it, that nobody may write to."""
    folder = tmp_path / "protected"
    folder.mkdir()
    (folder / "a").write_bytes(b"old")
    (folder / "a").chmod(0o666)
    folder.chmod(0o555)
    request.getfixturevalue("as_a_user")
    return folder


@pytest.fixture
def read_only_file(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A file nobody may write to, in a directory where one may."""
    folder = tmp_path / "open"
    folder.mkdir()
    path = folder / "a"
    path.write_bytes(b"old")
    path.chmod(0o444)
    folder.chmod(0o777)
    request.getfixturevalue("as_a_user")
    return path
