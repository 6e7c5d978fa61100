# SPDX-License-Identifier: Apache-2.0
"""
Making the keyring say what `.gitseal.yaml` says: plan first, show, then carry out.

A reader who is taken out costs a rotation; everything else changes a record and, where the
rules changed, seals the files of that scope again.
"""

from __future__ import annotations

from gitseal.authority import Grant
from gitseal.errors import PolicyError, RefusedError, UsageError
from gitseal.operations import keyrings, rotating
from gitseal.operations.merging import build, merge_of, sides
from gitseal.operations.resealing import Past, Resealed, reseal_scope
from gitseal.policy import POLICY_FILE
from gitseal.policy.config import Config
from gitseal.policy.describing import Change, describe_policy

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


class Step:
    """
    What applying would do to one scope.

    Attributes:
        kind: NEW, CHANGE, ROTATE (a reader leaves), FINISH (a rotation), FOLLOW (trust a
            linked record), MERGE (of two branches) or GONE (no longer in `.gitseal.yaml`).
        scope: its name.
        changes: in plain sentences, for the person who confirms.
        record: the present record; None if NEW.
        policy: what the record shall say.
        merge: of two branches' records, if MERGE.
    """

    __slots__ = ("changes", "kind", "merge", "policy", "record", "scope")

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


def read_config(workspace: Workspace) -> Config:
    """
    Read `.gitseal.yaml` of the worktree.

    Raises:
        UsageError: there is none.
        PolicyError: it is malformed.
    """
    from gitseal.repository.trees import WorktreeTree

    data = WorktreeTree(workspace.needed_repository().root).read(POLICY_FILE)
    if data is None:
        raise UsageError(f"there is no {POLICY_FILE} here", hint="start with gitseal init")
    return Config.parse(data)


def plan(workspace: Workspace, config: Config | None = None) -> list[Step]:
    """
    Give what applying would do, scope by scope; changes nothing.

    Raises:
        PolicyError: `.gitseal.yaml` is malformed.
        UntrustedError, IntegrityError: a record is not to be believed, and no merge explains it.
    """
    wanted = config or read_config(workspace)
    steps = []
    for name, scope in wanted.scopes.items():
        policy = keyrings.with_canonical_keys(wanted.policy(name))
        merge = merge_of(workspace, name, policy)
        if merge is not None:
            steps.append(_merge_step(name, merge, policy))
            continue
        verdict = workspace.authority.judge(name)
        if verdict is None:
            changes = describe_policy(None, policy)
            steps.append(Step(NEW, name, changes=changes, policy=policy))
            continue
        if verdict.record.context != scope.context:
            raise UsageError(
                f"the context of scope {name} never changes",
                hint="make another scope for the new context, and gitseal mv its files there",
                path=POLICY_FILE,
            )
        step = _step(workspace, verdict, policy)
        if step is not None:
            steps.append(step)
    if any(step.kind in {NEW, CHANGE, ROTATE} for step in steps):
        _check_disjoint(workspace, wanted)
    gone = [name for name in workspace.authority.scopes() if name not in wanted.scopes]
    return steps + [Step(GONE, name) for name in gone]


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


def _step(workspace: Workspace, verdict: Verdict, policy: RecordPolicy) -> Step | None:
    record = verdict.record
    if verdict.state == "linked-readers":
        # Following it, and then whatever .gitseal.yaml says beyond it: both are shown.
        changes = verdict.changes + describe_policy(record.policy, policy)
        return Step(FOLLOW, record.name, changes=changes, record=record, policy=policy)
    if not verdict.trusted:
        raise workspace.authority.error(verdict)
    changes = verdict.changes if verdict.advances else []
    if not record.policy.same_terms(policy):
        changes = changes + describe_policy(record.policy, policy)
        # By their keys: another name for the same key takes nothing away from anybody.
        left = {one.key for one in record.policy.readers} - {one.key for one in policy.readers}
        kind = ROTATE if left else CHANGE
        return Step(kind, record.name, changes=changes, record=record, policy=policy)
    if any(epoch.state in {"next", "readable"} for epoch in record.epochs):
        return Step(FINISH, record.name, changes=changes, record=record, policy=policy)
    if verdict.advances:
        return Step(FOLLOW, record.name, changes=changes, record=record, policy=policy)
    return None


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
    for one in steps:
        _carry_out(workspace, one, applied, step)
    return applied


