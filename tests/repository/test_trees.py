# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gitseal.errors import GitError, IntegrityError, LimitError, RefusedError
from gitseal.repository import Repository, find
from gitseal.repository.objects import Objects
from gitseal.repository.trees import CommitTree, IndexTree, WorktreeTree, listed
from repository.conftest import ODD_NAMES, Write

Git = Callable[..., subprocess.CompletedProcess[str]]
AnyTree = WorktreeTree | IndexTree | CommitTree

CONTENTS = {
    b"a.yaml": b"a: 1\n",
    b"empty": b"",
    b"envs/prod/b.yaml": b"b: 2\n",
    b"envs/prod.yaml": b"p",
    b"envs/dev/c.json": b"{}",
    **dict.fromkeys(ODD_NAMES, b"odd"),
    **{b"odd/" + name: name for name in ODD_NAMES},
}


@pytest.fixture(params=["worktree", "index", "commit"])
def tree(
    request: pytest.FixtureRequest, repo: Path, git: Git, write: Write, repository: Repository
) -> Iterator[AnyTree]:
    write(CONTENTS)
    (repo / "link").symlink_to("a.yaml")
    (repo / "linked").symlink_to("envs")
    (repo / "envs" / "run").write_text("#!/bin/sh\n")
    (repo / "envs" / "run").chmod(0o755)
    git("init", "-q", "inner")
    git("commit", "-q", "--allow-empty", "-m", "x", cwd=repo / "inner")
    git("-c", "advice.addEmbeddedRepo=false", "add", "-A")
    if request.param == "worktree":
        yield WorktreeTree(str(repo))
        return
    git("commit", "-q", "-m", "one")
    for name in os.listdir(os.fsencode(repo)):
        if os.path.isfile(name):
            os.unlink(name)
    made = IndexTree(repository) if request.param == "index" else CommitTree(repository, "HEAD")
    yield made
    made.close()


class TestEveryTree:
    def test_reads_files_of_any_name(self, tree: AnyTree) -> None:
        for name, data in CONTENTS.items():
            assert tree.read(os.fsdecode(name)) == data, name

    def test_has_nothing_but_regular_files_to_read(self, tree: AnyTree) -> None:
        for path in ("link", "linked", "linked/prod.yaml", "inner", "envs", "missing",
                     "envs/missing", "a.yaml/x", "", "/a.yaml", "envs/../a.yaml", "../x",
                     "./a.yaml", "envs//prod.yaml"):  # fmt: skip
            assert tree.read(path) is None, path

    def test_lists_regular_files(self, tree: AnyTree) -> None:
        expected = {os.fsdecode(name) for name in CONTENTS} | {"envs/run"}

        assert sorted(tree.paths()) == sorted(expected)

    @pytest.mark.parametrize("prefix", ["envs/prod", "envs/prod/"])
    def test_lists_below_a_directory(self, tree: AnyTree, prefix: str) -> None:
        assert list(tree.paths(prefix)) == ["envs/prod/b.yaml"]

    def test_lists_one_file_or_nothing(self, tree: AnyTree) -> None:
        assert list(tree.paths("a.yaml")) == ["a.yaml"]
        assert list(tree.paths("missing")) == []
        assert list(tree.paths("linked/prod")) == []

    def test_knows_links_programs_and_submodules(self, tree: AnyTree) -> None:
        modes = {path: mode for path, mode, _ in tree.entries()}

        assert (modes["link"], modes["linked"]) == (0o120000, 0o120000)
        assert (modes["inner"], modes["envs/run"]) == (0o160000, 0o100755)
        assert modes["a.yaml"] == 0o100644
        assert not any(path.startswith(".git/") for path in modes)

    def test_reads_many_in_their_order(self, tree: AnyTree) -> None:
        wanted = ["missing", "a.yaml", "link", *map(os.fsdecode, CONTENTS)] * 20

        answers = list(tree.read_many(wanted))

        assert [path for path, _ in answers] == wanted
        assert answers == [(path, tree.read(path)) for path in wanted]

    def test_answers_while_it_reads_many(self, tree: AnyTree) -> None:
        for _, data in tree.read_many(["a.yaml"] * 100):
            assert data == b"a: 1\n"
            assert tree.read("envs/prod/b.yaml") == b"b: 2\n"

    def test_may_be_left_in_the_middle(self, tree: AnyTree) -> None:
        assert next(iter(tree.read_many(["a.yaml"] * 100))) == ("a.yaml", b"a: 1\n")
        assert tree.read("empty") == b""


