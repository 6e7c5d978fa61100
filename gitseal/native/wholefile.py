# SPDX-License-Identifier: Apache-2.0
"""Whole-file mode: a short public header, then the content as one sealed body (format 7)."""

from __future__ import annotations

from gitseal.crypto.encoding import canonical_json, le64
from gitseal.crypto.values import TAG_SIZE, open_file, padded_length, proves_file, seal_file
from gitseal.errors import DocumentError, IntegrityError, LimitError, NewerVersionError
from gitseal.native.binding import bind, check_key, check_seal
from gitseal.native.header import Header, read_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.crypto.derive import ScopeKeys
    from gitseal.keys import ScopeId
    from gitseal.native.binding import Binding

MAGIC = b"\0GITSEAL"
_START = MAGIC + b"\x01"
_FIXED = len(_START) + 8
MAX_CONTENT = 2**30
_MAX_HEADER = 2**20
_LARGE = 2**22
_RESTORE = "take the file from git again: git checkout -- FILE"


class SealedWhole:
    """
    A whole-file container, taken apart but not yet verified.

    Attributes:
        header: what it says about itself.
        body: the sealed content; a view, since a copy of 1 GiB takes its time.
    """

    __slots__ = ("body", "header")

    def __init__(self, header: Header, body: bytes | memoryview) -> None:
        self.header = header
        self.body = body


def is_whole(data: bytes) -> bool:
    """Tell whether bytes begin like a whole-file container of any version."""
    return data.startswith(MAGIC)


def inspect_whole(data: bytes) -> SealedWhole:
    """
    Take a container apart.

    Raises:
        DocumentError: it is cut short or its header is damaged.
        NewerVersionError: it was made by a newer gitseal.
    """
    if not data.startswith(_START):
        if is_whole(data) and data[len(MAGIC) : len(_START)] > b"\x01":
            raise NewerVersionError(
                "sealed in a newer whole-file format", hint="install a newer gitseal"
            )
        raise DocumentError("not a file that gitseal sealed as a whole", hint=_RESTORE)
    size = int.from_bytes(data[len(_START) : _FIXED], "little")
    if len(data) < _FIXED or size > _MAX_HEADER or size > len(data) - _FIXED:
        raise DocumentError("the sealed file is cut short", hint=_RESTORE)
    header = _read(data[_FIXED : _FIXED + size])
    if not header.newline:
        # Nothing signs it, and nothing here would obey it: a second spelling of the file.
        raise DocumentError(
            "the gitseal header is damaged: 'newline' is for documents", hint=_RESTORE
        )
    body = memoryview(data)[_FIXED + size :]
    # Checked here so that a key-less check sees a body that cannot be one.
    content = len(body) - TAG_SIZE
    if content < 32 or padded_length(content) != content:
        raise DocumentError(
            "the sealed file is cut short, or something was added to it", hint=_RESTORE
        )
    return SealedWhole(header, body)


def _read(encoded: bytes) -> Header:
    import json

    try:
        fields = json.loads(encoded)
        canonical = canonical_json(fields)
    except (ValueError, RecursionError):
        fields, canonical = None, b""
    if not isinstance(fields, dict) or canonical != encoded:
        raise DocumentError("the gitseal header is damaged: not canonical JSON", hint=_RESTORE)
    return read_header(fields.items())


def verify_whole(sealed: SealedWhole, scope: ScopeId, sign_public: bytes) -> None:
    """
    Verify the seal; needs no secret.

    Raises:
        IntegrityError: changed, damaged, or of another scope, epoch or origin.
    """
    message = bind(sealed.header, scope).file_message(sealed.body)
    check_seal(sign_public, sealed.header.seal, message)


def open_whole(sealed: SealedWhole, keys: ScopeKeys) -> bytes:
    """
    Verify and open.

    Raises:
        IntegrityError: changed, damaged, or of another scope, epoch or origin.
    """
    verify_whole(sealed, keys.scope, keys.sign_public())
    check_key(sealed.header, keys)
    binding = bind(sealed.header, keys.scope)
    return open_file(keys.file_key(binding.origin), binding.header_bytes(), sealed.body)


def seal_whole(content: bytes, header: Header, keys: ScopeKeys, *, proven: bool = False) -> bytes:
    """
    Seal content of at most 1 GiB; equal inputs give equal bytes.

    Args:
        content: any bytes.
        header: without `seal`; its scope, epoch and kid are those of `keys`.
        keys: of the scope and epoch.
        proven: open the body again and compare.

    Raises:
        LimitError: more than 1 GiB.
    """
    if len(content) > MAX_CONTENT:
        raise LimitError("larger than the 1 GiB that gitseal seals as a whole")
    binding = bind(header, keys.scope)
    key, head = keys.file_key(binding.origin), binding.header_bytes()
    body = seal_file(key, head, content)
    if proven:
        message = _proven_message(binding, key, body, content)
    else:
        message = binding.file_message(body)
    written = header.finished(seal=keys.sign(message))
    encoded = canonical_json(written.as_json())
    return b"".join((_START, le64(len(encoded)), encoded, body))


def _proven_message(binding: Binding, key: bytes, body: bytes, content: bytes) -> bytes:
    """
    Give what the seal signs, having opened the body again and compared it.

    git waits meanwhile, so for large files a second processor hashes while this one opens.

    Raises:
        IntegrityError: it does not open to the content, which is a bug.
    """
    head = binding.header_bytes()
    if len(content) < _LARGE:
        proven, message = proves_file(key, head, body, content), binding.file_message(body)
    else:
        from threading import Thread

        messages: list[bytes] = []
        hashing = Thread(target=lambda: messages.append(binding.file_message(body)))
        hashing.start()
        proven = proves_file(key, head, body, content)
        hashing.join()
        (message,) = messages
    if not proven:
        raise IntegrityError("what was sealed does not open again; this is a bug in gitseal")
    return message
