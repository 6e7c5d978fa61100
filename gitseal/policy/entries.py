# SPDX-License-Identifier: Apache-2.0
"""Entries and lists of `.gitseal.yaml` by their place: added, set, taken out; see `splicing`."""

from __future__ import annotations

from gitseal.errors import NotFoundError
from gitseal.policy import POLICY_FILE
from gitseal.policy.splicing import Text, apply_edit, flow, quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from gitseal.policy.yamltree import Node


def set_scalar(data: bytes, where: tuple[str, ...], value: str | bool, path: str) -> bytes:
    """Put a single value at `where`, whether or not there is one."""
    text = flow(value)
    *above, last = where

    def edit(file: Text) -> None:
        _, parent = _entry(file, above)
        entry = parent.find(last)
        if entry:
            file.replace(entry[1], text)
        else:
            file.insert_entry(parent, last, text)

    def meant(plain: Any) -> None:
        _inside(plain, above)[last] = text if isinstance(value, bool) else value

    return apply_edit(data, path, edit, meant)


def add_items(
    data: bytes, where: tuple[str, ...], items: Iterable[str], *, path: str = POLICY_FILE
) -> bytes:
    """
    Add strings to the list at `where`, such as `("groups", "ops")`; duplicates are left out.

    Raises:
        NotFoundError: there is no such entry above the list.
    """
    for item in items:
        data = _add_item(data, where, item, path)
    return data


def _add_item(data: bytes, where: tuple[str, ...], item: str, path: str) -> bytes:
    return apply_edit(
        data,
        path,
        lambda file: _append(file, where, item),
        lambda plain: _append_plain(plain, where, item),
    )


def _append(file: Text, where: tuple[str, ...], item: str) -> None:
    *above, last = where
    _, parent = _entry(file, above)
    entry = parent.find(last)
    if entry is None:
        file.insert_entry(parent, last, flow([item], quoted=last != "readers"))
    elif entry[1].empty:
        file.replace(entry[1], flow([item], quoted=last != "readers"))
    elif all(one.text != item for one in entry[1].items):
        file.append_item(entry[1], item)


def _append_plain(plain: Any, where: tuple[str, ...], item: str) -> None:
    *above, last = where
    parent = _inside(plain, above)
    present = parent.get(last) or []
    parent[last] = present if item in present else [*present, item]


def remove_items(
    data: bytes, where: tuple[str, ...], items: Iterable[str], *, path: str = POLICY_FILE
) -> bytes:
    """
    Take strings out of the list at `where`; what is not there is no error.

    Raises:
        NotFoundError: there is no such list.
    """
    for item in items:
        data = _remove_item(data, where, item, path)
    return data


def _remove_item(data: bytes, where: tuple[str, ...], item: str, path: str) -> bytes:
    return apply_edit(
        data,
        path,
        lambda file: _take_out(file, where, item),
        lambda plain: _inside(plain, where).remove(item),
    )


def _take_out(file: Text, where: tuple[str, ...], item: str) -> None:
    owner, items = _entry(file, where)
    index = next((i for i, one in enumerate(items.items) if one.text == item), None)
    if owner is None or index is None:
        raise NotFoundError(f"{item!r} is not listed there", path=file.name)
    file.remove_item(owner, items, index)


def add_entry(
    data: bytes, path: str, section: str, key: str, value: Sequence[str] | str, plain: object
) -> bytes:
    """Add `key` to a top-level section, which may be empty or missing."""

    def edit(file: Text) -> None:
        entry = file.root.find(section)
        if entry is None:
            text = [f"{quote(key)}: {value}"] if isinstance(value, str) else None
            lines = text or [f"{quote(key)}:", *(" " * file.step() + line for line in value)]
            file.insert_entry(file.root, section, lines)
        elif entry[1].empty or not entry[1].entries:
            file.fill_empty(entry[0], entry[1], key, value)
        else:
            file.insert_entry(entry[1], key, value)

    def meant(tree: Any) -> None:
        tree[section] = {**(tree.get(section) or {}), key: plain}

    return apply_edit(data, path, edit, meant)


def remove_entry(data: bytes, path: str, above: tuple[str, ...], key: str) -> bytes:
    """Take `key` out of the mapping at `above`, with its line and the comment on it."""

    def edit(file: Text) -> None:
        owner, mapping = _entry(file, above)
        if owner is not None:
            file.remove_entry(owner, mapping, key)

    def meant(plain: Any) -> None:
        del _inside(plain, above)[key]

    return apply_edit(data, path, edit, meant)


def _entry(file: Text, where: Iterable[str]) -> tuple[Node | None, Node]:
    """Give the key and the value at a place of the file."""
    owner: Node | None = None
    node = file.root
    for part in where:
        found = node.find(part)
        if found is None:
            raise NotFoundError(f"there is no {part!r}", path=file.name)
        owner, node = found
    return owner, node


def _inside(plain: Any, where: Iterable[str]) -> Any:
    for part in where:
        plain = plain[part]
    return plain
