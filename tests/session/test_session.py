# SPDX-License-Identifier: Apache-2.0
"""A session unwraps once, checks before it keeps, and wraps for all or for nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from fakes import (
    SCOPE,
    DeniedKey,
    DownKey,
    FakeKey,
    HangingKey,
    SlowKey,
    StrangersKey,
    ThrottledKey,
    locked_age_file,
    providers,
    wrapped_for,
)
from gitseal.crypto.derive import ScopeKeys
from gitseal.errors import (
    CommitmentError,
    DeniedError,
    GitsealError,
    KeyUnusableError,
    NoUsableKeyError,
    RefusedError,
    UsageError,
)
from gitseal.keys import Context, DataKey, ScopeId, WrappedKey
from gitseal.masterkeys.identities import generate_identity
from gitseal.masterkeys.localkeys import generate
from gitseal.session import Session
from gitseal.settings import Settings
from gitseal.trust.packing import pack

DATA_KEY = DataKey(bytes(range(32)))
KID = ScopeKeys(DATA_KEY, SCOPE).kid


def session_of(*keys: FakeKey, seconds: float = 2) -> Session:
    return Session(seconds=seconds, resolve=providers(*keys))


def wraps_of(*keys: FakeKey, data_key: DataKey = DATA_KEY) -> list[WrappedKey]:
    return [wrapped_for(key, data_key) for key in keys]


@pytest.fixture
def hanging() -> Iterator[HangingKey]:
    key = HangingKey("fake:hanging")
    yield key
    key.let_go()


def test_a_scope_is_unwrapped_once() -> None:
    key = FakeKey("fake:me")
    session = session_of(key)

    first = session.keys(SCOPE, wraps_of(key), KID)
    same = ScopeId(SCOPE.name, Context(dict(SCOPE.context)), SCOPE.epoch)
    second = session.keys(same, wraps_of(key), KID)

    assert first is second
    assert first.data_key().expose() == DATA_KEY.expose()
    assert (session.unwraps, key.unwraps) == (1, 1)


def test_another_epoch_is_another_key() -> None:
    key = FakeKey("fake:me")
    session = session_of(key)
    later = ScopeId(SCOPE.name, SCOPE.context, 2)
    wraps = [wrapped_for(key, DATA_KEY, scope=later)]

    session.keys(SCOPE, wraps_of(key), KID)
    session.keys(later, wraps, ScopeKeys(DATA_KEY, later).kid)

    assert session.unwraps == 2


def test_many_threads_make_one_call() -> None:
    key = SlowKey("fake:slow", 0.2)
    session = session_of(key)
    wraps = wraps_of(key)
    found: list[ScopeKeys] = []
    threads = [
        threading.Thread(target=lambda: found.append(session.keys(SCOPE, wraps, KID)))
        for _ in range(16)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(map(id, found))) == 1
    assert len(found) == 16
    assert key.unwraps == 1


def test_scopes_do_not_wait_for_each_other(hanging: HangingKey) -> None:
    works = FakeKey("fake:works")
    session = session_of(works, hanging)
    waiting = threading.Thread(target=fails, args=(session, wraps_of(hanging)))
    waiting.start()

    other = ScopeId("web", Context(), 1)
    wraps = [wrapped_for(works, DATA_KEY, scope=other)]
    session.keys(other, wraps, ScopeKeys(DATA_KEY, other).kid)

    assert waiting.is_alive()
    hanging.let_go()
    waiting.join()


def fails(session: Session, wraps: list[WrappedKey]) -> GitsealError:
    with pytest.raises(GitsealError) as caught:
        session.keys(SCOPE, wraps, KID)
    return caught.value


def test_a_dead_service_is_waited_for_once(hanging: HangingKey) -> None:
    session = session_of(hanging, seconds=0.2)
    wraps = wraps_of(hanging)
    began = time.monotonic()

    errors = [fails(session, wraps) for _ in range(50)]

    assert time.monotonic() - began < 2
    assert {str(error) for error in errors} == {str(errors[0])}
    assert errors[0].exit_code == 5
    assert hanging.unwraps == 1


def test_three_of_four_services_down_is_no_failure(hanging: HangingKey) -> None:
    keys = [DownKey("fake:down"), ThrottledKey("fake:busy"), hanging, FakeKey("fake:works")]
    session = session_of(*keys, seconds=8)
    began = time.monotonic()

    session.keys(SCOPE, wraps_of(*keys), KID)

    assert time.monotonic() - began < 3


def test_when_nothing_works_everything_is_said_once() -> None:
    keys = [StrangersKey("fake:alice"), ThrottledKey("fake:busy"), DeniedKey("fake:denied")]

    error = fails(session_of(*keys), wraps_of(*keys))

    assert isinstance(error, NoUsableKeyError)
    assert str(error).splitlines() == [
        "cannot open the key of scope payments-prod: denied: fake:denied: access denied",
        "  alice: fake:alice: not your key",
        "  busy: fake:busy: too many requests (429)",
        "  denied: fake:denied: access denied",
    ]
    assert error.hint == "ask for a right"
    assert [type(reason) for _, reason in error.failures][2] is DeniedError


def test_throttling_ends_soon_and_is_worth_a_retry() -> None:
    key = ThrottledKey("fake:busy")
    began = time.monotonic()

    error = fails(session_of(key), wraps_of(key))

    assert (error.exit_code, key.unwraps) == (5, 1)
    assert time.monotonic() - began < 1


def test_another_data_key_than_the_record_commits_to_is_refused_and_not_kept() -> None:
    key = FakeKey("fake:me")
    session = session_of(key)

    error = fails(session, wraps_of(key, data_key=DataKey(bytes(32))))

    assert isinstance(error, CommitmentError)
    assert error.exit_code == 4
    assert not session.holds(SCOPE, KID)


def test_a_wrap_pasted_from_another_scope_is_refused(tmp_path: Path) -> None:
    # age binds nothing but the recipient, so only the kid can notice it (T55).
    me, config = home_with_identity(tmp_path)
    session = Session(config)
    pasted = session.wrap_for([("me", me)], DataKey(bytes(32)), ScopeId("web", Context(), 1))

    assert isinstance(fails(Session(config), pasted), CommitmentError)


def test_a_damaged_wrap_does_not_lock_out_who_has_another_and_is_told() -> None:
    bad, good = FakeKey("fake:bad"), FakeKey("fake:good")
    session = session_of(bad, good)
    wraps = [wrapped_for(bad, DataKey(bytes(32))), wrapped_for(good, DATA_KEY)]

    assert session.keys(SCOPE, wraps, KID).kid == KID
    (warning,) = session.warnings()
    assert "payments-prod: bad" in warning


def test_adopted_keys_are_at_hand() -> None:
    session = session_of()
    keys = ScopeKeys(DATA_KEY, SCOPE)

    session.adopt(keys)

    assert session.holds(SCOPE, KID)
    assert session.keys(SCOPE, [], KID) is keys
    assert session.unwraps == 0


def test_forgotten_keys_are_gone() -> None:
    session = session_of()
    session.adopt(ScopeKeys(DATA_KEY, SCOPE))

    session.forget()

    assert isinstance(fails(session, []), NoUsableKeyError)


@pytest.mark.parametrize("kid", [b"", bytes(31), bytes(33)])
def test_a_kid_has_32_bytes(kid: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        session_of().keys(SCOPE, [], kid)


def test_wrapping_is_for_all_or_nobody() -> None:
    good, denied = FakeKey("fake:good"), DeniedKey("fake:denied")
    session = session_of(good, denied)

    wraps = session.wrap_for([("a", "fake:good"), ("b", "fake:good")], DATA_KEY, SCOPE)
    assert [(one.to, one.uri) for one in wraps] == [("a", "fake:good"), ("b", "fake:good")]
    assert session.keys(SCOPE, wraps, KID).kid == KID
    with pytest.raises(DeniedError, match="for b"):
        session.wrap_for([("a", "fake:good"), ("b", "fake:denied")], DATA_KEY, SCOPE)
    with pytest.raises(UsageError):
        session.wrap_for([("a", "fake:good"), ("b", "fake:unknown")], DATA_KEY, SCOPE)


def test_an_unknown_kind_of_key_does_not_keep_the_others_from_opening() -> None:
    good = FakeKey("fake:good")
    wraps = [WrappedKey("later", "fake:later", b"x"), *wraps_of(good)]

    assert session_of(good).keys(SCOPE, wraps, KID).kid == KID


# With real settings and real keys.


def home_with_identity(folder: Path) -> tuple[str, Settings]:
    path = folder / ".config" / "gitseal" / "identity.txt"
    return generate_identity(str(path)), Settings({"HOME": str(folder)})


def test_an_age_identity_of_the_settings_opens(tmp_path: Path) -> None:
    me, settings = home_with_identity(tmp_path)
    colleague = str(pyrage.x25519.Identity.generate().to_public())

    wraps = Session(settings).wrap_for([("bob", colleague), ("me", me)], DATA_KEY, SCOPE)

    assert Session(settings).keys(SCOPE, wraps, KID).kid == KID


def test_a_local_key_of_the_settings_opens(tmp_path: Path) -> None:
    uri = generate(str(tmp_path / ".config" / "gitseal" / "keys"))
    settings = Settings({"HOME": str(tmp_path)})

    wraps = Session(settings).wrap_for([("me", uri)], DATA_KEY, SCOPE)

    assert Session(settings).keys(SCOPE, wraps, KID).kid == KID


def test_a_local_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / ".config" / "gitseal" / "keys"
    uri = generate(str(folder))
    settings = Settings({"HOME": str(tmp_path)})
    wraps = Session(settings).wrap_for([("me", uri)], DATA_KEY, SCOPE)
    (folder / f"{uri[5:]}.key").chmod(0o644)

    error = fails(Session(settings), wraps)

    assert isinstance(error, RefusedError)
    assert error.exit_code == 6
    assert "chmod 600" in (error.hint or "")


@pytest.mark.parametrize("packed", [True, False])
def test_one_variable_is_enough_for_ci(packed: bool, tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    uri = generate(str(tmp_path))
    line = (tmp_path / f"{uri[5:]}.key").read_text().splitlines()[1]
    text = f"# ci\n{identity}\n{line}\n"
    settings = Settings(
        {"GITSEAL_KEY": pack(text, {"payments-prod": bytes(32)}) if packed else text}
    )

    for key in (str(identity.to_public()), uri):
        wraps = Session(settings).wrap_for([("ci", key)], DATA_KEY, SCOPE)
        assert Session(settings).keys(SCOPE, wraps, KID).kid == KID


def test_a_variable_that_lost_its_end_is_told(tmp_path: Path) -> None:
    text = pack(str(pyrage.x25519.Identity.generate()), {})

    with pytest.raises(UsageError, match="GITSEAL_KEY"):
        Session(Settings({"GITSEAL_KEY": text[:-3]})).means  # noqa: B018 - reading it is enough


def test_a_session_that_reloads_finds_a_new_key(tmp_path: Path) -> None:
    settings = Settings({"HOME": str(tmp_path)})
    session = Session(settings)
    uri = generate(str(tmp_path / "elsewhere"))
    wraps = Session(Settings({"GITSEAL_KEY_FILE": str(tmp_path / "elsewhere" / f"{uri[5:]}.key")}))
    made = wraps.wrap_for([("me", uri)], DATA_KEY, SCOPE)
    assert isinstance(fails(session, made), NoUsableKeyError)

    (tmp_path / ".config" / "gitseal").mkdir(parents=True)
    (tmp_path / "elsewhere").rename(tmp_path / ".config" / "gitseal" / "keys")
    assert isinstance(fails(session, made), NoUsableKeyError)
    session.reload()

    assert session.keys(SCOPE, made, KID).kid == KID


def test_the_places_that_were_looked_in_are_named(tmp_path: Path) -> None:
    theirs = str(pyrage.x25519.Identity.generate().to_public())
    settings = Settings({"HOME": str(tmp_path), "GITSEAL_IDENTITY": "hunter2"})
    wraps = Session(settings).wrap_for([("alice", theirs)], DATA_KEY, SCOPE)

    text = str(fails(Session(settings), wraps))

    assert "its only reader is not you" in text
    assert f"  alice: {theirs}: not your key" not in text.splitlines()[0]
    assert "GITSEAL_IDENTITY (line 1: not an age identity" in text
    assert f"{tmp_path}/.config/gitseal/identity.txt (not there)" in text
    assert f"{tmp_path}/.ssh/id_ed25519 (not there)" in text
    assert "hunter2" not in text


def test_a_setting_restricts_the_kinds_of_keys(tmp_path: Path) -> None:
    me, settings = home_with_identity(tmp_path)
    wraps = Session(settings).wrap_for([("me", me)], DATA_KEY, SCOPE)

    restricted = Settings({"HOME": str(tmp_path), "GITSEAL_KEYS": "file,vault"})
    assert "GITSEAL_KEYS" in str(fails(Session(restricted), wraps))
    allowed = Settings({"HOME": str(tmp_path), "GITSEAL_KEYS": "file, age"})
    assert Session(allowed).keys(SCOPE, wraps, KID).kid == KID


def test_a_locked_identity_is_opened_at_a_terminal_only(tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    path = tmp_path / "locked.age"
    path.write_bytes(locked_age_file(str(identity), "correct horse"))
    path.chmod(0o600)
    settings = Settings({"GITSEAL_IDENTITY_FILE": str(path)})
    colleague = str(pyrage.x25519.Identity.generate().to_public())
    readers = [("bob", colleague), ("me", str(identity.to_public()))]
    wraps = Session(settings).wrap_for(readers, DATA_KEY, SCOPE)
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return "correct horse"

    assert Session(settings, ask).keys(SCOPE, wraps, KID).kid == KID
    assert len(asked) == 1
    silent = str(fails(Session(settings), wraps))
    assert "nobody can be asked here" in silent
    assert "(locked by a passphrase)" in silent


def test_opening_with_an_identity_file_imports_no_threads(tmp_path: Path) -> None:
    me, settings = home_with_identity(tmp_path)
    wraps = Session(settings).wrap_for([("me", me)], DATA_KEY, SCOPE)
    before = threading.active_count()

    Session(settings).keys(SCOPE, wraps, KID)

    assert threading.active_count() == before


def test_unusable_keys_are_told_from_strangers() -> None:
    class Long(FakeKey):
        def unwrap(self, *arguments: object) -> DataKey:
            raise KeyUnusableError("fake:long: what it unwrapped has 33 bytes")

    key = Long("fake:long")

    assert "33 bytes" in str(fails(session_of(key), wraps_of(key)))
