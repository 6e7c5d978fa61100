# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gitseal.errors import GitError, RefusedError
from gitseal.repository import Repository, find
from gitseal.repository.running import (
    ask,
    check_owner,
    git_failure,
    git_program,
    run_git,
    scrubbed,
)

Git = Callable[..., subprocess.CompletedProcess[str]]


def test_variables_of_git_are_dropped_but_for_those_asked_for() -> None:
    environ = {
        "PATH": "/bin",
        "LANGUAGE": "de",
        "GIT_DIR": "x",
        "GIT_TRACE": "1",
        "GIT_TRACE_PACKET": "/tmp/x",
        "GIT_CONFIG_PARAMETERS": "'core.x=y'",
        "GIT_EXTERNAL_DIFF": "x",
        "GIT_INDEX_FILE": "i",
        "GIT_CONFIG_GLOBAL": "g",
        "GIT_OBJECT_DIRECTORY": "o",
    }

    clean = scrubbed(environ, keep=("GIT_INDEX_FILE",))

    assert {name for name in clean if name in environ} == {
        "PATH", "GIT_INDEX_FILE", "GIT_CONFIG_GLOBAL", "GIT_OBJECT_DIRECTORY",
    }  # fmt: skip
    assert clean["LC_ALL"] == "C"
    assert clean["GIT_OPTIONAL_LOCKS"] == "0"


def test_nothing_of_the_repository_runs(repo: Path, git: Git, repository: Repository) -> None:
    trap = repo / "trap"
    trap.write_text(f"#!/bin/sh\ntouch '{repo}/trapped'\n")
    trap.chmod(0o755)
    (repo / "a").write_text("x")
    git("add", "a")
    git("commit", "-q", "-m", "one")
    for name in ("core.fsmonitor", "core.pager", "diff.external", "core.editor"):
        git("config", name, str(trap))
    git("config", "core.hooksPath", str(repo))

    ask(repository, ["status", "--porcelain", "-z"])
    ask(repository, ["log", "-p", "--no-ext-diff"])

    assert not (repo / "trapped").exists()


def test_paths_are_literal(repo: Path, git: Git, repository: Repository) -> None:
    for name in ("*", "a"):
        (repo / name).touch()

    assert ask(repository, ["ls-files", "-z", "-o", "--", "*"]) == b"*\0"


def test_the_error_says_what_git_said(repository: Repository) -> None:
    with pytest.raises(GitError, match="git rev-parse failed with exit code 128: .*ambiguous") as e:
        ask(repository, ["rev-parse", "nothing"])

    assert e.value.__cause__ is None
    assert ask(repository, ["rev-parse", "-q", "--verify", "nothing"], ok=(1,)) == b""


def test_a_long_complaint_is_cut() -> None:
    error = git_failure("git x", 1, b"warning: a\nfatal: " + b"b" * 10_000)

    assert "warning" not in error.message
    assert len(error.message) < 400


def test_a_git_that_hangs_is_ended(tmp_path: Path) -> None:
    slow = tmp_path / "git"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    start = time.monotonic()

    with pytest.raises(GitError, match=r"longer than 0\.2 seconds"):
        run_git(["status"], str(tmp_path), {"PATH": f"{tmp_path}:/bin:/usr/bin"}, timeout=0.2)

    assert time.monotonic() - start < 5


def test_only_absolute_places_have_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(GitError, match="not installed"):
        git_program({"PATH": "::.:bin"})
    assert os.path.isabs(git_program({"PATH": f".:{os.environ['PATH']}"}))


def test_a_missing_directory_and_a_nul_are_errors(repository: Repository) -> None:
    with pytest.raises(GitError, match="no such file"):
        run_git(["status"], "/nowhere", repository.environ)
    with pytest.raises(GitError, match="NUL"):
        ask(repository, ["log", "a\0b"])


def test_a_bare_repository_is_asked_by_name(git: Git, tmp_path: Path) -> None:
    git("init", "-q", "--bare", str(tmp_path / "x.git"))
    found = find(str(tmp_path / "x.git"), {**os.environ, "GIT_DIR": "."})
    assert found is not None

    assert ask(found, ["rev-parse", "--is-bare-repository"]) == b"true\n"


@pytest.mark.needs("root")
def test_a_repository_of_somebody_else_is_refused_as_git_refuses_it(repo: Path, git: Git) -> None:
    for path in (repo, repo / ".git"):
        os.chown(path, 65534, 65534)
    found = find(str(repo), dict(os.environ))
    assert found is not None

    with pytest.raises(RefusedError, match="another user") as caught:
        check_owner(found)
    assert "safe.directory" in (caught.value.hint or "")

    git("config", "--global", "safe.directory", str(repo))
    check_owner(found)


def test_ones_own_repository_is_not_asked_about(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.environ = {"PATH": "/nowhere"}

    check_owner(repository)
