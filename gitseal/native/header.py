# SPDX-License-Identifier: Apache-2.0
"""The header of a sealed file: a few public fields, strictly read (format 5)."""

from __future__ import annotations

from gitseal.crypto import base32
from gitseal.crypto.derive import KID_SIZE
from gitseal.crypto.encoding import canonical_json
from gitseal.crypto.signatures import SIGNATURE_SIZE
from gitseal.errors import DocumentError, LimitError, NewerVersionError, PolicyError, UsageError
from gitseal.keypaths import Rules
from gitseal.keys import AD_HOC_SCOPE, Context, WrappedKey, check_scope_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

VERSION = 1
MAX_FIELD = 64 * 1024
MAX_KEYS = 64
_ORDER = (
    "v", "scope", "epoch", "kid", "origin", "newline", "context", "keys", "rules", "seal",
)  # fmt: skip
_REQUIRED = ("v", "scope", "epoch", "kid", "origin")


class FileRules:
    """The rules that a file of scope `file` carries in its own header."""

    __slots__ = ("clear", "comments", "seal")

    def __init__(self, seal: Sequence[str], clear: Sequence[str], comments: str) -> None:
        self.seal = tuple(seal)
        self.clear = tuple(clear)
        self.comments = comments

    def as_json(self) -> dict[str, object]:
        """Give the JSON form."""
        return {"seal": list(self.seal), "clear": list(self.clear), "comments": self.comments}

    def signed_bytes(self) -> bytes:
        """Give the bytes that the seal covers."""
        return canonical_json(self.as_json())


class Header:
    """
    What a sealed file says about itself; a claim, until the seal is verified.

    Attributes:
        scope, epoch: which data key it says it is sealed under.
        kid: 32 bytes, the id of that key.
        origin: path at which the file was first sealed; empty in plain scopes.
        newline: False if the body had no final line break.
        context, keys: only in portable files and in scope `file`.
        rules: only in scope `file`.
        seal: 64 bytes of signature; None where the policy says `integrity: mergeable`.
    """

    __slots__ = (
        "context", "epoch", "keys", "kid", "newline", "origin", "rules", "scope", "seal",
    )  # fmt: skip

    def __init__(
        self,
        scope: str,
        epoch: int,
        kid: bytes,
        origin: str,
        *,
        newline: bool = True,
        context: Context | None = None,
        keys: Sequence[WrappedKey] = (),
        rules: FileRules | None = None,
        seal: bytes | None = None,
    ) -> None:
        self.scope = scope
        self.epoch = epoch
        self.kid = kid
        self.origin = origin
        self.newline = newline
        self.context = context
        self.keys = tuple(keys)
        self.rules = rules
        self.seal = seal

    def finished(self, *, seal: bytes | None, newline: bool = True) -> Header:
        """
        Give the header as it is written, with what only sealing can tell.

        Args:
            seal: 64 bytes of signature, or None where none is wanted.
            newline: whether the body ends with a line break.
        """
        return Header(
            self.scope,
            self.epoch,
            self.kid,
            self.origin,
            newline=newline,
            context=self.context,
            keys=self.keys,
            rules=self.rules,
            seal=seal,
        )

    def as_json(self) -> dict[str, object]:
        """
        Give the fields in the order in which they are written, absent ones left out.

        Raises:
            LimitError: a field that no reader would accept, such as the keys of 100 readers.
        """
        fields: dict[str, object] = {
            "v": VERSION,
            "scope": self.scope,
            "epoch": self.epoch,
            "kid": base32.to_text("kid", self.kid),
            "origin": self.origin,
        }
        if not self.newline:
            fields["newline"] = False
        if self.context is not None:
            fields["context"] = dict(self.context)
        if self.keys:
            fields["keys"] = [
                {"key": key.uri, "to": key.to, "wrapped": base32.to_text("wrap", key.blob)}
                for key in self.keys
            ]
        if self.rules is not None:
            fields["rules"] = self.rules.as_json()
        if self.seal is not None:
            fields["seal"] = base32.to_text("sig", self.seal)
        if len(self.keys) > MAX_KEYS:
            raise LimitError(f"a file carries the keys of at most {MAX_KEYS} readers")
        for name, value in fields.items():
            _check_size(name, value)
        return fields

    def fields(self) -> list[tuple[str, str]]:
        """Give (name, one-line JSON) in the order in which they are written."""
        import json

        return [(name, json.dumps(value)) for name, value in self.as_json().items()]


def read_header(fields: Iterable[tuple[str, object]]) -> Header:
    """
    Read the raw fields of a header.

    Raises:
        DocumentError: a field is unknown, missing, given twice or of the wrong kind.
        LimitError: a field is longer than 64 KiB.
        NewerVersionError: the file was made by a newer gitseal.
    """
    given: dict[str, object] = {}
    for name, value in fields:
        if name in given:
            raise _malformed(f"the field {name!r} stands twice")
        _check_size(name, value)
        given[name] = value
    version = given.get("v")
    if type(version) is int and version > VERSION:
        raise NewerVersionError(
            f"sealed in format {version}; this gitseal reads format {VERSION}",
            hint="install a newer gitseal",
        )
    if unknown := [name for name in given if name not in _ORDER]:
        raise _malformed(f"the field {unknown[0]!r} is unknown")
    if missing := [name for name in _REQUIRED if name not in given]:
        raise _malformed(f"the field {missing[0]!r} is missing")
    if type(version) is not int or version != VERSION:
        raise _malformed("the field 'v' is not 1")
    return _Reader(given).header()


