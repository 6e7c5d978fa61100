# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from desk import CANARY, ENV, PEM, YAML, Desk, script


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder outside of the repository, for editors."""
    folder = tmp_path / "tools"
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def _no_leftovers(app: Desk) -> Iterator[None]:
    """No test may leave a value on the disk, and nothing in the places for private files."""
    yield
    assert app.leftovers() == []
    mine = f"gitseal-{os.getpid()}-"
    assert not [name for name in os.listdir("/dev/shm") if name.startswith(mine)]


def editor(tools: Path, body: str, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("EDITOR", script(tools, body))


class TestEditing:
    def test_what_was_changed_is_sealed_and_told_by_key(
        self, app: Desk, tools: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        app.seal("a.yaml", YAML)
        editor(tools, 'sed -i s/db1/db2/ "$1"', monkeypatch)

        answer = app("edit", "a.yaml")

        assert app.clear("a.yaml") == YAML.replace("db1", "db2")
        assert "sealed a.yaml: changed db.host\n" in answer.err
        assert answer.out == ""

    def test_the_text_lies_in_memory_for_its_owner_alone(
        self, app: Desk, tools: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        app.seal(".env", ENV)
        seen = tools / "seen"
        editor(
            tools,
            f'stat -f -c %T "$1" > {seen}; stat -c %a "$1" "$(dirname "$1")" >> {seen}; '
            f'echo "$1" >> {seen}',
            monkeypatch,
        )

        app("edit", ".env")

        kind, file, folder, path = seen.read_text().split()
        assert (kind, file, folder) == ("tmpfs", "600", "700")
        assert path.endswith(".env")
        assert not Path(path).exists()

    def test_a_text_that_was_left_alone_is_not_written(
        self, app: Desk, tools: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = app.seal("a.yaml", YAML)
        before = file.stat()
        editor(tools, 'touch "$1"', monkeypatch)

        assert "nothing changed" in app("edit", "a.yaml").err
        assert file.stat() == before

    def test_a_new_file_starts_from_the_policy(
        self, app: Desk, tools: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        editor(tools, 'grep -q "scope app" "$1" && echo "a: typed" >> "$1"', monkeypatch)

        app("edit", "new.yaml")

        assert app.clear("new.yaml") == "a: typed\n"

    def test_a_new_file_that_was_left_alone_is_not_made(
        self, app: Desk, tools: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        editor(tools, "true", monkeypatch)

        app("edit", "new.yaml")

        assert not (app.folder / "new.yaml").exists()

    def test_the_name_of_a_file_alone_is_enough(
        self, app: Desk, tools: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        app.seal("a.yaml", YAML)
        editor(tools, 'sed -i s/db1/db2/ "$1"', monkeypatch)

        app("a.yaml")

        assert "db2" in app.clear("a.yaml")

    def test_a_clear_file_is_sealed_and_that_is_said(
        self, app: Desk, tools: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        app.write("a.yaml", YAML)
        editor(tools, 'echo "more: 1" >> "$1"', monkeypatch)

        assert "it will be sealed" in app("edit", "a.yaml").err
        assert app.clear("a.yaml") == YAML + "more: 1\n"

    @pytest.mark.parametrize("path", ["-x.yaml", "a b.yaml", "a\nb.yaml", "ü.yaml", "a'b\".yaml"])
    def test_odd_names(
        self, path: str, app: Desk, tools: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        app.seal(path, YAML)
        editor(tools, 'sed -i s/db1/db2/ "$1"', monkeypatch)

        app("edit", "--", path)

        assert "db2" in app("decrypt", "--", path).out


class TestNothingIsLost:
    def test_a_text_that_is_no_document_is_kept_sealed_and_taken_up_again(
        self, app: Desk, tools: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = app.seal("a.yaml", YAML)
        before = file.read_bytes()
        editor(tools, 'echo "x: [" >> "$1"', monkeypatch)

        answer = app("edit", "a.yaml", code=9)

        assert "a.yaml:12:1: not YAML" in answer.err
        assert "gitseal edit --resume a.yaml" in answer.err
        assert file.read_bytes() == before
        assert (app.folder / "a.yaml.gitseal-edit").exists()

        editor(tools, r'sed -i "s/x: \[/x: 1/" "$1"', monkeypatch)
        app("edit", "--resume", "a.yaml")

        assert app.clear("a.yaml") == YAML + "x: 1\n"
        assert not (app.folder / "a.yaml.gitseal-edit").exists()

    def test_an_edit_is_kept_when_the_file_changed_meanwhile(
        self, app: Desk, tools: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = app.seal("a.yaml", YAML)
        app.seal("b.yaml", YAML)
        other = app.folder.parent / "theirs"
        app("set", "a.yaml", "db.port", "--stdin", data=b"1")
        shutil.copy(file, other)
        app("set", "a.yaml", "db.port", "--stdin", data=b"5432")
        editor(tools, f'sed -i s/db1/db2/ "$1"; cp {other} {file}', monkeypatch)

        answer = app("edit", "a.yaml", code=7)

        assert "a.yaml.gitseal-edit" in answer.err
        assert file.read_bytes() == other.read_bytes()
        editor(tools, 'sed -i s/5432/1/ "$1"', monkeypatch)
        assert "changed db.host, db.port" in app("edit", "--resume", "a.yaml").err
        assert "db2" in app.clear("a.yaml")

    def test_a_file_that_was_removed_meanwhile(
        self, app: Desk, tools: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = app.seal("a.yaml", YAML)
        editor(tools, f'sed -i s/db1/db2/ "$1"; rm {file}', monkeypatch)

        app("edit", "a.yaml", code=7)

        assert (app.folder / "a.yaml.gitseal-edit").exists()

    def test_an_editor_that_fails_changes_nothing_and_its_text_is_kept(
        self, app: Desk, tools: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = app.seal("a.yaml", YAML)
        before = file.read_bytes()
        editor(tools, 'echo "x: 1" >> "$1"; exit 3', monkeypatch)

        assert "exit code 3" in app("edit", "a.yaml", code=1).err
        assert file.read_bytes() == before
        assert (app.folder / "a.yaml.gitseal-edit").exists()

    def test_an_editor_that_fails_at_once_leaves_nothing(
        self, app: Desk, tools: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        app.seal("a.yaml", YAML)
        editor(tools, "exit 1", monkeypatch)

        app("edit", "a.yaml", code=1)

        assert not (app.folder / "a.yaml.gitseal-edit").exists()

    def test_an_earlier_edit_is_mentioned(
        self, app: Desk, tools: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        app.seal("a.yaml", YAML)
        editor(tools, 'echo "x: [" >> "$1"', monkeypatch)
        app("edit", "a.yaml", code=9)
        editor(tools, "true", monkeypatch)

        assert "an earlier edit is kept in a.yaml.gitseal-edit" in app("edit", "a.yaml").err


class TestRefusals:
    def test_binary_content(self, app: Desk, tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        app.seal("key.pem", b"\0\xff")
        editor(tools, "exit 9", monkeypatch)

        assert "binary" in app("edit", "key.pem", code=2).err

    def test_a_whole_file_of_text_is_fine(
        self, app: Desk, tools: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        app.seal("key.pem", PEM)
        editor(tools, 'sed -i s/BEGIN/BEGAN/ "$1"', monkeypatch)

        app("edit", "key.pem")

        assert app.clear("key.pem") == PEM.replace("BEGIN", "BEGAN")

    @pytest.mark.needs("vim")
    def test_an_editor_that_wants_a_terminal_where_there_is_none(
        self, app: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        app.seal("a.yaml", YAML)
        monkeypatch.setenv("EDITOR", "vim")

        answer = app("edit", "a.yaml", code=2)

        assert "needs a terminal" in answer.err
        assert "gitseal set" in answer.err

    def test_an_editor_of_the_repository(self, app: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        app.seal("a.yaml", YAML)
        monkeypatch.setenv("EDITOR", script(app.folder, "true"))

        app("edit", "a.yaml", code=6)

    @pytest.mark.parametrize("kind", ["directory", "pipe", "dangling", "outside"])
    def test_what_is_no_regular_file(
        self, kind: str, app: Desk, tools: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = app.folder / "a.yaml"
        if kind == "directory":
            path.mkdir()
        elif kind == "pipe":
            os.mkfifo(path)
        else:
            target = app.folder.parent / "elsewhere.yaml"
            if kind == "outside":
                target.write_text("a: 1\n")
            path.symlink_to(target)
        editor(tools, 'echo "b: 1" >> "$1"', monkeypatch)

        expected = {"directory": 9, "pipe": 9, "dangling": 1, "outside": 6}[kind]
        app("edit", "a.yaml", code=expected)

    def test_a_file_outside_without_keys(self, app: Desk) -> None:
        outside = app.folder.parent / "loose.yaml"
        outside.write_text("a: 1\n")

        app("edit", str(outside), code=6)


class TestAtATerminal:
    """With a real terminal, and so in a process of its own."""

    def spawn(self, app: Desk, *words: str, **environ: str) -> pexpect.spawn[str]:
        return pexpect.spawn(
            sys.executable,
            ["-m", "gitseal", *words],
            cwd=str(app.folder),
            env={**os.environ, **environ},
            encoding="utf-8",
            timeout=20,
        )

    def test_a_syntax_error_opens_the_editor_again(self, app: Desk, tools: Path) -> None:
        app.seal("a.yaml", YAML)
        body = (
            f"n=$(cat {tools}/n 2>/dev/null); echo x$n > {tools}/n\n"
            'if [ -z "$n" ]; then echo "x: [" >> "$1"; else sed -i "s/x: \\[/x: 1/" "$1"; fi'
        )
        child = self.spawn(app, "edit", "a.yaml", EDITOR=script(tools, body))

        child.expect("12:1: not YAML")
        child.expect("Enter opens your editor again")
        child.sendline("")
        child.expect("sealed a.yaml: added x")
        child.expect(pexpect.EOF)

        assert app.clear("a.yaml") == YAML + "x: 1\n"

    def test_giving_up_keeps_the_text_sealed(self, app: Desk, tools: Path) -> None:
        file = app.seal("a.yaml", YAML)
        before = file.read_bytes()
        child = self.spawn(app, "edit", "a.yaml", EDITOR=script(tools, 'echo "x: [" >> "$1"'))

        child.expect("Ctrl-C gives up")
        child.sendintr()
        child.expect("your edit is kept, sealed, in a.yaml.gitseal-edit")
        child.expect(pexpect.EOF)
        child.close()

        assert child.exitstatus == 9
        assert file.read_bytes() == before
        assert (app.folder / "a.yaml.gitseal-edit").exists()

    @pytest.mark.needs("vim")
    def test_vim_with_a_hostile_configuration_leaves_nothing(self, app: Desk) -> None:
        app.seal("a.yaml", YAML)
        keeps = app.home / "keeps"
        keeps.mkdir()
        (app.home / ".vimrc").write_text(
            f"set swapfile backup writebackup undofile viminfo='100,n{keeps}/viminfo\n"
            f"set directory={keeps} backupdir={keeps} undodir={keeps}\n"
        )
        child = self.spawn(app, "edit", "a.yaml", EDITOR="vim", TERM="xterm")

        child.expect("users")
        child.send(":%s/db1/db2/\r")
        child.send("ggyG")
        child.send(":wq\r")
        child.expect("sealed a.yaml: changed db.host")
        child.expect(pexpect.EOF)

        assert "db2" in app.clear("a.yaml")
        assert list(keeps.iterdir()) == []

    def test_a_value_is_asked_for_twice_and_never_shown(self, app: Desk) -> None:
        app.seal("a.yaml", YAML)
        child = self.spawn(app, "set", "a.yaml", "db.host")

        child.expect("new value of db.host: ")
        child.sendline("s3cret-host")
        child.expect("once more: ")
        child.sendline("s3cret-host")
        child.expect("a.yaml: changed db.host")
        child.expect(pexpect.EOF)

        assert "s3cret" not in (child.before or "")
        assert app("get", "a.yaml", "db.host").out == "s3cret-host\n"

    def test_two_values_that_differ_change_nothing(self, app: Desk) -> None:
        file = app.seal("a.yaml", YAML)
        before = file.read_bytes()
        child = self.spawn(app, "set", "a.yaml", "db.host")

        child.expect(": ")
        child.sendline("one")
        child.expect("once more: ")
        child.sendline("two")
        child.expect("differ")
        child.expect(pexpect.EOF)

        assert file.read_bytes() == before

    def test_recover_shows_to_a_person(self, app: Desk) -> None:
        file = app.seal("a.yaml", YAML)
        file.write_text(file.read_text().replace("users:", "losers:"))
        child = self.spawn(app, "recover", "a.yaml")

        child.expect("WARNING")
        child.expect(f'db.password: "{CANARY}"')
        child.expect("losers\\[\\].name: does not open")
        child.expect(pexpect.EOF)
        child.close()

        assert child.exitstatus == 3
