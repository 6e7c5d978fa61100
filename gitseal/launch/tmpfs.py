# SPDX-License-Identifier: Apache-2.0
"""
A private directory in memory for clear text that a program must find in a file.

It is gone when the `with` ends, and at HUP, INT, TERM and QUIT.  What a SIGKILL leaves behind lies
in memory only, and the next gitseal removes it: the directory is locked while its maker lives.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import tempfile
from typing import TYPE_CHECKING

from gitseal.errors import GitsealError
from gitseal.files import os_failure
from gitseal.files.locks import is_running
from gitseal.files.memory import is_in_memory, is_ours, usual_places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType, TracebackType
    from typing import Self

    from gitseal.settings import Settings

_PREFIX = "gitseal-"
_ENDINGS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_YOUNG = 60.0
"""Seconds a directory without a lock is left alone: its maker may be about to lock it."""

_told: set[str] = set()


class PrivateDirectory:
    """
    A directory of mode 0700 on a file system that lives in memory, for one `with`.

    Where there is no such file system (macOS, some containers) it lies in the user's temporary
    directory, and `say` is told so, once a process.

    Args:
        settings: where to look for a place.
        say: takes a sentence for the user.

    Attributes:
        path: the directory; made in `__enter__`.
        in_memory: whether it lies on a tmpfs.

    Raises:
        GitsealError: no place for it could be found.
    """

    def __init__(self, settings: Settings, say: Callable[[str], None] | None = None) -> None:
        self._settings = settings
        self._say = say
        self._lock = -1
        self._handlers: dict[int, object] = {}
        self.path = ""
        self.in_memory = False

    def __enter__(self) -> Self:
        # From here on a signal unwinds; none can come between making and removing.
        self._catch_signals()
        try:
            self._make()
        except BaseException:
            self._release_signals()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._ignore_signals()
            self.remove()
        finally:
            self._release_signals()

    def _make(self) -> None:
        failure: OSError | None = None
        for parent, in_memory in places(self._settings):
            sweep(parent)
            try:
                self.path = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent)
                self._lock = _locked(self.path)
            except OSError as error:
                failure = error
                self.remove()
                continue
            self.in_memory = in_memory
            if not in_memory and self._say is not None and parent not in _told:
                _told.add(parent)
                self._say(
                    f"there is no file system in memory here; clear text lies in {parent}, "
                    "readable by you alone, until this ends"
                )
            return
        where = self._settings.temp_dir
        if failure is None:
            raise GitsealError("there is no place for a private directory", path=where)
        raise os_failure(failure, where, "cannot make a private directory")

    def write(self, name: str, data: bytes) -> str:
        """
        Make a file of mode 0600 in the directory, and give its path.

        Raises:
            GitsealError: it could not be written (the memory may be full).
        """
        path = os.path.join(self.path, name)
        try:
            with open(os.open(path, _WRITE, 0o600), "wb") as file:
                file.write(data)
        except OSError as error:
            raise os_failure(error, path, "cannot write") from None
        return path

    def remove(self) -> None:
        """Remove the directory and all in it; harmless when repeated."""
        if self.path:
            path, self.path = self.path, ""
            _remove_tree(path)
            if os.path.lexists(path) and self._say is not None:
                self._say(f"could not remove {path}, which holds clear text; remove it yourself")
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _catch_signals(self) -> None:
        import threading

        if threading.current_thread() is not threading.main_thread():
            return
        for number in _ENDINGS:
            before = signal.getsignal(number)
            if before in (signal.SIG_DFL, signal.default_int_handler):
                self._handlers[number] = before
                signal.signal(number, self._end)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        self._ignore_signals()
        self.remove()
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    def _ignore_signals(self) -> None:
        for number in self._handlers:
            signal.signal(number, signal.SIG_IGN)

    def _release_signals(self) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._handlers = {}


def places(settings: Settings) -> Iterator[tuple[str, bool]]:
    """Give directories that may hold a private one, best first, and whether they are in memory."""
    for path in usual_places(settings.runtime_dir):
        if is_ours(path) and is_in_memory(path):
            yield path, True
    if is_ours(settings.temp_dir):
        yield settings.temp_dir, is_in_memory(settings.temp_dir)


def _locked(path: str) -> int:
    import fcntl

    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor


def sweep(parent: str) -> int:
    """Remove what dead processes of this user left in `parent`, and give how many there were."""
    try:
        names = [name for name in os.listdir(parent) if name.startswith(_PREFIX)]
    except OSError:
        return 0
    removed = 0
    for name in names:
        path = os.path.join(parent, name)
        pid = name[len(_PREFIX) :].partition("-")[0]
        if pid.isascii() and pid.isdigit() and _is_left_over(path, int(pid)):
            _remove_tree(path)
            removed += 1
    return removed


def _is_left_over(path: str, pid: int) -> bool:
    import fcntl
    import time

    try:
        info = os.lstat(path)
        if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid():
            return False
        if is_running(pid) and time.time() - info.st_mtime < _YOUNG:
            return False
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _remove_tree(path: str) -> None:
    import shutil

    shutil.rmtree(path, ignore_errors=True)
