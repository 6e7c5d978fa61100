# SPDX-License-Identifier: Apache-2.0
"""Canonical JSON is what the standard library writes, and refuses what has two spellings."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseal.crypto.encoding import canonical_json


@given(
    st.recursive(
        st.text(st.characters(exclude_categories=["Cs"])) | st.integers() | st.booleans()
        | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('ab"\\é'), inner),
    )
)  # fmt: skip
def test_canonical_json_is_that_of_the_standard_library(value: object) -> None:
    wanted = json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False) + "\n"

    assert canonical_json(value) == wanted.encode()


def test_canonical_json_has_no_floats() -> None:
    with pytest.raises(ValueError, match="no such type"):
        canonical_json({"a": 1.5})
