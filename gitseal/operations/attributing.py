# SPDX-License-Identifier: Apache-2.0
"""
Keeping the attributes of git true to the records: the root `.gitattributes`, and its mirror.

Lines come from the patterns of every record of the worktree, believed or not: one line too many
makes the filter ask, one too few lets clear text into git.  The mirror in `info/attributes` is a
clone's own, and beats a nested `.gitattributes` that switches the filter off.
"""

from __future__ import annotations

import os

from gitseal.errors import GitsealError, NotFoundError, RefusedError
from gitseal.policy.attributes import ATTRIBUTES_FILE, derive, has_block, splice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitseal.files import Snapshot
    from gitseal.operations.workspace import Workspace
    from gitseal.policy.terms import RecordPolicy
    from gitseal.repository.finding import Repository

_MAX_FILE = 16 * 1024 * 1024


def is_outdated(workspace: Workspace, wanted: Mapping[str, Iterable[str]]) -> bool:
    """
    Tell whether applying a policy would change the root `.gitattributes`.

    Args:
        workspace: repository and records of this call.
        wanted: scope -> patterns, as the policy has them; scopes that only have a record stay.

    Raises:
        RefusedError: it is a link, which git would not read, or half of our block is gone.
    """
    file = _root_file(workspace)
    data, _snapshot = _read(file)
    block = derive({**_claims(workspace, wanted), **wanted})
    return _spliced(file, data, block) != data


def write(workspace: Workspace, wanted: Mapping[str, Iterable[str]] | None = None) -> list[str]:
    """
    Make the root `.gitattributes` say what the records say, and the mirror, if there is one.

    Args:
        workspace: repository and records of this call.
        wanted: patterns that will stand in records soon; they count as well.

    Returns:
        the repository paths that were written, to be committed.

    Raises:
        RefusedError: as `is_outdated`.
    """
    repository = workspace.needed_repository()
    files = _claims(workspace, wanted or {})
    for name, patterns in (wanted or {}).items():
        files.setdefault(name, []).extend(patterns)
    changed = _update(_root_file(workspace), derive(files), repository.root)
    if wanted is None and os.path.lexists(_mirror_file(repository)):
        mirror(workspace, only_update=True)
    return [ATTRIBUTES_FILE] if changed else []


def mirror(workspace: Workspace, *, only_update: bool = False) -> bool:
    """
    Put the same lines into this clone's `info/attributes`, which no branch can change.

    A scope that is trusted here keeps its lines there even where the branch lost its record.

    Args:
        workspace: repository, records and pins of this call.
        only_update: leave a file alone that does not hold our lines yet.

    Returns:
        whether the file changed.

    Raises:
        RefusedError: it is a link, or half of our block is gone.
    """
    repository = workspace.needed_repository()
    file = _mirror_file(repository)
    data, _snapshot = _read(file)
    if only_update and not has_block(data):
        return False
    files = _claims(workspace, {})
    trust = workspace.trust
    for name in trust.pinned_names():
        pin = None if name in files else trust.pinned(name)
        if pin is not None:
            files[name] = list(pin.record.policy.files)
    return _update(file, derive(files), repository.common_dir)


def unmirror(repository: Repository) -> bool:
    """Take our lines out of `info/attributes` again; tells whether there were any."""
    return _update(_mirror_file(repository), "", repository.common_dir)


def unfiltered(repository: Repository, paths: Iterable[str]) -> list[str]:
    """
    Give those of the paths that git would add without our filter.

    Raises:
        GitError: git cannot be asked.
    """
    from gitseal.repository.running import ask

    data = b"".join(os.fsencode(path) + b"\0" for path in paths)
    if not data:
        return []
    fields = ask(repository, ["check-attr", "-z", "--stdin", "filter"], data=data).split(b"\0")
    return [
        os.fsdecode(fields[at])
        for at in range(0, len(fields) - 2, 3)
        if fields[at + 2] != b"gitseal"
    ]


def check_filter(
    workspace: Workspace, changes: Iterable[tuple[RecordPolicy, RecordPolicy]]
) -> None:
    """
    Refuse to open files in the worktree where git would add them as they lie there.

    Args:
        workspace: repository of this call.
        changes: of each scope, its policy as it is and as it shall be.

    Raises:
        RefusedError: a scope becomes plain, and no filter is set up.
    """
    from gitseal.repository.drivers import is_installed

    opening = any((old.worktree, new.worktree) == ("sealed", "plain") for old, new in changes)
    if opening and not is_installed(workspace.needed_repository()):
        raise RefusedError(
            "sealed files would lie in clear here, and git would add them so: no filter is set up",
            hint="gitseal git install",
        )


def _claims(workspace: Workspace, known: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Give the patterns of every record; one that cannot be read must be known otherwise."""
    from gitseal.policy.reading import read_claims
    from gitseal.policy.records import record_path, with_help
    from gitseal.repository.sparse import worktree_of

    tree = worktree_of(workspace.needed_repository())
    found = {}
    for name in workspace.authority.scopes():
        data = tree.read(record_path(name))
        try:
            if data is not None:
                found[name] = list(read_claims(data, name))
        except GitsealError as error:
            # In the middle of a merge git may have left markers in it: applying mends that.
            if name not in known:
                raise with_help(error, record_path(name)) from None
    return found


def _root_file(workspace: Workspace) -> str:
    return os.path.join(workspace.needed_repository().root, ATTRIBUTES_FILE)


def _mirror_file(repository: Repository) -> str:
    return os.path.join(repository.common_dir, "info", "attributes")


def _read(file: str) -> tuple[bytes, Snapshot]:
    from gitseal.files import ABSENT, read_with_snapshot

    try:
        return read_with_snapshot(file, _MAX_FILE, follow=False)
    except NotFoundError:
        return b"", ABSENT
    except RefusedError:
        raise RefusedError(
            "is a link, and git takes no attributes from one",
            hint="put a file of its own in its place",
            path=_shown(file),
        ) from None


def _update(file: str, block: str, root: str) -> bool:
    from gitseal.files import remove, write_atomically

    data, snapshot = _read(file)
    new = _spliced(file, data, block)
    if new == data:
        return False
    if new or not snapshot.exists:
        write_atomically(file, new, expect=snapshot, mode=0o666, root=root, parents=0o777)
    else:
        remove(file, expect=snapshot, root=root)
    return True


def _spliced(file: str, data: bytes, block: str) -> bytes:
    try:
        return splice(data, block)
    except GitsealError as error:
        raise error.at(_shown(file)) from None


def _shown(file: str) -> str:
    name = os.path.basename(file)
    return name if name == ATTRIBUTES_FILE else ".git/info/attributes"
