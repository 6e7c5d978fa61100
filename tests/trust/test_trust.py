# SPDX-License-Identifier: Apache-2.0
"""Pins on disk, the environment, own vouches: where trust comes from without asking."""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
import struct
from pathlib import Path

import pytest

from gitseal.errors import GitsealError, IntegrityError, UntrustedError, UsageError
from gitseal.policy.records import Record
from gitseal.trust import Pin, PinDirectory, Trust, verdicts
from gitseal.trust.vouch import vouch_value
from keyrings import ALICE, BOB, DictTree, changed, fresh, rotated


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return tmp_path / "clone" / ".git"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config" / "gitseal"


@pytest.fixture
def trust(clone: Path, config: Path) -> Trust:
    return again(clone, config)


def again(clone: Path | None, config: Path | None) -> Trust:
    """What another process sees."""
    return Trust(str(clone) if clone else None, str(config) if config else None)


class TestPins:
    def test_what_is_pinned_is_trusted_by_the_next_process(
        self, trust: Trust, clone: Path, config: Path
    ) -> None:
        assert trust.judge(fresh(ALICE)).state == verdicts.UNKNOWN
        trust.pin(fresh(ALICE), ["vault:https://vault.example"])

        for known in (trust, again(clone, config)):
            found = known.judge(fresh(ALICE))
            assert (found.state, found.source) == (verdicts.SAME, "repository")
            assert known.services(fresh(ALICE)) == ("vault:https://vault.example",)

    def test_another_clone_of_the_user_asks_nothing(
        self, trust: Trust, tmp_path: Path, config: Path
    ) -> None:
        trust.pin(fresh(ALICE))
        second = again(tmp_path / "second", config)

        found = second.judge(changed(fresh(ALICE), ALICE, BOB))
        assert (found.state, found.source, found.advances) == (verdicts.NEWER, "user", True)
        assert second.judge(fresh(ALICE)).advances
        assert second.judge(rotated(fresh(ALICE))).state == verdicts.LINKED
        assert second.judge(fresh(ALICE, whose="mallory")).state == verdicts.UNKNOWN

    def test_a_rotation_keeps_the_users_pin_in_its_place(
        self, trust: Trust, tmp_path: Path, config: Path
    ) -> None:
        trust.pin(fresh(ALICE))
        trust.pin(rotated(fresh(ALICE)))
        second = again(tmp_path / "second", config)

        assert len(list((config / "pins").iterdir())) == 1
        assert second.judge(fresh(ALICE)).state == verdicts.OLDER

    def test_a_clone_that_lags_behind_does_not_roll_the_user_back(
        self, trust: Trust, tmp_path: Path, config: Path
    ) -> None:
        trust.pin(rotated(fresh(ALICE)))
        again(tmp_path / "second", config).pin(fresh(ALICE))

        assert again(None, config).judge(fresh(ALICE)).state == verdicts.OLDER

    def test_services_stay_when_the_record_changes(self, trust: Trust) -> None:
        trust.pin(fresh(ALICE), ["aws:1111"])
        trust.pin(changed(fresh(ALICE), ALICE, BOB))

        assert trust.services(fresh(ALICE)) == ("aws:1111",)

    def test_files_are_private(self, trust: Trust, clone: Path, config: Path) -> None:
        trust.pin(fresh(ALICE))

        for folder in (clone / "gitseal" / "pins", config / "pins"):
            (file,) = folder.iterdir()
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def test_an_unsigned_record_is_never_pinned(self, trust: Trust) -> None:
        data = fresh(ALICE).to_bytes().replace(b"prod/**", b"prod/*")

        with pytest.raises(IntegrityError):
            trust.pin(Record.parse(data))
        assert trust.pinned_names() == []

    def test_a_place_that_cannot_be_written_is_named(self, clone: Path) -> None:
        clone.parent.mkdir()
        clone.write_text("gitdir: elsewhere")

        with pytest.raises(GitsealError, match="cannot keep what you trust"):
            again(clone, None).pin(fresh(ALICE))

    def test_forgetting(self, trust: Trust, clone: Path, config: Path) -> None:
        trust.pin(fresh(ALICE))
        trust.forget(fresh(ALICE))
        trust.forget(fresh(ALICE))

        assert again(clone, config).judge(fresh(ALICE)).state == verdicts.UNKNOWN

    def test_the_names_of_pins_are_known_without_a_tree(self, trust: Trust) -> None:
        trust.pin(fresh(ALICE))
        trust.pin(fresh(ALICE, name="other"))

        assert trust.pinned_names() == ["other", "shop"]

    def test_without_any_place_nothing_is_kept(self) -> None:
        nowhere = again(None, None)
        nowhere.pin(fresh(ALICE))

        assert nowhere.judge(fresh(ALICE)).state == verdicts.UNKNOWN
        assert nowhere.pinned_names() == []


