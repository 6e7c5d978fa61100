# SPDX-License-Identifier: Apache-2.0
"""Judging one file against the record of the scope that claims it, with public keys only."""

from __future__ import annotations

from gitseal import documents, sealedfile
from gitseal.checks.findings import Finding, shell_word
from gitseal.crypto.values import check_grammar
from gitseal.errors import (
    GitsealError,
    IntegrityError,
    MovedError,
    NotADocumentError,
    RefusedError,
)
from gitseal.keypaths import format_path
from gitseal.keys import AD_HOC_SCOPE
from gitseal.native.additions import events_without
from gitseal.native.binding import bind, check_seal
from gitseal.native.places import check_aliases, lookalikes, unsealed_places
from gitseal.sealedfile import ClearFile, SealedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseal.authority import Grant
    from gitseal.documents.base import Document
    from gitseal.native.header import Header
    from gitseal.policy.records import Epoch


def check_file(
    path: str, data: bytes, grant: Grant, is_new: Callable[[], bool] | None = None
) -> list[Finding]:
    """
    Give everything that is wrong with one file that a scope claims.

    Args:
        path: in the repository.
        data: its content in the tree that is checked, as git stores it.
        grant: what the record of its scope says.
        is_new: tells whether the content is newer than the branch; asked under older records.
    """
    if not data:
        hint = f"remove it, or fill it: gitseal edit {shell_word(path)}"
        return [Finding("GS207", path, "is empty", hint=hint)]
    try:
        content = sealedfile.inspect(data, path, whole=grant.is_whole(path))
    except NotADocumentError as error:
        return [_unreadable(path, error)]
    except IntegrityError:
        return _imposters(path, data, grant)
    except GitsealError as error:
        return [Finding("GS205", path, error.message, hint=error.hint or "")]
    if isinstance(content, ClearFile):
        return _clear(path, content, grant)
    return _sealed(path, content, grant, is_new)


def check_unclaimed(path: str, data: bytes) -> list[Finding]:
    """Give what is wrong with a file that no scope claims: it was sealed, and moved away."""
    try:
        content = sealedfile.inspect(data, path)
    except GitsealError:
        return []  # no file of ours
    if isinstance(content, ClearFile) or content.header.scope == AD_HOC_SCOPE:
        return []
    header = content.header
    message = f"is sealed for scope {header.scope}, but no scope claims this path"
    hint = f"it was sealed as {header.origin}; move it back, or name it in .gitseal.yaml"
    return [Finding("GS203", path, message, hint=hint)]


def _unreadable(path: str, error: NotADocumentError) -> Finding:
    hint = error.hint or "mend it; a template goes under `whole` in .gitseal.yaml"
    return Finding("GS205", path, error.message, line=error.line, hint=hint)


def _seal_it(path: str) -> str:
    return f"gitseal encrypt {shell_word(path)}"


def _clear(path: str, content: ClearFile, grant: Grant) -> list[Finding]:
    """A clear file: each value that should be sealed is a finding, so that all lines show."""
    document = content.document
    found = [] if document is None else _plaintext(path, document, grant)
    if found:
        return found
    return [
        Finding("GS102", path, f"is not sealed (scope {grant.scope})", hint=_seal_it(path)),
    ]


def _plaintext(path: str, document: Document, grant: Grant) -> list[Finding]:
    found = []
    lines = _Lines(document.text)
    for slot in unsealed_places(document, grant.rules):
        message = f"{format_path(slot[2])} is in clear"
        line = lines.of(slot[0])
        found.append(Finding("GS101", path, message, line=line, hint=_seal_it(path)))
    if grant.rules.comments:
        lines = _Lines(document.text)
        for start, _end in document.comments:
            message = "a comment is in clear"
            line = lines.of(start)
            found.append(Finding("GS104", path, message, line=line, hint=_seal_it(path)))
    return found


