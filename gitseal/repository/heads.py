# SPDX-License-Identifier: Apache-2.0
"""Which commits git is bringing together, as it tells the programs that it starts."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitseal.repository.finding import Repository

_GITHEAD = "GITHEAD_"
_HEADS = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD", "ORIG_HEAD")


def merged_heads(environ: Mapping[str, str]) -> dict[str, str]:
    """
    Give the commits that `git merge` says it merges: object id -> how the user called it.

    Args:
        environ: of this process; git sets a variable `GITHEAD_<object id>` for each.
    """
    named = {
        name[len(_GITHEAD) :]: called
        for name, called in environ.items()
        if name.startswith(_GITHEAD)
    }
    return {identity: called for identity, called in named.items() if identity.isalnum()}


def heads_under_way(repository: Repository, environ: Mapping[str, str]) -> list[str]:
    """Give the names of the commits that a merge, pick or rebase under way brings together."""
    folder = repository.git_dir
    kept = [name for name in _HEADS if os.path.lexists(os.path.join(folder, name))]
    return [*merged_heads(environ), *kept]
