# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from vaults import Answer, Vault

Run = Callable[..., Answer]
Program = Callable[..., subprocess.CompletedProcess[str]]


def test_a_finding_has_one_line_and_a_file_one_hint(vault: Vault, run: Run) -> None:
    vault.write("conf/new.json", '{"a": "hunter2",\n "b": 1}\n')

    done = run("check")

    assert done.code == 1
    assert done.out == (
        "conf/new.json:1: GS101 a is in clear\n"
        "conf/new.json:2: GS101 b is in clear\n"
        "  hint: gitseal encrypt conf/new.json\n"
    )
    assert done.err == "gitseal: checked 8 files: 2 findings\n"


def test_the_hint_of_a_leak_works(vault: Vault, run: Run) -> None:
    vault.write(".env", vault.read(".env") + "NEW=hunter2\n")
    assert "hint: gitseal encrypt .env" in run("check").out

    assert run("encrypt", ".env").code == 0
    assert run("check").code == 0


def test_paths_limit_the_check(vault: Vault, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    vault.write("conf/new.json", '{"a": "hunter2"}\n')

    assert run("check", ".env").err == "gitseal: checked 1 file: nothing wrong\n"
    assert run("check", "conf").code == 1
    assert run("check", "--", "conf/new.json").code == 1
    monkeypatch.chdir(vault.root / "conf")
    assert run("check", "app.yaml", "../.env").err == "gitseal: checked 2 files: nothing wrong\n"
    assert run("check", ".").code == 1


def test_a_path_that_is_not_there(vault: Vault, run: Run) -> None:
    done = run("check", "conf/nothing.yaml")

    assert done.code == 1
    assert "conf/nothing.yaml: there is no such file here, nor in the index" in done.err


def test_a_path_that_no_scope_claims(vault: Vault, run: Run) -> None:
    vault.write("README.md", "hello\n")

    done = run("check", "README.md")

    assert done.code == 0
    assert "no scope claims README.md" in done.err


def test_a_path_outside_of_the_repository(vault: Vault, run: Run) -> None:
    assert run("check", str(vault.home)).code == 6


def test_json_for_programs(vault: Vault, run: Run) -> None:
    vault.write("conf/new.json", '{"a": "hunter2"}\n')

    done = run("check", "--format", "json")

    assert done.code == 1
    assert done.err == ""
    assert json.loads(done.out) == {
        "schema": "gitseal/check/1",
        "ok": False,
        "checked": 8,
        "vouched": True,
        "unclaimed": [],
        "findings": [
            {
                "code": "GS101",
                "level": "error",
                "path": "conf/new.json",
                "line": 1,
                "message": "a is in clear",
                "hint": "gitseal encrypt conf/new.json",
                "where": "worktree",
            }
        ],
    }


@pytest.mark.parametrize(
    "words", [["--format", "yaml"], ["--format=xml"], ["--nonsense"], ["--format"]]
)
def test_what_is_not_understood(words: list[str], vault: Vault, run: Run) -> None:
    assert run("check", *words).code == 2


def test_the_plain_way_and_typer_say_the_same(vault: Vault, gitseal: Program) -> None:
    vault.write("conf/new.json", '{"a": "hunter2"}\n')
    from gitseal.cli.application import run as typer_run

    plain = gitseal("check")

    assert plain.returncode == 1
    assert typer_run(["check"]) == 1


def test_outside_of_a_repository(tmp_path: Path, gitseal: Program) -> None:
    done = gitseal("check", cwd=tmp_path)

    assert done.returncode == 2
    assert "this is not a git repository" in done.stderr


def test_a_repository_without_rules_says_so(repo: Path, gitseal: Program) -> None:
    done = gitseal("check")

    assert done.returncode == 0
    assert "no scope claims any file here" in done.stderr


def test_a_closed_pipe_is_no_traceback(vault: Vault, gitseal: Program) -> None:
    vault.write("conf/new.json", '{"a": "hunter2"}\n')
    reading, writing = os.pipe()
    os.close(reading)

    done = gitseal("check", capture_output=False, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)

    assert done.returncode == 141
    assert "Traceback" not in done.stderr
