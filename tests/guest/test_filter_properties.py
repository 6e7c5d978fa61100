# SPDX-License-Identifier: Apache-2.0
"""Whatever lies in the worktree comes back from git byte for byte, or is refused."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from desk import ENV, JSON, YAML, Desk
from gitseal.errors import GitsealError
from gitseal.operations.cleaning import Cleaner
from gitseal.operations.smudging import Smudger

PIECES = [
    *(text.encode() for text in (ENV, YAML, JSON)), b"\r", b"\n", b"\0", b"\xff", b"\t", b"  ",
    b"A=1\n", b"a: 1\n", b"<<<<<<< x\n", b"=======\n", b">>>>>>> y\n", b"seal:v1[_", b"_]",
    b"gitseal:", b"# gitseal v: 1\n", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"&a ", b"*a", b"<<: *a\n",
    b"---\n", b"...\n", b"{", b"}", b"[", b"]", b'"', b"'", b"\\", b": ", b"- ", b"|\n", b">-\n",
    b"!!str ", b"%YAML 1.1\n---\n", b"# c\n", b"\0GITSEAL\x01", b",",
]  # fmt: skip
MADE_UP = (b"seal:v1[_", b"\0GITSEAL", b"gitseal")


@pytest.fixture
def plain(desk: Desk) -> Desk:
    desk.scope(worktree="plain")
    return desk


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([".env", "a.yaml", "a.json", "a.pem"]),
    st.lists(st.sampled_from(PIECES) | st.binary(max_size=5), max_size=6).map(b"".join),
)
@example("a.yaml", b"a: &x 1\nb: *x\n")
@example(".env", ENV.encode() + b"seal:v1[_")
def test_a_file_comes_back_or_is_refused(plain: Desk, path: str, data: bytes) -> None:
    cleaner, smudger = Cleaner(plain.workspace()), Smudger(plain.workspace())
    try:
        stored = cleaner.clean(path, data)
    except GitsealError:
        assert any(word in data for word in MADE_UP), "only what looks sealed is ever refused"
        return
    finally:
        smudger.finish()

    assert smudger.smudge(path, stored) == data
    assert cleaner.clean(path, stored) == stored
    assert cleaner.clean(f"deep/{path}", data) == stored
    smudger.finish()
