# SPDX-License-Identifier: Apache-2.0
"""Data keys that `unlock --for` keeps: where, how long, for whom, and what is never believed."""

from __future__ import annotations

import os
import stat
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

import needs
from gitseal.crypto.derive import ScopeKeys
from gitseal.errors import RefusedError
from gitseal.files import memory
from gitseal.files.memory import is_in_memory
from gitseal.keys import Context, DataKey, ScopeId
from gitseal.masterkeys.base import Means
from gitseal.masterkeys.identities import Identities
from gitseal.masterkeys.localkeys import LocalKeys
from gitseal.session import POINTER, Session
from gitseal.session.cache import LONGEST, KeptKeys
from gitseal.settings import Settings

SHM = Path("/dev/shm")
SCOPE = ScopeId("app", Context({"app": "shop"}), 3)
NOW = 1_800_000_000


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Path]:
    """A runtime directory of one's own, in memory."""
    if not is_in_memory(str(SHM)) or not os.access(SHM, os.W_OK):
        pytest.skip(needs.REASON + "a tmpfs at /dev/shm")
    folder = SHM / f"test-{os.getpid()}-{tmp_path.name}"
    folder.mkdir(mode=0o700)
    yield folder
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    folder.rmdir()


@pytest.fixture
def settings(home: Path, runtime: Path) -> Settings:
    return Settings.from_environment({"HOME": str(home), "XDG_RUNTIME_DIR": str(runtime)})


@pytest.fixture
def keys() -> ScopeKeys:
    return ScopeKeys(DataKey.generate(), SCOPE)


class Clock:
    def __init__(self) -> None:
        self.time = float(NOW)

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kept(settings: Settings, clock: Clock) -> KeptKeys:
    return KeptKeys(settings, clock)


def entry(runtime: Path) -> Path:
    """The one file that is kept."""
    (folder,) = runtime.iterdir()
    (file,) = folder.iterdir()
    return file


def pointer(home: Path) -> Path:
    return home / ".config" / "gitseal" / POINTER


def test_a_key_comes_back_until_its_end_and_is_deleted_then(
    kept: KeptKeys, keys: ScopeKeys, clock: Clock, runtime: Path, home: Path
) -> None:
    kept.keep(keys, NOW + 3600)

    clock.time = NOW + 3599
    found = kept.get(SCOPE, keys.kid)
    assert found is not None
    assert found.expose() == keys.data_key().expose()
    assert kept.until(keys.kid) == NOW + 3600

    clock.time = NOW + 3600
    assert kept.get(SCOPE, keys.kid) is None
    assert list(runtime.iterdir()) == []
    assert not pointer(home).exists()


def test_files_are_for_nobody_else(
    kept: KeptKeys, keys: ScopeKeys, runtime: Path, home: Path
) -> None:
    kept.keep(keys, NOW + 60)

    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in runtime.rglob("*")}

    assert sorted(modes.values()) == [0o600, 0o700]
    assert stat.S_IMODE(pointer(home).stat().st_mode) == 0o600
    assert keys.data_key().expose().hex() not in pointer(home).read_text()


def test_no_key_lies_on_a_disk(kept: KeptKeys, keys: ScopeKeys, tmp_path: Path, home: Path) -> None:
    kept.keep(keys, NOW + 60)
    secret = keys.data_key().expose()

    for top in (home, tmp_path):
        for path in top.rglob("*"):
            data = path.read_bytes() if path.is_file() else b""
            assert secret not in data
            assert secret.hex().encode() not in data


def test_the_text_of_an_entry_is_the_one_that_is_written_down(
    kept: KeptKeys, keys: ScopeKeys, runtime: Path
) -> None:
    kept.keep(keys, NOW + 60)

    lines = entry(runtime).read_text().splitlines()

    assert lines[0] == "gitseal kept key 1"
    assert [line.split()[0] for line in lines[1:]] == ["sid", "kid", "until", "key"]
    assert entry(runtime).name == keys.kid.hex()


@pytest.mark.parametrize(
    "fault", ["other key", "cut", "longer", "no text", "far", "title", "upper"]
)
def test_a_forged_or_damaged_entry_is_deleted(
    fault: str, kept: KeptKeys, keys: ScopeKeys, runtime: Path
) -> None:
    kept.keep(keys, NOW + 60)
    file = entry(runtime)
    text = file.read_text()
    other = DataKey.generate().expose().hex()
    file.write_bytes(
        {
            "other key": text.replace(keys.data_key().expose().hex(), other),
            "cut": text[:-10],
            "longer": text + "more\n",
            "no text": "\udcff" * 10,
            "far": text.replace(str(NOW + 60), str(NOW + LONGEST + 9)),
            "title": text.replace("key 1", "key 2"),
            "upper": text.upper(),
        }[fault].encode(errors="surrogateescape")
    )
    os.chmod(file, 0o600)

    found = kept.get(SCOPE, keys.kid)

    if fault == "other key":  # whole, but of another key: who asks compares the kid
        assert found is not None
        assert ScopeKeys(found, SCOPE).kid != keys.kid
    else:
        assert found is None
        assert not file.exists()


