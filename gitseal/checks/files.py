# SPDX-License-Identifier: Apache-2.0
"""Judging one file against the record of the scope that claims it, with public keys only."""

from __future__ import annotations

from gitseal import sealedfile
from gitseal.checks.findings import Finding
from gitseal.crypto.values import check_grammar
from gitseal.errors import GitsealError, IntegrityError, NotADocumentError, RefusedError
from gitseal.keypaths import format_path
from gitseal.native.places import check_aliases, unsealed_places
from gitseal.sealedfile import ClearFile, SealedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.authority import Grant
    from gitseal.documents.base import Document

_SEAL_IT = "gitseal encrypt {}"


def check_file(path: str, data: bytes, grant: Grant) -> list[Finding]:
    """
    Give everything that is wrong with one file that a scope claims.

    Args:
        path: in the repository.
        data: its content in the tree that is checked, as git stores it.
        grant: what the record of its scope says.
    """
    if not data:
        hint = "remove it, or fill it: gitseal edit " + path
        return [Finding("GS207", path, "is empty", hint=hint)]
    try:
        content = sealedfile.inspect(data, path, whole=grant.is_whole(path))
    except NotADocumentError as error:
        return [_unreadable(path, error)]
    except IntegrityError as error:
        return [Finding("GS103", path, error.message, hint=error.hint or "")]
    except GitsealError as error:
        return [Finding("GS205", path, error.message, hint=error.hint or "")]
    if isinstance(content, ClearFile):
        return _clear(path, content, grant)
    return _sealed(path, content, grant)


def _unreadable(path: str, error: NotADocumentError) -> Finding:
    hint = error.hint or "mend it; a template goes under `whole` in .gitseal.yaml"
    return Finding("GS205", path, error.message, line=error.line, hint=hint)


def _clear(path: str, content: ClearFile, grant: Grant) -> list[Finding]:
    """A clear file: each value that should be sealed is a finding, so that all lines show."""
    document = content.document
    hint = _SEAL_IT.format(path)
    if document is None:
        return [Finding("GS102", path, f"is not sealed (scope {grant.scope})", hint=hint)]
    places = unsealed_places(document, grant.rules)
    if not places:
        return [Finding("GS102", path, f"is not sealed (scope {grant.scope})", hint=hint)]
    return _plaintext(path, document, grant)


def _plaintext(path: str, document: Document, grant: Grant) -> list[Finding]:
    found = []
    line = 1
    position = 0
    for slot in unsealed_places(document, grant.rules):
        line += document.text.count("\n", position, slot[0])
        position = slot[0]
        message = f"{format_path(slot[2])} is in clear"
        found.append(Finding("GS101", path, message, line=line, hint=_SEAL_IT.format(path)))
    return found


def _sealed(path: str, content: SealedFile, grant: Grant) -> list[Finding]:
    header = content.header
    try:
        epoch = grant.check_header(header.scope, header.epoch, header.kid)
    except RefusedError as error:
        return [Finding("GS204", path, error.message, hint=error.hint or "")]
    except GitsealError as error:
        return [Finding("GS203", path, error.message, hint=error.hint or "")]
    found = _origin(path, header.origin, grant)
    verified = content.header.seal is not None
    try:
        content.verify(grant.record.scope_id(epoch.n), epoch.sign, strict=grant.strict)
    except IntegrityError as error:
        verified = False
        found.append(Finding("GS201", path, error.message, hint=error.hint or ""))
    if content.document is not None:
        found += _places(path, content.document, grant)
        if not verified:
            found += _damaged(path, content.document)
    elif not grant.is_whole(path) and _structured(path):
        found.append(
            Finding(
                "GS206",
                path,
                "is sealed as a whole, though its name says a document",
                hint="list it under `whole`, or seal it again: gitseal edit " + path,
            )
        )
    return found


def _structured(path: str) -> bool:
    from gitseal.documents import syntax_of

    return syntax_of(path) is not None


def _origin(path: str, origin: str, grant: Grant) -> list[Finding]:
    if grant.plain or origin == path:
        if grant.plain and origin:
            return [Finding("GS202", path, "has an origin, though its scope is plain")]
        return []
    hint = f"gitseal mv {origin} {path}"
    return [Finding("GS202", path, f"was sealed as {origin}", hint=hint)]


def _places(path: str, document: Document, grant: Grant) -> list[Finding]:
    found = _plaintext(path, document, grant)
    text = document.text
    try:
        check_aliases(document, grant.rules)
    except GitsealError as error:
        found.append(Finding("GS105", path, error.message, hint=error.hint or ""))
    if grant.rules.comments:
        for start, _end in document.comments:
            line = text.count("\n", 0, start) + 1
            message = "a comment is in clear"
            hint = _SEAL_IT.format(path)
            found.append(Finding("GS104", path, message, line=line, hint=hint))
    return found


def _damaged(path: str, document: Document) -> list[Finding]:
    """Give the sealed values that cannot be any; a seal that verifies makes this needless."""
    found = []
    for slot in document.sealed:
        if not check_grammar(slot[7]):
            line = document.text.count("\n", 0, slot[0]) + 1
            message = f"{format_path(slot[2])} only looks sealed"
            found.append(Finding("GS103", path, message, line=line))
    return found
