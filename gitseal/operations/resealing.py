# SPDX-License-Identifier: Apache-2.0
"""Sealing files again after the rules or the data key of their scope changed (format 14)."""

from __future__ import annotations

import os

from gitseal import sealedfile
from gitseal.authority import Grant
from gitseal.errors import GitsealError, IntegrityError, NotADocumentError
from gitseal.operations.opening import MAX_FILE, check_bound, not_cut_short
from gitseal.operations.sealing import seal_clear
from gitseal.operations.workspace import Place
from gitseal.policy.patterns import Patterns
from gitseal.sealedfile import ClearFile, SealedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.operations.workspace import Workspace
    from gitseal.policy.records import Record
    from gitseal.policy.terms import RecordPolicy


class Resealed:
    """
    What became of the files of a scope.

    Attributes:
        changed: repository paths that were sealed again, to be committed.
        clear: files that the scope claims and that are not sealed.
        renewed: files that lie in clear, as their scope says, and that git is to seal anew.
        failed: (path, error) of files that do not open; they were left as they are.
    """

    __slots__ = ("changed", "clear", "failed", "renewed")

    def __init__(self) -> None:
        self.changed: list[str] = []
        self.renewed: list[str] = []
        self.clear: list[str] = []
        self.failed: list[tuple[str, GitsealError]] = []


class Past:
    """
    What this process knows of how the files of a scope were sealed until now.

    Nothing a file says of itself decides that: a missing seal is a sign of `mergeable` rules
    only if a record said so that was trusted when this command began.

    Attributes:
        policy: the rules that the record had before this command changed them.
        rivals: the record of a merged branch, for files of an epoch that lost.
    """

    __slots__ = ("policy", "rivals")

    def __init__(self, policy: RecordPolicy | None = None, rivals: Record | None = None) -> None:
        self.policy = policy
        self.rivals = rivals

    def was_plain(self, path: str) -> bool:
        """Tell whether the file lay in clear in the worktree, as its record said."""
        if self.policy is None or self.policy.worktree != "plain":
            return False
        return Patterns(self.policy.files).matches(path)


def reseal_scope(
    workspace: Workspace, grant: Grant, past: Past | None = None, *, dry_run: bool = False
) -> Resealed:
    """
    Bring every file of a scope to its active epoch and its present rules, one by one.

    Each file is verified under its own header first, so that nothing that was altered is
    sealed anew.  A run that is cut short is simply run again.

    Args:
        workspace: repository, trust and keys of this call.
        grant: the scope, as it is now.
        past: how the files were sealed until now; None means as the grant says.
        dry_run: tell what would change, write nothing.
    """
    result = Resealed()
    root = workspace.needed_repository().root
    paths = claimed_files(workspace, grant.record)
    filtered = _filtered(workspace, paths) if grant.plain else set[str]()
    for path in paths:
        file = os.path.join(root, path)
        if os.path.islink(file) or not os.path.isfile(file):
            continue
        place = Place(path, file, path, inside=True)
        try:
            known = past or Past()
            opens = path in filtered
            _reseal(workspace, grant, known, place, result, opens=opens, dry_run=dry_run)
        except GitsealError as error:
            result.failed.append((path, error.at(path)))
    return result


def claimed_files(workspace: Workspace, record: Record) -> list[str]:
    """Give the files in the worktree that a record claims, ignored ones left out."""
    from gitseal.repository.trees import listed

    repository = workspace.needed_repository()
    patterns = Patterns(record.policy.files)
    return sorted(path for path in listed(repository) if patterns.matches(path))


def seals_differently(old: RecordPolicy, new: RecordPolicy) -> bool:
    """Tell whether files have to be sealed again; adding a reader does it where they have wraps."""
    fields = ("files", "seal", "clear", "whole", "comments", "worktree", "integrity", "portable")
    if any(getattr(old, name) != getattr(new, name) for name in fields):
        return True
    return new.portable and old.readers != new.readers


def files_first(old: RecordPolicy, new: RecordPolicy) -> bool:
    """
    Tell whether files are sealed again before the record changes, so that a cut-short run resumes.

    A seal may stand in a file before the record wants it, but must not be missing after: nobody
    could tell such a file from one that lost its seal.  Likewise with a file that lies in the
    form of the other kind of worktree.
    """
    if (old.integrity, new.integrity) == ("strict", "mergeable"):
        return False
    return (old.integrity, old.worktree) != (new.integrity, new.worktree)


