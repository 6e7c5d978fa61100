# SPDX-License-Identifier: Apache-2.0
"""`encrypt`, `decrypt` and `mv`: whole files, sealed and opened."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gitseal.cli.context import workspace
from gitseal.cli.output import write_bytes
from gitseal.cli.reporting import say
from gitseal.errors import UsageError
from gitseal.operations import moving, opening, sealing
from gitseal.operations.workspace import Workspace

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
    current = workspace()
    if files == ["-"] or output is not None or to:
        _encrypt_one(current, files, output, filename, to or [])
        return
    for path in files:
        changed = sealing.encrypt_path(current, path, dry_run=dry_run)
        verb = "would seal" if dry_run else "sealed"
        say(f"{verb} {path}" if changed else f"{path} is sealed already")


def _encrypt_one(
    current: Workspace, files: list[str], output: str | None, filename: str | None, to: list[str]
) -> None:
    """Seal one file or standard input to somewhere, or for readers of its own."""
    path, data = _single(files, filename)
    place = current.locate(filename or path)
    if to:
        from gitseal.operations.adhoc import seal_for

        sealed = seal_for(current, data, place, [(_short(uri), uri) for uri in to])
    else:
        sealed = sealing.bring_up_to_date(current, data, place)
    target = output or ("-" if path == "-" else path)
    _write_out(current, target, sealed)


def _short(uri: str) -> str:
    """Name a reader of a file without policy by the beginning of its key."""
    return uri[:16]


def _single(files: list[str], filename: str | None) -> tuple[str, bytes]:
    if len(files) != 1:
        raise UsageError("one FILE only, if its content goes elsewhere")
    (path,) = files
    if path != "-":
        from gitseal.files import read_limited

        return path, read_limited(path, opening.MAX_FILE)
    if filename is None:
        raise UsageError("with -, say --filename PATH: it decides syntax, rules and readers")
    return path, sys.stdin.buffer.read(opening.MAX_FILE + 1)


def _write_out(current: Workspace, target: str, data: bytes) -> None:
    if target == "-":
        if b"\0" in data[:1024] and sys.stdout.isatty():
            raise UsageError("binary content is not written to a terminal", hint="use -o FILE")
        write_bytes(data)
        return
    current.write(current.locate(target), data)
    say(f"wrote {target}")


def decrypt(
    files: Files,
    output: Output = None,
    filename: Filename = None,
    in_place: InPlace = False,
) -> None:
    """
    Print each FILE in clear, exactly as it was before it was sealed.

    Nothing is printed before every check has passed. With --in-place the clear text replaces
    the FILE: then git will see it, and gitseal check will complain.
    """
    current = workspace()
    if in_place and output is not None:
        raise UsageError("--in-place and --output contradict each other")
    if files == ["-"]:
        path, data = _single(files, filename)
        opened = opening.open_data(current, data, current.locate(filename or path))
        _write_out(current, output or "-", opened.clear.data)
        return
    if output is not None and len(files) != 1:
        raise UsageError("one FILE only, with --output")
    all_opened = [opening.open_path(current, path) for path in files]
    for opened in all_opened:
        if in_place:
            current.write(opened.place, opened.clear.data, opened.snapshot)
            say(f"{opened.place.typed} is in clear now; gitseal encrypt seals it again")
        else:
            _write_out(current, output or "-", opened.clear.data)


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
    moved = moving.move(workspace(), source, target, dry_run=dry_run)
    say(f"{'would move' if dry_run else 'moved'} {source} to {target}: {moved}")
