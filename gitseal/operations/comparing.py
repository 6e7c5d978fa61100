# SPDX-License-Identifier: Apache-2.0
"""Comparing two versions of the sealed files: opened where a key of yours can, else as they lie."""

from __future__ import annotations

import os

from gitseal import sealedfile
from gitseal.authority import Authority
from gitseal.changes.comparing import leaves, opened_leaves
from gitseal.changes.versions import FileChange, Version, alike
from gitseal.errors import GitsealError, KeyAccessError, MasterKeyError, RefusedError
from gitseal.operations.opening import MAX_FILE
from gitseal.repository.history import has_commits
from gitseal.repository.indexfile import StagedTree, blob_id
from gitseal.repository.sparse import worktree_of
from gitseal.repository.trees import CommitTree, WorktreeTree, listed
from gitseal.sealedfile import ClearFile, SealedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseal.authority import Grant
    from gitseal.crypto.derive import ScopeKeys
    from gitseal.operations.workspace import Workspace
    from gitseal.policy.records import Record

    AnyTree = WorktreeTree | StagedTree | CommitTree


class Side:
    """
    One side of a comparison: the worktree, the index, a commit, or nothing at all.

    Attributes:
        name: for messages.
        tree: its files; None if there is no commit yet.
        authority: what its own records grant.
        claims: the files that a scope claims, if the caller knows.
    """

    __slots__ = ("_claims", "_ids", "authority", "name", "tree")

    def __init__(
        self,
        name: str,
        tree: AnyTree | None,
        authority: Authority | None,
        claims: dict[str, Grant] | None = None,
    ) -> None:
        self.name = name
        self.tree = tree
        self.authority = authority
        self._ids: dict[str, str] | None = None
        self._claims = claims

    def identity(self, path: str) -> str:
        """Give git's object id of a file; "" in the worktree."""
        if self._ids is None:
            tree = self.tree
            none = tree is None or isinstance(tree, WorktreeTree)
            self._ids = {} if none or tree is None else {p: i for p, _m, i in tree.entries()}
        return self._ids.get(path, "")

    def claims(self) -> dict[str, Grant]:
        """Give the files that a scope claims on this side, and what is granted for each."""
        if self._claims is None:
            self._claims = {}
            for path in self._paths():
                try:
                    grant = self.authority.grant(path, any_record=True) if self.authority else None
                except GitsealError:
                    continue  # `check` says what is wrong with the record
                if grant is not None:
                    self._claims[path] = grant
        return self._claims

    def _paths(self) -> list[str]:
        tree = self.tree
        if tree is None:
            return []
        if not isinstance(tree, WorktreeTree):
            return list(tree.paths())
        return [path for path in _worktree_paths(tree) if os.path.isfile(f"{tree.root}/{path}")]

    def close(self) -> None:
        """End the git process behind it."""
        if self.tree is not None and not isinstance(self.tree, WorktreeTree):
            self.tree.close()


def _worktree_paths(tree: WorktreeTree) -> list[str]:
    from gitseal.repository.finding import find

    repository = find(tree.root)
    return list(tree.paths()) if repository is None else listed(repository)


def worktree_side(workspace: Workspace) -> Side:
    """Give the worktree."""
    tree = worktree_of(workspace.needed_repository(), limit=MAX_FILE)
    return Side("the worktree", tree, Authority(tree, workspace.trust))


def index_side(workspace: Workspace) -> Side:
    """Give the index."""
    tree = StagedTree(workspace.needed_repository(), limit=MAX_FILE)
    return Side("the index", tree, Authority(tree, workspace.trust))


def commit_side(workspace: Workspace, revision: str) -> Side:
    """
    Give a commit.

    Raises:
        GitError: there is none of that name; `HEAD` may be missing in a new repository.
    """
    repository = workspace.needed_repository()
    if revision == "HEAD" and not has_commits(repository):
        return Side(revision, None, None)
    tree = CommitTree(repository, revision, limit=MAX_FILE)
    return Side(revision, tree, Authority(tree, workspace.trust))


