# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import time

import pytest

from gitseal.changes.merging import merge_documents
from gitseal.changes.merging.proof import Proof
from gitseal.changes.merging.values import Values
from gitseal.documents import parse
from threeway import clashes, merge

SECRET, OTHER = "hunter2hunter2", "changed-by-theirs"

# name, base, ours, theirs, merged
MERGES = [
    ("adjacent keys", "a: 1\nb: 2\n", "a: 9\nb: 2\n", "a: 1\nb: 8\n", "a: 9\nb: 8\n"),
    ("one line", "x: {a: 1, b: 2} # c\n", "x: {a: 9, b: 2} # c\n", "x: {a: 1, b: 8} # d\n",
     "x: {a: 9, b: 8} # d\n"),
    ("both append", "a: 1\n", "a: 1\n# x\nb: 2\n", "a: 1\n# y\nc: 3\n",
     "a: 1\n# x\nb: 2\n# y\nc: 3\n"),
    ("both append in sections", "# s\na: 1\n\n# t\nb: 2\n", "# s\na: 1\nx: 1\n\n# t\nb: 2\n",
     "# s\na: 1\ny: 1\n\n# t\nb: 2\n", "# s\na: 1\nx: 1\ny: 1\n\n# t\nb: 2\n"),
    ("the same on both sides", "a: 1\nb: 1\n", "a: 2\nb: 1\n", "a: 2\nb: 3\n", "a: 2\nb: 3\n"),
    ("the same key added", "a: 1\n", "a: 1\nb: 2\n", "b: 2\na: 1\nc: 3\n",
     "a: 1\nb: 2\nc: 3\n"),
    ("deleted beside a change", "a: 1\nb: 2\nc: 3\n", "a: 1\nc: 3\n", "a: 1\nb: 2\nc: 4\n",
     "a: 1\nc: 4\n"),
    ("deleted with its comment", "# a\na: 1\n# b\nb: 2\nc: 3\n", "# a\na: 1\nc: 3\n",
     "# a\na: 9\n# b\nb: 2\nc: 3\n", "# a\na: 9\nc: 3\n"),
    ("deleted by both", "a: 1\nb: 2\nc: 3\n", "a: 1\nc: 3\n", "a: 9\nc: 3\n", "a: 9\nc: 3\n"),
    ("each deletes another", "a: 1\nb: 2\nc: 3\n", "a: 1\nc: 3\n", "a: 1\nb: 2\n", "a: 1\n"),
    ("renamed and changed", f"a: {SECRET}\nb: 1\n", f"z: {SECRET}\nb: 1\n", f"a: {OTHER}\nb: 2\n",
     f"z: {OTHER}\nb: 2\n"),
    ("changed and renamed", f"a: {SECRET}\nb: 1\n", f"a: {OTHER}\nb: 2\n", f"z: {SECRET}\nb: 1\n",
     f"z: {OTHER}\nb: 2\n"),
    ("renamed by both alike", f"a: {SECRET}\nb: 1\n", f"z: {SECRET}\nb: 1\n",
     f"z: {SECRET}\nb: 2\n", f"z: {SECRET}\nb: 2\n"),
    ("moved within its mapping", "a: 1\nb: 2\nc: 3\n", "c: 3\na: 1\nb: 2\n", "a: 1\nb: 2\nc: 4\n",
     "c: 4\na: 1\nb: 2\n"),
    ("moved by theirs", "a: 1\nb: 2\nc: 3\n", "a: 1\nb: 2\nc: 4\nd: 5\n", "c: 3\na: 1\nb: 2\n",
     "c: 4\na: 1\nb: 2\nd: 5\n"),
    ("moved to another parent", f"d:\n  p: {SECRET}\n  q: 1\ne:\n  x: 1\n",
     f"d:\n  q: 1\ne:\n  x: 1\n  p: {SECRET}\n", f"d:\n  p: {OTHER}\n  q: 2\ne:\n  x: 1\n",
     f"d:\n  q: 2\ne:\n  x: 1\n  p: {OTHER}\n"),
    ("wrapped", f"p: {SECRET}\nq: 1\n", f"d:\n  p: {SECRET}\n  q: 1\n", f"p: {OTHER}\nq: 1\n",
     f"d:\n  p: {OTHER}\n  q: 1\n"),
    ("a mapping renamed and grown", f"d:\n  p: {SECRET}\n", f"e:\n  p: {SECRET}\n",
     f"d:\n  p: {OTHER}\n  h: 1\n", f"e:\n  p: {OTHER}\n  h: 1\n"),
    ("list items", "l:\n- a\n- b\n", "l:\n- x\n- b\n", "l:\n- a\n- b\n- c\n",
     "l:\n- x\n- b\n- c\n"),
    ("neighbours in a list", "l: [a, b]\n", "l: [x, b]\n", "l: [a, y]\n", "l: [x, y]\n"),
    ("the same item added", "l: [a, b]\n", "l: [a, x, b]\n", "l: [a, x, b]\nm: 1\n",
     "l: [a, x, b]\nm: 1\n"),
    ("items of mappings", "l:\n- a: 1\n  b: 2\n- c: 3\n", "l:\n- a: 1\n  b: 9\n- c: 3\n",
     "l:\n- a: 1\n  b: 2\n- c: 4\n", "l:\n- a: 1\n  b: 9\n- c: 4\n"),
    ("one item with a name", "l:\n- name: n\n  a: 1\n  b: 2\n", "l:\n- name: n\n  a: 9\n  b: 2\n",
     "l:\n- name: n\n  a: 1\n  b: 8\n", "l:\n- name: n\n  a: 9\n  b: 8\n"),
    ("a comment", "a: 1 # c\nb: 1\n", "a: 1 # d\nb: 1\n", "a: 2 # c\nb: 1\n", "a: 2 # d\nb: 1\n"),
    ("the same comment", "a: 1\n", "# n\na: 1\n", "# n\na: 2\n", "# n\na: 2\n"),
    ("quotes changed, value changed", "a: 'x'\n", 'a: "x"\n', "a: 'y'\n", "a: 'y'\n"),
    ("indentation changed, value changed", "a:\n  b: |\n    x\n  c: 1\n",
     "a:\n    b: |\n        x\n    c: 1\n", "a:\n  b: |\n    y\n    z\n  c: 1\n  d: 1\n",
     "a:\n    b: |\n      y\n      z\n    c: 1\n    d: 1\n"),
    ("blocks", "k: |\n  x\n  y\nb: 1\n", "k: |\n  x\n  Y\nb: 1\n",
     "k: |\n  x\n  y\nb: 2\nc: |\n  z\n", "k: |\n  x\n  Y\nb: 2\nc: |\n  z\n"),
    ("CRLF by one side", "a: 1\nb: 2\n", "a: 1\r\nb: 3\r\n", "a: 2\nb: 2\nc: 3\n",
     "a: 2\r\nb: 3\r\nc: 3\r\n"),
    ("CRLF by theirs", "a: 1\nb: 2\n", "a: 2\nb: 2\nc: 3\n", "a: 1\r\nb: 3\r\n",
     "a: 2\r\nb: 3\r\nc: 3\r\n"),
    ("no line break at the end", "a: 1", "a: 1\nb: 2", "a: 1\nc: 3", "a: 1\nb: 2\nc: 3"),
    ("line break taken away", "a: 1\n", "a: 1", "a: 1\nc: 3\n", "a: 1\nc: 3"),
    ("anchors", "a: &x\n  p: 1\nb:\n  <<: *x\n  q: 1\n", "a: &x\n  p: 9\nb:\n  <<: *x\n  q: 1\n",
     "a: &x\n  p: 1\nb:\n  <<: *x\n  q: 8\n", "a: &x\n  p: 9\nb:\n  <<: *x\n  q: 8\n"),
    ("a new alias of an unchanged value", "a: &x v\nb: *x\n", "a: &x v\nb: *x\nc: *x\n",
     "d: 1\na: &x v\nb: *x\n", "d: 1\na: &x v\nb: *x\nc: *x\n"),
    ("streams", "a: 1\n---\nb: 2\nc: 3\n", "a: 9\n---\nb: 2\nc: 3\n", "a: 1\n---\nb: 2\nc: 4\n",
     "a: 9\n---\nb: 2\nc: 4\n"),
    ("a document more", "---\na: 1\n---\nb: 1\n", "---\na: 1\n---\nb: 1\n---\nc: 1\n",
     "---\na: 2\n---\nb: 1\n", "---\na: 2\n---\nb: 1\n---\nc: 1\n"),
    ("a version of YAML", "%YAML 1.1\n---\na: no\n", "%YAML 1.2\n---\na: no\n",
     "%YAML 1.1\n---\na: yes\n", "%YAML 1.2\n---\na: yes\n"),
    ("typed keys", "1: a\nx: b\n", "1: c\nx: b\n", "'1': a\n1: a\nx: b\n", "'1': a\n1: c\nx: b\n"),
    ("an empty file", "", "a: 1\n", "b: 1\n", "a: 1\nb: 1\n"),
    ("an empty value grows", "a:\nz: 1\n", "a:\n  x: 1\nz: 1\n", "a:\n  y: 1\nz: 1\n",
     "a:\n  x: 1\n  y: 1\nz: 1\n"),
    ("complex keys", "? a\n: 1\n? b\n: 2\n", "? a\n: 9\n? b\n: 2\n", "? a\n: 1\n? b\n: 8\n",
     "? a\n: 9\n? b\n: 8\n"),
    ("pairs in brackets", "a: [b: 1, c: 2]\n", "a: [b: 9, c: 2]\n", "a: [b: 1, c: 8]\n",
     "a: [b: 9, c: 8]\n"),
    ("both added the file", None, "# l\na: 1\nb: 2\n", "# l\na: 1\nc: 3\n",
     "# l\na: 1\nb: 2\nc: 3\n"),
]  # fmt: skip

