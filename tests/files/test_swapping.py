# SPDX-License-Identifier: Apache-2.0
"""Replacing files that git has as well: whole or not at all, and nothing in clear left behind."""

from __future__ import annotations

import errno
import os
import stat
import time
from pathlib import Path

import pytest

from gitseal.errors import ChangedError, GitsealError
from gitseal.files import swapping
from gitseal.files.swapping import Swapper

LIMIT = 1000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / ".git").mkdir(parents=True)
    (folder / "a").mkdir()
    (folder / "a" / "file").write_bytes(b"old")
    return folder


def swap(root: Path, data: bytes, path: str = "a/file") -> os.stat_result:
    with Swapper(str(root), str(root / ".git")) as swapper:
        found = swapper.read(path, LIMIT)
        assert found is not None
        return swapper.replace(path, data, found[1])


def waiting(root: Path) -> list[str]:
    return os.listdir(root / ".git" / "gitseal" / "swapping")


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o400])
def test_content_changes_and_the_mode_stays(mode: int, root: Path) -> None:
    (root / "a" / "file").chmod(mode)

    now = swap(root, b"new content")

    assert (root / "a" / "file").read_bytes() == b"new content"
    assert stat.S_IMODE(now.st_mode) == mode
    assert now == (root / "a" / "file").stat() or now.st_ino == (root / "a" / "file").stat().st_ino
    assert waiting(root) == []


def test_the_file_is_older_than_what_is_written_next(root: Path) -> None:
    assert swap(root, b"new").st_mtime < time.time() - 1


@pytest.mark.parametrize("without", ["exchange", "one file system"])
def test_other_systems(without: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swapping, "_renameat2", lambda: None)
    real = os.rename

    def rename(old: str, new: str, **options: int) -> None:
        if without == "one file system" and old == "new":
            raise OSError(errno.EXDEV, "another file system")
        real(old, new, **options)

    monkeypatch.setattr(os, "rename", rename)

    swap(root, b"new")

    assert (root / "a" / "file").read_bytes() == b"new"
    assert waiting(root) == []
    assert os.listdir(root / "a") == ["file"]


@pytest.mark.parametrize("change", ["content", "mode", "other file", "gone", "link"])
def test_what_was_changed_meanwhile_is_left_alone(change: str, root: Path) -> None:
    file = root / "a" / "file"
    with Swapper(str(root), str(root / ".git")) as swapper:
        found = swapper.read("a/file", LIMIT)
        assert found is not None
        if change == "content":
            file.write_bytes(b"mine")
        elif change == "mode":
            file.chmod(0o600)
        else:
            file.unlink()
            if change == "other file":
                file.write_bytes(b"mine")
            elif change == "link":
                file.symlink_to("elsewhere")

        with pytest.raises(GitsealError) as caught:
            swapper.replace("a/file", b"new", found[1])

        assert change == "gone" or isinstance(caught.value, ChangedError)
        # The next file goes on as if nothing had been.
        (root / "b").write_bytes(b"old")
        other = swapper.read("b", LIMIT)
        assert other is not None
        swapper.replace("b", b"new", other[1])

    assert not file.exists() or file.read_bytes() in (b"mine", b"old")
    assert waiting(root) == []


def test_what_a_killed_run_left_is_swept_away(root: Path) -> None:
    swap(root, b"new")
    (root / ".git" / "gitseal" / "swapping" / "new").write_bytes(b"clear")

    swap(root, b"newer")

    assert waiting(root) == []


@pytest.mark.parametrize("kind", ["link", "directory", "pipe", "large", "absent"])
def test_only_regular_files_are_read(kind: str, root: Path) -> None:
    path = root / "other"
    if kind == "link":
        path.symlink_to("a/file")
    elif kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "large":
        path.write_bytes(bytes(LIMIT + 1))
    with Swapper(str(root), str(root / ".git")) as swapper:
        assert swapper.read("other", LIMIT) is None


def test_nothing_is_reached_through_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_bytes(b"theirs")
    (root / "b").symlink_to(tmp_path / "outside")
    with Swapper(str(root), str(root / ".git")) as swapper:
        assert swapper.read("b/file", LIMIT) is None


def test_one_process_at_a_time(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Swapper(str(root), str(root / ".git")):
        second = Swapper(str(root), str(root / ".git"))
        second._lock.seconds = 0.1
        with pytest.raises(ChangedError, match="another gitseal"), second:
            pytest.fail("both at once")
