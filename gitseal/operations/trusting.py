# SPDX-License-Identifier: Apache-2.0
"""Which records this machine believes, and how a person comes to believe one more."""

from __future__ import annotations

import os

from gitseal.authority import Authority
from gitseal.errors import GitsealError, IntegrityError
from gitseal.policy.records import Record
from gitseal.repository.running import check_owner
from gitseal.repository.trees import WorktreeTree
from gitseal.trust import Trust, Verdict
from gitseal.trust.verdicts import OLDER, ROLLED_BACK, UNSIGNED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitseal.operations.workspace import Workspace
    from gitseal.policy import Tree


def trust_of(workspace: Workspace) -> Trust:
    """
    Give everything that says which records to believe here.

    Raises:
        UsageError: GITSEAL_TRUST or GITSEAL_KEY is malformed.
        RefusedError: the repository is another user's, and git would not work in it either.
    """
    settings = workspace.settings
    expected: dict[str, bytes] = {}
    packed = settings.environ.get("GITSEAL_KEY")
    if packed or settings.trust:
        from gitseal.trust.packing import is_packed, parse_trust, unpack

        if packed and is_packed(packed):
            expected |= unpack(packed).pins
        if settings.trust:
            expected |= parse_trust(settings.trust)
    repository = workspace.repository
    if repository is not None:
        # Pins are believed for where they lie: whoever owns that directory can write them.
        check_owner(repository)
    return Trust(
        None if repository is None else repository.common_dir,
        settings.config_dir,
        expected=expected,
        secrets=lambda: _secrets(workspace),
    )


def _secrets(workspace: Workspace) -> Iterable[bytes]:
    means = workspace.session.means
    return (*means.identities.vouch_secrets(), *means.local_keys.vouch_secrets())


def authority_of(workspace: Workspace, tree: Tree | None = None) -> Authority:
    """Give what the records of a tree grant; of the worktree, if none is given."""
    repository = workspace.needed_repository()

    def brought(path: str) -> str | None:
        from gitseal.repository.history import last_change
        from gitseal.repository.trees import CommitTree

        try:
            change = last_change(repository, path)
            if change is not None and tree is None:
                here = WorktreeTree(repository.root).read(path)
                if CommitTree(repository, "HEAD").read(path) != here:
                    return "a change in this worktree that is not committed"
        except GitsealError:
            return None
        return f"{change.commit[:12]} of {change.author}" if change else None

    return Authority(tree or WorktreeTree(repository.root), trust_of(workspace), brought=brought)


def verdicts(workspace: Workspace) -> list[Verdict]:
    """Give what is known about each record of the worktree, in the order of their names."""
    found = []
    for name in workspace.authority.scopes():
        verdict = workspace.authority.judge(name)
        if verdict is not None:
            found.append(verdict)
    return found


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
    from gitseal.errors import KeyAccessError

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
    trust = trust_of(workspace)
    verdict = trust.judge(record)
    if verdict.state in {UNSIGNED, OLDER, ROLLED_BACK}:
        # Whatever led here, a pin never goes back: former readers have the keys before it.
        raise workspace.authority.error(verdict)
    opened = check_public_keys(workspace, record)
    trust.pin(record)
    written = []
    if vouch and opened:
        for path, content in trust.vouches(record):
            file = os.path.join(root, path)
            if not os.path.lexists(file):
                write_atomically(file, content, mode=0o666, root=root, parents=0o777)
                written.append(path)
    workspace.forget_authority()
    return written
