# SPDX-License-Identifier: Apache-2.0
"""`resolve`: deciding a conflict in a sealed file."""

from __future__ import annotations

import sys
from collections import Counter
from shlex import quote
from typing import Annotated

import typer

from gitseal.cli.context import workspace
from gitseal.cli.editing import editor_session, goes_on, keep_edit
from gitseal.cli.prompting import confirm, may_ask
from gitseal.cli.reporting import say
from gitseal.errors import ChangedError, GitsealError, RefusedError, UsageError
from gitseal.keypaths import format_path
from gitseal.operations import editing, resolving
from gitseal.operations.resolving import Conflict
from gitseal.operations.sides import OURS, THEIRS
from gitseal.operations.workspace import Workspace
from gitseal.settings import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.launch.editor import EditorSession
    from gitseal.operations.editing import Kept

_OPEN = "both sides; to be decided"


def resolve(
    path: Annotated[str, typer.Argument(metavar="FILE", help="a sealed file in conflict")],
    ours: Annotated[
        bool, typer.Option("--ours", help="where both changed a key, keep ours")
    ] = False,
    theirs: Annotated[
        bool, typer.Option("--theirs", help="where both changed a key, take theirs")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="go on with the edit that was kept beside FILE")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="do not ask, once shown")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="show what would be merged, write nothing")
    ] = False,
) -> None:
    """
    Decide a conflict in a sealed FILE.

    Both sides are verified and merged key by key; what both changed is opened in your editor,
    between git's markers, in memory. Then it shows who changed what, values hidden, and seals the
    result; git add is yours to do. Ours and theirs are git's words: in a rebase, ours is the
    branch that you rebase onto.
    """
    if ours + theirs + resume > 1:
        raise UsageError("name one of --ours, --theirs and --resume")
    current = workspace()
    conflict = resolving.begin(current, path)
    for notice in conflict.notices:
        say(f"warning: {path}: {notice}")
    data = _decided(conflict, ours=ours, theirs=theirs) if not resume else None
    if dry_run:
        _write_review(conflict, data)
        return
    if not (ours or theirs):
        resolving.check_begun(conflict)
    if data is None:
        _edit(current, conflict, resume=resume, yes=yes)
    else:
        _write_review(conflict, data)
        _confirm(current, conflict, yes=yes)
        resolving.save(current, conflict, data)
    what = "wrote" if conflict.plain else "sealed"
    say(f"{what} {path}; next: git add {quote(path)}")


def _decided(conflict: Conflict, *, ours: bool, theirs: bool) -> bytes | None:
    """Give the content where nobody has to decide; None where an editor is needed."""
    if ours or theirs:
        return conflict.decided(OURS if ours else THEIRS)
    return conflict.settled


def _edit(current: Workspace, conflict: Conflict, *, resume: bool, yes: bool) -> None:
    draft = conflict.draft()
    kept = editing.resume(current, draft) if resume else None
    if kept is None and (other := editing.kept_path(draft)) is not None:
        path = conflict.place.typed
        say(
            f"an earlier edit is kept in {other}; to go on with it: gitseal resolve --resume {path}"
        )
    first = kept.text if kept else conflict.marked()
    try:
        session = editor_session(current, draft)
    except UsageError as error:
        error.hint = (
            "take one side: --ours or --theirs; or name a program of yours in GITSEAL_EDITOR"
        )
        raise
    with session:
        _rounds(current, conflict, session, first, kept, yes=yes)
    if kept is not None:
        editing.discard(current, draft, kept)


def _rounds(
    current: Workspace,
    conflict: Conflict,
    session: EditorSession,
    first: bytes,
    kept: Kept | None,
    *,
    yes: bool,
) -> None:
    """Edit until the text can be sealed, or the person gives up; then it is kept, sealed."""
    initial: bytes | None = first
    while True:
        try:
            text = session.edit(initial)
        except GitsealError as error:
            _keep(current, conflict, session.text, first, kept, error)
            raise
        initial = None
        try:
            resolving.seal(conflict, text)
            _write_review(conflict, text)
            _confirm(current, conflict, yes=yes)
            resolving.save(current, conflict, text)
        except GitsealError as error:
            if not isinstance(error, ChangedError) and goes_on(error):
                continue
            _keep(current, conflict, text, first, kept, error)
            raise
        return


def _keep(
    current: Workspace,
    conflict: Conflict,
    text: bytes,
    first: bytes,
    kept: Kept | None,
    error: GitsealError,
) -> None:
    """Put a text that could not be saved beside its file, sealed, and say so in the error."""
    if not text or text == first:
        return
    keep_edit(current, conflict.draft(), text, kept, error, command="resolve")


def _confirm(current: Workspace, conflict: Conflict, *, yes: bool) -> None:
    """
    Let a person agree to what was shown.

    Raises:
        RefusedError: the answer was no.
        UsageError: somebody has to look at this, and nobody is there.
    """
    if yes:
        return
    sys.stdout.flush()
    if may_ask(current.settings):
        if not confirm(f"write this to {printable(conflict.place.typed)}?", default=True):
            raise RefusedError("nothing was written", path=conflict.place.typed)
    elif conflict.notices:
        raise UsageError(
            "a person has to look at this first, and there is no terminal to ask at",
            hint="read the warnings above; if they are fine: --yes",
            path=conflict.place.typed,
        )


def _write_review(conflict: Conflict, data: bytes | None) -> None:
    """Print who changed what; without content, as far as it merges by itself."""
    out = sys.stdout.write
    out(f"{printable(conflict.place.typed)}  (scope {conflict.scope})\n")
    shown = conflict.decided(OURS) if data is None else data
    found = resolving.review(conflict, shown)
    clashes = set(conflict.clashes) if data is None else set()
    if found is None:
        out(f"  {_lines(conflict, data)}\n")
        return
    for one in found:
        name = printable(format_path(one.path))
        by = _OPEN if name in clashes else one.by
        exposed = "" if conflict.merging.grant.rules.selects(one.path) else "  (in clear)"
        out(f"  {name}  {one.kind} by {by}{exposed}\n")
    if not found:
        out("  same values; comments, layout or order changed\n")


def _lines(conflict: Conflict, data: bytes | None) -> str:
    """Say in numbers what a whole file is made of."""
    if data is None:
        return f"whole file; {_OPEN}"
    if conflict.merged is None:
        return f"whole file; {OURS if data == conflict.ours.content else THEIRS} is taken"
    ours, theirs = (Counter(side.content.splitlines()) for side in (conflict.ours, conflict.theirs))
    lines = Counter(data.splitlines())
    parts = [
        (lines - theirs - (lines - ours), "only in ours"),
        (lines - ours - (lines - theirs), "only in theirs"),
        (lines - ours - theirs, "in neither"),
    ]
    told = [f"{part.total()} {what}" for part, what in parts if part.total()]
    return f"whole file, {lines.total()} lines" + (f": {', '.join(told)}" if told else "")
