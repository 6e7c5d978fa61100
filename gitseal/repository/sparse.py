# SPDX-License-Identifier: Apache-2.0
"""
A worktree from which `git sparse-checkout` has taken our records, as a cone easily does.

What git marks as left out is what the index says it is (git-update-index(1), "Skip-worktree bit");
without that, no scope would claim anything, and the filter would refuse every file.  While git
takes the files away it asks the filter, and marks them only afterwards: as long as it holds the
lock of the index, all count that the index has.
"""

from __future__ import annotations

import os

from gitseal.repository.objects import MAX_OBJECT, Objects
from gitseal.repository.running import ask
from gitseal.repository.trees import WorktreeTree, is_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitseal.repository.finding import Repository
    from gitseal.repository.trees import Entry

_OURS = ".gitseal"


def worktree_of(repository: Repository, *, limit: int = MAX_OBJECT) -> WorktreeTree:
    """
    Give the worktree to read records from, whether or not they are checked out.

    Args:
        repository: whose worktree.
        limit: the largest file that is read, in bytes.
    """
    sparse = os.path.lexists(os.path.join(repository.git_dir, "info", "sparse-checkout"))
    if sparse or (_is_locked(repository) and not os.path.isdir(f"{repository.root}/{_OURS}")):
        return SparseTree(repository, limit=limit)
    return WorktreeTree(repository.root, limit=limit)


def _is_locked(repository: Repository) -> bool:
    return os.path.lexists(os.path.join(repository.git_dir, "index.lock"))


class SparseTree(WorktreeTree):
    """
    The files as they lie in the worktree, and below `.gitseal` those that git has left out.

    Args:
        repository: whose worktree.
        limit: the largest file that is read, in bytes.
    """

    __slots__ = ("_left_out", "_repository")

    def __init__(self, repository: Repository, *, limit: int = MAX_OBJECT) -> None:
        super().__init__(repository.root, limit=limit)
        self._repository = repository
        self._left_out: dict[str, tuple[int, str]] | None = None

    def read(self, path: str) -> bytes | None:
        """Give the content of a file, or None; see `WorktreeTree.read`."""
        found = super().read(path)
        if found is not None or not _is_ours(path):
            return found
        mode, identity = self._absent().get(path, (0, ""))
        if not is_regular(mode):
            return None
        with Objects(self._repository, limit=self.limit) as objects:
            answer = objects.read(identity)
        return None if answer is None else answer[2]

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        """Give everything below a directory; see `WorktreeTree.entries`."""
        known = set()
        for entry in super().entries(prefix):
            known.add(entry[0])
            yield entry
        prefix = prefix.rstrip("/")
        if _is_ours(prefix):
            for path, (mode, identity) in self._absent().items():
                if path not in known and (path == prefix or path.startswith(prefix + "/")):
                    yield path, mode, identity

    def _absent(self) -> dict[str, tuple[int, str]]:
        """Give what git has left out; asked once."""
        if self._left_out is None:
            command = ["ls-files", "-t", "-s", "-z", "--", _OURS]
            wanted = ("S", "H") if _is_locked(self._repository) else ("S",)
            output = ask(self._repository, command, keep=("GIT_INDEX_FILE",))
            self._left_out = {}
            for line in output.split(b"\0")[:-1]:
                meta, _, name = line.partition(b"\t")
                tag, mode, identity, stage = meta.decode().split(" ")
                if tag in wanted and stage == "0":
                    self._left_out[os.fsdecode(name)] = (int(mode, 8), identity)
        return self._left_out


def _is_ours(path: str) -> bool:
    return path == _OURS or path.startswith(_OURS + "/")
