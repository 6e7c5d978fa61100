# SPDX-License-Identifier: Apache-2.0
"""Directories on a tmpfs, and a user whose editors are told to keep everything."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import needs
from gitseal.files.memory import is_in_memory
from gitseal.settings import Settings

CANARY = b"canary-4f1d0c2b9e"
SHM = "/dev/shm"

VIMRC = """
set swapfile updatecount=1 updatetime=1 undofile backup writebackup history=1000 modeline exrc
set backupskip=
set directory=~/swap// undodir=~/undo backupdir=~/backup patchmode=.orig {viminfo}
autocmd VimEnter,BufEnter * set swapfile undofile backup updatecount=1
autocmd BufWritePre * set undofile backup undodir=~/undo backupdir=~/backup
"""
NANORC = """
set backup
set backupdir "{home}/backup"
set historylog
set positionlog
set locking
"""


@pytest.fixture
def memory() -> Iterator[Path]:
    """A directory of mode 0700 on a tmpfs, as XDG_RUNTIME_DIR would be."""
    if not is_in_memory(SHM):
        pytest.skip(needs.REASON + "a tmpfs at /dev/shm")
    path = tempfile.mkdtemp(prefix="test-", dir=SHM)
    yield Path(path)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def settings(memory: Path, home: Path) -> Settings:
    """The user's settings, with `memory` as the runtime directory."""
    return Settings({**os.environ, "XDG_RUNTIME_DIR": str(memory), "TERM": "xterm"})


@pytest.fixture
def careless_home(home: Path) -> Path:
    """A home in which vim, nvim and nano are set to keep swap, undo, backups and histories."""
    for name in (
        "swap",
        "undo",
        "backup",
        ".config/nvim",
        ".config/nano",
        ".local/share/nano",
        ".local/state",
    ):
        (home / name).mkdir(parents=True)
    (home / ".vimrc").write_text(VIMRC.format(viminfo="viminfo='100,<1000,s100,:100,n~/viminfo"))
    (home / ".config/nvim/init.vim").write_text(VIMRC.format(viminfo="shada='100,<1000,s100,:100"))
    # As root, nano looks for ~/.nanorc in the home of the password file; this one it always finds.
    (home / ".config/nano/nanorc").write_text(NANORC.format(home=home))
    return home


def holding(*folders: Path) -> list[str]:
    """All files below `folders` with the canary in them, or in their name."""
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [
        str(path)
        for path in paths
        if CANARY in path.read_bytes() or CANARY in os.fsencode(path.name)
    ]
