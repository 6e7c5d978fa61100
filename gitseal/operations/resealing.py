# SPDX-License-Identifier: Apache-2.0
"""Sealing files again after the rules or the data key of their scope changed (format 14)."""

from __future__ import annotations

import os

from gitseal import sealedfile
from gitseal.errors import GitsealError
from gitseal.operations.keyrings import claimed_files, existing
from gitseal.operations.opening import MAX_FILE, check_origin
from gitseal.operations.sealing import seal_clear
from gitseal.operations.workspace import Place
from gitseal.sealedfile import SealedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.authority import Grant
    from gitseal.operations.workspace import Workspace
    from gitseal.policy.records import Record


class Resealed:
    """
    What became of the files of a scope.

    Attributes:
        changed: repository paths that were sealed again, to be committed.
        clear: files that the scope claims and that are not sealed.
        failed: (path, error) of files that do not open; they were left as they are.
    """

    __slots__ = ("changed", "clear", "failed")

    def __init__(self) -> None:
        self.changed: list[str] = []
        self.clear: list[str] = []
        self.failed: list[tuple[str, GitsealError]] = []


def reseal_scope(
    workspace: Workspace, grant: Grant, before: Record | None = None, *, dry_run: bool = False
) -> Resealed:
    """
    Bring every file of a scope to its active epoch and its present rules, one by one.

    Each file is verified under its own header first, so that nothing that was altered is
    sealed anew.  A run that is cut short is simply run again.

    Args:
        workspace: repository, trust and keys of this call.
        grant: the scope, as it is now.
        before: the record under which the files were sealed, where it differs in more than
            its rules (a rival epoch after a merge).
        dry_run: tell what would change, write nothing.
    """
    result = Resealed()
    root = workspace.needed_repository().root
    for path in existing(workspace, claimed_files(workspace, grant.record)):
        place = Place(path, os.path.join(root, path), path, inside=True)
        try:
            _reseal(workspace, grant, before, place, result, dry_run=dry_run)
        except GitsealError as error:
            result.failed.append((path, error.at(path)))
    return result


def _reseal(
    workspace: Workspace,
    grant: Grant,
    before: Record | None,
    place: Place,
    result: Resealed,
    *,
    dry_run: bool,
) -> None:
    from gitseal.files import read_with_snapshot

    data, snapshot = read_with_snapshot(place.file, MAX_FILE)
    content = sealedfile.inspect(data, place.name, whole=grant.is_whole(place.name))
    if not isinstance(content, SealedFile):
        if data and not grant.plain:
            result.clear.append(place.name)
        return
    header = content.header
    record = grant.record
    known = record.epoch(header.epoch)
    if before is not None and (known is None or known.kid != header.kid):
        record = before
    else:
        grant.check_header(header.scope, header.epoch, header.kid)
    keys = workspace.keys(record, header.epoch)
    # Without the places: the rules it was sealed under may have been others.
    clear = content.open(keys, None, strict=grant.strict and header.seal is not None)
    if not grant.plain and header.origin:
        check_origin(header, place, grant)
    clear_file = sealedfile.inspect(clear.data, place.name, whole=grant.is_whole(place.name))
    if isinstance(clear_file, SealedFile):
        return
    sealed = seal_clear(workspace, clear_file, place, grant)
    if sealed != data:
        if not dry_run:
            workspace.write(place, sealed, snapshot)
        result.changed.append(place.name)


def epochs_in_index(workspace: Workspace, grant: Grant) -> set[int]:
    """Give the epochs that staged files of a scope are sealed in."""
    from gitseal.repository.trees import IndexTree

    tree = IndexTree(workspace.needed_repository())
    try:
        from gitseal.policy.patterns import Patterns

        patterns = Patterns(grant.policy.files)
        paths = [path for path in tree.paths() if patterns.matches(path)]
        used = set()
        for path, data in tree.read_many(paths):
            used |= _epoch_of(path, data, grant)
    finally:
        tree.close()
    return used


def _epoch_of(path: str, data: bytes | None, grant: Grant) -> set[int]:
    if not data:
        return set()
    try:
        content = sealedfile.inspect(data, path, whole=grant.is_whole(path))
    except GitsealError:
        # Whatever it is, it may still need every epoch there is.
        return {epoch.n for epoch in grant.record.epochs}
    return {content.header.epoch} if isinstance(content, SealedFile) else set()
