# SPDX-License-Identifier: Apache-2.0
"""
Following a file through its history: merges, and the names it had before.

`gitseal mv` seals every value anew, so that git sees no likeness between the old file and the new
one.  What was moved is found by its header and by the key paths, which are public.
"""

from __future__ import annotations

from collections import Counter

from gitseal.operations.archives import Archive
from gitseal.policy.records import KEYRING
from gitseal.repository.history import has_commits
from gitseal.repository.objects import MAX_OBJECT, Objects
from gitseal.repository.trails import deleted, trail
from gitseal.repository.trees import is_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from gitseal.operations.snapshots import Snapshot
    from gitseal.operations.workspace import Workspace
    from gitseal.repository.trails import Commit, Files

_ALIKE = 0.5
"""The share of equal key paths from which a removed and an added file may be one."""
_MAX_NAMES = 20
"""Names a file is followed through; each costs one more `git log`."""
_MAX_CANDIDATES = 100
"""Files that went away in one commit and are looked into."""


class Node:
    """
    One commit at which a file is looked at.

    Attributes:
        commit: the commit.
        path: the name of the file in it.
        before: each parent, with the name that the file has there.
    """

    __slots__ = ("before", "commit", "path")

    def __init__(self, commit: Commit, path: str, before: list[tuple[Commit, str]]) -> None:
        self.commit = commit
        self.path = path
        self.before = before

    def __repr__(self) -> str:
        return f"Node({self.commit!r}, {self.path!r})"


class Story:
    """
    The history of one file.

    Attributes:
        path: its name where the story ends.
        archive: reads and opens its versions.
        nodes: newest first, each before its parents.
    """

    __slots__ = ("_objects", "archive", "nodes", "path")

    def __init__(self, path: str, archive: Archive, nodes: list[Node], objects: Objects) -> None:
        self.path = path
        self.archive = archive
        self.nodes = nodes
        self._objects = objects

    @property
    def found(self) -> bool:
        """Tell whether any commit holds the file."""
        return any(node.path in node.commit.files for node in self.nodes)

    def close(self) -> None:
        """End the git process behind it."""
        self._objects.close()


def follow(workspace: Workspace, path: str, revision: str | None = "HEAD") -> Story:
    """
    Follow a file from a commit to where it came from.

    Args:
        workspace: repository, trust and keys of this call.
        path: repository path, as the file is called at `revision`; it may be gone there.
        revision: None begins at all branches and tags.

    Raises:
        GitError: there is no such commit, or git took too long.
    """
    repository = workspace.needed_repository()
    objects = Objects(repository, limit=MAX_OBJECT)
    archive = Archive(workspace, objects)
    names = [path]
    known: dict[tuple[str, str], str | None] = {}
    if revision == "HEAD" and not has_commits(repository):
        return Story(path, archive, [], objects)
    while True:
        commits = trail(repository, [*names, KEYRING], revision)
        archive.learn(commits)
        nodes, starts = _walk(archive, commits, path, known)
        fresh = [start for start in starts if start not in known]
        gone = deleted(repository, list(dict.fromkeys(commit for commit, _name in fresh)))
        holding = {commit.id: commit for commit in commits}
        for commit, name in fresh:
            known[commit, name] = _origin(archive, holding[commit], name, gone.get(commit, {}))
        more = {name for name in known.values() if name is not None} - set(names)
        if not more or len(names) >= _MAX_NAMES:
            return Story(path, archive, nodes, objects)
        names += sorted(more)[: _MAX_NAMES - len(names)]


def _walk(
    archive: Archive,
    commits: Sequence[Commit],
    path: str,
    known: dict[tuple[str, str], str | None],
) -> tuple[list[Node], list[tuple[str, str]]]:
    """Go from children to parents; give the nodes, and where a name begins."""
    holding = {commit.id: commit for commit in commits}
    names: dict[str, list[str]] = {}
    inner = {parent for commit in commits for parent in commit.parents}
    nodes: list[Node] = []
    starts: list[tuple[str, str]] = []
    for commit in commits:
        if commit.id not in inner:
            names[commit.id] = [path]
        for name in names.get(commit.id, ()):
            parents = [holding[one] for one in commit.parents]
            before = [(parent, _before(archive, commit, parent, name, known)) for parent in parents]
            for parent, other in before:
                there = names.setdefault(parent.id, [])
                if other not in there:
                    there.append(other)
            nodes.append(Node(commit, name, before))
            if name in commit.files and not any(other in one.files for one, other in before):
                starts.append((commit.id, name))
    return nodes, starts


def _before(
    archive: Archive,
    commit: Commit,
    parent: Commit,
    name: str,
    known: dict[tuple[str, str], str | None],
) -> str:
    """Give the name that a file had in a parent; the same where nothing says otherwise."""
    if name not in commit.files or name in parent.files:
        return name
    earlier = known.get((commit.id, name))
    if earlier is not None and earlier in parent.files:
        return earlier
    if len(commit.parents) < 2:
        return name
    # At a merge only one side may have moved it; the other's edits are part of the story.
    gone = {
        other: entry
        for other, entry in parent.files.items()
        if other not in commit.files and other in known.values()
    }
    return _origin(archive, commit, name, gone) or name


def _origin(archive: Archive, commit: Commit, name: str, gone: Files) -> str | None:
    """Give the file among those that went away in a commit that is there by another name now."""
    new = archive.snapshot(commit, name)
    if new is None or not new.stored:
        return None  # empty files are all alike
    same = [other for other, entry in gone.items() if entry[1] == new.entry[1]]
    if same:
        return max(same, key=lambda other: (_base(other) == _base(name), other))
    origin = new.header.origin if new.header is not None else name
    if origin != name and origin in gone:
        return origin  # moved with git, and then changed
    likely = sorted(
        gone, key=lambda one: (_base(one) != _base(name), _suffix(one) != _suffix(name), one)
    )
    scored = [
        (score, _base(other) == _base(name), other)
        for other in likely[:_MAX_CANDIDATES]
        if is_regular(gone[other][0])
        and (score := _score(archive, archive.stored(other, gone[other], commit.files), new))
        >= _ALIKE
    ]
    return max(scored)[2] if scored else None


def _base(path: str) -> str:
    return path.rpartition("/")[2]


def _suffix(path: str) -> str:
    return _base(path).rpartition(".")[2]


def _score(archive: Archive, old: Snapshot, new: Snapshot) -> float:
    """Give how much two files are alike, from 0 to 1: their values, or else their key paths."""
    if not (old.readable and new.readable) or old.whole != new.whole or not new.leaves:
        return 0.0
    if old.header is not None and new.header is not None and old.header.scope != new.header.scope:
        return 0.0
    if new.whole:
        # Sealed text of one size, which is a rough one.
        structure = float(old.clear == new.clear and _body(old) == _body(new))
    else:
        structure = _share(
            Counter(leaf.path for leaf in old.leaves), Counter(leaf.path for leaf in new.leaves)
        )
    if structure < _ALIKE or not (archive.open(old) and archive.open(new)):
        return structure
    # Files of several environments have the same keys; their values tell.
    before, after = (Counter((x.path, x.text) for x in one.view()[0]) for one in (old, new))
    return _share(before, after)


def _share(before: Counter[Any], after: Counter[Any]) -> float:
    return (before & after).total() / max(before.total(), after.total(), 1)


def _body(snapshot: Snapshot) -> int:
    """Give the size of a whole file without what depends on its path."""
    header = snapshot.header
    return snapshot.stored - (0 if header is None else len(header.origin.encode(errors="replace")))
