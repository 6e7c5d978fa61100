# SPDX-License-Identifier: Apache-2.0
"""
The user's editor on clear text that must not stay anywhere.

The text lies in a private directory in memory.  Editors keep more than the file: swap, undo,
backup, and what was yanked.  Those we know are told not to, after the user's own configuration
has been read; their directories for such files, their temporary directory and their current one
all are the private directory, so that what is switched on again still ends there.
"""

from __future__ import annotations

import os
import shlex
import signal
from typing import TYPE_CHECKING

from gitseal.errors import GitsealError, RefusedError, UsageError
from gitseal.files import MAX_FILE, read_limited
from gitseal.launch.tmpfs import PrivateDirectory

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

    from gitseal.settings import Settings

_FALLBACKS = ("nano", "vim", "vi", "nvim", "emacs")
_GRACE = 2.0
"""Seconds an editor gets to end after we were told to."""

_VIM = frozenset(("vi", "vim", "view", "vimx", "gvim", "nvim"))
_NANO = frozenset(("nano", "rnano", "pico"))
_NANO_KEEPS = (
    "--backup",
    "--backupdir",
    "--historylog",
    "--positionlog",
    "--rcfile",
)
_NANO_KEEPS_SHORT = frozenset("BCHPf")
# Programs that return at once unless told to wait, and how.
_WAITS = {
    "code": "--wait",
    "code-insiders": "--wait",
    "codium": "--wait",
    "vscodium": "--wait",
    "cursor": "--wait",
    "windsurf": "--wait",
    "zed": "--wait",
    "subl": "--wait",
    "atom": "--wait",
    "mate": "--wait",
    "gedit": "--standalone",
    "kate": "--block",
    "idea": "--wait",
    "pycharm": "--wait",
}
_EMACS = (
    "(setq make-backup-files nil backup-inhibited t auto-save-default nil "
    "auto-save-list-file-prefix nil create-lockfiles nil delete-by-moving-to-trash nil "
    "save-place-mode nil savehist-mode nil recentf-mode nil desktop-save-mode nil)"
)

# `-c` comes after the user's vimrc. What a plugin switches on again at an event is switched off
# once more by the autocommands, which run in the order they were made, ours last. A dot is the
# directory of the file, which is the private one.
_VIM_OFF = " | ".join(
    f"silent! set {option}"
    for option in (
        "noswapfile",
        "updatecount=0",
        "nobackup",
        "nowritebackup",
        "noundofile",
        "patchmode=",
        "viminfo=",
        "directory=.",
        "backupdir=.",
        "undodir=.",
    )
)
_VIM_STAYS_OFF = (
    "silent! autocmd VimEnter,BufReadPost,BufNewFile,BufEnter,BufWritePre,FileWritePre,"
    f"VimLeavePre * {_VIM_OFF}"
)

_warned: set[str] = set()


