# SPDX-License-Identifier: Apache-2.0
"""
Running a program as a child: to mask its output, or to clean up after it.

Where neither is needed, `run.exec_with_environment` is better: nothing stands in between then.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING

from gitseal.errors import UsageError
from gitseal.launch.masking import Masker
from gitseal.launch.run import exec_failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import FrameType
    from typing import IO

_FORWARDED = frozenset(
    (
        signal.SIGINT,
        signal.SIGTERM,
        signal.SIGHUP,
        signal.SIGQUIT,
        signal.SIGUSR1,
        signal.SIGUSR2,
        signal.SIGWINCH,
        signal.SIGCONT,
    )
)
_IGNORED_BY_DEFAULT = (signal.SIGCHLD, signal.SIGWINCH)
_PIECE = 1 << 16
_DRAIN = 2.0
"""Seconds after the program's end in which what it wrote may still arrive."""


def run_child(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    secrets: Iterable[str | bytes] | None = None,
    stdout: int = 1,
    stderr: int = 2,
) -> int:
    """
    Run a program to its end and give its exit code, 128 + n if signal n ended it.

    Signals sent to us are passed on; those of the terminal's keys reach the program by
    themselves.  Whatever it leaves running in the background loses its output at the end.

    Args:
        command: program, looked for on the `PATH` of `environment`, and its arguments.
        environment: from `run.prepare_environment`.
        secrets: values to mask in its output; None leaves its output alone.
        stdout: descriptor for what it writes to its standard output.
        stderr: descriptor for its standard error; the two are never mixed.

    Raises:
        GitsealError: it could not be started; `exit_code` is 126, or 127 if it was not found.
    """
    if not command or not command[0]:
        raise UsageError("there is no command to run")
    values = None if secrets is None else tuple(secrets)
    with _blocked() as before:
        outputs = (stdout, stderr) if values is None else (subprocess.PIPE, subprocess.PIPE)
        process = _start(command, environment, before, outputs)
        threads = []
        if values is not None:
            pairs = ((process.stdout, stdout), (process.stderr, stderr))
            threads = [
                _copying(stream, target, Masker(values))
                for stream, target in pairs
                if stream is not None
            ]
        _forward_until_end(process)
        end = time.monotonic() + _DRAIN
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
    code = process.returncode
    return 128 - code if code < 0 else code


@contextlib.contextmanager
def _blocked() -> Iterator[set[int]]:
    """Keep signals pending, so that none is lost between starting the program and waiting."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _FORWARDED | {signal.SIGCHLD})
    # A signal that is ignored, as these are by default, may never become pending (macOS; Linux
    # where SIGCHLD was inherited as ignored). An own handler ends that, and ends at the exec.
    handlers = {number: signal.signal(number, _nothing) for number in _IGNORED_BY_DEFAULT}
    try:
        yield {int(number) for number in before}
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """Handle a signal by not dying of it."""


def _start(
    command: Sequence[str], environment: Mapping[str, str], mask: set[int], outputs: tuple[int, int]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(command),
            env=environment,
            stdout=outputs[0],
            stderr=outputs[1],
            preexec_fn=lambda: _unblock(mask),  # noqa: PLW1509 - no thread has been started yet
        )
    except OSError as error:
        raise exec_failure(command[0], error) from None
    except ValueError:
        raise UsageError("an argument of the command holds a NUL character") from None


def _unblock(mask: set[int]) -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _copying(source: IO[bytes], target: int, masker: Masker) -> threading.Thread:
    thread = threading.Thread(target=_copy, args=(source, target, masker), daemon=True)
    thread.start()
    return thread


def _copy(source: IO[bytes], target: int, masker: Masker) -> None:
    # Closed also when nobody reads from us any more: SIGPIPE tells the program, as it would alone.
    with source, contextlib.suppress(OSError):
        while data := os.read(source.fileno(), _PIECE):
            _write(target, masker.feed(data))
        _write(target, masker.finish())


def _write(target: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(target, view) :]


def _forward_until_end(process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        number, by_terminal = _next_signal()
        if number in _FORWARDED and not by_terminal:
            process.send_signal(number)


def _next_signal() -> tuple[int, bool]:
    """Wait for a signal; say whether the kernel sent it, to all processes at the terminal."""
    if hasattr(signal, "sigwaitinfo"):
        information = signal.sigwaitinfo(_FORWARDED | {signal.SIGCHLD})
        return information.si_signo, information.si_code > 0
    number = signal.sigwait(_FORWARDED | {signal.SIGCHLD})
    return number, number in (signal.SIGINT, signal.SIGQUIT, signal.SIGWINCH) and os.isatty(0)
