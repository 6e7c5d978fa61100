# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseal.checks.reach import Reach, literal_root
from gitseal.errors import PolicyError
from gitseal.policy.patterns import Patterns


@pytest.mark.parametrize(
    ("pattern", "root"),
    [
        (".env", None),
        ("*.env", None),
        ("logs/", None),
        ("envs/prod/**", "envs/prod"),
        ("/envs/prod", "envs/prod"),
        ("/.env", ".env"),
        ("envs/*/x", "envs"),
        ("**/x/y", None),
        ("a\\*/b", None),
    ],
)
def test_where_a_pattern_begins(pattern: str, root: str | None) -> None:
    assert literal_root(pattern) == root


def test_which_directories_are_worth_a_visit() -> None:
    reach = Reach(["envs/prod/**", "/one/file.yaml"])

    assert [name for name in ("envs", "envs/prod", "envs/prod/a", "one", "envs/dev", "two")
            if reach.may_hold(name)] == ["envs", "envs/prod", "envs/prod/a", "one"]  # fmt: skip
    assert not Reach([]).anything


NAMES = st.lists(st.sampled_from(["a", "b", "**", "*", "a*", "[ab]", "?"]), min_size=1, max_size=4)


@given(NAMES, st.booleans(), st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=4))
def test_no_file_that_a_pattern_names_is_missed(
    names: list[str], anchored: bool, path: list[str]
) -> None:
    text = ("/" if anchored else "") + "/".join(names)
    try:
        matched = Patterns([text]).matches("/".join(path))
    except PolicyError:
        return
    reach = Reach([text])
    if matched:
        assert all(reach.may_hold("/".join(path[:size])) for size in range(1, len(path)))
