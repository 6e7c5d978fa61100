# SPDX-License-Identifier: Apache-2.0
"""
Hook managers put unstaged edits away while hooks run, as a patch that `git diff` made, and bring
them back.  With sealed files nothing is lost by that, nothing leaks, and nothing seems changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from desk import CANARY, Desk
from managers import MANAGERS, Managed

pytestmark = pytest.mark.slow

KINDS = ("plain", "sealed")


def env(top: str, bottom: str, newline: str = "\n", end: str = "\n") -> bytes:
    lines = [f"# {CANARY}: from the vault", f"TOP={CANARY}-{top}", ""]
    lines += [f"FILLER_{n}=value {CANARY} # {n}" for n in range(8)]
    lines += ["", f'BOTTOM="{CANARY}-{bottom}"']
    return (newline.join(lines) + end).encode()


def yaml(top: str, bottom: str) -> bytes:
    filler = "".join(f"  - name: n{n}\n    key: '{CANARY}'  # {n}\n" for n in range(5))
    return (
        f"db:\n  host: db1   # main\n  password: '{CANARY}-{top}'\n"
        f"users:\n{filler}last: |\n  {CANARY}\n  {bottom}\n"
    ).encode()


def json(top: str, bottom: str) -> bytes:
    filler = "".join(f'  "filler{n}": [{n}, "{CANARY}"],\n' for n in range(8))
    return f'{{\n  "top": "{CANARY}-{top}",\n{filler}  "bottom": "{CANARY}-{bottom}"\n}}\n'.encode()


def pem(top: str, bottom: str) -> bytes:
    filler = f"{CANARY}\n" * 8
    return f"-----BEGIN KEY-----\n{top}\n{filler}{bottom}\n-----END KEY-----\n".encode()


def crlf(top: str, bottom: str) -> bytes:
    return env(top, bottom, newline="\r\n", end="")


def text(top: str, bottom: str) -> bytes:
    filler = "for everybody to read\n" * 8
    return f"{top}\n{filler}{bottom}\n".encode()


SECRETS = {
    "secrets/.env": env,
    "secrets/app.yaml": yaml,
    "secrets/app.json": json,
    "secrets/server.pem": pem,
    "secrets/crlf.env": crlf,
}
FILES = SECRETS | {"notes.txt": text}
HALF = dict(list(FILES.items())[::2])
OTHERS = {path: make for path, make in FILES.items() if path not in HALF}
GONE, FRESH, STILL = "secrets/gone.json", "secrets/fresh.env", "secrets/still.yaml"
MOVED = "secrets/notes.txt"


def runs(kinds: tuple[str, ...] = KINDS, names: Iterable[str] = MANAGERS) -> pytest.MarkDecorator:
    """Ask for a repository under each manager, in each kind of worktree."""
    given = [
        pytest.param((name, kind), id=f"{name}-{kind}", marks=pytest.mark.needs(name))
        for name in names
        for kind in kinds
    ]
    return pytest.mark.parametrize("managed", given, indirect=True)


@pytest.fixture
def managed(request: pytest.FixtureRequest, desk: Desk, programs: Path) -> Managed:
    """A repository with files of every format, committed, and a manager in its hooks."""
    name, kind = request.param
    managed = Managed(desk, programs, kind, name)
    for path, make in FILES.items():
        managed.edit(path, make("old", "old"))
    managed.edit(GONE, json("gone", "gone"))
    managed.edit(STILL, yaml("still", "still"))
    managed.git("add", "-A")
    managed.git("commit", "-qm", "base")
    managed.hook()
    return managed


def stage(managed: Managed, *paths: str) -> dict[str, bytes]:
    """Edit the top of files and stage that; give what the worktree holds for each."""
    for path in paths:
        managed.edit(path, FILES[path]("staged", "old"))
    managed.git("add", *paths)
    return {path: (managed.folder / path).read_bytes() for path in paths}


def edit(managed: Managed, top: str, *paths: str) -> None:
    """Edit the bottom of files, too, and do not stage that."""
    for path in paths:
        managed.edit(path, FILES[path](top, "unstaged"))


def commit(managed: Managed, *words: str) -> None:
    managed.git("commit", "-qm", "edit", *words)


def only_changed(managed: Managed, *status: str) -> None:
    """git sees just these changes, also when it looks into every file again; no secret got out."""
    for _ in range(2):
        assert sorted(managed.git("status", "--porcelain").splitlines()) == sorted(status)
        managed.touch()
    changed = {line[3:] for line in status if line[1] in "MD"}
    assert set(managed.git("diff", "--name-only").splitlines()) == changed
    assert managed.git("stash", "list") == ""
    assert managed.seen() == "", "while the hooks ran"
    assert managed.leaks() == []


def well_committed(managed: Managed, index: str) -> None:
    """The commit holds what was staged, and `check` has nothing to say against it."""
    assert managed.git("log", "--format=%s", "-1") == "edit\n"
    assert managed.index() == index
    assert managed.git("diff", "--cached", "--name-only") == ""
    managed.run("gitseal", "check", "--staged")


@runs()
def test_staged_and_unstaged_edits_of_the_same_files(managed: Managed) -> None:
    staged = stage(managed, *FILES)
    managed.edit(FRESH, env("staged", "old"))
    managed.git("add", FRESH)
    edit(managed, "staged", *FILES)
    managed.edit(FRESH, env("staged", "unstaged"))
    before, index = managed.worktree(), managed.index()

    commit(managed)

    assert managed.worktree() == before
    only_changed(managed, *(f" M {path}" for path in [*FILES, FRESH]))
    well_committed(managed, index)
    for path, data in staged.items():
        assert managed.stored(f"HEAD:{path}") == data
        if path in SECRETS:
            assert managed.during(path.removeprefix("secrets/")) == data


@runs()
def test_unstaged_edits_of_other_files(managed: Managed) -> None:
    staged = stage(managed, *HALF)
    edit(managed, "old", *OTHERS)
    (managed.folder / GONE).unlink()
    before, index = managed.worktree(), managed.index()

    commit(managed)

    assert managed.worktree() == before
    only_changed(managed, *(f" M {path}" for path in OTHERS), f" D {GONE}")
    well_committed(managed, index)
    for path, data in staged.items():
        assert managed.stored(f"HEAD:{path}") == data


# lint-staged runs over what is staged, and nothing else.
@runs(names=[name for name in MANAGERS if MANAGERS[name].everything])
def test_a_run_over_all_files(managed: Managed) -> None:
    stage(managed, *HALF)
    edit(managed, "staged", *HALF)
    edit(managed, "old", *OTHERS)
    before, index = managed.worktree(), managed.index()

    managed.run(*managed.manager.everything)

    assert managed.worktree() == before
    only_changed(managed, *(f"MM {path}" for path in HALF), *(f" M {path}" for path in OTHERS))
    assert managed.index() == index


@runs()
def test_a_commit_that_gitseal_refuses(managed: Managed) -> None:
    stage(managed, *FILES)
    damaged = managed.blob(":secrets/app.json").replace(b"seal:v1[_", b"seal:v1[_A", 1)
    managed.git("update-index", "--cacheinfo", f"100644,{managed.keep(damaged)},secrets/app.json")
    edit(managed, "staged", *FILES)
    before, index = managed.worktree(), managed.index()

    said = managed.run("git", "commit", "-qm", "edit", code=1)

    assert "secrets/app.json: GS201 the seal does not verify" in said
    assert managed.worktree() == before
    only_changed(managed, *(f"MM {path}" for path in FILES))
    assert managed.index() == index


@runs(kinds=("plain",))
def test_a_commit_of_one_file_while_others_are_staged(managed: Managed) -> None:
    stage(managed, *HALF)
    edit(managed, "staged", *HALF)
    edit(managed, "old", *OTHERS)
    before = managed.worktree()
    one = next(iter(OTHERS))

    commit(managed, "--", one)

    assert managed.worktree() == before
    others = [f" M {path}" for path in OTHERS if path != one]
    only_changed(managed, *(f"MM {path}" for path in HALF), *others)
    assert managed.stored(f"HEAD:{one}") == before[one]
    managed.run("gitseal", "check", "--staged")


@runs(kinds=("sealed",))
def test_clear_text_forgotten_in_a_sealed_worktree(managed: Managed) -> None:
    stage(managed, *HALF)
    edit(managed, "staged", *HALF)
    edit(managed, "old", *OTHERS)
    for path in SECRETS:
        managed.write(path, managed.clear(path))
    before = {path: managed.clear(path) for path in FILES}
    index = managed.index()

    commit(managed)

    assert {path: managed.clear(path) for path in FILES} == before
    only_changed(managed, *(f" M {path}" for path in FILES))
    well_committed(managed, index)


# What a hook changed meets a patch of sealed text, whose seal is another one by then.
@runs(kinds=("plain",), names=[name for name in MANAGERS if name != "lint-staged"])
def test_a_formatter_gives_way_to_unstaged_edits(managed: Managed) -> None:
    stage(managed, "secrets/.env", "notes.txt")
    edit(managed, "staged", "secrets/.env", "notes.txt")
    before, index = managed.worktree(), managed.index()
    managed.let_tidy()

    managed.run("git", "commit", "-qm", "edit", code=1)

    assert b"-tidied" in managed.during(".env")
    assert managed.worktree() == before
    assert managed.index() == index
    only_changed(managed, "MM notes.txt", "MM secrets/.env")


# It merges the patch instead, by `git apply --3way` and our driver, which stages the result.
@runs(kinds=("plain",), names=("lint-staged",))
def test_a_formatter_is_merged_with_unstaged_edits(managed: Managed) -> None:
    stage(managed, "secrets/.env", "notes.txt")
    edit(managed, "staged", "secrets/.env", "notes.txt")
    managed.let_tidy()

    commit(managed)

    assert managed.clear("secrets/.env") == env("tidied", "unstaged")
    assert managed.clear("notes.txt") == text("staged", "unstaged")
    only_changed(managed)
    well_committed(managed, managed.index())


@runs(kinds=("plain",))
def test_what_git_holds_in_clear_costs_no_edit(managed: Managed) -> None:
    """
    A file that git has in clear where it should be sealed cannot be put aside: git writes it as it
    is, and compares it as it would be sealed.  No filter can help that.  `check` refuses the
    commit, and the edits of all the other files wait in a patch, sealed.
    """
    stage(managed, *HALF)
    edit(managed, "staged", *HALF)
    managed.git("mv", "notes.txt", MOVED)
    before = managed.worktree()

    said = managed.run("git", "commit", "-qm", "edit", code=1)

    assert f"gitseal encrypt {MOVED} && git add {MOVED}" in said
    assert (managed.seen(), managed.leaks()) == ("", [])
    managed.git("add", MOVED)
    if managed.name != "lint-staged":
        kept = managed.patches()[0]
        managed.git("apply", "--unidiff-zero", f"--exclude={MOVED}", str(kept))
    assert managed.worktree() == before
    managed.run("gitseal", "check", "--staged")
    assert managed.leaks() == []
