# SPDX-License-Identifier: Apache-2.0
"""
Trees to read policy and sealed files from: worktree, index, commit.

All answer the same questions, so that a check of a commit sees that commit's policy.  A link is
never followed and a submodule never entered: `read` knows regular files only.  Repository paths
are `str` with `/` between segments; a name that is not UTF-8 holds surrogates.
"""

from __future__ import annotations

import os
import stat

from gitseal.errors import GitError, GitsealError, IntegrityError, LimitError, RefusedError
from gitseal.repository.objects import AHEAD, MAX_OBJECT, TOO_LARGE, Objects
from gitseal.repository.running import ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Protocol

    from gitseal.repository.finding import Repository

    Entries = dict[str, tuple[int, str]]
    Conflicts = dict[str, dict[int, tuple[int, str]]]

    class Tree(Protocol):
        """What policy and checks read from; every error names the path."""

        def read(self, path: str) -> bytes | None:
            """Give the content of a regular file, or None where there is none."""

        def paths(self, prefix: str = "") -> Iterable[str]:
            """Give the regular files below a directory ("" for all), or that file itself."""

        def entries(self, prefix: str = "") -> Iterable[Entry]:
            """Give everything below a directory: links and submodules too."""

        def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
            """Answer as `read` for many paths, in their order."""


Entry = tuple[str, int, str]
"""Path, mode as git writes it (0o100644, 0o100755, 0o120000, 0o160000), object id ("" if none)."""

_FILE = 0o100000
_LINK = 0o120000
_SUBMODULE = 0o160000
_TREE = 0o040000
_KIND = 0o170000
_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
_DIRECTORY = _OPEN | os.O_DIRECTORY


def is_regular(mode: int) -> bool:
    """Tell whether an entry is a regular file, not a link, submodule or directory."""
    return mode & _KIND == _FILE


def is_behind_link(root: str, path: str) -> bool:
    """Tell whether a directory above a repository path is a link."""
    parents = path.split("/")[:-1]
    tops = ("/".join(parents[: depth + 1]) for depth in range(len(parents)))
    return any(os.path.islink(os.path.join(root, top)) for top in tops)


def _below(path: str, prefix: str) -> bool:
    return not prefix or path == prefix or path.startswith(prefix + "/")


