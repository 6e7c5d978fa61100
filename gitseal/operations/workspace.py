# SPDX-License-Identifier: Apache-2.0
"""What one call works with: settings, repository, trust and the session that has the keys."""

from __future__ import annotations

import os

from gitseal.errors import (
    GitsealError,
    NoUsableKeyError,
    RefusedError,
    UntrustedError,
    UsageError,
)
from gitseal.keys import ScopeId
from gitseal.operations.believing import authority_of, trust_of
from gitseal.settings import printable

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
    from gitseal.trust import Trust

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
        links: other paths in the repository that it was reached by, through links.
    """

    __slots__ = ("file", "inside", "links", "name", "typed")

    def __init__(
        self, typed: str, file: str, name: str, *, inside: bool, links: tuple[str, ...] = ()
    ) -> None:
        self.typed = typed
        self.file = file
        self.name = name
        self.inside = inside
        self.links = links

    def __repr__(self) -> str:
        return f"Place({self.name!r})"


def _below(path: str, root: str) -> str | None:
    """Give the repository path of an absolute one; None outside; "" for the top itself."""
    if path == root:
        return ""
    start = root.rstrip(os.sep) + os.sep
    return path[len(start) :].replace(os.sep, "/") if path.startswith(start) else None


class Workspace:
    """
    Repository, trust and keys as one command sees them.

    Args:
        settings: the user's environment and configuration.
        repository: the one of the current directory, or None.
        session: unwraps data keys.
        tell: prints a notice for the user; each one is told once.
    """

    __slots__ = (
        "_authority", "_told", "_trust", "repository", "session", "settings", "tell_user",
    )  # fmt: skip

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
        self._trust: Trust | None = None
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
            raise UsageError(
                "this repository has no worktree", hint="run it in a clone, or a git worktree"
            )
        return self.repository

    def locate(self, path: str) -> Place:
        """
        Give the place of a path, links resolved.

        Raises:
            RefusedError: a link that leads out of the repository.
        """
        from gitseal.files import resolve_target

        root = self.root
        typed = os.path.abspath(path)
        folder = os.path.realpath(os.path.dirname(typed))
        inside = root is not None and _below(folder, root) is not None
        file = resolve_target(path, root if inside else None)
        name = _below(file, root) if inside and root is not None else os.path.basename(file)
        names = [
            _below(one, root)
            for one in (typed, os.path.join(folder, os.path.basename(typed)))
            if root is not None and one != file
        ]
        links = tuple(dict.fromkeys(one for one in names if one))
        return Place(path, file, name or "", inside=inside, links=links)

    @property
    def trust(self) -> Trust:
        """
        Give everything that says which records to believe here.

        Raises:
            UsageError, RefusedError: see `believing.trust_of`.
        """
        if self._trust is None:
            self._trust = trust_of(self.settings, self.repository, lambda: self.session.means)
        return self._trust

    @property
    def authority(self) -> Authority:
        """
        Give what the trusted records of this worktree grant.

        Raises:
            UsageError: there is no worktree here, or as `trust`.
        """
        if self._authority is None:
            self._authority = authority_of(self.needed_repository(), self.trust)
        return self._authority

    def forget_authority(self) -> None:
        """Read the records again, and the pins; for commands that have changed them."""
        self._trust = None
        self._authority = None

    def grant(self, place: Place) -> Grant | None:
        """
        Give what the trusted record of a path says; None if no scope claims it.

        Raises:
            UntrustedError: a record claims it that is not trusted here.
            PolicyError: two scopes claim it.
        """
        grant = self.authority.grant(place.name) if place.inside else None
        for link in place.links:
            self._check_link(place, link, grant)
        if grant is None:
            if place.inside:
                self._check_not_lost(place)
        elif notice := grant.verdict.notice():
            self.tell(notice)
        return grant

    def _check_link(self, place: Place, link: str, grant: Grant | None) -> None:
        """Whoever commits a link must not choose the scope of what is read in its place."""
        scope = self.authority.scope_of(link)
        claimants = {*self.authority.pinned_claimants(link), *([scope] if scope else ())}
        others = claimants - {"" if grant is None else grant.scope}
        if others:
            raise RefusedError(
                f"is a link to {printable(place.name)}, which scope {min(others)} does not claim",
                hint="put the file itself there; git log -p shows who made it a link",
                path=place.typed,
            )
        if claimants:
            self.tell(f"{place.typed} is a link to {printable(place.name)}")

    def _check_not_lost(self, place: Place) -> None:
        """Whoever deletes a record must not turn its files into files that nobody seals."""
        scope = self.authority.lost(place.name)
        if scope is not None:
            raise UntrustedError(
                f"belongs to scope {scope}, whose record is gone from .gitseal/keyring",
                hint="bring it back: git log -- .gitseal/keyring; or did you mean to drop it? "
                f"then: gitseal trust --forget {scope}",
                path=place.typed,
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
        if not self._is_expected(keys):
            self.tell(
                f"{place.typed}: nothing here vouches for who sealed it; "
                "it was only not altered since"
            )
        return keys

    def _is_expected(self, keys: ScopeKeys) -> bool:
        """
        Tell whether the environment pins just these keys; without a record it can, too.

        Raises:
            UntrustedError: it pins others for that scope.
        """
        from gitseal.crypto.derive import fingerprint

        expected = self.trust.expected.get(keys.scope.name)
        if expected is None:
            return False
        if fingerprint(keys.scope, keys.kid, keys.sign_public(), keys.inbox_public()) != expected:
            raise UntrustedError(
                f"is sealed under another key of scope {keys.scope.name} than GITSEAL_TRUST names",
                hint="someone may have replaced it; if the key was rotated, put the new "
                "fingerprint there",
            )
        return True

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
