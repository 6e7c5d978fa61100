# SPDX-License-Identifier: Apache-2.0
"""SIGKILL at random moments: the old file or the new one, and no clear text on a disk."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from desk import CANARY, Desk, script
from gitseal.launch.tmpfs import sweep
from gitseal.operations import reading

KILLS = 100
BULK = "".join(f"KEY{number}={CANARY}\n" for number in range(200))

# Many writes in one process, so that most kills meet one, and not Python starting.
SETTING = """
import itertools, os
from gitseal.cli.context import workspace
from gitseal.operations.changing import set_value
current = workspace()
start = int(os.environ["START"])
set_value(current, ".env", "COUNT", str(start))
print("ready", flush=True)
for number in itertools.count(start + 1):
    set_value(current, ".env", "COUNT", str(number))
"""
EDITING = """
from gitseal.cli.application import run
run(["edit", ".env"])
print("ready", flush=True)
while True:
    run(["edit", ".env"])
"""


def kill(code: str, seconds: float, start: int = 0) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "START": str(start)},
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def count(app: Desk) -> int:
    """The file opens, whole, with the value that was there or a later one."""
    content = reading.open_for_use(app.workspace(), ".env").clear.data.decode()
    *rest, last = content.splitlines(keepends=True)
    assert "".join(rest) == BULK
    assert last.startswith("COUNT=")
    return int(last[6:])


@pytest.mark.slow
def test_set(app: Desk) -> None:
    app.seal(".env", BULK + "COUNT=0\n")
    chance = random.Random(20)
    last = 0
    for _ in range(KILLS):
        kill(SETTING, chance.uniform(0, 0.06), last + 1)
        now = count(app)
        assert now > last, "a value that was set is gone"
        last = now

    assert app.leftovers() == []
    app("set", ".env", "COUNT", "--stdin", data=b"1")
    assert [path.name for path in app.folder.iterdir() if path.name.endswith(".tmp")] == []


@pytest.mark.slow
def test_edit(app: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    app.seal(".env", BULK + "COUNT=0\n")
    tools = app.folder.parent / "tools"
    tools.mkdir()
    body = 'n=$(sed -n "s/^COUNT=//p" "$1"); sed -i "s/^COUNT=.*/COUNT=$((n + 1))/" "$1"'
    monkeypatch.setenv("EDITOR", script(tools, body))
    chance = random.Random(21)
    last = 0
    for _ in range(KILLS):
        kill(EDITING, chance.uniform(0, 0.08))
        now = count(app)
        assert now > last, "an edit that was finished is gone"
        last = now

    assert app.leftovers() == []
    assert not [path for path in app.folder.iterdir() if path.name.endswith("gitseal-edit")]
    app("edit", ".env")
    sweep("/dev/shm")
    assert [path.name for path in app.folder.iterdir() if path.name.endswith(".tmp")] == []
