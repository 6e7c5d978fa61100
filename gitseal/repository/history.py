# SPDX-License-Identifier: Apache-2.0
"""What git remembers of a path: who brought it, whether it was ever committed, what hides it."""

from __future__ import annotations

import os

from gitseal.errors import GitError, RefusedError
from gitseal.repository.running import ask, git_command, git_failure, scrubbed
from gitseal.repository.trees import is_behind_link

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gitseal.repository.finding import Repository

SECONDS = 10.0
"""How long a search of the history may take."""

# The user's log.follow, log.showSignature and i18n.logOutputEncoding would change the answer.
_LOG = (
    "log",
    "--no-follow",
    "--no-show-signature",
    "--encoding=UTF-8",
    "--format=%x01%H%x00%an%x00%aI%x00%s",
)
_AT_ONCE = 200


class Change:
    """
    One commit, as far as a message names it; everything in it is the author's own text.

    Attributes:
        commit: the whole object id.
        author: a name; escape it before it reaches a terminal.
        date: when it was written, ISO 8601 with the author's time zone.
        subject: first line of the message.
    """

    __slots__ = ("author", "commit", "date", "subject")

    def __init__(self, commit: str, author: str, date: str, subject: str) -> None:
        self.commit = commit
        self.author = author
        self.date = date
        self.subject = subject

    def __repr__(self) -> str:
        return f"Change({self.commit[:10]!r}, {self.author!r}, {self.date!r}, {self.subject!r})"


class Past:
    """
    The commits, on all branches and tags, that wrote a path.

    Attributes:
        path: repository path.
        first: the oldest of them.
        last: the newest.
        blobs: object ids of all contents, newest first, as keys; `Objects` reads them.
    """

    __slots__ = ("blobs", "first", "last", "path")

    def __init__(self, path: str, change: Change) -> None:
        self.path = path
        self.first = change
        self.last = change
        self.blobs: dict[str, None] = {}


class IgnoreRule:
    """
    The line that makes git ignore a path.

    Attributes:
        source: the file it stands in, relative to the root, or an absolute path.
        line: 1-based.
        pattern: the line itself.
    """

    __slots__ = ("line", "pattern", "source")

    def __init__(self, source: str, line: int, pattern: str) -> None:
        self.source = source
        self.line = line
        self.pattern = pattern


def last_change(repository: Repository, path: str, revision: str = "HEAD") -> Change | None:
    """
    Give the commit that brought `path` to what it is in `revision`; None if none did.

    Raises:
        GitError: there is no such revision, or git took too long.
    """
    args = [*_LOG, "-1", "-z", "--end-of-options", revision]
    if revision == "HEAD" and not has_commits(repository):
        return None
    output = ask(repository, [*args, "--", path], timeout=SECONDS)
    fields = output.rstrip(b"\0\n").split(b"\0")
    return _change(fields) if len(fields) == 4 else None


def has_held(repository: Repository, path: str, data: bytes) -> bool:
    """
    Tell whether a commit that HEAD has, or comes from, had just this content at a path.

    Raises:
        GitError: git failed.
    """
    identity = ask(repository, ["hash-object", "--stdin"], data=data).decode("ascii").strip()
    # 128: there is no commit yet.
    arguments = [*_LOG, "-1", f"--find-object={identity}", "HEAD", "--", path]
    return bool(ask(repository, arguments, ok=(0, 128)))


def has_commits(repository: Repository) -> bool:
    """
    Tell whether HEAD is a commit; a new repository has none.

    Raises:
        GitError: git is missing, or failed.
    """
    args = ["rev-parse", "-q", "--verify", "HEAD^{commit}"]
    return bool(ask(repository, args, ok=(0, 1), timeout=SECONDS))


def ever_committed(
    repository: Repository, paths: Iterable[str], *, seconds: float = SECONDS
) -> tuple[dict[str, Past], bool]:
    """
    Find which paths any commit of any branch or tag ever held, and whether all was searched.

    Whether an old content was clear is for the caller to see, in `Past.blobs`.

    Args:
        repository: where.
        paths: repository paths; they need not exist now.
        seconds: when they have passed, what was found so far is given, with False.

    Raises:
        GitError: git failed.
    """
    import time

    end = time.monotonic() + seconds
    names = list(dict.fromkeys(paths))
    found: dict[str, Past] = {}
    complete = True
    for start in range(0, len(names), _AT_ONCE):
        output, finished = _log(repository, names[start : start + _AT_ONCE], end - time.monotonic())
        complete = complete and finished
        for change, identity, path in _parse_log(output):
            past = found.setdefault(path, Past(path, change))
            past.first = change
            past.blobs.setdefault(identity)
    return found, complete


def _log(repository: Repository, paths: Sequence[str], seconds: float) -> tuple[bytes, bool]:
    """Give what git told within the time, and whether it came to its end."""
    import subprocess

    if seconds <= 0:
        return b"", False
    # --full-history: without it git leaves out branches whose change was later undone.
    args = [*_LOG, "--all", "--full-history", "--no-renames", "--diff-merges=first-parent"]
    args += ["--raw", "--no-abbrev", "-z", "--", *paths]
    try:
        result = subprocess.run(
            git_command(args, repository.environ, repository),
            cwd=repository.root,
            env=scrubbed(repository.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        return expired.stdout or b"", False
    except (OSError, ValueError):
        raise GitError("git log could not be started") from None
    if result.returncode:
        raise git_failure("git log", result.returncode, result.stderr)
    return result.stdout, True


def _parse_log(output: bytes) -> Iterator[tuple[Change, str, str]]:
    """Read `^A commit NUL author NUL date NUL subject NUL`, then `:raw NUL path NUL` each."""
    fields = iter(output.split(b"\0")[:-1])
    change: Change | None = None
    for field in fields:
        if field.startswith(b"\x01"):
            rest = [next(fields, b"") for _ in range(3)]
            change = _change([field, *rest])
            continue
        words = field.lstrip(b"\n").split(b" ")
        path = next(fields, None)
        if change is None or len(words) != 5 or path is None:
            return
        identity = words[3].decode()
        if words[1].startswith(b"100"):
            yield change, identity, os.fsdecode(path)


def _change(fields: Sequence[bytes]) -> Change:
    commit, author, date, subject = (field.decode(errors="replace") for field in fields)
    return Change(commit.lstrip("\x01"), author, date, subject)


def ignored(repository: Repository, paths: Iterable[str]) -> dict[str, IgnoreRule]:
    """
    Find which untracked paths git ignores, and because of what.

    Raises:
        GitError: git failed.
        RefusedError: a bare repository ignores nothing.
    """
    if repository.bare:
        raise RefusedError("a bare repository has no worktree")
    # One name behind a link makes git refuse to answer for all of them.
    wanted = [path for path in paths if not is_behind_link(repository.root, path)]
    # The dot keeps git from reading a name that begins with a colon as an instruction.
    data = b"".join(b"./" + os.fsencode(path) + b"\0" for path in wanted)
    if not data:
        return {}
    output = ask(repository, ["check-ignore", "-z", "-v", "--stdin"], data=data, ok=(0, 1))
    fields = [os.fsdecode(field) for field in output.split(b"\0")[:-1]]
    rules = {}
    for source, line, pattern, name in zip(*(fields[start::4] for start in range(4)), strict=True):
        if not pattern.startswith("!"):
            rules[name.removeprefix("./")] = IgnoreRule(source, int(line), pattern)
    return rules