def test_of_another_scope_it_is_none(kept: KeptKeys, keys: ScopeKeys) -> None:
    kept.keep(keys, NOW + 60)

    assert kept.get(ScopeId("app", Context({"app": "shop"}), 4), keys.kid) is None
    assert kept.get(SCOPE, bytes(32)) is None


@pytest.mark.parametrize("fault", ["wide", "link", "second name", "pipe", "directory"])
def test_an_entry_that_others_could_have_made_is_not_read(
    fault: str, kept: KeptKeys, keys: ScopeKeys, runtime: Path, tmp_path: Path
) -> None:
    kept.keep(keys, NOW + 60)
    file = entry(runtime)
    text = file.read_bytes()
    if fault == "wide":
        file.chmod(0o640)
    elif fault == "second name":
        os.link(file, runtime / "again")
    else:
        file.unlink()
        (tmp_path / "elsewhere").write_bytes(text)
        (tmp_path / "elsewhere").chmod(0o600)
        if fault == "link":
            file.symlink_to(tmp_path / "elsewhere")
        elif fault == "pipe":
            os.mkfifo(file, 0o600)
        else:
            file.mkdir(0o700)

    assert kept.get(SCOPE, keys.kid) is None
    assert fault == "directory" or not os.path.lexists(file)


def test_a_directory_that_others_can_open_is_not_used(
    kept: KeptKeys, keys: ScopeKeys, runtime: Path
) -> None:
    kept.keep(keys, NOW + 60)
    entry(runtime).parent.chmod(0o750)

    assert kept.get(SCOPE, keys.kid) is None


