# SPDX-License-Identifier: Apache-2.0
"""`run` without its options' syntax: both its short and its Typer way end here."""

from __future__ import annotations

import os

from gitseal.cli.context import terminal
from gitseal.cli.reporting import say
from gitseal.errors import GitsealError, UsageError
from gitseal.operations import running

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitseal.operations.workspace import Workspace

FAILED = 125
"""Exit code where gitseal itself failed, as `env` and `nohup` have it; the child has the rest."""

_PROGRAMS_OWN = frozenset((126, 127))
MOUNT = "GITSEAL_MOUNT"
_PLACEHOLDER = "{}"


class Wishes:
    """
    The options of `run`.

    Attributes:
        prefix: stands before every name.
        only: key paths or names; nothing else is given.
        override: whether values win over variables that exist.
        allowed: dangerous names that are given all the same.
        mounts: files handed over whole.
        mask: whether values are masked in the program's output.
    """

    __slots__ = ("allowed", "mask", "mounts", "only", "override", "prefix")

    def __init__(
        self,
        *,
        prefix: str = "",
        only: Sequence[str] = (),
        override: bool = False,
        allowed: Sequence[str] = (),
        mounts: Sequence[str] = (),
        mask: bool = False,
    ) -> None:
        self.prefix = prefix
        self.only = tuple(only)
        self.override = override
        self.allowed = frozenset(allowed)
        self.mounts = tuple(mounts)
        self.mask = mask


def with_exit_code(action: Callable[[], int]) -> int:
    """Run something of `run`: whatever gitseal refuses is 125, so that it is never the child's."""
    try:
        return action()
    except GitsealError as error:
        if error.exit_code not in _PROGRAMS_OWN:
            error.exit_code = FAILED
        raise


def split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """
    Part the words of `run` at the first `--`: ours, and the program with its arguments.

    Raises:
        UsageError: there is no `--`, or nothing behind it.
    """
    if "--" not in words:
        raise UsageError(
            "run needs -- between the files and the program",
            hint="gitseal run [FILE…] -- PROGRAM ARGUMENTS…",
        )
    middle = list(words).index("--")
    command = list(words[middle + 1 :])
    if not command:
        raise UsageError(
            "there is no program behind --", hint="gitseal run [FILE…] -- PROGRAM ARGUMENTS…"
        )
    return list(words[:middle]), command


def start(
    workspace: Workspace, files: Sequence[str], command: Sequence[str], wishes: Wishes
) -> int:
    """
    Start a program with values in its environment; where nothing forbids it, become it.

    Returns:
        the exit code of the program, where this process had to stay.

    Raises:
        GitsealError: nothing was started.
    """
    attended = terminal()
    paths = list(files)
    if not paths and not wishes.mounts:
        paths = [running.nearest(workspace)]
    values = running.variables(
        workspace, paths, only=wishes.only, prefix=wishes.prefix, attended=attended
    )
    environment = _environment(workspace, values, wishes)
    if not wishes.mounts and not wishes.mask:
        from gitseal.launch.run import exec_with_environment

        exec_with_environment(command, environment)
    return _stay(workspace, command, environment, values, wishes)


def _environment(workspace: Workspace, values: dict[str, str], wishes: Wishes) -> dict[str, str]:
    from gitseal.launch.run import prepare_environment

    prepared = prepare_environment(
        values, workspace.settings.environ, override=wishes.override, allowed=wishes.allowed
    )
    if prepared.skipped:
        say(
            f"kept from the environment: {', '.join(prepared.skipped)} "
            "(--override takes the sealed values)"
        )
    if prepared.replaced:
        say(f"replaced in the environment: {', '.join(prepared.replaced)}")
    return prepared.environment


def _stay(
    workspace: Workspace,
    command: Sequence[str],
    environment: dict[str, str],
    values: dict[str, str],
    wishes: Wishes,
) -> int:
    """Run the program as a child, with files in memory for as long as it lives."""
    from gitseal.launch.mask import run_child

    secrets = list(values.values())
    if not wishes.mounts:
        return run_child(command, environment, secrets=secrets)
    from gitseal.launch.tmpfs import PrivateDirectory

    files = running.mounted(workspace, wishes.mounts, attended=terminal())
    with PrivateDirectory(workspace.settings, say) as directory:
        for file in files:
            directory.write(file.name, file.data)
            secrets += file.values
        where = directory.path
        if len(files) == 1:
            where = os.path.join(where, files[0].name)
        environment[MOUNT] = where
        words = [word.replace(_PLACEHOLDER, where) for word in command[1:]]
        return run_child(
            [command[0], *words], environment, secrets=secrets if wishes.mask else None
        )
