# SPDX-License-Identifier: Apache-2.0
"""
git's long-running filter process, version 2 (gitattributes(5), "Long Running Filter Process").

One process serves all files of a git command.  `clean` and `smudge` are offered and `delay` never:
nothing here waits for anything, and delayed checkouts are what CVE-2021-21300 needed.
"""

from __future__ import annotations

import os

from gitseal.errors import GitError
from gitseal.guest.pktline import (
    EndOfStream,
    read_content,
    read_lines,
    write_content,
    write_lines,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gitseal.guest.pktline import Reader, Writer

    Handler = Callable[[str, bytes, str], bytes]
    """Takes the path, the content and the treeish ("" where git names none)."""


def serve(
    source: Reader,
    sink: Writer,
    handlers: dict[str, Handler],
    report: Callable[[Exception], object],
) -> None:
    """
    Answer git until it closes its end.

    Args:
        source: what git writes to.
        sink: what git reads; nothing else may ever write there.
        handlers: what to do for "clean" and "smudge"; what is not there is not offered.
        report: tells the user why a file was refused.

    Raises:
        GitError: git speaks another protocol, or broke off.
    """
    try:
        _shake_hands(source, sink, handlers)
        while True:
            _answer(source, sink, handlers, report)
    except EndOfStream:
        return


def _shake_hands(source: Reader, sink: Writer, commands: Iterable[str]) -> None:
    welcome = read_lines(source)
    if welcome[:1] != [b"git-filter-client"] or b"version=2" not in welcome[1:]:
        raise GitError("git speaks another filter protocol than version 2", hint="update git")
    write_lines(sink, [b"git-filter-server", b"version=2"])
    sink.flush()
    offered = read_lines(source)
    ours = [b"capability=" + name.encode() for name in commands]
    write_lines(sink, [line for line in ours if line in offered])
    sink.flush()


def _answer(
    source: Reader,
    sink: Writer,
    handlers: dict[str, Handler],
    report: Callable[[Exception], object],
) -> None:
    """Answer one request; a file that is refused leaves the process fit for the next one."""
    request = _fields(read_lines(source))
    # All of it is read before anything is answered, also what will be refused: git writes first.
    data = read_content(source)
    try:
        handler = _handler(handlers, request)
        answer = handler(request.get("pathname", ""), data, request.get("treeish", ""))
    except Exception as error:  # noqa: BLE001 - whatever it is, git must learn that it failed
        report(error)
        answer = None
    del data
    if answer is None:
        write_lines(sink, [b"status=error"])
    else:
        write_lines(sink, [b"status=success"])
        write_content(sink, answer)
        write_lines(sink, [])
    sink.flush()


def _handler(handlers: dict[str, Handler], request: dict[str, str]) -> Handler:
    handler = handlers.get(request.get("command", ""))
    if handler is None:
        raise GitError("git asks for something that this filter does not do")
    return handler


def _fields(lines: list[bytes]) -> dict[str, str]:
    """Give key and value of each line: a path may hold `=`, line breaks and any other byte."""
    fields = {}
    for line in lines:
        key, _, value = line.partition(b"=")
        fields[os.fsdecode(key)] = os.fsdecode(value)
    return fields
