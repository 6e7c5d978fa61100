# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gitseal.repository.finding import find
from gitseal.repository.indexfile import StagedTree, blob_id, parse_index
from gitseal.repository.trees import IndexTree

Git = Callable[..., subprocess.CompletedProcess[str]]


def trees(repo: Path) -> tuple[StagedTree, IndexTree]:
    repository = find(str(repo))
    assert repository is not None
    return StagedTree(repository, limit=1 << 20), IndexTree(repository)


@pytest.fixture
def filled(repo: Path, git: Git) -> Path:
    for number in range(40):
        file = repo / ("a" * (number % 9 + 1)) / f"file{number}.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_text(str(number))
    (repo / "run.sh").write_text("x")
    (repo / "run.sh").chmod(0o755)
    (repo / "link").symlink_to("run.sh")
    git("add", ".")
    return repo


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_the_index_reads_as_git_reads_it(version: str, filled: Path, git: Git) -> None:
    git("update-index", "--index-version", version)
    if version == "3":
        git("update-index", "--skip-worktree", "run.sh")
    data = (filled / ".git/index").read_bytes()
    assert data[7] == int(version)

    parsed = parse_index(data)

    ours, theirs = trees(filled)
    assert parsed is not None
    assert list(ours.entries()) == list(theirs.entries())
    assert len(parsed[0]) == 42


def test_conflicts_read_as_git_reads_them(filled: Path, git: Git) -> None:
    blob = git("hash-object", "-w", "run.sh").stdout.strip()
    git("rm", "-q", "--cached", "run.sh")
    lines = "".join(f"100644 {blob} {stage}\trun.sh\n" for stage in (1, 3))
    git("update-index", "--index-info", input=lines)
    ours, theirs = trees(filled)

    assert ours.conflicts == theirs.conflicts == {"run.sh"}
    assert ours.stages("run.sh") == theirs.stages("run.sh") == {1: b"x", 3: b"x"}


def test_a_name_without_content_is_not_staged(filled: Path, git: Git) -> None:
    (filled / "later.txt").write_text("later")
    git("add", "-N", "later.txt")

    ours, _theirs = trees(filled)

    assert ours.read("later.txt") is None


def test_a_split_index_is_left_to_git(filled: Path, git: Git) -> None:
    git("update-index", "--split-index")
    assert parse_index((filled / ".git/index").read_bytes()) is None

    ours, theirs = trees(filled)

    assert list(ours.entries()) == list(theirs.entries())


@pytest.mark.parametrize("size", [0, 3, 11, 40, 90, 700])
def test_a_truncated_index_is_left_to_git(size: int, filled: Path) -> None:
    index = filled / ".git/index"
    index.write_bytes(index.read_bytes()[:size])

    try:
        parsed = parse_index(index.read_bytes())
    except (ValueError, IndexError):
        return
    assert parsed is None


def test_no_index_is_an_empty_one(repo: Path) -> None:
    assert list(trees(repo)[0].entries()) == []


def test_content_comes_from_the_worktree_only_if_it_is_the_staged_one(
    filled: Path, git: Git
) -> None:
    ours, _theirs = trees(filled)
    (filled / "run.sh").write_text("changed")

    assert ours.read("run.sh") == b"x"
    assert dict(ours.read_many(["run.sh", "link", "a/file0.txt"])) == {
        "run.sh": b"x",
        "link": None,
        "a/file0.txt": b"0",
    }


def test_git_is_not_started_where_the_worktree_has_it(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subprocess.Popen", None)
    monkeypatch.setattr("subprocess.run", None)
    ours, _theirs = trees(filled)

    assert ours.read("a/file0.txt") == b"0"
    assert sorted(ours.paths("aa")) == [f"aa/file{n}.txt" for n in (1, 10, 19, 28, 37)]


def test_an_index_of_its_own_is_honoured(filled: Path, git: Git) -> None:
    other = filled / ".git/other"
    git("read-tree", "--empty", env={"GIT_INDEX_FILE": str(other), "PATH": "/usr/bin:/bin"})
    repository = find(str(filled), {"GIT_INDEX_FILE": str(other), "PATH": "/usr/bin:/bin"})
    assert repository is not None

    assert list(StagedTree(repository, limit=1000).entries()) == []


def test_blob_ids_are_those_of_git(filled: Path, git: Git) -> None:
    identity = git("hash-object", "run.sh").stdout.strip()

    assert blob_id(b"x", identity) == identity
    assert len(blob_id(b"x", "0" * 64)) == 64
