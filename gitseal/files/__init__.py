# SPDX-License-Identifier: Apache-2.0
"""
Files of the user: read within limits, replaced whole or not at all, never through a link.

Paths are `str` as `os.fsdecode` gives them.  Reading is on the way of every command; writing and
locking are loaded when something is written.
"""

from __future__ import annotations

from gitseal.files.reading import (
    ABSENT,
    MAX_FILE,
    Snapshot,
    open_directory,
    os_failure,
    read_limited,
    read_with_snapshot,
    resolve_target,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.files.locks import Lock
    from gitseal.files.writing import Writes, remove, sweep, write_atomically

__all__ = [
    "ABSENT",
    "MAX_FILE",
    "Lock",
    "Snapshot",
    "Writes",
    "open_directory",
    "os_failure",
    "read_limited",
    "read_with_snapshot",
    "remove",
    "resolve_target",
    "sweep",
    "write_atomically",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(name)
    if name == "Lock":
        from gitseal.files import locks

        return locks.Lock
    from gitseal.files import writing

    return getattr(writing, name)
