# SPDX-License-Identifier: Apache-2.0
"""Reading regular files, and finding out where a write would go, without blocking or being led."""

from __future__ import annotations

import errno
import os
import stat

from gitseal.errors import (
    DocumentError,
    GitsealError,
    LimitError,
    NotFoundError,
    RefusedError,
)

MAX_FILE = 64 * 1024 * 1024
"""Bytes a reader accepts where nothing tighter is said."""

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
READ_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISLNK, "a link"),
)
_HINTS = {
    errno.ENOSPC: "free some space on that disk, then try again",
    errno.EDQUOT: "your quota on that disk is used up; free some space, then try again",
    errno.EFBIG: "a limit on file sizes is set here (see `ulimit -f`)",
    errno.EROFS: "the disk is mounted read-only",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EIO: "the disk fails; look at the system's log",
    errno.EACCES: "check who owns the file and its directory, and their modes (`ls -ld`)",
    errno.EPERM: "check who owns the file and its directory, and `lsattr` for an immutable flag",
}


class Snapshot:
    """
    What a file was when it was read; `ABSENT` is the one of a file that is not there.

    Attributes:
        device, inode, links: from `stat`; more than one link means a rename parts them.
        size: in bytes, -1 when absent.
        mtime_ns: time of the last change, in nanoseconds.
        digest: SHA-256 of the content, 32 bytes; empty when absent.
    """

    __slots__ = ("device", "digest", "inode", "links", "mtime_ns", "size")

    def __init__(
        self, device: int, inode: int, size: int, mtime_ns: int, digest: bytes, links: int = 1
    ) -> None:
        self.device = device
        self.inode = inode
        self.size = size
        self.mtime_ns = mtime_ns
        self.digest = digest
        self.links = links

    @property
    def exists(self) -> bool:
        """Tell whether there was a file."""
        return self.size >= 0

    def same_content(self, other: Snapshot) -> bool:
        """Tell whether nothing would be lost by taking one file for the other."""
        return self.size == other.size and self.digest == other.digest


ABSENT = Snapshot(0, 0, -1, 0, b"", 0)


def os_failure(error: OSError, path: str, doing: str) -> GitsealError:
    """Say in a person's words why the system refused; `doing` is like "cannot read"."""
    reason = os.strerror(error.errno).lower() if error.errno else "the system refused"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return NotFoundError(f"{doing}: {reason}", path=path)
    if error.errno == errno.ELOOP:
        return RefusedError(f"{doing}: a link stands where none may be followed", path=path)
    return GitsealError(f"{doing}: {reason}", hint=_HINTS.get(error.errno or 0), path=path)


def check_regular(mode: int, path: str) -> None:
    """
    Refuse anything but a regular file, by its `st_mode`.

    Raises:
        DocumentError: a directory, pipe, socket, device or link.
    """
    if stat.S_ISREG(mode):
        return
    kind = next((name for test, name in _KINDS if test(mode)), "something else")
    raise DocumentError(
        f"is {kind}, not a regular file",
        path=path,
        hint="name a file; the content of a pipe is read with: - --filename PATH",
    )


def read_limited(path: str, limit: int = MAX_FILE, *, follow: bool = True) -> bytes:
    """
    Give the content of a regular file of at most `limit` bytes; never waits for a writer.

    Raises:
        NotFoundError: there is no such file.
        DocumentError: a directory, pipe, socket or device.
        LimitError: larger than `limit`.
        RefusedError: a link, where `follow` is false.
    """
    return read_with_snapshot(path, limit, follow=follow)[0]


def read_with_snapshot(
    path: str, limit: int = MAX_FILE, *, follow: bool = True
) -> tuple[bytes, Snapshot]:
    """Give content and `Snapshot` of a regular file; raises as `read_limited` does."""
    try:
        return read_at(path, limit, path, None, follow=follow)
    except OSError as error:
        raise os_failure(error, path, "cannot read") from None


def read_at(
    name: str, limit: int, path: str, directory: int | None, *, follow: bool
) -> tuple[bytes, Snapshot]:
    """Read `name` below an open directory (None: the current one); lets `OSError` out."""
    import hashlib

    # Looking first keeps us from opening a device, which for some is an action of its own.
    seen = os.stat(name, dir_fd=directory, follow_symlinks=follow)
    if stat.S_ISLNK(seen.st_mode):
        raise RefusedError("is a link, and links are not followed here", path=path)
    check_regular(seen.st_mode, path)
    flags = READ_FLAGS if follow else READ_FLAGS | os.O_NOFOLLOW
    descriptor = os.open(name, flags, dir_fd=directory)
    try:
        info = os.fstat(descriptor)
        check_regular(info.st_mode, path)
        data = _read_all(descriptor, limit, info.st_size, path)
    finally:
        os.close(descriptor)
    digest = hashlib.sha256(data).digest()
    return data, Snapshot(
        info.st_dev, info.st_ino, len(data), info.st_mtime_ns, digest, info.st_nlink
    )


def _read_all(descriptor: int, limit: int, size: int, path: str) -> bytes:
    parts: list[bytes] = []
    total = 0
    while size <= limit:
        part = os.read(descriptor, min(max(size - total, 0), limit) + 1)
        if not part:
            return parts[0] if len(parts) == 1 else b"".join(parts)
        parts.append(part)
        total += len(part)
        size = max(size, total)
    raise LimitError(
        f"is larger than {limit:,} bytes", path=path, hint="split it, or keep it elsewhere"
    )


def resolve_target(path: str, root: str | None) -> str:
    """
    Give the real path a write to `path` must go to; links are resolved, missing files allowed.

    Args:
        path: where the user pointed.
        root: the directory the result may not leave (a repository), or None for no such limit.

    Raises:
        RefusedError: the file lies outside `root`, or among git's own files.
        NotFoundError: a link to nothing.
    """
    real = os.path.realpath(path)
    if os.path.lexists(path) and not os.path.exists(path):
        raise NotFoundError("is a link to nothing", path=path, hint="see where it leads: ls -l")
    if root is None:
        return real
    base = os.path.realpath(root)
    if not real.startswith(base.rstrip("/") + "/"):
        where = "leads" if os.path.islink(path) else "lies"
        raise RefusedError(
            f"{where} outside the repository", path=path, hint=f"the repository is {base}"
        )
    if any(part.lower() == ".git" for part in real[len(base) :].split("/")):
        raise RefusedError(
            "belongs to git itself; gitseal does not write there",
            path=path,
            hint="name a file of the worktree",
        )
    return real


def open_directory(path: str, root: str | None = None, parents: int | None = None) -> int:
    """
    Give a descriptor of a directory; below `root`, no link is followed on the way.

    Args:
        path: the directory.
        root: a directory above it that is trusted to be what it is; None trusts the whole path.
        parents: mode of directories to make where some are missing; None makes none.

    Raises:
        RefusedError: the directory lies outside `root`.
        OSError: it is not there, is no directory, or a link stands on the way.
    """
    if root is None:
        if parents is not None:
            os.makedirs(path, parents, exist_ok=True)
        return os.open(path, _DIRECTORY)
    if path != root and not path.startswith(root.rstrip("/") + "/"):
        raise RefusedError("lies outside the repository", path=path)
    descriptor = os.open(root, _DIRECTORY)
    for name in filter(None, path[len(root) :].split("/")):
        try:
            if parents is not None:
                _make_directory(name, parents, descriptor)
            inner = os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor


def _make_directory(name: str, mode: int, directory: int) -> None:
    try:
        os.mkdir(name, mode, dir_fd=directory)
    except FileExistsError:
        return
