# SPDX-License-Identifier: Apache-2.0
"""
What every case of the kit is made with: a world of fixed keys, good files, small tools.

Where a change would only be noticed by the seal, and the case is not about the seal, a fresh and
valid one is made with the key (`World.signed`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from gitseal import documents, keypaths, sealedfile
from gitseal.crypto import base32
from gitseal.crypto.derive import ScopeKeys
from gitseal.crypto.encoding import pae
from gitseal.crypto.values import pad
from gitseal.keypaths import Rules
from gitseal.keys import Context, DataKey, ScopeId, WrappedKey
from gitseal.native.binding import Binding
from gitseal.native.header import FileRules, Header

DATA_KEY = bytes(range(32))
CONTEXT = {"app": "payments", "env": "prod"}
TOKEN = re.compile(r"seal:v1\[_[0-9a-z]*_\]")
SIG = re.compile(rb"sig:v1\[_[0-9a-z]*_\]")
NOTE = b"# Sealed with gitseal."
ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of the group of Ed25519."""


class World:
    """One file in its scope: seals texts, and signs what was altered afterwards."""

    def __init__(
        self,
        name: str,
        *,
        seal: Sequence[str] | None = ("**.password",),
        clear: Sequence[str] = (),
        comments: str = "clear",
        integrity: str = "strict",
        worktree: str = "sealed",
        scope: str = "payments-prod",
        context: dict[str, str] = CONTEXT,
        epoch: int = 3,
        data_key: bytes = DATA_KEY,
        origin: str | None = None,
        carried: FileRules | None = None,
        portable: bool = False,
    ) -> None:
        self.name = name
        self.seal_globs = seal
        self.clear_globs = clear
        self.comments = comments
        self.integrity = integrity
        self.worktree = worktree
        self.data_key = data_key
        self.origin = ("" if worktree == "plain" else name) if origin is None else origin
        self.keys = ScopeKeys(DataKey(data_key), ScopeId(scope, Context(context), epoch))
        self.carried = carried
        self.portable = portable or carried is not None

    @property
    def syntax(self) -> str:
        return documents.syntax_of(self.name) or ""

    def header(self) -> Header:
        scope = self.keys.scope
        wraps = [WrappedKey("ada", "age:age1ada", b"wrapped for ada")] if self.portable else []
        return Header(
            scope.name,
            scope.epoch,
            self.keys.kid,
            self.origin,
            context=scope.context if self.portable else None,
            keys=wraps,
            rules=self.carried,
        )

    def binding(self) -> Binding:
        rules = self.carried.signed_bytes() if self.carried is not None else b""
        return Binding(self.keys.scope, self.keys.kid, self.origin.encode(), rules)

    def seal(self, content: bytes | str, *, whole: bool = False) -> bytes:
        """Seal a clear file."""
        data = content.encode() if isinstance(content, str) else content
        clear = sealedfile.inspect(data, self.name, whole=whole)
        assert isinstance(clear, sealedfile.ClearFile)
        if self.carried is not None:
            rules = Rules(self.carried.seal, self.carried.clear, self.carried.comments)
        else:
            rules = Rules(self.seal_globs or ("**",), self.clear_globs, self.comments)
        return clear.seal(self.header(), self.keys, rules, strict=self.integrity == "strict")

    def signed(self, data: bytes) -> bytes:
        """Give a document a fresh, valid seal, whatever was done to it."""
        return with_seal(data, self.keys.sign(self.message(data)))

    def message(self, data: bytes) -> bytes:
        """Give what the seal of a document signs."""
        return pae(b"gitseal/v1 docsig", self.digest(data))

    def digest(self, data: bytes) -> bytes:
        events = documents.parse(data, self.syntax).events
        return self.binding().document_digest(events)

    def token(self, path: Sequence[tuple[str, ...]], frame: bytes) -> str:
        """Seal a frame for a key path."""
        return self.token_of_padded(path, pad(frame))

    def token_of_padded(self, path: Sequence[tuple[str, ...]], padded: bytes) -> str:
        """Seal what may not even be padded rightly."""
        cipher = AESSIV(self.keys.value_key(self.origin.encode()))
        bound = pae(b"gitseal/v1 value", keypaths.encode(path))
        return base32.to_text("seal", cipher.encrypt(padded, [bound]))

    def fields(self) -> list[tuple[str, str]]:
        """Give what the kit's header says about this world."""
        scope = self.keys.scope
        rules = "none" if self.seal_globs is None else json.dumps(list(self.seal_globs))
        return [
            ("name", self.name),
            ("data key", self.data_key.hex()),
            ("scope", scope.name),
            ("context", json.dumps(dict(scope.context))),
            ("epoch", str(scope.epoch)),
            ("worktree", self.worktree),
            ("integrity", self.integrity),
            ("rules", rules),
            ("clear", json.dumps(list(self.clear_globs))),
            ("comments", self.comments),
        ]


