# SPDX-License-Identifier: Apache-2.0
"""Finding directories on a file system that lives in memory, where no one else can reach in."""

from __future__ import annotations

import os
import stat
import sys

_IN_MEMORY = frozenset(("tmpfs", "ramfs"))


def usual_places(runtime_dir: str | None) -> list[str]:
    """
    Give directories that lie in memory on most systems, best first; none of them is looked at.

    Args:
        runtime_dir: `XDG_RUNTIME_DIR`, or None.
    """
    candidates = [runtime_dir, f"/run/user/{os.geteuid()}", "/dev/shm"]  # noqa: S108 - callers verify it
    return list(dict.fromkeys(filter(None, candidates)))


def is_ours(path: str) -> bool:
    """Say whether nobody else can put their directory in the place of one of ours in `path`."""
    try:
        info = os.stat(path)
    except OSError:
        return False
    if not stat.S_ISDIR(info.st_mode) or not os.access(path, os.W_OK | os.X_OK):
        return False
    if info.st_mode & stat.S_ISVTX:
        return info.st_uid in (0, os.geteuid())
    return info.st_uid == os.geteuid() and not info.st_mode & 0o022


def is_in_memory(path: str) -> bool:
    """Say whether a directory lies on a tmpfs or ramfs, by what the kernel says of its mount."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        device = os.stat(path).st_dev
        with open("/proc/self/mountinfo", "rb") as file:
            table = file.read()
    except OSError:
        return False
    wanted = f"{os.major(device)}:{os.minor(device)}".encode()
    for line in table.splitlines():
        before, _, after = line.partition(b" - ")
        fields = before.split(b" ")
        if len(fields) > 2 and fields[2] == wanted:
            return after.split(b" ")[0].decode() in _IN_MEMORY
    return False
