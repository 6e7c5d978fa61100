# SPDX-License-Identifier: Apache-2.0
"""
Which files a scope claims: gitignore patterns, positive only, from the root (format 8).

The semantics are git's (`gitignore(5)`, `wildmatch.c`), on bytes as git has them: a pattern
without a slash matches at any depth, a directory matches everything below it, `*` and `?` stop
at a slash, `**` is any number of whole segments.  Matching never backtracks further than the
last `*` of one segment, so its time is bounded by pattern length times path length.

What git itself reads in two ways, silently ignores or can never match is refused here, because a
pattern that does not mean what it says leaves a secret unsealed.
"""

from __future__ import annotations

from gitseal.errors import PolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    # One byte of a segment: the byte itself, or the set of bytes it may be.
    Unit = int | frozenset[int]
    # The units between two stars; plain bytes where no unit is a set.
    Chunk = bytes | tuple[Unit, ...]

MAX_PATTERN = 4096

_ANY_BYTE = frozenset(range(256)) - {0x2F}
_DEEP = "**"

_DIGITS = frozenset(b"0123456789")
_LOWER = frozenset(b"abcdefghijklmnopqrstuvwxyz")
_UPPER = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_GRAPH = frozenset(range(0x21, 0x7F))
_NAMED_SETS = {
    b"alnum": _DIGITS | _LOWER | _UPPER,
    b"alpha": _LOWER | _UPPER,
    b"blank": frozenset(b" \t"),
    b"cntrl": frozenset(range(0x20)) | {0x7F},
    b"digit": _DIGITS,
    b"graph": _GRAPH,
    b"lower": _LOWER,
    b"print": _GRAPH | {0x20},
    b"punct": _GRAPH - _DIGITS - _LOWER - _UPPER,
    b"space": frozenset(b" \t\n\v\f\r"),
    b"upper": _UPPER,
    b"xdigit": _DIGITS | frozenset(b"abcdefABCDEF"),
}


class Patterns:
    """
    A list of patterns; compiled when the first path is asked for.

    Attributes:
        texts: the patterns as written.
    """

    __slots__ = ("_compiled", "texts")

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = tuple(texts)
        self._compiled: list[_Pattern] | None = None

    def matches(self, path: str) -> bool:
        """
        Tell whether one of the patterns names the file at a repository path.

        A path with a segment that begins with `.git` is never matched: git's own files and ours.

        Raises:
            PolicyError: one of the patterns is not allowed.
        """
        return self.decided_by(path) is not None

    def decided_by(self, path: str) -> str | None:
        """Give the first pattern that names the file, or None."""
        if self._compiled is None:
            self._compiled = [_Pattern(text) for text in self.texts]
        segments = path.encode("utf-8", "surrogateescape").split(b"/")
        for segment in segments:
            if segment.startswith(b".git"):
                return None
        for pattern in self._compiled:
            if pattern.matches(segments):
                return pattern.text
        return None

    def __eq__(self, other: object) -> bool:
        return self.texts == other.texts if isinstance(other, Patterns) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.texts)

    def __repr__(self) -> str:
        return f"Patterns({list(self.texts)!r})"


def check_pattern(text: str) -> None:
    """
    Refuse a pattern that is not positive, not from the root, or not what git would read.

    Raises:
        PolicyError: it says why, and what to write instead.
    """
    _Pattern(text)


