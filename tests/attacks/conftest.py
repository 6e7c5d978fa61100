# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from desk import Desk


@pytest.fixture
def desk(
    repo: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Desk:
    """A person with a key in an empty repository; `desk.scope()` makes it one with secrets."""
    return Desk(repo, home, monkeypatch, capfd)


@pytest.fixture
def app(desk: Desk) -> Desk:
    """The same with one scope that claims structured files and keys."""
    desk.scope()
    return desk