JSON = [
    ("one line", '{"a": 1, "b": 2}', '{"a": 9, "b": 2}', '{"a": 1, "b": 8}', '{"a": 9, "b": 8}'),
    ("both append", '{\n  "a": 1\n}\n', '{\n  "a": 1,\n  "b": 2\n}\n',
     '{\n  "a": 1,\n  "c": [3]\n}\n', '{\n  "a": 1,\n  "b": 2,\n  "c": [3]\n}\n'),
    ("both append inside a line", '{"a": {"x": 1}}', '{"a": {"x": 1, "y": 2}}',
     '{"a": {"x": 1, "z": 3}, "q": []}', '{"a": {"x": 1, "y": 2, "z": 3}, "q": []}'),
    ("last deleted, one appended", '{\n  "a": 1,\n  "b": 2\n}\n', '{\n  "a": 1\n}\n',
     '{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}\n', '{\n  "a": 1,\n  "c": 3\n}\n'),
    ("first deleted, one inserted", '{"a": 1, "b": 2}', '{"b": 2}', '{"a": 1, "c": 3, "b": 2}',
     '{"c": 3, "b": 2}'),
    ("all deleted", '{"a": {"x": 1, "y": 2}}', '{"a": {"x": 1}}', '{"a": {"y": 2}}', '{"a": {}}'),
    ("into an empty one", '{"a": {}}', '{"a": {"x": 1}}', '{"a": {"y": 2}}',
     '{"a": {"x": 1, "y": 2}}'),
    ("both added the file", None, '{"a": 1, "b": 2}\n', '{"a": 1, "c": 3}\n',
     '{"a": 1, "b": 2, "c": 3}\n'),
]  # fmt: skip

