# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest

import people
from vaults import SECRETS, Answer, Vault

Run = Callable[..., Answer]
Git = Callable[..., subprocess.CompletedProcess[str]]
NEW = "rosebud"


def hidden(done: Answer) -> bool:
    return not any(secret in done.out + done.err for secret in (*SECRETS, NEW))


def lines(done: Answer) -> list[list[str]]:
    """Kind, key and detail of each line."""
    assert done.code == 0, done.err
    return [line.split("\t")[3:] for line in done.out.splitlines()]


def rotated(vault: Vault, run: Run, git: Git) -> None:
    run("rotate", "main", "--yes")
    git("add", "-A", "--", "conf", ".env", ".gitseal")
    run("apply", "--yes")
    git("add", "-A", "--", "conf", ".env", ".gitseal")
    git("commit", "-qm", "Rotate")


def without_keys(vault: Vault) -> None:
    shutil.rmtree(vault.home / ".config")


def test_one_line_a_change(vault: Vault, run: Run, git: Git) -> None:
    run("set", ".env", "DB_PASSWORD", NEW)
    git("commit", "-qam", "New password", "--author", "Ben <b@b>", "--date", "2026-01-02T03:04:05Z")
    newest = git("rev-parse", "HEAD").stdout[:12]

    done = run("log", ".env")

    first, *rest = done.out.splitlines()
    assert first == f"{newest}\t2026-01-02T03:04:05+00:00\tBen\tchanged\tDB_PASSWORD\t"
    assert [line.split("\t")[3:5] for line in rest] == [
        ["file added", ""], ["added", "DB_PASSWORD"], ["added", "DB_PORT"],
    ]  # fmt: skip
    assert hidden(done)


def test_no_key_is_needed(vault: Vault, run: Run, git: Git) -> None:
    run("set", ".env", "DB_PASSWORD", NEW)
    run("set", ".env", "OTHER", NEW)
    run("unset", ".env", "DB_PORT")
    git("commit", "-qam", "x")
    with_key = run("log", ".env")
    without_keys(vault)

    done = run("log", ".env")

    assert done == with_key
    assert [line[:2] for line in lines(done)[:3]] == [
        ["changed", "DB_PASSWORD"], ["added", "OTHER"], ["removed", "DB_PORT"],
    ]  # fmt: skip


def test_a_fresh_clone_of_a_stranger(stranger: Vault, run: Run, git: Git) -> None:
    done = run("log", "conf/app.yaml")

    assert ["added", "users[].name", ""] in lines(done)
    assert hidden(done)


def test_a_rotation_is_told_from_a_change(vault: Vault, run: Run, git: Git) -> None:
    run("rotate", "main", "--yes")
    run("set", ".env", "DB_PASSWORD", NEW)
    git("add", "-A", "--", "conf", ".env", ".gitseal")
    run("apply", "--yes")
    git("add", "-A", "--", "conf", ".env", ".gitseal")
    git("commit", "-qm", "Rotate and change")

    done = run("log", "-n1", ".env")

    assert lines(done) == [
        ["changed", "DB_PASSWORD", ""],
        ["sealed again", "DB_PORT", "unchanged"],
        ["note", "", "opened with the key of epoch 1, which is retired"],
    ]
    assert hidden(done)


def test_a_rotation_without_a_key(vault: Vault, run: Run, git: Git) -> None:
    rotated(vault, run, git)
    without_keys(vault)

    done = run("log", "-n1", ".env")

    assert lines(done)[0] == [
        "sealed again", "DB_PASSWORD", "changed or not, only a key can tell",
    ]  # fmt: skip
    assert any(line[0] == "note" and "not opened" in line[2] for line in lines(done))


def test_a_retired_key_that_no_record_has_any_more(vault: Vault, run: Run, git: Git) -> None:
    rotated(vault, run, git)
    records = git("rev-parse", "HEAD:.gitseal/keyring").stdout
    assert records
    # The history of the record begins anew, as after a rewrite of it.
    tree = git("rev-parse", "HEAD~1:.env").stdout.strip()
    git("checkout", "-q", "--orphan", "rewritten")
    git("update-index", "--cacheinfo", f"100644,{tree},.env")
    git("commit", "-qm", "Old file, new record")
    git("checkout", "-q", "main", "--", ".env")
    git("commit", "-qam", "New file")

    done = run("log", "-n1", ".env")

    why = "not opened: no record that is trusted here has a key of epoch 1 any more"
    assert ["note", "", why] in lines(done)


