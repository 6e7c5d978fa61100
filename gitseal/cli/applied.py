# SPDX-License-Identifier: Apache-2.0
"""Telling a person what applying the policy would do, and what it did."""

from __future__ import annotations

from shlex import quote

from gitseal.cli.reporting import print_error, say
from gitseal.operations.applying import (
    ATTRIBUTES,
    FINISH,
    FOLLOW,
    GONE,
    MERGE,
    NEW,
    ROTATE,
    Applied,
    Step,
)
from gitseal.settings import printable

_TITLES = {
    NEW: "scope {} is new",
    ROTATE: "scope {} gets a new data key, because a reader leaves",
    FINISH: "scope {}: the rotation goes on",
    FOLLOW: "scope {} was changed by a reader",
    MERGE: "scope {} was changed on two branches and is merged",
    GONE: "scope {} is no longer in .gitseal.yaml; its record stays until you remove it",
    ATTRIBUTES: "writes .gitattributes, by which git runs gitseal for these files",
}


_SHOWN = 10


def tell_steps(steps: list[Step]) -> None:
    """Tell what would change, scope by scope."""
    for step in steps:
        say(_TITLES.get(step.kind, "scope {} changes").format(step.scope))
        for change in step.changes:
            say(f"  {printable(str(change))}")  # a pattern may hold a line break
        _tell_foreseen(step)


def _tell_foreseen(step: Step) -> None:
    """Tell what people would otherwise find out from git diff, or never."""
    exposed, forgotten = step.foreseen.exposed, step.foreseen.forgotten
    if exposed:
        say("  sealed values COME INTO THE CLEAR in")
        for path, count in exposed[:_SHOWN]:
            say(f"    {printable(path)}: {count}")
        if len(exposed) > _SHOWN:
            say(f"    and {len(exposed) - _SHOWN} more files")
    for path in forgotten[:_SHOWN]:
        say(f"  {printable(path)} stays sealed, but no scope claims it: nobody can open it then")
    if len(forgotten) > _SHOWN:
        say(f"  and {len(forgotten) - _SHOWN} more")
    if forgotten:
        say("  hint: decrypt them first, or keep their pattern in `files`")


def _named(paths: list[str]) -> str:
    shown = [printable(path) for path in paths[:_SHOWN]]
    return ", ".join(shown) + (f" and {len(paths) - _SHOWN} more" if paths[_SHOWN:] else "")


def tell_applied(applied: Applied) -> int:
    """Tell what was done, what is left to do, and what did not open; gives the exit code."""
    failed = False
    written = sorted({printable(path) for path in applied.written})
    if written:
        say(f"wrote {', '.join(written)}" if len(written) <= 6 else f"wrote {len(written)} files")
    for scope, resealed in applied.resealed.items():
        for _path, error in resealed.failed:
            failed = True
            print_error(error)
        if resealed.renewed:
            say(f"git has to seal again in scope {scope}: " + _named(resealed.renewed))
            say("hint: git add -A")
        if resealed.clear:
            names = [printable(path) for path in resealed.clear]
            say(f"not sealed yet in scope {scope}: {', '.join(names)}")
            # Quoted: people paste it, and a name of a repository may hold a command.
            say("hint: gitseal encrypt " + " ".join(quote(name) for name in names))
    for scope in applied.pending:
        say(f"the old key of scope {scope} stays until nothing staged uses it")
        say("hint: git add the files above, then gitseal apply, and commit it all together")
    for scope, leavers in applied.leavers.items():
        say(f"{', '.join(leavers)} can still have the key of scope {scope}")
        say(f"hint: gitseal rotate {scope}")
    return int(failed)
