# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: ARG002 - the protocol hands over more than this provider needs
"""
Local keys, `file:ID`: a master key for machines without a server, and for break-glass.

The URI only *names* a key, by 16 characters computed from the key itself (`localkeys`); a
repository can therefore never choose a path.  Wrapping is AES-SIV (RFC 5297) with
`PAE("gitseal/v1 wrap", sid)` as associated data: 48 bytes (format 3).
"""

from __future__ import annotations

from gitseal.crypto import base32
from gitseal.errors import GitsealError, NoCredentialsError, UsageError, WrongKeyError
from gitseal.masterkeys.base import (
    Caps,
    Deadline,
    Finding,
    check_blob,
    rewrap_here,
    to_data_key,
    wrap_binding,
)
from gitseal.masterkeys.localkeys import ID_SIZE, SCHEME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from gitseal.keys import DataKey, ScopeId
    from gitseal.masterkeys.base import Means
    from gitseal.masterkeys.localkeys import LocalKeys, SecretKey


class LocalFileKey:
    """A local key as a master key; see `MasterKey`."""

    __slots__ = ("_keys", "key_id")

    def __init__(self, key_id: str, keys: LocalKeys) -> None:
        self.key_id = key_id
        self._keys = keys

    @property
    def uri(self) -> str:
        """See `MasterKey.uri`: `file:` and the id."""
        return SCHEME + self.key_id

    def caps(self) -> Caps:
        """See `MasterKey.caps`."""
        return Caps(context="native")

    def ready(self) -> bool:
        """See `MasterKey.ready`."""
        return True

    def wrap(self, data_key: DataKey, scope_id: ScopeId, deadline: Deadline) -> bytes:
        """See `MasterKey.wrap`: 48 bytes; equal inputs give equal bytes."""
        return self._secret().wrap(data_key.expose(), wrap_binding(scope_id))

    def unwrap(self, blob: bytes, scope_id: ScopeId, deadline: Deadline) -> DataKey:
        """See `MasterKey.unwrap`."""
        check_blob(blob, self.uri)
        secret = self._secret()
        raw = secret.unwrap(blob, wrap_binding(scope_id))
        if raw is None:
            raise WrongKeyError(
                f"{self.uri}: the wrapped key was altered, or made for another scope or epoch"
            )
        return to_data_key(raw, self.uri)

    def rewrap(self, blob: bytes, scope_id: ScopeId, deadline: Deadline) -> bytes:
        """See `MasterKey.rewrap`: here."""
        return rewrap_here(self, blob, scope_id, deadline)

    def check(self, rights: Collection[str], deadline: Deadline) -> tuple[Finding, ...]:
        """See `MasterKey.check`: all rights come with the file."""
        try:
            message, ok, hint = f"key in {self._secret().origin}", True, None
        except GitsealError as error:
            message, ok, hint = str(error), False, error.hint
        return tuple(Finding(right, message, ok=ok, hint=hint) for right in sorted(rights))

    def _secret(self) -> SecretKey:
        secret = self._keys.find(self.key_id)
        if secret is None:
            places = ", ".join(self._keys.looked()) or "nowhere: no folder is set"
            raise NoCredentialsError(
                f"{self.uri}: no local key of this id here (looked in: {places})",
                hint="copy the key file there, or name it in GITSEAL_KEY_FILE",
            )
        return secret

    def __repr__(self) -> str:
        return f"LocalFileKey({self.uri!r})"


def canonical(uri: str) -> str:
    """
    Check a `file:` URI, which holds an id and never a path.

    Raises:
        UsageError: anything else.
    """
    wanted = uri[len(SCHEME) :]
    if len(wanted) != ID_SIZE or not set(wanted) <= set(base32.ALPHABET.decode("ascii")):
        raise UsageError(
            f"{uri!r} is no local key: a policy names it by the {ID_SIZE} characters of its id",
            hint="`gitseal keys whoami` shows the ids of your local keys",
        )
    return uri


def from_uri(uri: str, means: Means) -> LocalFileKey:
    """Give the master key of a canonical URI."""
    return LocalFileKey(uri[len(SCHEME) :], means.local_keys)
