# SPDX-License-Identifier: Apache-2.0
"""
Whom to believe: pins of this clone and of the user, the environment, one's own vouch (format 8).

Nothing in the repository's content adds to it, except what only one's own identity can have
made.  Reading never asks and never pins; `pin` is for the commands that showed what they pin.
"""

from __future__ import annotations

from gitseal.trust.pins import Pin, PinDirectory
from gitseal.trust.verdicts import (
    ENVIRONMENT,
    FOREIGN,
    FORKED,
    LINKED,
    NEWER,
    OLDER,
    ROLLED_BACK,
    SAME,
    UNKNOWN,
    UNSIGNED,
    VOUCHED,
    Verdict,
    judge,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gitseal.policy import Tree
    from gitseal.policy.records import Record

__all__ = ["Pin", "PinDirectory", "Trust", "Verdict", "judge"]


class Trust:
    """
    Everything on this machine that says which records to believe.

    Args:
        common_dir: git's common directory, or None outside a repository.
        config_dir: the user's gitseal directory, or None without one.
        expected: what the environment pins: scope -> fingerprint, 32 bytes.
        secrets: gives the identities' secrets for own vouches; called only if nothing else
            answers, because it reads identity files.
    """

    __slots__ = ("_clone", "_secrets", "_user", "expected")

    def __init__(
        self,
        common_dir: str | None,
        config_dir: str | None,
        *,
        expected: Mapping[str, bytes] | None = None,
        secrets: Callable[[], Iterable[bytes]] | None = None,
    ) -> None:
        self._clone = _directory(common_dir, "gitseal", "pins")
        self._user = _directory(config_dir, "pins")
        self.expected = dict(expected or {})
        self._secrets = secrets

    def judge(self, record: Record, tree: Tree | None = None) -> Verdict:
        """
        Judge a record; asks nobody, contacts nobody, changes nothing.

        Args:
            record: of any tree.
            tree: where own vouches are looked for; None looks for none.

        Raises:
            UntrustedError, IntegrityError: a pin is damaged, or others may write it.
        """
        verdict = self._by_pins(record)
        expected = self.expected.get(record.name)
        if expected is not None and verdict.state != UNSIGNED:
            if record.fingerprint() != expected:
                return Verdict(FOREIGN, record, verdict.pinned, "GITSEAL_TRUST")
            # What a pin knows to be old stays old: the environment may be, as well.
            if not verdict.trusted and verdict.state not in {OLDER, ROLLED_BACK}:
                return Verdict(ENVIRONMENT, record, verdict.pinned, "GITSEAL_TRUST")
        if verdict.state == UNKNOWN and tree is not None and self._secrets is not None:
            from gitseal.trust.vouch import is_vouched

            if is_vouched(tree, record.name, record.fingerprint(), self._secrets()):
                return Verdict(VOUCHED, record, None, "own vouch")
        return verdict

    def _by_pins(self, record: Record) -> Verdict:
        pin = self.pinned(record.name)
        if pin is not None:
            return judge(record, pin, "repository")
        pin = self._user.load(_root(record)) if self._user else None
        return judge(record, pin, "user")

    def pinned(self, name: str) -> Pin | None:
        """
        Give what is trusted of a scope in this clone, or None.

        A `.git` in an archive, or copied from somebody, brings pins along that were never shown
        to the person who unpacks it.  `pin` writes both places: so a pin of the clone counts if
        the user's own knows it or was followed to it, and where the user has seen more, that is
        what counts.
        """
        pin = self._clone.load(name) if self._clone else None
        if pin is None or self._user is None or self._clone is None:
            return pin
        root = _root(pin.record)
        if self._user.raw(root) == self._clone.raw(name):
            return pin
        mine = self._user.load(root)
        if mine is None:
            return None
        state = judge(pin.record, mine, "user").state
        forked = state == FORKED and len(pin.record.epochs) == len(mine.record.epochs)
        return pin if forked or state in {SAME, NEWER, LINKED} else mine

    def pinned_names(self) -> list[str]:
        """Give the scopes that this clone has pins of, whatever the tree holds."""
        return self._clone.names() if self._clone else []

    def services(self, record: Record) -> tuple[str, ...]:
        """Give the key services approved for a scope."""
        pin = self.pinned(record.name)
        if pin is None and self._user is not None:
            pin = self._user.load(_root(record))
        return pin.services if pin else ()

    def pin(self, record: Record, services: Iterable[str] | None = None) -> None:
        """
        Trust a record from now on, in this clone and for this user.

        Args:
            record: its signature is checked once more.
            services: approved key services; None keeps those of the pin before it.

        Raises:
            IntegrityError: its signature or a link does not verify.
            GitsealError: the pin cannot be written.
        """
        record.check_signature()
        record.check_links()
        kept = self.services(record) if services is None else services
        pin = Pin(record, kept)
        if self._clone is not None:
            self._clone.save(record.name, pin)
        if self._user is not None and not self._user_knows_newer(record):
            self._user.save(_root(record), pin)

    def _user_knows_newer(self, record: Record) -> bool:
        """Tell whether another clone has shown this user a successor of the record."""
        present = self._user.load(_root(record)) if self._user else None
        return present is not None and judge(record, present, "user").state == OLDER

    def forget(self, record: Record) -> None:
        """Delete the pins of a scope, in this clone and for this user."""
        if self._clone is not None:
            self._clone.forget(record.name)
        if self._user is not None:
            self._user.forget(_root(record))

    def vouches(self, record: Record) -> list[tuple[str, bytes]]:
        """Give the (repository path, content) of the own vouches to write for a record."""
        from gitseal.trust.vouch import vouch_file, vouch_value

        secrets = self._secrets() if self._secrets else ()
        digest = record.fingerprint()
        return [
            vouch_file(record.name, vouch_value(secret, record.name, digest)) for secret in secrets
        ]


def _directory(parent: str | None, *names: str) -> PinDirectory | None:
    return PinDirectory(parent, *names) if parent is not None else None


def _root(record: Record) -> str:
    """Give the key of the user's pin: the first fingerprint, which no rotation changes."""
    from gitseal.crypto.derive import format_fingerprint

    return format_fingerprint(record.fingerprint(1))
