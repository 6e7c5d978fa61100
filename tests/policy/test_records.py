# SPDX-License-Identifier: Apache-2.0
"""Signed records: known answers, strict reading, and what each builder signs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseal.crypto.derive import ScopeKeys, format_fingerprint
from gitseal.crypto.encoding import canonical_json
from gitseal.errors import IntegrityError, LimitError, NewerVersionError, PolicyError
from gitseal.keys import Context, DataKey, ScopeId, WrappedKey
from gitseal.policy.building import (
    compose,
    missing_wraps,
    new_epoch,
    new_record,
    with_epoch,
    with_policy,
    with_states,
)
from gitseal.policy.parsing import MAX_RECORD
from gitseal.policy.records import Record
from gitseal.policy.terms import Reader, RecordPolicy
from keyrings import ALICE, BOB, CAROL, changed, fresh, keys, policy, rotated, rotating, wraps


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    path = Path(__file__).parent.parent / "vectors" / "format-v1.json"
    return dict(json.loads(path.read_text()))


class TestKnownAnswers:
    def test_the_record_reads_verifies_and_writes_the_same_bytes(
        self, answers: dict[str, Any]
    ) -> None:
        data = answers["keyring_record"].encode()
        record = Record.parse(data, "payments-prod")

        record.check_signature()
        record.check_links()
        copy = Record(
            record.name, record.context, record.seq, record.policy, record.epochs, record.sig
        )
        assert copy.to_bytes() == data
        assert copy.signed_bytes() == canonical_json(
            {name: value for name, value in json.loads(data).items() if name != "sig"}
        )

    def test_fingerprints_and_safety_code(self, answers: dict[str, Any]) -> None:
        record = Record.parse(answers["keyring_record"].encode())

        assert format_fingerprint(record.fingerprint(1)) == answers["fingerprint"]
        assert format_fingerprint(record.fingerprint()) == answers["epoch2"]["fingerprint"]
        assert record.safety_code() == answers["epoch2"]["fingerprint"][:14]

    def test_the_builders_make_the_same_record(self, answers: dict[str, Any]) -> None:
        context = Context(answers["inputs"]["context"])
        first, second = (
            ScopeKeys(DataKey(bytes.fromhex(key)), ScopeId("payments-prod", context, n))
            for n, key in enumerate(
                [answers["inputs"]["data_key"], answers["epoch2"]["data_key"]], 1
            )
        )
        alice = Reader("alice", "age1example")
        wrap = WrappedKey("alice", "age1example", bytes(40))
        rules = RecordPolicy(files=["envs/prod/**"], clear=["metadata.**"], readers=[alice])
        record = new_record("payments-prod", context, rules, new_epoch(first, [wrap]), first.sign)
        record = with_epoch(record, new_epoch(second, [wrap]), first.sign, second.sign)
        record = with_states(record, {1: "readable", 2: "active"}, second.sign)
        record = with_states(record, {1: "retired"}, second.sign)

        assert record.to_bytes() == answers["keyring_record"].encode()


class TestStrictReading:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda r: r | {"extra": 1}, "unknown field"),
            (lambda r: r["policy"].update(extra=1), "unknown field"),
            (lambda r: r["epochs"][0].update(extra=1), "unknown field"),
            (lambda r: r["epochs"][0]["wraps"][0].update(extra=1), "unknown field"),
            (lambda r: r.pop("seq"), "lacks 'seq'"),
            (lambda r: r["policy"].pop("whole"), "lacks 'whole'"),
            (lambda r: r.update(seq="1"), "not a number"),
            (lambda r: r.update(seq=True), "not a number"),
            (lambda r: r.update(seq=1.0), "not a number"),
            (lambda r: r.update(seq=0), "positive"),
            (lambda r: r.update(v=True), "version"),
            (lambda r: r.update(v=0), "version"),
            (lambda r: r.update(name="Shop"), "scope name"),
            (lambda r: r.update(name=1), "not a string"),
            (lambda r: r.update(name="file"), "reserved"),
            (lambda r: r["context"].update({"gitseal": "x"}), "reserved"),
            (lambda r: r.update(context=[]), "object"),
            (lambda r: r.update(epochs=[]), "no epoch"),
            (lambda r: r.update(epochs={}), "not a list"),
            (lambda r: r["epochs"][0].update(n=2), "count"),
            (lambda r: r["epochs"][0].update(state="lost"), "unknown state"),
            (lambda r: r["epochs"][0].update(state="readable"), "exactly one active"),
            (lambda r: r["epochs"][0].update(state="retired"), "retired with wraps"),
            (lambda r: r["epochs"][0].update(wraps=[]), "has none"),
            (lambda r: r["epochs"][0].update(link=r["sig"]), "count"),
            (lambda r: r["epochs"][0].update(kid=r["epochs"][0]["sign"]), "kid:v1"),
            (lambda r: r["epochs"][0].update(inbox=r["epochs"][0]["sign"]), "wrong size"),
            (lambda r: r["epochs"][0]["wraps"].append(r["epochs"][0]["wraps"][0]), "twice"),
            (lambda r: r["epochs"][0]["wraps"][0].update(to="mallory"), "no reader"),
            (lambda r: r["epochs"][0]["wraps"][0].update(key="age1mallory"), "no reader"),
            (lambda r: r["policy"].update(readers=[]), "no reader"),
            (lambda r: r["policy"]["readers"].append(r["policy"]["readers"][0]), "twice"),
            (lambda r: r["policy"]["readers"][0].update(to="al\u202eice"), "reader name"),
            (lambda r: r["policy"].update(files="prod/**"), "not a list"),
            (lambda r: r["policy"].update(files=[1]), "list of strings"),
            (lambda r: r["policy"].update(files=[]), "no file"),
            (lambda r: r["policy"].update(comments="hide"), "comments"),
            (lambda r: r["policy"].update(portable="false"), "portable"),
            (lambda r: r["policy"].update(portable=True, integrity="mergeable"), "strict only"),
            (lambda r: r["policy"].update(agents="allow"), "agents"),
            (lambda r: r.update(sig="sig:v1[__]"), "wrong size"),
            (lambda r: r.update(sig=r["sig"].upper()), "sig:v1"),
        ],
    )
    def test_a_fault_is_refused(self, change: Callable[[Any], Any], message: str) -> None:
        fields = json.loads(fresh(ALICE, BOB).to_bytes())
        result = change(fields)
        if isinstance(result, dict) and "policy" in result:
            fields = result

        with pytest.raises(IntegrityError, match=message):
            Record.parse(json.dumps(fields, sort_keys=True, indent=2).encode() + b"\n")

    @pytest.mark.parametrize(
        "states",
        [
            ["next", "active"], ["active", "readable"], ["active", "active"], ["active", "retired"],
            ["readable", "next"], ["next", "next"], ["retired", "readable"],
        ],
    )  # fmt: skip
    def test_states_that_no_rotation_gives_are_refused(self, states: list[str]) -> None:
        fields = json.loads(rotated(fresh(ALICE)).to_bytes())
        for epoch, state in zip(fields["epochs"], states, strict=True):
            epoch["state"] = state
            if state == "retired":
                epoch["wraps"] = []

        with pytest.raises(IntegrityError, match="active"):
            Record.parse(canonical_json(fields))

    @pytest.mark.parametrize(
        "change",
        [
            lambda data: data[:-1],
            lambda data: data + b"\n",
            lambda data: b" " + data,
            lambda data: b"\xef\xbb\xbf" + data,
            lambda data: data.replace(b"\n", b"\r\n"),
            lambda data: data.replace(b'"seq": 1', b'"seq":  1'),
            lambda data: data.replace(b'"seq": 1', b'"seq": 1,\n  "seq": 1'),
            lambda data: data.replace(b'"shop"', b'"sh\\u006fp"'),
            lambda data: data.replace(b'"prod/**"', b'"\\ud800"'),
            lambda data: data.replace(b'"prod/**"', b'"\xff"'),
            lambda data: json.dumps(json.loads(data)).encode(),
            lambda data: b"",
            lambda data: b"[]\n",
            lambda data: b"null\n",
            lambda data: b"NaN",
        ],
    )
    def test_other_bytes_for_the_same_record_are_refused(
        self, change: Callable[[bytes], bytes]
    ) -> None:
        with pytest.raises(IntegrityError):
            Record.parse(change(fresh().to_bytes()))

    def test_a_newer_version_says_so_whatever_else_it_holds(self) -> None:
        with pytest.raises(NewerVersionError):
            Record.parse(b'{"v": 2, "surprise": []}')

    def test_the_file_name_must_be_the_scope(self) -> None:
        with pytest.raises(IntegrityError, match="of scope 'shop'") as caught:
            Record.parse(fresh().to_bytes(), "other")
        assert caught.value.path == ".gitseal/keyring/other.json"

    def test_size_and_depth_are_limited(self) -> None:
        with pytest.raises(LimitError):
            Record.parse(b" " * (MAX_RECORD + 1))
        with pytest.raises(LimitError):
            Record.parse(b"[" * 100_000)

    @given(position=st.integers(0), byte=st.integers(0, 255))
    def test_no_changed_byte_goes_unnoticed(self, position: int, byte: int) -> None:
        data = bytearray(fresh().to_bytes())
        position %= len(data)
        if data[position] == byte:
            return
        data[position] = byte

        with pytest.raises((IntegrityError, NewerVersionError)):
            Record.parse(bytes(data)).check_signature()


class TestBuilding:
    def test_every_change_counts_up_and_is_signed(self) -> None:
        record = fresh(ALICE)
        steps = [
            record,
            changed(record, ALICE, BOB),
            rotated(record),
            rotated(changed(record, ALICE, BOB), BOB),
        ]

        for step in steps:
            step.check_signature()
            step.check_links()
            assert Record.parse(step.to_bytes()) == step
        assert [step.seq for step in steps] == [1, 2, 3, 4]

    def test_who_is_no_reader_has_no_wrap(self) -> None:
        record = rotating(fresh(ALICE, BOB), ALICE)

        assert [[wrap.to for wrap in epoch.wraps] for epoch in record.epochs] == [
            ["alice"],
            ["alice"],
        ]

    def test_retiring_drops_the_wraps(self) -> None:
        record = rotated(fresh(ALICE), finished=True)

        assert [(e.state, len(e.wraps)) for e in record.epochs] == [("retired", 0), ("active", 1)]

    def test_missing_wraps_are_listed(self) -> None:
        record = rotated(fresh(ALICE))
        wanted = record.policy.replace(readers=[ALICE, BOB])
        sign = keys(2).sign
        pending = compose(record.name, record.context, 9, wanted, record.epochs, sign)

        assert missing_wraps(pending) == [(1, BOB), (2, BOB)]
        given = {1: wraps([ALICE, BOB]), 2: wraps([ALICE, BOB])}
        done = with_policy(pending, pending.policy, sign, given)
        assert missing_wraps(done) == []

    def test_only_the_next_epoch_follows(self) -> None:
        record = fresh(ALICE)
        epoch = new_epoch(keys(3), wraps([ALICE]))

        with pytest.raises(ValueError, match="not the next epoch"):
            with_epoch(record, epoch, keys(1).sign, keys(3).sign)

    def test_a_second_rotation_waits_for_the_first(self) -> None:
        with pytest.raises(ValueError, match="on its way"):
            rotating(rotating(fresh(ALICE)))

    def test_the_wrong_key_cannot_sign(self) -> None:
        with pytest.raises(IntegrityError, match="signature"):
            changed(fresh(ALICE), ALICE, BOB, signer=keys(1, whose="mallory"))

    def test_there_is_one_active_epoch(self) -> None:
        with pytest.raises(IntegrityError, match="active"):
            with_states(rotating(fresh(ALICE)), {1: "readable"}, keys(2).sign)

    def test_a_link_of_another_key_is_noticed(self) -> None:
        record = fresh(ALICE)
        wrong, new = keys(1, whose="mallory"), keys(2, whose="mallory")
        forged = with_epoch(record, new_epoch(new, wraps([ALICE])), wrong.sign, new.sign)

        forged.check_signature()
        with pytest.raises(IntegrityError, match="not linked"):
            forged.check_links()

    def test_a_link_of_another_scope_is_noticed(self) -> None:
        record, other = fresh(ALICE), rotated(fresh(ALICE, name="other"))
        mine = rotated(record)
        epoch = mine.epochs[1].changed(link=other.epochs[1].link)
        forged = compose(
            "shop", record.context, 3, record.policy, [mine.epochs[0], epoch], keys(2).sign
        )

        with pytest.raises(IntegrityError, match="not linked"):
            forged.check_links()

    def test_agents_deny_is_written_and_allow_is_not(self) -> None:
        assert b"agents" not in fresh(ALICE).to_bytes()
        denied = fresh(ALICE, agents="deny")
        assert Record.parse(denied.to_bytes()).policy.agents == "deny"


def test_the_order_of_lists_makes_no_other_terms() -> None:
    one = policy(ALICE, BOB, CAROL, files=["a", "b"])
    two = policy(CAROL, ALICE, BOB, files=["b", "a"])

    assert one != two
    assert one.same_terms(two)
    assert not one.same_terms(policy(ALICE, BOB))


def test_two_readers_with_one_key_are_refused() -> None:
    with pytest.raises(PolicyError, match="same key"):
        policy(ALICE, Reader("eve", ALICE.key))


def test_reading_and_verifying_is_fast() -> None:
    data = rotated(fresh(ALICE, BOB, CAROL)).to_bytes()
    times = []
    for _ in range(50):
        started = time.perf_counter()
        Record.parse(data).check_signature()
        times.append(time.perf_counter() - started)

    # 0.25 ms on the machine it was written on; the bound leaves room for a busy one.
    assert sorted(times)[len(times) // 2] < 0.002
