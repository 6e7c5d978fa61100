# SPDX-License-Identifier: Apache-2.0
"""Changes of a record in sentences: what a person must see before saying yes."""

from __future__ import annotations

import pytest

from gitseal.policy.describing import describe_change, loosens
from gitseal.policy.terms import Reader
from keyrings import ALICE, BOB, CAROL, changed, fresh, rotated


def test_the_same_record_changes_nothing() -> None:
    assert describe_change(fresh(ALICE), fresh(ALICE)) == []


def test_readers_come_first_with_their_keys() -> None:
    old = fresh(ALICE, BOB)
    changes = describe_change(old, changed(old, ALICE, CAROL, clear=["kind"]))

    assert [(change.kind, change.sign, change.subject) for change in changes] == [
        ("readers", "+", "carol"),
        ("readers", "-", "bob"),
        ("clear", "+", "kind"),
    ]
    assert str(changes[0]) == "carol gains access, with age1carol"
    assert str(changes[1]) == "bob loses access (age1bob)"


def test_another_key_for_a_name_is_told() -> None:
    old = fresh(ALICE)
    (change,) = describe_change(old, changed(old, Reader("alice", "age1" + "x" * 100)))

    assert change.kind == "key"
    assert change.loosens
    assert "…" in str(change)


@pytest.mark.parametrize(
    ("fields", "loose"),
    [
        ({"files": []}, True),
        ({"files": ["prod/**", "more/**"]}, False),
        ({"seal": ["a"]}, True),
        ({"clear": ["kind"]}, True),
        ({"whole": ["x"]}, False),
        ({"comments": "clear"}, True),
        ({"worktree": "plain"}, True),
        ({"integrity": "mergeable"}, True),
        ({"portable": True}, False),
        ({"agents": "deny"}, False),
        ({"readers": [ALICE, BOB]}, True),
        ({"readers": []}, False),
    ],
)
def test_what_seals_less_or_lets_someone_in_is_marked(
    fields: dict[str, object], loose: bool
) -> None:
    from gitseal.policy.describing import describe_policy

    old = fresh(ALICE).policy
    changes = describe_policy(old, old.replace(**fields))

    assert changes
    assert loosens(changes) is loose


def test_of_a_new_record_readers_and_what_is_unusual_are_told() -> None:
    told = [str(change) for change in describe_change(None, fresh(ALICE, worktree="plain"))]

    assert told == [
        "alice gains access, with age1alice",
        "seals files matching prod/**",
        "seals key paths **",
        "keeps files readable in the worktree",
    ]


def test_rotations_are_told() -> None:
    old = fresh(ALICE)

    assert [str(change) for change in describe_change(old, rotated(old))] == [
        "epoch 1 still opens, and seals nothing new",
        "epoch 2 is new, active",
    ]
    assert [str(change) for change in describe_change(rotated(old), old)] == [
        "epoch 1 is active now",
        "epoch 2 is gone",
    ]


def test_a_retired_key_that_comes_back_is_marked() -> None:
    base = fresh(ALICE)

    assert loosens(describe_change(rotated(base, finished=True), rotated(base)))
    assert not loosens(describe_change(rotated(base), rotated(base, finished=True)))


def test_other_keys_are_told() -> None:
    (change,) = describe_change(fresh(ALICE), fresh(ALICE, whose="mallory"))

    assert str(change) == "epoch 1 has another key"
    assert change.loosens
