# SPDX-License-Identifier: Apache-2.0
"""SIGKILL at random moments: the old file or the new one, and no clear text on a disk."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from desk import CANARY, Desk, script
from gitseal.launch.tmpfs import sweep
from gitseal.operations import reading

KILLS = 100
BULK = "".join(f"KEY{number}={CANARY}\n" for number in range(200))

# Loads everything once and forks for each round, so that kills meet a write and not Python
# starting. The child tells that it has finished its first change, and goes on until it is killed.
SERVER = """
import os, sys
from gitseal.cli.context import workspace
from gitseal.cli.application import run
from gitseal.operations.changing import set_value
current = workspace()
def change(number):
    if sys.argv[1] == "edit":
        run(["edit", ".env"])
    else:
        set_value(current, ".env", "COUNT", str(number))
change(1)
for line in sys.stdin:
    child = os.fork()
    if not child:
        os.setsid()
        number = int(line)
        change(number)
        print(os.getpid(), flush=True)
        while True:
            number += 1
            change(number)
    os.waitpid(child, 0)
    print("gone", flush=True)
"""


@contextmanager
def server(what: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, what],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield process


def kill(process: subprocess.Popen[str], start: int, seconds: float) -> None:
    """Let a child change the file again and again, and kill it and its editor meanwhile."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{start}\n")
    process.stdin.flush()
    child = int(process.stdout.readline())
    time.sleep(seconds)
    os.killpg(child, signal.SIGKILL)
    assert process.stdout.readline() == "gone\n"


def count(app: Desk) -> int:
    """The file opens, whole; give the number in its last line."""
    content = reading.open_for_use(app.workspace(), ".env").clear.data.decode()
    *rest, last = content.splitlines(keepends=True)
    assert "".join(rest) == BULK
    assert last.startswith("COUNT=")
    return int(last[6:])


def survive(app: Desk, what: str, longest: float) -> None:
    app.seal(".env", BULK + "COUNT=0\n")
    chance = random.Random(what)
    with server(what) as process:
        last = 0
        for _ in range(KILLS):
            kill(process, last + 1, chance.uniform(0, longest))
            now = count(app)
            assert now > last, "a change that was finished is gone"
            last = now

    assert app.leftovers() == []
    assert not [path for path in app.folder.iterdir() if path.name.endswith("gitseal-edit")]
    # What a dead writer left, the next one sweeps away.
    subprocess.run(
        [sys.executable, "-m", "gitseal", "set", ".env", "COUNT", "--generate", "3"],
        check=True,
        capture_output=True,
    )
    assert [path.name for path in app.folder.iterdir() if path.name.endswith(".tmp")] == []


@pytest.mark.slow
def test_set(app: Desk) -> None:
    survive(app, "set", 0.03)


@pytest.mark.slow
def test_edit(app: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = app.folder.parent / "tools"
    tools.mkdir()
    body = 'n=$(sed -n "s/^COUNT=//p" "$1"); sed -i "s/^COUNT=.*/COUNT=$((n + 1))/" "$1"'
    monkeypatch.setenv("EDITOR", script(tools, body))

    survive(app, "edit", 0.06)

    sweep("/dev/shm")
