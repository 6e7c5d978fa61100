# SPDX-License-Identifier: Apache-2.0
"""`check`, without Typer: hooks and editors call it at every commit and every save."""

from __future__ import annotations

import os
import sys

from gitseal.authority import Authority
from gitseal.checks.files import check_unclaimed
from gitseal.checks.findings import INDEX, WARNING, WORKTREE, merged, shell_word
from gitseal.checks.records import Side
from gitseal.checks.running import Check, Report
from gitseal.cli.choosing import choice_of, repository_path
from gitseal.cli.context import workspace
from gitseal.cli.reporting import say
from gitseal.errors import NotFoundError, UsageError
from gitseal.operations.opening import MAX_FILE
from gitseal.policy import POLICY_FILE
from gitseal.repository.indexfile import StagedTree
from gitseal.repository.sparse import worktree_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gitseal.checks.findings import Finding
    from gitseal.operations.workspace import Workspace
    from gitseal.policy import Tree
    from gitseal.repository.finding import Repository
    from gitseal.repository.trees import Entry

FORMATS = ("text", "json")


def check_plain(words: Sequence[str]) -> int:
    """Run `gitseal check WORDS`; what has options beyond the usual ones goes to Typer."""
    paths: list[str] = []
    staged, form = False, "text"
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            paths += rest
            break
        if word == "--staged":
            staged = True
        elif word == "--format" and rest:
            form = rest.pop(0)
        elif word.startswith("--format="):
            form = word.partition("=")[2]
        elif word.startswith("-"):
            from gitseal.cli.application import run

            return run(["check", *words])
        else:
            paths.append(word)
    return check(paths, staged=staged, form=form)


def check(paths: Sequence[str], *, staged: bool, form: str) -> int:
    """Check, print, and give the exit code: 1 if there is a finding that is no warning."""
    check_format(form)
    report = examine(workspace(), paths, staged=staged)
    if form == "json":
        _write_json(report)
    else:
        _write_text(report.findings, staged=staged)
        _say_summary(report)
    return 1 if report.errors else 0


def check_format(form: str) -> None:
    """
    Refuse an unknown output format.

    Raises:
        UsageError: it is none of `FORMATS`.
    """
    if form not in FORMATS:
        raise UsageError(f"unknown format {form!r}", hint="--format text or --format json")


def examine(current: Workspace, paths: Sequence[str] = (), *, staged: bool = False) -> Report:
    """
    Check a repository without a key.

    Args:
        current: of this call; only its own vouch is asked of the session, where no pin answers.
        paths: as typed: files and directories; all if there are none.
        staged: judge the index alone, not the worktree.

    Raises:
        UsageError: there is no worktree here.
        NotFoundError: there is nothing at a path.
    """
    repository = current.needed_repository()
    files = worktree_of(repository, limit=MAX_FILE)
    tree = StagedTree(repository, limit=MAX_FILE)
    trust = current.trust
    here = Side(WORKTREE, files, Authority(files, trust), trust)
    there = Authority(tree, trust)
    if _same_keyring(here.authority, there, files, tree):
        there = here.authority
    index = Side(INDEX, tree, there, trust, here.authority)
    index.shared = there is here.authority and not staged
    chosen = [_chosen(repository, tree, path) for path in paths]
    run = Check(
        index,
        tree,
        None if staged else here,
        files,
        untracked=lambda patterns: untracked(repository, patterns),
        ignored=lambda names: ignored(repository, names),
        committed=_committed(repository),
        wanted=choice_of(chosen),
    )
    try:
        report = run.run()
    finally:
        tree.close()
    _add_unclaimed(report, chosen, index if staged else here)
    return report


def _add_unclaimed(report: Report, chosen: list[str], side: Side) -> None:
    """Say of files that were asked for that no scope claims them."""
    for path in chosen:
        data = side.tree.read(path) if side.grant(path) is None else None
        if data is not None:
            found = check_unclaimed(path, data)
            report.findings = merged([*report.findings, *found])
            report.unclaimed += [] if found else [path]


