# SPDX-License-Identifier: Apache-2.0
"""Data for pipes and tables for people; standard output only ever holds what was asked for."""

from __future__ import annotations

import os
import sys

from gitseal.errors import UsageError

_LOOKED_AT = 1024
"""Bytes in which a NUL tells binary content from text."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def write_bytes(data: bytes) -> None:
    """Write all bytes to standard output, whatever the size of the pipe behind it."""
    sys.stdout.flush()
    view = memoryview(data)
    descriptor = sys.stdout.fileno()
    while view:
        view = view[os.write(descriptor, view) :]


def write_content(data: bytes) -> None:
    """
    Write the content of a file to standard output.

    Raises:
        UsageError: it is binary, and a person would see it.
    """
    if b"\0" in data[:_LOOKED_AT] and sys.stdout.isatty():
        raise UsageError("binary content is not written to a terminal", hint="use -o FILE")
    write_bytes(data)


def write_json(schema: str, body: dict[str, object]) -> None:
    """
    Write one JSON object that names its schema (`gitseal/NAME/1`).

    ASCII only: a file name may hold bytes that are no text, or characters that reorder a line.
    """
    import json

    document = {"schema": f"gitseal/{schema}/1", **body}
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def write_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table: aligned columns for a person, tabs for a pipe."""
    from gitseal.settings import printable

    cells = [[printable(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in cells:
            sys.stdout.write("\t".join(row) + "\n")
        return
    widths = [
        max(len(line[column]) for line in [list(titles), *cells]) for column in range(len(titles))
    ]
    for row in [list(titles), *cells]:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")


def clock_time(seconds: int) -> str:
    """Write a time, in seconds since 1970, as 17:00 if it is today's, any other with its date."""
    import time

    then = time.localtime(seconds)
    today = time.localtime()[:3] == then[:3]
    return time.strftime("%H:%M" if today else "%Y-%m-%d %H:%M", then)
