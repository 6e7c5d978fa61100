# SPDX-License-Identifier: Apache-2.0
"""The documents and help screens are true: commands, options, codes, rooms, the hook, the demo."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import test_layers
from gitseal import settings
from gitseal.__main__ import main
from gitseal.checks.findings import TITLES
from gitseal.cli import application, reporting
from gitseal.cli.help import first_screen
from gitseal.cli.table import ALIASES, COMMANDS, translate
from gitseal.policy.config import Config

ROOT = Path(__file__).parent.parent
DOCS = ("README.md", "FORMAT.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/git.md")
TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in DOCS}
README = TEXTS["README.md"]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WIDTH = 80
FIRST_LINE = 60

# Variables that only the tests read.
FOR_TESTS = {"GITSEAL_CORPUS", "GITSEAL_REQUIRE_SERVERS", "GITSEAL_UPDATE_TRANSCRIPTS"}
# Words that stand for something in the documents, where a command's name could stand.
PLACEHOLDERS = {"FILE", "COMMAND", "--help", "--version"}


def commands() -> list[str]:
    """Each command as people type it, subcommands included."""
    found = []
    for name, entry in COMMANDS.items():
        inner = [] if isinstance(entry.function, str) else entry.function
        found += [name, *(f"{name} {one}" for one in inner)]
    return found


def options(words: str) -> set[str]:
    """The options of a command, as typed."""
    name, *rest = words.split()
    command: Any = application.command(name)
    for word in rest:
        command = command.commands[word]
    return {
        "--help",
        *(option for param in command.params for option in (*param.opts, *param.secondary_opts)),
    }


def finished(text: str) -> str:
    """A document without its list of what is not implemented."""
    return re.sub(r"\*\*What gitseal [\d.]+ does not have yet\.\*\*.*?\n\n(?=\w)", "", text,
                  flags=re.DOTALL)  # fmt: skip


def shown() -> Iterator[tuple[str, list[str]]]:
    """Each command line in the documents, without `gitseal`, with the document's name."""
    for document, full in TEXTS.items():
        text = finished(full)
        lines = [
            line
            for block in FENCED.findall(text)
            if block[0] in {"sh", "console", "yaml"}
            for line in re.findall(r"(?<![\w#] )gitseal .*", block[1])
        ]
        lines += [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", FENCED.sub("", text))]
        for line in lines:
            words = shlex.split(line.partition(" #")[0].replace("'", '"').replace('"', ""))
            if words[:1] == ["gitseal"] and len(words) > 1:
                yield document, words[1:]
            elif len(words) > 1 and words[0] in COMMANDS and words[0] != "git":  # git's own
                yield document, words


def mistakes(words: list[str]) -> list[str]:
    """What is wrong with one command line."""
    name, *rest = translate(words)
    if name in PLACEHOLDERS or name.startswith("-"):
        return []
    if name not in COMMANDS:
        return [f"no command {name}"]
    known = options(name)
    if not isinstance(COMMANDS[name].function, str) and rest and rest[0].isalpha():
        if f"{name} {rest[0]}" not in commands():
            return [f"no command {name} {rest[0]}"]
        known = options(f"{name} {rest[0]}")
    ours = rest[: rest.index("--")] if "--" in rest else rest
    used = {word.partition("=")[0].rstrip(",;") for word in ours if re.match(r"--?[a-z]", word)}
    return [f"no option {option} of {name}" for option in sorted(used - known)]


def test_every_command_in_the_documents_exists_with_its_options() -> None:
    lines = list(shown())

    wrong = [(document, words, fault) for document, words in lines for fault in mistakes(words)]

    assert len(lines) > 60
    assert wrong == []


@pytest.mark.parametrize(
    "line", ["frobnicate x", "check --frobnicate", "readers frobnicate", "keys ci --words"]
)
def test_a_made_up_command_would_be_found(line: str) -> None:
    assert mistakes(line.split())


def test_the_readme_and_the_changelog_name_every_command() -> None:
    for document in ("README.md", "CHANGELOG.md"):
        named = set(re.findall(r"`([a-z]+)[^`]*`", TEXTS[document]))

        assert set(COMMANDS) <= named, document


def test_the_readme_names_every_subcommand() -> None:
    for name in commands():
        if " " in name:
            assert f"`{name}`" in README


@pytest.mark.parametrize("option", ["--format", "--dry-run"])
def test_the_readme_says_which_commands_have_an_option_of_many(option: str) -> None:
    what = "--format json" if option == "--format" else option
    (sentence,) = re.findall(rf"((?:`[a-z ]+`,?\s(?:and\s)?)+)have\s`{what}`", README)
    told = set(re.findall(r"`([a-z ]+)`", sentence))

    # `get` and `export` have a --format of another kind, which is about their one answer.
    kinds = {"get", "export"} if option == "--format" else set()
    assert told == {name for name in commands() if option in options(name)} - kinds


def test_the_codes_of_check_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `(GS\d+)` \| (.+) \|$", TEXTS["SECURITY.md"], re.MULTILINE)
    anywhere = {code for text in TEXTS.values() for code in re.findall(r"GS\d+", text)}

    assert dict(rows) == TITLES
    assert len(rows) == len(TITLES)
    assert anywhere == set(TITLES)


def test_the_exit_codes_beyond_the_usual_ones_are_named() -> None:
    rows = re.findall(r"^\| ([\d, ]+) \|", README, re.MULTILINE)
    told = {int(code) for row in rows for code in row.split(",")}

    assert {reporting.BUG, reporting.INTERRUPTED, reporting.BROKEN_PIPE} <= told
    assert all(f"{code}" in README for code in (125, 126, 127))


def test_every_variable_in_the_documents_is_read_somewhere() -> None:
    named = {
        name for text in TEXTS.values() for name in re.findall(r"\bGITSEAL_[A-Z_]+[A-Z]\b", text)
    }
    rows = set(re.findall(r"`(GITSEAL_[A-Z_]+)`", README))

    assert named <= rows | FOR_TESTS


def test_the_settings_of_the_configuration_file_are_those_of_the_code() -> None:
    (sentence,) = re.findall(r"config\.toml` knows (.*?)\.\n\n", README, re.DOTALL)
    told = set(re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", sentence, flags=re.DOTALL)))

    assert told == set(settings._KNOWN)


def test_the_policy_of_the_readme_is_one() -> None:
    (text,) = [block for kind, block in FENCED.findall(README) if "scopes:" in block]

    config = Config.parse(text.replace("…", "xyz").encode())

    assert [reader.to for reader in config.expand("shop")] == ["ada", "ben"]


def test_its_links_lead_somewhere() -> None:
    for document, text in TEXTS.items():
        for link in re.findall(r"\]\(([^)#]+)", text):
            assert link.startswith("https://") or (ROOT / link).exists(), (document, link)


def test_the_house_is_drawn_as_it_stands() -> None:
    table = TEXTS["CONTRIBUTING.md"].partition("## The house")[2].partition("\n## ")[0]
    drawn = {}
    for floor, rooms in re.findall(r"^\| (\d) \| ([^|]+) \|", table, re.MULTILINE):
        for room in re.findall(r"`([a-z_]+)(?:/|\.py)`", rooms):
            drawn[room] = int(floor)

    assert drawn == test_layers.FLOOR_OF


def test_the_decisions_are_counted() -> None:
    log = TEXTS["CONTRIBUTING.md"].partition("## Decisions")[2]
    numbers = [int(one) for one in re.findall(r"^(?:### |\*\*)(\d+)\. ", log, re.MULTILINE)]

    assert numbers == list(range(1, len(numbers) + 1))


# --- Help --------------------------------------------------------------------------------------


def test_the_first_screen_is_short_and_has_four_examples() -> None:
    lines = first_screen().splitlines()
    examples = [line.split() for line in lines if line.startswith("  gitseal ")]

    assert len(lines) < 40
    assert max(map(len, lines)) <= WIDTH
    assert len(examples) == 4
    assert all(words[1] in COMMANDS for words in examples)


def test_the_first_screen_names_every_command_and_another_one_explains_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    named = set(re.findall(r"[a-z]+", first_screen().partition("Every day")[2]))
    assert main(["help", "--all"]) == 0
    explained = re.findall(r"^  (\S+) +\S", capsys.readouterr().out, re.MULTILINE)

    assert set(COMMANDS) <= named
    assert explained == list(COMMANDS)


def test_summaries_are_short() -> None:
    assert [name for name, one in COMMANDS.items() if len(one.summary) > FIRST_LINE] == []


@pytest.mark.parametrize("name", commands())
def test_the_help_of_a_command_fits_a_terminal(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDTH))

    assert application.run([*name.split(), "--help"]) == 0

    lines = capsys.readouterr().out.splitlines()
    first = lines[2].strip()
    assert lines[0].startswith(f"Usage: gitseal {name} ")
    assert max(map(len, lines)) <= WIDTH
    assert 0 < len(first) <= FIRST_LINE
    assert lines[3] == "", "the first sentence is a line of its own"


def test_aliases_stay_off_the_first_screen() -> None:
    listed = set(re.findall(r"^  (\S+)", first_screen(), re.MULTILINE))

    assert not listed & set(ALIASES)


# --- Things that run ---------------------------------------------------------------------------


def test_the_hook_is_a_command_that_there_is() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))

    program, *words = hook["entry"].split()

    assert (hook["id"], program, hook["language"]) == ("gitseal-check", "gitseal", "python")
    assert hook["always_run"]
    assert not hook["pass_filenames"]
    assert mistakes(words) == []
    assert hook["id"] in README


def read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:  # it is gone by now
        return ""


@pytest.mark.slow
def test_the_demo_runs_and_leaves_nothing(tmp_path: Path, home: Path, programs: Path) -> None:
    (tmp_path / "tmp").mkdir()
    environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp"), "HOME": str(home)}
    environment["PATH"] = f"{programs}{os.pathsep}{environment['PATH']}"
    start = time.monotonic()

    done = subprocess.run(
        ["bash", str(ROOT / "demo" / "run")],
        env=environment, cwd=home, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - start < 30
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list(home.iterdir()) == []
    # Other tests have directories there at the same time; this text is the demo's.
    left = [file for file in Path("/dev/shm").glob("gitseal-*/*") if "behind the VPN" in read(file)]
    assert left == []
    typed = re.findall(r"^(?:ada|ben|server)\$ (?:.*\| )?(?:\S+='.*' )?gitseal ([a-z]+)",
                       done.stdout, re.MULTILINE)  # fmt: skip
    assert {"init", "edit", "set", "trust", "run", "check", "decrypt"} <= set(typed)
    assert "\033" not in done.stdout
    assert str(tmp_path) not in done.stdout
