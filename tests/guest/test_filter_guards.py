# SPDX-License-Identifier: Apache-2.0
"""
Ways around the filter: git's own, and those that people take without knowing.

What git puts into the index past the filter, `gitseal check --staged` must notice before it is
committed.
"""

from __future__ import annotations

import pytest

from desk import CANARY, ENV, YAML
from gitworld import PUBLIC, Guest, canary_in_objects


def _refused(ada: Guest, path: str, code: str = "GS10") -> None:
    said = ada.seal("check", "--staged", code=1)
    assert f"{path}:" in said or f"{path} " in said
    assert code in said


class TestPlaintextPastTheFilter:
    def test_written_into_the_index_by_its_id(self, ada: Guest) -> None:
        words = ("git", "hash-object", "-w", "--stdin")
        blob = ada.run(*words, data=ENV.encode()).out.strip()
        ada.do("update-index", "--add", "--cacheinfo", f"100644,{blob},config/new.env")
        _refused(ada, "config/new.env")

    def test_of_a_public_file_that_is_moved_to_a_sealed_path(self, ada: Guest) -> None:
        ada.put("public.txt", ENV)
        ada.do("add", "public.txt")
        ada.do("commit", "-qm", "a mistake")
        ada.do("mv", "public.txt", "config/new.env")
        _refused(ada, "config/new.env")

        ada.touch()
        assert ada.status() == "R  public.txt -> config/new.env\n" or "new.env" in ada.status()
        ada.do("add", "--renormalize", ".")

        ada.sealed(":config/new.env")
        ada.seal("check", "--staged")

    @pytest.mark.parametrize("line", ["* -filter", "* !filter", "*.yaml !gitseal", "* filter=lfs"])
    def test_of_a_nested_file_of_attributes(self, ada: Guest, line: str) -> None:
        ada.put("config/.gitattributes", line + "\n")
        ada.put("config/new.yaml", YAML)
        ada.do("add", "-A")
        _refused(ada, "config/new.yaml")

    def test_of_a_nested_file_of_attributes_is_sealed_where_the_clone_has_its_own(
        self, ada: Guest
    ) -> None:
        ada.seal("trust", "--yes")
        for line in ("* -filter", "* !filter", "*.yaml !gitseal", "* filter=lfs"):
            ada.put("config/.gitattributes", line + "\n")
            ada.put("config/new.yaml", YAML)
            ada.do("add", "-A")
            ada.sealed(":config/new.yaml")
        assert not canary_in_objects(ada.folder)
        ada.seal("check", "--staged")

    def test_of_attributes_that_this_clone_alone_has(self, ada: Guest) -> None:
        ada.put(".git/info/attributes", "config/** -filter\n")
        ada.put("config/new.yaml", YAML)
        ada.do("add", "-A")
        _refused(ada, "config/new.yaml")

    @pytest.mark.parametrize("content", [None, "", "* text=auto\n"])
    def test_of_a_rule_that_was_edited_away(self, ada: Guest, content: str | None) -> None:
        if content is None:
            ada.do("rm", "-q", ".gitattributes")
        else:
            ada.put(".gitattributes", content)
        ada.put("config/new.yaml", YAML)
        ada.do("add", "-A")
        _refused(ada, "config/new.yaml")

    def test_of_a_filter_that_is_switched_off(self, ada: Guest) -> None:
        ada.put("config/new.yaml", YAML)
        ada.do(
            "-c", "filter.gitseal.process=", "-c", "filter.gitseal.clean=", "add", "-A", code=128
        )  # fmt: skip
        assert not canary_in_objects(ada.folder)
        ada.do(
            "-c", "filter.gitseal.process=", "-c", "filter.gitseal.clean=cat", "add", "-A", code=128
        )  # fmt: skip
        ada.do("-c", "filter.gitseal.process=cat", "add", "-A", code=128)
        ada.do("add", "-A", code=128, PATH="/usr/bin:/bin")  # gitseal is not there
        assert not canary_in_objects(ada.folder)

    def test_typed_into_a_hunk(self, ada: Guest) -> None:
        sealed = ada.blob("HEAD:.env").decode()
        first = sealed.splitlines()[0]
        patch = (
            "diff --git a/.env b/.env\n--- a/.env\n+++ b/.env\n"
            f"@@ -1,1 +1,2 @@\n {first}\n+TYPED={CANARY}\n"
        )
        ada.run("git", "apply", "--cached", "--unidiff-zero", "--recount", data=patch.encode())
        _refused(ada, ".env")

    def test_of_a_value_that_was_sealed_elsewhere(self, ada: Guest) -> None:
        sealed = ada.blob("HEAD:.env").decode()
        value = sealed.split("DB_PASSWORD=")[1].splitlines()[0]
        port = sealed.split("PORT=")[1].splitlines()[0]
        ada.put(".env", sealed.replace(port, value))
        said = ada.do("add", ".env", code=None)
        assert "altered" in said
        _refused(ada, ".env", "GS201")

    def test_at_the_other_case_of_a_name_is_nobodys(self, ada: Guest) -> None:
        """For issue 6: `check` names no variants of a rule's directory yet."""
        ada.put("Config/new.yaml", "a: 1\n")
        ada.do("add", "-A")
        assert ada.blob(":Config/new.yaml") == b"a: 1\n"


class TestSealedTextElsewhere:
    def test_that_git_moves_away_is_named_when_asked_for(self, ada: Guest) -> None:
        ada.do("mv", ".env", "notes.txt")
        said = ada.seal("check", "--staged", "notes.txt", code=None)
        assert "notes.txt" in said

    def test_that_git_moves_to_another_scope(self, ada: Guest) -> None:
        ada.do("mv", "config/app.yaml", "vault/app.yaml")
        _refused(ada, "vault/app.yaml", "GS203")


class TestWhatIsRight:
    def test_is_accepted(self, ada: Guest) -> None:
        ada.put("config/new.yaml", YAML)
        ada.put("vault/new.yaml", YAML)  # forgotten in clear: the filter seals it
        ada.put(PUBLIC, "more\n")
        ada.do("rm", "-q", "server.pem")
        ada.do("add", "-A")

        ada.sealed(":vault/new.yaml")
        ada.seal("check", "--staged")
        assert not canary_in_objects(ada.folder)

    def test_with_the_values_of_a_sealed_worktree_passes_as_it_is(self, ada: Guest) -> None:
        ada.put("vault/new.yaml", YAML)
        ada.seal("encrypt", "vault/new.yaml")
        ada.do("add", "-A")
        assert ada.blob(":vault/new.yaml") == ada.have("vault/new.yaml")
        ada.do("commit", "-qm", "new")
        ada.calm()

    def test_a_line_appended_in_clear_to_a_sealed_file_is_sealed(self, ada: Guest) -> None:
        sealed = ada.have("vault/db.yaml").decode()
        ada.put("vault/db.yaml", f"appended: {CANARY}\n" + sealed)
        ada.do("add", "-A")
        ada.sealed(":vault/db.yaml")
        assert not canary_in_objects(ada.folder)
        ada.seal("check", "--staged")
