# SPDX-License-Identifier: Apache-2.0
"""What changed between two records, in plain sentences: who gains, who loses, what is sealed."""

from __future__ import annotations

from gitseal.policy.terms import SINGLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitseal.policy.records import Record
    from gitseal.policy.terms import RecordPolicy

_LISTS = {
    "files": ("seals files matching {}", "no longer seals files matching {}"),
    "seal": ("seals key paths {}", "no longer seals key paths {}"),
    "clear": ("leaves {} in clear", "no longer leaves {} in clear"),
    "whole": ("seals {} as whole files", "no longer seals {} as whole files"),
}
# What a list gains or loses that leaves less sealed than before.
# Without "now readable", which sounds as if something had become public.
_STATES = {"readable": "still opens, and seals nothing new"}
_LOOSENS = {("files", "-"), ("seal", "-"), ("clear", "+")}

_SINGLE = {
    ("comments", "seal"): "seals comments",
    ("comments", "clear"): "leaves comments in clear",
    ("worktree", "sealed"): "keeps files sealed in the worktree",
    ("worktree", "plain"): "keeps files readable in the worktree",
    ("integrity", "strict"): "notices every change to a file (integrity: strict)",
    ("integrity", "mergeable"): "does not notice deletions and clear values that were changed "
    "(integrity: mergeable)",
    ("portable", True): "puts wrapped keys into the files (portable)",
    ("portable", False): "keeps wrapped keys out of the files",
    ("agents", "allow"): "allows agents",
    ("agents", "deny"): "denies agents",
}
_LOOSE_VALUES = {
    ("comments", "clear"), ("worktree", "plain"), ("integrity", "mergeable"), ("agents", "allow"),
}  # fmt: skip


class Change:
    """
    One difference between two records of a scope.

    Attributes:
        kind: "readers", "key" (a reader's), "epoch", or the field of the policy.
        sign: "+" gained, "-" lost, "~" changed.
        subject: the reader, pattern or value it is about.
        text: a sentence without its subject: "mallory gains access".
        loosens: whether someone new can read, or less is sealed or noticed than before.
    """

    __slots__ = ("kind", "loosens", "sign", "subject", "text")

    def __init__(
        self, kind: str, sign: str, subject: str, text: str, *, loosens: bool = False
    ) -> None:
        self.kind = kind
        self.sign = sign
        self.subject = subject
        self.text = text
        self.loosens = loosens

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Change({self.text!r})"


def describe_change(old: Record | None, new: Record) -> list[Change]:
    """
    Tell what `new` changes, most important first: readers, then rules, then keys.

    Args:
        old: what is trusted now, or None where nothing is: then all of `new` is told.
        new: a record of the same scope.
    """
    changes = describe_policy(old.policy if old else None, new.policy)
    if old is not None:
        changes += _epochs(old, new)
    return changes


def describe_policy(old: RecordPolicy | None, new: RecordPolicy) -> list[Change]:
    """Tell what a policy changes; see `describe_change`."""
    return _readers(old, new) + _lists(old, new) + _singles(old, new)


def loosens(changes: Iterable[Change]) -> bool:
    """Tell whether one of the changes lets someone in, or seals or notices less."""
    return any(change.loosens for change in changes)


def _readers(old: RecordPolicy | None, new: RecordPolicy) -> list[Change]:
    before = {reader.to: reader.key for reader in old.readers} if old else {}
    after = {reader.to: reader.key for reader in new.readers}
    gained = [
        Change("readers", "+", name, f"{name} gains access, with {short(key)}", loosens=True)
        for name, key in after.items()
        if name not in before
    ]
    lost = [
        Change("readers", "-", name, f"{name} loses access ({short(key)})")
        for name, key in before.items()
        if name not in after
    ]
    other = [
        Change("key", "~", name, f"{name} has another key, {short(key)}", loosens=True)
        for name, key in after.items()
        if before.get(name, key) != key
    ]
    return gained + lost + other


def short(uri: str) -> str:
    """Shorten a key URI for a sentence; both ends stay, which is what people recognise."""
    return uri if len(uri) <= 72 else f"{uri[:40]}…{uri[-20:]}"


def _lists(old: RecordPolicy | None, new: RecordPolicy) -> list[Change]:
    changes = []
    for field, (gain, loss) in _LISTS.items():
        before = getattr(old, field) if old else ()
        after = getattr(new, field)
        for sign, text, items in (
            ("+", gain, [item for item in after if item not in before]),
            ("-", loss, [item for item in before if item not in after]),
        ):
            loose = old is not None and (field, sign) in _LOOSENS
            changes += [
                Change(field, sign, item, text.format(item), loosens=loose) for item in items
            ]
    return changes


def _singles(old: RecordPolicy | None, new: RecordPolicy) -> list[Change]:
    changes = []
    for field in SINGLES:
        value = getattr(new, field)
        if old is None:
            # A newcomer needs to hear what is unusual, not every default.
            if (field, value) not in _LOOSE_VALUES or (field, value) == ("agents", "allow"):
                continue
        elif getattr(old, field) == value:
            continue
        loose = (field, value) in _LOOSE_VALUES
        text = _SINGLE[field, value]
        changes.append(Change(field, "~", str(value), text, loosens=loose))
    return changes


def _epochs(old: Record, new: Record) -> list[Change]:
    changes = []
    for epoch in new.epochs:
        before = old.epoch(epoch.n)
        number = str(epoch.n)
        if before is None:
            changes.append(Change("epoch", "+", number, f"epoch {number} is new, {epoch.state}"))
        elif old.fingerprint(epoch.n) != new.fingerprint(epoch.n):
            text = f"epoch {number} has another key"
            changes.append(Change("epoch", "~", number, text, loosens=True))
        elif before.state != epoch.state:
            # Going back to a retired key lets its former readers in again.
            text = f"epoch {number} {_STATES.get(epoch.state, f'is {epoch.state} now')}"
            loose = before.state == "retired"
            changes.append(Change("epoch", "~", number, text, loosens=loose))
    changes += [
        Change("epoch", "-", str(epoch.n), f"epoch {epoch.n} is gone")
        for epoch in old.epochs
        if new.epoch(epoch.n) is None
    ]
    return changes
