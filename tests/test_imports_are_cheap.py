# SPDX-License-Identifier: Apache-2.0
"""git starts gitseal at every command that meets a sealed file: what that loads is counted."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import test_layers

# Nothing of this is loaded before a command needs it; the numbers are milliseconds, measured warm.
DEAR = {
    "asyncio": 30,
    "boto3": 117,
    "botocore": 90,
    "click": 20,
    "email": 8,
    "http": 10,
    "hvac": 81,
    "pydantic": 60,
    "rich": 23,
    "ruamel": 48,
    "typer": 60,
    "urllib3": 20,
}
# Besides, on the way to a clear value: nobody there starts git or reads the metadata of packages.
DEAR_WHEN_HOT = {"importlib.metadata": 12, "subprocess": 6, "tempfile": 5}


def loaded(*arguments: str) -> set[str]:
    """The modules that a run of Python with `arguments` loads, by its own account."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.fixture(scope="module")
def at_start() -> set[str]:
    """What Python loads of its own accord, virtual environment and editable installs included."""
    return loaded("-c", "pass")


def hot_modules() -> list[str]:
    names = [test_layers.module_name(path) for path in test_layers.modules()]
    return [name for name in names if test_layers.is_hot(name) and name != "__main__"]


def test_importing_every_hot_room_loads_nothing_dear() -> None:
    lines = ["import gitseal"]
    lines += [f"import gitseal.{name}" for name in hot_modules() if name != "__init__"]

    assert not loaded("-c", "\n".join(lines)) & set(DEAR)


def test_importing_the_package_loads_next_to_nothing(at_start: set[str]) -> None:
    ours = {
        name for name in loaded("-c", "import gitseal") - at_start if name.startswith("gitseal")
    }

    assert ours <= {"gitseal", "gitseal.errors"}


def test_the_version_is_told_without_typer() -> None:
    assert not loaded("-m", "gitseal", "--version") & set(DEAR)


@pytest.fixture
def sealed(repo: Path, gitseal: Callable[..., subprocess.CompletedProcess[str]]) -> Path:
    """A repository with one sealed `.env` in it."""
    (repo / ".env").write_text("DB_PASSWORD=hunter2\n")
    done = gitseal("init", "--yes", "--files", ".env")
    assert done.returncode == 0, done.stderr
    return repo


@pytest.mark.parametrize(
    "command",
    [
        ("decrypt", ".env"),
        ("get", ".env", "DB_PASSWORD"),
        ("check",),
        ("run", "--", "true"),
    ],
    ids=" ".join,
)
def test_hot_commands_load_nothing_dear(
    command: tuple[str, ...], sealed: Path, at_start: set[str]
) -> None:
    modules = loaded("-m", "gitseal", *command) - at_start

    assert not modules & (set(DEAR) | set(DEAR_WHEN_HOT))


@pytest.mark.needs("gitseal")
def test_the_repository_does_not_choose_code(repo: Path) -> None:
    (repo / "json.py").write_text("raise SystemExit('code of the repository ran')\n")

    done = subprocess.run(["gitseal", "--version"], capture_output=True, check=False)

    assert done.returncode == 0
