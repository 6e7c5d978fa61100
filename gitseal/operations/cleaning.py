# SPDX-License-Identifier: Apache-2.0
"""
What git's clean filter gives for a file: sealed text, or an error; never plaintext (format 10).

The answer follows from the content, the record of the path's scope in the worktree, and the path:
no HEAD, no time, no randomness.  The index is looked at in one case only: what cannot be sealed
is an error, unless git has these very bytes at this path already.  Then nothing new can leak, and
`git status` goes on working in old commits and in fresh clones.
"""

from __future__ import annotations

import os

from gitseal import sealedfile
from gitseal.changes.markers import split_markers
from gitseal.errors import (
    DocumentError,
    GitsealError,
    IntegrityError,
    KeyAccessError,
    LimitError,
    NotADocumentError,
    RefusedError,
    UntrustedError,
)
from gitseal.native.places import check_aliases, unsealed_places
from gitseal.native.wholefile import is_whole
from gitseal.operations.opening import MAX_FILE, not_cut_short
from gitseal.operations.sealing import bring_up_to_date, refuse_nesting, seal_clear
from gitseal.operations.workspace import Place
from gitseal.policy.records import KEYRING
from gitseal.repository.indexfile import index_path
from gitseal.repository.locking import is_locked
from gitseal.sealedfile import ClearFile, SealedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.authority import Grant
    from gitseal.operations.workspace import Workspace
    from gitseal.policy.records import Epoch

NO_PATH = frozenset(("", "%f"))
"""What clients that know no path give for one."""


def is_gits_own(path: str) -> bool:
    """Tell whether a path is git's or ours, which no pattern of a scope ever matches."""
    return path.startswith(".git") or "/.git" in path


class Cleaner:
    """
    Cleans files for as long as git runs one process.

    Args:
        workspace: of the worktree that git works in; its session never asks.
    """

    __slots__ = ("_seen", "_workspace")

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._seen: tuple[int, ...] = ()

    def clean(self, path: str, data: bytes) -> bytes:
        """
        Give what git is to store for a file.

        Args:
            path: in the repository; empty or "%f" from clients that know none.
            data: what lies in the worktree, or what git has just made.

        Raises:
            GitsealError: the content is in clear and cannot be sealed, or only looks sealed.
        """
        if not data or is_gits_own(path):
            return data
        self._follow_records()
        try:
            return self._clean(path, data)
        except GitsealError as error:
            if not self._known_to_git(path, data):
                raise error.at(path) from None
            self._workspace.tell(f"{path}: {error.message}; git has it like this already")
            return data

    def _follow_records(self) -> None:
        """Read the records again when they changed: git rebases a hundred commits in one go."""
        repository = self._workspace.needed_repository()
        seen: tuple[int, ...] = ()
        # git puts new files in the place of old ones, which changes the folder.  Where a sparse
        # checkout has none, records are those of the index.
        for place in (os.path.join(repository.root, KEYRING), index_path(repository)):
            if os.path.exists(place):
                status = os.stat(place)
                seen = (status.st_mtime_ns, status.st_ino)
                break
        if seen != self._seen:
            self._seen = seen
            self._workspace.forget_authority()

    def _clean(self, path: str, data: bytes) -> bytes:
        grant, doubt = self._grant(path)
        content = _inspect(data, path, grant)
        if content is None:
            self._workspace.tell(f"warning: {path} has conflict markers; every side is sealed")
            return data
        if isinstance(content, SealedFile):
            return self._keep(path, data, content, grant, doubt)
        if doubt is not None:
            raise doubt
        return self._seal(path, data, content, grant)

    def _grant(self, path: str) -> tuple[Grant, GitsealError | None]:
        """
        Give what the record of a path says, and why it is not to be believed, if it is not.

        What is sealed passes under any record that is signed, because a fresh clone trusts none
        yet; nothing is ever sealed under one that is not trusted.
        """
        authority = self._workspace.authority
        if path in NO_PATH:
            return self._only_scope(), None
        doubt: GitsealError | None = None
        try:
            grant = authority.grant(path)
        except (UntrustedError, IntegrityError) as error:
            doubt = error
            grant = authority.grant(path, any_record=True)
        if grant is not None:
            if doubt is None and (notice := grant.verdict.notice()):
                self._workspace.tell(notice)
            return grant, doubt
        lost = authority.lost(path)
        if lost is not None:
            raise UntrustedError(
                f"belongs to scope {lost}, whose record is not in .gitseal/keyring",
                hint="bring it back: git log -- .gitseal/keyring; or did you mean to drop the "
                f"scope? then: gitseal trust --forget {lost}",
            )
        raise RefusedError(
            "is to be sealed, as .gitattributes says, but no scope claims it",
            hint="gitseal apply makes .gitattributes match the records",
        )

    def _only_scope(self) -> Grant:
        authority = self._workspace.authority
        scopes = authority.scopes()
        grant = authority.grant_scope(scopes[0]) if len(scopes) == 1 else None
        if grant is None or not grant.plain:
            raise RefusedError(
                "this git client names no file, so its scope cannot be told",
                hint="add the file with git itself: git add FILE",
            )
        return grant

    def _keep(
        self, path: str, data: bytes, content: SealedFile, grant: Grant, doubt: GitsealError | None
    ) -> bytes:
        """Let sealed text pass, if every place of it is sealed; see to what was added in clear."""
        epoch = _known_epoch(content, grant)
        document = content.document
        if document is not None:
            exposed = bool(unsealed_places(document, grant.rules))
            if exposed or (grant.rules.comments and document.comments):
                return self._mend(path, data, grant, doubt)
            check_aliases(document, grant.rules)
        scope_id = grant.record.scope_id(content.header.epoch)
        try:
            content.verify(scope_id, epoch.sign, strict=grant.strict)
        except IntegrityError:
            self._workspace.tell(f"warning: {path} is sealed, but was altered: gitseal check")
        return data

    def _mend(self, path: str, data: bytes, grant: Grant, doubt: GitsealError | None) -> bytes:
        """Seal what somebody added in clear to a sealed file, as `gitseal encrypt` does."""
        if doubt is not None:
            raise doubt
        self._check_unlocked(grant)
        return bring_up_to_date(self._workspace, data, self._place(path))

    def _check_unlocked(self, grant: Grant) -> None:
        if grant.plain and is_locked(self._workspace.needed_repository()):
            raise KeyAccessError("is in clear, but this worktree is locked", hint="gitseal unlock")

    def _seal(self, path: str, data: bytes, content: ClearFile, grant: Grant) -> bytes:
        self._check_unlocked(grant)
        not_cut_short(content)
        place = self._place("" if path in NO_PATH else path)
        try:
            return seal_clear(self._workspace, content, place, grant, proven=True)
        except NotADocumentError:
            raise  # it only looks sealed
        except DocumentError:
            # Valid, but it cannot be sealed without loss: as git's guest, better whole than not.
            whole = ClearFile(data, None)
            return seal_clear(self._workspace, whole, place, grant, proven=True)

    def _place(self, path: str) -> Place:
        return Place(path, self._workspace.needed_repository().absolute(path), path, inside=True)

    def _known_to_git(self, path: str, data: bytes) -> bool:
        from gitseal.repository.indexfile import StagedTree, blob_id

        tree = StagedTree(self._workspace.needed_repository(), limit=MAX_FILE)
        try:
            identity = tree.identity(path)
        except GitsealError:
            return False
        finally:
            tree.close()
        return identity is not None and blob_id(data, identity) == identity


