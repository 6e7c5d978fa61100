# SPDX-License-Identifier: Apache-2.0
"""Keeping the memory of this process, and of its children, off the disk."""

from __future__ import annotations


def forbid_core_dumps() -> None:
    """
    Forbid core dumps here and in every program started from here: they would hold keys.

    Never fails: it is a second line of defence, and not every platform has it.
    """
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        return
