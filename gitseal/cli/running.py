# SPDX-License-Identifier: Apache-2.0
"""`run`: start a program with sealed values in its environment."""

from __future__ import annotations

from typing import Annotated

import typer

from gitseal.cli.context import workspace
from gitseal.cli.starting import Wishes, split, start, with_exit_code

Words = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE... -- PROGRAM ARGUMENT",
        help="sealed files, then -- and the program; everything behind -- is the program's",
    ),
]
Prefix = Annotated[str, typer.Option(metavar="TEXT", help="put TEXT before every name")]
Only = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY", help="give these values only; a key path, or a variable's name"),
]
Override = Annotated[
    bool, typer.Option("--override", help="let sealed values win over variables that exist")
]
Allowed = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="set NAME although it can make programs run other code"),
]
Mounts = Annotated[
    list[str] | None,
    typer.Option("--mount", metavar="FILE", help="hand FILE over whole, in clear, in memory"),
]
Mask = Annotated[bool, typer.Option("--mask", help="replace values in the program's output by ***")]


def run(
    words: Words,
    prefix: Prefix = "",
    only: Only = None,
    override: Override = False,
    allow_dangerous: Allowed = None,
    mount: Mounts = None,
    mask: Mask = False,
) -> int:
    """
    Run a program with secrets in its environment.

    gitseal run [OPTION]... [FILE]... -- PROGRAM [ARGUMENT]...

    Without FILE the nearest sealed .env is used, here or above, up to the top of the repository.
    Names are DB_PASSWORD for the key db.password; a .env file's names stay as they are. Of
    several FILEs the later one wins. A variable that exists already wins over all of them, and
    that is said; --override turns it.

    With --mount the path of the clear file is in GITSEAL_MOUNT, and stands for every {} among the
    ARGUMENTs; for several files it is their directory. It is gone when the program ends.

    Exit codes: the program's own; 125 if gitseal failed, 126 or 127 if the program could not be
    started.
    """

    def action() -> int:
        files, command = split(words)
        wishes = Wishes(
            prefix=prefix,
            only=only or (),
            override=override,
            allowed=allow_dangerous or (),
            mounts=mount or (),
            mask=mask,
        )
        return start(workspace(), files, command, wishes)

    return with_exit_code(action)
