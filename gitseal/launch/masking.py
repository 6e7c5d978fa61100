# SPDX-License-Identifier: Apache-2.0
"""
Finding values in a stream of bytes, also when they come in pieces or in another spelling.

Best effort, against accidents: a program that wants to print a value can always spell it in a way
nobody looks for.  Values under 4 characters are not looked for, they would be found everywhere.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = b"***"
SHORTEST = 4
"""Characters a value must have to be looked for."""

_SHORTEST_LINE = 8
_SHORTEST_CORE = 8


class Masker:
    """
    Replaces values in what it is fed; one for each stream.

    What could be the beginning of a value is held back until more comes or the stream ends.

    Args:
        values: the clear values, as text or bytes.
    """

    def __init__(self, values: Iterable[str | bytes]) -> None:
        forms = {form for value in values for form in spellings(value)}
        self._forms = sorted(forms, key=lambda form: (-len(form), form))
        self._longest = max(map(len, self._forms), default=0)
        self._starts: dict[bytes, list[bytes]] = {}
        for form in self._forms:
            self._starts.setdefault(form[:SHORTEST], []).append(form)
        self._pattern = _pattern(self._forms)
        self._buffer = b""

    def feed(self, data: bytes) -> bytes:
        """Give what may be shown of everything fed so far and not given yet."""
        if self._pattern is None:
            return data
        buffer = self._buffer + data
        shown = []
        position = 0
        while True:
            match = self._pattern.search(buffer, position)
            end = len(buffer) if match is None else match.start()
            held = self._incomplete(buffer, position, end)
            if match is None or held <= match.start():
                # An earlier or longer value may begin here; the rest of it has not come yet.
                shown.append(buffer[position:held])
                self._buffer = buffer[held:]
                return b"".join(shown)
            shown += (buffer[position : match.start()], MASK)
            position = match.end()

    def finish(self) -> bytes:
        """Give the rest, at the end of the stream."""
        rest, self._buffer = self._buffer, b""
        return rest if self._pattern is None else self._pattern.sub(MASK, rest)

    def _incomplete(self, buffer: bytes, start: int, last: int) -> int:
        """Give where the first unfinished value begins, at `last` at the latest; else past it."""
        size = len(buffer)
        for index in range(max(start, size - self._longest + 1), min(last + 1, size)):
            rest = buffer[index : index + SHORTEST]
            forms = self._starts.get(rest, ()) if len(rest) == SHORTEST else self._forms
            if any(size - index < len(form) and form.startswith(buffer[index:]) for form in forms):
                return index
        return size if last == size else last + 1


def _pattern(forms: list[bytes]) -> re.Pattern[bytes] | None:
    """Give an expression for all forms, longest first; grouped by first byte for speed."""
    if not forms:
        return None
    groups: dict[int, list[bytes]] = {}
    for form in forms:
        groups.setdefault(form[0], []).append(re.escape(form[1:]))
    parts = (
        re.escape(bytes((first,))) + b"(?:" + b"|".join(rests) + b")"
        for first, rests in groups.items()
    )
    return re.compile(b"|".join(parts), re.DOTALL)


def spellings(value: str | bytes) -> Iterator[bytes]:
    """Give the forms in which programs write a value: plain, JSON, URL, base64, its lines."""
    import json
    from urllib.parse import quote_from_bytes

    raw = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    whole = [raw, raw.strip()]
    whole += [line.strip() for line in raw.splitlines() if len(line.strip()) >= _SHORTEST_LINE]
    for form in dict.fromkeys(whole):
        text = form.decode(errors="replace")
        if len(text) < SHORTEST:
            continue
        yield form
        for ascii_only in (True, False):
            spelled = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
            yield from (spelled.encode(), spelled.replace("/", "\\/").encode())
        for safe in ("", "/"):
            quoted = quote_from_bytes(form, safe)
            yield from (quoted.encode(), _lower_escapes(quoted).encode())
            yield quoted.replace("%20", "+").encode()
    if len(raw.decode(errors="replace")) >= SHORTEST:
        yield from _base64(raw)


def _lower_escapes(quoted: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda match: match.group().lower(), quoted)


def _base64(raw: bytes) -> Iterator[bytes]:
    """Give base64 of the value, and what is left of it inside base64 of something longer."""
    import base64

    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(raw)
        for shift in range(3):
            # Neighbours share the first and last character with us; those are cut off.
            encoded = encode(b"\0" * shift + raw)
            core = encoded[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6]
            if len(core) >= _SHORTEST_CORE:
                yield core
