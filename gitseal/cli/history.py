# SPDX-License-Identifier: Apache-2.0
"""`log` and `blame`: who changed which value when."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from gitseal.cli.checking import check_format
from gitseal.cli.choosing import repository_path
from gitseal.cli.context import workspace
from gitseal.errors import GitsealError, NotFoundError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitseal.operations.following import Story
    from gitseal.operations.workspace import Workspace

Format = Annotated[str, typer.Option("--format", metavar="FORMAT", help="text or json")]

_MAX_COLONS = 5
"""Colons of a file that is in no worktree at which a key may begin; each is looked up in git."""


def log(
    file: Annotated[str, typer.Argument(metavar="FILE[:KEY]", help="it may be gone by now")],
    count: Annotated[
        int | None,
        typer.Option("--max-count", "-n", min=1, metavar="N", help="at most so many commits"),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="of all branches and tags")] = False,
    reveal: Annotated[bool, typer.Option("--reveal", help="show the values themselves")] = False,
    form: Format = "text",
) -> None:
    """
    Show which commit changed which secret of a file.

    Newest first, through renames and gitseal mv, and with no key: equal values have equal sealed
    texts. After a rotation or a move only a key can tell what changed from what was sealed again;
    yours is used if it is at hand. With KEY, such as db.password or users[].name, only what lies
    there; an index stands for all items of its list.
    """
    from itertools import islice

    from gitseal.cli import chronicle
    from gitseal.operations.history import entries

    check_format(form)
    current = workspace()
    story, key = _story(current, file, None if every else "HEAD")
    try:
        found = islice(entries(story, _below(key, story.path), reveal=reveal), count)
        if form == "json":
            any_found = chronicle.write_log_json(found, story.path, key, reveal=reveal)
        else:
            any_found = chronicle.write_log(found, current.settings, reveal=reveal)
    finally:
        story.close()
    if not any_found:
        hint = "gitseal log FILE shows all keys" if key is not None else "git log -- FILE"
        what = "no commit changed this key" if key is not None else "no commit changed a value"
        raise NotFoundError(what, path=file, hint=hint)


def blame(
    file: Annotated[str, typer.Argument(metavar="FILE")],
    revision: Annotated[
        str | None,
        typer.Option("--rev", metavar="REV", help="a commit; default: the worktree, from HEAD on"),
    ] = None,
    form: Format = "text",
) -> None:
    """
    Show which commit last changed each value.

    A value that was only sealed again, for a new data key or a new path, counts as unchanged
    where your key can tell. Without a key the commit that sealed it again is named, and marked.
    Values are never shown.
    """
    from gitseal.cli import chronicle
    from gitseal.operations import blaming
    from gitseal.operations.following import follow
    from gitseal.repository.trails import commit_id

    check_format(form)
    current = workspace()
    path = _file(current, file)
    start = "HEAD"
    if revision is not None:
        start = commit_id(current.needed_repository(), revision) or ""
        if not start:
            raise NotFoundError(f"there is no commit {revision!r} here", hint="git log --all")
    story = follow(current, path, start)
    try:
        found = blaming.blame(story, worktree=revision is None)
    except GitsealError as error:
        raise error.at(file) from None
    finally:
        story.close()
    _tell_shallow(current)
    if form == "json":
        chronicle.write_blame_json(found, path, revision)
    else:
        for note in found.notes:
            current.tell(f"{file}: {note}")
        chronicle.write_blame(found, current.settings)


def _story(current: Workspace, word: str, revision: str | None) -> tuple[Story, str | None]:
    """
    Give the history of what was typed as `FILE[:KEY]`, and the key.

    Raises:
        NotFoundError: no commit holds such a file.
    """
    from gitseal.operations.following import follow

    for path, key in _readings(current, word):
        story = follow(current, path, revision)
        if story.found:
            _tell_shallow(current)
            return story, key
        story.close()
    hint = "gitseal log --all looks into all branches" if revision else "is its name right?"
    raise NotFoundError("no commit here holds this file", path=word, hint=hint)


def _readings(current: Workspace, word: str) -> list[tuple[str, str | None]]:
    """Give what `FILE[:KEY]` may mean: names may hold colons, and files may be gone."""
    from gitseal.operations.comparing import index_side

    colons = [at for at, char in enumerate(word) if char == ":" and 0 < at < len(word) - 1]
    readings: list[tuple[str, str | None]] = [(_file(current, word), None)]
    readings += [
        (_file(current, word[:at]), word[at + 1 :])
        for at in colons[:_MAX_COLONS]
        if os.path.basename(word[:at])
    ]
    root = current.needed_repository().root
    staged = index_side(current)
    try:
        for path, key in readings:
            if os.path.lexists(os.path.join(root, path)) or staged.identity(path):
                return [(path, key)]
    finally:
        staged.close()
    return readings


def _file(current: Workspace, word: str) -> str:
    """
    Give the repository path of a file that was typed.

    Raises:
        UsageError: the whole repository was named.
        RefusedError: it lies outside.
    """
    path = repository_path(current.needed_repository(), word)
    if not path:
        raise UsageError("is no file, but the whole repository", path=word, hint="name a file")
    return path


def _tell_shallow(current: Workspace) -> None:
    if os.path.exists(os.path.join(current.needed_repository().common_dir, "shallow")):
        current.tell("this clone does not have the whole history: git fetch --unshallow brings it")


def _below(key: str | None, path: str) -> Callable[[bytes], bool] | None:
    """
    Give what tells whether a key path lies at or below the one that was typed.

    Raises:
        UsageError: not a key path.
    """
    if key is None:
        return None
    from gitseal import documents
    from gitseal.keypaths import decode
    from gitseal.operations.reading import typed_path

    syntax = documents.syntax_of(path)
    if syntax is None:
        raise UsageError("has no keys, it is sealed as a whole", path=path)
    # As `log` itself writes it: users[].name.
    typed = typed_path(key.replace("[]", "[0]"), syntax)

    def wanted(encoded: bytes) -> bool:
        names = decode(encoded)
        return len(names) >= len(typed) and all(
            name[-1] == str(part) or (isinstance(part, int) and name[0] == "*")
            for part, name in zip(typed, names, strict=False)
        )

    return wanted
