# SPDX-License-Identifier: Apache-2.0
"""git with no key, with another key, with an old one: everything goes on, and nothing leaks."""

from __future__ import annotations

import re
import shutil
import subprocess

from desk import CANARY, ENV, YAML
from gitworld import PLAIN, PUBLIC, Guest, canary_in_objects, is_sealed

NEW = ENV.replace("8080", "9090")


def _rotate(ada: Guest) -> None:
    """Replace the data key of `app`, and retire the old one."""
    ada.seal("rotate", "--yes", "app")
    ada.do("add", "-A")
    ada.do("add", "--renormalize", ".")
    ada.seal("apply", "--yes")
    ada.commit_all("rotated")


def _joined(ada: Guest, name: str = "ben") -> Guest:
    """Somebody who may read, with a clone that trusts nothing yet."""
    ben = ada.another(name)
    ada.seal("readers", "add", name, ben.key(), "--yes")
    ada.commit_all(f"{name} may read")
    ben.copy(ada)
    return ben


class TestWithoutAKey:
    def test_a_clone_works_and_stays_sealed(self, ada: Guest) -> None:
        ben = ada.another("ben")
        said = ben.copy(ada).said

        assert said.count("stays sealed") <= 2
        assert "gitseal" in said
        for path in PLAIN:
            assert is_sealed(ben.have(path))
        ben.calm()
        ben.put(PUBLIC, "ben was here\n")
        ben.commit_all("public")
        ben.do("switch", "-qc", "topic", "HEAD~1")
        ben.do("rebase", "-q", "main")
        ben.put(PUBLIC, "ben again\n")
        ben.do("stash")
        ben.do("stash", "pop")
        assert ben.status() == f" M {PUBLIC}\n"

    def test_clear_text_is_refused_and_the_message_helps(self, ada: Guest) -> None:
        ben = ada.another("ben")
        ben.copy(ada)
        ben.put(PUBLIC, "public\n")
        ben.put(".env", f"MINE={CANARY}\n")
        ben.put("config/new.yaml", YAML)

        for words in (("add", "-A"), ("add", ".env"), ("commit", "-qam", "x"), ("stash",)):
            said = ben.do(*words, code=None)
            assert re.search(r"(\.env|config/new\.yaml): ", said), said
            assert "hint: " in said
            assert ben.run("git", "diff", "--cached", "--name-only").out == ""

        assert ben.have(".env").decode() == f"MINE={CANARY}\n"
        assert not canary_in_objects(ben.folder)
        ben.do("add", PUBLIC)
        ben.do("commit", "-qm", "public")

    def test_sealed_files_can_be_moved_copied_and_removed(self, ada: Guest) -> None:
        ben = ada.another("ben")
        ben.copy(ada)
        ben.do("mv", ".env", "config/moved.env")
        ben.do("rm", "-q", "server.pem")
        shutil.copy(ben.folder / "config/app.yaml", ben.folder / "config/copy.yaml")
        ben.commit_all("moved")
        assert ben.blob("HEAD:config/copy.yaml") == ben.blob("HEAD:config/app.yaml")
        ben.calm()

    def test_a_linked_worktree_stays_sealed(self, ada: Guest) -> None:
        ben = ada.another("ben")
        ben.copy(ada)
        ben.do("worktree", "add", "-q", "../second")
        ben.folder = ben.home / "second"
        assert is_sealed(ben.have(".env"))
        ben.calm()


