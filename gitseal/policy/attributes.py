# SPDX-License-Identifier: Apache-2.0
"""
The block of `.gitattributes` by which git runs gitseal for every file that a record claims.

gitignore patterns (`Patterns`) become gitattributes patterns, which differ: there a pattern that
names a directory says nothing of the files below it, and a line has a limit.  Every line begins
with a slash, so that none is taken for a comment, a negation, a macro or a quoted name.

The attributes hang on one macro, and `!gitseal` takes all of them back at once: a user's own
attributes for `.github/` or `.gitignore` stay as they are.
"""

from __future__ import annotations

from gitseal.errors import PolicyError, RefusedError
from gitseal.policy.patterns import check_pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ATTRIBUTES_FILE = ".gitattributes"

MAX_LINE = 2047
"""Bytes of a line of attributes; git ignores a longer one, with a warning (attr.h)."""

# `-working-tree-encoding` is a fatal error for git; unspecified is what it knows (attr.c).
_MACRO = (
    "[attr]gitseal filter=gitseal diff=gitseal merge=gitseal -text -ident !working-tree-encoding"
)
_OWN = (
    "# git's own files and ours are never sealed; records are signed byte for byte",
    "/**/.git* !gitseal",
    "/**/.git*/** !gitseal",
    "/.gitseal/** -text -ident !working-tree-encoding",
    "/.gitseal/keyring/*.json merge=gitseal",
)
_BEGIN = b"# >>> gitseal >>>"
_END = b"# <<< gitseal <<<"
_MADE = b" made by gitseal apply; do not edit, and write your own lines above"
_JOINED = b" (the line above had no line break)"


def derive(files: Mapping[str, Iterable[str]]) -> str:
    """
    Give the lines for the root `.gitattributes`; empty where no scope has a pattern.

    Args:
        files: scope -> its gitignore patterns.  Names of scopes stay out of the result.

    Raises:
        PolicyError: a pattern is not allowed, or too long for git.
    """
    texts = {text for patterns in files.values() for text in patterns}
    if not texts:
        return ""
    lines = sorted(
        {f"{quoted(one)} gitseal" for text in texts for one in _attribute_patterns(text)}
    )
    for line in lines:
        if len(line.encode("utf-8", "surrogateescape")) > MAX_LINE:
            raise PolicyError(
                f"a pattern is longer than a line of {ATTRIBUTES_FILE} may be",
                hint=f"name a directory above, in less than {MAX_LINE} bytes",
            )
    return "\n".join((_MACRO, *lines, *_OWN, ""))


def _attribute_patterns(text: str) -> list[str]:
    """Give patterns of gitattributes that match the files that a gitignore pattern matches."""
    check_pattern(text)
    body = text.removesuffix("/")
    directory = body != text
    names = body.removeprefix("/").split("/")
    if "/" not in body:
        names.insert(0, "**")
    below = names[-1] == "**" and not directory and names[:-1] != ["**"]
    if names[-1] == "**":
        names[-1] = "*"  # as in `Patterns`: something must be there
    deep = [
        name for at, name in enumerate(names) if name != "**" or at == 0 or names[at - 1] != "**"
    ]
    path = "/" + "/".join(deep)
    if below:
        return [path.removesuffix("*") + "**"]
    return [path + "/**"] if directory else [path, path + "/**"]


def quoted(pattern: str) -> str:
    """Give a pattern as a line begins with it: in double quotes where it holds a blank."""
    if " " not in pattern:
        return pattern
    escaped = pattern.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def splice(existing: bytes, block: str) -> bytes:
    """
    Put the block at the end of a file of attributes; the last line that names a file wins.

    Every byte of the user's stays, and `without` gives them back.  Line breaks of the block are
    those of the file's first line.

    Raises:
        RefusedError: the file holds one marker of a block without the other.
    """
    own = without(existing)
    if not block:
        return own
    newline = b"\r\n" if own.partition(b"\n")[0].endswith(b"\r") and b"\n" in own else b"\n"
    if not own and existing.partition(b"\n")[0].endswith(b"\r"):
        newline = b"\r\n"  # nothing but our block, as git checked it out
    joined = bool(own) and not own.endswith(b"\n")
    begin = _BEGIN + _MADE + (_JOINED if joined else b"")
    text = block.encode("utf-8", "surrogateescape").removesuffix(b"\n")
    lines = [begin, *text.split(b"\n"), _END, b""]
    return own + (newline if joined else b"") + newline.join(lines)


def without(existing: bytes) -> bytes:
    """
    Give a file of attributes without our block, byte for byte as its user wrote it.

    Raises:
        RefusedError: it holds one marker of a block without the other.
    """
    kept: list[bytes] = []
    pending = b""  # the line break that we added, due again if lines follow the block
    inside = False
    for line in _lines(existing):
        if line.startswith(_BEGIN):
            if inside:
                raise _broken()
            inside = True
            if line.rstrip(b"\r\n").endswith(_JOINED) and kept:
                end = b"\r\n" if line.endswith(b"\r\n") else b"\n"
                if kept[-1].endswith(end):
                    kept[-1] = kept[-1].removesuffix(end)
                    pending = end
        elif line.startswith(_END):
            if not inside:
                raise _broken()
            inside = False
        elif not inside:
            kept += [pending, line]
            pending = b""
    if inside:
        raise _broken()
    return b"".join(kept)


def has_block(existing: bytes) -> bool:
    """Tell whether a file of attributes holds our block, or a part of it."""
    return any(line.startswith((_BEGIN, _END)) for line in _lines(existing))


def _lines(data: bytes) -> list[bytes]:
    """Cut behind each LF only; a lone CR is no line break for git."""
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _broken() -> RefusedError:
    return RefusedError(
        "the block of gitseal is cut in two: one of its marker lines is gone",
        hint="delete the lines from '# >>> gitseal >>>' to '# <<< gitseal <<<', "
        "as far as they are there; then: gitseal apply",
    )
