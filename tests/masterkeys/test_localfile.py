# SPDX-License-Identifier: Apache-2.0
"""Local key files: what they may be, where they are looked for, and what they bind."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from fakes import SCOPE
from gitseal.crypto.encoding import pae, scope_id_bytes
from gitseal.errors import (
    KeyUnusableError,
    NoCredentialsError,
    RefusedError,
    UsageError,
    WrongKeyError,
)
from gitseal.keys import Context, DataKey, ScopeId
from gitseal.masterkeys import canonical, resolve
from gitseal.masterkeys.base import Deadline, MasterKey, Means
from gitseal.masterkeys.identities import Identities
from gitseal.masterkeys.localkeys import KEY_SIZE, LocalKeys, generate, load

DEADLINE = Deadline(5)
DATA_KEY = DataKey(bytes(range(32)))


def key_in(folder: Path, uri: str, *files: Path) -> MasterKey:
    named = [("GITSEAL_KEY_FILE", str(path)) for path in files]
    return resolve(uri, Means(Identities(), LocalKeys(str(folder), named)))


def path_of(folder: Path, uri: str) -> Path:
    return folder / f"{uri.removeprefix('file:')}.key"


def test_what_is_wrapped_is_unwrapped(tmp_path: Path) -> None:
    uri = generate(str(tmp_path / "keys"))
    key = key_in(tmp_path / "keys", uri)

    blob = key.wrap(DATA_KEY, SCOPE, DEADLINE)

    assert key.uri == uri
    assert len(blob) == 48
    assert key.unwrap(blob, SCOPE, DEADLINE).expose() == DATA_KEY.expose()


def test_a_known_key_gives_known_bytes(tmp_path: Path) -> None:
    uri = generate(str(tmp_path), secret=bytes(range(64)))

    blob = key_in(tmp_path, uri).wrap(DATA_KEY, SCOPE, DEADLINE)

    binding = pae(b"gitseal/v1 wrap", scope_id_bytes(SCOPE))
    assert uri == "file:0rjx99e5q9gbzbjp"
    assert blob == AESSIV(bytes(range(64))).encrypt(DATA_KEY.expose(), [binding])
    assert blob.hex() == (
        "d4d2e7fef03cd56c42819c3e43649a1bd4d7c8744e7935b6be5e8ff320075bdc"
        "5dfff00437602ea192c91e1d38da563d"
    )


def test_the_file_is_one_line_of_text_for_its_owner_alone(tmp_path: Path) -> None:
    uri = generate(str(tmp_path), secret=bytes(64))
    path = path_of(tmp_path, uri)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == (f"# gitseal local key {uri}\nGITSEAL-LOCAL-KEY-1:{'0' * 103}\n")


@pytest.mark.parametrize(
    "scope",
    [
        ScopeId("payments-test", SCOPE.context, 1),
        ScopeId("payments-prod", SCOPE.context, 2),
        ScopeId("payments-prod", Context({"app": "payments", "env": "test"}), 1),
        ScopeId("payments-prod", Context(), 1),
    ],
    ids=["name", "epoch", "context", "no context"],
)
def test_another_scope_does_not_open(scope: ScopeId, tmp_path: Path) -> None:
    key = key_in(tmp_path, generate(str(tmp_path)))
    blob = key.wrap(DATA_KEY, SCOPE, DEADLINE)

    with pytest.raises(WrongKeyError):
        key.unwrap(blob, scope, DEADLINE)


@pytest.mark.parametrize("blob", [b"x", bytes(15), bytes(16), bytes(48)])
def test_a_foreign_or_damaged_wrap_does_not_open(blob: bytes, tmp_path: Path) -> None:
    with pytest.raises(WrongKeyError):
        key_in(tmp_path, generate(str(tmp_path))).unwrap(blob, SCOPE, DEADLINE)


@pytest.mark.parametrize("size", [1, 31, 33])
def test_a_data_key_of_another_length_is_refused(size: int, tmp_path: Path) -> None:
    uri = generate(str(tmp_path), secret=bytes(64))
    binding = pae(b"gitseal/v1 wrap", scope_id_bytes(SCOPE))

    with pytest.raises(KeyUnusableError, match=f"{size} bytes"):
        key_in(tmp_path, uri).unwrap(
            AESSIV(bytes(64)).encrypt(bytes(size), [binding]), SCOPE, DEADLINE
        )


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o400, 0o700, 0o604])
def test_only_mode_0600_will_do(mode: int, tmp_path: Path) -> None:
    uri = generate(str(tmp_path))
    path_of(tmp_path, uri).chmod(mode)

    with pytest.raises(RefusedError, match=f"{mode:04o}"):
        key_in(tmp_path, uri).wrap(DATA_KEY, SCOPE, DEADLINE)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    uri = generate(str(tmp_path / "real"))
    (tmp_path / "keys").mkdir()
    path_of(tmp_path / "keys", uri).symlink_to(path_of(tmp_path / "real", uri))

    with pytest.raises(RefusedError, match="symbolic link"):
        key_in(tmp_path / "keys", uri).wrap(DATA_KEY, SCOPE, DEADLINE)


def test_a_fifo_never_blocks(tmp_path: Path) -> None:
    uri = generate(str(tmp_path / "made"))
    (tmp_path / "keys").mkdir()
    os.mkfifo(path_of(tmp_path / "keys", uri), 0o600)

    with pytest.raises(RefusedError, match="regular file"):
        key_in(tmp_path / "keys", uri).wrap(DATA_KEY, SCOPE, DEADLINE)


@pytest.mark.needs("root")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    uri = generate(str(tmp_path))
    os.chown(path_of(tmp_path, uri), 65534, 65534)

    with pytest.raises(RefusedError, match="another user"):
        key_in(tmp_path, uri).wrap(DATA_KEY, SCOPE, DEADLINE)


@pytest.mark.parametrize(
    "text",
    ["", "hunter2\n", "GITSEAL-LOCAL-KEY-1:\n", f"GITSEAL-LOCAL-KEY-1:{'1' * 103}\n", "x" * 5000],
    ids=["empty", "other", "nothing", "spare bits", "large"],
)
def test_what_is_no_key_is_refused_without_showing_it(text: str, tmp_path: Path) -> None:
    path = tmp_path / "some.key"
    path.write_text(text)
    path.chmod(0o600)

    with pytest.raises(RefusedError) as caught:
        load(str(path))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "uri",
    [
        "file:",
        "file:/etc/passwd",
        "file:../../../x",
        "file:ABCDEFGHJKMNPQRS",
        "file:0123456789abcdef0",
        "file:0123456789abcde/",
        "file:0123456789abcdei",
        "file:~/key",
    ],
)
def test_a_policy_names_a_key_and_never_a_path(uri: str) -> None:
    with pytest.raises(UsageError, match="id"):
        canonical(uri)


def test_the_users_setting_brings_a_file_from_elsewhere(tmp_path: Path) -> None:
    uri = generate(str(tmp_path / "usb"))
    path = tmp_path / "usb" / "backup"
    path_of(tmp_path / "usb", uri).rename(path)

    blob = key_in(tmp_path / "keys", uri, path).wrap(DATA_KEY, SCOPE, DEADLINE)

    assert len(blob) == 48


def test_a_name_of_another_key_brings_nothing(tmp_path: Path) -> None:
    mine, theirs = generate(str(tmp_path)), generate(str(tmp_path))
    path_of(tmp_path, mine).replace(path_of(tmp_path, theirs))

    with pytest.raises(NoCredentialsError, match="no local key of this id"):
        key_in(tmp_path, theirs).wrap(DATA_KEY, SCOPE, DEADLINE)


def test_a_missing_key_says_where_it_was_looked_for(tmp_path: Path) -> None:
    uri = generate(str(tmp_path / "elsewhere"))

    with pytest.raises(NoCredentialsError) as caught:
        key_in(tmp_path / "keys", uri).unwrap(bytes(48), SCOPE, DEADLINE)
    assert str(tmp_path / "keys") in str(caught.value)


def test_a_key_may_stand_in_a_setting(tmp_path: Path) -> None:
    uri = generate(str(tmp_path), secret=bytes(64))
    line = path_of(tmp_path, uri).read_text().splitlines()[1]
    keys = LocalKeys(texts=[("GITSEAL_KEY", line)])

    assert keys.uris() == (uri,)
    assert keys.vouch_secrets() == (bytes(KEY_SIZE),)
    assert len(resolve(uri, Means(Identities(), keys)).wrap(DATA_KEY, SCOPE, DEADLINE)) == 48


def test_usable_keys_are_listed_others_left_out(tmp_path: Path) -> None:
    uris = sorted(generate(str(tmp_path)) for _ in range(3))
    path_of(tmp_path, uris[1]).chmod(0o644)
    (tmp_path / "notes.txt").write_text("x")

    assert sorted(LocalKeys(str(tmp_path)).uris()) == [uris[0], uris[2]]


def test_check_tells_what_would_work(tmp_path: Path) -> None:
    uri = generate(str(tmp_path))

    (good,) = key_in(tmp_path, uri).check({"unwrap"}, DEADLINE)
    path_of(tmp_path, uri).chmod(0o644)
    (bad,) = key_in(tmp_path, uri).check({"unwrap"}, DEADLINE)

    assert (good.ok, bad.ok) == (True, False)
    assert bad.hint is not None


def test_no_repr_shows_the_key(tmp_path: Path) -> None:
    uri = generate(str(tmp_path), secret=b"\x42" * 64)
    key = load(str(path_of(tmp_path, uri)))

    assert repr(key) == f"SecretKey({uri}, …)"