class TestTrust:
    def test_a_reader_who_trusts_nothing_yet_sees_sealed_text(self, ada: Guest) -> None:
        ben = _joined(ada)
        assert is_sealed(ben.have(".env"))
        ben.put(".env", NEW)
        assert "gitseal trust" in ben.do("add", ".env", code=128)
        ben.do("checkout", ".env")

        ben.seal("trust", "--yes")
        ben.seal("unlock")

        for path, text in PLAIN.items():
            assert ben.have(path).decode() == text
        ben.put(".env", NEW)
        ben.commit_all("ben's")
        ada.do("pull", "-q", str(ben.folder), "main")
        assert ada.have(".env").decode() == NEW
        ada.calm()

    def test_a_record_that_a_stranger_made_opens_and_seals_nothing(self, ada: Guest) -> None:
        mallory = ada.another("mallory")
        key = mallory.key()
        mallory.run("git", "init", "-q", "-b", "main", "evil")
        mallory.folder = mallory.home / "evil"
        policy = ada.have(".gitseal.yaml").decode()
        mallory.put(".gitseal.yaml", re.sub("age1[0-9a-z]+", key, policy))
        mallory.seal("apply", "--yes")
        record = mallory.have(".gitseal/keyring/app.json")
        ada.put(".gitseal/keyring/app.json", record)
        ada.put(".env", NEW)

        said = ada.do("add", ".env", code=128)

        assert ".env" in said
        assert not canary_in_objects(ada.folder)
        ada.do("checkout", ".gitseal")
        ada.do("add", ".env")
        ada.sealed(":.env")

    def test_one_key_of_several_is_found(self, ada: Guest) -> None:
        file = ada.home / ".config/gitseal/identity.txt"
        mine = file.read_text()
        others = [ada.another(name) for name in ("x", "y")]
        for other in others:
            other.key()
        texts = [(one.home / ".config/gitseal/identity.txt").read_text() for one in others]
        file.write_text(texts[0] + mine + texts[1])
        ada.copy(ada)
        assert ada.have(".env").decode() == ENV
        ada.calm()


class TestRotation:
    def test_an_older_commit_can_be_checked_out(self, ada: Guest) -> None:
        ada.put(".env", NEW)
        ada.commit_all("second")
        _rotate(ada)
        ada.calm()
        assert ada.have(".env").decode() == NEW

        ada.do("checkout", "-q", "HEAD~1")

        assert is_sealed(ada.have(".env")), "a retired epoch is not opened"
        ada.calm()
        ada.put(PUBLIC, "public\n")
        ada.commit_all("public")
        ada.do("switch", "-q", "main")
        assert ada.have(".env").decode() == NEW
        ada.calm()
        assert not canary_in_objects(ada.folder)

    def test_a_bisect_goes_through(self, ada: Guest) -> None:
        first = ada.do("rev-parse", "HEAD").strip()
        ada.put(".env", NEW)
        ada.commit_all("second")
        _rotate(ada)
        for number in range(2):
            ada.put("config/later.env", f"N={CANARY}-{number}\n")
            ada.commit_all(f"later {number}")
        ada.do("bisect", "start", "HEAD", first)

        said = ada.do(
            "bisect",
            "run",
            "sh",
            "-c",
            'test -z "$(git status --porcelain)" && test ! -e config/later.env',
        )

        assert "is the first bad commit" in said
        assert "later 0" in said
        ada.do("bisect", "reset")
        assert ada.have("config/later.env").decode() == f"N={CANARY}-1\n"
        ada.calm()

    def test_a_branch_from_before_is_rebased(self, ada: Guest) -> None:
        ada.do("switch", "-qc", "topic")
        ada.put("topic.env", f"T={CANARY}\n")
        ada.commit_all("topic")
        ada.put(PUBLIC, "topic\n")
        ada.commit_all("public")
        ada.do("switch", "-q", "main")
        _rotate(ada)

        ada.do("rebase", "-q", "main", "topic")

        assert ada.have(PUBLIC) == b"topic\n"
        assert ada.have(".env").decode() == ENV
        # Sealed in a retired epoch: anybody who was removed could have made it.
        assert is_sealed(ada.have("topic.env"))
        ada.calm()
        ada.seal("check", code=1)
        assert not canary_in_objects(ada.folder)

    def test_an_edit_in_the_worktree_survives_it(self, ada: Guest) -> None:
        ada.put(".env", NEW)
        ada.seal("rotate", "--yes", "app")
        assert ada.have(".env").decode() == NEW
        ada.commit_all("rotated and edited")
        assert ada.have(".env").decode() == NEW
        ada.calm()

    def test_it_arrives_by_a_pull_without_a_question(self, ada: Guest) -> None:
        ben = _joined(ada)
        ben.seal("trust", "--yes")
        ben.seal("unlock")
        ben.commit_all("vouch")
        ada.do("pull", "-q", str(ben.folder), "main")
        _rotate(ada)
        ada.put(".env", NEW)
        ada.commit_all("a new secret")
        ben.put("mine.env", f"MINE={CANARY}\n")

        ben.do("pull", "-q", "--ff-only")

        assert ben.have(".env").decode() == NEW
        assert ben.status() == "?? mine.env\n"
        ben.touch()
        ben.commit_all("mine")
        ben.calm()
        ada.do("pull", "-q", str(ben.folder), "main")
        assert ada.have("mine.env").decode() == f"MINE={CANARY}\n"
        ada.calm()

    def test_somebody_who_was_removed_sees_nothing_new(self, ada: Guest) -> None:
        ben = _joined(ada)
        ben.seal("trust", "--yes")
        ada.seal("readers", "remove", "ben", "--yes")
        ada.commit_all("without ben")
        ada.put(".env", NEW)
        ada.commit_all("new secret")

        ben.do("pull", "-q", "--ff-only")

        assert is_sealed(ben.have(".env"))
        assert ben.run("git", "status", "--porcelain", "--untracked-files=no").out == ""
        ben.put(".env", f"BEN={CANARY}\n")
        ben.do("add", ".env", code=128)
        assert not canary_in_objects(ben.folder)


