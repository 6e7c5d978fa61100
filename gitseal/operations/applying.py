# SPDX-License-Identifier: Apache-2.0
"""
Making the keyring say what `.gitseal.yaml` says: plan first, show, then carry out.

A reader who is taken out costs a rotation; everything else changes a record and, where the
rules changed, seals the files of that scope again.
"""

from __future__ import annotations

import os

from gitseal.authority import Grant
from gitseal.errors import PolicyError, RefusedError, UntrustedError, UsageError
from gitseal.operations import attributing, keyrings, rotating
from gitseal.operations.foreseeing import Foreseen, foresee
from gitseal.operations.merging import build, merge_of
from gitseal.operations.resealing import (
    Past,
    Resealed,
    files_first,
    reseal_scope,
    seals_differently,
)
from gitseal.policy import POLICY_FILE
from gitseal.policy.config import Config
from gitseal.policy.describing import Change, describe_policy
from gitseal.policy.records import record_path
from gitseal.trust.verdicts import LINKED_READERS, OLDER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseal.operations.workspace import Workspace
    from gitseal.policy.recordmerge import RecordMerge
    from gitseal.policy.records import Record
    from gitseal.policy.terms import RecordPolicy
    from gitseal.trust import Verdict

NEW = "new"
CHANGE = "change"
ROTATE = "rotate"
FINISH = "finish"
FOLLOW = "follow"
MERGE = "merge"
GONE = "gone"
ATTRIBUTES = "attributes"


class Step:
    """
    What applying would do to one scope.

    Attributes:
        kind: NEW, CHANGE, ROTATE (a reader leaves), FINISH (a rotation), FOLLOW (trust a
            linked record), MERGE (of two branches), GONE (no longer in `.gitseal.yaml`), or
            ATTRIBUTES (`.gitattributes` does not say what the records say).
        scope: its name; of ATTRIBUTES "".
        changes: in plain sentences, for the person who confirms.
        record: the present record; None if NEW.
        policy: what the record shall say.
        merge: of two branches' records, if MERGE.
        foreseen: what it would do to files that are sealed now.
    """

    __slots__ = ("changes", "foreseen", "kind", "merge", "policy", "record", "scope")

    def __init__(
        self,
        kind: str,
        scope: str,
        *,
        changes: list[Change] | None = None,
        record: Record | None = None,
        policy: RecordPolicy | None = None,
        merge: RecordMerge | None = None,
    ) -> None:
        self.foreseen = Foreseen()
        self.kind = kind
        self.scope = scope
        self.changes = changes or []
        self.record = record
        self.policy = policy
        self.merge = merge


class Applied:
    """
    What was done.

    Attributes:
        written: repository paths that were written, to be committed.
        resealed: scope -> what became of its files.
        pending: scopes whose old key is still in use by staged files.
        leavers: scope -> former readers who can still have its key, after a merge.
    """

    __slots__ = ("leavers", "pending", "resealed", "written")

    def __init__(self) -> None:
        self.written: list[str] = []
        self.resealed: dict[str, Resealed] = {}
        self.pending: list[str] = []
        self.leavers: dict[str, tuple[str, ...]] = {}

    def add_resealed(self, scope: str, resealed: Resealed) -> None:
        """Add what became of the files of a scope."""
        self.resealed[scope] = resealed
        self.written += resealed.changed

    def add_rotation(self, rotation: rotating.Rotation) -> None:
        """Add what a rotation did."""
        self.written += rotation.written
        self.add_resealed(rotation.record.name, rotation.resealed)
        if not rotation.retired:
            self.pending.append(rotation.record.name)


def read_policy(workspace: Workspace) -> bytes:
    """
    Read `.gitseal.yaml` of the worktree.

    Raises:
        UsageError: there is none.
    """
    from gitseal.repository.trees import WorktreeTree

    data = WorktreeTree(workspace.needed_repository().root).read(POLICY_FILE)
    if data is None:
        raise UsageError(f"there is no {POLICY_FILE} here", hint="start with gitseal init")
    return data


def write_policy(workspace: Workspace, data: bytes) -> None:
    """Replace `.gitseal.yaml` of the worktree; nothing obeys it before it is applied."""
    from gitseal.files import write_atomically

    root = workspace.needed_repository().root
    write_atomically(os.path.join(root, POLICY_FILE), data, root=root)
    workspace.forget_authority()


