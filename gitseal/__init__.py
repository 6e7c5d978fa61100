# SPDX-License-Identifier: Apache-2.0
r"""
Secrets in git: values sealed one by one, checked by anyone, read by few.

The library in three functions; all of them find the repository, its policy and your key as
the command line does::

    import gitseal

    text = gitseal.open_file("secrets/db.yaml")            # bytes, exactly as they were typed
    password = gitseal.read_value("secrets/db.yaml", "db.password")
    sealed = gitseal.seal_bytes(b"password: x\n", "secrets/db.yaml")

Everything else is private, and may change from release to release.
"""

from __future__ import annotations

from gitseal.errors import GitsealError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.operations.workspace import Workspace

__version__ = "0.1.0"
__all__ = ["GitsealError", "__version__", "open_file", "read_value", "seal_bytes"]


def open_file(path: str) -> bytes:
    """
    Open a sealed file.

    Args:
        path: of the sealed file, inside or outside a repository.

    Returns:
        the bytes that were sealed, all checks of FORMAT.md passed; of a scope whose files lie
        readable in the worktree (`worktree: plain`), what lies there.

    Raises:
        GitsealError: it is not sealed though it should be, was altered, is not trusted, or no
            key of yours opens it.
    """
    from gitseal.operations.library import open_file as implementation

    return implementation(_workspace(), path)


def read_value(path: str, key: str) -> str:
    """
    Open a sealed file and give one value of it as text.

    Args:
        path: of the sealed file.
        key: the key path as people type it: `db.password`, `users[0].name`, `/json/pointer`.

    Raises:
        GitsealError: as `open_file`; `NotFoundError` where no such value exists.
    """
    from gitseal.operations.library import read_value as implementation

    return implementation(_workspace(), path, key)


def seal_bytes(data: bytes, path: str) -> bytes:
    """
    Seal content as the file at `path`; writes nothing.

    Args:
        data: clear text, valid in the syntax that the name of the path says.
        path: where it will stand; decides scope, rules and readers.

    Returns:
        the sealed file; equal inputs give equal bytes.

    Raises:
        GitsealError: no scope claims the path, the content cannot be sealed without loss, or
            no key of yours opens the scope.
    """
    from gitseal.operations.library import seal_bytes as implementation

    return implementation(_workspace(), data, path)


def _workspace() -> Workspace:
    """Look around from the current directory; asks nothing, and tells nothing but errors."""
    from gitseal.operations.workspace import Workspace
    from gitseal.repository.finding import find
    from gitseal.session import Session
    from gitseal.settings import Settings

    settings = Settings.from_environment()
    repository = find(".", settings.environ)
    return Workspace(settings, repository, Session(settings))