def compare_sides(
    workspace: Workspace, old: Side, new: Side, wanted: Callable[[str], bool]
) -> list[FileChange]:
    """
    Compare the sealed files of two sides, each judged by its own records.

    Opens what the keys at hand open, retired epochs too; whatever does not open is compared as
    it lies.  A file that cannot be read is told as such and fails nothing.
    """
    reader = _Reader(workspace, old, new)
    found = []
    gone: list[Version] = []
    fresh: list[Version] = []
    for path in sorted({*old.claims(), *new.claims()}):
        if not wanted(path):
            continue
        before, after = reader.stored(old, path), reader.stored(new, path)
        if before == after:
            continue
        left = reader.version(old, path, before) if before is not None else None
        right = reader.version(new, path, after) if after is not None else None
        if left is not None and right is not None:
            change = FileChange(left, right, reader.scope(path))
            # In plain scopes git has the sealed form and the worktree the clear one.
            if not (change.same_content and reader.is_plain(path)):
                found.append(change)
        elif left is not None:
            gone.append(left)
        elif right is not None:
            fresh.append(right)
    for left, right in _paired(gone, fresh):
        version = right or left
        if version is not None:
            found.append(FileChange(left, right, reader.scope(version.path)))
    return sorted(found, key=lambda one: one.path)


def compare_contents(
    workspace: Workspace, old: tuple[str, bytes | None], new: tuple[str, bytes | None]
) -> FileChange:
    """
    Compare two contents that the caller has, judged by the records of the worktree.

    Args:
        workspace: repository, trust and keys of this call.
        old: repository path and content; None where there was no such file.
        new: the same of the newer version.

    Raises:
        RefusedError: no scope claims either path.
        GitsealError: a record is damaged.
    """
    sides = []
    for name, (path, _data) in (("the old version", old), ("the new version", new)):
        grant = workspace.authority.grant(path, any_record=True)
        sides.append(Side(name, None, workspace.authority, {} if grant is None else {path: grant}))
    before, after = sides
    if not before.claims() and not after.claims():
        raise RefusedError("no scope claims it", hint="gitseal apply")
    reader = _Reader(workspace, before, after)
    left = None if old[1] is None else reader.version(before, old[0], old[1])
    right = None if new[1] is None else reader.version(after, new[0], new[1])
    return FileChange(left, right, reader.scope(new[0]) or reader.scope(old[0]))


def _paired(
    gone: list[Version], fresh: list[Version]
) -> list[tuple[Version | None, Version | None]]:
    """Bring together what was moved; the rest stays added or removed."""
    pairs: list[tuple[Version | None, Version | None]] = []
    left = list(gone)
    for version in fresh:
        twin = next((one for one in left if alike(one, version)), None)
        if twin is not None:
            left.remove(twin)
        pairs.append((twin, version))
    return pairs + [(version, None) for version in left]