def plan(workspace: Workspace, config: Config | None = None, *, older: bool = False) -> list[Step]:
    """
    Give what applying would do, scope by scope; changes nothing.

    Args:
        workspace: repository, trust and keys of this call.
        config: the policy, if not that of the worktree.
        older: whether an older record may be gone back to: a change that was given up.

    Raises:
        PolicyError: `.gitseal.yaml` is malformed.
        UntrustedError, IntegrityError: a record is not to be believed, and no merge explains it.
    """
    wanted = config or Config.parse(read_policy(workspace))
    steps = []
    for name, scope in wanted.scopes.items():
        policy = keyrings.with_canonical_keys(wanted.policy(name))
        merge = merge_of(workspace, name, policy)
        if merge is not None:
            steps.append(_merge_step(name, merge, policy))
            continue
        verdict = workspace.authority.judge(name)
        if verdict is None:
            _check_not_lost(workspace, name)
            changes = describe_policy(None, policy)
            steps.append(Step(NEW, name, changes=changes, policy=policy))
            continue
        if verdict.record.context != scope.context:
            raise UsageError(
                f"the context of scope {name} never changes",
                hint="make another scope for the new context, and gitseal mv its files there",
                path=POLICY_FILE,
            )
        step = _step(workspace, verdict, policy, older=older)
        if step is not None:
            steps.append(step)
    _foresee(workspace, steps, wanted)
    if any(step.kind in {NEW, CHANGE, ROTATE} for step in steps):
        _check_disjoint(workspace, wanted)
    attributing.check_filter(
        workspace, [(one.record.policy, one.policy) for one in steps if one.record and one.policy]
    )
    gone = [name for name in workspace.authority.scopes() if name not in wanted.scopes]
    steps += [Step(GONE, name) for name in gone]
    files = {name: scope.files for name, scope in wanted.scopes.items()}
    outdated = attributing.is_outdated(workspace, files)
    return [*steps, Step(ATTRIBUTES, "")] if outdated else steps


def _foresee(workspace: Workspace, steps: list[Step], wanted: Config) -> None:
    from gitseal.policy.patterns import Patterns

    for step in steps:
        if step.kind in {CHANGE, ROTATE} and step.record is not None and step.policy is not None:
            claims = [Patterns(scope.files) for scope in wanted.scopes.values()]
            step.foreseen = foresee(workspace, step.record, step.policy, claims)


def _check_not_lost(workspace: Workspace, name: str) -> None:
    """A new key in place of a lost record would open none of the files sealed before."""
    if name in workspace.trust.pinned_names():
        raise UntrustedError(
            f"the record of scope {name} is gone, though it is trusted here",
            hint="bring it back: git log -- .gitseal/keyring; "
            f"or to drop the scope: gitseal trust --forget {name}",
            path=record_path(name),
        )


def _check_disjoint(workspace: Workspace, wanted: Config) -> None:
    """Refuse before anything is written what would make a file of two scopes useless."""
    from gitseal.policy.patterns import Patterns
    from gitseal.repository.trees import listed

    if len(wanted.scopes) < 2:
        return
    claims = [(name, Patterns(scope.files)) for name, scope in wanted.scopes.items()]
    for path in listed(workspace.needed_repository()):
        names = [name for name, patterns in claims if patterns.matches(path)]
        if len(names) > 1:
            raise PolicyError(
                f"scopes {' and '.join(names)} both claim {path}",
                hint="a file has one scope: make their `files` disjoint",
                path=POLICY_FILE,
            )


def _merge_step(name: str, merge: RecordMerge, policy: RecordPolicy) -> Step:
    if merge.conflicts:
        told = "; ".join(str(conflict) for conflict in merge.conflicts)
        raise RefusedError(
            f"both branches changed scope {name} differently: {told}",
            hint=f"decide in {POLICY_FILE}, commit one side's .gitseal/keyring/{name}.json "
            "(git checkout --ours or --theirs), then gitseal apply",
        )
    # Told from what is trusted here: which commits are merged is for whoever made them to choose.
    changes = describe_policy(merge.known, merge.policy)
    changes += describe_policy(merge.policy, policy)
    return Step(MERGE, name, changes=changes, policy=policy, merge=merge)


def _step(
    workspace: Workspace, verdict: Verdict, policy: RecordPolicy, *, older: bool = False
) -> Step | None:
    record = verdict.record
    known = verdict.pinned
    if older and verdict.state == OLDER and known is not None:
        if len(known.epochs) != len(record.epochs):
            raise workspace.authority.error(verdict)
        # On top of the newest one that is known here: what came after it cannot be unsaid.
        return _change_step(known, policy, [])
    if verdict.state == LINKED_READERS:
        # Following it, and then whatever .gitseal.yaml says beyond it: both are shown.
        changes = verdict.changes + describe_policy(record.policy, policy)
        return Step(FOLLOW, record.name, changes=changes, record=record, policy=policy)
    if not verdict.trusted:
        raise workspace.authority.error(verdict)
    changes = verdict.changes if verdict.advances else []
    if not record.policy.same_terms(policy):
        return _change_step(record, policy, changes)
    if record.pending:
        return Step(FINISH, record.name, changes=changes, record=record, policy=policy)
    if verdict.advances:
        return Step(FOLLOW, record.name, changes=changes, record=record, policy=policy)
    return None


