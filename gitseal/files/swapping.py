# SPDX-License-Identifier: Apache-2.0
"""
Replacing thousands of files whose content git has as well, each whole or not at all.

Unlike `writing`, nothing is brought to the disk: what a power failure takes can be had from git
again.  New content waits in a folder inside the git directory, where no `git add` finds it after
a crash, and takes its file's place by a rename.
"""

from __future__ import annotations

import errno
import os
import stat
import time

from gitseal.errors import ChangedError
from gitseal.files.locks import Lock
from gitseal.files.reading import open_directory, os_failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

_FOLDER = "swapping"
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = "new"
_EXCHANGE = 2
"""RENAME_EXCHANGE of renameat2(2)."""
_PAST = 2 * 10**9
"""
Nanoseconds that a new file is dated back.

git reads a file again that is not older than the index, in whole seconds; and every later change
then has another time, however soon it comes.
"""


class Swapper:
    """
    Replaces files below `root`; one process at a time.

    Args:
        root: top of the worktree.
        git_dir: of that worktree.

    Raises:
        ChangedError: another process is at it.
        GitsealError: the git directory cannot be written.
    """

    __slots__ = ("_directory", "_folder", "_git_dir", "_lock", "_parent", "_renameat2", "root")

    def __init__(self, root: str, git_dir: str) -> None:
        self.root = root
        self._git_dir = git_dir
        self._lock = Lock(git_dir, "worktree")
        self._folder = -1
        self._parent = ""
        self._directory = -1
        self._renameat2 = _renameat2()

    def __enter__(self) -> Self:
        self._lock.__enter__()
        try:
            path = os.path.join(self._git_dir, "gitseal", _FOLDER)
            try:
                os.makedirs(path, 0o700, exist_ok=True)
                self._folder = open_directory(path, self._git_dir)
                self._sweep()
            except OSError as error:
                raise os_failure(error, path, "cannot write") from None
        except BaseException:
            self._lock.__exit__()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        self._sweep()
        for descriptor in (self._folder, self._directory):
            if descriptor >= 0:
                os.close(descriptor)
        self._lock.__exit__()

    def _sweep(self) -> None:
        # What a killed process left, and that may be clear text.
        for name in os.listdir(self._folder):
            os.unlink(name, dir_fd=self._folder)

    def read(self, path: str, limit: int) -> tuple[bytes, os.stat_result] | None:
        """
        Give the content of a file of the worktree; None for what is no regular file.

        Raises:
            GitsealError: it cannot be read.
        """
        directory, name = self._at(path)
        if directory < 0:
            return None
        try:
            info = os.stat(name, dir_fd=directory, follow_symlinks=False)
            if not stat.S_ISREG(info.st_mode) or info.st_size > limit:
                return None
            with open(os.open(name, _READ, dir_fd=directory), "rb", buffering=0) as file:
                info = os.fstat(file.fileno())
                return file.readall(), info
        except FileNotFoundError:
            return None
        except OSError as error:
            raise os_failure(error, path, "cannot read") from None

    def replace(self, path: str, data: bytes, seen: os.stat_result) -> os.stat_result:
        """
        Give a file new content, with the mode it had.

        Args:
            path: in the worktree.
            data: the whole content.
            seen: what the file was when it was read.

        Returns:
            what it is now.

        Raises:
            ChangedError: somebody changed it meanwhile; it was left alone.
            GitsealError: it could not be written; it is what it was.
        """
        directory, name = self._at(path)
        try:
            made = self._write(_NEW, self._folder, data, seen)
            self._check(directory, name, path, seen)
            if not self._exchange(directory, name):
                try:
                    os.rename(_NEW, name, src_dir_fd=self._folder, dst_dir_fd=directory)
                except OSError as error:
                    if error.errno != errno.EXDEV:
                        raise
                    os.unlink(_NEW, dir_fd=self._folder)
                    beside = f".gitseal-{os.getpid()}-swap.tmp"  # `writing.sweep` knows the name
                    made = self._write(beside, directory, data, seen)
                    os.rename(beside, name, src_dir_fd=directory, dst_dir_fd=directory)
            now = os.stat(name, dir_fd=directory, follow_symlinks=False)
        except OSError as error:
            self._sweep()
            raise os_failure(error, path, "cannot write") from None
        if (now.st_ino, now.st_mtime_ns) != (made.st_ino, made.st_mtime_ns):
            raise ChangedError("was changed by somebody else meanwhile", path=path)
        return now

    def _exchange(self, directory: int, name: str) -> bool:
        """
        Let new and old content trade places, and remove the old; False where that is not known.

        ext4 brings a file to the disk before it replaces another by a rename: 2 ms a file.
        """
        if self._renameat2 is None:
            return False
        raw = os.fsencode(name)
        if self._renameat2(self._folder, _NEW.encode(), directory, raw, _EXCHANGE) != 0:
            self._renameat2 = None
            return False
        os.unlink(_NEW, dir_fd=self._folder)
        return True

    def _write(
        self, name: str, directory: int, data: bytes, seen: os.stat_result
    ) -> os.stat_result:
        with open(os.open(name, _FLAGS, 0o600, dir_fd=directory), "wb", buffering=0) as file:
            view = memoryview(data)
            while view:
                view = view[file.write(view) :]
            descriptor = file.fileno()
            info = os.fstat(descriptor)
            bits = stat.S_IMODE(seen.st_mode) & 0o777
            if info.st_gid != seen.st_gid and not _give_to_group(descriptor, seen.st_gid):
                bits &= ~0o070  # the group it has now was never meant
            os.fchmod(descriptor, bits)
            past = time.time_ns() - _PAST
            os.utime(descriptor, ns=(past, past))
            return os.fstat(descriptor)

    def _check(self, directory: int, name: str, path: str, seen: os.stat_result) -> None:
        info = os.stat(name, dir_fd=directory, follow_symlinks=False)
        if not same_file(info, seen):
            os.unlink(_NEW, dir_fd=self._folder)
            raise ChangedError(
                "was changed by somebody else meanwhile; it was left as it is",
                hint="try again",
                path=path,
            )

    def _at(self, path: str) -> tuple[int, str]:
        """Open the directory of a file, through no link; the last one stays open."""
        parent, _, name = path.rpartition("/")
        if parent != self._parent or self._directory < 0:
            if self._directory >= 0:
                os.close(self._directory)
                self._directory = -1
            self._parent = parent
            try:
                self._directory = open_directory(os.path.join(self.root, parent), self.root)
            except OSError:
                return -1, name
        return self._directory, name


def _renameat2() -> Callable[[int, bytes, int, bytes, int], int] | None:
    """Give the system's renameat2, which Python does not offer; None where there is none."""
    import ctypes

    try:
        function = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError):
        return None
    function.argtypes = (
        ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint,
    )  # fmt: skip
    function.restype = ctypes.c_int
    return function


def same_file(one: os.stat_result, other: os.stat_result) -> bool:
    """Tell whether nothing happened to a file between two looks at it."""
    return _stamp(one) == _stamp(other)


def _stamp(info: os.stat_result) -> tuple[int, ...]:
    return (
        info.st_dev,
        info.st_ino,
        info.st_mode,
        info.st_size,
        info.st_mtime_ns,
        info.st_ctime_ns,
    )


def _give_to_group(descriptor: int, group: int) -> bool:
    try:
        os.fchown(descriptor, -1, group)
    except OSError:
        return False
    return True
