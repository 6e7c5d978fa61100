# SPDX-License-Identifier: Apache-2.0
"""`gitseal lock` and `gitseal unlock` as a person uses them, with git around them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

import needs
from desk import CANARY, ENV
from gitseal.files.memory import is_in_memory
from gitseal.masterkeys.identities import generate_identity
from gitworld import PLAIN, Guest, canary_in_objects, is_sealed
from gitworld import ada as ada  # noqa: PLC0414 - the fixture

SHM = Path("/dev/shm")
CLEAR = {path: text.encode() for path, text in PLAIN.items()}
FULL = sorted(path for path, text in PLAIN.items() if text)


@pytest.fixture
def runtime(ada: Guest, tmp_path: Path) -> Iterator[Path]:
    """A runtime directory of ada's own, in memory."""
    if not is_in_memory(str(SHM)) or not os.access(SHM, os.W_OK):
        pytest.skip(needs.REASON + "a tmpfs at /dev/shm")
    folder = SHM / f"lock-{os.getpid()}-{tmp_path.name}"
    folder.mkdir(mode=0o700)
    ada.environ["XDG_RUNTIME_DIR"] = str(folder)
    yield folder
    shutil.rmtree(folder)


def contents(here: Guest, folder: Path | None = None) -> dict[str, bytes]:
    return {path: ((folder or here.folder) / path).read_bytes() for path in PLAIN}


def locked(here: Guest, folder: Path | None = None) -> bool:
    """Whether every file lies sealed (True), or every one clear (False)."""
    found = contents(here, folder)
    states = {is_sealed(found[path]) for path in FULL}
    assert len(states) == 1, found
    assert states == {True} or found == CLEAR
    return states.pop()


def hide_key(here: Guest) -> Path:
    """Take ada's identity away, as if its key service were out of reach."""
    identity = here.home / ".config" / "gitseal" / "identity.txt"
    return identity.rename(here.home / "identity.txt")


def test_a_clone_is_unlocked_and_locked_again(ada: Guest) -> None:
    ben = ada.another("ben")
    said = ada.seal("readers", "add", "ben", ben.key(), "--yes")
    ada.commit_all("Ben may read")
    ben.copy(ada)
    assert locked(ben), said

    said = ben.seal("unlock", code=4)
    assert "gitseal trust" in said
    assert locked(ben)

    ben.seal("trust", "--yes")
    ben.commit_all("Vouch")
    said = ben.seal("unlock")
    assert "opened" in said
    assert not locked(ben)
    ben.calm()
    said = ben.seal("lock")
    assert f"sealed {len(FULL)} files" in said
    assert locked(ben)
    ben.calm()
    assert not canary_in_objects(ben.folder)


def at_a_terminal(here: Guest, answer: str) -> tuple[int, str]:
    """Run `gitseal unlock` as a person does who is asked a question."""
    child = pexpect.spawn(
        "gitseal", ["unlock"], cwd=str(here.folder), env=here.environ, encoding="utf-8", timeout=60
    )
    child.expect_exact("Trust it?")
    shown = child.before or ""
    child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus, shown


def test_at_a_terminal_unlock_asks_whom_to_trust(ada: Guest) -> None:
    ben = ada.another("ben")
    ada.seal("readers", "add", "ben", ben.key(), "--yes")
    ada.commit_all("Ben may read")
    ben.copy(ada)

    code, shown = at_a_terminal(ben, "n")
    assert code == 1
    assert re.search(r"safety code +\S+-\S+-\S+", shown)
    assert locked(ben)

    code, _shown = at_a_terminal(ben, "y")
    assert code == 0
    assert not locked(ben)


def test_a_locked_worktree_stays_locked_at_a_checkout(ada: Guest) -> None:
    ada.seal("lock")
    ada.do("checkout", "-q", "-b", "other")
    (ada.folder / ".env").unlink()
    ada.do("checkout", "--", ".env")

    assert locked(ada)
    ada.put(".env", ENV)
    said = ada.do("add", ".env", code=128)
    assert "locked" in said
    assert "gitseal unlock" in said
    assert not canary_in_objects(ada.folder)


