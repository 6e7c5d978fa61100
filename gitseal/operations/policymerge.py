# SPDX-License-Identifier: Apache-2.0
"""Two branches changed `.gitseal.yaml`: merged by its terms, with the comments of ours kept."""

from __future__ import annotations

import os

from gitseal.errors import GitsealError, RefusedError
from gitseal.policy import POLICY_FILE, editing
from gitseal.policy.config import Config
from gitseal.policy.entries import add_items, remove_items
from gitseal.policy.merging import merge_configs
from gitseal.policy.terms import LISTS, SINGLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.operations.workspace import Workspace
    from gitseal.policy.config import ScopeConfig

_FIELDS = (*LISTS, "readers", *SINGLES, "preset")


def merged_policy(workspace: Workspace) -> bytes | None:
    """
    Give the merged policy file while a merge has left it in conflict; else None.

    Raises:
        RefusedError: both branches changed one thing differently.
        PolicyError: a side is malformed.
    """
    from gitseal.repository.trees import IndexTree

    tree = IndexTree(workspace.needed_repository())
    try:
        if POLICY_FILE not in tree.conflicts:
            return None
        stages = tree.stages(POLICY_FILE)
    finally:
        tree.close()
    if not _has_markers(workspace) or 2 not in stages or 3 not in stages:
        # Somebody has merged it by hand already, or one branch deleted it.
        return None
    base = Config.parse(stages[1]) if 1 in stages else None
    return merge_texts(base, stages[2], Config.parse(stages[3]))


def _has_markers(workspace: Workspace) -> bool:
    path = os.path.join(workspace.needed_repository().root, POLICY_FILE)
    try:
        with open(path, "rb") as stream:
            return any(line.startswith(b"<<<<<<< ") for line in stream)
    except OSError:
        return False


def merge_texts(base: Config | None, ours: bytes, theirs: Config) -> bytes:
    """
    Merge what `theirs` changed into the text of ours.

    Raises:
        RefusedError: both changed one thing differently, or the text has no place for it.
    """
    mine = Config.parse(ours)
    wanted, conflicts = merge_configs(base or Config({}, {}, {}), mine, theirs)
    if conflicts:
        raise RefusedError(
            "both branches changed the policy differently: "
            + "; ".join(str(conflict) for conflict in conflicts),
            hint="decide by hand in .gitseal.yaml, then: gitseal apply",
            path=POLICY_FILE,
        )
    try:
        data = _edited(ours, mine, wanted)
        if Config.parse(data) == wanted:
            return data
    except GitsealError:
        pass
    raise RefusedError(
        "the two policies cannot be merged by line",
        hint="merge .gitseal.yaml by hand, then: gitseal apply",
        path=POLICY_FILE,
    )


def _edited(data: bytes, ours: Config, wanted: Config) -> bytes:
    for name, key in wanted.readers.items():
        if name not in ours.readers:
            data = editing.add_reader(data, name, key)
        elif ours.readers[name] != key:
            data = editing.set_key(data, name, key)
    for name, members in wanted.groups.items():
        if name in ours.groups:
            where = ("groups", name)
            added = [one for one in members if one not in ours.groups[name]]
            gone = [one for one in ours.groups[name] if one not in members]
            data = remove_items(add_items(data, where, added), where, gone)
    for name, scope in wanted.scopes.items():
        if name not in ours.scopes:
            data = editing.add_scope(data, scope)
        else:
            data = _edited_scope(data, name, ours.scopes[name], scope)
    for name in ours.readers:
        if name not in wanted.readers and name in Config.parse(data).readers:
            data = editing.remove_reader(data, name)
    return data


def _edited_scope(data: bytes, name: str, ours: ScopeConfig, wanted: ScopeConfig) -> bytes:
    for field in _FIELDS:
        value = getattr(wanted, field)
        if value != getattr(ours, field) and value is not None:
            data = editing.set_field(data, name, field, value)
    return data
