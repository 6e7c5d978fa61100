# SPDX-License-Identifier: Apache-2.0
"""`gitseal resolve`: both sides verified, a person decides, the result is sealed again."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from desk import CANARY, script
from gitseal.operations import rotating
from merges import Merges, lines, secret

pytestmark = pytest.mark.needs("gitseal")

BASE = lines(A="a", B="b", C="c", D="d")
OURS = lines(A="a", B="ours", C="c", D="ours")
THEIRS = lines(A="a", B="theirs", C="theirs", D="d")

Say = Callable[[str], str]


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    folder = tmp_path / "tools"
    folder.mkdir()
    return folder


@pytest.fixture
def editor(tools: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Set the editor to a script; "$1" is the text."""

    def set_editor(body: str) -> str:
        monkeypatch.setenv("GITSEAL_EDITOR", script(tools, body))
        return body

    return set_editor


def clashing(merges: Merges) -> None:
    """B was changed on both sides; C and D on one each."""
    merges.start({".env": BASE})
    merges.fork({".env": OURS}, {".env": THEIRS})
    merges.git("merge", "topic", code=1)


def committed(merges: Merges, text: str, path: str = ".env") -> None:
    merges.git("add", path)
    merges.git("commit", "-qm", "merged")
    assert merges.content(path) == text
    merges.good(path)


TAKE_THEIRS = "sed -i -e '/^<<<<<<</,/^=======$/d' -e '/^>>>>>>>/d' \"$1\""


class TestDeciding:
    def test_in_the_editor(self, merges: Merges, editor: Say, tools: Path) -> None:
        clashing(merges)
        editor(f'cp "$1" {tools}/shown; {TAKE_THEIRS}')

        said = merges.desk("resolve", ".env")

        shown = (tools / "shown").read_text()
        assert f"B={secret('ours')}\n=======\nB={secret('theirs')}\n" in shown
        assert f"C={secret('theirs')}\nD={secret('ours')}\n" in shown
        assert said.out == (
            ".env  (scope app)\n"
            "  B  changed by both sides; theirs is taken\n"
            "  C  changed by theirs\n"
            "  D  changed by ours\n"
        )
        assert "next: git add .env" in said.err
        committed(merges, lines(A="a", B="theirs", C="theirs", D="ours"))

    @pytest.mark.parametrize("side", ["ours", "theirs"])
    def test_by_an_option(self, side: str, merges: Merges) -> None:
        clashing(merges)

        said = merges.desk("resolve", f"--{side}", ".env")

        assert f"B  changed by both sides; {side} is taken" in said.out
        committed(merges, lines(A="a", B=side, C="theirs", D="ours"))

    def test_a_value_of_ones_own_is_called_that(self, merges: Merges, editor: Say) -> None:
        clashing(merges)
        editor(f"{TAKE_THEIRS}; sed -i 's/^B=.*/B={secret('mine')}/' \"$1\"")

        said = merges.desk("resolve", ".env")

        assert "B  changed by you\n" in said.out
        assert CANARY not in said.out
        committed(merges, lines(A="a", B="mine", C="theirs", D="ours"))

    def test_a_change_that_was_thrown_away_is_told(self, merges: Merges, editor: Say) -> None:
        clashing(merges)
        editor(f"{TAKE_THEIRS}; sed -i 's/^C=.*/C={secret('c')}/' \"$1\"")

        said = merges.desk("resolve", ".env")

        assert "C  changed by theirs; not taken\n" in said.out

    def test_what_merges_by_itself_needs_no_editor(self, merges: Merges) -> None:
        """git had no driver, as in a clone without gitseal, and clashed on sealed text."""
        merges.start({".env": BASE})
        merges.git("config", "--remove-section", "merge.gitseal")
        merges.fork(
            {".env": lines(A="a", B="ours", C="c", D="d")},
            {".env": lines(A="a", B="b", C="theirs", D="d")},
        )
        merges.git("merge", "topic", code=1)

        said = merges.desk("resolve", ".env")

        assert said.out.splitlines()[1:] == ["  B  changed by ours", "  C  changed by theirs"]
        committed(merges, lines(A="a", B="ours", C="theirs", D="d"))

    def test_a_whole_file(self, merges: Merges, editor: Say) -> None:
        merges.start({"server.pem": f"{secret('a')}\n{secret('z')}\n"})
        merges.fork(
            {"server.pem": f"{secret('ours')}\n{secret('z')}\n"},
            {"server.pem": f"{secret('theirs')}\n{secret('z')}\n"},
        )
        merges.git("merge", "topic", code=1)
        editor(TAKE_THEIRS)

        said = merges.desk("resolve", "server.pem")

        assert "whole file, 2 lines: 1 only in theirs" in said.out
        committed(merges, f"{secret('theirs')}\n{secret('z')}\n", "server.pem")

    def test_bytes_are_taken_from_one_side(self, merges: Merges, editor: Say) -> None:
        merges.start({"server.pem": b"\0a\n"})
        merges.fork({"server.pem": b"\0ours\n"}, {"server.pem": b"\0theirs"})
        merges.git("merge", "topic", code=1)
        editor("exit 0")

        assert "--ours or --theirs" in merges.desk("resolve", "server.pem", code=2).err
        said = merges.desk("resolve", "--theirs", "server.pem")

        assert "whole file; theirs is taken" in said.out
        committed(merges, "\0theirs", "server.pem")

    def test_sealed_text_with_markers_that_was_staged_as_it_is(
        self, sealed: Merges, editor: Say
    ) -> None:
        """Somebody has committed a conflict; each side of the markers is a whole sealed file."""
        clashing(sealed)
        sealed.git("add", ".env")
        sealed.git("commit", "-qm", "a conflict")
        editor(TAKE_THEIRS)

        sealed.desk("resolve", ".env")

        committed(sealed, lines(A="a", B="theirs", C="theirs", D="ours"))

    def test_what_somebody_began_in_the_file_goes_on(self, plain: Merges, editor: Say) -> None:
        clashing(plain)
        file = plain.folder / ".env"
        file.write_text(file.read_text().replace(secret("a"), secret("by hand")))
        editor(TAKE_THEIRS)

        plain.desk("resolve", ".env")

        committed(plain, lines(A="by hand", B="theirs", C="theirs", D="ours"))

    def test_what_was_decided_by_hand_is_not_overwritten(self, plain: Merges, editor: Say) -> None:
        clashing(plain)
        decided = lines(A="a", B="by hand", C="c", D="d")
        plain.desk.write(".env", decided)
        editor(TAKE_THEIRS)

        refused = plain.desk("resolve", ".env", code=6)

        assert "git add FILE" in refused.err
        assert (plain.folder / ".env").read_text() == decided

    def test_showing_writes_nothing(self, merges: Merges) -> None:
        clashing(merges)
        before = (merges.folder / ".env").read_bytes()

        said = merges.desk("resolve", "--dry-run", ".env")

        assert "  B  changed by both sides; to be decided\n" in said.out
        assert (merges.folder / ".env").read_bytes() == before


