# SPDX-License-Identifier: Apache-2.0
"""What the index remembers of files: read as git wrote it, written as git reads it."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gitseal.errors import ChangedError
from gitseal.repository import indexstat
from gitseal.repository.finding import Repository, find
from gitseal.repository.indexstat import IndexStat, forget, record

Git = Callable[..., subprocess.CompletedProcess[str]]
FILES = {"a": b"one\n", "dir/b": b"two\n", "c": b"three\n"}
LONG_AGO = 1_700_000_000


@pytest.fixture(params=[2, 3, 4])
def version(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def place(repo: Path, git: Git, version: int) -> Repository:
    """Three staged files, which are older than the index."""
    git("config", "index.version", str(version))
    for path, data in FILES.items():
        (repo / path).parent.mkdir(exist_ok=True)
        (repo / path).write_bytes(data)
        os.utime(repo / path, ns=(LONG_AGO * 10**9 + 5, LONG_AGO * 10**9 + 5))
    git("add", "-A")
    if version == 3:
        (repo / "new").touch()
        git("add", "-N", "new")  # an extended entry
    found = find(str(repo), dict(os.environ))
    assert found is not None
    return found


def identity(git: Git, path: str) -> str:
    return git("rev-parse", f":{path}").stdout.strip()


def known(git: Git, path: str) -> str:
    """What git says that it remembers."""
    return git("ls-files", "--debug", path).stdout


def changed(git: Git) -> list[str]:
    """What git calls changed."""
    lines = git("update-index", "--refresh", check=False).stdout.splitlines()
    return [line.partition(": ")[0] for line in lines]


def test_an_unchanged_file_is_known(place: Repository, repo: Path) -> None:
    stat = IndexStat(place)

    assert all(stat.is_unchanged(path, (repo / path).stat()) for path in FILES)
    assert not stat.is_unchanged("unknown", (repo / "a").stat())


@pytest.mark.parametrize("change", ["content", "same time", "touched", "replaced", "young"])
def test_a_changed_one_is_not(change: str, place: Repository, repo: Path) -> None:
    file = repo / "a"
    if change == "young":
        os.utime(f"{place.git_dir}/index", (LONG_AGO, LONG_AGO))
    elif change == "touched":
        file.touch()
    elif change == "replaced":
        (repo / "other").write_bytes(FILES["a"])
        (repo / "other").replace(file)
    else:
        file.write_bytes(b"eno\n")
    if change in {"same time", "replaced"}:
        os.utime(file, ns=(LONG_AGO * 10**9 + 5, LONG_AGO * 10**9 + 5))

    assert not IndexStat(place).is_unchanged("a", file.stat())


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_what_git_was_told_not_to_look_at_is_not_known(
    flag: str, place: Repository, repo: Path, git: Git
) -> None:
    git("update-index", flag, "a")

    assert not IndexStat(place).is_unchanged("a", (repo / "a").stat())


def test_what_is_recorded_is_what_git_would_have_written(
    place: Repository, repo: Path, git: Git
) -> None:
    forget(place, {"a": (0o100644, identity(git, "a"))})
    assert "size: 0" in known(git, "a")
    record(place, {"a": (identity(git, "a"), (repo / "a").stat())})
    ours = known(git, "a")
    git("update-index", "--force-remove", "a")
    git("add", "a")

    assert known(git, "a") == ours
    git("fsck")


def test_a_forgotten_file_of_another_size_is_read_again(
    place: Repository, repo: Path, git: Git
) -> None:
    (repo / ".git" / "info" / "attributes").write_text("a filter=cut\n")
    git("config", "filter.cut.clean", "head -n 1")
    (repo / "a").write_bytes(FILES["a"] + b"more\n")
    assert "a" in changed(git)

    forget(place, {"a": (0o100644, identity(git, "a"))})

    assert "a" not in changed(git)


def test_other_contents_are_not_recorded(place: Repository, repo: Path, git: Git) -> None:
    (repo / "a").write_bytes(b"changed\n")

    assert record(place, {"a": ("0" * 40, (repo / "a").stat())})

    assert "a" in changed(git)


def test_the_checksum_is_right_or_as_it_was(place: Repository, repo: Path, git: Git) -> None:
    index = Path(place.git_dir, "index")
    info = (repo / "a").stat()
    assert record(place, {"a": (identity(git, "a"), info)})
    data = index.read_bytes()
    assert hashlib.sha1(data[:-20]).digest() == data[-20:]

    index.write_bytes(data[:-20] + bytes(20))  # index.skipHash
    assert record(place, {"a": (identity(git, "a"), info)})
    assert index.read_bytes()[-20:] == bytes(20)


def test_a_damaged_index_is_not_made_valid(place: Repository, repo: Path, git: Git) -> None:
    index = Path(place.git_dir, "index")
    data = bytearray(index.read_bytes())
    identity_of_a = identity(git, "a")
    data[30] ^= 1
    index.write_bytes(data)

    record(place, {"a": (identity_of_a, (repo / "a").stat())})

    assert index.read_bytes() == data


def test_a_locked_index_is_waited_for_and_then_left(
    place: Repository, repo: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexstat, "_SECONDS", 0.1)
    lock = Path(place.git_dir, "index.lock")
    lock.touch()

    assert not record(place, {"a": (identity(git, "a"), (repo / "a").stat())})
    with pytest.raises(ChangedError):
        forget(place, {"a": (0o100644, identity(git, "a"))})
    assert lock.exists()


@pytest.mark.parametrize("kind", ["split", "sha256"])
def test_an_unusual_index_is_written_by_git(kind: str, tmp_path: Path, git: Git) -> None:
    folder = tmp_path / "other"
    options = ["--object-format=sha256"] if kind == "sha256" else []
    git("init", "-q", *options, str(folder))
    (folder / "a").write_bytes(b"one\n")
    git("-C", str(folder), "add", "a")
    if kind == "split":
        git("-C", str(folder), "update-index", "--split-index")
    here = find(str(folder), dict(os.environ))
    assert here is not None
    name = git("-C", str(folder), "rev-parse", ":a").stdout.strip()

    forget(here, {"a": (0o100644, name)})
    assert not IndexStat(here).is_unchanged("a", (folder / "a").stat())
    assert record(here, {"a": (name, (folder / "a").stat())})

    assert "size: 4" in git("-C", str(folder), "ls-files", "--debug").stdout
