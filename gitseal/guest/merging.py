# SPDX-License-Identifier: Apache-2.0
"""
The merge driver: `%O %A %B %L %P %S %X %Y` in, the merged file in the place of `%A` out.

It ends with 0 (merged) or 1 (a conflict) and nothing else, because git takes other codes for a
reason to give up the whole merge.  So no error leaves this module: it is told, our version stays
as it was, and a person decides.
"""

from __future__ import annotations

import os

from gitseal.errors import GitsealError, UsageError
from gitseal.operations.merging_contents import MARKER_SIZE
from gitseal.operations.merging_files import merge
from gitseal.operations.opening import MAX_FILE
from gitseal.operations.sides import OURS, THEIRS
from gitseal.policy.records import KEYRING
from gitseal.repository.heads import merged_heads
from gitseal.settings import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitseal.operations.workspace import Workspace

MERGED, CONFLICT = 0, 1
_FILES = 3
_OWN = ".gitseal/"
_MAX_LABEL = 120


def run(workspace: Workspace, arguments: Sequence[str]) -> int:
    """
    Merge one file for git, and give the exit code.

    Args:
        workspace: of the worktree at whose top git runs us; its session asks nobody.
        arguments: what git puts in for `%O %A %B %L %P %S %X %Y`; git before 2.44 leaves the last
            three as they are.
    """
    call: _Call | None = None
    try:
        call = _Call(arguments, workspace.settings.environ)
        return call.run(workspace)
    except GitsealError as error:
        _tell(workspace, call, str(error.at(call.shown) if call else error), error)
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        _tell(workspace, call, f"a file of the merge cannot be read or written: {reason}")
    except KeyboardInterrupt:
        _tell(workspace, call, "interrupted")
    except Exception as error:  # noqa: BLE001 - whatever it is, git must not take it for an answer
        _tell(
            workspace,
            call,
            f"unexpected {type(error).__name__} in {_where(error)}; please report it",
        )
    return CONFLICT


class _Call:
    """
    What git asked for.

    Attributes:
        base, ours, theirs: names of files; the answer takes the place of `ours`.
        path: of the file that is merged.
        labels: what the two sides are called.
        size: of conflict markers.
    """

    def __init__(self, arguments: Sequence[str], environ: Mapping[str, str]) -> None:
        if len(arguments) < _FILES + 2:
            raise UsageError("git calls this with %O %A %B %L %P", hint="gitseal git install")
        self.base, self.ours, self.theirs = arguments[:_FILES]
        size, self.path, *labels = arguments[_FILES:]
        self.size = int(size) if size.isdigit() and int(size) > 0 else MARKER_SIZE
        given = [_label(label) for label in (*labels, "", "", "")[:3]]
        self.labels = (given[1] or OURS, given[2] or _merged_branch(environ) or THEIRS)

    @property
    def shown(self) -> str:
        return printable(self.path)

    def run(self, workspace: Workspace) -> int:
        from gitseal.files import read_with_snapshot, write_atomically

        if self.path.startswith(_OWN):
            return self._leave(workspace)
        base, theirs = (read_with_snapshot(one, MAX_FILE)[0] for one in (self.base, self.theirs))
        ours, snapshot = read_with_snapshot(self.ours, MAX_FILE)
        merged, clean = merge(
            workspace,
            base,
            ours,
            theirs,
            self.path,
            labels=self.labels,
            marker_size=self.size,
        )
        if merged is not None and merged != ours:
            write_atomically(os.path.abspath(self.ours), merged, expect=snapshot)
        return MERGED if clean else CONFLICT

    def _leave(self, workspace: Workspace) -> int:
        """Leave our version of what gitseal itself has in the repository."""
        if self.path.startswith(KEYRING + "/"):
            workspace.tell(
                f"{self.shown}: what readers sign is not merged by git; ours stays\n"
                "  next: gitseal apply merges both and signs the result, then git add and commit"
            )
        return CONFLICT


def _label(text: str) -> str:
    """Give a label as it fits on a marker's line; "" for one that git did not fill in."""
    return "" if text in {"%S", "%X", "%Y"} else printable(text)[:_MAX_LABEL]


def _merged_branch(environ: Mapping[str, str]) -> str:
    """Give the name of the one branch that `git merge` says it merges, for older gits."""
    names = list(merged_heads(environ).values())
    return _label(names[0]) if len(names) == 1 else ""


def _tell(
    workspace: Workspace, call: _Call | None, what: str, error: GitsealError | None = None
) -> None:
    """Say what is wrong, what helps, and what became of the file."""
    from shlex import quote

    workspace.tell(f"error: {what}")
    if error is not None and (hint := error.hint or error.usual_hint):
        workspace.tell(f"hint: {hint}")
    if call is not None:
        workspace.tell(
            f"{call.shown} is not merged, our version stays; then: "
            f"gitseal resolve {quote(call.shown)}"
        )


def _where(error: BaseException) -> str:
    """Give module, line and function; the message of a foreign error may quote a value."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return "gitseal"
    code = traceback.tb_frame.f_code
    return f"{os.path.basename(code.co_filename)}:{traceback.tb_lineno} ({code.co_name})"
