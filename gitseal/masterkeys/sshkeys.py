# SPDX-License-Identifier: Apache-2.0
"""
What age needs to know of ssh keys: whose a private key file is, and how a public one is written.

The public half stands in clear even in a file with a passphrase (openssh/PROTOCOL.key), so that
"this is yours, but locked" can be told from "this is not yours" without asking anybody.
"""

from __future__ import annotations

import binascii

from gitseal.crypto.encoding import pae

KINDS = ("ssh-ed25519", "ssh-rsa")
"""The kinds age can encrypt to; ecdsa and keys on a token only sign."""

_MAGIC = b"openssh-key-v1\0"
_BEGIN_OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_END_OPENSSH = b"-----END OPENSSH PRIVATE KEY-----"
_BEGIN_RSA = b"-----BEGIN RSA PRIVATE KEY-----"
_MIN_RSA_BITS = 2048
_MAX_RSA_BITS = 8192


class SshKey:
    """
    A private key file of ssh.

    Attributes:
        kind: one of `KINDS`.
        recipient: its public half as a canonical recipient; "" where a locked file hides it.
        locked: it has a passphrase.
        data: the file.
    """

    __slots__ = ("_secret", "data", "kind", "locked", "recipient")

    def __init__(self, kind: str, recipient: str, data: bytes, secret: bytes | None) -> None:
        self.kind = kind
        self.recipient = recipient
        self.data = data
        self.locked = secret is None
        self._secret = secret

    def secret(self) -> bytes:
        """
        Give the secret as bytes that do not depend on the file's syntax.

        Ed25519: the 32-byte seed.  RSA: `PAE(n, d)`, both big endian without leading zeros.
        """
        if self._secret is None:
            raise ValueError("a locked ssh key shows no secret")
        return self._secret

    def __repr__(self) -> str:
        return f"SshKey({self.kind!r}, …)"


def is_private_key(data: bytes) -> bool:
    """Tell whether a file begins like a private key in PEM."""
    return data.lstrip()[:64].startswith((b"-----BEGIN ", b"PuTTY-User-Key-File"))


def parse_private(data: bytes) -> SshKey:
    """
    Read a private key file without asking for its passphrase.

    Raises:
        ValueError: not a private key that age can use; the message says why, never shows it.
    """
    text = data.strip()
    if text.startswith(_BEGIN_OPENSSH):
        return _parse_openssh(text, data)
    if text.startswith(_BEGIN_RSA):
        return _parse_rsa_pem(text, data)
    raise ValueError(
        "a private key, but not in OpenSSH's format; "
        "a copy converted with `ssh-keygen -p -f COPY` can be used"
    )


def canonical_public(text: str) -> str:
    """
    Give `KIND BASE64` of a public key line; its comment goes.

    Raises:
        ValueError: not a public key that age can encrypt to.
    """
    words = text.split()
    if len(words) < 2:
        raise ValueError("an ssh public key is `ssh-ed25519 AAAA…` or `ssh-rsa AAAA…`")
    kind, body = words[0], words[1]
    try:
        blob = binascii.a2b_base64(body.encode("ascii"), strict_mode=True)
    except (ValueError, UnicodeEncodeError):
        raise ValueError("an ssh public key whose base 64 is damaged") from None
    recipient = _recipient(blob)
    if recipient != f"{kind} {body}":
        raise ValueError("an ssh public key that is not what it says it is")
    return recipient


def _recipient(blob: bytes) -> str:
    """Check a public key blob (RFC 4253, 6.6; RFC 8709) and write it as a recipient."""
    reader = _Reader(blob)
    kind = reader.text()
    if kind == "ssh-ed25519":
        if len(reader.string()) != 32:
            raise ValueError("an Ed25519 key of a wrong size")
    elif kind == "ssh-rsa":
        reader.string()
        bits = reader.number().bit_length()
        if not _MIN_RSA_BITS <= bits <= _MAX_RSA_BITS:
            raise ValueError(f"an RSA key of {bits} bits; {_MIN_RSA_BITS} at least")
    else:
        shown = kind if kind.isprintable() and len(kind) <= 64 else "?"
        raise ValueError(f"an ssh key of kind {shown}, which age cannot use")
    reader.finish()
    return f"{kind} {binascii.b2a_base64(blob, newline=False).decode('ascii')}"


