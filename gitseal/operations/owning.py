# SPDX-License-Identifier: Apache-2.0
"""The user's own keys: found, made, and which scopes of this repository they open."""

from __future__ import annotations

import os

from gitseal.errors import GitsealError, NoCredentialsError
from gitseal.masterkeys.identities import generate_identity
from gitseal.masterkeys.localkeys import SCHEME, generate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitseal.operations.workspace import Workspace
    from gitseal.policy.records import Record


class OwnKey:
    """
    One key of the user.

    Attributes:
        key: URI of its public half; "" where only a passphrase would tell.
        origin: where it was found, as messages call it.
        locked: whether it stands behind a passphrase.
    """

    __slots__ = ("key", "locked", "origin")

    def __init__(self, key: str, origin: str, *, locked: bool = False) -> None:
        self.key = key
        self.origin = origin
        self.locked = locked

    def __repr__(self) -> str:
        return f"OwnKey({self.key!r}, {self.origin!r})"


class ScopeHere:
    """
    A scope of this repository, as its keyring tells.

    Attributes:
        name: of the scope.
        readers: the names under which a key of the user's stands in it.
    """

    __slots__ = ("name", "readers")

    def __init__(self, name: str, readers: Iterable[str]) -> None:
        self.name = name
        self.readers = tuple(readers)

    @property
    def readable(self) -> bool:
        """Whether a key of the user's opens it."""
        return bool(self.readers)

    def __repr__(self) -> str:
        return f"ScopeHere({self.name!r}, readable={self.readable})"


def own_keys(workspace: Workspace) -> list[OwnKey]:
    """Give the user's keys in the order in which they are tried; asks for no passphrase."""
    means = workspace.session.means
    found = [OwnKey(one.recipient, one.origin) for one in means.identities.all()]
    locked = {}
    for uri in ["", *(wrap.uri for record in _records(workspace) for wrap in record.active.wraps)]:
        for one in means.identities.locked_for(uri):
            locked[one.origin] = OwnKey(one.recipient, one.origin, locked=True)
    found += locked.values()
    for uri in means.local_keys.uris():
        key = means.local_keys.find(uri.removeprefix(SCHEME))
        if key is not None:
            found.append(OwnKey(uri, key.origin))
    return found


def own_key(workspace: Workspace) -> tuple[str, str, bool]:
    """
    Find the user's own key, or make one in the user's configuration.

    Returns:
        its URI, where it is, and whether it was made now.

    Raises:
        NoCredentialsError: there is none, and no home directory to put one into.
    """
    means = workspace.session.means
    for identity in means.identities.all():
        return identity.recipient, identity.origin, False
    for uri in means.local_keys.uris():
        return uri, "the local key", False
    path = workspace.settings.usual_identity
    if path is None:
        raise NoCredentialsError(
            "you have no key, and no home directory for one", hint="set GITSEAL_IDENTITY_FILE"
        )
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    recipient = generate_identity(path)
    workspace.session.reload()
    return recipient, path, True


def usual_name(workspace: Workspace) -> str:
    """Give a reader's name for the user: the first word of git's `user.name`, or `me`."""
    from gitseal.repository.running import ask

    try:
        name = ask(workspace.needed_repository(), ["config", "user.name"], ok=(0, 1)).decode()
    except (GitsealError, UnicodeDecodeError):
        name = ""
    word = "".join(char for char in name.split(" ")[0].lower() if char.isascii() and char.isalnum())
    return word if word[:1].isalpha() else "me"


def scopes_here(workspace: Workspace, mine: Iterable[OwnKey]) -> list[ScopeHere]:
    """
    Give each scope of the worktree's keyring, trusted or not; nothing is unwrapped.

    Raises:
        IntegrityError: a record is none.
    """
    keys = {one.key for one in mine}
    return [
        ScopeHere(record.name, (wrap.to for wrap in record.active.wraps if wrap.uri in keys))
        for record in _records(workspace)
    ]


def _records(workspace: Workspace) -> list[Record]:
    if workspace.repository is None or workspace.repository.bare:
        return []
    authority = workspace.authority
    found = (authority.record(name) for name in authority.scopes())
    return [record for record in found if record is not None]


def make_identity(path: str) -> str:
    """
    Make an age identity in a new file of mode 0600, and give its recipient.

    Raises:
        RefusedError: a file stands there, or it cannot be written.
    """
    return generate_identity(path)


def make_local_key(folder: str) -> str:
    """
    Make a local key in gitseal's folder for them, and give its URI.

    Raises:
        RefusedError: it cannot be written.
    """
    return generate(folder)


def restore_identity(path: str, words: str) -> str:
    """
    Write the identity of a recovery key to a new file, and give its recipient.

    Raises:
        UsageError: the words are no recovery key; names the wrong one by its number.
        RefusedError: a file stands there, or it cannot be written.
    """
    from gitseal.masterkeys.recovery import RecoveryKey

    return generate_identity(path, secret=RecoveryKey.from_words(words).secret())


def make_ci_key(workspace: Workspace) -> tuple[str, str, list[str]]:
    """
    Make a new identity that is stored nowhere, packed with the scopes that are trusted here.

    Returns:
        the packed text, the recipient, and the names of the scopes.

    Raises:
        UsageError: this is not a repository.
    """
    from gitseal.masterkeys.identities import identity_text
    from gitseal.masterkeys.recovery import RecoveryKey
    from gitseal.operations.trusting import verdicts
    from gitseal.trust.packing import pack

    identity = RecoveryKey.generate().identity()
    pins = {
        verdict.record.name: verdict.record.fingerprint()
        for verdict in verdicts(workspace)
        if verdict.trusted
    }
    secret = identity_text(identity, "").splitlines()[-1]
    return pack(secret, pins), identity.recipient, sorted(pins)
