# SPDX-License-Identifier: Apache-2.0
"""No terminal, no output, no home, no git, no repository, and somebody else at the same file."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from desk import CANARY, ENV, YAML, Desk
from gitseal.files import writing
from trouble import check_message, refused, snapshot

GITSEAL = f'"{sys.executable}" -m gitseal'


class Ended(NamedTuple):
    code: int
    out: str
    err: str


def shell(
    line: str, folder: Path | None = None, environ: Mapping[str, str | None] | None = None
) -> Ended:
    """Run a line of sh in which `gitseal` is the program; None unsets a variable."""
    environ = environ or {}
    given = {name: value for name, value in environ.items() if value is not None}
    inherited = {name: value for name, value in os.environ.items() if name not in environ}
    done = subprocess.run(
        ["bash", "-c", line.replace("gitseal ", f"{GITSEAL} ")],
        cwd=folder,
        env=inherited | given,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    err = done.stderr.decode()
    assert "Traceback" not in err
    assert "bug in gitseal" not in err
    assert "Exception ignored" not in err
    assert CANARY not in err
    return Ended(done.returncode, done.stdout.decode(), err)


@pytest.fixture
def sealed(app: Desk) -> Desk:
    app.seal(".env", ENV)
    app.seal("a.yaml", YAML)
    return app


class TestNobodyIsThere:
    def test_what_asks_refuses(self, sealed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EDITOR", "vim")
        refused(sealed, "set", ".env", "NEW", code=2, says=["no terminal", "--from-file"])
        refused(sealed, "edit", ".env", code=2, says=["terminal", "gitseal set"])
        refused(sealed, "recover", ".env", code=6, says=["terminal"])
        refused(sealed, "rotate", code=2, says=["nobody is here", "--yes"])

    def test_init_and_apply_refuse(self, desk: Desk) -> None:
        desk.write(".env", ENV)

        refused(desk, "init", code=2, says=["nobody is here", "--yes"])

    def test_the_words_of_a_command_line(self, sealed: Desk) -> None:
        refused(sealed, "decryt", ".env", code=2, says=["did you mean gitseal decrypt"])
        refused(sealed, "decrypt", "--nope", ".env", code=2, says=["--nope", "--help"])
        refused(sealed, "decrypt", code=2, says=["FILE", "--help"])
        refused(sealed, "set", code=2, says=["FILE", "--help"])
        refused(sealed, "run", ".env", code=125, says=["--"])
        refused(sealed, "set", ".env", "A", CANARY, "--stdin", code=2, says=["one source"])
        refused(sealed, "set", ".env", "A", "--type", CANARY, "--stdin", code=2, says=["--type"])
        refused(sealed, "set", ".env", "A", "my", CANARY, code=2, says=["in quotes"])
        refused(sealed, "set", ".env", "A", f"--{CANARY}", code=2, says=["behind --"])
        refused(sealed, "set", ".env", "A", "--generate", CANARY, code=2, says=["--generate"])
        refused(sealed, "get", ".env", "A", "--format", "toml", code=2, says=["--format"])


class TestStandardStreams:
    @pytest.mark.parametrize(
        "command", ["decrypt .env", "get .env PORT", "export .env", "check", "status", "--version"]
    )
    def test_closed_output_is_an_error(self, command: str, sealed: Desk) -> None:
        ended = shell(f"gitseal {command} >&-")

        assert ended.code == 1
        check_message(ended.err, "standard output")

    @pytest.mark.parametrize("command", ["decrypt .env", "check", "status", "--help"])
    def test_a_full_disk_behind_the_output_is_an_error(self, command: str, sealed: Desk) -> None:
        ended = shell(f"gitseal {command} > /dev/full")

        assert ended.code == 1
        check_message(ended.err, "standard output", "no space left")

    def test_closed_errors_change_no_exit_code(self, sealed: Desk) -> None:
        assert shell("gitseal decrypt .env 2>&-") == (0, ENV, "")
        assert shell("gitseal decrypt no.env 2>&-").code == 1
        assert shell("gitseal encrypt .env 2>&-").code == 0

    def test_closed_input(self, sealed: Desk) -> None:
        assert shell("gitseal decrypt .env <&-").out == ENV
        ended = shell("gitseal set .env NEW <&-")
        assert ended.code == 2
        check_message(ended.err, "standard input")

    def test_all_closed_writes_nothing_into_files(self, sealed: Desk) -> None:
        before = snapshot(sealed.folder)

        assert shell("gitseal decrypt .env <&- >&- 2>&-").code == 1
        assert shell("gitseal run .env -- true <&- >&- 2>&-").code == 0

        assert snapshot(sealed.folder) == before

    def test_a_reader_that_leaves_early(self, app: Desk) -> None:
        app.seal("big.env", "".join(f"K{n}={'x' * 100}\n" for n in range(3_000)))

        for command in ("decrypt big.env", "export big.env", "get big.env K1"):
            ended = shell(f"gitseal {command} | head -c1; exit ${{PIPESTATUS[0]}}")
            assert ended.code in {0, 141}
            assert ended.err == ""
        assert shell("gitseal decrypt big.env | true; exit ${PIPESTATUS[0]}").code in {0, 141}

    def test_more_input_than_a_value_may_have(self, sealed: Desk) -> None:
        ended = shell("head -c 2000000 /dev/zero | gitseal set .env A --stdin")

        assert ended.code == 2
        check_message(ended.err, "1 MiB")


class TestTheEnvironment:
    def test_without_a_home(self, sealed: Desk, home: Path) -> None:
        identity = str(home / ".config/gitseal/identity.txt")
        named = {"HOME": None, "GITSEAL_IDENTITY_FILE": identity}

        assert shell("gitseal decrypt .env", environ=named).out == ENV
        ended = shell("gitseal decrypt .env", environ={"HOME": None})
        assert ended.code == 4
        check_message(ended.err, ".env")
        ended = shell("gitseal keys generate", environ={"HOME": None})
        assert ended.code in {2, 6}
        check_message(ended.err)

    def test_with_a_home_that_is_none(self, sealed: Desk) -> None:
        for home in ("/nonexistent", "relative", "/dev/null"):
            ended = shell("gitseal decrypt .env", environ={"HOME": home})
            assert ended.code == 4
            check_message(ended.err)

    @pytest.mark.parametrize("locale", ["C", "POSIX", "xx_YY.bogus", ""])
    def test_without_a_locale(self, locale: str, app: Desk) -> None:
        text = "NAME=Zoë 🔑\n"
        app.seal("schlüssel.env", text)
        plain: dict[str, str | None] = {
            "LC_ALL": locale,
            "LANG": None,
            "PYTHONCOERCECLOCALE": "0",
            "PYTHONUTF8": "0",
        }

        assert shell("gitseal decrypt *.env", environ=plain).out == text
        assert shell("gitseal get *.env NAME", environ=plain).out == "Zoë 🔑\n"
        for command in ("check", "status", "--help", "encrypt *.env", "readers list"):
            assert shell(f"gitseal {command}", environ=plain).code in {0, 1}, command
        ended = shell("gitseal decrypt nö.env", environ=plain)
        assert ended.code == 1
        check_message("".join(line for line in ended.err.splitlines(True) if line[:4] != "bash"))

    def test_without_git(self, sealed: Desk, tmp_path: Path) -> None:
        empty = tmp_path / "empty"
        empty.mkdir()
        for path in (str(empty), "", "."):
            line = f"PATH={path}; gitseal decrypt .env"
            assert shell(line).out == ENV
            ended = shell(f"PATH={path}; gitseal apply --yes")
            assert ended.code in {1, 2}
            check_message(ended.err)

    @pytest.mark.parametrize("command", ["diff HEAD", "diff", "rotate --yes"])
    def test_without_git_nothing_is_said_about_commits(
        self, command: str, sealed: Desk, tmp_path: Path
    ) -> None:
        subprocess.run(["git", "add", "-A"], check=True)
        subprocess.run(["git", "commit", "-qm", "Seal"], check=True)

        ended = shell(f"PATH={tmp_path}; gitseal {command}")

        assert ended.code == 1
        assert ended.out == ""
        check_message(ended.err, "git is not installed", "install git")

    @pytest.mark.parametrize("value", ["1", "vvv", CANARY])
    def test_variables_for_finding_faults_show_no_values(self, value: str, sealed: Desk) -> None:
        loud = {"GITSEAL_DEBUG": value, "DEBUG": value, "PYTHONFAULTHANDLER": "1"}
        sealed.write("b.yaml", f'a: "{CANARY}\n')

        assert shell("gitseal encrypt b.yaml", environ=loud).code == 9


class TestRepositories:
    def test_none_at_all(self, sealed: Desk, tmp_path: Path) -> None:
        folder = tmp_path / "elsewhere"
        folder.mkdir()
        shutil.copy(sealed.folder / ".env", folder / ".env")
        (folder / "b.env").write_text(f"A={CANARY}\n")

        for command, code in (
            ("check", 2), ("status", 2), ("apply --yes", 2), ("init --yes", 2), ("trust", 2),
            ("rotate --yes", 2), ("readers list", 2), ("encrypt b.env", 6), ("decrypt .env", 4),
            ("get .env PORT", 4), ("set b.env A --type null", 6), ("mv .env c.env", 6),
        ):  # fmt: skip
            ended = shell(f"gitseal {command}", folder)
            assert ended.code == code, f"{command}: {ended}"
            check_message(ended.err)
            assert ended.out == ""

    def test_a_bare_one(self, sealed: Desk, tmp_path: Path) -> None:
        bare = tmp_path / "bare.git"
        subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)

        for command in ("status", "apply --yes", "init --yes", "encrypt HEAD", "check", "diff"):
            ended = shell(f"gitseal {command}", bare)
            assert ended.code in {1, 2, 6}, f"{command}: {ended}"
            check_message(ended.err)

    @pytest.mark.parametrize("damage", ["index", "HEAD", "objects", "config"])
    def test_a_damaged_one(self, damage: str, sealed: Desk) -> None:
        path = sealed.folder / ".git" / damage
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.write_bytes(b"\xff\0garbage")

        for command in ("check", "status", "apply --yes", "decrypt .env", "diff"):
            ended = shell(f"gitseal {command}")
            assert ended.code in range(10), f"{command}: {ended}"
            if ended.code > 1:
                check_message(ended.err)

    def test_the_current_directory_is_gone(self, sealed: Desk, tmp_path: Path) -> None:
        ended = shell("mkdir x; cd x; rmdir ../x; gitseal decrypt .env", tmp_path)

        assert ended.code in {1, 2}
        check_message(ended.err)


class TestTwoAtATime:
    def test_who_finds_the_directory_locked_gives_up(
        self, sealed: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(writing, "_LOCK_SECONDS", 0.05)
        descriptor = os.open(sealed.folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)

        refused(sealed, "unset", ".env", "PORT", code=7, says=["another process", "try again"])
        os.close(descriptor)
        sealed("unset", ".env", "PORT")

    def test_of_many_at_one_file_each_is_applied_or_told(self, sealed: Desk) -> None:
        running = [
            subprocess.Popen(
                [sys.executable, "-m", "gitseal", "set", ".env", f"N{number}", "--generate", "8"],
                stderr=subprocess.PIPE,
            )
            for number in range(6)
        ]
        ended = [(one.communicate()[1].decode(), one.returncode) for one in running]

        text = sealed.clear(".env")
        for number, (err, code) in enumerate(ended):
            assert code in {0, 7}, err
            assert (f"N{number}=" in text) == (code == 0)
            if code == 7:
                check_message(err, ".env")
        assert any(code == 0 for _err, code in ended)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_nothing_is_written(number: signal.Signals, sealed: Desk) -> None:
    before = snapshot(sealed.folder)
    process = subprocess.Popen(
        [sys.executable, "-m", "gitseal", "set", ".env", "NEW", "--stdin"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    _wait_until_it_reads(process.pid)
    process.send_signal(number)
    err = process.communicate()[1].decode()

    assert process.returncode in {130, -number}
    assert "Traceback" not in err
    assert snapshot(sealed.folder) == before


def _wait_until_it_reads(pid: int) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/wchan").read_text() in {"pipe_read", "anon_pipe_read"}:
                return
            if Path(f"/proc/{pid}/syscall").read_text().startswith("0 0x0 "):
                return
        except OSError:
            pass
        time.sleep(0.02)
        if time.monotonic() > end - 9:
            return
