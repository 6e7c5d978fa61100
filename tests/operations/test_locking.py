# SPDX-License-Identifier: Apache-2.0
"""Locking and unlocking a worktree: what is proved, replaced, refused, and survives a SIGKILL."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from desk import CANARY, ENV
from gitseal.cli.context import workspace
from gitseal.crypto.derive import ScopeKeys
from gitseal.errors import ChangedError, IntegrityError, KeyAccessError, RefusedError, UsageError
from gitseal.masterkeys.identities import generate_identity
from gitseal.operations import locking, unlocking
from gitseal.operations.plainfiles import plain_records
from gitseal.operations.remnants import remnants
from gitseal.operations.workspace import Workspace
from gitseal.repository.locking import is_locked
from gitseal.session import Session
from gitworld import PLAIN, Guest, canary_in_objects, is_sealed
from gitworld import ada as ada  # noqa: PLC0414 - the fixture

KILLS = 40

Step = Callable[[], object]


class Keeper:
    """Remembers what it was told to keep or forget."""

    def __init__(self) -> None:
        self.kept: dict[bytes, int] = {}

    def keep(self, keys: ScopeKeys, until: int) -> None:
        self.kept[keys.kid] = until

    def forget(self, kids: Iterable[bytes]) -> int:
        return sum(self.kept.pop(kid, None) is not None for kid in kids)


@pytest.fixture
def here(ada: Guest, monkeypatch: pytest.MonkeyPatch) -> Guest:
    """Ada, whose worktree and environment are those of this process."""
    for name, value in ada.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(ada.folder)
    return ada


def lock(*, dry_run: bool = False) -> locking.Locked:
    return locking.lock(workspace(), Keeper(), dry_run=dry_run)


def unlock(*names: str, dry_run: bool = False) -> unlocking.Unlocked:
    return unlocking.unlock(workspace(), names, dry_run=dry_run)


def unwraps(current: Workspace) -> int:
    assert isinstance(current.session, Session)
    return current.session.unwraps


def contents(here: Guest) -> dict[str, bytes]:
    return {path: here.have(path) for path in PLAIN}


CLEAR = {path: text.encode() for path, text in PLAIN.items()}
FULL = sorted(path for path, text in PLAIN.items() if text)


def assert_locked(here: Guest) -> None:
    for path in FULL:
        assert is_sealed(here.have(path)), path
        assert here.have(path) == here.blob(f":{path}")


def test_a_round_trip(here: Guest) -> None:
    assert lock().sealed == FULL
    assert_locked(here)
    here.calm()

    done = unlock()

    assert sorted(done.opened) == FULL
    assert contents(here) == CLEAR
    here.calm()
    assert not canary_in_objects(here.folder)


def test_both_may_be_repeated(here: Guest) -> None:
    assert unlock().opened == []
    lock()
    assert lock().sealed == []
    assert_locked(here)
    unlock()
    assert unlock().opened == []
    assert contents(here) == CLEAR


def test_git_needs_no_filter_to_see_that_nothing_changed(here: Guest) -> None:
    broken = ["-c", "filter.gitseal.process=false", "-c", "filter.gitseal.clean=false"]
    for file in here.files():  # what is as young as the index is read by git in any case
        os.utime(file, (1_700_000_000, 1_700_000_000))
    assert here.status() == ""
    for step in (lock, unlock):
        step()

        assert here.do(*broken, "status", "--porcelain") == ""


def test_modes_stay(here: Guest) -> None:
    (here.folder / "server.pem").chmod(0o600)
    here.do("update-index", "--chmod=+x", ".env")
    (here.folder / ".env").chmod(0o750)
    here.do("commit", "-qm", "A program")

    for step in (lock, unlock):
        step()
        modes = {path: (here.folder / path).stat().st_mode & 0o777 for path in PLAIN}
        assert (modes[".env"], modes["server.pem"]) == (0o750, 0o600)
    here.calm()


def test_one_unwrap_a_scope(here: Guest) -> None:
    current = workspace()
    locking.lock(current, Keeper())
    assert unwraps(current) <= 1

    current = workspace()
    unlocking.unlock(current)

    assert unwraps(current) == 1


def test_lock_asks_no_key_where_git_knows_that_nothing_changed(here: Guest) -> None:
    unlock()
    lock()
    unlock()
    current = workspace()

    locking.lock(current, Keeper())

    assert unwraps(current) == 0


def test_a_dry_run_changes_nothing(here: Guest) -> None:
    assert lock(dry_run=True).sealed == FULL
    assert contents(here) == CLEAR
    lock()
    assert sorted(unlock(dry_run=True).opened) == FULL
    assert_locked(here)
    assert is_locked(workspace().needed_repository())


def test_the_keys_are_kept_and_forgotten(here: Guest) -> None:
    keeper = Keeper()
    current = workspace()
    unlocking.unlock(current, keeper=keeper, until=7)
    (record,) = plain_records(current).values()
    assert keeper.kept == {record.active.kid: 7}

    assert locking.lock(workspace(), keeper).forgotten == 1
    assert keeper.kept == {}


class TestRefusals:
    """Lock loses no work; unlock without the key changes nothing."""

    def nothing_happened(self, here: Guest) -> None:
        assert not is_locked(workspace().needed_repository())
        assert CANARY.encode() in here.have("config/app.yaml")

    def test_an_edit(self, here: Guest) -> None:
        here.put(".env", ENV + "NEW=1\n")

        assert lock().changed == [".env"]

        assert here.have(".env").decode() == ENV + "NEW=1\n"
        self.nothing_happened(here)

    def test_an_edit_after_the_last_add(self, here: Guest) -> None:
        here.put(".env", ENV + "NEW=1\n")
        here.do("add", ".env")
        here.put(".env", ENV + "NEW=2\n")

        assert lock().changed == [".env"]

    def test_what_is_staged_and_not_committed_is_no_reason(self, here: Guest) -> None:
        here.put(".env", ENV + "NEW=1\n")
        here.do("add", ".env")

        assert not lock().refused

        assert_locked(here)
        unlock()
        assert here.have(".env").decode() == ENV + "NEW=1\n"

    def test_an_edit_of_the_same_size_and_time(self, here: Guest) -> None:
        unlock()
        lock()
        unlock()
        file = here.folder / ".env"
        info = file.stat()
        file.write_bytes(file.read_bytes().replace(b"8080", b"8081"))
        os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))

        assert lock().changed == [".env"]

    def test_an_edit_that_git_was_told_not_to_look_at(self, here: Guest) -> None:
        here.do("update-index", "--assume-unchanged", ".env")
        here.put(".env", ENV + "LOCAL=1\n")

        assert lock().changed == [".env"]
        assert here.have(".env").decode() == ENV + "LOCAL=1\n"

    @pytest.mark.parametrize("how", ["new", "intent"])
    def test_a_file_that_git_does_not_have(self, how: str, here: Guest) -> None:
        here.put("config/new.yaml", f"a: {CANARY}\n")
        if how == "intent":
            here.do("add", "-N", "config/new.yaml")

        assert lock().untracked == ["config/new.yaml"]
        self.nothing_happened(here)

    def test_an_unfinished_merge(self, here: Guest) -> None:
        for branch, value in (("other", "1"), ("main", "2")):
            here.do("checkout", "-q", "-B", branch, "main" if branch == "main" else "HEAD")
            here.put("server.pem", f"{CANARY}{value}\n")
            here.commit_all(value)
        here.do("merge", "other", code=1)

        assert lock().conflicts == ["server.pem"]

    def test_a_deleted_file_is_no_reason_and_stays_deleted(self, here: Guest) -> None:
        (here.folder / ".env").unlink()

        assert not lock().refused

        assert not (here.folder / ".env").exists()
        assert here.status() == " D .env\n"

    def test_a_wrong_key_changes_nothing(self, here: Guest) -> None:
        lock()
        before = {path: (here.folder / path).stat() for path in PLAIN}
        identity = here.home / ".config" / "gitseal" / "identity.txt"
        identity.unlink()
        generate_identity(str(identity))

        with pytest.raises(KeyAccessError):
            unlock()

        assert is_locked(workspace().needed_repository())
        for path, info in before.items():
            now = (here.folder / path).stat()
            assert (now.st_ino, now.st_mtime_ns) == (info.st_ino, info.st_mtime_ns)
        assert not (here.folder / ".git" / "info" / "attributes").exists() or here.status() == ""

    def test_no_filter(self, here: Guest) -> None:
        lock()
        for key in ("process", "clean"):
            here.do("config", "--global", "--unset", f"filter.gitseal.{key}")

        with pytest.raises(RefusedError, match="filter"):
            unlock()
        assert_locked(here)

    def test_a_sealed_scope_and_an_unknown_one(self, here: Guest) -> None:
        for name in ("vault", "nothing"):
            with pytest.raises(UsageError):
                unlock(name)


def test_only_what_is_just_as_staged_is_opened(here: Guest) -> None:
    lock()
    old = here.have("config/app.yaml")
    here.put("config/app.yaml", old + b"# mine\n")
    (here.folder / "server.pem").unlink()
    (here.folder / "config/app.json").unlink()
    (here.folder / "config/app.json").symlink_to("../README.md")

    done = unlock()

    assert (done.opened, done.changed) == ([".env"], ["config/app.yaml"])
    assert here.have("config/app.yaml") == old + b"# mine\n"
    assert not (here.folder / "server.pem").exists()
    assert (here.folder / "config/app.json").is_symlink()


def alter(here: Guest, path: str) -> None:
    """Change one character of sealed text."""
    text = here.have(path)
    at = len(text) - 9 if path == "server.pem" else text.index(b"seal:v1[_") + 20
    other = b"0" if text[at : at + 1] != b"0" else b"1"
    here.put(path, text[:at] + other + text[at + 1 :])


@pytest.mark.parametrize("path", FULL)
def test_what_was_altered_stays_sealed_and_is_named(path: str, here: Guest) -> None:
    lock()
    alter(here, path)
    here.do("add", path)

    done = unlock()

    assert [path for path, _error in done.failed] == [path]
    assert is_sealed(here.have(path))
    assert all(here.have(other) == CLEAR[other] for other in FULL if other != path)


def test_where_everything_was_altered_nothing_is_changed(here: Guest) -> None:
    lock()
    for path in FULL:
        alter(here, path)
    here.do("add", "-A")

    with pytest.raises(IntegrityError):
        unlock()

    assert is_locked(workspace().needed_repository())


def test_files_that_others_can_read_are_counted(here: Guest) -> None:
    lock()
    (here.folder / ".env").chmod(0o644)
    (here.folder / "server.pem").chmod(0o600)
    here.home.chmod(0o700)
    assert unlock().exposed == 0

    lock()
    folder = here.folder
    modes = {}
    while folder != folder.parent:
        modes[folder] = folder.stat().st_mode
        folder.chmod(folder.stat().st_mode | 0o011)
        folder = folder.parent
    try:
        assert 0 < unlock().exposed < len(FULL)
    finally:
        for folder, mode in modes.items():
            folder.chmod(mode & 0o7777)


def test_what_git_has_in_clear_is_named_by_both(here: Guest) -> None:
    identity = subprocess.run(
        ["git", "hash-object", "-w", "--no-filters", "--stdin"],
        input=b"A=1\n", check=True, capture_output=True,
    ).stdout.decode().strip()  # fmt: skip
    here.do("update-index", "--add", "--cacheinfo", f"100644,{identity},more.env")
    here.put("more.env", "A=1\n")

    assert lock().in_git == ["more.env"]
    assert unlock().failed == []
    assert here.have("more.env") == b"A=1\n"


def test_a_nested_line_without_the_filter_is_beaten(here: Guest) -> None:
    here.put("config/.gitattributes", "*.yaml -filter\n")
    lock()

    assert unlock().unfiltered == []
    assert contents(here) == CLEAR
    here.do("add", "-A")
    assert not canary_in_objects(here.folder)


def test_a_line_of_this_clone_without_the_filter_is_told_and_beaten(here: Guest) -> None:
    lock()
    with (here.folder / ".git" / "info" / "attributes").open("a") as file:
        file.write("config/*.yaml -filter\n")

    assert unlock(dry_run=True).unfiltered == ["config/app.yaml"]
    assert unlock().unfiltered == []
    here.touch()
    here.do("add", "-A")
    assert not canary_in_objects(here.folder)


def second_scope(here: Guest, reader: str) -> None:
    """A plain scope of somebody else, in which a file is sealed."""
    policy = here.have(".gitseal.yaml").decode()
    policy = policy.replace("\nscopes:\n", f"\n  ben: {reader}\nscopes:\n")
    policy += (
        '  other:\n    files: ["other/*"]\n    readers: [ada, ben]\n    seal: ["**"]\n'
        "    worktree: plain\n"
    )
    here.put(".gitseal.yaml", policy)
    here.seal("apply", "--yes")
    here.put("other/app.yaml", f"a: {CANARY}\n")
    here.commit_all("Another scope")


def test_of_two_scopes_one_key_opens_one(here: Guest) -> None:
    ben = generate_identity(str(here.home / "ben.txt"))
    second_scope(here, ben)
    assert lock().scopes == ["app", "other"]
    identity = here.home / ".config" / "gitseal" / "identity.txt"
    identity.write_bytes((here.home / "ben.txt").read_bytes())

    done = unlock()

    assert (done.scopes, done.opened) == (["other"], ["other/app.yaml"])
    assert [name for name, _error in done.closed] == ["app"]
    with pytest.raises(KeyAccessError):
        unlock("app")
    assert is_sealed(here.have(".env"))
    assert here.status() == ""


@pytest.mark.parametrize("step", [lock, unlock])
def test_where_git_is_busy_nothing_is_changed(step: Step, here: Guest) -> None:
    if step is unlock:
        lock()
    before = contents(here)
    (here.folder / ".git" / "index.lock").touch()

    with pytest.raises(ChangedError, match=r"index\.lock"):
        step()

    assert contents(here) == before
    assert is_locked(workspace().needed_repository()) == (step is unlock)


def test_an_index_that_only_git_reads(here: Guest) -> None:
    here.do("update-index", "--split-index")

    lock()
    assert_locked(here)
    here.calm()
    unlock()
    assert contents(here) == CLEAR
    here.calm()


def test_the_remnants_that_exist_are_listed(here: Guest, monkeypatch: pytest.MonkeyPatch) -> None:
    here.put("config/app.yaml~", f"a: {CANARY}\n")
    here.do("config", "core.excludesFile", str(here.home / "ignore"))
    (here.home / "ignore").write_text("*~\n.*.swp\nlocal.env\n")
    here.put(".server.pem.swp", CANARY)
    here.put("local.env", f"A={CANARY}\n")
    (here.folder / ".git" / "rr-cache" / "abc").mkdir(parents=True)
    here.do("update-ref", "refs/notes/textconv/gitseal", "HEAD")
    blob = here.home / "tmp"
    (blob / "git-blob-x1").mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(blob))
    current = workspace()

    told = "\n".join(what for what, _fix in remnants(current, plain_records(current)))

    for name in ("rr-cache", "refs/notes/textconv/gitseal", "config/app.yaml~", ".server.pem.swp",
                 "local.env", "git-blob-x1"):  # fmt: skip
        assert name in told, name
    assert (here.folder / "config/app.yaml~").exists()


def test_a_stash_without_the_filter_is_listed(here: Guest) -> None:
    here.put(".env", ENV + "NEW=1\n")
    plain = ["-c", "filter.gitseal.process=", "-c", "filter.gitseal.required=false",
             "-c", "filter.gitseal.clean="]  # fmt: skip
    here.do(*plain, "stash", "-q")
    current = workspace()

    (found,) = remnants(current, plain_records(current))

    assert found[0].startswith("stash@{0}")


def test_nothing_is_listed_where_nothing_is(here: Guest) -> None:
    current = workspace()

    assert remnants(current, plain_records(current)) == []


@pytest.mark.slow
def test_killed_at_any_moment(here: Guest) -> None:
    """SIGKILL: no file is lost, git calls nothing changed, and the next run finishes."""
    for number in range(120):
        here.put(f"config/many/{number:03}.yaml", f"a: {CANARY}{number}\n")
    here.commit_all("Many")
    chance = random.Random(4)
    clear = {path: path.read_bytes() for path in (here.folder / "config" / "many").iterdir()}
    for turn in range(KILLS):
        step = lock if turn % 2 == 0 else unlock
        child = os.fork()
        if not child:
            try:
                step()
            finally:
                os._exit(0)
        time.sleep(chance.uniform(0, 0.25))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        for path, text in clear.items():
            data = path.read_bytes()
            assert data == text or is_sealed(data), path
        (here.folder / ".git" / "index.lock").unlink(missing_ok=True)
        step()
        assert here.status() == ""
        assert all((path.read_bytes() == text) == (step is unlock) for path, text in clear.items())
    unlock()
    here.calm()
    assert not canary_in_objects(here.folder)
    leftovers = [path for path in (here.folder / ".git").rglob("*")
                 if path.is_file() and CANARY.encode() in path.read_bytes()]  # fmt: skip
    assert leftovers == []
    assert not list(Path(here.folder).rglob("*.tmp"))
