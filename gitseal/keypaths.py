# SPDX-License-Identifier: Apache-2.0
"""
Key paths: where a value stands in a document, as people type it and as it is bound (format 4).

The bound form is a PAE of PAEs.  A segment is one of

* `("k", name)` - a string key, decoded;
* `("k!" + tag, text)` - a plain YAML key that the core schema reads as null, bool, int or float;
* `("*",)` - an item of a list, without its index, so that an insertion changes no neighbour;
* `("#",)` - alone: a comment.
"""

from __future__ import annotations

from gitseal.crypto.encoding import le64, pae, unpae
from gitseal.errors import PolicyError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Segment = tuple[str, ...]
    TypedPath = tuple[str | int, ...]

LIST_SEGMENT = pae(b"*")
LIST_PART = le64(len(LIST_SEGMENT)) + LIST_SEGMENT
COMMENT_PATH = pae(pae(b"#"))
ROOT_PATH = pae()

_KEY_START = le64(2) + le64(1) + b"k"


def key_segment(name: str) -> bytes:
    """Encode the segment of a string key; lone surrogates keep their bytes."""
    encoded = name.encode("utf-8", "surrogatepass")
    return _KEY_START + le64(len(encoded)) + encoded


def tagged_key_segment(tag: str, text: str) -> bytes:
    """Encode the segment of a plain key that is no string, by its tag and source text."""
    return pae(b"k!" + tag.encode(), text.encode())


def encode(segments: Sequence[Segment]) -> bytes:
    """Encode decoded segments into the bytes that a value is bound to."""
    parts = (pae(*(text.encode("utf-8", "surrogatepass") for text in one)) for one in segments)
    return pae(*parts)


def decode(path: bytes) -> tuple[Segment, ...]:
    """
    Undo `encode`.

    Raises:
        ValueError: not an encoded key path.
    """
    return tuple(
        tuple(text.decode("utf-8", "surrogatepass") for text in unpae(segment))
        for segment in unpae(path)
    )


def part(segment: bytes) -> bytes:
    """Give an encoded segment with its length before it, as it stands behind a path's count."""
    return le64(len(segment)) + segment


def below(path: bytes, segment: bytes) -> bytes:
    """Encode the path that is one encoded segment longer than another."""
    return le64(int.from_bytes(path[:8], "little") + 1) + path[8:] + part(segment)


_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-@$%+~^&=,;/")


def _quoted(name: str) -> str:
    if name and all(char.isalnum() or char in _PLAIN for char in name) and name[0] != "/":
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def format_path(path: bytes) -> str:
    """Write an encoded path for a message: `users[].name`, `comment`, `(root)`."""
    text = ""
    for segment in decode(path):
        if segment[0] == "#":
            return "comment"
        if segment[0] == "*":
            text += "[]"
        else:
            text += ("." if text else "") + _quoted(_visible(segment[1]))
    return text or "(root)"


def _visible(name: str) -> str:
    """Escape what would break the line of a message, or hide in it."""
    if name.isprintable():
        return name
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in name)


def format_typed(parts: Iterable[str | int]) -> str:
    """Write a typed path back as people type it: `users[0]."a.b"`."""
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + _quoted(part)
    return text


def parse_typed(text: str) -> TypedPath:
    """
    Read a key path as people type it: `db.password`, `users[0].name`, `"a.b".c`, `/json/pointer`.

    Returns:
        one `str` for each key and one `int` for each list index, outermost first.

    Raises:
        UsageError: not a key path; says where.
    """
    if text.startswith("/"):
        return _parse_pointer(text)
    parts: list[str | int] = []
    position = 0
    while position < len(text) or not parts:
        position = _parse_part(text, position, parts)
    return tuple(parts)


def _parse_pointer(text: str) -> TypedPath:
    """Read a JSON pointer (RFC 6901)."""
    parts: list[str | int] = []
    for token in text[1:].split("/"):
        name = token.replace("~1", "/").replace("~0", "~")
        index = name.isascii() and name.isdigit() and (name == "0" or name[0] != "0")
        parts.append(int(name) if index else name)
    return tuple(parts)


def _parse_part(text: str, position: int, parts: list[str | int]) -> int:
    """Read one part at `position`, append it, and give the position behind it."""
    if text[position : position + 1] == "[":
        return _parse_index(text, position, parts)
    if parts:
        if text[position] != ".":
            raise _not_a_path(text, position, "expected '.' or '['")
        position += 1
    if text[position : position + 1] == '"':
        return _parse_quoted(text, position, parts)
    name = ""
    while position < len(text) and text[position] not in '.["':
        if text[position] == "\\" and position + 1 < len(text):
            position += 1
        name += text[position]
        position += 1
    if not name:
        raise _not_a_path(text, position, "expected a key")
    parts.append(name)
    return position


