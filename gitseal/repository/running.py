# SPDX-License-Identifier: Apache-2.0
"""
Starting git so that neither the caller's environment nor the repository steers it.

Inherited `GIT_*` variables are dropped but for a short list, tracing (which writes content to
files) included; no file system monitor and no hook runs; path arguments are literal.
"""

from __future__ import annotations

import os

from gitseal.errors import GitError, RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gitseal.repository.finding import Repository

TIMEOUT = 60.0
"""Seconds a question to git may take where nothing else is said."""

# Which configuration is the user's own is the user's to say; a test says it, too.
_KEPT = frozenset(("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"))
# Objects a push has brought, and that are not yet accepted (pre-receive).
QUARANTINE = frozenset(
    ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH")
)
_DROPPED = frozenset(("LANGUAGE", "PAGER", "CDPATH"))
_FIXED = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
}
_OPTIONS = (
    "--no-pager",
    "--no-replace-objects",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "log.showRoot=true",
)
_STDERR_SHOWN = 300

_programs: dict[str, str] = {}


def scrubbed(environ: Mapping[str, str], keep: Collection[str] = ()) -> dict[str, str]:
    """
    Give the environment git is started with.

    Args:
        environ: the caller's.
        keep: names of `GIT_*` variables that may stay, such as `GIT_INDEX_FILE`.
    """
    kept = _KEPT | QUARANTINE | frozenset(keep)
    clean = {
        name: value
        for name, value in environ.items()
        if (not name.startswith("GIT_") or name in kept) and name not in _DROPPED
    }
    clean.update(_FIXED)
    return clean


def git_program(environ: Mapping[str, str]) -> str:
    """
    Give the absolute path of git; entries of `PATH` that are relative do not count.

    Raises:
        GitError: there is none.
    """
    path = environ.get("PATH", os.defpath)
    if path not in _programs:
        for directory in path.split(os.pathsep):
            program = os.path.join(directory, "git")
            if os.path.isabs(directory) and os.access(program, os.X_OK):
                _programs[path] = program
                break
        else:
            raise GitError("git is not installed", hint="install git 2.31 or newer")
    return _programs[path]


def git_command(
    args: Sequence[str | bytes], environ: Mapping[str, str], repository: Repository | None = None
) -> list[str | bytes]:
    """Give the whole argument list for `git ARGS`; `args` begins with the name of the command."""
    command: list[str | bytes] = [git_program(environ), *_OPTIONS]
    if args[0] != "check-ignore":  # the one command that refuses it
        command.append("--literal-pathspecs")
    if repository is not None and (repository.explicit or repository.bare):
        command.append(f"--git-dir={repository.git_dir}")
        if not repository.bare:
            command.append(f"--work-tree={repository.root}")
    return [*command, *args]


def run_git(
    args: Sequence[str | bytes],
    cwd: str,
    environ: Mapping[str, str],
    *,
    repository: Repository | None = None,
    data: bytes = b"",
    ok: Collection[int] = (0,),
    keep: Collection[str] = (),
    timeout: float = TIMEOUT,
) -> bytes:
    """
    Run git to its end and give what it wrote to its standard output.

    Args:
        args: command and arguments; names of files behind `--`.
        cwd: where it runs.
        environ: the caller's environment; it is scrubbed here.
        repository: the one to ask, where `cwd` does not say it (`GIT_DIR`, bare).
        data: its standard input.
        ok: exit codes that are answers.
        keep: see `scrubbed`.
        timeout: in seconds.

    Raises:
        GitError: git is missing, failed, or took too long.
    """
    import subprocess

    command = git_command(args, environ, repository)
    name = f"git {os.fsdecode(args[0])}"
    try:
        result = subprocess.run(
            command,
            cwd=cwd,
            env=scrubbed(environ, keep),
            input=data,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise GitError(f"{name} took longer than {timeout:g} seconds") from None
    except (OSError, ValueError) as error:
        raise GitError(f"{name} could not be started: {_reason(error)}") from None
    if result.returncode not in ok:
        raise git_failure(name, result.returncode, result.stderr)
    return result.stdout


def ask(
    repository: Repository,
    args: Sequence[str | bytes],
    *,
    data: bytes = b"",
    ok: Collection[int] = (0,),
    keep: Collection[str] = (),
    timeout: float = TIMEOUT,
) -> bytes:
    """Run git in the top of a repository; see `run_git`."""
    return run_git(
        args,
        repository.root,
        repository.environ,
        repository=repository,
        data=data,
        ok=ok,
        keep=keep,
        timeout=timeout,
    )


def git_failure(name: str, code: int, stderr: bytes) -> GitError:
    """Give the error for a failed git, with the first thing it complained about."""
    lines = [line for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    told = (fatal or lines or [""])[0].partition("fatal: ")
    reason = (told[2] or told[0]).strip()[:_STDERR_SHOWN]
    how = f"was killed by signal {-code}" if code < 0 else f"failed with exit code {code}"
    return GitError(f"{name} {how}" + (f": {reason}" if reason else ""))


def check_owner(repository: Repository) -> None:
    """
    Refuse a repository of another user, unless git's own `safe.directory` allows it.

    Costs nothing where everything belongs to the user who runs this.

    Raises:
        RefusedError: git would refuse it as well.
    """
    if not repository.foreign:
        return
    try:
        # Without --git-dir: naming the directory would switch git's own check off.
        run_git(["rev-parse", "--git-dir"], repository.root, repository.environ)
    except GitError:
        raise RefusedError(
            f"the repository {repository.root} belongs to another user",
            hint=f"if you trust it: git config --global --add safe.directory {repository.root}",
        ) from None


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return "an argument holds a NUL character"
