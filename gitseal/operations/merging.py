# SPDX-License-Identifier: Apache-2.0
"""Two branches changed one record: git cannot merge what is signed, a reader can (format 8)."""

from __future__ import annotations

from gitseal.errors import GitsealError
from gitseal.operations.keyrings import more_wraps
from gitseal.policy.recordmerge import RecordMerge, merge_records
from gitseal.policy.records import Record, record_path
from gitseal.trust.verdicts import (
    FOREIGN,
    FORKED,
    LINKED,
    LINKED_READERS,
    NEWER,
    OLDER,
    ROLLED_BACK,
    SAME,
    UNKNOWN,
    UNSIGNED,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.operations.workspace import Workspace
    from gitseal.policy.terms import RecordPolicy
    from gitseal.repository.finding import Repository

    Sides = tuple[Record | None, Record | None, Record | None]


_PINNED_KEYS = frozenset((SAME, NEWER, LINKED, LINKED_READERS, FORKED))
"""Verdicts on records of the keys that are trusted here, or of their successors."""


def sides(workspace: Workspace, scope: str) -> Sides:
    """
    Give base, ours and theirs of a record that two branches changed, or None for each.

    They are taken from the index while a merge is under way with a conflict in the record,
    else from the commits that are being merged, or that HEAD merged.
    """
    repository = workspace.needed_repository()
    path = record_path(scope)
    staged = _staged(repository, path)
    if staged is not None:
        return _parsed(scope, staged)
    commits = _merged_commits(repository)
    if commits is None:
        return (None, None, None)
    return _parsed(scope, [_content(repository, commit, path) for commit in commits])


def merge_of(workspace: Workspace, scope: str, wanted: RecordPolicy) -> RecordMerge | None:
    """
    Give the merge that the record of a scope needs, or None if it is fine as it stands.

    Args:
        workspace: repository, trust and keys of this call.
        scope: its name.
        wanted: what `.gitseal.yaml` says of it; a reader whom only the other branch's record
            knows gets no key before a person has seen the name.

    Raises:
        RefusedError: the two cannot be merged; says what to choose.
    """
    authority = workspace.authority
    try:
        verdict = authority.judge(scope)
    except GitsealError:
        # Conflict markers, or two records mixed line by line.
        verdict = None
    if verdict is not None and (verdict.trusted or verdict.state in {OLDER, LINKED_READERS}):
        return None
    base, ours, theirs = sides(workspace, scope)
    if ours is None or theirs is None or not _believed(workspace, ours, theirs):
        return None
    pin = workspace.trust.pinned(scope)
    return merge_records(
        base,
        ours,
        theirs,
        pinned=None if pin is None else pin.record,
        older="ours",
        wanted=wanted,
    )


def _believed(workspace: Workspace, ours: Record, theirs: Record) -> bool:
    """
    Both sides must stand on their own: signed, and of the keys that are trusted here.

    Two that are both older are no merge of anything that is known here: whoever wrote the merge
    commit chose them, to have a key signed for again that was replaced.
    """
    trust = workspace.trust
    states = [trust.judge(record).state for record in (ours, theirs)]
    if all(state == OLDER for state in states):
        return False
    pin = trust.pinned(ours.name)
    for index, record in enumerate((ours, theirs)):
        other = states[1 - index]
        if states[index] == FOREIGN and other in _PINNED_KEYS and pin is not None:
            if not _is_rival(record, pin.record):
                return False
        elif states[index] in {FOREIGN, UNSIGNED, UNKNOWN, ROLLED_BACK}:
            return False
    return True


def _is_rival(record: Record, pinned: Record) -> bool:
    """
    Tell whether a record rotated away from the pinned one on a branch of its own (format 8).

    Then somebody who had the key before made it; it may be one who was removed meanwhile, so
    what it changes is shown like everything else, and its key does not stay.
    """
    try:
        record.check_signature()
        record.check_links()
    except GitsealError:
        return False
    same = [
        record.fingerprint(epoch.n) == pinned.fingerprint(epoch.n)
        for epoch in record.epochs[: len(pinned.epochs)]
    ]
    return same[0] and not all(same)


def build(workspace: Workspace, merge: RecordMerge) -> Record:
    """
    Sign a merged record, every reader of both branches wrapped for.

    Raises:
        KeyAccessError: no key of yours opens the scope.
    """
    keys = workspace.keys(merge.winner, merge.winner.highest.n)
    return merge.build(keys.sign, more_wraps(workspace, merge.draft(), merge.policy))


def _staged(repository: Repository, path: str) -> list[bytes | None] | None:
    from gitseal.repository.trees import IndexTree

    tree = IndexTree(repository)
    try:
        if path not in tree.conflicts:
            return None
        stages = tree.stages(path)
    finally:
        tree.close()
    return [stages.get(number) for number in (1, 2, 3)]


def _merged_commits(repository: Repository) -> tuple[str, str, str] | None:
    """Give merge base, our and their commit of the merge at hand, or of the one in HEAD."""
    from gitseal.repository.running import ask

    ours, theirs = "HEAD", _resolve(repository, "MERGE_HEAD")
    if theirs is None:
        ours = _resolve(repository, "HEAD^1") or ""
        theirs = _resolve(repository, "HEAD^2")
    if not ours or theirs is None:
        return None
    base = ask(repository, ["merge-base", ours, theirs], ok=(0, 1)).decode("ascii").strip()
    return (base, ours, theirs) if base else None


def _resolve(repository: Repository, revision: str) -> str | None:
    from gitseal.repository.running import ask

    arguments = ["rev-parse", "--verify", "--quiet", revision + "^{commit}"]
    found = ask(repository, arguments, ok=(0, 1, 128)).decode("ascii").strip()
    return found or None


def _content(repository: Repository, commit: str, path: str) -> bytes | None:
    from gitseal.repository.trees import CommitTree

    tree = CommitTree(repository, commit)
    try:
        return tree.read(path)
    finally:
        tree.close()


def _parsed(scope: str, contents: list[bytes | None]) -> Sides:
    records: list[Record | None] = []
    for content in contents:
        try:
            records.append(None if content is None else Record.parse(content, scope))
        except GitsealError:
            records.append(None)
    base, ours, theirs = records
    return base, ours, theirs
