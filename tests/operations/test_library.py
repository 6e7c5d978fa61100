# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

import gitseal
from desk import CANARY, YAML, Desk


def test_a_sealed_file_gives_its_bytes(app: Desk) -> None:
    app.seal("a.yaml", YAML)

    assert gitseal.open_file("a.yaml") == YAML.encode()


def test_a_value_is_text(app: Desk) -> None:
    app.seal("a.yaml", YAML)

    assert gitseal.read_value("a.yaml", "db.password") == CANARY
    assert gitseal.read_value("a.yaml", "db.port") == "5432"


def test_sealing_writes_nothing_and_is_what_the_command_writes(app: Desk) -> None:
    sealed = gitseal.seal_bytes(YAML.encode(), "a.yaml")

    assert not Path("a.yaml").exists()
    assert app.seal("a.yaml", YAML).read_bytes() == sealed


def test_errors_are_of_one_class(app: Desk) -> None:
    app.write("a.yaml", YAML)

    for call in (
        lambda: gitseal.open_file("a.yaml"),
        lambda: gitseal.open_file("nowhere.yaml"),
        lambda: gitseal.read_value("a.yaml", "db"),
        lambda: gitseal.seal_bytes(b"a: [", "a.yaml"),
        lambda: gitseal.seal_bytes(b"a", "notes.txt"),
    ):
        with pytest.raises(gitseal.GitsealError) as caught:
            call()
        assert CANARY not in str(caught.value)
