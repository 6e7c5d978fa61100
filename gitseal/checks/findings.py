# SPDX-License-Identifier: Apache-2.0
"""What `check` can find; the codes are for ever."""

from __future__ import annotations

ERROR = "error"
WARNING = "warning"

WORKTREE = "worktree"
INDEX = "index"
BOTH = "both"

TITLES = {
    "GS101": "plaintext where the rules want a sealed value",
    "GS102": "a file that must be sealed is not",
    "GS103": "a value that only looks sealed",
    "GS104": "a comment in clear where comments are sealed",
    "GS105": "an alias brings plaintext to a sealed place",
    "GS201": "the seal does not verify",
    "GS202": "a sealed file is not where it was sealed",
    "GS203": "a sealed file is of another scope or key",
    "GS204": "a sealed file is of a retired key",
    "GS205": "a file cannot be read as what it should be",
    "GS206": "sealed as a whole where single values should be sealed",
    "GS207": "an empty file at a sealed path",
    "GS208": "a link or a submodule at a sealed path",
    "GS209": "an unfinished merge at a sealed path",
    "GS301": "a record of the keyring is damaged, or was changed without a reader's key",
    "GS302": ".gitseal.yaml is not applied",
    "GS303": "two scopes claim one file",
    "GS304": ".gitseal.yaml is malformed",
    "GS305": "a record is not the one that is trusted here",
    "GS306": "an older record than the one that is known here",
    "GS307": "a record with readers that nobody here has approved",
    "GS308": "a record is gone that is trusted here",
    "GS309": "a rotation is not finished",
}

UNSEALED = frozenset(("GS101", "GS102", "GS103", "GS104", "GS105", "GS207", "GS208"))
"""Codes of files that are not fully sealed."""
NOT_SEALED = UNSEALED | {"GS205", "GS209"}
"""Those, and the codes of files of which it cannot be told."""


class Finding:
    """
    One thing that is wrong.

    Attributes:
        code: `GS…`, one of `TITLES`.
        path: file in the repository.
        message: what is wrong there; key path, never a value.
        line: 1-based, 0 where there is none to name.
        hint: what to do next.
        level: ERROR, or WARNING for what fails no check.
        where: WORKTREE, INDEX or BOTH.
    """

    __slots__ = ("code", "hint", "level", "line", "message", "path", "where")

    def __init__(
        self,
        code: str,
        path: str,
        message: str,
        *,
        line: int = 0,
        hint: str = "",
        level: str = ERROR,
        where: str = BOTH,
    ) -> None:
        if code not in TITLES:
            raise ValueError("unknown finding")
        self.code = code
        self.path = path
        self.message = message
        self.line = line
        self.hint = hint
        self.level = level
        self.where = where

    def as_json(self) -> dict[str, object]:
        """Give the JSON form."""
        return {
            "code": self.code,
            "level": self.level,
            "path": self.path,
            "line": self.line or None,
            "message": self.message,
            "hint": self.hint or None,
            "where": self.where,
        }

    def __repr__(self) -> str:
        return f"Finding({self.code}, {self.path!r}, {self.message!r})"


def merged(findings: list[Finding]) -> list[Finding]:
    """Give each finding once, sorted by path and line; what stands on both sides is one."""
    found: dict[tuple[str, int, str, str], Finding] = {}
    for one in findings:
        place = (one.path, one.line, one.code, one.message)
        known = found.setdefault(place, one)
        if known.where != one.where:
            known.where = BOTH
    return [found[place] for place in sorted(found)]


def shell_word(path: str) -> str:
    """Write a path so that a hint can be pasted into a shell."""
    if path and all(char.isalnum() or char in "/._-+@%,:=" for char in path) and path[0] != "-":
        return path
    quoted = "'" + path.replace("'", "'\\''") + "'"
    return f"./{quoted}" if path.startswith("-") else quoted