def test_large_files_do_not_block_and_limits_hold(
    repo: Path, git: Git, repository: Repository
) -> None:
    names = [f"f{number}" for number in range(80)]
    for name in names:
        (repo / name).write_bytes(name.encode() * 50_000)
    git("add", "-A")
    git("commit", "-q", "-m", "one")

    for tree in (IndexTree(repository), CommitTree(repository, "HEAD"), WorktreeTree(str(repo))):
        for name, data in tree.read_many(names):
            assert data == name.encode() * 50_000
    limited = (
        IndexTree(repository, limit=120_000),
        CommitTree(repository, "HEAD", limit=120_000),
        WorktreeTree(str(repo), limit=120_000),
    )
    for tree in limited:
        with pytest.raises(LimitError) as caught:
            list(tree.read_many(["f1", "f2", "f10"]))
        assert caught.value.path == "f10"
        assert tree.read("f1") == b"f1" * 50_000


class TestWorktree:
    def test_a_file_that_may_not_be_read_is_named(self, repo: Path) -> None:
        os.mkfifo(repo / "pipe")

        assert WorktreeTree(str(repo)).read("pipe") is None
        assert list(WorktreeTree(str(repo)).paths()) == []

    def test_what_git_would_add(self, repo: Path, git: Git, repository: Repository) -> None:
        (repo / ".gitignore").write_text("ignored\n")
        for name in ("tracked", "untracked", "ignored"):
            (repo / name).touch()
        git("add", "tracked")

        assert sorted(listed(repository)) == [".gitignore", "tracked", "untracked"]
        assert listed(repository, untracked=False) == ["tracked"]

    def test_a_bare_repository_has_none(self, git: Git, tmp_path: Path) -> None:
        git("init", "-q", "--bare", str(tmp_path / "x.git"))
        found = find(str(tmp_path / "x.git"), dict(os.environ))
        assert found is not None

        with pytest.raises(RefusedError):
            listed(found)


class TestIndex:
    def test_the_index_of_a_partial_commit_is_another_file(self, repo: Path, git: Git) -> None:
        seen = repo / "seen"
        script = repo / "hook.py"
        script.write_text(
            "import os\nfrom gitseal.repository import find\n"
            "from gitseal.repository.trees import IndexTree\n"
            f"tree = IndexTree(find('.', dict(os.environ)))\n"
            f"open({str(seen)!r}, 'w').write(' '.join(tree.paths()))\n"
        )
        import sys

        hook = repo / ".git" / "hooks" / "pre-commit"
        root = Path(__file__).resolve().parents[2]
        hook.write_text(f"#!/bin/sh\nPYTHONPATH={root} exec {sys.executable} {script}\n")
        hook.chmod(0o755)
        for name in ("a", "b"):
            (repo / name).touch()
        git("add", "a", "b")

        git("commit", "-q", "-m", "one", "--", "a")

        assert seen.read_text() == "a"

    def test_an_unfinished_merge(self, repo: Path, git: Git, repository: Repository) -> None:
        (repo / "a").write_text("base\n")
        git("add", "a")
        git("commit", "-q", "-m", "base")
        git("checkout", "-q", "-b", "side")
        (repo / "a").write_text("theirs\n")
        git("commit", "-q", "-a", "-m", "theirs")
        git("checkout", "-q", "main")
        (repo / "a").write_text("ours\n")
        git("commit", "-q", "-a", "-m", "ours")
        git("merge", "-q", "side", check=False)

        tree = IndexTree(repository)

        assert tree.conflicts == {"a"}
        assert tree.stages("a") == {1: b"base\n", 2: b"ours\n", 3: b"theirs\n"}
        assert tree.read("a") is None
        assert list(tree.paths()) == []

    def test_an_empty_index(self, repository: Repository) -> None:
        assert list(IndexTree(repository).entries()) == []


