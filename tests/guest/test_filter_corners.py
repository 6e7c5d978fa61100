# SPDX-License-Identifier: Apache-2.0
"""Uncommon settings of git, and commands that go through the filter in uncommon ways."""

from __future__ import annotations

import os
import shutil

import pytest

from desk import CANARY, ENV, PEM, YAML
from gitworld import CONFIG, ODD_NAMES, PLAIN, Guest, canary_in_objects, is_sealed

NEW = ENV.replace("8080", "9090")


class TestSettings:
    @pytest.mark.parametrize(
        "setting",
        ["index.version=4", "core.splitIndex=true", "index.sparse=true", "merge.renormalize=true",
         "checkout.workers=4", "core.checkStat=minimal", "core.bigFileThreshold=64"],
    )  # fmt: skip
    def test_change_nothing(self, ada: Guest, setting: str) -> None:
        key, _, value = setting.partition("=")
        ada.do("config", key, value)
        ada.do("switch", "-qc", "topic")
        ada.put(".env", NEW)
        ada.put("server.pem", PEM * 3)
        ada.commit_all("theirs")
        ada.do("switch", "-q", "main")
        ada.put("config/app.yaml", YAML.replace("5432", "1"))
        ada.commit_all("ours")

        ada.do("merge", "-q", "--no-edit", "topic")

        assert ada.have(".env").decode() == NEW
        assert ada.have("config/app.yaml").decode() == YAML.replace("5432", "1")
        ada.calm()
        ada.put(".env", f"E={CANARY}\n")
        ada.do("stash")
        ada.do("stash", "pop")
        assert ada.have(".env").decode() == f"E={CANARY}\n"
        assert not canary_in_objects(ada.folder)

    def test_of_ids_of_another_length(self, ada: Guest) -> None:
        shutil.rmtree(ada.folder / ".git")
        ada.run("git", "init", "-q", "-b", "main", "--object-format=sha256")
        ada.commit_all("again")
        ada.calm()
        ada.do("worktree", "add", "-q", "../second")
        assert (ada.home / "second/.env").read_text() == ENV
        ada.seal("check", "--staged")

    def test_for_clients_without_a_filter_process(self, ada: Guest) -> None:
        lines = [line for line in CONFIG.splitlines() if "process" not in line]
        (ada.home / ".gitconfig").write_text("\n".join(lines))
        keys = os.fsencode(ada.folder / "keys")
        os.mkdir(keys)
        for name in ODD_NAMES[:8]:
            with open(keys + b"/" + name, "wb") as file:
                file.write(PEM.encode())
        ada.put(".env", NEW)
        ada.commit_all("one by one")
        ada.calm()
        ada.sealed("HEAD:.env")
        ada.copy(ada)
        assert ada.have(".env").decode() == NEW
        for name in ODD_NAMES[:8]:
            with open(os.fsencode(ada.folder / "keys") + b"/" + name, "rb") as file:
                assert file.read() == PEM.encode()
        ada.put("unclaimed.env", ENV)
        ada.put(".env", f"A=seal:v1[_made-up_]\nB={CANARY}\n")
        ada.do("add", "-A", code=128)
        assert not canary_in_objects(ada.folder)


class TestPlaces:
    def test_a_repository_apart_from_its_worktree(self, ada: Guest) -> None:
        (ada.folder / ".git").rename(ada.home / "dotfiles")
        place = (f"--git-dir={ada.home}/dotfiles", f"--work-tree={ada.folder}")
        ada.put(".env", NEW)
        ada.do(*place, "add", "-A")
        ada.do(*place, "commit", "-qm", "apart")
        assert is_sealed(ada.run("git", *place, "show", "HEAD:.env").out.encode())
        (ada.folder / ".env").unlink()
        ada.do(*place, "checkout", ".", cwd=ada.folder)
        assert ada.have(".env").decode() == NEW
        assert ada.run("git", *place, "status", "--porcelain", cwd=ada.folder / "config").out == ""

    def test_a_separate_git_directory(self, ada: Guest) -> None:
        ada.copy(ada, f"--separate-git-dir={ada.home}/elsewhere")
        assert ada.have(".env").decode() == ENV
        ada.calm()

    def test_a_worktree_that_the_settings_name(self, ada: Guest) -> None:
        """Not followed (decision 38): then nothing is opened, and nothing is added in clear."""
        ada.do("config", "core.worktree", str(ada.home / "away"))
        shutil.copytree(ada.folder, ada.home / "away", ignore=shutil.ignore_patterns(".git"))
        (ada.home / "away/new.env").write_text(ENV)
        ada.do("add", "new.env", code=None, cwd=ada.home / "away")
        ada.do("add", "-A", code=None)
        assert not canary_in_objects(ada.folder)

    def test_a_folder_that_is_a_link(self, ada: Guest) -> None:
        link = ada.home / "link"
        link.symlink_to(ada.folder)
        (link / ".env").write_text(NEW)
        ada.do("add", ".env", cwd=link)
        ada.sealed(":.env")
        assert ada.run("git", "status", "--porcelain", cwd=link).out == "M  .env\n"