def _inspect(data: bytes, path: str, grant: Grant) -> SealedFile | ClearFile | None:
    """
    Tell what content is; None for sealed text with conflict markers, sealed on every side.

    What is no document, as in the middle of an edit or a merge, is clear text without one: it is
    sealed whole, so that `diff`, `stash` and `add` go on working.
    """
    whole = grant.is_whole(path)
    if whole:
        refuse_nesting(data, path)
    try:
        return sealedfile.inspect(data, path, whole=whole)
    except (NotADocumentError, LimitError):
        if is_whole(data):
            raise
    return None if _sealed_on_every_side(data, path, grant) else ClearFile(data, None)


def _sealed_on_every_side(data: bytes, path: str, grant: Grant) -> bool:
    try:
        sides = split_markers(data.decode())
    except ValueError:
        return False
    return sides is not None and all(_is_sealed(side.encode(), path, grant) for side in sides)


def _is_sealed(data: bytes, path: str, grant: Grant) -> bool:
    try:
        content = sealedfile.inspect(data, path)
        if not isinstance(content, SealedFile) or content.document is None:
            return False
        _known_epoch(content, grant)
        check_aliases(content.document, grant.rules)
    except GitsealError:
        return False
    exposed = unsealed_places(content.document, grant.rules)
    return not exposed and not (grant.rules.comments and content.document.comments)


def _known_epoch(content: SealedFile, grant: Grant) -> Epoch:
    """
    Give the epoch that sealed text says it is of: one that the record or the pin knows.

    Raises:
        MovedError, IntegrityError, CommitmentError: another scope, or a key nobody knows.
    """
    header = content.header
    pinned = grant.verdict.pinned
    if pinned is not None and header.scope == grant.scope:
        epoch = pinned.epoch(header.epoch)
        if epoch is not None and epoch.kid == header.kid:
            return epoch
    return grant.check_header(header.scope, header.epoch, header.kid, history=True)