class TestCommit:
    def test_old_commits_and_branches(self, repo: Path, git: Git, repository: Repository) -> None:
        for text in ("one", "two"):
            (repo / "a").write_text(text)
            git("add", "a")
            git("commit", "-q", "-m", text)
        git("tag", "-a", "v1", "-m", "x", "HEAD~1")

        assert CommitTree(repository, "HEAD").read("a") == b"two"
        for revision in ("HEAD~1", "v1", "main^", git("rev-parse", "HEAD~1").stdout.strip()):
            assert CommitTree(repository, revision).read("a") == b"one"

    @pytest.mark.parametrize("revision", ["nothing", "-h", "--help", "HEAD", "a b", "\udcff"])
    def test_what_is_no_commit_is_an_error(self, repository: Repository, revision: str) -> None:
        with pytest.raises(GitError, match="no commit"):
            CommitTree(repository, revision)

    def test_a_line_break_cannot_ask_for_two(self, repository: Repository) -> None:
        with pytest.raises(GitError, match="line break"):
            CommitTree(repository, "HEAD\nHEAD")

    def test_a_bare_repository_and_sha256(self, git: Git, tmp_path: Path) -> None:
        work = tmp_path / "work"
        git("init", "-q", "-b", "main", "--object-format=sha256", str(work))
        (work / "d").mkdir()
        (work / "d" / "a").write_text("x")
        git("add", "-A", cwd=work)
        git("commit", "-q", "-m", "one", cwd=work)
        git("clone", "-q", "--bare", str(work), str(tmp_path / "x.git"))
        found = find(str(tmp_path / "x.git"), dict(os.environ))
        assert found is not None

        tree = CommitTree(found, "main")

        assert tree.read("d/a") == b"x"
        assert len(next(iter(tree.entries()))[2]) == 64

    def test_replacements_do_not_count(self, repo: Path, git: Git, repository: Repository) -> None:
        (repo / "a").write_text("true")
        git("add", "a")
        git("commit", "-q", "-m", "one")
        blob = git("rev-parse", "HEAD:a").stdout.strip()
        other = git("hash-object", "-w", "--stdin", input="false").stdout.strip()
        git("replace", blob, other)

        assert CommitTree(repository, "HEAD").read("a") == b"true"

    def test_a_forged_directory_is_refused(self, git: Git, repository: Repository) -> None:
        blob = git("hash-object", "-w", "--stdin", input="x").stdout.strip()
        raw = b"100644 a/b\0" + bytes.fromhex(blob)
        done = subprocess.run(
            ["git", "hash-object", "-t", "tree", "-w", "--literally", "--stdin"],
            input=raw,
            capture_output=True,
            check=True,
        )

        with pytest.raises(IntegrityError):
            CommitTree(repository, done.stdout.decode().strip())

    def test_a_missing_object_is_an_error(
        self, repo: Path, git: Git, repository: Repository
    ) -> None:
        (repo / "a").write_text("x")
        git("add", "a")
        git("commit", "-q", "-m", "one")
        blob = git("rev-parse", "HEAD:a").stdout.strip()
        (repo / ".git" / "objects" / blob[:2] / blob[2:]).unlink()

        with pytest.raises(GitError, match="missing"):
            CommitTree(repository, "HEAD").read("a")


def test_one_process_answers_everything(repo: Path, git: Git, repository: Repository) -> None:
    (repo / "a").write_text("x")
    git("add", "a")
    git("commit", "-q", "-m", "one")
    tree = CommitTree(repository, "HEAD")
    process = tree._objects._process
    assert process is not None

    for _ in range(3):
        tree.read("a")
        list(tree.entries())

    assert tree._objects._process is process
    tree.close()
    assert process.returncode is not None


def test_a_git_that_dies_is_an_error_and_then_starts_again(
    repo: Path, git: Git, repository: Repository
) -> None:
    blob = git("hash-object", "-w", "--stdin", input="x").stdout.strip()
    with Objects(repository) as objects:
        assert objects.read(blob) == (blob, "blob", b"x")
        assert objects._process is not None
        objects._process.kill()
        objects._process.wait()

        with pytest.raises(GitError, match="git cat-file was killed"):
            objects.read(blob)
        assert objects.read(blob) == (blob, "blob", b"x")
        assert objects.read("0" * 40) is None
