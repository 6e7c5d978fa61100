# SPDX-License-Identifier: Apache-2.0
"""Every file of `tests/vectors/kit` is judged as it says, and refused ones give nothing away."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, cast

import pytest

from gitseal import sealedfile
from gitseal.authority import Grant
from gitseal.crypto.derive import ScopeKeys
from gitseal.errors import (
    DocumentError,
    GitsealError,
    IntegrityError,
    LimitError,
    NewerVersionError,
    RefusedError,
)
from gitseal.keypaths import Rules
from gitseal.keys import Context, DataKey, ScopeId
from gitseal.operations.opening import check_origin, not_sealed
from gitseal.policy.records import Epoch, Record
from gitseal.policy.terms import RecordPolicy
from gitseal.sealedfile import ClearFile, SealedFile
from gitseal.trust.verdicts import SAME, Verdict

VECTORS = Path(__file__).parent / "vectors"
KIT = sorted((VECTORS / "kit").iterdir())
FIELDS = [
    "expect", "name", "data key", "scope", "context", "epoch", "worktree", "integrity",
    "rules", "clear", "comments", "released", "comment",
]  # fmt: skip
CLASSES: dict[str, tuple[type[GitsealError], int]] = {
    "integrity": (IntegrityError, 3),
    "malformed": (DocumentError, 9),
    "limit": (LimitError, 9),
    "policy": (RefusedError, 6),
    "version": (NewerVersionError, 8),
}
SECRET = "canary"
"""Stands in every value of the kit, sealed or clear, and nowhere else."""


class Case(NamedTuple):
    fields: dict[str, str]
    data: bytes

    @property
    def keys(self) -> ScopeKeys:
        fields = self.fields
        context = Context(json.loads(fields["context"]))
        scope = ScopeId(fields["scope"], context, int(fields["epoch"]))
        return ScopeKeys(DataKey(bytes.fromhex(fields["data key"])), scope)


def read(path: Path) -> Case:
    head, _, data = path.read_bytes().partition(b"\n\n")
    lines = [line.partition(": ") for line in head.decode().split("\n")]
    assert [name for name, _, _ in lines] == FIELDS
    return Case({name: value for name, _, value in lines}, data)


class Place(NamedTuple):
    name: str
    inside: bool = True
    file: str = "/nowhere"


def grant(case: Case, keys: ScopeKeys) -> Grant:
    """What a trusted record says: its last epoch is active, the one before it readable."""
    policy = RecordPolicy(
        files=["**"],
        readers=[],
        seal=json.loads(case.fields["rules"]),
        clear=json.loads(case.fields["clear"]),
        comments=case.fields["comments"],
        worktree=case.fields["worktree"],
        integrity=case.fields["integrity"],
    )
    scope = keys.scope
    states = [*["retired"] * scope.epoch, "readable", "active"][-scope.epoch :]
    epochs = [
        Epoch(n, state, kid=keys.kid, sign=keys.sign_public(), inbox=b"")
        for n, state in enumerate(states, 1)
    ]
    record = Record(scope.name, scope.context, 1, policy, epochs, bytes(64))
    return Grant(record, Verdict(SAME, record))


def release(case: Case) -> bytes:
    """Judge a file in the order of FORMAT 9, and give what may be released."""
    name = case.fields["name"]
    content = sealedfile.inspect(case.data, name)
    if isinstance(content, ClearFile):
        raise not_sealed(None)
    keys = case.keys
    header = content.header
    if case.fields["rules"] == "none":
        carried = header.rules
        rules = Rules(carried.seal, carried.clear, carried.comments) if carried else None
        return content.open(keys, rules).data
    record = grant(case, keys)
    record.check_header(header.scope, header.epoch)
    clear = content.open(keys, record.rules, strict=record.strict)
    check_origin(header, cast(Any, Place(name)), record)
    return clear.data


@pytest.mark.parametrize("path", KIT, ids=lambda path: path.name)
def test_a_file_is_judged_as_it_says(path: Path) -> None:
    case = read(path)
    released, error = judge(case)

    assert case.fields["released"] == hashlib.sha256(released).hexdigest()
    if error is None:
        assert case.fields["expect"] == "ok"
        return
    kind, exit_code = CLASSES[case.fields["expect"]]
    assert isinstance(error, kind)
    assert exit_code == error.exit_code
    assert isinstance(error, LimitError) is (case.fields["expect"] == "limit")
    silent(error)


def judge(case: Case) -> tuple[bytes, GitsealError | None]:
    try:
        return release(case), None
    except GitsealError as error:
        return b"", error


def silent(error: GitsealError) -> None:
    """No value in what is shown, and nothing in the chain but our own errors."""
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    shown = f"{error} {error!r} {error.hint} {error.args}"
    assert SECRET not in shown
    assert "seal:v1[_" not in shown


@pytest.mark.parametrize("path", KIT, ids=lambda path: path.name)
def test_what_is_wrong_in_public_shows_without_a_key(path: Path) -> None:
    """A file that opens verifies with public keys alone; the others give nothing away."""
    case = read(path)
    strict = case.fields["integrity"] == "strict"
    keys = case.keys
    verified = False
    try:
        content = sealedfile.inspect(case.data, case.fields["name"])
        if isinstance(content, SealedFile):
            content.verify(keys.scope, keys.sign_public(), strict=strict)
            verified = True
    except GitsealError as error:
        silent(error)
    assert verified or case.fields["expect"] != "ok"


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", VECTORS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_makes_the_same_kit_again(tmp_path: Path) -> None:
    made = generator().write(tmp_path)

    assert len(KIT) == made
    assert [path.name for path in KIT] == sorted(path.name for path in tmp_path.iterdir())
    different = [
        path.name for path in KIT if path.read_bytes() != (tmp_path / path.name).read_bytes()
    ]
    assert different == []


def test_the_kit_is_large_enough_and_covers_all_classes() -> None:
    expected = [read(path).fields["expect"] for path in KIT]

    assert {"ok", *CLASSES} == set(expected)
    assert len(expected) - expected.count("ok") >= 60


def test_every_secret_of_the_kit_would_be_noticed() -> None:
    """The marker is in what good files release, so that looking for it means something."""
    for name in ("yaml_ok", "json_ok", "env_ok", "whole_ok"):
        assert SECRET.encode() in release(read(VECTORS / "kit" / name))
