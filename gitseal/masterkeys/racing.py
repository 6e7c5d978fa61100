# SPDX-License-Identifier: Apache-2.0
"""
Asking several key services at a time; imported only where one takes part.

Every call runs in a daemon thread.  Python cannot stop a thread that hangs in a socket, so it is
left behind when the time is up: its answer goes nowhere, and the process can end without it.
"""

from __future__ import annotations

from queue import Empty, SimpleQueue
from threading import Thread

from gitseal.errors import GitsealError, UnavailableError
from gitseal.masterkeys.failures import Failure, wrapping_failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from gitseal.masterkeys.base import Deadline, MasterKey
    from gitseal.masterkeys.candidates import Attempt, Candidate

    T = TypeVar("T")

IN_FLIGHT = 4
"""Services that are asked for one unwrap at one time."""

WRAPS_IN_FLIGHT = 16
"""Services that are asked to wrap at one time."""


class _Pool:
    """Numbered calls, each in a thread of its own."""

    __slots__ = ("_answers", "running", "started")

    def __init__(self) -> None:
        self._answers: SimpleQueue[tuple[int, BaseException | None]] = SimpleQueue()
        self.running: set[int] = set()
        self.started = 0

    def start(self, call: Callable[[], None]) -> None:
        number = self.started

        def run() -> None:
            try:
                call()
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                self._answers.put((number, error))
            else:
                self._answers.put((number, None))

        self.running.add(number)
        self.started += 1
        Thread(target=run, name=f"gitseal key {number}", daemon=True).start()

    def wait(self, seconds: float) -> tuple[int, GitsealError | None] | None:
        """Give the next call that ended, with its error; None if none did in time."""
        try:
            number, error = self._answers.get(timeout=seconds)
        except Empty:
            return None
        self.running.discard(number)
        if error is not None and not isinstance(error, GitsealError):
            raise error  # a mistake of ours, which no other key mends
        return number, error


def first(
    candidates: Sequence[Candidate],
    attempt: Attempt[T],
    deadline: Deadline,
    hedge: float,
    failures: list[Failure],
) -> T | None:
    """
    Give the first result, or None; `failures` takes up the reasons.

    The next candidate starts when one has failed, or when none has answered for `hedge` seconds.
    """
    results: dict[int, T] = {}
    pool = _Pool()

    def call(number: int) -> Callable[[], None]:
        candidate = candidates[number]

        def ask() -> None:
            results[number] = attempt(candidate.key, candidate.wrapped.blob, deadline)

        return ask

    while left := deadline.seconds_left():
        if pool.started < len(candidates):
            pool.start(call(pool.started))
        if not pool.running:
            return None
        more = pool.started < len(candidates) and len(pool.running) < IN_FLIGHT
        answer = pool.wait(min(left, hedge) if more else left)
        if answer is None:
            continue
        number, error = answer
        if error is None:
            deadline.cancel()
            return results[number]
        failures.append(candidates[number].failed(error))
    for number, candidate in enumerate(candidates):
        if number in pool.running or number >= pool.started:
            failures.append(candidate.failed(_too_late(deadline, number < pool.started)))
    return None


def every(
    readers: Sequence[tuple[str, MasterKey]],
    wrap: Callable[[MasterKey], bytes],
    deadline: Deadline,
    scope: str,
) -> list[bytes]:
    """
    Give the wrapped keys of all, in their order.

    Raises:
        GitsealError: one failed, or did not answer in time; the others are cancelled.
    """
    blobs: dict[int, bytes] = {}
    pool = _Pool()

    def call(number: int) -> Callable[[], None]:
        def ask() -> None:
            blobs[number] = wrap(readers[number][1])

        return ask

    while pool.running or pool.started < len(readers):
        while pool.started < len(readers) and len(pool.running) < WRAPS_IN_FLIGHT:
            pool.start(call(pool.started))
        number, error = pool.wait(deadline.seconds_left()) or (
            min(pool.running),
            _too_late(deadline, asked=True),
        )
        if error is not None:
            deadline.cancel()
            to, key = readers[number]
            raise wrapping_failed(scope, Failure(to, key.uri, error)) from None
    return [blobs[number] for number in range(len(readers))]


def _too_late(deadline: Deadline, asked: bool) -> UnavailableError:
    if not asked:
        return UnavailableError(f"not asked: the {deadline.seconds:g} seconds were over")
    return UnavailableError(
        f"no answer within {deadline.seconds:g} seconds",
        hint="check the network, then try again; `timeout` in config.toml allows more time",
    )