def _same_keyring(here: Authority, there: Authority, files: Tree, staged: Tree) -> bool:
    """Tell whether both sides have the same records, so that one judgement does for both."""
    from gitseal.policy.records import record_path

    if here.scopes() != there.scopes():
        return False
    paths = [record_path(name) for name in here.scopes()]
    return all(files.read(path) == staged.read(path) for path in paths)


def _chosen(repository: Repository, tree: StagedTree, path: str) -> str:
    """Give the repository path of what was typed, if there is something in worktree or index."""
    name = repository_path(repository, path)
    tracked = any(True for _ in tree.entries(name)) or name in tree.conflicts
    if not tracked and not os.path.lexists(os.path.abspath(path)):
        raise NotFoundError("there is no such file here, nor in the index", path=path)
    return name


def untracked(repository: Repository, patterns: Iterable[str]) -> list[Entry]:
    """Give files that may be claimed, tracked or not; git is asked where the worktree is large."""
    from gitseal.checks.reach import Reach
    from gitseal.repository.walking import TooManyError, walk

    reach = Reach(patterns)
    if not reach.anything:
        return []
    try:
        return sorted(walk(repository.root, reach.may_hold))
    except TooManyError:
        from gitseal.repository.trees import listed

        return [(path, 0o100644, "") for path in listed(repository)]


def ignored(repository: Repository, paths: Iterable[str]) -> Mapping[str, str]:
    """Give the rule that makes git ignore a path, as `FILE:LINE`, for those it ignores."""
    from gitseal.repository.history import ignored as rules

    return {path: f"{rule.source}:{rule.line}" for path, rule in rules(repository, paths).items()}


def _committed(repository: Repository) -> Callable[[str], str | None]:
    def identity(path: str) -> str | None:
        from gitseal.repository.history import has_commits
        from gitseal.repository.trees import CommitTree

        if not has_commits(repository):
            return None
        tree = CommitTree(repository, "HEAD")
        try:
            entry = next(iter(tree.entries(path)), None)
            return entry[2] if entry is not None and entry[0] == path else None
        finally:
            tree.close()

    return identity


def _write_json(report: Report) -> None:
    from gitseal.cli.output import write_json

    body: dict[str, object] = {
        "ok": not report.errors,
        "checked": report.checked,
        "vouched": not report.unvouched,
        "unclaimed": report.unclaimed,
        "findings": [one.as_json() for one in report.findings],
    }
    write_json("check", body)


def _write_text(findings: list[Finding], *, staged: bool) -> None:
    """Write a line for each finding, and behind the last one of a file what to do."""
    from gitseal.settings import printable

    lines: list[str] = []
    hints: list[str] = []
    for position, one in enumerate(findings):
        place = f"{one.path}:{one.line}" if one.line else one.path
        level = "warning " if one.level == WARNING else ""
        side = " [staged]" if one.where == INDEX and not staged else ""
        lines.append(f"{printable(place)}: {level}{one.code} {printable(one.message)}{side}\n")
        hints += [one.hint] if one.hint else []
        after = findings[position + 1] if position + 1 < len(findings) else None
        if after is None or after.path != one.path:
            if hints:
                lines.append(f"  hint: {printable(hints[0])}\n")
            hints = []
    sys.stdout.write("".join(lines))


def _say_summary(report: Report) -> None:
    files = "1 file" if report.checked == 1 else f"{report.checked:,} files"
    for path in report.unclaimed:
        say(f"no scope claims {shell_word(path)}")
    if report.unvouched:
        names = ", ".join(report.unvouched)
        say(f"checked for consistency only: nothing here vouches for the records ({names})")
    warnings = len(report.findings) - report.errors
    told = [_count(report.errors, "finding")] if report.errors or not warnings else []
    told += [_count(warnings, "warning")] if warnings else []
    if not report.findings:
        told = ["nothing wrong"]
    if not report.total and not report.findings:
        told = [f"no scope claims any file here; {POLICY_FILE} says which ones to seal"]
    say(f"checked {files}: {', '.join(told)}")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