class WorktreeTree:
    """
    The files as they lie in a directory; `.git` and repositories inside are left out.

    Args:
        root: top of the worktree (or any directory).
        limit: the largest file that is read, in bytes.
    """

    __slots__ = ("limit", "root")

    def __init__(self, root: str, *, limit: int = MAX_OBJECT) -> None:
        self.root = root
        self.limit = limit

    def read(self, path: str) -> bytes | None:
        """
        Give the content of a regular file that is reached without a link, or None.

        Raises:
            LimitError: it is larger than `limit`.
            GitsealError: it cannot be read.
        """
        *parents, name = path.split("/")
        if not name or any(part in ("", ".", "..") for part in (*parents, name)):
            return None
        directory = os.open(self.root, _DIRECTORY & ~os.O_NOFOLLOW)
        try:
            for part in parents:
                inner = os.open(part, _DIRECTORY, dir_fd=directory)
                os.close(directory)
                directory = inner
            return self._read_at(directory, name, path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise GitsealError(f"cannot read: {reason}", path=path) from None
        finally:
            os.close(directory)

    def _read_at(self, directory: int, name: str, path: str) -> bytes | None:
        if not stat.S_ISREG(os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode):
            return None
        with open(os.open(name, _OPEN | os.O_NONBLOCK, dir_fd=directory), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            data = file.read(self.limit + 1)
        if len(data) > self.limit:
            raise LimitError(f"is larger than {self.limit:,} bytes", path=path)
        return data

    def paths(self, prefix: str = "") -> Iterator[str]:
        """Give the regular files below a directory, sorted within each directory."""
        return (path for path, mode, _ in self.entries(prefix) if is_regular(mode))

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Give files, links and inner repositories; ignored files too; no object ids."""
        prefix = prefix.rstrip("/")
        try:
            mode = os.lstat(os.path.join(self.root, prefix)).st_mode if prefix else _TREE
        except OSError:
            return
        if ".." in prefix.split("/")[:-1] or is_behind_link(self.root, prefix):
            return
        if stat.S_ISDIR(mode):
            yield from self._walk(prefix)
        elif stat.S_ISREG(mode) or stat.S_ISLNK(mode):
            yield prefix, _mode_of(mode), ""

    def _walk(self, top: str) -> Iterator[Entry]:
        waiting = [top]
        while waiting:
            directory = waiting.pop()
            try:
                with os.scandir(
                    os.path.join(self.root, directory) if directory else self.root
                ) as it:
                    found = sorted(it, key=lambda entry: entry.name)
            except OSError:
                continue
            if directory and any(entry.name == ".git" for entry in found):
                yield directory, _SUBMODULE, ""
                continue
            inner = []
            for entry in found:
                path = f"{directory}/{entry.name}" if directory else entry.name
                if entry.is_symlink():
                    yield path, _LINK, ""
                elif entry.is_file(follow_symlinks=False):
                    yield path, _mode_of(entry.stat(follow_symlinks=False).st_mode), ""
                elif entry.is_dir(follow_symlinks=False) and entry.name.lower() != ".git":
                    inner.append(path)
            waiting.extend(reversed(inner))

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Answer as `read` for many paths, in their order."""
        return ((path, self.read(path)) for path in paths)


def _mode_of(mode: int) -> int:
    if stat.S_ISLNK(mode):
        return _LINK
    return 0o100755 if mode & 0o100 else 0o100644


class IndexTree:
    """
    What the next commit would hold; read once, when the first question comes.

    `GIT_INDEX_FILE` is honoured where git set it for a hook: in `commit PATH` and `commit -a` the
    index is another file.

    Args:
        repository: where.
        limit: the largest file that is read, in bytes.
    """

    __slots__ = ("_objects", "_staged", "repository")

    def __init__(self, repository: Repository, *, limit: int = MAX_OBJECT) -> None:
        self.repository = repository
        self._objects = Objects(repository, limit=limit)
        self._staged: tuple[Entries, Conflicts] | None = None

    def close(self) -> None:
        """End the git process behind this."""
        self._objects.close()

    def staged(self) -> tuple[Entries, Conflicts]:
        """Give what is staged, and the stages of paths in conflict; asks once."""
        if self._staged is None:
            self._staged = self.load()
        return self._staged

    def load(self) -> tuple[Entries, Conflicts]:
        """Ask git what is staged."""
        output = ask(self.repository, ["ls-files", "-s", "-z"], keep=("GIT_INDEX_FILE",))
        entries: Entries = {}
        conflicts: Conflicts = {}
        for line in output.split(b"\0")[:-1]:
            meta, _, name = line.partition(b"\t")
            mode, identity, stage = meta.decode().split(" ")
            entry = (int(mode, 8), identity)
            if stage == "0":
                entries[os.fsdecode(name)] = entry
            else:
                conflicts.setdefault(os.fsdecode(name), {})[int(stage)] = entry
        return entries, conflicts

    @property
    def conflicts(self) -> frozenset[str]:
        """The paths of an unfinished merge; `read` gives None for them."""
        return frozenset(self.staged()[1])

    def stages(self, path: str) -> dict[int, bytes]:
        """Give base (1), ours (2) and theirs (3) of a path in conflict, as far as there are any."""
        found = {}
        for stage, (mode, identity) in sorted(self.staged()[1].get(path, {}).items()):
            answer = self._objects.read(identity) if is_regular(mode) else None
            if answer is not None:
                found[stage] = answer[2]
        return found

    def read(self, path: str) -> bytes | None:
        """Give the staged content of a regular file, or None."""
        return next(self.read_many((path,)))[1]

    def paths(self, prefix: str = "") -> Iterator[str]:
        """Give the staged regular files below a directory, in git's order."""
        return (path for path, mode, _ in self.entries(prefix) if is_regular(mode))

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Give everything that is staged without a conflict."""
        prefix = prefix.rstrip("/")
        for path, (mode, identity) in self.staged()[0].items():
            if _below(path, prefix):
                yield path, mode, identity

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Answer as `read` for many paths through one git process."""
        entries = self.staged()[0]
        return read_blobs(self._objects, ((path, entries.get(path)) for path in paths))


class CommitTree:
    """
    A commit (or tree), read object by object through one git process.

    Args:
        repository: where.
        revision: anything git resolves to a commit or tree.
        limit: the largest file that is read, in bytes.

    Raises:
        GitError: there is no such revision.
    """

    __slots__ = ("_objects", "_trees", "identity", "repository", "revision")

    def __init__(self, repository: Repository, revision: str, *, limit: int = MAX_OBJECT) -> None:
        self.repository = repository
        self.revision = revision
        self._objects = Objects(repository, limit=limit)
        self._trees: dict[str, dict[str, tuple[int, str]]] = {}
        answer = self._objects.read(f"{revision}^{{tree}}")
        if answer is None:
            self.close()
            raise GitError(f"there is no commit {revision!r} here", hint="git fetch may bring it")
        self.identity = answer[0]
        self._trees[self.identity] = _parse_tree(answer[2], len(answer[0]) // 2)

    def close(self) -> None:
        """End the git process behind this."""
        self._objects.close()

    def _tree(self, identity: str) -> dict[str, tuple[int, str]]:
        tree = self._trees.get(identity)
        if tree is None:
            answer = self._objects.read(identity)
            if answer is None or answer[1] != "tree":
                raise GitError(f"a directory of {self.revision} is missing from the repository")
            tree = self._trees[identity] = _parse_tree(answer[2], len(identity) // 2)
        return tree

    def _entry(self, path: str) -> tuple[int, str] | None:
        identity = self.identity
        *parents, name = path.split("/")
        for part in parents:
            mode, identity = self._tree(identity).get(part, (0, ""))
            if mode != _TREE:
                return None
        return self._tree(identity).get(name)

    def read(self, path: str) -> bytes | None:
        """Give the committed content of a regular file, or None."""
        return next(self.read_many((path,)))[1]

    def paths(self, prefix: str = "") -> Iterator[str]:
        """Give the committed regular files below a directory, in git's order."""
        return (path for path, mode, _ in self.entries(prefix) if is_regular(mode))

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Give everything the commit holds below a directory."""
        prefix = prefix.rstrip("/")
        mode, identity = (self._entry(prefix) or (0, "")) if prefix else (_TREE, self.identity)
        if mode == _TREE:
            yield from self._walk(prefix, identity)
        elif mode:
            yield prefix, mode, identity

    def _walk(self, prefix: str, identity: str) -> Iterator[Entry]:
        waiting = [iter([(prefix, _TREE, identity)])]
        while waiting:
            path, mode, identity = next(waiting[-1], ("", 0, ""))
            if not mode:
                waiting.pop()
            elif mode == _TREE:
                start = f"{path}/" if path else ""
                found = self._tree(identity).items()
                waiting.append(iter([(start + name, *entry) for name, entry in found]))
            else:
                yield path, mode, identity

    def read_many(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Answer as `read` for many paths through one git process."""
        return read_blobs(self._objects, ((path, self._entry(path)) for path in paths))


def read_blobs(
    objects: Objects, wanted: Iterable[tuple[str, tuple[int, str] | None]]
) -> Iterator[tuple[str, bytes | None]]:
    """Give `(path, content)` for `(path, (mode, object id))`; None for what is no regular file."""
    known: list[tuple[str, str]] = []
    for path, entry in wanted:
        known.append((path, entry[1] if entry is not None and is_regular(entry[0]) else ""))
        if len(known) == AHEAD:
            yield from _read_batch(objects, known)
            known = []
    yield from _read_batch(objects, known)


def _read_batch(
    objects: Objects, known: list[tuple[str, str]]
) -> Iterator[tuple[str, bytes | None]]:
    asked = [identity for _, identity in known if identity]
    answers = objects.read_each(asked)
    for path, identity in known:
        if not identity:
            yield path, None
            continue
        answer = next(answers)
        if answer is None:
            raise GitError("its object is missing from the repository", path=path)
        if answer[1] == TOO_LARGE:
            raise LimitError(f"is larger than {objects.limit:,} bytes", path=path)
        yield path, answer[2]


def _parse_tree(data: bytes, size: int) -> dict[str, tuple[int, str]]:
    """Read a tree object: `mode SP name NUL id`, ids of `size` bytes."""
    entries: dict[str, tuple[int, str]] = {}
    position = 0
    while position < len(data):
        end = data.find(b"\0", position)
        mode, _, name = data[position:end].partition(b" ")
        position = end + 1 + size
        if end < 0 or position > len(data) or not name or b"/" in name or name in (b".", b".."):
            raise IntegrityError("a commit holds a malformed directory", hint="see git fsck")
        entries[os.fsdecode(name)] = (int(mode, 8), data[end + 1 : position].hex())
    return entries


def listed(repository: Repository, *, untracked: bool = True) -> list[str]:
    """
    Give the paths in a worktree that git knows or would add; ignored ones are left out.

    Raises:
        RefusedError: a bare repository has no worktree.
    """
    if repository.bare:
        raise RefusedError("a bare repository has no worktree")
    options = ["-c", "-o", "--exclude-standard"] if untracked else ["-c"]
    output = ask(repository, ["ls-files", "-z", *options])
    return list(dict.fromkeys(os.fsdecode(name) for name in output.split(b"\0")[:-1]))
