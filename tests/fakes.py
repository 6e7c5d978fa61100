# SPDX-License-Identifier: Apache-2.0
"""
Master keys that live in memory and misbehave on purpose; all of them keep to the Protocol.

`FakeKey` really wraps; the others say what their names say.  `providers(*keys)` gives what a
session takes for `resolve`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable, Collection

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV, ChaCha20Poly1305

from gitseal.crypto.derive import hkdf_expand, hkdf_extract
from gitseal.errors import (
    DeniedError,
    GitsealError,
    NoCredentialsError,
    ThrottledError,
    UnavailableError,
    UsageError,
    WrongKeyError,
)
from gitseal.keys import Context, DataKey, ScopeId, WrappedKey
from gitseal.masterkeys.base import (
    Caps,
    Deadline,
    Finding,
    MasterKey,
    Means,
    rewrap_here,
    to_data_key,
    wrap_binding,
)

SCOPE = ScopeId("payments-prod", Context({"app": "payments", "env": "prod"}), 1)


class FakeKey:
    """A key service without a service: wraps with AES-SIV, binds the scope, counts its calls."""

    def __init__(self, uri: str, *, network: bool = True, ready: bool = True) -> None:
        self._uri = uri
        self._network = network
        self._ready = ready
        self._cipher = AESSIV(AESSIV.generate_key(512))
        self.wraps = 0
        self.unwraps = 0

    @property
    def uri(self) -> str:
        return self._uri

    def caps(self) -> Caps:
        return Caps(context="native", network=self._network)

    def ready(self) -> bool:
        return self._ready

    def wrap(self, data_key: DataKey, scope_id: ScopeId, deadline: Deadline) -> bytes:
        self.wraps += 1
        return self._cipher.encrypt(data_key.expose(), [wrap_binding(scope_id)])

    def unwrap(self, blob: bytes, scope_id: ScopeId, deadline: Deadline) -> DataKey:
        self.unwraps += 1
        try:
            raw = self._cipher.decrypt(blob, [wrap_binding(scope_id)])
        except InvalidTag:
            raise WrongKeyError(f"{self._uri}: not wrapped by this key") from None
        return to_data_key(raw, self._uri)

    def rewrap(self, blob: bytes, scope_id: ScopeId, deadline: Deadline) -> bytes:
        return rewrap_here(self, blob, scope_id, deadline)

    def check(self, rights: Collection[str], deadline: Deadline) -> tuple[Finding, ...]:
        return tuple(Finding(right, "it is only a fake", ok=True) for right in sorted(rights))


class FailingKey(FakeKey):
    """Answers every call at once with an error of its own."""

    def __init__(
        self, uri: str, error: Callable[[], GitsealError], *, network: bool = True
    ) -> None:
        super().__init__(uri, network=network)
        self._error = error

    def wrap(self, data_key: DataKey, scope_id: ScopeId, deadline: Deadline) -> bytes:
        super().wrap(data_key, scope_id, deadline)
        raise self._error()

    def unwrap(self, blob: bytes, scope_id: ScopeId, deadline: Deadline) -> DataKey:
        self.unwraps += 1
        raise self._error()


class ThrottledKey(FailingKey):
    """Says 429 to everything."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri, lambda: ThrottledError(f"{uri}: too many requests (429)"))


class DeniedKey(FailingKey):
    """Knows us, and says no."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri, lambda: DeniedError(f"{uri}: access denied", hint="ask for a right"))


class DownKey(FailingKey):
    """Cannot be reached."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri, lambda: UnavailableError(f"{uri}: connection refused"))


class StrangersKey(FailingKey):
    """Belongs to somebody else, as an age key of a colleague does."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri, lambda: NoCredentialsError(f"{uri}: not your key"), network=False)


class HangingKey(FakeKey):
    """Accepts the call and never answers, whatever its deadline; `let_go` ends its threads."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri)
        self._end = threading.Event()

    def let_go(self) -> None:
        self._end.set()

    def wrap(self, data_key: DataKey, scope_id: ScopeId, deadline: Deadline) -> bytes:
        self.wraps += 1
        self._end.wait(60)
        raise UnavailableError(f"{self._uri}: hung")

    def unwrap(self, blob: bytes, scope_id: ScopeId, deadline: Deadline) -> DataKey:
        self.unwraps += 1
        self._end.wait(60)
        raise UnavailableError(f"{self._uri}: hung")


class SlowKey(FakeKey):
    """Answers rightly, but late; gives up when its deadline has been cancelled."""

    def __init__(self, uri: str, seconds: float) -> None:
        super().__init__(uri)
        self._seconds = seconds
        self.cancelled = threading.Event()

    def unwrap(self, blob: bytes, scope_id: ScopeId, deadline: Deadline) -> DataKey:
        pause = threading.Event()
        for _ in range(max(1, round(self._seconds / 0.01))):
            pause.wait(0.01)
            if not deadline.seconds_left():
                self.cancelled.set()
                raise UnavailableError(f"{self._uri}: cancelled")
        return super().unwrap(blob, scope_id, deadline)


class PassphraseKey(FakeKey):
    """Needs a person for every unwrap."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri, network=False)

    def caps(self) -> Caps:
        return Caps(interactive=True)


def locked_age_file(text: str, passphrase: str) -> bytes:
    """
    An age file under a passphrase that costs 2**10 steps to try: age's own 2**18 take a second.

    Source: c2sp.org/age, sections "scrypt recipient stanza", "Header MAC" and "Payload".
    """
    file_key, salt, nonce = bytes(range(16)), bytes(16), bytes(16)
    key = hashlib.scrypt(
        passphrase.encode(),
        salt=b"age-encryption.org/v1/scrypt" + salt,
        n=2**10,
        r=8,
        p=1,
        dklen=32,
    )
    body = ChaCha20Poly1305(key).encrypt(bytes(12), file_key, None)
    stanza = f"-> scrypt {_unpadded(salt)} 10\n{_unpadded(body)}\n"
    header = f"age-encryption.org/v1\n{stanza}---".encode()
    mac_key = hkdf_expand(hkdf_extract(b"", file_key), b"header", 32)
    mac = _unpadded(hmac.digest(mac_key, header, "sha256"))
    payload_key = hkdf_expand(hkdf_extract(nonce, file_key), b"payload", 32)
    payload = ChaCha20Poly1305(payload_key).encrypt(bytes(11) + b"\1", text.encode(), None)
    return header + f" {mac}\n".encode() + nonce + payload


def _unpadded(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def wrapped_for(
    key: FakeKey, data_key: DataKey, to: str = "", scope: ScopeId = SCOPE
) -> WrappedKey:
    """What a record holds for one reader, also of a key that would refuse to wrap."""
    blob = FakeKey.wrap(key, data_key, scope, Deadline(5))
    return WrappedKey(to or key.uri.rpartition(":")[2], key.uri, blob)


def providers(*keys: MasterKey) -> Callable[[str, Means], MasterKey]:
    """A `resolve` that knows these keys only."""
    table = {key.uri: key for key in keys}

    def resolve(uri: str, means: Means) -> MasterKey:
        if uri not in table:
            raise UsageError(f"{uri}: no such fake")
        return table[uri]

    return resolve
