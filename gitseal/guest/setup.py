# SPDX-License-Identifier: Apache-2.0
"""
Telling git to run gitseal, and taking it back: seven keys of its configuration, nothing else.

A key that says something else than ours is the user's and stays; so does every other key of the
same sections.  All is looked at before anything is written.
"""

from __future__ import annotations

import os
import stat

from gitseal.errors import GitError, GitsealError, RefusedError, UsageError
from gitseal.repository.drivers import configured, runs_filter
from gitseal.repository.running import run_git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitseal.repository.finding import Repository

PROGRAM = "gitseal"
REQUIRED = "filter.gitseal.required"
_NAME = "merge.gitseal.name"

# The process comes last: whoever looks for it finds all the others, too.
SETTINGS = {
    _NAME: "merge sealed files by key path",
    "merge.gitseal.driver": "gitseal git merge-driver %O %A %B %L %P %S %X %Y",
    "diff.gitseal.command": "gitseal git diff-driver",
    REQUIRED: "true",
    "filter.gitseal.smudge": "gitseal git smudge %f",
    "filter.gitseal.clean": "gitseal git clean %f",
    "filter.gitseal.process": "gitseal git filter-process",
}

_TRUE = frozenset(("true", "yes", "on", "1"))
_COMMAND = (
    r"""(?:"[^"]*/gitseal"|'[^']*/gitseal'|\S*python[\d.]*['"]? -m gitseal|(?:\S*/)?gitseal) git """
)


class Outcome:
    """
    What installing or uninstalling did.

    Attributes:
        file: the configuration file.
        changed: the keys that were written or removed.
        notes: what the user should know; each with its fix behind a colon.
    """

    __slots__ = ("changed", "file", "notes")

    def __init__(self, file: str) -> None:
        self.file = file
        self.changed: list[str] = []
        self.notes: list[str] = []


def installed(repository: Repository) -> bool:
    """
    Tell whether git runs our filter in this repository; one git call.

    Raises:
        GitError: git cannot be asked.
    """
    return runs_filter(configured(repository))


def install(
    environ: Mapping[str, str], repository: Repository | None, *, local: bool = False
) -> Outcome:
    """
    Write what is missing, and bring up to date what an older gitseal wrote.

    Args:
        environ: of this process: it says which file is the user's own.
        repository: the one of the current directory, or None.
        local: for this repository alone, in the file that all its worktrees share.

    Raises:
        RefusedError: a key has a value that is not ours; nothing was written.
        UsageError: `local` outside of a repository, or no home directory.
        GitsealError: the file cannot be written.
    """
    file = _config_file(environ, repository, local=local)
    present = _read(file, environ)
    wanted = []
    outcome = Outcome(file)
    for key, value in SETTINGS.items():
        values = present.get(key, [])
        if key == REQUIRED and values and not is_true(values[-1]):
            continue  # `_look_around` says so
        if values and all(_is_same(key, one) for one in values):
            continue
        strange = [one for one in values if not _is_ours(key, one)]
        if strange:
            raise _refusal(file, key, strange[-1], local=local)
        wanted.append((key, value))
    if wanted:
        _check_writable(file)
    for key, value in wanted:
        _git(["config", "--file", file, "--replace-all", key, value], environ, file)
        outcome.changed.append(key)
    outcome.notes += _look_around(environ, repository, _read(file, environ), local=local)
    return outcome


def uninstall(
    environ: Mapping[str, str], repository: Repository | None, *, local: bool = False
) -> Outcome:
    """
    Remove what `install` writes, and our lines in the `info/attributes` of this repository.

    Raises:
        UsageError: as `install`.
        GitsealError: the file cannot be written.
    """
    file = _config_file(environ, repository, local=local)
    present = _read(file, environ)
    outcome = Outcome(file)
    ours = []
    for key, values in present.items():
        if key in SETTINGS and all(_is_ours(key, one) for one in values):
            ours.append(key)
        elif key in SETTINGS:
            outcome.notes.append(f"{key} is not what gitseal writes, and stays")
    if ours:
        _check_writable(file)
    for key in reversed([key for key in SETTINGS if key in ours]):
        _git(["config", "--file", file, "--unset-all", key], environ, file)
        outcome.changed.append(key)
    if repository is not None:
        from gitseal.operations.attributing import unmirror

        if unmirror(repository):
            outcome.changed.append("info/attributes")
    return outcome


def find_program(word: str, environ: Mapping[str, str]) -> str | None:
    """Give the file that git would start for the first word of a command, or None."""
    if "/" in word:
        return word if os.access(word, os.X_OK) else None
    for folder in environ.get("PATH", os.defpath).split(os.pathsep):
        file = os.path.join(folder, word)
        if os.path.isabs(folder) and os.path.isfile(file) and os.access(file, os.X_OK):
            return file
    return None


def program_of(command: str) -> str:
    """Give the program that a command of git's configuration starts, without its quotes."""
    import shlex

    try:
        return next(iter(shlex.split(command)), "")
    except ValueError:  # a quote is open; git's shell would say so, too
        return command


