# SPDX-License-Identifier: Apache-2.0
"""What every refusal has in common: a message that helps, no value in it, nothing written."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from desk import CANARY, Answer, Desk

EXIT_CODES = range(1, 10)


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and content of everything below a folder but git's locks and ours."""
    found = {}
    for directory, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "locks"]
        for name in names:
            path = os.path.join(directory, name)
            mode = os.lstat(path).st_mode
            content = b""
            if stat.S_ISREG(mode):
                with open(path, "rb") as file:
                    content = file.read()
            elif stat.S_ISLNK(mode):
                content = os.fsencode(os.readlink(path))
            found[os.path.relpath(path, folder)] = (mode, content)
    return found


def check_message(stderr: str, *says: str, canary: str = CANARY) -> None:
    """
    Hold a refusal to the rules: all lines ours, an error, a next step, no value, no traceback.

    Args:
        stderr: all that was written there.
        says: pieces of text that must be in it, such as the place of the fault.
        canary: what must not be in it.
    """
    lines = stderr.splitlines()
    assert all(line.startswith("gitseal: ") for line in lines), stderr
    assert any(line.startswith("gitseal: error: ") for line in lines), stderr
    assert any(line.startswith("gitseal: hint: ") for line in lines), f"no next step:\n{stderr}"
    assert "bug in gitseal" not in stderr, stderr
    assert "Traceback" not in stderr, stderr
    assert canary not in stderr
    for piece in says:
        assert piece in stderr, f"{piece!r} is not in:\n{stderr}"


def refused(
    desk: Desk, *words: str, code: int, says: Sequence[str] = (), data: bytes = b""
) -> Answer:
    """Run a command that must refuse: with this code, a good message, and without a trace."""
    before = snapshot(desk.folder)
    answer = desk(*words, code=code, data=data)
    assert answer.out == ""
    check_message(answer.err, *says)
    assert snapshot(desk.folder) == before, "a refusal left something behind"
    return answer
