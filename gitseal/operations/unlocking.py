# SPDX-License-Identifier: Apache-2.0
"""
Opening the files of plain scopes in the worktree, after the key was proved on one of them.

Only what lies there sealed, just as it is staged, is replaced, so nothing of the user's can be
lost: git has the content of each file that is written.  A run that is cut short leaves every file
sealed or open, and git looks at their content, which is clean; the next run does the rest.
"""

from __future__ import annotations

import os

from gitseal import sealedfile
from gitseal.errors import (
    CommitmentError,
    GitsealError,
    KeyAccessError,
    MasterKeyError,
    RefusedError,
    UntrustedError,
)
from gitseal.files.swapping import Swapper, same_file
from gitseal.operations.attributing import mirror, unfiltered
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
from gitseal.repository.locking import mark_unlocked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitseal.operations.plainfiles import Keeper, Staged
    from gitseal.operations.workspace import Workspace
    from gitseal.policy.records import Record
    from gitseal.trust import Verdict

    Recorded = dict[str, tuple[str, os.stat_result]]


class Unlocked:
    """
    What became of the files of plain scopes.

    Attributes:
        scopes: that were unlocked.
        closed: (scope, error) of those that no key of yours opens; their files stay sealed.
        opened: paths that were opened, or would be.
        changed: paths that lie there sealed, but not as they are staged; they were left alone.
        unfiltered: paths that git would add as they are, without the filter; they stay sealed.
        failed: (path, error) of files that do not open; they stay sealed.
        exposed: how many of the opened files other users of this machine can read.
        recorded: whether git was told that the files are clean.
    """

    __slots__ = (
        "changed", "closed", "exposed", "failed", "opened", "recorded", "scopes", "unfiltered",
    )  # fmt: skip

    def __init__(self) -> None:
        self.scopes: list[str] = []
        self.closed: list[tuple[str, GitsealError]] = []
        self.opened: list[str] = []
        self.changed: list[str] = []
        self.unfiltered: list[str] = []
        self.failed: list[tuple[str, GitsealError]] = []
        self.exposed = 0
        self.recorded = True


def untrusted(workspace: Workspace, names: Sequence[str]) -> list[Verdict]:
    """Give the plain scopes that a person has to look at before they are unlocked."""
    authority = workspace.authority
    found = [authority.judge(name) for name in plain_records(workspace, names)]
    return [verdict for verdict in found if verdict is not None and not verdict.readable]


def unlock(
    workspace: Workspace,
    names: Sequence[str] = (),
    *,
    keeper: Keeper | None = None,
    until: int = 0,
    dry_run: bool = False,
) -> Unlocked:
    """
    Open what lies sealed in the worktree; nothing is changed unless a key was proved.

    Args:
        workspace: repository, trust and keys of this call.
        names: of the scopes; all plain ones if there are none, as far as you can read them.
        keeper: keeps the data keys until a time; None keeps none.
        until: that time, in seconds since 1970.
        dry_run: tell what would be opened, write nothing.

    Raises:
        KeyAccessError, MasterKeyError: no key of yours opens a scope that is named, or any.
        UntrustedError: a record is not trusted here.
        IntegrityError: the file that should prove the key was altered.
        RefusedError: git would add clear files as they are; or there is no place for `keeper`.
    """
    repository = worktree_of(workspace)
    result = Unlocked()
    records = _trusted(workspace, names, result)
    if records:
        _check_installed(workspace)
    files, _conflicts = staged_files(workspace, records)
    with Swapper(repository.root, repository.git_dir) as swapper:
        run = _Run(workspace, records, swapper, result)
        sealed = run.prove(run.look(files), named=bool(names))
        if not dry_run:
            mirror(workspace)
        sealed = run.filtered(sealed)
        result.opened = [file.path for file, _seen in sealed]
        if dry_run:
            return result
        run.keep(keeper, until)
        forget(repository, {file.path: (file.mode, file.identity) for file, _seen in sealed})
        mark_unlocked(repository)
        run.open_all(sealed)
        run.keep(keeper, until)
    return result


def _trusted(workspace: Workspace, names: Sequence[str], result: Unlocked) -> dict[str, Record]:
    """Give the records that may be obeyed; all of them must be, if they are named."""
    found = {}
    for name, known in plain_records(workspace, names).items():
        try:
            workspace.authority.grant_scope(name)
        except UntrustedError as error:
            if names:
                raise
            result.closed.append((name, error))
        else:
            found[name] = known
    if result.closed and not found:
        raise result.closed[0][1]
    return found


def _check_installed(workspace: Workspace) -> None:
    from gitseal.repository.drivers import is_installed

    if not is_installed(workspace.needed_repository()):
        raise RefusedError(
            "git would add clear files as they are: no filter is set up",
            hint="gitseal git install, then gitseal unlock",
        )


def _is_reachable(folder: str) -> bool:
    """Tell whether other users of this machine get as far as a directory."""
    while os.stat(folder).st_mode & 0o001:
        parent = os.path.dirname(folder)
        if parent == folder:
            return True
        folder = parent
    return False


