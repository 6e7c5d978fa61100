# SPDX-License-Identifier: Apache-2.0
"""The first help screen: short enough to be read, and printed without loading Typer."""

from __future__ import annotations

import sys

from gitseal.cli.table import COMMANDS, FIRST_GROUP

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


def show_help(words: list[str]) -> int:
    """Print the first screen, or the help of one command."""
    if words:
        from gitseal.cli.application import run

        return run([*words, "--help"])
    sys.stdout.write(first_screen())
    return 0


def first_screen() -> str:
    """Give the text of the first help screen."""
    lines = [f"  {name:<11} {entry.summary}\n" for name, entry in COMMANDS.items()]
    daily = "".join(lines[:FIRST_GROUP])
    more = "".join(lines[FIRST_GROUP:])
    return f"{_START}Every day\n{daily}\nAlso\n{more}{_END}"
