# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from gitseal.errors import GitsealError, RefusedError, UsageError
from gitseal.launch import editor
from gitseal.launch.editor import EditorSession, arguments_for, editor_command
from gitseal.settings import Settings
from launch.conftest import CANARY, holding

ROOT = Path(__file__).resolve().parents[2]
TEXT = b"password: " + CANARY + b"\n" + b"".join(b"filler: %d\n" % n for n in range(2000))
ESCAPE = "\x1b"

# The editor in a terminal of its own; the text it leaves goes to that terminal and to no file.
SESSION = """
import sys
from gitseal.launch.editor import EditorSession
from gitseal.settings import Settings
text = bytes.fromhex(sys.argv[1]) + b"".join(b"filler: %d\\n" % n for n in range(2000))
with EditorSession(Settings.from_environment(), ".yaml") as session:
    result = session.edit(text)
print("RESULT", result[-40:].hex(), len(result), flush=True)
"""
BEGINNING = b"password: " + CANARY + b"\n"

Start = Callable[..., "pexpect.spawn[bytes]"]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Where the user stands, and where temporary files go by default."""
    for name in ("cwd", "tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "tmp").chmod(0o700)
    return tmp_path


@pytest.fixture
def start(careless_home: Path, memory: Path, work: Path) -> Iterator[Start]:
    """Start a session with an editor in a terminal."""
    children = []

    def spawn(command: str, program: list[str] | None = None) -> pexpect.spawn[bytes]:
        environ = {
            **os.environ,
            "EDITOR": command,
            "TERM": "xterm",
            "XDG_CONFIG_HOME": str(careless_home / ".config"),
            "XDG_DATA_HOME": str(careless_home / ".local/share"),
            "XDG_RUNTIME_DIR": str(memory),
            "TMPDIR": str(work / "tmp"),
            "PYTHONPATH": str(ROOT),
        }
        words = program or [sys.executable, "-c", SESSION, BEGINNING.hex()]
        child = pexpect.spawn(
            words[0], words[1:], cwd=str(work / "cwd"), env=environ, timeout=20, dimensions=(24, 80)
        )
        children.append(child)
        return child

    yield spawn
    for child in children:
        child.close(force=True)


def type_in_vim(child: pexpect.spawn[bytes]) -> None:
    child.expect(CANARY)
    # Yanked (a register in viminfo), deleted (undo), put back, changed.
    child.send(f"ggyyddPGonew: {CANARY.decode()}{ESCAPE}:w\r")
    child.expect("written")
    child.send(f"Gomore: {CANARY.decode()} and some text{ESCAPE}")
    child.expect("some text")


def type_in_nano(child: pexpect.spawn[bytes]) -> None:
    child.expect(CANARY)
    child.send(f"new: {CANARY.decode()}\r\x0f")
    child.expect("Write")
    child.send("\r")
    child.expect("Wrote")
    child.send(f"\x17{CANARY.decode()}\r")  # searching leaves a history
    child.send("more text\r")
    child.expect("more text")


def editor_of(child: pexpect.spawn[bytes]) -> int:
    children = Path(f"/proc/{child.pid}/task/{child.pid}/children")
    return int(children.read_text().split()[0])


VIMS = [pytest.param(name, marks=pytest.mark.needs(name)) for name in ("vim", "nvim", "vi")]


@pytest.mark.slow
class TestRealEditors:
    @pytest.mark.parametrize("name", VIMS)
    def test_vim_leaves_nothing(
        self, name: str, start: Start, careless_home: Path, memory: Path, work: Path
    ) -> None:
        child = start(name)
        type_in_vim(child)
        assert not holding(careless_home, work)
        child.send(":wq\r")
        child.expect(rb"RESULT ([0-9a-f]+) (\d+)")
        assert b"more: " + CANARY in bytes.fromhex(child.match.group(1).decode())
        child.expect(pexpect.EOF)

        assert not holding(careless_home, work)
        assert not list(memory.iterdir())

    @pytest.mark.parametrize("name", VIMS)
    def test_a_killed_vim_leaves_nothing(
        self, name: str, start: Start, careless_home: Path, memory: Path, work: Path
    ) -> None:
        child = start(name)
        type_in_vim(child)
        os.kill(editor_of(child), signal.SIGKILL)
        child.expect("ended by signal 9")
        child.expect(pexpect.EOF)

        assert not holding(careless_home, work)
        assert not list(memory.iterdir())

    @pytest.mark.parametrize("name", VIMS)
    def test_all_killed_at_once_leave_something_in_memory_only(
        self, name: str, start: Start, careless_home: Path, memory: Path, work: Path,
        settings: Settings,
    ) -> None:  # fmt: skip
        child = start(name)
        type_in_vim(child)
        inner = editor_of(child)
        os.kill(child.pid, signal.SIGKILL)
        os.kill(inner, signal.SIGKILL)
        child.expect(pexpect.EOF)
        child.wait()

        assert not holding(careless_home, work)
        assert holding(memory)
        with EditorSession(Settings({**settings.environ, "EDITOR": "true"}), ".yaml"):
            assert not holding(memory)

    @pytest.mark.parametrize("name", VIMS[:2])
    def test_without_our_options_vim_leaves_a_lot(
        self, name: str, start: Start, careless_home: Path, work: Path
    ) -> None:
        # The proof that the tests above could fail.
        (work / "cwd" / "a.yaml").write_bytes(TEXT)
        child = start(name, [name, "a.yaml"])
        type_in_vim(child)
        assert [path for path in holding(careless_home) if "/swap/" in path]
        child.send(":wq\r")
        child.expect(pexpect.EOF)

        left = holding(careless_home)
        assert [path for path in left if "/undo/" in path], left
        assert [path for path in left if "/backup/" in path], left
        assert [path for path in left if path.endswith(("viminfo", "main.shada"))], left

    @pytest.mark.needs("nano")
    @pytest.mark.parametrize("command", ["nano", "nano -B -H"])
    def test_nano_leaves_nothing(
        self, command: str, start: Start, careless_home: Path, memory: Path, work: Path
    ) -> None:
        child = start(command)
        type_in_nano(child)
        child.send("\x0f\r\x18")
        child.expect(rb"RESULT ([0-9a-f]+) (\d+)")
        assert int(child.match.group(2)) > len(TEXT)
        child.expect(pexpect.EOF)

        assert not holding(careless_home, work)
        assert not list(memory.iterdir())

    @pytest.mark.needs("nano")
    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
    def test_a_killed_nano_leaves_nothing(
        self, number: int, start: Start, careless_home: Path, memory: Path, work: Path
    ) -> None:
        child = start("nano")
        type_in_nano(child)
        os.kill(editor_of(child), number)
        child.expect("the editor nano (was ended by signal|ended with exit code)")
        child.expect(pexpect.EOF)

        assert not holding(careless_home, work)
        assert not list(memory.iterdir())

    @pytest.mark.needs("nano")
    def test_without_our_options_nano_leaves_something(
        self, start: Start, careless_home: Path, work: Path
    ) -> None:
        (work / "cwd" / "a.yaml").write_bytes(TEXT)
        child = start("nano", ["nano", "a.yaml"])
        type_in_nano(child)
        child.send("\x0f\r\x18")
        child.expect(pexpect.EOF)

        left = holding(careless_home)
        assert [path for path in left if "/backup/" in path], left
        assert [path for path in left if path.endswith("search_history")], left

    @pytest.mark.needs("vim")
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_to_us_ends_the_editor_and_leaves_nothing(
        self, number: int, start: Start, careless_home: Path, memory: Path, work: Path
    ) -> None:
        child = start("vim")
        type_in_vim(child)
        inner = editor_of(child)
        os.kill(child.pid, number)
        child.expect(pexpect.EOF)
        child.wait()

        assert not os.path.exists(f"/proc/{inner}")
        assert not holding(careless_home, work)
        assert not list(memory.iterdir())

    @pytest.mark.needs("vim")
    def test_a_closed_terminal_leaves_nothing(
        self, start: Start, careless_home: Path, memory: Path, work: Path
    ) -> None:
        child = start("vim")
        type_in_vim(child)
        child.close(force=False)
        end = time.monotonic() + 10
        while list(memory.iterdir()) and time.monotonic() < end:
            time.sleep(0.05)

        assert not holding(careless_home, work)
        assert not list(memory.iterdir())

    @pytest.mark.needs("vim")
    def test_the_repository_does_not_configure_vim(
        self, start: Start, careless_home: Path, work: Path
    ) -> None:
        (work / "cwd" / ".exrc").write_text(f"silent !touch {work}/trapped\n")
        (work / "cwd" / ".vimrc").write_text(f"silent !touch {work}/trapped\n")
        child = start("vim")
        child.expect(CANARY)
        child.send(":q\r")
        child.expect("RESULT")

        assert not (work / "trapped").exists()


def script(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return shlex.quote(str(path))


def edit_text(
    initial: bytes,
    suffix: str,
    settings: Settings,
    *,
    say: Callable[[str], None] | None = None,
    rescued: list[bytes] | None = None,
) -> bytes:
    with EditorSession(settings, suffix, say=say) as session:
        try:
            return session.edit(initial)
        except GitsealError:
            if rescued is not None:
                rescued.append(session.text)
            raise


def with_editor(settings: Settings, command: str) -> Settings:
    return Settings({**settings.environ, "EDITOR": command})


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for programs, while the current directory is another."""
    (tmp_path / "here").mkdir()
    (tmp_path / "bin dir").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "bin dir"


