# SPDX-License-Identifier: Apache-2.0
"""Trees: the same places as the slots, and finding what people name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitseal import documents
from gitseal.documents.nodes import Alias, Mapping, Scalar, Sequence
from gitseal.documents.tree import find, tree
from gitseal.errors import DocumentError, LimitError, NotADocumentError, NotFoundError
from gitseal.keypaths import parse_typed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitseal.documents.nodes import Node


def parsed(text: str, syntax: str = "yaml") -> Node:
    return tree(documents.parse(text.encode(), syntax))


def values(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Mapping):
        for _key, value in node.entries:
            yield from values(value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from values(item)


@pytest.mark.parametrize(
    ("folder", "syntax"), [("json", "json"), ("env", "dotenv"), ("yaml", "yaml")]
)
def test_the_values_of_real_files_stand_where_their_slots_are(
    corpus: Path, folder: str, syntax: str
) -> None:
    count = 0
    for path in sorted((corpus / folder).iterdir()):
        try:
            document = documents.parse(path.read_bytes(), syntax)
        except NotADocumentError:
            continue
        first = tree(document)
        nodes = [node for root in (first, *first.later) for node in values(root)]
        assert [
            (node.inner, node.end, node.path, node.style, node.value)
            for node in nodes
            if node.end > node.inner
        ] == [(one[0], one[1], one[2], one[4], one[7]) for one in document.slots], path
        count += 1
    assert count >= 12


YAML = """\
db: {password: p, 5: five}
users:
- name: a
- &b {name: b}
copy: *b
base: &base {x: 1, y: 2}
more: &more {y: 3, z: 4}
merged:
  <<: [*base, *more]
  x: own
"a.b": dotted
on: word
"""


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("db.password", "p"),
        ("db[5]", "five"),
        ("users[0].name", "a"),
        ("users.1.name", "b"),
        ("/users/1/name", "b"),
        ("copy.name", "b"),
        ("merged.x", "own"),
        ("merged.y", "2"),
        ("merged.z", "4"),
        ('"a.b"', "dotted"),
        ("on", "word"),
    ],
)
def test_typed_paths_lead_to_values(path: str, value: str) -> None:
    node = find(parsed(YAML), parse_typed(path))
    assert isinstance(node, Scalar)
    assert node.value == value


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("db.pasword", "did you mean db.password"),
        ("nothing", "there are: db, users"),
        ("users[2]", "a list of 2 items"),
        ("db.password.x", "a single value"),
        ("users.name", "a list of 2 items"),
    ],
)
def test_what_is_missing_names_what_is_near(path: str, hint: str) -> None:
    with pytest.raises(NotFoundError, match="there is no") as caught:
        find(parsed(YAML), parse_typed(path))
    assert hint in str(caught.value.hint)


def test_a_later_document_is_found_when_the_first_has_no_such_key() -> None:
    root = parsed("a: 1\nb: 2\n---\na: 3\nc: 4\n")
    found = [find(root, (name,)) for name in ("a", "c")]
    assert [one.value for one in found if isinstance(one, Scalar)] == ["1", "4"]
    with pytest.raises(NotFoundError, match="there is no d"):
        find(root, ("d",))


FIELDS = [
    ("v", "1"), ("scope", '"s"'), ("epoch", "1"), ("kid", '"kid:v1[_0_]"'), ("origin", '""'),
]  # fmt: skip


@pytest.mark.parametrize("syntax", ["json", "yaml", "dotenv"])
def test_the_header_is_no_part_of_the_tree(syntax: str) -> None:
    body = {"json": '{"a": "1"}\n', "yaml": "a: '1'\n", "dotenv": "a='1'\n"}[syntax]
    clear = documents.parse(body.encode(), syntax)
    text = documents.attach_header(clear, body, FIELDS, note=True)
    root = parsed(text, syntax)
    assert isinstance(root, Mapping)
    assert root.names() == ["a"]
    assert root.later == ()


def test_of_equal_names_in_a_dotenv_file_the_last_counts() -> None:
    node = find(parsed("A=1\nexport A='2' # c\n", "dotenv"), ("A",))
    assert isinstance(node, Scalar)
    assert (node.value, node.style) == ("2", "'")


def test_an_empty_file_is_an_empty_value() -> None:
    node = parsed("# nothing\n")
    assert isinstance(node, Scalar)
    assert (node.start, node.end, node.kind) == (10, 10, "null")


def test_an_alias_inside_its_own_anchor_leads_nowhere() -> None:
    root = parsed("a: &a\n  b: *a\n")
    alias = find(root, ("a", "b"))
    assert isinstance(alias, Alias)
    with pytest.raises(DocumentError, match="inside its own anchor"):
        find(root, ("a", "b", "b"))


def test_merges_of_merges_are_looked_through_in_linear_time() -> None:
    lines = ["m0: &m0 {k: v}"]
    lines += [f"m{i}: &m{i} {{<<: [*m{i - 1}, *m{i - 1}]}}" for i in range(1, 90)]
    root = parsed("\n".join(lines) + "\n")
    assert isinstance(find(root, ("m89", "k")), Scalar)
    with pytest.raises(NotFoundError):
        find(root, ("m89", "absent"))
    lines += [f"m{i}: &m{i} {{<<: *m{i - 1}}}" for i in range(90, 400)]
    with pytest.raises(LimitError):
        find(parsed("\n".join(lines) + "\n"), ("m399", "k"))


def test_a_syntax_without_trees_says_so() -> None:
    document = documents.Document("ini", "a = 1\n")
    with pytest.raises(DocumentError, match="ini files have no key paths"):
        tree(document)
