# SPDX-License-Identifier: Apache-2.0
"""What `encrypt` and `decrypt` do, without Typer: scripts seal many files, one call each."""

from __future__ import annotations

import os
import sys

from gitseal.cli.output import write_content
from gitseal.cli.reporting import say
from gitseal.errors import UsageError
from gitseal.operations import opening, sealing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitseal.operations.workspace import Workspace


def seal_in_place(current: Workspace, files: Sequence[str], *, dry_run: bool = False) -> None:
    """Seal files where they are, and say so of each."""
    for path in files:
        changed = sealing.encrypt_path(current, path, dry_run=dry_run)
        verb = "would seal" if dry_run else "sealed"
        if changed:
            say(f"{verb} {path}")
        else:
            empty = os.path.getsize(path) == 0
            say(f"{path} is empty" if empty else f"{path} is sealed already")


def seal_to(
    current: Workspace,
    files: Sequence[str],
    output: str | None,
    filename: str | None,
    readers: Sequence[str],
    *,
    dry_run: bool = False,
) -> None:
    """
    Seal one file or standard input to somewhere, or for readers of its own.

    Args:
        current: repository, trust and keys.
        files: one path, or `-` for standard input.
        output: where to; `-` is standard output; None is in place.
        filename: the path that the content is sealed for, if not that of the file.
        readers: key URIs, for a file without policy.
        dry_run: seal it, write nothing.
    """
    path, data = content_of(files, filename)
    place = current.locate(filename or path)
    if readers:
        from gitseal.masterkeys import canonical
        from gitseal.operations.adhoc import seal_for

        keys = [canonical(uri) for uri in readers]
        sealed = seal_for(current, data, place, [(_short(uri), uri) for uri in keys])
    else:
        sealed = sealing.bring_up_to_date(current, data, place)
    target = output or ("-" if path == "-" else path)
    if dry_run:
        say(f"would write {target}")
        return
    write_out(current, target, sealed, mode=0o666)


def _short(uri: str) -> str:
    """Name a reader of a file without policy by the beginning of its key."""
    return uri[:16]


def content_of(files: Sequence[str], filename: str | None) -> tuple[str, bytes]:
    """
    Give path and content of the one file that is worked on; `-` is standard input.

    Raises:
        UsageError: several files, or standard input without a name for it.
    """
    if len(files) != 1:
        raise UsageError("one FILE only, if its content goes elsewhere")
    (path,) = files
    if path != "-":
        from gitseal.files import read_limited

        return path, read_limited(path, opening.MAX_FILE)
    if filename is None:
        raise UsageError("with -, say --filename PATH: it decides syntax, rules and readers")
    return path, sys.stdin.buffer.read(opening.MAX_FILE + 1)


def write_out(current: Workspace, target: str, data: bytes, *, mode: int = 0o600) -> None:
    """
    Write to a file or, as `-`, to standard output.

    Args:
        current: the repository.
        target: path, or `-`.
        data: what to write.
        mode: of a new file; clear text is for its owner alone.

    Raises:
        UsageError: binary content for a terminal.
    """
    if target == "-":
        write_content(data)
        return
    current.write(current.locate(target), data, mode=mode)
    say(f"wrote {target}")