class EditorSession:
    """
    An editor on one text, for as many rounds as the text needs to become valid.

    Args:
        settings: which editor, and where private directories go.
        suffix: end of the file's name, so that the editor knows the syntax (".yaml").
        git_editor: git's `core.editor`, for where nothing else is set.
        root: the repository; an editor inside it is refused, and so is one inside `cwd`.
        cwd: the user's current directory.
        say: takes a sentence for the user.

    Raises:
        UsageError: no editor, or one that cannot be used.
        RefusedError: the editor lies in the repository or the current directory.
    """

    def __init__(
        self,
        settings: Settings,
        suffix: str,
        *,
        git_editor: str | None = None,
        root: str | None = None,
        cwd: str | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self._settings = settings
        self._say = say
        self._directory = PrivateDirectory(settings, say)
        self._name = f"edit{_safe(suffix)}"
        self._file = ""
        self.command = editor_command(settings, git_editor, root=root, cwd=cwd)

    def __enter__(self) -> Self:
        self._directory.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._directory.__exit__(kind, error, trace)

    def edit(self, initial: bytes | None = None) -> bytes:
        """
        Give the text as the editor left it.

        Args:
            initial: the text to begin with; None opens once more what the last round left.

        Raises:
            GitsealError: the editor failed or could not be started; `text` has what it left.
        """
        if initial is not None:
            if os.path.lexists(self._file):
                os.unlink(self._file)
            self._file = self._directory.write(self._name, initial)
        arguments, known = arguments_for(self.command, self._file)
        name = os.path.basename(self.command[0])
        if not known and self._say is not None and name not in _warned:
            _warned.add(name)
            self._say(
                f"{name} may keep copies of what it edits; "
                "gitseal knows how to stop vim, nvim, nano and emacs from that"
            )
        code = _run(arguments, self._environment(), self._directory.path)
        if code:
            how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
            raise GitsealError(f"the editor {name} {how}", hint="nothing was changed")
        return self.text

    @property
    def text(self) -> bytes:
        """What the file holds now; empty where there is none."""
        if not self._file or not os.path.lexists(self._file):
            return b""
        return read_limited(self._file, MAX_FILE, follow=False)

    def _environment(self) -> dict[str, str]:
        environment = dict(self._settings.environ)
        for name in ("TMPDIR", "TMP", "TEMP"):
            environment[name] = self._directory.path
        for name in ("GITSEAL_KEY", "GITSEAL_IDENTITY", "SOPS_AGE_KEY", "VIMINIT", "EXINIT"):
            environment.pop(name, None)
        return environment


def editor_command(
    settings: Settings,
    git_editor: str | None = None,
    *,
    root: str | None = None,
    cwd: str | None = None,
) -> list[str]:
    """
    Give program (an absolute path) and arguments of the user's editor.

    Raises:
        UsageError: none is set and none is installed, or it cannot be found.
        RefusedError: it lies where a repository could have put it.
    """
    chosen = settings.editor(git_editor)
    forbidden = [os.path.realpath(place) for place in (root, cwd or os.getcwd()) if place]
    path = settings.environ.get("PATH", os.defpath)
    if chosen is None:
        for name in _FALLBACKS:
            program = _on_path(name, path, forbidden)
            if program is not None:
                return [program]
        raise UsageError("no editor is set", hint="set EDITOR, for example: export EDITOR=nano")
    command, origin = chosen
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if not words:
        raise UsageError(f"{origin} is not a command: its quotes do not match")
    return [_program(words[0], origin, path, forbidden), *words[1:]]


def _program(name: str, origin: str, path: str, forbidden: list[str]) -> str:
    if "/" not in name:
        program = _on_path(name, path, forbidden)
        if program is None:
            raise UsageError(
                f"the editor {name} ({origin}) was not found", hint="set EDITOR to one that is"
            )
        return program
    if not os.path.isabs(name) or _lies_in(name, forbidden):
        # Whoever writes to a repository would choose what runs on the clear text.
        raise RefusedError(
            f"the editor {name} ({origin}) lies in the current directory or the repository",
            hint="name an editor that is installed, or give its absolute path elsewhere",
        )
    if not os.access(name, os.X_OK):
        raise UsageError(f"the editor {name} ({origin}) is not there or not executable")
    return name


def _on_path(name: str, path: str, forbidden: list[str]) -> str | None:
    for directory in path.split(os.pathsep):
        program = os.path.join(directory, name)
        if not os.path.isabs(directory) or not os.access(program, os.X_OK):
            continue
        if os.path.isfile(program) and not _lies_in(program, forbidden):
            return program
    return None


def _lies_in(path: str, places: list[str]) -> bool:
    # The root directory and a home are places to stand in, not places that were cloned.
    tops = [place.rstrip("/") + "/" for place in places if place != "/"]
    return any(os.path.realpath(path).startswith(top) for top in tops)


def arguments_for(command: list[str], file: str) -> tuple[list[str], bool]:
    """
    Give the argument list that opens `file` and keeps nothing, and whether the editor is known.

    Args:
        command: program and the user's own arguments.
        file: the text.
    """
    program, *own = command
    kind = _kind(program)
    if kind in _VIM:
        own = ["-f", *own] if kind == "gvim" else own
        return [program, "-n", "-i", "NONE", *_vim_options(), *own, file], True
    if kind in _NANO:
        return [program, "--ignorercfiles", *_without_keeping(own), file], True
    if kind == "emacs":
        return [program, "-Q", *own, "--eval", _EMACS, file], True
    wait = _WAITS.get(kind)
    if wait is not None and wait not in own and "-w" not in own:
        own = [*own, wait]
    return [program, *own, file], False


def _kind(program: str) -> str:
    """Give the name by which an editor is known: `vi` may be a link to vim.basic, or to busybox."""
    name = os.path.basename(program)
    real = os.path.basename(os.path.realpath(program)).partition(".")[0]
    if name in ("vi", "view", "editor", "sensible-editor"):
        return real
    return name.partition(".")[0] if name.startswith(("vim.", "emacs-", "emacs.")) else name


def _vim_options() -> list[str]:
    return ["--cmd", "set nomodeline noexrc", "-c", _VIM_OFF, "-c", _VIM_STAYS_OFF]


def _without_keeping(own: list[str]) -> list[str]:
    """Leave out the user's arguments that make nano keep copies or a history."""
    kept = []
    skip = False
    for word in own:
        if skip:
            skip = False
        elif word.startswith("--"):
            name, equals, _ = word.partition("=")
            if any(option.startswith(name) for option in _NANO_KEEPS):
                skip = not equals and name in ("--backupdir", "--rcfile")
            else:
                kept.append(word)
        elif word.startswith("-") and _NANO_KEEPS_SHORT.intersection(word):
            skip = word[-1] in "Cf"
        else:
            kept.append(word)
    return kept


def _safe(suffix: str) -> str:
    plain = suffix.replace(".", "")
    fits = suffix.startswith(".") and plain.isascii() and plain.isalnum()
    return suffix if fits and len(suffix) <= 32 else ""


def _run(arguments: list[str], environment: Mapping[str, str], cwd: str) -> int:
    """Give the exit code of an editor on our own terminal, negative for a signal."""
    import subprocess

    # An own handler, not SIG_IGN, which is inherited. The editor gets what keys send by itself.
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGQUIT)}
    process: subprocess.Popen[bytes] | None = None
    try:
        for number in before:
            signal.signal(number, lambda _number, _frame: None)
        # Its current directory is the private one: no .exrc of a repository, no file beside it.
        process = subprocess.Popen(arguments, cwd=cwd, env=environment, umask=0o077)
        return process.wait()
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise UsageError(f"the editor {arguments[0]} could not be started: {reason}") from None
    finally:
        if process is not None and process.poll() is None:
            _end(process)
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(process: subprocess.Popen[bytes]) -> None:
    import subprocess

    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
