# SPDX-License-Identifier: Apache-2.0
"""
The data keys of this process: each unwrapped once, checked, kept in memory, never on disk.

Where `gitseal unlock --for` keeps them for longer (`cache.py`), they are taken from there first.

What comes out of a master key is checked in this order before anything is kept or used: 32
bytes, then `kid`, in constant time (format 3).  Without the second a malicious writer could wrap
one key for Alice and another for Bob, and one sealed text would open for both, differently.
"""

from __future__ import annotations

import os
from _thread import allocate_lock
from hmac import compare_digest

from gitseal.crypto.derive import KID_SIZE, ScopeKeys
from gitseal.errors import CommitmentError, GitsealError, KeyUnusableError, UsageError
from gitseal.masterkeys import kind_of, resolve
from gitseal.masterkeys.base import Means
from gitseal.masterkeys.candidates import Candidate
from gitseal.masterkeys.failures import Failure, no_usable_key
from gitseal.masterkeys.identities import Identities, Source
from gitseal.masterkeys.localkeys import LINE, LocalKeys
from gitseal.masterkeys.ordering import Patience, unwrap_first, wrap_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitseal.keys import DataKey, ScopeId, WrappedKey
    from gitseal.masterkeys.base import Deadline, MasterKey
    from gitseal.settings import IdentitySource, Settings

    Resolve = Callable[[str, Means], MasterKey]

COMMAND_SECONDS = 20.0
POINTER = "unlocked"
"""File in gitseal's configuration directory that says where keys are kept, if any are."""
KEY_FOLDER = "keys"
"""Folder of local keys in gitseal's configuration directory."""


