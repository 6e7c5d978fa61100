# SPDX-License-Identifier: Apache-2.0
"""`status`: scope by scope, whom to believe, who reads, and whether all of it is sealed."""

from __future__ import annotations

import sys

from gitseal.checks.findings import ERROR
from gitseal.cli.checking import examine
from gitseal.cli.output import clock_time, write_json
from gitseal.crypto.derive import format_fingerprint
from gitseal.errors import GitsealError
from gitseal.masterkeys import kind_of
from gitseal.policy import POLICY_FILE
from gitseal.repository.locking import is_locked
from gitseal.session.cache import KeptKeys
from gitseal.settings import printable
from gitseal.trust import Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.checks.running import Report
    from gitseal.operations.workspace import Workspace
    from gitseal.policy.records import Record

_TRUST = {
    "same": "trusted",
    "newer": "trusted, changed by a reader since",
    "linked": "trusted, with a new key that the old one names",
    "vouched": "trusted: your own key has vouched for it",
    "environment": "trusted: the environment names it",
    "linked-readers": "a new key and other readers: gitseal trust {}",
    "older": "an older record than the one you know",
    "forked": "CHANGED ON TWO BRANCHES: merge, then gitseal apply",
    "rolled-back": "ROLLED BACK to a key that was replaced",
    "foreign": "ANOTHER KEY than the one you trust: gitseal trust {}",
    "unsigned": "CHANGED WITHOUT A READER'S KEY",
    "unknown": "not trusted here yet: gitseal trust {}",
}
_LOCAL = ("age", "file")


class Standing:
    """
    How one scope stands.

    Attributes:
        name: of the scope.
        verdict: whether its record is believed; None where it cannot be read.
        error: why not.
        mine: the reader whose key is at hand; "" if none is; None if only a key service knows.
        sealed, total: its files.
        locked: whether its plain files are to lie sealed; None if they always do.
        kept: until when `unlock --for` keeps its key, in seconds since 1970; None if not.
        unapplied: whether `.gitseal.yaml` says something else.
    """

    __slots__ = (
        "error", "kept", "locked", "mine", "name", "sealed", "total", "unapplied", "verdict",
    )  # fmt: skip

    def __init__(self, name: str, verdict: Verdict | None, error: str = "") -> None:
        self.name = name
        self.verdict = verdict
        self.error = error
        self.mine: str | None = ""
        self.sealed = 0
        self.total = 0
        self.locked: bool | None = None
        self.kept: int | None = None
        self.unapplied = False

    def as_json(self) -> dict[str, object]:
        """Give the JSON form."""
        if self.verdict is None:
            return {"name": self.name, "error": self.error}
        record = self.verdict.record
        policy = record.policy
        return {
            "name": self.name,
            "trust": self.verdict.state,
            "trusted": self.verdict.trusted,
            "safety_code": record.safety_code(),
            "fingerprint": format_fingerprint(record.fingerprint()),
            "context": dict(record.context),
            "readers": [{"to": one.to, "key": one.key} for one in policy.readers],
            "you": self.mine or None,
            "readable": None if self.mine is None else bool(self.mine),
            "epoch": record.active.n,
            "rotation_pending": record.pending,
            "worktree": policy.worktree,
            "locked": self.locked,
            "key_kept_until": self.kept,
            "integrity": policy.integrity,
            "files": {"sealed": self.sealed, "total": self.total},
            "applied": not self.unapplied,
        }


def standings(current: Workspace) -> tuple[list[Standing], Report]:
    """Give how every scope of the worktree stands, and what a check of it says."""
    report = examine(current)
    authority = current.authority
    closed = is_locked(current.needed_repository())
    kept = KeptKeys(current.settings)
    found = []
    for name in authority.scopes():
        try:
            verdict = authority.judge(name)
        except GitsealError as error:
            found.append(Standing(name, None, error.message))
            continue
        if verdict is None:
            continue
        one = Standing(name, verdict)
        one.mine = _own_reader(current, verdict.record)
        one.sealed = report.sealed.get(name, 0)
        one.total = report.total.get(name, 0)
        if verdict.record.policy.worktree == "plain":
            one.locked = closed
            one.kept = kept.until(verdict.record.active.kid)
        start = f"scope {name} "
        one.unapplied = any(
            finding.code == "GS302" and finding.message.startswith(start)
            for finding in report.findings
        )
        found.append(one)
    return found, report


