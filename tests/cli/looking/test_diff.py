# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable

import pytest

from vaults import SECRETS, Answer, Vault

Run = Callable[..., Answer]
Git = Callable[..., subprocess.CompletedProcess[str]]


def hidden(done: Answer) -> bool:
    return not any(secret in done.out + done.err for secret in (*SECRETS, "rosebud"))


def test_nothing_changed(vault: Vault, run: Run) -> None:
    assert run("diff") == (0, "", "")


def test_a_changed_value_is_told_by_its_fingerprints(vault: Vault, run: Run) -> None:
    run("set", "conf/app.yaml", "db.password", "rosebud")

    done = run("diff")

    assert done.code == 0
    first, line = done.out.splitlines()
    assert first == "conf/app.yaml  modified (scope main)"
    assert re.fullmatch(r"  db\.password  changed  \([0-9a-z]{8} -> [0-9a-z]{8}\)", line)
    assert hidden(done)


def test_equal_values_have_equal_fingerprints(vault: Vault, run: Run, git: Git) -> None:
    run("set", ".env", "DB_PASSWORD", "rosebud")
    there = run("diff").out
    git("commit", "-qam", "x")
    run("set", ".env", "DB_PASSWORD", "hunter2")
    back = run("diff").out

    old, new = re.findall(r"[0-9a-z]{8}", there.splitlines()[1])
    assert re.findall(r"[0-9a-z]{8}", back.splitlines()[1]) == [new, old]


def test_reveal_shows_values(vault: Vault, run: Run) -> None:
    run("set", ".env", "DB_PASSWORD", "rosebud")

    assert "  DB_PASSWORD  changed  (hunter2 -> rosebud)\n" in run("diff", "--reveal").out


def test_added_and_removed(vault: Vault, run: Run) -> None:
    run("set", "conf/app.json", "fresh", "rosebud")
    run("unset", "conf/app.json", "retries")

    lines = run("diff").out.splitlines()

    assert re.fullmatch(r"  fresh  added  \([0-9a-z]{8}\)", lines[1])
    assert re.fullmatch(r"  retries  removed  \([0-9a-z]{8}\)", lines[2])


def test_clear_values_are_shown(vault: Vault, run: Run) -> None:
    run("set", "conf/secret.yaml", "metadata.name", "cache")

    assert "  metadata.name  changed  (db -> cache)\n" in run("diff").out


def test_a_leak_is_named_and_not_shown(vault: Vault, run: Run) -> None:
    vault.write(".env", vault.read(".env") + "NEW=rosebud\n")

    done = run("diff")

    assert "  NEW  added  (" in done.out
    assert "IN CLEAR" in done.out
    assert hidden(done)


def test_without_a_key_it_still_says_which(vault: Vault, run: Run, git: Git) -> None:
    run("set", "conf/app.yaml", "db.password", "rosebud")
    run("set", "conf/app.yaml", "fresh", "rosebud")
    shutil.rmtree(vault.home / ".config")

    done = run("diff")

    assert "  db.password  changed\n" in done.out
    assert "  fresh  added\n" in done.out
    assert "db.port" not in done.out
    assert "was not opened" in done.out
    assert done.code == 0


def test_two_commits(vault: Vault, run: Run, git: Git) -> None:
    run("set", ".env", "DB_PASSWORD", "rosebud")
    git("commit", "-qam", "second")
    run("set", ".env", "DB_PORT", "1")
    git("commit", "-qam", "third")

    assert run("diff").out == ""
    assert "DB_PASSWORD" in run("diff", "HEAD~2..HEAD~1").out
    assert "DB_PORT" not in run("diff", "HEAD~2..HEAD~1").out
    assert "DB_PORT" in run("diff", "HEAD~2").out
    assert "DB_PORT" in run("diff", "HEAD~2", "HEAD", ".env").out
    assert run("diff", "HEAD~2..HEAD", "conf").out == ""


def test_the_index(vault: Vault, run: Run, git: Git) -> None:
    run("set", ".env", "DB_PASSWORD", "rosebud")
    assert run("diff", "--staged").out == ""
    git("add", ".env")

    assert "DB_PASSWORD  changed" in run("diff", "--cached").out


def test_exit_code_is_asked_for(vault: Vault, run: Run) -> None:
    assert run("diff", "--exit-code").code == 0
    run("set", ".env", "DB_PASSWORD", "rosebud")

    assert run("diff", "--exit-code").code == 1
    assert run("diff").code == 0


def test_a_moved_file(vault: Vault, run: Run) -> None:
    run("mv", "conf/app.yaml", "conf/moved.yaml")

    assert run("diff").out == (
        "conf/moved.yaml  renamed from conf/app.yaml (scope main)\n"
        "  4 values sealed again, unchanged\n"
    )


