# SPDX-License-Identifier: Apache-2.0
"""A test that misses a program is skipped by name, or fails where nothing may be missing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import needs

ROOT = Path(__file__).parent.parent
CASE = """
import pytest
@pytest.mark.needs("{name}")
def test_case(): pass
"""
RIGHT = f"""
import needs
needs.RIGHTS["{{name}}"] = bool
{CASE}"""
CORPUS = """
import needs
needs.ROOT = needs.Path("/nowhere")
def test_case(corpus): pass
"""


def play(
    tmp_path: Path, name: str, *, required: bool, case: str = CASE
) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "test_case.py"
    file.write_text(case.format(name=name))
    options = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), "-p", "no:cacheprovider"]
    environment = os.environ | {"GITSEAL_REQUIRE_SERVERS": "1" if required else "0"}
    environment |= {"PYTHONPATH": str(ROOT / "tests")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "conftest", *options, str(file)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


def test_a_missing_program_is_skipped_by_name(tmp_path: Path) -> None:
    done = play(tmp_path, "no-such-program", required=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 skipped" in done.stdout
    assert "tests left out for want of: no-such-program (1)" in done.stdout


def test_a_missing_program_fails_where_nothing_may_be_missing(tmp_path: Path) -> None:
    done = play(tmp_path, "no-such-program", required=True)

    assert done.returncode == 1
    assert "not on this machine: no-such-program" in done.stdout


def test_a_right_that_cannot_be_installed_is_skipped_by_name(tmp_path: Path) -> None:
    done = play(tmp_path, "no such right", required=True, case=RIGHT)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "tests left out for want of: no such right (1)" in done.stdout


def test_a_present_program_changes_nothing(tmp_path: Path) -> None:
    assert "1 passed" in play(tmp_path, "git", required=True).stdout


def test_a_clone_without_the_corpus_says_what_it_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITSEAL_CORPUS", raising=False)
    done = play(tmp_path, "git", required=True, case=CORPUS)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "tests left out for want of: corpus (1)" in done.stdout


def test_a_corpus_that_is_named_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITSEAL_CORPUS", str(tmp_path))
    done = play(tmp_path, "git", required=False, case=CORPUS)

    assert done.returncode == 1
    assert "GITSEAL_CORPUS names no folder" in done.stdout


def test_the_summary_names_the_debian_packages() -> None:
    line = needs.summary([f"{needs.REASON}nvim, age", f"Skipped: {needs.REASON}age", "other"])

    assert line == ("tests left out for want of: age (2), nvim (1); apt-get install age neovim")


def test_the_set_up_installs_the_same_packages() -> None:
    script = (ROOT / ".ci" / "debian-packages").read_text()
    table = dict(re.findall(r"\[([\w-]+)\]=([\w-]+)", script))

    assert set(table.values()) == set(needs.DEBIAN.values())
    assert table.items() <= needs.DEBIAN.items()


@pytest.mark.needs("sops")
def test_sops_is_the_program_itself() -> None:
    path = needs.sops_path()

    assert path is not None
    assert path.read_bytes()[:4] == b"\x7fELF"
