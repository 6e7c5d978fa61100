# SPDX-License-Identifier: Apache-2.0
"""
Making records: each change is a new record with a higher `seq`, signed by its highest epoch.

Signing is a callable, so that nothing here holds a key: `ScopeKeys.sign` of the right epoch.
"""

from __future__ import annotations

from gitseal.policy.records import Epoch, Record, check_record, signature_message

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitseal.crypto.derive import ScopeKeys
    from gitseal.keys import Context, WrappedKey
    from gitseal.policy.records import Sign
    from gitseal.policy.terms import Reader, RecordPolicy

    Wraps = Mapping[int, Iterable[WrappedKey]]


def new_epoch(keys: ScopeKeys, wraps: Iterable[WrappedKey], state: str = "next") -> Epoch:
    """Give the epoch of derived keys, without a link; costs an ML-KEM key generation."""
    return Epoch(
        keys.scope.epoch,
        state,
        kid=keys.kid,
        sign=keys.sign_public(),
        inbox=keys.inbox_public(),
        wraps=wraps,
    )


def new_record(
    name: str, context: Context, policy: RecordPolicy, epoch: Epoch, sign: Sign
) -> Record:
    """
    Give the first record of a scope: seq 1, one epoch, which is active.

    `epoch` is epoch 1 with a wrap for each reader; `sign` signs with it.
    """
    return compose(name, context, 1, policy, [epoch.changed(state="active")], sign)


def with_policy(
    record: Record, policy: RecordPolicy, sign: Sign, wraps: Wraps | None = None
) -> Record:
    """
    Give the record with another policy; wraps of readers it no longer names are dropped.

    That alone takes nothing away from a former reader, who knows the data key: rotate.
    `wraps` are, for each epoch that gets new ones, all its wraps.
    """
    given = wraps or {}
    epochs = [epoch.changed(wraps=given.get(epoch.n)) for epoch in record.epochs]
    return _next(record, policy, keep_readers(epochs, policy), sign)


def with_epoch(
    record: Record,
    epoch: Epoch,
    sign_old: Sign,
    sign_new: Sign,
    policy: RecordPolicy | None = None,
    wraps: Wraps | None = None,
) -> Record:
    """
    Give the record with epoch n+1 as `next`: step (a) of a rotation (format 14).

    Args:
        record: what it is now.
        epoch: its keys, and wraps for the readers of the new policy.
        sign_old: signs with epoch n: the link.
        sign_new: signs with epoch n+1: the record.
        policy: a new policy, such as one without the reader who leaves.
        wraps: for each older epoch that gets new ones, all its wraps.

    Raises:
        ValueError: not the number that follows, or a rotation is under way.
    """
    from gitseal.crypto.derive import fingerprint, link_message

    if epoch.n != len(record.epochs) + 1 or record.highest.state != "active":
        raise ValueError("with_epoch: not the next epoch, or one is on its way")
    scope = record.scope_id(epoch.n)
    digest = fingerprint(scope, epoch.kid, epoch.sign, epoch.inbox)
    linked = epoch.changed(state="next", link=sign_old(link_message(scope, digest)))
    given = wraps or {}
    policy = policy or record.policy
    older = [old.changed(wraps=given.get(old.n)) for old in record.epochs]
    return _next(record, policy, [*keep_readers(older, policy), linked], sign_new)


def with_states(record: Record, states: Mapping[int, str], sign: Sign) -> Record:
    """
    Give the record with epochs in other states: steps (b) and (d) of a rotation (format 14).

    A retired epoch loses its wraps.

    Raises:
        IntegrityError: not exactly one epoch would be active.
    """
    epochs = [epoch.changed(state=states.get(epoch.n)) for epoch in record.epochs]
    return _next(record, record.policy, epochs, sign)


def keep_readers(epochs: Iterable[Epoch], policy: RecordPolicy) -> list[Epoch]:
    """Give the epochs without the wraps of those who are no readers of the policy."""
    readers = {(reader.to, reader.key) for reader in policy.readers}
    return [
        epoch.changed(wraps=[wrap for wrap in epoch.wraps if (wrap.to, wrap.uri) in readers])
        for epoch in epochs
    ]


def compose(
    name: str,
    context: Context,
    seq: int,
    policy: RecordPolicy,
    epochs: Iterable[Epoch],
    sign: Sign,
) -> Record:
    """
    Give a signed record of parts that are ready; for merges, which count `seq` themselves.

    Raises:
        IntegrityError: the parts contradict each other, or the signature is not the highest
            epoch's.
    """
    draft = Record(name, context, seq, policy, epochs, bytes(64))
    check_record(draft)
    sig = sign(signature_message(draft.signed_bytes()))
    record = Record(name, context, seq, policy, draft.epochs, sig)
    record.check_signature()
    return record


def _next(record: Record, policy: RecordPolicy, epochs: Iterable[Epoch], sign: Sign) -> Record:
    return compose(record.name, record.context, record.seq + 1, policy, epochs, sign)


def missing_wraps(record: Record) -> list[tuple[int, Reader]]:
    """Give each (epoch, reader) whose wrap is yet to be made; retired epochs need none."""
    missing = []
    for epoch in record.epochs:
        have = {(wrap.to, wrap.uri) for wrap in epoch.wraps}
        missing += [
            (epoch.n, reader)
            for reader in record.policy.readers
            if epoch.state != "retired" and (reader.to, reader.key) not in have
        ]
    return missing
