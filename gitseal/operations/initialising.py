# SPDX-License-Identifier: Apache-2.0
"""Starting to use gitseal in a repository: policy, first record, first files sealed."""

from __future__ import annotations

import os

from gitseal.errors import GitsealError, NotFoundError, RefusedError, UsageError
from gitseal.keys import Context, check_scope_name
from gitseal.operations import applying, sealing
from gitseal.operations.surveying import Candidate, candidates
from gitseal.policy import POLICY_FILE
from gitseal.policy.config import ScopeConfig
from gitseal.policy.creating import create

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitseal.operations.workspace import Workspace
    from gitseal.repository.history import Past


class Plan:
    """
    What `init` will do.

    Attributes:
        files: gitignore patterns of what to seal.
        scope: name of the first scope.
        context: pairs bound into every value.
        readers: name -> key URI.
        worktree: "sealed" or "plain".
        integrity: "strict" or "mergeable".
    """

    __slots__ = ("context", "files", "integrity", "readers", "scope", "worktree")

    def __init__(
        self,
        files: Sequence[str],
        readers: Mapping[str, str],
        *,
        scope: str = "main",
        context: Mapping[str, str] | None = None,
        worktree: str = "sealed",
        integrity: str = "strict",
    ) -> None:
        check_scope_name(scope)
        self.files = tuple(files)
        self.readers = dict(readers)
        self.scope = scope
        self.context = Context(context)
        self.worktree = worktree
        self.integrity = integrity


class Survey:
    """
    What there is before `init`.

    Attributes:
        candidates: files that look as if they held secrets.
        files: every file that git knows or would add, and the candidates it ignores.
        hidden: repository path -> the .gitignore line that hides it ("FILE:LINE: PATTERN").
        committed: paths that old commits hold in clear.
        complete: whether all of the history was searched.
    """

    __slots__ = ("candidates", "committed", "complete", "files", "hidden")

    def __init__(self) -> None:
        self.candidates: list[Candidate] = []
        self.files: list[str] = []
        self.hidden: dict[str, str] = {}
        self.committed: dict[str, Past] = {}
        self.complete = True


def check_fresh(workspace: Workspace) -> None:
    """
    Refuse a repository that gitseal is used in already.

    Raises:
        UsageError: not a repository, or without a worktree.
        RefusedError: there is a policy.
    """
    root = workspace.needed_repository().root
    if os.path.lexists(os.path.join(root, POLICY_FILE)):
        raise RefusedError(
            f"there is a {POLICY_FILE} already",
            hint="a clone: gitseal trust. Another scope: edit the file, then gitseal apply",
        )


def survey(workspace: Workspace) -> Survey:
    """Look for what should be sealed, what hides it, and what history already gave away."""
    from gitseal.repository.history import ever_committed, ignored
    from gitseal.repository.trees import listed

    repository = workspace.needed_repository()
    found = Survey()
    found.candidates = candidates(repository.root)
    paths = [one.path for one in found.candidates]
    known = [path for path in listed(repository) if not path.startswith(".git")]
    found.files = sorted({*known, *paths})
    for path, rule in ignored(repository, paths).items():
        found.hidden[path] = f"{rule.source}:{rule.line}: {rule.pattern}"
    for one in found.candidates:
        one.ignored = one.path in found.hidden
    found.committed, found.complete = ever_committed(repository, paths)
    return found


def initialise(workspace: Workspace, plan: Plan) -> applying.Applied:
    """
    Write `.gitseal.yaml`, make the scope's data key and record, and trust it.

    Raises:
        RefusedError: there is a policy already.
        UsageError: no file or no reader is named.
        MasterKeyError: a reader's key cannot be used; nothing is left behind.
    """
    from gitseal.files import ABSENT, remove, write_atomically

    check_fresh(workspace)
    if not plan.files:
        raise UsageError("nothing to seal was named", hint="gitseal init --files PATTERN")
    scope = ScopeConfig(
        plan.scope,
        files=plan.files,
        readers=list(plan.readers),
        context=plan.context,
        worktree=plan.worktree,
        integrity=plan.integrity,
    )
    data = create(plan.readers, [scope])
    root = workspace.needed_repository().root
    policy = os.path.join(root, POLICY_FILE)
    write_atomically(policy, data, expect=ABSENT, mode=0o666, root=root)
    try:
        applied = applying.carry_out(workspace, applying.plan(workspace))
    except GitsealError:
        remove(policy, root=root)
        raise
    applied.written.insert(0, POLICY_FILE)
    return applied


def seal_files(workspace: Workspace, paths: Sequence[str]) -> tuple[list[str], list[GitsealError]]:
    """
    Seal the first files in place.

    Returns:
        the repository paths that are sealed now, and an error for each that could not be.
    """
    root = workspace.needed_repository().root
    sealed = []
    failed = []
    for path in paths:
        try:
            sealing.encrypt_path(workspace, os.path.relpath(os.path.join(root, path)))
            sealed.append(path)
        except GitsealError as error:
            failed.append(error)
    return sealed, failed


def unhide(workspace: Workspace, paths: Sequence[str]) -> str:
    """
    Add lines to `.gitignore` that let git see files which other lines hide.

    Returns:
        the repository path that was changed.

    Raises:
        RefusedError: a directory above is ignored; such a line would do nothing.
    """
    from gitseal.files import ABSENT, read_with_snapshot, remove, write_atomically
    from gitseal.repository.history import ignored

    repository = workspace.needed_repository()
    file = os.path.join(repository.root, ".gitignore")
    try:
        data, snapshot = read_with_snapshot(file)
    except NotFoundError:
        data, snapshot = b"", ABSENT
    lines = b"".join(os.fsencode(f"!/{path}\n") for path in paths)
    start = data if not data or data.endswith(b"\n") else data + b"\n"
    new = start + b"# sealed by gitseal, so they belong into git\n" + lines
    write_atomically(file, new, expect=snapshot, mode=0o666, root=repository.root)
    if ignored(repository, paths):
        if snapshot.exists:
            write_atomically(file, data, root=repository.root)
        else:
            remove(file, root=repository.root)
        raise RefusedError(
            "a directory above is ignored as a whole, so .gitignore cannot be mended by a line",
            hint="change that line by hand; git check-ignore -v names it",
            path=".gitignore",
        )
    return ".gitignore"