def test_a_link_in_place_of_the_directory_is_not_followed(
    kept: KeptKeys, keys: ScopeKeys, runtime: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir(mode=0o700)
    (runtime / f"gitseal-kept-{os.geteuid()}").symlink_to(tmp_path / "mine")
    try:
        kept.keep(keys, NOW + 60)
    except RefusedError:
        pass
    finally:
        kept.forget([keys.kid])

    assert list((tmp_path / "mine").iterdir()) == []


@pytest.mark.parametrize(
    "text", ["", "memory\n", "memory\nrelative\n", "memory\n/nowhere\n", "x\n"]
)
def test_a_pointer_to_nothing_is_no_error(
    text: str, settings: Settings, home: Path, kept: KeptKeys, keys: ScopeKeys
) -> None:
    pointer(home).parent.mkdir(parents=True, exist_ok=True)
    pointer(home).write_text(text)
    pointer(home).chmod(0o600)

    assert kept.get(SCOPE, keys.kid) is None
    assert not pointer(home).exists()


def test_without_memory_it_is_refused(
    kept: KeptKeys, keys: ScopeKeys, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "is_in_memory", lambda path: False)

    with pytest.raises(RefusedError, match="never kept on a disk"):
        kept.keep(keys, NOW + 60)

    assert not pointer(home).exists()


def test_without_a_home_it_is_refused(runtime: Path, keys: ScopeKeys, clock: Clock) -> None:
    homeless = Settings.from_environment({"XDG_RUNTIME_DIR": str(runtime)})

    with pytest.raises(RefusedError, match="home"):
        KeptKeys(homeless, clock).keep(keys, NOW + 60)


def test_forgetting_deletes_these_and_what_is_over(
    kept: KeptKeys, keys: ScopeKeys, clock: Clock, runtime: Path, home: Path
) -> None:
    over, other = (ScopeKeys(DataKey.generate(), SCOPE) for _ in range(2))
    kept.keep(over, NOW + 10)
    kept.keep(keys, NOW + 60)
    kept.keep(other, NOW + 60)
    clock.time = NOW + 20

    assert kept.forget([keys.kid]) == 1
    assert entry(runtime).name == other.kid.hex()
    assert kept.forget([other.kid, keys.kid]) == 1
    assert list(runtime.iterdir()) == []
    assert not pointer(home).exists()


def test_a_key_is_forgotten_where_no_pointer_leads_any_more(
    kept: KeptKeys, keys: ScopeKeys, runtime: Path, home: Path
) -> None:
    kept.keep(keys, NOW + 60)
    pointer(home).unlink()

    assert kept.forget([keys.kid]) == 1
    assert list(runtime.iterdir()) == []


def test_nothing_shows_a_key(kept: KeptKeys, keys: ScopeKeys) -> None:
    kept.keep(keys, NOW + 60)
    found = kept.get(SCOPE, keys.kid)

    assert keys.data_key().expose().hex() not in repr((kept, found, kept._entry(keys.kid)))


class TestASession:
    """Sessions take what is kept before they ask a key."""

    def session(self, settings: Settings) -> Session:
        return Session(settings, means=Means(Identities([]), LocalKeys()))

    def test_takes_a_kept_key_and_unwraps_nothing(
        self, settings: Settings, keys: ScopeKeys
    ) -> None:
        KeptKeys(settings).keep(keys, int(KeptKeys(settings).now()) + 60)
        session = self.session(settings)

        found = session.keys(SCOPE, [], keys.kid)

        assert found.data_key().expose() == keys.data_key().expose()
        assert session.unwraps == 0

    def test_refuses_a_kept_key_that_is_not_the_records(
        self, settings: Settings, keys: ScopeKeys, runtime: Path
    ) -> None:
        from gitseal.errors import KeyAccessError

        KeptKeys(settings).keep(keys, int(KeptKeys(settings).now()) + 60)
        file = entry(runtime)
        other = DataKey.generate().expose().hex()
        file.write_text(file.read_text().replace(keys.data_key().expose().hex(), other))

        with pytest.raises(KeyAccessError):
            self.session(settings).keys(SCOPE, [], keys.kid)
        assert not file.exists()

    def test_looks_at_one_name_where_nothing_is_kept(
        self, settings: Settings, keys: ScopeKeys, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from gitseal.errors import KeyAccessError

        looked: list[str] = []
        real = os.path.lexists

        def look(path: str) -> bool:
            looked.append(path)
            return real(path)

        monkeypatch.setattr(os.path, "lexists", look)
        monkeypatch.delitem(sys.modules, "gitseal.session.cache")

        with pytest.raises(KeyAccessError):
            self.session(settings).keys(SCOPE, [], keys.kid)

        assert looked == [f"{settings.config_dir}/{POINTER}"]
        assert "gitseal.session.cache" not in sys.modules

    def test_keys_are_asked_for_where_the_user_names_kinds(
        self, settings: Settings, keys: ScopeKeys
    ) -> None:
        from gitseal.errors import KeyAccessError

        KeptKeys(settings).keep(keys, int(KeptKeys(settings).now()) + 60)
        named = Settings.from_environment({**settings.environ, "GITSEAL_KEYS": "age"})

        with pytest.raises(KeyAccessError):
            self.session(named).keys(SCOPE, [], keys.kid)


class StandIn(types.ModuleType):
    """Stands in for the optional package `keyring`, with the functions that are used."""

    def __init__(self, module: str) -> None:
        super().__init__("keyring")
        self.passwords: dict[tuple[str, str], str] = {}
        self.backend = type("Keyring", (), {"__module__": module})()

    def get_keyring(self) -> object:
        return self.backend

    def get_password(self, service: str, name: str) -> str | None:
        return self.passwords.get((service, name))

    def set_password(self, service: str, name: str, text: str) -> None:
        self.passwords[service, name] = text

    def delete_password(self, service: str, name: str) -> None:
        del self.passwords[service, name]


class TestTheKeyringOfTheSystem:
    def test_is_used_where_it_is_real(
        self, kept: KeptKeys, keys: ScopeKeys, clock: Clock, home: Path, runtime: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        keyring = StandIn("keyring.backends.SecretService")
        monkeypatch.setitem(sys.modules, "keyring", keyring)
        kept.keep(keys, NOW + 60)

        assert list(keyring.passwords) == [("gitseal", keys.kid.hex())]
        assert list(runtime.iterdir()) == []
        assert pointer(home).read_text() == f"keyring\n{keys.kid.hex()} {NOW + 60}\n"
        found = kept.get(SCOPE, keys.kid)
        assert found is not None
        assert found.expose() == keys.data_key().expose()

        clock.time = NOW + 60
        assert kept.get(SCOPE, keys.kid) is None
        assert keyring.passwords == {}
        assert not pointer(home).exists()

    @pytest.mark.parametrize(
        "module", ["keyring.backends.fail", "keyring.backends.null", "keyrings.alt.file"]
    )
    def test_is_not_used_where_it_writes_files_or_nothing(
        self, module: str, kept: KeptKeys, keys: ScopeKeys, runtime: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        keyring = StandIn(module)
        monkeypatch.setitem(sys.modules, "keyring", keyring)
        kept.keep(keys, NOW + 60)

        assert keyring.passwords == {}
        assert entry(runtime).name == keys.kid.hex()

    def test_is_forgotten_by_lock(
        self, kept: KeptKeys, keys: ScopeKeys, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        keyring = StandIn("keyring.backends.macOS")
        monkeypatch.setitem(sys.modules, "keyring", keyring)
        kept.keep(keys, NOW + 60)

        assert kept.forget([keys.kid]) == 1
        assert keyring.passwords == {}
        assert not pointer(home).exists()
