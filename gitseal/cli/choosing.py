# SPDX-License-Identifier: Apache-2.0
"""Files and directories of the command line, as paths of the repository."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitseal.repository.finding import Repository


def repository_path(repository: Repository, path: str) -> str:
    """
    Give the repository path of what was typed, "" for the top; links are resolved but the last.

    Raises:
        RefusedError: it lies outside the repository.
    """
    absolute = os.path.abspath(path)
    if os.path.realpath(absolute) == repository.root:
        return ""
    folder = repository.relative(os.path.dirname(absolute))
    return "/".join(part for part in (folder, os.path.basename(absolute)) if part)


def choice_of(chosen: Sequence[str]) -> Callable[[str], bool]:
    """Give what tells whether a path is one of `chosen` or below one; all are, if it is empty."""
    if not chosen or "" in chosen:
        return lambda _path: True
    return lambda path: any(path == one or path.startswith(one + "/") for one in chosen)