def _check_size(name: str, value: object) -> None:
    """Refuse a field whose texts have more than 64 KiB together (format 11)."""
    size = 0
    rest = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, str):
            size += len(one)
        elif isinstance(one, list):
            rest += one
        elif isinstance(one, dict):
            rest += one
            rest += one.values()
    if size > MAX_FIELD:
        raise LimitError(f"the field {name!r} of the gitseal header is longer than 64 KiB")


def _malformed(reason: str) -> DocumentError:
    return DocumentError(
        f"the gitseal header is damaged: {reason}",
        hint="take the file from git again, e.g. git checkout -- FILE",
    )


class _Reader:
    """Reads typed fields out of a raw mapping; every refusal names the field only."""

    def __init__(self, fields: dict[str, object]) -> None:
        self._fields = fields

    def header(self) -> Header:
        scope = self._text("scope")
        try:
            check_scope_name(scope, ad_hoc=True)
        except UsageError:
            raise _malformed("the field 'scope' is no scope name") from None
        header = Header(
            scope,
            self._epoch(),
            self._bytes("kid", "kid", KID_SIZE),
            self._origin(),
            newline=self._newline(),
            context=self._context(),
            keys=self._keys(),
            rules=self._rules(),
            seal=self._bytes("seal", "sig", SIGNATURE_SIZE) if "seal" in self._fields else None,
        )
        self._check_carried(header)
        return header

    def _check_carried(self, header: Header) -> None:
        """A portable file carries context and keys; one of scope `file` rules and seal too."""
        if (header.context is None) != (not header.keys):
            raise _malformed("'context' and 'keys' only stand together")
        if header.scope != AD_HOC_SCOPE:
            if header.rules is not None:
                raise _malformed("'rules' stand only in scope 'file'")
            return
        if header.context is None or header.rules is None or header.seal is None:
            raise _malformed("scope 'file' needs 'context', 'keys', 'rules' and 'seal'")
        if header.epoch != 1:
            raise _malformed("scope 'file' has one epoch")

    def _text(self, name: str) -> str:
        value = self._fields[name]
        if not isinstance(value, str):
            raise _malformed(f"the field {name!r} is not a string")
        return value

    def _bytes(self, name: str, word: str, size: int) -> bytes:
        try:
            value = base32.from_text(word, self._text(name))
        except ValueError:
            raise _malformed(f"the field {name!r} is not a text of {word}:v1") from None
        if len(value) != size:
            raise _malformed(f"the field {name!r} does not hold {size} bytes")
        return value

    def _epoch(self) -> int:
        epoch = self._fields["epoch"]
        if type(epoch) is not int or not 1 <= epoch < 2**63:
            raise _malformed("the field 'epoch' is not a positive number")
        return epoch

    def _origin(self) -> str:
        origin = self._text("origin")
        if origin and not is_origin(origin):
            raise _malformed("the field 'origin' is no path of a repository")
        return origin

    def _newline(self) -> bool:
        if "newline" not in self._fields:
            return True
        # Written only where it is false; `true` would be a second spelling of absence.
        if self._fields["newline"] is not False:
            raise _malformed("the field 'newline' is not false")
        return False

    def _context(self) -> Context | None:
        if "context" not in self._fields:
            return None
        pairs = self._fields["context"]
        if not isinstance(pairs, dict):
            raise _malformed("the field 'context' is not a mapping of strings")
        try:
            return Context(pairs)
        except UsageError:
            raise _malformed("the field 'context' is no valid context") from None

    def _keys(self) -> list[WrappedKey]:
        if "keys" not in self._fields:
            return []
        entries = self._fields["keys"]
        if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_KEYS:
            raise _malformed(f"the field 'keys' is not a list of 1 to {MAX_KEYS} keys")
        return [_read_key(entry) for entry in entries]

    def _rules(self) -> FileRules | None:
        if "rules" not in self._fields:
            return None
        rules = self._fields["rules"]
        if not isinstance(rules, dict) or set(rules) != {"seal", "clear", "comments"}:
            raise _malformed("the field 'rules' has not just 'seal', 'clear' and 'comments'")
        for name in ("seal", "clear"):
            globs = rules[name]
            if not isinstance(globs, list) or not all(isinstance(glob, str) for glob in globs):
                raise _malformed(f"'rules' has no list of strings in {name!r}")
        if rules["comments"] not in ("seal", "clear"):
            raise _malformed("'comments' of 'rules' is neither 'seal' nor 'clear'")
        try:
            Rules(rules["seal"], rules["clear"], rules["comments"])
        except PolicyError:
            raise _malformed("'rules' has a glob that is none") from None
        return FileRules(rules["seal"], rules["clear"], rules["comments"])


def _read_key(entry: object) -> WrappedKey:
    if not isinstance(entry, dict) or set(entry) != {"key", "to", "wrapped"}:
        raise _malformed("an entry of 'keys' has not just 'key', 'to' and 'wrapped'")
    uri, to, wrapped = entry["key"], entry["to"], entry["wrapped"]
    if not all(isinstance(text, str) for text in (uri, to, wrapped)):
        raise _malformed("an entry of 'keys' is not made of strings")
    try:
        return WrappedKey(to, uri, base32.from_text("wrap", wrapped))
    except ValueError:
        raise _malformed("an entry of 'keys' has no text of wrap:v1") from None


def is_origin(path: str) -> bool:
    """Tell whether a path is one that can be bound: UTF-8, no empty, `.` or `..` segment."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return all(segment not in ("", ".", "..") for segment in path.split("/"))
