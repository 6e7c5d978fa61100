# SPDX-License-Identifier: Apache-2.0
"""Files that somebody added clear values to by hand, as with `echo NEW=x >> .env` (format 6)."""

from __future__ import annotations

from gitseal import documents
from gitseal.documents.events import event_parts
from gitseal.errors import IntegrityError
from gitseal.keypaths import decode
from gitseal.native.binding import bind, check_seal
from gitseal.native.pieces import open_pieces
from gitseal.native.places import unsealed_places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitseal.crypto.derive import ScopeKeys
    from gitseal.documents.base import Document, Slot
    from gitseal.keypaths import Rules
    from gitseal.native.opening import SealedDocument


def open_additions(
    sealed: SealedDocument, keys: ScopeKeys, rules: Rules, *, strict: bool = True
) -> Document | None:
    """
    Open a file that is right but for clear values standing where sealed ones belong.

    The seal is verified over the events without those values, so that only additions are
    forgiven: a sealed value that was replaced, moved or taken away is not.  Nor is an addition
    that changes what stood there: a second line for a name (the last one counts) or an anchor
    (aliases behind it would mean another value).

    Args:
        sealed: the file.
        keys: of its scope and epoch.
        rules: which places must be sealed.
        strict: whether the file has a seal.

    Returns:
        the clear document, additions included; None if there is more wrong than that.
    """
    added = unsealed_places(sealed.document, rules)
    if not added:
        return None
    events = sealed.document.events
    taken = _taken(sealed.document)
    if any(slot[2] in taken for slot in added):
        return None
    if any(event_parts(events[index])[1] for index in _events_of(added)):
        return None
    try:
        if strict:
            kept = events_without(sealed.document, added)
            message = bind(sealed.header, keys.scope).document_message(kept)
            check_seal(keys.sign_public(), sealed.header.seal, message)
        pieces, comments = open_pieces(sealed, keys)
        return documents.restore(sealed.document, pieces, comments)
    except IntegrityError:
        return None


def events_without(document: Document, added: Sequence[Slot]) -> list[bytes]:
    """Give the events of a document without those of some clear values and their keys."""
    gone = _events_of(added)
    return [event for index, event in enumerate(document.events) if index not in gone]


def _events_of(added: Sequence[Slot]) -> set[int]:
    """Give the indices of the events of clear values, and of their keys where they have one."""
    indices = {slot[3] for slot in added}
    for slot in added:
        segments = decode(slot[2])
        if segments and segments[-1][0] != "*":
            indices.add(slot[3] - 1)
    return indices


def _taken(document: Document) -> set[bytes]:
    """Give the names that a line format has already; the others refuse a second one anyway."""
    if document.syntax in {"yaml", "json", "toml"}:
        return set()
    return {slot[2] for slot in document.sealed} | set(document.empties)
