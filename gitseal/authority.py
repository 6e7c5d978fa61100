# SPDX-License-Identifier: Apache-2.0
"""
What is granted for a path: the one scope whose trusted record claims it, and its rules (format 8).

Reads records through a `Tree`, so a commit is judged by its own keyring, and asks `Trust` which of
them to believe.  Never prompts, never pins, never writes.
"""

from __future__ import annotations

from gitseal.errors import (
    CommitmentError,
    GitsealError,
    IntegrityError,
    MovedError,
    PolicyError,
    RefusedError,
)
from gitseal.policy.patterns import Patterns
from gitseal.policy.records import KEYRING, Record, record_path, with_help
from gitseal.trust.verdicts import UNSIGNED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseal.policy import Tree
    from gitseal.policy.records import Epoch
    from gitseal.policy.terms import RecordPolicy
    from gitseal.trust import Trust, Verdict


class Grant:
    """
    What a record says of the paths it claims; immutable.

    Attributes:
        scope: name of the scope.
        record: the record.
        policy: its policy: worktree, integrity, portable, agents, readers.
        epoch: the active epoch, in which new values are sealed.
        rules: which places of a document are sealed.
        whole: structured files that are sealed as a whole, such as templates.
        verdict: why the record is believed, or that it is an older one.
    """

    __slots__ = ("epoch", "policy", "record", "rules", "scope", "verdict", "whole")

    def __init__(self, record: Record, verdict: Verdict) -> None:
        self.record = record
        self.verdict = verdict
        self.scope = record.name
        self.policy: RecordPolicy = record.policy
        self.epoch = record.active
        self.rules = self.policy.rules()
        self.whole = Patterns(self.policy.whole)

    @property
    def strict(self) -> bool:
        """Whether files carry a seal (integrity: strict)."""
        return self.policy.integrity == "strict"

    @property
    def plain(self) -> bool:
        """Whether files lie readable in the worktree (worktree: plain)."""
        return self.policy.worktree == "plain"

    def is_whole(self, path: str) -> bool:
        """Tell whether the rules seal a structured file at this path as a whole."""
        return self.whole.matches(path)

    def check_header(
        self, scope: str, epoch: int, kid: bytes | None = None, *, history: bool = False
    ) -> Epoch:
        """
        Give the epoch that a file of this path was sealed in, if it may be opened.

        Args:
            scope: the scope that the file's header says.
            epoch: the epoch that it says.
            kid: the key id that it says; None checks none.
            history: for `log`, `diff` and `blame`, which open retired epochs and say so.

        Raises:
            MovedError: sealed for another scope.
            IntegrityError: an epoch that the record does not know.
            CommitmentError: another key of that epoch than the record's.
            RefusedError: a retired epoch.
        """
        if scope != self.scope:
            raise MovedError(
                f"is sealed for scope {scope}, but its path belongs to scope {self.scope}",
                hint="move it back, or bring it over with gitseal mv; or did someone copy it here?",
            )
        found = self.record.epoch(epoch)
        if found is None:
            raise IntegrityError(
                f"is sealed in epoch {epoch}, which the record of {scope} does not have",
                hint="bring file and keyring from the same branch: git pull, or gitseal apply",
            )
        if kid is not None and kid != found.kid:
            raise CommitmentError(
                f"is sealed with another key of epoch {epoch} than the record of {scope} names",
                hint="two branches may have rotated: gitseal apply seals such files again",
            )
        if found.state == "retired" and not history:
            raise RefusedError(
                f"is sealed in epoch {epoch} of {scope}, which is retired",
                hint="it is older than a rotation, and a former reader may have made it; "
                "restore the current one: git log -- FILE",
            )
        return found

    def check_not_replaced(self, epoch: int) -> None:
        """
        Refuse to use what is sealed in an epoch that is retired in what is trusted here.

        A former reader can sign a record of the days before, which is an older one to everybody,
        and new values under it; they must not reach a program because the branch says so.

        Raises:
            RefusedError: it is; an older record may still be read where the epoch is not.
        """
        pinned = self.verdict.pinned
        known = None if pinned is None else pinned.epoch(epoch)
        if known is not None and known.state == "retired":
            raise RefusedError(
                f"is sealed in epoch {epoch} of {self.scope}, which you know as retired; "
                "the record of this branch is older",
                hint="a former reader may have made both; merge the branch that has the newer "
                "record; gitseal diff shows old values by their fingerprints",
            )

    def check_writable(self) -> None:
        """
        Refuse to seal anything new under a record that is not the newest one known here.

        Raises:
            RefusedError: it is an older one.
        """
        if not self.verdict.trusted:
            raise self.verdict.error()

    def __repr__(self) -> str:
        return f"Grant({self.scope!r}, {self.verdict.state!r})"