def _parse_index(text: str, position: int, parts: list[str | int]) -> int:
    digits, bracket, _ = text[position + 1 :].partition("]")
    if not bracket or not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        raise _not_a_path(text, position, "expected an index such as [0]")
    parts.append(int(digits))
    return position + len(digits) + 2


def _parse_quoted(text: str, position: int, parts: list[str | int]) -> int:
    name = ""
    position += 1
    while position < len(text) and text[position] != '"':
        if text[position] == "\\" and position + 1 < len(text):
            position += 1
        name += text[position]
        position += 1
    if position >= len(text):
        raise _not_a_path(text, position, "the quote is not closed")
    parts.append(name)
    return position + 1


def _not_a_path(text: str, position: int, reason: str) -> UsageError:
    return UsageError(
        f"not a key path: {reason} at character {position + 1} of {text!r}",
        hint='write db.password, users[0].name, "a.b".c or /json/pointer',
    )


class Glob:
    """
    One key-path glob of a rule: `*` is one segment, `**` any number (format 8).

    Matching walks the states of a small automaton as bits of one integer, so that its time
    is bounded by segments times glob length whatever the glob.

    Raises:
        PolicyError: an empty segment, or a `*` next to other characters.
    """

    __slots__ = ("_literals", "_loops", "_size", "_stars", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._literals: dict[str, int] = {}
        self._stars = 0
        self._loops = 0
        state = 1
        for name, wild in _glob_segments(text):
            if wild == "**":
                self._loops |= state
                continue
            if wild:
                self._stars |= state
            else:
                self._literals[name] = self._literals.get(name, 0) | state
            state <<= 1
        self._size = state

    def covers(self, names: Sequence[str]) -> bool:
        """Tell whether the glob names this path, or a collection that it lies in."""
        states = 1
        for name in names:
            if states & self._size:
                return True
            if not states:
                return False
            moving = self._stars | self._literals.get(name, 0)
            states = (states & self._loops) | ((states & moving) << 1)
        return bool(states & self._size)

    def matches(self, names: Sequence[str]) -> bool:
        """Tell whether the glob names this path; list items are given as `*`."""
        states = 1
        for name in names:
            if not states:
                return False
            moving = self._stars | self._literals.get(name, 0)
            states = (states & self._loops) | ((states & moving) << 1)
        return bool(states & self._size)


def _glob_segments(text: str) -> list[tuple[str, str]]:
    r"""Split a glob at its dots into (literal name, wildcard) pairs; `\\` takes the next as is."""
    segments: list[tuple[str, str]] = []
    name = ""
    stars = 0
    position = 0
    while position <= len(text):
        char = text[position : position + 1]
        if char in {"", "."}:
            if not name and not 1 <= stars <= 2:
                raise PolicyError(f"key-path rule {text!r}: a segment is empty or has too many '*'")
            if name and stars:
                raise PolicyError(
                    f"key-path rule {text!r}: '*' stands for one whole segment",
                    hint="write *.name or **.name; a '*' of the key itself is written \\*",
                )
            segments.append((name, "*" * stars))
            name, stars = "", 0
        elif char == "*":
            stars += 1
        else:
            if char == "\\" and position + 1 < len(text):
                position += 1
                char = text[position]
            name += char
        position += 1
    return segments


class Rules:
    """
    Which places of a document are sealed: `clear` wins over `seal` (format 8).

    What `seal` names is sealed with all that is inside, so that a value which becomes a
    collection does not become readable by that; `clear` names single values.

    Attributes:
        everything: whether each value is sealed wherever it stands.
        comments: whether comments are sealed.
    """

    __slots__ = ("_clear", "_seal", "clear", "comments", "everything", "seal")

    def __init__(self, seal: Sequence[str], clear: Sequence[str], comments: str) -> None:
        self.seal = tuple(seal)
        self.clear = tuple(clear)
        self.comments = comments == "seal"
        self._seal = [Glob(text) for text in seal]
        self._clear = [Glob(text) for text in clear]
        self.everything = "**" in self.seal and not self.clear

    def selects(self, path: bytes) -> bool:
        """Tell whether the value at an encoded path is to be sealed."""
        if path == COMMENT_PATH:
            return self.comments
        if self.everything:
            return True
        return self.selects_names(tuple(segment[-1] for segment in decode(path)))

    def selects_names(self, names: Sequence[str]) -> bool:
        """Tell the same for key names, outermost first; list items are `*`."""
        if any(glob.matches(names) for glob in self._clear):
            return False
        return any(glob.covers(names) for glob in self._seal)

    def decided_by(self, path: bytes) -> str:
        """Name the rule that decides for a path, for `policy explain`."""
        if path == COMMENT_PATH:
            return "comments: seal" if self.comments else "comments: clear"
        names = tuple(segment[-1] for segment in decode(path))
        for glob in self._clear:
            if glob.matches(names):
                return f"clear: {glob.text}"
        for glob in self._seal:
            if glob.covers(names):
                return f"seal: {glob.text}"
        return "no rule names it"
