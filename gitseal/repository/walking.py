# SPDX-License-Identifier: Apache-2.0
"""Finding files that git does not know yet, without starting git or visiting everything."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitseal.repository.trees import Entry

MAX_VISITED = 20_000
"""Entries after which asking git is quicker: it knows which directories are ignored."""

_FILE = 0o100644
_LINK = 0o120000


class TooManyError(Exception):
    """More entries than it is sensible to visit from here."""


def walk(
    root: str, may_hold: Callable[[str], bool], *, limit: int = MAX_VISITED
) -> Iterator[Entry]:
    """
    Give the files and links of a worktree; ignored ones too; no object ids.

    Args:
        root: top of the worktree.
        may_hold: tells of a directory, by repository path, whether it is worth a visit.
        limit: how many entries are visited.

    Raises:
        TooManyError: there are more.
    """
    waiting = [""]
    seen = 0
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(f"{root}/{folder}" if folder else root) as found:
                entries = list(found)
        except OSError:
            continue
        seen += len(entries)
        if seen > limit:
            raise TooManyError
        if folder and any(entry.name == ".git" for entry in entries):
            continue  # a repository of its own
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_symlink():
                yield path, _LINK, ""
            elif entry.is_file(follow_symlinks=False):
                yield path, _FILE, ""
            elif (
                entry.is_dir(follow_symlinks=False)
                and not entry.name.startswith(".git")
                and may_hold(path)
            ):
                waiting.append(path)
