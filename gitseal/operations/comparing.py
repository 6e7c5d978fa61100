# SPDX-License-Identifier: Apache-2.0
"""Comparing two versions of the sealed files: opened where a key of yours can, else as they lie."""

from __future__ import annotations

import os

from gitseal import sealedfile
from gitseal.authority import Authority
from gitseal.changes.comparing import Comparison, compare, leaves, opened_leaves
from gitseal.crypto import base32
from gitseal.errors import GitsealError, KeyAccessError, MasterKeyError
from gitseal.operations.opening import MAX_FILE
from gitseal.operations.trusting import trust_of
from gitseal.repository.indexfile import StagedTree, blob_id
from gitseal.repository.trees import CommitTree, WorktreeTree, listed
from gitseal.sealedfile import ClearFile, SealedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseal.authority import Grant
    from gitseal.changes.comparing import Leaf
    from gitseal.crypto.derive import ScopeKeys
    from gitseal.operations.workspace import Workspace
    from gitseal.policy.records import Record

    AnyTree = WorktreeTree | StagedTree | CommitTree

_ALIKE = 0.5
"""The share of equal values from which a removed and an added file are one that was moved."""

MODIFIED = "modified"
ADDED = "added"
REMOVED = "removed"
RENAMED = "renamed"


class Side:
    """
    One side of a comparison: the worktree, the index, a commit, or nothing at all.

    Attributes:
        name: for messages.
        tree: its files; None if there is no commit yet.
        authority: what its own records grant.
    """

    __slots__ = ("_claims", "_ids", "authority", "name", "tree")

    def __init__(self, name: str, tree: AnyTree | None, authority: Authority | None) -> None:
        self.name = name
        self.tree = tree
        self.authority = authority
        self._ids: dict[str, str] | None = None
        self._claims: dict[str, Grant] | None = None

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
        if isinstance(tree, StagedTree):
            return list(tree.paths())
        if isinstance(tree, CommitTree):
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


class Version:
    """
    One version of a file.

    Attributes:
        path: in the repository.
        leaves: its values; empty for whole files.
        whole: whether it is no document, but one sealed whole.
        content: the clear content, if it is clear or was opened.
        stored: bytes as they lie there.
        header_id: (scope, epoch, kid, origin) of a sealed file; None of a clear one.
        keys: if it was opened.
        origin: what its values are bound to.
        note: what a reader of the comparison should know; "" if nothing.
        comments: its comments, opened where it was.
    """

    __slots__ = (
        "comments", "content", "header_id", "keys", "leaves", "note", "origin", "path", "stored",
        "whole",
    )  # fmt: skip

    def __init__(self, path: str, stored: bytes) -> None:
        self.path = path
        self.stored = stored
        self.leaves: list[Leaf] = []
        self.comments: list[str] = []
        self.whole = False
        self.content: bytes | None = None
        self.header_id: tuple[str, int, bytes, str] | None = None
        self.keys: ScopeKeys | None = None
        self.origin = ""
        self.note = ""


class FileChange:
    """
    What changed in one file.

    Attributes:
        kind: ADDED, REMOVED, MODIFIED or RENAMED.
        old, new: the versions; one of them is None where the file was added or removed.
        scope: of the newer side.
        comparison: of their values.
        comments: whether comments changed.
    """

    __slots__ = ("comments", "comparison", "kind", "new", "old", "scope")

    def __init__(self, old: Version | None, new: Version | None, scope: str) -> None:
        self.old = old
        self.new = new
        self.scope = scope
        self.kind = ADDED if old is None else REMOVED if new is None else MODIFIED
        if old is not None and new is not None and old.path != new.path:
            self.kind = RENAMED
        self.comparison = _compared(old, new)
        self.comments = (old.comments if old else []) != (new.comments if new else [])

    @property
    def path(self) -> str:
        """Give the path of the newer side that there is."""
        version = self.new or self.old
        return version.path if version is not None else ""

    def fingerprint(self, leaf: Leaf | None) -> str:
        """Give eight characters for an opened value, comparable between both sides; else ""."""
        version = next((one for one in (self.new, self.old) if one and one.keys), None)
        if version is None or version.keys is None or leaf is None or leaf.text is None:
            return ""
        origin = version.origin.encode("utf-8", "surrogateescape")
        value = leaf.text.encode("utf-8", "surrogatepass")
        return base32.encode(version.keys.value_fingerprint(origin, leaf.path, value))

    @property
    def same_content(self) -> bool:
        """Whether both versions say the same, as far as can be told."""
        contents = [one.content for one in (self.old, self.new) if one is not None]
        return len(contents) == 2 and contents[0] is not None and contents[0] == contents[1]


