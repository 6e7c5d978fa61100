# SPDX-License-Identifier: Apache-2.0
"""What a program gets: variables from sealed files, and sealed files in clear."""

from __future__ import annotations

import os

from gitseal import sealedfile
from gitseal.errors import GitsealError, NotFoundError, UsageError
from gitseal.operations.opening import MAX_FILE
from gitseal.operations.reading import open_for_use, variables_of
from gitseal.sealedfile import SealedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitseal.operations.workspace import Workspace

USUAL_FILE = ".env"


class Mounted:
    """
    A file for a program, in clear.

    Attributes:
        name: its file name.
        data: its content.
        values: what to mask in the program's output.
    """

    __slots__ = ("data", "name", "values")

    def __init__(self, name: str, data: bytes, values: tuple[str, ...]) -> None:
        self.name = name
        self.data = data
        self.values = values

    def __repr__(self) -> str:
        return f"Mounted({self.name!r})"


def nearest(workspace: Workspace) -> str:
    """
    Give the nearest sealed `.env`: here, or in a directory above up to the repository's top.

    One that a scope claims but lies in clear is given as well, to be refused with a reason; one
    that gitseal has nothing to do with is passed by.

    Raises:
        NotFoundError: there is none.
    """
    folder = os.path.realpath(os.getcwd())
    root = workspace.root
    inside = root is not None and os.path.commonpath([folder, root]) == root
    while True:
        path = os.path.join(folder, USUAL_FILE)
        if os.path.isfile(path) and _is_ours(workspace, path):
            return os.path.relpath(path)
        if not inside or folder == root:
            break
        folder = os.path.dirname(folder)
    raise NotFoundError(
        "there is no sealed .env here or above",
        hint="name the file: gitseal run FILE -- PROGRAM",
    )


def _is_ours(workspace: Workspace, path: str) -> bool:
    """In a repository only what a scope claims: anybody can make a file that carries its keys."""
    from gitseal.files import read_limited

    place = workspace.locate(path)
    if place.inside:
        return workspace.grant(place) is not None
    try:
        return isinstance(sealedfile.inspect(read_limited(path, MAX_FILE), path), SealedFile)
    except GitsealError:
        return b"gitseal" in read_limited(path, MAX_FILE)


def variables(
    workspace: Workspace,
    paths: Sequence[str],
    *,
    only: Sequence[str] = (),
    prefix: str = "",
    attended: bool = True,
) -> dict[str, str]:
    """
    Give the variables of several files; of equal names the later file's counts.

    Args:
        workspace: repository, trust and keys of this call.
        paths: as the user typed them.
        only: key paths or names of variables; each must be in one file at least.
        prefix: stands before every name.
        attended: see `reading.open_for_use`.

    Raises:
        NotFoundError: one of `only` is in none of the files.
        GitsealError: a file does not open, or cannot be told as variables.
    """
    found: dict[str, str] = {}
    opened = [open_for_use(workspace, path, attended=attended) for path in paths]
    if not only:
        for one in opened:
            found |= variables_of(one)
    for wanted in only:
        missing: NotFoundError | None = None
        chosen: dict[str, str] = {}
        for one in opened:
            try:
                chosen |= variables_of(one, [wanted])
            except NotFoundError as error:
                missing = missing or error
        if missing is not None and not chosen:
            raise missing
        found |= chosen
    return {prefix + name: text for name, text in found.items()}


def mounted(workspace: Workspace, paths: Sequence[str], *, attended: bool = True) -> list[Mounted]:
    """
    Open files to be handed over whole.

    Raises:
        UsageError: two have one file name.
        GitsealError: one does not open.
    """
    files: list[Mounted] = []
    for path in paths:
        opened = open_for_use(workspace, path, attended=attended)
        name = os.path.basename(opened.place.file)
        if any(name == other.name for other in files):
            raise UsageError(f"two files to mount are called {name}", hint="mount one of them")
        data = opened.clear.data
        document = opened.clear.document
        if document is not None:
            values = tuple(slot[7] for slot in document.slots)
        else:
            values = (data.decode("utf-8", "surrogateescape"),)
        files.append(Mounted(name, data, values))
    return files