def test_an_old_file_that_was_brought_back(vault: Vault, run: Run, git: Git) -> None:
    rotated(vault, run, git)
    run("set", ".env", "DB_PORT", "1")
    git("commit", "-qam", "port")
    git("checkout", "-q", "HEAD~2", "--", ".env")
    git("commit", "-qm", "brought back")

    # Only a record of the days before the rotation has a key of the old epoch.
    assert lines(run("log", "-n1", ".env")) == [
        ["sealed again", "DB_PASSWORD", "unchanged"],
        ["changed", "DB_PORT", ""],
        ["note", "", "opened with the key of epoch 1, which is retired"],
    ]


def test_git_mv_and_gitseal_mv(vault: Vault, run: Run, git: Git) -> None:
    git("mv", "conf/app.json", "conf/by-git.json")
    git("commit", "-qm", "git mv")
    run("mv", "conf/app.json", "conf/by-git.json")
    git("commit", "-qam", "mended")
    run("mv", "conf/by-git.json", "conf/by-us.json")
    run("set", "conf/by-us.json", "retries", "4")
    git("add", "-A", "--", "conf")
    git("commit", "-qm", "gitseal mv")

    found = lines(run("log", "conf/by-us.json"))

    assert found[:4] == [
        ["renamed", "", "from conf/by-git.json"],
        ["sealed again", "token", "unchanged"],
        ["changed", "retries", ""],
        ["sealed again", "nested.key", "unchanged"],
    ]
    assert ["renamed", "", "from conf/app.json"] in found
    moved = "sealed for conf/app.json, and not for this path: gitseal mv would do it"
    assert ["note", "", moved] in found
    assert found[-4] == ["file added", "", ""]
    without_keys(vault)
    blind = lines(run("log", "conf/by-us.json"))
    assert [line for line in blind if line[0] == "renamed"] == [
        ["renamed", "", "from conf/by-git.json"], ["renamed", "", "from conf/app.json"],
    ]  # fmt: skip


def test_only_one_key_and_what_is_below(vault: Vault, run: Run, git: Git) -> None:
    run("set", "conf/app.yaml", "db.password", NEW)
    git("commit", "-qam", "one")
    run("set", "conf/app.yaml", "users[1].name", NEW)
    git("commit", "-qam", "two")

    def keys(word: str) -> list[str]:
        return [line[1] for line in lines(run("log", word))]

    assert keys("conf/app.yaml:db.password") == ["db.password", "db.password"]
    assert keys("conf/app.yaml:db") == ["db.password", "db.password", "db.port"]
    assert keys("conf/app.yaml:/db/port") == ["db.port"]
    for word in ("users[].name", "users", "users[1].name"):
        assert keys(f"conf/app.yaml:{word}") == ["users[].name"] * 3
    assert keys(".env:DB_PORT") == ["DB_PORT"]


@pytest.mark.parametrize(
    ("word", "code", "says"),
    [
        ("nope", 1, "no commit here holds this file"),
        ("nope:a.b", 1, "no commit here holds this file"),
        ("conf", 1, "no commit here holds this file"),
        (".", 2, "the whole repository"),
        ("../x", 6, "outside the repository"),
        (".env:NOPE", 1, "no commit changed this key"),
        ("conf/app.yaml:a..b", 2, "not a key path"),
        ("conf/server.pem:a", 2, "has no keys"),
    ],
)
def test_what_is_not_there(word: str, code: int, says: str, vault: Vault, run: Run) -> None:
    done = run("log", word)

    assert (done.code, done.out) == (code, "")
    assert says in done.err


def test_names_with_colons(vault: Vault, run: Run, git: Git) -> None:
    vault.write("conf/a:b.yaml", "c: hunter2\n")
    run("encrypt", "conf/a:b.yaml")
    git("add", "conf")
    git("commit", "-qm", "x")

    assert lines(run("log", "conf/a:b.yaml")) == [["file added", "", ""], ["added", "c", ""]]
    assert lines(run("log", "conf/a:b.yaml:c")) == [["added", "c", ""]]
    git("rm", "-q", "conf/a:b.yaml")
    git("commit", "-qm", "gone")
    assert lines(run("log", "conf/a:b.yaml:c")) == [["removed", "c", ""], ["added", "c", ""]]


