# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable

import pytest

from vaults import SECRETS, Answer, Vault

Run = Callable[..., Answer]
Git = Callable[..., subprocess.CompletedProcess[str]]
LIST = "hosts: [one, two, three]\n"


@pytest.fixture
def head(git: Git) -> Callable[..., str]:
    return lambda name="HEAD": git("rev-parse", name).stdout[:12]


def lines(done: Answer) -> list[list[str]]:
    """Key, commit and note of each line."""
    assert done.code == 0, done.err
    assert not any(secret in done.out + done.err for secret in (*SECRETS, "rosebud"))
    cells = [line.split("\t") for line in done.out.splitlines()]
    return [[cell[1], cell[2], cell[5]] for cell in cells]


def test_each_value_has_its_commit(
    vault: Vault, run: Run, git: Git, head: Callable[..., str]
) -> None:
    run("set", "conf/app.yaml", "db.port", "1")
    git("commit", "-qam", "port", "--author", "Ben <b@b>", "--date", "2026-01-02T03:04:05Z")

    done = run("blame", "conf/app.yaml")

    assert done.out.splitlines()[1] == (f"3\tdb.port\t{head()}\t2026-01-02T03:04:05+00:00\tBen\t")
    first = head("HEAD~1")
    assert lines(done) == [
        ["db.password", first, ""],
        ["db.port", head(), ""],
        ["users[].name", first, ""],
        ["users[].name", first, ""],
    ]


def test_what_is_not_committed_yet(
    vault: Vault, run: Run, git: Git, head: Callable[..., str]
) -> None:
    run("set", ".env", "DB_PASSWORD", "rosebud")
    run("set", ".env", "FRESH", "rosebud")

    assert lines(run("blame", ".env")) == [
        ["DB_PASSWORD", "", "not committed yet"],
        ["DB_PORT", head(), ""],
        ["FRESH", "", "not committed yet"],
    ]
    assert lines(run("blame", "--rev", "HEAD", ".env")) == [
        ["DB_PASSWORD", head(), ""], ["DB_PORT", head(), ""],
    ]  # fmt: skip


def test_a_file_that_was_never_committed(vault: Vault, run: Run) -> None:
    vault.write("conf/new.yaml", "a: rosebud\n")
    run("encrypt", "conf/new.yaml")

    assert lines(run("blame", "conf/new.yaml")) == [["a", "", "not committed yet"]]


def test_items_of_a_list(vault: Vault, run: Run, git: Git, head: Callable[..., str]) -> None:
    for text in (LIST, LIST.replace("[", "[zero, "), LIST.replace("[", "[zero, ")
                 .replace("two, ", "")):  # fmt: skip
        vault.write("conf/list.yaml", text)
        run("encrypt", "conf/list.yaml")
        git("add", "conf")
        git("commit", "-qm", "x")

    first, second = head("HEAD~2"), head("HEAD~1")
    assert [line[1] for line in lines(run("blame", "conf/list.yaml"))] == [second, first, first]


def test_sealing_again_does_not_count(
    vault: Vault, run: Run, git: Git, head: Callable[..., str]
) -> None:
    first = head()
    run("set", ".env", "DB_PORT", "1")
    git("commit", "-qam", "port")
    port = head()
    run("rotate", "main", "--yes")
    git("add", "-A", "--", "conf", ".env", ".gitseal")
    run("apply", "--yes")
    git("add", "-A", "--", "conf", ".env", ".gitseal")
    git("commit", "-qm", "rotate")
    run("mv", ".env", "conf/moved.env")
    git("add", "-A", "--", "conf", ".env")
    git("commit", "-qm", "moved")

    assert lines(run("blame", "conf/moved.env")) == [
        ["DB_PASSWORD", first, ""], ["DB_PORT", port, ""],
    ]  # fmt: skip
    shutil.rmtree(vault.home / ".config")
    doubt = "sealed again: changed or not, only a key can tell"
    assert lines(run("blame", "conf/moved.env")) == [
        ["DB_PASSWORD", head(), doubt], ["DB_PORT", head(), doubt],
    ]  # fmt: skip


