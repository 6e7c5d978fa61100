# SPDX-License-Identifier: Apache-2.0
"""Following single values from one version of a document to the next; pure."""

from __future__ import annotations

from gitseal.changes.comparing import ADDED, CHANGED, REMOVED, UNKNOWN, by_path, differing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitseal.changes.comparing import Leaf

SAME = "same"
"""Nothing at all happened to it."""
RESEALED = "resealed"
"""Another sealed text, the same content."""
SEALED = "sealed"
"""It stood in clear and is sealed now."""
CLEARED = "in clear"
"""It was sealed and stands in clear now."""


class Step:
    """
    What became of one value from an older version to a newer one.

    Attributes:
        kind: SAME, RESEALED, CHANGED, ADDED, REMOVED, UNKNOWN, SEALED or CLEARED.
        old: index in the older version; None if it was added.
        new: index in the newer version; None if it was removed.
        known: whether it is known that the content is the same; False for CHANGED, too.
    """

    __slots__ = ("kind", "known", "new", "old")

    def __init__(self, kind: str, old: int | None, new: int | None, *, known: bool = False) -> None:
        self.kind = kind
        self.old = old
        self.new = new
        self.known = known

    @property
    def mixed(self) -> bool:
        """Tell whether one side is sealed and not the other, and no key has told more."""
        return self.kind in {SEALED, CLEARED} and not self.known

    def __repr__(self) -> str:
        return f"Step({self.kind!r}, {self.old}, {self.new})"


def trace(old: Sequence[Leaf], new: Sequence[Leaf], *, same_key: bool) -> list[Step]:
    """
    Follow each value; items of one list are aligned by their values.

    Args:
        old: the values of the older version, opened or not.
        new: those of the newer one.
        same_key: whether equal values have equal sealed texts on both sides: one epoch, one
            origin.  Where it is not and a side was not opened, a sealed value is UNKNOWN.

    Returns:
        in the order of the newer version, what was removed last.
    """
    # What one side alone could open must not be compared with sealed text.
    opened = all(leaf.text is not None for leaf in (*old, *new))
    keys = [[_key(leaf, opened=opened, same_key=same_key) for leaf in side] for side in (old, new)]
    before = by_path(old)
    at = [{id(leaf): index for index, leaf in enumerate(side)} for side in (old, new)]
    steps: list[Step] = []
    for path, values in by_path(new).items():
        left = [at[0][id(leaf)] for leaf in before.pop(path, [])]
        right = [at[1][id(leaf)] for leaf in values]
        for a, b in _aligned(left, right, keys):
            steps.append(_step(old, new, a, b, opened=opened, same_key=same_key))
    steps.sort(key=lambda step: (step.new is None, step.new or 0))
    gone = [at[0][id(leaf)] for values in before.values() for leaf in values]
    return steps + [Step(REMOVED, index, None) for index in gone]


def _key(leaf: Leaf, *, opened: bool, same_key: bool) -> tuple[bool, str]:
    if opened or not leaf.token:
        return not opened, leaf.text or ""
    return False, leaf.token if same_key else ""


def _aligned(
    left: Sequence[int], right: Sequence[int], keys: Sequence[Sequence[tuple[bool, str]]]
) -> list[tuple[int | None, int | None]]:
    """Pair the values at one key path, given and told by their places in the document."""
    if len(left) == len(right):
        return list(zip(left, right, strict=True))
    spans = differing([keys[0][index] for index in left], [keys[1][index] for index in right])
    pairs: list[tuple[int | None, int | None]] = []
    done = at = 0
    for start, end, begin, stop in spans:
        pairs += zip(left[done:start], right[at:begin], strict=True)
        for offset in range(max(end - start, stop - begin)):
            pairs.append(
                (
                    left[start + offset] if start + offset < end else None,
                    right[begin + offset] if begin + offset < stop else None,
                )
            )
        done, at = end, stop
    return pairs + list(zip(left[done:], right[at:], strict=True))


def _step(
    old: Sequence[Leaf],
    new: Sequence[Leaf],
    a: int | None,
    b: int | None,
    *,
    opened: bool,
    same_key: bool,
) -> Step:
    if a is None or b is None:
        return Step(ADDED if a is None else REMOVED, a, b)
    before, after = old[a], new[b]
    one_sealed = bool(before.token) != bool(after.token)
    if opened or not (before.token or after.token):
        if before.text != after.text:
            return Step(CHANGED, a, b)
        kind = RESEALED if before.token != after.token else SAME
    elif one_sealed:
        return Step(SEALED if after.token else CLEARED, a, b)
    elif before.token == after.token:
        # Made with another key, the same text would be the work of chance or of a copy.
        kind = SAME
    else:
        return Step(CHANGED if same_key else UNKNOWN, a, b)
    if one_sealed:
        kind = SEALED if after.token else CLEARED
    return Step(kind, a, b, known=True)
