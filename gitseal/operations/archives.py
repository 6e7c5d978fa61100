# SPDX-License-Identifier: Apache-2.0
"""
What a file was at the commits of its past, each judged by the records of that commit.

Everything there is hostile text: what cannot be read is told as such, and fails nothing.
"""

from __future__ import annotations

from gitseal.authority import Authority
from gitseal.changes.tracing import trace
from gitseal.errors import GitsealError, IntegrityError, KeyAccessError, RefusedError
from gitseal.operations.opening import MAX_FILE
from gitseal.operations.snapshots import Snapshot, first_line
from gitseal.policy.records import KEYRING
from gitseal.repository.objects import TOO_LARGE
from gitseal.repository.trees import WorktreeTree, is_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitseal.authority import Grant
    from gitseal.changes.comparing import Leaf
    from gitseal.changes.tracing import Step
    from gitseal.crypto.derive import ScopeKeys
    from gitseal.native.header import Header
    from gitseal.operations.workspace import Workspace
    from gitseal.policy.records import Record
    from gitseal.repository.objects import Objects
    from gitseal.repository.trails import Commit, Files

_KEPT = 64
"""Snapshots in memory; neighbours are compared, so that each is read once all the same."""


class Difference:
    """
    What became of each value between two snapshots.

    Attributes:
        old, new: the values on both sides, opened where that was needed and could be done.
        steps: see `changes.tracing`; indices are those of `old` and `new`.
        comments: whether comments changed, as far as can be told.
    """

    __slots__ = ("comments", "new", "old", "steps")

    def __init__(self, old: list[Leaf], new: list[Leaf], steps: list[Step], comments: bool) -> None:
        self.old = old
        self.new = new
        self.steps = steps
        self.comments = comments


