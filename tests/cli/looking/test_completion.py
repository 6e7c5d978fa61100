# SPDX-License-Identifier: Apache-2.0
"""Completion offers what is public, evaluates nothing, and is quick."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gitseal.cli import completing
from gitseal.cli.table import COMMANDS
from test_imports_are_cheap import DEAR, DEAR_WHEN_HOT, loaded
from vaults import Answer, Vault

Run = Callable[..., Answer]

EVIL = '{"$(touch pwned)": 1, "`touch pwned`": {"a b": 2}, "; touch pwned": 3, "good": [{"x": 1}]}'
CALL = "import sys\nfrom gitseal.cli.completing import complete_keys\ncomplete_keys(sys.argv[1:])"


def keys(file: str, capfd: pytest.CaptureFixture[str]) -> list[str]:
    capfd.readouterr()
    assert completing.complete_keys([file]) == 0
    return capfd.readouterr().out.splitlines()


def test_keys_of_a_sealed_file_are_public(
    stranger: Vault, capfd: pytest.CaptureFixture[str]
) -> None:
    assert keys("conf/app.yaml", capfd) == [
        "db", "db.password", "db.port", "users", "users[0]", "users[0].name", "users[1]",
        "users[1].name", "empty",
    ]  # fmt: skip
    assert keys(".env", capfd) == ["DB_PASSWORD", "DB_PORT"]
    assert keys("conf/app.json", capfd) == ["token", "retries", "nested", "nested.key"]


@pytest.mark.parametrize(
    "file", ["conf/server.pem", "no-such-file.yaml", "conf", "conf/broken.json", ""]
)
def test_of_what_is_no_document_nothing(
    file: str, vault: Vault, capfd: pytest.CaptureFixture[str]
) -> None:
    vault.write("conf/broken.json", "{")

    assert keys(file, capfd) == []


def test_names_that_break_lines_are_left_out(
    vault: Vault, capfd: pytest.CaptureFixture[str]
) -> None:
    vault.write("conf/evil.json", '{"a\\nb": 1, "\\u001b[31m": 2, "\\u202e": 3, "fine": 4}')

    assert [key for key in keys("conf/evil.json", capfd) if "fine" in key] == ["fine"]
    assert all(key.isprintable() and key.isascii() for key in keys("conf/evil.json", capfd))


def test_nothing_dear_is_loaded_and_it_is_quick(vault: Vault) -> None:
    assert not loaded("-c", CALL, "conf/app.yaml") & (set(DEAR) | set(DEAR_WHEN_HOT))
    fastest = min(_timed() for _ in range(5))

    assert fastest < 0.1 * 5  # seconds; 0.1 on a machine that does nothing else


def _timed() -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", CALL, "conf/app.yaml"], check=True, capture_output=True)
    return time.perf_counter() - start


@pytest.fixture
def shell(vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> Path:
    """A folder with scripts for all shells, and a `gitseal` on PATH that knows keys."""
    folder = tmp_path / "shell"
    folder.mkdir()
    program = folder / "gitseal"
    root = Path(__file__).parents[3]
    program.write_text(
        f'#!/bin/sh\n[ "$1" = {completing.KEYS} ] || exit 9\nshift\n'
        f'PYTHONPATH="{root}" exec "{sys.executable}" -c \'{CALL}\' "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    for name in completing.SCRIPTS:
        (folder / name).write_text(run("completion", name).out)
    vault.write("evil.json", EVIL)
    return folder


def in_bash(shell: Path, *words: str) -> list[str]:
    script = (
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); __gitseal; '
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    command = ["bash", "--norc", "-c", script, "bash", str(shell / "bash"), "gitseal", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not done.stderr
    return done.stdout.split("\n")[:-1] if done.stdout.strip() else []


def test_bash_offers_commands_files_and_keys(shell: Path) -> None:
    assert in_bash(shell, "ch") == ["check"]
    assert set(in_bash(shell, "")) == set(COMMANDS)
    assert in_bash(shell, "readers", "a") == ["add"]
    assert in_bash(shell, "completion", "z") == ["zsh"]
    assert in_bash(shell, "get", "evil") == ["evil.json"]
    assert in_bash(shell, "get", "conf/app.yaml", "db.") == ["db.password", "db.port"]
    assert in_bash(shell, "unset", ".env", "") == ["DB_PASSWORD", "DB_PORT"]


def test_bash_evaluates_nothing(shell: Path, vault: Vault) -> None:
    offered = in_bash(shell, "get", "evil.json", "")
    in_bash(shell, "get", "$(touch pwned)", "")
    in_bash(shell, "get", "`touch pwned`", "$(touch pwned)")

    assert not (vault.root / "pwned").exists()
    assert "good\\[0\\].x" in offered
    # What the person then runs is one word, not a program.
    line = "; ".join(f"printf '%s\\n' {word}" for word in offered)
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert '"$(touch pwned)"' in done.stdout.splitlines()
    assert not (vault.root / "pwned").exists()


@pytest.mark.needs("fish")
def test_fish_offers_the_same(shell: Path, vault: Vault) -> None:
    def offered(line: str) -> list[str]:
        command = ["fish", "--no-config", "-c", f'source "{shell}/fish"; complete -C "{line}"']
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return [text.partition("\t")[0] for text in done.stdout.splitlines()]

    assert offered("gitseal ch") == ["check"]
    assert offered("gitseal get conf/app.yaml db.") == ["db.password", "db.port"]
    assert offered("gitseal readers r") == ["remove"]
    assert '"$(touch pwned)"' in offered("gitseal get evil.json ")
    assert not (vault.root / "pwned").exists()


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_scripts_are_of_their_shell(name: str, shell: Path) -> None:
    program = shutil.which(name)
    if program is None:
        assert completing.KEYS in (shell / name).read_text()
        return
    done = subprocess.run([program, "-n", str(shell / name)], capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"")


def test_an_unknown_shell(run: Run) -> None:
    done = run("completion", "tcsh")

    assert done.code == 2
    assert "hint: bash, zsh or fish" in done.err
