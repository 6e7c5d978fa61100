# SPDX-License-Identifier: Apache-2.0
"""
What git's smudge filter gives for a file: clear text in plain scopes, else what it was given.

A checkout never fails because of us, never asks and never pins: whatever does not open lies sealed
in the worktree, with one warning a process, and `gitseal check` fails (format 10).
"""

from __future__ import annotations

from gitseal import sealedfile
from gitseal.authority import Authority
from gitseal.errors import GitsealError, IntegrityError, RefusedError
from gitseal.operations.cleaning import is_gits_own
from gitseal.operations.opening import MAX_FILE
from gitseal.repository.heads import heads_under_way
from gitseal.repository.indexfile import StagedTree
from gitseal.repository.locking import is_locked
from gitseal.repository.trees import CommitTree
from gitseal.sealedfile import SealedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitseal.authority import Grant
    from gitseal.operations.workspace import Workspace


class Smudger:
    """
    Smudges files for as long as git runs one process.

    Args:
        workspace: of the worktree that git writes, or of a bare repository; its session never asks.
    """

    __slots__ = ("_authorities", "_trees", "_untold", "_warned", "_workspace")

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._authorities: dict[str, Authority] = {}
        self._trees: list[CommitTree | StagedTree] = []
        self._warned = False
        self._untold = 0

    def smudge(self, path: str, data: bytes, treeish: str = "") -> bytes:
        """
        Give what is to lie in the worktree for a blob.

        Args:
            path: in the repository.
            data: the blob.
            treeish: the commit or tree that is checked out, where git names it; its record
                counts, because `.env` is written before `.gitseal/`.
        """
        if not sealedfile.may_be_sealed(data) or is_gits_own(path):
            return data
        try:
            return self._smudge(path, data, treeish)
        except GitsealError as error:
            self._warn(path, error)
            return data

    def finish(self) -> None:
        """End the git process behind this, and tell how many files stayed sealed."""
        self._forget()
        if self._untold:
            more = "1 more file stays" if self._untold == 1 else f"{self._untold} more files stay"
            self._workspace.tell(f"{more} sealed; gitseal check says why")
            self._untold = 0

    def _warn(self, path: str, error: GitsealError) -> None:
        """Say once why a file stays sealed: a checkout of a thousand needs no thousand lines."""
        if self._warned:
            self._untold += 1
            return
        self._warned = True
        hint = error.hint or error.usual_hint
        what = error.message.partition("\n")[0]  # more of it is for whoever asks for more
        self._workspace.tell(
            f"warning: {path} stays sealed: {what}" + (f" ({hint})" if hint else "")
        )

    def _smudge(self, path: str, data: bytes, treeish: str) -> bytes:
        repository = self._workspace.repository
        if repository is None:
            return data
        if not repository.bare and is_locked(repository):
            return data
        content = None
        doubt: GitsealError | None = None
        for authority in self._candidates(treeish):
            try:
                grant = authority.grant(path)
                if grant is None:
                    continue
                if not grant.plain:
                    return data
                content = content or sealedfile.inspect(data, path)
                if not isinstance(content, SealedFile):
                    return data
                return self._open(content, grant)
            except GitsealError as error:
                doubt = doubt or error
        if doubt is not None:
            raise doubt
        return data

    def _open(self, content: SealedFile, grant: Grant) -> bytes:
        header = content.header
        epoch = grant.check_header(header.scope, header.epoch, header.kid)
        grant.check_not_replaced(epoch.n)
        if header.origin:
            raise IntegrityError(
                "it is bound to a path, but its scope has worktree: plain",
                hint="gitseal apply seals it again",
            )
        if self._workspace.settings.traces_packets:
            raise RefusedError(
                "GIT_TRACE_PACKET is set, which writes all that passes here to a log",
                hint="unset GIT_TRACE_PACKET",
            )
        keys = self._workspace.keys(grant.record, epoch.n)
        opened = content.open(keys, grant.rules, strict=grant.strict)
        if notice := grant.verdict.notice():
            self._workspace.tell(notice)
        return opened.data

    def _candidates(self, treeish: str) -> Iterator[Authority]:
        """
        Give whose records may know the key: those of what git says it writes.

        In a merge or a rebase git names nothing, and the index is still that of before: then the
        worktree and the heads that are merged are asked as well.  Clients without a filter process
        name nothing in a clone either, where there is only HEAD.
        """
        workspace = self._workspace
        if treeish:
            yield self._of_commit(treeish)
            return
        repository = workspace.repository
        if repository is None:
            return
        if repository.bare:
            yield self._of_commit("HEAD")
            return
        yield self._of_index()
        workspace.forget_authority()
        yield workspace.authority
        for name in (*heads_under_way(repository, workspace.settings.environ), "HEAD"):
            try:
                yield self._of_commit(name)
            except GitsealError:
                continue

    def _of_commit(self, revision: str) -> Authority:
        known = self._authorities.get(revision)
        if known is None:
            self._forget()
            repository = self._workspace.repository
            if repository is None:
                raise RefusedError("there is no repository")
            tree = CommitTree(repository, revision, limit=MAX_FILE)
            self._trees.append(tree)
            known = self._authorities[revision] = Authority(tree, self._workspace.trust)
        return known

    def _of_index(self) -> Authority:
        """Give what the index grants; a rebase changes it while this process lives."""
        import os

        repository = self._workspace.needed_repository()
        named = repository.environ.get("GIT_INDEX_FILE") or os.path.join(
            repository.git_dir, "index"
        )
        try:
            status = os.stat(os.path.join(repository.root, named))
            stamp = f"index {status.st_ino} {status.st_mtime_ns} {status.st_size}"
        except OSError:
            stamp = "index"
        known = self._authorities.get(stamp)
        if known is None:
            self._forget()
            tree = StagedTree(repository, limit=MAX_FILE)
            self._trees.append(tree)
            known = self._authorities[stamp] = Authority(tree, self._workspace.trust)
        return known

    def _forget(self) -> None:
        for tree in self._trees:
            tree.close()
        self._trees.clear()
        self._authorities.clear()