class _Lines:
    """Counts lines of growing positions, each part of the text once."""

    __slots__ = ("_line", "_position", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._line = 1
        self._position = 0

    def of(self, position: int) -> int:
        if position < self._position:
            return self._text.count("\n", 0, position) + 1
        self._line += self._text.count("\n", self._position, position)
        self._position = position
        return self._line


def _imposters(path: str, data: bytes, grant: Grant) -> list[Finding]:
    """A document in which something only looks sealed: name it, and all else that is clear."""
    syntax = documents.syntax_of(path)
    if syntax is None:
        raise ValueError("only documents have values that look sealed")
    document = documents.parse(data, syntax)
    hint = f"take it from git again: git diff {shell_word(path)}"
    found = []
    for start, place, _text in lookalikes(document):
        line = document.text.count("\n", 0, start) + 1
        message = f"{format_path(place)} looks sealed, but is damaged or made up"
        found.append(Finding("GS103", path, message, line=line, hint=hint))
    lines = {one.line for one in found}
    rest = [one for one in _plaintext(path, document, grant) if one.line not in lines]
    return found + rest


def _sealed(
    path: str, content: SealedFile, grant: Grant, is_new: Callable[[], bool] | None
) -> list[Finding]:
    epoch, found = _epoch(path, content.header, grant, is_new)
    if epoch is not None:
        found += _origin(path, content.header.origin, grant)
        found += _seal(path, content, grant, epoch)
    if content.document is not None:
        found += _plaintext(path, content.document, grant)
        found += _aliases(path, content.document, grant)
    elif not grant.is_whole(path) and documents.syntax_of(path) is not None:
        hint = f"list it under `whole`, or seal it again: gitseal edit {shell_word(path)}"
        message = "is sealed as a whole, though its name says a document"
        found.append(Finding("GS206", path, message, hint=hint))
    return found


def _epoch(
    path: str, header: Header, grant: Grant, is_new: Callable[[], bool] | None
) -> tuple[Epoch | None, list[Finding]]:
    """Give the epoch of a file, if it can be verified under one, and what is wrong with it."""
    try:
        epoch = grant.check_header(header.scope, header.epoch, header.kid)
    except MovedError as error:
        return None, [Finding("GS203", path, error.message, hint=error.hint or "")]
    except RefusedError as error:
        hint = (error.hint or "").replace("FILE", shell_word(path))
        return None, [Finding("GS204", path, error.message, hint=hint)]
    except GitsealError as error:
        return None, [Finding("GS203", path, error.message, hint=error.hint or "")]
    pinned = grant.verdict.pinned
    known = None if pinned is None or grant.verdict.trusted else pinned.epoch(epoch.n)
    if known is None or known.state != "retired" or is_new is None or not is_new():
        return epoch, []
    message = f"is newly sealed in epoch {epoch.n} of {grant.scope}, which has been replaced"
    hint = "merge the keyring first: git merge, or rebase on the branch that has it"
    return epoch, [Finding("GS204", path, message, hint=hint)]


def _origin(path: str, origin: str, grant: Grant) -> list[Finding]:
    if grant.plain or origin == path:
        if grant.plain and origin:
            hint = f"seal it again: {_seal_it(path)}"
            return [
                Finding("GS202", path, "has an origin, though its scope is plain", hint=hint),
            ]
        return []
    if not origin:
        message = "has no origin, though its scope is not plain"
        return [Finding("GS202", path, message, hint=f"seal it again: {_seal_it(path)}")]
    hint = f"gitseal mv {shell_word(origin)} {shell_word(path)}"
    return [Finding("GS202", path, f"was sealed as {origin}", hint=hint)]


def _seal(path: str, content: SealedFile, grant: Grant, epoch: Epoch) -> list[Finding]:
    try:
        content.verify(grant.record.scope_id(epoch.n), epoch.sign, strict=grant.strict)
    except IntegrityError as error:
        if _only_added(content, grant, epoch):
            return []  # each added value is a finding already
        hint = (error.hint or "").replace("FILE", shell_word(path))
        damaged = [] if content.document is None else _damaged(path, content.document)
        return [Finding("GS201", path, error.message, hint=hint), *damaged]
    if content.header.seal is None and content.document is not None:
        return _damaged(path, content.document)
    return []


def _only_added(content: SealedFile, grant: Grant, epoch: Epoch) -> bool:
    """Tell whether the seal is right but for values added in clear, as `encrypt` forgives them."""
    document = content.document
    added = [] if document is None else unsealed_places(document, grant.rules)
    if document is None or not added:
        return False
    kept = events_without(document, added)
    try:
        message = bind(content.header, grant.record.scope_id(epoch.n)).document_message(kept)
        check_seal(epoch.sign, content.header.seal, message)
    except IntegrityError:
        return False
    return True


def _aliases(path: str, document: Document, grant: Grant) -> list[Finding]:
    try:
        check_aliases(document, grant.rules)
    except GitsealError as error:
        return [Finding("GS105", path, error.message, hint=error.hint or "")]
    return []


def _damaged(path: str, document: Document) -> list[Finding]:
    """Give the sealed values that cannot be any; a seal that verifies makes this needless."""
    found = []
    for slot in document.sealed:
        if not check_grammar(slot[7]):
            line = document.text.count("\n", 0, slot[0]) + 1
            message = f"{format_path(slot[2])} looks sealed, but is damaged or made up"
            found.append(Finding("GS103", path, message, line=line))
    return found
