# SPDX-License-Identifier: Apache-2.0
"""
git's external diff command: key paths and fingerprints instead of sealed text.

An external command, never a textconv: hook managers and scanners run `git diff` and write what it
says to files; they ask for no external diff, and get sealed text (git(1), GIT_EXTERNAL_DIFF).
"""

from __future__ import annotations

import os

from gitseal.changes.telling import lines_of
from gitseal.errors import GitsealError, UsageError
from gitseal.operations.comparing import compare_contents
from gitseal.operations.opening import MAX_FILE
from gitseal.settings import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitseal.operations.workspace import Workspace

_SECTION, _NAME = "gitseal", "reveal"
"""The setting of git that shows values: `git config gitseal.reveal true`."""

_NOTHING = "/dev/null"
_NONE = "."
"""The mode of a file that is not there."""


def run(workspace: Workspace, arguments: Sequence[str]) -> str:
    """
    Give what to print for one file; never fails, because git would give up on all the others.

    Args:
        workspace: repository, trust and keys of this call.
        arguments: path, old file, its id, its mode, new file, its id, its mode, and for a file
            that was renamed its new path and what git says of it; the path alone where it is
            in conflict.

    Raises:
        UsageError: git gave other arguments.
    """
    if len(arguments) == 1:
        return f"{printable(arguments[0])}  in conflict; gitseal resolve shows both sides\n"
    if len(arguments) not in {7, 8, 9}:
        raise UsageError(
            "not the arguments of a diff command", hint="gitseal git install sets it up for git"
        )
    path, old_file, _old_id, old_mode, new_file, _new_id, new_mode = arguments[:7]
    new_path = arguments[7] if len(arguments) > 7 else path
    lines = []
    if old_mode != new_mode and _NONE not in {old_mode, new_mode}:
        lines.append(f"{printable(new_path)}  mode {old_mode} -> {new_mode}")
    try:
        old, new = _read(old_file), _read(new_file)
        if old == new and path == new_path:
            return "".join(f"{line}\n" for line in lines)
        change = compare_contents(workspace, (path, old), (new_path, new))
        lines += lines_of(change, reveal=_reveals(workspace))
    except (GitsealError, OSError) as error:
        reason = error.message if isinstance(error, GitsealError) else "cannot be read"
        lines.append(f"{printable(new_path)}  not compared: {reason}")
    return "".join(f"{line}\n" for line in lines)


def _read(file: str) -> bytes | None:
    """Give the content of one side; None where there is none, or no regular file."""
    if file == _NOTHING or not os.path.isfile(file):
        return None
    with open(file, "rb") as stream:
        return stream.read(MAX_FILE)


def _reveals(workspace: Workspace) -> bool:
    from gitseal.repository.running import ask

    repository = workspace.needed_repository()
    # So that `git -c gitseal.reveal=true diff` does what it says; a count without its keys and
    # values would be an error.
    named = [name for name in repository.environ if name.startswith("GIT_CONFIG_")]
    command = ["config", "--type=bool", "--get", f"{_SECTION}.{_NAME}"]
    answer = ask(repository, command, ok=(0, 1, 128), keep=named)
    return answer.strip() == b"true"
