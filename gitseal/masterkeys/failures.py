# SPDX-License-Identifier: Apache-2.0
"""
What is said when no key works: one headline, the likeliest to be mended, and one line each.

A wall of errors in which the one that matters stands last is what this is there to prevent.
"""

from __future__ import annotations

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
    WrongKeyError,
)
from gitseal.masterkeys.base import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# What came closest to success is what a person can mend.
_CLOSEST = (
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
)
_RETRY = (ThrottledError, UnavailableError)


class Failure:
    """
    Why one reader's key did not work.

    Attributes:
        to: name of the reader.
        uri: its key.
        error: the reason.
    """

    __slots__ = ("error", "to", "uri")

    def __init__(self, to: str, uri: str, error: GitsealError) -> None:
        self.to = to
        self.uri = uri
        self.error = error

    def line(self) -> str:
        """Give `reader (key): why`; the key is left out where the reason names it."""
        why, key = str(self.error), shown(self.uri)
        return f"{self.to}: {why}" if key in why else f"{self.to} ({key}): {why}"

    def rank(self) -> int:
        """Give how far from success it was; 0 is nearest."""
        for rank, kind in enumerate(_CLOSEST):
            if isinstance(self.error, kind):
                return rank
        return len(_CLOSEST)

    def __repr__(self) -> str:
        return f"Failure({self.to!r}, {type(self.error).__name__})"


def no_usable_key(
    scope: str, failures: Sequence[Failure], looked: Sequence[str] = (), *, has_key: bool = False
) -> GitsealError:
    """
    Give the error for a scope that none of its readers' keys opened.

    Args:
        scope: its name.
        failures: one for each reader.
        looked: the places where the user's own keys were looked for.
        has_key: one was found there.

    Returns:
        `CommitmentError` or `RefusedError` where that is the headline; else `NoUsableKeyError`,
        with exit code 5 where trying again may help.
    """
    if not failures:
        return NoUsableKeyError(
            f"cannot open the key of scope {scope}: its record holds no wrapped key"
        )
    head = min(failures, key=Failure.rank)
    if all(isinstance(one.error, NoCredentialsError) for one in failures):
        return _stranger(scope, failures, looked, has_key=has_key)
    message = _message(f"cannot open the key of scope {scope}: {head.line()}", failures, looked)
    if isinstance(head.error, CommitmentError | RefusedError):
        return type(head.error)(message, hint=head.error.hint)
    error = NoUsableKeyError(message, failures=_told(failures), hint=head.error.hint)
    if isinstance(head.error, _RETRY):
        error.exit_code = head.error.exit_code
        error.code = head.error.code
    return error


def wrapping_failed(scope: str, failure: Failure) -> GitsealError:
    """Give the error, of the failure's own class, for a data key that one reader did not get."""
    error = failure.error
    message = f"cannot wrap the key of scope {scope} for {failure.line()}; nothing was changed"
    kind = type(error) if isinstance(error, MasterKeyError | RefusedError) else KeyUnusableError
    return kind(message, hint=error.hint)


def _stranger(
    scope: str, failures: Sequence[Failure], looked: Sequence[str], *, has_key: bool
) -> GitsealError:
    count = len(failures)
    who = "its only reader is not you" if count == 1 else f"none of its {count} readers is you"
    hint = f"{_first_step(looked, has_key=has_key)}; a reader adds it with `gitseal readers add`"
    hints = {one.error.hint for one in failures}
    return NoUsableKeyError(
        _message(f"cannot open the key of scope {scope}: {who}", failures, looked),
        failures=_told(failures),
        hint=hints.pop() if len(hints) == 1 and None not in hints else hint,
    )


def _first_step(looked: Sequence[str], *, has_key: bool) -> str:
    if has_key:
        return "`gitseal keys whoami` shows your key"
    if any(place.endswith(")") and not place.endswith("(not there)") for place in looked):
        return "mend the file or variable named above, or make a key: `gitseal keys generate`"
    return "make a key: `gitseal keys generate`"


def _message(head: str, failures: Sequence[Failure], looked: Sequence[str]) -> str:
    lines = [head]
    if len(failures) > 1 or not head.endswith(failures[0].line()):
        lines += [f"  {one.line()}" for one in failures]
    if looked:
        lines.append(f"  looked for identities in: {', '.join(looked)}")
    return "\n".join(lines)


def _told(failures: Sequence[Failure]) -> list[tuple[str, MasterKeyError]]:
    return [(one.uri, one.error) for one in failures if isinstance(one.error, MasterKeyError)]
