# SPDX-License-Identifier: Apache-2.0
"""The first help screen: short enough to be read, and printed without loading Typer."""

from __future__ import annotations

import sys

from gitseal.cli.table import COMMANDS, FIRST_GROUP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_START = """\
gitseal: secrets in git, sealed value by value, checked by anyone, read by few.

  gitseal init                          start here, in your repository
  gitseal edit secrets.yaml             change secrets in your editor
  gitseal run .env -- ./server          start a program with its secrets
  gitseal check                         is everything sealed? (needs no key)

"""
_END = """\

gitseal FILE is gitseal edit FILE. More of one command: gitseal COMMAND --help
"""
_WIDTH = 76


def show_help(words: list[str]) -> int:
    """Print the first screen, the list of all commands, or the help of one."""
    if words in (["--all"], ["all"]):
        sys.stdout.write("".join(_lines(COMMANDS)))
    elif words:
        from gitseal.cli.application import run

        return run([*words, "--help"])
    else:
        sys.stdout.write(first_screen())
    return 0


def first_screen() -> str:
    """Give the text of the first help screen."""
    daily = "".join(_lines(list(COMMANDS)[:FIRST_GROUP]))
    more = "".join(f"  {line}\n" for line in _wrapped(list(COMMANDS)[FIRST_GROUP:]))
    return f"{_START}Every day\n{daily}\nAlso (gitseal help --all explains them)\n{more}{_END}"


def _lines(names: Iterable[str]) -> list[str]:
    return [f"  {name:<11} {COMMANDS[name].summary}\n" for name in names]


def _wrapped(names: list[str]) -> list[str]:
    """Break a list into lines; `textwrap` would cost more than all the rest of this screen."""
    lines = [""]
    for name in names:
        if len(lines[-1]) + len(name) > _WIDTH:
            lines.append("")
        lines[-1] += f"{name}, "
    return [line.rstrip(", " if line is lines[-1] else " ") for line in lines]