def test_a_file_that_is_gone(vault: Vault, run: Run, git: Git) -> None:
    git("rm", "-q", ".env")
    git("commit", "-qm", "gone")

    assert lines(run("log", ".env"))[:3] == [
        ["file removed", "", ""], ["removed", "DB_PASSWORD", ""], ["removed", "DB_PORT", ""],
    ]  # fmt: skip


def test_other_branches(vault: Vault, run: Run, git: Git) -> None:
    git("checkout", "-qb", "side")
    run("set", ".env", "SIDE", NEW)
    git("commit", "-qam", "side")
    git("checkout", "-q", "main")

    assert "SIDE" not in run("log", ".env").out
    assert ["added", "SIDE", ""] in lines(run("log", "--all", ".env"))


def test_the_time_before_adoption(vault: Vault, run: Run, git: Git) -> None:
    git("checkout", "-q", "--orphan", "other")
    vault.write("conf/late.yaml", "a: hunter2\nb: sesame\n")
    git("add", "conf/late.yaml")
    git("commit", "-qm", "clear")
    vault.write("conf/late.yaml", "a: hunter2\nb: rosebud\n")
    run("encrypt", "conf/late.yaml")
    git("commit", "-qam", "sealed")

    done = run("log", "conf/late.yaml")

    assert lines(done) == [
        ["sealed", "a", "unchanged"],
        ["changed", "b", ""],
        ["file added", "", ""],
        ["added", "a", "IN CLEAR"],
        ["added", "b", "IN CLEAR"],
        ["note", "", "in clear in this commit"],
    ]
    assert hidden(done)
    revealed = lines(run("log", "--reveal", "conf/late.yaml"))
    assert revealed[0] == ["sealed", "a", "unchanged; hunter2"]
    assert revealed[1] == ["changed", "b", "sesame -> rosebud"]
    assert revealed[3] == ["added", "a", "hunter2; IN CLEAR"]
    without_keys(vault)
    blind = lines(run("log", "conf/late.yaml"))
    assert blind[0] == ["sealed", "a", "changed or not, only a key can tell"]


def test_a_path_that_went_over_to_another_scope(vault: Vault, run: Run, git: Git) -> None:
    run("set", ".env", "DB_PORT", "1")
    git("commit", "-qam", "port")
    clear = run("decrypt", ".env").out
    vault.replace(".gitseal.yaml", '".env", "conf/**"', '"conf/**"')
    vault.replace(
        ".gitseal.yaml", "  local:\n", "  own:\n    files: [.env]\n    readers: [ada]\n  local:\n"
    )
    assert run("apply", "--yes").code == 0
    vault.write(".env", clear.replace("DB_PORT=1", "DB_PORT=2"))
    run("encrypt", ".env")
    git("add", ".env", ".gitseal", ".gitseal.yaml")
    git("commit", "-qm", "another scope")

    found = lines(run("log", ".env"))

    assert found[:3] == [
        ["sealed again", "DB_PASSWORD", "unchanged"], ["changed", "DB_PORT", ""],
        ["changed", "DB_PORT", ""],
    ]  # fmt: skip
    assert not [line for line in found if line[0] == "note"]


def test_a_leak_is_named(vault: Vault, run: Run, git: Git) -> None:
    vault.write(".env", "DB_PASSWORD=hunter2\nDB_PORT=8080\n")
    git("add", ".env")
    git("commit", "-qm", "oops")

    done = run("log", "-n1", ".env")

    assert ["in clear", "DB_PASSWORD", "unchanged; IN CLEAR"] in lines(done)
    assert ["note", "", "in clear in this commit"] in lines(done)
    assert hidden(done)


def test_reveal_shows_values(vault: Vault, run: Run, git: Git) -> None:
    run("set", ".env", "DB_PASSWORD", NEW)
    git("commit", "-qam", "x")

    assert lines(run("log", "--reveal", "-n1", ".env")) == [
        ["changed", "DB_PASSWORD", "hunter2 -> rosebud"]
    ]
    without_keys(vault)
    assert lines(run("log", "--reveal", "-n1", ".env"))[0] == [
        "changed", "DB_PASSWORD", "(not opened)",
    ]  # fmt: skip


