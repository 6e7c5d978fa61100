# SPDX-License-Identifier: Apache-2.0
"""Every byte of a file comes back, whatever it holds, and whatever git is told about line ends."""

from __future__ import annotations

import os

import pytest

from desk import CANARY, ENV, YAML
from gitworld import Guest, canary_in_objects

CONTENTS = {
    "one byte": b"x",
    "only a line break": b"\n",
    "NULs": b"\0\0" + CANARY.encode() + b"\0",
    "no line break at the end": ENV.encode().rstrip(b"\n"),
    "CRLF": ENV.replace("\n", "\r\n").encode(),
    "a lone CR": b"A=1\rB=" + CANARY.encode() + b"\n",
    "mixed line ends": b"A=1\r\nB=" + CANARY.encode() + b"\nC=3\r\n",
    "a byte order mark": b"\xef\xbb\xbf" + ENV.encode(),
    "two byte order marks": b"\xef\xbb\xbf\xef\xbb\xbf" + ENV.encode(),
    "UTF-16": ENV.encode("utf-16"),
    "Latin 1": b"A=caf\xe9 " + CANARY.encode() + b"\n",
    "no document": f"<<<<<<< ours\nA={CANARY}\n=======\nB=2\n>>>>>>> theirs\n".encode(),
    "the name of gitseal": f"gitseal=gitseal\nA={CANARY}\n".encode(),
    "our magic, later": b"A=" + CANARY.encode() + b"\n\0GITSEAL\x01",
    "blanks only": b"   \n\n",
    "a keyword of git": f"A={CANARY} $Id$ $Id:abc$\n".encode(),
    "a form feed": b"A=" + CANARY.encode() + b"\x0c\n",
    "U+2028": "A=\u2028".encode() + CANARY.encode() + b"\n",
}
LOOKALIKES = {
    "a word like ours": f"A=seal:v1[_abc_]\nB={CANARY}\n".encode(),
    "our magic": b"\0GITSEAL\x01" + CANARY.encode(),
    "our magic alone": b"\0GITSEAL",
    "our magic of another version": b"\0GITSEAL\x02" + CANARY.encode(),
    "half a header": f'A={CANARY}\n# gitseal v: 1\n# gitseal scope: "app"\n'.encode(),
}  # fmt: skip
NAMES = (".env", "config/odd.yaml", "config/odd.json", "odd.pem")


class TestContent:
    def test_of_every_kind_comes_back_from_a_clone(self, ada: Guest) -> None:
        files = {
            f"config/{number}/{name}": content
            for number, content in enumerate(CONTENTS.values())
            for name in (".env", "odd.yaml", "odd.json", "odd.pem")
        }
        for name, content in files.items():
            ada.put(name, content)

        ada.commit_all("of every kind")

        ada.calm()
        assert not canary_in_objects(ada.folder)
        blobs = ada.do("ls-files", "-s")
        ada.copy(ada)
        for name, content in files.items():
            assert ada.have(name) == content, (name, content)
            ada.put(name, content + b"more")
            ada.put(name, content)
        ada.do("add", "--renormalize", ".")
        assert ada.do("ls-files", "-s") == blobs

    def test_that_is_empty_stays_empty(self, ada: Guest) -> None:
        ada.put(".env", "")
        ada.commit_all()
        assert ada.blob("HEAD:.env") == b""
        ada.calm()

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("what", LOOKALIKES)
    def test_that_only_looks_sealed_is_refused_or_sealed(
        self, ada: Guest, what: str, name: str
    ) -> None:
        before = ada.do("rev-parse", ":.env")
        ada.put(name, LOOKALIKES[what])

        answer = ada.run("git", "add", name, code=None)

        assert not canary_in_objects(ada.folder)
        if answer.code == 0:  # no document at this path, so there is nothing to be taken for one
            ada.sealed(f":{name}")
            (ada.folder / name).unlink()
            ada.do("checkout-index", "-f", name)
            assert ada.have(name) == LOOKALIKES[what]
        else:
            assert answer.code == 128
            assert name in answer.err
            assert ada.do("rev-parse", ":.env") == before

    def test_that_is_sealed_for_another_scope_is_refused(self, ada: Guest) -> None:
        ada.put("config/stolen.yaml", ada.have("vault/db.yaml"))
        ada.do("add", "config/stolen.yaml", code=128)
        assert ada.run("git", "ls-files", "config/stolen.yaml").out == ""

    def test_that_is_sealed_with_one_value_in_clear_is_sealed_whole_or_completed(
        self, ada: Guest
    ) -> None:
        sealed = ada.blob("HEAD:.env")
        ada.put(".env", sealed.replace(b"# gitseal", f"NEW={CANARY}\n# gitseal".encode(), 1))

        ada.do("add", ".env")

        assert not canary_in_objects(ada.folder)
        ada.sealed(":.env")
        (ada.folder / ".env").unlink()
        ada.do("checkout", ".env")
        assert f"NEW={CANARY}\n" in ada.have(".env").decode()


