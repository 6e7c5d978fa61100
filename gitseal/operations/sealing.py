# SPDX-License-Identifier: Apache-2.0
"""Sealing content for its path, under the active epoch of the scope that claims it."""

from __future__ import annotations

from gitseal import documents, sealedfile
from gitseal.errors import GitsealError, IntegrityError, NotADocumentError, RefusedError
from gitseal.keypaths import format_path
from gitseal.native.additions import open_additions
from gitseal.native.binding import origin_bytes
from gitseal.native.header import Header
from gitseal.native.wholefile import is_whole
from gitseal.operations.opening import MAX_FILE, Opened, open_data
from gitseal.operations.sticky import sealed_in_git
from gitseal.sealedfile import ClearFile, SealedFile
from gitseal.settings import printable

_TOLD = 12

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.authority import Grant
    from gitseal.documents.base import Document
    from gitseal.operations.workspace import Place, Workspace


def claimed(workspace: Workspace, place: Place) -> Grant:
    """
    Give the grant for a path that is to be sealed, fit for writing.

    Raises:
        RefusedError: no scope claims it, or the record here is an older one.
        UntrustedError: the record is not trusted here.
    """
    grant = workspace.grant(place)
    if grant is None:
        raise RefusedError(
            "no scope of .gitseal.yaml names this file",
            hint="add it under `files` of a scope and run gitseal apply; "
            "or gitseal encrypt --to RECIPIENT FILE",
            path=place.typed,
        )
    grant.check_writable()
    return grant


def seal_content(workspace: Workspace, data: bytes, place: Place) -> bytes:
    """
    Seal clear content as the file at `place`; writes nothing.

    Raises:
        RefusedError: no scope claims the path.
        DocumentError: it cannot be sealed without loss.
        KeyAccessError: no key of yours opens the scope.
    """
    grant = claimed(workspace, place)
    content = _inspect(data, place, grant)
    if isinstance(content, SealedFile):
        raise RefusedError("is sealed already", path=place.typed)
    return _seal(workspace, content, place, grant)


def _inspect(data: bytes, place: Place, grant: Grant) -> SealedFile | ClearFile:
    try:
        whole = grant.is_whole(place.name)
        if whole:
            refuse_nesting(data, place.name)
        return sealedfile.inspect(data, place.name, whole=whole)
    except NotADocumentError as error:
        if error.hint is None:
            error.hint = "mend it; a template goes under `whole` of its scope in .gitseal.yaml"
        raise error.at(place.typed) from None
    except GitsealError as error:
        raise error.at(place.typed) from None


def refuse_nesting(data: bytes, path: str) -> None:
    """
    Refuse to seal as a whole what is sealed value by value.

    It would open to sealed text that nobody has checked.

    Raises:
        RefusedError: it is.
    """
    try:
        nested = isinstance(sealedfile.inspect(data, path), SealedFile)
    except NotADocumentError:
        return
    if nested and not is_whole(data):
        raise RefusedError(
            "is sealed value by value, but the rules seal it as a whole",
            hint="gitseal rotate seals it anew as the rules say; or restore it: git log -p FILE",
        )


def _seal(workspace: Workspace, content: ClearFile, place: Place, grant: Grant) -> bytes:
    if not content.data:
        return b""  # empty stays empty, as git's clean filter has it (format 10)
    try:
        return seal_clear(workspace, content, place, grant)
    except GitsealError as error:
        raise error.at(place.typed) from None


def seal_clear(
    workspace: Workspace, content: ClearFile, place: Place, grant: Grant, *, proven: bool = False
) -> bytes:
    """Seal parsed clear content under the active epoch of `grant`; `proven` as in `ClearFile`."""
    epoch = grant.record.active
    keys = workspace.keys(grant.record, epoch.n)
    origin = "" if grant.plain else place.name
    origin_bytes(origin)
    portable = grant.policy.portable
    header = Header(
        grant.scope,
        epoch.n,
        epoch.kid,
        origin,
        context=grant.record.context if portable else None,
        keys=epoch.wraps if portable else (),
    )
    return content.seal(header, keys, grant.rules, strict=grant.strict, proven=proven)


def seal_again(workspace: Workspace, opened: Opened, text: bytes) -> bytes:
    """
    Seal new content of a file that was opened, under the scope it belongs to.

    Values that did not change keep their sealed text, because sealing is deterministic; a
    file of scope `file` keeps its own key and rules.
    """
    from gitseal.operations.adhoc import seal_carried

    if opened.grant is None:
        return seal_carried(opened, text)
    return seal_content(workspace, text, opened.place)


def bring_up_to_date(workspace: Workspace, data: bytes, place: Place) -> bytes:
    """
    Give the content as it should stand at `place`: sealed, complete, in the active epoch.

    A sealed file is first verified under its own header, so that nothing that was altered is
    sealed anew.  Values that were merely added in clear (`echo NEW=x >> .env`) are sealed.

    Raises:
        GitsealError: as `opening.open_data` and `seal_content`.
    """
    grant = claimed(workspace, place)
    content = _inspect(data, place, grant)
    if isinstance(content, ClearFile):
        if not grant.plain and sealed_in_git(workspace, place):
            workspace.tell(f"{place.typed} was in clear here, though git has it sealed")
        return _seal(workspace, content, place, grant)
    try:
        clear = open_data(workspace, data, place).clear
    except IntegrityError as error:
        added = _with_additions(workspace, content, place, grant)
        if added is None:
            raise error from None
        clear = added
    return seal_content(workspace, clear.data, place)


def _with_additions(
    workspace: Workspace, content: SealedFile, place: Place, grant: Grant
) -> ClearFile | None:
    """Open a file whose seal is right but for values that were added in clear, or None."""
    from gitseal.native.opening import SealedDocument
    from gitseal.operations.opening import check_origin

    if not isinstance(content.sealed, SealedDocument):
        return None
    header = content.header
    epoch = grant.check_header(header.scope, header.epoch, header.kid)
    keys = workspace.keys(grant.record, epoch.n)
    document = open_additions(content.sealed, keys, grant.rules, strict=grant.strict)
    if document is None:
        return None
    check_origin(header, place, grant)
    # Nobody vouches for these: whoever seals them should know which ones they are.
    workspace.tell(f"{place.typed}: found in clear: {_names(content.sealed.document, grant)}")
    return ClearFile(documents.to_bytes(document, document.text), document)


def _names(document: Document, grant: Grant) -> str:
    from gitseal.native.places import unsealed_places

    paths = [printable(format_path(slot[2])) for slot in unsealed_places(document, grant.rules)]
    more = f" and {len(paths) - _TOLD} more" if len(paths) > _TOLD else ""
    return ", ".join(paths[:_TOLD]) + more


def encrypt_path(workspace: Workspace, path: str, *, dry_run: bool = False) -> bool:
    """
    Seal a file in place; a sealed one is brought up to date.

    Returns:
        whether the file changed, or with `dry_run` would change.

    Raises:
        GitsealError: nothing was written.
    """
    place = workspace.locate(path)
    data, snapshot = workspace.read(place, MAX_FILE)
    sealed = bring_up_to_date(workspace, data, place)
    if sealed == data:
        return False
    if not dry_run:
        workspace.write(place, sealed, snapshot)
    return True
