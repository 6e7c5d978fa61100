# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desk import CANARY, ENV, PEM, YAML, Desk
from gitseal.cli import starting
from gitseal.errors import UsageError


def go(desk: Desk, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run gitseal as a process of its own; no message may show a value."""
    done = subprocess.run(
        [sys.executable, "-m", "gitseal", "run", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environ},
    )
    assert CANARY not in done.stderr
    return done


class TestTheEnvironment:
    def test_holds_the_values_and_the_program_takes_our_place(self, app: Desk) -> None:
        app.seal("a.yaml", YAML)
        process = subprocess.Popen(
            [sys.executable, "-m", "gitseal", "run", "a.yaml", "--", "sh", "-c",
             'echo "$$ $DB_PASSWORD $USERS_1_NAME"'],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        out, _ = process.communicate()

        assert out == f"{process.pid} {CANARY} ben\n"

    def test_without_a_file_is_that_of_the_nearest_env(self, app: Desk) -> None:
        app.seal(".env", ENV)
        (app.folder / "sub").mkdir()
        os.chdir("sub")

        assert go(app, "--", "sh", "-c", "echo $PORT").stdout == "8080\n"

    def test_a_variable_that_exists_wins_and_is_said(self, app: Desk) -> None:
        app.seal(".env", ENV)

        kept = go(app, "--", "sh", "-c", "echo $PORT", PORT="1")
        assert kept.stdout == "1\n"
        assert "kept from the environment: PORT" in kept.stderr
        turned = go(app, "--override", "--", "sh", "-c", "echo $PORT", PORT="1")
        assert turned.stdout == "8080\n"
        assert go(app, "--", "sh", "-c", "echo $PORT", PORT="8080").stderr == ""

    def test_prefix_and_only(self, app: Desk) -> None:
        app.seal("a.yaml", YAML)

        done = go(app, "--prefix", "APP_", "--only", "db.port", "a.yaml", "--", "env")

        assert [line for line in done.stdout.splitlines() if line.startswith("APP_")] == [
            "APP_DB_PORT=5432"
        ]

    @pytest.mark.parametrize("name", ["PATH", "LD_PRELOAD", "BASH_ENV", "PYTHONPATH", "GIT_SSH"])
    def test_dangerous_names_are_refused(self, name: str, app: Desk) -> None:
        app.seal(".env", f"{name}={CANARY}\nA=1\n")

        refused = go(app, "--", "env")

        assert refused.returncode == 125
        assert f"would set {name}" in refused.stderr
        assert refused.stdout == ""

    def test_dangerous_names_are_allowed_one_by_one(self, app: Desk) -> None:
        app.seal(".env", "BASH_ENV=x\nPYTHONPATH=x\nA=1\n")
        words = ["--allow-dangerous", "BASH_ENV"]

        assert "would set PYTHONPATH," in go(app, *words, "--", "env").stderr
        both = go(app, *words, "--allow-dangerous", "PYTHONPATH", "--", "env").stdout
        assert "PYTHONPATH=x\n" in both
        assert go(app, "--only", "A", "--", "env").returncode == 0

    def test_clear_text_in_the_place_of_sealed_text_reaches_no_program(self, app: Desk) -> None:
        app.write(".env", "A=1\n")

        done = go(app, "--", "env")

        assert done.returncode == 125
        assert "is not sealed" in done.stderr

    def test_clear_text_of_a_plain_scope_does(self, desk: Desk) -> None:
        desk.scope(worktree="plain")
        desk.write(".env", "AA=1\n")

        assert go(desk, "--", "sh", "-c", "echo $AA").stdout == "1\n"

    def test_where_agents_are_denied_a_terminal_is_needed(self, desk: Desk) -> None:
        desk.scope(agents="deny")
        desk.seal(".env", ENV)

        done = go(desk, "--", "env")

        assert done.returncode == 125
        assert "agents: deny" in done.stderr


class TestExitCodes:
    def test_are_the_programs_own(self, app: Desk) -> None:
        app.seal(".env", ENV)

        assert go(app, "--", "sh", "-c", "exit 42").returncode == 42
        assert go(app, "--mask", "--", "sh", "-c", "exit 42").returncode == 42
        assert go(app, "--mount", ".env", "--", "sh", "-c", "kill -9 $$").returncode == 137

    @pytest.mark.parametrize("options", [[], ["--mask"], ["--mount", ".env"]])
    def test_say_what_could_not_be_started(self, options: list[str], app: Desk) -> None:
        app.seal(".env", ENV)

        assert go(app, *options, "--", "no-such-program").returncode == 127
        assert go(app, *options, "--", str(app.folder)).returncode == 126

    @pytest.mark.parametrize(
        "words",
        [
            [],
            [".env"],
            [".env", "env"],
            [".env", "--"],
            ["--"],
            ["--nonsense", "--", "env"],
            ["--only", "nowhere", "--", "env"],
            ["nowhere.env", "--", "env"],
            ["server.pem", "--", "env"],
        ],
    )
    def test_of_gitseal_itself_are_125(self, words: list[str], app: Desk) -> None:
        app.seal(".env", ENV)
        app.seal("server.pem", PEM)

        done = go(app, *words)

        assert done.returncode == 125
        assert "gitseal: error:" in done.stderr
        assert done.stdout == ""


class TestWords:
    def test_what_stands_behind_the_dashes_is_the_programs(self, app: Desk) -> None:
        app.seal(".env", ENV)
        words = ["--help", "--", "-x", "--mask", ""]

        plain = go(app, "--", "printf", "%s|", *words).stdout
        assert plain == "--help|--|-x|--mask||"
        assert go(app, "--prefix", "P_", "--", "printf", "%s|", *words).stdout == plain

    def test_help_is_ours_in_front_of_them(self, app: Desk) -> None:
        assert "--mount" in go(app, "--help").stdout
        assert "--mount" in go(app, "--help", "--", "ls").stdout

    def test_are_parted_at_the_first_dashes(self) -> None:
        assert starting.split(["a", "--", "b", "--", "c"]) == (["a"], ["b", "--", "c"])
        with pytest.raises(UsageError, match="needs --"):
            starting.split(["a", "b"])


class TestMounting:
    def test_a_file_is_in_memory_for_as_long_as_the_program_lives(self, app: Desk) -> None:
        app.seal("server.pem", PEM)

        done = go(
            app, "--mount", "server.pem", "--", "sh", "-c",
            'cat "$1"; stat -f -c %T "$1"; stat -c %a "$1"; echo "$1"; echo "$GITSEAL_MOUNT"',
            "sh", "{}",
        )  # fmt: skip

        content, kind, mode, path, same = (
            done.stdout[: len(PEM)], *done.stdout[len(PEM) :].splitlines()
        )  # fmt: skip
        assert (content, kind, mode) == (PEM, "tmpfs", "600")
        assert path == same
        assert path.endswith("/server.pem")
        assert not Path(path).exists()

    def test_several_lie_in_one_directory(self, app: Desk) -> None:
        app.seal("server.pem", PEM)
        app.seal("a.yaml", YAML)

        done = go(app, "--mount", "server.pem", "--mount", "a.yaml", "--", "ls", "{}")

        assert done.stdout == "a.yaml\nserver.pem\n"

    def test_variables_come_with_it_where_files_are_named(self, app: Desk) -> None:
        app.seal(".env", ENV)
        app.seal("server.pem", PEM)

        alone = go(app, "--mount", "server.pem", "--", "env").stdout
        both = go(app, "--mount", "server.pem", ".env", "--", "env").stdout

        assert "PORT=8080" not in alone
        assert "PORT=8080" in both

    def test_a_signal_reaches_the_program_and_the_file_goes(self, app: Desk) -> None:
        app.seal("server.pem", PEM)
        process = subprocess.Popen(
            [sys.executable, "-m", "gitseal", "run", "--mount", "server.pem", "--", "sh", "-c",
             'trap "echo caught; exit 5" TERM; echo {}; while :; do sleep 0.05; done'],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        path = Path(process.stdout.readline().strip())
        assert path.exists()

        process.send_signal(signal.SIGTERM)

        assert process.communicate()[0] == "caught\n"
        assert process.returncode == 5
        assert not path.exists()


class TestMasking:
    def test_values_do_not_reach_the_output(self, app: Desk) -> None:
        app.seal(".env", ENV)

        done = go(
            app, "--mask", "--", "sh", "-c", 'echo "a $DB_PASSWORD z"; echo "$DB_PASSWORD" >&2'
        )

        assert done.stdout == "a *** z\n"
        assert done.stderr == "***\n"

    def test_nor_do_those_of_mounted_files(self, app: Desk) -> None:
        app.seal("a.yaml", YAML)

        done = go(app, "--mask", "--mount", "a.yaml", "--", "cat", "{}")

        assert "password" in done.stdout
        assert CANARY not in done.stdout


def test_nothing_is_left_of_any_of_it(app: Desk) -> None:
    app.seal("a.yaml", YAML)
    before = set(os.listdir("/dev/shm"))

    go(app, "--mask", "--mount", "a.yaml", "a.yaml", "--", "true")
    time.sleep(0.05)

    assert app.leftovers() == []
    assert {name for name in set(os.listdir("/dev/shm")) - before if "gitseal" in name} == set()
