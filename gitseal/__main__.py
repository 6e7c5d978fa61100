# SPDX-License-Identifier: Apache-2.0
"""
The entry point: commands in their plain form go straight to work, all else to Typer.

Importing Typer costs more than opening a file, so the commands that scripts, hooks and git
call many times have a second, short way in.
"""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_PLAIN = frozenset(("check", "decrypt", "encrypt", "get", "run"))
_PROTOCOLS = (["filter-process"], ["clean"], ["smudge"], ["merge-driver"])


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run one command.

    Args:
        arguments: without the program's name; those of the process if None.

    Returns:
        the exit code of design: 0 to 9, 130 when interrupted; of `run`, the child's own.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    _forget_current_directory()
    if arguments is None and sys.getfilesystemencoding() != "utf-8":
        from gitseal.launch.encoding import insist_on_utf8

        insist_on_utf8()
    gc.disable()  # no object is worth a collection in so short a life
    from gitseal.cli import reporting, streams
    from gitseal.launch.hardening import forbid_core_dumps

    forbid_core_dumps()
    streams.prepare(text=words[:1] != ["git"] or words[1:2] not in _PROTOCOLS)
    code = reporting.guarded(_dispatch, words)
    if arguments is None and words and (words[0] in _PLAIN or words[0] == "git"):
        _leave(code)
    return code


def _leave(code: int) -> None:
    """End the process at once: tidying up an interpreter that did one thing takes 4 ms."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):  # closed, or nobody reads it any more
            continue
    os._exit(code)


def _dispatch(words: list[str]) -> int:
    if words == ["--version"]:
        from gitseal import __version__

        sys.stdout.write(f"gitseal {__version__}\n")
        return 0
    if not words or words[0] in {"-h", "--help", "help"}:
        from gitseal.cli.help import show_help

        return show_help(words[1:])
    if words[0] == "--complete-keys":
        from gitseal.cli.completing import complete_keys

        return complete_keys(words[1:])
    if words[0] == "git":
        from gitseal import plumbing
        from gitseal.cli import reporting

        code = plumbing.run(words[1:], reporting)
        if code is not None:
            return code
    from gitseal.cli.table import translate

    words = translate(words)
    if words[0] in _PLAIN:
        from gitseal.cli import plain

        code = plain.run(words)
        if code is not None:
            return code
    from gitseal.cli.application import run

    return run(words)


def _forget_current_directory() -> None:
    """
    Import nothing more from the current directory, which may be anybody's repository.

    The installed program never does; `python -m gitseal` and an empty entry in PYTHONPATH do.
    They have read this package from there before this line, if there is one of its name.
    """
    try:
        here = os.path.realpath(os.getcwd())
    except OSError:  # it was removed
        here = ""
    home = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    sys.path[:] = [
        entry
        for entry in sys.path
        if os.path.isabs(entry) and (entry == home or os.path.realpath(entry) != here)
    ]


if __name__ == "__main__":
    sys.exit(main())
