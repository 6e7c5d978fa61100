# SPDX-License-Identifier: Apache-2.0
"""What git stores is sealed, what lies in the worktree is not, and nothing looks changed."""

from __future__ import annotations

import subprocess
import time

import pytest

from desk import CANARY, ENV, YAML
from gitworld import PLAIN, PUBLIC, Guest, canary_in_objects

NEW = ENV.replace("8080", "9090")


class TestEverydayCommands:
    def test_add_and_commit_leave_nothing_changed(self, ada: Guest) -> None:
        for path, text in PLAIN.items():
            assert ada.have(path) == text.encode()
            if text:
                ada.sealed(f"HEAD:{path}")
        ada.sealed("HEAD:vault/db.yaml")
        ada.calm()
        assert not canary_in_objects(ada.folder)

    def test_a_clone_has_the_same_clear_files_and_the_same_blobs(self, ada: Guest) -> None:
        home = ada.folder
        blobs = ada.do("ls-files", "-s")

        ada.copy(ada)

        for path, text in PLAIN.items():
            assert ada.have(path) == text.encode()
        assert ada.have("vault/db.yaml") == (home / "vault/db.yaml").read_bytes()
        ada.calm()
        ada.do("rm", "-rq", "--cached", ".")
        ada.do("add", "-A")
        assert ada.do("ls-files", "-s") == blobs

    def test_switching_to_and_fro(self, ada: Guest) -> None:
        ada.do("switch", "-qc", "topic")
        ada.put(".env", NEW)
        ada.put("config/more.yaml", YAML)
        ada.commit_all("theirs")
        for _ in range(2):
            ada.do("switch", "-q", "main")
            assert ada.have(".env").decode() == ENV
            assert not (ada.folder / "config/more.yaml").exists()
            ada.calm()
            ada.do("switch", "-q", "topic")
            assert ada.have(".env").decode() == NEW
            ada.calm()
        assert not canary_in_objects(ada.folder)

    def test_a_stash_is_sealed_and_gives_the_edit_back(self, ada: Guest) -> None:
        ada.put(".env", NEW)
        ada.put("local.env", f"MINE={CANARY}\n")

        ada.do("stash", "-u")
        assert ada.have(".env").decode() == ENV
        ada.calm()
        ada.sealed("stash:.env")
        ada.sealed("stash^3:local.env")
        ada.do("stash", "pop")

        assert ada.have(".env").decode() == NEW
        assert ada.have("local.env").decode() == f"MINE={CANARY}\n"
        assert ada.status() == " M .env\n?? local.env\n"
        assert not canary_in_objects(ada.folder)

    def test_a_staged_and_an_unstaged_edit_survive_a_stash_together(self, ada: Guest) -> None:
        ada.put(".env", NEW)
        ada.do("add", ".env")
        ada.put(".env", NEW + f"MORE={CANARY}\n")
        staged = ada.blob(":.env")

        ada.do("stash")
        ada.do("stash", "pop", "--index")

        assert ada.blob(":.env") == staged
        assert ada.have(".env").decode() == NEW + f"MORE={CANARY}\n"
        assert ada.status() == "MM .env\n"

    def test_a_linked_worktree(self, ada: Guest) -> None:
        ada.do("worktree", "add", "-q", "../second", "-b", "other")

        ada.folder = ada.home / "second"

        assert ada.have(".env").decode() == ENV
        ada.calm()
        ada.put(".env", NEW)
        ada.commit_all()
        ada.sealed("HEAD:.env")
        ada.calm()
        assert not canary_in_objects(ada.folder)

    @pytest.mark.slow
    def test_a_second_later_nothing_is_changed_either(self, ada: Guest) -> None:
        ada.copy(ada)
        time.sleep(1.1)

        assert ada.status() == ""
        assert ada.status() == ""

    def test_reset_and_restore_bring_the_committed_text_back(self, ada: Guest) -> None:
        ada.put(".env", NEW)
        ada.do("add", ".env")
        ada.put("config/app.yaml", YAML.replace("5432", "1"))

        ada.do("reset", "-q", "--hard")

        assert ada.have(".env").decode() == ENV
        assert ada.have("config/app.yaml").decode() == YAML
        ada.put(".env", NEW)
        ada.do("restore", ".env")
        assert ada.have(".env").decode() == ENV
        (ada.folder / ".env").unlink()
        ada.do("checkout", "-q", "HEAD", "--", ".env")
        assert ada.have(".env").decode() == ENV
        ada.calm()

    def test_a_moved_file_is_clean_after_a_touch(self, ada: Guest) -> None:
        blob = ada.blob("HEAD:.env")

        ada.do("mv", ".env", "other.env")
        ada.touch()

        assert ada.status() == "R  .env -> other.env\n"
        ada.do("commit", "-qm", "move")
        assert ada.blob("HEAD:other.env") == blob
        assert ada.have("other.env").decode() == ENV
        ada.calm()

    def test_renormalising_a_sealed_tree_changes_nothing(self, ada: Guest) -> None:
        ada.do("add", "--renormalize", ".")
        assert ada.status() == ""

    def test_a_rebase_of_two_commits(self, ada: Guest) -> None:
        ada.do("switch", "-qc", "topic")
        for number in (1, 2):
            ada.put("topic.env", f"N={CANARY}-{number}\n")
            ada.commit_all(f"topic {number}")
        ada.do("switch", "-q", "main")
        ada.put("main.env", f"M={CANARY}\n")
        ada.commit_all("main")

        ada.do("rebase", "-q", "main", "topic")

        assert ada.have("topic.env").decode() == f"N={CANARY}-2\n"
        assert ada.have("main.env").decode() == f"M={CANARY}\n"
        ada.calm()
        assert not canary_in_objects(ada.folder)


