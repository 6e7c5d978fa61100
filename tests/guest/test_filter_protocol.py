# SPDX-License-Identifier: Apache-2.0
"""The filter process speaks git's protocol to the byte, and nothing else reaches its output."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

import pytest

from desk import CANARY, ENV, PEM, Desk
from gitworld import ODD_NAMES, PLAIN, Guest, is_sealed

WELCOME = [b"git-filter-client", b"version=2"]
OFFERED = [b"capability=clean", b"capability=smudge", b"capability=delay"]
FLUSH = b"0000"


class Reply(NamedTuple):
    """What the filter answered for one file; content is None where it refused."""

    status: bytes
    content: bytes | None
    largest: int


class Filter:
    """The filter process, driven as git drives it."""

    def __init__(self, person: Guest, **environ: str) -> None:
        self.process = subprocess.Popen(
            ["gitseal", "git", "filter-process"], cwd=person.folder, env=person.environ | environ,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.to: IO[bytes] = self.process.stdin
        assert self.process.stderr is not None
        self.back: IO[bytes] = self.process.stdout
        self.messages: IO[bytes] = self.process.stderr

    def send(self, lines: list[bytes]) -> None:
        packets = [b"%04x" % (len(line) + 5) + line + b"\n" for line in lines]
        self.to.write(b"".join([*packets, FLUSH]))
        self.to.flush()

    def packet(self) -> bytes | None:
        size = int(self.back.read(4), 16)
        assert size == 0 or 4 < size <= 65520, f"packet of {size}"
        return self.back.read(size - 4) if size else None

    def lines(self) -> list[bytes]:
        found = []
        while (packet := self.packet()) is not None:
            assert packet.endswith(b"\n")
            found.append(packet[:-1])
        return found

    def greet(self) -> list[bytes]:
        """Shake hands; give what the filter can do."""
        self.send(WELCOME)
        assert self.lines() == [b"git-filter-server", b"version=2"]
        self.send(OFFERED)
        return self.lines()

    def ask(self, command: str, path: bytes | str, data: bytes, *more: bytes) -> Reply:
        """Have one file filtered."""
        name = path.encode() if isinstance(path, str) else path
        self.send([b"command=" + command.encode(), b"pathname=" + name, *more])
        for start in range(0, len(data), 65516):
            piece = data[start : start + 65516]
            self.to.write(b"%04x" % (len(piece) + 4) + piece)
        self.to.write(FLUSH)
        self.to.flush()
        status = self.lines()
        if status != [b"status=success"]:
            return Reply(b";".join(status), None, 0)
        parts = []
        while (packet := self.packet()) is not None:
            parts.append(packet)
        assert self.lines() == []
        return Reply(status[0], b"".join(parts), max((len(one) for one in parts), default=0))

    def end(self) -> tuple[int, bytes, str]:
        """Close our end; give exit code, what was left to read, and the messages."""
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err.decode(errors="replace")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.to, self.back, self.messages):
            if not stream.closed:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


Start = Callable[..., Filter]


@pytest.fixture
def start(ada: Guest) -> Iterator[Start]:
    started = []

    def begin(**environ: str) -> Filter:
        started.append(Filter(ada, **environ))
        return started[-1]

    yield begin
    for one in started:
        one.close()


@pytest.fixture
def talk(start: Start) -> Filter:
    """A filter that has shaken hands."""
    one = start()
    assert one.greet() == OFFERED[:2]
    return one


class TestHandshake:
    def test_offers_clean_and_smudge_only(self, start: Start) -> None:
        one = start()
        one.send(WELCOME)
        assert one.lines() == [b"git-filter-server", b"version=2"]
        one.send([*OFFERED, b"capability=teleport"])
        assert one.lines() == OFFERED[:2]
        assert one.end() == (0, b"", "")

    def test_offers_what_git_knows(self, start: Start) -> None:
        one = start()
        one.send([*WELCOME, b"version=42"])
        assert one.lines() == [b"git-filter-server", b"version=2"]
        one.send([b"capability=smudge"])
        assert one.lines() == [b"capability=smudge"]

    @pytest.mark.parametrize(
        "said",
        [
            b"0015git-filter-other\n000eversion=2\n0000",
            b"0016git-filter-client\n000eversion=3\n0000",
            b"0016git-filter-client\n000eversion=2\n",
            b"0016git-filter-cl",
            b"0000",
            b"hello",
        ],
    )
    def test_of_something_else_ends_without_a_word_to_git(self, start: Start, said: bytes) -> None:
        one = start()
        one.to.write(said)
        code, out, err = one.end()
        assert code != 0
        assert out == b""
        assert "Traceback" not in err
        assert err.startswith("gitseal: error: ")


class TestFiles:
    @pytest.mark.parametrize("size", [0, 1, 65515, 65516, 65517, 131031, 131032, 131033, 5 << 20])
    def test_of_any_size_come_back_byte_for_byte(self, talk: Filter, size: int) -> None:
        clear = os.urandom(1024) * (size // 1024 + 1)
        clear = clear[:size]

        sealed = talk.ask("clean", "server.pem", clear)
        opened = talk.ask("smudge", "server.pem", sealed.content or b"")

        assert opened.content == clear
        assert max(sealed.largest, opened.largest) <= 65516
        assert (sealed.content == b"") == (size == 0)
        assert size < 32 or clear[:32] not in (sealed.content or b"")
        assert talk.end() == (0, b"", "")

    def test_many_in_one_process(self, talk: Filter) -> None:
        for number in range(40):
            text = f"A={CANARY}-{number}\n".encode()
            sealed = talk.ask("clean", f"config/{number}.env", text).content
            assert sealed is not None
            assert is_sealed(sealed)
            assert talk.ask("smudge", f"{number}.env", sealed).content == text
        assert talk.end() == (0, b"", "")

    def test_of_any_name(self, talk: Filter) -> None:
        for name in ODD_NAMES:
            sealed = talk.ask("clean", b"keys/" + name, PEM.encode()).content
            assert sealed is not None
            assert is_sealed(sealed)
            assert talk.ask("smudge", b"keys/" + name, sealed).content == PEM.encode()

    def test_with_all_that_git_may_say_of_them(self, talk: Filter, ada: Guest) -> None:
        head = ada.do("rev-parse", "HEAD").strip().encode()
        more = [b"ref=refs/heads/main", b"treeish=" + head, b"blob=" + b"1" * 40, b"can-delay=1"]
        more += [b"new=a=b", b"odd", b"="]
        sealed = ada.blob("HEAD:.env")
        assert talk.ask("smudge", ".env", sealed, *more).content == ENV.encode()
        tree = ada.do("rev-parse", "HEAD^{tree}").strip().encode()
        assert talk.ask("smudge", ".env", sealed, b"treeish=" + tree).content == ENV.encode()
        assert talk.ask("clean", ".env", ENV.encode(), *more).content == sealed

    def test_that_are_refused_do_not_spoil_the_next(self, talk: Filter, ada: Guest) -> None:
        big = CANARY.encode() * 100_000
        for path in (b"unclaimed.txt", b"vault/\xff.yaml"):
            assert talk.ask("clean", path, big) == Reply(b"status=error", None, 0)
        looks = b"A=seal:v1[_made-up_]\n"
        assert talk.ask("clean", ".env", looks) == Reply(b"status=error", None, 0)
        assert talk.ask("list_available_blobs", "", b"").status == b"status=error"

        assert talk.ask("clean", ".env", ENV.encode()).content == ada.blob("HEAD:.env")
        code, out, err = talk.end()
        assert (code, out) == (0, b"")
        assert "unclaimed.txt" in err
        assert CANARY not in err

    def test_that_do_not_open_stay_sealed(self, talk: Filter, ada: Guest) -> None:
        sealed = ada.blob("HEAD:server.pem")
        broken = sealed[:-1] + bytes([sealed[-1] ^ 1])
        assert talk.ask("smudge", "server.pem", broken).content == broken
        assert talk.ask("smudge", "other.pem", broken).content == broken
        _code, _out, err = talk.end()
        assert len(err.splitlines()) == 2
        assert "server.pem stays sealed: the seal does not verify" in err
        assert "1 more file stays sealed" in err

    def test_have_the_same_bytes_from_the_commands_for_one_file(
        self, talk: Filter, ada: Guest
    ) -> None:
        for path, text in PLAIN.items():
            sealed = talk.ask("clean", path, text.encode()).content or b""
            once = ada.run("gitseal", "git", "clean", path, data=text.encode()).out
            assert once.encode(errors="surrogateescape") == sealed == ada.blob(f"HEAD:{path}")
            opened = ada.run("gitseal", "git", "smudge", "--", path, data=sealed, hidden=False).out
            assert opened == text


class TestClientsThatNameNoFile:
    @pytest.mark.parametrize("path", ["", "%f"])
    def test_are_refused_where_there_are_two_scopes(self, talk: Filter, path: str) -> None:
        assert talk.ask("clean", path, ENV.encode()).content is None

    @pytest.mark.parametrize("words", [[""], ["%f"], []])
    def test_get_the_only_scope_there_is(self, desk: Desk, words: list[str]) -> None:
        desk.scope(worktree="plain")
        command = ["gitseal", "git", "clean", *words]
        done = subprocess.run(command, input=ENV.encode(), capture_output=True, check=True)
        assert is_sealed(done.stdout)
        command = ["gitseal", "git", "smudge", ".env"]
        assert subprocess.run(
            command, input=done.stdout, capture_output=True, check=True
        ).stdout == (ENV.encode())

    @pytest.mark.parametrize("words", [[""], ["%f"], []])
    def test_are_refused_where_the_only_scope_is_sealed(self, desk: Desk, words: list[str]) -> None:
        desk.scope()
        command = ["gitseal", "git", "clean", *words]
        done = subprocess.run(command, input=ENV.encode(), capture_output=True, check=False)
        assert done.returncode != 0
        assert done.stdout == b""


class TestTheEnd:
    def test_comes_at_once_when_git_is_done(self, talk: Filter) -> None:
        talk.ask("clean", ".env", ENV.encode())
        before = time.monotonic()
        assert talk.end() == (0, b"", "")
        assert time.monotonic() - before < 1

    def test_comes_quietly_when_interrupted(self, talk: Filter) -> None:
        talk.ask("clean", ".env", ENV.encode())
        os.killpg(talk.process.pid, signal.SIGINT)
        talk.process.wait(timeout=30)
        code, out, err = talk.end()
        assert (code, out, err) == (130, b"", "")

    def test_comes_quietly_when_git_is_killed_in_the_middle_of_a_file(self, talk: Filter) -> None:
        talk.send([b"command=clean", b"pathname=.env"])
        talk.to.write(b"0100half of it")
        _code, out, err = talk.end()
        assert out == b""
        assert "Traceback" not in err

    def test_comes_quietly_when_nobody_reads(self, talk: Filter) -> None:
        sealed = talk.ask("clean", "server.pem", b"x" * 3_000_000).content
        assert sealed is not None
        talk.back.close()
        talk.send([b"command=smudge", b"pathname=server.pem"])
        for at in range(0, len(sealed), 65516):
            piece = sealed[at : at + 65516]
            talk.to.write(b"%04x" % (len(piece) + 4) + piece)
        talk.to.write(FLUSH)
        talk.to.close()
        assert talk.process.wait(timeout=30) in {0, 130, 141}
        assert talk.messages.read() == b""

    def test_of_a_checkout_that_is_interrupted_leaves_no_lock(self, ada: Guest) -> None:
        for number in range(400):
            ada.put(f"config/{number:03}.pem", PEM)
        ada.commit_all()
        for number in range(400):
            (ada.folder / f"config/{number:03}.pem").unlink()
        process = subprocess.Popen(
            ["git", "checkout", "-q", "."], cwd=ada.folder, env=ada.environ,
            stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        while not (ada.folder / "config/002.pem").exists():
            time.sleep(0.001)
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        _out, err = process.communicate(timeout=30)
        assert b"Traceback" not in err
        assert not (ada.folder / ".git/index.lock").exists()
        ada.do("checkout", "-q", ".")
        ada.calm()


class TestNothingElseReachesGit:
    def test_what_others_print_while_python_starts(
        self, start: Start, ada: Guest, tmp_path: Path
    ) -> None:
        (tmp_path / "sitecustomize.py").write_text(
            "import sys, warnings\nprint('hello')\nsys.stdout.write('x')\nwarnings.warn('old')\n"
        )
        # Unbuffered, it is on its way to git before the first line of ours runs.
        environ = {"PYTHONPATH": str(tmp_path), "PYTHONUNBUFFERED": ""}
        one = start(**environ, PYTHONSTARTUP=str(tmp_path / "sitecustomize.py"))
        assert one.greet() == OFFERED[:2]
        assert one.ask("clean", ".env", ENV.encode()).content == ada.blob("HEAD:.env")
        code, out, _err = one.end()
        assert (code, out) == (0, b"")
        once = ada.run("gitseal", "git", "clean", ".env", data=ENV.encode(), env=environ)
        assert once.out == ada.blob("HEAD:.env").decode()

    def test_with_packets_traced_nothing_is_opened(self, start: Start, ada: Guest) -> None:
        one = start(GIT_TRACE_PACKET="1")
        one.greet()
        sealed = ada.blob("HEAD:.env")
        assert one.ask("smudge", ".env", sealed).content == sealed
        assert "GIT_TRACE_PACKET" in one.end()[2]

    def test_a_traced_add_fails_before_git_has_sent_anything(
        self, ada: Guest, tmp_path: Path
    ) -> None:
        log = tmp_path / "trace"
        ada.put(".env", ENV.replace("PORT", "DOOR"))
        said = ada.do("add", ".env", code=128, GIT_TRACE_PACKET=str(log))
        assert "GIT_TRACE_PACKET" in said
        assert "git-filter-client" in log.read_text(errors="replace")
        assert CANARY not in log.read_text(errors="replace")
        assert ada.status() == " M .env\n"

    def test_a_traced_clone_holds_no_secret(self, ada: Guest, tmp_path: Path) -> None:
        log = tmp_path / "trace"
        source = ada.folder
        ada.folder = ada.home
        ada.do("clone", "-q", str(source), "traced", GIT_TRACE_PACKET=str(log))
        assert "smudge" in log.read_text(errors="replace")
        assert CANARY not in log.read_text(errors="replace")
        assert is_sealed((ada.home / "traced/.env").read_bytes())