class _Pattern:
    """One compiled pattern: segments, and from where and onto what they match."""

    __slots__ = ("_anchored", "_directory", "_segments", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        _check_shape(text)
        body = text.removesuffix("/")
        self._directory = len(body) < len(text)
        self._anchored = "/" in body
        names = body[1:].split("/") if body.startswith("/") else body.split("/")
        _check_names(text, names)
        # Below a directory everything matches, so a `**` at the end is any one segment.
        if names[-1] == _DEEP:
            names[-1] = "*"
        self._segments = [None if name == _DEEP else _Segment(text, name) for name in names]

    def matches(self, segments: Sequence[bytes]) -> bool:
        """Tell whether the file or a directory above it matches."""
        last = len(segments) - (1 if self._directory else 0)
        if not self._anchored:
            only = self._segments[0]
            return any(only is None or only.matches(segments[i]) for i in range(last))
        return self._walk(segments, last)

    def _walk(self, segments: Sequence[bytes], last: int) -> bool:
        # The positions in the pattern that are still possible, one bit each.
        mine = self._segments
        final = 1 << len(mine)
        states = self._skip_deep(1)
        for i in range(last):
            following = 0
            for position, segment in enumerate(mine):
                if not states >> position & 1:
                    continue
                if segment is None:
                    following |= 1 << position
                elif segment.matches(segments[i]):
                    following |= 2 << position
            states = self._skip_deep(following)
            if states & final:
                return True
            if not states:
                return False
        return False

    def _skip_deep(self, states: int) -> int:
        """Let `**` stand for no segment at all."""
        for position, segment in enumerate(self._segments):
            if segment is None and states >> position & 1:
                states |= 2 << position
        return states


def _refusal(text: str, reason: str, hint: str | None = None) -> PolicyError:
    return PolicyError(f"pattern {text!r}: {reason}", hint=hint)


def _check_shape(text: str) -> None:
    if not text or text == "/":
        raise _refusal(text, "it is empty", 'write "**" for every file')
    if len(text) > MAX_PATTERN:
        raise PolicyError(f"a pattern has more than {MAX_PATTERN} characters")
    if text[0] == "!":
        raise _refusal(
            text, "patterns only add files, none takes one out",
            "list what is to be sealed; a file whose name begins with '!' is written \\!",
        )  # fmt: skip
    if text[0] == "#":
        raise _refusal(text, "git reads it as a comment", "write \\# for a name that begins so")
    if any(char < " " or char == "\x7f" for char in text):
        raise _refusal(text, "it holds a control character")
    if text[-1] == " ":
        raise _refusal(text, "git drops the blank at its end", "take the blank away")


def _check_names(text: str, names: list[str]) -> None:
    for name in names:
        if not name:
            raise _refusal(text, "it has an empty segment", "patterns are from the root")
        if name in {".", ".."}:
            raise _refusal(text, f"{name!r} never matches", "patterns are from the root")
        if name.replace("\\", "").startswith(".git"):
            raise _refusal(
                text, "names beginning with '.git' are git's own and ours, and never sealed"
            )
        if _DEEP in name and name != _DEEP:
            # git reads foo**/bar in two ways, depending on what stands before the star.
            raise _refusal(text, "'**' stands for whole segments only", "write * or /**/")


class _Segment:
    """
    One segment of a pattern, cut at its stars.

    The first chunk stands at the start, the last one at the end, and those between are found
    from left to right: the earliest place is always the best one, so nothing is tried twice.
    """

    __slots__ = ("_chunks", "_literal")

    def __init__(self, pattern: str, name: str) -> None:
        self._chunks = _chunks(pattern, name.encode("utf-8", "surrogateescape"))
        only = self._chunks[0]
        self._literal = only if len(self._chunks) == 1 and isinstance(only, bytes) else None

    def matches(self, name: bytes) -> bool:
        if self._literal is not None:
            return name == self._literal
        chunks = self._chunks
        first = chunks[0]
        if len(chunks) == 1:
            return len(first) == len(name) and _fits(first, name, 0)
        last = chunks[-1]
        end = len(name) - len(last)
        if end < len(first) or not _fits(first, name, 0) or not _fits(last, name, end):
            return False
        position = len(first)
        for chunk in chunks[1:-1]:
            position = _find(chunk, name, position, end)
            if position < 0:
                return False
        return True


def _fits(chunk: Chunk, name: bytes, at: int) -> bool:
    if isinstance(chunk, bytes):
        return name.startswith(chunk, at)
    for offset, unit in enumerate(chunk):
        byte = name[at + offset]
        if byte != unit if isinstance(unit, int) else byte not in unit:
            return False
    return True


def _find(chunk: Chunk, name: bytes, start: int, end: int) -> int:
    """Give the position behind the first fit between `start` and `end`, or -1."""
    if isinstance(chunk, bytes):
        found = name.find(chunk, start, end)
        return found + len(chunk) if found >= 0 else -1
    for at in range(start, end - len(chunk) + 1):
        if _fits(chunk, name, at):
            return at + len(chunk)
    return -1


def _chunks(pattern: str, name: bytes) -> list[Chunk]:
    chunks: list[Chunk] = []
    units: list[Unit] = []
    position = 0
    while position < len(name):
        char = name[position : position + 1]
        if char == b"*":
            chunks.append(_chunk(units))
            units = []
        elif char == b"?":
            units.append(_ANY_BYTE)
        elif char == b"[":
            members, position = _character_class(pattern, name, position + 1)
            units.append(members)
        else:
            if char == b"\\":
                position += 1
                if position == len(name):
                    raise _refusal(pattern, "a backslash stands before nothing or before '/'")
            units.append(name[position])
        position += 1
    chunks.append(_chunk(units))
    return chunks


def _chunk(units: list[Unit]) -> Chunk:
    literal = [unit for unit in units if isinstance(unit, int)]
    return bytes(literal) if len(literal) == len(units) else tuple(units)


def _character_class(pattern: str, name: bytes, position: int) -> tuple[frozenset[int], int]:
    """Read `[…]` from behind its bracket as wildmatch.c does; give it and where it ends."""
    unclosed = _refusal(pattern, "a '[' is not closed", "a bracket of the name itself is \\[")
    negated = name[position : position + 1] in {b"!", b"^"}
    position += negated
    members: set[int] = set()
    previous = -1  # the byte that a range may begin with
    first = True
    while first or name[position : position + 1] != b"]":
        first = False
        char = name[position : position + 1]
        named = _named_set(pattern, name, position)
        if named is not None:
            members |= named[0]
            position, previous = named[1], -1
        elif char == b"-" and previous >= 0 and name[position + 1 : position + 2] != b"]":
            high, position = _one_byte(name, position + 1)
            members.update(range(previous, high + 1))
            previous = -1
        else:
            previous, position = _one_byte(name, position)
            members.add(previous)
        if position >= len(name):
            raise unclosed
    return (_ANY_BYTE - members if negated else _ANY_BYTE & members), position


def _one_byte(name: bytes, position: int) -> tuple[int, int]:
    """Give the byte at `position`, or the escaped one behind it, and the next position."""
    if name[position : position + 1] == b"\\":
        position += 1
    return (name[position] if position < len(name) else -1), position + 1


def _named_set(pattern: str, name: bytes, position: int) -> tuple[frozenset[int], int] | None:
    """Read `[:alpha:]` at `position`; None where there is no such thing."""
    if name[position : position + 2] != b"[:":
        return None
    end = name.find(b"]", position + 2)
    if end < position + 3 or name[end - 1 : end] != b":":
        return None
    members = _NAMED_SETS.get(name[position + 2 : end - 1])
    if members is None:
        raise _refusal(pattern, "git knows no such class of characters")
    return members, end + 1