class Case:
    """One file of the kit; `clear` is what may be released, if anything."""

    def __init__(
        self, name: str, expect: str, world: World, data: bytes, comment: str, clear: bytes = b""
    ) -> None:
        assert (expect == "ok") or not clear
        self.name = name
        self.expect = expect
        self.world = world
        self.data = data
        self.comment = comment
        self.clear = clear

    def to_bytes(self) -> bytes:
        fields = [
            ("expect", self.expect),
            *self.world.fields(),
            ("released", hashlib.sha256(self.clear).hexdigest()),
            ("comment", self.comment),
        ]
        head = "".join(f"{name}: {value}\n" for name, value in fields)
        return head.encode() + b"\n" + self.data


# --- Small tools ----------------------------------------------------------------------------------


def key(*names: str) -> list[tuple[str, ...]]:
    """Give a key path; `*` is an item of a list."""
    return [("*",) if name == "*" else ("k", name) for name in names]


def tokens(data: bytes) -> list[str]:
    return TOKEN.findall(data.decode())


def edit(data: bytes, old: str | bytes, new: str | bytes) -> bytes:
    """Replace what stands there exactly once."""
    old = old.encode() if isinstance(old, str) else old
    new = new.encode() if isinstance(new, str) else new
    assert data.count(old) == 1, (old, data.count(old))
    return data.replace(old, new)


def with_seal(data: bytes, seal: bytes) -> bytes:
    return SIG.sub(base32.to_text("sig", seal).encode(), data)


def swap(data: bytes, one: str, other: str) -> bytes:
    """Exchange two texts."""
    return edit(edit(edit(data, one, "\0"), other, one), "\0", other)


def split(data: bytes) -> tuple[bytes, bytes]:
    """Give body and header of a sealed YAML or dotenv file."""
    at = data.index(NOTE)
    return data[:at], data[at:]


def respelled(token: str, position: int) -> str:
    """Change one character of a sealed value into the next one of the alphabet."""
    alphabet = base32.ALPHABET.decode()
    new = alphabet[(alphabet.index(token[position]) + 1) % 32]
    return token[:position] + new + token[position + 1 :]


def set_field(data: bytes, name: str, text: str) -> bytes:
    """Give a field of a YAML header another value."""
    changed, count = re.subn(
        rb"(?m)^  %s: .*$" % name.encode(), b"  %s: %s" % (name.encode(), text.encode()), data
    )
    assert count == 1, name
    return changed


def drop_field(data: bytes, name: str) -> bytes:
    changed, count = re.subn(rb"(?m)^  %s: .*\n" % name.encode(), b"", data)
    assert count == 1, name
    return changed


def add_field(data: bytes, name: str, text: str) -> bytes:
    return data + f"  {name}: {text}\n".encode()


# --- Good files -----------------------------------------------------------------------------------

YAML_TEXT = """\
# canary comment
service: canary-service
replicas: 3
debug: false
nothing: null
database:
  host: canary-host
  user: &user canary-user
  password: canary-db
  pool: [1, 2]
users:
  - name: canary-ada
    password: canary-one
  - name: canary-bob
    password: canary-two
defaults: &defaults
  timeout: 30
staging:
  <<: *defaults
  owner: *user
  password: canary-three
"""
JSON_TEXT = """\
{
  "service": "canary-service",
  "replicas": 1.0,
  "database": {"host": "canary-host", "password": "canary-db"},
  "users": [{"password": "canary-one"}, {"password": "canary-two"}]
}
"""
ENV_TEXT = """\
# canary comment
DB_PASSWORD=canary-db
export API_KEY='canary-key' # canary remark
EMPTY=
LONG="canary one
canary two"
"""
BLOB = b"canary\x00\x01\x02\xff blob"

YAML = World("config/app.yaml")
JSON = World("config/app.json")
ENV = World("config/.env", seal=["**"])
WHOLE = World("secrets/blob.bin", seal=["**"])

YAML_SEALED = YAML.seal(YAML_TEXT)
JSON_SEALED = JSON.seal(JSON_TEXT)
ENV_SEALED = ENV.seal(ENV_TEXT)
WHOLE_SEALED = WHOLE.seal(BLOB)

DB = key("database", "password")
