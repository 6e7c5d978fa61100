# SPDX-License-Identifier: Apache-2.0
"""
Replacing files, whole or not at all.

A write goes to a temporary file beside its target, is brought to the disk, and takes the target's
place by a rename; whoever dies in between leaves the old file, and at most a temporary one that
the next writer in that directory sweeps away.
"""

from __future__ import annotations

import errno
import os
import stat

from gitseal.errors import ChangedError, GitsealError, RefusedError
from gitseal.files.locks import hold, is_running
from gitseal.files.reading import (
    ABSENT,
    READ_FLAGS,
    check_regular,
    open_directory,
    os_failure,
    read_at,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from gitseal.files.reading import Snapshot

_TEMP_PREFIX = ".gitseal-"
_TEMP_SUFFIX = ".tmp"
_TEMP_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_DAY = 86_400
_LOCK_SECONDS = 10.0
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS, errno.EACCES)
_ACL = "system.posix_acl_access"

_swept: set[str] = set()


def write_atomically(
    path: str,
    data: bytes,
    *,
    expect: Snapshot | None = None,
    mode: int | None = None,
    root: str | None = None,
    parents: int | None = None,
) -> None:
    """
    Replace or make one file, whole or not at all; see `Writes.add` for the arguments.

    Raises:
        ChangedError: the file is not what `expect` says.
        RefusedError: a link stands in the way.
        GitsealError: the system refused (no space, no right …); the old file is untouched.
    """
    with Writes() as writes:
        writes.add(path, data, expect=expect, mode=mode, root=root, parents=parents)
        writes.commit()


class Writes:
    """
    Several writes that are all prepared, and all checked, before the first one takes effect.

    What it promises: when `add` or the check in front of the renames fails (no space, no right,
    a changed target), no file has changed.  The renames themselves come one after the other: a
    crash or an error among them leaves some files new and some old, each of them whole.
    """

    __slots__ = ("_staged",)

    def __init__(self) -> None:
        self._staged: list[_Staged] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        for staged in self._staged:
            staged.discard()
        self._staged = []

    def add(
        self,
        path: str,
        data: bytes,
        *,
        expect: Snapshot | None = None,
        mode: int | None = None,
        root: str | None = None,
        parents: int | None = None,
    ) -> None:
        """
        Bring `data` to the disk beside `path`.

        Args:
            path: the target, from `resolve_target`.
            data: the new content.
            expect: what the target must still be; `ABSENT` for a new file; None to not look.
            mode: of a new file (less the umask; 0600 if None); an existing one keeps its own,
                at most narrowed to this.
            root: see `open_directory`; give it for every path inside a repository.
            parents: mode of missing directories to make, or None to fail where one is missing.
        """
        staged = _Staged(path, root, expect)
        self._staged.append(staged)
        try:
            staged.stage(data, mode, parents)
        except OSError as error:
            raise os_failure(error, path, "cannot write") from None

    def commit(self) -> None:
        """Check every target, then rename, then bring the directories to the disk."""
        done = 0
        try:
            if len(self._staged) > 1:
                for staged in self._staged:
                    staged.check()
            for staged in self._staged:
                staged.replace()
                done += 1
            for staged in {staged.parent: staged for staged in self._staged}.values():
                staged.sync()
        except OSError as error:
            raise self._partly(os_failure(error, staged.path, "cannot write"), done) from None
        except GitsealError as error:
            raise self._partly(error, done) from None

    def _partly(self, error: GitsealError, done: int) -> GitsealError:
        if done and done < len(self._staged):
            error.hint = f"{done} of {len(self._staged)} files were written before; run it again"
        return error


class _Staged:
    """One temporary file on its way to its target."""

    __slots__ = ("expect", "mode", "name", "parent", "path", "root", "temp")

    def __init__(self, path: str, root: str | None, expect: Snapshot | None) -> None:
        self.parent, self.name = os.path.split(os.path.abspath(path))
        self.path = path
        self.root = root
        self.expect = expect
        self.mode: int | None = None
        self.temp = ""

    def stage(self, data: bytes, mode: int | None, parents: int | None) -> None:
        directory = open_directory(self.parent, self.root, parents)
        try:
            old = self._look(directory)
            self.mode = None if old is None else stat.S_IMODE(old.st_mode)
            _sweep_once(self.parent)
            name = f"{_TEMP_PREFIX}{os.getpid()}-{os.urandom(8).hex()}{_TEMP_SUFFIX}"
            self.temp = name
            descriptor = os.open(name, _TEMP_FLAGS, 0o600, dir_fd=directory)
            try:
                _write_all(descriptor, data)
                _carry_over(descriptor, old, mode, directory, self.name)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        finally:
            os.close(directory)

    def _look(self, directory: int) -> os.stat_result | None:
        try:
            info = os.stat(self.name, dir_fd=directory, follow_symlinks=False)
        except FileNotFoundError:
            return None
        if stat.S_ISLNK(info.st_mode):
            raise RefusedError("is a link; gitseal replaces files, not links", path=self.path)
        check_regular(info.st_mode, self.path)
        if not os.access(self.name, os.W_OK, dir_fd=directory):
            # A rename would not care; whoever protected the file does.
            raise GitsealError("is write-protected", hint="chmod u+w allows it", path=self.path)
        return info

    def check(self) -> None:
        """Refuse a target that is not what was expected."""
        directory = open_directory(self.parent, self.root)
        try:
            self.check_at(directory)
        finally:
            os.close(directory)

    def check_at(self, directory: int) -> None:
        info = self._look(directory)
        now = None if info is None else stat.S_IMODE(info.st_mode)
        changed = now != self.mode
        if self.expect is not None and not changed:
            found = ABSENT
            if info is not None:
                limit = max(self.expect.size, 0)
                if info.st_size <= limit:
                    found = read_at(self.name, limit, self.path, directory, follow=False)[1]
                else:
                    changed = True
            changed = changed or not found.same_content(self.expect)
        if changed:
            raise ChangedError(
                "was changed by somebody else meanwhile; nothing was written",
                hint="look at the file, then try again",
                path=self.path,
            )

    def replace(self) -> None:
        """Check once more and rename; other writers of gitseal wait at the directory meanwhile."""
        directory = open_directory(self.parent, self.root)
        try:
            hold(directory, _LOCK_SECONDS, self.path)
            self.check_at(directory)
            if self.mode is None and self.expect is not None and self._link(directory):
                os.unlink(self.temp, dir_fd=directory)
            else:
                os.replace(self.temp, self.name, src_dir_fd=directory, dst_dir_fd=directory)
            self.temp = ""
        finally:
            os.close(directory)

    def _link(self, directory: int) -> bool:
        # A link never replaces a file that somebody made since we looked; a rename would.
        try:
            os.link(self.temp, self.name, src_dir_fd=directory, dst_dir_fd=directory)
        except FileExistsError:
            raise ChangedError("was made by somebody else meanwhile", path=self.path) from None
        except OSError as error:
            if error.errno in _NO_LINKS:
                return False
            raise
        return True

    def sync(self) -> None:
        directory = open_directory(self.parent, self.root)
        try:
            os.fsync(directory)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP, errno.EBADF):
                raise
        finally:
            os.close(directory)

    def discard(self) -> None:
        """Remove the temporary file, if it is still there."""
        if self.temp:
            _unlink(os.path.join(self.parent, self.temp))
            self.temp = ""


