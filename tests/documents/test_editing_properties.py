# SPDX-License-Identifier: Apache-2.0
"""Edits of real and of made-up documents: what is set is read back, what is removed is gone."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gitseal import documents
from gitseal.documents.editing import move, remove, set_value
from gitseal.documents.nodes import Mapping, Scalar, Sequence
from gitseal.documents.tree import find, tree
from gitseal.documents.values import to_python
from gitseal.errors import DocumentError, NotADocumentError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitseal.documents import Document
    from gitseal.documents.nodes import Node

    TypedPath = tuple[str | int, ...]

VALUES = [
    "x", "two words", "on", "12", "1e3", "a: b", "# c", "l1\nl2", "l1\nl2\n", " lead", "it's",
    '"q"', "-", "é☃", "\ttab", "a\\b", "", "null", "~", "{x}", "2020-01-01", "a\n\nb\n", "\n",
    "- x", "? x", "x:", "&x", "*x", "!x", "%x", "@x", "`x`", "$(x)", "0o7", "1_000", "12:30",
    "x #y", "x, y", "[", "a\rb", "\x7f", "\x1b[0m", "...", "---", "<<", "=", "1.", ".5", "0x",
]  # fmt: skip

TEXT = st.text(st.characters(codec="utf-8"), max_size=10) | st.sampled_from(VALUES)


def places(node: Node, path: TypedPath = ()) -> Iterator[tuple[TypedPath, Node]]:
    if isinstance(node, Mapping):
        for index, (key, value) in enumerate(node.entries):
            if isinstance(key, Scalar) and node.index_of(key.value) == index:
                yield (*path, key.value), value
                yield from places(value, (*path, key.value))
    elif isinstance(node, Sequence):
        for index, value in enumerate(node.items):
            yield (*path, index), value
            yield from places(value, (*path, index))


def reparsed(document: Document, text: str) -> Document:
    return documents.parse(documents.to_bytes(document, text), document.syntax)


class Edits:
    """One random edit after the other on one real file; counts what was refused."""

    def __init__(self, document: Document, chance: random.Random) -> None:
        self.document = document
        self.chance = chance
        self.places = list(places(tree(document)))
        self.done = self.refused = 0

    def run(self) -> None:
        path, node = self.chance.choice(self.places)
        value = self.chance.choice(VALUES)
        try:
            self.chance.choice([self.set, self.insert, self.remove, self.rename])(path, node, value)
            self.done += 1
        except DocumentError:
            self.refused += 1

    def set(self, path: TypedPath, node: Node, value: str) -> None:
        if not isinstance(node, Scalar):
            return
        text = set_value(self.document, path, value, "string")
        found = find(tree(reparsed(self.document, text)), path)
        if node.tag is None:
            assert to_python(found) == value
        old = self.document.text
        assert text[: node.inner] == old[: node.inner]
        # What stood below the value's last line, and its comment, still does.
        assert text.endswith(old[old.find("\n", node.end) :] if "\n" in old[node.end :] else "")

    def insert(self, path: TypedPath, node: Node, value: str) -> None:
        if self.document.syntax == "dotenv":
            path = ("ZZ_NEW",)
        elif isinstance(node, Mapping):
            path = (*path, "zz new")
        elif isinstance(node, Sequence):
            path = (*path, len(node.items))
        else:
            return
        text = set_value(self.document, path, value, "string")
        changed = reparsed(self.document, text)
        assert to_python(find(tree(changed), path)) == value
        if self.document.text.endswith("\n") or not value.endswith("\n"):
            self.undo(changed, path)

    def undo(self, changed: Document, path: TypedPath) -> None:
        last = self.document.slots[-1] if self.document.slots else None
        if not self.document.text.endswith("\n") and last and last[4] in {"|", ">"}:
            return  # its header had to change
        assert remove(changed, path) == self.document.text

    def remove(self, path: TypedPath, node: Node, value: str) -> None:
        text = remove(self.document, path)
        lines = set(self.document.text.splitlines())
        added = [line for line in text.splitlines() if line not in lines]
        # At most the line that now holds `{}`, or an item's next key, or no comma.
        assert len(added) <= 2

    def rename(self, path: TypedPath, node: Node, value: str) -> None:
        if isinstance(path[-1], int):
            return
        text = move(self.document, path, (*path[:-1], "zz_renamed"))
        back = move(reparsed(self.document, text), (*path[:-1], "zz_renamed"), path)
        changed = len([1 for one, two in zip(text, back, strict=False) if one != two])
        assert changed >= 0
        assert len(back.splitlines()) == len(self.document.text.splitlines())


@pytest.mark.parametrize(
    ("folder", "syntax", "share"), [("json", "json", 0.0), ("env", "dotenv", 0.0),
                                    ("yaml", "yaml", 0.03)],
)  # fmt: skip
def test_edits_of_real_files_change_what_they_should(
    corpus: Path, folder: str, syntax: str, share: float
) -> None:
    chance = random.Random(folder)
    done = refused = 0
    for path in sorted((corpus / folder).iterdir()):
        data = path.read_bytes()
        if chance.random() < 0.2:
            data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        if chance.random() < 0.2:
            data = data.rstrip(b"\r\n")
        if len(data) > 40_000:
            continue
        try:
            edits = Edits(documents.parse(data, syntax), chance)
        except NotADocumentError:
            continue
        for _ in range(6 if edits.places else 0):
            edits.run()
        done += edits.done
        refused += edits.refused
    assert done > 60
    assert refused <= share * done


NAMES = st.sampled_from(["a", "b", "on", "5", "x y", "a.b", "", "é", "~", "<<", "#", "- a"])
DATA: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.sampled_from(VALUES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
PATHS = st.lists(NAMES | st.integers(0, 3), min_size=1, max_size=3).map(tuple)


def made(value: dict[str, Any], style: str) -> tuple[str, str]:
    """Give a text of this value, and its syntax."""
    if style == "block":
        return yaml.safe_dump(value, allow_unicode=True, sort_keys=False), "yaml"
    if style == "flow":
        return yaml.safe_dump(value, default_flow_style=True, width=20), "yaml"
    indent = {"one line": None, "indented": 2}[style]
    return json.dumps(value, indent=indent, ensure_ascii=False), "json"


def with_value(data: Any, path: TypedPath, value: Any) -> Any:
    """The same data with one value set; raises where there is no room for it."""
    if not path:
        assert not isinstance(data, dict | list) or not data
        return value
    part, rest = path[0], path[1:]
    if isinstance(part, int):
        assert isinstance(data, list | None)
        items = data or []
        assert part <= len(items)
        below = with_value(items[part] if part < len(items) else None, rest, value)
        return [*items[:part], below, *items[part + 1 :]]
    assert isinstance(data, dict | None)
    found = dict(data or {})
    return found | {part: with_value(found.get(part), rest, value)}


@settings(max_examples=300)
@given(
    st.dictionaries(NAMES, DATA, max_size=3), PATHS, TEXT,
    st.sampled_from(["block", "flow", "one line", "indented"]),
)  # fmt: skip
def test_what_is_set_is_read_back_and_nothing_else_changes(
    data: dict[str, Any], path: TypedPath, value: str, style: str
) -> None:
    text, syntax = made(data, style)
    assume("<<" not in text or syntax == "json")
    try:
        document = documents.parse(text.encode(), syntax)
        expected = with_value(to_python(tree(document)), path, value)
    except (NotADocumentError, AssertionError):
        assume(False)
    changed = documents.parse(
        documents.to_bytes(document, set_value(document, path, value, "string")), syntax
    )
    assert to_python(tree(changed)) == expected


@settings(max_examples=200)
@given(
    st.dictionaries(NAMES, DATA, min_size=1, max_size=3), st.data(),
    st.sampled_from(["block", "flow", "one line", "indented"]),
)  # fmt: skip
def test_what_is_removed_is_gone_and_nothing_else_changes(
    made_of: dict[str, Any], draw: st.DataObject, style: str
) -> None:
    text, syntax = made(made_of, style)
    assume("<<" not in text or syntax == "json")
    try:
        document = documents.parse(text.encode(), syntax)
    except NotADocumentError:
        assume(False)
    data: Any = to_python(tree(document))
    path = draw.draw(st.sampled_from([one for one, _node in places(tree(document))]))
    above: Any = data
    for part in path[:-1]:
        above = above[part]
    del above[path[-1]]
    changed = documents.parse(documents.to_bytes(document, remove(document, path)), syntax)
    assert to_python(tree(changed)) == data


ENV = st.dictionaries(st.sampled_from("ABCDE"), TEXT, max_size=4)


@given(ENV, st.sampled_from("ABCDEF"), TEXT, st.sampled_from(["\n", "\r\n"]))
def test_dotenv_values_are_read_back(
    data: dict[str, str], name: str, value: str, line_break: str
) -> None:
    document = documents.parse(f"# c{line_break}".encode(), "dotenv")
    kept: dict[str, str] = {}
    for one, text in (*data.items(), (name, value)):
        if any(char in text for char in "\0\x85\u2028\u2029\ufeff"):
            with pytest.raises((DocumentError, UsageError)):
                set_value(document, (one,), text)
            continue
        document = reparsed(document, set_value(document, (one,), text))
        kept[one] = text
    assert to_python(tree(document)) == kept
    for one in kept:
        document = reparsed(document, remove(document, (one,)))
    assert document.slots == []
    assert document.empties == []
