# SPDX-License-Identifier: Apache-2.0
"""Real records with real keys, in memory: what tests of policy and trust are about."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from gitseal.crypto.derive import ScopeKeys
from gitseal.keys import Context, DataKey, ScopeId, WrappedKey
from gitseal.policy.building import new_epoch, new_record, with_epoch, with_policy, with_states
from gitseal.policy.records import Record, record_path
from gitseal.policy.terms import Reader, RecordPolicy

CONTEXT = Context({"app": "shop", "env": "prod"})
ALICE = Reader("alice", "age1alice")
BOB = Reader("bob", "age1bob")
CAROL = Reader("carol", "age1carol")


class DictTree:
    """A tree of files in memory; says which of them were read."""

    def __init__(self, files: dict[str, bytes] | None = None) -> None:
        self.files = files or {}
        self.asked: list[str] = []

    def read(self, path: str) -> bytes | None:
        self.asked.append(path)
        return self.files.get(path)

    def paths(self, prefix: str = "") -> Iterator[str]:
        yield from (path for path in self.files if path.startswith(prefix + "/"))

    def put(self, record: Record) -> DictTree:
        self.files[record_path(record.name)] = record.to_bytes()
        return self


def keys(epoch: int, name: str = "shop", *, whose: str = "ours") -> ScopeKeys:
    """The keys of an epoch, the same every time; `whose` makes rivals."""
    secret = hashlib.sha256(f"{name} {epoch} {whose}".encode()).digest()
    return ScopeKeys(DataKey(secret), ScopeId(name, CONTEXT, epoch))


def wraps(readers: Iterable[Reader]) -> list[WrappedKey]:
    return [
        WrappedKey(reader.to, reader.key, b"wrapped for " + reader.to.encode())
        for reader in readers
    ]


def policy(*readers: Reader, **fields: Any) -> RecordPolicy:
    return RecordPolicy(**({"files": ["prod/**"], "readers": readers or (ALICE,)} | fields))


def fresh(*readers: Reader, name: str = "shop", whose: str = "ours", **fields: Any) -> Record:
    """A first record: seq 1, epoch 1."""
    mine = keys(1, name, whose=whose)
    wanted = policy(*readers, **fields)
    return new_record(name, CONTEXT, wanted, new_epoch(mine, wraps(wanted.readers)), mine.sign)


def changed(
    record: Record, *readers: Reader, whose: str = "ours", signer: ScopeKeys | None = None,
    **fields: Any,
) -> Record:  # fmt: skip
    """The record with other readers or rules, approved by whoever has the highest key."""
    wanted = record.policy.replace(**fields, **({"readers": readers} if readers else {}))
    signer = signer or keys(len(record.epochs), record.name, whose=whose)
    given = {epoch.n: wraps(wanted.readers) for epoch in record.epochs if epoch.state != "retired"}
    return with_policy(record, wanted, signer.sign, given)


def rotating(record: Record, *readers: Reader, whose: str = "ours") -> Record:
    """Step (a) of a rotation: a next epoch, made by whoever has the highest key (`ours`)."""
    n = len(record.epochs)
    old, new = keys(n, record.name), keys(n + 1, record.name, whose=whose)
    wanted = record.policy.replace(readers=readers) if readers else record.policy
    epoch = new_epoch(new, wraps(wanted.readers))
    return with_epoch(record, epoch, old.sign, new.sign, wanted)


def rotated(
    record: Record, *readers: Reader, whose: str = "ours", finished: bool = False
) -> Record:
    """Steps (a) and (b), and with `finished` (d): the old epoch is retired."""
    started = rotating(record, *readers, whose=whose)
    n = len(started.epochs)
    sign = keys(n, record.name, whose=whose).sign
    active = with_states(started, {n - 1: "readable", n: "active"}, sign)
    return with_states(active, {n - 1: "retired"}, sign) if finished else active
