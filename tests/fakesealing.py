# SPDX-License-Identifier: Apache-2.0
"""Seal with texts that only look sealed, and open again: what native/ does, without its keys."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from gitseal import documents
from gitseal.documents import Document
from gitseal.errors import DocumentError

if TYPE_CHECKING:
    from gitseal.documents.base import Piece, Slot

    Keep = Callable[[Slot], bool]
    Facts = tuple[str, int, bool, bool, bool]

FIELDS = [
    ("v", "1"),
    ("scope", '"payments-prod"'),
    ("epoch", "1"),
    ("kid", '"kid:v1[_79avyeg4d5sbzs88b4b686w3phgqb42zyzxq4s10pfkazkncexrg_]"'),
    ("origin", '"secrets/db.yaml"'),
]
SEAL = ("seal", '"sig:v1[_r9zs46qsds4kzstj43eznpdpz2d0s0at3nrtjyf6r0h0x8441vyysd46s4bysszapyndd_]"')
_TO_BASE32 = bytes(b"0123456789abcdefghjkmnpqrstvwxyz"[i & 31] for i in range(256))


def fake_token(facts: str, path: bytes) -> str:
    """A text of the right grammar, longer for longer slices, the same at the same place."""
    size = 77 if len(facts) < 60 else 77 + 2 * len(facts)
    digest = hashlib.shake_256(path + facts.encode()).digest(size)
    return f"seal:v1[_{digest.translate(_TO_BASE32).decode()}_]"


def header_fields(*, newline: bool) -> list[tuple[str, str]]:
    return [*FIELDS, *([] if newline else [("newline", "false")]), SEAL]


class FakeSealed:
    """A document sealed with such texts, and what each of them stands for."""

    def __init__(
        self,
        data: bytes | str,
        syntax: str = "yaml",
        *,
        keep: Keep | None = None,
        comments: bool = True,
        note: bool = True,
    ) -> None:
        self.clear = clear = documents.parse(
            data.encode() if isinstance(data, str) else data, syntax
        )
        self.slots = [slot for slot in clear.slots if keep is None or keep(slot)]
        self.spans = clear.comments if comments else []
        self.facts: dict[str, Facts] = {}
        self.tokens = []
        for slot in self.slots:
            text, multi, normalised, at_end = documents.slice_facts(clear, slot)
            facts = (text, slot[5], multi, normalised, at_end)
            self.tokens.append(fake_token(repr(facts), slot[2]))
            self.facts[self.tokens[-1]] = facts
        texts = [clear.text[start:end] for start, end in self.spans]
        self.comment_tokens = [fake_token(text, b"#") for text in texts]
        self.comments = dict(zip(self.comment_tokens, texts, strict=True))
        self.body, self.events = documents.seal_into(
            clear, self.slots, self.tokens, self.spans, self.comment_tokens
        )
        fields = header_fields(newline=clear.text.endswith("\n"))
        self.text = documents.attach_header(clear, self.body, fields, note=note)
        self.data = documents.to_bytes(clear, self.text)

    def pieces(self, document: Document) -> list[Piece]:
        found = []
        for slot in document.sealed:
            text, indent, multi, normalised, at_end = self.facts[slot[7]]
            if normalised:
                text = text.replace("\n", document.line_break)
            found.append((text, indent, multi, at_end))
        return found

    def open(self, data: bytes | str | None = None) -> Document:
        """Open the sealed file, or what somebody's formatter made of it."""
        data = self.data if data is None else data
        data = data.encode() if isinstance(data, str) else data
        document = documents.parse(data, self.clear.syntax)
        comments = [self.comments[text] for _, _, text in document.sealed_comments]
        return documents.restore(document, self.pieces(document), comments)

    def reads_back(self) -> bool:
        return documents.reads_back(
            self.clear,
            self.text,
            self.events,
            self.slots,
            self.tokens,
            self.spans,
            self.comment_tokens,
        )

    def check(self) -> None:
        """The sealed file has the structure that was promised, and opens to the same bytes."""
        document = documents.parse(self.data, self.clear.syntax)
        assert document.events == self.events
        assert [slot[2:4] for slot in document.sealed] == [slot[2:4] for slot in self.slots]
        assert [slot[7] for slot in document.sealed] == self.tokens
        assert [text for _, _, text in document.sealed_comments] == self.comment_tokens
        assert document.header is not None
        assert dict(document.header)["origin"] == "secrets/db.yaml"
        assert documents.body_text(document) == self.body
        opened = self.open()
        assert opened.text == self.clear.text
        assert opened.events == self.clear.events
        assert opened.slots == self.clear.slots
        assert opened.bom == self.clear.bom


def refusal_of(data: bytes | str, syntax: str = "yaml") -> DocumentError | None:
    """Give the error with which a text is refused, or None if it is a document."""
    try:
        documents.parse(data.encode() if isinstance(data, str) else data, syntax)
    except DocumentError as error:
        return error
    return None


def some(share: float, seed: int) -> Keep:
    """Choose a share of the values at random."""
    chance = random.Random(seed)
    return lambda _slot: chance.random() < share
