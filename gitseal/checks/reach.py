# SPDX-License-Identifier: Apache-2.0
"""Which directories can hold files that patterns name, so that the rest need no visit."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_WILD = frozenset("*?[\\")


class Reach:
    """
    The directories that patterns of `files` reach into; errs on the side of a visit.

    Args:
        patterns: gitignore patterns, positive only.
    """

    __slots__ = ("_everywhere", "_roots")

    def __init__(self, patterns: Iterable[str]) -> None:
        self._roots: set[str] = set()
        self._everywhere = False
        for text in patterns:
            root = literal_root(text)
            if root is None:
                self._everywhere = True
            else:
                self._roots.add(root)

    def may_hold(self, folder: str) -> bool:
        """Tell whether a file in or below a directory (a repository path) may be named."""
        if self._everywhere:
            return True
        inside = folder + "/"
        return any(
            folder == root or root.startswith(inside) or folder.startswith(root + "/")
            for root in self._roots
        )

    @property
    def anything(self) -> bool:
        """Whether there is anything to look for."""
        return self._everywhere or bool(self._roots)


def literal_root(pattern: str) -> str | None:
    """Give the path that everything a pattern names lies at or below; None for all."""
    body = pattern.removesuffix("/")
    if "/" not in body:
        return None
    literal = []
    for name in body.removeprefix("/").split("/"):
        if not _WILD.isdisjoint(name):
            break
        literal.append(name)
    return "/".join(literal) or None
