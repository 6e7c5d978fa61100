# SPDX-License-Identifier: Apache-2.0
"""Who changed what: a merged document beside the versions it was made of, values unsaid."""

from __future__ import annotations

from gitseal.changes.comparing import ADDED, CHANGED, REMOVED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.documents.base import Document

OURS = "ours"
THEIRS = "theirs"
ALIKE = "both sides alike"
CLASH_OURS = "both sides; ours is taken"
CLASH_THEIRS = "both sides; theirs is taken"
DROPPED_OURS = "ours; not taken"
DROPPED_THEIRS = "theirs; not taken"
NEW = "you"

Values = dict[bytes, list[str]]


class Decision:
    """
    What became of one key path.

    Attributes:
        path: encoded key path; items of one list share theirs.
        kind: ADDED, REMOVED or CHANGED, against what both sides come from.
        by: who changed it: one of the constants above.
    """

    __slots__ = ("by", "kind", "path")

    def __init__(self, path: bytes, kind: str, by: str) -> None:
        self.path = path
        self.kind = kind
        self.by = by

    def __repr__(self) -> str:
        return f"Decision({self.kind}, {self.by!r})"


def decisions(
    base: Document | None, ours: Document, theirs: Document, result: Document
) -> list[Decision]:
    """
    Give what differs between the sides of a merge, in the order of the result.

    Args:
        base: what both come from; None if there is nothing.
        ours: clear, as all of them.
        theirs: see `ours`.
        result: what the merge, or a person, made of them.
    """
    before, mine, other, after = (_values(one) for one in (base, ours, theirs, result))
    found = []
    for path in dict.fromkeys((*after, *mine, *other)):
        old, left, right, new = (one.get(path, []) for one in (before, mine, other, after))
        if old == left == right == new:
            continue
        if new in (left, right):
            # A change that was not taken is told as what it would have been.
            told = new if new != old else right if left == old else left
        else:
            told = new
        kind = REMOVED if not told else ADDED if not old else CHANGED
        found.append(Decision(path, kind, _by(old, left, right, new)))
    return found


def _values(document: Document | None) -> Values:
    values: Values = {}
    if document is not None:
        for slot in document.slots:
            values.setdefault(slot[2], []).append(document.text[slot[0] : slot[1]])
    return values


def _by(old: list[str], left: list[str], right: list[str], new: list[str]) -> str:
    if new == left == right:
        return ALIKE
    if new == left:
        return OURS if right == old else DROPPED_THEIRS if left == old else CLASH_OURS
    if new == right:
        return THEIRS if left == old else DROPPED_OURS if right == old else CLASH_THEIRS
    return NEW