class TestKindsOfFiles:
    def test_a_link_is_stored_as_a_link(self, ada: Guest) -> None:
        os.symlink("../README.md", ada.folder / "config/link.yaml")
        ada.commit_all()
        assert ada.blob("HEAD:config/link.yaml") == b"../README.md"
        ada.calm()

    def test_a_program_stays_one(self, ada: Guest) -> None:
        (ada.folder / ".env").chmod(0o755)
        assert ada.status() == " M .env\n"
        blob = ada.blob("HEAD:.env")
        ada.commit_all()
        assert ada.blob("HEAD:.env") == blob
        ada.copy(ada)
        assert os.access(ada.folder / ".env", os.X_OK)
        ada.calm()

    def test_a_submodule_with_secrets_of_its_own(self, ada: Guest) -> None:
        inner = ada.folder
        ada.folder = ada.home
        ada.run("git", "init", "-q", "-b", "main", "outer")
        ada.folder = ada.home / "outer"
        ada.do("submodule", "add", "-q", f"file://{inner}", "config")
        ada.do("commit", "-qm", "inside")
        assert ada.have("config/.env").decode() == ENV
        ada.calm()
        ada.folder = ada.home / "outer/config"
        ada.put(".env", ENV.replace("8080", "1"))
        ada.commit_all()
        ada.calm()
        assert not canary_in_objects(ada.folder)


class TestLineEnds:
    @pytest.mark.parametrize(
        ("line", "autocrlf"),
        [
            ("* text=auto\n", "true"), ("* text=auto\n", "input"), ("* text eol=crlf\n", "true"),
            ("* text eol=crlf\n", "false"), ("* text=auto eol=lf\n", "true"),
            ("*.env ident text\n", "input"), ("", "true"),
        ],
    )  # fmt: skip
    def test_are_what_the_author_wrote(self, ada: Guest, line: str, autocrlf: str) -> None:
        blobs = {name: ada.blob(f"HEAD:{name}") for name in (".env", "vault/db.yaml")}
        crlf = YAML.replace("\n", "\r\n")
        ada.put("config/crlf.yaml", crlf)
        attributes = ada.have(".gitattributes").decode()
        ada.put(".gitattributes", line + attributes)
        ada.do("config", "core.autocrlf", autocrlf)
        ada.commit_all("line ends")
        assert {name: ada.blob(f"HEAD:{name}") for name in blobs} == blobs

        ada.copy(ada, "-c", f"core.autocrlf={autocrlf}")

        assert ada.have(".env").decode() == ENV
        assert ada.have("config/crlf.yaml").decode() == crlf
        assert ada.have("vault/db.yaml") == blobs["vault/db.yaml"]
        ada.calm()
        ada.do("add", "--renormalize", ".")
        assert ada.status() == ""

    @pytest.mark.parametrize("line", ["* ident", "* text=auto eol=lf"])
    def test_of_a_nested_file_of_attributes_lose_nothing(self, ada: Guest, line: str) -> None:
        text = YAML.replace("k1", "$Id$")
        ada.put("config/.gitattributes", line + "\n")
        ada.put("config/new.yaml", text)
        ada.put("config/new.pem", text)
        ada.commit_all("nested")
        assert not canary_in_objects(ada.folder)

        ada.copy(ada)

        for name in ("config/new.yaml", "config/new.pem"):
            assert ada.have(name).decode().replace("\r\n", "\n") == text
        ada.calm()

    def test_of_a_nested_file_that_would_spoil_binaries_are_noticed_and_overruled(
        self, ada: Guest
    ) -> None:
        ada.put("config/.gitattributes", "* text eol=crlf\n")
        data = os.urandom(1 << 20)
        ada.put("config/new.pem", data)
        ada.put("config/new.yaml", YAML)
        ada.commit_all("nested")
        assert "config/new.pem" in ada.seal("check", code=1)

        ada.seal("trust", "--yes")  # makes the clone's own file of attributes, which wins
        ada.do("add", "--renormalize", ".")
        ada.do("commit", "-qm", "mended")

        ada.seal("check", "config/new.pem", "config/new.yaml")
        (ada.folder / "config/new.pem").unlink()
        ada.do("checkout", "config")
        assert ada.have("config/new.pem") == data
        assert ada.have("config/new.yaml").decode() == YAML
        ada.calm()

    def test_of_a_nested_encoding_are_refused_or_noticed(self, ada: Guest) -> None:
        ada.put("config/.gitattributes", "*.yaml working-tree-encoding=UTF-16\n")
        ada.put("config/new.yaml", YAML.encode("utf-16"))
        ada.do("add", "-A", code=128)
        assert not canary_in_objects(ada.folder)
        ada.put("config/.gitattributes", "*.pem working-tree-encoding=ISO-8859-1\n")
        (ada.folder / "config/new.yaml").unlink()
        ada.put("config/new.pem", b"\xe9" + CANARY.encode())
        ada.commit_all("recoded")
        assert "config/new.pem" in ada.seal("check", code=1)

        ada.copy(ada)

        assert ada.have("config/new.pem") == b"\xe9" + CANARY.encode()
        assert not canary_in_objects(ada.folder)
