# SPDX-License-Identifier: Apache-2.0
"""Judging records by a pin: every way in which a record can differ from the trusted one."""

from __future__ import annotations

import pytest

from gitseal.errors import IntegrityError, RefusedError, UntrustedError
from gitseal.keys import Context
from gitseal.policy.building import compose, new_epoch, with_epoch, with_states
from gitseal.policy.records import Record
from gitseal.policy.terms import Reader
from gitseal.trust import Pin, verdicts
from gitseal.trust.verdicts import Verdict, judge
from keyrings import ALICE, BOB, CAROL, changed, fresh, keys, rotated, wraps

MALLORY = Reader("mallory", "age1mallory")


def verdict(record: Record, pinned: Record | None) -> Verdict:
    return judge(record, Pin(pinned) if pinned else None)


def tampered(record: Record) -> Record:
    """The record with a reader more, and the signature it had."""
    data = record.to_bytes().replace(b'"prod/**"', b'"prod/*"')
    return Record.parse(data)


class TestStates:
    def test_the_pinned_bytes_are_trusted(self) -> None:
        found = verdict(fresh(ALICE), fresh(ALICE))

        assert (found.state, found.trusted, found.advances) == (verdicts.SAME, True, False)

    def test_a_change_under_the_pinned_key_is_followed(self) -> None:
        found = verdict(changed(fresh(ALICE), ALICE, BOB), fresh(ALICE))

        assert (found.state, found.trusted, found.advances) == (verdicts.NEWER, True, True)
        assert [str(change) for change in found.changes] == ["bob gains access, with age1bob"]

    def test_a_rotation_with_the_same_readers_is_followed(self) -> None:
        base = fresh(ALICE, BOB)
        for record in (rotated(base), rotated(rotated(base, finished=True), finished=True)):
            found = verdict(record, base)
            assert (found.state, found.trusted, found.advances) == (verdicts.LINKED, True, True)

    def test_a_rotation_with_other_readers_wants_a_look(self) -> None:
        base = fresh(ALICE, BOB)
        found = verdict(rotated(base, ALICE), base)

        assert (found.state, found.trusted) == (verdicts.LINKED_READERS, False)
        assert not found.readable
        assert not found.advances

    def test_an_old_branch_may_be_read(self) -> None:
        base = fresh(ALICE)
        for pinned in (changed(base, ALICE, BOB), rotated(base), rotated(base, finished=True)):
            found = verdict(base, pinned)
            assert (found.state, found.trusted) == (verdicts.OLDER, False)
            assert found.readable
            assert not found.advances

    def test_the_same_seq_with_other_bytes_is_a_fork(self) -> None:
        base = fresh(ALICE)
        one, two = changed(base, ALICE, BOB), changed(base, ALICE, CAROL)
        rotation = rotated(base)

        assert verdict(two, one).state == verdicts.FORKED
        assert verdict(changed(two, ALICE), rotation).state == verdicts.FORKED
        assert verdict(rotation, changed(two, ALICE)).state == verdicts.FORKED

    def test_other_keys_are_foreign(self) -> None:
        assert verdict(fresh(ALICE, whose="mallory"), fresh(ALICE)).state == verdicts.FOREIGN

    def test_so_is_a_longer_chain_of_other_keys(self) -> None:
        longer = rotated(fresh(ALICE, whose="mallory"))

        assert verdict(longer, fresh(ALICE)).state == verdicts.FOREIGN

    def test_another_context_is_another_scope(self) -> None:
        base = fresh(ALICE)
        other = compose("shop", Context(), 2, base.policy, base.epochs, keys(1).sign)

        assert verdict(other, base).state == verdicts.FOREIGN

    def test_a_rival_rotation_is_foreign(self) -> None:
        base = fresh(ALICE)
        rival = rotated(base, whose="theirs")

        assert verdict(rival, rotated(base)).state == verdicts.FOREIGN
        assert verdict(rotated(base), rival).state == verdicts.FOREIGN

    def test_a_successor_that_the_pinned_key_did_not_name_is_foreign(self) -> None:
        base = fresh(ALICE)
        wrong, new = keys(1, whose="mallory"), keys(2, whose="mallory")
        forged = with_epoch(base, new_epoch(new, wraps([ALICE])), wrong.sign, new.sign)

        assert verdict(forged, base).state == verdicts.FOREIGN

    def test_a_replaced_key_signs_nothing_new(self) -> None:
        base = fresh(ALICE, BOB)
        pinned = rotated(base, ALICE)
        # bob was removed, keeps the old key, and lets himself in again, further and further.
        record = base
        while record.seq <= pinned.seq:
            record = changed(record, BOB, MALLORY)

        assert verdict(record, pinned).state == verdicts.ROLLED_BACK
        assert not verdict(record, pinned).readable

    def test_a_change_without_the_key_is_unsigned(self) -> None:
        base = fresh(ALICE)

        assert verdict(tampered(changed(base, ALICE, BOB)), base).state == verdicts.UNSIGNED
        assert verdict(tampered(base), None).state == verdicts.UNSIGNED

    def test_without_a_pin_nothing_is_trusted(self) -> None:
        found = verdict(fresh(ALICE), None)

        assert (found.state, found.trusted, found.readable) == (verdicts.UNKNOWN, False, False)

    def test_without_a_pin_the_links_must_hold(self) -> None:
        base = fresh(ALICE)
        wrong, new = keys(1, whose="mallory"), keys(2, whose="mallory")
        forged = with_epoch(base, new_epoch(new, wraps([ALICE])), wrong.sign, new.sign)

        assert verdict(forged, None).state == verdicts.UNSIGNED

    def test_a_gap_of_several_rotations_is_followed_by_links(self) -> None:
        base = fresh(ALICE)
        far = rotated(rotated(rotated(base, finished=True), finished=True), finished=True)

        assert verdict(far, base).state == verdicts.LINKED

    def test_a_chain_with_one_forged_link_in_its_middle_is_foreign(self) -> None:
        base = fresh(ALICE)
        far = rotated(rotated(rotated(base, finished=True), finished=True), finished=True)
        epochs = list(far.epochs)
        epochs[2] = epochs[2].changed(link=epochs[1].link)
        forged = compose("shop", far.context, far.seq, far.policy, epochs, keys(4).sign)

        assert verdict(forged, base).state == verdicts.FOREIGN

    def test_a_looser_older_record_says_so(self) -> None:
        base = fresh(ALICE, clear=["kind"])
        pinned = changed(base, clear=[])

        assert verdict(base, pinned).loosens
        assert "looser" in (verdict(base, pinned).notice() or "")
        assert verdict(pinned, pinned).notice() is None


