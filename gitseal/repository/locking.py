# SPDX-License-Identifier: Apache-2.0
"""
Whether a worktree is locked: its plain files lie sealed, and the filter opens nothing.

A file in the worktree's own git directory says so, so that linked worktrees are locked one by
one while they share pins (format 10).
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.repository.finding import Repository

_FOLDER = "gitseal"
_MARKER = "locked"


def is_locked(repository: Repository) -> bool:
    """Tell whether `gitseal lock` was the last word in this worktree."""
    return os.path.lexists(os.path.join(repository.git_dir, _FOLDER, _MARKER))


def mark_locked(repository: Repository) -> None:
    """
    Lock: from now on the filter of this worktree opens and seals nothing.

    Raises:
        OSError: the git directory cannot be written.
    """
    folder = os.path.join(repository.git_dir, _FOLDER)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    with open(os.path.join(folder, _MARKER), "ab"):
        pass


def mark_unlocked(repository: Repository) -> None:
    """
    Unlock; nothing happens to the files.

    Raises:
        OSError: the git directory cannot be written.
    """
    try:
        os.unlink(os.path.join(repository.git_dir, _FOLDER, _MARKER))
    except FileNotFoundError:
        return
