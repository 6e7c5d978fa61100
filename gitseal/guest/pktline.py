# SPDX-License-Identifier: Apache-2.0
"""
Packets as git frames them (gitprotocol-common(5), "pkt-line Format").

Four hexadecimal digits give the length of a packet, themselves included; `0000` is a flush packet
and ends a list or a content.
"""

from __future__ import annotations

from binascii import unhexlify

from gitseal.errors import GitError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    class Reader(Protocol):
        """The binary stream that git writes to."""

        def read(self, size: int, /) -> bytes:
            """Give `size` bytes, or fewer at the end."""

    class Writer(Protocol):
        """The binary stream that git reads."""

        def write(self, data: bytes | memoryview, /) -> object:
            """Write all of it."""

        def flush(self) -> object:
            """Send it."""


LARGEST = 65516
"""Bytes of payload in one packet; git refuses more."""

FLUSH = b"0000"


class EndOfStream(Exception):  # noqa: N818 - no failure: git is done with us
    """git has closed its end."""


def read_packet(stream: Reader) -> bytes | None:
    """
    Give the payload of the next packet; None for a flush packet.

    Raises:
        EndOfStream: there is none; git has closed its end between two packets.
        GitError: what came is no packet.
    """
    head = stream.read(4)
    if not head:
        raise EndOfStream
    if head == FLUSH:
        return None
    try:
        length = int.from_bytes(unhexlify(head), "big") if len(head) == 4 else 0
    except ValueError:
        length = 0
    if not 4 < length <= LARGEST + 4:
        raise GitError("git sent something that is no packet")
    data = stream.read(length - 4)
    if len(data) != length - 4:
        raise GitError("git ended in the middle of a packet")
    return data


def read_lines(stream: Reader) -> list[bytes]:
    """
    Give the packets up to the next flush packet, each without its one final line break.

    Raises:
        EndOfStream: git has closed its end before the first of them.
        GitError: as `read_packet`, or git has closed its end later.
    """
    lines: list[bytes] = []
    while True:
        try:
            packet = read_packet(stream)
        except EndOfStream:
            if lines:
                raise GitError("git ended in the middle of a request") from None
            raise
        if packet is None:
            return lines
        lines.append(packet.removesuffix(b"\n"))


def read_content(stream: Reader) -> bytes:
    """
    Give the content up to the next flush packet; of any length.

    Raises:
        GitError: it is cut short.
    """
    pieces: list[bytes] = []
    try:
        while (packet := read_packet(stream)) is not None:
            pieces.append(packet)
    except EndOfStream:
        raise GitError("git ended in the middle of a file") from None
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def write_lines(stream: Writer, lines: Iterable[bytes]) -> None:
    """Write one packet a line, each with a line break, and a flush packet; sends nothing yet."""
    parts = [b"%04x%s\n" % (len(line) + 5, line) for line in lines]
    stream.write(b"".join([*parts, FLUSH]))


def write_content(stream: Writer, data: bytes) -> None:
    """Write a content of any length and a flush packet; sends nothing yet."""
    view = memoryview(data)
    for start in range(0, len(data), LARGEST):
        piece = view[start : start + LARGEST]
        stream.write(b"%04x" % (len(piece) + 4))
        stream.write(piece)
    stream.write(FLUSH)
