# SPDX-License-Identifier: Apache-2.0
"""Two branches changed one policy or record: what stays, conflicts, must be sealed anew."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseal.errors import PolicyError, RefusedError
from gitseal.policy.building import missing_wraps
from gitseal.policy.config import Config
from gitseal.policy.merging import merge_configs, merge_policies, merge_sets
from gitseal.policy.recordmerge import RecordMerge, merge_records
from gitseal.policy.records import Record
from gitseal.policy.terms import Reader, RecordPolicy
from keyrings import ALICE, BOB, CAROL, changed, fresh, keys, policy, rotated, rotating, wraps

BASE = policy(ALICE, BOB, files=["a", "b"])


def build(merge: RecordMerge, signer: int) -> Record:
    """Sign a merge after wrapping for whoever has no wrap yet."""
    given = {n: wraps(merge.policy.readers) for n, _ in missing_wraps(merge.draft())}
    return merge.build(keys(signer).sign, given)


class TestPolicies:
    def test_additions_of_both_sides_come_together(self) -> None:
        ours = BASE.replace(readers=[ALICE, BOB, CAROL], clear=["kind"])
        theirs = BASE.replace(files=["a", "b", "c"], worktree="plain")
        merged, conflicts = merge_policies(BASE, ours, theirs)

        assert conflicts == []
        assert merged == BASE.replace(
            readers=[ALICE, BOB, CAROL], clear=["kind"], files=["a", "b", "c"], worktree="plain"
        )

    def test_what_one_side_took_out_is_out(self) -> None:
        ours = BASE.replace(readers=[ALICE])
        theirs = BASE.replace(readers=[ALICE, BOB, CAROL], files=["b"])
        merged, conflicts = merge_policies(BASE, ours, theirs)

        assert conflicts == []
        assert merged.readers == (ALICE, CAROL)
        assert merged.files == ("b",)

    def test_a_field_changed_differently_is_a_conflict(self) -> None:
        base = BASE.replace(comments="seal")
        ours = base.replace(readers=[ALICE, Reader("bob", "age1new")])
        theirs = base.replace(readers=[ALICE, Reader("bob", "age1other")])
        merged, conflicts = merge_policies(base, ours, theirs, "scopes.shop")

        assert [(c.where, c.ours, c.theirs) for c in conflicts] == [
            ("scopes.shop.readers.bob", "age1new", "age1other")
        ]
        assert merged.readers == ours.readers
        assert str(conflicts[0]) == (
            "scopes.shop.readers.bob: ours says age1new, theirs says age1other"
        )

    def test_a_removed_and_a_changed_reader_conflict(self) -> None:
        ours = BASE.replace(readers=[ALICE])
        theirs = BASE.replace(readers=[ALICE, Reader("bob", "age1new")])
        _, conflicts = merge_policies(BASE, ours, theirs)

        assert [(c.ours, c.theirs) for c in conflicts] == [(None, "age1new")]

    def test_without_a_base_differing_values_conflict(self) -> None:
        theirs = BASE.replace(integrity="mergeable", files=["c"])
        merged, conflicts = merge_policies(None, BASE, theirs)

        assert [c.where for c in conflicts] == ["policy.integrity"]
        assert merged.files == ("a", "b", "c")

    def test_what_contradicts_itself_together_is_refused(self) -> None:
        ours = BASE.replace(portable=True)
        theirs = BASE.replace(integrity="mergeable")

        with pytest.raises(PolicyError, match="strict only"):
            merge_policies(BASE, ours, theirs)


LISTS = st.lists(st.sampled_from("abcdef"), unique=True)


@given(base=LISTS, ours=LISTS, theirs=LISTS)
def test_lists_merge_as_sets(base: list[str], ours: list[str], theirs: list[str]) -> None:
    merged = merge_sets(base, ours, theirs)

    kept = set(base) & set(ours) & set(theirs)
    assert set(merged) == kept | (set(ours) - set(base)) | (set(theirs) - set(base))
    assert len(merged) == len(set(merged))
    assert [item for item in merged if item in ours] == [item for item in ours if item in merged]
    assert set(merge_sets(base, theirs, ours)) == set(merged)


FILE = b"""\
version: 1
readers: {alice: age1a, bob: age1b}
groups: {ops: [alice, bob]}
scopes:
  shop: {files: ["a/**"], readers: [ops], context: {app: shop}}
  old: {files: ["o/**"], readers: [bob]}