class TestPartsOfFiles:
    def test_all_hunks_are_the_file(self, ada: Guest) -> None:
        ada.put(".env", NEW)
        ada.do("add", ".env")
        wanted = ada.blob(":.env")
        ada.do("reset", "-q")
        ada.run("git", "add", "-p", ".env", data=b"a\n")
        assert ada.blob(":.env") == wanted
        assert not canary_in_objects(ada.folder)

    def test_some_hunks_are_noticed(self, ada: Guest) -> None:
        lines = "".join(f"K{number}={CANARY}-{number}\n" for number in range(40))
        ada.put(".env", lines)
        ada.commit_all("long")
        ada.put(".env", lines.replace("-1\n", "-one\n").replace("-38\n", "-thirty-eight\n"))

        ada.run("git", "add", "-p", ".env", data=b"y\nn\nn\n")

        assert "GS201" in ada.seal("check", "--staged", code=1)
        assert ada.have(".env").decode().count("-one") == 1
        ada.do("add", ".env")
        ada.seal("check", "--staged")
        assert not canary_in_objects(ada.folder)

    @pytest.mark.parametrize("command", ["checkout", "stash"])
    def test_some_hunks_taken_back_leave_sealed_text_in_which_nothing_is_lost(
        self, ada: Guest, command: str
    ) -> None:
        """The seal is over the whole file (integrity: strict), so no mixture of two passes it."""
        _before, after = self._long(ada)
        ada.put(".env", after)
        edited = _value(_cleaned(ada, after), "K38")

        said = ada.run("git", command, "-p", *self._of(command), data=b"y\nn\nn\n").err

        assert "gitseal recover" in said
        assert is_sealed(ada.have(".env"))
        assert _value(ada.have(".env"), "K38") == edited
        assert not canary_in_objects(ada.folder)
        ada.do("add", ".env")
        assert "GS201" in ada.seal("check", "--staged", code=1)

    @pytest.mark.parametrize("command", ["checkout", "stash"])
    def test_some_hunks_are_enough_where_values_stand_for_themselves(
        self, ada: Guest, command: str
    ) -> None:
        policy = ada.have(".gitseal.yaml").decode()
        plain = "worktree: plain"
        ada.put(".gitseal.yaml", policy.replace(plain, f"{plain}\n    integrity: mergeable"))
        ada.seal("apply", "--yes")
        before, after = self._long(ada)
        half = before.replace("-1\n", "-one\n"), before.replace("-38\n", "-thirty-eight\n")
        ada.put(".env", after)
        ada.run("git", "add", "-p", ".env", data=b"y\nn\n")
        assert ada.blob(":.env") == _cleaned(ada, half[0])
        ada.seal("check", "--staged")
        ada.do("reset", "-q")

        ada.run("git", command, "-p", *self._of(command), data=b"y\nn\n")

        assert ada.have(".env").decode() == half[1]
        if command == "stash":
            ada.do("commit", "-qam", "half")
            ada.do("stash", "pop")
            assert ada.have(".env").decode() == after
        assert not canary_in_objects(ada.folder)

    def _long(self, ada: Guest) -> tuple[str, str]:
        lines = "".join(f"K{number}={CANARY}-{number}\n" for number in range(40))
        ada.put(".env", lines)
        ada.commit_all("long")
        return lines, lines.replace("-1\n", "-one\n").replace("-38\n", "-thirty-eight\n")

    def _of(self, command: str) -> list[str]:
        return [".env"] if command == "checkout" else ["--", ".env"]


def _cleaned(ada: Guest, text: str) -> bytes:
    words = ("git", "hash-object", "-w", "--stdin", "--path=.env")
    return ada.blob(ada.run(*words, data=text.encode()).out.strip())


def _value(sealed: bytes, name: str) -> str:
    return sealed.decode().split(f"{name}=")[1].splitlines()[0]


class TestHalfFinishedWork:
    def test_a_document_that_does_not_parse_can_be_stashed_and_compared(self, ada: Guest) -> None:
        broken = f'db: [\n  "{CANARY}\n'
        ada.put("config/app.yaml", broken)
        ada.do("diff")
        ada.do("stash")
        assert ada.have("config/app.yaml").decode() == YAML
        ada.do("stash", "pop")
        assert ada.have("config/app.yaml").decode() == broken
        ada.do("add", "-A")
        assert "GS206" in ada.seal("check", "--staged", code=1)
        assert not canary_in_objects(ada.folder)

    def test_an_edit_is_not_lost_by_a_switch(self, ada: Guest) -> None:
        ada.do("switch", "-qc", "topic")
        ada.put(".env", NEW)
        ada.commit_all("theirs")
        ada.do("switch", "-q", "main")
        ada.put(".env", f"MINE={CANARY}\n")
        ada.do("switch", "-q", "topic", code=1)
        ada.do("merge", "topic", code=None)
        ada.do("checkout", "-q", "topic", code=1)
        assert ada.have(".env").decode() == f"MINE={CANARY}\n"
        ada.put("config/app.yaml", "x: 1\n")
        ada.do("restore", ".env")
        ada.do("switch", "-q", "topic")
        assert ada.have("config/app.yaml") == b"x: 1\n"

    def test_a_merge_that_touches_a_file_with_an_edit_is_refused(self, ada: Guest) -> None:
        ada.do("switch", "-qc", "topic")
        for path in PLAIN:
            ada.put(path, PLAIN[path] + "\n")
        ada.commit_all("all")
        ada.do("switch", "-q", "main")
        ada.touch()
        ada.put("server.pem", CANARY)
        ada.do("merge", "topic", code=1)
        assert ada.have("server.pem").decode() == CANARY
        ada.do("stash")
        ada.do("merge", "-q", "topic")
        ada.do("stash", "pop", code=1)
        assert not canary_in_objects(ada.folder)