class TestNotSaved:
    @pytest.mark.parametrize(
        ("body", "reason", "code"),
        [
            ('echo "# edited" >> "$1"', "a conflict marker is left", 9),
            (f"{TAKE_THEIRS}; echo 'no assignment' >> \"$1\"", "", 9),
            ('echo "X=1" >> "$1"; exit 3', "ended with exit code 3", 1),
        ],
        ids=["markers", "broken", "editor"],
    )
    def test_the_edit_is_kept_sealed_and_goes_on(
        self, body: str, reason: str, code: int, merges: Merges, editor: Say
    ) -> None:
        clashing(merges)
        before = (merges.folder / ".env").read_bytes()
        editor(body)

        failed = merges.desk("resolve", ".env", code=code)

        assert reason in failed.err
        assert "gitseal resolve --resume .env" in failed.err
        assert (merges.folder / ".env").read_bytes() == before
        kept = merges.folder / ".env.gitseal-edit"
        assert CANARY.encode() not in kept.read_bytes()
        editor(f"{TAKE_THEIRS}; sed -i -e '/no assignment/d' -e '/^#/d' -e '/^X/d' \"$1\"")
        merges.desk("resolve", "--resume", ".env")
        assert not kept.exists()
        committed(merges, lines(A="a", B="theirs", C="theirs", D="ours"))

    def test_nobody_there(self, merges: Merges) -> None:
        clashing(merges)
        before = (merges.folder / ".env").read_bytes()

        refused = merges.gitseal("resolve", ".env", code=2, EDITOR="vi")

        assert "--ours or --theirs" in refused
        assert (merges.folder / ".env").read_bytes() == before

    def test_a_forged_side(self, sealed: Merges) -> None:
        sealed.start({".env": BASE})
        forged = sealed.blob("HEAD:.env").replace(b"C=seal", b"E=seal")
        sealed.git("switch", "-qc", "topic")
        sealed.plant(".env", forged)
        sealed.git("commit", "-qm", "theirs")
        sealed.git("switch", "-q", "-f", "main")
        sealed.commit("ours", {".env": OURS})
        sealed.git("merge", "topic", code=1)

        for words in ([], ["--theirs"], ["--ours"], ["--dry-run"]):
            assert "theirs: " in sealed.desk("resolve", *words, ".env", code=3).err

    def test_a_file_that_is_not_in_conflict(self, merges: Merges) -> None:
        merges.start({".env": BASE})

        assert "is not in conflict" in merges.desk("resolve", ".env", code=1).err

    def test_a_file_that_one_side_deleted(self, merges: Merges) -> None:
        merges.start({".env": BASE, "other.env": BASE})
        merges.fork({".env": None}, {".env": THEIRS})
        merges.git("merge", "topic", code=1)

        assert "git rm FILE" in merges.desk("resolve", ".env", code=6).err

    def test_a_record(self, merges: Merges) -> None:
        merges.start({".env": BASE})

        refused = merges.desk("resolve", ".gitseal/keyring/app.json", code=6)

        assert "gitseal apply" in refused.err

    def test_two_options(self, merges: Merges) -> None:
        clashing(merges)

        merges.desk("resolve", "--ours", "--theirs", ".env", code=2)

    def test_no_text_is_left_anywhere(self, sealed: Merges, editor: Say) -> None:
        clashing(sealed)
        editor(TAKE_THEIRS)

        sealed.desk("resolve", ".env")

        assert sealed.desk.leftovers() == []


