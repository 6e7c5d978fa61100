# SPDX-License-Identifier: Apache-2.0
"""`git diff` shows what changed by key, values only when asked for, and stores nothing."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest

from desk import CANARY, ENV, PEM, YAML
from gitworld import PUBLIC, Guest, canary_in_objects, is_sealed

OTHER = f"{CANARY}-other"
NEW = ENV.replace(CANARY, OTHER).replace("8080", "9090")

ELSEWHERE = [
    "format-patch --stdout HEAD~1", "show", "log -p", "diff-tree -p HEAD", "stash list -p",
    "diff --no-ext-diff HEAD~1", "log -p -SDB_PASSWORD", "log -p -G seal", "show HEAD:.env",
    "range-diff HEAD~1..HEAD HEAD~1..HEAD", "grep --cached -n DB_", "blame HEAD -- .env",
    "blame .env", "cat-file -p HEAD:.env", "diff --stat HEAD~1", "diff-index -p HEAD~1",
    "show --textconv", "bundle create - --all", "fast-export --all",
    "cat-file --textconv HEAD:.env", "log -p --cc", "diff --word-diff --no-ext-diff HEAD~1",
]  # fmt: skip
"""Commands that ask for no external diff."""


def _shown(ada: Guest, *words: str, **environ: str) -> str:
    """Give what `git diff` says, with values in it if need be."""
    return ada.run("git", "diff", *words, hidden=False, env=environ).out


class TestWhatIsShown:
    def test_of_an_edit_is_key_paths_without_values(self, ada: Guest) -> None:
        ada.put(".env", NEW)
        said = ada.do("diff")
        assert ".env  modified" in said
        assert "DB_PASSWORD" in said
        assert "9090" not in said
        ada.do("add", ".env")
        assert ada.do("diff") == ""
        assert "DB_PASSWORD" in ada.do("diff", "--cached")
        ada.do("commit", "-qm", "second")
        assert ada.do("diff", "HEAD~1", "HEAD") == ada.do("diff", "HEAD~1..HEAD") == said
        assert "DB_PASSWORD" in ada.do("diff", "HEAD~1", "HEAD", "--", ".env")

    def test_of_many_files_is_all_of_them(self, ada: Guest) -> None:
        ada.put(".env", NEW)
        ada.put("config/app.yaml", YAML.replace("5432", "1"))
        ada.put("server.pem", PEM + "more\n")
        ada.put(PUBLIC, "changed in public\n")
        said = ada.do("diff")
        assert "DB_PASSWORD" in said
        assert "db.port" in said
        assert "server.pem  modified" in said
        assert "whole file" in said
        assert "+changed in public" in said

    def test_of_a_file_that_comes_goes_or_moves(self, ada: Guest) -> None:
        ada.put("config/new.env", NEW)
        ada.do("add", "-N", "config/new.env")
        assert "config/new.env  added" in ada.do("diff")
        ada.do("add", "-A")
        ada.do("rm", "-q", "server.pem")
        ada.do("mv", "config/app.yaml", "config/moved.yaml")
        ada.put("config/moved.yaml", YAML.replace("5432", "1"))
        ada.do("add", "-A")
        said = ada.do("diff", "--cached", "-M30")
        assert "config/new.env  added" in said
        assert "server.pem  removed" in said
        assert "config/moved.yaml  renamed from config/app.yaml" in said
        assert "db.port" in said

    def test_of_a_mode_alone_is_the_mode(self, ada: Guest) -> None:
        (ada.folder / ".env").chmod(0o755)
        assert ada.do("diff") == ".env  mode 100644 -> 100755\n"

    def test_of_a_file_that_becomes_a_link_is_no_content(self, ada: Guest) -> None:
        outside = ada.home / "outside"
        outside.write_text(f"X={CANARY}\n")
        (ada.folder / ".env").unlink()
        os.symlink(outside, ada.folder / ".env")
        ada.run("git", "-c", "gitseal.reveal=true", "diff", hidden=False)
        assert OTHER not in ada.do("diff")
        ada.do("add", ".env")
        assert not canary_in_objects(ada.folder)

    def test_of_a_conflict_is_that_there_is_one(self, ada: Guest) -> None:
        ada.do("switch", "-qc", "topic")
        ada.put(".env", NEW)
        ada.commit_all("theirs")
        ada.do("switch", "-q", "main")
        ada.put(".env", ENV.replace(CANARY, f"{CANARY}-third"))
        ada.commit_all("ours")
        ada.do("merge", "topic", code=1)
        assert "in conflict" in ada.do("diff", "--cached")
        assert ".env" in ada.do("diff")
        assert CANARY not in ada.do("diff", "--ours") + ada.do("diff", "--base")
        ada.do("merge", "--abort")
        assert not canary_in_objects(ada.folder)

    def test_of_a_sealed_worktree_is_the_same(self, ada: Guest) -> None:
        ada.seal("set", "vault/db.yaml", "db.port", "1")
        assert "db.port" in ada.do("diff")
        assert "seal:v1" not in ada.do("diff")

    def test_goes_through_a_pager(self, ada: Guest) -> None:
        ada.put(".env", NEW)
        master, terminal = pty.openpty()
        subprocess.run(
            ["git", "diff"], cwd=ada.folder, env=ada.environ | {"GIT_PAGER": "cat -n"},
            stdin=terminal, stdout=terminal, stderr=terminal, check=True,
        )  # fmt: skip
        os.close(terminal)
        said = os.read(master, 1 << 16).decode()
        os.close(master)
        assert "     1\t.env  modified" in said
        assert "     2\t  DB_PASSWORD  changed" in said

    def test_is_nothing_where_nothing_changed(self, ada: Guest) -> None:
        ada.touch()
        assert ada.do("diff") == ""
        assert ada.do("diff", "HEAD") == ""


class TestValues:
    def test_are_shown_where_the_user_says_so(self, ada: Guest) -> None:
        ada.put(".env", NEW)
        setting = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "gitseal.reveal"}
        assert OTHER in _shown(ada, **setting, GIT_CONFIG_VALUE_0="yes")
        said = ada.run("git", "-c", "gitseal.reveal=true", "diff", hidden=False).out
        assert OTHER in said
        ada.do("config", "gitseal.reveal", "true")
        assert _shown(ada) == said
        assert CANARY not in ada.run("git", "-c", "gitseal.reveal=false", "diff").out
        assert (
            _shown(ada, GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="a.b", GIT_CONFIG_VALUE_0="") == said
        )
        ada.do("config", "gitseal.reveal", "perhaps")
        assert CANARY not in ada.do("diff")

    def test_of_whole_files_are_shown_as_lines(self, ada: Guest) -> None:
        ada.put("server.pem", PEM.replace(CANARY, OTHER))
        ada.do("config", "gitseal.reveal", "true")
        said = _shown(ada)
        assert f"  -{CANARY}\n  +{OTHER}\n" in said
        ada.put("server.pem", b"\xff\0" + OTHER.encode())
        assert "whole file" in ada.do("diff")

    def test_do_nothing_to_the_terminal(self, ada: Guest) -> None:
        ada.put(".env", "A=\x1b[31mred\nB=1\n")
        ada.do("config", "gitseal.reveal", "true")
        assert "\x1b" not in _shown(ada)


class TestWhatDoesNotOpen:
    def test_without_a_key_is_told(self, ada: Guest) -> None:
        ada.put(".env", NEW)
        ada.commit_all("second")
        ben = ada.another("ben")
        ben.copy(ada)
        ben.do("config", "gitseal.reveal", "true")
        said = ben.do("diff", "HEAD~1")
        assert "DB_PASSWORD" in said
        assert "not opened" in said

    def test_is_told_where_it_was_tampered_with(self, ada: Guest) -> None:
        sealed = ada.blob("HEAD:server.pem")
        broken = sealed[:-1] + bytes([sealed[-1] ^ 1])
        blob = ada.run("git", "hash-object", "-w", "--stdin", data=broken).out.strip()
        ada.do("update-index", "--cacheinfo", f"100644,{blob},server.pem")
        said = ada.do("diff", "--cached")
        assert "server.pem" in said
        assert "not opened" in said
        ada.do("diff")

    def test_is_told_where_nothing_is_trusted(self, ada: Guest) -> None:
        ben = ada.another("ben")
        ada.seal("readers", "add", "ben", ben.key(), "--yes")
        ada.put(".env", NEW)
        ada.commit_all("second")
        ben.copy(ada)
        assert "DB_PASSWORD" in ben.do("diff", "HEAD~1")

    def test_is_half_a_document_told(self, ada: Guest) -> None:
        ada.put("config/app.yaml", "db: [\n")
        assert "config/app.yaml" in ada.do("diff")

    def test_of_the_time_before_is_plain(self, ada: Guest) -> None:
        blob = ada.run("git", "hash-object", "-w", "--stdin", data=b"A=1\n").out.strip()
        ada.do("update-index", "--cacheinfo", f"100644,{blob},.env")
        ada.do("diff", "--cached")
        ada.do("diff")

    def test_of_a_retired_key_is_told(self, ada: Guest) -> None:
        ada.put(".env", NEW)
        ada.seal("rotate", "--yes", "app")
        ada.do("add", "--renormalize", ".")
        ada.do("add", "-A")
        ada.seal("apply", "--yes")
        ada.commit_all("rotated")
        assert "DB_PASSWORD" in ada.do("diff", "HEAD~1")


class TestSealedText:
    def test_is_what_everything_else_shows(self, ada: Guest) -> None:
        ada.put(".env", NEW)
        ada.commit_all("second")
        for words in ELSEWHERE:
            ada.run("git", *words.split())  # in which no secret stands

    @pytest.mark.parametrize("path", [".env", "server.pem"])
    def test_travels_as_a_patch(self, ada: Guest, path: str) -> None:
        new = NEW if path == ".env" else PEM + OTHER
        ada.put(path, new)
        ada.commit_all("second")
        blob = ada.blob(f"HEAD:{path}")
        patch = ada.run("git", "format-patch", "--stdout", "HEAD~1").out.encode()
        ada.do("reset", "-q", "--hard", "HEAD~1")

        ada.run("git", "am", "-q", data=patch)

        assert ada.blob(f"HEAD:{path}") == blob
        assert ada.have(path).decode() == new
        ada.calm()
        assert not canary_in_objects(ada.folder)

    def test_is_applied_to_the_worktree_as_a_patch(self, ada: Guest) -> None:
        ada.put(".env", NEW)
        patch = ada.run("git", "diff", "--no-ext-diff").out.encode()
        assert b"seal:v1" in patch
        ada.do("checkout", ".env")
        ada.run("git", "apply", data=patch)
        assert ada.have(".env").decode() == NEW
        ada.run("git", "apply", "-R", data=patch)
        assert ada.have(".env").decode() == ENV


class TestNothingIsKept:
    def test_in_objects_references_or_temporary_files(self, ada: Guest) -> None:
        temporary = ada.home / "tmp"
        temporary.mkdir()
        ada.put(".env", NEW)
        ada.put("server.pem", PEM + OTHER)
        ada.do("config", "gitseal.reveal", "true")
        before = ada.do("count-objects")
        for words in (
            ["diff"],
            ["diff", "HEAD"],
            ["status", "-v"],
            ["diff", "--stat"],
            ["log", "-p"],
        ):
            ada.run("git", *words, hidden=False, env={"TMPDIR": str(temporary)})
        assert ada.do("count-objects") == before
        assert ada.do("for-each-ref", "--format=%(refname)") == "refs/heads/main\n"
        assert list(temporary.iterdir()) == []
        assert not canary_in_objects(ada.folder)

    def test_when_the_reader_goes_away(self, ada: Guest) -> None:
        for number in range(8):
            ada.put(f"config/{number}.env", ENV)
        ada.commit_all("many")
        for number in range(8):
            ada.put(f"config/{number}.env", NEW)
        done = subprocess.run(
            ["sh", "-c", "git diff | head -c 20"], cwd=ada.folder, env=ada.environ,
            capture_output=True, check=True,
        )  # fmt: skip
        assert b"Traceback" not in done.stderr
        assert CANARY.encode() not in done.stderr
        assert is_sealed(ada.blob("HEAD:config/0.env"))
