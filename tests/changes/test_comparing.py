# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gitseal.changes.comparing import Leaf, compare, leaves
from gitseal.documents import parse
from gitseal.keypaths import format_path

PATHS = {name: name.encode() for name in "abc"}


def opened(name: str, text: str, token: str = "t", line: int = 1) -> Leaf:
    return Leaf(name.encode(), text, token, line, secret=True)


def closed(name: str, token: str) -> Leaf:
    return Leaf(name.encode(), None, token, 1, secret=True)


def told(old: list[Leaf], new: list[Leaf], *, same_key: bool = True) -> list[tuple[str, str]]:
    changes = compare(old, new, same_key=same_key).changes
    return [(change.path.decode(), change.kind) for change in changes]


def test_opened_values_are_compared_by_what_they_say() -> None:
    old = [opened("a", "1", "x"), opened("b", "2", "y")]
    new = [opened("a", "1", "other"), opened("b", "3", "z")]

    result = compare(old, new, same_key=False)

    assert [(one.path, one.kind) for one in result.changes] == [(b"b", "changed")]
    assert result.resealed == 1


def test_unopened_values_are_compared_by_their_sealed_text_under_one_key() -> None:
    old, new = [closed("a", "x"), closed("b", "y")], [closed("a", "x"), closed("b", "z")]

    assert told(old, new) == [("b", "changed")]


def test_under_another_key_nobody_can_tell() -> None:
    assert told([closed("a", "x")], [closed("a", "y")], same_key=False) == [("a", "sealed again")]


def test_a_value_that_is_exposed_changed_even_if_it_is_the_same() -> None:
    bare = Leaf(b"a", "1", "", 1, secret=True, exposed=True)

    assert told([opened("a", "1")], [bare]) == [("a", "changed")]


def test_order_of_keys_is_no_change() -> None:
    assert told([opened("a", "1"), opened("b", "2")], [opened("b", "2"), opened("a", "1")]) == []


def test_one_inserted_item_is_one_change() -> None:
    old = [opened("a", text) for text in "123"]

    assert told(old, [opened("a", "0"), *old]) == [("a", "added")]
    assert told(old, old[1:]) == [("a", "removed")]


def test_leaves_know_their_lines_and_what_is_secret() -> None:
    document = parse(b"a: 1\nb:\n  c: two\n  d: {e: 3}\n", "yaml")

    found = leaves(document, lambda path: format_path(path) == "b.c", exposed=True)

    assert [(format_path(one.path), one.line, one.secret, one.exposed) for one in found] == [
        ("a", 1, False, False),
        ("b.c", 3, True, True),
        ("b.d.e", 4, False, False),
    ]


LEAVES = st.lists(
    st.builds(opened, st.sampled_from("abc"), st.sampled_from("123"), st.sampled_from("xyz")),
    max_size=8,
)


@given(LEAVES, LEAVES)
def test_changes_turn_the_old_version_into_the_new_one(old: list[Leaf], new: list[Leaf]) -> None:
    def bag(values: list[Leaf]) -> list[tuple[bytes, str | None]]:
        return sorted((leaf.path, leaf.text) for leaf in values)

    result = compare(old, new)
    kept = bag(old)
    for change in result.changes:
        if change.old is not None:
            kept.remove((change.old.path, change.old.text))
        if change.new is not None:
            kept.append((change.new.path, change.new.text))

    assert sorted(kept) == bag(new)
    assert compare(old, old).changes == []
