# SPDX-License-Identifier: Apache-2.0
"""One secret for a build service; a key on paper; the spellings of other tools."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from gitseal.masterkeys.recovery import RecoveryKey
from people import ENV, Person, owner


def test_one_secret_gives_a_build_service_key_and_trust(tmp_path: Path) -> None:
    ada, runner = owner(tmp_path), Person(tmp_path, "runner")
    made = ada.gitseal("keys", "ci", "robot")
    secret = made.stdout.strip()
    command = re.search("gitseal (readers add robot age1[0-9a-z]+)", made.stderr)
    assert command is not None
    assert re.fullmatch("[A-Za-z0-9_.-]+", secret)

    ada.gitseal(*command.group(1).split(), "--yes")
    ada.commit("The robot may read")
    runner.clone(ada)

    assert runner.gitseal("decrypt", ".env", GITSEAL_KEY=secret).stdout == ENV
    runner.gitseal("decrypt", ".env", code=4)
    cut = runner.gitseal("decrypt", ".env", code=2, GITSEAL_KEY=secret[:-3])
    assert secret[:30] not in cut.stderr


def test_after_a_rotation_the_build_service_needs_a_new_secret(tmp_path: Path) -> None:
    ada, runner = owner(tmp_path), Person(tmp_path, "runner")
    made = ada.gitseal("keys", "ci")
    command = re.search("gitseal (readers add ci age1[0-9a-z]+)", made.stderr)
    assert command is not None
    ada.gitseal(*command.group(1).split(), "--yes")
    ada.gitseal("rotate", "--yes")
    ada.git("add", "-A")
    ada.gitseal("apply", "--yes")
    ada.commit("New key")
    runner.clone(ada)

    refused = runner.gitseal("decrypt", ".env", code=4, GITSEAL_KEY=made.stdout.strip())
    assert "safety code" in refused.stderr


def test_a_key_on_paper_opens_again(tmp_path: Path) -> None:
    ada, heir = owner(tmp_path), Person(tmp_path, "heir")
    paper = RecoveryKey.generate()
    ada.gitseal("readers", "add", "recovery", paper.recipient, "--yes")
    ada.commit("Paper")
    heir.clone(ada)
    words = " ".join(paper.words())

    made = subprocess.run(
        [sys.executable, "-m", "gitseal", "keys", "from-words"],
        input=words, text=True, capture_output=True, env=heir.environ, cwd=heir.folder, check=True,
    )  # fmt: skip

    assert made.stdout.strip() == paper.recipient
    heir.gitseal("trust", "--yes")
    assert heir.gitseal("decrypt", ".env").stdout == ENV


def test_the_spellings_of_sops(tmp_path: Path) -> None:
    ada = owner(tmp_path)

    assert ada.gitseal("exec-env", ".env", 'echo "$B"').stdout == "two words\n"
    assert ada.gitseal("exec-file", ".env", "cat {}").stdout == ENV
    assert ada.gitseal("-d", ".env").stdout == ENV
    assert ada.gitseal("open", ".env").stdout == ENV
    assert "is sealed already" in ada.gitseal("seal", ".env").stderr
    assert "is applied" in ada.gitseal("updatekeys").stderr
