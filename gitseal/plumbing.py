# SPDX-License-Identifier: Apache-2.0
"""
What git calls, as `gitseal git install` sets it up: `gitseal git filter-process` and its like.

No Typer, no rich, and before the first file nothing but the protocol.  Standard output belongs to
git: it is taken away from everybody else before anything is imported that might print.
"""

from __future__ import annotations

import os
import sys

from gitseal.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import BinaryIO, Protocol

    from gitseal.guest.filtering import Handler
    from gitseal.operations.cleaning import Cleaner
    from gitseal.operations.smudging import Smudger
    from gitseal.operations.workspace import Workspace

    class Voice(Protocol):
        """How this process speaks to a person, on standard error; `cli.reporting` is one."""

        def say(self, text: str, /) -> None:
            """Print a line."""

        def report(self, error: Exception, /) -> int:
            """Print what went wrong, and give the exit code."""

    Command = Callable[[Sequence[str], Voice], int]


def run(words: Sequence[str], voice: Voice) -> int | None:
    """
    Run one of the commands that git calls.

    Returns:
        its exit code; None if the words name a command for people.
    """
    command = COMMANDS.get(words[0]) if words else None
    return None if command is None else command(words[1:], voice)


def _filter_process(_arguments: Sequence[str], voice: Voice) -> int:
    import gc

    from gitseal.guest.filtering import serve

    gc.enable()  # one process may see ten thousand files
    source, sink = sys.stdin.buffer, _private_output()
    filters = _Filters(voice)
    handlers = filters.handlers()
    if _is_traced():
        # git logs what it sends before we could refuse it; what is not offered is not sent.
        del handlers["clean"]
        voice.say("GIT_TRACE_PACKET writes whole files to a log: no file is sealed or opened")
    try:
        serve(source, sink, handlers, voice.report)
    except (KeyboardInterrupt, BrokenPipeError):
        # git was interrupted or killed, and says so itself.
        return 130
    finally:
        filters.finish()
    return 0


def _is_traced() -> bool:
    from gitseal.settings import Settings

    return Settings.from_environment().traces_packets


def _clean(arguments: Sequence[str], voice: Voice) -> int:
    return _once(arguments, voice, "clean")


def _smudge(arguments: Sequence[str], voice: Voice) -> int:
    return _once(arguments, voice, "smudge")


def _once(arguments: Sequence[str], voice: Voice, name: str) -> int:
    """Filter one file, for git clients that know no filter process."""
    path = _one_path(arguments)
    sink = _private_output()
    filters = _Filters(voice)
    answer = filters.handlers()[name](path, sys.stdin.buffer.read(), "")
    filters.finish()
    sink.write(answer)
    sink.flush()
    return 0


def _one_path(arguments: Sequence[str]) -> str:
    rest = list(arguments[1:] if arguments[:1] == ["--"] else arguments)
    if len(rest) > 1:
        raise UsageError("name one file", hint="git calls this; gitseal git install sets it up")
    return rest[0] if rest else ""


def _merge_driver(arguments: Sequence[str], voice: Voice) -> int:
    from gitseal.guest.merging import run as merge

    _private_output()
    return merge(_workspace(voice), list(arguments))


def _diff_driver(arguments: Sequence[str], voice: Voice) -> int:
    from gitseal.guest.differing import run as differ

    sys.stdout.write(differ(_workspace(voice), list(arguments)))
    return 0


COMMANDS: dict[str, Command] = {
    "filter-process": _filter_process,
    "clean": _clean,
    "smudge": _smudge,
    "merge-driver": _merge_driver,
    "diff-driver": _diff_driver,
}
"""What git is told to call."""


class _Filters:
    """Clean and smudge of this process; keys and records are looked for at the first file."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._cleaner: Cleaner | None = None
        self._smudger: Smudger | None = None

    def handlers(self) -> dict[str, Handler]:
        """Give what to do for each command of git."""
        return {"clean": self._clean, "smudge": self._smudge}

    def _clean(self, path: str, data: bytes, _treeish: str) -> bytes:
        if self._cleaner is None:
            from gitseal.operations.cleaning import Cleaner

            self._cleaner = Cleaner(_workspace(self._voice))
        return self._cleaner.clean(path, data)

    def _smudge(self, path: str, data: bytes, treeish: str) -> bytes:
        try:
            if self._smudger is None:
                from gitseal.operations.smudging import Smudger

                self._smudger = Smudger(_workspace(self._voice))
            return self._smudger.smudge(path, data, treeish)
        except Exception as error:  # noqa: BLE001 - a checkout never fails because of us
            self._voice.report(error)
            return data

    def finish(self) -> None:
        """Tell what is left to tell, and end what was started."""
        if self._smudger is not None:
            self._smudger.finish()


def _workspace(voice: Voice) -> Workspace:
    """Give repository, trust and keys; nobody is ever asked anything from inside of git."""
    from gitseal.operations.workspace import Workspace
    from gitseal.repository.finding import find
    from gitseal.session import Session
    from gitseal.settings import Settings

    settings = Settings.from_environment()
    repository = find(os.getcwd(), settings.environ)
    return Workspace(settings, repository, Session(settings), voice.say)


def _private_output() -> BinaryIO:
    """Take standard output away: what others print, or have printed, goes to standard error."""
    private = os.dup(1)
    os.dup2(2, 1)
    sys.stdout.flush()
    return os.fdopen(private, "wb", 1 << 16)
