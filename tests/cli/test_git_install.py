# SPDX-License-Identifier: Apache-2.0
"""`git install`, and what a fresh clone is told: once, by one line, and only at a terminal."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pexpect
import pytest

from people import ENV, Person, owner

OFFER = "git does not run gitseal here yet: gitseal git install"


@pytest.fixture
def ada(tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Somebody with two sealed files, whose git knows nothing of gitseal."""
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return owner(tmp_path)


def at_terminal(person: Person, *words: str, **environ: str) -> str:
    """What a person sees who runs gitseal at a terminal."""
    child = pexpect.spawn(
        sys.executable,
        ["-m", "gitseal", *words],
        cwd=str(person.folder),
        env=person.environ | environ,
        encoding="utf-8",
        timeout=60,
        dimensions=(50, 200),
    )
    child.expect(pexpect.EOF)
    child.close()
    return str(child.before)


def drivers(person: Person) -> list[tuple[str, str]]:
    done = person._run([sys.executable, "-m", "gitseal", "doctor", "--format", "json"], {})
    found = json.loads(done.stdout)["diagnoses"]
    return [(one["level"], one["message"]) for one in found if one["topic"] == "drivers"]


class TestInstalling:
    def test_says_where_and_how_much(self, ada: Person) -> None:
        told = ada.gitseal("git", "install").stderr

        assert f"wrote 7 keys to {ada.home}/.gitconfig" in told
        assert ada.git("config", "filter.gitseal.required") == "true\n"
        assert "already set up" in ada.gitseal("git", "install").stderr

    def test_uninstalling_takes_all_of_it_back(self, ada: Person) -> None:
        ada.gitseal("trust")
        mirror = ada.folder / ".git/info/attributes"
        assert "gitseal" in mirror.read_text()
        ada.gitseal("git", "install")

        told = ada.gitseal("git", "uninstall").stderr

        assert "filter.gitseal.process" in told
        assert (ada.home / ".gitconfig").read_text() == ""
        assert not mirror.exists() or "gitseal" not in mirror.read_text()
        assert "nothing of gitseal" in ada.gitseal("git", "uninstall").stderr

    def test_for_one_repository(self, ada: Person) -> None:
        ada.gitseal("git", "install", "--local")

        assert not (ada.home / ".gitconfig").exists()
        assert ada.git("config", "--local", "filter.gitseal.process")
        ada.gitseal("git", "uninstall", "--local")
        assert "gitseal" not in (ada.folder / ".git/config").read_text()

    def test_a_key_of_the_user_is_named_with_the_way_out(self, ada: Person) -> None:
        ada.git("config", "--global", "merge.gitseal.driver", "my-merge %A")

        refused = ada.gitseal("git", "install", code=6).stderr

        assert "merge.gitseal.driver = my-merge %A" in refused
        assert "git config --global --unset-all merge.gitseal.driver" in refused

    def test_outside_of_any_repository(self, ada: Person) -> None:
        ada.folder = ada.home

        ada.gitseal("git", "install")
        refused = ada.gitseal("git", "install", "--local", code=2).stderr

        assert "not a git repository" in refused

    def test_git_seals_and_opens_then(self, ada: Person) -> None:
        ada.gitseal("git", "install")
        ada.write("config/new.yaml", "password: hunter2\n")

        ada.commit("Forgotten in clear")

        assert "hunter2" not in ada.git("show", "HEAD:config/new.yaml")

    def test_uninstalling_warns_where_files_lie_in_clear(self, ada: Person) -> None:
        ada.gitseal("git", "install")
        policy = ada.read(".gitseal.yaml")
        ada.write(".gitseal.yaml", policy + "    worktree: plain\n")
        ada.gitseal("apply", "--yes")
        assert ada.read(".env") == ENV

        assert "git now adds it so" in ada.gitseal("git", "uninstall").stderr


