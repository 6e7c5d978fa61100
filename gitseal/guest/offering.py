# SPDX-License-Identifier: Apache-2.0
"""
One line, once a clone: that git does not run gitseal here yet, and no hook checks commits.

Neither can be committed, so a fresh clone has neither, and nothing else would say so before clear
text is added.
"""

from __future__ import annotations

import os

from gitseal.errors import GitsealError
from gitseal.repository.drivers import configured, runs_filter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.repository.finding import Repository

_HOOKS = ".pre-commit-config.yaml"
_MAX_HOOKS = 1024 * 1024


def is_answered(repository: Repository) -> bool:
    """Tell whether this clone needs no offer any more; one look at the disk."""
    return os.path.lexists(_marker(repository))


def offer(repository: Repository) -> str | None:
    """
    Give the line to tell, or None; whatever it is, this was the only time.

    A clone that cannot be marked gets none, because it would get one each time.
    """
    if not os.path.isdir(os.path.join(repository.root, ".gitseal", "keyring")):
        return None  # nothing is sealed here yet, and may be tomorrow
    try:
        values = configured(repository)
        _mark(repository)
    except (GitsealError, OSError):
        return None
    hooks = _lacks_hooks(repository, values)
    if not runs_filter(values):
        more = " && pre-commit install" if hooks else ""
        return f"git does not run gitseal here yet: gitseal git install{more}"
    return "no hook checks commits here yet: pre-commit install" if hooks else None


def _lacks_hooks(repository: Repository, values: dict[str, str]) -> bool:
    if "core.hookspath" in values:
        return False
    if os.path.lexists(os.path.join(repository.common_dir, "hooks", "pre-commit")):
        return False
    from gitseal.files import read_limited

    try:
        return b"gitseal" in read_limited(os.path.join(repository.root, _HOOKS), _MAX_HOOKS)
    except GitsealError:
        return False


def _marker(repository: Repository) -> str:
    return os.path.join(repository.common_dir, "gitseal", "offered")


def _mark(repository: Repository) -> None:
    file = _marker(repository)
    os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
    with open(file, "ab"):
        pass
