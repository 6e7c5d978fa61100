# SPDX-License-Identifier: Apache-2.0
"""The Typer side: loads the module of the one command that was asked for, and no other."""

from __future__ import annotations

import importlib
import os
from typing import Any

import typer
import typer.main
from typer.exceptions import TyperException

from gitseal.cli.table import ALIASES, COMMANDS
from gitseal.errors import PolicyError, UsageError


def run(words: list[str]) -> int:
    """
    Run a command given as words, and give its exit code.

    Raises:
        GitsealError: whatever the command raises; `UsageError` for words it does not take.
    """
    name = words[0]
    if name not in COMMANDS:
        name, words = _edit_of_file(words)
    return invoke(command(name), f"gitseal {name}", words[1:])


def command(name: str) -> Any:
    """Build the Typer command of one entry of the table."""
    entry = COMMANDS[name]
    module = importlib.import_module(f"gitseal.cli.{entry.module}")
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=not isinstance(entry.function, str),
        # A pretty traceback would print local variables, and so secrets.
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help=entry.summary,
    )
    if isinstance(entry.function, str):
        app.command(name)(getattr(module, entry.function))
    else:
        # Without a callback, a group of one subcommand would lose its name.
        app.callback()(lambda: None)
        for subcommand, function in entry.function.items():
            app.command(subcommand)(getattr(module, function))
    return typer.main.get_command(app)


def invoke(target: Any, name: str, words: list[str]) -> int:
    """Call a command with words; its return value is the exit code, None is 0."""
    try:
        code = target.main(args=words, prog_name=name, standalone_mode=False)
    except typer.Exit as error:
        return error.exit_code
    except typer.Abort:
        raise KeyboardInterrupt from None
    except SystemExit:
        # Typer's answer, without standalone mode, to a reader who closed the pipe.
        raise BrokenPipeError from None
    except TyperException as error:
        # Every one that can come here is of the command line, and says what is wrong with it.
        message = error.format_message() if hasattr(error, "format_message") else str(error)
        where = getattr(getattr(error, "ctx", None), "command_path", name)
        raise UsageError(_discreet(message, name), hint=f"see {where} --help") from None
    except PolicyError:
        raise
    except UsageError as error:
        error.hint = error.hint or f"see {name} --help"
        raise
    return code if isinstance(code, int) else 0


def _discreet(message: str, name: str) -> str:
    """Leave out what may be a secret in the wrong place: logs of build services keep it."""
    before, shown, choices = message.partition(" is not one of ")
    if shown:
        return f"{before.partition(':')[0]}: it is not one of {choices}"
    if name == "gitseal set" and message.startswith("Got unexpected extra argument"):
        return "more words than FILE, KEY and VALUE; a value with spaces stands in quotes"
    if name == "gitseal set" and message.startswith("No such option"):
        return "there is no such option; a VALUE that begins with - stands behind --"
    return message


def _edit_of_file(words: list[str]) -> tuple[str, list[str]]:
    """`gitseal FILE` is `gitseal edit FILE`, as in SOPS; anything else is a slip of the hand."""
    word = words[0]
    if os.path.lexists(word) or "/" in word or "." in word.lstrip("-"):
        return "edit", ["edit", *words]
    from difflib import get_close_matches

    near = get_close_matches(word, [*COMMANDS, *ALIASES], n=1)
    hint = f"did you mean gitseal {near[0]}?" if near else "gitseal --help lists the commands"
    raise UsageError(f"there is no command and no file {word!r}", hint=hint)
