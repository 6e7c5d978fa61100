# SPDX-License-Identifier: Apache-2.0
"""Judging the keyring and `.gitseal.yaml` of a tree: signed, known here, applied."""

from __future__ import annotations

from gitseal.authority import Grant
from gitseal.checks.findings import BOTH, ERROR, WARNING, Finding
from gitseal.errors import GitsealError, PolicyError, UsageError
from gitseal.policy import POLICY_FILE
from gitseal.policy.patterns import Patterns
from gitseal.policy.records import record_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.authority import Authority
    from gitseal.policy import Tree
    from gitseal.policy.config import Config
    from gitseal.policy.terms import RecordPolicy
    from gitseal.trust import Trust, Verdict

_CODES = {
    "unsigned": ("GS301", ERROR),
    "foreign": ("GS305", ERROR),
    "rolled-back": ("GS305", ERROR),
    "forked": ("GS305", ERROR),
    "older": ("GS306", WARNING),
    "linked-readers": ("GS307", WARNING),
}


class Side:
    """
    One of the two places where files are: the worktree or the index, with its own policy.

    Args:
        where: `findings.WORKTREE` or `findings.INDEX`.
        tree: its files.
        authority: what its records grant.
        trust: what is trusted here.
        beside: of the index: what the records of the worktree grant.

    Attributes:
        findings: what was found on this side.
        unvouched: scopes whose records nothing here vouches for.
        shared: whether it speaks for the other side as well, since both have one keyring.
    """

    __slots__ = (
        "_beside", "_grants", "_lost", "authority", "findings", "shared", "tree", "trust",
        "unvouched", "where",
    )  # fmt: skip

    def __init__(
        self,
        where: str,
        tree: Tree,
        authority: Authority,
        trust: Trust,
        beside: Authority | None = None,
    ) -> None:
        self.where = where
        self.shared = False
        self._beside = beside
        self.tree = tree
        self.authority = authority
        self.trust = trust
        self.findings: list[Finding] = []
        self.unvouched: list[str] = []
        self._grants: dict[str, Grant | None] = {}
        self._lost: list[tuple[Patterns, Grant]] | None = None

    def add(self, found: list[Finding], where: str = "") -> None:
        """Keep findings of this side, or of both."""
        for one in found:
            one.where = where or self.where
        self.findings += found

    def _say(self, found: list[Finding]) -> None:
        """Keep findings about the keyring."""
        self.add(found, BOTH if self.shared else "")

    def grant(self, path: str) -> Grant | None:
        """Give the record's word on a path, for a check; what is wrong with it is a finding."""
        try:
            scope = self.authority.scope_of(path)
        except PolicyError as error:
            if error.path == path:
                self._say([Finding("GS303", path, error.message, hint=error.hint or "")])
            return None
        except GitsealError:
            return None  # a record cannot be read; `check_records` says which
        if scope is None:
            return self._lost_grant(path)
        if scope not in self._grants:
            self._grants[scope] = self._judged(scope)
        return self._grants[scope]

    def _judged(self, scope: str) -> Grant | None:
        """Under a record that proves nothing, the one that is trusted says what must be sealed."""
        try:
            verdict = self.authority.judge(scope)
            if verdict is None:
                return None
            if verdict.state != "unsigned":
                return self.authority.grant_scope(scope, any_record=True)
            return None if verdict.pinned is None else Grant(verdict.pinned, verdict)
        except GitsealError:
            return None

    def _lost_grant(self, path: str) -> Grant | None:
        for patterns, grant in self._lost_scopes():
            if patterns.matches(path):
                here = self._beside is not None and grant.scope in self._beside.scopes()
                self._say([_gone(grant.scope, unstaged=here)])
                return grant
        return None

    def _lost_scopes(self) -> list[tuple[Patterns, Grant]]:
        if self._lost is None:
            self._lost = []
            present = set(self.authority.scopes())
            for name in self.trust.pinned_names():
                try:
                    pin = None if name in present else self.trust.pinned(name)
                    if pin is not None:
                        grant = Grant(pin.record, self.trust.judge(pin.record))
                        self._lost.append((Patterns(pin.record.policy.files), grant))
                except GitsealError as error:
                    message = f"the pin of scope {name}: {error.message}"
                    found = Finding("GS301", record_path(name), message, hint=error.hint or "")
                    self.add([found])
        return self._lost

    def is_behind(self, scope: str) -> bool:
        """Tell whether the record of a scope is older here than in the worktree beside."""
        try:
            verdict = None if self._beside is None else self._beside.judge(scope)
        except GitsealError:
            return False
        return verdict is not None and verdict.trusted

    def patterns(self) -> list[str]:
        """Give the patterns of all records, and of those that are gone."""
        texts: list[str] = []
        for name in self.authority.scopes():
            try:
                record = self.authority.record(name)
            except GitsealError:
                continue
            texts += record.policy.files if record else ()
        for patterns, _grant in self._lost_scopes():
            texts += patterns.texts
        return texts


