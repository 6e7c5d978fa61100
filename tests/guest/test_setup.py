# SPDX-License-Identifier: Apache-2.0
"""Setting git up: seven keys are written and taken back, and nothing of the user's is touched."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gitseal.errors import GitsealError, RefusedError, UsageError
from gitseal.guest import setup
from gitseal.repository.finding import Repository, find

USERS = b"""\
# mine
[user]
\tname = Ada
[filter "lfs"]
\tclean = git-lfs clean -- %f
[diff "gitseal"]
\t# looked at this once
\txfuncname = "^[a-z]+"
"""


@pytest.fixture
def environ(home: Path, programs: Path) -> dict[str, str]:
    """The environment of somebody who has gitseal on PATH, and no GIT_CONFIG_GLOBAL."""
    found = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    del found["GIT_CONFIG_GLOBAL"]
    return found


@pytest.fixture
def repository(repo: Path, environ: dict[str, str]) -> Repository:
    found = find(str(repo), environ)
    assert found is not None
    return found


def get(environ: dict[str, str], key: str, *options: str) -> str:
    done = subprocess.run(
        ["git", "config", *options, "--get", key], env=environ, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    return done.stdout.strip()


def test_everything_that_git_needs_is_written(
    environ: dict[str, str], home: Path, repository: Repository
) -> None:
    outcome = setup.install(environ, repository)

    assert outcome.file == str(home / ".gitconfig")
    assert sorted(outcome.changed) == sorted(setup.SETTINGS)
    assert outcome.notes == []
    assert get(environ, "filter.gitseal.process") == "gitseal git filter-process"
    assert get(environ, "filter.gitseal.clean") == "gitseal git clean %f"
    assert get(environ, "filter.gitseal.smudge") == "gitseal git smudge %f"
    assert get(environ, "filter.gitseal.required") == "true"
    assert get(environ, "diff.gitseal.command") == "gitseal git diff-driver"
    driver = get(environ, "merge.gitseal.driver")
    assert driver == "gitseal git merge-driver %O %A %B %L %P %S %X %Y"
    assert setup.installed(repository)


def test_a_second_time_changes_nothing(environ: dict[str, str], home: Path) -> None:
    setup.install(environ, None)
    before = (home / ".gitconfig").read_bytes()

    assert setup.install(environ, None).changed == []
    assert (home / ".gitconfig").read_bytes() == before


@pytest.mark.parametrize(
    "before", [b"", USERS, b"[user]\n\tname = x", USERS.replace(b"\n", b"\r\n")]
)
def test_uninstalling_gives_the_users_file_back(
    environ: dict[str, str], home: Path, before: bytes
) -> None:
    (home / ".gitconfig").write_bytes(before)

    setup.install(environ, None)
    assert (home / ".gitconfig").read_bytes() != before
    outcome = setup.uninstall(environ, None)

    assert sorted(outcome.changed) == sorted(setup.SETTINGS)
    after = (home / ".gitconfig").read_bytes()
    # git itself adds the last line break that was missing.
    assert after in {before, before + b"\n"}


def test_only_what_is_ours_is_removed(environ: dict[str, str], home: Path) -> None:
    setup.install(environ, None)
    subprocess.run(
        ["git", "config", "--global", "diff.gitseal.binary", "true"], env=environ, check=True
    )
    subprocess.run(
        ["git", "config", "--global", "filter.gitseal.clean", "my-own"], env=environ, check=True
    )

    outcome = setup.uninstall(environ, None)

    assert get(environ, "diff.gitseal.binary") == "true"
    assert get(environ, "filter.gitseal.clean") == "my-own"
    assert get(environ, "filter.gitseal.process") == ""
    assert [note for note in outcome.notes if "filter.gitseal.clean" in note]
    assert "merge" not in (home / ".gitconfig").read_text()


def test_nothing_to_uninstall(environ: dict[str, str], home: Path) -> None:
    assert setup.uninstall(environ, None).changed == []
    assert not (home / ".gitconfig").exists()


OTHERS = [key for key in setup.SETTINGS if "name" not in key and key != setup.REQUIRED]


@pytest.mark.parametrize("key", OTHERS)
def test_what_the_user_set_is_never_overwritten(
    environ: dict[str, str], home: Path, key: str
) -> None:
    subprocess.run(["git", "config", "--global", key, "cat"], env=environ, check=True)
    before = (home / ".gitconfig").read_bytes()

    with pytest.raises(RefusedError, match=f"{key} = cat") as caught:
        setup.install(environ, None)

    assert f"git config --global --unset-all {key}" in (caught.value.hint or "")
    assert (home / ".gitconfig").read_bytes() == before


def test_a_filter_that_is_not_required_is_left_so_and_said(
    environ: dict[str, str], repository: Repository
) -> None:
    subprocess.run(["git", "config", "--global", setup.REQUIRED, "off"], env=environ, check=True)

    outcome = setup.install(environ, repository)

    assert get(environ, setup.REQUIRED) == "off"
    assert [note for note in outcome.notes if f"git config --global {setup.REQUIRED} true" in note]
    assert setup.REQUIRED not in outcome.changed


@pytest.mark.parametrize(
    "command",
    [
        "/opt/gitseal/bin/gitseal git clean %f",
        "'/opt/git seal/bin/gitseal' git clean %f",
        '"/usr/bin/python3.11" -m gitseal git clean %f',
    ],
)
def test_the_program_by_its_full_name_is_as_good(environ: dict[str, str], command: str) -> None:
    key = "filter.gitseal.clean"
    subprocess.run(["git", "config", "--global", key, command], env=environ, check=True)

    assert key not in setup.install(environ, None).changed
    assert get(environ, key) == command
    assert key in setup.uninstall(environ, None).changed


@pytest.mark.parametrize(
    "command", ["gitseal git clean", "/opt/bin/gitseal git clean --old %f", "gitseal git x"]
)
def test_what_an_older_gitseal_wrote_is_brought_up_to_date(
    environ: dict[str, str], command: str
) -> None:
    key = "filter.gitseal.clean"
    for value in (command, command):
        subprocess.run(["git", "config", "--global", "--add", key, value], env=environ, check=True)

    assert key in setup.install(environ, None).changed
    assert get(environ, key) == setup.SETTINGS[key]
    everything = subprocess.run(
        ["git", "config", "--global", "--get-all", key],
        env=environ,
        capture_output=True,
        check=True,
    )
    assert everything.stdout.count(b"\n") == 1


def test_a_command_that_only_looks_like_ours_is_the_users(environ: dict[str, str]) -> None:
    key = "filter.gitseal.clean"
    value = "tee /tmp/x | gitseal git clean %f"
    subprocess.run(["git", "config", "--global", key, value], env=environ, check=True)

    with pytest.raises(RefusedError):
        setup.install(environ, None)


class TestWhere:
    def test_as_git_says(self, environ: dict[str, str], home: Path, tmp_path: Path) -> None:
        xdg = tmp_path / "xdg"
        (xdg / "git").mkdir(parents=True)
        (xdg / "git" / "config").write_text("")
        environ = environ | {"XDG_CONFIG_HOME": str(xdg)}
        assert setup.install(environ, None).file == str(xdg / "git" / "config")
        assert get(environ, "filter.gitseal.process", "--global") != ""

        (home / ".gitconfig").write_text("")
        assert setup.install(environ, None).file == str(home / ".gitconfig")

        named = environ | {"GIT_CONFIG_GLOBAL": str(tmp_path / "named")}
        assert setup.install(named, None).file == str(tmp_path / "named")
        assert (tmp_path / "named").exists()

    def test_for_one_repository(
        self, environ: dict[str, str], home: Path, repository: Repository, repo: Path
    ) -> None:
        config = repo / ".git" / "config"
        before = config.read_bytes()

        outcome = setup.install(environ, repository, local=True)

        assert outcome.file == str(config)
        assert not (home / ".gitconfig").exists()
        assert setup.installed(repository)
        setup.uninstall(environ, repository, local=True)
        assert config.read_bytes() == before

    def test_a_linked_worktree_shares_its_repositorys_file(
        self, environ: dict[str, str], repo: Path, tmp_path: Path
    ) -> None:
        subprocess.run(
            ["git", "commit", "-q", "--allow-empty", "-m", "x"], env=environ, cwd=repo, check=True
        )
        linked = tmp_path / "linked"
        subprocess.run(
            ["git", "worktree", "add", "-q", str(linked)], env=environ, cwd=repo, check=True
        )
        there = find(str(linked), environ)
        assert there is not None

        assert setup.install(environ, there, local=True).file == str(repo / ".git" / "config")
        assert setup.installed(there)

    def test_through_a_link(self, environ: dict[str, str], home: Path, tmp_path: Path) -> None:
        real = tmp_path / "dotfiles"
        real.write_text("[user]\n\tname = x\n")
        (home / ".gitconfig").symlink_to(real)

        setup.install(environ, None)

        assert (home / ".gitconfig").is_symlink()
        assert "gitseal" in real.read_text()

    def test_a_protected_file(self, environ: dict[str, str], home: Path) -> None:
        file = home / ".gitconfig"
        file.write_text("")
        file.chmod(0o444)

        with pytest.raises(GitsealError, match="write-protected") as caught:
            setup.install(environ, None)

        assert "--local" in (caught.value.hint or "")
        assert file.read_text() == ""

    def test_no_device(self, environ: dict[str, str]) -> None:
        with pytest.raises(RefusedError, match="no regular file"):
            setup.install(environ | {"GIT_CONFIG_GLOBAL": "/dev/null"}, None)

        assert not Path("/dev/null").is_file()

    @pytest.mark.parametrize("name", ["missing/config", "file/config"])
    def test_where_no_file_can_be_made(
        self, environ: dict[str, str], tmp_path: Path, name: str
    ) -> None:
        (tmp_path / "file").write_text("")

        with pytest.raises(GitsealError):
            setup.install(environ | {"GIT_CONFIG_GLOBAL": str(tmp_path / name)}, None)

    @pytest.mark.parametrize("variables", [{"HOME": ""}, {"GIT_CONFIG_GLOBAL": ""}])
    def test_nowhere(self, environ: dict[str, str], variables: dict[str, str]) -> None:
        with pytest.raises(UsageError) as caught:
            setup.install(environ | variables, None)

        assert caught.value.hint == "gitseal git install --local"

    def test_a_broken_file(self, environ: dict[str, str], home: Path) -> None:
        (home / ".gitconfig").write_text("[user\n")

        with pytest.raises(GitsealError):
            setup.install(environ, None)

        assert (home / ".gitconfig").read_text() == "[user\n"

    def test_local_outside_of_a_repository(self, environ: dict[str, str]) -> None:
        with pytest.raises(UsageError):
            setup.install(environ, None, local=True)


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ("gitseal git filter-process", "gitseal"),
        ("'/opt/git seal/bin/gitseal' git filter-process", "/opt/git seal/bin/gitseal"),
        ('"/usr/bin/python3" -m gitseal git filter-process', "/usr/bin/python3"),
        ("'open", "'open"),
        ("", ""),
    ],
)
def test_the_program_of_a_command(command: str, program: str) -> None:
    assert setup.program_of(command) == program


class TestNotes:
    def test_a_program_that_git_would_not_find(
        self, environ: dict[str, str], tmp_path: Path
    ) -> None:
        tools = tmp_path / "tools"
        tools.mkdir()
        for folder in environ["PATH"].split(os.pathsep):
            git = Path(folder, "git")
            if git.exists():
                (tools / "git").symlink_to(git)
                break

        outcome = setup.install(environ | {"PATH": str(tools)}, None)

        assert any("PATH" in note for note in outcome.notes)

    def test_another_file_that_has_the_last_word(
        self, environ: dict[str, str], repository: Repository, repo: Path
    ) -> None:
        subprocess.run(
            ["git", "config", "filter.gitseal.clean", "cat"], env=environ, cwd=repo, check=True
        )

        notes = setup.install(environ, repository).notes

        assert any("git config --show-origin --get filter.gitseal.clean" in note for note in notes)

    def test_a_repository_that_does_not_require_the_filter(
        self, environ: dict[str, str], repository: Repository, repo: Path
    ) -> None:
        command = ["git", "config", "filter.gitseal.required", "false"]
        subprocess.run(command, env=environ, cwd=repo, check=True)

        [note] = setup.install(environ, repository).notes

        assert note.endswith("git config --show-origin --get filter.gitseal.required")

    def test_a_file_that_the_user_includes(
        self, environ: dict[str, str], home: Path, repository: Repository
    ) -> None:
        (home / "more").write_text('[filter "gitseal"]\n\trequired = false\n')
        (home / ".gitconfig").write_text(f"[include]\n\tpath = {home / 'more'}\n")

        # Ours comes behind the include, and so counts.
        assert setup.install(environ, repository).notes == []
