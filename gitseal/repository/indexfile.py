# SPDX-License-Identifier: Apache-2.0
"""
What is staged, read from the index file itself and from files that hold the same bytes.

Starting git twice costs more than checking fifty files.  An object id is a hash, so a file of the
worktree whose hash is the staged one *is* the staged content.  Whatever is unusual (a split or
sparse index, another hash, a version that is not known) is left to git.
"""

from __future__ import annotations

import hashlib
import os

from gitseal.errors import GitsealError
from gitseal.repository.trees import IndexTree, WorktreeTree, is_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitseal.repository.finding import Repository
    from gitseal.repository.trees import Conflicts, Entries

_EXTENDED = 0x4000
_INTENT_TO_ADD = 0x2000
_FIXED = 62
MAX_INDEX = 512 * 1024 * 1024
_MAX_CONFIG = 1 << 20


def blob_id(data: bytes, like: str) -> str:
    """
    Give git's object id of a content.

    Args:
        data: the content as git would store it.
        like: an id of the same repository; its length says which hash is used.
    """
    # Not for security: git chose the hash.
    digest = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    return digest(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


class StagedTree(IndexTree):
    """
    The index, as `IndexTree`; git is started only for content that the worktree does not have.

    Args:
        repository: where.
        limit: the largest file that is read, in bytes.
    """

    __slots__ = ("worktree",)

    def __init__(self, repository: Repository, *, limit: int) -> None:
        super().__init__(repository, limit=limit)
        self.worktree = WorktreeTree(repository.root, limit=limit)

    def load(self) -> tuple[Entries, Conflicts]:
        """Read the index file, or ask git where it is unusual."""
        return _read(self.repository) or super().load()

    def identity(self, path: str) -> str | None:
        """Give the object id that is staged for a regular file."""
        mode, identity = self.staged()[0].get(path, (0, ""))
        return identity if is_regular(mode) else None

    def read(self, path: str) -> bytes | None:
        """Give the staged content of a regular file, or None."""
        identity = self.identity(path)
        if identity is None:
            return None
        near = self._near(path, identity)
        return next(super().read_many((path,)))[1] if near is None else near

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Answer as `read` for many paths; what has to come from git comes from one process."""
        waiting: list[str] = []
        for path in paths:
            identity = self.identity(path)
            near = None if identity is None else self._near(path, identity)
            if identity is None or near is not None:
                yield path, near
            else:
                waiting.append(path)
        yield from super().read_many(waiting)

    def _near(self, path: str, identity: str) -> bytes | None:
        try:
            data = self.worktree.read(path)
        except GitsealError:
            return None
        return data if data is not None and blob_id(data, identity) == identity else None


def _read(repository: Repository) -> tuple[Entries, Conflicts] | None:
    """Give entries and conflicts of the index; None leaves it to git."""
    if has_other_hash(repository):
        return None
    try:
        with open(index_path(repository), "rb") as file:
            data = file.read(MAX_INDEX)
    except FileNotFoundError:
        return {}, {}
    except OSError:
        return None
    try:
        return parse_index(data)
    except (ValueError, IndexError):
        return None


def index_path(repository: Repository) -> str:
    """Give the index that git uses here; in a hook it may be another file."""
    named = repository.environ.get("GIT_INDEX_FILE")
    return os.path.join(repository.root, named) if named else f"{repository.git_dir}/index"


def has_other_hash(repository: Repository) -> bool:
    """Tell whether the ids of a repository may be longer than those of SHA-1."""
    try:
        with open(f"{repository.common_dir}/config", "rb") as file:
            return b"objectformat" in file.read(_MAX_CONFIG).lower()
    except OSError:
        return False


def parse_index(data: bytes) -> tuple[Entries, Conflicts] | None:
    """
    Read an index of version 2, 3 or 4 with SHA-1 ids (gitformat-index(5)).

    Returns:
        path -> (mode, object id), and for paths in conflict stage -> (mode, object id); None
        where an extension changes what the entries mean.

    Raises:
        ValueError, IndexError: it is no index.
    """
    entries: Entries = {}
    conflicts: Conflicts = {}
    end = 12
    for start, end, name, flags, extended in walk(data):  # noqa: B007 - its last value counts
        mode = int.from_bytes(data[start + 24 : start + 28], "big")
        identity = data[start + 40 : start + 60].hex()
        stage = flags >> 12 & 3
        if stage:
            conflicts.setdefault(os.fsdecode(name), {})[stage] = (mode, identity)
        elif not extended & _INTENT_TO_ADD:  # `git add -N` stages a name without a content
            entries[os.fsdecode(name)] = (mode, identity)
    return None if changes_meaning(data, end) else (entries, conflicts)


def walk(data: bytes) -> Iterator[tuple[int, int, bytes, int, int]]:
    """
    Give where each entry of an index begins and ends, its name, flags and extended flags.

    Raises:
        ValueError, IndexError: it is no index.
    """
    version = int.from_bytes(data[4:8], "big")
    if data[:4] != b"DIRC" or version not in (2, 3, 4) or len(data) < 32:
        raise ValueError("not an index")
    position = 12
    name = b""
    for _ in range(int.from_bytes(data[8:12], "big")):
        start = position
        flags = data[start + 60] << 8 | data[start + 61]
        extended = 0
        position = start + _FIXED
        if flags & _EXTENDED:
            extended = data[position] << 8 | data[position + 1]
            position += 2
        if version == 4:
            dropped, position = _varint(data, position)
            end = data.index(b"\0", position)
            name = name[: len(name) - dropped] + data[position:end]
            position = end + 1
        else:
            end = data.index(b"\0", position)
            name = data[position:end]
            position = start + ((end - start) // 8 + 1) * 8
        yield start, position, name, flags, extended


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """Read the offset encoding of pack files, which version 4 uses for lengths."""
    byte = data[position]
    value = byte & 0x7F
    while byte & 0x80:
        position += 1
        byte = data[position]
        value = ((value + 1) << 7) | (byte & 0x7F)
    return value, position + 1


def changes_meaning(data: bytes, position: int) -> bool:
    """Tell whether an extension has to be understood: its name begins with a small letter."""
    while position < len(data) - 20:
        if not data[position : position + 1].isupper():
            return True
        position += 8 + int.from_bytes(data[position + 4 : position + 8], "big")
    return False
