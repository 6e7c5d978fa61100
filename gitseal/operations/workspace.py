# SPDX-License-Identifier: Apache-2.0
"""What one call works with: settings, repository, trust and the session that has the keys."""

from __future__ import annotations

import os

from gitseal.errors import GitsealError, NoUsableKeyError, UntrustedError, UsageError
from gitseal.keys import ScopeId

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from gitseal.authority import Authority, Grant
    from gitseal.crypto.derive import ScopeKeys
    from gitseal.files import Snapshot
    from gitseal.keys import DataKey, WrappedKey
    from gitseal.masterkeys.base import Means
    from gitseal.native.header import Header
    from gitseal.policy.records import Record
    from gitseal.repository.finding import Repository
    from gitseal.settings import Settings

    class KeySource(Protocol):
        """What `session.Session` gives; operations know no more of it."""

        @property
        def means(self) -> Means:
            """The user's private keys."""

        def reload(self) -> None:
            """Look for private keys again."""

        def keys(self, scope_id: ScopeId, wraps: Sequence[WrappedKey], kid: bytes) -> ScopeKeys:
            """Unwrap a data key, once a scope, epoch and process."""

        def adopt(self, keys: ScopeKeys) -> None:
            """Keep keys that were made here."""

        def warnings(self) -> tuple[str, ...]:
            """What the user should know about the private keys that were read."""

        def holds(self, scope_id: ScopeId, kid: bytes) -> bool:
            """Tell whether the keys are at hand without asking anybody."""

        def wrap_for(
            self, readers: Sequence[tuple[str, str]], data_key: DataKey, scope_id: ScopeId
        ) -> list[WrappedKey]:
            """Wrap for all readers, or for none."""


class Place:
    """
    Where a file stands.

    Attributes:
        typed: as the user wrote it; for messages.
        file: absolute path, links resolved.
        name: path in the repository, or the bare file name outside of one; what is bound.
        inside: whether it is in the repository.
    """

    __slots__ = ("file", "inside", "name", "typed")

    def __init__(self, typed: str, file: str, name: str, *, inside: bool) -> None:
        self.typed = typed
        self.file = file
        self.name = name
        self.inside = inside

    def __repr__(self) -> str:
        return f"Place({self.name!r})"