def _gone(name: str, *, unstaged: bool) -> Finding:
    if unstaged:
        message = f"the record of scope {name} is not staged with the files it claims"
        return Finding("GS308", record_path(name), message, hint="git add .gitseal .gitseal.yaml")
    message = f"the record of scope {name} is gone, though it is trusted here"
    hint = (
        "bring it back: git log -- .gitseal/keyring; "
        f"or to drop the scope: gitseal trust --forget {name}"
    )
    return Finding("GS308", record_path(name), message, hint=hint)


def check_records(side: Side) -> list[Finding]:
    """Give what is wrong with the records of a side; notes which of them nothing vouches for."""
    found = []
    for name in side.authority.scopes():
        path = record_path(name)
        try:
            verdict = side.authority.judge(name)
        except GitsealError as error:
            if isinstance(error, UsageError) and not isinstance(error, PolicyError):
                raise  # the user's own configuration
            found.append(Finding("GS301", path, error.message, hint=error.hint or ""))
            continue
        if verdict is None:
            continue
        if verdict.state == "unknown":
            side.unvouched.append(name)
        elif verdict.state == "older" and side.is_behind(name):
            message = f"the record of scope {name} has changed and is not staged"
            hint = "git add .gitseal"
            found.append(Finding("GS306", path, message, hint=hint, level=WARNING))
        elif verdict.state in _CODES:
            found.append(_about(verdict, path))
        if verdict.readable and verdict.record.pending:
            message = f"the old key of scope {name} is still in use: its rotation is not finished"
            hint = "git add the files that were sealed again, then: gitseal apply"
            found.append(Finding("GS309", path, message, hint=hint, level=WARNING))
    return found


def _about(verdict: Verdict, path: str) -> Finding:
    code, level = _CODES[verdict.state]
    error = verdict.error()
    # The safety codes and changes below the first line are for `gitseal trust` to show.
    message = error.message.split("\n")[0]
    return Finding(code, path, message, hint=error.hint or "", level=level)


def check_config(side: Side) -> list[Finding]:
    """Give what `.gitseal.yaml` of a side says otherwise than its records; reads no key."""
    from gitseal.policy.config import Config

    data = side.tree.read(POLICY_FILE)
    names = side.authority.scopes()
    if data is None:
        if not names:
            return []
        message = "is missing; the records are obeyed without it"
        hint = f"bring it back: git log -- {POLICY_FILE}"
        return [Finding("GS302", POLICY_FILE, message, hint=hint, level=WARNING)]
    try:
        config = Config.parse(data)
        found = [one for name in config.scopes if (one := _unapplied(side, config, name))]
    except GitsealError as error:
        return [Finding("GS304", POLICY_FILE, error.message, line=_line(error.path),
                        hint=error.hint or "")]  # fmt: skip
    for name in names:
        if name not in config.scopes:
            message = f"scope {name} has a record, but stands there no more"
            hint = f"put it back, or remove {record_path(name)}"
            found.append(Finding("GS302", POLICY_FILE, message, hint=hint, level=WARNING))
    return found


def _line(place: str | None) -> int:
    number = (place or "").rpartition(":")[2]
    return int(number) if number.isascii() and number.isdigit() else 0


def _unapplied(side: Side, config: Config, name: str) -> Finding | None:
    try:
        record = side.authority.record(name)
    except GitsealError:
        return None  # `check_records` says what is wrong with it
    line = _line(config.where("scopes", name))
    policy = config.policy(name)
    if record is None:
        message = f"scope {name} is not applied yet: it has no record"
    elif record.context != config.scopes[name].context:
        message = f"scope {name} has another context here, and a context never changes"
    else:
        told = unapplied_changes(record.policy, policy)
        if not told:
            return None
        more = f", and {len(told) - 1} more" if len(told) > 1 else ""
        message = f"scope {name} is not applied yet: {told[0]}{more}"
    return Finding("GS302", POLICY_FILE, message, line=line, hint="gitseal apply")


def unapplied_changes(old: RecordPolicy, new: RecordPolicy) -> list[str]:
    """Give what applying would change, as sentences; nothing if both say the same."""
    if old.same_terms(new):
        return []
    from gitseal.masterkeys import canonical
    from gitseal.policy.describing import describe_policy
    from gitseal.policy.terms import Reader

    # Keys may be written in several ways; records hold one of them.
    new = new.replace(readers=[Reader(one.to, canonical(one.key)) for one in new.readers])
    if old.same_terms(new):
        return []
    return [str(change) for change in describe_policy(old, new)] or ["its terms changed"]
