# SPDX-License-Identifier: Apache-2.0
"""
The user's own private keys: found lazily in the places the user's settings name, in order.

Nothing of a repository ever chooses a place here.  A place that cannot be read or understood
is passed over and remembered (`looked`), so that an error can say where was looked and why
that was not enough; no message holds a part of a secret.
"""

from __future__ import annotations

from _thread import RLock

from gitseal.errors import NotFoundError, RefusedError
from gitseal.masterkeys import agefile, sshkeys
from gitseal.masterkeys.keyfiles import read_private

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Ask = Callable[[str], str | None]

MAX_SOURCE = 64 * 1024
"""Largest identity file, in bytes; an RSA key of 8,192 bits needs 7 KiB."""

MAX_IDENTITIES = 64
"""Most identities in one place."""

_TRIES = 3


class Source:
    """
    One place where the user keeps private keys: a file, or the text of a setting.

    Attributes:
        label: how messages call it, `GITSEAL_IDENTITY` or `~/.ssh/id_ed25519`.
        path: the file, or None.
        text: what the setting holds, or None.
        named: the user named it; a default place may be missing without a word.
    """

    __slots__ = ("label", "named", "path", "text")

    def __init__(
        self, label: str, *, path: str | None = None, text: str | None = None, named: bool = False
    ) -> None:
        if (path is None) == (text is None):
            raise ValueError("a source is a path or a text")
        self.label = label
        self.path = path
        self.text = text
        self.named = named

    def __repr__(self) -> str:
        return f"Source({self.label!r})"


class Identity:
    """
    One private key, ready to use.

    Attributes:
        kind: "x25519", "ssh-ed25519" or "ssh-rsa".
        recipient: its public half, written canonically.
        origin: label of the place it was found in.
    """

    __slots__ = ("_data", "_secret", "kind", "origin", "recipient")

    def __init__(self, kind: str, recipient: str, origin: str, data: bytes, secret: bytes) -> None:
        self.kind = kind
        self.recipient = recipient
        self.origin = origin
        self._data = data
        self._secret = secret

    def for_age(self) -> object:
        """Give the object that `pyrage.decrypt` takes."""
        import pyrage

        if self.kind == "x25519":
            return pyrage.x25519.Identity.from_str(self._data.decode("ascii"))
        return pyrage.ssh.Identity.from_buffer(self._data)

    def __repr__(self) -> str:
        return f"Identity({self.kind!r}, {self.recipient!r}, origin={self.origin!r}, …)"

    def __reduce__(self) -> str:
        raise TypeError("an identity cannot be pickled")


class Locked:
    """
    Private keys behind a passphrase.

    Attributes:
        origin: label of the place.
        recipient: the public half, or "" where only the passphrase would tell.
        can_ask: the passphrase, once known, would open it; false for ssh keys.
        given_up: it was asked for in vain.
    """

    __slots__ = ("_data", "can_ask", "given_up", "origin", "recipient")

    def __init__(self, origin: str, data: bytes, *, recipient: str = "", can_ask: bool) -> None:
        self.origin = origin
        self.recipient = recipient
        self.can_ask = can_ask
        self.given_up = False
        self._data = data

    def open(self, passphrase: str) -> bytes | None:
        """Give the identities inside, or None if it is another passphrase; takes a second."""
        return agefile.open_with_passphrase(self._data, passphrase)

    def __repr__(self) -> str:
        return f"Locked({self.origin!r})"


