# SPDX-License-Identifier: Apache-2.0
"""
The signed record of a scope, `.gitseal/keyring/SCOPE.json` (format 8).

A record says what a reader approved: rules, readers, and the public keys of each epoch.  Reading
one proves only its shape.  Who may believe it is for `trust` to judge, after `check_signature`.
"""

from __future__ import annotations

from gitseal.crypto.base32 import to_text
from gitseal.crypto.encoding import canonical_json, pae
from gitseal.errors import GitsealError, IntegrityError
from gitseal.keys import Context, ScopeId, WrappedKey, check_scope_name
from gitseal.policy.terms import RecordPolicy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Sign = Callable[[bytes], bytes]

RECORD_VERSION = 1
KEYRING = ".gitseal/keyring"
STATES = ("next", "active", "readable", "retired")
MAX_EPOCHS = 10_000


def record_path(name: str) -> str:
    """Give the repository path of a scope's record."""
    return f"{KEYRING}/{name}.json"


class Epoch:
    """
    One data key of a scope: its public keys, and its wraps (format 2 and 8); immutable.

    Attributes:
        n: 1, 2, 3 …
        state: "next", "active", "readable" or "retired".
        kid: 32 bytes.
        sign: the 32-byte Ed25519 public key `spk`.
        inbox: the 1,216-byte public key `ipk`.
        link: the 64-byte signature of epoch n-1; None where n is 1.
        wraps: the data key, once for each reader.
    """

    __slots__ = ("inbox", "kid", "link", "n", "sign", "state", "wraps")

    def __init__(
        self,
        n: int,
        state: str,
        *,
        kid: bytes,
        sign: bytes,
        inbox: bytes,
        link: bytes | None = None,
        wraps: Iterable[WrappedKey] = (),
    ) -> None:
        self.n = n
        self.state = state
        self.kid = kid
        self.sign = sign
        self.inbox = inbox
        self.link = link
        self.wraps = tuple(wraps)

    def changed(
        self,
        *,
        state: str | None = None,
        link: bytes | None = None,
        wraps: Iterable[WrappedKey] | None = None,
    ) -> Epoch:
        """Give a copy with a new state, link or wraps; a retired one drops its wraps."""
        state = state or self.state
        kept = self.wraps if wraps is None else tuple(wraps)
        return Epoch(
            self.n,
            state,
            kid=self.kid,
            sign=self.sign,
            inbox=self.inbox,
            link=link or self.link,
            wraps=() if state == "retired" else kept,
        )

    def to_json(self) -> dict[str, object]:
        """Give it as it stands in a record."""
        fields: dict[str, object] = {
            "inbox": to_text("pub", self.inbox),
            "kid": to_text("kid", self.kid),
            "n": self.n,
            "sign": to_text("pub", self.sign),
            "state": self.state,
            "wraps": [
                {"key": wrap.uri, "to": wrap.to, "wrapped": to_text("wrap", wrap.blob)}
                for wrap in self.wraps
            ],
        }
        if self.link is not None:
            fields["link"] = to_text("sig", self.link)
        return fields

    def __repr__(self) -> str:
        return f"Epoch({self.n}, {self.state!r})"