def _look_around(
    environ: Mapping[str, str],
    repository: Repository | None,
    written: Mapping[str, list[str]],
    *,
    local: bool,
) -> list[str]:
    notes = []
    values = {key: found[-1] for key, found in written.items()}
    if repository is not None:
        # What counts in the end: another file may have the last word here.
        values |= configured(repository)
    own = written.get(REQUIRED, ["true"])[-1]
    if not is_true(own):
        notes.append(
            "where gitseal fails, git adds files as they are: your configuration says that the "
            f"filter is not required: git config {'--local' if local else '--global'} "
            f"{REQUIRED} true"
        )
    for key in SETTINGS:
        value = values.get(key, "")
        if value in written.get(key, ()) or _is_same(key, value):
            continue
        notes.append(
            f"another configuration file overrules {key} here: git config --show-origin --get {key}"
        )
    if find_program(PROGRAM, environ) is None:
        notes.append(
            f"git will not find {PROGRAM}: put the folder of the program into PATH, "
            "for every program that starts git"
        )
    return notes


def is_true(value: str) -> bool:
    """Tell whether git takes a value of its configuration for yes."""
    return value.lower() in _TRUE


def _is_same(key: str, value: str) -> bool:
    """Tell whether a value does what ours does, perhaps with the program by its full name."""
    import re

    if key == _NAME:
        return bool(value)  # a word for people
    if key == REQUIRED:
        return is_true(value)
    match = re.match(_COMMAND, value)
    return match is not None and value[match.end() :] == SETTINGS[key].removeprefix("gitseal git ")


def _is_ours(key: str, value: str) -> bool:
    """Tell whether gitseal, this one or an older, wrote a value."""
    import re

    if key in {_NAME, REQUIRED}:
        return value == SETTINGS[key]
    return re.match(_COMMAND, value) is not None


def _refusal(file: str, key: str, value: str, *, local: bool) -> RefusedError:
    where = "--local" if local else "--global"
    return RefusedError(
        f"sets {key} = {value}, which is not gitseal's; nothing was written",
        hint=f"if it may go: git config {where} --unset-all {key}; then gitseal git install",
        path=file,
    )


def _config_file(environ: Mapping[str, str], repository: Repository | None, *, local: bool) -> str:
    """Give the file that `git config --local` or `--global` writes to (builtin/config.c)."""
    if local:
        if repository is None:
            raise UsageError("this is not a git repository", hint="gitseal git install")
        return os.path.join(repository.common_dir, "config")
    named = environ.get("GIT_CONFIG_GLOBAL")
    if named is not None:
        if not named:
            raise UsageError("GIT_CONFIG_GLOBAL is empty", hint="gitseal git install --local")
        return os.path.abspath(named)
    home = environ.get("HOME")
    if not home:
        raise UsageError("there is no home directory", hint="gitseal git install --local")
    usual = os.path.join(home, ".gitconfig")
    folder = environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    other = os.path.join(folder, "git", "config")
    return other if os.path.exists(other) and not os.path.exists(usual) else usual


def _read(file: str, environ: Mapping[str, str]) -> dict[str, list[str]]:
    """Give the keys of our sections that one file holds, with all their values."""
    try:
        mode = os.stat(file).st_mode
    except FileNotFoundError:
        return {}
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise GitsealError(f"cannot read: {reason}", hint="ls -ld shows why", path=file) from None
    if not stat.S_ISREG(mode):
        # git would replace /dev/null by a file, if it may.
        raise RefusedError("is no regular file", hint="gitseal git install --local", path=file)
    pattern = r"^(filter|merge|diff)\.gitseal\."
    output = _git(["config", "--file", file, "-z", "--get-regexp", pattern], environ, file)
    found: dict[str, list[str]] = {}
    for entry in output.decode(errors="surrogateescape").split("\0")[:-1]:
        key, newline, value = entry.partition("\n")
        found.setdefault(key, []).append(value if newline else "true")
    return found


def _check_writable(file: str) -> None:
    """Refuse a protected file: git would rename a new one over it, and whoever made it so minds."""
    real = os.path.realpath(file)
    exists = os.path.lexists(real)
    if exists and stat.S_IMODE(os.stat(real).st_mode) & 0o222 and os.access(real, os.W_OK):
        return
    if not exists and os.access(os.path.dirname(real), os.W_OK):
        return
    raise GitsealError(
        "is write-protected" if exists else "cannot be made",
        hint="gitseal git install --local; or write the keys where that file comes from",
        path=file,
    )


def _git(args: list[str], environ: Mapping[str, str], file: str) -> bytes:
    ok = (0, 1) if "--get-regexp" in args else (0,)
    try:
        return run_git(args, "/", environ, ok=ok)
    except GitError as error:
        error.hint = error.hint or "gitseal git install --local writes to this repository alone"
        raise error.at(file) from None
