# SPDX-License-Identifier: Apache-2.0
"""How a person comes to believe a record: what is known of each, and accepting one."""

from __future__ import annotations

import os

from gitseal.errors import IntegrityError, KeyAccessError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.operations.workspace import Workspace
    from gitseal.policy.records import Record
    from gitseal.trust import Verdict


def verdicts(workspace: Workspace) -> list[Verdict]:
    """Give what is known about each record of the worktree, in the order of their names."""
    authority = workspace.authority
    found = (authority.judge(name) for name in authority.scopes())
    return [verdict for verdict in found if verdict is not None]


def check_public_keys(workspace: Workspace, record: Record) -> bool:
    """
    Compare the public keys of a record with its data key, if one of yours opens it.

    A record that names a signing or inbox key of somebody else beside the right `kid` would
    otherwise be believed by a person who compared the safety code with its maker.

    Returns:
        whether a key of yours opened it.

    Raises:
        IntegrityError: the record names other public keys than its data key gives.
    """
    epoch = record.highest
    try:
        keys = workspace.keys(record, epoch.n)
    except KeyAccessError:
        return False
    if keys.sign_public() != epoch.sign or keys.inbox_public() != epoch.inbox:
        raise IntegrityError(
            f"the record of scope {record.name} names public keys that are not its own",
            hint="somebody forged it: git log -p -- .gitseal",
        )
    return True


def accept(workspace: Workspace, record: Record, *, vouch: bool = True) -> list[str]:
    """
    Trust a record from now on, on this machine and with an own vouch in the repository.

    Returns:
        repository paths of the vouches that were written, to be committed.

    Raises:
        IntegrityError, RefusedError: it does not verify, names keys that are not its own, or is
            older than what is trusted here.
        GitsealError: the pin cannot be written.
    """
    from gitseal.files import write_atomically

    root = workspace.needed_repository().root
    verdict = workspace.trust.judge(record)
    if not verdict.acceptable:
        # Whatever led here, a pin never goes back: former readers have the keys before it.
        raise workspace.authority.error(verdict)
    opened = check_public_keys(workspace, record)
    workspace.trust.pin(record)
    written = []
    if vouch and opened:
        for path, content in workspace.trust.vouches(record):
            file = os.path.join(root, path)
            if not os.path.lexists(file):
                write_atomically(file, content, mode=0o666, root=root, parents=0o777)
                written.append(path)
    workspace.forget_authority()
    return written
