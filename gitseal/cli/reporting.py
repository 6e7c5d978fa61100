# SPDX-License-Identifier: Apache-2.0
"""What a person sees when something is wrong, and the exit code that goes with it."""

from __future__ import annotations

import os
import sys

from gitseal.cli import streams
from gitseal.errors import GitsealError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

INTERRUPTED = 130
BROKEN_PIPE = 141
BUG = 70


def guarded(command: Callable[[list[str]], int], words: list[str]) -> int:
    """
    Run a command; turn every exception into a message and an exit code.

    No traceback ever reaches the screen: frames may hold secrets.
    """
    try:
        code = command(words)
        sys.stdout.flush()
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        streams.silence()
        return BROKEN_PIPE
    except Exception as error:  # noqa: BLE001 - the last line of defence
        return report(error)
    return code


def report(error: Exception) -> int:
    """Say what went wrong, whatever it was, and give the exit code that goes with it."""
    if isinstance(error, GitsealError):
        print_error(error)
        return error.exit_code
    if isinstance(error, OSError):
        return _report_system(error)
    return _report_bug(error)


def print_error(error: GitsealError) -> None:
    """Print an error and what to do next on standard error."""
    if error.path is not None:
        from gitseal.settings import printable

        # Before the text is split into lines: a file name may hold a line break.
        error.path = printable(error.path)
    say(f"error: {error}")
    if hint := error.hint or error.usual_hint:
        say(f"hint: {hint}")


def say(text: str) -> None:
    """
    Print lines for a person on standard error, harmless for any terminal.

    Lines behind the first one are indented by two blanks: a line break without them came with a
    name from the repository, and would else make a line that looks like ours.
    """
    from gitseal.settings import printable

    _flush_output()
    try:
        for line in text.replace("\n  ", "\0  ").split("\0"):
            sys.stderr.write(f"gitseal: {printable(line)}\n")
        sys.stderr.flush()
    except (OSError, ValueError):  # standard error is closed: nobody is there to read it
        pass


def _flush_output() -> None:
    """Keep the order in which things happened, where both streams go to one place."""
    try:
        sys.stdout.flush()
    except (AttributeError, OSError, ValueError):  # closed, or nobody reads: said elsewhere
        return


def _report_system(error: OSError) -> int:
    """Report what the system refused; without a file's name it was standard output."""
    if error.filename is None:
        streams.silence()
        print_error(streams.failure(error))
    else:
        reason = os.strerror(error.errno or 0).lower()
        hint = "check who owns it, and its mode (ls -ld)"
        print_error(GitsealError(reason, path=os.fsdecode(error.filename), hint=hint))
    return GitsealError.exit_code


def _report_bug(error: Exception) -> int:
    say(f"error: unexpected {type(error).__name__}; this is a bug in gitseal, nothing was lost")
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is not None:
        code = traceback.tb_frame.f_code
        # Module, function and line only: the message may quote a value.
        where = os.path.basename(code.co_filename)
        say(f"hint: please report it with: {where}:{traceback.tb_lineno} in {code.co_name}")
    return BUG