DOTENV = [
    ("adjacent", "A=1\nB=2\n", "A=9\nB=2\n", "A=1\nB=8\n", "A=9\nB=8\n"),
    ("both append", "A=1\n", "A=1\nB=2\n", "A=1\nC=3", "A=1\nB=2\nC=3"),
    ("export, comments, lines", "A=1\nB='x y'\n", "export A=1\nB='x y'\n",
     "A=1\nB='x z'\n# n\nC=\"a\nb\"\n", "export A=1\nB='x z'\n# n\nC=\"a\nb\"\n"),
    ("a name twice, one side", "A=1\nA=2\nB=1\n", "A=1\nA=3\nB=1\n", "A=1\nA=2\nB=5\n",
     "A=1\nA=3\nB=5\n"),
]  # fmt: skip

ALL = [
    pytest.param(syntax, *case[1:], id=f"{syntax}: {case[0]}")
    for syntax, cases in (("yaml", MERGES), ("json", JSON), ("dotenv", DOTENV))
    for case in cases
]


@pytest.mark.parametrize(("syntax", "base", "ours", "theirs", "merged"), ALL)
def test_changes_of_both_sides_are_kept(
    syntax: str, base: str | None, ours: str, theirs: str, merged: str
) -> None:
    result = merge(base, ours, theirs, syntax)

    assert clashes(result) == []
    assert result.text == result.ours == result.theirs == merged


