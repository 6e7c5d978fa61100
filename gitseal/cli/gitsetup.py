# SPDX-License-Identifier: Apache-2.0
"""`git install` and `git uninstall`: whether git runs gitseal by itself."""

from __future__ import annotations

from typing import Annotated

import typer

from gitseal.cli.context import settings, workspace
from gitseal.cli.reporting import say
from gitseal.errors import GitsealError
from gitseal.guest import setup
from gitseal.operations.workspace import Workspace
from gitseal.settings import printable

Local = Annotated[bool, typer.Option("--local", help="for this repository alone, not for you")]


def install(local: Local = False) -> int:
    """
    Let git run gitseal: filter, merge driver and diff command.

    Writes to your own git configuration, so that it holds for every repository; files that no
    .gitattributes gives to gitseal are not touched. Running it again changes nothing.
    """
    current = workspace(offers=False)
    outcome = setup.install(settings().environ, current.repository, local=local)
    if outcome.changed:
        say(f"git runs gitseal from now on: wrote {len(outcome.changed)} keys to {outcome.file}")
    else:
        say(f"already set up in {printable(outcome.file)}")
    for note in outcome.notes:
        say(f"warning: {note}")
    if _plain(current):
        say("files of plain scopes may lie sealed here still: gitseal unlock")
    return 0


def uninstall(local: Local = False) -> int:
    """
    Let git run gitseal no more.

    Removes what install wrote, and nothing else. Files stay as they lie; .gitattributes stays
    too, because it belongs to everybody who has the repository.
    """
    current = workspace(offers=False)
    outcome = setup.uninstall(settings().environ, current.repository, local=local)
    if outcome.changed:
        say(f"removed from {outcome.file}: {', '.join(outcome.changed)}")
    else:
        say(f"nothing of gitseal is in {outcome.file}")
    for note in outcome.notes:
        say(f"warning: {note}")
    plain = _plain(current)
    if plain and current.repository is not None and not setup.installed(current.repository):
        say(f"warning: scope {plain[0]} lies in clear here, and git now adds it so")
    return 0


def _plain(current: Workspace) -> list[str]:
    """Give the scopes of this worktree whose files lie in clear, as their records say."""
    if current.repository is None or current.repository.bare:
        return []
    try:
        authority = current.authority
        records = [authority.record(name) for name in authority.scopes()]
    except GitsealError:
        return []
    return [one.name for one in records if one is not None and one.policy.worktree == "plain"]