class Session:
    """
    The unwrapped data keys of one process.

    A data key is unwrapped once a scope, epoch and process, whatever the number of threads that
    ask for it; that it cannot be unwrapped is remembered as well, so that a checkout of a
    thousand files waits for a dead service once.

    Args:
        settings: where the user's own keys are, and how long services may take.
        ask: shows a prompt and gives what was typed, or None; None where nobody can be asked
            (filters, CI, no terminal): then no passphrase is ever asked for.
        seconds: what all services may take for one data key, if the user has set no `timeout`.
        means: private keys, instead of those that the settings name.
        resolve: gives the master key of a URI.
    """

    __slots__ = (
        "_entries",
        "_lock",
        "_means",
        "_resolve",
        "_seconds",
        "_settings",
        "_warnings",
        "ask",
        "unwraps",
    )

    def __init__(
        self,
        settings: Settings | None = None,
        ask: Callable[[str], str | None] | None = None,
        *,
        seconds: float = COMMAND_SECONDS,
        means: Means | None = None,
        resolve: Resolve = resolve,
    ) -> None:
        self.ask = ask
        self.unwraps = 0
        self._settings = settings
        self._seconds = seconds
        self._means = means
        self._resolve = resolve
        self._entries: dict[tuple[ScopeId, bytes], _Entry] = {}
        self._warnings: list[str] = []
        self._lock = allocate_lock()

    @property
    def means(self) -> Means:
        """The user's private keys; no file is opened before one is needed."""
        if self._means is None:
            self._means = means_of(self._settings, self.ask)
        return self._means

    def keys(self, scope_id: ScopeId, wraps: Sequence[WrappedKey], kid: bytes) -> ScopeKeys:
        """
        Give the keys of a scope in one epoch.

        Args:
            scope_id: the scope, as the trusted record has it.
            wraps: the wrapped keys of that epoch *from the trusted record*, in its order; a
                header's own wraps are for files outside a repository only.
            kid: the 32 bytes that the record names.

        Raises:
            NoUsableKeyError: no reader's key worked; the message has a line for each.
            CommitmentError: a key worked, and gave another data key than `kid` commits to.
            RefusedError: the user's own key file is one that others can read or replace.
        """
        if len(kid) != KID_SIZE:
            raise ValueError(f"a kid has {KID_SIZE} bytes")
        entry = self._entry(scope_id, kid)
        with entry.lock:
            if entry.error is not None:
                raise _another(entry.error) from None
            if entry.keys is None:
                try:
                    entry.keys = self._kept(scope_id, kid) or self._unwrap(scope_id, wraps, kid)
                except GitsealError as error:
                    entry.error = _another(error)
                    raise
            return entry.keys

    def adopt(self, keys: ScopeKeys) -> None:
        """Keep keys that were made here, so that they need not be unwrapped."""
        entry = self._entry(keys.scope, keys.kid)
        with entry.lock:
            entry.keys, entry.error = keys, None

    def holds(self, scope_id: ScopeId, kid: bytes) -> bool:
        """Tell whether the keys are at hand without asking anybody."""
        entry = self._entries.get((scope_id, kid))
        return entry is not None and entry.keys is not None

    def wrap_for(
        self, readers: Sequence[tuple[str, str]], data_key: DataKey, scope_id: ScopeId
    ) -> list[WrappedKey]:
        """
        Wrap a data key for all readers, given as `(name, URI)`; in their order.

        Raises:
            GitsealError: one of them failed, and the class says how; nothing may be written.
        """
        keys = [(to, self._resolve(uri, self.means)) for to, uri in readers]
        return wrap_all(keys, data_key, scope_id, self._patience().seconds)

    def reload(self) -> None:
        """Look for private keys again, and give failed scopes another try."""
        with self._lock:
            self._means = None
            failed = [place for place, entry in self._entries.items() if entry.keys is None]
            for place in failed:
                del self._entries[place]

    def warnings(self) -> tuple[str, ...]:
        """Give what the user should know: loose file modes, a reader's damaged wrap."""
        about_files = () if self._means is None else self._means.identities.warnings()
        return (*about_files, *self._warnings)

    def forget(self) -> None:
        """Drop every data key; what Python has copied of them stays until it is overwritten."""
        with self._lock:
            self._entries.clear()

    def __repr__(self) -> str:
        return f"Session({len(self._entries)} scopes)"

    def __reduce__(self) -> str:
        raise TypeError("a session cannot be pickled")

    def _entry(self, scope_id: ScopeId, kid: bytes) -> _Entry:
        place = (scope_id, bytes(kid))
        with self._lock:
            known = self._entries.get(place)
            if known is None:
                known = self._entries[place] = _Entry()
            return known

    def _kept(self, scope_id: ScopeId, kid: bytes) -> ScopeKeys | None:
        """Give what `gitseal unlock --for` keeps; one look at a name where nothing is kept."""
        settings = self._settings
        if settings is None or settings.config_dir is None:
            return None
        if not os.path.lexists(f"{settings.config_dir}/{POINTER}"):
            return None
        if settings.environ.get("GITSEAL_KEYS"):
            return None  # whoever says which kinds of keys to try means these
        from gitseal.session.cache import KeptKeys

        kept = KeptKeys(settings)
        try:
            data_key = kept.get(scope_id, kid)
            if data_key is None:
                return None
            try:
                return _checked(data_key, scope_id, kid)
            except CommitmentError:
                kept.forget((kid,))
        except (GitsealError, OSError):  # a cache that does not work is none
            return None
        return None

    def _unwrap(self, scope_id: ScopeId, wraps: Sequence[WrappedKey], kid: bytes) -> ScopeKeys:
        def attempt(key: MasterKey, blob: bytes, deadline: Deadline) -> ScopeKeys:
            return _checked(key.unwrap(blob, scope_id, deadline), scope_id, kid)

        failures: list[Failure] = []
        candidates = [one for wrapped in wraps if (one := self._candidate(wrapped, failures))]
        self.unwraps += 1
        keys = unwrap_first(candidates, attempt, self._patience(), failures)
        if keys is None:
            order = [(wrapped.to, wrapped.uri) for wrapped in wraps]
            failures.sort(key=lambda failure: order.index((failure.to, failure.uri)))
            raise self._no_usable_key(scope_id.name, failures)
        self._warnings += [
            f"scope {scope_id.name}: {failure.line()}"
            for failure in failures
            if isinstance(failure.error, CommitmentError)
        ]
        return keys

    def _candidate(self, wrapped: WrappedKey, failures: list[Failure]) -> Candidate | None:
        only = "" if self._settings is None else self._settings.environ.get("GITSEAL_KEYS", "")
        try:
            if only and kind_of(wrapped.uri) not in only.replace(",", " ").split():
                raise KeyUnusableError(
                    "left out, because GITSEAL_KEYS does not name its kind",
                    hint="unset GITSEAL_KEYS, or let it name the kinds to try: age file",
                )
            return Candidate(wrapped, self._resolve(wrapped.uri, self.means))
        except GitsealError as error:
            failures.append(Failure(wrapped.to, wrapped.uri, error))
            return None

    def _patience(self) -> Patience:
        chosen = None if self._settings is None else self._settings.user.timeout
        return Patience(chosen or self._seconds, terminal=self.ask is not None)

    def _no_usable_key(self, scope: str, failures: list[Failure]) -> GitsealError:
        identities = self.means.identities
        if all(kind_of(failure.uri) == "file" for failure in failures):
            return no_usable_key(scope, failures)  # each line says where that key was looked for
        return no_usable_key(scope, failures, identities.looked(), has_key=bool(identities.all()))


