# SPDX-License-Identifier: Apache-2.0
"""
What is to be sealed and who may read it: the policy file people write, the records they sign.

Pure: files are read through a `Tree`, so that a commit is judged by its own policy.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    class Tree(Protocol):
        """The files of a worktree, the index or a commit, by repository path."""

        def read(self, path: str) -> bytes | None:
            """Give the content of a file, or None where there is none."""

        def paths(self, prefix: str) -> Iterable[str]:
            """Give the paths that begin with `prefix`, in no special order."""


POLICY_FILE = ".gitseal.yaml"
