# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from gitseal import files
from gitseal.errors import DocumentError, GitsealError, LimitError, NotFoundError, RefusedError


def test_a_file_comes_with_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"a: 1\n")

    data, snapshot = files.read_with_snapshot(str(path))

    assert data == b"a: 1\n"
    assert (snapshot.size, snapshot.inode, snapshot.links) == (5, path.stat().st_ino, 1)
    assert snapshot.exists
    assert not files.ABSENT.exists


def test_an_empty_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()

    assert files.read_limited(str(tmp_path / "empty")) == b""


def test_the_limit_is_inclusive(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 100)

    assert len(files.read_limited(str(path), 100)) == 100
    with pytest.raises(LimitError):
        files.read_limited(str(path), 99)


def test_a_file_whose_size_is_a_lie_is_limited_all_the_same() -> None:
    with pytest.raises(LimitError):
        files.read_limited("/proc/self/mountinfo", 10)
    assert files.read_limited("/proc/self/mountinfo")


def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    start = time.monotonic()

    with pytest.raises(DocumentError, match="a pipe"):
        files.read_limited(str(path))
    assert time.monotonic() - start < 1


def test_sockets_devices_and_directories_are_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        with pytest.raises(DocumentError, match="a socket"):
            files.read_limited(str(tmp_path / "s"))
    with pytest.raises(DocumentError, match="a device"):
        files.read_limited("/dev/zero")
    with pytest.raises(DocumentError, match="a directory"):
        files.read_limited(str(tmp_path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        files.read_limited(str(tmp_path / "nothing"))

    assert caught.value.path == str(tmp_path / "nothing")
    assert caught.value.__cause__ is None


def test_a_link_is_followed_only_where_that_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "link").symlink_to("a")

    assert files.read_limited(str(tmp_path / "link")) == b"x"
    with pytest.raises(RefusedError):
        files.read_limited(str(tmp_path / "link"), follow=False)


def test_a_circle_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")

    with pytest.raises(GitsealError):
        files.read_limited(str(tmp_path / "a"))


def test_names_of_any_bytes_are_read(tmp_path: Path) -> None:
    for raw in (b"-rf", b"a b", b"line\nbreak", b"\xff\xfe", b'"q"', b"x" * 255):
        path = os.path.join(os.fsencode(tmp_path), raw)
        with open(path, "wb") as file:
            file.write(raw)
        assert files.read_limited(os.fsdecode(path)) == raw


class TestResolveTarget:
    def test_a_file_inside_is_given_with_links_resolved(self, tmp_path: Path) -> None:
        root = tmp_path / "root"
        (root / "real").mkdir(parents=True)
        (root / "real" / "a").touch()
        (root / "link").symlink_to("real")

        assert files.resolve_target(str(root / "link" / "a"), str(root)) == str(root / "real/a")

    def test_a_new_file_may_be_missing(self, tmp_path: Path) -> None:
        assert files.resolve_target(str(tmp_path / "new"), str(tmp_path)) == str(tmp_path / "new")

    @pytest.mark.parametrize("target", ["../outside", "/etc/passwd", "../root-two/a"])
    def test_a_link_out_of_the_root_is_refused(self, tmp_path: Path, target: str) -> None:
        root = tmp_path / "root"
        root.mkdir()
        (tmp_path / "outside").touch()
        (tmp_path / "root-two").mkdir()
        (tmp_path / "root-two" / "a").touch()
        (root / "link").symlink_to(target)

        with pytest.raises(RefusedError) as caught:
            files.resolve_target(str(root / "link"), str(root))
        assert caught.value.exit_code == 6

    def test_a_directory_that_leads_out_is_refused(self, tmp_path: Path) -> None:
        root = tmp_path / "root"
        root.mkdir()
        (tmp_path / "outside").mkdir()
        (root / "dir").symlink_to("../outside")

        with pytest.raises(RefusedError):
            files.resolve_target(str(root / "dir" / "new"), str(root))

    def test_a_link_to_nothing_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to("nothing")

        with pytest.raises(NotFoundError):
            files.resolve_target(str(tmp_path / "link"), str(tmp_path))

    @pytest.mark.parametrize("name", [".git/config", ".GIT/hooks/pre-commit", "sub/.git/config"])
    def test_git_itself_is_out_of_bounds(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
        (tmp_path / "link").symlink_to(name)

        for path in (tmp_path / name, tmp_path / "link"):
            with pytest.raises(RefusedError):
                files.resolve_target(str(path), str(tmp_path))

    def test_without_a_root_there_is_no_limit(self, tmp_path: Path) -> None:
        assert files.resolve_target("/etc/passwd", None) == os.path.realpath("/etc/passwd")
