# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import random
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import needs
from gitseal import files
from gitseal.errors import ChangedError, DocumentError, GitsealError, NotFoundError, RefusedError
from gitseal.files import writing

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def leftovers(directory: Path) -> list[str]:
    return [name for name in os.listdir(directory) if name.endswith(".tmp")]


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_is_replaced_and_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")

    files.write_atomically(str(path), b"new")

    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o755, 0o200])
def test_the_mode_stays(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(mode)

    files.write_atomically(str(path), b"new")

    assert mode_of(path) == mode


def test_a_given_mode_only_narrows_an_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(0o640)

    files.write_atomically(str(path), b"new", mode=0o666)
    assert mode_of(path) == 0o640
    files.write_atomically(str(path), b"new", mode=0o600)
    assert mode_of(path) == 0o600


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a_new_file_is_private_unless_more_is_asked_for(
    tmp_path: Path, umask: None, mask: int
) -> None:
    os.umask(mask)

    files.write_atomically(str(tmp_path / "private"), b"x")
    files.write_atomically(str(tmp_path / "shared"), b"x", mode=0o644)

    assert mode_of(tmp_path / "private") == 0o600
    assert mode_of(tmp_path / "shared") == 0o644 & ~mask


def test_the_temporary_file_is_private_and_beside_its_target(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(0o600)

    with files.Writes() as writes:
        writes.add(str(path), b"new")
        (name,) = leftovers(tmp_path)
        assert mode_of(tmp_path / name) == 0o600
        assert name.startswith(".gitseal-")

    assert path.read_bytes() == b"old"
    assert not leftovers(tmp_path)


def test_a_changed_target_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    _, seen = files.read_with_snapshot(str(path))
    path.write_bytes(b"OLD")

    with pytest.raises(ChangedError) as caught:
        files.write_atomically(str(path), b"new", expect=seen)

    assert caught.value.exit_code == 7
    assert path.read_bytes() == b"OLD"
    assert not leftovers(tmp_path)


@pytest.mark.parametrize("change", ["grow", "remove", "chmod", "link"])
def test_a_change_between_staging_and_renaming_is_seen(tmp_path: Path, change: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(0o644)
    _, seen = files.read_with_snapshot(str(path))

    with files.Writes() as writes:
        writes.add(str(path), b"new", expect=seen)
        if change == "grow":
            path.write_bytes(b"old and more")
        elif change == "remove":
            path.unlink()
        elif change == "chmod":
            path.chmod(0o600)
        else:
            path.rename(tmp_path / "b")
            path.symlink_to("b")
        with pytest.raises((ChangedError, RefusedError)):
            writes.commit()

    assert b"new" not in [each.read_bytes() for each in tmp_path.iterdir()]


def test_a_file_replaced_by_its_equal_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    _, seen = files.read_with_snapshot(str(path))
    (tmp_path / "b").write_bytes(b"old")
    (tmp_path / "b").rename(path)

    files.write_atomically(str(path), b"new", expect=seen)

    assert path.read_bytes() == b"new"


def test_a_new_file_does_not_replace_one_that_appeared(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with files.Writes() as writes:
        writes.add(str(path), b"new", expect=files.ABSENT)
        path.write_bytes(b"somebody else")
        with pytest.raises(ChangedError):
            writes.commit()

    assert path.read_bytes() == b"somebody else"
    assert not leftovers(tmp_path)


def test_links_and_other_things_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "link").symlink_to("a")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dir").mkdir()

    with pytest.raises(RefusedError):
        files.write_atomically(str(tmp_path / "link"), b"new")
    for name in ("pipe", "dir"):
        with pytest.raises(DocumentError):
            files.write_atomically(str(tmp_path / name), b"new")
    assert (tmp_path / "link").is_symlink()
    assert not leftovers(tmp_path)


def test_a_directory_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (tmp_path / "outside").mkdir()
    root.mkdir()
    (root / "dir").symlink_to("../outside")

    with pytest.raises(GitsealError):
        files.write_atomically(str(root / "dir" / "a"), b"new", root=str(root))
    with pytest.raises(GitsealError):
        files.write_atomically(str(root / "dir" / "b" / "a"), b"new", root=str(root), parents=0o755)
    with pytest.raises(RefusedError):
        files.write_atomically(str(tmp_path / "outside" / "a"), b"new", root=str(root))
    assert not os.listdir(tmp_path / "outside")


def test_missing_directories_are_made_where_that_is_asked_for(tmp_path: Path) -> None:
    target = tmp_path / "x" / "y" / "a"

    with pytest.raises(NotFoundError):
        files.write_atomically(str(target), b"new", root=str(tmp_path))
    files.write_atomically(str(target), b"new", root=str(tmp_path), parents=0o700)

    assert target.read_bytes() == b"new"
    assert mode_of(tmp_path / "x") == 0o700


def test_names_of_any_bytes_are_written(tmp_path: Path) -> None:
    for raw in (b"-rf", b"a b", b"line\nbreak", b"\xff\xfe", b'"q"', b"x" * 255):
        path = os.fsdecode(os.path.join(os.fsencode(tmp_path), raw))
        files.write_atomically(path, raw, root=str(tmp_path), expect=files.ABSENT)
        assert files.read_limited(path) == raw


def test_attributes_and_access_lists_stay(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    try:
        os.setxattr(path, "user.note", b"mine")
    except OSError:
        pytest.skip(needs.REASON + "extended attributes")

    files.write_atomically(str(path), b"new")

    assert os.getxattr(path, "user.note") == b"mine"


def test_an_access_list_is_kept_or_closed(tmp_path: Path) -> None:
    # Version 2; user::rw-, user:nobody:rw-, group::---, mask::rw-, other::---
    entries = [(1, 6, -1), (2, 6, 65534), (4, 0, -1), (16, 6, -1), (32, 0, -1)]
    value = b"\x02\x00\x00\x00" + b"".join(
        tag.to_bytes(2, "little")
        + rights.to_bytes(2, "little")
        + (who & 0xFFFFFFFF).to_bytes(4, "little")
        for tag, rights, who in entries
    )
    path = tmp_path / "a"
    path.write_bytes(b"old")
    try:
        os.setxattr(path, "system.posix_acl_access", value)
    except OSError:
        pytest.skip(needs.REASON + "access lists")

    files.write_atomically(str(path), b"new")

    assert os.getxattr(path, "system.posix_acl_access") == value


@pytest.mark.needs("root")
def test_root_leaves_the_owner_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    os.chown(path, 65534, 65534)

    files.write_atomically(str(path), b"new")

    assert (path.stat().st_uid, path.stat().st_gid) == (65534, 65534)


def test_removing_checks_like_writing(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    _, seen = files.read_with_snapshot(str(path))
    path.write_bytes(b"new")

    with pytest.raises(ChangedError):
        files.remove(str(path), expect=seen)
    files.remove(str(path), expect=files.read_with_snapshot(str(path))[1], root=str(tmp_path))

    assert not path.exists()
    with pytest.raises(NotFoundError):
        files.remove(str(path))


class TestSeveralFiles:
    def test_all_are_written(self, tmp_path: Path) -> None:
        with files.Writes() as writes:
            for name in "abc":
                writes.add(str(tmp_path / name), name.encode())
            writes.commit()

        assert sorted(os.listdir(tmp_path)) == ["a", "b", "c"]

    def test_one_changed_target_stops_all(self, tmp_path: Path) -> None:
        snapshots = {}
        for name in "abc":
            (tmp_path / name).write_bytes(b"old")
            snapshots[name] = files.read_with_snapshot(str(tmp_path / name))[1]
        with files.Writes() as writes:
            for name, snapshot in snapshots.items():
                writes.add(str(tmp_path / name), b"new", expect=snapshot)
            (tmp_path / "c").write_bytes(b"theirs")
            with pytest.raises(ChangedError):
                writes.commit()

        assert [(tmp_path / name).read_bytes() for name in "abc"] == [b"old", b"old", b"theirs"]
        assert not leftovers(tmp_path)

    def test_one_that_cannot_be_staged_stops_all(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"old")

        with files.Writes() as writes:
            writes.add(str(tmp_path / "a"), b"new")
            with pytest.raises(NotFoundError):
                writes.add(str(tmp_path / "missing" / "b"), b"new")

        assert (tmp_path / "a").read_bytes() == b"old"
        assert not leftovers(tmp_path)


class TestFullDisk:
    @pytest.mark.needs("the right to mount")
    def test_a_full_disk_leaves_the_old_file(self, small_disk: Path) -> None:
        path = small_disk / "a"
        path.write_bytes(b"old")

        with pytest.raises(GitsealError, match="no space") as caught:
            files.write_atomically(str(path), b"x" * (1 << 20))

        assert caught.value.hint
        assert path.read_bytes() == b"old"
        assert not leftovers(small_disk)

    def test_a_limit_on_file_sizes_leaves_the_old_file(self, tmp_path: Path) -> None:
        path = tmp_path / "a"
        path.write_bytes(b"old")
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
        try:
            with pytest.raises(GitsealError, match="file too large") as caught:
                files.write_atomically(str(path), b"x" * 10_000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

        assert caught.value.hint
        assert path.read_bytes() == b"old"
        assert not leftovers(tmp_path)


def test_a_read_only_directory_is_a_clear_error(read_only_directory: Path) -> None:
    with pytest.raises(GitsealError, match="permission denied|read-only") as caught:
        files.write_atomically(str(read_only_directory / "a"), b"new")

    assert caught.value.hint
    assert (read_only_directory / "a").read_bytes() == b"old"


def test_a_write_protected_file_is_a_clear_error(read_only_file: Path) -> None:
    with pytest.raises(GitsealError, match="write-protected") as caught:
        files.write_atomically(str(read_only_file), b"new")

    assert caught.value.hint
    assert read_only_file.read_bytes() == b"old"
    assert not leftovers(read_only_file.parent)


@pytest.mark.needs("chattr", "immutable files")
def test_an_immutable_file_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    subprocess.run(["chattr", "+i", str(path)], check=True)
    try:
        with pytest.raises(GitsealError, match="write-protected|not permitted") as caught:
            files.write_atomically(str(path), b"new")
    finally:
        subprocess.run(["chattr", "-i", str(path)], check=True)

    assert caught.value.hint
    assert path.read_bytes() == b"old"
    assert not leftovers(tmp_path)


@pytest.mark.needs("the right to mount")
def test_a_write_protected_mount_is_a_clear_error(read_only_disk: Path) -> None:
    with pytest.raises(GitsealError, match="read-only") as caught:
        files.write_atomically(str(read_only_disk / "a"), b"new")

    assert caught.value.hint


class TestSweep:
    def test_temporary_files_of_the_dead_go(self, tmp_path: Path) -> None:
        child = subprocess.Popen(["true"])
        child.wait()
        dead = tmp_path / f".gitseal-{child.pid}-abc.tmp"
        alive = tmp_path / f".gitseal-{os.getppid()}-abc.tmp"
        others = [tmp_path / ".gitseal.yaml", tmp_path / ".gitseal-x.tmp", tmp_path / "a.tmp"]
        for path in (dead, alive, *others):
            path.touch()

        assert files.sweep(str(tmp_path)) == 1

        assert not dead.exists()
        assert all(path.exists() for path in (alive, *others))

    def test_a_day_later_the_living_lose_theirs(self, tmp_path: Path) -> None:
        path = tmp_path / f".gitseal-{os.getppid()}-abc.tmp"
        path.touch()
        os.utime(path, (time.time() - 90_000,) * 2)

        assert files.sweep(str(tmp_path)) == 1

    def test_the_next_writer_sweeps(self, tmp_path: Path) -> None:
        writing._swept.discard(str(tmp_path))
        child = subprocess.Popen(["true"])
        child.wait()
        (tmp_path / f".gitseal-{child.pid}-abc.tmp").touch()

        files.write_atomically(str(tmp_path / "a"), b"x")

        assert os.listdir(tmp_path) == ["a"]


WRITER = """
import sys
from gitseal import files
path, old, new = sys.argv[1], b"old" * 20000, b"new" * 30000
print("ready", flush=True)
while True:
    files.write_atomically(path, new)
    files.write_atomically(path, old)
"""


@pytest.mark.slow
def test_a_killed_writer_leaves_the_old_or_the_new_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    old, new = b"old" * 20000, b"new" * 30000
    path.write_bytes(old)
    path.chmod(0o640)
    seen = set()
    for _ in range(60):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(random.uniform(0, 0.02))
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        content = path.read_bytes()
        assert content in (old, new)
        assert mode_of(path) == 0o640
        seen.add(content)
    assert seen == {old, new}
    for name in leftovers(tmp_path):
        assert mode_of(tmp_path / name) & 0o077 in (0, 0o040)
    files.sweep(str(tmp_path))
    assert os.listdir(tmp_path) == ["a"]


COUNTER = """
import sys
from gitseal import files
from gitseal.errors import ChangedError
path, won = sys.argv[1], 0
for _ in range(30):
    data, seen = files.read_with_snapshot(path)
    try:
        files.write_atomically(path, data + b"x", expect=seen)
        won += 1
    except ChangedError:
        pass
print(won)
"""


def test_no_update_of_parallel_writers_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.touch()
    children = [
        subprocess.Popen(
            [sys.executable, "-c", COUNTER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(6)
    ]
    won = sum(int(child.communicate()[0]) for child in children)

    assert len(path.read_bytes()) == won > 0


def test_an_interrupted_writer_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.write_atomically(str(path), b"new")

    assert path.read_bytes() == b"old"
    assert not leftovers(tmp_path)
