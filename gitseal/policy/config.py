# SPDX-License-Identifier: Apache-2.0
"""
`.gitseal.yaml`: what people want (format 8).  Strict, and every fault has a line and a next step.

Nothing obeys this file: `gitseal apply` shows what it would change and signs a record, and the
other commands follow the record.
"""

from __future__ import annotations

from gitseal.errors import PolicyError
from gitseal.keys import Context
from gitseal.policy import POLICY_FILE
from gitseal.policy.presets import PRESETS
from gitseal.policy.terms import Reader, RecordPolicy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class ScopeConfig:
    """
    One entry of `scopes`, as typed, with defaults filled in; immutable.

    Attributes:
        name, context: the scope.
        readers: names of readers and groups.
        clear: as typed; `all_clear` has the preset's too.
        preset: name of the preset, or None.
        files, seal, whole, comments, worktree, integrity, portable, agents: see `RecordPolicy`.
    """

    __slots__ = (
        "agents", "clear", "comments", "context", "files", "integrity", "name", "portable",
        "preset", "readers", "seal", "whole", "worktree",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        *,
        files: Iterable[str],
        readers: Iterable[str],
        context: Context | None = None,
        seal: Iterable[str] = ("**",),
        clear: Iterable[str] = (),
        preset: str | None = None,
        whole: Iterable[str] = (),
        comments: str = "seal",
        worktree: str = "sealed",
        integrity: str = "strict",
        portable: bool = False,
        agents: str = "allow",
    ) -> None:
        self.name = name
        self.context = context or Context()
        self.files = tuple(files)
        self.readers = tuple(readers)
        self.seal = tuple(seal)
        self.clear = tuple(clear)
        self.preset = preset
        self.whole = tuple(whole)
        self.comments = comments
        self.worktree = worktree
        self.integrity = integrity
        self.portable = portable
        self.agents = agents

    @property
    def all_clear(self) -> tuple[str, ...]:
        """The globs of `clear`, then those of the preset that are not among them."""
        added = PRESETS[self.preset] if self.preset else ()
        return (*self.clear, *(glob for glob in added if glob not in self.clear))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ScopeConfig):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __hash__(self) -> int:
        return hash((self.name, self.files, self.readers))

    def __repr__(self) -> str:
        return f"ScopeConfig({self.name!r}, files={list(self.files)!r}, …)"


class Config:
    """
    The policy file, read and checked; immutable.

    Attributes:
        readers: name -> key URI as typed.
        groups: name -> names of readers and groups.
        scopes: name -> ScopeConfig.
    """

    __slots__ = ("_lines", "groups", "name", "readers", "scopes")

    def __init__(
        self,
        readers: Mapping[str, str],
        groups: Mapping[str, tuple[str, ...]],
        scopes: Mapping[str, ScopeConfig],
        *,
        name: str = POLICY_FILE,
        lines: Mapping[tuple[str, ...], int] | None = None,
    ) -> None:
        self.readers = dict(readers)
        self.groups = dict(groups)
        self.scopes = dict(scopes)
        self.name = name
        self._lines = dict(lines or {})

    @classmethod
    def parse(cls, data: bytes, name: str = POLICY_FILE) -> Config:
        """
        Read `.gitseal.yaml`.

        Raises:
            PolicyError: anything unknown, mistyped or contradictory; `path` is `FILE:LINE`.
            NewerVersionError: a version that this gitseal does not know.
        """
        from gitseal.policy.configreading import read_config

        return read_config(data, name)

    def where(self, *parts: str) -> str:
        """Give `FILE:LINE` of an entry, such as `("readers", "alice")`, for an error about it."""
        for size in range(len(parts), 0, -1):
            if parts[:size] in self._lines:
                return f"{self.name}:{self._lines[parts[:size]]}"
        return self.name

    def expand(self, scope: str) -> list[Reader]:
        """Give the readers of a scope, groups expanded, each once, in the order of the file."""
        found = self.members(*self.scopes[scope].readers)
        return [Reader(name, self.readers[name]) for name in found if name in self.readers]

    def members(self, *names: str) -> list[str]:
        """Give readers and groups with all that is in them, each once, in the order of the file."""
        found: dict[str, None] = {}
        self._collect(names, found)
        return list(found)

    def _collect(self, names: Iterable[str], found: dict[str, None]) -> None:
        for name in names:
            if name not in found:
                found[name] = None
                self._collect(self.groups.get(name, ()), found)

    def policy(self, scope: str) -> RecordPolicy:
        """
        Give what the record of a scope would say; readers by the keys as typed.

        Raises:
            PolicyError: the scope contradicts itself.
        """
        wanted = self.scopes[scope]
        try:
            return RecordPolicy(
                files=wanted.files,
                readers=self.expand(scope),
                seal=wanted.seal,
                clear=wanted.all_clear,
                whole=wanted.whole,
                comments=wanted.comments,
                worktree=wanted.worktree,
                integrity=wanted.integrity,
                portable=wanted.portable,
                agents=wanted.agents,
            )
        except PolicyError as error:
            raise error.at(self.where("scopes", scope)) from None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Config):
            return NotImplemented
        mine = (self.readers, self.groups, self.scopes)
        return mine == (other.readers, other.groups, other.scopes)

    __hash__ = None  # type: ignore[assignment]  # it holds dicts

    def __repr__(self) -> str:
        return f"Config(readers={sorted(self.readers)!r}, scopes={sorted(self.scopes)!r})"