class TestSession:
    def test_the_text_comes_back(self, settings: Settings, elsewhere: Path, memory: Path) -> None:
        command = script(elsewhere, "ed it", 'printf more >> "$2"; test "$1" = --flag')

        result = edit_text(b"a: 1\n", ".yaml", with_editor(settings, f"{command} --flag"))

        assert result == b"a: 1\nmore"
        assert not list(memory.iterdir())

    def test_an_editor_may_replace_the_file(self, settings: Settings, elsewhere: Path) -> None:
        command = script(elsewhere, "e", 'printf new > "$1.new"; mv "$1.new" "$1"')

        assert edit_text(b"old", ".yaml", with_editor(settings, command)) == b"new"

    def test_the_name_says_the_syntax_and_nothing_else(
        self, settings: Settings, elsewhere: Path
    ) -> None:
        command = script(elsewhere, "e", 'basename "$1" > "$1.x"; mv "$1.x" "$1"')

        for suffix, name in (
            (".env.local", b"edit.env.local\n"),
            ("/../x", b"edit\n"),
            ("", b"edit\n"),
        ):
            assert edit_text(b"", suffix, with_editor(settings, command)) == name

    def test_the_editor_works_in_the_private_directory(
        self, settings: Settings, elsewhere: Path, memory: Path
    ) -> None:
        command = script(elsewhere, "e", 'printf "%s\\n" "$PWD" "$TMPDIR" "$(umask)" > "$1"')

        cwd, temp, mask = edit_text(b"", "", with_editor(settings, command)).decode().split()

        assert cwd == temp
        assert Path(cwd).parent == memory
        assert mask == "0077"

    def test_the_editor_does_not_see_our_keys(self, settings: Settings, elsewhere: Path) -> None:
        command = script(elsewhere, "e", 'env > "$1"')
        environ = {**settings.environ, "GITSEAL_KEY": "canary", "SOPS_AGE_KEY": "canary"}

        assert b"canary" not in edit_text(b"", "", with_editor(Settings(environ), command))

    def test_a_failing_editor_hands_the_text_back(
        self, settings: Settings, elsewhere: Path, memory: Path
    ) -> None:
        command = script(elsewhere, "e", 'printf half > "$1"; exit 3')
        rescued: list[bytes] = []

        with pytest.raises(GitsealError, match="exit code 3"):
            edit_text(b"old", "", with_editor(settings, command), rescued=rescued)

        assert rescued == [b"half"]
        assert not list(memory.iterdir())

    def test_a_text_that_was_removed_is_an_empty_one(
        self, settings: Settings, elsewhere: Path
    ) -> None:
        command = script(elsewhere, "e", 'rm "$1"')

        assert edit_text(b"old", "", with_editor(settings, command)) == b""

    def test_a_second_round_begins_with_what_the_first_left(
        self, settings: Settings, elsewhere: Path
    ) -> None:
        command = script(elsewhere, "e", 'printf x >> "$1"')

        with EditorSession(with_editor(settings, command), ".yaml") as session:
            assert session.edit(b"a") == b"ax"
            assert session.edit() == b"axx"
            assert session.edit(b"b") == b"bx"

    def test_an_unknown_editor_is_warned_about_once(
        self, settings: Settings, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(editor, "_warned", set())
        command = script(elsewhere, "strange", "true")
        said: list[str] = []

        for _ in range(2):
            edit_text(b"", "", with_editor(settings, command), say=said.append)

        assert len(said) == 1
        assert "strange may keep copies" in said[0]

    def test_a_key_press_does_not_end_us_while_the_editor_has_the_terminal(
        self, settings: Settings, elsewhere: Path
    ) -> None:
        command = script(elsewhere, "e", 'kill -INT $PPID; sleep 0.1; printf fine > "$1"')

        assert edit_text(b"", "", with_editor(settings, command)) == b"fine"
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


class TestChoice:
    def test_an_editor_of_the_repository_is_refused(
        self, settings: Settings, elsewhere: Path, tmp_path: Path
    ) -> None:
        script(tmp_path / "here", "evil", "true")
        (elsewhere / "link").symlink_to(tmp_path / "here" / "evil")
        for command in ("./evil", "../here/evil", f"{tmp_path}/here/evil"):
            with pytest.raises(RefusedError):
                editor_command(with_editor(settings, command))
        with pytest.raises(RefusedError):
            editor_command(with_editor(settings, shlex.quote(f"{elsewhere}/link")))
        with pytest.raises(RefusedError):
            editor_command(
                with_editor(settings, f"{tmp_path}/here/evil"), root=str(tmp_path), cwd="/"
            )

    def test_a_path_into_the_repository_does_not_count(
        self, settings: Settings, elsewhere: Path, tmp_path: Path
    ) -> None:
        script(tmp_path / "here", "evil", "true")
        environ = {**settings.environ, "PATH": f".::{tmp_path}/here:bin", "EDITOR": "evil"}

        with pytest.raises(UsageError, match="was not found"):
            editor_command(Settings(environ))

    @pytest.mark.parametrize("command", ["nowhere-to-be-found", "/nowhere/vim", "'vim", "' '"])
    def test_a_missing_editor_is_a_clear_error(
        self, settings: Settings, elsewhere: Path, command: str
    ) -> None:
        with pytest.raises(UsageError):
            editor_command(with_editor(settings, command))

    def test_without_a_setting_one_that_is_installed_is_taken(
        self, settings: Settings, elsewhere: Path
    ) -> None:
        script(elsewhere, "vi", "true")
        path = {"PATH": str(elsewhere)}

        assert editor_command(Settings(path)) == [str(elsewhere / "vi")]
        with pytest.raises(UsageError, match="no editor"):
            editor_command(Settings({"PATH": "/nowhere"}))

    def test_gits_own_setting_comes_after_ours(self, settings: Settings, elsewhere: Path) -> None:
        script(elsewhere, "mine", "true")
        environ = {"PATH": str(elsewhere), "GITSEAL_EDITOR": "mine"}

        assert editor_command(Settings(environ), "other") == [str(elsewhere / "mine")]
        assert editor_command(Settings({"PATH": str(elsewhere)}), "mine -w")[1:] == ["-w"]

    def test_something_that_is_no_program_is_a_clear_error(
        self, settings: Settings, elsewhere: Path
    ) -> None:
        (elsewhere / "text").write_bytes(b"\x00\x01")
        (elsewhere / "text").chmod(0o755)
        command = shlex.quote(str(elsewhere / "text"))

        with pytest.raises(UsageError, match="could not be started"):
            edit_text(b"", "", with_editor(settings, command))


class TestArguments:
    def test_those_who_return_at_once_are_told_to_wait(self) -> None:
        assert arguments_for(["/usr/bin/code"], "f") == (["/usr/bin/code", "--wait", "f"], False)
        assert arguments_for(["/x/subl", "-w"], "f") == (["/x/subl", "-w", "f"], False)

    def test_emacs_keeps_nothing(self) -> None:
        arguments, known = arguments_for(["/usr/bin/emacs", "-nw"], "f")

        assert known
        assert arguments[:3] == ["/usr/bin/emacs", "-Q", "-nw"]
        assert "make-backup-files nil" in arguments[-2]

    def test_a_client_of_a_running_emacs_is_not_known(self) -> None:
        assert arguments_for(["/usr/bin/emacsclient"], "f")[1] is False

    @pytest.mark.parametrize(
        ("own", "kept"),
        [
            (["-l", "-B", "-C", "/x", "--tabsize=4"], ["-l", "--tabsize=4"]),
            (["-HP", "--backupdir", "/x", "--hist", "-T4"], ["-T4"]),
            (["--backupdir=/x", "-C/x"], []),
        ],
    )
    def test_nano_is_not_told_to_keep_copies(self, own: list[str], kept: list[str]) -> None:
        assert arguments_for(["/bin/nano", *own], "f")[0] == [
            "/bin/nano", "--ignorercfiles", *kept, "f",
        ]  # fmt: skip

    @pytest.mark.parametrize("name", ["vi", "editor"])
    def test_a_link_is_judged_by_where_it_leads(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "vim.basic").touch()
        (tmp_path / "busybox").touch()
        (tmp_path / name).symlink_to("vim.basic")
        assert arguments_for([str(tmp_path / name)], "f")[1]

        (tmp_path / name).unlink()
        (tmp_path / name).symlink_to("busybox")
        assert arguments_for([str(tmp_path / name)], "f") == (
            [str(tmp_path / name), "f"], False,
        )  # fmt: skip
