# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitseal.errors import ChangedError
from gitseal.files import Lock

ROOT = Path(__file__).resolve().parents[2]
HOLDER = """
import sys, time
from gitseal.files import Lock
with Lock(sys.argv[1], sys.argv[2]):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(directory: Path, name: str) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory), name],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def test_a_lock_names_its_holder_and_ends_with_it(tmp_path: Path) -> None:
    child = holder(tmp_path, "apply")
    try:
        start = time.monotonic()
        with pytest.raises(ChangedError, match=f"process {child.pid}") as caught:
            Lock(str(tmp_path), "apply", seconds=0.2).__enter__()
        assert 0.2 <= time.monotonic() - start < 5
        assert "apply" in caught.value.message
    finally:
        child.kill()
        child.communicate()

    with Lock(str(tmp_path), "apply", seconds=0.2):
        pass


def test_other_names_are_other_locks(tmp_path: Path) -> None:
    odd = ["apply", "envs/prod/ä b.yaml", "../../escape", "\udcff", "A", "a", ""]
    for name in odd:
        with Lock(str(tmp_path), "other", seconds=0.1), Lock(str(tmp_path), name, seconds=0.1):
            pass

    assert len(os.listdir(tmp_path / "gitseal" / "locks")) == len(odd) + 1
    assert os.listdir(tmp_path) == ["gitseal"]


def test_a_lock_is_taken_again_and_again(tmp_path: Path) -> None:
    for _ in range(3):
        with Lock(str(tmp_path), "apply", seconds=0.1) as lock:
            assert Path(lock.path).read_text() == f"{os.getpid()}\n"
