# SPDX-License-Identifier: Apache-2.0
"""Merging texts as the tests write them."""

from __future__ import annotations

from gitseal.changes.merging import Merged, merge_documents
from gitseal.documents import parse
from gitseal.keypaths import format_path


def merge(base: str | None, ours: str, theirs: str, syntax: str = "yaml") -> Merged:
    """Merge three texts; every text that comes back is checked to be a document."""
    sides = [parse(text.encode(), syntax) for text in (ours, theirs)]
    result = merge_documents(parse(base.encode(), syntax) if base is not None else None, *sides)
    for text in (result.ours, result.theirs):
        parse(text.encode(), syntax)
    assert (result.text is None) == bool(result.clashes)
    return result


def clashes(result: Merged) -> list[tuple[str, str]]:
    """Give what clashes as people read it."""
    return [
        (format_path(one.path) if one.path is not None else "", one.kind) for one in result.clashes
    ]
