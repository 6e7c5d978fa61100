# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseal.changes.comparing import ADDED, CHANGED, REMOVED, UNKNOWN, Leaf
from gitseal.changes.tracing import CLEARED, RESEALED, SAME, SEALED, trace

PATH = b"a"


def sealed(token: str, text: str | None = None, path: bytes = PATH) -> Leaf:
    return Leaf(path, text, token, 1, secret=True)


def clear(text: str, path: bytes = PATH) -> Leaf:
    return Leaf(path, text, "", 1, secret=True, exposed=True)


@pytest.mark.parametrize(
    ("old", "new", "same_key", "kind", "known"),
    [
        (sealed("t"), sealed("t"), True, SAME, True),
        (sealed("t"), sealed("u"), True, CHANGED, False),
        (sealed("t"), sealed("u"), False, UNKNOWN, False),
        (sealed("t", "1"), sealed("u", "1"), False, RESEALED, True),
        (sealed("t", "1"), sealed("u", "2"), False, CHANGED, False),
        # What one side alone could open tells nothing.
        (sealed("t", "1"), sealed("u"), False, UNKNOWN, False),
        (clear("1"), clear("1"), True, SAME, True),
        (clear("1"), clear("2"), True, CHANGED, False),
        (clear("1"), sealed("t"), False, SEALED, False),
        (clear("1"), sealed("t", "1"), False, SEALED, True),
        (clear("1"), sealed("t", "2"), False, CHANGED, False),
        (sealed("t"), clear("1"), False, CLEARED, False),
        (sealed("t", "1"), clear("1"), True, CLEARED, True),
    ],
)
def test_what_became_of_a_value(
    old: Leaf, new: Leaf, same_key: bool, kind: str, known: bool
) -> None:
    [step] = trace([old], [new], same_key=same_key)

    assert (step.kind, step.known, step.old, step.new) == (kind, known, 0, 0)
    assert step.mixed == (kind in {SEALED, CLEARED} and not known)


TOKENS = st.lists(st.sampled_from("stuv"), max_size=8)


@given(TOKENS, TOKENS)
def test_each_item_of_a_list_has_one_step(old: list[str], new: list[str]) -> None:
    steps = trace([sealed(one) for one in old], [sealed(one) for one in new], same_key=True)

    assert sorted(step.old for step in steps if step.old is not None) == list(range(len(old)))
    assert sorted(step.new for step in steps if step.new is not None) == list(range(len(new)))
    for step in steps:
        if step.old is None or step.new is None:
            assert step.kind == (ADDED if step.old is None else REMOVED)
        else:
            assert (step.kind == SAME) == (old[step.old] == new[step.new])


@given(st.lists(st.sampled_from("stuvwxyz"), max_size=8, unique=True), st.integers(0, 8))
def test_an_inserted_item_is_the_only_one_that_is_new(old: list[str], at: int) -> None:
    new = [*old[:at], "new", *old[at:]]

    steps = trace([sealed(one) for one in old], [sealed(one) for one in new], same_key=True)

    assert [step.kind for step in steps if step.kind != SAME] == [ADDED]
    assert next(step.new for step in steps if step.kind == ADDED) == min(at, len(old))


def test_removed_values_come_last() -> None:
    steps = trace(
        [sealed("t", path=b"gone"), sealed("u", path=b"here")],
        [sealed("u", path=b"here"), sealed("v", path=b"new")],
        same_key=True,
    )

    assert [step.kind for step in steps] == [SAME, ADDED, REMOVED]
