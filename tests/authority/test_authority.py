# SPDX-License-Identifier: Apache-2.0
"""What is granted for a path: one trusted claim, its rules, and files that fit it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gitseal.authority import Authority
from gitseal.errors import (
    CommitmentError,
    IntegrityError,
    LimitError,
    MovedError,
    NewerVersionError,
    PolicyError,
    RefusedError,
    UntrustedError,
)
from gitseal.keypaths import encode
from gitseal.policy.records import Record, record_path
from gitseal.trust import Trust, verdicts
from keyrings import ALICE, BOB, DictTree, changed, fresh, keys, policy, rotated, rotating, wraps


@pytest.fixture
def trust(tmp_path: Path) -> Trust:
    return Trust(str(tmp_path / ".git"), str(tmp_path / "config"))


def tree(*records: Record) -> DictTree:
    files = DictTree()
    for record in records:
        files.put(record)
    return files


def authority(trust: Trust, *records: Record) -> Authority:
    """The authority of a tree all of whose records are trusted."""
    for record in records:
        trust.pin(record)
    return Authority(tree(*records), trust)


class TestClaims:
    def test_the_path_chooses_the_scope(self, trust: Trust) -> None:
        shop, dev = fresh(ALICE), fresh(BOB, name="dev", files=["dev/**"])
        found = authority(trust, shop, dev)

        for path, scope in (("prod/a.yaml", "shop"), ("dev/x/.env", "dev")):
            grant = found.grant(path)
            assert grant is not None
            assert grant.scope == scope
        assert found.grant("README.md") is None

    def test_a_grant_holds_the_rules_of_the_record(self, trust: Trust) -> None:
        record = fresh(
            ALICE, clear=["kind"], whole=["prod/*.tpl.yaml"], worktree="plain",
            integrity="mergeable", comments="clear",
        )  # fmt: skip
        grant = authority(trust, record).grant("prod/a.yaml")

        assert grant is not None
        assert grant.rules.selects(encode([("k", "password")]))
        assert not grant.rules.selects(encode([("k", "kind")]))
        assert not grant.rules.comments
        assert (grant.plain, grant.strict) == (True, False)
        assert grant.is_whole("prod/a.tpl.yaml")
        assert not grant.is_whole("prod/a.yaml")
        assert grant.epoch.n == 1
        assert grant.verdict.state == verdicts.SAME
        grant.check_writable()

    def test_two_claims_are_an_error(self, trust: Trust) -> None:
        found = authority(trust, fresh(ALICE), fresh(BOB, name="dev", files=["**/x.yaml"]))

        assert found.scope_of("prod/a.yaml") == "shop"
        with pytest.raises(PolicyError, match="scopes dev and shop both claim"):
            found.grant("prod/x.yaml")

    def test_even_where_one_of_the_two_is_not_trusted(self, trust: Trust) -> None:
        trust.pin(fresh(ALICE))
        mallory = fresh(BOB, name="a", files=["**"], whose="mallory")

        with pytest.raises(PolicyError, match="both claim"):
            Authority(tree(fresh(ALICE), mallory), trust).grant("prod/x")

    def test_records_are_read_once_and_verified_only_for_what_is_asked(self, trust: Trust) -> None:
        trust.pin(fresh(ALICE))
        unsigned = Record.parse(
            fresh(BOB, name="dev", files=["dev/**"]).to_bytes().replace(b"dev/**", b"dev/*"), "dev"
        )
        files = tree(fresh(ALICE), unsigned)
        found = Authority(files, trust)

        for _ in range(3):
            assert found.grant("prod/x") is found.grant("prod/y")
        assert sorted(files.asked) == [record_path("dev"), record_path("shop")]
        with pytest.raises(IntegrityError, match="without a reader's key"):
            found.grant("dev/x")

    def test_gits_own_files_belong_to_no_scope(self, trust: Trust) -> None:
        found = authority(trust, fresh(ALICE, files=["**"]))

        assert found.grant("a") is not None
        for path in (".gitattributes", "prod/.gitignore", ".gitseal/keyring/shop.json"):
            assert found.grant(path) is None

    def test_other_files_beside_the_records_do_not_matter(self, trust: Trust) -> None:
        files = tree(fresh(ALICE))
        files.files |= {".gitseal/keyring/note.txt": b"", ".gitseal/keyring/old/x.json": b""}
        trust.pin(fresh(ALICE))

        assert Authority(files, trust).scopes() == ["shop"]

    @pytest.mark.parametrize(
        ("data", "error"),
        [
            (b"", IntegrityError),
            (b"junk", IntegrityError),
            (b"[" * 100_000, LimitError),
            (b"{}\n", IntegrityError),
            (b'{"v": 9}', NewerVersionError),
        ],
    )
    def test_a_broken_record_is_named(
        self, trust: Trust, data: bytes, error: type[Exception]
    ) -> None:
        files = tree(fresh(ALICE))
        files.files[record_path("dev")] = data
        trust.pin(fresh(ALICE))

        with pytest.raises(error, match=r"\.gitseal/keyring/dev\.json"):
            Authority(files, trust).grant("prod/x")

    def test_a_record_under_another_name_is_refused(self, trust: Trust) -> None:
        files = DictTree({record_path("dev"): fresh(ALICE).to_bytes()})

        with pytest.raises(IntegrityError, match="of scope 'shop'"):
            Authority(files, trust).grant("prod/x")

    @pytest.mark.parametrize("rule", ["files", "seal"])
    def test_a_rule_that_means_nothing_names_its_record(self, trust: Trust, rule: str) -> None:
        broken: dict[str, Any] = {rule: ["!a*b"]}

        with pytest.raises(PolicyError, match=r"\.gitseal/keyring/shop\.json"):
            authority(trust, fresh(ALICE, **broken)).grant("prod/x")

    def test_a_claim_that_was_taken_back_without_a_key_is_noticed(self, trust: Trust) -> None:
        trust.pin(fresh(ALICE))
        narrowed = fresh(ALICE).to_bytes().replace(b"prod/**", b"else/**")
        doubled = (
            fresh(ALICE).to_bytes().replace(b'"seq"', b'"policy": {"files": ["else/**"]},\n  "seq"')
        )
        for data in (narrowed, doubled):
            found = Authority(DictTree({record_path("shop"): data}), trust)
            with pytest.raises(IntegrityError):
                found.grant("prod/x")
            assert found.grant("README.md") is None

    def test_a_reader_may_take_a_claim_back(self, trust: Trust) -> None:
        trust.pin(fresh(ALICE))
        narrowed = changed(fresh(ALICE), files=["else/**"])

        assert Authority(tree(narrowed), trust).grant("prod/x") is None

    def test_a_deleted_record_is_missed(self, trust: Trust) -> None:
        trust.pin(fresh(ALICE))
        found = Authority(tree(), trust)

        assert found.grant("prod/x") is None
        assert found.lost("prod/x") == "shop"
        assert found.lost("elsewhere") is None
        assert Authority(tree(fresh(ALICE)), trust).lost("prod/x") is None


class TestTrusting:
    """Two people, two branches, and one who is not supposed to be here."""

    def test_an_untrusted_scope_stays_closed(self, trust: Trust) -> None:
        found = Authority(tree(fresh(ALICE)), trust, brought=lambda path: f"{path}, by Eve")

        with pytest.raises(UntrustedError, match="by Eve") as caught:
            found.grant("prod/x")
        assert "gitseal trust shop" in (caught.value.hint or "")

    def test_a_check_without_keys_may_look_under_any_signed_record(self, trust: Trust) -> None:
        found = Authority(tree(fresh(ALICE)), trust)

        grant = found.grant("prod/x", any_record=True)
        assert grant is not None
        assert grant.verdict.state == verdicts.UNKNOWN
        with pytest.raises(UntrustedError):
            found.grant("prod/x")
        unsigned = Record.parse(fresh(ALICE).to_bytes().replace(b"age1alice", b"age1mallo"))
        with pytest.raises(IntegrityError):
            Authority(tree(unsigned), trust).grant("prod/x", any_record=True)

    def test_a_reader_added_on_a_branch_is_followed(self, trust: Trust) -> None:
        trust.pin(fresh(ALICE))
        branch = Authority(tree(changed(fresh(ALICE), ALICE, BOB)), trust)

        grant = branch.grant("prod/x")
        assert grant is not None
        grant.check_writable()
        assert grant.verdict.advances

    def test_an_old_branch_is_read_and_not_written(self, trust: Trust) -> None:
        base = fresh(ALICE, BOB)
        trust.pin(rotated(base, ALICE))
        grant = Authority(tree(base), trust).grant("prod/x")

        assert grant is not None
        assert "older record" in (grant.verdict.notice() or "")
        with pytest.raises(RefusedError, match="older record") as caught:
            grant.check_writable()
        assert "merge" in (caught.value.hint or "")

    def test_a_removed_reader_cannot_come_back_with_the_old_key(self, trust: Trust) -> None:
        base = fresh(ALICE, BOB)
        trust.pin(rotated(base, ALICE, finished=True))
        record = base
        while record.seq < 9:
            record = changed(record, BOB)

        with pytest.raises(UntrustedError, match="ROLLED BACK"):
            Authority(tree(record), trust).grant("prod/x")

    def test_a_record_of_strange_keys_is_refused(self, trust: Trust) -> None:
        trust.pin(fresh(ALICE))

        with pytest.raises(UntrustedError, match="HAS CHANGED"):
            Authority(tree(fresh(ALICE, whose="mallory")), trust).grant("prod/x")

    def test_both_branches_after_a_merge(self, trust: Trust) -> None:
        from gitseal.policy.building import missing_wraps
        from gitseal.policy.recordmerge import merge_records

        base = fresh(ALICE)
        ours, theirs = changed(base, ALICE, BOB), rotated(base)
        trust.pin(ours)
        merge = merge_records(base, ours, theirs, pinned=ours)
        given = {n: wraps(merge.policy.readers) for n, _ in missing_wraps(merge.draft())}
        merged = merge.build(keys(2).sign, given)

        grant = Authority(tree(merged), trust).grant("prod/x")
        assert grant is not None
        assert grant.verdict.state == verdicts.LINKED
        assert grant.policy.same_terms(policy(ALICE, BOB))

    def test_missing_records_by_name(self, trust: Trust) -> None:
        found = Authority(tree(), trust)

        assert found.judge("shop") is None
        with pytest.raises(RefusedError, match="no record of scope shop"):
            found.grant_scope("shop")


class TestHeaders:
    def test_active_and_readable_epochs_open(self, trust: Trust) -> None:
        record = rotated(fresh(ALICE))
        grant = authority(trust, record).grant("prod/x")

        assert grant is not None
        assert grant.epoch.n == 2
        for n in (1, 2):
            assert grant.check_header("shop", n, keys(n).kid).n == n
            assert grant.check_header("shop", n).kid == keys(n).kid

    def test_a_next_epoch_opens_too(self, trust: Trust) -> None:
        grant = authority(trust, rotating(fresh(ALICE))).grant("prod/x")

        assert grant is not None
        assert grant.epoch.n == 1
        assert grant.check_header("shop", 2).state == "next"

    def test_a_retired_epoch_opens_for_history_alone(self, trust: Trust) -> None:
        grant = authority(trust, rotated(fresh(ALICE), finished=True)).grant("prod/x")

        assert grant is not None
        with pytest.raises(RefusedError, match="retired"):
            grant.check_header("shop", 1, keys(1).kid)
        assert grant.check_header("shop", 1, keys(1).kid, history=True).n == 1

    @pytest.mark.parametrize(
        ("scope", "epoch", "kid", "error"),
        [
            ("dev", 1, keys(1).kid, MovedError),
            ("file", 1, keys(1).kid, MovedError),
            ("shop", 2, keys(2).kid, IntegrityError),
            ("shop", 0, keys(1).kid, IntegrityError),
            ("shop", -1, keys(1).kid, IntegrityError),
            ("shop", 1, keys(1, whose="theirs").kid, CommitmentError),
        ],
    )
    def test_what_does_not_fit_is_refused(
        self, trust: Trust, scope: str, epoch: int, kid: bytes, error: type[Exception]
    ) -> None:
        grant = authority(trust, fresh(ALICE)).grant("prod/x")

        assert grant is not None
        with pytest.raises(error):
            grant.check_header(scope, epoch, kid)
