# SPDX-License-Identifier: Apache-2.0
"""Reading the JSON of records and pins, within limits and with errors that quote nothing."""

from __future__ import annotations

from gitseal.errors import IntegrityError, LimitError, hush

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