@pytest.mark.parametrize(("syntax", "base", "ours", "theirs", "merged"), ALL)
def test_sides_can_be_swapped(
    syntax: str, base: str | None, ours: str, theirs: str, merged: str
) -> None:
    swapped = merge(base, theirs, ours, syntax)

    assert swapped.text is not None
    values = Values()
    _, said = values.read(parse(swapped.text.encode(), syntax))
    assert said.ident == values.read(parse(merged.encode(), syntax))[1].ident


# name, base, ours, theirs, clashes, decided for ours, decided for theirs
CLASHES = [
    ("one value", "a: 1\nb: 1\nc: 1\n", "a: 2\nb: 2\nc: 1\n", "a: 3\nb: 1\nc: 2\n",
     [("a", "changed")], "a: 2\nb: 2\nc: 2\n", "a: 3\nb: 2\nc: 2\n"),
    ("deleted and changed", "a: 1\nb: 2\n", "a: 1\n", "a: 1\nb: 3\n", [("b", "deleted")],
     "a: 1\n", "a: 1\nb: 3\n"),
    ("deleted and changed inside", "m:\n  x: 1\n  y: 2\nz: 1\n", "z: 1\n",
     "m:\n  x: 1\n  y: 3\nz: 2\n", [("m", "deleted")], "z: 2\n", "m:\n  x: 1\n  y: 3\nz: 2\n"),
    ("added", "a: 1\n", "a: 1\nb: 2\n", "a: 1\nb: 3\n", [("b", "added")], "a: 1\nb: 2\n",
     "a: 1\nb: 3\n"),
    ("the file added", None, "a: 1\nb: 2\n", "a: 1\nb: 3\n", [("b", "added")], "a: 1\nb: 2\n",
     "a: 1\nb: 3\n"),
    ("renamed, but the value stands elsewhere too", f"a: {SECRET}\nb: {SECRET}\n",
     f"z: {SECRET}\nb: {SECRET}\n", f"a: {OTHER}\nb: {SECRET}\n", [("a", "deleted")],
     f"z: {SECRET}\nb: {SECRET}\n", f"z: {SECRET}\na: {OTHER}\nb: {SECRET}\n"),
    ("renamed, but the value says nothing", "a: true\nb: 1\n", "z: true\nb: 1\n", "a: no\nb: 1\n",
     [("a", "deleted")], "z: true\nb: 1\n", "z: true\na: no\nb: 1\n"),
    ("renamed to two names", f"a: {SECRET}\nb: 1\n", f"y: {SECRET}\nb: 1\n", f"z: {SECRET}\nb: 1\n",
     [("a", "changed")], f"y: {SECRET}\nb: 1\n", f"z: {SECRET}\nb: 1\n"),
    ("renamed and deleted", f"a: {SECRET}\nb: 1\n", f"y: {SECRET}\nb: 1\n", "b: 1\n",
     [("a", "deleted")], f"y: {SECRET}\nb: 1\n", "b: 1\n"),
    ("one item", "l: [a, b]\nk: 1\n", "l: [x, b]\nk: 2\n", "l: [y, b]\nk: 1\n",
     [("l", "changed")], "l: [x, b]\nk: 2\n", "l: [y, b]\nk: 2\n"),
    ("items at one place", "l: [a]\nk: 1\nm: 1\n", "l: [a, b]\nk: 2\nm: 1\n",
     "l: [a, c]\nk: 1\nm: 2\n", [("l", "changed")], "l: [a, b]\nk: 2\nm: 2\n",
     "l: [a, c]\nk: 2\nm: 2\n"),
    ("an item changed and deleted", "l: [a, b, c]\n", "l: [a, c]\n", "l: [a, x, c]\n",
     [("l", "changed")], "l: [a, c]\n", "l: [a, x, c]\n"),
    ("an item moved and deleted", "l: [a, b, c]\n", "l: [c, a, b]\n", "l: [a, b]\n",
     [("l", "changed")], "l: [c, a, b]\n", "l: [a, b]\n"),
    ("an item added at two places", "l: [a, b]\n", "l: [x, a, b]\n", "l: [a, b, x]\n",
     [("l", "changed")], "l: [x, a, b]\n", "l: [a, b, x]\n"),
    ("a name added at two places", "l:\n- name: A\n", "l:\n- name: A\n- name: B\n  v: 1\n",
     "l:\n- name: B\n  v: 2\n- name: A\n", [("l", "changed")],
     "l:\n- name: A\n- name: B\n  v: 1\n", "l:\n- name: B\n  v: 2\n- name: A\n"),
    ("one key of a named item", "l:\n- name: n\n  v: 1\n", "l:\n- name: n\n  v: 2\n",
     "l:\n- name: n\n  v: 3\n", [("l[].v", "changed")], "l:\n- name: n\n  v: 2\n",
     "l:\n- name: n\n  v: 3\n"),
    ("a block", "k: |\n  x\n  y\n", "k: |\n  X\n  y\n", "k: |\n  x\n  Y\n", [("k", "changed")],
     "k: |\n  X\n  y\n", "k: |\n  x\n  Y\n"),
    ("a comment", "a: 1 # c\nb: 1\n", "a: 1 # d\nb: 2\n", "a: 1 # e\nb: 1\n", [("", "text")],
     "a: 1 # d\nb: 2\n", "a: 1 # e\nb: 2\n"),
    ("a comment inside a mapping that was renamed", f"d:\n  p: {SECRET}\n  q: 1\n",
     f"d:\n  p: {OTHER}\n  q: 1\n", f"e:\n  p: {SECRET} # n\n  q: 1\n", [("", "text")],
     f"d:\n  p: {OTHER}\n  q: 1\n", f"e:\n  p: {SECRET} # n\n  q: 1\n"),
    ("a comment line", "# n\na: 1\nb: 1\n", "# x\na: 1\nb: 2\n", "# y\na: 1\nb: 1\n",
     [("", "text")], "# x\na: 1\nb: 2\n", "# y\na: 1\nb: 2\n"),
    ("one value into two mappings", "a: 1\n", "a:\n  x: 1\n", "a:\n  y: 1\n", [("a", "changed")],
     "a:\n  x: 1\n", "a:\n  y: 1\n"),
    ("tags", "a: !v 1\n", "a: !v 2\n", "a: !w 1\n", [("a", "changed")], "a: !v 2\n", "a: !w 1\n"),
    ("an alias of a value that changes", "a: &x v\nb: *x\n", "a: &x w\nb: *x\n",
     "a: &x v\nb: *x\nc: *x\n", [("c", "changed")], "a: &x w\nb: *x\n", "a: &x v\nb: *x\nc: *x\n"),
    ("an alias below another anchor of that name", "a: &x 1\nc: *x\n", "a: &x 1\nb: &x 2\nc: *x\n",
     "a: &x 1\nc: *x\nd: *x\n", [("", "text")], "a: &x 1\nb: &x 2\nc: *x\n",
     "a: &x 1\nc: *x\nd: *x\n"),
    ("an alias without an anchor", "a: &x v\nb: *x\n", "a: v\nb: v\n", "a: &x v\nb: *x\nc: *x\n",
     [("", "text")], "a: v\nb: v\n", "a: &x v\nb: *x\nc: *x\n"),
    ("an alias more in a list", "a: &x v\nl: [*x, b, c]\n", "a: &x w\nl: [*x, b, c]\n",
     "a: &x v\nl: [*x, b, *x]\n", [("l[]", "changed")], "a: &x w\nl: [*x, b, c]\n",
     "a: &x v\nl: [*x, b, *x]\n"),
    ("versions of YAML", "%YAML 1.1\n---\na: no\n", "%YAML 1.2\n---\na: no\n", "---\na: no\n",
     [("(root)", "changed")], "%YAML 1.2\n---\na: no\n", "---\na: no\n"),
    ("documents change places", "k: 1\np: 1\nq: 1\n---\nk: 2\np: 1\nq: 1\n",
     "k: 2\np: 1\nq: 1\n---\nk: 1\np: 1\nq: 1\n", "k: 1\np: 1\nq: 1\nz: 3\n---\nk: 2\np: 1\nq: 1\n",
     [("(root)", "changed")], "k: 2\np: 1\nq: 1\n---\nk: 1\np: 1\nq: 1\n",
     "k: 1\np: 1\nq: 1\nz: 3\n---\nk: 2\np: 1\nq: 1\n"),
    ("nothing is left of a mapping", "m:\n  x: 1\n  y: 2\n", "m:\n  x: 1\n", "m:\n  y: 2\n",
     [("", "text")], "m:\n  x: 1\n", "m:\n  y: 2\n"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected", "left", "right"),
    [pytest.param(*case[1:], id=case[0]) for case in CLASHES],
)
def test_what_cannot_be_merged_clashes_by_path(
    base: str | None,
    ours: str,
    theirs: str,
    expected: list[tuple[str, str]],
    left: str,
    right: str,
) -> None:
    result = merge(base, ours, theirs)

    assert (clashes(result), result.ours, result.theirs) == (expected, left, right)
    assert sorted(clashes(merge(base, theirs, ours))) == sorted(expected)


def test_a_name_that_stands_twice_in_a_dotenv_file_changes_as_a_whole() -> None:
    both = merge("A=1\nA=2\nB=1\n", "A=1\nA=3\nB=1\n", "A=5\nA=2\nB=5\n", "dotenv")
    repeated = merge("A=1\nB=1\n", "A=1\nB=1\nA=2\n", "A=5\nB=1\n", "dotenv")

    assert clashes(both) == clashes(repeated) == [("A", "changed")]
    assert (both.ours, both.theirs) == ("A=1\nA=3\nB=5\n", "A=5\nA=2\nB=5\n")


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    mark = b"\xef\xbb\xbf"
    base, ours, theirs = (
        parse(mark + text, "yaml") for text in (b"a: 1\nb: 1\n", b"a: 2\nb: 1\n", b"a: 1\nb: 2\n")
    )

    assert merge_documents(base, ours, theirs).text == "a: 2\nb: 2\n"


def test_documents_of_two_syntaxes_are_not_merged() -> None:
    ours, theirs = parse(b'{"a": 1}', "json"), parse(b"a: 1\n", "yaml")

    result = merge_documents(None, ours, theirs)

    assert clashes(result) == [("", "text")]
    assert (result.ours, result.theirs) == (ours.text, theirs.text)


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("# n\na: 2\nb: 2\n", True),
        ("# n\nb: 2\na: 2\n", True),
        ("a: 2\nb: 2\n", False),
        ("# n\n# n\na: 2\nb: 2\n", False),
        ("# n\na: 2\nb: 1\n", False),
        ("# n\na: '2'\nb: 2\n", False),
        ("# n\na: 2\n", False),
        ("# n\na: 2\nb: 2\nc: 1\n", False),
        ("# n\na: 2\nb: &x 2\n", False),
        ("# n\na: 2\nb: [\n", False),
    ],
)
def test_the_proof_takes_no_text_that_says_another_thing(text: str, accepted: bool) -> None:
    documents = [
        parse(one, "yaml") for one in (b"a: 1\nb: 1\n", b"# n\na: 2\nb: 1\n", b"a: 1\nb: 2\n")
    ]
    values = Values()
    _, expected = values.read(parse(b"a: 2\nb: 2\n", "yaml"))

    assert Proof(values, documents, expected, comments=True).accepts(text) is accepted


def test_ten_thousand_values_take_seconds() -> None:
    base = "".join(
        f"s{one}:\n  # about {one}\n"
        + "".join(f"  k{two}: value {one} {two}\n" for two in range(10))
        for one in range(1000)
    )
    ours = base.replace("value 5 3\n", "new\n").replace("s500:\n", "s500:\n  more: 1\n")
    theirs = base.replace("value 5 4\n", "new\n") + "end: 1\n"
    documents = [parse(text.encode(), "yaml") for text in (base, ours, theirs)]
    started = time.process_time()

    result = merge_documents(*documents)

    assert result.text == ours.replace("value 5 4\n", "new\n") + "end: 1\n"
    assert time.process_time() - started < 10  # some 1.5 s on an idle machine
