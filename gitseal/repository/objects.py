# SPDX-License-Identifier: Apache-2.0
"""One `git cat-file --batch` that answers for objects for as long as it is needed."""

from __future__ import annotations

from gitseal.errors import GitError, LimitError
from gitseal.repository.running import git_command, git_failure, scrubbed

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Collection, Iterable, Iterator
    from typing import IO, Self

    from gitseal.repository.finding import Repository

MAX_OBJECT = 64 * 1024 * 1024
"""Bytes of an object that are taken into memory."""

TOO_LARGE = "too large"
AHEAD = 32
"""Questions that are sent before the first answer is read; that many fit into a pipe."""

_PIECE = 1 << 20


class Objects:
    """
    Reads objects of a repository through one git process, started on the first question.

    Args:
        repository: where.
        limit: the largest object that is read, in bytes.
        keep: `GIT_*` variables git may see (see `running.scrubbed`).
    """

    __slots__ = ("_keep", "_process", "limit", "repository")

    def __init__(
        self, repository: Repository, *, limit: int = MAX_OBJECT, keep: Collection[str] = ()
    ) -> None:
        self.repository = repository
        self.limit = limit
        self._keep = tuple(keep)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """End the process; the next question starts a new one."""
        process, self._process = getattr(self, "_process", None), None
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue
        process.kill()
        process.wait()

    def read(self, name: str) -> tuple[str, str, bytes] | None:
        """
        Give `(object id, type, content)` of an object, or None if there is none of that name.

        Args:
            name: an object id, or anything git resolves to one object (`HEAD^{commit}`).

        Raises:
            LimitError: larger than `limit`.
            GitError: git failed, or the name holds a line break.
        """
        answer = next(self.read_each((name,)))
        if answer is not None and answer[1] == TOO_LARGE:
            raise LimitError(f"an object is larger than {self.limit:,} bytes")
        return answer

    def read_each(self, names: Iterable[str]) -> Iterator[tuple[str, str, bytes] | None]:
        """
        Answer as `read` for many names, in their order; a few questions are sent ahead.

        The type of an object larger than `limit` is `TOO_LARGE`, and its content empty.
        """
        pending: list[str] = []
        for name in names:
            pending.append(name)
            if len(pending) == AHEAD:
                yield from self._ask(pending)
                pending = []
        yield from self._ask(pending)

    def _ask(self, names: list[str]) -> list[tuple[str, str, bytes] | None]:
        if not names:
            return []
        if any("\n" in name or "\0" in name for name in names):
            raise GitError("the name of an object or commit cannot hold a line break")
        process = self._started()
        answers: list[tuple[str, str, bytes] | None] = []
        try:
            # A few questions fit into a pipe, so git never waits for us while we wait for it. All
            # answers are taken at once: whoever listens may ask for something else in between.
            self._send(process, "".join(f"{name}\n" for name in names))
            answers.extend(self._answer(process) for _ in names)
        finally:
            if len(answers) < len(names):
                self.close()
        return answers

    def _send(self, process: subprocess.Popen[bytes], text: str) -> None:
        try:
            stream = _stream(process.stdin)
            stream.write(text.encode(errors="surrogateescape"))
            stream.flush()
        except OSError:
            raise self._failure(process) from None

    def _answer(self, process: subprocess.Popen[bytes]) -> tuple[str, str, bytes] | None:
        stream = _stream(process.stdout)
        line = stream.readline()
        if not line.endswith(b"\n"):
            raise self._failure(process)
        if line.endswith((b" missing\n", b" ambiguous\n")):
            return None
        identity, _, rest = line.decode().rstrip("\n").partition(" ")
        kind, _, length = rest.partition(" ")
        if not length.isdigit():
            raise GitError("git cat-file gave an answer that is not understood")
        size = int(length)
        if size > self.limit:
            left = size + 1
            while left > 0 and stream.read(min(left, _PIECE)):
                left -= _PIECE
            return identity, TOO_LARGE, b""
        data = stream.read(size)
        if len(data) != size or stream.read(1) != b"\n":
            raise self._failure(process)
        return identity, kind, data

    def _started(self) -> subprocess.Popen[bytes]:
        import subprocess

        if self._process is None:
            repository = self.repository
            try:
                self._process = subprocess.Popen(
                    git_command(["cat-file", "--batch"], repository.environ, repository),
                    cwd=repository.root,
                    env=scrubbed(repository.environ, self._keep),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    bufsize=_PIECE,
                )
            except OSError:
                raise GitError("git cat-file could not be started") from None
        return self._process

    def _failure(self, process: subprocess.Popen[bytes]) -> GitError:
        import subprocess

        try:
            code = process.wait(5)
        except subprocess.TimeoutExpired:
            code = -9
        error = git_failure("git cat-file", code, b"")
        error.hint = "git fsck says whether the repository is damaged"
        return error


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise GitError("git cat-file has no streams")
    return stream
