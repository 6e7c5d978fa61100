# SPDX-License-Identifier: Apache-2.0
"""Key paths as people type them, as they are bound, and as rules name them."""

from __future__ import annotations

import json
import time
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseal import keypaths
from gitseal.errors import PolicyError, UsageError

KNOWN: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "vectors" / "format-v1.json").read_text()
)["paths"]

SEGMENTS: dict[str, list[tuple[str, ...]]] = {
    "db.password": [("k", "db"), ("k", "password")],
    "users[0].password": [("k", "users"), ("*",), ("k", "password")],
    "1 (plain int key)": [("k!tag:yaml.org,2002:int", "1")],
    '"1"': [("k", "1")],
    "comment": [("#",)],
    "ini database.password": [("k", "database"), ("k", "password")],
}


@pytest.mark.parametrize("case", KNOWN, ids=lambda case: str(case["typed"]))
def test_known_answers(case: dict[str, str]) -> None:
    segments = SEGMENTS[case["typed"]]

    assert case["hex"] == keypaths.encode(segments).hex()
    assert tuple(segments) == keypaths.decode(bytes.fromhex(case["hex"]))


def test_segments_encoded_one_by_one_give_the_same_path() -> None:
    parts = [keypaths.key_segment("a"), keypaths.LIST_SEGMENT]
    parts.append(keypaths.tagged_key_segment("tag:yaml.org,2002:null", "~"))

    path = reduce(keypaths.below, parts, keypaths.ROOT_PATH)

    assert keypaths.encode([("k", "a"), ("*",), ("k!tag:yaml.org,2002:null", "~")]) == path
    assert keypaths.format_path(path) == 'a[]."~"' or keypaths.format_path(path) == "a[].~"


@pytest.mark.parametrize(
    ("typed", "parts"),
    [("db.password", ("db", "password")), ("users[0].name", ("users", 0, "name")),
     ('"a.b".c', ("a.b", "c")), (r"a\.b.c", ("a.b", "c")), ("/a/b~1c/0", ("a", "b/c", 0)),
     ("/m~0n/01", ("m~n", "01")), ("[1]", (1,)), (r'"say \"x\""', ('say "x"',)), ('""', ("",))],
)  # fmt: skip
def test_paths_as_people_type_them(typed: str, parts: tuple[str | int, ...]) -> None:
    assert parts == keypaths.parse_typed(typed)


@pytest.mark.parametrize("typed", ["", ".", "a.", "a..b", "a[x]", "a[", "a[-1]", '"x', 'a"b"'])
def test_what_is_no_path_is_refused_with_its_place(typed: str) -> None:
    with pytest.raises(UsageError, match="at character"):
        keypaths.parse_typed(typed)


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.lists(st.one_of(NAMES, st.integers(0, 999)), min_size=1, max_size=5))
def test_what_is_written_reads_back(parts: list[str | int]) -> None:
    assert tuple(parts) == keypaths.parse_typed(keypaths.format_typed(parts))


@pytest.mark.parametrize(
    ("glob", "names", "expected"),
    [("**", (), True), ("**", ("a", "b"), True), ("a.**", ("a",), True),
     ("a.**", ("a", "*", "c"), True), ("a.*", ("a",), False), ("a.*", ("a", "*"), True),
     ("a.*", ("a", "b", "c"), False), ("**.p", ("x", "y", "p"), True), ("**.p", ("p",), True),
     ("**.a.**.b", ("a", "q", "b"), True), (r"a\.b", ("a.b",), True), ("a", ("a", "b"), False),
     ("**.**.x", ("x",), True), ("a", (), False), (r"\*", ("*",), True)],
)  # fmt: skip
def test_globs(glob: str, names: tuple[str, ...], *, expected: bool) -> None:
    assert expected == keypaths.Glob(glob).matches(names)


@pytest.mark.parametrize("glob", ["", "a..b", ".", "***", "a.*b", "*_key", "a*"])
def test_globs_that_could_be_misread_are_refused(glob: str) -> None:
    with pytest.raises(PolicyError):
        keypaths.Glob(glob)


def test_a_hostile_glob_takes_linear_time() -> None:
    glob = keypaths.Glob(".".join(["**", "a"] * 2000))
    start = time.process_time()

    assert not glob.matches(("a",) * 1999)

    assert time.process_time() - start < 2


def test_a_named_collection_is_sealed_with_all_inside() -> None:
    """A value that becomes a list must not become readable by that (format 9)."""
    rules = keypaths.Rules(["**.password", "db"], ["db.host"], "seal")

    assert rules.selects_names(("a", "password"))
    assert rules.selects_names(("a", "password", "*"))
    assert rules.selects_names(("password", "inner", "deep"))
    assert rules.selects_names(("db", "port"))
    assert not rules.selects_names(("db", "host"))
    assert not rules.selects_names(("a", "passwords"))
    assert rules.decided_by(keypaths.encode([("k", "db"), ("k", "x")])) == "seal: db"


def test_clear_wins_over_seal() -> None:
    rules = keypaths.Rules(["**"], ["metadata.**", "kind"], "clear")
    path = keypaths.encode([("k", "metadata"), ("k", "name")])

    assert not rules.selects(path)
    assert rules.selects(keypaths.encode([("k", "data"), ("k", "x")]))
    assert not rules.selects(keypaths.COMMENT_PATH)
    assert not rules.everything
    assert rules.decided_by(path) == "clear: metadata.**"
    assert keypaths.Rules(["**"], [], "seal").everything
