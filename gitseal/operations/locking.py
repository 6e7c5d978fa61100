# SPDX-License-Identifier: Apache-2.0
"""
Closing a worktree: the files of plain scopes lie sealed again, and the keys are forgotten.

Only clear files that are just what is staged are replaced, by what is staged; whether they are is
told by git's own stat data, or by opening what is staged.  The marker comes first: from then on the
filter opens nothing and lets no clear text into git.  A run that is cut short is run again.
"""

from __future__ import annotations

import os

from gitseal.errors import ChangedError, GitsealError, IntegrityError, KeyAccessError, RefusedError
from gitseal.operations.opening import MAX_FILE
from gitseal.operations.plainfiles import (
    is_sealed,
    open_staged,
    plain_records,
    staged_contents,
    staged_files,
    worktree_of,
)
from gitseal.repository.indexfile import blob_id
from gitseal.repository.indexstat import IndexStat, forget, record
from gitseal.repository.locking import mark_locked
from gitseal.repository.trees import listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.files.swapping import Swapper
    from gitseal.operations.plainfiles import Keeper, Staged
    from gitseal.operations.workspace import Workspace
    from gitseal.policy.records import Record

    Seen = tuple[Staged, os.stat_result]


class Locked:
    """
    What became of the files of plain scopes.

    Attributes:
        scopes: that were locked.
        sealed: paths that were sealed, or would be.
        changed: paths that differ from what is staged; they keep the worktree from being locked.
        untracked: clear files that a scope claims and git does not have; so do they.
        conflicts: paths of an unfinished merge; so do they.
        in_git: paths that git has in clear, which no lock can help.
        failed: (path, error) of files that stay clear.
        forgotten: how many kept keys were forgotten.
        recorded: whether git was told that the files are clean.
    """

    __slots__ = (
        "changed", "conflicts", "failed", "forgotten", "in_git", "recorded", "scopes", "sealed",
        "untracked",
    )  # fmt: skip

    def __init__(self) -> None:
        self.scopes: list[str] = []
        self.sealed: list[str] = []
        self.changed: list[str] = []
        self.untracked: list[str] = []
        self.conflicts: list[str] = []
        self.in_git: list[str] = []
        self.failed: list[tuple[str, GitsealError]] = []
        self.forgotten = 0
        self.recorded = True

    @property
    def refused(self) -> bool:
        """Whether something stands only in the worktree, so that nothing was done."""
        return bool(self.changed or self.untracked or self.conflicts)


def lock(workspace: Workspace, keeper: Keeper, *, dry_run: bool = False) -> Locked:
    """
    Seal what lies clear in the worktree, and forget the kept keys; or do nothing and say why.

    Args:
        workspace: repository, trust and keys of this call; a key is needed only for files of
            which git cannot tell by itself that nobody edited them.
        keeper: forgets the data keys.
        dry_run: tell what would be sealed, change nothing.

    Raises:
        KeyAccessError, MasterKeyError: no key of yours tells whether a file was edited.
        UsageError: there is no worktree here.
    """
    from gitseal.files.swapping import Swapper

    repository = worktree_of(workspace)
    records = plain_records(workspace)
    result = Locked()
    result.scopes = list(records)
    files, result.conflicts = staged_files(workspace, records)
    with Swapper(repository.root, repository.git_dir) as swapper:
        run = _Run(workspace, records, swapper, result)
        clear = run.look(files)
        run.look_for_untracked(files)
        result.sealed = [file.path for file, _seen in clear]
        if dry_run or result.refused or not records:
            return result
        forget(repository, {file.path: (file.mode, file.identity) for file, _seen in clear})
        kids = [epoch.kid for known in records.values() for epoch in known.epochs]
        result.forgotten = keeper.forget(kids)
        mark_locked(repository)
        run.seal_all(clear)
    return result


class _Run:
    """One run: what is looked at and written."""

    def __init__(
        self,
        workspace: Workspace,
        records: dict[str, Record],
        swapper: Swapper,
        result: Locked,
    ) -> None:
        self.workspace = workspace
        self.records = records
        self.swapper = swapper
        self.result = result
        self.repository = workspace.needed_repository()
        self.recorded: dict[str, tuple[str, os.stat_result]] = {}

    def look(self, files: list[Staged]) -> list[Seen]:
        """Give the files that lie clear in the worktree and are just what is staged."""
        stat = IndexStat(self.repository)
        clear: list[Seen] = []
        doubtful: list[Staged] = []
        for file in files:
            found = self.swapper.read(file.path, MAX_FILE)
            if found is None:
                continue
            data, info = found
            if blob_id(data, file.identity) == file.identity:
                if data and not is_sealed(data, file.path, self.records[file.scope]):
                    self.result.in_git.append(file.path)
                elif not stat.is_unchanged(file.path, info):
                    self.recorded[file.path] = (file.identity, info)  # of a run that was killed
            elif is_sealed(data, file.path, self.records[file.scope]):
                continue  # somebody's sealed edit: nothing of it is clear, and it stays
            elif stat.is_unchanged(file.path, info):
                clear.append((file, info))
            else:
                doubtful.append(file)
        return sorted(clear + self._undoubted(doubtful), key=lambda pair: pair[0].path)

    def _undoubted(self, doubtful: list[Staged]) -> list[Seen]:
        """Give those files that open to the same as what is staged; the others are edited."""
        same = []
        for file, data in staged_contents(self.repository, doubtful):
            found = self.swapper.read(file.path, MAX_FILE)
            if found is None:
                continue
            if data is not None and self._opens_to(file, data, found[0]):
                same.append((file, found[1]))
            else:
                self.result.changed.append(file.path)
        return same

    def _opens_to(self, file: Staged, data: bytes, clear: bytes) -> bool:
        try:
            return open_staged(self.workspace, file, data) == clear
        except KeyAccessError:
            raise
        except (IntegrityError, RefusedError):
            return False

    def look_for_untracked(self, files: list[Staged]) -> None:
        """Find the clear files that a scope claims and that git has nowhere."""
        authority = self.workspace.authority
        known = {file.path for file in files} | set(self.result.conflicts)
        for path in listed(self.repository):
            scope = None if path in known else authority.scope_of(path)
            if scope is None or scope not in self.records:
                continue
            found = self.swapper.read(path, MAX_FILE)
            if (
                found is not None
                and found[0]
                and not is_sealed(found[0], path, self.records[scope])
            ):
                self.result.untracked.append(path)

    def seal_all(self, clear: list[Seen]) -> None:
        """Replace the files by what is staged, and tell git, even if cut short."""
        self.result.sealed = []
        seen = {file.path: info for file, info in clear}
        try:
            for file, data in staged_contents(self.repository, [file for file, _info in clear]):
                try:
                    self._seal(file, data, seen[file.path])
                except GitsealError as error:
                    self.result.failed.append((file.path, error.at(file.path)))
        finally:
            self._record()

    def _seal(self, file: Staged, data: bytes | None, seen: os.stat_result) -> None:
        if data is None:
            raise IntegrityError("its object is missing from the repository", hint="git fsck")
        if data and not is_sealed(data, file.path, self.records[file.scope]):
            raise ChangedError("is not sealed in git", hint="gitseal check says more")
        now = self.swapper.replace(file.path, data, seen)
        self.recorded[file.path] = (file.identity, now)
        self.result.sealed.append(file.path)

    def _record(self) -> None:
        if self.recorded:
            self.result.recorded = record(self.repository, self.recorded)
