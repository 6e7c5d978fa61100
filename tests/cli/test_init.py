# SPDX-License-Identifier: Apache-2.0
"""The first minutes: what `init` finds, asks, writes and leaves alone."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pexpect
import pytest

from people import Person

SECRET = "DB_PASSWORD=hunter2hunter2\n"


@pytest.fixture
def ada(tmp_path: Path) -> Person:
    person = Person(tmp_path, "ada")
    person.folder = person.home / "repo"
    person.folder.mkdir()
    person.git("init", "-q", "-b", "main")
    return person


def terminal(person: Person, *words: str) -> pexpect.spawn[str]:
    return pexpect.spawn(
        sys.executable,
        ["-m", "gitseal", *words],
        cwd=str(person.folder),
        env=person.environ,
        encoding="utf-8",
        timeout=60,
        dimensions=(50, 120),
    )


def test_enter_is_right_for_every_question(ada: Person) -> None:
    ada.write(".env", SECRET)
    child = terminal(ada, "init")

    child.expect("Seal which files\\?.*\\.env")
    child.sendline("")
    child.expect("How does your application read them")
    child.sendline("")
    child.expect("Where do you merge")
    child.sendline("")
    child.expect("Write it on paper")
    child.expect("((?:[a-z]{5}\\s+){18})")
    words = child.match.group(1).split()
    child.expect("without")
    child.sendline("")
    child.expect(pexpect.EOF)
    child.close()

    assert child.exitstatus == 0
    told = child.before or ""
    assert "gitseal edit .env" in told
    assert "git commit" in told
    assert "hunter2" not in ada.read(".env")
    from gitseal.masterkeys.recovery import RecoveryKey

    recovery = RecoveryKey.from_words(" ".join(words)).identity().recipient
    assert f"recovery: {recovery}" in ada.read(".gitseal.yaml")


def test_the_recovery_key_can_be_declined(ada: Person) -> None:
    ada.write(".env", SECRET)
    child = terminal(ada, "init")
    for _ in range(3):
        child.expect("\\] $")
        child.sendline("")
    child.expect("without")
    child.sendline("s")
    child.expect(pexpect.EOF)

    assert "recovery" not in ada.read(".gitseal.yaml")


def test_nothing_is_asked_where_nobody_is(ada: Person) -> None:
    ada.write(".env", SECRET)

    refused = ada.gitseal("init", code=2)

    assert "--yes" in refused.stderr
    assert ada.read(".env") == SECRET
    assert not (ada.folder / ".gitseal.yaml").exists()


def test_yes_takes_the_usual_answers_and_shows_no_recovery_key(ada: Person) -> None:
    ada.write(".env", SECRET)
    ada.write("config/db.yaml", "password: 'correct horse'\n")
    ada.write("config/public.yaml", "name: shop\n")
    ada.write(".env.example", "DB_PASSWORD=\n")

    told = ada.gitseal("init", "--yes").stderr

    assert "recovery" not in told
    assert "horse" not in ada.read("config/db.yaml")
    assert ada.read("config/public.yaml") == "name: shop\n"
    assert ada.read(".env.example") == "DB_PASSWORD=\n"
    assert ada.gitseal("decrypt", "config/db.yaml").stdout == "password: 'correct horse'\n"


def test_what_gitignore_hides_is_sealed_and_let_in(ada: Person) -> None:
    ada.write(".gitignore", "*.log\n.env\n")
    ada.write(".env", SECRET)

    told = ada.gitseal("init", "--yes").stderr

    assert ".gitignore:2" in told
    assert ada.read(".gitignore").startswith("*.log\n.env\n")
    assert ".env" in ada.git("status", "--short", "-uall")


def test_a_plain_worktree_stays_clear_and_hidden(ada: Person) -> None:
    ada.write(".gitignore", ".env\n")
    ada.write(".env", SECRET)

    told = ada.gitseal("init", "--yes", "--worktree", "plain").stderr

    assert ada.read(".env") == SECRET
    assert ada.read(".gitignore") == ".env\n"
    assert "gitseal git install" in told
    assert "git add" not in told


def test_it_says_when_history_holds_a_secret_in_clear(ada: Person) -> None:
    ada.write(".env", SECRET)
    ada.commit("Oops")

    told = ada.gitseal("init", "--yes").stderr

    assert re.search("old commits since [0-9a-f]{10} \\(ada\\)", told)
    assert "at their source" in told


def test_a_second_init_is_refused(ada: Person) -> None:
    ada.write(".env", SECRET)
    ada.gitseal("init", "--yes")
    before = ada.read(".gitseal.yaml")

    assert "gitseal trust" in ada.gitseal("init", "--yes", code=6).stderr
    assert ada.read(".gitseal.yaml") == before


def test_a_reader_whose_key_is_none_leaves_nothing_behind(ada: Person) -> None:
    ada.write(".env", SECRET)

    ada.gitseal("init", "--yes", "--reader", "ci=age1nonsense", code=2)

    assert ada.read(".env") == SECRET
    assert not (ada.folder / ".gitseal.yaml").exists()
    assert not (ada.folder / ".gitseal").exists()


def test_context_scope_and_readers_from_flags(ada: Person, tmp_path: Path) -> None:
    ben = Person(tmp_path, "ben")
    ada.write("secrets/db.yaml", "a: b\n")
    ada.gitseal(
        "init", "--yes", "--scope", "payments-prod", "--context", "app=payments",
        "--context", "env=prod", "--files", "secrets/**", "--reader", f"ben={ben.key()}",
        "--name", "ada", "--integrity", "mergeable",
    )  # fmt: skip

    policy = ada.read(".gitseal.yaml")
    assert "payments-prod" in policy
    assert "app: payments" in policy
    assert "a: b" not in ada.read("secrets/db.yaml")
    assert "seal: " not in ada.read("secrets/db.yaml").partition("gitseal:")[2]
    ada.commit("Start")
    ben.clone(ada)
    ben.gitseal("trust", "--yes")
    assert ben.gitseal("decrypt", "secrets/db.yaml").stdout == "a: b\n"


def test_an_existing_identity_is_used(ada: Person) -> None:
    recipient = ada.key()
    ada.write(".env", SECRET)

    told = ada.gitseal("init", "--yes").stderr

    assert "your key:" in told
    assert recipient in ada.read(".gitseal.yaml")


def test_outside_a_repository_it_says_what_to_do(tmp_path: Path) -> None:
    ada = Person(tmp_path, "ada")

    assert "git init" in ada.gitseal("init", "--yes", code=2).stderr


def test_what_cannot_be_sealed_is_said_and_the_rest_is_sealed(ada: Person) -> None:
    ada.write("a.yaml", "password: {{ template }}\n")
    ada.write("b.yaml", "password: hunter2\n")

    told = ada.gitseal("init", "--yes", "--files", "*.yaml", code=1).stderr

    assert "a.yaml:1:" in told
    assert "whole" in told
    assert str(ada.folder) not in told
    assert "hunter2" not in ada.read("b.yaml")


def test_a_dry_run_makes_no_key_and_writes_nothing(ada: Person) -> None:
    ada.write(".env", SECRET)

    told = ada.gitseal("init", "--dry-run").stderr

    assert "would seal .env" in told
    assert ada.git("status", "--short").split() == ["??", ".env"]
    assert ada.read(".env") == SECRET
    assert not (ada.home / ".config").exists()


def test_a_nested_file_cannot_switch_the_filter_off_in_the_first_clone_either(ada: Person) -> None:
    ada.write(".env", SECRET)
    ada.gitseal("init", "--yes", "--files", ".env")
    ada.write("app/.gitattributes", "* -filter\n")
    ada.write("app/.env", SECRET)

    assert ada.git("check-attr", "filter", "app/.env") == "app/.env: filter: gitseal\n"
