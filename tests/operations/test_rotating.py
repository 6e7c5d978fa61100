# SPDX-License-Identifier: Apache-2.0
"""A rotation can be cut short anywhere: every file opens at every point, and it can go on."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitseal.cli.context import workspace
from gitseal.operations import rotating
from gitseal.policy.records import Record
from people import ENV, YAML, Person, owner

STEPS = ("announce", "activate", "reseal", "retire")


class CutShortError(Exception):
    """The process ends here."""


def record(person: Person) -> Record:
    return Record.parse((person.folder / ".gitseal/keyring/main.json").read_bytes())


def states(person: Person) -> list[str]:
    return [epoch.state for epoch in record(person).epochs]


def assert_readable(person: Person) -> None:
    assert person.gitseal("decrypt", ".env").stdout == ENV
    assert person.gitseal("decrypt", "config/app.yaml").stdout == YAML


@pytest.mark.parametrize("last", STEPS)
def test_it_goes_on_after_being_cut_short_before_each_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    ada = owner(tmp_path)
    for name, value in ada.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(ada.folder)

    def step(name: str) -> None:
        if name == last:
            raise CutShortError

    current = workspace()
    if last == "retire":
        # Nothing is retired while the staged files still use the old key.
        ada.git("rm", "-q", "--cached", ".env", "config/app.yaml")
    with pytest.raises(CutShortError):
        rotating.rotate(current, record(ada), step=step)
    assert_readable(ada)

    if "next" in states(ada) or last == "announce":
        ada.gitseal("rotate", "--yes")
    else:
        ada.gitseal("apply", "--yes")
    assert_readable(ada)
    ada.git("add", "-A")
    ada.gitseal("apply", "--yes")

    assert states(ada) == ["retired", "active"]
    assert record(ada).epochs[0].wraps == ()
    assert_readable(ada)
    assert "is applied" in ada.gitseal("apply", "--yes").stderr


def test_the_old_key_stays_while_staged_files_use_it(tmp_path: Path) -> None:
    ada = owner(tmp_path)

    told = ada.gitseal("rotate", "--yes").stderr

    assert states(ada) == ["readable", "active"]
    assert "git add" in told
    ada.git("add", "-A")
    assert "GS309" in ada.gitseal("check").stdout
    assert_readable(ada)


def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    ada = owner(tmp_path)

    assert "2 files" in ada.gitseal("rotate", "--dry-run").stderr

    assert ada.git("status", "--short") == ""


def test_a_file_that_does_not_open_keeps_the_old_key_alive(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    ada.write("config/app.yaml", ada.read("config/app.yaml").replace("host:", "hostname:"))
    ada.git("add", "-A")

    told = ada.gitseal("rotate", "--yes", code=1).stderr
    ada.git("add", "-A")
    ada.gitseal("apply", "--yes", code=1)

    assert "config/app.yaml" in told
    assert "does not verify" in told
    assert states(ada) == ["readable", "active"]
    assert ada.gitseal("decrypt", ".env").stdout == ENV


@pytest.mark.slow
def test_sigkill_at_random_moments(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    chance = random.Random(20261120)
    for _ in range(8):
        process = subprocess.Popen(
            [sys.executable, "-m", "gitseal", "rotate", "--yes"],
            cwd=ada.folder,
            env=ada.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0.05, 0.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert_readable(ada)
    ada.gitseal("rotate", "--yes")
    ada.git("add", "-A")
    ada.gitseal("apply", "--yes")

    assert states(ada)[-1] == "active"
    assert set(states(ada)[:-1]) == {"retired"}
    assert_readable(ada)