def test_whole_files_have_sizes(vault: Vault, run: Run, git: Git) -> None:
    vault.write("conf/server.pem", "rosebud\n" * 200)
    run("encrypt", "conf/server.pem")
    git("commit", "-qam", "x")

    first, *_rest = lines(run("log", "--reveal", "conf/server.pem"))

    assert first == ["changed", "(whole file)", "46 bytes -> 1.6 KiB"]
    assert hidden(run("log", "--reveal", "conf/server.pem"))
    assert lines(run("log", "conf/server.pem"))[0][2].startswith("about ")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("<<<<<<< a\n", "cannot be read at this commit"),
        ("A=seal:v1[_broken_]\n", "cannot be read at this commit"),
        ("A=1\n# gitseal scope: 5\n", "cannot be read at this commit"),
        ("\0\udcff", "cannot be read at this commit"),
        ("", ""),
    ],
)
def test_what_cannot_be_read_is_told(
    content: str, says: str, vault: Vault, run: Run, git: Git
) -> None:
    good = vault.read(".env")
    vault.write(".env", content.encode(errors="surrogateescape"))
    git("commit", "-qam", "broken")
    vault.write(".env", good)
    git("commit", "-qam", "mended")

    done = run("log", ".env")

    assert says in done.out
    assert lines(done)[-1][:2] == ["added", "DB_PORT"]
    assert run("blame", ".env").code == 0


def test_a_tampered_commit_is_told(vault: Vault, run: Run, git: Git) -> None:
    vault.replace(".env", "DB_PORT", "DB_PROT")
    git("commit", "-qam", "tampered")

    done = run("log", "-n1", ".env")

    assert ["added", "DB_PROT", ""] in lines(done)
    assert "altered without a key, or damaged: the seal does not verify" in lines(done)[-1][2]


def test_a_faked_header_opens_nothing(vault: Vault, run: Run, git: Git) -> None:
    text = vault.read(".env")
    vault.write(".env", text.replace('"main"', '"local"'))
    git("commit", "-qam", "another scope")
    vault.write(".env", text.replace("gitseal epoch: 1", "gitseal epoch: 7"))
    git("commit", "-qam", "another epoch")

    done = run("log", "--reveal", ".env")

    assert done.code == 0
    assert "hunter2" in done.out.splitlines()[-2]  # the first commit, which is in order
    notes = [line[2] for line in lines(done) if line[0] == "note"]
    assert "sealed in epoch 7, which the record of main does not have" in notes[0]
    assert "sealed for scope local, but its path belongs to scope main" in notes[1]


def test_a_broken_record_of_the_past_fails_nothing(vault: Vault, run: Run, git: Git) -> None:
    good = vault.read(".gitseal/keyring/main.json")
    vault.write(".gitseal/keyring/main.json", "{")
    run("set", ".env", "DB_PORT", "1")
    vault.write(".env", vault.read(".env") + "\n")
    git("commit", "-qam", "broken")
    vault.write(".gitseal/keyring/main.json", good)
    run("set", ".env", "DB_PORT", "2")
    git("commit", "-qam", "mended")

    assert lines(run("log", "-n1", ".env")) == [["changed", "DB_PORT", ""]]
    assert run("log", ".env").code == 0


def test_links_are_not_followed(vault: Vault, run: Run, git: Git) -> None:
    (vault.root / ".env").unlink()
    (vault.root / ".env").symlink_to("conf/app.yaml")
    git("commit", "-qam", "a link")

    done = run("log", ".env")

    assert ["note", "", "cannot be read at this commit: it is a link or a submodule"] in lines(done)


def test_hostile_names_are_escaped(vault: Vault, run: Run, git: Git) -> None:
    evil = "x\x1b]0;x\x07[red]\u202eadA"
    run("set", ".env", "DB_PORT", "1")
    git("commit", "-qam", f"{evil}\n", "--author", f"{evil} <a@b>")

    done = run("log", ".env")

    assert "\x1b" not in done.out
    assert "\u202e" not in done.out
    assert "\\x1b" in done.out
    assert lines(done)[0] == ["changed", "DB_PORT", ""]


