# SPDX-License-Identifier: Apache-2.0
"""Reading a record strictly: every field known, typed and canonical, or it is none (format 8)."""

from __future__ import annotations

from gitseal.crypto.base32 import from_text
from gitseal.crypto.encoding import canonical_json
from gitseal.errors import IntegrityError, NewerVersionError, UsageError
from gitseal.keys import Context, WrappedKey
from gitseal.policy.parsing import parse_json
from gitseal.policy.records import RECORD_VERSION, Epoch, Record, check_record
from gitseal.policy.terms import Reader, RecordPolicy

_RECORD = frozenset(("context", "epochs", "name", "policy", "seq", "sig", "v"))
_POLICY = frozenset((
    "clear", "comments", "files", "integrity", "portable", "readers", "seal", "whole", "worktree",
))  # fmt: skip
_EPOCH = frozenset(("inbox", "kid", "n", "sign", "state", "wraps"))
_READER = frozenset(("key", "to"))
_WRAP = frozenset(("key", "to", "wrapped"))

_KID_SIZE = 32
_SIGN_SIZE = 32
_INBOX_SIZE = 1216
_SIGNATURE_SIZE = 64
_MAX_WRAP = 64 * 1024


def read_record(data: bytes) -> Record:
    """
    Read a record from its canonical bytes.

    Raises:
        NewerVersionError: its `v` is higher than ours.
        IntegrityError: unknown, missing or mistyped fields, or bytes that are not canonical.
    """
    fields = parse_json(data, "the record")
    version = fields.get("v")
    if isinstance(version, int) and not isinstance(version, bool) and version > RECORD_VERSION:
        raise NewerVersionError(
            f"the record has version {version}", hint="pip install --upgrade gitseal"
        )
    _check_names("the record", fields, _RECORD)
    if version is True or version != RECORD_VERSION:
        raise IntegrityError("the record has an unknown version")
    try:
        record = Record(
            _text(fields, "name"),
            _context(fields["context"]),
            _number(fields, "seq"),
            _policy(_object(fields["policy"])),
            [_epoch(_object(epoch)) for epoch in _list(fields, "epochs")],
            _bytes("sig", fields, "sig", _SIGNATURE_SIZE),
        )
        check_record(record)
    except UsageError as error:
        # In a record it is no mistake of the person at the keyboard.
        raise IntegrityError(f"the record: {error.message}") from None
    # All texts of base 32 were canonical, so the fields are what the record would write again.
    if not _is_canonical(fields, data):
        raise IntegrityError("the record is not in its canonical form")
    record.keep_bytes(data)
    return record


def read_claims(data: bytes, name: str) -> tuple[str, ...]:
    """
    Give the file patterns of a record without reading the rest, which costs a tenth.

    For choosing a scope only: nothing is believed before `Record.parse` and a verdict.

    Raises:
        GitsealError: as `Record.parse`, where there are no patterns to be found.
    """
    policy = parse_json(data, "the record").get("policy") if data else None
    files = policy.get("files") if isinstance(policy, dict) else None
    if isinstance(files, list) and all(isinstance(item, str) for item in files):
        return tuple(files)
    return Record.parse(data, name).policy.files


def _is_canonical(fields: dict[str, object], data: bytes) -> bool:
    try:
        return canonical_json(fields) == data
    except ValueError:  # a lone surrogate
        return False


def _check_names(where: str, fields: dict[str, object], known: frozenset[str]) -> None:
    if fields.keys() == known:
        return
    unknown = sorted(fields.keys() - known)
    missing = sorted(known - fields.keys())
    fault = f"has an unknown field {unknown[0]!r}" if unknown else f"lacks {missing[0]!r}"
    raise IntegrityError(f"{where} {fault}")


def _context(value: object) -> Context:
    return Context(_object(value))  # type: ignore[arg-type]  # it checks the types itself


def _policy(fields: dict[str, object]) -> RecordPolicy:
    agents = fields.get("agents", "deny")
    if agents != "deny":
        raise IntegrityError("agents stands in a record only as deny")
    _check_names("the policy", fields, _POLICY | {"agents"} if "agents" in fields else _POLICY)
    if not isinstance(fields["portable"], bool):
        raise IntegrityError("portable is true or false")
    readers = []
    for entry in _list(fields, "readers"):
        reader = _object(entry)
        _check_names("a reader", reader, _READER)
        readers.append(Reader(_text(reader, "to"), _text(reader, "key")))
    return RecordPolicy(
        files=_texts(fields, "files"),
        seal=_texts(fields, "seal"),
        clear=_texts(fields, "clear"),
        whole=_texts(fields, "whole"),
        comments=_text(fields, "comments"),
        worktree=_text(fields, "worktree"),
        integrity=_text(fields, "integrity"),
        portable=fields["portable"],
        agents="deny" if "agents" in fields else "allow",
        readers=readers,
    )


def _epoch(fields: dict[str, object]) -> Epoch:
    _check_names("an epoch", fields, _EPOCH | {"link"} if "link" in fields else _EPOCH)
    return Epoch(
        _number(fields, "n"),
        _text(fields, "state"),
        kid=_bytes("kid", fields, "kid", _KID_SIZE),
        sign=_bytes("pub", fields, "sign", _SIGN_SIZE),
        inbox=_bytes("pub", fields, "inbox", _INBOX_SIZE),
        link=_bytes("sig", fields, "link", _SIGNATURE_SIZE) if "link" in fields else None,
        wraps=[_wrap(_object(wrap)) for wrap in _list(fields, "wraps")],
    )


def _wrap(fields: dict[str, object]) -> WrappedKey:
    _check_names("a wrap", fields, _WRAP)
    return WrappedKey(
        _text(fields, "to"), _text(fields, "key"), _bytes("wrap", fields, "wrapped", None)
    )


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise IntegrityError("the record has something else where an object belongs")
    return value


def _list(fields: dict[str, object], name: str) -> list[object]:
    value = fields[name]
    if not isinstance(value, list):
        raise IntegrityError(f"{name} is not a list")
    return value


def _texts(fields: dict[str, object], name: str) -> list[str]:
    value = _list(fields, name)
    texts = [item for item in value if isinstance(item, str)]
    if len(texts) != len(value):
        raise IntegrityError(f"{name} is not a list of strings")
    return texts


def _text(fields: dict[str, object], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise IntegrityError(f"{name} is not a string")
    return value


def _number(fields: dict[str, object], name: str) -> int:
    value = fields[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise IntegrityError(f"{name} is not a number")
    return value


def _bytes(word: str, fields: dict[str, object], name: str, size: int | None) -> bytes:
    """Decode one text of base 32; `size` None is for wraps, which have none of their own."""
    try:
        data = from_text(word, _text(fields, name))
    except ValueError:
        raise IntegrityError(f"{name} is not a text of {word}:v1") from None
    if len(data) != size if size is not None else not 1 <= len(data) <= _MAX_WRAP:
        raise IntegrityError(f"{name} has the wrong size")
    return data
