# SPDX-License-Identifier: Apache-2.0
"""Seal with sealed texts that are none, open again: what native/ does, without its keys."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from gitseal import documents
from gitseal.documents import Document

if TYPE_CHECKING:
    from gitseal.documents.base import Piece, Slot

    Keep = Callable[[Slot], bool]

FIELDS = [
    ("v", "1"),
    ("scope", '"payments-prod"'),
    ("epoch", "1"),
    ("kid", '"kid:v1[_79avyeg4d5sbzs88b4b686w3phgqb42zyzxq4s10pfkazkncexrg_]"'),
    ("origin", '"secrets/db.yaml"'),
]
SEAL = ("seal", '"sig:v1[_r9zs46qsds4kzstj43eznpdpz2d0s0at3nrtjyf6r0h0x8441vyysd46s4bysszapyndd_]"')
_TO_BASE32 = bytes(b"0123456789abcdefghjkmnpqrstvwxyz"[i & 31] for i in range(256))


def token(slice_: str, place: bytes = b"") -> str:
    """A text of the right grammar and length for a slice, the same for the same place."""
    size = 77 if len(slice_) < 30 else 77 + 2 * len(slice_)
    digest = hashlib.shake_256(place + slice_.encode()).digest(size)
    return f"seal:v1[_{digest.translate(_TO_BASE32).decode()}_]"


def fields(newline: bool) -> list[tuple[str, str]]:
    return [*FIELDS, *([] if newline else [("newline", "false")]), SEAL]


def piece_of(document: Document, slot: Slot) -> Piece:
    """What opening the frame of a value gives; line breaks come from the sealed document later."""
    text, multi, _normalised, at_end = documents.slice_facts(document, slot)
    return (text, slot[5], multi, at_end)


class Sealed:
    """A document with fake sealed texts, and what each of them stands for."""

    def __init__(
        self,
        data: bytes,
        syntax: str = "yaml",
        *,
        keep: Keep | None = None,
        comments: bool = True,
        note: bool = True,
    ) -> None:
        self.clear = clear = documents.parse(data, syntax)
        slots = [slot for slot in clear.slots if keep is None or keep(slot)]
        spans = clear.comments if comments else []
        self.slices = {}
        for slot in slots:
            text, multi, normalised, at_end = documents.slice_facts(clear, slot)
            key = token(f"{text}{slot[5]}{multi}{normalised}{at_end}", slot[2])
            self.slices[key] = (text, slot[5], multi, normalised, at_end)
        self.comments = {token(clear.text[a:b], b"#"): clear.text[a:b] for a, b in spans}
        tokens = [
            token(f"{text}{slot[5]}{multi}{normalised}{at_end}", slot[2])
            for slot in slots
            for text, multi, normalised, at_end in [documents.slice_facts(clear, slot)]
        ]
        comment_tokens = [token(clear.text[a:b], b"#") for a, b in spans]
        body, self.events = documents.seal_into(clear, slots, tokens, spans, comment_tokens)
        self.paths = [slot[2] for slot in slots]
        self.tokens, self.comment_tokens = tokens, comment_tokens
        text = documents.attach_header(
            clear, body, fields(clear.text.endswith("\n")), note=note
        )
        self.data = documents.to_bytes(clear, text)
        self.body = body

    def pieces(self, document: Document) -> list[Piece]:
        found = []
        for slot in document.sealed:
            text, indent, multi, normalised, at_end = self.slices[slot[7]]
            if normalised:
                text = text.replace("\n", document.line_break)
            found.append((text, indent, multi, at_end))
        return found

    def open(self, data: bytes | None = None) -> Document:
        document = documents.parse(self.data if data is None else data, self.clear.syntax)
        comments = [self.comments[text] for _, _, text in document.sealed_comments]
        return documents.restore(document, self.pieces(document), comments)

    def check(self) -> None:
        """The sealed document has the structure that was promised, and opens to the same bytes."""
        document = documents.parse(self.data, self.clear.syntax)
        assert document.events == self.events
        assert [slot[7] for slot in document.sealed] == self.tokens
        assert [slot[2] for slot in document.sealed] == self.paths
        assert [text for _, _, text in document.sealed_comments] == self.comment_tokens
        assert document.header is not None
        assert dict(document.header)["origin"] == json.loads(dict(FIELDS)["origin"])
        assert documents.body_text(document) == self.body
        opened = self.open()
        assert opened.text == self.clear.text
        assert opened.events == self.clear.events
        assert documents.to_bytes(document, opened.text) == documents.to_bytes(
            self.clear, self.clear.text
        )


def some(share: float, seed: int) -> Keep:
    chance = random.Random(seed)
    return lambda _slot: chance.random() < share