class Workspace:
    """
    Repository, trust and keys as one command sees them.

    Args:
        settings: the user's environment and configuration.
        repository: the one of the current directory, or None.
        session: unwraps data keys.
        tell: prints a notice for the user; each one is told once.
    """

    __slots__ = ("_authority", "_told", "repository", "session", "settings", "tell_user")

    def __init__(
        self,
        settings: Settings,
        repository: Repository | None,
        session: KeySource,
        tell: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.settings = settings
        self.repository = repository
        self.session = session
        self.tell_user = tell
        self._authority: Authority | None = None
        self._told: set[str] = set()

    def tell(self, text: str) -> None:
        """Tell the user something once."""
        if text not in self._told:
            self._told.add(text)
            self.tell_user(text)

    @property
    def root(self) -> str | None:
        """Give the top of the worktree; None outside a repository."""
        return None if self.repository is None else self.repository.root

    def needed_repository(self) -> Repository:
        """
        Give the repository.

        Raises:
            UsageError: there is none here, or it has no worktree.
        """
        if self.repository is None:
            raise UsageError("this is not a git repository", hint="git init, then gitseal init")
        if self.repository.bare:
            raise UsageError("this repository has no worktree")
        return self.repository

    def locate(self, path: str) -> Place:
        """
        Give the place of a path, links resolved.

        Raises:
            RefusedError: a link that leads out of the repository.
        """
        from gitseal.files import resolve_target

        root = self.root
        folder = os.path.realpath(os.path.dirname(os.path.abspath(path)))
        if root is None or os.path.commonpath([folder, root]) != root:
            file = resolve_target(path, None)
            return Place(path, file, os.path.basename(file), inside=False)
        file = resolve_target(path, root)
        return Place(path, file, os.path.relpath(file, root).replace(os.sep, "/"), inside=True)

    @property
    def authority(self) -> Authority:
        """Give what the trusted records of this worktree grant."""
        if self._authority is None:
            from gitseal.operations.trusting import authority_of

            self._authority = authority_of(self)
        return self._authority

    def forget_authority(self) -> None:
        """Read the records again; for commands that have changed them."""
        self._authority = None

    def grant(self, place: Place) -> Grant | None:
        """
        Give what the trusted record of a path says; None if no scope claims it.

        Raises:
            UntrustedError: a record claims it that is not trusted here.
            PolicyError: two scopes claim it.
        """
        if not place.inside:
            return None
        grant = self.authority.grant(place.name)
        if grant is None:
            self._check_not_lost(place)
        elif notice := grant.verdict.notice():
            self.tell(notice)
        return grant

    def _check_not_lost(self, place: Place) -> None:
        """Whoever deletes a record must not turn its files into files that nobody seals."""
        scope = self.authority.lost(place.name)
        if scope is not None:
            raise UntrustedError(
                f"belongs to scope {scope}, whose record is gone from .gitseal/keyring",
                hint="bring it back: git log -- .gitseal/keyring; or did you mean to drop it? "
                f"then: gitseal trust --forget {scope}",
            )

    def keys(self, record: Record, epoch: int) -> ScopeKeys:
        """
        Give the keys of a scope in one epoch, unwrapped once.

        Raises:
            NoUsableKeyError: no key of yours opens it.
            CommitmentError: what came out is not the key that the record names.
        """
        entry = record.epoch(epoch)
        if entry is None:
            raise ValueError("the record has no such epoch")
        return self._unwrapped(record.scope_id(epoch), entry.wraps, entry.kid)

    def _unwrapped(self, scope: ScopeId, wraps: Sequence[WrappedKey], kid: bytes) -> ScopeKeys:
        try:
            return self.session.keys(scope, wraps, kid)
        finally:
            for warning in self.session.warnings():
                self.tell(f"warning: {warning}")

    def carried_keys(self, header: Header, place: Place) -> ScopeKeys:
        """
        Give the keys of a file that carries them, and warn that nobody vouches for it.

        Raises:
            NoUsableKeyError: it carries none, or none that you can open.
        """
        if not header.keys or header.context is None:
            raise NoUsableKeyError(
                f"is sealed for scope {header.scope}, whose repository is not here",
                hint="run gitseal in the repository that the file belongs to",
            )
        scope = ScopeId(header.scope, header.context, header.epoch)
        keys = self._unwrapped(scope, header.keys, header.kid)
        self.tell(
            f"{place.typed}: nothing here vouches for who sealed it; it was only not altered since"
        )
        return keys

    def read(self, place: Place, limit: int) -> tuple[bytes, Snapshot]:
        """
        Give the content of a file of at most `limit` bytes, and what the file was then.

        Raises:
            GitsealError: it cannot be read; named as the user typed it.
        """
        from gitseal.files import read_with_snapshot

        try:
            return read_with_snapshot(place.file, limit)
        except GitsealError as error:
            error.path = place.typed
            raise

    def write(
        self, place: Place, data: bytes, expect: Snapshot | None = None, *, mode: int = 0o666
    ) -> None:
        """
        Replace a file, whole or not at all.

        Args:
            place: where.
            data: the whole content.
            expect: what the file must still be.
            mode: of a new file, less the umask.

        Raises:
            ChangedError: it is not what it was when it was read.
        """
        from gitseal.files import write_atomically

        write_atomically(
            place.file,
            data,
            expect=expect,
            root=self.root if place.inside else None,
            parents=0o777 if place.inside else None,
            mode=mode if not os.path.lexists(place.file) else None,
        )
