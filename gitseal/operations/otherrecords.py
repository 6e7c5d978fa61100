# SPDX-License-Identifier: Apache-2.0
"""
Records of a scope that lie elsewhere than in the worktree: what is pinned, and what git holds.

Two branches may know different data keys of one scope.  While they are merged, a file of the other
branch is judged by the other branch's record: found by the key that the file names, and obeyed
only if it is trusted here by itself.  Where it was found never counts for anything (format 13).
"""

from __future__ import annotations

from gitseal.authority import Grant
from gitseal.errors import GitsealError
from gitseal.policy.records import Record, record_path
from gitseal.repository.heads import heads_under_way
from gitseal.trust.verdicts import FORKED, LINKED_READERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitseal.operations.workspace import Workspace
    from gitseal.policy.records import Epoch

_MAX_VERSIONS = 200
"""How many versions of one record are looked at, newest first."""


class Records:
    """
    All that is known here about the keys of one scope; git is asked only when that matters.

    Args:
        workspace: repository, trust and keys of this call.
        grant: what the worktree's record says of the scope.
        reviewed: whether a person will see what comes of it: then a record with other readers,
            or one of a branch that forked, may open a file, too.
    """

    __slots__ = ("_found", "_grant", "_reviewed", "_workspace")

    def __init__(self, workspace: Workspace, grant: Grant, *, reviewed: bool = False) -> None:
        self._workspace = workspace
        self._grant = grant
        self._reviewed = reviewed
        self._found: list[Grant] | None = None

    def with_key(self, n: int, kid: bytes) -> Grant | None:
        """
        Give a believed record that knows a key: one that can still be opened, if there is any.

        Args:
            n: the epoch that a file names.
            kid: the key id that it names.
        """
        known = None
        for grant in self._all():
            epoch = grant.record.epoch(n)
            if epoch is None or epoch.kid != kid:
                continue
            if epoch.wraps:
                return grant
            known = known or grant
        return known

    def is_retired(self, n: int, kid: bytes) -> bool:
        """Tell whether a believed record that was looked at knows a key as replaced."""
        near = [self._grant, *self._pinned()]
        return any(
            _is_retired(grant.record.epoch(n), kid)
            for grant in (near if self._found is None else [*near, *self._found])
        )

    def _all(self) -> Iterator[Grant]:
        yield self._grant
        yield from self._pinned()
        if self._found is None:
            self._found = list(self._search())
        yield from self._found

    def _pinned(self) -> list[Grant]:
        pinned = self._grant.verdict.pinned
        if pinned is None or pinned is self._grant.record:
            return []
        return [Grant(pinned, self._workspace.trust.judge(pinned))]

    def _search(self) -> Iterator[Grant]:
        """Give the believed records of the heads at hand, then all others that git has."""
        seen = {self._grant.record.to_bytes()}
        for data in self._versions():
            if data in seen:
                continue
            seen.add(data)
            try:
                record = Record.parse(data, self._grant.scope)
                verdict = self._workspace.trust.judge(record)
            except GitsealError:
                continue
            wider = verdict.state in {LINKED_READERS, FORKED}
            if verdict.readable or (self._reviewed and wider):
                yield Grant(record, verdict)

    def _versions(self) -> Iterator[bytes]:
        from gitseal.repository.objects import Objects

        repository = self._workspace.needed_repository()
        path = record_path(self._grant.scope)
        environ = self._workspace.settings.environ
        heads = heads_under_way(repository, environ)
        with Objects(repository) as objects:
            revisions = [*heads, "HEAD", *self._history(path)]
            for answer in objects.read_each(f"{revision}:{path}" for revision in revisions):
                if answer is not None and answer[1] == "blob":
                    yield answer[2]

    def _history(self, path: str) -> list[str]:
        """Give the commits that changed a record, on any branch, newest first."""
        from gitseal.repository.running import ask

        arguments = ["rev-list", "--all", "--full-history", f"-n{_MAX_VERSIONS}"]
        # A repository without a commit has no history to tell of.
        output = ask(self._workspace.needed_repository(), [*arguments, "--", path], ok=(0, 128))
        return output.decode("ascii").split()


def _is_retired(epoch: Epoch | None, kid: bytes) -> bool:
    return epoch is not None and epoch.kid == kid and epoch.state == "retired"