"""


class TestConfigs:
    def merge(self, ours: bytes, theirs: bytes) -> tuple[Config, list[str]]:
        base = Config.parse(FILE)
        merged, conflicts = merge_configs(base, Config.parse(ours), Config.parse(theirs))
        return merged, [conflict.where for conflict in conflicts]

    def test_a_side_that_changed_nothing_gives_the_other(self) -> None:
        other = FILE.replace(b"bob: age1b}", b"bob: age1b, zoe: age1z}")

        assert self.merge(FILE, other) == (Config.parse(other), [])
        assert self.merge(other, FILE) == (Config.parse(other), [])

    def test_readers_groups_and_scopes_merge(self) -> None:
        ours = FILE.replace(b"bob: age1b}", b"bob: age1b, zoe: age1z}").replace(
            b"[alice, bob]", b"[alice, bob, zoe]"
        )
        theirs = FILE.replace(b'["a/**"]', b'["a/**", "b/**"]').replace(b"[ops], c", b"[bob], c")
        merged, conflicts = self.merge(ours, theirs)

        assert conflicts == []
        assert merged.readers == {"alice": "age1a", "bob": "age1b", "zoe": "age1z"}
        assert merged.groups == {"ops": ("alice", "bob", "zoe")}
        assert merged.scopes["shop"].files == ("a/**", "b/**")
        assert merged.scopes["shop"].readers == ("bob",)

    def test_a_scope_taken_out_on_one_side_is_out(self) -> None:
        without = FILE[: FILE.index(b"  old:")]

        merged, conflicts = self.merge(without, FILE)
        assert (list(merged.scopes), conflicts) == (["shop"], [])

    def test_a_scope_taken_out_here_and_changed_there_conflicts(self) -> None:
        without = FILE[: FILE.index(b"  old:")]
        changed_there = FILE.replace(b'"o/**"', b'"p/**"')

        merged, conflicts = self.merge(without, changed_there)
        assert (list(merged.scopes), conflicts) == (["shop"], ["scopes.old"])

    def test_another_context_always_conflicts(self) -> None:
        theirs = FILE.replace(b"{app: shop}", b"{app: shops}")

        assert self.merge(FILE, theirs)[1] == ["scopes.shop.context"]

    def test_a_new_group_or_preset_of_one_side_stays(self) -> None:
        theirs = FILE.replace(b"ops: [alice, bob]", b"ops: [alice, bob], dev: [bob]").replace(
            b"[ops], context", b"[ops], preset: helm, context"
        )
        merged, conflicts = self.merge(FILE, theirs)

        assert conflicts == []
        assert merged.groups["dev"] == ("bob",)
        assert merged.scopes["shop"].preset == "helm"


class TestRecords:
    def test_a_reader_on_each_branch(self) -> None:
        base = fresh(ALICE)
        merge = merge_records(base, changed(base, ALICE, BOB), changed(base, ALICE, CAROL))

        assert merge.policy.readers == (ALICE, BOB, CAROL)
        assert missing_wraps(merge.draft()) == []
        record = build(merge, 1)
        assert record.seq == 3
        assert {wrap.to for wrap in record.active.wraps} == {"alice", "bob", "carol"}
        assert not merge.leavers

    def test_a_reader_here_and_a_rotation_there(self) -> None:
        base = fresh(ALICE, BOB)
        ours, theirs = changed(base, ALICE, BOB, CAROL), rotated(base, ALICE)
        merge = merge_records(base, ours, theirs)

        assert merge.policy.readers == (ALICE, CAROL)
        assert merge.winner == theirs
        assert [epoch.state for epoch in merge.epochs] == ["readable", "active"]
        assert missing_wraps(merge.draft()) == [(2, CAROL)]
        assert merge.leavers == ()
        record = build(merge, 2)
        record.check_links()
        assert record.seq == 4

    def test_an_epoch_retired_on_one_branch_is_retired(self) -> None:
        base = fresh(ALICE)
        ours, theirs = changed(base, ALICE, BOB), rotated(base, finished=True)
        merge = merge_records(base, ours, theirs)

        assert [epoch.state for epoch in merge.epochs] == ["retired", "active"]

    def test_of_rival_epochs_the_pinned_one_stays(self) -> None:
        base = fresh(ALICE, BOB)
        ours, theirs = rotated(base, ALICE), rotated(base, BOB, whose="theirs")

        merge = merge_records(base, ours, theirs, pinned=theirs)
        assert merge.winner == theirs
        assert merge.epochs[1].kid == keys(2, whose="theirs").kid
        assert merge.loser == ours

    def test_or_the_one_older_in_history(self) -> None:
        base = fresh(ALICE)
        ours, theirs = rotated(base), rotated(base, whose="theirs")

        merge = merge_records(base, ours, theirs, pinned=base, older="ours")
        assert merge.epochs[1].kid == keys(2).kid
        assert merge.loser == theirs
        with pytest.raises(RefusedError, match="which was first"):
            merge_records(base, ours, theirs, pinned=base)

    def test_who_was_removed_in_the_losing_rotation_makes_another_one_due(self) -> None:
        base = fresh(ALICE, BOB, CAROL)
        ours, theirs = rotated(base, ALICE, BOB), rotated(base, ALICE, CAROL, whose="theirs")

        merge = merge_records(base, ours, theirs, older="ours")
        assert merge.policy.readers == (ALICE,)
        assert merge.leavers == ("bob",)
        assert [wrap.to for wrap in build(merge, 2).active.wraps] == ["alice"]

    def test_a_winner_that_was_only_on_its_way_becomes_active(self) -> None:
        base = fresh(ALICE)
        ours, theirs = rotating(base), rotated(base, whose="theirs")

        merge = merge_records(base, ours, theirs, older="ours")
        assert [epoch.state for epoch in merge.epochs] == ["readable", "active"]

    def test_a_longer_chain_on_one_side_is_followed(self) -> None:
        base = fresh(ALICE)
        one = rotated(base)
        two = rotated(rotated(base, finished=True), finished=True)

        merge = merge_records(one, one, two)
        assert [epoch.state for epoch in merge.epochs] == ["retired", "retired", "active"]

    def test_conflicts_are_listed_and_hold_the_signature_back(self) -> None:
        base = fresh(ALICE, BOB)
        ours = changed(base, ALICE, Reader("bob", "age1new"))
        theirs = changed(base, ALICE, Reader("bob", "age1other"))
        merge = merge_records(base, ours, theirs)

        assert [conflict.where for conflict in merge.conflicts] == ["scopes.shop.readers.bob"]
        with pytest.raises(ValueError, match="conflicts"):
            build(merge, 1)

    def test_scopes_made_independently_do_not_merge(self) -> None:
        with pytest.raises(RefusedError, match="independently"):
            merge_records(None, fresh(ALICE), fresh(ALICE, whose="theirs"))
        with pytest.raises(RefusedError, match="two scopes"):
            merge_records(None, fresh(ALICE), fresh(ALICE, name="other"))

    def test_both_orders_give_the_same_terms(self) -> None:
        base = fresh(ALICE)
        one, two = changed(base, ALICE, BOB), changed(base, files=["x"])
        policies: list[RecordPolicy] = [
            merge_records(base, one, two).policy,
            merge_records(base, two, one).policy,
        ]

        assert policies[0].same_terms(policies[1])