def _own_reader(current: Workspace, record: Record) -> str | None:
    """Give the reader whose private key is at hand, without using it."""
    means = current.session.means
    recipients = {identity.recipient for identity in means.identities.all()}
    recipients.update(means.local_keys.uris())
    for wrap in record.active.wraps:
        if wrap.uri in recipients:
            return wrap.to
    remote = any(kind_of(wrap.uri) not in _LOCAL for wrap in record.active.wraps)
    locked = any(means.identities.locked_for(wrap.uri) for wrap in record.active.wraps)
    return None if remote or locked else ""


def write_status(current: Workspace, form: str) -> None:
    """Print how the scopes stand."""
    found, report = standings(current)
    if form == "json":
        errors = sum(one.level == ERROR for one in report.findings)
        write_json("status", {"scopes": [one.as_json() for one in found], "findings": errors})
        return
    for one in found:
        sys.stdout.write("".join(printable(line) + "\n" for line in _block(one)))
    unapplied = [one for one in report.findings if one.code in {"GS302", "GS304"}]
    rest = report.errors - sum(one.level == ERROR for one in unapplied)
    for finding in unapplied:
        sys.stdout.write(printable(f"{POLICY_FILE}: {finding.message}: {finding.hint}") + "\n")
    if rest:
        sys.stdout.write(f"{rest:,} finding{'' if rest == 1 else 's'}: gitseal check\n")
    if not found and not report.findings:
        sys.stdout.write("nothing is sealed here yet: gitseal init\n")


def _block(one: Standing) -> list[str]:
    if one.verdict is None:
        return [one.name, f"  record       {one.error}"]
    record = one.verdict.record
    lines = [
        one.name,
        f"  safety code  {record.safety_code()}",
        f"  trust        {_TRUST[one.verdict.state].format(one.name)}",
    ]
    if len(record.context):
        pairs = ", ".join(f"{key}={value}" for key, value in record.context.items())
        lines.append(f"  context      {pairs}")
    lines += [
        f"  readers      {', '.join(_readers(one, record))}",
        f"  you          {_you(one)}",
        f"  files        {one.sealed:,} of {one.total:,} sealed{_kinds(record)}",
    ]
    if one.locked is not None:
        state = "locked: gitseal unlock" if one.locked else "unlocked"
        until = "" if one.kept is None else f"; the key is kept until {clock_time(one.kept)}"
        lines.append(f"  worktree     {state}{until}")
    epoch = record.active.n
    if record.pending:
        lines.append(f"  key          epoch {epoch}; a rotation is not finished: gitseal apply")
    elif epoch > 1:
        lines.append(f"  key          epoch {epoch}")
    return lines


def _readers(one: Standing, record: Record) -> list[str]:
    names = [reader.to for reader in record.policy.readers]
    return [f"{name} (you)" if name == one.mine else name for name in names]


def _you(one: Standing) -> str:
    if one.mine is None:
        return "may read it: a key service or a passphrase decides"
    if not one.mine:
        return "cannot read it: no key of yours is among the readers'"
    trusted = one.verdict is not None and one.verdict.readable
    return (
        "can read it" if trusted else f"could read it, once it is trusted: gitseal trust {one.name}"
    )


def _kinds(record: Record) -> str:
    policy = record.policy
    told = []
    if policy.worktree == "plain":
        told.append("readable in the worktree")
    if policy.integrity == "mergeable":
        told.append("integrity: mergeable")
    return f" ({', '.join(told)})" if told else ""