class TestOneContentHasOneSealedForm:
    def test_in_all_processes_folders_clones_and_for_all_seeds(self, ada: Guest) -> None:
        blobs = {ada.blob("HEAD:config/app.yaml")}
        for seed in ("0", "1", "4711"):
            blobs.add(_cleaned(ada, "config/app.yaml", YAML, PYTHONHASHSEED=seed))
        blobs.add(_cleaned(ada, "app.yaml", YAML, cwd="config"))
        blobs.add(_cleaned(ada, "config/other.yaml", YAML, LC_ALL="tr_TR.UTF-8", TZ="Asia/Tokyo"))
        ada.copy(ada)
        blobs.add(_cleaned(ada, "config/app.yaml", YAML))

        assert len(blobs) == 1

    @pytest.mark.parametrize("path", [".env", "config/app.yaml", "config/app.json", "server.pem"])
    def test_what_is_sealed_is_not_sealed_twice(self, ada: Guest, path: str) -> None:
        blob = ada.blob(f"HEAD:{path}")

        assert _filtered(ada, "clean", path, blob) == blob
        clear = _filtered(ada, "smudge", path, blob)
        assert clear == PLAIN[path].encode()
        assert _filtered(ada, "smudge", path, clear) == clear

    def test_sealed_text_in_the_worktree_is_added_as_it_is(self, ada: Guest) -> None:
        ada.put(".env", ada.blob("HEAD:.env"))
        ada.do("add", ".env")  # until then git sees another size, and looks no further
        ada.calm()

    def test_git_may_hand_over_what_does_not_lie_in_the_worktree(self, ada: Guest) -> None:
        text = f"A={CANARY}-streamed\n"
        (ada.folder / ".env").unlink()
        missing = _hashed(ada, "--path=.env", text)
        ada.put(".env", "")
        assert _hashed(ada, "--path=.env", text) == missing
        ada.put(".env", "B=2\n")
        assert _hashed(ada, "--path=.env", text) == missing
        assert ada.have(".env") == b"B=2\n"

        assert (
            ada.run("git", "cat-file", "--filters", "--path=.env", missing, hidden=False).out
            == text
        )
        assert not canary_in_objects(ada.folder)

    @pytest.mark.parametrize("present", ["missing", "other", "empty"])
    def test_a_patch_for_the_index_takes_no_look_at_the_worktree(
        self, ada: Guest, present: str
    ) -> None:
        ada.put(".env", NEW)
        ada.do("add", ".env")
        wanted = ada.blob(":.env")
        patch = ada.run("git", "diff", "--cached", "--no-ext-diff", "--binary").out
        ada.do("reset", "-q", "--hard")
        if present == "missing":
            (ada.folder / ".env").unlink()
        else:
            ada.put(".env", "B=2\n" if present == "other" else "")

        ada.run("git", "apply", "--cached", data=patch.encode())

        assert ada.blob(":.env") == wanted
        if present != "missing":
            assert ada.have(".env") == (b"B=2\n" if present == "other" else b"")


class TestTimesAndNeighbours:
    def test_edits_within_one_tick_of_the_clock_are_all_seen(self, ada: Guest) -> None:
        for number in range(4):
            ada.put(".env", f"A={CANARY}-{number}\n")
            ada.do("add", ".env")
            last = f"A={CANARY}-{number + 5}\n"
            ada.put(".env", last)
            assert ada.run("git", "diff", "--stat").out, "an edit of the same size was overlooked"
            ada.do("commit", "-qam", f"edit {number}")
            assert _filtered(ada, "smudge", ".env", ada.sealed("HEAD:.env")) == last.encode()

    def test_two_gits_at_once(self, ada: Guest) -> None:
        ada.touch()
        command = ["git", "--no-optional-locks", "status", "--porcelain"]
        running = [
            subprocess.Popen(
                command, cwd=ada.folder, env=ada.environ,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )
            for _ in range(3)
        ]  # fmt: skip
        ada.put(PUBLIC, "changed\n")
        ada.put(".env", NEW)
        ada.do("add", PUBLIC, ".env")
        for process in running:
            _out, err = process.communicate(timeout=60)
            assert process.returncode == 0
            assert err == b""
        ada.sealed(":.env")
        ada.do("commit", "-qm", "one of two")
        ada.calm()


def _hashed(ada: Guest, option: str, text: str) -> str:
    words = ("git", "hash-object", "-w", "--stdin", option)
    return ada.run(*words, data=text.encode()).out.strip()


def _cleaned(ada: Guest, path: str, text: str, *, cwd: str = "", **environ: str) -> bytes:
    """Seal a text through git, and give the blob."""
    words = ["git", "hash-object", "-w", "--stdin", f"--path={path}"]
    answer = ada.run(*words, data=text.encode(), cwd=ada.folder / cwd, env=environ)
    return ada.blob(answer.out.strip())


def _filtered(ada: Guest, how: str, path: str, data: bytes) -> bytes:
    """Run the one-shot filter."""
    answer = ada.run("gitseal", "git", how, path, data=data, hidden=False)
    return answer.out.encode(errors="surrogateescape")
