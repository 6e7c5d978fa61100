# SPDX-License-Identifier: Apache-2.0
"""The trees of JSON and dotenv documents."""

from __future__ import annotations

from gitseal.documents.dotenv import bare_name, style_of
from gitseal.documents.json import HEADER_NAME, TOKEN, scanstring
from gitseal.documents.nodes import Mapping, Scalar, Sequence
from gitseal.keypaths import ROOT_PATH, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

    from gitseal.documents.base import Document
    from gitseal.documents.nodes import Node
    from gitseal.keypaths import Segment

    Segments = tuple[Segment, ...]

_LITERALS = {"null": "null", "true": "bool", "false": "bool"}


def build_json(document: Document) -> Node:
    """Build the nodes of a JSON document; the header is left out."""
    matches = TOKEN.finditer(document.text)
    root: Node = Mapping((0, 0, 0), ROOT_PATH, flow=True)
    stack: list[tuple[Node, Segments]] = []
    for match in matches:
        if match.group(5):
            closed, _segments = stack.pop()
            closed.end = match.end(5)
            if not stack:
                root = closed
                break
            continue
        above, segments = stack[-1] if stack else (None, ())
        key = _key(match, segments)
        if above is not None:
            segments += (("k", key.value),) if key is not None else (("*",),)
        node = _value(match, encode(segments))
        if isinstance(above, Sequence):
            above.items.append(node)
        elif isinstance(above, Mapping) and key is not None:
            above.entries.append((key, node))
        if match.group(4):
            stack.append((node, segments))
    if document.header is not None and isinstance(root, Mapping):
        root.entries = [one for one in root.entries if not _is_header(one[0])]
    return root


def _is_header(key: Node) -> bool:
    return isinstance(key, Scalar) and key.value == HEADER_NAME


def _key(match: re.Match[str], segments: Segments) -> Scalar | None:
    if match.group(1) is None:
        return None
    start, end = match.span(1)
    return Scalar((start, start, end), encode(segments), scanstring(match.group(1), 1)[0], '"')


def _value(match: re.Match[str], path: bytes) -> Node:
    if match.group(4):
        start = match.start(4)
        kind = Mapping if match.group(4) == "{" else Sequence
        return kind((start, start, start), path, flow=True)
    if match.group(2):
        start, end = match.span(2)
        return Scalar((start, start, end), path, scanstring(match.group(2), 1)[0], '"')
    start, end = match.span(3)
    source = match.group(3)
    scalar = Scalar((start, start, end), path, source, "")
    scalar.kind = _LITERALS.get(source) or ("int" if source.lstrip("-").isdigit() else "float")
    return scalar


def build_dotenv(document: Document) -> Node:
    """Build the mapping of a dotenv document; a name may stand in it several times."""
    text = document.text
    root = Mapping((0, 0, len(text)), ROOT_PATH, flow=False)
    decoded = {slot[0]: slot[7] for slot in (*document.slots, *document.sealed)}
    for key_start, key_end, start, end in document.layout:  # type: ignore[attr-defined]
        name = bare_name(text[key_start:key_end])
        path = encode((("k", name),))
        key = Scalar((key_start, key_end - len(name), key_end), ROOT_PATH, name, '"')
        style = style_of(text[start:end])
        value = decoded.get(start, "") if end > start else ""
        root.entries.append((key, Scalar((start, start, end), path, value, style)))
    return root
