# SPDX-License-Identifier: Apache-2.0
"""In which order keys are tried, how long that takes, and what is said when none works."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from fakes import (
    SCOPE,
    DeniedKey,
    DownKey,
    FailingKey,
    FakeKey,
    HangingKey,
    PassphraseKey,
    SlowKey,
    StrangersKey,
    ThrottledKey,
    wrapped_for,
)
from gitseal.errors import (
    CommitmentError,
    DeniedError,
    ExpiredError,
    GitsealError,
    KeyUnusableError,
    MasterKeyError,
    MissingExtraError,
    NoCredentialsError,
    NoUsableKeyError,
    RefusedError,
    ThrottledError,
    UnavailableError,
    UsageError,
    WrongKeyError,
)
from gitseal.keys import DataKey
from gitseal.masterkeys.base import MAX_BLOB, Deadline, MasterKey
from gitseal.masterkeys.candidates import Candidate
from gitseal.masterkeys.failures import Failure, no_usable_key
from gitseal.masterkeys.ordering import (
    MAX_ATTEMPTS,
    MAX_READERS,
    Patience,
    unwrap_first,
    wrap_all,
)

DATA_KEY = DataKey(bytes(range(32)))
QUICK = Patience(0.5, hedge=0.02)


def attempt(key: MasterKey, blob: bytes, deadline: Deadline) -> DataKey:
    return key.unwrap(blob, SCOPE, deadline)


def find(*keys: FakeKey, patience: Patience = QUICK) -> tuple[DataKey | None, list[Failure]]:
    failures: list[Failure] = []
    candidates = [Candidate(wrapped_for(key, DATA_KEY), key) for key in keys]
    return unwrap_first(candidates, attempt, patience, failures), failures


@pytest.fixture
def hanging() -> Iterator[list[HangingKey]]:
    keys = [HangingKey(f"fake:hanging{number}") for number in range(6)]
    yield keys
    for key in keys:
        key.let_go()


def test_local_keys_come_first_and_no_service_is_asked() -> None:
    service, local = FakeKey("fake:service"), FakeKey("fake:local", network=False)

    found, failures = find(service, local)

    assert found is not None
    assert (service.unwraps, local.unwraps, failures) == (0, 1, [])


def test_a_service_whose_sign_in_is_at_hand_comes_before_one_without() -> None:
    without, having = FakeKey("fake:without", ready=False), FakeKey("fake:having")

    find(without, having)

    assert (without.unwraps, having.unwraps) == (0, 1)


def test_what_fails_at_once_does_not_hold_up_the_next() -> None:
    began = time.monotonic()

    found, failures = find(
        DeniedKey("fake:denied"),
        ThrottledKey("fake:busy"),
        FakeKey("fake:works"),
        patience=Patience(5, hedge=4),
    )

    assert found is not None
    assert [failure.to for failure in failures] == ["denied", "busy"]
    assert time.monotonic() - began < 2


def test_a_service_that_hangs_is_overtaken(hanging: list[HangingKey]) -> None:
    works = FakeKey("fake:works")
    began = time.monotonic()

    found, _ = find(*hanging[:2], works, patience=Patience(5, hedge=0.05))

    assert found is not None
    assert 0.1 <= time.monotonic() - began < 2
    assert [key.unwraps for key in hanging[:2]] == [1, 1]


def test_a_service_that_answers_in_time_is_the_only_one_asked() -> None:
    slow, second = SlowKey("fake:slow", 0.05), FakeKey("fake:second")

    found, _ = find(slow, second, patience=Patience(5, hedge=2))

    assert found is not None
    assert second.unwraps == 0


def test_the_first_success_cancels_the_rest() -> None:
    slow, fast = SlowKey("fake:slow", 30), FakeKey("fake:fast")

    find(slow, fast, patience=Patience(40, hedge=0.02))

    assert slow.cancelled.wait(2)


def test_at_most_four_are_asked_at_a_time(hanging: list[HangingKey]) -> None:
    works = FakeKey("fake:works")

    found, failures = find(*hanging, works)

    assert found is None
    assert [key.unwraps for key in hanging] == [1, 1, 1, 1, 0, 0]
    assert works.unwraps == 0
    assert [failure.error.message.partition(" ")[0] for failure in failures] == [
        *["no"] * 4,
        *["not"] * 3,
    ]


def test_one_service_that_hangs_costs_no_more_than_the_deadline(
    hanging: list[HangingKey],
) -> None:
    began = time.monotonic()

    found, (failure,) = find(hanging[0], patience=Patience(0.2))

    assert found is None
    assert isinstance(failure.error, UnavailableError)
    assert "0.2 seconds" in str(failure.error)
    assert 0.2 <= time.monotonic() - began < 2


def test_people_are_asked_last_and_only_at_a_terminal() -> None:
    person, down = PassphraseKey("fake:person"), DownKey("fake:down")

    silent, failures = find(person, down)
    asked, _ = find(person, down, patience=Patience(0.5, terminal=True))

    assert silent is None
    assert asked is not None
    assert person.unwraps == 1
    assert down.unwraps == 2
    assert "nobody can be asked" in str(failures[-1].error)


def test_a_mistake_of_ours_is_not_taken_for_a_key_that_fails() -> None:
    class Broken(FakeKey):
        def unwrap(self, *arguments: object) -> DataKey:
            raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        find(Broken("fake:broken"), FakeKey("fake:works"))


def test_a_record_cannot_make_us_call_hundreds_of_services() -> None:
    keys = [DownKey(f"fake:{number}") for number in range(MAX_ATTEMPTS + 3)]

    found, failures = find(*keys, patience=Patience(5))

    assert found is None
    assert sum(key.unwraps for key in keys) == MAX_ATTEMPTS
    assert len(failures) == len(keys)


def test_local_keys_start_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thread(*arguments: object) -> None:
        raise AssertionError("a thread was started")

    monkeypatch.setattr("threading.Thread.start", no_thread)

    found, _ = find(StrangersKey("fake:colleague"), FakeKey("fake:me", network=False))

    assert found is not None


# What is wrapped for all, or for nobody.


def wrap(*keys: FakeKey, seconds: float = 5) -> list[bytes]:
    readers = [(key.uri.rpartition(":")[2], key) for key in keys]
    return [one.blob for one in wrap_all(readers, DATA_KEY, SCOPE, seconds)]


def test_every_reader_gets_the_key_in_the_readers_order() -> None:
    keys = [FakeKey(f"fake:{number}", network=bool(number % 2)) for number in range(40)]

    blobs = wrap(*keys)

    for key, blob in zip(keys, blobs, strict=True):
        assert key.unwrap(blob, SCOPE, Deadline(1)).expose() == DATA_KEY.expose()


def test_where_a_local_key_fails_no_service_is_called() -> None:
    service = FakeKey("fake:service")
    broken = FailingKey("fake:broken", lambda: KeyUnusableError("no"), network=False)

    with pytest.raises(KeyUnusableError, match=r"for broken .*; nothing was changed"):
        wrap(service, broken)
    assert service.wraps == 0


@pytest.mark.parametrize("kind", [DeniedKey, ThrottledKey, DownKey])
def test_one_reader_that_fails_fails_all(kind: Callable[[str], FailingKey]) -> None:
    with pytest.raises(MasterKeyError, match="for bad: ") as caught:
        wrap(FakeKey("fake:good"), kind("fake:bad"), FakeKey("fake:other"))

    assert caught.value.exit_code == (4 if kind is DeniedKey else 5)
    assert "payments-prod" in str(caught.value)


def test_a_reader_that_hangs_fails_all_in_time(hanging: list[HangingKey]) -> None:
    began = time.monotonic()

    with pytest.raises(UnavailableError, match=r"for hanging0 .* 0\.2 seconds"):
        wrap(FakeKey("fake:good"), hanging[0], seconds=0.2)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("size", [0, MAX_BLOB + 1])
def test_a_key_that_wraps_to_nothing_or_to_too_much_is_no_success(size: int) -> None:
    class Odd(FakeKey):
        def wrap(self, *arguments: object) -> bytes:
            return bytes(size)

    with pytest.raises(KeyUnusableError, match=f"{size} bytes"):
        wrap(Odd("fake:odd"))


@pytest.mark.parametrize("count", [0, MAX_READERS + 1])
def test_the_number_of_readers_is_checked_before_anybody_is_called(count: int) -> None:
    keys = [FakeKey(f"fake:{number}") for number in range(count)]

    with pytest.raises(UsageError, match="1 to 64 readers"):
        wrap(*keys)
    assert sum(key.wraps for key in keys) == 0


# What is said.

NEAREST_FIRST = [
    CommitmentError,
    RefusedError,
    KeyUnusableError,
    WrongKeyError,
    DeniedError,
    ExpiredError,
    ThrottledError,
    UnavailableError,
    NoCredentialsError,
    MissingExtraError,
]


@pytest.mark.parametrize("nearest", range(len(NEAREST_FIRST)))
def test_the_headline_is_what_came_nearest_to_success(nearest: int) -> None:
    kinds = NEAREST_FIRST[nearest:]
    failures = [
        Failure(f"reader{kinds.index(kind)}", "fake:x", kind(kind.__name__, hint=kind.__name__))
        for kind in reversed(kinds)
    ]

    error = no_usable_key("payments-prod", failures)

    assert str(error).splitlines()[0] == (
        f"cannot open the key of scope payments-prod: reader0 (fake:x): {kinds[0].__name__}"
    ) or (len(kinds) == 2 and kinds[0] is NoCredentialsError)
    assert len(str(error).splitlines()) == 1 + (len(kinds) if len(kinds) > 1 else 0)
    assert error.hint is not None


@pytest.mark.parametrize(
    ("kind", "expected", "exit_code"),
    [
        (CommitmentError, CommitmentError, 4),
        (RefusedError, RefusedError, 6),
        (DeniedError, NoUsableKeyError, 4),
        (ThrottledError, NoUsableKeyError, 5),
        (UnavailableError, NoUsableKeyError, 5),
        (NoCredentialsError, NoUsableKeyError, 4),
    ],
)
def test_the_exit_code_says_whether_a_retry_helps(
    kind: type[GitsealError], expected: type[GitsealError], exit_code: int
) -> None:
    error = no_usable_key("payments-prod", [Failure("a", "fake:a", kind("x"))])

    assert type(error) is expected
    assert error.exit_code == exit_code
    assert NoUsableKeyError.exit_code == 4


def test_strangers_are_told_whose_key_it_is_not() -> None:
    failures = [
        Failure(name, f"age1{name}", NoCredentialsError(f"age1{name}: not your key"))
        for name in ("alice", "bob", "ci")
    ]

    places = ["GITSEAL_IDENTITY", "~/x (not there)"]
    error = no_usable_key("payments-prod", failures, places, has_key=True)

    assert str(error) == (
        "cannot open the key of scope payments-prod: none of its 3 readers is you\n"
        "  alice: age1alice: not your key\n"
        "  bob: age1bob: not your key\n"
        "  ci: age1ci: not your key\n"
        "  looked for identities in: GITSEAL_IDENTITY, ~/x (not there)"
    )
    assert error.hint is not None
    assert "gitseal keys whoami" in error.hint
    assert isinstance(error, NoUsableKeyError)
    assert [uri for uri, _ in error.failures] == ["age1alice", "age1bob", "age1ci"]


def test_who_has_no_key_is_told_how_to_make_one() -> None:
    failures = [Failure("alice", "age1x", NoCredentialsError("age1x: not your key"))]

    error = no_usable_key("payments-prod", failures, ["~/x (not there)"])

    assert "its only reader is not you" in str(error)
    assert "gitseal keys generate" in (error.hint or "")
