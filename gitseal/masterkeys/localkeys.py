# SPDX-License-Identifier: Apache-2.0
"""
Local key files: found in the user's own places, read, used and made.

A key is looked for by its id, 16 characters computed from the key itself: as `ID.key` in the
folder of local keys (`<config>/gitseal/keys`), then in the files that `GITSEAL_KEY_FILE` names;
`GITSEAL_KEY` may hold one itself.
The file is one line, comments and empty lines aside::

    # gitseal local key file:4bq1c9dz0x7m2k8w
    GITSEAL-LOCAL-KEY-1:<103 characters of cb32: 64 bytes>

It must be a regular file of mode 0600 that belongs to the user, and no symbolic link (format 3).
"""

from __future__ import annotations

import os

from gitseal.crypto import base32
from gitseal.crypto.encoding import pae
from gitseal.errors import GitsealError, NotFoundError, RefusedError
from gitseal.masterkeys.keyfiles import create_private, read_private

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEME = "file:"
KEY_SIZE = 64
ID_SIZE = 16
SUFFIX = ".key"
LINE = "GITSEAL-LOCAL-KEY-1:"
_MAX_FILE = 4096


class SecretKey:
    """
    The 64 bytes of a local key.

    Attributes:
        key_id: 16 characters that follow from them and tell nothing about them.
        origin: the file they came from.
    """

    __slots__ = ("_bytes", "key_id", "origin")

    def __init__(self, secret: bytes, origin: str) -> None:
        if len(secret) != KEY_SIZE:
            raise ValueError(f"a local key has {KEY_SIZE} bytes")
        self._bytes = bytes(secret)
        self.origin = origin
        self.key_id = key_id(secret)

    def wrap(self, data_key: bytes, binding: bytes) -> bytes:
        """Give 48 bytes: the synthetic IV, then the ciphertext."""
        from gitseal.crypto import library

        return library.aes_siv(self._bytes).encrypt(data_key, [binding])

    def unwrap(self, blob: bytes, binding: bytes) -> bytes | None:
        """Give what was wrapped, or None if key, binding or blob is another."""
        from gitseal.crypto import library

        try:
            return library.aes_siv(self._bytes).decrypt(blob, [binding])
        except Exception as error:
            if isinstance(error, ValueError) or library.is_refusal(error):
                return None
            raise

    def vouch_secret(self) -> bytes:
        """Give the 64 bytes an own vouch is derived from (format 8)."""
        return self._bytes

    def __repr__(self) -> str:
        return f"SecretKey({SCHEME}{self.key_id}, …)"

    def __reduce__(self) -> str:
        raise TypeError("a local key cannot be pickled")


class LocalKeys:
    """
    The user's local key files.

    Args:
        folder: where they are kept as `ID.key`, or None.
        files: further files, each as `(label, path)`; the label is what the user knows it by.
        texts: keys that a setting of the user holds itself, each as `(label, line)`.

    Raises:
        RefusedError: one of `texts` is no local key.
    """

    __slots__ = ("_files", "_known", "folder")

    def __init__(
        self,
        folder: str | None = None,
        files: Sequence[tuple[str, str]] = (),
        texts: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.folder = folder
        self._files = tuple(files)
        keys = [parse(text, label) for label, text in texts]
        self._known = {key.key_id: key for key in keys}

    def find(self, wanted: str) -> SecretKey | None:
        """
        Give the key of an id.

        Raises:
            RefusedError: its file is not one that may hold a key (mode, owner, link, FIFO), or
                holds something else.
        """
        if wanted in self._known:
            return self._known[wanted]
        for path in self._paths(wanted):
            try:
                key = load(path)
            except NotFoundError:
                continue
            self._known[key.key_id] = key
            if key.key_id == wanted:
                return key
        return None

    def _paths(self, wanted: str) -> list[str]:
        stored = [] if self.folder is None else [os.path.join(self.folder, wanted + SUFFIX)]
        return stored + [path for _, path in self._files]

    def uris(self) -> tuple[str, ...]:
        """Give the URIs of all keys that can be used; files that cannot be are left out."""
        for path in [*self._stored(), *(path for _, path in self._files)]:
            try:
                key = load(path)
            except GitsealError:
                continue
            self._known.setdefault(key.key_id, key)
        return tuple(SCHEME + key_id for key_id in self._known)

    def vouch_secrets(self) -> tuple[bytes, ...]:
        """Give the 64 bytes of each of `uris`, which own vouches are derived from (format 8)."""
        return tuple(self._known[uri[len(SCHEME) :]].vouch_secret() for uri in self.uris())

    def looked(self) -> tuple[str, ...]:
        """Give the places where keys are looked for, as messages call them."""
        folder = () if self.folder is None else (self.folder,)
        return folder + tuple(label for label, _ in self._files)

    def _stored(self) -> list[str]:
        if self.folder is None:
            return []
        try:
            names = sorted(os.listdir(self.folder))
        except OSError:
            return []
        return [os.path.join(self.folder, name) for name in names if name.endswith(SUFFIX)]

    def __repr__(self) -> str:
        return f"LocalKeys({self.folder!r})"


def key_id(secret: bytes) -> str:
    """Give the id of a local key: 80 bits of a hash, 16 characters of cb32."""
    import hashlib

    digest = hashlib.sha256(pae(b"gitseal/v1 local key", secret)).digest()
    return base32.encode(digest[:10])


def load(path: str) -> SecretKey:
    """
    Read a local key file.

    Raises:
        NotFoundError: there is none.
        RefusedError: not a regular file of mode 0600 of this user, or not a local key.
    """
    return parse(read_private(path, _MAX_FILE, strict=True).data.decode("ascii", "replace"), path)


def parse(text: str, origin: str) -> SecretKey:
    """
    Read the text of a local key file.

    Raises:
        RefusedError: not a local key; `origin` is named, the text never.
    """
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if len(lines) != 1 or not lines[0].startswith(LINE):
        raise RefusedError("not a local key of gitseal", path=origin)
    try:
        return SecretKey(base32.decode(lines[0][len(LINE) :]), origin)
    except ValueError:
        raise RefusedError("a local key that is damaged", path=origin) from None


def generate(folder: str, *, secret: bytes | None = None) -> str:
    """
    Make a local key as `ID.key` in a folder.

    Args:
        folder: `<config>/gitseal/keys`; made with 0700 if missing.
        secret: the 64 bytes to use, random if not given.

    Returns:
        Its URI.

    Raises:
        RefusedError: it cannot be written.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    raw = AESSIV.generate_key(8 * KEY_SIZE) if secret is None else secret
    key = SecretKey(raw, folder)
    uri = SCHEME + key.key_id
    text = f"# gitseal local key {uri}\n{LINE}{base32.encode(raw)}\n"
    create_private(os.path.join(folder, key.key_id + SUFFIX), text.encode("ascii"))
    return uri
