# SPDX-License-Identifier: Apache-2.0
"""
Files that hold secrets, read and made with care.

Reading never blocks (a FIFO is refused before a byte is asked for) and never reads more than
it was told to; making one never overwrites, and leaves a whole file or none.
"""

from __future__ import annotations

import errno
import os
import stat
import time

from gitseal.errors import NotFoundError, RefusedError

PRIVATE_MODE = 0o600
_READING = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # else opening a FIFO waits for its writer for ever
    | getattr(os, "O_NOCTTY", 0)
)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_HAS_MODES = os.name == "posix"


class PrivateFile:
    """
    What a file with secrets held, and whether others could have read it.

    Attributes:
        data: its bytes.
        loose: its mode gives somebody else than the owner a right.
        mode: the permission bits.
    """

    __slots__ = ("data", "loose", "mode")

    def __init__(self, data: bytes, mode: int) -> None:
        self.data = data
        self.mode = mode
        self.loose = _HAS_MODES and bool(mode & 0o077)

    def __repr__(self) -> str:
        return "PrivateFile(…)"


def read_private(path: str, limit: int, *, strict: bool = False) -> PrivateFile:
    """
    Read a regular file of at most `limit` bytes.

    Args:
        path: where.
        limit: in bytes.
        strict: also demand mode 0600 exactly, our own user as owner, and no symbolic link
            (format 3: local key files).

    Raises:
        NotFoundError: there is no such file.
        RefusedError: it is not what it has to be; nothing was read.
    """
    try:
        handle = os.open(path, _READING | (_NOFOLLOW if strict else 0))
    except FileNotFoundError:
        raise NotFoundError("no such file", path=path) from None
    except OSError as error:
        raise _unreadable(error, path) from None
    try:
        status = os.fstat(handle)
        _check_status(status, path, limit, strict=strict)
        data = _read_up_to(handle, limit + 1)
    except OSError as error:
        raise _unreadable(error, path) from None
    finally:
        os.close(handle)
    if len(data) > limit:
        raise RefusedError(f"larger than {limit} bytes, which no such file is", path=path)
    return PrivateFile(data, stat.S_IMODE(status.st_mode))


def create_private(path: str, data: bytes) -> None:
    """
    Make a file of mode 0600; folders that are missing are made with 0700.

    A kill at any moment leaves the whole file or none under its name.

    Raises:
        RefusedError: something stands there already, or it cannot be written.
    """
    folder = os.path.dirname(path) or "."
    temporary = f"{path}.{os.getpid()}-{time.monotonic_ns()}.new"
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        _write_new(temporary, data)
        try:
            _publish(temporary, path, data)
        finally:
            os.unlink(temporary)
        _sync_folder(folder)
    except FileExistsError:
        raise RefusedError("there is a file already; it is not replaced", path=path) from None
    except OSError as error:
        raise RefusedError(f"cannot be written: {_reason(error)}", path=path) from None


def _check_status(status: os.stat_result, path: str, limit: int, *, strict: bool) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise RefusedError("not a regular file", path=path)
    if status.st_size > limit:
        raise RefusedError(f"larger than {limit} bytes, which no such file is", path=path)
    if not strict or not _HAS_MODES:
        return
    if status.st_uid != os.geteuid():
        raise RefusedError("it belongs to another user", path=path)
    mode = stat.S_IMODE(status.st_mode)
    if mode != PRIVATE_MODE:
        raise RefusedError(
            f"its mode is {mode:04o}; a local key file has {PRIVATE_MODE:04o}",
            hint=f"if nobody else can have read it: chmod 600 {path}",
            path=path,
        )


def _read_up_to(handle: int, limit: int) -> bytes:
    parts: list[bytes] = []
    left = limit
    while left and (part := os.read(handle, left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _write_new(path: str, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | _NOFOLLOW
    handle = os.open(path, flags, PRIVATE_MODE)
    try:
        with os.fdopen(handle, "wb") as stream:
            if _HAS_MODES:
                os.fchmod(handle, PRIVATE_MODE)  # a umask of 0277 would take our own right away
            stream.write(data)
            stream.flush()
            os.fsync(handle)
    except OSError:
        os.unlink(path)
        raise


def _publish(temporary: str, path: str, data: bytes) -> None:
    try:
        os.link(temporary, path)  # unlike a rename, never replaces what stands there
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        _write_new(path, data)


def _sync_folder(folder: str) -> None:
    handle = os.open(folder, _READING)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unreadable(error: OSError, path: str) -> RefusedError:
    if error.errno == errno.ELOOP:
        return RefusedError("a symbolic link, which is not followed here", path=path)
    return RefusedError(f"cannot be read: {_reason(error)}", path=path)


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
