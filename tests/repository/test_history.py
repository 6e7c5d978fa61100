# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gitseal.errors import GitError
from gitseal.repository import Repository
from gitseal.repository.history import ever_committed, ignored, last_change
from repository.conftest import ODD_NAMES, Write

Git = Callable[..., subprocess.CompletedProcess[str]]


def commit(git: Git, subject: str, author: str = "Ada") -> str:
    git("add", "-A")
    git("commit", "-q", "-m", subject, "--author", f"{author} <a@example.org>")
    return git("rev-parse", "HEAD").stdout.strip()


class TestLastChange:
    def test_who_brought_it(self, repo: Path, git: Git, repository: Repository) -> None:
        (repo / "a").write_text("1")
        commit(git, "one")
        (repo / "a").write_text("2")
        second = commit(git, "two\n\nbody", author="Gräfin \x1b[31m")
        (repo / "b").write_text("x")
        commit(git, "other")

        change = last_change(repository, "a")

        assert change is not None
        assert (change.commit, change.subject) == (second, "two")
        assert change.author.startswith("Gräfin")
        assert change.date[4] == "-"
        first = last_change(repository, "a", "HEAD~2")
        assert first is not None
        assert first.subject == "one"

    def test_nobody(self, repo: Path, git: Git, repository: Repository) -> None:
        assert last_change(repository, "a") is None
        commit(git, "x") if (repo / "b").write_text("x") else None
        assert last_change(repository, "a") is None

    def test_odd_names(self, git: Git, repository: Repository, write: Write) -> None:
        write(dict.fromkeys(ODD_NAMES, b"x"))
        head = commit(git, "one")

        for name in ODD_NAMES:
            change = last_change(repository, os.fsdecode(name))
            assert change is not None, name
            assert change.commit == head

    @pytest.mark.parametrize("revision", ["nothing", "--output=x"])
    def test_no_such_revision(self, repository: Repository, revision: str) -> None:
        with pytest.raises(GitError):
            last_change(repository, "a", revision)


class TestEverCommitted:
    def test_first_last_and_contents(self, repo: Path, git: Git, repository: Repository) -> None:
        commits = []
        for text in ("1", "2", "1"):
            (repo / ".env").write_text(text)
            commits.append(commit(git, text))
        (repo / ".env").unlink()
        commit(git, "gone")

        found, complete = ever_committed(repository, [".env", "never"])

        assert complete
        assert list(found) == [".env"]
        past = found[".env"]
        assert (past.first.commit, past.last.commit) == (commits[0], commits[2])
        assert [git("cat-file", "-p", blob).stdout for blob in past.blobs] == ["1", "2"]

    def test_side_branches_that_were_merged_away(
        self, repo: Path, git: Git, repository: Repository
    ) -> None:
        (repo / "a").write_text("x")
        commit(git, "base")
        git("checkout", "-q", "-b", "side")
        (repo / ".env").write_text("x")
        commit(git, "in")
        (repo / ".env").unlink()
        commit(git, "out")
        git("checkout", "-q", "main")
        git("merge", "-q", "--no-ff", "-m", "merge", "side")
        git("branch", "-q", "-D", "side")

        found, _ = ever_committed(repository, [".env"])

        assert found[".env"].first.subject == "in"

    def test_a_file_that_only_a_merge_brought(
        self, repo: Path, git: Git, repository: Repository
    ) -> None:
        (repo / "a").write_text("x")
        commit(git, "base")
        git("checkout", "-q", "-b", "side")
        (repo / "b").write_text("x")
        commit(git, "b")
        git("checkout", "-q", "main")
        git("merge", "-q", "--no-ff", "--no-commit", "side")
        (repo / ".env").write_text("x")
        commit(git, "evil")

        found, _ = ever_committed(repository, [".env"])

        assert found[".env"].last.subject == "evil"

    def test_settings_of_the_user_change_nothing(
        self, repo: Path, git: Git, repository: Repository
    ) -> None:
        (repo / ".env").write_text("some text that is long enough to be similar\n" * 9)
        commit(git, "one")
        git("mv", ".env", "b")
        commit(git, "two")
        for name, value in (("log.follow", "true"), ("log.showRoot", "false"),
                            ("log.showSignature", "true"), ("diff.renames", "copies"),
                            ("i18n.logOutputEncoding", "latin1"), ("core.quotePath", "true"),
                            ("log.date", "relative"), ("format.pretty", "oneline")):  # fmt: skip
            git("config", name, value)

        found, _ = ever_committed(repository, [".env"])

        assert found[".env"].first.subject == found[".env"].last.subject == "one"
        change = last_change(repository, "b")
        assert change is not None
        assert change.subject == "two"

    def test_odd_names(self, git: Git, repository: Repository, write: Write) -> None:
        write(dict.fromkeys((*ODD_NAMES, b"\x01"), b"x"))
        commit(git, "one")
        names = [*map(os.fsdecode, ODD_NAMES), "\x01"]

        found, complete = ever_committed(repository, names)

        assert complete
        assert sorted(found) == sorted(names)

    def test_links_are_no_contents(self, repo: Path, git: Git, repository: Repository) -> None:
        (repo / ".env").symlink_to("elsewhere")
        commit(git, "one")

        assert ever_committed(repository, [".env"]) == ({}, True)

    def test_an_empty_repository(self, repository: Repository) -> None:
        assert ever_committed(repository, [".env"]) == ({}, True)
        assert ever_committed(repository, []) == ({}, True)

    def test_the_time_is_bounded(self, repo: Path, repository: Repository, tmp_path: Path) -> None:
        real = next(
            os.path.join(place, "git")
            for place in os.environ["PATH"].split(":")
            if os.access(os.path.join(place, "git"), os.X_OK)
        )
        (tmp_path / "git").write_text(f'#!/bin/sh\n"{real}" "$@"\nexec sleep 60\n')
        (tmp_path / "git").chmod(0o755)
        environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        slow = Repository(
            repository.root, repository.git_dir, repository.common_dir, environ=environ
        )
        start = time.monotonic()

        found, complete = ever_committed(slow, [".env"], seconds=0.3)

        assert (found, complete) == ({}, False)
        assert time.monotonic() - start < 5


class TestIgnored:
    def test_what_hides_a_file(self, repo: Path, git: Git, repository: Repository) -> None:
        (repo / ".gitignore").write_text("# secrets\n.env*\n!.env.example\n")
        (repo / "link").symlink_to(".")

        found = ignored(repository, [".env", ".env.example", "a", "sub/.env", "link/.env"])

        assert sorted(found) == [".env", "sub/.env"]
        rule = found[".env"]
        assert (rule.source, rule.line, rule.pattern) == (".gitignore", 2, ".env*")

    def test_tracked_files_are_not_ignored(
        self, repo: Path, git: Git, repository: Repository
    ) -> None:
        (repo / ".env").touch()
        git("add", ".env")
        (repo / ".gitignore").write_text(".env\n")

        assert ignored(repository, [".env"]) == {}

    def test_odd_names(self, repo: Path, repository: Repository) -> None:
        (repo / ".gitignore").write_text("*\n")
        names = [os.fsdecode(name) for name in ODD_NAMES]

        assert sorted(ignored(repository, names)) == sorted(names)

    def test_nothing_is_asked_for(self, repository: Repository) -> None:
        assert ignored(repository, []) == {}