class TestBeforeGitsealCame:
    def test_a_commit_without_records_can_be_worked_in(self, ada: Guest) -> None:
        ada.seal("trust", "--yes")
        ada.do("switch", "-q", "--orphan", "old")
        assert not (ada.folder / ".gitseal").exists()
        ada.put("config/app.yaml", "a: 1\n")
        ada.do("-c", "core.attributesFile=/dev/null", "add", "config", code=128)
        blob = ada.run("git", "hash-object", "-w", "--stdin", data=b"a: 1\n").out.strip()
        ada.do("update-index", "--add", "--cacheinfo", f"100644,{blob},config/app.yaml")
        ada.put(PUBLIC, "old\n")
        ada.do("add", PUBLIC)
        ada.do("commit", "-qm", "before")
        ada.touch()

        assert ada.status() == ""
        ada.put(".env", ENV)
        assert ".env" in ada.do("add", "-A", code=128)
        ada.put("config/app.yaml", f"a: {CANARY}\n")
        ada.do("add", "config/app.yaml", code=128)
        assert not canary_in_objects(ada.folder)
        (ada.folder / ".env").unlink()
        ada.do("checkout", "config/app.yaml")
        ada.do("switch", "-q", "main")
        assert ada.have("config/app.yaml").decode() == YAML
        ada.calm()
        ada.do("switch", "-q", "old")
        assert ada.have("config/app.yaml") == b"a: 1\n"
        assert ada.status() == ""


class TestBuildServices:
    def test_a_key_from_the_environment_opens_a_clone_without_a_home(self, ada: Guest) -> None:
        made = ada.run("gitseal", "keys", "ci", "robot")
        command = re.search("gitseal (readers add robot age1[0-9a-z]+)", made.err)
        assert command is not None
        ada.seal(*command.group(1).split(), "--yes")
        ada.commit_all("the robot may read")
        config = [("process", "gitseal git filter-process"), ("required", "true")]
        words = [part for key, value in config for part in ("-c", f"filter.gitseal.{key}={value}")]
        environ = {"PATH": ada.environ["PATH"], "GITSEAL_KEY": made.out.strip(), "CI": "true"}

        done = subprocess.run(
            ["git", *words, "clone", "-q", str(ada.folder), "built"],
            cwd=ada.home, env=environ, stdin=subprocess.DEVNULL, capture_output=True,
            start_new_session=True, check=True,
        )  # fmt: skip

        assert CANARY.encode() not in done.stderr
        for path, text in PLAIN.items():
            assert (ada.home / "built" / path).read_text() == text
        status = subprocess.run(
            ["git", *words, "status", "--porcelain"], cwd=ada.home / "built", env=environ,
            stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True, check=True,
        )  # fmt: skip
        assert status.stdout == b""
