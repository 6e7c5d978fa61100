# SPDX-License-Identifier: Apache-2.0
"""Repositories of real git, in every shape it has."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gitseal.repository import Repository, find

ODD_NAMES = (b"-rf", b"line\nbreak", b"\xff\xfe", b":(top)x", b'"quoted"', b"tab\there", b"a b")
"""Names that git accepts, and that somebody's parser does not."""

Write = Callable[..., None]


@pytest.fixture
def write(repo: Path) -> Write:
    """Make files in the repository: `write({b"a/b": b"content"})`."""

    def make(contents: dict[bytes, bytes]) -> None:
        for name, data in contents.items():
            path = os.path.join(os.fsencode(repo), name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)

    return make


@pytest.fixture
def repository(repo: Path) -> Repository:
    """What we find of the repository that is the current directory."""
    found = find(str(repo), dict(os.environ))
    assert found is not None
    return found
