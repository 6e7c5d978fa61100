# SPDX-License-Identifier: Apache-2.0
"""Checking a repository: which files are judged, on which side, and what is said of each."""

from __future__ import annotations

from gitseal.checks.files import check_file
from gitseal.checks.findings import (
    BOTH,
    ERROR,
    INDEX,
    NOT_SEALED,
    UNSEALED,
    WARNING,
    WORKTREE,
    Finding,
    merged,
    shell_word,
)
from gitseal.checks.records import check_config, check_records
from gitseal.errors import GitsealError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gitseal.authority import Grant
    from gitseal.checks.records import Side
    from gitseal.repository.indexfile import StagedTree
    from gitseal.repository.trees import Entry, WorktreeTree

_KIND = 0o170000
_FILE = 0o100000
_LINK = 0o120000
_SUBMODULE = 0o160000


class Report:
    """
    What a check found.

    Attributes:
        findings: each once, by path and line.
        checked: paths that were judged.
        sealed: scope -> how many of its files are fully sealed.
        total: scope -> how many files it has here.
        unvouched: scopes whose records nothing here vouches for.
        unclaimed: paths that were asked for and that no scope claims.
    """

    __slots__ = ("checked", "findings", "sealed", "total", "unclaimed", "unvouched")

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.checked = 0
        self.sealed: dict[str, int] = {}
        self.total: dict[str, int] = {}
        self.unvouched: list[str] = []
        self.unclaimed: list[str] = []

    @property
    def errors(self) -> int:
        """How many findings fail the check."""
        return sum(one.level == ERROR for one in self.findings)


