# SPDX-License-Identifier: Apache-2.0
"""Every way of failing to open a key, and not one of them tells a part of a secret."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from fakes import SCOPE
from gitseal.crypto.derive import ScopeKeys
from gitseal.errors import GitsealError
from gitseal.keys import DataKey, ScopeId, WrappedKey
from gitseal.masterkeys.bech32 import decode
from gitseal.masterkeys.localkeys import generate
from gitseal.session import Session
from gitseal.settings import Settings
from gitseal.trust.packing import pack

PASSPHRASE = "canary-passphrase"
DATA_KEY = DataKey(b"canary-data-key-canary-data-key!")
KID = ScopeKeys(DATA_KEY, SCOPE).kid


def everything_in(error: BaseException | None) -> Iterator[str]:
    """Whatever a handler, a logger or a crash report could get hold of."""
    while error is not None:
        yield from (str(error), repr(error), repr(vars(error)))
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_globals["__name__"].startswith("gitseal"):
            yield repr({name: repr(value) for name, value in vars(error).items()})
            trace = trace.tb_next
        assert error.__context__ is None or error.__suppress_context__
        error = error.__cause__


def forms(secret: bytes) -> set[str]:
    text = secret.decode("latin-1")
    return {text, text.lower(), secret.hex(), repr(secret)[2:-1]}


def damaged(blob: bytes) -> Iterator[bytes]:
    yield from (b"", blob[:20], blob[:-1], blob + b"x", b"\0" * len(blob), blob * 200)


@pytest.mark.needs("ssh-keygen")
def test_no_failure_shows_a_secret(tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    me = str(identity.to_public())
    config = tmp_path / ".config" / "gitseal"
    uri = generate(str(config / "keys"))
    key_line = (config / "keys" / f"{uri[5:]}.key").read_text().splitlines()[1]
    ssh = tmp_path / ".ssh" / "id_ed25519"
    ssh.parent.mkdir()
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", PASSPHRASE, "-f", str(ssh)]
    subprocess.run(command, check=True)
    ssh_public = " ".join(ssh.with_suffix(".pub").read_text().split()[:2])
    home = {"HOME": str(tmp_path)}
    places = [
        home,
        home | {"GITSEAL_IDENTITY": str(identity)},
        home | {"GITSEAL_IDENTITY": str(identity)[:-1] + "Q"},
        home | {"GITSEAL_IDENTITY": f"{identity}\n{PASSPHRASE}"},
        home | {"GITSEAL_KEY": pack(f"{identity}\n{key_line}", {})},
        home | {"GITSEAL_KEY": pack(f"{identity}\n{key_line}", {})[:-2]},
        home | {"GITSEAL_KEY": f"{identity}\n{key_line}x"},
        home | {"GITSEAL_KEY": f"{identity},{PASSPHRASE}"},
    ]
    secrets = {PASSPHRASE, key_line[20:], str(identity), str(identity)[20:50]}
    secrets |= forms(DATA_KEY.expose()) | forms(decode(str(identity))[1])
    seen: list[str] = []
    other = ScopeId("other", SCOPE.context, 1)
    whole = Settings(home)
    readers = [("me", me), ("local", uri), ("ssh", ssh_public)]
    wraps = Session(whole).wrap_for(readers, DATA_KEY, SCOPE)

    for environ in places:
        for scope, kid in ((SCOPE, bytes(32)), (other, KID)):
            seen += failing(Settings(environ), scope, wraps, kid)
        for wrapped in wraps:
            for blob in damaged(wrapped.blob):
                one = [WrappedKey(wrapped.to, wrapped.uri, blob)]
                seen += failing(Settings(environ), SCOPE, one, KID)
    assert len(seen) > 100
    for secret in secrets:
        assert not [text for text in seen if secret.lower() in text.lower()]


def failing(settings: Settings, scope: ScopeId, wraps: list[WrappedKey], kid: bytes) -> list[str]:
    session = Session(settings, ask=lambda _: PASSPHRASE)
    try:
        session.keys(scope, wraps, kid)
    except GitsealError as error:
        found = list(everything_in(error))
        return [*found, str(error.hint), repr(session), str(session.warnings())]
    raise AssertionError("opened what must not open")