def _parse_openssh(text: bytes, data: bytes) -> SshKey:
    if not text.endswith(_END_OPENSSH):
        raise ValueError("a private key file that is cut off")
    body = b"".join(text[len(_BEGIN_OPENSSH) : -len(_END_OPENSSH)].split())
    try:
        raw = binascii.a2b_base64(body, strict_mode=True)
    except ValueError:
        raise ValueError("a private key file whose base 64 is damaged") from None
    if not raw.startswith(_MAGIC):
        raise ValueError("a private key file that is damaged")
    reader = _Reader(raw[len(_MAGIC) :])
    cipher = reader.text()
    reader.string()  # the function that makes a key of the passphrase …
    reader.string()  # … and its salt and rounds
    if reader.integer() != 1:
        raise ValueError("a private key file with more than one key")
    public = reader.string()
    recipient = _recipient(public)
    kind = recipient.partition(" ")[0]
    secret = None if cipher != "none" else _parse_secret(kind, public, reader.string())
    return SshKey(kind, recipient, data, secret)


def _parse_secret(kind: str, public: bytes, private: bytes) -> bytes:
    reader = _Reader(private)
    if reader.integer() != reader.integer() or reader.text() != kind:
        raise ValueError("a private key file that is damaged")
    mine = _Reader(public)
    mine.text()
    if kind == "ssh-ed25519":
        seed, half = _halves(reader.string(), reader.string())
        if half != mine.string():
            raise ValueError("a private key file whose halves do not belong together")
        return seed
    modulus, exponent, secret = reader.number(), reader.number(), reader.number()
    if (exponent, modulus) != (mine.number(), mine.number()):
        raise ValueError("a private key file whose halves do not belong together")
    return _rsa_secret(modulus, secret)


def _halves(public: bytes, secret: bytes) -> tuple[bytes, bytes]:
    if len(secret) != 64 or secret[32:] != public:
        raise ValueError("a private key file that is damaged")
    return secret[:32], public


def _parse_rsa_pem(text: bytes, data: bytes) -> SshKey:
    """Read the PEM that ssh-keygen wrote before 2018 (PKCS #1)."""
    if b"ENCRYPTED" in text[:256]:
        return SshKey("ssh-rsa", "", data, None)
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(text, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("a private key file that is damaged") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("a private key that age cannot use")  # noqa: TRY004 - about the file
    numbers = key.private_numbers()
    public = numbers.public_numbers
    blob = b"".join(_string(part) for part in (b"ssh-rsa", _mpint(public.e), _mpint(public.n)))
    return SshKey("ssh-rsa", _recipient(blob), data, _rsa_secret(public.n, numbers.d))


def _rsa_secret(modulus: int, secret: int) -> bytes:
    return pae(*(n.to_bytes((n.bit_length() + 7) // 8, "big") for n in (modulus, secret)))


def _mpint(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


class _Reader:
    """Takes the fields of ssh's wire format (RFC 4251, 5) from the front of some bytes."""

    __slots__ = ("_data", "_position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def _take(self, size: int) -> bytes:
        start = self._position
        if size > len(self._data) - start:
            raise ValueError("an ssh key that is cut off")
        self._position = start + size
        return self._data[start : start + size]

    def integer(self) -> int:
        return int.from_bytes(self._take(4), "big")

    def string(self) -> bytes:
        return self._take(self.integer())

    def text(self) -> str:
        return self.string().decode("ascii", "replace")

    def number(self) -> int:
        return int.from_bytes(self.string(), "big")

    def finish(self) -> None:
        if self._position != len(self._data):
            raise ValueError("an ssh key with something after its end")