class TestARetiredKey:
    @pytest.fixture
    def retired(self, sealed: Merges) -> Merges:
        """Main has a new key and gave up the old one; `topic` was made before that."""
        sealed.start({".env": BASE})
        sealed.git("switch", "-qc", "topic")
        sealed.commit("theirs", {".env": THEIRS})
        sealed.git("switch", "-q", "main")
        for step in (rotating.rotate, rotating.finish):
            current = sealed.desk.workspace()
            step(current, current.authority.grant_scope("app").record)
            sealed.git("add", "-A")
            sealed.git("commit", "-qm", "a new key")
        sealed.commit("ours", {".env": OURS})
        return sealed

    def test_git_does_not_merge_what_a_former_reader_may_have_made(self, retired: Merges) -> None:
        said = retired.git("merge", "topic", code=1)

        assert "theirs: is sealed in epoch 1 of app, which is retired" in said
        assert retired.content() == OURS

    def test_a_person_may(self, retired: Merges) -> None:
        retired.git("merge", "topic", code=1)

        refused = retired.desk("resolve", "--theirs", ".env", code=2)
        said = retired.desk("resolve", "--theirs", "--yes", ".env")

        assert "--yes" in refused.err
        assert "warning: .env: theirs: is sealed in epoch 1 of app, which is retired" in said.err
        committed(retired, lines(A="a", B="theirs", C="theirs", D="ours"))


class TestAtATerminal:
    def spawn(self, merges: Merges, *words: str, **environ: str) -> pexpect.spawn[str]:
        return pexpect.spawn(
            sys.executable,
            ["-m", "gitseal", *words],
            cwd=str(merges.folder),
            env={**os.environ, **environ},
            encoding="utf-8",
            timeout=20,
        )

    @pytest.mark.parametrize("answer", ["y", "n"])
    def test_it_asks_before_it_writes(self, answer: str, sealed: Merges) -> None:
        clashing(sealed)
        before = (sealed.folder / ".env").read_bytes()
        child = self.spawn(sealed, "resolve", "--ours", ".env")

        child.expect("B  changed by both sides; ours is taken")
        child.expect("write this to .env")
        child.sendline(answer)
        child.expect(pexpect.EOF)
        child.close()

        assert child.exitstatus == (0 if answer == "y" else 6)
        assert ((sealed.folder / ".env").read_bytes() == before) is (answer == "n")

    def test_a_marker_that_is_left_opens_the_editor_again(
        self, sealed: Merges, tools: Path
    ) -> None:
        clashing(sealed)
        body = f"if [ -e {tools}/once ]; then {TAKE_THEIRS}; fi; touch {tools}/once"
        child = self.spawn(sealed, "resolve", ".env", GITSEAL_EDITOR=script(tools, body))

        child.expect("a conflict marker is left")
        child.expect("Enter opens your editor again")
        child.sendline("")
        child.expect("write this to .env")
        child.sendline("")
        child.expect("next: git add .env")
        child.expect(pexpect.EOF)

        committed(sealed, lines(A="a", B="theirs", C="theirs", D="ours"))
