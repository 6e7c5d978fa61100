# SPDX-License-Identifier: Apache-2.0
"""
Finding the repository of a directory without starting git: 0.1 ms instead of 3.

Only paths are read (`.git`, `commondir`, `gitdir`), never git's configuration, so that nothing in
a repository decides anything here.
"""

from __future__ import annotations

import os
import stat

from gitseal.errors import RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_POINTER = 4096 + 16


class Repository:
    """
    Where a repository and its parts are; real paths without links.

    Attributes:
        root: top of the worktree; of a bare repository, the repository itself.
        git_dir: this worktree's own git directory.
        common_dir: the git directory all worktrees share; pins and locks live below it.
        bare: there is no worktree.
        explicit: `GIT_DIR` named it, so git must be told again.
        foreign: root or git directory belong to another user: see `running.check_owner`.
        environ: environment to start git from; `running` scrubs it.
    """

    __slots__ = ("bare", "common_dir", "environ", "explicit", "foreign", "git_dir", "root")

    def __init__(
        self,
        root: str,
        git_dir: str,
        common_dir: str,
        *,
        bare: bool = False,
        explicit: bool = False,
        foreign: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.root = root
        self.git_dir = git_dir
        self.common_dir = common_dir
        self.bare = bare
        self.explicit = explicit
        self.foreign = foreign
        self.environ: Mapping[str, str] = {} if environ is None else environ

    def __repr__(self) -> str:
        return f"Repository({self.root!r}, git_dir={self.git_dir!r}, bare={self.bare})"

    def relative(self, path: str, cwd: str | None = None) -> str:
        """
        Give the repository path of a file ("envs/prod/app.yaml"; "" is the root itself).

        Links are resolved, so that a file has one name however it is reached.

        Raises:
            RefusedError: the file is not in this worktree.
        """
        real = os.path.realpath(path if cwd is None else os.path.join(cwd, path))
        if real == self.root:
            return ""
        base = self.root.rstrip("/") + "/"
        if not real.startswith(base):
            raise RefusedError(
                "lies outside the repository", path=path, hint=f"the repository is {self.root}"
            )
        return real[len(base) :]

    def absolute(self, path: str) -> str:
        """Give the file name of a repository path; pure text, nothing is resolved."""
        return os.path.join(self.root, path)


def find(
    cwd: str,
    environ: Mapping[str, str] | None = None,
    *,
    git_dir: str | None = None,
    work_tree: str | None = None,
) -> Repository | None:
    """
    Give the repository that git would use in `cwd`, or None.

    Args:
        cwd: where to begin; it and the directories above are looked at.
        environ: environment for git; `GIT_DIR` and `GIT_WORK_TREE` in it are honoured.
        git_dir: as `GIT_DIR`; wins over `environ`.
        work_tree: as `GIT_WORK_TREE`; wins over `environ`.
    """
    values = {} if environ is None else environ
    git_dir = git_dir or values.get("GIT_DIR") or None
    work_tree = work_tree or values.get("GIT_WORK_TREE") or None
    here = os.path.realpath(cwd)
    if git_dir is not None:
        return _named(here, os.path.join(here, git_dir), work_tree, values)
    found = _walk(here)
    if found is None:
        return None
    root, real_dir, bare = found
    return _repository(root, real_dir, bare=bare, explicit=False, environ=values)


def _named(
    here: str, git_dir: str, work_tree: str | None, environ: Mapping[str, str]
) -> Repository | None:
    real_dir = os.path.realpath(git_dir)
    if os.path.isfile(real_dir):
        real_dir = _pointed(real_dir, "gitdir: ") or real_dir
    if not _is_git_dir(real_dir):
        return None
    if work_tree is not None:
        root, bare = os.path.realpath(os.path.join(here, work_tree)), False
    else:
        root, bare = _top(here, real_dir)
    return _repository(root, real_dir, bare=bare, explicit=True, environ=environ)


def _top(here: str, git_dir: str) -> tuple[str, bool]:
    """Give the worktree of a named git directory, as git does for a hook, or say it is bare."""
    found = _walk(here)
    if found is not None and found[1] == git_dir:
        return found[0], found[2]
    linked = _pointed(os.path.join(git_dir, "gitdir"))
    if linked is not None:
        return os.path.dirname(linked), False
    if os.path.basename(git_dir) == ".git" or "/.git/" in git_dir:
        return here, False
    return git_dir, True


def _repository(
    root: str, git_dir: str, *, bare: bool, explicit: bool, environ: Mapping[str, str]
) -> Repository:
    common = _common_dir(git_dir)
    return Repository(
        root,
        git_dir,
        common,
        bare=bare,
        explicit=explicit,
        foreign=_is_foreign(root, git_dir, common),
        environ=environ,
    )


def _walk(here: str) -> tuple[str, str, bool] | None:
    """
    Give `(root, git_dir, bare)`, looking upwards.

    A bare repository counts only where no worktree lies around it: the files of one can be
    committed to another repository, and would bring their own pins along.
    """
    bare: str | None = None
    while True:
        if os.path.basename(here) != ".git":
            git_dir = _git_dir_of(here)
            if git_dir is not None:
                return here, git_dir, False
            if bare is None and _is_git_dir(here):
                bare = here
        parent = os.path.dirname(here)
        if parent == here:
            return None if bare is None else (bare, bare, True)
        here = parent


def _git_dir_of(directory: str) -> str | None:
    path = os.path.join(directory, ".git")
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return None
    if stat.S_ISREG(mode):
        pointed = _pointed(path, "gitdir: ")
        return pointed if pointed is not None and _is_git_dir(pointed) else None
    real = os.path.realpath(path)
    return real if _is_git_dir(real) else None


def _is_git_dir(path: str) -> bool:
    # What git itself looks at (setup.c): HEAD, and objects and refs here or in the common one.
    if not os.path.lexists(os.path.join(path, "HEAD")):
        return False
    common = _common_dir(path)
    return os.path.isdir(os.path.join(common, "objects")) and os.path.isdir(
        os.path.join(common, "refs")
    )


def _common_dir(git_dir: str) -> str:
    return _pointed(os.path.join(git_dir, "commondir")) or git_dir


def _pointed(path: str, prefix: str = "") -> str | None:
    """Give the real path a one-line file names, relative to where that file is."""
    try:
        if not os.path.isfile(path):
            return None
        with open(path, "rb") as file:
            text = os.fsdecode(file.read(_MAX_POINTER))
    except OSError:
        return None
    if not text.startswith(prefix):
        return None
    name = text[len(prefix) :].rstrip("\r\n")
    if not name or "\0" in name:
        return None
    return os.path.realpath(os.path.join(os.path.dirname(path), name))


def _is_foreign(*paths: str) -> bool:
    user = os.geteuid()
    try:
        return any(os.stat(path).st_uid != user for path in dict.fromkeys(paths))
    except OSError:
        return True