class Identities:
    """
    The identities of one process; each place is read once, when it is first needed.

    Args:
        sources: the places, in the order in which they are tried.
        ask: shows a prompt and gives the passphrase, or None if the person gave up; None where
            nobody can be asked (filters, CI, no terminal).
    """

    __slots__ = ("_found", "_lock", "_locked", "_looked", "_pending", "_warnings", "ask")

    def __init__(self, sources: Sequence[Source] = (), *, ask: Ask | None = None) -> None:
        self.ask = ask
        self._pending = list(sources)
        self._found: dict[str, Identity] = {}
        self._locked: list[Locked] = []
        self._looked: list[tuple[str, str]] = []
        self._warnings: list[str] = []
        self._lock = RLock()

    def find(self, recipient: str) -> Identity | None:
        """Give the identity of a recipient, reading only as many places as that takes."""
        with self._lock:
            while recipient not in self._found and self._pending:
                self._load(self._pending.pop(0))
            return self._found.get(recipient)

    def all(self) -> tuple[Identity, ...]:
        """Give every identity that needs no passphrase (or had it), in the order of the places."""
        with self._lock:
            while self._pending:
                self._load(self._pending.pop(0))
            return tuple(self._found.values())

    def locked_for(self, recipient: str) -> tuple[Locked, ...]:
        """Give the locked places that are this recipient's, or may be."""
        self.all()
        return tuple(one for one in self._locked if one.recipient in ("", recipient))

    def unlock(self, locked: Locked) -> bool:
        """Ask for the passphrase, three times at most; true if its identities are at hand now."""
        with self._lock:
            if locked not in self._locked:
                return True
            if self.ask is None or not locked.can_ask or locked.given_up:
                return False
            inside = self._ask_for(locked, self.ask)
            if inside is None:
                locked.given_up = True
                return False
            self._locked.remove(locked)
            self._note(locked.origin, self._take_text(inside, locked.origin))
            return True

    def looked(self) -> tuple[str, ...]:
        """Give every place for messages; what kept it from being used follows in brackets."""
        self.all()
        return tuple(f"{label} ({what})" if what else label for label, what in self._looked)

    def warnings(self) -> tuple[str, ...]:
        """Give what the user should know about the files read so far."""
        return tuple(self._warnings)

    def vouch_secrets(self) -> tuple[bytes, ...]:
        """Give `vouch_secret` of every identity that is at hand without a question."""
        return tuple(vouch_secret(identity) for identity in self.all())

    def __repr__(self) -> str:
        return f"Identities({len(self._found)} found, {len(self._pending)} places not read)"

    def _ask_for(self, locked: Locked, ask: Ask) -> bytes | None:
        prompt = f"passphrase of {locked.origin}: "
        for _ in range(_TRIES):
            passphrase = ask(prompt)
            if not passphrase:
                return None
            inside = locked.open(passphrase)
            if inside is not None:
                return inside
            prompt = f"that was not it; passphrase of {locked.origin}: "
        return None

    def _load(self, source: Source) -> None:
        try:
            data = self._read(source)
        except NotFoundError:
            what = "no such file" if source.named else "not there"
            if source.named:
                self._warnings.append(f"{source.label}: no such file")
        except RefusedError as error:
            what = error.message
            self._warnings.append(f"{source.label}: {what}")
        else:
            what = self._take(data, source.label)
        self._note(source.label, what)

    def _read(self, source: Source) -> bytes:
        if source.text is not None:
            if len(source.text) > MAX_SOURCE:
                raise RefusedError(f"longer than {MAX_SOURCE} characters, which no identity is")
            return source.text.encode("utf-8", "replace")
        file = read_private(source.path or "", MAX_SOURCE)
        if file.loose:
            self._warnings.append(
                f"{source.label}: its mode is {file.mode:04o}, so others here can read your key; "
                f"chmod 600 {source.path}"
            )
        return file.data

    def _take(self, data: bytes, label: str) -> str:
        """Take what a place holds; gives what it was, for `looked`."""
        try:
            if agefile.is_age_file(data):
                agefile.check_passphrase_file(data)
                self._locked.append(Locked(label, data, can_ask=True))
                return "locked by a passphrase"
            if sshkeys.is_private_key(data):
                return self._take_ssh(data, label)
        except ValueError as error:
            return str(error)
        return self._take_text(data, label)

    def _take_ssh(self, data: bytes, label: str) -> str:
        key = sshkeys.parse_private(data)
        if key.locked:
            self._locked.append(Locked(label, data, recipient=key.recipient, can_ask=False))
            return "an ssh key with a passphrase"
        self._keep(Identity(key.kind, key.recipient, label, data, key.secret()))
        return ""

    def _take_text(self, data: bytes, label: str) -> str:
        try:
            identities = list(parse_identities(data, label))
        except ValueError as error:
            return str(error)
        for identity in identities:
            self._keep(identity)
        return "" if identities else "holds no identity"

    def _keep(self, identity: Identity) -> None:
        self._found.setdefault(identity.recipient, identity)

    def _note(self, label: str, what: str) -> None:
        self._looked = [entry for entry in self._looked if entry[0] != label]
        self._looked.append((label, what))


