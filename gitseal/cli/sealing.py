# SPDX-License-Identifier: Apache-2.0
"""`encrypt`, `decrypt` and `mv`: whole files, sealed and opened."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from gitseal.checks.findings import shell_word
from gitseal.cli.context import workspace
from gitseal.cli.filework import content_of, seal_in_place, seal_to, write_out
from gitseal.cli.reporting import say
from gitseal.errors import UsageError
from gitseal.operations import moving, opening

Files = Annotated[list[str], typer.Argument(metavar="FILE", help="files, or - for stdin")]
Output = Annotated[
    str | None, typer.Option("--output", "-o", metavar="FILE", help="write there, - for stdout")
]
Filename = Annotated[
    str | None,
    typer.Option(metavar="PATH", help="with -: the path the content is sealed or opened as"),
]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="report, but write nothing")]
Readers = Annotated[
    list[str] | None,
    typer.Option("--to", metavar="RECIPIENT", help="seal one file for these keys, without policy"),
]
InPlace = Annotated[bool, typer.Option("--in-place", "-i", help="replace each FILE by its content")]


def encrypt(
    files: Files,
    output: Output = None,
    filename: Filename = None,
    to: Readers = None,
    dry_run: DryRun = False,
) -> None:
    """
    Seal each FILE in place, as the rules of .gitseal.yaml say.

    A sealed FILE is verified, and brought up to date: values that were added in clear are
    sealed. A FILE is replaced only when it could be sealed without losing a byte.
    """
    if files == ["-"] or output is not None or to:
        seal_to(workspace(), files, output, filename, to or [], dry_run=dry_run)
    else:
        seal_in_place(workspace(), files, dry_run=dry_run)


def decrypt(
    files: Files,
    output: Output = None,
    filename: Filename = None,
    in_place: InPlace = False,
) -> None:
    """
    Print each FILE in clear, byte for byte as it was.

    Nothing is printed before every check has passed. With --in-place the clear text replaces
    the FILE: then git will see it, and gitseal check will complain.
    """
    current = workspace()
    if in_place and output is not None:
        raise UsageError("--in-place and --output contradict each other")
    if files == ["-"]:
        path, data = content_of(files, filename)
        opened = opening.open_data(current, data, current.locate(filename or path))
        write_out(current, output or "-", opened.clear.data)
        return
    if output is not None and len(files) != 1:
        raise UsageError("one FILE only, with --output")
    all_opened = [opening.open_path(current, path) for path in files]
    for opened in all_opened:
        if in_place:
            current.write(opened.place, opened.clear.data, opened.snapshot)
            say(f"{opened.place.typed} is in clear now; gitseal encrypt seals it again")
        else:
            write_out(current, output or "-", opened.clear.data)


def move(
    source: Annotated[str, typer.Argument(metavar="FROM", help="a sealed file")],
    target: Annotated[str, typer.Argument(metavar="TO", help="its new path")],
    dry_run: DryRun = False,
) -> None:
    """
    Move a sealed file and seal it for its new place.

    Sealed values are bound to the path of their file, so a plain mv leaves a file that does
    not open. FROM may already have been moved: then name both, the old path first.
    """
    paths = [source, target] if os.path.lexists(source) else [target]
    moved = moving.move(workspace(), source, target, dry_run=dry_run)
    say(f"{'would move' if dry_run else 'moved'} {source} to {target}: {moved}")
    if not dry_run:
        # git commit -a takes the deletion alone: the secrets would be gone from the branch.
        say(f"hint: git add {' '.join(shell_word(path) for path in paths)}")