class Check:
    """
    One check of the index, and of the worktree beside it.

    Args:
        index: what is staged, with the policy that is staged.
        staged: its tree.
        worktree: the worktree with its own policy; None leaves it out.
        files: its tree.
        untracked: gives what lies in the worktree, ignored files too: (path, mode, "").
        ignored: tells which untracked paths git ignores: path -> "FILE:LINE" of the rule.
        committed: gives the object id that a path has in HEAD.
        wanted: whether a path was asked for.
    """

    def __init__(
        self,
        index: Side,
        staged: StagedTree,
        worktree: Side | None,
        files: WorktreeTree,
        *,
        untracked: Callable[[Iterable[str]], Iterable[Entry]],
        ignored: Callable[[list[str]], Mapping[str, str]],
        committed: Callable[[str], str | None],
        wanted: Callable[[str], bool],
    ) -> None:
        self._index = index
        self._staged = staged
        self._worktree = worktree
        self._files = files
        self._untracked = untracked
        self._ignored = ignored
        self._committed = committed
        self._wanted = wanted
        self._counted: dict[str, str] = {}

    def run(self) -> Report:
        """Judge records, policy and files."""
        for side in self._sides():
            side.add(check_records(side))
            side.add(check_config(side))
        self._check_staged()
        if self._worktree is not None:
            self._check_untracked(self._worktree)
        return self._report()

    def _sides(self) -> list[Side]:
        return [self._index] if self._worktree is None else [self._index, self._worktree]

    def _report(self) -> Report:
        report = Report()
        sides = self._sides()
        report.findings = merged([one for side in sides for one in side.findings])
        for one in report.findings:
            if one.where != WORKTREE and one.hint == f"gitseal encrypt {shell_word(one.path)}":
                one.hint += f" && git add {shell_word(one.path)}"
        report.unvouched = sorted({name for side in sides for name in side.unvouched})
        report.checked = len(self._counted)
        unsealed = {one.path for one in report.findings if one.code in NOT_SEALED}
        for path, scope in self._counted.items():
            report.total[scope] = report.total.get(scope, 0) + 1
            report.sealed[scope] = report.sealed.get(scope, 0) + (path not in unsealed)
        return report

    def _check_staged(self) -> None:
        """Judge what git tracks; a file that is staged as it stands is judged once."""
        index, worktree = self._index, self._worktree
        shared = worktree is not None and worktree.authority is index.authority
        waiting: list[tuple[str, Grant]] = []
        for path, mode, identity in self._staged.entries():
            if not self._wanted(path):
                continue
            grant = index.grant(path)
            # Mostly both sides have one policy; matching patterns twice would be a tenth of all.
            other = grant if shared else worktree.grant(path) if worktree is not None else None
            if grant is None and other is None:
                continue
            if mode & _KIND != _FILE:
                self._check_kind(path, mode, grant, other)
                continue
            data = None if worktree is None or other is None else self._read(worktree, path, other)
            same = data is not None and _same(data, identity)
            if grant is not None and same and data is not None:
                both = other is not None and not other.plain and other.record is grant.record
                self._judge(index, path, data, grant, where=BOTH if both else INDEX)
            elif grant is not None:
                waiting.append((path, grant))
            if worktree is None or other is None or data is None or other.plain:
                continue
            if not same or grant is None or grant.record is not other.record:
                self._judge(worktree, path, data, other)
        self._check_waiting(waiting)
        self._check_conflicts()

    def _check_waiting(self, waiting: list[tuple[str, Grant]]) -> None:
        """Judge what has to be taken from git; one process gives all of it."""
        grants = dict(waiting)
        try:
            for path, data in self._staged.read_many(list(grants)):
                if data is not None:
                    self._judge(self._index, path, data, grants.pop(path))
        except GitsealError as error:
            if error.path is None or error.path not in grants:
                raise
            self._index.add([_unreadable(error.path, error)])
            rest = list(grants)
            after = rest[rest.index(error.path) + 1 :]
            self._check_waiting([(path, grants[path]) for path in after])

    def _check_kind(self, path: str, mode: int, grant: Grant | None, other: Grant | None) -> None:
        found = grant or other
        if found is not None:
            self._count(path, found)
            what = "submodule" if mode & _KIND == _SUBMODULE else "link"
            side = self._index if grant is not None or self._worktree is None else self._worktree
            side.add([_no_file(path, what)])

    def _check_conflicts(self) -> None:
        for path in sorted(self._staged.conflicts):
            grant = self._index.grant(path) if self._wanted(path) else None
            if grant is None:
                continue
            self._count(path, grant)
            hint = f"gitseal resolve {shell_word(path)}, then: git add {shell_word(path)}"
            message = "has an unfinished merge"
            self._index.add([Finding("GS209", path, message, hint=hint)])

    def _check_untracked(self, side: Side) -> None:
        """Judge what `git add .` would bring; what git ignores is mentioned only."""
        tracked = {path for path, _mode, _id in self._staged.entries()} | self._staged.conflicts
        before = len(side.findings)
        for path, mode, _identity in self._untracked(side.patterns()):
            if path in tracked or not self._wanted(path):
                continue
            grant = side.grant(path)
            if grant is None or grant.plain:
                continue
            data = self._read(side, path, grant, mode)
            if data is not None:
                self._judge(side, path, data, grant)
        found = side.findings[before:]
        paths = sorted({one.path for one in found if one.path in self._counted} - tracked)
        if paths:
            self._set_aside(side, self._ignored(paths))

    def _set_aside(self, side: Side, ignored: Mapping[str, str]) -> None:
        """What git ignores cannot leak by a commit: one line a file, and no failure."""
        kept = [one for one in side.findings if one.path not in ignored]
        for path, rule in ignored.items():
            first = next(one for one in side.findings if one.path == path)
            self._counted.pop(path, None)
            clear = first.code in UNSEALED
            message = "is not sealed" if clear else first.message
            mention = Finding(
                first.code, path, f"{message}; git ignores it ({rule})",
                hint=first.hint, level=WARNING, where=side.where,
            )  # fmt: skip
            kept.append(mention)
        side.findings = kept

    def _read(self, side: Side, path: str, grant: Grant, mode: int = _FILE) -> bytes | None:
        """Give a file of the worktree; what cannot be read is a finding."""
        try:
            data = None if mode & _KIND == _LINK else self._files.read(path)
            if data is None and _is_link(self._files, path) and not grant.plain:
                self._count(path, grant)
                side.add([_no_file(path, "link")])
        except GitsealError as error:
            if not grant.plain:
                self._count(path, grant)
                side.add([_unreadable(path, error)])
            return None
        return data

    def _judge(self, side: Side, path: str, data: bytes, grant: Grant, where: str = "") -> None:
        self._count(path, grant)
        found = check_file(path, data, grant, lambda: self._is_new(path, data))
        if found:
            side.add(found, where)

    def _count(self, path: str, grant: Grant) -> None:
        self._counted[path] = grant.scope

    def _is_new(self, path: str, data: bytes) -> bool:
        committed = self._committed(path)
        return committed is None or not _same(data, committed)


def _same(data: bytes, identity: str) -> bool:
    from gitseal.repository.indexfile import blob_id

    return blob_id(data, identity) == identity


def _is_link(files: WorktreeTree, path: str) -> bool:
    entry = next(iter(files.entries(path)), None)
    return entry is not None and entry[0] == path and entry[1] & _KIND == _LINK


def _no_file(path: str, what: str) -> Finding:
    hint = "put a sealed file in its place; gitseal follows no link"
    return Finding("GS208", path, f"is a {what}, not a file", hint=hint)


def _unreadable(path: str, error: GitsealError) -> Finding:
    return Finding("GS205", path, error.message, hint=error.hint or "")
