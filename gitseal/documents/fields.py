# SPDX-License-Identifier: Apache-2.0
"""Header fields that are written as JSON, read without loading the `json` package (format 5)."""

from __future__ import annotations

from gitseal.documents.base import UNREADABLE

try:  # the C part alone: `import json` costs 7 ms, at every git command
    from _json import make_scanner
except ImportError:  # pragma: no cover - interpreters without the C part
    from json.scanner import py_make_scanner as make_scanner  # type: ignore[attr-defined,no-redef]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("two members of one name")
    return names


def _constant(_name: str) -> object:
    raise ValueError("NaN and Infinity are no JSON")


class _Rules:
    """What the scanner asks its context for."""

    strict = True
    object_hook = None
    object_pairs_hook = staticmethod(_object)
    parse_float = float
    parse_int = int
    parse_constant = staticmethod(_constant)
    memo: dict[str, str] = {}  # noqa: RUF012 - the interface of the standard library


_scan: Callable[[str, int], tuple[object, int]] = make_scanner(_Rules())  # type: ignore[arg-type]


def read_at(text: str, position: int) -> tuple[object, int]:
    """
    Read the JSON value that begins at a position.

    Returns:
        the value and the position behind it; (`UNREADABLE`, -1) for what is no JSON, and for
        JSON with members of equal name, lone surrogates or numbers of thousands of digits.
    """
    try:
        value, end = _scan(text, position)
        text[position:end].encode()
        if "\\" in text[position:end]:
            _check_surrogates(value)
    except (ValueError, StopIteration, RecursionError):
        return UNREADABLE, -1
    return value, end


def read(text: str) -> object:
    """Read a text that is one JSON value and nothing else, or give `UNREADABLE`."""
    value, end = read_at(text, 0)
    return value if end == len(text) else UNREADABLE


def _check_surrogates(value: object) -> None:
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, list):
        for item in value:
            _check_surrogates(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            name.encode()
            _check_surrogates(item)


def note_and_lines(sign: str, note: str, fields: Sequence[tuple[str, str]], line_break: str) -> str:
    """Write a header of line comments: `# gitseal FIELD: JSON`, each with a line break."""
    lines = [f"{sign} {note}"] if note else []
    lines += [f"{sign} gitseal {name}: {text}" for name, text in fields]
    return line_break.join([*lines, ""])
