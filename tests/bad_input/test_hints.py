# SPDX-License-Identifier: Apache-2.0
"""A hint names a command that exists: nothing is worse than help that fails as well."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import gitseal
from gitseal import errors
from gitseal.cli.table import ALIASES, COMMANDS

PACKAGE = Path(gitseal.__file__).parent
_COMMAND = re.compile(r"gitseal ([a-z]+)\b(?!\.)")
# `gitseal` and a word that is no command, in a sentence about the program.
SENTENCES = {"and", "command", "does", "for", "here", "in", "is", "reads", "runs", "with"}


@functools.cache
def hints() -> list[tuple[str, str]]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.keyword) and node.arg == "hint":
                texts = [
                    part.value
                    for part in ast.walk(node.value)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                ]
                found += [(f"{path.name}:{node.value.lineno}", text) for text in texts]
    classes = [one for one in vars(errors).values() if isinstance(one, type)]
    usual = {one: getattr(one, "usual_hint", None) for one in classes}
    return found + [(one.__name__, hint) for one, hint in usual.items() if hint]


def test_every_command_that_a_hint_names_exists() -> None:
    known = {*COMMANDS, *ALIASES, *SENTENCES}
    wrong = [
        f"{where}: gitseal {word}"
        for where, text in hints()
        for word in _COMMAND.findall(text)
        if word not in known
    ]

    assert len(hints()) > 100
    assert not wrong, "\n".join(wrong)