class Authority:
    """
    The records of one tree, judged by what is trusted here.

    Args:
        tree: worktree, index or commit.
        trust: pins, environment and own vouches.
        brought: tells which commit and author brought a file, for an error about it; called
            only for one.
    """

    __slots__ = (
        "_brought", "_claims", "_data", "_grants", "_pinned_claims", "_records", "_tree", "_trust",
        "_verdicts",
    )  # fmt: skip

    def __init__(
        self, tree: Tree, trust: Trust, *, brought: Callable[[str], str | None] | None = None
    ) -> None:
        self._tree = tree
        self._trust = trust
        self._brought = brought
        self._data: dict[str, bytes | None] = {}
        self._records: dict[str, Record] = {}
        self._claims: list[tuple[str, Patterns]] | None = None
        self._pinned_claims: list[tuple[str, Patterns]] | None = None
        self._grants: dict[str, Grant] = {}
        self._verdicts: dict[str, Verdict] = {}

    def scopes(self) -> list[str]:
        """Give the scopes that have a record in the tree, sorted."""
        start = KEYRING + "/"
        names = [
            path[len(start) : -5]
            for path in self._tree.paths(KEYRING)
            if path.startswith(start) and path.endswith(".json") and "/" not in path[len(start) :]
        ]
        return sorted(names)

    def record(self, scope: str) -> Record | None:
        """
        Give the record of a scope, believed or not; None where the tree has none.

        Raises:
            IntegrityError, NewerVersionError, LimitError: it is no record.
        """
        if scope not in self._records:
            data = self._read(scope)
            if data is None:
                return None
            self._records[scope] = Record.parse(data, scope)
        return self._records[scope]

    def _read(self, scope: str) -> bytes | None:
        if scope not in self._data:
            self._data[scope] = self._tree.read(record_path(scope))
        return self._data[scope]

    def judge(self, scope: str) -> Verdict | None:
        """Give what is known about the record of a scope; None where the tree has none."""
        if scope not in self._verdicts:
            record = self.record(scope)
            if record is None:
                return None
            self._verdicts[scope] = self._trust.judge(record, self._tree)
        return self._verdicts[scope]

    def scope_of(self, path: str) -> str | None:
        """
        Give the scope whose record claims a path, believed or not; None where none does.

        The patterns of all records are asked, because a second claim is an error: else a new
        record could quietly take files away from another scope's readers.

        Raises:
            PolicyError: two records claim it, or a pattern is malformed.
            IntegrityError, NewerVersionError, LimitError: a file of the keyring is no record.
        """
        if self._claims is None:
            self._claims = self._read_claims()
        claimants = []
        for name, patterns in self._claims:
            try:
                if patterns.matches(path):
                    claimants.append(name)
            except PolicyError as error:
                raise error.at(record_path(name)) from None
        if len(claimants) > 1:
            raise PolicyError(
                f"scopes {' and '.join(claimants)} both claim this file",
                hint="make their `files` in .gitseal.yaml disjoint, then: gitseal apply",
                path=path,
            )
        return claimants[0] if claimants else None

    def _read_claims(self) -> list[tuple[str, Patterns]]:
        from gitseal.policy.reading import read_claims

        claims = []
        for name in self.scopes():
            data = self._read(name)
            try:
                if data is not None:
                    claims.append((name, Patterns(read_claims(data, name))))
            except GitsealError as error:
                raise with_help(error, record_path(name)) from None
        return claims

    def grant(self, path: str, *, any_record: bool = False) -> Grant | None:
        """
        Give what is granted for a repository path; None where no record claims it.

        Args:
            path: in the repository, `/` between segments.
            any_record: also under a record that nothing here vouches for, for key-less checks;
                one that was changed without a key is refused all the same.

        Raises:
            UntrustedError: the record is not to be believed here; it says what changed.
            IntegrityError: the record was changed without a reader's key.
            PolicyError: two scopes claim the path.
        """
        scope = self.scope_of(path)
        self._check_not_taken(path, scope)
        return None if scope is None else self.grant_scope(scope, any_record=any_record)

    def _check_not_taken(self, path: str, scope: str | None) -> None:
        """
        Refuse a path that a record claimed until somebody changed it who had no right to.

        Else the readers of one scope could name the files of another in their own record, once
        the other's is deleted, damaged or put back to what it was before it had them.
        """
        for name in self.pinned_claimants(path):
            verdict = self.judge(name) if name != scope else None
            if verdict is not None and not verdict.readable:
                raise self.error(verdict)
            if scope is not None and name != scope and (verdict is None or not verdict.trusted):
                what = "gone" if verdict is None else "an older one here"
                raise RefusedError(
                    f"belongs to scope {name}, whose record is {what}, and now {scope} claims it",
                    hint=f"bring it back: git log -p -- {KEYRING}; or was it dropped for good? "
                    f"then: gitseal trust --forget {name}",
                    path=path,
                )

    def pinned_claimants(self, path: str) -> list[str]:
        """
        Give the scopes that claim a path in what is trusted here, whatever the tree says.

        Raises:
            UntrustedError, IntegrityError: a pin is damaged.
        """
        return [name for name, patterns in self._claims_of_pins() if patterns.matches(path)]

    def _claims_of_pins(self) -> list[tuple[str, Patterns]]:
        if self._pinned_claims is None:
            pins = [(name, self._trust.pinned(name)) for name in self._trust.pinned_names()]
            self._pinned_claims = [
                (name, Patterns(pin.record.policy.files)) for name, pin in pins if pin is not None
            ]
        return self._pinned_claims

    def grant_scope(self, scope: str, *, any_record: bool = False) -> Grant:
        """
        Give the same for a scope, by name.

        Raises:
            RefusedError: the tree has no record of it.
            UntrustedError, IntegrityError: as `grant`.
        """
        verdict = self.judge(scope)
        if verdict is None:
            raise RefusedError(f"there is no record of scope {scope}", hint="gitseal apply")
        signed = verdict.state != UNSIGNED
        if not verdict.readable and not (any_record and signed):
            raise self.error(verdict)
        if scope not in self._grants:
            try:
                self._grants[scope] = Grant(verdict.record, verdict)
            except PolicyError as error:
                raise error.at(record_path(scope)) from None
        return self._grants[scope]

    def error(self, verdict: Verdict) -> GitsealError:
        """Give the error for a record that is not obeyed, with the commit that brought it."""
        path = record_path(verdict.record.name)
        return verdict.error(self._brought(path) if self._brought else None)

    def lost(self, path: str) -> str | None:
        """
        Give the scope that a pin knows to claim a path while the tree has no record of it.

        Whoever deletes a record must not turn its files into files that nobody seals.

        Raises:
            UntrustedError, IntegrityError: a pin is damaged.
        """
        present = set(self.scopes())
        return next((name for name in self.pinned_claimants(path) if name not in present), None)