def _compared(old: Version | None, new: Version | None) -> Comparison:
    before, after = old.leaves if old else [], new.leaves if new else []
    if old is not None and new is not None:
        unopened = any(leaf.text is None for leaf in (*before, *after))
        if unopened:
            # What one side alone could open must not be compared with sealed text.
            before, after = ([_closed(leaf) for leaf in one] for one in (before, after))
        same = old.header_id == new.header_id
        return compare(before, after, same_key=same)
    return compare(before, after)


def _closed(leaf: Leaf) -> Leaf:
    if not leaf.secret or leaf.exposed:
        return leaf
    return type(leaf)(leaf.path, None, leaf.token, leaf.line, secret=True)


def worktree_side(workspace: Workspace) -> Side:
    """Give the worktree."""
    tree = WorktreeTree(workspace.needed_repository().root, limit=MAX_FILE)
    return Side("the worktree", tree, Authority(tree, trust_of(workspace)))


def index_side(workspace: Workspace) -> Side:
    """Give the index."""
    tree = StagedTree(workspace.needed_repository(), limit=MAX_FILE)
    return Side("the index", tree, Authority(tree, trust_of(workspace)))


def commit_side(workspace: Workspace, revision: str) -> Side:
    """
    Give a commit.

    Raises:
        GitError: there is none of that name; `HEAD` may be missing in a new repository.
    """
    try:
        tree = CommitTree(workspace.needed_repository(), revision, limit=MAX_FILE)
    except GitsealError:
        if revision == "HEAD":
            return Side(revision, None, None)
        raise
    return Side(revision, tree, Authority(tree, trust_of(workspace)))


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
            found.append(FileChange(left, right, reader.scope(path)))
        elif left is not None:
            gone.append(left)
        elif right is not None:
            fresh.append(right)
    for left, right in _paired(gone, fresh):
        version = right or left
        if version is not None:
            found.append(FileChange(left, right, reader.scope(version.path)))
    return sorted(found, key=lambda one: one.path)


def _paired(
    gone: list[Version], fresh: list[Version]
) -> list[tuple[Version | None, Version | None]]:
    """Bring together what was moved; the rest stays added or removed."""
    pairs: list[tuple[Version | None, Version | None]] = []
    left = list(gone)
    for version in fresh:
        twin = next((one for one in left if _alike(one, version)), None)
        if twin is not None:
            left.remove(twin)
        pairs.append((twin, version))
    return pairs + [(version, None) for version in left]


def _alike(old: Version, new: Version) -> bool:
    if old.stored == new.stored:
        return True
    if old.content is None or new.content is None:
        return False
    before = {(leaf.path, leaf.text) for leaf in old.leaves}
    after = {(leaf.path, leaf.text) for leaf in new.leaves}
    if not before or not after:
        return old.content == new.content
    return len(before & after) >= _ALIKE * max(len(before), len(after))


class _Reader:
    """Reads and opens versions of both sides."""

    def __init__(self, workspace: Workspace, old: Side, new: Side) -> None:
        self._workspace = workspace
        self._old = old
        self._new = new

    def scope(self, path: str) -> str:
        grant = self._new.claims().get(path) or self._old.claims().get(path)
        return "" if grant is None else grant.scope

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
            grant = other.claims()[path]
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

