# SPDX-License-Identifier: Apache-2.0
"""Whom this machine believes, put together from settings, repository and the user's own keys."""

from __future__ import annotations

from gitseal.authority import Authority
from gitseal.errors import GitsealError
from gitseal.repository.running import check_owner
from gitseal.repository.sparse import worktree_of
from gitseal.repository.trees import WorktreeTree
from gitseal.trust import Trust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseal.masterkeys.base import Means
    from gitseal.repository.finding import Repository
    from gitseal.settings import Settings


def trust_of(
    settings: Settings, repository: Repository | None, means: Callable[[], Means]
) -> Trust:
    """
    Give everything that says which records to believe here.

    Args:
        settings: of this process.
        repository: whose pins count; None outside of one.
        means: gives the user's private keys; called only if own vouches have to answer.

    Raises:
        UsageError: GITSEAL_TRUST or GITSEAL_KEY is malformed.
        RefusedError: the repository is another user's, and git would not work in it either.
    """
    expected: dict[str, bytes] = {}
    packed = settings.environ.get("GITSEAL_KEY")
    if packed or settings.trust:
        from gitseal.trust.packing import is_packed, parse_trust, unpack

        if packed and is_packed(packed):
            expected |= unpack(packed).pins
        if settings.trust:
            expected |= parse_trust(settings.trust)
    if repository is not None:
        # Pins are believed for where they lie: whoever owns that directory can write them.
        check_owner(repository)

    def secrets() -> tuple[bytes, ...]:
        mine = means()
        return (*mine.identities.vouch_secrets(), *mine.local_keys.vouch_secrets())

    return Trust(
        None if repository is None else repository.common_dir,
        settings.config_dir,
        expected=expected,
        secrets=secrets,
    )


def authority_of(repository: Repository, trust: Trust) -> Authority:
    """Give what the records of the worktree grant; its errors say who brought a record."""
    return Authority(
        worktree_of(repository), trust, brought=lambda path: _brought(repository, path)
    )


def _brought(repository: Repository, path: str) -> str | None:
    """Tell which commit and author changed a file last, or that nobody has committed it."""
    from gitseal.repository.history import last_change
    from gitseal.repository.trees import CommitTree

    try:
        change = last_change(repository, path)
        if change is None:
            return None
        head = CommitTree(repository, "HEAD")
        try:
            committed = head.read(path)
        finally:
            head.close()
        if committed != WorktreeTree(repository.root).read(path):
            return "a change in this worktree that is not committed"
    except GitsealError:
        return None
    return f"{change.commit[:12]} of {change.author}"