class _Reader:
    """Reads and opens versions of both sides."""

    def __init__(self, workspace: Workspace, old: Side, new: Side) -> None:
        self._workspace = workspace
        self._old = old
        self._new = new

    def scope(self, path: str) -> str:
        grant = self._new.claims().get(path) or self._old.claims().get(path)
        return "" if grant is None else grant.scope

    def is_plain(self, path: str) -> bool:
        """Tell whether one side has a file clear by design, and the other has it sealed."""
        grants = [side.claims().get(path) for side in (self._old, self._new)]
        return any(grant is not None and grant.plain for grant in grants)

    def stored(self, side: Side, path: str) -> bytes | None:
        """Give the bytes of one side, without asking git for what the other side has as well."""
        if side.tree is None:
            return None
        other = self._old if side is self._new else self._new
        identity = side.identity(path)
        if identity and isinstance(other.tree, WorktreeTree):
            near = other.tree.read(path)
            if near is not None and blob_id(near, identity) == identity:
                return near
        return side.tree.read(path)

    def version(self, side: Side, path: str, data: bytes) -> Version:
        version = Version(path, data)
        grant = side.claims().get(path)
        if grant is None:
            other = self._old if side is self._new else self._new
            grant = other.claims().get(path) or next(iter(other.claims().values()))
            version.note = f"no scope claims it in {side.name}"
        try:
            content = sealedfile.inspect(data, path, whole=grant.is_whole(path))
        except GitsealError as error:
            version.whole = True
            version.note = f"{side.name} cannot be compared by key: {error.message}"
            return version
        if isinstance(content, ClearFile):
            _fill_clear(version, content, grant)
            if not grant.plain:
                version.note = version.note or f"in clear in {side.name}"
            self._add_active_keys(version, grant)
        else:
            self._fill_sealed(version, content, grant, side)
        return version

    def _add_active_keys(self, version: Version, grant: Grant) -> None:
        """Clear values at sealed places get fingerprints too, where a key is at hand."""
        try:
            if grant.verdict.readable:
                version.keys = self._workspace.keys(grant.record, grant.epoch.n)
                version.origin = "" if grant.plain else version.path
        except (KeyAccessError, MasterKeyError):
            return

    def _fill_sealed(self, version: Version, content: SealedFile, grant: Grant, side: Side) -> None:
        header = content.header
        version.origin = header.origin
        version.header_id = (header.scope, header.epoch, header.kid, header.origin)
        version.whole = content.document is None
        if content.document is not None:
            document = content.document
            version.leaves = leaves(document, grant.rules.selects, exposed=True)
            version.comments = [document.text[a:b] for a, b in document.comments]
            version.comments += [token for _a, _b, token in document.sealed_comments]
        try:
            keys = self._keys(content, grant, side)
            clear = content.open(keys, grant.rules, strict=grant.strict)
        except GitsealError as error:
            version.note = version.note or f"{side.name} was not opened: {_first(error)}"
            return
        version.keys = keys
        version.content = clear.data
        if clear.document is not None and content.document is not None:
            opened = clear.document
            version.leaves = opened_leaves(content.document, opened, grant.rules.selects)
            version.comments = [opened.text[a:b] for a, b in opened.comments]
        if self._is_retired(grant, header.epoch):
            version.note = f"{side.name} is of epoch {header.epoch}, which is retired"

    def _keys(self, content: SealedFile, grant: Grant, side: Side) -> ScopeKeys:
        if not grant.verdict.readable:
            raise grant.verdict.error()
        header = content.header
        epoch = grant.check_header(header.scope, header.epoch, header.kid, history=True)
        record = grant.record
        if not epoch.wraps:
            # Retired: its wraps are gone, but the older side's own record may have them still.
            record = self._with_wraps(grant.scope, epoch.kid, epoch.n, side) or record
        return self._workspace.keys(record, epoch.n)

    def _with_wraps(self, scope: str, kid: bytes, n: int, side: Side) -> Record | None:
        other = self._old if side is self._new else self._new
        verdict = other.authority.judge(scope) if other.authority else None
        epoch = verdict.record.epoch(n) if verdict is not None and verdict.readable else None
        if verdict is None or epoch is None or epoch.kid != kid or not epoch.wraps:
            return None
        return verdict.record

    def _is_retired(self, grant: Grant, n: int) -> bool:
        records = [grant.record, grant.verdict.pinned]
        epochs = [record.epoch(n) for record in records if record is not None]
        return any(epoch is not None and epoch.state == "retired" for epoch in epochs)


def _fill_clear(version: Version, content: ClearFile, grant: Grant) -> None:
    version.content = content.data
    version.whole = content.document is None
    if content.document is not None:
        document = content.document
        version.leaves = leaves(document, grant.rules.selects, exposed=not grant.plain)
        version.comments = [document.text[a:b] for a, b in document.comments]


def _first(error: GitsealError) -> str:
    return error.message.split("\n")[0]
