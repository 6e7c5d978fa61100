# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitseal.changes.aligning import align, lines_of
from gitseal.changes.merging import merge_texts, split_markers, with_markers

LABELS = ("HEAD", "topic")

LINES = st.sampled_from(
    ["a\n", "b\n", "c\r\n", "\n", "=======\n", "<<<<<<< x\n", "<<<<<<<<<< x\n", ">>>>>>> y\n",
     "|||||||\n", "======= \n", "a", "\r", "<<<<<<<"]
)  # fmt: skip
TEXTS = st.lists(LINES, max_size=8).map("".join)
PLAIN = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\n"]), max_size=10).map("".join)


def test_markers_stand_around_what_differs() -> None:
    text = with_markers("a\nb\nc\n", "a\nx\nc\n", LABELS)

    assert text == "a\n<<<<<<< HEAD\nb\n=======\nx\n>>>>>>> topic\nc\n"


def test_markers_have_the_size_and_the_line_breaks_of_the_text() -> None:
    text = with_markers("a\r\nb\r\n", "a\r\n", LABELS, 9)

    assert text == "a\r\n<<<<<<<<< HEAD\r\nb\r\n=========\r\n>>>>>>>>> topic\r\n"


def test_markers_are_longer_than_what_looks_like_them() -> None:
    text = with_markers("<<<<<<< HEAD\n", "=======\n", LABELS)

    assert text == "<<<<<<<< HEAD\n<<<<<<< HEAD\n========\n=======\n>>>>>>>> topic\n"


@given(TEXTS, TEXTS, st.sampled_from([5, 7, 9]))
@example("a", "a\n", 7)
@example("a\r", "b\r\n", 7)
@example("", "<<<<<<< x\n=======\n>>>>>>> y\n", 7)
def test_splitting_undoes_marking(ours: str, theirs: str, size: int) -> None:
    text = with_markers(ours, theirs, LABELS, size)

    if ours == theirs:
        assert text == ours
    else:
        assert split_markers(text) == (ours, theirs)


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_what_git_writes_is_split(style: str, tmp_path: Path) -> None:
    texts = {"ours": "a\nx\nc\nd\n", "base": "a\nb\nc\nd\n", "theirs": "a\ny\nz\nc\ne\n"}
    for name, content in texts.items():
        (tmp_path / name).write_text(content)
    command = ["git", "-c", f"merge.conflictStyle={style}", "merge-file", "-p", *texts]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    # What merged by itself is on both sides.
    assert split_markers(done.stdout) == ("a\nx\nc\ne\n", "a\ny\nz\nc\ne\n")
    assert split_markers(done.stdout, 7) == split_markers(done.stdout)
    assert split_markers(done.stdout, 8) is None


@pytest.mark.parametrize(
    "text",
    [
        "a\n",
        "<<<<<<< x\na\n",
        "<<<<<<< x\na\n=======\nb\n",
        "<<<<<<< x\na\n>>>>>>> y\n",
        "=======\nb\n>>>>>>> y\n",
        "<<<<<<< x\n<<<<<<< x\na\n=======\nb\n>>>>>>> y\n=======\n>>>>>>> y\n",
        "<<<<<<< x\na\n=======\nb\n=======\nc\n>>>>>>> y\n",
        "<<<<<<< x\na\n=======\nb\n||||||| b\nc\n>>>>>>> y\n",
        "<<<<<<< x\na\n=======\nb\n>>>>>>> y\n<<<<<<< x\n",
    ],
)
def test_broken_and_nested_markers_are_refused(text: str) -> None:
    assert split_markers(text) is None


def test_changes_that_touch_clash_in_texts() -> None:
    result = merge_texts("a\nb\nc\n", "x\nb\nc\n", "a\ny\nc\n")

    assert (result.text, result.ours, result.theirs) == (None, "x\nb\nc\n", "a\ny\nc\n")
    assert [(one.path, one.kind) for one in result.clashes] == [(None, "text")]


def test_other_changes_of_a_clashing_text_are_merged() -> None:
    result = merge_texts("a\nb\nc\nd\ne\n", "x\nb\nc\nd\nz\n", "y\nb\nC\nd\ne\n")

    assert (result.ours, result.theirs) == ("x\nb\nC\nd\nz\n", "y\nb\nC\nd\nz\n")


def test_changes_apart_merge() -> None:
    assert merge_texts("a\nb\nc", "x\nb\nc", "a\nb\ny").text == "x\nb\ny"


@given(PLAIN, PLAIN, PLAIN)
def test_texts_merge_the_same_from_both_sides(base: str, ours: str, theirs: str) -> None:
    result, swapped = merge_texts(base, ours, theirs), merge_texts(base, theirs, ours)

    assert (result.text, result.ours) == (swapped.text, swapped.theirs)
    assert (result.text is None) == bool(result.clashes)
    assert merge_texts(base, ours, base).text == ours
    assert merge_texts(base, ours, ours).text == ours


@given(st.lists(st.integers(0, 3), max_size=12), st.lists(st.integers(0, 3), max_size=12))
def test_aligned_items_are_equal_and_in_order(one: list[int], other: list[int]) -> None:
    pairs = align(one, other)

    assert all(one[left] == other[right] for left, right in pairs)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(pairs))
    assert len(align(one, one)) == len(one)


@given(st.text("a\n\r\x85\u2028\x0b", max_size=20))
def test_lines_end_at_line_feeds_alone(text: str) -> None:
    lines = lines_of(text)

    assert "".join(lines) == text
    assert all(line.count("\n") == 1 and line.endswith("\n") for line in lines[:-1])
