# SPDX-License-Identifier: Apache-2.0
"""
What a master key is: the one face of every provider, and the contract behind it.

A provider only transports: it wraps 32 bytes and unwraps them again.  Which keys may be tried
at all (those of the trusted record), in what order, for how long, and whether what came out is
the right data key (`kid`) is decided above it, in `ordering` and in `gitseal.session`.
"""

from __future__ import annotations

import time

from gitseal.crypto.encoding import pae, scope_id_bytes
from gitseal.errors import KeyUnusableError, UnavailableError
from gitseal.keys import DATA_KEY_SIZE, DataKey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Protocol

    from gitseal.keys import ScopeId
    from gitseal.masterkeys.identities import Identities
    from gitseal.masterkeys.localkeys import LocalKeys
else:
    Protocol = object  # `typing` costs start-up time, and nothing asks isinstance of it

MAX_BLOB = 16 * 1024
"""Largest wrapped key that is handed to a provider; KMS stops at 6,144 bytes, age far below."""

RIGHTS = ("wrap", "unwrap", "rewrap")
"""What `MasterKey.check` can be asked about."""


class Caps:
    """
    Facts about one master key as it can be used here and now.

    Attributes:
        unwrap: it can unwrap from here.
        offline_wrap: wrapping needs public material only.
        context: "native", the service binds the scope; "inner", only `kid` does.
        interactive: unwrapping may need a person (a passphrase, a touch).
        network: it talks to a service.
    """

    __slots__ = ("context", "interactive", "network", "offline_wrap", "unwrap")

    def __init__(
        self,
        *,
        unwrap: bool = True,
        offline_wrap: bool = False,
        context: str = "inner",
        interactive: bool = False,
        network: bool = False,
    ) -> None:
        if context not in ("native", "inner"):
            raise ValueError("a key's context is 'native' or 'inner'")
        self.unwrap = unwrap
        self.offline_wrap = offline_wrap
        self.context = context
        self.interactive = interactive
        self.network = network


class Deadline:
    """
    The moment by which a provider must have answered; shared by all that race for one key.

    A provider gives `seconds_left()` to its sockets and asks it again before every retry:
    another one's success ends the deadline early (`cancel`).

    Args:
        seconds: from now.
        clock: a monotonic clock, in seconds.
    """

    __slots__ = ("_cancelled", "_clock", "_ends", "seconds")

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._ends = clock() + seconds
        self._cancelled = False

    def seconds_left(self) -> float:
        """Give the seconds that are left, never less than 0."""
        return 0.0 if self._cancelled else max(0.0, self._ends - self._clock())

    def cancel(self) -> None:
        """End it now: nobody waits for the answer any more."""
        self._cancelled = True

    def check(self, what: str) -> None:
        """
        Refuse to begin something when no time is left.

        Raises:
            UnavailableError: `what` would begin too late.
        """
        if not self.seconds_left():
            raise UnavailableError(f"{what}: no answer within {self.seconds:g} seconds")


class Finding:
    """
    What `MasterKey.check` learnt about one right.

    Attributes:
        right: one of `RIGHTS`.
        ok: it would work.
        message: what was found, without a full stop.
        hint: what to do about it, or None.
    """

    __slots__ = ("hint", "message", "ok", "right")

    def __init__(self, right: str, message: str, *, ok: bool, hint: str | None = None) -> None:
        self.right = right
        self.message = message
        self.ok = ok
        self.hint = hint


class MasterKey(Protocol):
    """
    One key that wraps data keys, named by its URI.

    Every method but `caps` may take until its deadline and raises only classes below
    `MasterKeyError` or `RefusedError`.  Two of them carry the loop contract of whoever tries
    one key after the other:

    * `NoCredentialsError`: not mine, or nothing here to use it with; the next is tried.
    * `WrongKeyError`: it is mine, and this blob or context does not belong to it.
    """

    @property
    def uri(self) -> str:
        """The canonical, printable name: equal URIs are the same key."""

    def caps(self) -> Caps:
        """Tell what it can do here, without asking a service or a person."""

    def ready(self) -> bool:
        """Tell whether what it needs to sign in stands visibly at hand; no service is asked."""

    def wrap(self, data_key: DataKey, scope_id: ScopeId, deadline: Deadline) -> bytes:
        """Wrap the data key, bound to the scope where the key can bind (format 3)."""

    def unwrap(self, blob: bytes, scope_id: ScopeId, deadline: Deadline) -> DataKey:
        """Give the data key that `wrap` was given; the caller compares its `kid`."""

    def rewrap(self, blob: bytes, scope_id: ScopeId, deadline: Deadline) -> bytes:
        """Wrap again under the master key's newest version; not a rotation of the data key."""

    def check(self, rights: Collection[str], deadline: Deadline) -> tuple[Finding, ...]:
        """Tell which of `rights` would work, with no side effect on the service."""


def shown(uri: str) -> str:
    """Give a URI as messages show it: an RSA key has 400 characters or more."""
    return uri if len(uri) <= 100 else f"{uri[:32]}…{uri[-12:]}"


def wrap_binding(scope_id: ScopeId) -> bytes:
    """Give `PAE("gitseal/v1 wrap", sid)`, what a wrapped key is bound to (format 3)."""
    return pae(b"gitseal/v1 wrap", scope_id_bytes(scope_id))


def to_data_key(raw: bytes, uri: str) -> DataKey:
    """
    Take what a master key unwrapped for a data key, if its length is right.

    Raises:
        KeyUnusableError: not 32 bytes (format 3); how many there were is not secret.
    """
    if len(raw) != DATA_KEY_SIZE:
        raise KeyUnusableError(
            f"{shown(uri)}: what it unwrapped has {len(raw)} bytes; a data key has {DATA_KEY_SIZE}"
        )
    return DataKey(raw)


def check_blob(blob: bytes, uri: str) -> None:
    """
    Refuse a wrapped key that no provider would have made.

    Raises:
        KeyUnusableError: empty, or larger than `MAX_BLOB`.
    """
    if not 0 < len(blob) <= MAX_BLOB:
        raise KeyUnusableError(
            f"{shown(uri)}: its wrapped key has {len(blob)} bytes; 1 to {MAX_BLOB} can be"
        )


def rewrap_here(key: MasterKey, blob: bytes, scope_id: ScopeId, deadline: Deadline) -> bytes:
    """Unwrap and wrap again: `rewrap` of the keys that have no service to do it."""
    return key.wrap(key.unwrap(blob, scope_id, deadline), scope_id, deadline)


class Means:
    """
    What the user brings along to use master keys with; nothing of it comes from a repository.

    Attributes:
        identities: private keys of age and ssh.
        local_keys: local key files.
    """

    __slots__ = ("identities", "local_keys")

    def __init__(self, identities: Identities, local_keys: LocalKeys) -> None:
        self.identities = identities
        self.local_keys = local_keys
