# SPDX-License-Identifier: Apache-2.0
"""
The commits that wrote some paths, how they hang together, and what each of them held there.

One `git log` for all of it, whatever the number of commits.  Everything in the answer but object
ids is somebody's own text.
"""

from __future__ import annotations

import os

from gitseal.repository.objects import Objects
from gitseal.repository.running import ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitseal.repository.finding import Repository

    Files = dict[str, tuple[int, str]]
    """Path -> (mode, object id)."""

SECONDS = 60.0
"""How long git may take: somebody sits there and waits, in a repository of any size."""

# What the user's configuration and git's defaults would change in the answer is said here.
# Parents are rewritten by git to those commits that are told, so that the graph has no gaps.
_LOG = (
    "log", "--no-follow", "--no-show-signature", "--no-notes", "--encoding=UTF-8", "--date-order",
    "--full-history", "--simplify-merges", "--parents", "--diff-merges=separate", "--no-renames",
    "--raw", "--no-abbrev", "-z", "--format=%x01%H%x00%P%x00%an%x00%aI%x00%s",
)  # fmt: skip
_DELETED = (
    "diff-tree", "--stdin", "-r", "-m", "--root", "--no-renames", "--diff-filter=D", "--raw",
    "--no-abbrev", "-z", "--format=%x01%H",
)  # fmt: skip


class Commit:
    """
    One commit of a trail; names and subject are its author's own text.

    Attributes:
        id: the whole object id.
        parents: the nearest ancestors that stand in the trail, one for each line of history.
        author: a name; escape it before it reaches a terminal.
        date: when it was written, ISO 8601 with the author's time zone; "" if that is no date.
        subject: first line of the message.
        files: what it holds at the paths that were asked for; never change it, commits share it.
    """

    __slots__ = ("author", "date", "files", "id", "parents", "subject")

    def __init__(self, fields: Sequence[bytes]) -> None:
        identity, parents, author, date, subject = (one.decode(errors="replace") for one in fields)
        self.id = identity.removeprefix("\x01")
        self.parents = tuple(parents.split())
        self.author = author
        self.date = date
        self.subject = subject
        self.files: Files = {}

    def __repr__(self) -> str:
        return f"Commit({self.id[:10]!r})"


def commit_id(repository: Repository, revision: str) -> str | None:
    """
    Give the object id of a commit by any of its names; None if there is none.

    Raises:
        GitError: git is missing or failed, or the name holds a line break.
    """
    with Objects(repository) as objects:
        answer = objects.read(f"{revision}^{{commit}}")
    return None if answer is None else answer[0]


def trail(
    repository: Repository, paths: Sequence[str], revision: str | None = "HEAD"
) -> list[Commit]:
    """
    Give the commits that changed some paths, children before their parents, newer ones first.

    Args:
        repository: where.
        paths: files and folders, as repository paths; they need not exist now.
        revision: where to begin; None begins at all branches and tags.

    Raises:
        GitError: there is no such revision, or git failed, or took too long.
    """
    start = ["--all"] if revision is None else ["--end-of-options", revision]
    words: list[str | bytes] = [*_LOG, *start, "--", *(os.fsencode(path) for path in paths)]
    found: dict[str, Commit] = {}
    written: dict[str, dict[str, tuple[int, str] | None]] = {}
    for commit, path, entry in _read(ask(repository, words, timeout=SECONDS)):
        found.setdefault(commit.id, commit)
        if path:
            written.setdefault(commit.id, {})[path] = entry
    commits = list(found.values())
    for commit in reversed(commits):
        # What no parent's difference names, all parents have alike; one of them tells it.
        before = next((found[one].files for one in commit.parents if one in found), {})
        commit.files = _changed(before, written.get(commit.id, {}))
        commit.parents = tuple(one for one in commit.parents if one in found)
    return commits


def _changed(before: Files, written: dict[str, tuple[int, str] | None]) -> Files:
    if not written:
        return before
    files = dict(before)
    for path, entry in written.items():
        if entry is None:
            files.pop(path, None)
        else:
            files[path] = entry
    return files


def _read(output: bytes) -> Iterator[tuple[Commit, str, tuple[int, str] | None]]:
    """
    Read `^A id NUL parents NUL author NUL date NUL subject NUL`, then `:raw NUL path NUL` each.

    A merge is told once for each parent it differs from, and once if it differs from none.
    """
    fields = iter(output.split(b"\0")[:-1])
    commit: Commit | None = None
    for field in fields:
        if field.startswith(b"\x01"):
            commit = Commit([field, *(next(fields, b"") for _ in range(4))])
            yield commit, "", None
        elif commit is not None:
            path = os.fsdecode(next(fields, b""))
            mode, identity = _entry(field)[1]
            yield commit, path, (mode, identity) if mode else None


def _entry(raw: bytes) -> tuple[tuple[int, str], tuple[int, str]]:
    """Read `:MODE MODE ID ID STATUS` into the old and the new side."""
    words = raw.lstrip(b"\n:").decode("ascii", "replace").split(" ")
    old_mode, new_mode, old, new = (*words, "0", "0", "0", "0")[:4]
    return (int(old_mode, 8), old), (int(new_mode, 8), new)


def deleted(repository: Repository, commits: Sequence[str]) -> dict[str, Files]:
    """
    Give, for each of some commits, the files that a parent has and it has not.

    Raises:
        GitError: git failed, or took too long.
    """
    found: dict[str, Files] = {}
    if not commits:
        return found
    data = "".join(f"{one}\n" for one in commits).encode("ascii")
    fields = iter(ask(repository, _DELETED, data=data, timeout=SECONDS).split(b"\0")[:-1])
    files: Files = {}
    for field in fields:
        if field.startswith(b"\x01"):
            files = found.setdefault(field[1:].decode("ascii", "replace"), {})
        else:
            files[os.fsdecode(next(fields, b""))] = _entry(field)[0]
    return found
