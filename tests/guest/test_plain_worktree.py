# SPDX-License-Identifier: Apache-2.0
"""gitseal's own commands on files that lie clear in the worktree and sealed in git."""

from __future__ import annotations

import pytest

from desk import CANARY, ENV, YAML
from gitworld import Guest, canary_in_objects


def test_a_value_is_read_and_set_where_it_lies(ada: Guest) -> None:
    value = ada.run("gitseal", "get", "config/app.yaml", "db.password", hidden=False)

    ada.seal("set", "config/app.yaml", "db.port", "6543")

    assert value.out == f"{CANARY}\n"
    assert ada.have("config/app.yaml") == YAML.replace("5432", "6543").encode()
    assert ada.status() == " M config/app.yaml\n"


def test_the_editor_shows_and_leaves_clear_text(ada: Guest) -> None:
    ada.seal("edit", "config/app.yaml", EDITOR="sed -i s/5432/6543/")

    assert ada.have("config/app.yaml") == YAML.replace("5432", "6543").encode()
    ada.commit_all()
    ada.sealed("HEAD:config/app.yaml")


def test_a_program_gets_values_from_a_clear_file(ada: Guest) -> None:
    said = ada.run("gitseal", "run", ".env", "--", "sh", "-c", "echo ${#DB_PASSWORD}")

    assert said.out == f"{len(CANARY)}\n"


def test_everything_is_in_order_and_stays_so(ada: Guest) -> None:
    assert "nothing wrong" in ada.seal("check")
    assert "nothing wrong" in ada.seal("check", "--staged")
    assert ".gitseal.yaml is applied" in ada.seal("apply", "--yes")


def test_a_moved_file_stays_clear_here_and_sealed_in_git(ada: Guest) -> None:
    said = ada.seal("mv", ".env", "prod.env")
    ada.do("add", "-A")

    assert "readable in the worktree" in said
    assert ada.have("prod.env") == ENV.encode()
    assert ada.status() == "R  .env -> prod.env\n"
    ada.sealed(":prod.env")


def test_a_file_moved_by_git_needs_nothing(ada: Guest) -> None:
    ada.do("mv", ".env", "prod.env")
    ada.do("commit", "-qm", "moved")

    ada.calm()
    ada.seal("get", "prod.env", "PORT")


@pytest.mark.parametrize("target", ["vault/env.yaml", "config/db.yaml"])
def test_a_file_moves_between_scopes_of_both_kinds(ada: Guest, target: str) -> None:
    source = "config/app.yaml" if target.startswith("vault") else "vault/db.yaml"

    ada.seal("mv", source, target)
    ada.commit_all()

    ada.sealed(f"HEAD:{target}")
    ada.calm()
    assert ada.run("gitseal", "get", target, "db.port").out == "5432\n"
    assert not canary_in_objects(ada.folder)


def test_encrypting_here_changes_nothing_for_git(ada: Guest) -> None:
    ada.seal("encrypt", ".env")
    assert ada.have(".env") == ada.blob(":.env")
    ada.do("add", "-A")
    assert ada.status() == ""

    ada.seal("decrypt", "--in-place", ".env")
    ada.do("add", "-A")
    assert ada.have(".env") == ENV.encode()
    ada.calm()


def test_added_lines_are_sealed_with_the_rest(ada: Guest) -> None:
    with (ada.folder / ".env").open("a") as file:
        file.write(f"NEW={CANARY}\n")
    ada.commit_all()

    ada.calm()
    ada.sealed("HEAD:.env")
    assert not canary_in_objects(ada.folder)


def test_half_an_edit_is_sealed_whole_and_check_says_so(ada: Guest) -> None:
    ada.put("config/app.yaml", f"db:\n  password: [{CANARY}\n")
    ada.do("add", "-A")
    ada.do("stash", "-q")
    ada.calm()
    ada.do("stash", "pop", "-q", "--index")

    assert ada.have("config/app.yaml") == f"db:\n  password: [{CANARY}\n".encode()
    assert ada.blob(":config/app.yaml").startswith(b"\0GITSEAL")
    assert "GS2" in ada.seal("check", "--staged", code=1)
    assert not canary_in_objects(ada.folder)
