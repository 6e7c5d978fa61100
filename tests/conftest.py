# SPDX-License-Identifier: Apache-2.0
"""A clean room for every test: its own home, no inherited settings, no network but loopback."""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

import needs

if TYPE_CHECKING:
    from desk import Desk

Run = Callable[..., subprocess.CompletedProcess[str]]

# What a developer's machine may hold and a test must never see.
FOREIGN_PREFIXES = (
    "AGE_", "AWS_", "BAO_", "EDITOR", "GCE_", "GIT_", "GITSEAL_", "GOOGLE_", "SOPS_",
    "SSH_", "VAULT_", "VISUAL", "XDG_",
)  # fmt: skip
# A build service runs us: its variables would forbid the questions that tests answer.
BUILD_SERVICE = ("CI", "GITHUB_ACTIONS", "GITLAB_CI")
KEPT = ("GITSEAL_CORPUS", "GITSEAL_REQUIRE_SERVERS", "GITSEAL_UPDATE_TRANSCRIPTS")

hypothesis.settings.register_profile("gitseal", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("gitseal")


def pytest_runtest_setup(item: pytest.Item) -> None:
    names = [name for mark in item.iter_markers("needs") for name in mark.args]
    absent = needs.missing(names)
    if not absent:
        return
    reason = needs.REASON + ", ".join(absent)
    if needs.required() and not needs.RIGHTS.keys() >= set(absent):
        pytest.fail(f"{reason} (GITSEAL_REQUIRE_SERVERS=1 allows no gaps)", pytrace=False)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = terminalreporter.stats.get("skipped", [])
    line = needs.summary(str(report.longrepr[2]) for report in reports)
    if line:
        terminalreporter.write_line(line)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Keep keys that are made for a run out of the names of tests: workers must agree on those."""
    return "identity" if isinstance(val, str) and "age-secret-key-1" in val.lower() else None


_homes = itertools.count()


@pytest.fixture(autouse=True)
def home(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A new empty home, and an environment without anybody's keys, editors or git settings."""
    for name in list(os.environ):
        foreign = name.startswith(FOREIGN_PREFIXES) or name in BUILD_SERVICE
        if foreign and name not in KEPT:
            monkeypatch.delenv(name)
    folder = tmp_path_factory.getbasetemp() / f"home{next(_homes)}"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(folder / ".gitconfig"))
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "0")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada Lovelace")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("NO_COLOR", "1")
    yield folder
    if not any(folder.iterdir()):
        folder.rmdir()


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        local = self.family == socket.AF_UNIX or address[0] in {"127.0.0.1", "::1", "localhost"}
        assert local, f"a test tried to reach {address!r}"
        real(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", connect)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def corpus() -> Path:
    """
    The folder of real files.

    It is other people's data and never part of the repository, so no set-up can bring it: a clone
    without it skips these tests by name.  Whoever names it gets no gaps.
    """
    folder = needs.corpus_path()
    if folder is not None:
        return folder
    if "GITSEAL_CORPUS" in os.environ:
        pytest.fail("GITSEAL_CORPUS names no folder with an INDEX.tsv", pytrace=False)
    pytest.skip(f"{needs.REASON}corpus")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 64 KiB; for tests that need the right to mount."""
    folder = tmp_path / "small"
    folder.mkdir()
    options = "size=64k,mode=700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder of known answers and of faulty files."""
    return Path(__file__).parent / "vectors"


@pytest.fixture
def repo(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty git repository on branch `main`, which is the current directory."""
    folder = tmp_path / "repo"
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def git() -> Run:
    """Run git in the current directory: `git("add", ".").stdout`; fails loudly by default."""

    def run(
        *arguments: str, check: bool = True, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["git", *arguments], capture_output=True, text=True, check=False, **options
        )
        assert not check or done.returncode == 0, f"git {arguments}: {done.stderr}"
        return done

    return run


@pytest.fixture
def gitseal() -> Run:
    """Run the real program in a process of its own: `gitseal("check").returncode`."""

    def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        settings: dict[str, Any] = {"capture_output": True, "text": True}
        if "input" not in options:
            settings["stdin"] = subprocess.DEVNULL
        command = [sys.executable, "-m", "gitseal", *arguments]
        return subprocess.run(command, check=False, **(settings | options))

    return run


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder for PATH in which `gitseal` is the program under test and `python3` this Python."""
    folder = tmp_path / "programs"
    folder.mkdir()
    installed = Path(sys.executable).parent / "gitseal"
    commands = {
        "python3": f'exec "{sys.executable}"',
        "gitseal": f'exec "{installed}"'
        if installed.exists()
        else f'PYTHONPATH="{needs.ROOT}" exec "{sys.executable}" -m gitseal',
    }
    for name, command in commands.items():
        (folder / name).write_text(f'#!/bin/sh\n{command} "$@"\n')
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def desk(
    repo: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Desk:
    """A person with a key in an empty repository; `desk.scope()` makes it one with secrets."""
    from desk import Desk as Person

    return Person(repo, home, monkeypatch, capfd)


@pytest.fixture
def app(desk: Desk) -> Desk:
    """The same with one scope that claims structured files and keys."""
    desk.scope()
    return desk
