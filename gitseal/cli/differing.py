# SPDX-License-Identifier: Apache-2.0
"""`diff`: printing what changed, values hidden unless they are public or asked for."""

from __future__ import annotations

import os
import sys

from gitseal.changes.telling import lines_of
from gitseal.cli.choosing import choice_of, repository_path
from gitseal.cli.output import write_json
from gitseal.errors import GitError, GitsealError, NotFoundError, UsageError
from gitseal.keypaths import format_path
from gitseal.operations.comparing import (
    Side,
    commit_side,
    compare_sides,
    index_side,
    worktree_side,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitseal.changes.comparing import Change, Leaf
    from gitseal.changes.versions import FileChange
    from gitseal.operations.workspace import Workspace


def differences(current: Workspace, words: Sequence[str], *, staged: bool) -> list[FileChange]:
    """
    Compare what the words of the command line name.

    Args:
        current: of this call.
        words: `[A[..B]] [PATH…]`; what exists as a file is a path, `--` ends the revisions.
        staged: compare the index, not the worktree.

    Raises:
        NotFoundError: a word is neither a commit nor a file.
        UsageError: words that do not fit together.
    """
    repository = current.needed_repository()
    staged_paths = index_side(current)

    def is_path(word: str) -> bool:
        # A file that was deleted is in the index still.
        if os.path.lexists(word):
            return True
        try:
            return bool(staged_paths.identity(repository_path(repository, word)))
        except GitsealError:
            return False

    first, second, paths = _split(words, is_path)
    chosen = [repository_path(repository, path) for path in paths]
    old = _commit(current, first or "HEAD")
    if second is not None and staged:
        raise UsageError("--staged compares with one commit")
    new = (
        _commit(current, second) if second is not None
        else index_side(current) if staged else worktree_side(current)
    )  # fmt: skip
    try:
        return compare_sides(current, old, new, choice_of(chosen))
    finally:
        for side in (old, new, staged_paths):
            side.close()


def _commit(current: Workspace, revision: str) -> Side:
    from gitseal.repository.running import git_program

    git_program(current.settings.environ)  # a missing git is no missing commit
    try:
        return commit_side(current, revision)
    except GitError:
        hint = "files that are gone everywhere stand behind --"
        raise NotFoundError(f"{revision!r} is neither a commit nor a file", hint=hint) from None


def _split(
    words: Sequence[str], is_path: Callable[[str], bool]
) -> tuple[str | None, str | None, list[str]]:
    revisions: list[str] = []
    paths: list[str] = []
    rest = list(words)
    while rest and not paths and len(revisions) < 2 and rest[0] != "--":
        if is_path(rest[0]):
            break
        revisions.append(rest.pop(0))
        if ".." in revisions[-1]:
            break
    paths = rest[1:] if rest[:1] == ["--"] else rest
    if len(revisions) == 1 and ".." in revisions[0]:
        if "..." in revisions[0]:
            raise UsageError("A...B is not understood", hint="name the two commits: A..B")
        first, _, second = revisions[0].partition("..")
        return first or "HEAD", second or "HEAD", paths
    return (revisions[0] if revisions else None), (revisions[1] if revisions[1:] else None), paths


def write_text(found: Sequence[FileChange], *, reveal: bool) -> None:
    """Print one block a file."""
    for one in found:
        sys.stdout.write("".join(f"{line}\n" for line in lines_of(one, reveal=reveal)))


def write_changes_json(found: Sequence[FileChange], *, reveal: bool) -> None:
    """Print all of it as JSON."""
    write_json("diff", {"files": [_file_json(one, reveal=reveal) for one in found]})


def _file_json(one: FileChange, *, reveal: bool) -> dict[str, object]:
    versions = [version for version in (one.old, one.new) if version is not None]
    return {
        "path": one.path,
        "old_path": one.old.path if one.old is not None else None,
        "kind": one.kind,
        "scope": one.scope or None,
        "opened": all(version.content is not None for version in versions),
        "whole": any(version.whole for version in versions),
        "comments_changed": one.comments,
        "resealed": one.comparison.resealed,
        "notes": [version.note for version in versions if version.note],
        "values": [_value_json(one, change, reveal=reveal) for change in one.comparison.changes],
    }


def _value_json(one: FileChange, change: Change, *, reveal: bool) -> dict[str, object]:
    return {
        "key": format_path(change.path),
        "kind": change.kind.replace(" ", "-"),
        "line": change.leaf.line,
        "old": _leaf_json(one, change.old, reveal=reveal),
        "new": _leaf_json(one, change.new, reveal=reveal),
    }


def _leaf_json(one: FileChange, leaf: Leaf | None, *, reveal: bool) -> dict[str, object] | None:
    if leaf is None:
        return None
    shown = leaf.text if reveal or not leaf.secret else None
    fingerprint = one.fingerprint(leaf) if leaf.secret else ""
    return {
        "sealed": bool(leaf.token),
        "secret": leaf.secret,
        "fingerprint": fingerprint or None,
        "source": shown,
    }
