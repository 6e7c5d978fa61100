# SPDX-License-Identifier: Apache-2.0
"""Canonical JSON (format 1): one text for one value, so that bytes can be signed and compared."""

from __future__ import annotations

from gitseal.errors import IntegrityError, LimitError, hush

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MAX_RECORD = 8 * 1024 * 1024
"""Bytes of a record; some 10,000 readers."""


def parse_json(data: bytes, what: str) -> dict[str, object]:
    """
    Read a JSON object; its canonical form is for the caller to compare.

    Raises:
        LimitError: larger than `MAX_RECORD`, or nested too deeply.
        IntegrityError: not UTF-8, not JSON, or not an object.
    """
    import json

    if len(data) > MAX_RECORD:
        raise LimitError(f"{what} is larger than {MAX_RECORD // 2**20} MiB")
    try:
        parsed = json.loads(data.decode("utf-8"))
    except RecursionError:
        raise LimitError(f"{what} is nested too deeply") from None
    except ValueError as error:
        hush(error)
        raise IntegrityError(f"{what} is not JSON") from None
    if not isinstance(parsed, dict):
        raise IntegrityError(f"{what} is not a JSON object")
    return parsed


def canonical_json(value: object) -> bytes:
    """
    Give what `json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False)` gives, as a line.

    The standard library indents in generators, which is half the time of reading a record.

    Raises:
        ValueError: a float, or a type that JSON does not have, or a lone surrogate.
    """
    from json.encoder import encode_basestring

    pieces: list[str] = []
    _emit(value, "\n", pieces, encode_basestring)
    pieces.append("\n")
    return "".join(pieces).encode("utf-8")


def _emit(value: object, margin: str, pieces: list[str], quote: Callable[[str], str]) -> None:
    if isinstance(value, str):
        pieces.append(quote(value))
    elif isinstance(value, bool):
        pieces.append("true" if value else "false")
    elif isinstance(value, int):
        pieces.append(str(value))
    elif value is None:
        pieces.append("null")
    elif isinstance(value, dict):
        inner = margin + "  "
        lead = "{" + inner
        for key in sorted(value):
            pieces.append(lead + quote(key) + ": ")
            _emit(value[key], inner, pieces, quote)
            lead = "," + inner
        pieces.append(margin + "}" if value else "{}")
    elif isinstance(value, list):
        inner = margin + "  "
        lead = "[" + inner
        for item in value:
            pieces.append(lead)
            _emit(item, inner, pieces, quote)
            lead = "," + inner
        pieces.append(margin + "]" if value else "[]")
    else:
        raise ValueError("canonical JSON holds no such type")