class TestRefusals:
    """What is only in the worktree is never lost, and named."""

    def test_lock_names_what_differs_and_a_way_out(self, ada: Guest) -> None:
        ada.put(".env", ENV + "NEW=1\n")
        ada.put("config/new file.yaml", f"a: {CANARY}\n")

        said = ada.seal("lock", code=6)

        assert "nothing was locked" in said
        assert "  .env\n" in said
        assert "git add .env 'config/new file.yaml'" in said
        assert ada.have(".env").decode() == ENV + "NEW=1\n"

        ada.do("add", "-A")
        ada.seal("lock")
        assert is_sealed(ada.have("config/new file.yaml"))

    def test_the_wrong_key(self, ada: Guest) -> None:
        ada.seal("lock")
        hide_key(ada)
        generate_identity(str(ada.home / ".config" / "gitseal" / "identity.txt"))

        said = ada.seal("unlock", code=4)

        assert "hint:" in said
        assert locked(ada)
        ada.calm()

    @pytest.mark.parametrize("text", ["8", "0h", "-1h", "1w", "31d", "8h30m", ""])
    def test_a_duration_that_is_none(self, text: str, ada: Guest) -> None:
        assert "hint: for example" in ada.seal("unlock", f"--for={text}", code=2)

    def test_a_bare_repository(self, ada: Guest) -> None:
        ada.do("clone", "-q", "--bare", str(ada.folder), str(ada.home / "bare"))
        ada.folder = ada.home / "bare"

        for command in ("lock", "unlock"):
            assert "bare" in ada.seal(command, code=2)

    def test_no_plain_scope(self, ada: Guest) -> None:
        policy = ada.have(".gitseal.yaml").decode()
        ada.put(".gitseal.yaml", policy.replace("worktree: plain", "worktree: sealed"))
        ada.seal("apply", "--yes")

        for command in ("lock", "unlock"):
            assert "no scope here" in ada.seal(command)


def test_a_dry_run_says_what_would_happen(ada: Guest) -> None:
    assert f"would seal {len(FULL)} files" in ada.seal("lock", "--dry-run")
    assert not locked(ada)
    ada.seal("lock")
    assert f"would open {len(FULL)} files" in ada.seal("unlock", "-n")
    assert locked(ada)


def test_what_remains_is_listed_and_not_removed(ada: Guest) -> None:
    (ada.home / "ignore").write_text("*~\n")
    ada.do("config", "core.excludesFile", str(ada.home / "ignore"))
    ada.put(".env~", ENV)

    said = ada.seal("lock")

    assert "clear text may remain" in said
    assert "  .env~" in said
    assert (ada.folder / ".env~").exists()


class TestPlaces:
    """Linked worktrees, sparse checkouts, submodules, subdirectories."""

    def test_a_linked_worktree_is_locked_on_its_own(self, ada: Guest) -> None:
        linked = ada.home / "linked"
        ada.do("worktree", "add", "-q", str(linked), "-b", "linked")
        assert not locked(ada, linked)

        said = ada.run("gitseal", "lock", cwd=linked).said
        assert locked(ada, linked)
        assert not locked(ada)
        assert str(ada.folder) in said
        assert ada.status() == ada.status(cwd=linked) == ""

        ada.seal("lock")
        ada.run("gitseal", "unlock", cwd=linked)
        assert (locked(ada), locked(ada, linked)) == (True, False)
        assert ada.status() == ada.status(cwd=linked) == ""

    def test_a_sparse_checkout(self, ada: Guest) -> None:
        assert ada.status() == ""
        ada.do("sparse-checkout", "set", "--no-cone", "/*", "!/config/")
        assert not (ada.folder / "config").exists()

        ada.seal("lock")
        assert is_sealed(ada.have(".env"))
        ada.seal("unlock")
        assert ada.have(".env") == CLEAR[".env"]
        assert not (ada.folder / "config").exists()
        assert ada.status() == ""
        ada.do("sparse-checkout", "disable")
        assert not locked(ada)
        ada.calm()

    def test_a_sparse_index(self, ada: Guest) -> None:
        assert ada.status() == ""
        ada.do("sparse-checkout", "set", "--cone", "--sparse-index", "keys")

        ada.seal("lock")
        assert is_sealed(ada.have(".env"))
        ada.seal("unlock")
        assert ada.have(".env") == CLEAR[".env"]
        assert ada.status() == ""

    def test_a_submodule_is_a_repository_of_its_own(self, ada: Guest) -> None:
        outer = ada.home / "outer"
        ada.do("init", "-q", "-b", "main", str(outer))
        ada.do("submodule", "--quiet", "add", str(ada.folder), "inner", cwd=outer)
        ada.do("commit", "-qm", "Inner", cwd=outer)
        inner = outer / "inner"
        ada.run("gitseal", "trust", "--yes", cwd=inner)
        ada.run("gitseal", "unlock", cwd=inner)
        assert not locked(ada, inner)

        ada.run("gitseal", "lock", cwd=inner)

        assert locked(ada, inner)
        assert ada.status(cwd=inner) == ""
        assert not locked(ada)

    def test_a_partial_clone(self, ada: Guest) -> None:
        ada.do("config", "uploadpack.allowFilter", "true")
        ada.copy(ada, "--filter=blob:none", "--depth=1")
        for _ in range(2):
            ada.seal("lock")
            assert locked(ada)
            ada.seal("unlock")
            assert not locked(ada)
        ada.calm()

    def test_a_subdirectory(self, ada: Guest) -> None:
        ada.run("gitseal", "lock", cwd=ada.folder / "config")
        assert locked(ada)
        ada.run("gitseal", "unlock", cwd=ada.folder / "config")
        assert not locked(ada)


