# SPDX-License-Identifier: Apache-2.0
"""Clear text put in the place of a sealed file, and files that carry keys of their own."""

from __future__ import annotations

from pathlib import Path

from desk import Desk
from people import Person, owner


def test_one_value_does_not_launder_a_file_that_was_swapped_for_clear_text(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    ada.write(".env", "A=evil\nB=2\n")

    refused = ada.gitseal("set", ".env", "B", "3", code=6)

    assert "git has it sealed" in refused.stderr
    assert ada.read(".env") == "A=evil\nB=2\n"
    told = ada.gitseal("encrypt", ".env").stderr
    assert "git has it sealed" in told


def test_nor_one_whose_sealed_form_git_has_damaged(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    sealed = ada.read(".env")
    ada.write(".env", sealed.replace("# gitseal epoch: 1", "# gitseal epoch: 01"))
    ada.git("commit", "-qam", "damage")
    ada.write(".env", "A=evil\nB=2\n")

    assert "git has it sealed" in ada.gitseal("set", ".env", "B", "3", code=6).stderr


def test_sealed_values_without_their_header_are_no_values_in_a_plain_scope(desk: Desk) -> None:
    file = _sealed_in_a_plain_scope(desk)
    cut = "".join(line for line in file.splitlines(True) if not line.startswith("# gitseal"))
    desk.write(".env", cut)

    for words in (("get", ".env", "A"), ("run", ".env", "--", "true"), ("decrypt", ".env")):
        refused = desk(*words, code=125 if words[0] == "run" else 3)
        assert "but not the gitseal header" in refused.err


def _sealed_in_a_plain_scope(desk: Desk) -> str:
    from gitseal.operations.sealing import seal_content

    desk.scope(worktree="plain")
    current = desk.workspace()
    return seal_content(current, b"A=1\n", current.locate(".env")).decode()


def test_a_new_file_in_clear_can_be_set_and_is_sealed_by_that(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    ada.write("config/new.yaml", "a: 1\n")

    ada.gitseal("set", "config/new.yaml", "b", "2")

    assert "seal:v1" in ada.read("config/new.yaml")


def test_run_takes_no_nearest_file_that_nobody_here_vouches_for(tmp_path: Path) -> None:
    ada, eve = owner(tmp_path), Person(tmp_path, "eve")
    ada.write(".gitseal.yaml", ada.read(".gitseal.yaml").replace('".env"', '"/.env"'))
    ada.gitseal("apply", "--yes")
    eve.write(".env", "A=evil\n")
    eve.gitseal("encrypt", "--to", ada_key(ada), ".env")
    ada.write("app/.env", eve.read(".env"))
    top = ada.folder
    ada.folder = top / "app"

    ran = ada.gitseal("run", "--", "sh", "-c", 'echo "A is $A"')

    assert ran.stdout == "A is 1\n"


def ada_key(person: Person) -> str:
    return person.gitseal("keys", "whoami").stdout.split()[0]
