# SPDX-License-Identifier: Apache-2.0
"""Waiting for other processes of gitseal; a lock dies with its holder, however that ends."""

from __future__ import annotations

import errno
import os

from gitseal.errors import ChangedError
from gitseal.files.reading import os_failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

_PAUSE = 0.02
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_LOCKS = (errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


def hold(descriptor: int, seconds: float, path: str) -> None:
    """
    Lock an open file or directory until it is closed.

    On file systems without locks (some network ones) this does nothing: what is written there is
    still checked and renamed, only two writers at the same instant are not told apart.

    Raises:
        ChangedError: somebody else held it for `seconds`.
    """
    import fcntl
    import time

    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES, errno.EINTR):
                raise
        else:
            return
        if time.monotonic() >= end:
            raise ChangedError(
                f"another process has been writing here for {seconds:g} seconds", path=path
            )
        time.sleep(_PAUSE)


def is_running(pid: int) -> bool:
    """Tell whether a process of this number exists, whoever's it is."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


class Lock:
    """
    One lock of a repository, taken with `with`; not re-entrant.

    Args:
        common_dir: the directory all worktrees of the repository share (`Repository.common_dir`).
        name: what is locked: "apply", a scope, a repository path.
        seconds: how long to wait for another holder.

    Raises:
        ChangedError: the time ran out; the message names the holder's process.
    """

    __slots__ = ("_descriptor", "name", "path", "seconds")

    def __init__(self, common_dir: str, name: str, *, seconds: float = 10.0) -> None:
        self.name = name
        self.path = os.path.join(common_dir, "gitseal", "locks", f"{_file_name(name)}.lock")
        self.seconds = seconds
        self._descriptor = -1

    def __enter__(self) -> Self:
        try:
            os.makedirs(os.path.dirname(self.path), 0o700, exist_ok=True)
            self._descriptor = os.open(self.path, _FLAGS, 0o600)
            try:
                hold(self._descriptor, self.seconds, self.path)
                os.ftruncate(self._descriptor, 0)
                os.pwrite(self._descriptor, b"%d\n" % os.getpid(), 0)
            except BaseException:
                os.close(self._descriptor)
                raise
        except ChangedError:
            raise ChangedError(
                f"another gitseal{self._holder()} is working on {self.name}",
                hint=f"waited {self.seconds:g} seconds; try again when it has finished",
            ) from None
        except OSError as error:
            raise os_failure(error, self.path, "cannot lock") from None
        return self

    def __exit__(self, *_exception: object) -> None:
        # The file stays: removing it would let two holders lock two files of one name.
        os.close(self._descriptor)

    def _holder(self) -> str:
        try:
            with open(self.path, "rb") as file:
                pid = file.read(20).strip()
        except OSError:
            return ""
        return f" (process {pid.decode()})" if pid.isdigit() else ""


def _file_name(name: str) -> str:
    if 0 < len(name) <= 64 and _PLAIN.issuperset(name):
        return name
    import hashlib

    return "x" + hashlib.sha256(os.fsencode(name)).hexdigest()