class TestTelling:
    def test_a_foreign_key_is_told_as_ssh_tells_it(self) -> None:
        pinned = fresh(ALICE)
        record = fresh(ALICE, MALLORY, whose="mallory", clear=["kind"])
        error = verdict(record, pinned).error("commit 1a2b3c4, author Eve <eve@example.org>")

        assert isinstance(error, UntrustedError)
        assert error.exit_code == 4
        assert error.path == ".gitseal/keyring/shop.json"
        assert "HAS CHANGED" in error.message
        assert pinned.safety_code() in error.message
        assert record.safety_code() in error.message
        assert "mallory gains access, with age1mallory" in error.message
        assert "leaves kind in clear" in error.message
        assert "brought by commit 1a2b3c4, author Eve" in error.message
        assert "gitseal trust shop" in (error.hint or "")

    @pytest.mark.parametrize(
        ("state", "kind", "word"),
        [
            (verdicts.UNKNOWN, UntrustedError, "not trusted on this machine"),
            (verdicts.FORKED, UntrustedError, "two branches"),
            (verdicts.LINKED_READERS, UntrustedError, "readers changed"),
            (verdicts.ROLLED_BACK, UntrustedError, "ROLLED BACK"),
            (verdicts.UNSIGNED, IntegrityError, "without a reader's key"),
            (verdicts.OLDER, RefusedError, "older record"),
        ],
    )
    def test_every_state_has_its_words_and_a_next_step(
        self, state: str, kind: type[Exception], word: str
    ) -> None:
        pinned = None if state == verdicts.UNKNOWN else fresh(ALICE)
        error = Verdict(state, changed(fresh(ALICE), ALICE, BOB), pinned).error()

        assert isinstance(error, kind)
        assert word in error.message
        assert "git" in (error.hint or "")

    def test_names_from_a_repository_do_not_reach_the_terminal_as_they_are(self) -> None:
        record = fresh(ALICE, whose="mallory", files=["a\x1b[2Jb\u202e"])
        error = verdict(record, fresh(ALICE)).error("Eve\x1b]0;x\x07")

        assert "\x1b" not in error.message
        assert "\u202e" not in error.message

    def test_long_lists_are_cut(self) -> None:
        record = fresh(ALICE, whose="mallory", files=[f"f{i}" for i in range(500)])

        assert len(verdict(record, fresh(ALICE)).error().message.splitlines()) < 25


def test_a_signature_of_the_epoch_before_the_highest_does_not_count() -> None:
    record = rotated(fresh(ALICE))
    with pytest.raises(IntegrityError):
        with_states(record, {1: "retired"}, keys(1).sign)