def _unlink(path: str) -> bool:
    try:
        os.unlink(path)
    except OSError:
        return False
    return True


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _carry_over(
    descriptor: int, old: os.stat_result | None, mode: int | None, directory: int, name: str
) -> None:
    """Give the new file the owner, mode and attributes of the old one, or less, never more."""
    if old is None:
        os.fchmod(descriptor, 0o600 if mode is None else mode & ~_umask() & 0o777)
        return
    bits = stat.S_IMODE(old.st_mode) & 0o777 & (0o777 if mode is None else mode)
    mine = os.fstat(descriptor)
    group_kept = mine.st_gid == old.st_gid
    if (mine.st_uid, mine.st_gid) != (old.st_uid, old.st_gid):
        try:
            os.fchown(descriptor, -1, old.st_gid)
            group_kept = True
            os.fchown(descriptor, old.st_uid, -1)
        except OSError:
            pass
    if not group_kept or not _copy_attributes(descriptor, directory, name):
        # Another group, or a list we could not copy: its members get what everybody gets.
        bits = bits & ~0o070 | bits << 3 & bits & 0o070
    os.fchmod(descriptor, bits)


def _umask() -> int:
    # The only portable way to read it is to set it; 077 meanwhile cannot widen anything.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _copy_attributes(descriptor: int, directory: int, name: str) -> bool:
    """Copy the user's attributes and the access list; False if a list could not be copied."""
    if not hasattr(os, "listxattr"):
        return True
    try:
        source = os.open(name, READ_FLAGS | os.O_NOFOLLOW, dir_fd=directory)
    except OSError:
        return False
    try:
        for attribute in os.listxattr(source):
            if attribute == _ACL or attribute.startswith("user."):
                os.setxattr(descriptor, attribute, os.getxattr(source, attribute))
    except OSError as error:
        return error.errno in (errno.EOPNOTSUPP, errno.ENOSYS)
    finally:
        os.close(source)
    return True


def _sweep_once(directory: str) -> None:
    if directory not in _swept:
        _swept.add(directory)
        sweep(directory)


def sweep(directory: str) -> int:
    """
    Remove temporary files whose writers are dead (or a day old), and give their number.

    They hold sealed text, or what the user asked to be written there; nothing else is touched.
    """
    import time

    try:
        names = [name for name in os.listdir(directory) if name.startswith(_TEMP_PREFIX)]
    except OSError:
        return 0
    removed = 0
    for name in names:
        pid = name[len(_TEMP_PREFIX) :].partition("-")[0]
        if not name.endswith(_TEMP_SUFFIX) or not (pid.isascii() and pid.isdigit()):
            continue
        path = os.path.join(directory, name)
        try:
            info = os.lstat(path)
            ours = stat.S_ISREG(info.st_mode) and info.st_uid == os.geteuid()
        except OSError:
            continue
        if ours and (not is_running(int(pid)) or time.time() - info.st_mtime > _DAY):
            removed += _unlink(path)
    return removed


def remove(path: str, *, expect: Snapshot | None = None, root: str | None = None) -> None:
    """
    Remove a regular file that is still what `expect` says, and bring that to the disk.

    Raises:
        ChangedError: it is not what `expect` says.
        NotFoundError: it is not there.
    """
    staged = _Staged(path, root, expect)
    try:
        directory = open_directory(staged.parent, root)
        try:
            hold(directory, _LOCK_SECONDS, path)
            info = os.stat(staged.name, dir_fd=directory, follow_symlinks=False)
            staged.mode = stat.S_IMODE(info.st_mode)
            staged.check_at(directory)
            os.unlink(staged.name, dir_fd=directory)
        finally:
            os.close(directory)
        staged.sync()
    except OSError as error:
        raise os_failure(error, path, "cannot remove") from None
