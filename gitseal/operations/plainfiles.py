# SPDX-License-Identifier: Apache-2.0
"""The files of plain scopes, as they are staged: what `lock` and `unlock` work on (format 10)."""

from __future__ import annotations

from gitseal import sealedfile
from gitseal.errors import GitsealError, RefusedError, UsageError
from gitseal.operations.opening import MAX_FILE, open_data
from gitseal.operations.workspace import Place
from gitseal.repository.indexfile import StagedTree
from gitseal.repository.objects import TOO_LARGE, Objects
from gitseal.repository.trees import is_regular
from gitseal.sealedfile import SealedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from typing import Protocol

    from gitseal.crypto.derive import ScopeKeys
    from gitseal.operations.workspace import Workspace
    from gitseal.policy.records import Record
    from gitseal.repository.finding import Repository

    class Keeper(Protocol):
        """What `session.cache.KeptKeys` gives; operations know no more of it."""

        def keep(self, keys: ScopeKeys, until: int) -> None:
            """Keep a data key, not on a disk."""

        def forget(self, kids: Iterable[bytes]) -> int:
            """Forget data keys; gives how many there were."""


class Staged:
    """
    One staged file of a plain scope.

    Attributes:
        path: in the repository.
        mode: as git writes it.
        identity: object id of what is staged.
        scope: that claims it.
    """

    __slots__ = ("identity", "mode", "path", "scope")

    def __init__(self, path: str, mode: int, identity: str, scope: str) -> None:
        self.path = path
        self.mode = mode
        self.identity = identity
        self.scope = scope

    def __repr__(self) -> str:
        return f"Staged({self.path!r})"


def worktree_of(workspace: Workspace) -> Repository:
    """
    Give the repository, if files can lie in clear in it.

    Raises:
        UsageError: there is none here, or it is bare.
    """
    repository = workspace.repository
    if repository is not None and repository.bare:
        raise UsageError(
            "a bare repository has no files that could lie in clear: nothing to lock or unlock",
            hint="run it in a clone, or a git worktree",
        )
    return workspace.needed_repository()


def plain_records(workspace: Workspace, names: Collection[str] = ()) -> dict[str, Record]:
    """
    Give the records, believed or not, of the scopes that are readable in the worktree.

    Args:
        workspace: repository and records of this call.
        names: only these; all of them must be there and plain.

    Raises:
        UsageError: one of `names` is not.
        IntegrityError, LimitError: a record is damaged.
    """
    authority = workspace.authority
    records = {name: authority.record(name) for name in authority.scopes()}
    found = {
        name: record
        for name, record in records.items()
        if record is not None and record.policy.worktree == "plain"
    }
    for name in names:
        if name not in records:
            known = ", ".join(records) or "none"
            raise UsageError(f"there is no scope {name!r}", hint=f"there are: {known}")
        if name not in found:
            raise UsageError(
                f"the files of scope {name} always lie sealed in the worktree",
                hint="gitseal edit FILE opens one; worktree: plain in .gitseal.yaml opens all",
            )
    return {name: found[name] for name in (names or found)}


def staged_files(workspace: Workspace, scopes: Collection[str]) -> tuple[list[Staged], list[str]]:
    """
    Give what is staged of some scopes, and those of their paths that are in conflict.

    Raises:
        PolicyError: two scopes claim one path.
    """
    authority = workspace.authority
    tree = StagedTree(workspace.needed_repository(), limit=MAX_FILE)
    try:
        entries, conflicts = tree.staged()
    finally:
        tree.close()
    files = [
        Staged(path, mode, identity, scope)
        for path, (mode, identity) in entries.items()
        if is_regular(mode) and (scope := authority.scope_of(path)) in scopes and scope
    ]
    return files, [path for path in conflicts if authority.scope_of(path) in scopes]


def open_staged(workspace: Workspace, file: Staged, data: bytes) -> bytes:
    """
    Give the clear content of what is staged at a path, authenticated under the path's record.

    Raises:
        GitsealError: as `opening.open_data`; it does not open, or is not sealed at all.
    """
    place = Place(
        file.path, workspace.needed_repository().absolute(file.path), file.path, inside=True
    )
    opened = open_data(workspace, data, place)
    if opened.sealed is None:
        raise RefusedError("is not sealed in git", hint="gitseal check says more", path=file.path)
    return opened.clear.data


def is_sealed(data: bytes, path: str, record: Record) -> bool:
    """Tell whether content is sealed, whoever sealed it."""
    if not sealedfile.may_be_sealed(data):
        return False
    from gitseal.policy.patterns import Patterns

    try:
        whole = Patterns(record.policy.whole).matches(path)
        return isinstance(sealedfile.inspect(data, path, whole=whole), SealedFile)
    except GitsealError:
        return False


def staged_contents(
    repository: Repository, files: Iterable[Staged]
) -> Iterator[tuple[Staged, bytes | None]]:
    """
    Give what git has of each file, through one git process; None for what it does not have.

    Raises:
        GitError: git failed.
    """
    wanted = list(files)
    with Objects(repository, limit=MAX_FILE) as objects:
        answers = objects.read_each(file.identity for file in wanted)
        for file, answer in zip(wanted, answers, strict=True):
            missing = answer is None or answer[1] == TOO_LARGE
            yield file, None if missing or answer is None else answer[2]
