# SPDX-License-Identifier: Apache-2.0
"""Making and changing the records of a keyring: wrap for all, sign, write, pin."""

from __future__ import annotations

import os

from gitseal.crypto.derive import ScopeKeys
from gitseal.errors import UsageError
from gitseal.keys import DataKey, ScopeId, WrappedKey
from gitseal.masterkeys import canonical
from gitseal.operations.trusting import accept
from gitseal.policy import POLICY_FILE, building
from gitseal.policy.records import Record, record_path
from gitseal.policy.terms import Reader, RecordPolicy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.keys import Context
    from gitseal.operations.workspace import Workspace


def with_canonical_keys(policy: RecordPolicy) -> RecordPolicy:
    """
    Give a policy whose readers are named by canonical key URIs.

    Raises:
        UsageError: a key is of no known kind.
    """
    readers = [Reader(reader.to, _canonical(reader)) for reader in policy.readers]
    return policy.replace(readers=readers)


def _canonical(reader: Reader) -> str:
    try:
        return canonical(reader.key)
    except UsageError as error:
        error.message = f"reader {reader.to}: {error.message}"
        raise error.at(POLICY_FILE) from None


def make_record(workspace: Workspace, name: str, context: Context, policy: RecordPolicy) -> Record:
    """
    Make the first record of a scope: a new data key, wrapped for every reader.

    Raises:
        MasterKeyError: the key of one reader cannot be used; nothing was made.
    """
    keys, wraps = new_data_key(workspace, ScopeId(name, context, 1), policy)
    return building.new_record(name, context, policy, building.new_epoch(keys, wraps), keys.sign)


def new_data_key(
    workspace: Workspace, scope: ScopeId, policy: RecordPolicy
) -> tuple[ScopeKeys, list[WrappedKey]]:
    """Make a data key for a scope and epoch, and wrap it for the readers of a policy."""
    data_key = DataKey.generate()
    wraps = workspace.session.wrap_for(
        [(reader.to, reader.key) for reader in policy.readers], data_key, scope
    )
    keys = ScopeKeys(data_key, scope)
    workspace.session.adopt(keys)
    return keys, wraps


def change_policy(workspace: Workspace, record: Record, policy: RecordPolicy) -> Record:
    """
    Give the record with another policy; readers who are new get every key that is in use.

    Raises:
        KeyAccessError: no key of yours opens the scope.
        MasterKeyError: the key of a new reader cannot be used; nothing was changed.
    """
    wraps = more_wraps(workspace, record, policy)
    keys = workspace.keys(record, record.highest.n)
    return building.with_policy(record, policy, keys.sign, wraps)


def more_wraps(
    workspace: Workspace, record: Record, policy: RecordPolicy
) -> dict[int, list[WrappedKey]]:
    """Give, for each epoch that is in use and lacks some, all wraps for a policy's readers."""
    found = {}
    for epoch in record.epochs:
        have = {(wrap.to, wrap.uri): wrap for wrap in epoch.wraps}
        new = [one for one in policy.readers if (one.to, one.key) not in have]
        if epoch.state == "retired" or not new:
            continue
        keys = workspace.keys(record, epoch.n)
        made = workspace.session.wrap_for(
            [(one.to, one.key) for one in new], keys.data_key(), record.scope_id(epoch.n)
        )
        have |= {(wrap.to, wrap.uri): wrap for wrap in made}
        order = [(one.to, one.key) for one in policy.readers]
        found[epoch.n] = [have[one] for one in order]
    return found


def write_record(workspace: Workspace, record: Record) -> list[str]:
    """
    Write a record and trust it; what it replaces stays in git's history.

    Returns:
        repository paths that were written, to be committed.
    """
    from gitseal.files import write_atomically

    root = workspace.needed_repository().root
    path = record_path(record.name)
    write_atomically(
        os.path.join(root, path), record.to_bytes(), mode=0o666, root=root, parents=0o777
    )
    return [path, *accept(workspace, record)]
