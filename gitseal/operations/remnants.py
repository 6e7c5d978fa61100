# SPDX-License-Identifier: Apache-2.0
"""
Where clear text may still lie after `gitseal lock`: others' copies, listed and never removed.

None of these is made by gitseal; git and editors make them beside it (what git keeps was measured).
"""

from __future__ import annotations

import os
import stat
from shlex import quote

from gitseal.errors import GitsealError
from gitseal.operations.opening import MAX_FILE
from gitseal.operations.plainfiles import is_sealed
from gitseal.repository.trees import CommitTree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitseal.operations.workspace import Workspace
    from gitseal.policy.records import Record
    from gitseal.repository.finding import Repository

_STASHES = 50
"""Stashes that are looked into at most; each costs one git process."""
_ENDINGS = ("~", ".bak", ".orig", ".rej", ".swp", ".swo", ".save", ".tmp", ".un~")
_BLOB = "git-blob-"


def remnants(workspace: Workspace, records: dict[str, Record]) -> list[tuple[str, str]]:
    """
    Give what exists of the usual places: what it is, and a command or path that removes it.

    Args:
        workspace: repository of this call.
        records: of the plain scopes.
    """
    repository = workspace.needed_repository()
    found = [*_of_git(repository)]
    found += _stashes(workspace, repository, records)
    found += _beside(workspace, repository, records)
    found += _of_killed_gits(workspace.settings.temp_dir)
    found += _other_worktrees(repository)
    return found


def _of_git(repository: Repository) -> Iterator[tuple[str, str]]:
    from gitseal.repository.running import ask

    recorded = os.path.join(repository.common_dir, "rr-cache")
    if _names(recorded):
        yield f"{recorded}: conflicts that git recorded (rerere)", f"rm -r {quote(recorded)}"
    merged = os.path.join(repository.git_dir, "AUTO_MERGE")
    if os.path.lexists(merged):
        yield f"{merged}: a merge that is not finished", "git commit, or git merge --abort"
    try:
        notes = ask(repository, ["for-each-ref", "--format=%(refname)", "refs/notes/textconv"])
    except GitsealError:
        notes = b""
    for ref in notes.decode(errors="surrogateescape").split():
        yield (
            f"{ref}: what git keeps of shown diffs",
            f"git update-ref -d {ref}; git gc --prune=now",
        )


def _stashes(
    workspace: Workspace, repository: Repository, records: dict[str, Record]
) -> Iterator[tuple[str, str]]:
    """Find stashes that were made without the filter."""
    from gitseal.repository.running import ask

    if not os.path.lexists(os.path.join(repository.common_dir, "logs", "refs", "stash")):
        return
    try:
        names = ask(repository, ["stash", "list", "--format=%gd"]).decode().split()
    except GitsealError:
        return
    for name in names[:_STASHES]:
        for revision in (name, f"{name}^2", f"{name}^3"):
            path = _clear_in(workspace, repository, records, revision)
            if path is not None:
                yield f"{name}: a stash with {path} in clear", f"git stash drop {name}"
                break


def _clear_in(
    workspace: Workspace, repository: Repository, records: dict[str, Record], revision: str
) -> str | None:
    try:
        tree = CommitTree(repository, revision, limit=MAX_FILE)
    except GitsealError:
        return None
    try:
        claimed = [path for path in tree.paths() if workspace.authority.scope_of(path) in records]
        for path, data in tree.read_many(claimed):
            scope = workspace.authority.scope_of(path) or ""
            if data and not is_sealed(data, path, records[scope]):
                return path
    except GitsealError:
        return None
    finally:
        tree.close()
    return None


def _beside(
    workspace: Workspace, repository: Repository, records: dict[str, Record]
) -> Iterator[tuple[str, str]]:
    """Find what editors leave beside a file, and claimed files that git ignores."""
    from gitseal.repository.running import ask

    ignored = ask(repository, ["ls-files", "-z", "-o", "-i", "--exclude-standard"])
    for raw in ignored.split(b"\0")[:-1]:
        path = os.fsdecode(raw)
        scope = workspace.authority.scope_of(path)
        if scope in records and _is_clear(repository, path, records[scope]):
            yield f"{path}: git ignores it, and a scope claims it", f"gitseal encrypt {quote(path)}"
    from gitseal.repository.trees import listed

    folders: dict[str, set[str]] = {}
    for path in listed(repository, untracked=False):
        if workspace.authority.scope_of(path) in records:
            folder, _, name = path.rpartition("/")
            folders.setdefault(folder, set()).add(name)
    for folder, names in sorted(folders.items()):
        for name in _names(os.path.join(repository.root, folder)):
            if name not in names and _original(name) in names:
                path = f"{folder}/{name}" if folder else name
                yield f"{path}: a copy that an editor or git left", f"rm {quote(path)}"


def _original(name: str) -> str:
    """Give the name of the file that a copy was made of, by the habits of editors."""
    if name.startswith(".#") or (name.startswith("#") and name.endswith("#")):
        return name.strip(".#") if name.startswith("#") else name[2:]
    for ending in _ENDINGS:
        if name.endswith(ending):
            stem = name.removesuffix(ending)
            return stem[1:] if ending in {".swp", ".swo", ".un~"} and stem[:1] == "." else stem
    return ""


def _is_clear(repository: Repository, path: str, record: Record) -> bool:
    from gitseal.files import read_limited

    try:
        data = read_limited(repository.absolute(path), MAX_FILE, follow=False)
    except GitsealError:
        return False
    return bool(data) and not is_sealed(data, path, record)


def _of_killed_gits(folder: str) -> Iterator[tuple[str, str]]:
    for name in _names(folder):
        path = os.path.join(folder, name)
        if name.startswith(_BLOB):
            try:
                info = os.lstat(path)
            except OSError:
                continue
            if info.st_uid == os.geteuid() and stat.S_ISDIR(info.st_mode):
                yield f"{path}: what a git that was killed left of a diff", f"rm -r {quote(path)}"


def _other_worktrees(repository: Repository) -> Iterator[tuple[str, str]]:
    """Find other worktrees of this clone that are not locked."""
    from gitseal.repository.finding import find

    folder = os.path.join(repository.common_dir, "worktrees")
    dirs = [repository.common_dir, *(os.path.join(folder, name) for name in _names(folder))]
    for git_dir in dirs:
        if git_dir == repository.git_dir or os.path.lexists(
            os.path.join(git_dir, "gitseal", "locked")
        ):
            continue
        other = find(git_dir, repository.environ, git_dir=git_dir)
        if other is not None and not other.bare and os.path.isdir(other.root):
            yield (
                f"{other.root}: a worktree of its own, not locked",
                f"cd {quote(other.root)} && gitseal lock",
            )


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
