# SPDX-License-Identifier: Apache-2.0
"""
What the index remembers of the files it stands for, so that git need not read them (stat data).

git writes it down when it checks a file out.  Who writes a file in git's place, with just the
content that git would have written, may write it down as well; else git's next `status` runs the
filter over every such file, and the filter may need a key that only a person can give.  Nothing
else of the index is changed, and an index that is unusual in any way is left to git.
"""

from __future__ import annotations

import hashlib
import os
import time

from gitseal.errors import ChangedError, GitError
from gitseal.repository.indexfile import (
    MAX_INDEX,
    changes_meaning,
    has_other_hash,
    index_path,
    walk,
)
from gitseal.repository.running import ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitseal.repository.finding import Repository

_ASSUMED = 0x8000
"""Flag: the user told git not to look at the file (`update-index --assume-unchanged`)."""
_STAGE = 0x3000
_SKIP_WORKTREE = 0x4000
_HASH = 20
_NONE = bytes(_HASH)
"""Stands for a checksum where `index.skipHash` is set."""
_KEPT = ("GIT_INDEX_FILE",)
_SECONDS = 2.0
"""How long git's lock of the index is waited for."""
_PAUSE = 0.02
_FILTER_SECONDS = 600.0
_STATED = 40
"""Bytes of an entry before the object id; its mode stands among them, from 24 to 28."""


class IndexStat:
    """
    The stat data of one state of the index.

    Args:
        repository: where.
    """

    __slots__ = ("_places", "_stamp", "repository")

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._places: dict[str, bytes] = {}
        self._stamp = 0
        found = _load(repository)
        if found is not None:
            data, self._stamp = found
            self._places = {
                path: data[start : start + _STATED] for path, start in (_places(data) or {}).items()
            }

    def is_unchanged(self, path: str, info: os.stat_result) -> bool:
        """
        Tell whether a file is certainly what is staged, by its stat data, to the nanosecond.

        Where the file is as young as the index, in whole seconds as git compares them, or the
        user told git not to look, nothing is certain.
        """
        known = self._places.get(path)
        if known is None or info.st_mtime_ns // 10**9 >= self._stamp // 10**9:
            return False
        mine = _packed(info)
        exact = any(mine[4:8]) or any(mine[12:16])  # some write whole seconds only
        return exact and known[:24] == mine[:24] and known[36:40] == mine[32:36]


def forget(repository: Repository, files: Mapping[str, tuple[int, str]]) -> None:
    """
    Make git look at the content of files next time.

    Without that it calls a file changed whose size is another than the one it knows, and asks no
    filter: who writes files in git's place begins with this, and ends with `record`.

    Args:
        repository: where.
        files: repository path -> (mode, object id) that must be staged.

    Raises:
        ChangedError: git is working in this repository, or died there.
        GitError: git failed.
    """
    written = _write(repository, {path: (entry[1], None) for path, entry in files.items()})
    if written is None:
        lines = [
            b"%06o %s 0\t%s\0" % (mode, identity.encode(), os.fsencode(path))
            for path, (mode, identity) in files.items()
        ]
        ask(repository, ["update-index", "-z", "--index-info"], data=b"".join(lines), keep=_KEPT)
    elif not written:
        raise ChangedError(
            "another git is working here, or was killed: there is an index.lock",
            hint=f"wait for it; if there is none: rm {index_path(repository)}.lock",
        )


def record(repository: Repository, files: Mapping[str, tuple[str, os.stat_result]]) -> bool:
    """
    Write down that files are just what git has staged, as git does when it checks them out.

    Args:
        repository: where.
        files: repository path -> (object id that must be staged, stat data of the file).

    Returns:
        whether it was written; if not, git looks at the files next time.
    """
    written = _write(repository, files)
    if written is not None:
        return written
    try:
        # An index that only git can write: it looks at the files itself, through the filter.
        words = ["update-index", "-q", "--refresh"]
        ask(repository, words, ok=(0, 1), keep=_KEPT, timeout=_FILTER_SECONDS)
    except GitError:
        return False
    return True


def _write(
    repository: Repository, files: Mapping[str, tuple[str, os.stat_result | None]]
) -> bool | None:
    """Write the index anew; False if somebody has locked it, None if only git can write it."""
    path = index_path(repository)
    descriptor = _locked(path)
    if descriptor < 0:
        return False
    lock = f"{path}.lock"
    try:
        with open(descriptor, "wb") as file:
            data = _patched(repository, files)
            if data is None:
                return None
            file.write(data)
        os.replace(lock, path)
        lock = ""
    except OSError:
        return False
    finally:
        if lock:
            os.unlink(lock)
    return True


def _locked(path: str) -> int:
    """Take git's own lock of an index, and give its descriptor; -1 if it stays taken."""
    end = time.monotonic() + _SECONDS
    while True:
        try:
            mode = os.stat(path).st_mode & 0o777
            return os.open(f"{path}.lock", os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        except FileExistsError:
            if time.monotonic() > end:
                return -1
        except OSError:
            return -1
        time.sleep(_PAUSE)


def _patched(
    repository: Repository, files: Mapping[str, tuple[str, os.stat_result | None]]
) -> bytearray | None:
    found = _load(repository)
    places = None if found is None else _places(found[0])
    if found is None or places is None:
        return None
    data = bytearray(found[0])
    end = len(data) - _HASH
    unchecked = data[end:] == _NONE
    if not unchecked and hashlib.sha1(data[:end], usedforsecurity=False).digest() != data[end:]:
        return None
    for name, wanted in files.items():
        start = places.get(name)
        if start is None or data[start + 40 : start + 60].hex() != wanted[0]:
            continue
        packed = bytes(36) if wanted[1] is None else _packed(wanted[1])
        data[start : start + 24] = packed[:24]
        data[start + 28 : start + 40] = packed[24:]
    if not unchecked:
        data[end:] = hashlib.sha1(data[:end], usedforsecurity=False).digest()
    return data


def _load(repository: Repository) -> tuple[bytes, int] | None:
    """Give the index and when it was written; None if only git can read it."""
    if has_other_hash(repository):
        return None
    try:
        with open(index_path(repository), "rb") as file:
            stamp = os.fstat(file.fileno()).st_mtime_ns
            return file.read(MAX_INDEX), stamp
    except OSError:
        return None


def _places(data: bytes) -> dict[str, int] | None:
    """Give where the entry of each staged file begins; None for an unusual index."""
    found: dict[str, int] = {}
    end = 12
    try:
        for start, end, name, flags, extended in walk(data):  # noqa: B007 - its last value counts
            if not flags & (_ASSUMED | _STAGE) and not extended & _SKIP_WORKTREE:
                found[os.fsdecode(name)] = start
        return None if changes_meaning(data, end) else found
    except (ValueError, IndexError):
        return None


def _packed(info: os.stat_result) -> bytes:
    """Give ctime, mtime, device, inode, user, group and size as git writes them: 36 bytes."""
    numbers = (
        *divmod(info.st_ctime_ns, 10**9), *divmod(info.st_mtime_ns, 10**9), info.st_dev,
        info.st_ino, info.st_uid, info.st_gid, _size(info.st_size),
    )  # fmt: skip
    return b"".join((number & 0xFFFFFFFF).to_bytes(4, "big") for number in numbers)


def _size(size: int) -> int:
    # 0 means "unknown" to git: a file of just 4 GiB must not seem to be empty.
    return 0x80000000 if size and not size & 0xFFFFFFFF else size
