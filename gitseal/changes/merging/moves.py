# SPDX-License-Identifier: Apache-2.0
"""
Keys that one side renamed or moved while the other changed their value.

The change is carried over before anything is merged: the value is put where the key went, and
the other side keeps the old one at the old place.  After that both sides agree about it.
"""

from __future__ import annotations

from gitseal.changes.merging.values import LEAF, MAP, Value
from gitseal.documents import parse, splice, to_bytes
from gitseal.documents.nodes import Scalar
from gitseal.errors import DocumentError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitseal.changes.merging.values import Values
    from gitseal.documents.base import Document, Edit

    Side = tuple[Document, Value]
    Move = tuple[Value, Value, Value]

_LEAST = 6
"""Characters of a value that says by itself which key it belongs to; `true` does not."""


def carried(values: Values, base: Side, ours: Side, theirs: Side) -> tuple[Side, Side]:
    """Give both sides, with the changes of keys that the other side moved where they went."""
    for _turn in range(2):
        ours, theirs = _carry(values, base, ours, theirs)
        ours, theirs = theirs, ours
    return ours, theirs


def crossed(base: Value, ours: Value, theirs: Value) -> list[tuple[bytes, str]]:
    """Give the paths of keys that one side moved, and the other deleted or moved elsewhere."""
    left, right = _went(base, ours), _went(base, theirs)
    found = []
    for here, there in ((left, right), (right, left)):
        for old, new in here.items():
            if old in there and new is not None and there[old] != new:
                found.append((old, "changed" if there[old] is not None else "deleted"))
    return list(dict.fromkeys(found))


def _went(base: Value, side: Value) -> dict[bytes, bytes | None]:
    """Give by path the keys that a side took away, and where their values are now."""
    gone: list[tuple[Value, Value]] = []
    come: list[Value] = []
    if len(base.items) != len(side.items):
        return {}
    for before, after in zip(base.items, side.items, strict=True):
        _collect((before, after, before), gone, come)
    if not gone:
        return {}
    counts, found = _counts([base]), _counts([side])
    places = {value.ident: value for value in _below(come)}
    went: dict[bytes, bytes | None] = {}
    stack = [value for value, _same in gone]
    while stack:
        old = stack.pop()
        new = places.get(old.ident)
        once = counts[old.ident] == found.get(old.ident) == 1
        if new is not None and once and _telling(old):
            went[old.path] = new.path  # with all that is in it
            continue
        went[old.path] = None
        stack += [*old.items, *(entry[1] for entry in old.entries.values())]
    return went


def _carry(values: Values, base: Side, mover: Side, changer: Side) -> tuple[Side, Side]:
    moves = list(_moves(base[1], mover[1], changer[1]))
    if not moves:
        return mover, changer
    try:
        moved = _replaced(values, mover, [(new, changer[0], value) for _old, new, value in moves])
        kept = _replaced(values, changer, [(value, base[0], old) for old, _new, value in moves])
    except (DocumentError, _NoPlaceError):
        return mover, changer
    return moved, kept


def _moves(base: Value, mover: Value, changer: Value) -> Iterator[Move]:
    """Give (old value, the same at its new place, what the other side made of it)."""
    if not len(base.items) == len(mover.items) == len(changer.items):
        return
    gone: list[tuple[Value, Value]] = []
    come: list[Value] = []
    for before, here, there in zip(base.items, mover.items, changer.items, strict=True):
        _collect((before, here, there), gone, come)
    if not gone or not come:
        return
    counts, found = _counts([base]), _counts([mover])
    places = {value.ident: value for value in _below(come)}
    while gone:
        old, now = gone.pop()
        new = places.get(old.ident)
        if old.ident == now.ident:
            continue
        once = counts[old.ident] == found.get(old.ident) == 1
        if new is not None and once and old.kind == now.kind and _telling(old):
            yield old, new, now
        elif old.kind == now.kind == MAP:
            gone += [(old.entries[key][1], now.entries[key][1]) for key in _shared(old, now)]


def _shared(one: Value, other: Value) -> list[bytes]:
    return [key for key in one.entries if key in other.entries]


def _collect(
    versions: tuple[Value, Value, Value], gone: list[tuple[Value, Value]], come: list[Value]
) -> None:
    """Collect the values whose key went away, and those of new keys."""
    base, mover, changer = versions
    if not base.kind == mover.kind == changer.kind == MAP or base.ident == mover.ident:
        return
    for key in _shared(base, changer):
        value, other = base.entries[key][1], changer.entries[key][1]
        if key not in mover.entries:
            gone.append((value, other))
        else:
            _collect((value, mover.entries[key][1], other), gone, come)
    come += [entry[1] for key, entry in mover.entries.items() if key not in base.entries]


def _below(values: list[Value]) -> Iterator[Value]:
    stack = list(values)
    while stack:
        value = stack.pop()
        yield value
        stack += value.items
        stack += [entry[1] for entry in value.entries.values()]


def _counts(values: list[Value]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for value in _below(values):
        counts[value.ident] = counts.get(value.ident, 0) + 1
    return counts


def _telling(value: Value) -> bool:
    """Tell whether a value is enough to know a key by."""
    if len(value.nodes) != 1:
        return False
    if value.kind == LEAF:
        node = value.nodes[0]
        return isinstance(node, Scalar) and node.kind == "str" and len(node.value) >= _LEAST
    return any(_telling(entry[1]) for entry in value.entries.values())


# --- Putting one value in the place of another ---------------------------------------------------


class _NoPlaceError(Exception):
    """The text of a value cannot be put there."""


def _replaced(values: Values, side: Side, new: list[tuple[Value, Document, Value]]) -> Side:
    """
    Give a side with some values replaced by values of other documents.

    Raises:
        _NoPlaceError: the text that results would say something else.
        DocumentError: it would be no document.
    """
    document, whole = side
    edits: list[Edit] = []
    instead: dict[int, Value] = {}
    for place, source, value in new:
        here, there = place.nodes[0], value.nodes[0]
        by = _indent(document.text, here.start) - _indent(source.text, there.start)
        edits.append((here.start, here.end, shifted(source.text[there.start : there.end], by)))
        instead[id(place)] = value
    text = splice(document.text, sorted(edits))
    changed = parse(to_bytes(document, text), document.syntax)
    _roots, said = values.read(changed)
    if said.ident != _rebuilt(values, whole, instead).ident:
        raise _NoPlaceError
    return changed, said


def _rebuilt(values: Values, value: Value, instead: dict[int, Value]) -> Value:
    if id(value) in instead:
        return instead[id(value)]
    if value.kind == LEAF:
        return value
    copy = Value(value.kind, value.head, value.path, ())
    copy.items = [_rebuilt(values, one, instead) for one in value.items]
    copy.entries = {
        key: (head, _rebuilt(values, one, instead)) for key, (head, one) in value.entries.items()
    }
    return values.sealed(copy)


def _indent(text: str, position: int) -> int:
    """Give the blanks at the beginning of the line of a position."""
    start = text.rfind("\n", 0, position) + 1
    line = text[start:position]
    return len(line) - len(line.lstrip(" "))


def shifted(text: str, by: int) -> str:
    """Move all lines but the first by some columns; blank ones stay."""
    if not by or "\n" not in text:
        return text
    first, *lines = text.split("\n")
    moved = [first]
    for line in lines:
        blanks = len(line) - len(line.lstrip(" "))
        if not line.strip(" \t\r"):
            moved.append(line)
        else:
            moved.append(" " * by + line if by > 0 else line[min(-by, blanks) :])
    return "\n".join(moved)
