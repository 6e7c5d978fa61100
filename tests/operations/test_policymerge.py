# SPDX-License-Identifier: Apache-2.0
"""Two branches changed `.gitseal.yaml`: both changes are in, ours' comments stay."""

from __future__ import annotations

import pytest

from gitseal.errors import RefusedError
from gitseal.operations.policymerge import merge_texts
from gitseal.policy.config import Config

ADA = "age1pyvqe38680hmpyp4vr6l0cfx70j2er9muczt8l437au46nd84ppq39e88r"
BEN = "age1aalldd4rlhtd0q5fvja0em3tc5x7qasehrhf25dx8uf0z9fmsy2qhgpvky"
EVE = "age1zsaar05qsvsn3jsk7q0mqal73z79uzz3nzr62lv3mnklhkrhcv8qlq5m32"

BASE = f"""\
# who may read
version: 1
readers:
  ada: {ADA}  # the owner
groups:
  ops: [ada]
scopes:
  main:
    files: [".env"]
    readers: [ops]
"""


def merge(ours: str, theirs: str) -> str:
    parse = Config.parse
    return merge_texts(parse(BASE.encode()), ours.encode(), parse(theirs.encode())).decode()


def test_readers_groups_files_and_rules_of_both_sides_are_in() -> None:
    ours = BASE.replace("  # the owner\n", f"  # the owner\n  ben: {BEN}\n").replace(
        "[ada]", "[ada, ben]"
    )
    theirs = (
        BASE.replace("  # the owner\n", f"\n  eve: {EVE}\n")
        .replace("[ada]", "[ada, eve]")
        .replace('[".env"]', '[".env", "x/**"]')
        + "    comments: clear\n"
    )

    merged = merge(ours, theirs)

    config = Config.parse(merged.encode())
    assert set(config.readers) == {"ada", "ben", "eve"}
    assert set(config.groups["ops"]) == {"ada", "ben", "eve"}
    assert config.scopes["main"].files == (".env", "x/**")
    assert config.scopes["main"].comments == "clear"
    assert "# the owner" in merged


def test_a_reader_taken_out_there_is_out_here() -> None:
    two = BASE.replace("  # the owner\n", f"\n  ben: {BEN}\n").replace("[ada]", "[ada, ben]")
    ours = two.replace("version: 1", "version: 1  # ours")
    base = Config.parse(two.encode())

    merged = merge_texts(base, ours.encode(), Config.parse(BASE.encode())).decode()

    assert "ben" not in merged
    assert "# ours" in merged


def test_one_thing_changed_in_two_ways_is_for_a_person_to_decide() -> None:
    with pytest.raises(RefusedError, match=r"ada"):
        merge(BASE.replace(ADA, BEN), BASE.replace(ADA, EVE))
