# SPDX-License-Identifier: Apache-2.0
"""Spans in YAML that the parser's marks do not give: values behind properties, blocks, comments."""

from __future__ import annotations

from gitseal.documents.base import refusal, sealed_comment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from gitseal.documents.base import Document

BLOCK_STYLES = frozenset("|>")
"""The styles of literal and folded scalars, as the parser calls them."""


def skip_properties(text: str, item: Any, end: int) -> int:
    """
    Give where a node begins behind its anchor and tag; comments may stand between them.

    Args:
        text: the document.
        item: the parser's event, which starts at the first of them.
        end: where to stop.

    Raises:
        NotADocumentError: the anchor goes on where libyaml thinks that it ends.
    """
    position: int = item.start_mark.index
    # What follows may be a key with an anchor and a tag of its own.
    left = (item.anchor is not None) + (item.tag is not None)
    while position < end:
        char = text[position]
        if char == "&" and left:
            left -= 1
            position += 1 + len(item.anchor or "")
            check_name_end(text, position)
        elif char == "!" and left:
            left -= 1
            while position < end and text[position] not in " \t\r\n":
                position += 1
        elif char == "#":
            position = text.find("\n", position)
            position = end if position < 0 else position
        elif char in " \t\r\n":
            position += 1
        else:
            break
    return min(position, end)


def check_name_end(text: str, end: int) -> None:
    """Refuse a name of an anchor or alias that YAML 1.2 reads further than libyaml does."""
    if text[end : end + 1] not in _NAME_ENDS:
        raise refusal(text, end, "the name of an anchor holds an unusual character")


_NAME_ENDS = frozenset(("", " ", "\t", "\r", "\n", ",", "[", "]", "{", "}"))


def block_end(text: str, start: int, end: int, value: str) -> int:
    """
    Give where the slice of a block scalar ends; libyaml's mark stands behind all blank lines.

    Blank lines that count stay in the slice, but for the last line break; others stay outside.
    """
    keep = text[start + 1 : start + 2] == "+" or (
        text[start + 1 : start + 2] in _INDENTS and text[start + 2 : start + 3] == "+"
    )
    if not keep and value.rstrip("\n")[-1:] not in {" ", "\t"}:
        return start + len(text[start:end].rstrip(" \t\r\n"))
    if text[end - 1] == "\n":
        end -= 1
        if text[end - 1] == "\r":
            end -= 1
    return end


_INDENTS = frozenset("123456789")


def find_comments(document: Document, hashes: Sequence[tuple[int, int]]) -> None:
    """
    Find the comments: a `#` outside of keys, values and the header begins one.

    Between scalars stands no text of content, and names of anchors and tags cannot hold a `#`.
    """
    from bisect import bisect_right

    text = document.text
    skip = [slot[:2] for slot in document.slots if "#" in slot[7] or slot[4] in BLOCK_STYLES]
    skip += [slot[:2] for slot in document.sealed if slot[4] in BLOCK_STYLES]
    skip += hashes
    if document.header is not None:
        skip.append(document.header_span)
    skip.sort()
    position = text.find("#")
    while position >= 0:
        place = bisect_right(skip, (position, len(text))) - 1
        if place >= 0 and position < skip[place][1]:
            position = text.find("#", skip[place][1])
            continue
        end = text.find("\n", position)
        end = len(text) if end < 0 else end - (text[end - 1] == "\r")
        content = text[position + 1 : end]
        token = sealed_comment(content)
        if token is not None:
            document.sealed_comments.append((position + 1, end, token))
        elif content.strip(" \t"):
            document.comments.append((position + 1, end))
        position = text.find("#", end)
