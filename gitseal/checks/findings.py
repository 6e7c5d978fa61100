# SPDX-License-Identifier: Apache-2.0
"""What `check` can find; the codes are for ever."""

from __future__ import annotations

ERROR = "error"
WARNING = "warning"

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
    "GS208": "a link at a sealed path",
    "GS301": "a record of the keyring is damaged or not trusted",
    "GS302": ".gitseal.yaml is not applied",
    "GS303": "two scopes claim one file",
    "GS304": ".gitseal.yaml is malformed",
}


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
        where: "worktree", "index" or a commit.
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
        where: str = "",
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
        return {name: getattr(self, name) for name in self.__slots__}

    def __repr__(self) -> str:
        return f"Finding({self.code}, {self.path!r}, {self.message!r})"
