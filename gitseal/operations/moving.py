# SPDX-License-Identifier: Apache-2.0
"""Moving a sealed file: its values are bound to its path, so it is sealed for the new one."""

from __future__ import annotations

import os

from gitseal.errors import NotFoundError, RefusedError
from gitseal.operations.opening import MAX_FILE, open_data
from gitseal.operations.sealing import claimed, seal_content

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.operations.workspace import Workspace


def move(workspace: Workspace, source: str, target: str, *, dry_run: bool = False) -> str:
    """
    Move a sealed file, or mend one that was moved without gitseal.

    Args:
        workspace: repository, trust and keys of this call.
        source: where it was sealed; if no file is there, `target` holds the moved file.
        target: where it shall stand.
        dry_run: check everything, write nothing.

    Returns:
        what happened, for the message.

    Raises:
        NotFoundError: neither path holds a file.
        RefusedError: the target exists, or no scope claims it.
        GitsealError: the file does not open.
    """
    from gitseal.files import ABSENT, remove

    old, new = workspace.locate(source), workspace.locate(target)
    was_moved = not os.path.lexists(old.file) and os.path.lexists(new.file)
    if not was_moved and os.path.lexists(new.file):
        raise RefusedError(
            "there is a file already", path=target, hint="choose another name, or remove it first"
        )
    if not was_moved and not os.path.lexists(old.file):
        raise NotFoundError("there is no such file", path=source)
    grant = claimed(workspace, new)
    data, snapshot = workspace.read(new if was_moved else old, MAX_FILE)
    # Judged as what it was, at the place it was sealed for.
    opened = open_data(workspace, data, old)
    if opened.grant is None:
        # Anybody can make one who knows a reader's public key; a move would vouch for it.
        raise RefusedError(
            "carries its own key, so nothing says who sealed it",
            hint="look at it first (gitseal decrypt), then seal that for its new place",
            path=source,
        )
    # In a plain scope git has it sealed, and here it lies as it lay.
    stays_clear = grant.plain and opened.sealed is None
    moved = opened.clear.data if stays_clear else seal_content(workspace, opened.clear.data, new)
    if dry_run:
        return "it opens, and can be sealed there"
    # The new file is complete before the old one goes: no moment without either.
    workspace.write(new, moved, snapshot if was_moved else ABSENT)
    if not was_moved:
        remove(old.file, expect=snapshot, root=workspace.root)
    if stays_clear:
        return f"in scope {grant.scope}, readable in the worktree"
    return f"sealed for scope {grant.scope}"
