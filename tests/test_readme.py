# SPDX-License-Identifier: Apache-2.0
"""README.md is true: its commands run in order, as those of other pages do; so are its tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import transcript
from gitseal import errors

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def commands(text: str = TEXT) -> list[transcript.Step]:
    """The hidden set-up, then every line of the `console` blocks, as steps."""
    (given,) = re.findall(r"^<!-- test: given\n(.*?)^-->$", text, re.MULTILINE | re.DOTALL)
    steps = [transcript.Step("", line) for line in given.splitlines()]
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        steps += transcript.parse(block).steps
    return steps


@pytest.mark.parametrize("page", ["README.md", "docs/git.md"])
def test_its_commands_run_in_order(
    page: str, tmp_path: Path, home: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "true")
    (tmp_path / "work").mkdir()
    shell = transcript.Shell(tmp_path / "work", home, programs)

    for step in commands((ROOT / page).read_text(encoding="utf-8")):
        lines, code = shell.run(step.command)

        assert code == 0, f"$ {step.command}\n" + "\n".join(lines)
        if step.expected:
            assert transcript.matches(step.expected, lines), "\n".join(lines)


def test_there_is_something_to_run() -> None:
    assert sum(step.command.startswith("gitseal ") for step in commands()) >= 6


def test_it_names_every_variable_that_the_code_reads() -> None:
    source = "".join(path.read_text("utf-8") for path in (ROOT / "gitseal").rglob("*.py"))
    read = set(re.findall(r'"(GITSEAL_[A-Z_]+)"', source))
    told = set(re.findall(r"`(GITSEAL_[A-Z_]+)`", TEXT))

    assert read == told


def test_it_names_every_exit_code() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d) \|", TEXT, re.MULTILINE)}
    classes = [thing for thing in vars(errors).values() if isinstance(thing, type)]
    known = {kind.exit_code for kind in classes if issubclass(kind, errors.GitsealError)}

    assert told == known | {0}


def test_it_shows_only_commands_that_there_are() -> None:
    from gitseal.cli.table import COMMANDS

    code = re.findall(r"`(gitseal [^`\n]+)`", TEXT)
    for block in re.findall(r"^```(?:sh|console)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL):
        code += re.findall(r"gitseal .*", block)
    words = [line.split() for line in code]
    shown = {word[1] for word in words if word[1].islower() and word[1].isalpha()}

    assert len(shown) > 8
    assert shown <= set(COMMANDS)


def test_its_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)", TEXT)
    local = [link for link in links if not link.startswith("https://")]

    assert local
    assert all((ROOT / link).is_file() for link in local)
