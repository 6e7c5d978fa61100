# SPDX-License-Identifier: Apache-2.0
"""`keys`: your own keys, and what they open here."""

from __future__ import annotations

import os
from typing import Annotated, Literal

import typer

from gitseal.cli.context import settings, workspace
from gitseal.cli.output import write_json, write_table
from gitseal.cli.reporting import say
from gitseal.errors import RefusedError, UsageError
from gitseal.operations import owning
from gitseal.session import KEY_FOLDER


def whoami(
    form: Annotated[Literal["text", "json"], typer.Option("--format")] = "text",
) -> None:
    """
    Show your keys, and what they open here.

    Prints the public half of each and where it was found. No key service is asked and nothing is
    opened: the keyring of this repository says it.
    """
    current = workspace()
    mine = owning.own_keys(current)
    scopes = owning.scopes_here(current, mine)
    if form == "json":
        write_json(
            "whoami",
            {
                "keys": [
                    {"key": one.key, "from": one.origin, "locked": one.locked} for one in mine
                ],
                "scopes": [
                    {"name": one.name, "readable": one.readable, "as": list(one.readers)}
                    for one in scopes
                ],
            },
        )
        return
    rows = [[one.key or "(locked)", one.origin] for one in mine]
    write_table(["KEY", "FOUND IN"], rows)
    for scope in scopes:
        if scope.readable:
            say(f"scope {scope.name}: yours to open, as {', '.join(scope.readers)}")
        else:
            say(f"scope {scope.name}: not for a key of yours")
    for warning in current.session.means.identities.warnings():
        say(f"warning: {warning}")
    if not mine:
        say("no key of yours was found; to make one: gitseal keys generate")


def generate(
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="PATH", help="where to write it")
    ] = None,
    local: Annotated[
        bool, typer.Option("--local", help="a local key (file:…) instead of an age identity")
    ] = False,
) -> None:
    """
    Make a key of your own, and print its public half.

    Send the public half to somebody who can let you in: gitseal readers add. The key goes to
    gitseal's directory in your configuration, readable by you alone. An existing file is never
    replaced. Keep a copy: without it nobody can open what only it opens.
    """
    if local:
        _generate_local(output)
        return
    path = _identity_path(output)
    try:
        recipient = owning.make_identity(path)
    except RefusedError as error:
        if os.path.lexists(path):
            error.hint = "gitseal keys whoami shows the keys you have; or say --output PATH"
        raise
    say(f"made {path}; keep a copy of it in a safe place")
    if output is not None:
        say(f"gitseal finds it there with GITSEAL_IDENTITY_FILE={path}")
    typer.echo(recipient)


def _generate_local(output: str | None) -> None:
    folder = settings().config_dir
    if folder is None:
        raise _no_home()
    if output is not None:
        raise UsageError(
            "a local key is found by its id, in gitseal's own directory",
            hint="leave out --output; to use it elsewhere, copy the file there",
        )
    folder = os.path.join(folder, KEY_FOLDER)
    uri = owning.make_local_key(folder)
    say(f"made a local key in {folder}; whoever has that file reads what it opens")
    typer.echo(uri)


def _identity_path(output: str | None) -> str:
    path = settings().usual_identity if output is None else output
    if path is None:
        raise _no_home()
    return path


def _no_home() -> UsageError:
    return UsageError("there is no home directory", hint="say --output PATH")


def ci(
    name: Annotated[str, typer.Argument(metavar="NAME", help="of the reader to be")] = "ci",
) -> None:
    """
    Make one secret for a build service.

    It holds a new key, and which scopes to trust. Prints the secret, for the variable
    GITSEAL_KEY; it is kept nowhere. It trusts the scopes that you trust here, as they are now:
    after a rotation, make another.
    """
    secret, recipient, scopes = owning.make_ci_key(workspace())
    say(f"trusts: {', '.join(scopes)}" if scopes else "no scope is trusted here, so it trusts none")
    say(f"next: gitseal readers add {name} {recipient}")
    say("and put this into the secret variable GITSEAL_KEY of your build service:")
    typer.echo(secret)


def from_words(
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="PATH", help="where to write it")
    ] = None,
) -> None:
    """
    Make a key file from a recovery key on paper.

    Asks for its words. Words that were mistaken are named by their number.
    """
    from gitseal.cli.words import read_words

    path = _identity_path(output)
    typer.echo(owning.restore_identity(path, read_words()))
    say(f"made {path}")
    if output is not None:
        say(f"gitseal finds it there with GITSEAL_IDENTITY_FILE={path}")
