# SPDX-License-Identifier: Apache-2.0
"""Telling people why a record is not obeyed: what changed, who brought it, what to do (as ssh)."""

from __future__ import annotations

from gitseal.crypto.derive import safety_code
from gitseal.errors import IntegrityError, RefusedError, UntrustedError
from gitseal.policy.records import record_path
from gitseal.settings import printable
from gitseal.trust import verdicts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.errors import GitsealError
    from gitseal.policy.records import Record
    from gitseal.trust.verdicts import Verdict

MAX_TOLD = 12
"""Changes that a message lists; `gitseal trust` shows all."""


_MERGE_FIRST = "merge the keyring first: git merge, or rebase on the branch you came from"
_OR_BACK = "; or, if the newer one was given up: gitseal apply --older"


def refusal(verdict: Verdict, brought: str | None = None) -> GitsealError:
    """Give the error for a record that is not to be obeyed; see `Verdict.error`."""
    headline, hint = _words(verdict)
    lines = [headline]
    if verdict.pinned is not None:
        lines += _codes(verdict)
        lines += _changes(verdict)
    elif verdict.state != verdicts.UNSIGNED:
        lines.append(f"safety code {verdict.record.safety_code()}")
    if brought:
        lines.append(f"brought by {printable(brought)}")
    kind = {verdicts.UNSIGNED: IntegrityError, verdicts.OLDER: RefusedError}
    message = "\n  ".join(lines)
    return kind.get(verdict.state, UntrustedError)(
        message, hint=hint, path=record_path(verdict.record.name)
    )


def older_notice(verdict: Verdict) -> str:
    """Give one line for reading under an older record."""
    pinned = verdict.pinned
    newest = f", you know {pinned.seq}" if pinned else ""
    looser = "; it is looser than the one you know" if verdict.loosens else ""
    return (
        f"scope {verdict.record.name}: this branch has an older record "
        f"(change {verdict.record.seq}{newest}){looser}"
    )


def _words(verdict: Verdict) -> tuple[str, str]:
    """Give the headline and the next step."""
    name = verdict.record.name
    trust = f"gitseal trust {name}"
    compare = f"compare the safety code with a colleague by another channel, then: {trust}"
    if verdict.source == "GITSEAL_TRUST":
        return (
            f"THE KEY OF SCOPE {name} IS NOT THE ONE THAT GITSEAL_TRUST NAMES",
            "someone may have replaced it; if it was rotated, put the new fingerprint there",
        )
    return {
        verdicts.UNKNOWN: (f"scope {name} is not trusted on this machine yet", compare),
        verdicts.FOREIGN: (
            f"THE KEY OF SCOPE {name} HAS CHANGED, and the one you trust did not name it",
            f"someone may be trying to read or forge secrets; {compare}",
        ),
        verdicts.ROLLED_BACK: (
            f"THE KEY OF SCOPE {name} WAS ROLLED BACK to one that has been replaced",
            f"a former reader may have made this; else merge, then gitseal apply; or {trust}",
        ),
        verdicts.FORKED: (
            f"the record of scope {name} was changed on two branches",
            f"merge the branches, then: gitseal apply; to follow this one: {trust}",
        ),
        verdicts.LINKED_READERS: (
            f"the key of scope {name} was rotated, and its readers changed",
            f"if that is right: {trust}",
        ),
        verdicts.OLDER: (
            f"this branch has an older record of scope {name}",
            _MERGE_FIRST + (_OR_BACK if _same_keys(verdict) else ""),
        ),
        verdicts.UNSIGNED: (
            f"the record of scope {name} was changed without a reader's key",
            f"git log -p -- {record_path(name)}; then restore it, or ask who changed it",
        ),
    }.get(verdict.state, (f"scope {name} is trusted", trust))


def _same_keys(verdict: Verdict) -> bool:
    pinned = verdict.pinned
    return pinned is not None and len(pinned.epochs) == len(verdict.record.epochs)


def _codes(verdict: Verdict) -> list[str]:
    pinned = verdict.pinned
    if pinned is None or verdict.state == verdicts.UNSIGNED:
        return []
    return [
        f"trusted:  safety code {_code(pinned)}",
        f"here:     safety code {_code(verdict.record)}",
    ]


def _code(record: Record) -> str:
    epoch = len(record.epochs)
    return f"{safety_code(record.fingerprint())} (epoch {epoch}, change {record.seq})"


def _changes(verdict: Verdict) -> list[str]:
    changes = verdict.changes
    told = [printable(str(change)) for change in changes[:MAX_TOLD]]
    if len(changes) > MAX_TOLD:
        told.append(f"and {len(changes) - MAX_TOLD} more")
    return told