def _carry_out(
    workspace: Workspace, one: Step, applied: Applied, step: Callable[[str], None]
) -> None:
    if one.kind == GONE:
        return
    if one.kind == MERGE:
        _merge(workspace, one, applied, step)
        return
    policy, record = one.policy, one.record
    assert policy is not None  # noqa: S101 - every other step has one
    if record is None:
        context = read_config(workspace).scopes[one.scope].context
        made = keyrings.make_record(workspace, one.scope, context, policy)
        applied.written += keyrings.write_record(workspace, made)
    elif one.kind == FOLLOW:
        from gitseal.operations.trusting import accept

        applied.written += accept(workspace, record)
        again = _step_after(workspace, one.scope, policy)
        if again is not None:
            _carry_out(workspace, again, applied, step)
    elif one.kind == CHANGE:
        _change(workspace, record, policy, applied)
    else:
        new_policy = policy if one.kind == ROTATE else None
        unfinished = record.highest.state == "next" or (one.kind == FINISH)
        rotation = (
            rotating.finish(workspace, record, step=step)
            if unfinished and record.highest.state != "next"
            else rotating.rotate(workspace, record, new_policy, step=step)
        )
        note(one.scope, rotation, applied)


def _step_after(workspace: Workspace, scope: str, policy: RecordPolicy) -> Step | None:
    verdict = workspace.authority.judge(scope)
    return None if verdict is None else _step(workspace, verdict, policy)


def note(scope: str, rotation: rotating.Rotation, applied: Applied) -> None:
    """Add what a rotation did to what was done."""
    applied.written += rotation.written + rotation.resealed.changed
    applied.resealed[scope] = rotation.resealed
    if not rotation.retired:
        applied.pending.append(scope)


def _change(workspace: Workspace, record: Record, policy: RecordPolicy, applied: Applied) -> None:
    changed = keyrings.change_policy(workspace, record, policy)
    past = Past(record.policy)
    grant = workspace.authority.grant_scope(record.name)
    # A seal may stand in a file before the record wants it, but must not be missing after:
    # cut short in between, nobody could tell such a file from one that lost its seal.
    first = (record.policy.integrity, policy.integrity) == ("mergeable", "strict")
    if first:
        _note(reseal_scope(workspace, Grant(changed, grant.verdict), past), record.name, applied)
    applied.written += keyrings.write_record(workspace, changed)
    if not first and _seals_differently(record.policy, policy):
        grant = workspace.authority.grant_scope(record.name)
        _note(reseal_scope(workspace, grant, past), record.name, applied)


def _note(resealed: Resealed, scope: str, applied: Applied) -> None:
    applied.resealed[scope] = resealed
    applied.written += resealed.changed


def _seals_differently(old: RecordPolicy, new: RecordPolicy) -> bool:
    """Adding a reader touches no sealed file, unless the files carry their wraps."""
    fields = ("files", "seal", "clear", "whole", "comments", "worktree", "integrity", "portable")
    if any(getattr(old, name) != getattr(new, name) for name in fields):
        return True
    return new.portable and old.readers != new.readers


def _merge(workspace: Workspace, one: Step, applied: Applied, step: Callable[[str], None]) -> None:
    """Sign the merged record, seal the losing branch's files again, then apply the rest."""
    merge = one.merge
    assert merge is not None  # noqa: S101 - this kind of step has one
    record = build(workspace, one.scope, merge)
    applied.written += keyrings.write_record(workspace, record)
    grant = workspace.authority.grant_scope(one.scope)
    _base, ours, theirs = sides(workspace, one.scope)
    loser = ours if merge.winner == "theirs" else theirs
    _note(reseal_scope(workspace, grant, Past(rivals=loser)), one.scope, applied)
    if merge.leavers:
        applied.leavers[one.scope] = merge.leavers
    policy = one.policy
    if policy is not None and not record.policy.same_terms(policy):
        again = _step_after(workspace, one.scope, policy)
        if again is not None:
            _carry_out(workspace, again, applied, step)