class TestDamagedPins:
    @pytest.fixture
    def file(self, trust: Trust, clone: Path) -> Path:
        trust.pin(fresh(ALICE))
        return clone / "gitseal" / "pins" / "shop.json"

    @pytest.mark.parametrize("mode", [0o660, 0o602, 0o666])
    def test_a_pin_that_others_may_write_proves_nothing(
        self, file: Path, clone: Path, mode: int
    ) -> None:
        file.chmod(mode)

        with pytest.raises(UntrustedError, match="others may write") as caught:
            again(clone, None).judge(fresh(ALICE))
        assert caught.value.path == str(file)

    def test_a_link_is_not_followed(self, file: Path, clone: Path, tmp_path: Path) -> None:
        file.rename(tmp_path / "elsewhere")
        file.symlink_to(tmp_path / "elsewhere")

        with pytest.raises(UntrustedError):
            again(clone, None).judge(fresh(ALICE))

    def test_a_pipe_does_not_block(self, file: Path, clone: Path) -> None:
        file.unlink()
        os.mkfifo(file, 0o600)

        with pytest.raises(UntrustedError):
            again(clone, None).judge(fresh(ALICE))

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b'"v": 1', b'"v": 1, "more": 2'),
            (b'"v": 1', b'"v": 2'),
            (b'"services": []', b'"services": {}'),
            (b'"services": []', b'"services": [1]'),
            (b'"name": "shop"', b'"name": "shoe"'),
            (b'"fingerprint": "', b'"fingerprint": "0'),
            (b"prod/**", b"prod/*"),
            (b"{", b""),
        ],
    )
    def test_a_damaged_pin_is_named(self, file: Path, clone: Path, old: bytes, new: bytes) -> None:
        data = file.read_bytes()
        assert old in data
        file.write_bytes(data.replace(old, new, 1))

        # A record whose bytes were changed inside the pin is no longer the one in the tree.
        if old == b"prod/**":
            assert not again(clone, None).judge(fresh(ALICE)).trusted
            return
        with pytest.raises(GitsealError) as caught:
            again(clone, None).judge(fresh(ALICE))
        assert caught.value.path == str(file)

    def test_names_cannot_leave_the_directory(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError):
            PinDirectory(str(tmp_path)).load("../x")

    def test_an_old_pin_is_replaced_whole(self, file: Path, trust: Trust) -> None:
        trust.pin(changed(fresh(ALICE), ALICE, BOB))

        assert Pin.parse(file.read_bytes()).record.seq == 2
        assert [path.name for path in file.parent.iterdir()] == ["shop.json"]


