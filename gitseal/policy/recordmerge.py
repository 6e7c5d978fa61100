# SPDX-License-Identifier: Apache-2.0
"""Two branches changed one record: its policy merges by terms, its epochs by trust (format 8)."""

from __future__ import annotations

from gitseal.crypto.signatures import SIGNATURE_SIZE
from gitseal.errors import RefusedError
from gitseal.policy.building import compose, keep_readers
from gitseal.policy.merging import Conflict, merge_policies
from gitseal.policy.records import STATES, Epoch, Record, record_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.policy.building import Wraps
    from gitseal.policy.records import Sign
    from gitseal.policy.terms import RecordPolicy


class RecordMerge:
    """
    A merged record, before it is signed.

    Attributes:
        winner: the side whose highest epoch stays, and whose data key signs.
        loser: the other side; its record opens the files of an epoch that does not stay.
        conflicts: what both changed differently; the parts have ours there.
        policy, epochs, seq: the parts; wraps are those that either side had for its readers.
        leavers: who is out, but can have the active epoch's data key: rotate after the merge.
        known: the policy that is trusted here, else that of ours: what changes are told from.
    """

    __slots__ = (
        "conflicts", "epochs", "known", "leavers", "loser", "policy", "seq", "winner",
    )  # fmt: skip

    def __init__(
        self,
        winner: Record,
        loser: Record,
        policy: RecordPolicy,
        epochs: list[Epoch],
        *,
        conflicts: list[Conflict],
        leavers: list[str],
        known: RecordPolicy,
    ) -> None:
        self.winner = winner
        self.loser = loser
        self.seq = max(winner.seq, loser.seq) + 1
        self.policy = policy
        self.epochs = tuple(epochs)
        self.conflicts = tuple(conflicts)
        self.leavers = tuple(leavers)
        self.known = known

    def draft(self) -> Record:
        """Give the record without its signature, to see which wraps it lacks."""
        winner = self.winner
        return Record(
            winner.name, winner.context, self.seq, self.policy, self.epochs, bytes(SIGNATURE_SIZE)
        )

    def build(self, sign: Sign, wraps: Wraps | None = None) -> Record:
        """
        Give the signed record.

        Args:
            sign: signs with the highest epoch of `epochs`.
            wraps: for each epoch that had some missing, all its wraps.

        Raises:
            ValueError: there are conflicts.
        """
        if self.conflicts:
            raise ValueError("build: the conflicts come first")
        given = wraps or {}
        epochs = [epoch.changed(wraps=given.get(epoch.n)) for epoch in self.epochs]
        return compose(self.winner.name, self.winner.context, self.seq, self.policy, epochs, sign)


def merge_records(
    base: Record | None,
    ours: Record,
    theirs: Record,
    *,
    pinned: Record | None = None,
    older: str | None = None,
    wanted: RecordPolicy | None = None,
) -> RecordMerge:
    """
    Merge two records of one scope; both must be trusted or linked to what is.

    Args:
        base: the record both came from, or None.
        ours: the record of this branch.
        theirs: the record of the other one.
        pinned: what is trusted here; of two rival epochs n+1 the one in it stays.
        older: "ours" or "theirs", whose rival epoch is older in history, where no pin says.
        wanted: what people asked for; readers who are neither trusted nor wanted stay out.

    Raises:
        RefusedError: another scope or key from the start, or rival epochs and nothing to choose by.
        PolicyError: the merged policy contradicts itself.
    """
    if (ours.name, ours.context) != (theirs.name, theirs.context):
        raise RefusedError("these are records of two scopes", path=record_path(ours.name))
    common = _common(ours, theirs)
    if common == 0:
        raise RefusedError(
            "the two branches made this scope independently, with different keys",
            hint="keep one of them, open the other's files there and seal them again",
            path=record_path(ours.name),
        )
    policy, conflicts = merge_policies(
        base.policy if base else None, ours.policy, theirs.policy, f"scopes.{ours.name}"
    )
    known = pinned.policy if pinned is not None else ours.policy
    if wanted is not None:
        seen = {*known.readers, *wanted.readers}
        policy = policy.replace(readers=[one for one in policy.readers if one in seen])
    winner = _winner(ours, theirs, common, pinned, older)
    epochs = _epochs(ours, theirs, common, winner, policy)
    return RecordMerge(
        winner,
        theirs if winner is ours else ours,
        policy,
        epochs,
        conflicts=conflicts,
        leavers=_leavers(ours, theirs, epochs, policy),
        known=known,
    )


def _common(ours: Record, theirs: Record) -> int:
    """Give the number of epochs, from the first, that both share."""
    count = 0
    for mine, other in zip(ours.epochs, theirs.epochs, strict=False):
        if ours.fingerprint(mine.n) != theirs.fingerprint(other.n):
            break
        count += 1
    return count


def _winner(
    ours: Record, theirs: Record, common: int, pinned: Record | None, older: str | None
) -> Record:
    n = common + 1
    mine, other = ours.epoch(n), theirs.epoch(n)
    if other is None:
        return ours
    if mine is None:
        return theirs
    if pinned is not None and pinned.epoch(n) is not None:
        for record in (ours, theirs):
            if pinned.fingerprint(n) == record.fingerprint(n):
                return record
    if older in {"ours", "theirs"}:
        return ours if older == "ours" else theirs
    raise RefusedError(
        f"both branches made an epoch {n}, and nothing says which was first",
        hint=f"compare the safety codes, then choose: gitseal trust {ours.name}",
        path=record_path(ours.name),
    )


def _epochs(
    ours: Record, theirs: Record, common: int, winner: Record, policy: RecordPolicy
) -> list[Epoch]:
    epochs = []
    for mine, other in zip(ours.epochs[:common], theirs.epochs[:common], strict=True):
        state = max(mine.state, other.state, key=STATES.index)
        have = {(wrap.to, wrap.uri) for wrap in mine.wraps}
        more = [wrap for wrap in other.wraps if (wrap.to, wrap.uri) not in have]
        epochs.append(mine.changed(state=state, wraps=[*mine.wraps, *more]))
    epochs += winner.epochs[common:]
    if all(epoch.state != "active" for epoch in epochs):
        # The loser had activated its own; the winner's was still on its way.
        epochs[-1] = epochs[-1].changed(state="active")
    return keep_readers(epochs, policy)


def _leavers(ours: Record, theirs: Record, epochs: list[Epoch], policy: RecordPolicy) -> list[str]:
    active = next(epoch for epoch in epochs if epoch.state in {"active", "next"})
    left = {(reader.to, reader.key) for reader in policy.readers}
    names: dict[str, None] = {}
    for record in (ours, theirs):
        epoch = record.epoch(active.n)
        if epoch is not None and epoch.kid == active.kid:
            names.update({wrap.to: None for wrap in epoch.wraps if (wrap.to, wrap.uri) not in left})
    return list(names)
