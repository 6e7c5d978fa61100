# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitseal.errors import GitsealError
from gitseal.files.memory import is_in_memory
from gitseal.launch import tmpfs
from gitseal.launch.tmpfs import PrivateDirectory, places, sweep
from gitseal.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
HOLDER = """
import sys, time
from gitseal.launch.tmpfs import PrivateDirectory
from gitseal.settings import Settings
with PrivateDirectory(Settings.from_environment()) as directory:
    directory.write("a.yaml", b"secret")
    print(directory.path, flush=True)
    time.sleep(60)
print("went on")
"""


def holder(memory: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        cwd=ROOT,
        env={**os.environ, "XDG_RUNTIME_DIR": str(memory)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_private_directory_is_in_memory_and_goes(settings: Settings, memory: Path) -> None:
    with PrivateDirectory(settings) as directory:
        path = Path(directory.path)
        file = Path(directory.write("a.yaml", b"secret"))
        assert directory.in_memory
        assert path.parent == memory
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        (path / "more").mkdir()
        (path / "more" / "swap").write_bytes(b"secret")

    assert not list(memory.iterdir())


def test_modes_do_not_depend_on_the_umask(settings: Settings) -> None:
    before = os.umask(0)
    try:
        with PrivateDirectory(settings) as directory:
            file = directory.write("a", b"")
            assert stat.S_IMODE(os.stat(directory.path).st_mode) == 0o700
            assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    finally:
        os.umask(before)


def test_it_goes_when_the_inside_fails(settings: Settings, memory: Path) -> None:
    directory = PrivateDirectory(settings)
    with pytest.raises(ZeroDivisionError), directory:
        _ = directory.write("a", b"secret"), 1 / 0

    assert not list(memory.iterdir())


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT])
def test_it_goes_at_signals(memory: Path, number: signal.Signals) -> None:
    child = holder(memory)
    assert child.stdout is not None
    path = Path(child.stdout.readline().strip())
    assert (path / "a.yaml").exists()

    child.send_signal(number)
    output, _ = child.communicate(timeout=20)

    assert not path.exists()
    assert "went on" not in output
    assert child.returncode in (128 + number, -number)


def test_what_a_killed_process_left_goes_at_the_next_start(
    memory: Path, settings: Settings
) -> None:
    child = holder(memory)
    living = holder(memory)
    assert child.stdout is not None
    assert living.stdout is not None
    left = Path(child.stdout.readline().strip())
    held = Path(living.stdout.readline().strip())
    child.kill()
    child.communicate()
    assert (left / "a.yaml").exists()

    with PrivateDirectory(settings) as directory:
        assert {left.exists(), held.exists(), Path(directory.path).exists()} == {False, True}
        assert not left.exists()
    living.kill()
    living.communicate()


def test_a_long_lived_directory_is_not_swept(settings: Settings, memory: Path) -> None:
    with PrivateDirectory(settings) as directory:
        os.utime(directory.path, (time.time() - 90_000,) * 2)

        assert sweep(str(memory)) == 0
        assert os.path.isdir(directory.path)


def test_other_directories_are_not_swept(memory: Path) -> None:
    for name in ("gitseal-x", "gitseal-0-x", "other-1-x"):
        (memory / name).mkdir()
    (memory / "gitseal-999999999-file").touch()
    (memory / "gitseal-999999999-link").symlink_to(memory / "other-1-x")

    sweep(str(memory))

    names = {path.name for path in memory.iterdir()}
    assert names >= {"gitseal-x", "other-1-x", "gitseal-999999999-file", "gitseal-999999999-link"}


def test_without_memory_it_is_on_disk_and_says_so_once(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tmpfs, "is_in_memory", lambda path: False)
    folder = tmp_path / "tmp"
    folder.mkdir(mode=0o700)
    said: list[str] = []

    for _ in range(2):
        with PrivateDirectory(Settings({"TMPDIR": str(folder)}), said.append) as directory:
            assert not directory.in_memory
            assert stat.S_IMODE(os.stat(directory.path).st_mode) == 0o700
            assert Path(directory.path).is_relative_to(folder)

    assert len(said) == 1
    assert str(folder) in said[0]
    assert not list(folder.iterdir())


def test_places_others_can_write_to_are_not_used(memory: Path) -> None:
    open_to_all = memory / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)

    chosen = [path for path, _ in places(Settings({"XDG_RUNTIME_DIR": str(open_to_all)}))]

    assert str(open_to_all) not in chosen


def test_no_place_at_all_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tmpfs, "places", lambda settings: iter(()))

    with pytest.raises(GitsealError, match="no place"):
        PrivateDirectory(Settings({})).__enter__()


def test_what_the_kernel_says_decides(tmp_path: Path, memory: Path) -> None:
    assert is_in_memory(str(memory))
    assert not is_in_memory("/proc")
    assert not is_in_memory("/nowhere")


@pytest.mark.needs("the right to mount")
def test_full_memory_is_a_clear_error(small_disk: Path) -> None:
    with PrivateDirectory(Settings({"XDG_RUNTIME_DIR": str(small_disk)})) as directory:
        with pytest.raises(GitsealError, match="no space") as caught:
            directory.write("a", b"x" * (1 << 20))
        assert caught.value.hint
    assert not list(small_disk.iterdir())
