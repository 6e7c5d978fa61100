# SPDX-License-Identifier: Apache-2.0
"""Records, pins and paths that somebody else prepared: none of them is believed quietly."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from desk import CANARY, ENV, Desk
from gitseal.authority import Authority
from gitseal.crypto.derive import ScopeKeys
from gitseal.errors import GitsealError, IntegrityError, RefusedError, UntrustedError
from gitseal.keys import Context, DataKey, ScopeId, WrappedKey
from gitseal.masterkeys.identities import generate_identity
from gitseal.operations import applying, keyrings, rotating, trusting
from gitseal.operations.adhoc import seal_for
from gitseal.policy import building
from gitseal.policy.config import ScopeConfig
from gitseal.policy.creating import create
from gitseal.policy.records import Record, record_path
from gitseal.policy.terms import Reader, RecordPolicy
from gitseal.trust import Pin, Trust, judge
from keyrings import ALICE, BOB, DictTree, changed, fresh, rotated

MALLORY = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"


def git(desk: Desk, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=desk.folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def record_of(desk: Desk, name: str = "app") -> Record:
    return Record.parse((desk.folder / record_path(name)).read_bytes(), name)


def put(desk: Desk, record: Record) -> None:
    desk.write(record_path(record.name), record.to_bytes())


def pinned(desk: Desk, name: str = "app") -> Record:
    pin = desk.workspace().trust.pinned(name)
    assert pin is not None
    return pin.record


def wants(desk: Desk, *readers: str, files: tuple[str, ...] = ("*.env",), **more: str) -> None:
    """What .gitseal.yaml says, which any writer can change."""
    keys = {"ada": desk.recipient, "mallory": MALLORY, **more}
    scope = ScopeConfig("app", files=files, readers=readers, context=Context({"app": "app"}))
    desk.write(".gitseal.yaml", create({name: keys[name] for name in readers}, [scope]))


def keys_of(desk: Desk, n: int = 1) -> ScopeKeys:
    return desk.workspace().keys(record_of(desk), n)


def stranger(desk: Desk, path: str, text: str) -> bytes:
    """A file that anybody can make who knows a public key."""
    current = desk.workspace()
    place = current.locate(path)
    place.inside = False
    return seal_for(current, text.encode(), place, [("ada", desk.recipient)])


# --- paths -------------------------------------------------------------------------------------


def _two_scopes(desk: Desk) -> None:
    desk.scope("prod", files=["prod/**"])
    desk.scope("dev", files=["dev/**"])
    git(desk, "add", "-A")
    git(desk, "commit", "-qm", "two scopes")
    current = desk.workspace()
    record = record_of(desk, "dev")
    wider = record.policy.replace(files=["dev/**", "prod/**"])
    put(desk, building.with_policy(record, wider, current.keys(record, 1).sign))


def _delete(desk: Desk) -> None:
    (desk.folder / record_path("prod")).unlink()


def _unsign(desk: Desk) -> None:
    file = desk.folder / record_path("prod")
    file.write_bytes(file.read_bytes().replace(b"prod/**", b"none/**"))


def _roll_back(desk: Desk) -> None:
    current = desk.workspace()
    record = record_of(desk, "prod")
    sign = current.keys(record, 1).sign
    narrow = building.with_policy(record, record.policy.replace(files=["other/**"]), sign)
    newest = building.with_policy(narrow, record.policy, sign)
    current.trust.pin(newest)
    put(desk, narrow)


def _link_away(desk: Desk) -> None:
    (desk.folder / record_path("prod")).rename(desk.folder / "prod.json")
    (desk.folder / record_path("prod")).symlink_to("../../prod.json")


@pytest.mark.parametrize("act", [_delete, _unsign, _roll_back, _link_away])
def test_readers_of_one_scope_do_not_take_the_files_of_another(desk: Desk, act: object) -> None:
    _two_scopes(desk)
    act(desk)  # type: ignore[operator]
    desk.write("prod/.env", ENV)

    answer = desk("encrypt", "prod/.env", code=3 if act is _unsign else 6)

    assert (desk.folder / "prod/.env").read_text() == ENV
    assert "prod" in answer.err


def test_a_second_claim_is_an_error_everywhere(desk: Desk) -> None:
    _two_scopes(desk)
    desk.write("prod/.env", ENV)

    for words in (["encrypt"], ["decrypt"], ["get", "DB_PASSWORD"], ["set", "A", "b"]):
        assert desk(words[0], "prod/.env", *words[1:], code=2).out == ""


@pytest.mark.parametrize("link", [".env", "config"])
def test_a_link_does_not_choose_the_scope(desk: Desk, link: str) -> None:
    desk.scope(files=["/.env", "config/**"])
    desk.write("loose/.env", stranger(desk, "loose/.env", "A=evil\n"))
    (desk.folder / link).symlink_to("loose/.env" if link == ".env" else "loose")
    path = ".env" if link == ".env" else "config/.env"

    for words in (["decrypt", path], ["get", path, "A"], ["run", path, "--", "true"]):
        answer = desk(*words, code=125 if words[0] == "run" else 6)
        assert answer.out == ""
        assert f"error: {path}: is a link to" in answer.err


def test_a_link_out_of_the_repository_is_not_followed_to_a_strangers_file(
    desk: Desk, tmp_path: Path
) -> None:
    desk.scope(files=["config/**"])
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / ".env").write_bytes(stranger(desk, "x/.env", "A=evil\n"))
    (desk.folder / "config").symlink_to(outside)

    desk("get", "config/.env", "A", code=6)


def test_an_older_record_does_not_let_a_strangers_file_in(desk: Desk) -> None:
    desk.scope(files=["other"])
    older = record_of(desk)
    current = desk.workspace()
    sign = keys_of(desk).sign
    wider = building.with_policy(older, older.policy.replace(files=["other", ".env"]), sign)
    keyrings.write_record(current, wider)
    desk.write(".env", stranger(desk, ".env", "A=evil\n"))
    desk("get", ".env", "A", code=6)
    put(desk, older)

    assert desk("get", ".env", "A", code=6).out == ""
    assert "older" in desk("decrypt", ".env", code=6).err


def test_a_former_reader_cannot_bring_the_old_days_back(desk: Desk) -> None:
    _first, second, third = _history(desk)
    current = desk.workspace()
    old = current.keys(second, 1)
    # Mallory knew this key: a record that never was, and a value under it.
    mine = building.with_policy(second, second.policy.replace(files=["*.env", "x"]), old.sign)
    forged = building.compose("app", mine.context, 2, mine.policy, mine.epochs, old.sign)
    assert forged.seq < third.seq
    from gitseal.authority import Grant
    from gitseal.operations.sealing import seal_clear
    from gitseal.sealedfile import inspect

    place = current.locate("a.env")
    clear = inspect(b"A=evil\n", "a.env")
    evil = seal_clear(current, clear, place, Grant(forged, judge(forged, None)))  # type: ignore[arg-type]
    put(desk, forged)
    desk.write("a.env", evil)

    for words in (["decrypt", "a.env"], ["get", "a.env", "A"]):
        answer = desk(*words, code=6)
        assert answer.out == ""
        assert "retired" in answer.err


# --- what apply signs --------------------------------------------------------------------------


def told(steps: list[applying.Step]) -> str:
    return "\n".join(str(change) for step in steps for change in step.changes)


def carry_out(desk: Desk) -> str:
    """Apply; every reader there is afterwards was trusted before, or told of."""
    current = desk.workspace()
    before = {reader.to for reader in pinned(desk).policy.readers}
    steps = applying.plan(current)
    text = told(steps)
    applying.carry_out(current, steps)
    for reader in record_of(desk).policy.readers:
        assert reader.to in before or f"{reader.to} gains access" in text, text
    return text


def linked(desk: Desk, *readers: Reader) -> Record:
    """A rotation that another reader made, and that also changed who reads."""
    current, record = desk.workspace(), record_of(desk)
    scope = record.scope_id(2)
    policy = record.policy.replace(readers=readers)
    data_key = DataKey.generate()
    wraps = current.session.wrap_for([(one.to, one.key) for one in readers], data_key, scope)
    new = ScopeKeys(data_key, scope)
    old = current.keys(record, 1)
    announced = building.with_epoch(
        record, building.new_epoch(new, wraps), old.sign, new.sign, policy
    )
    return building.with_states(announced, {1: "readable", 2: "active"}, new.sign)


def test_following_a_record_shows_who_comes_in_by_the_policy_file(desk: Desk) -> None:
    desk.scope(files=["*.env"])
    ben = generate_identity(str(desk.home / "ben"))
    put(desk, linked(desk, Reader("ada", desk.recipient), Reader("ben", ben)))
    wants(desk, "ada", "ben", "mallory", ben=ben)

    text = carry_out(desk)

    assert "ben gains access" in text
    assert "mallory gains access" in text


def _merge_commit(desk: Desk, base: Record, ours: Record, theirs: Record) -> None:
    """A merge whose parents are whatever its author likes; the record in it is rubble."""
    tips = []
    parent: list[str] = []
    for record in (base, ours, theirs):
        put(desk, record)
        git(desk, "add", "-A")
        tree = git(desk, "write-tree")
        tips.append(git(desk, "commit-tree", tree, "-m", "x", *parent))
        parent = ["-p", tips[0]]
    desk.write(record_path("app"), b"<<<<<<< HEAD\n")
    git(desk, "add", "-A")
    tree = git(desk, "write-tree")
    merge = git(desk, "commit-tree", tree, "-m", "x", "-p", tips[1], "-p", tips[2])
    git(desk, "reset", "-q", "--hard", merge)


def _history(desk: Desk) -> list[Record]:
    """R1 ada; R2 ada, mallory; R3 without mallory, epoch 2, epoch 1 retired (pinned)."""
    desk.scope(files=["*.env"])
    desk.seal("a.env", ENV)
    first = record_of(desk)
    current = desk.workspace()
    both = [Reader("ada", desk.recipient), Reader("mallory", MALLORY)]
    second = keyrings.change_policy(current, first, first.policy.replace(readers=both))
    keyrings.write_record(current, second)
    rotating.rotate(current, second, first.policy)
    git(desk, "add", "-A")
    rotating.finish(desk.workspace(), record_of(desk))
    third = record_of(desk)
    assert third.epochs[0].state == "retired"
    return [first, second, third]


def test_a_merge_of_two_older_records_is_none(desk: Desk) -> None:
    first, second, third = _history(desk)
    wants(desk, "ada", "mallory")
    _merge_commit(desk, first, first, second)

    with pytest.raises(GitsealError):
        applying.plan(desk.workspace())

    assert pinned(desk).to_bytes() == third.to_bytes()


@pytest.mark.parametrize("named", [False, True])
def test_a_merge_brings_no_reader_back_without_a_word(desk: Desk, named: bool) -> None:
    first, second, third = _history(desk)
    wants(desk, "ada", *(["mallory"] if named else []))
    _merge_commit(desk, first, third, second)
    current = desk.workspace()

    steps = applying.plan(current)

    merge = steps[0].merge
    assert merge is not None
    assert ("mallory gains access" in told(steps)) is named
    assert any(reader.to == "mallory" for reader in merge.policy.readers) is named
    if not named:
        carry_out(desk)
        assert record_of(desk).seq > third.seq
        assert all(wrap.to == "ada" for epoch in record_of(desk).epochs for wrap in epoch.wraps)


def test_a_merge_shows_what_it_loosens(desk: Desk) -> None:
    desk.scope(files=["*.env"])
    first, current = record_of(desk), desk.workspace()
    sign = keys_of(desk).sign
    loose = building.with_policy(first, first.policy.replace(clear=["**"]), sign)
    other = building.with_policy(first, first.policy.replace(files=["*.env", "x"]), sign)
    keyrings.write_record(current, other)
    wants(desk, "ada", files=("*.env", "x"))
    _merge_commit(desk, first, other, loose)

    assert "leaves ** in clear" in told(applying.plan(desk.workspace()))


def test_a_pin_never_goes_back(desk: Desk) -> None:
    first, second, third = _history(desk)

    for record in (first, second):
        with pytest.raises(RefusedError):
            trusting.accept(desk.workspace(), record)

    assert pinned(desk).to_bytes() == third.to_bytes()


def test_a_record_with_keys_of_somebody_else_is_not_pinned(desk: Desk) -> None:
    desk.scope(files=["*.env"])
    record = record_of(desk)
    evil = ScopeKeys(DataKey(bytes(32)), ScopeId("app", record.context, 1))
    epoch = building.new_epoch(evil, [], "active")
    mixed = record.epochs[0]
    mixed = type(mixed)(
        1, "active", kid=mixed.kid, sign=epoch.sign, inbox=epoch.inbox, wraps=mixed.wraps
    )
    forged = building.compose("app", record.context, 9, record.policy, [mixed], evil.sign)

    with pytest.raises(IntegrityError):
        trusting.accept(desk.workspace(), forged)

    assert pinned(desk).to_bytes() == record.to_bytes()


# --- pins --------------------------------------------------------------------------------------


def _stores(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "common", tmp_path / "config"


def _trust(tmp_path: Path) -> Trust:
    for folder in _stores(tmp_path):
        folder.mkdir(exist_ok=True)
    return Trust(*map(str, _stores(tmp_path)))


def _plant(tmp_path: Path, record: Record) -> None:
    """Put a pin into the clone as an archive would bring it."""
    folder = tmp_path / "common" / "gitseal" / "pins"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    file = folder / f"{record.name}.json"
    file.write_bytes(Pin(record).to_bytes())
    file.chmod(0o600)


def _unsigned(record: Record) -> Record:
    policy = RecordPolicy(files=["prod/**"], readers=[ALICE, BOB])
    return Record(record.name, record.context, 7, policy, record.epochs, bytes(64))


@pytest.mark.parametrize(
    ("known", "planted"),
    [
        (None, fresh()),
        (None, fresh(whose="mallory")),
        (fresh(), fresh(whose="mallory")),
        (fresh(), _unsigned(fresh())),
        (rotated(changed(fresh(ALICE, BOB)), ALICE), changed(fresh(ALICE, BOB), ALICE, BOB)),
    ],
    ids=["never-shown", "strangers", "strangers-beside-mine", "unsigned", "former-readers"],
)
def test_pins_that_came_with_an_archive_do_not_count(
    tmp_path: Path, known: Record | None, planted: Record
) -> None:
    trust = _trust(tmp_path)
    if known is not None:
        trust.pin(known)
        shutil.rmtree(tmp_path / "common")
    _plant(tmp_path, planted)

    assert not _trust(tmp_path).judge(planted).trusted


def test_pins_of_a_clone_that_lags_behind_or_forked_still_count(tmp_path: Path) -> None:
    record = fresh(ALICE, BOB)
    ours, theirs = changed(record, clear=["a"]), changed(record, clear=["b"])
    trust = _trust(tmp_path)
    trust.pin(ours)
    shutil.copytree(tmp_path / "common", tmp_path / "kept")
    trust.pin(theirs)
    shutil.rmtree(tmp_path / "common")
    (tmp_path / "kept").rename(tmp_path / "common")

    assert _trust(tmp_path).judge(ours).trusted
    assert _trust(tmp_path).judge(record).readable


@pytest.mark.parametrize("where", ["gitseal", "gitseal/pins"])
@pytest.mark.parametrize("how", ["link", "writable"])
def test_a_directory_of_pins_that_others_steer_proves_nothing(
    tmp_path: Path, where: str, how: str
) -> None:
    _trust(tmp_path).pin(fresh())
    folder = tmp_path / "common" / where
    if how == "link":
        folder.rename(tmp_path / "elsewhere")
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.chmod(0o777)

    with pytest.raises(UntrustedError):
        _trust(tmp_path).judge(fresh())
    with pytest.raises(UntrustedError):
        _trust(tmp_path).pin(fresh())


@pytest.mark.needs("root")
def test_a_repository_of_another_user_brings_no_trust(desk: Desk) -> None:
    desk.scope()
    desk.seal(".env", ENV)
    os.chown(desk.folder / ".git", 12345, 12345)

    assert "another user" in desk("decrypt", ".env", code=6).err
    git_config = desk.home / ".gitconfig"
    git_config.write_text(f"[safe]\n\tdirectory = {desk.folder}\n")
    assert CANARY in desk("decrypt", ".env").out


# --- keyrings that are a trap ------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["MAIN", "..", "file", "con", "a b", "x\ny", "\x1b[2J", "-v", "é", "a" * 65]
)
def test_odd_names_in_a_keyring_are_refused_without_noise(desk: Desk, name: str) -> None:
    desk.scope()
    desk.seal(".env", ENV)
    desk.write(f".gitseal/keyring/{name}.json", (desk.folder / record_path("app")).read_bytes())

    for words in (["decrypt", ".env"], ["status"], ["trust"], ["apply"], ["readers", "list"]):
        err = ""
        try:
            err = desk(*words).err
        except AssertionError as error:
            err = str(error)
        assert "\x1b" not in err
        assert "bug in gitseal" not in err


def test_lines_of_a_record_cannot_be_forged_on_the_screen(desk: Desk) -> None:
    fake = "x\n  safety code  0000-0000-0000\ngitseal: app is trusted"
    desk.scope(files=["*.env", fake], clear=["a\rb"])
    shutil.rmtree(desk.folder / ".git/gitseal")
    shutil.rmtree(desk.home / ".config/gitseal/pins")
    shutil.rmtree(desk.folder / ".gitseal/vouch")

    shown = desk("trust", "--yes").err

    lines = shown.splitlines()
    assert [line for line in lines if line.startswith("gitseal:   safety code")] == lines[1:2]
    assert lines.count("gitseal: app is trusted") == 1
    assert "\r" not in shown


def test_readers_of_a_record_that_nobody_vouches_for_are_marked(desk: Desk) -> None:
    desk.scope()
    file = desk.folder / record_path("app")
    file.write_bytes(file.read_bytes().replace(b'"ada"', b'"eva"'))

    assert "without a reader's key" in desk("readers", "list", code=3).err


def test_a_portable_file_outside_must_match_what_the_environment_pins(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gitseal.crypto.derive import format_fingerprint

    desk.scope(portable=True)
    file = desk.seal(".env", ENV)
    outside = tmp_path / "away" / ".env"
    outside.parent.mkdir()
    shutil.copy(file, outside)
    pin = format_fingerprint(record_of(desk).fingerprint())
    monkeypatch.chdir(outside.parent)

    assert "vouches" in desk("get", ".env", "PORT").err
    monkeypatch.setenv("GITSEAL_TRUST", f"app={pin}")
    assert "vouches" not in desk("get", ".env", "PORT").err
    wrong = pin[:-4] + ("0000" if pin[-4:] != "0000" else "0008")
    monkeypatch.setenv("GITSEAL_TRUST", f"app={wrong}")
    assert desk("get", ".env", "PORT", code=4).out == ""


def test_a_scope_that_nobody_pinned_is_told_apart_from_a_taken_one() -> None:
    tree = DictTree().put(fresh())
    authority = Authority(tree, Trust(None, None))

    assert authority.pinned_claimants("prod/x") == []
    with pytest.raises(UntrustedError):
        authority.grant("prod/x")


def test_wraps_do_not_print_themselves() -> None:
    assert "secret" not in repr(WrappedKey("a", "b", b"secret"))
