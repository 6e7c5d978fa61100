# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gitseal.errors import RefusedError
from gitseal.repository import Repository, find

Git = Callable[..., subprocess.CompletedProcess[str]]


def told_by_git(git: Git, cwd: Path) -> tuple[str, str, str]:
    """Root, git directory and common directory as git itself names them."""
    answers = git(
        "rev-parse", "--path-format=absolute", "--show-toplevel", "--git-dir", "--git-common-dir",
        cwd=cwd,
    )  # fmt: skip
    root, git_dir, common = answers.stdout.splitlines()
    return root, os.path.realpath(git_dir), os.path.realpath(common)


def found_by_us(cwd: Path, **environ: str) -> tuple[str, str, str]:
    found = find(str(cwd), environ)
    assert found is not None
    assert not found.foreign
    return found.root, found.git_dir, found.common_dir


def test_as_git_finds_it(repo: Path, git: Git) -> None:
    (repo / "a" / "b").mkdir(parents=True)

    for cwd in (repo, repo / "a" / "b"):
        assert found_by_us(cwd) == told_by_git(git, cwd)


def test_through_a_link(repo: Path, git: Git, tmp_path: Path) -> None:
    (repo / "a").mkdir()
    (tmp_path / "link").symlink_to(repo / "a")

    assert found_by_us(tmp_path / "link") == told_by_git(git, tmp_path / "link")


def test_a_linked_worktree(repo: Path, git: Git, tmp_path: Path) -> None:
    git("commit", "-q", "--allow-empty", "-m", "one")
    git("worktree", "add", "-q", str(tmp_path / "second"))
    (tmp_path / "second" / "sub").mkdir()

    root, git_dir, common = found_by_us(tmp_path / "second" / "sub")

    assert (root, git_dir, common) == told_by_git(git, tmp_path / "second" / "sub")
    assert common == str(repo / ".git") != git_dir


def test_a_submodule_is_a_repository_of_its_own(repo: Path, git: Git, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    git("init", "-q", str(inner))
    git("commit", "-q", "--allow-empty", "-m", "one", cwd=inner)
    git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "sub")

    assert found_by_us(repo / "sub") == told_by_git(git, repo / "sub")
    assert found_by_us(repo / "sub")[1] == str(repo / ".git/modules/sub")


def test_a_separate_git_directory(git: Git, tmp_path: Path) -> None:
    git("init", "-q", "--separate-git-dir", str(tmp_path / "store"), str(tmp_path / "work"))

    assert found_by_us(tmp_path / "work") == told_by_git(git, tmp_path / "work")


def test_inside_the_git_directory_the_worktree_is_found(repo: Path) -> None:
    assert found_by_us(repo / ".git" / "hooks")[0] == str(repo)


def test_a_bare_repository(git: Git, tmp_path: Path) -> None:
    git("init", "-q", "--bare", str(tmp_path / "x.git"))

    found = find(str(tmp_path / "x.git" / "refs"))

    assert found is not None
    assert found.bare
    assert found.root == found.git_dir == found.common_dir == str(tmp_path / "x.git")


def test_a_bare_repository_inside_another_is_only_files(repo: Path, git: Git) -> None:
    # Its files can be committed, with pins of the attacker's choice among them.
    git("init", "-q", "--bare", str(repo / "vendor" / "x"))

    assert found_by_us(repo / "vendor" / "x")[0] == str(repo)


def test_no_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    assert find(str(tmp_path)) is None
    assert find(str(tmp_path / "missing")) is None


@pytest.mark.parametrize(
    "text", [b"", b"gitdir: \n", b"gitdir: /nowhere\n", b"\xff" * 9000, b"x\0"]
)
def test_a_broken_pointer_is_no_repository(tmp_path: Path, text: bytes) -> None:
    (tmp_path / ".git").write_bytes(text)

    assert find(str(tmp_path)) is None


