# SPDX-License-Identifier: Apache-2.0
"""What every command starts from: settings, repository, session, and somebody to ask."""

from __future__ import annotations

import os
import sys

from gitseal.errors import UsageError
from gitseal.operations.workspace import Workspace
from gitseal.repository.finding import find
from gitseal.session import Session
from gitseal.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseal.repository.finding import Repository


def settings() -> Settings:
    """Read the environment of this process."""
    return Settings.from_environment()


def workspace(current: Settings | None = None, *, offers: bool = True) -> Workspace:
    """
    Give repository, trust and keys as seen from the current directory.

    Args:
        current: the user's settings, if they are known already.
        offers: whether a person may be told here what a fresh clone lacks.
    """
    from gitseal.cli.reporting import say

    chosen = current or settings()
    repository = find(_current_directory(), chosen.environ)
    if offers and repository is not None and not repository.bare:
        _offer(chosen, repository)
    return Workspace(chosen, repository, Session(chosen, asker(chosen)), say)


def _offer(current: Settings, repository: Repository) -> None:
    from gitseal.guest.offering import is_answered, offer

    if is_answered(repository) or not current.may_ask(terminal=_is_terminal(sys.stderr)):
        return
    line = offer(repository)
    if line is not None:
        from gitseal.cli.reporting import say

        say(line)


def _is_terminal(stream: object) -> bool:
    try:
        return stream.isatty()  # type: ignore[attr-defined,no-any-return]
    except (AttributeError, ValueError):  # closed
        return False


def _current_directory() -> str:
    try:
        return os.getcwd()
    except OSError:
        raise UsageError("the current directory is gone", hint="cd to one that is there") from None


def terminal() -> bool:
    """Tell whether a person sits at both ends: questions go to stderr, answers come in."""
    return _is_terminal(sys.stdin) and _is_terminal(sys.stderr)


def asker(current: Settings) -> Callable[[str], str | None] | None:
    """Give what asks for a passphrase without showing it; None where nobody can answer."""
    if not current.may_ask(terminal=terminal()):
        return None

    def ask(prompt: str) -> str | None:
        from getpass import getpass

        try:
            return getpass(f"gitseal: {prompt}", stream=sys.stderr)
        except EOFError:
            return None

    return ask