def parse_identities(data: bytes, label: str) -> Iterator[Identity]:
    """
    Read age's identity file: one identity a line, empty lines and `#` comments between them.

    Raises:
        ValueError: a line that is none, named by its number only.
    """
    lines = data.decode("utf-8-sig", "replace").splitlines()
    count = 0
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        count += 1
        if count > MAX_IDENTITIES:
            raise ValueError(f"more than {MAX_IDENTITIES} identities")
        try:
            yield parse_identity(line, label)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None


def parse_identity(text: str, label: str) -> Identity:
    """
    Read one `AGE-SECRET-KEY-1…`.

    Raises:
        ValueError: something else; the message never shows it.
    """
    from gitseal.masterkeys import bech32

    if text.upper().startswith("AGE-SECRET-KEY-PQ-"):
        raise ValueError("a post-quantum identity, which this version cannot use")
    if text.upper().startswith("AGE-PLUGIN-"):
        raise ValueError("an identity of an age plugin; gitseal runs no plugins")
    try:
        prefix, secret = bech32.decode(text)
    except ValueError:
        raise ValueError("not an age identity (AGE-SECRET-KEY-1…), or a mistyped one") from None
    if prefix != "age-secret-key-" or len(secret) != 32:
        raise ValueError("not an age identity (AGE-SECRET-KEY-1…)")
    return x25519_identity(secret, label)


def x25519_identity(secret: bytes, label: str) -> Identity:
    """Make an identity of the 32 bytes of an X25519 private key."""
    import pyrage

    from gitseal.masterkeys import bech32

    text = bech32.encode("age-secret-key-", secret).upper()
    recipient = str(pyrage.x25519.Identity.from_str(text).to_public())
    return Identity("x25519", recipient, label, text.encode("ascii"), secret)


def vouch_secret(identity: Identity) -> bytes:
    """
    Give the bytes an own vouch is derived from (format 8); the same for every file syntax.

    X25519: the 32-byte private key.  ssh-ed25519: the 32-byte seed.  ssh-rsa: `PAE(n, d)`.
    """
    return identity._secret  # noqa: SLF001 - deliberately no attribute, so that a search finds it


def identity_text(identity: Identity, created: str) -> str:
    """
    Write an X25519 identity the way `age-keygen` does.

    Args:
        identity: of kind "x25519".
        created: the moment, as RFC 3339 has it.
    """
    if identity.kind != "x25519":
        raise ValueError("only X25519 identities are written")
    secret = identity._data.decode("ascii")  # noqa: SLF001 - the way out, as in vouch_secret
    return f"# created: {created}\n# public key: {identity.recipient}\n{secret}\n"


def generate_identity(path: str, *, secret: bytes | None = None, now: float | None = None) -> str:
    """
    Make an X25519 identity and write it to a new file of mode 0600.

    Args:
        path: the file; missing folders are made.
        secret: the 32 bytes to use (a recovery key), random if not given.
        now: seconds since 1970, for the comment in the file.

    Returns:
        The recipient, `age1…`.

    Raises:
        RefusedError: a file stands there, or it cannot be written.
    """
    import time

    import pyrage

    from gitseal.masterkeys.keyfiles import create_private

    if secret is None:
        identity = parse_identity(str(pyrage.x25519.Identity.generate()), path)
    else:
        identity = x25519_identity(secret, path)
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    create_private(path, identity_text(identity, created).encode("ascii"))
    return identity.recipient