def test_adoption_does_not_count(
    vault: Vault, run: Run, git: Git, head: Callable[..., str]
) -> None:
    vault.write("conf/late.yaml", "a: hunter2\nb: sesame\n")
    git("add", "conf/late.yaml")
    git("commit", "-qm", "clear")
    clear = head()
    vault.write("conf/late.yaml", "a: hunter2\nb: rosebud\n")
    run("encrypt", "conf/late.yaml")
    git("commit", "-qam", "sealed")

    assert lines(run("blame", "conf/late.yaml")) == [["a", clear, ""], ["b", head(), ""]]
    shutil.rmtree(vault.home / ".config")
    note = "sealed: changed or not, only a key can tell"
    assert lines(run("blame", "conf/late.yaml")) == [["a", head(), note], ["b", head(), note]]


def test_clear_values_have_a_commit_as_well(
    vault: Vault, run: Run, git: Git, head: Callable[..., str]
) -> None:
    run("set", "conf/secret.yaml", "metadata.name", "cache")
    git("commit", "-qam", "x")

    found = {line[0]: line[1] for line in lines(run("blame", "conf/secret.yaml"))}

    assert found["metadata.name"] == head()
    assert found["kind"] == found["stringData.password"] == head("HEAD~1")


def test_whole_files(vault: Vault, run: Run, head: Callable[..., str]) -> None:
    assert lines(run("blame", "conf/server.pem")) == [["(whole file)", head(), ""]]


def test_a_plain_scope(vault: Vault, run: Run, git: Git, head: Callable[..., str]) -> None:
    vault.write("local/app.env", "API_TOKEN=hunter2\nFRESH=rosebud\n")

    assert lines(run("blame", "local/app.env")) == [
        ["API_TOKEN", head(), ""], ["FRESH", "", "not committed yet"],
    ]  # fmt: skip
    shutil.rmtree(vault.home / ".config")
    done = run("blame", "local/app.env")
    assert lines(done) == [["API_TOKEN", head(), ""]]
    assert "it alone is told" in done.err


def test_a_worktree_that_cannot_be_read(vault: Vault, run: Run, head: Callable[..., str]) -> None:
    vault.write("conf/app.json", "{")

    done = run("blame", "conf/app.json")

    assert [line[1] for line in lines(done)] == [head()] * 3
    assert "the file in the worktree cannot be read" in done.err


def test_json(vault: Vault, run: Run, git: Git) -> None:
    run("set", ".env", "DB_PASSWORD", "rosebud")

    done = run("blame", "--format", "json", ".env")

    lines(Answer(0, "", done.out))
    document = json.loads(done.out)
    assert document["schema"] == "gitseal/blame/1"
    assert (document["path"], document["revision"], document["scope"]) == (".env", None, "main")
    first, second = document["values"]
    assert (first["key"], first["committed"], first["commit"]) == ("DB_PASSWORD", False, None)
    assert second["commit"] == git("rev-parse", "HEAD").stdout.strip()
    assert (second["line"], second["sealed"], second["doubt"]) == (3, True, None)
    assert second["subject"] == "Seal the secrets"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["nope"], 1, "is not there"),
        (["--rev", "nope", ".env"], 1, "there is no commit 'nope'"),
        (["--rev", "-x\n", ".env"], 1, "line break"),
        (["--format", "x", ".env"], 2, "unknown format"),
        (["."], 2, "the whole repository"),
    ],
)
def test_what_is_not_there(words: list[str], code: int, says: str, vault: Vault, run: Run) -> None:
    done = run("blame", *words)

    assert done.code == code, done.err
    assert says in done.err


def test_an_unreadable_commit_stops_nothing(
    vault: Vault, run: Run, git: Git, head: Callable[..., str]
) -> None:
    vault.write("conf/app.json", "{")
    git("commit", "-qam", "broken")

    done = run("blame", "--rev", "HEAD", "conf/app.json")

    assert done.code != 0
    assert "cannot be read" in done.err
    assert run("blame", "--rev", "HEAD~1", "conf/app.json").code == 0


def test_before_the_first_commit(vault: Vault, run: Run, git: Git) -> None:
    git("update-ref", "-d", "HEAD")

    assert lines(run("blame", ".env"))[0] == ["DB_PASSWORD", "", "not committed yet"]
    assert run("log", ".env").code == 1


def test_a_shallow_clone_says_so(vault: Vault, run: Run, git: Git) -> None:
    (vault.root / ".git/shallow").write_text(git("rev-parse", "HEAD").stdout)

    assert "does not have the whole history" in run("blame", ".env").err
    assert "does not have the whole history" in run("log", ".env").err
