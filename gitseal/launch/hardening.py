# SPDX-License-Identifier: Apache-2.0
"""Keeping the memory of this process, and of its children, off the disk and out of reach."""

from __future__ import annotations

import contextlib
import sys

_PR_SET_DUMPABLE = 4


def harden_process(*, against_debuggers: bool = False) -> None:
    """
    Forbid core dumps here and in every program started from here.

    Args:
        against_debuggers: on Linux, also keep other processes of the same user from reading this
            one's memory (`PR_SET_DUMPABLE`); it costs some milliseconds, and ends at the next
            `exec`.

    Never fails: it is a second line of defence.
    """
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if against_debuggers and sys.platform.startswith("linux"):
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