class TestKeeping:
    """--for: the key is kept in memory, for a while, and git works without a key service."""

    def test_git_works_without_the_key_until_lock(self, ada: Guest, runtime: Path) -> None:
        ada.seal("lock")
        said = ada.seal("unlock", "--for", "8h")
        assert re.search(r"kept until [\d :-]+; gitseal lock forgets it", said)
        hide_key(ada)

        ada.calm()
        ada.put(".env", ENV + "NEW=1\n")
        ada.do("add", ".env")
        ada.sealed(":.env")
        ada.seal("lock")

        assert list(runtime.rglob("*")) == []
        assert "gitseal" in ada.seal("unlock", code=4)
        assert is_sealed(ada.have(".env"))

    def test_it_ends(self, ada: Guest, runtime: Path) -> None:
        ada.seal("unlock", "--for", "8h")
        (folder,) = runtime.iterdir()
        (file,) = folder.iterdir()
        text = file.read_text()
        file.write_text(re.sub(r"until \d+", "until 1700000000", text))
        hide_key(ada)

        ada.seal("unlock", code=4)

        assert not file.exists()

    def test_without_it_nothing_is_kept(self, ada: Guest, runtime: Path) -> None:
        ada.seal("lock")
        ada.seal("unlock")

        assert list(runtime.rglob("*")) == []
        assert not (ada.home / ".config" / "gitseal" / "unlocked").exists()

    def test_nothing_is_kept_with_the_wrong_key(self, ada: Guest, runtime: Path) -> None:
        ada.seal("lock")
        hide_key(ada)

        ada.seal("unlock", "--for", "1h", code=4)

        assert list(runtime.rglob("*")) == []

    def test_no_data_key_lies_on_a_disk(self, ada: Guest, runtime: Path) -> None:
        ada.seal("lock")
        ada.seal("unlock", "--for", "30m")
        (entry,) = [path for path in runtime.rglob("*") if path.is_file()]
        key = entry.read_text().split()[-1]

        for path in ada.home.rglob("*"):
            data = path.read_bytes() if path.is_file() else b""
            assert key.encode() not in data
            assert bytes.fromhex(key) not in data

    def test_status_tells_how_long(self, ada: Guest, runtime: Path) -> None:
        ada.seal("unlock", "--for", "8h")
        assert "the key is kept until" in ada.seal("status", code=0)
        ada.seal("lock")
        said = ada.seal("status")
        assert "kept until" not in said
        assert "locked" in said


def test_many_files_need_one_call_of_a_key(ada: Guest) -> None:
    """The trace of git: after unlock, `status` starts no filter."""
    for number in range(50):
        ada.put(f"config/many/{number}.yaml", f"a: {CANARY}{number}\n")
    ada.commit_all("Many")
    ada.seal("lock")
    ada.seal("unlock")
    for file in ada.files():
        if file.parent.name != "many":
            os.utime(file, (1_700_000_000, 1_700_000_000))
    ada.status()

    done = subprocess.run(
        ["git", "status", "--porcelain"],
        cwd=ada.folder, env=ada.environ | {"GIT_TRACE": "1"}, capture_output=True, check=True,
    )  # fmt: skip

    assert done.stdout == b""
    assert b"filter-process" not in done.stderr
