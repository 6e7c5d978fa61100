# SPDX-License-Identifier: Apache-2.0
"""
Opening a file: the one place that knows in which order a file is judged (format 9).

limits, parse, one header; the path's scope, its record and the pin; the state of the epoch;
the data key and its `kid`; the seal, the places, the values, the text; the origin.
"""

from __future__ import annotations

from gitseal import sealedfile
from gitseal.crypto.derive import ScopeKeys
from gitseal.errors import (
    GitsealError,
    IntegrityError,
    MovedError,
    PolicyError,
    RefusedError,
    UsageError,
)
from gitseal.keypaths import Rules
from gitseal.keys import AD_HOC_SCOPE
from gitseal.sealedfile import ClearFile, SealedFile
from gitseal.settings import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.authority import Grant
    from gitseal.files import Snapshot
    from gitseal.native.header import Header
    from gitseal.operations.workspace import Place, Workspace

MAX_FILE = 2**30 + 2**21
"""Bytes read at most: the largest content, and what a container adds to it."""


class Opened:
    """
    A file that passed every check.

    Attributes:
        place: where it stands.
        sealed: the sealed file; None if it was clear and that was allowed.
        clear: its content.
        grant: what the trusted record says of its path; None without a record.
        keys: of its scope and epoch; None if it was clear.
        snapshot: what the file was when it was read.
    """

    __slots__ = ("clear", "grant", "keys", "place", "sealed", "snapshot")

    def __init__(
        self,
        place: Place,
        sealed: SealedFile | None,
        clear: ClearFile,
        grant: Grant | None,
        keys: ScopeKeys | None,
        snapshot: Snapshot | None = None,
    ) -> None:
        self.place = place
        self.sealed = sealed
        self.clear = clear
        self.grant = grant
        self.keys = keys
        self.snapshot = snapshot

    def __repr__(self) -> str:
        return f"Opened({self.place!r})"


def open_path(workspace: Workspace, path: str, *, allow_clear: bool = False) -> Opened:
    """
    Open the file at a path.

    Args:
        workspace: repository, trust and keys of this call.
        path: as the user typed it.
        allow_clear: give a file that is not sealed as it is.  In a plain scope that is what
            lies there, and always given; elsewhere only who seals it next may allow it, because
            sealed text may have been swapped for clear.

    Raises:
        GitsealError: with the path named; see `open_data`.
    """
    place = workspace.locate(path)
    data, snapshot = workspace.read(place, MAX_FILE)
    opened = open_data(workspace, data, place, allow_clear=allow_clear)
    opened.snapshot = snapshot
    return opened


def open_data(
    workspace: Workspace, data: bytes, place: Place, *, allow_clear: bool = False
) -> Opened:
    """
    Open content as the file at `place`.

    Raises:
        NotADocumentError, DocumentError, LimitError: it cannot be read as what its name says.
        UntrustedError: the record of its scope is not trusted here.
        RefusedError: it is not sealed, of another scope, or of a retired epoch.
        KeyAccessError: no key of yours opens it.
        IntegrityError: altered, forged, or clear where it must be sealed.
        MovedError: it was sealed for another path.
    """
    try:
        return _open(workspace, data, place, allow_clear=allow_clear)
    except PolicyError as error:
        raise error.at(place.typed) from None
    except UsageError:
        raise  # of the user's own settings, not of the file
    except GitsealError as error:
        raise error.at(place.typed) from None


def _open(workspace: Workspace, data: bytes, place: Place, *, allow_clear: bool) -> Opened:
    grant = workspace.grant(place)
    whole = grant is not None and grant.is_whole(place.name)
    content = sealedfile.inspect(data, place.name, whole=whole)
    if isinstance(content, ClearFile):
        if not allow_clear:
            not_cut_short(content)
            # In a plain scope clear is what lies there; git stores it sealed.
            if grant is None or not grant.plain:
                raise not_sealed(grant)
        return Opened(place, None, content, grant, None)
    keys, rules, strict = _authorise(workspace, content, place, grant)
    clear = content.open(keys, rules, strict=strict)
    check_origin(content.header, place, grant)
    return Opened(place, content, clear, grant, keys)


