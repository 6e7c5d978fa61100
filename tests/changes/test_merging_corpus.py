# SPDX-License-Identifier: Apache-2.0
"""Real files: different values changed on two branches merge, and nothing else changes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from gitseal.changes.merging import merge_documents
from gitseal.documents import parse, splice
from gitseal.documents.base import Document
from gitseal.errors import DocumentError
from gitseal.keypaths import format_path

SYNTAXES = {"yaml": "yaml", "json": "json", "env": "dotenv"}


def documents(folder: Path, syntax: str) -> list[tuple[str, Document]]:
    found = []
    for path in sorted(folder.iterdir()):
        try:
            found.append((path.name, parse(path.read_bytes(), syntax)))
        except DocumentError:
            continue
    return found


def edited(document: Document, slot: tuple, number: int) -> tuple[int, int, str]:  # type: ignore[type-arg]
    """Give the edit of one value, in a way that every syntax reads."""
    text = f'"new {number}"'
    if document.syntax == "dotenv":
        text = f"new{number}"
    return slot[0], slot[1], text


@pytest.mark.parametrize("folder", SYNTAXES)
@pytest.mark.parametrize("seed", range(3))
def test_two_values_of_a_real_file(folder: str, seed: int, corpus: Path) -> None:
    syntax = SYNTAXES[folder]
    chance = random.Random(seed)
    tried = 0
    for name, document in documents(corpus / folder, syntax):
        text = document.text
        paths = [slot[2] for slot in document.slots]
        slots = [
            slot
            for slot in document.slots
            if "[]" not in format_path(slot[2])
            and paths.count(slot[2]) == 1
            and "\n" not in text[slot[0] : slot[1]]
        ]
        if len(slots) < 2:
            continue
        tried += 1
        at = chance.randrange(len(slots) - 1)
        # Neighbours every other time: what git's own merge cannot do.
        other = at + 1 if chance.random() < 0.5 else chance.randrange(at + 1, len(slots))
        edits = [edited(document, slots[at], 1), edited(document, slots[other], 2)]
        sides = [parse(_bytes(document, [one]), syntax) for one in edits]

        result = merge_documents(document, *sides)

        assert result.text == splice(text, edits), name
        assert merge_documents(document, *reversed(sides)).text == result.text, name

    assert tried > 3


def _bytes(document: Document, edits: list[tuple[int, int, str]]) -> bytes:
    return (b"\xef\xbb\xbf" if document.bom else b"") + splice(document.text, edits).encode()


@pytest.mark.parametrize("folder", SYNTAXES)
def test_a_line_taken_away_and_a_value_changed(folder: str, corpus: Path) -> None:
    """Whatever removing a line means: the merge is refused, or says both changes and no more."""
    syntax = SYNTAXES[folder]
    chance = random.Random(7)
    merged = 0
    for name, document in documents(corpus / folder, syntax):
        lines = document.text.split("\n")
        slots = [slot for slot in document.slots if "\n" not in document.text[slot[0] : slot[1]]]
        if len(lines) < 3 or not slots:
            continue
        del lines[chance.randrange(len(lines) - 1)]
        try:
            ours = parse("\n".join(lines).encode(), syntax)
        except DocumentError:
            continue
        slot = chance.choice(slots)
        theirs = parse(_bytes(document, [edited(document, slot, 1)]), syntax)

        result = merge_documents(document, ours, theirs)

        if result.text is not None:
            merged += 1
            old, new = document.text[slot[0] : slot[1]], edited(document, slot, 1)[2]
            assert result.text.count(new) == 1, name
            assert result.text.replace(new, old) == ours.text, name
    assert merged or syntax == "json"
