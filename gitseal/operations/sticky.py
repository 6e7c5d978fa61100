# SPDX-License-Identifier: Apache-2.0
"""What git holds sealed stays sealed: clear text in its place may have been put there by others."""

from __future__ import annotations

from gitseal import sealedfile
from gitseal.errors import GitsealError, LimitError, NotADocumentError
from gitseal.sealedfile import SealedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.operations.workspace import Place, Workspace


def sealed_in_git(workspace: Workspace, place: Place) -> bool:
    """Tell whether the index, or else the last commit, holds the file sealed."""
    from gitseal.repository.trees import CommitTree, IndexTree

    repository = workspace.repository
    if repository is None or not place.inside:
        return False
    try:
        data = IndexTree(repository).read(place.name)
        if data is None:
            data = CommitTree(repository, "HEAD").read(place.name)
    except GitsealError:  # no commit yet: nothing that anybody sealed
        return False
    try:
        return data is not None and isinstance(sealedfile.inspect(data, place.name), SealedFile)
    except (NotADocumentError, LimitError):
        return False
    except GitsealError:
        return True  # damaged, or made by a newer gitseal: it was sealed all the same