def not_cut_short(content: ClearFile) -> None:
    """
    Refuse clear text with sealed values in it, whose header is gone.

    Raises:
        IntegrityError: it has some.
    """
    document = content.document
    if document is not None and (document.sealed or document.sealed_comments):
        raise IntegrityError(
            "holds sealed values, but not the gitseal header that belongs to them",
            hint="it was cut short or edited by hand; take it from git again: "
            "git checkout -- FILE, or see git log -p FILE",
        )


def not_sealed(grant: Grant | None) -> RefusedError:
    """Give the error for clear text where sealed text is expected."""
    if grant is None:
        return RefusedError("is not sealed", hint="no rule of .gitseal.yaml names this file")
    return RefusedError(
        f"is not sealed, but scope {grant.scope} says it must be",
        hint="seal it with gitseal encrypt FILE; or was it swapped? see git log -p FILE",
    )


def _authorise(
    workspace: Workspace, sealed: SealedFile, place: Place, grant: Grant | None
) -> tuple[ScopeKeys, Rules | None, bool]:
    """Give the keys for a sealed file, the places to be sealed, and whether a seal is due."""
    header = sealed.header
    if grant is not None:
        epoch = grant.check_header(header.scope, header.epoch, header.kid)
        grant.check_not_replaced(epoch.n)
        return workspace.keys(grant.record, epoch.n), grant.rules, grant.strict
    if place.inside:
        _check_unclaimed(workspace, place)
    if header.scope == AD_HOC_SCOPE:
        return workspace.carried_keys(header, place), carried_rules(header), True
    if place.inside and ".gitseal-edit" in place.name:
        raise RefusedError(
            "is an edit that gitseal kept, sealed",
            hint=f"go on with it: gitseal edit --resume {place.name.partition('.gitseal-edit')[0]}",
        )
    if place.inside:
        raise RefusedError(
            f"is sealed for scope {header.scope}, but no scope claims this path",
            hint=f"it was sealed as {printable(header.origin)}; move it back, or name it in "
            ".gitseal.yaml",
        )
    return workspace.carried_keys(header, place), None, True


def carried_rules(header: Header) -> Rules:
    """
    Give the rules that a file of scope `file` carries.

    Raises:
        RefusedError: a portable file of a scope, which carries none.
    """
    rules = header.rules
    if rules is None:
        raise RefusedError(
            "is a portable file of a scope; without its repository it can only be read"
        )
    return Rules(rules.seal, rules.clear, rules.comments)


def _check_unclaimed(workspace: Workspace, place: Place) -> None:
    """
    Refuse a file that carries its own key at a path that a scope is known to claim.

    An older record that did not claim it yet can be put back by anybody, and anybody can seal a
    file of scope `file` to the readers' public keys.
    """
    for scope in workspace.authority.pinned_claimants(place.name):
        verdict = workspace.authority.judge(scope)
        if verdict is not None and verdict.trusted:
            continue
        raise RefusedError(
            f"belongs to scope {scope}, but the record here is an older one that does not know it",
            hint="merge the branch that has the newer one, or see git log -p -- .gitseal/keyring",
        )


def check_origin(header: Header, place: Place, grant: Grant | None) -> None:
    """
    Refuse a file that does not stand where it was sealed.

    Raises:
        MovedError: it was sealed for another path; `gitseal mv` seals it for the new one.
        IntegrityError: a plain scope's file has an origin, or another one's has none.
    """
    plain = grant is not None and grant.plain
    if plain != (header.origin == ""):
        raise IntegrityError("the origin of the file is not what its scope says")
    if not plain and place.inside:
        check_bound(header, place)


def check_bound(header: Header, place: Place) -> None:
    """
    Refuse a file that was sealed for another path of this repository.

    Raises:
        MovedError: `gitseal mv` seals it for the new one.
        IntegrityError: it was sealed for no path at all.
    """
    if header.origin == place.name:
        return
    if not header.origin:
        raise IntegrityError("the origin of the file is not what its scope says")
    import os
    from shlex import quote

    origin = quote(printable(header.origin))
    name = quote(printable(place.name))
    hint = f"move it back, or seal it for its new place: gitseal mv {origin} {name}"
    if os.path.lexists(place.file.removesuffix(place.name) + header.origin):
        hint = (
            "a copy is sealed for its own place: "
            f"gitseal decrypt {origin} | gitseal encrypt --filename {name} -o {name} -"
        )
    raise MovedError(f"was sealed as {printable(header.origin)}", hint=hint)
