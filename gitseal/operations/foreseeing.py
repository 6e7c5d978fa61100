# SPDX-License-Identifier: Apache-2.0
"""What a change of the rules would do to the files that are sealed now; needs no key."""

from __future__ import annotations

from gitseal import sealedfile
from gitseal.errors import GitsealError
from gitseal.policy.patterns import Patterns
from gitseal.sealedfile import SealedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitseal.operations.workspace import Workspace
    from gitseal.policy.records import Record
    from gitseal.policy.terms import RecordPolicy


class Foreseen:
    """
    What a person should know before a change of the rules is applied.

    Attributes:
        exposed: (repository path, number of values) that would come into the clear.
        forgotten: sealed files that no scope would claim any more, and so nobody could open.
    """

    __slots__ = ("exposed", "forgotten")

    def __init__(self) -> None:
        self.exposed: list[tuple[str, int]] = []
        self.forgotten: list[str] = []


def foresee(
    workspace: Workspace, record: Record, policy: RecordPolicy, claims: Iterable[Patterns]
) -> Foreseen:
    """
    Look at the files that a record claims as if another policy were in force already.

    Args:
        workspace: repository of this call.
        record: under which they were sealed.
        policy: what the record shall say.
        claims: `files` of every scope, as they will be.
    """
    from gitseal.repository.trees import WorktreeTree, listed

    found = Foreseen()
    repository = workspace.needed_repository()
    old, rules = Patterns(record.policy.files), policy.rules()
    after = list(claims)
    tree = WorktreeTree(repository.root)
    for path in sorted(path for path in listed(repository) if old.matches(path)):
        try:
            data = tree.read(path)
            content = None if data is None else sealedfile.inspect(data, path)
        except GitsealError:
            continue  # whatever it is, applying will say so
        if not isinstance(content, SealedFile) or content.header.scope != record.name:
            continue
        if not any(patterns.matches(path) for patterns in after):
            found.forgotten.append(path)
        elif content.document is not None:
            sealed = content.document.sealed
            count = sum(1 for slot in sealed if not rules.selects(slot[2]))
            count += 0 if rules.comments else len(content.document.sealed_comments)
            if count:
                found.exposed.append((path, count))
    return found
