# SPDX-License-Identifier: Apache-2.0
"""What is tried for one data key: a wrapped key, and the master key that may unwrap it."""

from __future__ import annotations

from gitseal.masterkeys.failures import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from gitseal.errors import GitsealError
    from gitseal.keys import WrappedKey
    from gitseal.masterkeys.base import Deadline, MasterKey

    T = TypeVar("T")
    Attempt = Callable[[MasterKey, bytes, Deadline], T]


class Candidate:
    """A wrapped key, and the master key that its URI names."""

    __slots__ = ("key", "wrapped")

    def __init__(self, wrapped: WrappedKey, key: MasterKey) -> None:
        self.wrapped = wrapped
        self.key = key

    def failed(self, error: GitsealError) -> Failure:
        """Give the failure of this candidate."""
        return Failure(self.wrapped.to, self.wrapped.uri, error)

    def __repr__(self) -> str:
        return f"Candidate({self.wrapped!r})"
