# SPDX-License-Identifier: Apache-2.0
"""Two branches changed one record: its policy merges by terms, its epochs by trust (format 8)."""

from __future__ import annotations

from gitseal.errors import RefusedError
from gitseal.policy.building import compose, keep_readers, missing_wraps
from gitseal.policy.merging import Conflict, merge_policies
from gitseal.policy.records import STATES, Epoch, Record, record_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.policy.building import Wraps
    from gitseal.policy.records import Sign
    from gitseal.policy.terms import Reader, RecordPolicy


class Reseal:
    """
    Files to seal again: those whose header names this epoch and `kid`.

    Attributes:
        side: "ours" or "theirs": whose record opens them.
        n, kid: what their header says.
        reason: "rival" (the other branch's epoch n stays) or "retired".
    """

    __slots__ = ("kid", "n", "reason", "side")

    def __init__(self, side: str, n: int, kid: bytes, reason: str) -> None:
        self.side = side
        self.n = n
        self.kid = kid
        self.reason = reason

    def __repr__(self) -> str:
        return f"Reseal({self.side!r}, {self.n}, {self.reason!r})"


class RecordMerge:
    """
    A merged record, before it is signed.

    Attributes:
        conflicts: what both changed differently; the parts have ours there.
        policy, epochs, seq: the parts; wraps are those that either side had for its readers.
        winner: "ours" or "theirs": whose highest epoch stays, and whose data key signs.
        reseal: what must be opened under its own record and sealed again.
        leavers: who is out, but can have the active epoch's data key: rotate after the merge.
        known: the policy that is trusted here, else that of ours: what changes are told from.
    """

    __slots__ = (
        "_side", "conflicts", "epochs", "known", "leavers", "policy", "reseal", "seq", "winner",
    )  # fmt: skip

    def __init__(
        self,
        side: Record,
        winner: str,
        seq: int,
        policy: RecordPolicy,
        epochs: list[Epoch],
        conflicts: list[Conflict],
        reseal: list[Reseal],
        leavers: list[str],
        known: RecordPolicy,
    ) -> None:
        self._side = side
        self.winner = winner
        self.seq = seq
        self.policy = policy
        self.epochs = tuple(epochs)
        self.conflicts = tuple(conflicts)
        self.reseal = tuple(reseal)
        self.leavers = tuple(leavers)
        self.known = known

    def missing_wraps(self) -> list[tuple[int, Reader]]:
        """Give each (epoch, reader) that has to be wrapped before it is signed."""
        draft = Record(
            self._side.name, self._side.context, self.seq, self.policy, self.epochs, bytes(64)
        )
        return missing_wraps(draft)

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
        side = self._side
        return compose(side.name, side.context, self.seq, self.policy, epochs, sign)


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
        ours,
        winner,
        max(ours.seq, theirs.seq) + 1,
        policy,
        epochs,
        conflicts,
        _reseal(ours, theirs, common, winner, epochs),
        _leavers(ours, theirs, epochs, policy),
        known,
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
) -> str:
    n = common + 1
    mine, other = ours.epoch(n), theirs.epoch(n)
    if other is None:
        return "ours"
    if mine is None:
        return "theirs"
    if pinned is not None and pinned.epoch(n) is not None:
        for side, record in (("ours", ours), ("theirs", theirs)):
            if pinned.fingerprint(n) == record.fingerprint(n):
                return side
    if older in {"ours", "theirs"}:
        return older
    raise RefusedError(
        f"both branches made an epoch {n}, and nothing says which was first",
        hint=f"compare the safety codes, then choose: gitseal trust {ours.name}",
        path=record_path(ours.name),
    )


def _epochs(
    ours: Record, theirs: Record, common: int, winner: str, policy: RecordPolicy
) -> list[Epoch]:
    epochs = []
    for mine, other in zip(ours.epochs[:common], theirs.epochs[:common], strict=True):
        state = max(mine.state, other.state, key=STATES.index)
        have = {(wrap.to, wrap.uri) for wrap in mine.wraps}
        more = [wrap for wrap in other.wraps if (wrap.to, wrap.uri) not in have]
        epochs.append(mine.changed(state=state, wraps=[*mine.wraps, *more]))
    epochs += (ours if winner == "ours" else theirs).epochs[common:]
    if all(epoch.state != "active" for epoch in epochs):
        # The loser had activated its own; the winner's was still on its way.
        epochs[-1] = epochs[-1].changed(state="active")
    return keep_readers(epochs, policy)


def _reseal(
    ours: Record, theirs: Record, common: int, winner: str, epochs: list[Epoch]
) -> list[Reseal]:
    found = []
    for side, record in (("ours", ours), ("theirs", theirs)):
        for epoch in record.epochs:
            if epoch.n > common and side != winner:
                found.append(Reseal(side, epoch.n, epoch.kid, "rival"))
            elif (
                epoch.n <= common
                and epochs[epoch.n - 1].state == "retired"
                and epoch.state != "retired"
            ):
                found.append(Reseal(side, epoch.n, epoch.kid, "retired"))
    return found


def _leavers(ours: Record, theirs: Record, epochs: list[Epoch], policy: RecordPolicy) -> list[str]:
    active = next(epoch for epoch in epochs if epoch.state in {"active", "next"})
    left = {(reader.to, reader.key) for reader in policy.readers}
    names: dict[str, None] = {}
    for record in (ours, theirs):
        epoch = record.epoch(active.n)
        if epoch is not None and epoch.kid == active.kid:
            names.update({wrap.to: None for wrap in epoch.wraps if (wrap.to, wrap.uri) not in left})
    return list(names)
