# SPDX-License-Identifier: Apache-2.0
"""Data keys, wrapped keys and what they are bound to: immutable, and silent in every repr."""

from __future__ import annotations

import os

from gitseal.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DATA_KEY_SIZE = 32

_KEY_START = frozenset("abcdefghijklmnopqrstuvwxyz")
_KEY_CHARS = _KEY_START | frozenset("0123456789_.-")
_NAME_START = _KEY_START | frozenset("0123456789")
_NAME_CHARS = _KEY_CHARS
_RESERVED_NAMES = frozenset(("con", "nul", "aux"))
_MAX_PAIRS = 5
_MAX_KEY = 64
_MAX_VALUE = 256
_MAX_EPOCH = 2**63 - 1

AD_HOC_SCOPE = "file"
"""The scope of files sealed without a policy (format 2)."""


class DataKey:
    """
    The 32 random bytes that seal one scope in one epoch; `expose()` is the only way out.

    Raises:
        ValueError: not 32 bytes.
    """

    __slots__ = ("_bytes",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != DATA_KEY_SIZE:
            raise ValueError("a data key has 32 bytes")
        self._bytes = bytes(secret)

    @classmethod
    def generate(cls) -> DataKey:
        """Make a new data key from the operating system's generator."""
        return cls(os.urandom(DATA_KEY_SIZE))

    def expose(self) -> bytes:
        """Give the 32 bytes; every call of this is a place to review."""
        return self._bytes

    def __repr__(self) -> str:
        return "DataKey(…)"

    def __reduce__(self) -> str:
        raise TypeError("a data key cannot be pickled")


class WrappedKey:
    """
    A data key wrapped for one reader (format 8, `wraps`).

    Attributes:
        to: name of the reader.
        uri: the master key that wrapped it.
        blob: what the master key returned.
    """

    __slots__ = ("blob", "to", "uri")

    def __init__(self, to: str, uri: str, blob: bytes) -> None:
        self.to = to
        self.uri = uri
        self.blob = blob

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, WrappedKey):
            return NotImplemented
        return (self.to, self.uri, self.blob) == (other.to, other.uri, other.blob)

    def __hash__(self) -> int:
        return hash((self.to, self.uri, self.blob))

    def __repr__(self) -> str:
        return f"WrappedKey(to={self.to!r}, uri={self.uri!r})"


class Context:
    """
    The 0 to 5 pairs that bind a scope to its application (format 2); public, immutable.

    Raises:
        UsageError: a key or value outside format 2; nothing is ever normalised.
    """

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Mapping[str, str] | None = None) -> None:
        given = dict(pairs or {})
        if len(given) > _MAX_PAIRS:
            raise UsageError(f"a context has at most {_MAX_PAIRS} pairs, not {len(given)}")
        for key, value in given.items():
            _check_pair(key, value)
        self._pairs = tuple(sorted(given.items()))

    def items(self) -> tuple[tuple[str, str], ...]:
        """Give the pairs, keys in byte order."""
        return self._pairs

    def keys(self) -> list[str]:
        """Give the keys in byte order; together with `[]` this makes `dict(context)` work."""
        return [key for key, _ in self._pairs]

    def __getitem__(self, key: str) -> str:
        return dict(self._pairs)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._pairs)

    def __eq__(self, other: object) -> bool:
        return self._pairs == other._pairs if isinstance(other, Context) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._pairs)

    def __repr__(self) -> str:
        return f"Context({dict(self._pairs)!r})"


def _check_pair(key: object, value: object) -> None:
    if not isinstance(key, str) or not isinstance(value, str):
        raise UsageError("keys and values of a context are strings; put them in quotes")
    if not key or len(key) > _MAX_KEY or key[0] not in _KEY_START or not _KEY_CHARS.issuperset(key):
        raise UsageError(
            f"context key {key!r}: 1 to {_MAX_KEY} characters of a-z, 0-9, '_', '.', '-', "
            "beginning with a letter"
        )
    if key.startswith("gitseal"):
        raise UsageError(f"context key {key!r}: names beginning with 'gitseal' are reserved")
    if not 1 <= len(value) <= _MAX_VALUE or not all(" " <= char <= "~" for char in value):
        raise UsageError(f"context value of {key!r}: 1 to {_MAX_VALUE} printable ASCII characters")


def check_scope_name(name: object, *, ad_hoc: bool = False) -> None:
    """
    Refuse a scope name outside format 2; `file` only where `ad_hoc` allows it.

    Raises:
        UsageError: not a scope name.
    """
    fits = (
        isinstance(name, str)
        and 1 <= len(name) <= _MAX_KEY
        and name[0] in _NAME_START
        and _NAME_CHARS.issuperset(name)
    )
    if not fits:
        raise UsageError(
            f"scope name {name!r}: 1 to {_MAX_KEY} characters of a-z, 0-9, '_', '.', '-', "
            "beginning with a letter or digit"
        )
    if name in _RESERVED_NAMES or (name == AD_HOC_SCOPE and not ad_hoc):
        raise UsageError(f"scope name {name!r} is reserved")


class ScopeId:
    """
    What a data key is for: scope name, context and epoch (format 2, `sid`).

    Raises:
        UsageError: the name is not a scope name.
        ValueError: the epoch is not a positive 63-bit number.
    """

    __slots__ = ("context", "epoch", "name")

    def __init__(self, name: str, context: Context, epoch: int) -> None:
        check_scope_name(name, ad_hoc=True)
        if not 1 <= epoch <= _MAX_EPOCH:
            raise ValueError("an epoch is a positive number")
        self.name = name
        self.context = context
        self.epoch = epoch

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ScopeId):
            return NotImplemented
        mine = (self.name, self.context, self.epoch)
        return mine == (other.name, other.context, other.epoch)

    def __hash__(self) -> int:
        return hash((self.name, self.context, self.epoch))

    def __repr__(self) -> str:
        return f"ScopeId({self.name!r}, {self.context!r}, epoch={self.epoch})"