def _another(error: GitsealError) -> GitsealError:
    """Copy an error, because whoever catches one names a file in it, and the next is another's."""
    from copy import copy

    return copy(error).with_traceback(None)


class _Entry:
    """What is known about one scope's keys; the lock makes one flight of many requests."""

    __slots__ = ("error", "keys", "lock")

    def __init__(self) -> None:
        self.lock = allocate_lock()
        self.keys: ScopeKeys | None = None
        self.error: GitsealError | None = None


def _checked(data_key: DataKey, scope_id: ScopeId, kid: bytes) -> ScopeKeys:
    keys = ScopeKeys(data_key, scope_id)  # DataKey itself refuses any length but 32
    if not compare_digest(keys.kid, kid):
        raise CommitmentError(
            "its wrapped key holds another data key than the record commits to",
            hint="somebody damaged or forged the record; git log -- .gitseal/keyring shows who "
            "changed it last",
        )
    return keys


def means_of(settings: Settings | None, ask: Callable[[str], str | None] | None = None) -> Means:
    """
    Give the private keys that a user's settings name; opens nothing yet.

    Raises:
        UsageError: `GITSEAL_KEY` or `config.toml` is malformed.
        RefusedError: `GITSEAL_KEY` holds a damaged local key.
    """
    if settings is None:
        return Means(Identities(ask=ask), LocalKeys())
    local_texts: list[tuple[str, str]] = []
    sources = [_source(place, local_texts) for place in settings.identity_sources()]
    config = settings.config_dir
    folder = None if config is None else os.path.join(config, KEY_FOLDER)
    named = settings.environ.get("GITSEAL_KEY_FILE", "")
    if named.startswith("~/") and settings.home is not None:
        named = settings.home + named[1:]
    files = [("GITSEAL_KEY_FILE", named)] if named else []
    return Means(Identities(sources, ask=ask), LocalKeys(folder, files, local_texts))


def _source(place: IdentitySource, local_texts: list[tuple[str, str]]) -> Source:
    if place.kind == "file":
        return Source(place.name, path=place.value, named=place.named)
    if place.kind == "text":
        return Source(place.name, text=place.value, named=place.named)
    text = place.value
    from gitseal.trust.packing import is_packed, unpack

    if is_packed(text):
        text = unpack(text).expose()
    lines = text.splitlines()
    local = [line.strip() for line in lines if line.strip().startswith(LINE)]
    local_texts += [(place.name, line) for line in local]
    others = "\n".join(line for line in lines if line.strip() not in local)
    if not local and "-KEY-" not in others:
        raise UsageError(
            f"{place.name} holds no key",
            hint="copy it again as a whole; gitseal keys ci makes one",
        )
    return Source(place.name, text=others, named=place.named)
