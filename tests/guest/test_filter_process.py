# SPDX-License-Identifier: Apache-2.0
"""git itself and its filter process: when it is started, when it dies, and odd names of files."""

from __future__ import annotations

import os
from pathlib import Path

from desk import ENV, PEM
from gitworld import ODD_NAMES, PUBLIC, Guest, canary_in_objects


class TestGit:
    def test_starts_one_process_for_all_files(self, ada: Guest, tmp_path: Path) -> None:
        counted = _counting(ada, tmp_path)
        ada.touch()
        path = f"{counted.parent}:{ada.environ['PATH']}"
        ada.do("add", "-A", PATH=path)
        assert (tmp_path / "starts").read_text() == "git filter-process\n"

    def test_stores_nothing_when_the_filter_dies(self, ada: Guest, tmp_path: Path) -> None:
        program = tmp_path / "bin/gitseal"
        program.parent.mkdir()
        program.write_text("#!/bin/sh\nkill -9 $$\n")
        program.chmod(0o755)
        ada.put("new.env", ENV)
        ada.put(PUBLIC, "changed\n")
        path = f"{program.parent}:{ada.environ['PATH']}"
        ada.do("add", "-A", code=128, PATH=path)
        assert ada.run("git", "diff", "--cached", "--name-only").out == ""
        assert not canary_in_objects(ada.folder)
        ada.do("add", "-A")
        ada.sealed(":new.env")

    def test_adds_files_of_any_name(self, ada: Guest) -> None:
        keys = os.fsencode(ada.folder / "keys")
        os.mkdir(keys)
        for name in ODD_NAMES:
            with open(keys + b"/" + name, "wb") as file:
                file.write(PEM.encode())
        ada.commit_all("odd names")
        ada.calm()
        assert not canary_in_objects(ada.folder)
        ada.copy(ada)
        for name in ODD_NAMES:
            with open(os.fsencode(ada.folder / "keys") + b"/" + name, "rb") as file:
                assert file.read() == PEM.encode()
        ada.calm()


def _counting(ada: Guest, tmp_path: Path) -> Path:
    program = tmp_path / "bin/gitseal"
    program.parent.mkdir()
    real = f"{ada.environ['PATH'].split(':')[0]}/gitseal"
    program.write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/starts"\nexec "{real}" "$@"\n')
    program.chmod(0o755)
    return program
