# SPDX-License-Identifier: Apache-2.0
"""Handing values to a program as its environment, and becoming that program."""

from __future__ import annotations

import errno
import os
import signal
import sys
from typing import TYPE_CHECKING

from gitseal.errors import GitsealError, RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import NoReturn

CANNOT_EXECUTE = 126
NOT_FOUND = 127

# Names with which a value decides what code runs, in the loader, a shell, an interpreter or a
# tool that programs call: whoever may write a secret must not get to run something by it.
# fmt: off
_DANGEROUS = frozenset(
    (
        "BASHOPTS", "BASH_ENV", "BROWSER", "CDPATH", "CLASSPATH", "COR_ENABLE_PROFILING",
        "COR_PROFILER", "COR_PROFILER_PATH", "DOTNET_STARTUP_HOOKS", "EDITOR", "ENV", "EXINIT",
        "FIGNORE", "FPATH", "GCC_EXEC_PREFIX", "GCONV_PATH", "GEM_HOME", "GEM_PATH", "GLOBIGNORE",
        "GOFLAGS", "HOME", "HOSTALIASES", "IFS", "JAVA_OPTS", "JAVA_TOOL_OPTIONS",
        "JDK_JAVA_OPTIONS", "KSH_ENV", "LESSCLOSE", "LESSOPEN", "LOCPATH", "LUA_CPATH", "LUA_INIT",
        "LUA_PATH", "MAKEFLAGS", "MANPAGER", "NLSPATH", "NODE_EXTRA_CA_CERTS", "NODE_OPTIONS",
        "NODE_PATH", "OPENSSL_CONF", "OPENSSL_ENGINES", "OPENSSL_MODULES", "PAGER", "PATH",
        "PERL5DB", "PERL5LIB", "PERL5OPT", "PERLLIB", "PHPRC", "PHP_INI_SCAN_DIR", "PROMPT_COMMAND",
        "PS1", "PS2", "PS4", "RESOLV_HOST_CONF", "RES_OPTIONS", "RUBYLIB", "RUBYOPT",
        "RUSTC_WRAPPER", "R_ENVIRON", "R_PROFILE", "SHELL", "SHELLOPTS", "SSH_ASKPASS",
        "SSLKEYLOGFILE", "SUDO_ASKPASS", "TERMINFO", "TERMINFO_DIRS", "TZDIR", "VIMINIT", "VISUAL",
        "ZDOTDIR", "_JAVA_OPTIONS",
    )
)
# fmt: on
_DANGEROUS_STARTS = (
    "BASH_FUNC_",
    "CORECLR_",
    "DYLD_",
    "GITSEAL_",
    "GIT_",
    "GLIBC_",
    "LD_",
    "MALLOC_",
    "NPM_CONFIG_",
    "npm_config_",
    "PIP_",
    "XDG_",
)


class Prepared:
    """
    The environment a program will get.

    Attributes:
        environment: all variables of it.
        skipped: names that existed already and kept their value.
        replaced: names that existed and got another value, because of `override`.
    """

    __slots__ = ("environment", "replaced", "skipped")

    def __init__(
        self, environment: dict[str, str], skipped: tuple[str, ...], replaced: tuple[str, ...]
    ) -> None:
        self.environment = environment
        self.skipped = skipped
        self.replaced = replaced


def is_dangerous(name: str) -> bool:
    """Say whether a variable of this name decides what code a program runs."""
    if name.startswith("PYTHON") and not name.startswith("PYTHON_"):
        return True
    return name in _DANGEROUS or name.startswith(_DANGEROUS_STARTS)


def prepare_environment(
    variables: Mapping[str, str],
    environ: Mapping[str, str],
    *,
    override: bool = False,
    allowed: Collection[str] = (),
) -> Prepared:
    """
    Give the environment for a program: `environ`, and `variables` where it has none of that name.

    Args:
        variables: names and values to add.
        environ: what is there.
        override: let `variables` win.
        allowed: dangerous names, like `PATH` and `LD_PRELOAD`, that are set all the same.

    Raises:
        RefusedError: dangerous names that are not among `allowed`.
        UsageError: a name or value that cannot be a variable; the value is never named.
    """
    for name, value in variables.items():
        _check_variable(name, value)
    dangerous = [name for name in variables if is_dangerous(name) and name not in allowed]
    if dangerous:
        raise RefusedError(
            f"would set {', '.join(dangerous)}, which can make programs run other code",
            hint="leave it out with --only, rename it with --prefix, or say "
            f"--allow-dangerous {dangerous[0]}",
        )
    environment = dict(environ)
    there = [name for name in variables if name in environment]
    differing = tuple(name for name in there if environment[name] != variables[name])
    added = {name: value for name, value in variables.items() if override or name not in there}
    environment.update(added)
    return Prepared(environment, () if override else differing, differing if override else ())


def _check_variable(name: str, value: str) -> None:
    if not name or "=" in name or "\0" in name:
        raise UsageError("a key cannot be the name of a variable: it is empty or holds '=' or NUL")
    if "\0" in value:
        raise UsageError(
            f"the value of {name} holds a NUL character, which no variable can",
            hint="give it to the program as a file, with --mount",
        )


def exec_with_environment(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """
    Become another program; on success this never returns, and no process waits behind it.

    Args:
        command: program, looked for on the `PATH` of `environment`, and its arguments.
        environment: from `prepare_environment`.

    Raises:
        GitsealError: it could not be executed; `exit_code` is 126, or 127 if it was not found.
    """
    if not command or not command[0]:
        raise UsageError("there is no command to run")
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not stream.closed:
            stream.flush()
    # Python ignores these two, and a program inherits that: `yes | head` would never end.
    ours = {number: signal.signal(number, signal.SIG_DFL) for number in _ignored_by_python()}
    try:
        os.execvpe(command[0], list(command), dict(environment))  # noqa: S606 - no shell is the point
    except OSError as error:
        raise exec_failure(command[0], error) from None
    except ValueError:
        raise UsageError("an argument of the command holds a NUL character") from None
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)


def _ignored_by_python() -> list[signal.Signals]:
    numbers = (signal.SIGPIPE, signal.SIGXFSZ)
    return [number for number in numbers if signal.getsignal(number) is signal.SIG_IGN]


def exec_failure(program: str, error: OSError) -> GitsealError:
    """Give the error for a program that could not be started, with the exit code of a shell."""
    hint = None
    if error.errno == errno.E2BIG:
        hint = "one value, or all together, is too large for variables; use --mount"
    elif error.errno == errno.ENOEXEC:
        hint = "a script needs a first line such as #!/bin/sh"
    reason = os.strerror(error.errno or 0).lower()
    failure = GitsealError(f"cannot run {program}: {reason}", hint=hint)
    failure.exit_code = NOT_FOUND if error.errno == errno.ENOENT else CANNOT_EXECUTE
    return failure
