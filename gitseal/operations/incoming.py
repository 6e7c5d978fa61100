# SPDX-License-Identifier: Apache-2.0
"""
The record that a scope has once git has finished a merge, told while it is still under way.

git merges records and files in one go.  Where only the other side changed the record, its rules and
its key are those of the result; sealed under ours, values that it sealed would come out in clear.
"""

from __future__ import annotations

import os
import re

from gitseal.authority import Grant
from gitseal.errors import GitsealError
from gitseal.policy.patterns import Patterns
from gitseal.policy.records import Record, record_path
from gitseal.repository.heads import merged_heads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.operations.workspace import Workspace

_PICKS = frozenset(("pick", "reword", "edit", "squash", "fixup"))
_REVERT = "revert"
_STEP = re.compile(r"^(\w+)(?: -[cC])? ([0-9a-f]{7,64})\b")
_MAX_STEPS = 1 << 20


def record_to_come(workspace: Workspace, grant: Grant, path: str) -> Grant | None:
    """
    Give what the other side's record says of a path, where that record is the one that stays.

    Args:
        workspace: repository, trust and keys of this call.
        grant: what the worktree's record says of the path.
        path: in the repository.

    Returns:
        None where ours stays, where it is not trusted, or where git does not say what it merges.
    """
    commits = _commits(workspace)
    if commits is None:
        return None
    base, theirs = (_record(workspace, commit, grant.scope) for commit in commits)
    ours = grant.record.to_bytes()
    if theirs is None or theirs == ours or base != ours:
        return None
    try:
        record = Record.parse(theirs, grant.scope)
        verdict = workspace.trust.judge(record)
    except GitsealError:
        return None
    if not verdict.trusted or not Patterns(record.policy.files).matches(path):
        return None
    return Grant(record, verdict)


def _commits(workspace: Workspace) -> tuple[str, str] | None:
    """Give the commits between which lies what is merged into HEAD; None if git does not say."""
    heads = list(merged_heads(workspace.settings.environ))
    if len(heads) == 1:
        base = _merge_base(workspace, heads[0])
        return None if base is None else (base, heads[0])
    folder = workspace.needed_repository().git_dir
    step = _step(folder, "rebase-merge/done", -1) or _step(folder, "sequencer/todo", 0)
    if step is None and os.path.isdir(os.path.join(folder, "rebase-apply")):
        step = ("pick", "REBASE_HEAD")
    if step is None:
        return None
    word, commit = step
    if word in _PICKS:
        return commit + "^", commit
    return (commit, commit + "^") if word == _REVERT else None


def _merge_base(workspace: Workspace, commit: str) -> str | None:
    from gitseal.repository.running import ask

    answer = ask(workspace.needed_repository(), ["merge-base", "HEAD", commit], ok=(0, 1, 128))
    return answer.decode("ascii").strip() or None


def _step(folder: str, name: str, index: int) -> tuple[str, str] | None:
    """Give command and commit of the step that a rebase or a row of picks is at."""
    from gitseal.files import read_limited

    try:
        text = read_limited(os.path.join(folder, name), _MAX_STEPS).decode("utf-8", "replace")
    except GitsealError:
        return None
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found = _STEP.match(lines[index]) if lines else None
    return (found[1], found[2]) if found else None


def _record(workspace: Workspace, commit: str, scope: str) -> bytes | None:
    from gitseal.repository.objects import Objects

    with Objects(workspace.needed_repository()) as objects:
        answer = objects.read(f"{commit}:{record_path(scope)}")
    return answer[2] if answer is not None and answer[1] == "blob" else None
