# SPDX-License-Identifier: Apache-2.0
"""Standard streams as a program may rely on: all three there, none that stumbles over a letter."""

from __future__ import annotations

import os
import sys

from gitseal.errors import GitsealError

_MODES = {0: "r", 1: "w", 2: "w"}


def prepare(*, text: bool = True) -> None:
    """
    Open what the caller has closed, and let names with odd characters through.

    Args:
        text: whether standard output is for people.  Where it is git's, nothing is written to it
            here: not even what somebody printed while Python started, which waits in its buffer.

    A closed descriptor would be given to the next file that is opened: a message would land in
    it.  So standard input becomes empty, standard output one that cannot be written, and
    standard error one that swallows.
    """
    for descriptor in _MODES:
        try:
            os.fstat(descriptor)
        except OSError:
            flags = os.O_WRONLY if descriptor == 2 else os.O_RDONLY
            opened = os.open(os.devnull, flags)
            if opened != descriptor:
                os.dup2(opened, descriptor)
    sys.stdin = sys.stdin or _stream(0)
    sys.stdout = sys.stdout or _stream(1)
    sys.stderr = sys.stderr or _stream(2)
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None and text:
        reconfigure(errors="backslashreplace")


def silence() -> None:
    """Send what is still to be written nowhere: else Python complains when it ends."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.close(sink)


def failure(error: OSError) -> GitsealError:
    """Say in a person's words that standard output could not be written."""
    reason = os.strerror(error.errno or 0).lower()
    return GitsealError(
        f"cannot write to standard output: {reason}", hint="look at where it leads, then try again"
    )


def _stream(descriptor: int) -> object:
    return open(descriptor, _MODES[descriptor], encoding="utf-8", closefd=False)
