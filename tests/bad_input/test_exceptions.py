# SPDX-License-Identifier: Apache-2.0
"""
No exception carries a value: not in its words, its attributes, nor in what it came from.

Crash reporters collect `__context__` and attributes of every exception in the chain; the decoder's
holds the document.  Frames are left out: no reporter of ours reads them, and any would leak.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from desk import CANARY, ENV, JSON, YAML, Desk
from gitseal import documents, sealedfile
from gitseal.crypto.base32 import from_text
from gitseal.crypto.derive import ScopeKeys
from gitseal.errors import GitsealError
from gitseal.keypaths import parse_typed
from gitseal.keys import Context, DataKey, ScopeId, WrappedKey
from gitseal.launch.run import prepare_environment
from gitseal.masterkeys import canonical
from gitseal.masterkeys.identities import Identities, Source, parse_identity
from gitseal.native.header import read_header
from gitseal.operations.opening import open_path
from gitseal.operations.reading import export, read_value
from gitseal.policy.config import Config
from gitseal.policy.records import Record
from gitseal.settings import Settings
from gitseal.trust.packing import parse_trust, unpack

DEPTH = 6


def reachable(thing: Any, depth: int = DEPTH, seen: set[int] | None = None) -> Iterator[str]:
    """Every text that hangs on an exception or on an object of it, traceback frames excluded."""
    seen = set() if seen is None else seen
    if depth < 0 or id(thing) in seen or thing is None:
        return
    seen.add(id(thing))
    if isinstance(thing, str):
        yield thing
        return
    if isinstance(thing, (bytes, bytearray, memoryview)):
        yield bytes(thing).decode("utf-8", "replace")
        return
    if isinstance(thing, dict):
        parts: list[Any] = [*thing.keys(), *thing.values()]
    elif isinstance(thing, (list, tuple, set, frozenset)):
        parts = list(thing)
    else:
        yield repr(thing)
        yield str(thing)
        names = {name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())}
        parts = [getattr(thing, name, None) for name in names]
        parts += list(getattr(thing, "__dict__", {}).values())
    if isinstance(thing, BaseException):
        special = ("args", "__cause__", "__context__", "__notes__", "object", "doc", "filename")
        parts += [getattr(thing, name, None) for name in special]
    for part in parts:
        yield from reachable(part, depth - 1, seen)


def check_silent(error: BaseException) -> None:
    for text in reachable(error):
        assert CANARY not in text, f"{type(error).__name__} carries a value"


def parsed(text: str | bytes, syntax: str) -> Callable[[], object]:
    data = text if isinstance(text, bytes) else text.encode()
    return lambda: documents.parse(data, syntax)


RAISES: dict[str, Callable[[], object]] = {
    "yaml, a bracket": parsed(f"a: [{CANARY}\n", "yaml"),
    "yaml, a quote": parsed(f'a: "{CANARY}\n', "yaml"),
    "yaml, an alias": parsed(f"a: *{CANARY}\n", "yaml"),
    "yaml, a key twice": parsed(f"a: {CANARY}\na: {CANARY}\n", "yaml"),
    "yaml, a control character": parsed(f"a: {CANARY}\x07\n", "yaml"),
    "yaml, no UTF-8": parsed(f"a: {CANARY}".encode() + b"\xff", "yaml"),
    "yaml, UTF-16": parsed(f"a: {CANARY}".encode("utf-16"), "yaml"),
    "json, a comma": parsed(f'{{"a": "{CANARY}",}}', "json"),
    "json, no quotes": parsed(f'{{"a": {CANARY}}}', "json"),
    "json, no UTF-8": parsed(f'{{"a": "{CANARY}'.encode() + b"\xff", "json"),
    "json, a name twice": parsed(f'{{"a": "{CANARY}", "a": "{CANARY}"}}', "json"),
    "json, a surrogate": parsed(f'{{"a": "\\ud800{CANARY}"}}', "json"),
    "dotenv, a line": parsed(f"A=1\n{CANARY}\n", "dotenv"),
    "dotenv, no UTF-8": parsed(f"A={CANARY}".encode() + b"\xff", "dotenv"),
    "a file that looks sealed": lambda: sealedfile.inspect(
        f'a: "seal:v1[_{CANARY}_]"\ngitseal:\n  v: 1\n'.encode(), "a.yaml"
    ),
    "a whole file": lambda: sealedfile.inspect(
        b"\0GITSEAL\x01" + b"\xff" * 8 + CANARY.encode(), "a"
    ),
    "a whole file's header": lambda: sealedfile.inspect(
        b"\0GITSEAL\x01" + len(CANARY).to_bytes(8, "little") + CANARY.encode() + bytes(64), "a"
    ),
    "a header's field": lambda: read_header([("v", 1), ("scope", CANARY), ("epoch", CANARY)]),
    "base 32": lambda: from_text("seal", f"seal:v1[_{CANARY}_]"),
    "a data key": lambda: DataKey(CANARY.encode()),
    "a private key": lambda: parse_identity(f"AGE-SECRET-KEY-1{CANARY}", "x"),
    "a recipient": lambda: canonical(f"age-secret-key-1{CANARY}"),
    "a packed key": lambda: unpack(f"gitseal-key-1.{CANARY}.x"),
    "a packed key's bytes": lambda: unpack("gitseal-key-1.\u00e9" + CANARY),
    "a pin": lambda: parse_trust(f"{CANARY}={CANARY}"),
    "a record": lambda: Record.parse(f'{{"v": {CANARY}}}'.encode(), "app"),
    "a record's bytes": lambda: Record.parse(CANARY.encode() + b"\xff", "app"),
    "a policy's bytes": lambda: Config.parse(f"# {CANARY}".encode() + b"\xff"),
    "a variable": lambda: prepare_environment({"A": f"{CANARY}\0"}, {}),
    "a key path": lambda: parse_typed(f'"{CANARY}'),
}  # fmt: skip


@pytest.mark.parametrize("name", RAISES)
def test_what_goes_wrong_below_is_silent(name: str) -> None:
    with pytest.raises((GitsealError, ValueError)) as caught:
        RAISES[name]()
    if name != "a key path":  # its words are what the user typed to find a value
        check_silent(caught.value)


def test_the_user_configuration_is_silent(home: Path) -> None:
    folder = home / ".config" / "gitseal"
    folder.mkdir(parents=True)
    for text in (f"editor = '{CANARY}\n", f"timeout = '{CANARY}'\n", f"{CANARY}\n"):
        (folder / "config.toml").write_text(text)

        with pytest.raises(GitsealError) as caught:
            _ = Settings.from_environment().user
        check_silent(caught.value)
    (folder / "config.toml").write_bytes(CANARY.encode() + b"\xff")
    with pytest.raises(GitsealError) as caught:
        _ = Settings.from_environment().user
    check_silent(caught.value)


FILES = {"a.yaml": YAML, "a.json": JSON, ".env": ENV}


@pytest.mark.parametrize("path", FILES)
def test_what_goes_wrong_above_is_silent(path: str, app: Desk) -> None:
    sealed = app.seal(path, FILES[path]).read_text()
    last = sealed.rindex("seal:v1[_") + 20
    damaged = sealed[:last] + ("0" if sealed[last] != "0" else "1") + sealed[last + 1 :]
    calls: list[Callable[[], object]] = [
        lambda: read_value(app.workspace(), path, "nowhere"),
        lambda: read_value(app.workspace(), path, "db.password.deeper"),
        lambda: export(app.workspace(), path, "env", ["nowhere"]),
    ]
    for call in calls:
        with pytest.raises(GitsealError) as caught:
            call()
        check_silent(caught.value)
    for text in (damaged, sealed[:-40], sealed + f"x: {CANARY}\n", sealed.replace("v1[", "v2[")):
        app.write(path, text)
        with pytest.raises(GitsealError) as caught:
            open_path(app.workspace(), path)
        check_silent(caught.value)


def test_what_holds_secrets_says_nothing(app: Desk) -> None:
    app.seal("a.yaml", YAML)
    current = app.workspace()
    opened = open_path(current, "a.yaml")
    secret = bytes(range(32))
    scope = ScopeId("app", Context({}), 1)
    identity = parse_identity(
        (app.home / ".config/gitseal/identity.txt").read_text().splitlines()[-1], "x"
    )
    things = [
        opened, opened.clear, opened.sealed, opened.keys, opened.clear.document, current,
        current.session, current.settings, current.session.means, identity, opened.grant,
        Identities([Source("x", text=CANARY)]), Source("x", text=CANARY), DataKey(secret),
        ScopeKeys(DataKey(secret), scope), WrappedKey("ada", "age1", CANARY.encode()),
        Settings({"GITSEAL_KEY": CANARY, "HOME": "/"}).identity_sources()[0],
    ]  # fmt: skip
    forms = (CANARY, repr(secret), secret.hex(), identity.for_age().__str__())
    for thing in things:
        for text in (repr(thing), str(thing), f"{thing}", f"{[thing]}"):
            for form in forms:
                assert form not in text, f"{type(thing).__name__} shows itself"


def test_a_bug_shows_a_place_and_no_value(app: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is raised at whatever layer, the last handler prints a line of code, no more."""
    app.seal("a.yaml", YAML)
    targets = [
        "gitseal.operations.opening.check_origin",
        "gitseal.sealedfile.inspect",
        "gitseal.documents.parse",
        "gitseal.native.pieces.open_values",
        "gitseal.session.Session.keys",
        "gitseal.cli.output.write_bytes",
    ]
    for target in targets:
        for kind in (KeyError, ValueError, RuntimeError, UnicodeError, AssertionError, TypeError):

            def broken(*_: object, kind: type[Exception] = kind, **__: object) -> None:
                raise kind(f"it was {CANARY}", CANARY) from LookupError(CANARY)

            with monkeypatch.context() as patch:
                patch.setattr(target, broken)
                answer = app("decrypt", "a.yaml", code=70)
            assert "bug in gitseal" in answer.err
            assert "Traceback" not in answer.err
            assert answer.out == ""