class TestTheOffer:
    def test_once_a_clone(self, ada: Person) -> None:
        assert OFFER in at_terminal(ada, "status")
        assert OFFER not in at_terminal(ada, "status")

    def test_with_the_hook_that_the_repository_asks_for(self, ada: Person) -> None:
        ada.write(".pre-commit-config.yaml", "repos: [{repo: x, hooks: [{id: gitseal-check}]}]\n")

        assert OFFER + " && pre-commit install" in at_terminal(ada, "check")

    def test_the_hook_alone(self, ada: Person) -> None:
        ada.gitseal("git", "install")
        ada.write(".pre-commit-config.yaml", "repos: [{repo: x, hooks: [{id: gitseal-check}]}]\n")

        told = at_terminal(ada, "check")

        assert "no hook checks commits here yet: pre-commit install" in told
        assert OFFER not in told

    def test_not_where_a_hook_is(self, ada: Person) -> None:
        ada.write(".pre-commit-config.yaml", "repos: [{repo: x, hooks: [{id: gitseal-check}]}]\n")
        hook = ada.folder / ".git/hooks/pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\n")

        assert "pre-commit" not in at_terminal(ada, "check")

    def test_not_where_hooks_live_elsewhere(self, ada: Person) -> None:
        ada.write(".pre-commit-config.yaml", "repos: [{repo: x, hooks: [{id: gitseal-check}]}]\n")
        ada.git("config", "core.hooksPath", "/somewhere")

        assert "pre-commit" not in at_terminal(ada, "check")

    def test_not_where_git_runs_gitseal(self, ada: Person) -> None:
        ada.gitseal("git", "install")

        assert "git install" not in at_terminal(ada, "status")

    def test_not_in_scripts_and_build_services(self, ada: Person) -> None:
        assert OFFER not in ada.gitseal("status").stderr
        assert OFFER not in at_terminal(ada, "status", CI="true")
        assert OFFER not in at_terminal(ada, "status", GITSEAL_NO_INPUT="1")

        assert OFFER in at_terminal(ada, "status")

    @pytest.mark.parametrize(
        "words",
        [("--version",), ("--help",), ("help", "get"), ("--complete-keys", ".env"), ("git",)],
    )
    def test_not_by_the_way(self, ada: Person, words: tuple[str, ...]) -> None:
        assert OFFER not in at_terminal(ada, *words)

    def test_not_where_nothing_is_sealed(self, tmp_path: Path) -> None:
        ben = Person(tmp_path, "ben")
        ben.folder = ben.home / "empty"
        ben.folder.mkdir()
        ben.git("init", "-q")

        assert OFFER not in at_terminal(ben, "status")
        assert not (ben.folder / ".git/gitseal/offered").exists()

    def test_it_goes_nowhere_but_to_standard_error(self, ada: Person) -> None:
        done = pexpect.run(
            f"sh -c '{sys.executable} -m gitseal get .env A 2>/dev/null'",
            cwd=str(ada.folder),
            env=ada.environ,
            encoding="utf-8",
        )

        assert done == "1\r\n"


class TestTheDoctor:
    def test_nothing_is_set_up(self, ada: Person) -> None:
        assert drivers(ada) == [("warn", "git does not run gitseal here")]

    def test_all_is_set_up(self, ada: Person) -> None:
        ada.gitseal("git", "install")

        assert drivers(ada) == [("ok", "git runs gitseal: filter, merge driver, diff command")]

    def test_a_part_is_missing(self, ada: Person) -> None:
        ada.gitseal("git", "install")
        ada.git("config", "--global", "--unset", "merge.gitseal.driver")

        [(level, message)] = drivers(ada)

        assert (level, "merge.gitseal.driver" in message) == ("warn", True)

    @pytest.mark.parametrize(
        ("key", "value", "level"),
        [
            ("filter.gitseal.required", "false", "fail"),
            ("diff.gitseal.cachetextconv", "true", "fail"),
            ("diff.gitseal.textconv", "cat", "warn"),
        ],
    )
    def test_what_lets_clear_text_out(self, ada: Person, key: str, value: str, level: str) -> None:
        ada.gitseal("git", "install")
        ada.git("config", key, value)

        assert (level, True) in [(found, key in message) for found, message in drivers(ada)]

    def test_a_program_that_git_does_not_find(self, ada: Person) -> None:
        ada.gitseal("git", "install")
        ada.git("config", "filter.gitseal.process", "/nowhere/gitseal git filter-process")

        [(level, message)] = drivers(ada)

        assert (level, "/nowhere/gitseal" in message) == ("fail", True)

    def test_a_plain_scope_without_a_filter(self, ada: Person) -> None:
        ada.gitseal("git", "install")
        ada.write(".gitseal.yaml", ada.read(".gitseal.yaml") + "    worktree: plain\n")
        ada.gitseal("apply", "--yes")
        ada.gitseal("git", "uninstall")

        told = ada.gitseal("doctor", code=1).stdout

        assert "no filter seals it at git add here\n      -> gitseal git install" in told


class TestInit:
    def test_plain_files_are_sealed_by_git_if_the_person_agrees(
        self, tmp_path: Path, ada: Person
    ) -> None:
        ben = Person(tmp_path, "ben")
        ben.folder = ben.home / "repo"
        ben.folder.mkdir()
        ben.git("init", "-q")
        ben.write(".env", "DB_PASSWORD=hunter2hunter2\n")
        ben.write(".gitignore", ".env\n")
        child = pexpect.spawn(
            sys.executable, ["-m", "gitseal", "init"], cwd=str(ben.folder), env=ben.environ,
            encoding="utf-8", timeout=60, dimensions=(50, 120),
        )  # fmt: skip
        for expected, answer in (
            ("Seal which files", ""),
            ("How does your application read them", "plain"),
            ("Set git up to seal them", ""),
            ("Where do you merge", ""),
            ("without:", "s"),
        ):
            child.expect(expected)
            child.expect("\\] ")
            child.sendline(answer)
        child.expect(pexpect.EOF)
        child.close()

        assert child.exitstatus == 0, child.before
        assert "git commit" in str(child.before)
        ben.commit("Seal the secrets")
        assert ben.read(".env") == "DB_PASSWORD=hunter2hunter2\n"
        assert "hunter2" not in ben.git("show", "HEAD:.env")
        assert ben.git("status", "--short") == ""
