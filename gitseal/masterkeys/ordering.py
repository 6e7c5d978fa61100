# SPDX-License-Identifier: Apache-2.0
"""
In what order master keys are tried, and for how long.

Unwrapping: what is local and silent first; then services, those whose sign-in is at hand
before the others, in the record's order, a second one starting where the first has not answered
in 300 ms (hedging: asking all at once would fill audit logs with refusals); last what needs a
person, and only where one can be asked.  The first success cancels the rest.  Wrapping: all,
or nothing.  Threads exist only where a service takes part: a start-up costs less than they do.
"""

from __future__ import annotations

from gitseal.errors import GitsealError, KeyUnusableError, UsageError
from gitseal.keys import WrappedKey
from gitseal.masterkeys.base import Deadline, check_blob
from gitseal.masterkeys.failures import Failure, wrapping_failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeVar

    from gitseal.keys import DataKey, ScopeId
    from gitseal.masterkeys.base import MasterKey
    from gitseal.masterkeys.candidates import Attempt, Candidate

    T = TypeVar("T")

HEDGE = 0.3
"""Seconds after which the next service is asked as well."""

MAX_ATTEMPTS = 16
"""Services, and people, that are asked for one data key; a record may name more."""

MAX_READERS = 64
"""Readers of one scope; checked before anybody is called."""

INTERACTIVE_SECONDS = 120.0
"""How long a person has; the deadline of services is not theirs."""


class Patience:
    """
    How long one search may take.

    Attributes:
        seconds: for all services together; 20 for commands, 10 for filters.
        terminal: a person can be asked.
        hedge: see `HEDGE`.
    """

    __slots__ = ("hedge", "seconds", "terminal")

    def __init__(
        self, seconds: float = 20.0, *, terminal: bool = False, hedge: float = HEDGE
    ) -> None:
        self.seconds = seconds
        self.terminal = terminal
        self.hedge = hedge


def unwrap_first(
    candidates: Sequence[Candidate],
    attempt: Attempt[T],
    patience: Patience,
    failures: list[Failure],
) -> T | None:
    """
    Give the result of the first candidate that works.

    Args:
        candidates: wraps of the trusted record, in its order; never of anything else.
        attempt: unwraps and checks; raises `GitsealError` where the next is to be tried.
        patience: how long, and whether a person can be asked.
        failures: takes up why each of the others did not work.

    Returns:
        The result, or None if none worked.
    """
    local, services, people = _classes(candidates)
    deadline = Deadline(patience.seconds)
    for candidate in local:
        result = _try(candidate, attempt, deadline, failures)
        if result is not None:
            return result
    if services:
        from gitseal.masterkeys import racing

        chosen = _capped(services, failures)
        result = racing.first(chosen, attempt, deadline, patience.hedge, failures)
        if result is not None:
            return result
    for candidate in _capped(people, failures):
        if not patience.terminal:
            failures.append(candidate.failed(_nobody_to_ask()))
            continue
        result = _try(candidate, attempt, Deadline(INTERACTIVE_SECONDS), failures)
        if result is not None:
            return result
    return None


def wrap_all(
    readers: Sequence[tuple[str, MasterKey]],
    data_key: DataKey,
    scope_id: ScopeId,
    seconds: float = 20.0,
) -> list[WrappedKey]:
    """
    Wrap a data key for every reader, in their order.

    Local keys go first: where one of them fails, no service is called.

    Raises:
        UsageError: no readers, or more than `MAX_READERS`.
        GitsealError: the class of the first failure; nothing may be written then.
    """
    if not 1 <= len(readers) <= MAX_READERS:
        raise UsageError(f"a scope has 1 to {MAX_READERS} readers, not {len(readers)}")
    deadline = Deadline(seconds)

    def wrap(key: MasterKey) -> bytes:
        blob = key.wrap(data_key, scope_id, deadline)
        check_blob(blob, key.uri)
        return blob

    blobs: dict[int, bytes] = {}
    services: list[int] = []
    for index, (to, key) in enumerate(readers):
        if key.caps().network:
            services.append(index)
            continue
        try:
            blobs[index] = wrap(key)
        except GitsealError as error:
            raise wrapping_failed(scope_id.name, Failure(to, key.uri, error)) from None
    if services:
        from gitseal.masterkeys import racing

        asked = [readers[index] for index in services]
        answers = racing.every(asked, wrap, deadline, scope_id.name)
        blobs.update(zip(services, answers, strict=True))
    return [WrappedKey(to, key.uri, blobs[index]) for index, (to, key) in enumerate(readers)]


def _classes(
    candidates: Sequence[Candidate],
) -> tuple[list[Candidate], list[Candidate], list[Candidate]]:
    """Sort into local and silent ones, services, and those that need a person."""
    local: list[Candidate] = []
    ready: list[Candidate] = []
    others: list[Candidate] = []
    people: list[Candidate] = []
    for candidate in candidates:
        caps = candidate.key.caps()
        if caps.interactive:
            people.append(candidate)
        elif not caps.network:
            local.append(candidate)
        elif candidate.key.ready():
            ready.append(candidate)
        else:
            others.append(candidate)
    return local, ready + others, people


def _capped(candidates: list[Candidate], failures: list[Failure]) -> list[Candidate]:
    for candidate in candidates[MAX_ATTEMPTS:]:
        error = KeyUnusableError(f"not tried: {MAX_ATTEMPTS} keys are the most that are")
        failures.append(candidate.failed(error))
    return candidates[:MAX_ATTEMPTS]


def _try(
    candidate: Candidate, attempt: Attempt[T], deadline: Deadline, failures: list[Failure]
) -> T | None:
    try:
        return attempt(candidate.key, candidate.wrapped.blob, deadline)
    except GitsealError as error:
        failures.append(candidate.failed(error))
        return None


def _nobody_to_ask() -> KeyUnusableError:
    return KeyUnusableError(
        "may be yours, but needs a passphrase or a touch, and nobody can be asked here",
        hint="run a gitseal command at a terminal, or set GITSEAL_IDENTITY to a key without "
        "passphrase",
    )
