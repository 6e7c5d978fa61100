# SPDX-License-Identifier: Apache-2.0
"""`check`, `status` and `diff`: what is there, without changing it."""

from __future__ import annotations

from typing import Annotated

import typer

from gitseal.cli import checking

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
    Find plaintext and damage in worktree and index; needs no key.

    Exits with 1 if something is wrong. Where nothing here vouches for the records yet, files
    are compared with them for consistency, and it says so.
    """
    return checking.check(paths or [], staged=staged, form=form)