def _filtered(workspace: Workspace, paths: list[str]) -> set[str]:
    """Give the files that may lie in clear here, because git will seal them when it adds them."""
    from gitseal.operations.attributing import unfiltered
    from gitseal.repository.drivers import is_installed
    from gitseal.repository.locking import is_locked

    repository = workspace.needed_repository()
    if is_locked(repository) or not is_installed(repository):
        return set()
    return set(paths).difference(unfiltered(repository, paths))


def _reseal(
    workspace: Workspace,
    grant: Grant,
    past: Past,
    place: Place,
    result: Resealed,
    *,
    opens: bool,
    dry_run: bool,
) -> None:
    from gitseal.files import read_with_snapshot

    data, snapshot = read_with_snapshot(place.file, MAX_FILE)
    content = _inspect(data, place, grant)
    if not data:
        return
    if isinstance(content, SealedFile):
        new = _sealed_again(workspace, grant, past, place, content, opens=opens)
    elif grant.plain:
        if opens:
            # git asks its filter only about files whose time has changed.
            if not dry_run:
                os.utime(place.file)
            result.renewed.append(place.name)
        return
    elif past.was_plain(place.name):
        not_cut_short(content)
        new = seal_clear(workspace, content, place, grant)
    else:
        result.clear.append(place.name)
        return
    if new is not None and new != data:
        if not dry_run:
            workspace.write(place, new, snapshot)
        result.changed.append(place.name)


def _sealed_again(
    workspace: Workspace,
    grant: Grant,
    past: Past,
    place: Place,
    content: SealedFile,
    *,
    opens: bool,
) -> bytes | None:
    """Give the content as it should lie there; None for a sealed file inside of a sealed one."""
    clear = _open(workspace, content, place, grant, past)
    again = sealedfile.inspect(clear.data, place.name, whole=grant.is_whole(place.name))
    if isinstance(again, SealedFile):
        return None
    if opens and content.header.origin:
        # Bound to its path, it comes from the days when it lay sealed in the worktree.
        return again.data
    return seal_clear(workspace, again, place, grant)


def _inspect(data: bytes, place: Place, grant: Grant) -> SealedFile | ClearFile:
    content = sealedfile.inspect(data, place.name, whole=grant.is_whole(place.name))
    if isinstance(content, ClearFile) and grant.is_whole(place.name):
        # Until now it may have been sealed value by value; as a whole it would nest.
        try:
            return sealedfile.inspect(data, place.name)
        except NotADocumentError:
            return content
    return content


def _open(
    workspace: Workspace, content: SealedFile, place: Place, grant: Grant, past: Past
) -> ClearFile:
    """
    Open a file under the rules it may have been sealed by.

    Raises:
        IntegrityError, RefusedError: nobody who could read it has sealed it so, for this path.
    """
    header, record = content.header, grant.record
    known = record.epoch(header.epoch)
    if past.rivals is not None and (known is None or known.kid != header.kid):
        record = past.rivals
        Grant(record, grant.verdict).check_header(header.scope, header.epoch, header.kid)
    else:
        grant.check_header(header.scope, header.epoch, header.kid)
    policies = [grant.policy]
    policies += [one for one in (past.policy, past.rivals and past.rivals.policy) if one]
    if header.origin or all(one.worktree != "plain" for one in policies):
        check_bound(header, place)
    keys = workspace.keys(record, header.epoch)
    if header.seal is not None:
        # Whoever signed it could read it, so what lies in clear was left in clear by him.
        return content.open(keys, None)
    strict = (past.policy or grant.policy).integrity == "strict"
    for policy in policies[1:]:
        try:
            return content.open(keys, policy.rules(), strict=strict)
        except IntegrityError:
            continue
    return content.open(keys, grant.rules, strict=strict)


def epochs_in_index(workspace: Workspace, grant: Grant) -> set[int]:
    """Give the epochs that staged files of a scope are sealed in."""
    from gitseal.repository.trees import IndexTree

    tree = IndexTree(workspace.needed_repository())
    try:
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