class Record:
    """
    A record whose shape is right; immutable.  `Record.parse` reads one, `building` makes one.

    Attributes:
        name, context: the scope; neither ever changes.
        seq: counts up with every change.
        policy: what its readers approved.
        epochs: all of them, 1 first.
        sig: the 64-byte signature of the highest epoch.
    """

    __slots__ = ("_bytes", "_fingerprints", "context", "epochs", "name", "policy", "seq", "sig")

    def __init__(
        self,
        name: str,
        context: Context,
        seq: int,
        policy: RecordPolicy,
        epochs: Iterable[Epoch],
        sig: bytes,
    ) -> None:
        self.name = name
        self.context = context
        self.seq = seq
        self.policy = policy
        self.epochs = tuple(epochs)
        self.sig = sig
        self._bytes: bytes | None = None  # kept by whoever read or wrote them
        self._fingerprints: dict[int, bytes] = {}

    @classmethod
    def parse(cls, data: bytes, name: str | None = None) -> Record:
        """
        Read a record, byte for byte the canonical one; its signature is not checked here.

        Args:
            data: the file.
            name: the scope that its file name says.

        Raises:
            NewerVersionError: made by a newer gitseal.
            IntegrityError: anything else that is not exactly a record.
            LimitError: too large.
        """
        from gitseal.policy.reading import read_record

        path = record_path(name) if name else None
        try:
            record = read_record(data)
            if name is not None and record.name != name:
                raise IntegrityError(f"the record is of scope {record.name!r}")
        except GitsealError as error:
            if path is None:
                raise
            raise with_help(error, path) from None
        return record

    def to_bytes(self) -> bytes:
        """Give the file."""
        if self._bytes is None:
            self._bytes = canonical_json(self._fields() | {"sig": to_text("sig", self.sig)})
        return self._bytes

    def keep_bytes(self, data: bytes) -> None:
        """Spare `to_bytes` the work, for whoever has compared `data` already."""
        self._bytes = data

    def signed_bytes(self) -> bytes:
        """Give the canonical JSON without `sig`, which is what `sig` signs."""
        # In canonical JSON no string holds a line break, so this line is the field's.
        line = f'\n  "sig": "{to_text("sig", self.sig)}",'.encode("ascii")
        return self.to_bytes().replace(line, b"", 1)

    def _fields(self) -> dict[str, object]:
        return {
            "context": dict(self.context),
            "epochs": [epoch.to_json() for epoch in self.epochs],
            "name": self.name,
            "policy": self.policy.to_json(),
            "seq": self.seq,
            "v": RECORD_VERSION,
        }

    @property
    def highest(self) -> Epoch:
        """The newest epoch, whatever its state; it signs the record."""
        return self.epochs[-1]

    @property
    def active(self) -> Epoch:
        """The epoch that new values are sealed in."""
        return next(epoch for epoch in self.epochs if epoch.state == "active")

    @property
    def pending(self) -> bool:
        """Whether a rotation is unfinished: another data key than the active one is in use."""
        return any(epoch.state in {"next", "readable"} for epoch in self.epochs)

    def epoch(self, n: int) -> Epoch | None:
        """Give epoch n, or None where the record has none."""
        return self.epochs[n - 1] if 1 <= n <= len(self.epochs) else None

    def scope_id(self, n: int) -> ScopeId:
        """Give what epoch n's data key is for."""
        return ScopeId(self.name, self.context, n)

    def fingerprint(self, n: int | None = None) -> bytes:
        """Give the 32 bytes that people trust, of epoch n or the highest (format 2, `fpr`)."""
        n = len(self.epochs) if n is None else n
        known = self._fingerprints.get(n)
        if known is None:
            from gitseal.crypto.derive import fingerprint

            epoch = self.epochs[n - 1]
            known = fingerprint(self.scope_id(n), epoch.kid, epoch.sign, epoch.inbox)
            self._fingerprints[n] = known
        return known

    def safety_code(self) -> str:
        """Give the three groups of characters that people compare."""
        from gitseal.crypto.derive import safety_code

        return safety_code(self.fingerprint())

    def check_signature(self) -> None:
        """
        Verify that a holder of the highest epoch's data key signed it.

        Raises:
            IntegrityError: no.
        """
        from gitseal.crypto.signatures import verify

        try:
            verify(self.highest.sign, self.sig, signature_message(self.signed_bytes()))
        except IntegrityError:
            raise IntegrityError(
                "its signature does not verify",
                hint=f"changed without a reader's key? git log -- {record_path(self.name)}",
                path=record_path(self.name),
            ) from None

    def check_links(self, after: int = 1) -> None:
        """
        Verify that each epoch above `after` was named by the one before it.

        Raises:
            IntegrityError: a link does not verify.
        """
        from gitseal.crypto.derive import link_message
        from gitseal.crypto.signatures import verify

        for epoch in self.epochs[after:]:
            message = link_message(self.scope_id(epoch.n), self.fingerprint(epoch.n))
            try:
                verify(self.epochs[epoch.n - 2].sign, epoch.link or b"", message)
            except IntegrityError:
                raise IntegrityError(
                    f"epoch {epoch.n} is not linked to the one before it",
                    path=record_path(self.name),
                ) from None

    def __eq__(self, other: object) -> bool:
        return self.to_bytes() == other.to_bytes() if isinstance(other, Record) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.name, self.seq, self.sig))

    def __repr__(self) -> str:
        return f"Record({self.name!r}, seq={self.seq}, epochs={list(self.epochs)!r})"


def signature_message(signed: bytes) -> bytes:
    """Give what `sig` is the signature of, from the canonical JSON without it."""
    return pae(b"gitseal/v1 keyring", signed)


def with_help(error: GitsealError, path: str) -> GitsealError:
    """Name the file of a record that cannot be read, and say how to get it back."""
    error.hint = error.hint or (
        f"restore it: git log -p -- {path}; in the middle of a merge: gitseal apply"
    )
    return error.at(path)


def check_record(record: Record) -> None:
    """
    Refuse a record that contradicts itself (format 8).

    Raises:
        IntegrityError, UsageError: it does.
    """
    check_scope_name(record.name)
    if not 1 <= record.seq < 2**63:
        raise IntegrityError("seq is a positive number")
    if not record.policy.readers or not record.policy.files:
        raise IntegrityError("the policy names no reader, or no file")
    if not 1 <= len(record.epochs) <= MAX_EPOCHS:
        raise IntegrityError("it has no epoch, or too many")
    for n, epoch in enumerate(record.epochs, 1):
        if epoch.n != n or (epoch.link is None) != (n == 1):
            raise IntegrityError("its epochs do not count 1, 2, 3 with a link each from 2")
        _check_epoch(record, epoch)
    states = [epoch.state for epoch in record.epochs]
    if states.count("active") != 1:
        raise IntegrityError("it does not have exactly one active epoch")
    newer = states[states.index("active") + 1 :]
    if newer not in ([], ["next"]) or "next" in states[: states.index("active")]:
        raise IntegrityError("only one epoch, the next one, may stand above the active one")


def _check_epoch(record: Record, epoch: Epoch) -> None:
    if epoch.state not in STATES:
        raise IntegrityError(f"epoch {epoch.n} has an unknown state")
    if bool(epoch.wraps) == (epoch.state == "retired"):
        raise IntegrityError(f"epoch {epoch.n} is retired with wraps, or has none and is not")
    readers = {(reader.to, reader.key) for reader in record.policy.readers}
    wraps = [(wrap.to, wrap.uri) for wrap in epoch.wraps]
    if len(set(wraps)) < len(wraps) or not readers.issuperset(wraps):
        # The readers that a person approves must be all who can open it.
        raise IntegrityError(f"epoch {epoch.n} is wrapped twice for one, or for no reader of it")