def test_json(vault: Vault, run: Run, git: Git) -> None:
    run("set", ".env", "DB_PASSWORD", NEW)
    git("commit", "-qam", "New password")

    done = run("log", "--format", "json", ".env:DB_PASSWORD")

    assert hidden(done)
    document = json.loads(done.out)
    assert document["schema"] == "gitseal/log/1"
    assert (document["path"], document["key"]) == (".env", "DB_PASSWORD")
    newest, oldest = document["commits"]
    assert newest["commit"] == git("rev-parse", "HEAD").stdout.strip()
    assert (newest["author"], newest["subject"]) == ("Ada Lovelace", "New password")
    assert (newest["scope"], newest["merge"], newest["notes"]) == ("main", False, [])
    [change] = newest["changes"]
    assert (change["kind"], change["key"], change["content"]) == (
        "changed", "DB_PASSWORD", "changed",
    )  # fmt: skip
    assert change["new"] == {"line": 2, "sealed": True, "exposed": False}
    assert oldest["changes"][0]["kind"] == "added"
    revealed = json.loads(run("log", "--reveal", "--format", "json", ".env:DB_PASSWORD").out)
    assert revealed["commits"][0]["changes"][0]["new"]["source"] == NEW


def test_the_number_of_commits(vault: Vault, run: Run, git: Git) -> None:
    for value in ("1", "2", "3"):
        run("set", ".env", "DB_PORT", value)
        git("commit", "-qam", value)

    assert len(lines(run("log", "-n", "2", ".env"))) == 2
    assert run("log", "-n", "0", ".env").code == 2


def test_git_is_asked_a_few_times_for_any_history(
    vault: Vault, run: Run, git: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which("git")
    counter = tmp_path / "bin" / "git"
    counter.parent.mkdir()
    counter.write_text(f'#!/bin/sh\necho x >> "{tmp_path}/calls"\nexec "{real}" "$@"\n')
    counter.chmod(0o755)
    for value in range(12):
        run("set", ".env", "DB_PORT", str(value))
        git("commit", "-qam", "x")
    monkeypatch.setenv("PATH", f"{counter.parent}{os.pathsep}{os.environ['PATH']}")

    for words in (["log", ".env"], ["blame", ".env"]):
        (tmp_path / "calls").unlink(missing_ok=True)
        assert run(*words).code == 0
        assert len((tmp_path / "calls").read_text().split()) <= 5


def in_terminal(vault: Vault, *words: str, **environ: str) -> str:
    variables: Any = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", **environ}
    child = pexpect.spawn(
        sys.executable, ["-m", "gitseal", *words], cwd=str(vault.root), env=variables,
        encoding="utf-8", dimensions=(50, 120), timeout=30,
    )  # fmt: skip
    child.expect(pexpect.EOF)
    text: str = child.before
    child.close()
    assert child.exitstatus == 0, text
    return text


def test_a_terminal_gets_a_table(vault: Vault, run: Run, git: Git) -> None:
    many = "".join(f"K{at}={NEW}\n" for at in range(20))
    vault.write(".env", many)
    run("encrypt", ".env")
    git("commit", "-qam", "[red]Many", "--author", "[bold]Ben <b@b>")

    plain = in_terminal(vault, "log", "--max-count=1", ".env", NO_COLOR="1")
    colored = in_terminal(vault, "log", "--max-count=1", ".env", NO_COLOR="")

    table = [line for line in plain.splitlines() if not line.startswith("gitseal:")]
    first, second, *rest = table
    assert first.split() == ["COMMIT", "DATE", "AUTHOR", "WHAT"]
    assert second.split()[2:] == ["[bold]Ben", "[red]Many"]
    assert any("added" in line and "K7 and 12 more" in line for line in rest), plain
    assert "\x1b" not in plain
    assert "\x1b[" in colored
    assert NEW not in plain + colored


def test_two_people(tmp_path: Path) -> None:
    ada, ben = people.pair(tmp_path)
    ben.gitseal("set", ".env", "A", "2")
    ben.commit("Ben changes A")
    ada.git("pull", "-q", str(ben.folder), "main")
    ada.gitseal("set", ".env", "B", "3")
    ada.commit("Ada changes B")
    eve = people.Person(tmp_path, "eve")
    eve.clone(ada)

    for person in (ada, eve):
        found = [line.split("\t") for line in person.gitseal("log", ".env").stdout.splitlines()]
        assert [(line[2], line[4]) for line in found[:2]] == [("ada", "B"), ("ben", "A")]
