# SPDX-License-Identifier: Apache-2.0
"""Every document of the format's known answers: events, digest, seal, and the file to the byte."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from gitseal import documents
from gitseal.crypto.derive import ScopeKeys
from gitseal.documents.events import event
from gitseal.keypaths import Rules
from gitseal.keys import Context, DataKey, ScopeId
from gitseal.native import opening, sealing, wholefile
from gitseal.native.binding import bind
from gitseal.native.header import Header

KNOWN: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "format-v1.json").read_text()
)
INPUTS = KNOWN["inputs"]
SCOPE = ScopeId(INPUTS["scope"], Context(INPUTS["context"]), INPUTS["epoch"])
KEYS = ScopeKeys(DataKey(bytes.fromhex(INPUTS["data_key"])), SCOPE)
RULES = Rules(["**.password", r"**.db\.password", "**.PASSWORD"], [], "clear")

OWED = {"ini", "toml", "properties"}
"""Syntaxes whose parsers come later; each entry fails as soon as its parser exists."""

CASES = [case for case in KNOWN["documents"] if case["syntax"] not in OWED]


def _expected_events(case: dict[str, Any]) -> list[bytes]:
    events = []
    for kind, anchor, tag, content in case["events"]:
        raw = bytes.fromhex(content["hex"]) if isinstance(content, dict) else content.encode()
        events.append(event(kind.encode(), anchor.encode(), tag.encode(), raw))
    return events


def _inspect(case: dict[str, Any]) -> opening.SealedDocument:
    document = documents.parse(case["sealed_file"].encode(), case["syntax"])
    sealed = opening.inspect_document(document)
    assert sealed is not None
    return sealed


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["syntax"]))
def test_events_and_digest(case: dict[str, Any]) -> None:
    sealed = _inspect(case)

    assert _expected_events(case) == sealed.document.events
    digest = bind(sealed.header, SCOPE).document_digest(sealed.document.events)
    assert case["digest"] == digest.hex()


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["syntax"]))
def test_the_header_comes_off_exactly(case: dict[str, Any]) -> None:
    assert case["body"] == documents.body_text(_inspect(case).document)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["syntax"]))
def test_the_file_opens_and_seals_to_the_same_bytes(case: dict[str, Any]) -> None:
    clear = opening.open_document(_inspect(case), KEYS, RULES)
    header = Header(SCOPE.name, SCOPE.epoch, KEYS.kid, case["origin"])

    assert "seal:v1" not in clear.text
    assert "hunter2" in clear.text or "s3cr3t" in clear.text or "it is" in clear.text
    again = sealing.seal_document(clear, header, KEYS, RULES, note=False)
    assert case["sealed_file"] == again.decode()


def test_header_bytes() -> None:
    header = Header(SCOPE.name, SCOPE.epoch, KEYS.kid, INPUTS["origin"])
    assert KNOWN["header_bytes"] == bind(header, SCOPE).header_bytes().hex()

    plain = Header(SCOPE.name, SCOPE.epoch, KEYS.kid, "")
    assert KNOWN["header_bytes_plain_scope"] == bind(plain, SCOPE).header_bytes().hex()


def test_whole_file() -> None:
    case = KNOWN["whole_file"]
    content = bytes.fromhex(case["content"])
    header = Header(SCOPE.name, SCOPE.epoch, KEYS.kid, case["origin"])

    sealed = wholefile.seal_whole(content, header, KEYS)

    assert case["file"] == sealed.hex()
    assert content == wholefile.open_whole(wholefile.inspect_whole(sealed), KEYS)


@pytest.mark.parametrize("syntax", sorted(OWED))
def test_the_vectors_of_later_syntaxes_are_owed(syntax: str) -> None:
    """Fails as soon as the parser exists: then take the syntax out of OWED."""
    assert any(case["syntax"] == syntax for case in KNOWN["documents"])
    assert importlib.util.find_spec(f"gitseal.documents.{syntax}") is None
