# SPDX-License-Identifier: Apache-2.0
"""`get`, `export` and `recover`: values on standard output."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from gitseal.cli.context import terminal, workspace
from gitseal.cli.generating import random_text
from gitseal.cli.output import write_bytes
from gitseal.cli.reporting import say
from gitseal.errors import IntegrityError, RefusedError
from gitseal.operations import reading
from gitseal.settings import printable

File = Annotated[str, typer.Argument(metavar="FILE", help="a sealed file")]
Key = Annotated[
    str, typer.Argument(metavar="KEY", help='db.password, users[0].name, "a.b".c or /json/pointer')
]


def get(
    path: File,
    key: Key,
    no_newline: Annotated[
        bool, typer.Option("-n", "--no-newline", help="no line break behind the value")
    ] = False,
    form: Annotated[
        Literal["raw", "json", "yaml"] | None,
        typer.Option(
            "--format", help="raw is the default for one value, the file's syntax for more"
        ),
    ] = None,
) -> None:
    """
    Print one value of FILE, or a part of it.

    Text is printed as it is, without quotes; null is nothing. Nothing is printed before the whole
    FILE has passed every check.
    """
    text = reading.read_value(workspace(), path, key, form, attended=terminal())
    write_bytes((text if no_newline else text + "\n").encode())


def export(
    path: File,
    form: Annotated[
        Literal["env", "json", "yaml", "shell", "github", "docker"],
        typer.Option("--format", help="json and yaml keep the structure"),
    ] = "env",
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="these only; a key path, or a variable's name"),
    ] = None,
) -> None:
    """
    Print all values of FILE for another tool.

    env is a dotenv file, shell is for eval, github for $GITHUB_ENV, docker for docker run
    --env-file. Keys become names as with gitseal run: DB_PASSWORD from db.password. Where a
    program can be started by gitseal run, its secrets need not be written anywhere.
    """
    text = reading.export(
        workspace(), path, form, only or (), token=random_text(32), attended=terminal()
    )
    write_bytes(text.encode())


def recover(path: File) -> None:
    """
    Show what is still intact in a damaged FILE.

    On a terminal only. Each value that opens was sealed for its place by somebody who had the
    key. Whether it is the newest one, and what was taken away, nobody can tell. Nothing is
    written.
    """
    if not (sys.stdout.isatty() and terminal()):
        raise RefusedError(
            "recover shows values of a file that did not pass its checks, to a person only",
            hint="run it in a terminal, without a pipe; better: git log -- FILE, and restore it",
        )
    from gitseal.operations.recovering import recover as implementation

    found = implementation(workspace(), path)
    say("WARNING: this file is damaged or was altered. What follows may be old or incomplete;")
    say("WARNING: compare every value with its source before you use it. Nothing was written.")
    for one in found.found:
        if one.text is None:
            sys.stdout.write(f"line {one.line}: {printable(one.where)}: does not open\n")
            continue
        lines = [printable(line) for line in one.text.splitlines()]
        shown = lines[0] if len(lines) == 1 else "\n    " + "\n    ".join(lines)
        sys.stdout.write(f"line {one.line}: {printable(one.where)}: {shown}\n")
    if found.lost_lines:
        say(f"the last {found.lost_lines} lines could not be read at all")
    damaged = sum(one.text is None for one in found.found)
    if damaged:
        raise IntegrityError(f"{damaged} of {len(found.found)} values do not open", path=path)
