# SPDX-License-Identifier: Apache-2.0
"""What a git command pays for the filter: imports, processes, and calls of key services."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from desk import CANARY, Desk
from gitseal.operations.cleaning import Cleaner
from gitseal.operations.smudging import Smudger
from gitseal.operations.workspace import Workspace
from gitseal.repository.finding import find
from gitseal.session import Session
from gitseal.settings import Settings
from test_imports_are_cheap import DEAR

FILES = 40
HANDSHAKE = (
    b"0016git-filter-client\n000eversion=2\n00000015capability=clean\n0016capability=smudge\n0000"
)


def modules_of(*words: str, data: bytes = b"") -> set[str]:
    """What one of git's commands loads, by Python's own account."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "gitseal", "git", *words],
        input=data,
        capture_output=True,
        check=True,
    )
    lines = done.stderr.decode().splitlines()
    return {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}


def test_before_the_first_file_there_is_nothing_but_the_protocol(app: Desk) -> None:
    modules = modules_of("filter-process", data=HANDSHAKE)

    assert "gitseal.guest.pktline" in modules
    assert not modules & {*DEAR, "yaml", "cryptography", "pyrage", "subprocess", "json"}
    assert not any(name.startswith(("gitseal.operations", "gitseal.policy")) for name in modules)


@pytest.mark.parametrize("name", ["clean", "smudge"])
def test_filtering_a_file_loads_nothing_dear(app: Desk, name: str) -> None:
    app.scope(worktree="plain")
    app.seal("app.yaml", "a: 1\n")
    sealed = Path("app.yaml").read_bytes()

    modules = modules_of(name, "app.yaml", data=b"a: 1\n" if name == "clean" else sealed)

    assert "gitseal.native.opening" in modules or "gitseal.native.sealing" in modules
    assert not modules & {*DEAR, "importlib.metadata", "tempfile"}


@pytest.fixture
def counted(app: Desk) -> Workspace:
    """A plain scope, and a session that counts."""
    app.scope(worktree="plain")
    settings = Settings.from_environment()
    return Workspace(settings, find(str(app.folder), settings.environ), Session(settings))


def test_cleaning_many_files_unwraps_one_key(counted: Workspace) -> None:
    cleaner = Cleaner(counted)

    sealed = [
        cleaner.clean(f"{number}.yaml", f"key: {CANARY}{number}\n".encode())
        for number in range(FILES)
    ]

    assert len(set(sealed)) == FILES
    assert all(CANARY.encode() not in one for one in sealed)
    assert counted.session.unwraps == 1  # type: ignore[attr-defined]  # of Session alone


def test_smudging_many_files_unwraps_one_key_and_starts_one_git(
    counted: Workspace, git: Callable[..., object], app: Desk
) -> None:
    texts = [f"key: {CANARY}{number}\n".encode() for number in range(FILES)]
    sealed = [Cleaner(counted).clean(f"{at}.yaml", text) for at, text in enumerate(texts)]
    git("add", "-A", check=True)
    git("commit", "-qm", "records", check=True)
    settings = Settings.from_environment()
    session = Session(settings)
    fresh = Workspace(settings, find(str(app.folder), settings.environ), session)
    smudger = Smudger(fresh)

    opened = [smudger.smudge(f"{at}.yaml", data, "HEAD") for at, data in enumerate(sealed)]
    children = len(smudger._trees)
    smudger.finish()

    assert opened == texts
    assert session.unwraps == 1
    assert children == 1


def test_without_a_key_each_file_is_told_about_once(
    app: Desk, counted: Workspace, git: Callable[..., object]
) -> None:
    sealed = Cleaner(counted).clean("a.yaml", b"key: 1\n")
    (app.home / ".config" / "gitseal" / "identity.txt").unlink()
    told: list[str] = []
    settings = Settings.from_environment()
    session = Session(settings)
    lost = Workspace(settings, find(str(app.folder), settings.environ), session, told.append)
    git("add", "-A", check=True)
    smudger = Smudger(lost)

    assert [smudger.smudge(f"{at}.yaml", sealed) for at in range(FILES)] == [sealed] * FILES
    smudger.finish()

    assert session.unwraps <= 1
    assert len(told) == 2
    assert "stays sealed" in told[0]
    assert f"{FILES - 1} more files stay sealed" in told[1]
