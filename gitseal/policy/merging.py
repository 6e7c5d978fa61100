# SPDX-License-Identifier: Apache-2.0
"""
Two branches changed one policy: three-way merges on the terms of `.gitseal.yaml` (format 8).

Lists are sets: what either side added is in, what either side took out is out.  A single value
that both changed differently is a conflict, which names both.
"""

from __future__ import annotations

from gitseal.policy.config import Config, ScopeConfig
from gitseal.policy.terms import LISTS, SINGLES, Reader, RecordPolicy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TypeVar

    Entry = TypeVar("Entry")


class Conflict:
    """
    One place that both sides changed differently.

    Attributes:
        where: as people would say it: "scopes.prod.worktree".
        ours, theirs: what either side has there; None where it was taken out.
    """

    __slots__ = ("ours", "theirs", "where")

    def __init__(self, where: str, ours: object, theirs: object) -> None:
        self.where = where
        self.ours = ours
        self.theirs = theirs

    def __str__(self) -> str:
        return f"{self.where}: ours {_told(self.ours)}, theirs {_told(self.theirs)}"

    def __repr__(self) -> str:
        return f"Conflict({self!s})"


def _told(value: object) -> str:
    return "takes it out" if value is None else f"says {value}"


def merge_policies(
    base: RecordPolicy | None, ours: RecordPolicy, theirs: RecordPolicy, where: str = "policy"
) -> tuple[RecordPolicy, list[Conflict]]:
    """
    Merge two policies of one scope; where they conflict the result has ours.

    Args:
        base: what both came from; None where nothing is known: then nothing was taken out.
        ours: the policy of this branch.
        theirs: the policy of the other one.
        where: the scope, for the conflicts.

    Raises:
        PolicyError: together they contradict each other, such as two readers with one key.
    """
    conflicts: list[Conflict] = []
    keys = merge_maps(
        {reader.to: reader.key for reader in base.readers} if base else {},
        {reader.to: reader.key for reader in ours.readers},
        {reader.to: reader.key for reader in theirs.readers},
        f"{where}.readers",
        conflicts,
    )
    fields: dict[str, object] = {"readers": [Reader(to, key) for to, key in keys.items()]}
    _merge_fields(base, ours, theirs, where, fields, conflicts)
    return RecordPolicy(**fields), conflicts  # type: ignore[arg-type]


def _merge_fields(
    base: RecordPolicy | ScopeConfig | None,
    ours: RecordPolicy | ScopeConfig,
    theirs: RecordPolicy | ScopeConfig,
    where: str,
    fields: dict[str, object],
    conflicts: list[Conflict],
) -> None:
    """Merge what policies and scopes have in common into `fields`."""
    for name in LISTS:
        fields[name] = merge_sets(
            getattr(base, name) if base else (), getattr(ours, name), getattr(theirs, name)
        )
    for name in SINGLES:
        fields[name] = merge_values(
            getattr(base, name) if base else None,
            getattr(ours, name),
            getattr(theirs, name),
            f"{where}.{name}",
            conflicts,
        )


def merge_sets(base: Iterable[str], ours: Sequence[str], theirs: Iterable[str]) -> list[str]:
    """Merge lists as sets: ours in its order, then what only theirs has."""
    before = set(base)
    other = list(theirs)
    kept = [item for item in ours if item in other or item not in before]
    return kept + [item for item in other if item not in ours and item not in before]


def merge_values(
    base: object, ours: object, theirs: object, where: str, conflicts: list[Conflict]
) -> object:
    """Merge single values: the side that changed wins; ours, and a conflict, where both did."""
    if theirs in (ours, base):
        return ours
    if ours == base:
        return theirs
    conflicts.append(Conflict(where, ours, theirs))
    return ours


def merge_maps(
    base: Mapping[str, str],
    ours: Mapping[str, str],
    theirs: Mapping[str, str],
    where: str,
    conflicts: list[Conflict],
) -> dict[str, str]:
    """Merge names with one value each; None, in a conflict, is a name that was taken out."""
    merged = {}
    for name in [*ours, *(name for name in theirs if name not in ours)]:
        value = merge_values(
            base.get(name), ours.get(name), theirs.get(name), f"{where}.{name}", conflicts
        )
        if isinstance(value, str):
            merged[name] = value
    return merged


def merge_configs(
    base: Config | None, ours: Config, theirs: Config
) -> tuple[Config, list[Conflict]]:
    """
    Merge two policy files by readers, groups and scopes; where they conflict the result has ours.

    The result was not read from a file: whoever writes it reads it again, which finds what the
    two contradict each other in together.
    """
    base = base or Config({}, {}, {})
    conflicts: list[Conflict] = []
    readers = merge_maps(base.readers, ours.readers, theirs.readers, "readers", conflicts)
    groups: dict[str, tuple[str, ...]] = {}
    for name in [*ours.groups, *(name for name in theirs.groups if name not in ours.groups)]:
        before, mine, other = (side.groups.get(name) for side in (base, ours, theirs))
        if mine is not None and other is not None:
            groups[name] = tuple(merge_sets(before or (), mine, other))
        elif (left := _one_sided(before, mine, other, f"groups.{name}", conflicts)) is not None:
            groups[name] = left
    scopes: dict[str, ScopeConfig] = {}
    for name in [*ours.scopes, *(name for name in theirs.scopes if name not in ours.scopes)]:
        was, here, there = (side.scopes.get(name) for side in (base, ours, theirs))
        if here is not None and there is not None:
            scopes[name] = _merge_scopes(was, here, there, conflicts)
        elif (one := _one_sided(was, here, there, f"scopes.{name}", conflicts)) is not None:
            scopes[name] = one
    return Config(readers, groups, scopes), conflicts


def _one_sided(
    base: Entry | None,
    ours: Entry | None,
    theirs: Entry | None,
    where: str,
    conflicts: list[Conflict],
) -> Entry | None:
    """Merge an entry that one side does not have: new there, or taken out here."""
    present = ours if ours is not None else theirs
    if base is None:
        return present
    if present == base:
        return None
    conflicts.append(Conflict(where, ours, theirs))
    return ours


def _merge_scopes(
    base: ScopeConfig | None, ours: ScopeConfig, theirs: ScopeConfig, conflicts: list[Conflict]
) -> ScopeConfig:
    where = f"scopes.{ours.name}"
    if ours.context != theirs.context:
        conflicts.append(Conflict(f"{where}.context", dict(ours.context), dict(theirs.context)))
    fields: dict[str, object] = {"context": ours.context}
    fields["readers"] = merge_sets(base.readers if base else (), ours.readers, theirs.readers)
    preset = base.preset if base else None
    fields["preset"] = merge_values(
        preset, ours.preset, theirs.preset, f"{where}.preset", conflicts
    )
    _merge_fields(base, ours, theirs, where, fields, conflicts)
    return ScopeConfig(ours.name, **fields)  # type: ignore[arg-type]