class TestEnvironment:
    def test_the_fingerprint_must_be_that_of_the_highest_epoch(self) -> None:
        base = fresh(ALICE)
        record = rotated(base)

        for digest, state in ((record.fingerprint(), verdicts.ENVIRONMENT),
                              (base.fingerprint(), verdicts.FOREIGN)):  # fmt: skip
            found = Trust(None, None, expected={"shop": digest}).judge(record)
            assert (found.state, found.source) == (state, "GITSEAL_TRUST")
            assert not found.advances

    def test_it_says_so(self) -> None:
        found = Trust(None, None, expected={"shop": bytes(32)}).judge(fresh(ALICE))

        assert "GITSEAL_TRUST" in found.error().message

    def test_a_pin_does_not_outvote_it(self, clone: Path) -> None:
        again(clone, None).pin(fresh(ALICE))
        strict = Trust(str(clone), None, expected={"shop": bytes(32)})

        assert strict.judge(fresh(ALICE)).state == verdicts.FOREIGN

    def test_it_does_not_bless_what_is_unsigned(self) -> None:
        record = Record.parse(fresh(ALICE).to_bytes().replace(b"prod/**", b"prod/*"))
        trust = Trust(None, None, expected={"shop": record.fingerprint()})

        assert trust.judge(record).state == verdicts.UNSIGNED

    def test_other_scopes_are_judged_as_ever(self) -> None:
        trust = Trust(None, None, expected={"other": bytes(32)})

        assert trust.judge(fresh(ALICE)).state == verdicts.UNKNOWN


class TestOwnVouch:
    SECRET = b"the secret of an identity, 32 b."

    def test_the_value_is_that_of_the_format(self) -> None:
        # Written out by hand, so that no helper of ours can be wrong twice.
        extracted = hmac.digest(bytes(32), self.SECRET, "sha256")
        key = hmac.digest(extracted, b"gitseal/v1 vouch\x01", "sha256")
        digest = hashlib.sha256(b"x").digest()
        message = struct.pack("<QQ", 2, 4) + b"shop" + struct.pack("<Q", 32) + digest

        assert vouch_value(self.SECRET, "shop", digest) == hmac.digest(key, message, "sha256")

    def test_ones_own_next_machine_asks_nothing(self) -> None:
        record = fresh(ALICE)
        mine = Trust(None, None, secrets=lambda: [b"another", self.SECRET])
        tree = DictTree(dict(mine.vouches(record)))
        next_machine = Trust(None, None, secrets=lambda: [self.SECRET])

        found = next_machine.judge(record, tree)
        assert (found.state, found.trusted, found.advances) == (verdicts.VOUCHED, True, True)
        assert next_machine.judge(record).state == verdicts.UNKNOWN

    def test_files_are_named_by_their_first_digits(self) -> None:
        record = fresh(ALICE)
        ((path, content),) = Trust(None, None, secrets=lambda: [self.SECRET]).vouches(record)
        value = vouch_value(self.SECRET, "shop", record.fingerprint()).hex()

        assert path == f".gitseal/vouch/shop/{value[:16]}"
        assert content == f"{value}\n".encode()

    def test_it_is_for_one_identity_scope_and_key(self) -> None:
        record = fresh(ALICE)
        mine = Trust(None, None, secrets=lambda: [self.SECRET])
        tree = DictTree(dict(mine.vouches(record)))

        other = Trust(None, None, secrets=lambda: [b"of somebody else"])
        assert other.judge(record, tree).state == verdicts.UNKNOWN
        assert mine.judge(fresh(ALICE, name="other"), tree).state == verdicts.UNKNOWN
        assert mine.judge(fresh(ALICE, whose="mallory"), tree).state == verdicts.UNKNOWN
        assert mine.judge(rotated(record), tree).state == verdicts.UNKNOWN

    def test_a_damaged_vouch_does_not_count(self) -> None:
        record = fresh(ALICE)
        mine = Trust(None, None, secrets=lambda: [self.SECRET])
        ((path, content),) = mine.vouches(record)

        for wrong in (content[:-1], content.upper(), content[:16] + b"\n", b""):
            assert mine.judge(record, DictTree({path: wrong})).state == verdicts.UNKNOWN

    def test_identities_are_not_read_when_a_pin_answers(self, clone: Path) -> None:
        def never() -> list[bytes]:
            raise AssertionError

        trust = Trust(str(clone), None, secrets=never)
        trust.pin(fresh(ALICE))
        tree = DictTree()
        assert trust.judge(fresh(ALICE), tree).trusted
        assert not trust.judge(fresh(ALICE, whose="mallory"), tree).trusted
