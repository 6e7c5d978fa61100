# SPDX-License-Identifier: Apache-2.0
"""
The short way for commands without options: no Typer, no parsing beyond counting words.

Each function here does exactly what its Typer twin does without options; a test runs both.
"""

from __future__ import annotations

from gitseal.cli.context import workspace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def run(words: Sequence[str]) -> int | None:
    """Run the command if its words are plain; None leaves it to Typer."""
    command, *arguments = words
    if command == "run":
        return _run(arguments)
    if command == "encrypt":
        return _encrypt(arguments)
    if command == "check":
        return _check(arguments)
    if any(word.startswith("-") for word in arguments):
        return None
    if command == "decrypt" and len(arguments) == 1:
        return _decrypt(arguments[0])
    if command == "get" and len(arguments) == 2:
        return _get(arguments[0], arguments[1])
    return None


def _decrypt(path: str) -> int:
    from gitseal.cli.output import write_content
    from gitseal.operations.opening import open_path

    write_content(open_path(workspace(), path).clear.data)
    return 0


def _encrypt(arguments: Sequence[str]) -> int | None:
    output = "-" if arguments[:2] == ["-o", "-"] else None
    files = arguments[2:] if output else arguments
    if not files or any(word.startswith("-") for word in files):
        return None
    from gitseal.cli.filework import seal_in_place, seal_to

    if output:
        seal_to(workspace(), files, output, None, [])
    else:
        seal_in_place(workspace(), files)
    return 0


def _get(path: str, key: str) -> int:
    from gitseal.cli.context import terminal
    from gitseal.cli.output import write_bytes
    from gitseal.operations.reading import read_value

    text = read_value(workspace(), path, key, attended=terminal())
    write_bytes((text + "\n").encode())
    return 0


def _run(arguments: Sequence[str]) -> int:
    from gitseal.cli.starting import Wishes, split, start, with_exit_code

    def action() -> int:
        ours = arguments[: arguments.index("--")] if "--" in arguments else arguments
        if any(word.startswith("-") for word in ours):
            # Typer takes the first -- for itself; the second one tells ours from the program's.
            return _to_typer(["run", *ours, "--", *arguments[len(ours) :]])
        files, command = split(arguments)
        return start(workspace(), files, command, Wishes())

    return with_exit_code(action)


def _check(arguments: Sequence[str]) -> int:
    from gitseal.cli.checking import check_plain

    return check_plain(arguments)


def _to_typer(words: list[str]) -> int:
    from gitseal.cli.application import run as typer_run

    return typer_run(words)
