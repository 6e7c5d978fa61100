# SPDX-License-Identifier: Apache-2.0
"""Judging a record by what is trusted already (format 8, "Pins"); pure."""

from __future__ import annotations

from gitseal.errors import IntegrityError
from gitseal.policy.describing import Change, describe_change, loosens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.errors import GitsealError
    from gitseal.policy.records import Record
    from gitseal.trust.pins import Pin

SAME = "same"
"""Byte for byte the trusted one."""
NEWER = "newer"
"""Signed with the trusted key, higher seq: a reader changed it."""
LINKED = "linked"
"""Of a newer key that the trusted one named its successor; the readers are the same."""
VOUCHED = "vouched"
"""No pin, but one's own identity has vouched for its fingerprint."""
ENVIRONMENT = "environment"
"""Its fingerprint is the one that GITSEAL_TRUST names."""
LINKED_READERS = "linked-readers"
"""As LINKED, with other readers: followed by `apply`, `unlock` and `trust` alone."""
OLDER = "older"
"""A predecessor of the trusted one: an old branch, a bisect, a rebase."""
FORKED = "forked"
"""Changed on another branch: the same seq with other bytes."""
ROLLED_BACK = "rolled-back"
"""Made with a key that was replaced, after it was replaced."""
FOREIGN = "foreign"
"""Other keys than the trusted ones."""
UNSIGNED = "unsigned"
"""Changed without a reader's key."""
UNKNOWN = "unknown"
"""Nothing is trusted here yet."""

TRUSTED_STATES = frozenset((SAME, NEWER, LINKED, VOUCHED, ENVIRONMENT))


class Verdict:
    """
    What trusting people and machines know says about one record.

    Attributes:
        state: one of the constants above.
        record: the record that was judged.
        pinned: the trusted record, where there is one.
        source: where trust comes from: "repository", "user", "GITSEAL_TRUST", "own vouch" or "".
    """

    __slots__ = ("_changes", "pinned", "record", "source", "state")

    def __init__(
        self, state: str, record: Record, pinned: Record | None = None, source: str = ""
    ) -> None:
        self.state = state
        self.record = record
        self.pinned = pinned
        self.source = source
        self._changes: list[Change] | None = None

    @property
    def trusted(self) -> bool:
        """Whether every command may obey the record."""
        return self.state in TRUSTED_STATES

    @property
    def readable(self) -> bool:
        """Whether reading and clean may go on under it; with a notice where it is older."""
        return self.trusted or self.state == OLDER

    @property
    def acceptable(self) -> bool:
        """Whether a person may choose to trust it: nobody can choose what was replaced."""
        return self.state not in {UNSIGNED, OLDER, ROLLED_BACK}

    @property
    def advances(self) -> bool:
        """Whether a command that pins without asking may put it in place of the pin."""
        if self.state == SAME:
            return self.source == "user"
        if self.pinned is None:
            return self.state == VOUCHED
        return self.state in {NEWER, LINKED} and self.record.seq > self.pinned.seq

    @property
    def changes(self) -> list[Change]:
        """What the record changes, compared with the trusted one."""
        if self._changes is None:
            self._changes = describe_change(self.pinned, self.record)
        return self._changes

    @property
    def loosens(self) -> bool:
        """Whether it lets someone in, or seals or notices less than the trusted one."""
        return self.pinned is not None and loosens(self.changes)

    def notice(self) -> str | None:
        """Give a line to print before going on under an older record."""
        if self.state != OLDER:
            return None
        from gitseal.trust.telling import older_notice

        return older_notice(self)

    def error(self, brought: str | None = None) -> GitsealError:
        """
        Give the error for a record that is not to be obeyed, in the manner of ssh.

        Args:
            brought: the commit and author that brought the record, if the caller knows.
        """
        from gitseal.trust.telling import refusal

        return refusal(self, brought)

    def __repr__(self) -> str:
        return f"Verdict({self.state!r}, {self.record!r})"


def judge(record: Record, pin: Pin | None, source: str = "repository") -> Verdict:
    """
    Judge a record by the pin of its scope.

    Args:
        record: any record of that name.
        pin: what is trusted; None gives UNKNOWN, or UNSIGNED.
        source: where the pin comes from.
    """
    if pin is None:
        return Verdict(UNKNOWN if _proves_itself(record) else UNSIGNED, record)
    if record.to_bytes() == pin.data:
        # It was verified before it was pinned.
        return Verdict(SAME, record, pin.record, source)
    return Verdict(_state(record, pin.record), record, pin.record, source)


def _proves_itself(record: Record) -> bool:
    try:
        record.check_signature()
        record.check_links()
    except IntegrityError:
        return False
    return True


def _state(record: Record, pinned: Record) -> str:
    try:
        record.check_signature()
    except IntegrityError:
        return UNSIGNED
    if record.context != pinned.context or record.name != pinned.name:
        return FOREIGN
    known = len(pinned.epochs)
    if len(record.epochs) > known:
        return _successor(record, pinned)
    if any(record.fingerprint(e.n) != pinned.fingerprint(e.n) for e in record.epochs):
        return FOREIGN
    if record.seq == pinned.seq:
        return FORKED
    if record.seq < pinned.seq:
        return OLDER
    # Whoever was removed by a rotation still has the key before it, and can sign any seq.
    return NEWER if len(record.epochs) == known else ROLLED_BACK


def _successor(record: Record, pinned: Record) -> str:
    known = len(pinned.epochs)
    if record.fingerprint(known) != pinned.fingerprint(known):
        return FOREIGN
    try:
        record.check_links(after=known)
    except IntegrityError:
        return FOREIGN
    if record.seq == pinned.seq:
        return FORKED
    if set(record.policy.readers) != set(pinned.policy.readers):
        return LINKED_READERS
    return LINKED