class _Run:
    """One run: what is looked at, proved and written."""

    def __init__(
        self,
        workspace: Workspace,
        records: dict[str, Record],
        swapper: Swapper,
        result: Unlocked,
    ) -> None:
        self.workspace = workspace
        self.records = records
        self.swapper = swapper
        self.result = result
        self.repository = workspace.needed_repository()
        self.reachable = _is_reachable(self.repository.root)
        self.stale: list[Staged] = []
        self.proofs: dict[str, tuple[os.stat_result | None, bytes]] = {}
        self.recorded: Recorded = {}

    def look(self, files: list[Staged]) -> list[tuple[Staged, os.stat_result]]:
        """Give the files that lie sealed in the worktree, as they are staged."""
        stat = IndexStat(self.repository)
        sealed = []
        for file in files:
            found = self.swapper.read(file.path, MAX_FILE)
            if found is None:
                continue
            data, info = found
            if sealedfile.may_be_sealed(data) and blob_id(data, file.identity) == file.identity:
                sealed.append((file, info))
            elif is_sealed(data, file.path, self.records[file.scope]):
                self.result.changed.append(file.path)
            elif data and not stat.is_unchanged(file.path, info):
                self.stale.append(file)
        return sealed

    def prove(
        self, sealed: list[tuple[Staged, os.stat_result]], *, named: bool
    ) -> list[tuple[Staged, os.stat_result]]:
        """
        Open one file of each scope, in memory; gives those of the scopes that can be opened.

        A scope of which nothing lies there sealed is proved by its key alone.
        """
        for name, known in self.records.items():
            try:
                self._prove(known, [file for file, _seen in sealed if file.scope == name])
            except CommitmentError:
                raise
            except (KeyAccessError, MasterKeyError) as error:
                if named:
                    raise
                self.result.closed.append((name, error))
            else:
                self.result.scopes.append(name)
        if self.result.closed and not self.result.scopes:
            raise self.result.closed[0][1]
        return [pair for pair in sealed if pair[0].scope in self.result.scopes]

    def _prove(self, known: Record, files: list[Staged]) -> None:
        if not files:
            self.workspace.keys(known, known.active.n)
        first: GitsealError | None = None
        for file in files:
            found = self.swapper.read(file.path, MAX_FILE)
            data, info = (b"", None) if found is None else found
            try:
                clear = open_staged(self.workspace, file, data)
            except (KeyAccessError, MasterKeyError):
                raise
            except GitsealError as error:  # that file is damaged; another one proves the key
                first = first or error
            else:
                self.proofs[file.path] = (info, clear)  # it may be large: it is opened once
                return
        if first is not None:
            raise first

    def filtered(
        self, sealed: list[tuple[Staged, os.stat_result]]
    ) -> list[tuple[Staged, os.stat_result]]:
        """Leave out what git would add as it is, because an attribute is missing."""
        without = set(unfiltered(self.repository, [file.path for file, _seen in sealed]))
        self.result.unfiltered = sorted(without)
        return [pair for pair in sealed if pair[0].path not in without]

    def keep(self, keeper: Keeper | None, until: int) -> None:
        """Keep the active keys, and those of older epochs that are at hand by now."""
        for known in (self.records[name] for name in self.result.scopes):
            for epoch in known.epochs if keeper is not None else ():
                held = self.workspace.session.holds(known.scope_id(epoch.n), epoch.kid)
                if keeper is not None and (held or epoch is known.active):
                    keeper.keep(self.workspace.keys(known, epoch.n), until)

    def open_all(self, sealed: list[tuple[Staged, os.stat_result]]) -> None:
        """Open and replace the files one by one, and tell git what was done, even if cut short."""
        self.result.opened = []
        try:
            for file, seen in sealed:
                try:
                    self._open(file, seen)
                except GitsealError as error:
                    self.result.failed.append((file.path, error.at(file.path)))
            self._look_again()
        finally:
            self._record()

    def _open(self, file: Staged, seen: os.stat_result) -> None:
        info, clear = self.proofs.pop(file.path, (None, b""))
        if info is None or not same_file(info, seen):
            found = self.swapper.read(file.path, MAX_FILE)
            if found is None or blob_id(found[0], file.identity) != file.identity:
                self.result.changed.append(file.path)
                return
            clear = open_staged(self.workspace, file, found[0])
        now = self.swapper.replace(file.path, clear, seen)
        self.recorded[file.path] = (file.identity, now)
        self.result.opened.append(file.path)
        if now.st_mode & 0o004 and self.reachable:
            self.result.exposed += 1

    def _look_again(self) -> None:
        """See which clear files are just what is staged, such as those of a run that was killed."""
        stale = [file for file in self.stale if file.scope in self.result.scopes]
        for file, data in staged_contents(self.repository, stale):
            found = self.swapper.read(file.path, MAX_FILE)
            if data is None or found is None:
                continue
            try:
                if open_staged(self.workspace, file, data) == found[0]:
                    self.recorded[file.path] = (file.identity, found[1])
            except GitsealError:
                continue

    def _record(self) -> None:
        if self.recorded:
            self.result.recorded = record(self.repository, self.recorded)
