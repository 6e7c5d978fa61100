# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: ARG002 - the protocol hands over more than this provider needs
"""
age recipients: `age1…` (X25519), `ssh-ed25519 …` and `ssh-rsa …`, through pyrage.

A wrapped key is a standard binary age v1 file (c2sp.org/age) to exactly this one recipient, so
`age -d -i KEY` opens it too.  age binds nothing but the recipient: only `kid` ties the data key
to its scope.  Wrapping needs the recipient alone; unwrapping an identity of the user.

Which identity fits is decided by its public half, not by trying: no passphrase is asked for a
wrap that is somebody else's, unless only the passphrase would tell.  Recipients of plugins are
refused, whatever their name: a program is never run because a repository names it.
"""

from __future__ import annotations

from gitseal.errors import (
    KeyUnusableError,
    MissingExtraError,
    NoCredentialsError,
    RefusedError,
    UsageError,
    WrongKeyError,
)
from gitseal.masterkeys import agefile, sshkeys
from gitseal.masterkeys.base import (
    Caps,
    Deadline,
    Finding,
    check_blob,
    rewrap_here,
    shown,
    to_data_key,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from types import ModuleType

    from gitseal.keys import DataKey, ScopeId
    from gitseal.masterkeys.base import Means
    from gitseal.masterkeys.identities import Identities, Identity

_PREFIX = "age:"
_COPY_AGAIN = "copy it again: gitseal keys whoami prints it where its owner works"
_FIELD = 2**255 - 19
# Every point of small order: a key agreed with one of them is known to everybody, and pyrage
# aborts with a panic.  Source: cr.yp.to/ecdh.html, "validate".
_SMALL_ORDER = frozenset(
    (
        0,
        1,
        _FIELD - 1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
    )
)
_PLUGIN_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789+-._")


class AgeKey:
    """An age or ssh recipient as a master key; see `MasterKey`."""

    __slots__ = ("_identities", "recipient")

    def __init__(self, recipient: str, identities: Identities) -> None:
        self.recipient = recipient
        self._identities = identities

    @property
    def uri(self) -> str:
        """See `MasterKey.uri`: the recipient, without prefix or comment."""
        return self.recipient

    def caps(self) -> Caps:
        """See `MasterKey.caps`; interactive where only a passphrase may bring the identity."""
        mine = self._identities.find(self.recipient) is not None
        asking = not mine and any(
            locked.can_ask and not locked.given_up
            for locked in self._identities.locked_for(self.recipient)
        )
        return Caps(offline_wrap=True, unwrap=mine or asking, interactive=asking)

    def ready(self) -> bool:
        """See `MasterKey.ready`."""
        return self._identities.find(self.recipient) is not None

    def wrap(self, data_key: DataKey, scope_id: ScopeId, deadline: Deadline) -> bytes:
        """See `MasterKey.wrap`: an age file of 200 to 800 bytes; never the same twice."""
        pyrage = _pyrage()
        try:
            if self.recipient.startswith("ssh-"):
                recipient = pyrage.ssh.Recipient.from_str(self.recipient)
            else:
                recipient = pyrage.x25519.Recipient.from_str(self.recipient)
            blob: bytes = pyrage.encrypt(data_key.expose(), [recipient])
        except (pyrage.RecipientError, pyrage.EncryptError):
            raise KeyUnusableError(f"{shown(self.recipient)}: age cannot encrypt to it") from None
        return blob

    def unwrap(self, blob: bytes, scope_id: ScopeId, deadline: Deadline) -> DataKey:
        """See `MasterKey.unwrap`; may ask for a passphrase."""
        check_blob(blob, self.recipient)
        self._check_stanzas(blob)
        identity = self._identity()
        pyrage = _pyrage()
        try:
            raw: bytes = pyrage.decrypt(blob, [identity.for_age()])
        except pyrage.IdentityError:
            raise KeyUnusableError(
                f"{shown(self.recipient)}: age cannot use your key from {identity.origin}"
            ) from None
        except pyrage.DecryptError:
            raise WrongKeyError(
                f"{shown(self.recipient)}: your key from {identity.origin} does not open its "
                "wrapped key, which was altered or made for another"
            ) from None
        return to_data_key(raw, self.recipient)

    def rewrap(self, blob: bytes, scope_id: ScopeId, deadline: Deadline) -> bytes:
        """See `MasterKey.rewrap`: here."""
        return rewrap_here(self, blob, scope_id, deadline)

    def check(self, rights: Collection[str], deadline: Deadline) -> tuple[Finding, ...]:
        """See `MasterKey.check`: anybody can wrap, the owner of the identity unwraps."""
        return tuple(self._finding(right) for right in sorted(rights))

    def _finding(self, right: str) -> Finding:
        if right == "wrap":
            return Finding(right, "needs the public key only", ok=True)
        identity = self._identities.find(self.recipient)
        if identity is None:
            return Finding(right, "its private key is not here", ok=False)
        return Finding(right, f"private key in {identity.origin}", ok=True)

    def _check_stanzas(self, blob: bytes) -> None:
        """Refuse what was wrapped for somebody else as well, or costs a passphrase's time."""
        ssh_kind, space, _key = self.recipient.partition(" ")
        kind = ssh_kind if space else "X25519"
        try:
            kinds = [arguments[0] for arguments in agefile.stanzas(blob)]
        except ValueError:
            raise KeyUnusableError(
                f"{shown(self.recipient)}: its wrapped key is no age file, or a damaged one"
            ) from None
        if kinds != [kind]:
            raise KeyUnusableError(
                f"{shown(self.recipient)}: its wrapped key is not addressed to it alone"
            )

    def _identity(self) -> Identity:
        identity = self._identities.find(self.recipient)
        if identity is not None:
            return identity
        for locked in self._identities.locked_for(self.recipient):
            if locked.can_ask and self._identities.unlock(locked):
                identity = self._identities.find(self.recipient)
                if identity is not None:
                    return identity
        raise self._missing()

    def _missing(self) -> KeyUnusableError | NoCredentialsError:
        for locked in self._identities.locked_for(self.recipient):
            if locked.recipient:
                return KeyUnusableError(
                    f"{shown(self.recipient)}: your ssh key {locked.origin} has a passphrase, "
                    "which cannot be asked for here",
                    hint="make a key for gitseal with `gitseal keys generate` and let a reader "
                    "add it, or take the passphrase off with `ssh-keygen -p`",
                )
        return NoCredentialsError(f"{shown(self.recipient)}: not your key")

    def __repr__(self) -> str:
        return f"AgeKey({self.recipient!r})"


def canonical(uri: str) -> str:
    """
    Check a recipient and write it the one way it is compared.

    Raises:
        RefusedError: a plugin's.
        MissingExtraError: a kind that this version cannot use.
        UsageError: not a recipient.
    """
    text = uri.removeprefix(_PREFIX).strip()
    if text.startswith("ssh-"):
        try:
            return sshkeys.canonical_public(text)
        except ValueError as error:
            raise UsageError(f"not a reader's key: {error}") from None
    return _canonical_age(text)


def _canonical_age(text: str) -> str:
    from gitseal.masterkeys import bech32

    if text.lower().startswith("age-secret-key-"):
        raise UsageError(
            "this is a private key; a reader is named by the public one (age1…)",
            hint="`gitseal keys whoami` shows the public half of your key; if the private one "
            "was written to a file that others see, make a new one",
        )
    _refuse_other_kinds(text)
    try:
        prefix, raw = bech32.decode(text)
    except ValueError:
        raise UsageError(
            f"{_shown(text)} is no age recipient, or a mistyped one", hint=_COPY_AGAIN
        ) from None
    if prefix != "age" or len(raw) != 32 or text != text.lower():
        raise UsageError(f"{_shown(text)} is no age recipient", hint=_COPY_AGAIN)
    number = int.from_bytes(raw, "little")
    if number >= _FIELD or number in _SMALL_ORDER:
        raise UsageError(f"{_shown(text)} is a public key that protects nothing", hint=_COPY_AGAIN)
    return text


def _refuse_other_kinds(text: str) -> None:
    """`age1NAME1…`: what stands before the last `1` tells the kind."""
    name = text.rpartition("1")[0].removeprefix("age1") if text.count("1") > 1 else ""
    if not text.startswith("age1") or not name:
        return
    if name in ("pq", "tag", "tagpq"):
        raise MissingExtraError(
            f"age1{name}1…: this version cannot use age keys of this kind yet",
            hint="use an age key that `age-keygen` makes without options (age1…)",
        )
    if not _PLUGIN_NAME.issuperset(name) or name.startswith("."):
        raise RefusedError("a name of an age plugin that is none; nothing was run")
    raise RefusedError(
        f"age1{name}1…: a key of the age plugin {name}; gitseal runs no plugins",
        hint="add an age key of that person (age1…) instead",
    )


def from_uri(uri: str, means: Means) -> AgeKey:
    """Give the master key of a canonical recipient."""
    return AgeKey(uri, means.identities)


def _shown(text: str) -> str:
    start = "".join(char for char in text[:16] if char.isprintable())
    return f"'{start}…'" if len(text) > 16 else f"'{start}'"


def _pyrage() -> ModuleType:
    try:
        import pyrage
    except ImportError:
        raise MissingExtraError(
            "age keys need the package pyrage", hint="python -m pip install pyrage"
        ) from None
    module: ModuleType = pyrage
    return module
