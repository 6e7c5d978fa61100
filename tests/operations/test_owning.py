# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from desk import Desk
from gitseal.masterkeys.age import canonical
from gitseal.masterkeys.identities import generate_identity
from gitseal.operations import owning
from gitseal.policy.terms import Reader


def test_keys_are_told_with_the_place_they_were_found_in(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = generate_identity(str(desk.home / "other.txt"))
    monkeypatch.setenv("GITSEAL_IDENTITY_FILE", str(desk.home / "other.txt"))
    uri = owning.make_local_key(str(desk.home / ".config/gitseal/keys"))

    mine = {one.key: one.origin for one in owning.own_keys(desk.workspace())}

    assert mine[canonical(desk.recipient)].endswith("identity.txt")
    assert "GITSEAL_IDENTITY_FILE" in mine[other]
    assert mine[uri].endswith(".key")


def test_which_scopes_open_is_told_without_unwrapping(desk: Desk) -> None:
    stranger = generate_identity(str(desk.home / "stranger.txt"))
    desk.scope("mine", files=["a.yaml"])
    desk.scope("theirs", files=["b.yaml"], readers=[Reader("eve", stranger)])
    current = desk.workspace()

    told = {one.name: one.readers for one in owning.scopes_here(current, owning.own_keys(current))}

    assert told == {"mine": ("ada",), "theirs": ()}
    assert getattr(current.session, "unwraps", 0) == 0


def test_outside_a_repository_there_are_no_scopes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk.home)
    current = desk.workspace()

    assert owning.scopes_here(current, owning.own_keys(current)) == []
