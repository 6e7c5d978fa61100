# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pytest

from gitseal.errors import UsageError
from gitseal.launch.mask import run_child

ROOT = Path(__file__).resolve().parents[2]
PARENT = """
import os, sys
from gitseal.errors import GitsealError
from gitseal.launch.mask import run_child
secrets = None if sys.argv[1] == "-" else [sys.argv[1]]
try:
    code = run_child(sys.argv[2:], dict(os.environ), secrets=secrets)
except GitsealError as error:
    print(error, file=sys.stderr)
    code = error.exit_code
sys.exit(code)
"""


def parent(secret: str, *command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PARENT, secret, *command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finished(secret: str, *command: str) -> tuple[int, bytes, bytes]:
    child = parent(secret, *command)
    out, err = child.communicate(timeout=20)
    return child.returncode, out, err


def test_output_is_masked_and_the_streams_stay_apart() -> None:
    script = (
        "echo out hunter2; echo err hunter2 >&2; printf hun; sleep 0.2; printf 'ter2\\n'; exit 3"
    )

    assert finished("hunter2", "sh", "-c", script) == (3, b"out ***\n***\n", b"err ***\n")


def test_without_secrets_the_output_is_left_alone() -> None:
    assert finished("-", "sh", "-c", "echo out; echo err >&2") == (0, b"out\n", b"err\n")


@pytest.mark.parametrize("secret", ["hunter2", "-"])
def test_death_by_a_signal_is_told_as_a_shell_does(secret: str) -> None:
    assert finished(secret, "sh", "-c", "kill -KILL $$")[0] == 137
    assert finished(secret, "sh", "-c", "kill -TERM $$")[0] == 143


def test_what_cannot_be_run() -> None:
    code, _, err = finished("hunter2", "nowhere-to-be-found")
    assert (code, err) == (127, b"cannot run nowhere-to-be-found: no such file or directory\n")
    assert finished("-", "/etc")[0] == 126
    with pytest.raises(UsageError):
        run_child([], {})
    with pytest.raises(UsageError):
        run_child(["a\0b"], {})


TRAPS = """
for name in INT TERM HUP QUIT USR1 USR2; do trap "echo got $name" $name; done
trap 'echo got WINCH; exit 9' WINCH
echo ready
while :; do sleep 0.02; done
"""


@pytest.mark.parametrize("secret", ["hunter2", "-"])
def test_signals_are_passed_on(secret: str) -> None:
    # bash runs a trap after each `sleep`; sh of some systems does not know WINCH.
    child = parent(secret, "bash", "-c", TRAPS)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"

    for name in ("INT", "TERM", "HUP", "QUIT", "USR1", "USR2", "WINCH"):
        child.send_signal(getattr(signal, f"SIG{name}"))
        assert child.stdout.readline() == f"got {name}\n".encode()
    child.communicate(timeout=20)

    assert child.returncode == 9


def test_a_signal_ends_a_program_that_does_not_care() -> None:
    child = parent("hunter2", "sh", "-c", "echo ready; exec sleep 60")
    assert child.stdout is not None
    child.stdout.readline()
    child.terminate()
    child.communicate(timeout=20)

    assert child.returncode == 128 + signal.SIGTERM


def test_a_key_press_arrives_once(tmp_path: Path) -> None:
    script = "trap 'echo got INT' INT; echo ready; for i in 1 2 3 4 5 6; do sleep 0.1; done; exit 4"
    child = pexpect.spawn(
        sys.executable,
        ["-c", PARENT, "hunter2", "bash", "-c", script],
        cwd=str(ROOT),
        timeout=20,
    )
    child.expect("ready")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()

    assert child.before.count(b"got INT") == 1
    assert child.exitstatus == 4


def test_a_reader_who_leaves_ends_the_program() -> None:
    child = parent("hunter2", "yes")
    assert child.stdout is not None
    child.stdout.read(100)
    child.stdout.close()
    assert child.stderr is not None
    child.stderr.read()
    child.stderr.close()

    assert child.wait(timeout=20) == 128 + signal.SIGPIPE


def test_what_runs_on_in_the_background_does_not_hold_us() -> None:
    start = time.monotonic()
    code, out, _ = finished("hunter2", "sh", "-c", "sleep 30 & echo hunter2")

    assert (code, out) == (0, b"***\n")
    assert time.monotonic() - start < 10


def test_much_output_arrives_whole() -> None:
    code, out, err = finished(
        "hunter2",
        sys.executable,
        "-c",
        "import sys; [(sys.stdout.write('x' * 99 + '\\n'), sys.stderr.write('y' * 99 + '\\n'))"
        " for _ in range(20000)]",
    )

    assert (code, len(out), len(err)) == (0, 2_000_000, 2_000_000)


def test_the_standard_input_is_the_programs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PARENT, "hunter2", "cat"],
        cwd=ROOT,
        input=b"a hunter2",
        capture_output=True,
        check=False,
    )

    assert done.stdout == b"a ***"


def test_the_caller_keeps_its_signals(capfd: pytest.CaptureFixture[str]) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    handler = signal.getsignal(signal.SIGCHLD)

    assert (
        run_child(["sh", "-c", "echo $A"], {**os.environ, "A": "hunter2"}, secrets=["hunter2"]) == 0
    )

    assert capfd.readouterr().out == "***\n"
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
    assert signal.getsignal(signal.SIGCHLD) is handler


def test_an_ignored_signal_of_children_does_not_hang_us() -> None:
    done = subprocess.run(
        ["sh", "-c", 'trap "" CHLD; exec "$@"', "sh", sys.executable, "-c", PARENT, "-", "true"],
        cwd=ROOT,
        timeout=20,
        check=False,
    )

    assert done.returncode == 0


MOUNT = """
import os, sys
from gitseal.launch.mask import run_child
from gitseal.launch.tmpfs import PrivateDirectory
from gitseal.settings import Settings
with PrivateDirectory(Settings.from_environment()) as directory:
    path = directory.write("secrets.env", b"A=hunter2\\n")
    code = run_child([*sys.argv[1:], path], dict(os.environ))
sys.exit(code)
"""


@pytest.mark.parametrize("number", [None, signal.SIGTERM, signal.SIGHUP])
def test_a_file_for_a_program_goes_with_it(memory: Path, number: int | None) -> None:
    script = 'cat "$0"; while [ -e "$1" ]; do sleep 0.05; done; echo end'
    go_on = memory / "go-on"
    go_on.touch()
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            MOUNT,
            "sh",
            "-c",
            'exec sh -c "$1" "$3" "$2"',
            "x",
            script,
            str(go_on),
        ],
        cwd=ROOT,
        env={**os.environ, "XDG_RUNTIME_DIR": str(memory)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "A=hunter2\n"
    if number is None:
        go_on.unlink()
    else:
        child.send_signal(number)
    rest, _ = child.communicate(timeout=20)

    assert (rest, child.returncode) == (("end\n", 0) if number is None else ("", 128 + number))
    assert not [path for path in memory.iterdir() if path.is_dir()]
