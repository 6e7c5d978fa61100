# SPDX-License-Identifier: Apache-2.0
"""Questions to a person: on standard error, only at a terminal, Enter for the usual answer."""

from __future__ import annotations

import sys

from gitseal.cli.context import terminal
from gitseal.errors import UsageError
from gitseal.settings import Settings, printable


def may_ask(settings: Settings) -> bool:
    """Tell whether a question may be asked now."""
    return settings.may_ask(terminal=terminal())


def question(text: str, default: str) -> str:
    """
    Ask for a line; Enter gives the default.

    Raises:
        UsageError: standard input ended.
    """
    sys.stderr.write(f"{printable(text)} [{printable(default)}] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer:
        sys.stderr.write("\n")
        raise UsageError("no answer was given", hint="use --yes in scripts")
    return answer.strip() or default


def confirm(text: str, *, default: bool) -> bool:
    """Ask for yes or no; Enter gives the default."""
    while True:
        answer = question(text, "Y/n" if default else "y/N")
        if answer in {"Y/n", "y/N"}:
            return default
        if answer.lower() in {"y", "yes", "n", "no"}:
            return answer.lower() in {"y", "yes"}
        sys.stderr.write("please answer yes or no\n")


def choose(text: str, choices: dict[str, str], default: str) -> str:
    """Ask to choose one of the keys of `choices`, shown with what they mean."""
    sys.stderr.write(printable(text) + "\n")
    for key, meaning in choices.items():
        sys.stderr.write(f"  {key:<10} {meaning}\n")
    while True:
        answer = question("  your choice:", default)
        matches = [key for key in choices if key.startswith(answer)]
        if len(matches) == 1:
            return matches[0]
        sys.stderr.write(f"  please answer one of: {', '.join(choices)}\n")


def secret(text: str) -> str:
    """
    Ask for a value twice, without showing it.

    Raises:
        UsageError: the two differ.
    """
    from getpass import getpass

    first = getpass(f"{printable(text)}: ", stream=sys.stderr)
    if getpass("once more: ", stream=sys.stderr) != first:
        raise UsageError("the two values differ; nothing was changed", hint="type them again")
    return first
