# SPDX-License-Identifier: Apache-2.0
"""`check`, `status` and `diff`: what is there, without changing it."""

from __future__ import annotations

from typing import Annotated

import typer

from gitseal.cli import checking
from gitseal.cli.context import workspace

Paths = Annotated[list[str] | None, typer.Argument(metavar="PATH", help="default: all")]
Format = Annotated[str, typer.Option("--format", metavar="FORMAT", help="text or json")]


def check(
    paths: Paths = None,
    staged: Annotated[
        bool, typer.Option("--staged", help="only what is staged, for a hook")
    ] = False,
    form: Format = "text",
) -> int:
    """
    Find plaintext and damage; needs no key.

    Looks at the worktree and at what is staged. Exits with 1 if something is wrong. Where
    nothing here vouches for the records yet, files are compared with them for consistency
    only, and it says so.
    """
    return checking.check(paths or [], staged=staged, form=form)


def diff(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[A[..B]] [PATH]", help="commits and files; default: HEAD"),
    ] = None,
    staged: Annotated[
        bool, typer.Option("--staged", "--cached", help="compare what is staged")
    ] = False,
    reveal: Annotated[bool, typer.Option("--reveal", help="show the values themselves")] = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="exit with 1 if something changed")
    ] = False,
    form: Format = "text",
) -> int:
    """
    Compare sealed files by key, values hidden.

    Compares HEAD with the worktree, A with the worktree, or A with B. Values stay hidden: eight
    characters stand for each that your key opens, the same for the same value. Values that lie in
    clear are shown. Without a key it still says what was added, removed and changed.
    """
    from gitseal.cli import differing

    checking.check_format(form)
    found = differing.differences(workspace(), words or [], staged=staged)
    if form == "json":
        differing.write_changes_json(found, reveal=reveal)
    else:
        differing.write_text(found, reveal=reveal)
    return 1 if exit_code and found else 0


def status(form: Format = "text") -> None:
    """
    Show what is sealed here, and who can read it.

    For each scope: its safety code, whether it is trusted here, its readers, and how many of its
    files are sealed. Opens nothing: whether you can read a scope is told from its readers and
    your keys' names.
    """
    from gitseal.cli.standing import write_status

    checking.check_format(form)
    write_status(workspace(), form)