class TestNamedByTheEnvironment:
    def test_git_dir_means_that_here_is_the_top(self, repo: Path, tmp_path: Path) -> None:
        found = find(str(repo), {"GIT_DIR": ".git"})

        assert found is not None
        assert (found.root, found.git_dir, found.explicit) == (str(repo), str(repo / ".git"), True)

    def test_a_worktree_elsewhere(self, repo: Path, tmp_path: Path) -> None:
        environ = {"GIT_DIR": str(repo / ".git"), "GIT_WORK_TREE": str(tmp_path)}

        assert found_by_us(repo, **environ)[0] == str(tmp_path)

    def test_arguments_win(self, repo: Path, tmp_path: Path) -> None:
        found = find(str(tmp_path), {"GIT_DIR": "/x"}, git_dir="repo/.git", work_tree="repo")

        assert found is not None
        assert found.root == str(repo)

    def test_a_hook_in_a_linked_worktree(self, repo: Path, git: Git, tmp_path: Path) -> None:
        git("commit", "-q", "--allow-empty", "-m", "one")
        git("worktree", "add", "-q", str(tmp_path / "second"))
        environ = {"GIT_DIR": str(repo / ".git/worktrees/second")}

        root, _, common = found_by_us(tmp_path / "second", **environ)

        assert (root, common) == (str(tmp_path / "second"), str(repo / ".git"))

    def test_a_hook_with_a_separate_git_directory(self, git: Git, tmp_path: Path) -> None:
        git("init", "-q", "--separate-git-dir", str(tmp_path / "store"), str(tmp_path / "work"))

        found = find(str(tmp_path / "work"), {"GIT_DIR": str(tmp_path / "store")})

        assert found is not None
        assert (found.root, found.bare) == (str(tmp_path / "work"), False)

    def test_a_hook_in_a_submodule(self, repo: Path, git: Git, tmp_path: Path) -> None:
        inner = tmp_path / "inner"
        git("init", "-q", str(inner))
        git("commit", "-q", "--allow-empty", "-m", "one", cwd=inner)
        git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "sub")
        environ = {"GIT_DIR": str(repo / ".git/modules/sub")}

        assert found_by_us(repo / "sub", **environ)[0] == str(repo / "sub")

    def test_a_hook_in_a_bare_repository(self, git: Git, tmp_path: Path) -> None:
        git("init", "-q", "--bare", str(tmp_path / "x.git"))

        found = find(str(tmp_path / "x.git"), {"GIT_DIR": "."})

        assert found is not None
        assert found.bare

    def test_what_is_none(self, tmp_path: Path) -> None:
        assert find(str(tmp_path), {"GIT_DIR": "nowhere"}) is None


@pytest.mark.needs("root")
def test_a_repository_of_somebody_else_is_marked(repo: Path) -> None:
    os.chown(repo / ".git", 65534, 65534)

    found = find(str(repo))

    assert found is not None
    assert found.foreign


class TestRelative:
    def test_one_name_for_a_file(self, repo: Path, repository: Repository) -> None:
        (repo / "a").mkdir()
        (repo / "link").symlink_to("a")

        assert repository.relative(str(repo / "a" / "x")) == "a/x"
        assert repository.relative("x", str(repo / "link")) == "a/x"
        assert repository.relative("../a/./x", str(repo / "a")) == "a/x"
        assert repository.relative(str(repo)) == ""

    def test_names_of_any_bytes(self, repository: Repository, repo: Path) -> None:
        assert repository.relative("\udcff\n", str(repo)) == "\udcff\n"

    @pytest.mark.parametrize("path", ["/etc/passwd", "../x", "../repo-two/x"])
    def test_outside_is_refused(self, repository: Repository, repo: Path, path: str) -> None:
        with pytest.raises(RefusedError):
            repository.relative(path, str(repo))

    def test_and_back(self, repository: Repository, repo: Path) -> None:
        assert repository.absolute("a/x") == str(repo / "a" / "x")
