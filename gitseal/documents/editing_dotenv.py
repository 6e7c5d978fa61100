# SPDX-License-Identifier: Apache-2.0
"""Edits of dotenv files in the file's own habits (see `editing`)."""

from __future__ import annotations

from gitseal.documents.dotenv import BLANKS, NAME, line_end
from gitseal.documents.editing_kinds import Wanted
from gitseal.documents.nodes import Mapping, Scalar
from gitseal.documents.quoting import dotenv, usual_quote
from gitseal.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.documents.base import Document, Edit
    from gitseal.documents.editing import Place

    Entry = tuple[Scalar, Scalar]


def _entries(place: Place) -> list[Entry]:
    root = place.roots[0]
    assert isinstance(root, Mapping)  # noqa: S101 - the tree of a dotenv file
    return [
        (key, value)
        for key, value in root.entries
        if isinstance(key, Scalar) and isinstance(value, Scalar)
    ]


def set_edits(document: Document, place: Place, new: Wanted) -> list[Edit]:
    """Replace the last value of this name, or add a line behind the last assignment."""
    value = str(new.value)
    if "\0" in value:
        raise UsageError("a dotenv file cannot hold a NUL")
    if place.rest:
        return [_added(document, _entries(place), str(place.rest[0]), value)]
    node = place.node
    assert isinstance(node, Scalar)  # noqa: S101 - the tree of a dotenv file
    text = dotenv(value, node.style, document.line_break)
    source = document.text[node.start : node.end]
    return [(node.start, node.end, text + ("" if node.style else _comment(source, node.value)))]


def _comment(source: str, value: str) -> str:
    """Give the comment behind a bare value, with the blanks before it."""
    if not value and source[:1] == "#":
        return f" {source}"
    head = min((source.find(f"{blank}#") for blank in BLANKS if f"{blank}#" in source), default=-1)
    if head < 0:
        return ""
    return source[len(source[:head].rstrip(BLANKS)) :]


def _added(document: Document, entries: list[Entry], name: str, value: str) -> Edit:
    text, line_break = document.text, document.line_break
    _check_name(name)
    exported = sum(key.start < key.inner for key, _value in entries)
    prefix = "export " if exported * 2 > len(entries) else ""
    line = f"{prefix}{name}={dotenv(value, _habit(entries), line_break)}"
    if entries:
        end, following = line_end(text, entries[-1][1].end)
        return (end, end, line_break + line) if end == following else (
            following, following, line + line_break
        )  # fmt: skip
    if not text or text.endswith("\n"):
        # A blank line keeps the comment above from being this name's.
        space = line_break if text.rpartition("#")[2].count("\n") == 1 and "#" in text else ""
        return (len(text), len(text), space + line + line_break)
    return (len(text), len(text), line_break * 2 + line)


def _check_name(name: str) -> None:
    if not name or not NAME.issuperset(name) or name[0].isdigit() or name == "export":
        raise UsageError(
            f"{name!r} is no name for a dotenv file",
            hint="letters, digits and '_', not beginning with a digit",
        )


def _habit(entries: list[Entry]) -> str:
    """Give the quote that most values have."""
    return usual_quote([value.style for _key, value in entries if value.end > value.start])


def remove_edits(document: Document, place: Place) -> list[Edit]:
    """Take out each line of this name, with the comment lines directly above."""
    entries = _entries(place)
    edits: list[Edit] = []
    floor = 0
    for key, value in entries:
        if key.value == place.parts[0]:
            edits.append((*_region(document, key, value, floor), ""))
        floor = value.end
    return edits


def _region(document: Document, key: Scalar, value: Scalar, floor: int) -> tuple[int, int]:
    text = document.text
    start = text.rfind("\n", 0, key.start) + 1
    indent = key.start - start
    while start > floor:
        above = text.rfind("\n", 0, start - 1) + 1
        line = text[above:start]
        if above < floor or line[indent : indent + 1] != "#" or line[:indent].strip(BLANKS):
            break
        start = above
    _end, following = line_end(text, value.end)
    if following == len(text) and not text.endswith("\n"):
        start -= 2 if text[:start].endswith("\r\n") else min(start, 1)
    return start, following


def rename_edits(document: Document, place: Place, name: str) -> list[Edit]:
    """Write another name; `export` and the value stay."""
    del document
    _check_name(name)
    same = [key for key, _value in _entries(place) if key.value == place.parts[0]]
    if len(same) > 1:
        raise UsageError(
            f"{place.parts[0]} stands in the file {len(same)} times", hint="remove one of them"
        )
    return [(same[0].inner, same[0].end, name)]


def source_of(document: Document, place: Place) -> Wanted:
    """Give a value; dotenv files have one level, so that nothing is ever carried over."""
    del document, place
    raise ValueError("a dotenv file has no other level to carry a value to")