def _change_step(record: Record, policy: RecordPolicy, changes: list[Change]) -> Step:
    # By their keys: another name for the same key takes nothing away from anybody.
    left = {one.key for one in record.policy.readers} - {one.key for one in policy.readers}
    changes = changes + describe_policy(record.policy, policy)
    kind = ROTATE if left else CHANGE
    return Step(kind, record.name, changes=changes, record=record, policy=policy)


def carry_out(
    workspace: Workspace,
    steps: list[Step],
    *,
    step: Callable[[str], None] = lambda _name: None,
) -> Applied:
    """
    Do what was planned and confirmed; a run that is cut short is simply run again.

    Raises:
        KeyAccessError: no key of yours opens a scope.
        MasterKeyError: the key of a reader cannot be used.
    """
    applied = Applied()
    # Before any file is opened in the worktree, git knows to filter it.
    soon = {one.scope: one.policy.files for one in steps if one.policy is not None}
    applied.written += attributing.write(workspace, soon) if soon else []
    for one in steps:
        _carry_out(workspace, one, applied, step)
    applied.written += attributing.write(workspace)
    return applied


def _carry_out(
    workspace: Workspace, one: Step, applied: Applied, step: Callable[[str], None]
) -> None:
    policy, record = one.policy, one.record
    if policy is None:
        return  # GONE: its record stays until a person removes it; ATTRIBUTES: see above
    if one.merge is not None:
        _merge(workspace, one.merge, policy, applied, step)
    elif record is None:
        context = Config.parse(read_policy(workspace)).scopes[one.scope].context
        made = keyrings.make_record(workspace, one.scope, context, policy)
        applied.written += keyrings.write_record(workspace, made)
        if policy.worktree == "plain":
            # What git has of these files in clear is to be added anew.
            grant = workspace.authority.grant_scope(one.scope)
            applied.add_resealed(one.scope, reseal_scope(workspace, grant))
    elif one.kind == FOLLOW:
        from gitseal.operations.trusting import accept

        applied.written += accept(workspace, record)
        _go_on(workspace, one.scope, policy, applied, step)
    elif one.kind == CHANGE:
        _change(workspace, record, policy, applied)
    elif one.kind == FINISH and record.highest.state != "next":
        applied.add_rotation(rotating.finish(workspace, record, step=step))
    else:
        new_policy = policy if one.kind == ROTATE else None
        applied.add_rotation(rotating.rotate(workspace, record, new_policy, step=step))


def _go_on(
    workspace: Workspace,
    scope: str,
    policy: RecordPolicy,
    applied: Applied,
    step: Callable[[str], None],
) -> None:
    """Do what is left now that the record is another one; it was shown with the first step."""
    verdict = workspace.authority.judge(scope)
    again = None if verdict is None else _step(workspace, verdict, policy)
    if again is not None:
        _carry_out(workspace, again, applied, step)


def _change(workspace: Workspace, record: Record, policy: RecordPolicy, applied: Applied) -> None:
    changed = keyrings.change_policy(workspace, record, policy)
    past = Past(record.policy)
    grant = workspace.authority.grant_scope(record.name)
    # A seal may stand in a file before the record wants it, but must not be missing after:
    # cut short in between, nobody could tell such a file from one that lost its seal.
    # Likewise with a file that lies in the form of the other kind of worktree.
    first = files_first(record.policy, policy)
    if first:
        grant = Grant(changed, grant.verdict)
        applied.add_resealed(record.name, reseal_scope(workspace, grant, past))
    applied.written += keyrings.write_record(workspace, changed)
    if not first and seals_differently(record.policy, policy):
        grant = workspace.authority.grant_scope(record.name)
        applied.add_resealed(record.name, reseal_scope(workspace, grant, past))


def _merge(
    workspace: Workspace,
    merge: RecordMerge,
    policy: RecordPolicy,
    applied: Applied,
    step: Callable[[str], None],
) -> None:
    """Sign the merged record, seal the losing branch's files again, then apply the rest."""
    record = build(workspace, merge)
    applied.written += keyrings.write_record(workspace, record)
    grant = workspace.authority.grant_scope(record.name)
    past = Past(rivals=merge.loser)
    applied.add_resealed(record.name, reseal_scope(workspace, grant, past))
    if merge.leavers:
        applied.leavers[record.name] = merge.leavers
    if not record.policy.same_terms(policy):
        _go_on(workspace, record.name, policy, applied, step)
