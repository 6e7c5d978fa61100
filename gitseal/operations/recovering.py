# SPDX-License-Identifier: Apache-2.0
"""
What is still intact in a damaged file: each value on its own, without the seal (format 9).

A value that opens was sealed for its place in this file by somebody who had the key; that it is
the newest one, and that nothing beside it was taken away, is not known.  Writes nothing.
"""

from __future__ import annotations

from gitseal import documents
from gitseal.crypto.values import open_file, open_values
from gitseal.errors import (
    DocumentError,
    GitsealError,
    IntegrityError,
    NotADocumentError,
    RefusedError,
)
from gitseal.keypaths import COMMENT_PATH, format_path
from gitseal.keys import AD_HOC_SCOPE
from gitseal.native.binding import bind
from gitseal.native.frames import COMMENT_CODE, SYNTAX_CODES, read_frame
from gitseal.native.header import read_header
from gitseal.native.wholefile import inspect_whole, is_whole
from gitseal.operations.opening import MAX_FILE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.crypto.derive import ScopeKeys
    from gitseal.documents.base import Document
    from gitseal.native.header import Header
    from gitseal.operations.workspace import Place, Workspace

_MAX_CUTS = 200


class Found:
    """
    One place of a damaged file.

    Attributes:
        where: its key path, as messages write it.
        line: 1-based.
        text: the value as it stood in the source; None if it does not open.
    """

    __slots__ = ("line", "text", "where")

    def __init__(self, where: str, line: int, text: str | None) -> None:
        self.where = where
        self.line = line
        self.text = text

    def __repr__(self) -> str:
        return f"Found({self.where!r}, line={self.line})"


class Recovered:
    """
    What a damaged file still tells.

    Attributes:
        found: each sealed place, in the order of the text.
        lost_lines: how many lines at the end had to be left out to read the rest.
    """

    __slots__ = ("found", "lost_lines")

    def __init__(self, found: list[Found], lost_lines: int = 0) -> None:
        self.found = found
        self.lost_lines = lost_lines


def recover(workspace: Workspace, path: str) -> Recovered:
    """
    Open what opens of a damaged file, under the record that is trusted for its path.

    Raises:
        RefusedError: it is not sealed, or nothing says under which key it was.
        DocumentError: too little of it can be read.
        KeyAccessError: no key of yours opens its scope, or the record is not trusted.
    """
    from gitseal.files import read_limited

    place = workspace.locate(path)
    data = read_limited(place.file, MAX_FILE)
    try:
        if is_whole(data):
            return _whole(workspace, data, place)
        document, lost = _parse(data, place)
        if not document.sealed and not document.sealed_comments:
            raise RefusedError("holds no sealed value")
        candidates = _candidates(workspace, _header(document), place)
        return Recovered(_values(document, candidates), lost)
    except GitsealError as error:
        raise error.at(path) from None


def _whole(workspace: Workspace, data: bytes, place: Place) -> Recovered:
    sealed = inspect_whole(data)
    for keys, origin in _candidates(workspace, sealed.header, place):
        header = bind(sealed.header, keys.scope).header_bytes()
        try:
            content = open_file(keys.file_key(origin.encode()), header, sealed.body)
        except IntegrityError:
            continue
        return Recovered([Found("(whole file)", 1, content.decode("utf-8", "backslashreplace"))])
    return Recovered([Found("(whole file)", 1, None)])


def _parse(data: bytes, place: Place) -> tuple[Document, int]:
    """Parse a document, or as much of its beginning as is one."""
    syntax = documents.syntax_of(place.name)
    if syntax is None:
        raise DocumentError("is neither a whole sealed file nor a document")
    try:
        return documents.parse(data, syntax), 0
    except NotADocumentError as error:
        failure, line = error, error.line
    lines = data.splitlines(keepends=True)
    end = min(line - 1, len(lines)) if line else len(lines)
    for kept in range(end, max(end - _MAX_CUTS, 0), -1):
        try:
            return documents.parse(b"".join(lines[:kept]), syntax), len(lines) - kept
        except DocumentError:
            continue
    failure.hint = "take an older version from git: git log -- FILE"
    raise failure


def _header(document: Document) -> Header | None:
    try:
        return None if document.header is None else read_header(document.header)
    except GitsealError:
        return None


def _candidates(
    workspace: Workspace, header: Header | None, place: Place
) -> list[tuple[ScopeKeys, str]]:
    """
    Give (keys, origin) to try: what the header says, then what the record knows.

    With a damaged header every epoch that still has wraps may be the one.
    """
    grant = workspace.grant(place)
    if grant is None:
        if header is None or (place.inside and header.scope != AD_HOC_SCOPE):
            raise RefusedError("its header is damaged, and no scope claims this path")
        return [(workspace.carried_keys(header, place), header.origin)]
    origins = ["" if grant.plain else place.name]
    epochs = [epoch.n for epoch in reversed(grant.record.epochs) if epoch.wraps]
    if header is not None and header.scope == grant.scope:
        origins = list(dict.fromkeys([header.origin, *origins]))
        epochs.sort(key=lambda n: n != header.epoch)
    return [(workspace.keys(grant.record, n), origin) for n in epochs for origin in origins]


def _values(document: Document, candidates: list[tuple[ScopeKeys, str]]) -> list[Found]:
    ciphers = [keys.value_key(origin.encode()) for keys, origin in candidates]
    code = SYNTAX_CODES[document.syntax]
    places = [(slot[0], slot[2], slot[7], code) for slot in document.sealed]
    places += [
        (start, COMMENT_PATH, token, COMMENT_CODE)
        for start, _end, token in document.sealed_comments
    ]
    places.sort()
    return [
        Found(
            format_path(path),
            document.text.count("\n", 0, start) + 1,
            _open(ciphers, path, token, kind),
        )
        for start, path, token, kind in places
    ]


def _open(ciphers: list[bytes], path: bytes, token: str, kind: int) -> str | None:
    for cipher in ciphers:
        try:
            (frame,) = open_values(cipher, [path], [token])
            return read_frame(frame, kind)[2]
        except (IntegrityError, ValueError):
            continue
    return None
