# SPDX-License-Identifier: Apache-2.0
"""Shallow, partial, sparse and bare repositories, and archives, with the filter set up."""

from __future__ import annotations

import io
import tarfile

import pytest

from desk import CANARY, ENV, YAML
from gitworld import PLAIN, PUBLIC, Guest, canary_in_objects, is_sealed

NEW = ENV.replace("8080", "9090")


class TestClones:
    def test_a_shallow_one(self, ada: Guest) -> None:
        ada.put(".env", NEW)
        ada.commit_all("second")

        ada.copy(ada, "--depth=1")

        assert ada.have(".env").decode() == NEW
        ada.calm()
        ada.put(".env", ENV)
        ada.commit_all("third")
        ada.sealed("HEAD:.env")

    def test_a_partial_one_fetches_what_it_opens(self, ada: Guest) -> None:
        ada.do("config", "uploadpack.allowFilter", "true")
        ada.do("config", "uploadpack.allowAnySHA1InWant", "true")
        ada.put(".env", NEW)
        ada.commit_all("second")

        ada.copy(ada, "--filter=blob:none")

        assert ada.have(".env").decode() == NEW
        ada.calm()
        ada.do("checkout", "-q", "HEAD~1")
        assert ada.have(".env").decode() == ENV
        ada.calm()
        ada.do("switch", "-q", "main")
        ada.do("diff", "HEAD~1")
        ada.put(".env", ENV)
        ada.commit_all("third")
        assert not canary_in_objects(ada.folder)

    def test_one_without_files_that_is_filled_later(self, ada: Guest) -> None:
        ada.copy(ada, "--no-checkout")
        ada.do("checkout", "-q", "main")
        for path, text in PLAIN.items():
            assert ada.have(path) == text.encode()
        ada.calm()

    def test_a_bare_one_stays_sealed(self, ada: Guest) -> None:
        ada.copy(ada, "--bare", folder="bare.git")
        assert ada.run("git", "cat-file", "--filters", "HEAD:README.md").code == 0
        assert is_sealed(ada.sealed("HEAD:.env"))
        ada.do("worktree", "add", "-q", "../work", "main")
        ada.folder = ada.home / "work"
        assert ada.have(".env").decode() == ENV
        ada.calm()


class TestSparseCheckouts:
    @pytest.mark.parametrize("how", ["--cone", "--no-cone"])
    def test_in_which_the_records_are_not_checked_out(self, ada: Guest, how: str) -> None:
        ada.put("docs/readme.txt", "public\n")
        ada.commit_all("docs")
        ada.copy(ada)
        patterns = ["config"] if how == "--cone" else ["/config/", "/.git*", "/.env", "!/.gitseal/"]

        ada.do("sparse-checkout", "set", how, *patterns)

        assert not (ada.folder / ".gitseal").exists()
        assert ada.have("config/app.yaml").decode() == YAML
        ada.calm()
        ada.put("config/app.yaml", YAML.replace("5432", "1"))
        ada.commit_all("edit")
        ada.sealed("HEAD:config/app.yaml")
        ada.calm()
        ada.seal("check", ".env", "config")
        assert "pair" not in ada.seal("status")
        ada.seal("apply", "--yes")
        assert ada.status() == ""
        ada.do("sparse-checkout", "disable")
        assert ada.have("server.pem").decode() == PLAIN["server.pem"]
        ada.calm()
        assert not canary_in_objects(ada.folder)

    def test_a_file_outside_of_the_cone_is_sealed_when_it_is_added(self, ada: Guest) -> None:
        ada.put("config/.gitattributes", "* -text\n")
        ada.put("docs/readme.txt", "public\n")
        ada.commit_all("docs")
        ada.do("sparse-checkout", "set", "docs", ".gitseal")
        ada.put("config/outside.yaml", YAML)

        ada.do("add", "--sparse", "config/outside.yaml")

        ada.sealed(":config/outside.yaml")
        assert not canary_in_objects(ada.folder)


class TestArchives:
    @pytest.mark.parametrize("what", ["HEAD", "main", "HEAD^{tree}"])
    def test_hold_clear_text_where_the_key_is(self, ada: Guest, what: str) -> None:
        files = _archive(ada, "--prefix=app-1.0/", what)
        for path, text in PLAIN.items():
            assert files[f"app-1.0/{path}"] == text.encode()
        assert files["app-1.0/vault/db.yaml"] == ada.have("vault/db.yaml")

    def test_of_an_old_commit_hold_its_text(self, ada: Guest) -> None:
        ada.put(".env", NEW)
        ada.commit_all("second")
        assert _archive(ada, "HEAD~1")[".env"].decode() == ENV

    def test_of_a_bare_repository_stay_sealed_without_the_attributes(self, ada: Guest) -> None:
        ada.copy(ada, "--bare", folder="bare.git")
        files = _archive(ada, "HEAD")
        assert files[PUBLIC] == b"nothing to hide\n"
        assert is_sealed(files[".env"]) or files[".env"].decode() == ENV

    def test_stay_sealed_without_a_key(self, ada: Guest) -> None:
        ada.copy(ada)
        ben = ada.another("ben")
        ben.copy(ada)
        for path in (".env", "server.pem", "config/app.yaml"):
            assert is_sealed(_archive(ben, "HEAD")[path])
        assert CANARY.encode() not in b"".join(_archive(ben, "HEAD").values())


def _archive(person: Guest, *words: str) -> dict[str, bytes]:
    answer = person.run("git", "archive", "--format=tar", *words, hidden=False)
    data = answer.out.encode(errors="surrogateescape")
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        members = [one for one in tar.getmembers() if one.isfile()]
        return {one.name: (tar.extractfile(one) or io.BytesIO()).read() for one in members}
