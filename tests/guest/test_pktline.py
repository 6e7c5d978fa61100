# SPDX-License-Identifier: Apache-2.0
"""Packets come through as they were sent, whatever they hold, and damaged ones are refused."""

from __future__ import annotations

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gitseal.errors import GitError
from gitseal.guest.pktline import (
    LARGEST,
    EndOfStream,
    read_content,
    read_lines,
    read_packet,
    write_content,
    write_lines,
)

LINE = st.binary(max_size=64)


def sent(lines: list[bytes]) -> bytes:
    stream = io.BytesIO()
    write_lines(stream, lines)
    return stream.getvalue()


def content(data: bytes) -> bytes:
    stream = io.BytesIO()
    write_content(stream, data)
    return stream.getvalue()


def packets(data: bytes) -> list[bytes]:
    """Take packets apart by what git's documentation says, not by the code under test."""
    found = []
    while data:
        size = int(data[:4], 16)
        assert size == 0 or 4 < size <= 65520
        found.append(data[4:size])
        data = data[max(size, 4) :]
    return found


class TestLines:
    @given(st.lists(LINE))
    @example([b""])
    @example([b"\n", b"\n\n", b"a=b=c", b"pathname=\xff\n"])
    def test_come_back_as_they_were(self, lines: list[bytes]) -> None:
        assert read_lines(io.BytesIO(sent(lines))) == lines

    def test_lose_one_line_break_only(self) -> None:
        assert read_lines(io.BytesIO(b"0007a\n\n0000")) == [b"a\n"]

    def test_may_come_without_a_line_break(self) -> None:
        assert read_lines(io.BytesIO(b"0005a0000")) == [b"a"]

    def test_are_written_as_git_writes_them(self) -> None:
        assert sent([b"version=2"]) == b"000eversion=2\n0000"
        assert sent([]) == b"0000"

    def test_that_end_early_are_an_error(self) -> None:
        with pytest.raises(GitError):
            read_lines(io.BytesIO(b"0006a\n"))
        with pytest.raises(GitError):
            read_lines(io.BytesIO(b"0009a\n"))

    def test_that_never_come_are_the_end(self) -> None:
        with pytest.raises(EndOfStream):
            read_lines(io.BytesIO(b""))


class TestContent:
    @pytest.mark.parametrize(
        "size", [0, 1, *range(65515, 65518), *range(131031, 131034), 5_000_000]
    )
    def test_comes_back_in_packets_of_a_size_that_git_takes(self, size: int) -> None:
        data = bytes(range(251)) * (size // 251 + 1)
        data = data[:size]

        written = content(data)

        parts = packets(written)
        assert parts[-1] == b""
        assert all(parts[:-1]), "git takes an empty packet for the end"
        assert b"".join(parts) == data
        assert read_content(io.BytesIO(written)) == data

    @given(st.lists(st.binary(min_size=1, max_size=300)))
    def test_may_come_in_packets_of_any_size(self, pieces: list[bytes]) -> None:
        stream = b"".join(b"%04x" % (len(piece) + 4) + piece for piece in pieces) + b"0000rest"

        assert read_content(io.BytesIO(stream)) == b"".join(pieces)

    def test_that_is_cut_short_is_an_error(self) -> None:
        whole = content(b"secret")
        for end in range(len(whole)):
            with pytest.raises(GitError):
                read_content(io.BytesIO(whole[:end]))

    def test_may_look_like_packets(self) -> None:
        data = b"0000" * 20_000
        assert read_content(io.BytesIO(content(data))) == data


class TestPackets:
    @pytest.mark.parametrize(
        "head",
        [b"0001", b"0002", b"0003", b"0004", b"fff1", b"ffff", b"+005", b" 005", b"0x05", b"5__5",
         b"zzzz", b"\xb2\xb2\xb2\xb2", b"\0\0\0\5", b"-001", b"005"],
    )  # fmt: skip
    def test_with_no_length_are_refused(self, head: bytes) -> None:
        with pytest.raises(GitError):
            read_packet(io.BytesIO(head + (b"" if len(head) < 4 else b"x" * 70_000)))

    def test_of_the_largest_size_are_taken(self) -> None:
        assert read_packet(io.BytesIO(b"fff0" + b"x" * LARGEST)) == b"x" * LARGEST

    @given(st.binary(max_size=40))
    def test_of_any_bytes_end_in_a_packet_or_an_error_of_ours(self, data: bytes) -> None:
        try:
            read_content(io.BytesIO(data))
        except GitError:
            return
        assert b"0000" in data
