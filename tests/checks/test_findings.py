# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shlex

import pytest

from gitseal.checks.findings import TITLES, Finding, merged, shell_word


def test_codes_are_for_ever() -> None:
    # A new one is added here; none is ever taken out or given another meaning.
    assert list(TITLES) == [
        "GS101", "GS102", "GS103", "GS104", "GS105",
        "GS201", "GS202", "GS203", "GS204", "GS205", "GS206", "GS207", "GS208", "GS209",
        "GS301", "GS302", "GS303", "GS304", "GS305", "GS306", "GS307", "GS308", "GS309",
    ]  # fmt: skip


def test_an_unknown_code_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="unknown finding"):
        Finding("GS999", "x", "y")


def test_both_sides_become_one() -> None:
    found = merged(
        [
            Finding("GS101", "b", "x is in clear", line=2, where="index"),
            Finding("GS101", "a", "x is in clear", where="index"),
            Finding("GS101", "b", "x is in clear", line=2, where="worktree"),
        ]
    )

    assert [(one.path, one.where) for one in found] == [("a", "index"), ("b", "both")]


@pytest.mark.parametrize("path", ["a/b.yaml", "a b", "it's", "$(x)", "-rf", "a;b", "ä", "`x`"])
def test_a_hint_can_be_pasted(path: str) -> None:
    words = shlex.split(shell_word(path))

    assert [word.removeprefix("./") for word in words] == [path]
    assert not words[0].startswith("-")
