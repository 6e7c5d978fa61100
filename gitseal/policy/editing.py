# SPDX-License-Identifier: Apache-2.0
"""
Commands that change `.gitseal.yaml`: bytes in, bytes out; comments, order and quotes stay.

Every function reads the result again as a whole policy and refuses to give a broken one.
"""

from __future__ import annotations

from gitseal.errors import NotFoundError, PolicyError, UsageError
from gitseal.policy import POLICY_FILE
from gitseal.policy.config import Config, ScopeConfig
from gitseal.policy.creating import create, scope_lines
from gitseal.policy.entries import add_entry, add_items, remove_entry, remove_items, set_scalar
from gitseal.policy.splicing import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "add_files",
    "add_items",
    "add_reader",
    "add_scope",
    "create",
    "remove_items",
    "remove_reader",
    "set_field",
    "set_key",
]


def add_reader(
    data: bytes,
    name: str,
    key: str,
    *,
    scopes: Iterable[str] = (),
    groups: Iterable[str] = (),
    path: str = POLICY_FILE,
) -> bytes:
    """
    List a reader, and put the name into scopes and groups; what is there already stays.

    Raises:
        UsageError: the name stands for another key, or is a group.
        NotFoundError: no such scope or group.
    """
    config = Config.parse(data, path)
    if config.readers.get(name, key) != key or name in config.groups:
        raise UsageError(
            f"{name!r} is listed already, with another key" if name in config.readers
            else f"{name!r} is a group",
            hint="choose another name, or change the key: gitseal readers remove, then add",
            path=path,
        )  # fmt: skip
    if name not in config.readers:
        data = add_entry(data, path, "readers", name, quote(key), key)
    for group in groups:
        data = add_items(data, ("groups", group), [name], path=path)
    for scope in scopes:
        data = add_items(data, ("scopes", scope, "readers"), [name], path=path)
    return _checked(data, path)


def remove_reader(
    data: bytes, name: str, *, scopes: Iterable[str] | None = None, path: str = POLICY_FILE
) -> bytes:
    """
    Take a reader out: everywhere, or only out of some scopes.

    A group that would be empty goes as well.  Where a scope has the reader through a group, the
    group's other members take its place.

    Raises:
        NotFoundError: no such reader, or not one of the scope.
        PolicyError: a scope would have no reader left.
    """
    config = Config.parse(data, path)
    if name not in config.readers:
        raise NotFoundError(f"no reader is called {name!r}", hint="gitseal readers list", path=path)
    if scopes is not None:
        for scope in scopes:
            data = _remove_from_scope(data, config, name, scope, path)
        return _checked(data, path)
    gone = _names_that_go(config, name)
    for member in gone:
        data = _remove_member(data, config, member, set(gone), path)
    for member in gone:
        section = "groups" if member in config.groups else "readers"
        data = remove_entry(data, path, (section,), member)
    return _checked(data, path)


def _names_that_go(config: Config, name: str) -> list[str]:
    """Give the reader, and every group that holds nobody else."""
    gone = [name]
    changed = True
    while changed:
        changed = False
        for group, members in config.groups.items():
            if group not in gone and members and all(member in gone for member in members):
                gone.append(group)
                changed = True
    return gone


def _remove_member(data: bytes, config: Config, name: str, gone: set[str], path: str) -> bytes:
    for group, members in config.groups.items():
        if name in members and group not in gone:
            data = remove_items(data, ("groups", group), [name], path=path)
    for scope, wanted in config.scopes.items():
        if name in wanted.readers:
            if all(member in gone for member in wanted.readers):
                raise _nobody_left(config, scope)
            data = remove_items(data, ("scopes", scope, "readers"), [name], path=path)
    return data


def _remove_from_scope(data: bytes, config: Config, name: str, scope: str, path: str) -> bytes:
    wanted = config.scopes.get(scope)
    if wanted is None or all(reader.to != name for reader in config.expand(scope)):
        raise NotFoundError(f"{name!r} is no reader of scope {scope!r}", path=path)
    kept = [reader.to for reader in config.expand(scope) if reader.to != name]
    if not kept:
        raise _nobody_left(config, scope)
    where = ("scopes", scope, "readers")
    if name in wanted.readers:
        data = remove_items(data, where, [name], path=path)
    through = [
        member for member in Config.parse(data, path).scopes[scope].readers
        if member in config.groups and name in config.members(member)
    ]  # fmt: skip
    if through:
        present = {reader for reader in kept if reader in wanted.readers}
        data = add_items(data, where, [one for one in kept if one not in present], path=path)
        data = remove_items(data, where, through, path=path)
    return data


def _nobody_left(config: Config, scope: str) -> PolicyError:
    return PolicyError(
        f"scope {scope!r} would have no reader left",
        hint="add another reader first: gitseal readers add",
        path=config.where("scopes", scope, "readers"),
    )


def add_scope(data: bytes, scope: ScopeConfig, *, path: str = POLICY_FILE) -> bytes:
    """
    Add a scope at the end.

    Raises:
        UsageError: there is one of that name.
        PolicyError: it would not be a valid scope.
    """
    if scope.name in Config.parse(data, path).scopes:
        raise UsageError(f"there is a scope called {scope.name!r}", path=path)
    lines = scope_lines(scope)
    return _checked(add_entry(data, path, "scopes", scope.name, lines, _plain_of(lines)), path)


def _plain_of(lines: Sequence[str]) -> object:
    from gitseal.policy.yamltree import parse_tree

    tree = parse_tree("\n".join(lines), POLICY_FILE)
    return tree.plain() if tree else None


def add_files(
    data: bytes, scope: str, patterns: Iterable[str], *, path: str = POLICY_FILE
) -> bytes:
    """
    Add file patterns to a scope; those it has already stay where they are.

    Raises:
        NotFoundError: no such scope.
        PolicyError: a pattern is not allowed.
    """
    return _checked(add_items(data, ("scopes", scope, "files"), patterns, path=path), path)


def set_field(
    data: bytes, scope: str, field: str, value: str | bool | Sequence[str],
    *, path: str = POLICY_FILE,
) -> bytes:  # fmt: skip
    """
    Set one field of a scope; of a list, only the items that differ are touched.

    Raises:
        NotFoundError: no such scope.
        PolicyError: the value is not allowed there.
        UsageError: the context, which never changes.
    """
    if field == "context":
        raise UsageError("the context of a scope never changes", hint="make another scope")
    where = ("scopes", scope, field)
    config = Config.parse(data, path)
    if scope not in config.scopes:
        raise NotFoundError(f"no scope is called {scope!r}", path=path)
    if isinstance(value, (str, bool)):
        return _checked(set_scalar(data, where, value, path), path)
    present = getattr(config.scopes[scope], field)
    data = add_items(data, where, [item for item in value if item not in present], path=path)
    if list(value) != list(present) or not value:
        there = getattr(Config.parse(data, path).scopes[scope], field)
        unwanted = [item for item in there if item not in value]
        data = remove_items(data, where, unwanted, path=path)
    return _checked(data, path)


def set_key(data: bytes, reader: str, key: str, *, path: str = POLICY_FILE) -> bytes:
    """
    Give a reader another key.

    Raises:
        NotFoundError: no such reader.
    """
    if reader not in Config.parse(data, path).readers:
        raise NotFoundError(f"no reader is called {reader!r}", path=path)
    return _checked(set_scalar(data, ("readers", reader), key, path), path)


def _checked(data: bytes, path: str) -> bytes:
    Config.parse(data, path)
    return data