class Archive:
    """
    Reads and opens the files of the past, each content once.

    Args:
        workspace: repository, trust and keys of this call.
        objects: reads git's objects.
    """

    def __init__(self, workspace: Workspace, objects: Objects) -> None:
        self._workspace = workspace
        self._objects = objects
        self._worktree = WorktreeTree(workspace.needed_repository().root, limit=MAX_FILE)
        self._authorities: dict[frozenset[tuple[str, str]], Authority] = {}
        self._of_files: dict[int, tuple[Files, Authority]] = {}
        self._snapshots: dict[tuple[str, tuple[int, str], int], Snapshot] = {}

    def snapshot(self, commit: Commit, path: str) -> Snapshot | None:
        """Give a file at a commit; None where it holds none."""
        entry = commit.files.get(path)
        return None if entry is None else self.stored(path, entry, commit.files)

    def stored(self, path: str, entry: tuple[int, str], files: Files) -> Snapshot:
        """
        Give a file of which the object id is known.

        Args:
            path: repository path.
            entry: its mode and object id.
            files: of the commit by whose records it is judged.
        """
        authority = self._authority(files)
        key = (path, entry, id(authority))
        found = self._snapshots.pop(key, None)
        if found is None:
            found = Snapshot(path, entry, self._grant(authority, path))
            self._read(found)
            if len(self._snapshots) >= _KEPT:
                del self._snapshots[next(iter(self._snapshots))]
        self._snapshots[key] = found  # the one used last stands last
        return found

    def _read(self, snapshot: Snapshot) -> None:
        mode, identity = snapshot.entry
        answer = self._objects.read(identity) if is_regular(mode) else None
        if answer is not None and answer[1] == "blob":
            snapshot.fill(answer[2], exposed=True)
            return
        snapshot.readable = False
        if not is_regular(mode):
            snapshot.error = "it is a link or a submodule"
        elif answer is not None and answer[1] == TOO_LARGE:
            snapshot.error = f"it is larger than {self._objects.limit:,} bytes"
        else:
            snapshot.error = "its object is missing from the repository"

    def in_worktree(self, path: str) -> Snapshot | None:
        """
        Give a file as it lies in the worktree; None where there is none.

        Raises:
            GitsealError: it cannot be read.
        """
        data = self._worktree.read(path)
        if data is None:
            return None
        grant = self._grant(None, path)
        snapshot = Snapshot(path, (0, ""), grant)
        snapshot.fill(data, exposed=grant is None or not grant.plain)
        return snapshot

    # --- Records -------------------------------------------------------------------------------

    def _authority(self, files: Files) -> Authority:
        known = self._of_files.get(id(files))
        if known is None:
            start = KEYRING + "/"
            records = {
                path: identity
                for path, (mode, identity) in files.items()
                if path.startswith(start) and is_regular(mode)
            }
            key = frozenset(records.items())
            authority = self._authorities.get(key)
            if authority is None:
                tree = _Keyring(records, self._objects, self._worktree)
                authority = self._authorities[key] = Authority(tree, self._workspace.trust)
            # `files` is kept, so that its id stays its own.
            known = self._of_files[id(files)] = (files, authority)
        return known[1]

    def _grant(self, authority: Authority | None, path: str) -> Grant | None:
        """Give what a commit's records say of a path; where they say nothing, those of today."""
        for one in (authority, self._workspace.authority):
            grant = None if one is None else _granted(one, path)
            if grant is not None:
                return grant
        return None

    def learn(self, commits: Iterable[Commit]) -> None:
        """Look at the records of all these commits where a key of the past is asked for."""
        for commit in commits:
            self._authority(commit.files)

    def _records(self, grant: Grant) -> list[Record]:
        """Give the records of a scope that are trusted here, the commit's own first."""
        found = [grant.record]
        for authority in (self._workspace.authority, *self._authorities.values()):
            try:
                verdict = authority.judge(grant.scope)
            except GitsealError:
                continue
            if verdict is not None and verdict.readable:
                found.append(verdict.record)
        return found

    # --- Opening -------------------------------------------------------------------------------

    def open(self, snapshot: Snapshot) -> bool:
        """Open a file where a key at hand can, and tell whether it is open."""
        if snapshot.opened is None and not snapshot.tried and snapshot.readable:
            snapshot.tried = True
            try:
                self._open(snapshot)
            except GitsealError as error:
                snapshot.error = first_line(error)
        return snapshot.opened is not None

    def _open(self, snapshot: Snapshot) -> None:
        grant, content = snapshot.grant, snapshot.content
        if grant is None or content is None:
            raise RefusedError("no scope claims it")
        if not grant.verdict.readable:
            raise grant.verdict.error()
        keys = self._keys(grant, content.header)
        # Rules changed in the meantime; what lies in clear is told as such.
        snapshot.take(content.open(keys, None, strict=grant.strict))
        pinned = grant.verdict.pinned or grant.record
        epochs = [one.epoch(content.header.epoch) for one in (grant.record, pinned)]
        snapshot.retired = any(one is not None and one.state == "retired" for one in epochs)

    def _keys(self, grant: Grant, header: Header) -> ScopeKeys:
        for record in self._records(grant):
            epoch = record.epoch(header.epoch)
            if (
                header.scope == grant.scope
                and epoch is not None
                and epoch.kid == header.kid
                and epoch.wraps
            ):
                return self._workspace.keys(record, epoch.n)
        epoch = grant.check_header(header.scope, header.epoch, header.kid, history=True)
        raise RefusedError(f"no record that is trusted here has a key of epoch {epoch.n} any more")

    def fault(self, snapshot: Snapshot) -> str:
        """Tell what is wrong with the seal of a file, as far as its record is trusted here."""
        grant, content = snapshot.grant, snapshot.content
        if grant is None or content is None or not grant.verdict.readable:
            return ""
        header = content.header
        try:
            for record in self._records(grant)[:2]:
                epoch = record.epoch(header.epoch)
                known = epoch is not None and epoch.kid == header.kid
                if epoch is not None and known and header.scope == record.name:
                    scope = record.scope_id(epoch.n)
                    content.verify(scope, epoch.sign, strict=grant.strict)
                    return ""
            grant.check_header(header.scope, header.epoch, header.kid, history=True)
        except (IntegrityError, KeyAccessError, RefusedError) as error:
            return first_line(error)
        return ""

    # --- Comparing -----------------------------------------------------------------------------

    def compare(
        self, old: Snapshot | None, new: Snapshot | None, *, reveal: bool = False
    ) -> Difference:
        """
        Follow the values from one snapshot to the next; None has none.

        Opens both where sealed texts alone do not tell: another key, another path.
        """
        both = [one for one in (old, new) if one is not None]
        same_key = len(both) < 2 or both[0].lock == both[1].lock
        if reveal or (len(both) == 2 and not same_key):
            for one in both:
                self.open(one)
        steps = self._trace(both, old, new, same_key=same_key)
        if any(step.mixed for step in steps) and not all(one.opened for one in both):
            for one in both:
                self.open(one)
            steps = self._trace(both, old, new, same_key=same_key)
        before, after = (([], []) if one is None else one.view() for one in (old, new))
        told = same_key or all(one.opened for one in both)
        comments = len(both) == 2 and told and _comments(both)
        return Difference(before[0], after[0], steps, comments)

    def _trace(
        self,
        both: Sequence[Snapshot],
        old: Snapshot | None,
        new: Snapshot | None,
        *,
        same_key: bool,
    ) -> list[Step]:
        before, after = ([] if one is None else one.view()[0] for one in (old, new))
        return trace(before, after, same_key=same_key or len(both) < 2)


def _granted(authority: Authority, path: str) -> Grant | None:
    try:
        return authority.grant(path, any_record=True)
    except GitsealError:
        pass
    try:
        # Another scope may have taken the path over since; here it is this one's.
        scope = authority.scope_of(path)
        return None if scope is None else authority.grant_scope(scope, any_record=True)
    except GitsealError:
        return None  # `check` says what is wrong with a record


def _comments(both: Sequence[Snapshot]) -> bool:
    """Tell whether comments differ; opened ones are compared with opened ones."""
    if all(one.opened for one in both):
        return both[0].view()[1] != both[1].view()[1]
    return both[0].comments != both[1].comments


class _Keyring:
    """
    The records of one commit as a tree.

    Own vouches are looked for in the worktree: nobody else can have made them, wherever they lie.
    """

    __slots__ = ("_objects", "_records", "_worktree")

    def __init__(self, records: dict[str, str], objects: Objects, worktree: WorktreeTree) -> None:
        self._records = records
        self._objects = objects
        self._worktree = worktree

    def read(self, path: str) -> bytes | None:
        """Give the content of a record, or of a vouch."""
        identity = self._records.get(path)
        if identity is None:
            return None if path.startswith(KEYRING + "/") else self._worktree.read(path)
        answer = self._objects.read(identity)
        return answer[2] if answer is not None and answer[1] == "blob" else None

    def paths(self, prefix: str = "") -> list[str]:
        """Give the records."""
        return [path for path in self._records if path.startswith(prefix)]
