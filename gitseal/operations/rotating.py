# SPDX-License-Identifier: Apache-2.0
"""
Replacing the data key of a scope (format 14).

Four steps, each one atomic rename: the new epoch is announced and linked; it becomes the active
one; files are sealed again; the old one is retired once nothing staged uses it.  The record
itself says how far it got, so that every step can be resumed, by anybody who reads the scope.
"""

from __future__ import annotations

from gitseal.errors import RefusedError
from gitseal.operations.keyrings import more_wraps, new_data_key, write_record
from gitseal.operations.resealing import Past, Resealed, epochs_in_index, reseal_scope
from gitseal.policy import building

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseal.operations.workspace import Workspace
    from gitseal.policy.records import Record
    from gitseal.policy.terms import RecordPolicy


class Rotation:
    """
    What a rotation did.

    Attributes:
        record: as it is now.
        written: repository paths of records and vouches, to be committed.
        resealed: what became of the files.
        retired: whether the old epochs are retired; else staged files still use them.
    """

    __slots__ = ("record", "resealed", "retired", "written")

    def __init__(
        self, record: Record, written: list[str], resealed: Resealed, *, retired: bool
    ) -> None:
        self.record = record
        self.written = written
        self.resealed = resealed
        self.retired = retired


def rotate(
    workspace: Workspace,
    record: Record,
    policy: RecordPolicy | None = None,
    *,
    step: Callable[[str], None] = lambda _name: None,
) -> Rotation:
    """
    Start a rotation, or go on with one that was cut short.

    Args:
        workspace: repository, trust and keys of this call.
        record: the trusted record.
        policy: a new policy, such as one without the reader who leaves.
        step: told the name of each step before it is taken; tests stop there.

    Raises:
        KeyAccessError: no key of yours opens the scope.
        MasterKeyError: the key of a reader cannot be used; nothing was changed.
        RefusedError: a rotation is under way and the policy changes as well.
    """
    written: list[str] = []
    past = Past(record.policy)
    if record.highest.state == "next" and policy is not None:
        raise RefusedError(
            f"a rotation of scope {record.name} is not finished",
            hint=f"finish it first: gitseal rotate {record.name}",
        )
    if record.highest.state != "next":
        step("announce")
        record = _announce(workspace, record, policy)
        written += write_record(workspace, record)
    step("activate")
    record = _activate(workspace, record)
    written += write_record(workspace, record)
    return finish(workspace, record, written, past=past, step=step)


def _announce(workspace: Workspace, record: Record, policy: RecordPolicy | None) -> Record:
    wanted = policy or record.policy
    old = workspace.keys(record, record.highest.n)
    scope = record.scope_id(record.highest.n + 1)
    keys, wraps = new_data_key(workspace, scope, wanted)
    epoch = building.new_epoch(keys, wraps)
    # Who is new opens the old epoch, too, until its files are sealed again.
    older = more_wraps(workspace, record, wanted)
    return building.with_epoch(record, epoch, old.sign, keys.sign, wanted, older)


def _activate(workspace: Workspace, record: Record) -> Record:
    new = record.highest
    keys = workspace.keys(record, new.n)
    return building.with_states(record, {record.active.n: "readable", new.n: "active"}, keys.sign)


def finish(
    workspace: Workspace,
    record: Record,
    written: list[str] | None = None,
    *,
    past: Past | None = None,
    step: Callable[[str], None] = lambda _name: None,
) -> Rotation:
    """Seal the files again and retire the epochs that nothing staged uses any more."""
    paths = list(written or ())
    grant = workspace.authority.grant_scope(record.name)
    step("reseal")
    resealed = reseal_scope(workspace, grant, past)
    # What is staged, or what did not open, may still need the old key.
    used = epochs_in_index(workspace, grant)
    old = [epoch for epoch in record.epochs if epoch.state == "readable"]
    idle = [epoch.n for epoch in old if epoch.n not in used]
    if idle and not resealed.failed:
        step("retire")
        keys = workspace.keys(record, record.highest.n)
        record = building.with_states(record, dict.fromkeys(idle, "retired"), keys.sign)
        paths += write_record(workspace, record)
    return Rotation(record, list(dict.fromkeys(paths)), resealed, retired=not record.pending)
