# SPDX-License-Identifier: Apache-2.0
"""Setting and removing single values of a sealed file; nothing else in it moves."""

from __future__ import annotations

from gitseal import documents
from gitseal.errors import ChangedError, GitsealError, NotFoundError, RefusedError
from gitseal.keypaths import format_path, format_typed
from gitseal.operations.editing import Draft, begin, document_of, save
from gitseal.operations.reading import typed_path
from gitseal.operations.sticky import sealed_in_git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitseal.documents.base import Document
    from gitseal.keypaths import TypedPath
    from gitseal.operations.workspace import Workspace

    Change = Callable[[Draft], tuple[str, str]]

_TRIES = 8


def set_value(
    workspace: Workspace,
    path: str,
    key: str,
    value: str,
    kind: str | None = None,
    *,
    dry_run: bool = False,
) -> str:
    """
    Set one value, in a new file or key if need be, and seal the file again.

    Args:
        workspace: repository, trust and keys of this call.
        path: as the user typed it; a new file is made where a scope claims the path.
        key: the key path as people type it.
        value: its text.
        kind: one of `editing_kinds.KINDS`; None keeps that of the old value where it fits.
        dry_run: do everything but write.

    Returns:
        what happened to the key: "added db.host", "changed db.host", or "" if nothing did.

    Raises:
        UsageError: not a key path, or the value is not of that kind.
        ChangedError: others kept writing the file.
        GitsealError: as `editing.begin` and `editing.seal`.
    """

    def change(draft: Draft) -> tuple[str, str]:
        from gitseal.documents import editing

        document = _document(draft)
        parts = typed_path(key, document.syntax)
        text = editing.set_value(document, parts, value, kind)
        existed = _exists(document, parts)
        _tell_clear(workspace, draft, document, text, parts)
        return text, f"{'changed' if existed else 'added'} {format_typed(parts)}"

    return _apply(workspace, path, change, dry_run=dry_run)


def unset(workspace: Workspace, path: str, keys: Sequence[str], *, dry_run: bool = False) -> str:
    """
    Remove keys with their lines and comments, all or none, and seal the file again.

    Returns:
        "removed db.host, db.port".

    Raises:
        NotFoundError: one of them is not there.
        GitsealError: as `set_value`.
    """

    def change(draft: Draft) -> tuple[str, str]:
        from gitseal.documents import editing

        if draft.is_new:
            raise NotFoundError("there is no such file", path=path)
        document = _document(draft)
        removed = []
        for key in keys:
            parts = typed_path(key, document.syntax)
            text = editing.remove(document, parts)
            removed.append(format_typed(parts))
            document = documents.parse(documents.to_bytes(document, text), document.syntax)
        return document.text, "removed " + ", ".join(removed)

    return _apply(workspace, path, change, dry_run=dry_run)


def _apply(workspace: Workspace, path: str, change: Change, *, dry_run: bool) -> str:
    """
    Open, change, seal and write; once more from the start if others wrote meanwhile.

    That loses nothing: a change of one key says the same after theirs.
    """
    for attempt in range(_TRIES):
        draft = begin(workspace, path)
        _check_not_swapped(workspace, draft)
        try:
            text, what = change(draft)
        except GitsealError as error:
            raise error.at(path) from None
        data = documents.to_bytes(_document(draft), text)
        if data == draft.text and not draft.is_new and not draft.was_clear:
            return ""
        try:
            save(workspace, draft, data, dry_run=dry_run)
        except ChangedError:
            if attempt == _TRIES - 1:
                raise
            continue
        if draft.was_clear:
            workspace.tell(f"{path} was in clear, and is sealed now")
        return what
    raise AssertionError("unreachable: the last attempt returns or raises")


def _check_not_swapped(workspace: Workspace, draft: Draft) -> None:
    """One value is no reason to seal a whole file that somebody put in clear."""
    plain = draft.grant is not None and draft.grant.plain
    if draft.was_clear and not plain and sealed_in_git(workspace, draft.place):
        raise RefusedError(
            "is in clear here, but git has it sealed",
            hint="look at it (gitseal diff); if it is yours, seal it first: gitseal encrypt FILE",
            path=draft.place.typed,
        )


def _document(draft: Draft) -> Document:
    # An empty text is no JSON document, and a new file is one with nothing in it.
    if draft.is_new and draft.syntax == "json":
        return document_of(draft, b"{}\n")
    return document_of(draft)


def _exists(document: Document, parts: TypedPath) -> bool:
    from gitseal.documents.tree import find, tree

    try:
        find(tree(document), parts)
    except GitsealError:
        return False
    return True


def _tell_clear(
    workspace: Workspace, draft: Draft, document: Document, text: str, parts: TypedPath
) -> None:
    """Say so where the rules leave the new value readable: most people expect the opposite."""
    if draft.grant is None or draft.grant.rules.everything:
        return
    from gitseal.documents.tree import find, tree

    rules = draft.grant.rules
    new = documents.parse(documents.to_bytes(document, text), document.syntax)
    node = find(tree(new), parts)
    for slot in new.slots:
        if node.start <= slot[0] < node.end and not rules.selects(slot[2]):
            workspace.tell(
                f"{format_path(slot[2])} stays readable, as the rules say "
                f"({rules.decided_by(slot[2])})"
            )
