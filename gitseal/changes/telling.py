# SPDX-License-Identifier: Apache-2.0
"""Saying in lines what changed in a file, values hidden unless they are public or asked for."""

from __future__ import annotations

from gitseal.changes.comparing import UNKNOWN
from gitseal.changes.versions import MODIFIED, RENAMED, FileChange, Version
from gitseal.keypaths import format_path
from gitseal.settings import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.changes.comparing import Change, Leaf

_BUCKETS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
_SHOWN = 200
"""Characters of one value that a line shows."""


def lines_of(one: FileChange, *, reveal: bool) -> list[str]:
    """
    Give a title and one line a changed value, harmless for any terminal.

    Args:
        one: what changed in a file.
        reveal: show secret values instead of their fingerprints.
    """
    notes = [version.note for version in (one.old, one.new) if version is not None]
    lines = [_title(one), *[f"  note: {note}" for note in notes if note]]
    lines += [f"  {_line(one, change, reveal=reveal)}" for change in one.comparison.changes]
    lines += [f"  {line}" for line in _rest(one, reveal=reveal)]
    return [printable(line) for line in lines]


def _title(one: FileChange) -> str:
    scope = f" (scope {one.scope})" if one.scope else ""
    if one.kind == RENAMED and one.old is not None:
        return f"{one.path}  renamed from {one.old.path}{scope}"
    return f"{one.path}  {one.kind}{scope}"


def _line(one: FileChange, change: Change, *, reveal: bool) -> str:
    name = format_path(change.path)
    old, new = (_shown(one, leaf, reveal=reveal) for leaf in (change.old, change.new))
    if change.kind == UNKNOWN:
        return f"{name}  {UNKNOWN}: changed or not, only a key can tell"
    both = f"{old} -> {new}" if old and new else old or new
    exposed = "  IN CLEAR" if change.new is not None and change.new.exposed else ""
    return f"{name}  {change.kind}" + (f"  ({both})" if both else "") + exposed


def _shown(one: FileChange, leaf: Leaf | None, *, reveal: bool) -> str:
    if leaf is None:
        return ""
    if leaf.text is not None and (reveal or not leaf.secret):
        text = leaf.text if len(leaf.text) <= _SHOWN or reveal else leaf.text[:_SHOWN] + "…"
        return text.strip("\n")
    return one.fingerprint(leaf)


def _rest(one: FileChange, *, reveal: bool) -> list[str]:
    """Say what is left: whole files, comments, and what was only sealed again."""
    lines = []
    whole = [version for version in (one.old, one.new) if version is not None and version.whole]
    if whole:
        lines += _whole(one, reveal=reveal)
    if one.comments and one.kind in {MODIFIED, RENAMED}:
        lines.append("comments changed")
    if one.comparison.resealed:
        count = one.comparison.resealed
        values = "1 value" if count == 1 else f"{count:,} values"
        lines.append(f"{values} sealed again, unchanged")
    told = one.comparison.changes or lines
    if not told and one.kind == MODIFIED:
        lines.append("same values; header, layout or order changed")
    return lines


def _whole(one: FileChange, *, reveal: bool) -> list[str]:
    old, new = one.old, one.new
    if one.same_content:
        return ["sealed again, same content"]
    if reveal and (lines := _text_difference(old, new)):
        return lines
    sizes = [size for version in (old, new) if version and (size := _size(version))]
    return ["whole file" + (f", {' -> '.join(sizes)}" if sizes else "")]


def _size(version: Version) -> str:
    size = len(version.stored if version.content is None else version.content)
    about = "" if version.content is not None else "about "
    for unit, name in _BUCKETS:
        if size >= unit:
            return f"{about}{size / unit:.1f} {name}"
    return f"{about}{size} bytes"


def _text_difference(old: Version | None, new: Version | None) -> list[str]:
    from difflib import unified_diff

    contents = [b"" if one is None else one.content for one in (old, new)]
    try:
        before, after = (text.decode().splitlines() for text in contents if text is not None)
    except ValueError:  # not UTF-8, or one of them is sealed
        return []
    return list(unified_diff(before, after, lineterm=""))[2:]