def test_a_rotation_changes_no_value(vault: Vault, run: Run, git: Git) -> None:
    run("rotate", "main", "--yes")
    git("add", "-A", "--", "conf", ".env", ".gitseal")
    git("commit", "-qm", "rotated")
    run("apply", "--yes")

    done = run("diff", "HEAD~1", "--", ".env")

    assert "2 values sealed again, unchanged" in done.out
    assert "note: HEAD~1 is of epoch 1, which is retired" in done.out


def test_a_rotation_without_a_key_is_no_change_that_anyone_could_tell(
    vault: Vault, run: Run
) -> None:
    run("rotate", "main", "--yes")
    shutil.rmtree(vault.home / ".config")

    assert "DB_PASSWORD  sealed again: changed or not, only a key can tell" in run("diff").out


def test_an_item_inserted_into_a_list_is_one_change(vault: Vault, run: Run) -> None:
    vault.write("conf/list.yaml", "hosts: [one, two, three]\n")
    run("encrypt", "conf/list.yaml")
    subprocess.run(["git", "add", "conf/list.yaml"], check=True)
    subprocess.run(["git", "commit", "-qm", "list"], check=True)
    vault.write("conf/list.yaml", "hosts: [zero, one, two, three]\n")
    run("encrypt", "conf/list.yaml")

    lines = run("diff", "--reveal").out.splitlines()

    assert lines == ["conf/list.yaml  modified (scope main)", "  hosts[]  added  (zero)"]


def test_whole_files(vault: Vault, run: Run) -> None:
    vault.write("conf/server.pem", "rosebud\n" * 200)
    run("encrypt", "conf/server.pem")

    assert "  whole file, 46 bytes -> 1.6 KiB\n" in run("diff").out
    assert hidden(run("diff"))
    assert "  +rosebud\n" in run("diff", "--reveal").out


def test_plain_scopes_compare_clear_with_sealed(vault: Vault, run: Run) -> None:
    assert run("diff").out == ""
    vault.write("local/app.env", "API_TOKEN=rosebud\n")

    done = run("diff")

    assert "  API_TOKEN  changed  (" in done.out
    assert "IN CLEAR" not in done.out
    assert hidden(done)


def test_a_value_that_was_sealed_stays_hidden_when_rules_clear_it(
    vault: Vault, run: Run, git: Git
) -> None:
    vault.replace(".gitseal.yaml", "kind, apiVersion]", "kind, apiVersion, DB_PORT]")
    assert run("apply", "--yes", "--allow-clear").code == 0

    done = run("diff", "--", ".env")

    assert "8080 ->" not in done.out
    assert "DB_PASSWORD" not in done.out


def test_comments_are_told_apart(vault: Vault, run: Run) -> None:
    clear = run("decrypt", "conf/app.yaml").out
    vault.write("conf/app.yaml", clear.replace("was sesame", "was rosebud"))
    run("encrypt", "conf/app.yaml")

    assert run("diff").out == "conf/app.yaml  modified (scope main)\n  comments changed\n"


def test_before_the_first_commit(vault: Vault, run: Run, git: Git) -> None:
    git("update-ref", "-d", "HEAD")

    assert ".env  added (scope main)" in run("diff").out


def test_a_deleted_file_can_be_named(vault: Vault, run: Run) -> None:
    (vault.root / ".env").unlink()

    lines = run("diff", ".env").out.splitlines()

    assert lines[0] == ".env  removed (scope main)"
    assert len(lines) == 3


def test_a_word_that_is_nothing(vault: Vault, run: Run) -> None:
    done = run("diff", "nope")

    assert done.code == 1
    assert "'nope' is neither a commit nor a file" in done.err


def test_a_damaged_side_is_told_and_fails_nothing(vault: Vault, run: Run) -> None:
    vault.write("conf/app.json", "{")
    vault.replace(".env", "DB_PORT", "DB_PROT")

    done = run("diff")

    assert done.code == 0
    assert "the worktree cannot be compared by key" in done.out
    assert "the worktree was not opened: the seal does not verify" in done.out


def test_json(vault: Vault, run: Run) -> None:
    run("set", ".env", "DB_PASSWORD", "rosebud")

    done = run("diff", "--format", "json")

    assert hidden(done)
    document = json.loads(done.out)
    assert document["schema"] == "gitseal/diff/1"
    [file] = document["files"]
    assert (file["path"], file["kind"], file["opened"]) == (".env", "modified", True)
    [value] = file["values"]
    assert (value["key"], value["kind"]) == ("DB_PASSWORD", "changed")
    assert value["old"]["source"] is value["new"]["source"] is None
    assert value["old"]["fingerprint"] != value["new"]["fingerprint"]


@pytest.mark.parametrize("words", [["nope"], ["nope..HEAD"], ["HEAD...HEAD~0"], ["--format", "x"]])
def test_what_is_not_understood(words: list[str], vault: Vault, run: Run) -> None:
    done = run("diff", *words)

    assert done.code in {1, 2}
    assert done.err.startswith("gitseal: error: ")
