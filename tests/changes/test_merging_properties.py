# SPDX-License-Identifier: Apache-2.0
"""Merges of random documents, judged by plain dictionaries and lists."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gitseal.changes.merging import Merged
from gitseal.documents import parse, splice
from gitseal.errors import DocumentError
from gitseal.keypaths import format_path
from threeway import clashes, merge

KEYS = st.sampled_from("abcdef")
LEAVES = st.one_of(
    st.sampled_from(["v1", "v2", "a long secret", "two\nlines\n", "", "#no"]),
    st.integers(0, 3),
    st.booleans(),
    st.none(),
)
NAMED = st.lists(
    st.builds(lambda name, value: {"name": name, "v": value}, KEYS, LEAVES),
    max_size=3,
    unique_by=lambda one: one["name"],
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.dictionaries(KEYS, inner, max_size=3), st.lists(inner, max_size=3), NAMED
    ),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=5)


@st.composite
def changed(draw: st.DrawFn, value: Any, depth: int = 3) -> Any:
    """Change a value somewhere: a leaf, a key, an item, or an order."""
    if isinstance(value, dict) and value and depth:
        items: list[Any] = list(value.items())
        at = draw(st.integers(0, len(items) - 1))
        key, old = items[at]
        what = draw(st.sampled_from(["inside", "inside", "new", "gone", "moved", "renamed"]))
        if what == "inside":
            items[at] = (key, draw(changed(old, depth - 1)))
        elif what == "new":
            items.insert(at, (draw(st.sampled_from("ghij")), draw(VALUES)))
        elif what == "renamed":
            items[at] = (draw(st.sampled_from(sorted(RENAMED))), old)
        else:
            items.pop(at)
            items += [(key, old)] if what == "moved" else []
        return dict(items)
    if isinstance(value, list) and value and depth:
        items = list(value)
        at = draw(st.integers(0, len(items) - 1))
        what = draw(st.sampled_from(["inside", "new", "gone"]))
        if what == "inside":
            items[at] = draw(changed(items[at], depth - 1))
        elif what == "new":
            items.insert(at, draw(VALUES))
        else:
            items.pop(at)
        return items
    return draw(VALUES)


@st.composite
def versions(draw: st.DrawFn) -> tuple[str, list[Any], list[str]]:
    """Three versions of one document, as values and as text in one style."""
    base = draw(DOCUMENTS)
    sides = [base, *(draw(changed(base)) for _side in range(2))]
    if draw(st.booleans()):
        indent = draw(st.sampled_from([None, 2]))
        return "json", sides, [json.dumps(one, indent=indent) for one in sides]
    flow = draw(st.sampled_from([None, False, True]))
    return "yaml", sides, [
        yaml.safe_dump(one, default_flow_style=flow, sort_keys=False) for one in sides
    ]  # fmt: skip


def loaded(text: str, syntax: str) -> Any:
    return json.loads(text) if syntax == "json" else yaml.safe_load(text)


def is_document(text: str, syntax: str) -> bool:
    try:
        parse(text.encode(), syntax)
    except DocumentError:
        return False
    return True


def merged(base: str, ours: str, theirs: str, syntax: str) -> Merged | None:
    if not all(is_document(text, syntax) for text in (base, ours, theirs)):
        return None
    return merge(base, ours, theirs, syntax)


@given(versions())
def test_a_side_that_changed_nothing_gives_way(case: tuple[str, list[Any], list[str]]) -> None:
    syntax, _values, (base, ours, _theirs) = case
    if not (is_document(base, syntax) and is_document(ours, syntax)):
        return

    assert merge(base, ours, base, syntax).text == ours
    assert merge(base, base, ours, syntax).text == ours
    assert merge(base, ours, ours, syntax).text == ours


@settings(max_examples=150)
@given(versions())
def test_both_sides_may_change_places(case: tuple[str, list[Any], list[str]]) -> None:
    syntax, _values, (base, ours, theirs) = case
    result, swapped = merged(base, ours, theirs, syntax), merged(base, theirs, ours, syntax)
    if result is None or swapped is None:
        return

    assert sorted(clashes(result)) == sorted(clashes(swapped))
    if result.text is not None and swapped.text is not None:
        assert loaded(result.text, syntax) == loaded(swapped.text, syntax)


_GONE = object()
RENAMED = frozenset("xyz")


def flat(value: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Give the leaves at each path of mappings; lists are single values here."""
    if not isinstance(value, dict):
        return {path: repr(value)}
    found = {}
    for key, inner in value.items():
        found.update(flat(inner, (*path, key)))
    return found


@settings(max_examples=250)
@given(versions())
def test_a_merge_loses_no_change_of_either_side(case: tuple[str, list[Any], list[str]]) -> None:
    syntax, values, (base, ours, theirs) = case
    result = merged(base, ours, theirs, syntax)
    if result is None or result.text is None:
        return
    old, left, right = (flat(one) for one in values)
    found = flat(loaded(result.text, syntax))
    if any(RENAMED.intersection(path) for path in {*left, *right}):
        # A change follows its key, so that its path may be nobody's.
        new = (set(left.values()) | set(right.values())) - set(old.values())
        assert set(found.values()) <= {*left.values(), *right.values()} | lists(found)
        assert new - lists(left) - lists(right) <= set(found.values())
        return
    for path in {*old, *left, *right, *found}:
        before, mine, yours, now = (one.get(path, _GONE) for one in (old, left, right, found))
        if mine == yours:
            assert now == mine
        elif any(str(one).startswith("[") for one in (before, mine, yours)):
            assert now is not _GONE or _GONE in {mine, yours}
        else:
            assert now == (yours if before == mine else mine)
            assert before in {mine, yours}


def lists(leaves: dict[tuple[str, ...], Any]) -> set[Any]:
    return {one for one in leaves.values() if one.startswith("[")}


@settings(max_examples=150)
@given(versions(), st.data())
def test_changes_of_different_values_always_merge(
    case: tuple[str, list[Any], list[str]], data: st.DataObject
) -> None:
    syntax, _values, (base, _ours, _theirs) = case
    if not is_document(base, syntax):
        return
    # Two keys of one list item without a name are one change.
    slots = [
        one
        for one in parse(base.encode(), syntax).slots
        if "\n" not in base[one[0] : one[1]] and "[]" not in format_path(one[2])
    ]
    chosen = data.draw(st.lists(st.sampled_from(range(len(slots) or 1)), unique=True, max_size=6))
    half = data.draw(st.integers(0, len(chosen)))
    if not slots:
        return
    edits = [(slots[at][0], slots[at][1], f'"new {at}"') for at in sorted(chosen)]
    mine = [one for one, at in zip(edits, sorted(chosen), strict=True) if at in chosen[:half]]
    yours = [one for one in edits if one not in mine]

    result = merge(base, splice(base, mine), splice(base, yours), syntax)

    assert result.text == splice(base, edits)
