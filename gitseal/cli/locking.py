# SPDX-License-Identifier: Apache-2.0
"""`lock` and `unlock`: whether the files of plain scopes lie clear or sealed in this worktree."""

from __future__ import annotations

import re
import time
from shlex import quote
from typing import Annotated

import typer

from gitseal.cli import prompting
from gitseal.cli.access import DryRun, trust_one
from gitseal.cli.context import settings, workspace
from gitseal.cli.output import clock_time
from gitseal.cli.reporting import print_error, say
from gitseal.errors import GitsealError, RefusedError, UsageError
from gitseal.operations import locking, unlocking
from gitseal.operations.plainfiles import plain_records, worktree_of
from gitseal.operations.remnants import remnants
from gitseal.operations.workspace import Workspace
from gitseal.session.cache import LONGEST, KeptKeys

_SHOWN = 10
_UNITS = {"m": 60, "h": 3600, "d": 24 * 3600}
_NOT_RECORDED = "git was busy, so it will look at the files again: git status"
_NOTHING = "no scope here is readable in the worktree (worktree: plain in .gitseal.yaml)"


def unlock(
    scope: Annotated[list[str] | None, typer.Argument(metavar="[SCOPE]...")] = None,
    keep_for: Annotated[
        str | None, typer.Option("--for", metavar="TIME", help="keep the key: 30m, 8h, 2d")
    ] = None,
    dry_run: DryRun = False,
) -> int:
    """
    Open the files of plain scopes in this worktree.

    Your key is proved on one file first; if it does not fit, nothing changes. With --for the
    data key stays in memory (or in the system's keyring) for a while, so that git asks no key
    service meanwhile. Files that you have changed are left alone.
    """
    seconds = None if keep_for is None else _seconds(keep_for)
    current = workspace()
    worktree_of(current)
    names = list(dict.fromkeys(scope or ()))
    if not dry_run and prompting.may_ask(settings()):
        for verdict in unlocking.untrusted(current, names):
            trust_one(current, verdict, yes=False)
    keeper = None if seconds is None else KeptKeys(current.settings)
    until = int(time.time()) + (seconds or 0)
    done = unlocking.unlock(current, names, keeper=keeper, until=until, dry_run=dry_run)
    return _tell_unlocked(done, until if keeper and not dry_run else None, dry_run=dry_run)


def _seconds(text: str) -> int:
    """
    Read a duration.

    Raises:
        UsageError: it is none, or longer than keys may be kept.
    """
    match = re.fullmatch(r"([1-9][0-9]{0,5})([mhd])", text.strip().lower())
    if match is None:
        raise UsageError(f"{text!r} is no duration", hint="for example: --for 30m, 8h or 2d")
    seconds = int(match[1]) * _UNITS[match[2]]
    if seconds > LONGEST:
        raise UsageError("a key is kept for 30 days at most", hint="for example: --for 8h")
    return seconds


def _tell_unlocked(done: unlocking.Unlocked, until: int | None, *, dry_run: bool) -> int:
    if not done.scopes and not done.closed:
        say(_NOTHING)
        return 0
    for name, error in done.closed:
        say(f"scope {name} stays closed: {error.message}")
        say(f"  hint: {error.hint or error.usual_hint or f'gitseal trust {name}'}")
    what = "would open" if dry_run else "opened"
    say(f"{what} {_count(done.opened)} of {_scopes(done.scopes)}")
    if until is not None:
        say(f"the key is kept until {clock_time(until)}; gitseal lock forgets it")
    if done.exposed:
        say(f"other users of this machine can read {done.exposed:,} of them")
        say("  hint: chmod go= FILE, and umask 077 for those to come")
    _list("changed since they were staged, and left as they are:", done.changed)
    _list("stay sealed, because git would add them without the filter:", done.unfiltered)
    if done.unfiltered:
        say("  hint: gitseal apply puts the lines into .gitattributes")
    if not done.recorded:
        say(_NOT_RECORDED)
    return _tell_failed(done.failed) or int(bool(done.unfiltered))


def lock(dry_run: DryRun = False) -> int:
    """
    Seal the plain files of this worktree, and forget keys.

    Refuses while a file differs from what is staged, so that no work is lost. Lists where
    clear text may remain that git or your editor has copied; removes nothing of that.
    """
    current = workspace()
    worktree_of(current)
    done = locking.lock(current, KeptKeys(current.settings), dry_run=dry_run)
    if done.refused:
        return _refuse(done)
    if not done.scopes:
        say(_NOTHING)
        return 0
    what = "would seal" if dry_run else "sealed"
    say(f"{what} {_count(done.sealed)} of {_scopes(done.scopes)}")
    if done.forgotten:
        say("the kept key is forgotten")
    _list("lie in clear in git itself, so they stay as they are:", done.in_git)
    if done.in_git:
        say("  hint: gitseal check")
    if not done.recorded:
        say(_NOT_RECORDED)
    if not dry_run:
        _tell_remnants(current)
    return _tell_failed(done.failed) or int(bool(done.in_git))


def _refuse(done: locking.Locked) -> int:
    _list("differ from what is staged:", done.changed)
    _list("are not finished merging:", done.conflicts)
    _list("are not known to git:", done.untracked)
    paths = " ".join(quote(path) for path in (done.changed + done.untracked)[:_SHOWN])
    raise RefusedError(
        "nothing was locked, because these files hold work that only this worktree has",
        hint=f"git add {paths}; or git stash --include-untracked" if paths else "git status",
    )


def _tell_remnants(current: Workspace) -> None:
    found = remnants(current, plain_records(current))
    if not found:
        return
    say("clear text may remain in these places, which are not ours to remove:")
    for what, fix in found[: 2 * _SHOWN]:
        say(f"  {what}")
        say(f"    {fix}")
    if len(found) > 2 * _SHOWN:
        say(f"  and {len(found) - 2 * _SHOWN} more")


def _tell_failed(failed: list[tuple[str, GitsealError]]) -> int:
    for _path, error in failed[:_SHOWN]:
        print_error(error)
    if len(failed) > _SHOWN:
        say(f"and {len(failed) - _SHOWN} more")
    return failed[0][1].exit_code if failed else 0


def _list(title: str, paths: list[str]) -> None:
    if not paths:
        return
    say(f"{_count(paths)} {title}")
    for path in paths[:_SHOWN]:
        say(f"  {path}")
    if len(paths) > _SHOWN:
        say(f"  and {len(paths) - _SHOWN} more")


def _count(paths: list[str]) -> str:
    return "1 file" if len(paths) == 1 else f"{len(paths):,} files"


def _scopes(names: list[str]) -> str:
    return f"scope {names[0]}" if len(names) == 1 else f"scopes {', '.join(names)}"
