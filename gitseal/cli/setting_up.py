# SPDX-License-Identifier: Apache-2.0
"""`init`: three questions at most, and Enter is right for all of them."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gitseal.cli import prompting
from gitseal.cli.access import keep_mirror
from gitseal.cli.context import settings, workspace
from gitseal.cli.reporting import print_error, say
from gitseal.errors import GitsealError, UsageError
from gitseal.guest import setup
from gitseal.masterkeys import canonical
from gitseal.operations import initialising, owning
from gitseal.operations.initialising import Plan, Survey
from gitseal.operations.surveying import patterns_for
from gitseal.operations.workspace import Workspace

Patterns = Annotated[
    list[str] | None,
    typer.Option("--files", metavar="PATTERN", help="seal files matching this gitignore pattern"),
]
Readers = Annotated[
    list[str] | None,
    typer.Option("--reader", metavar="NAME=KEY", help="one more who may read, such as ci=age1…"),
]
Pairs = Annotated[
    list[str] | None,
    typer.Option("--context", metavar="KEY=VALUE", help="bound into every value, such as env=prod"),
]
Scope = Annotated[str, typer.Option(metavar="NAME", help="name of the first scope")]
Name = Annotated[str | None, typer.Option(metavar="NAME", help="your name in the policy")]
Worktree = Annotated[
    str | None,
    typer.Option(metavar="KIND", help="sealed: applications read through gitseal; or plain"),
]
Integrity = Annotated[
    str | None,
    typer.Option(metavar="KIND", help="strict, or mergeable for the forge's merge button"),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="ask nothing, take the usual answers")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="show what was found, write nothing")]

_NO_FILES = "secrets/**"


def init(
    files: Patterns = None,
    reader: Readers = None,
    context: Pairs = None,
    scope: Scope = "main",
    name: Name = None,
    worktree: Worktree = None,
    integrity: Integrity = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> int:
    """
    Start using gitseal in this repository.

    Finds files that look like secrets, finds or makes your key, writes .gitseal.yaml, and
    seals the files. Nothing is committed.
    """
    current = workspace()
    initialising.check_fresh(current)
    asking = not yes and prompting.may_ask(settings())
    survey = initialising.survey(current)
    if dry_run:
        return _tell_plan(*_what(survey, files, asking=False))
    if not asking and not yes:
        raise UsageError(
            "nobody is here to answer", hint="gitseal init --yes takes the usual answers"
        )
    me, key = _identity(current, name)
    readers = {me: key, **_pairs(reader, "--reader")}
    chosen, patterns = _what(survey, files, asking=asking)
    kind = worktree or _how(asking=asking)
    if kind == "plain":
        _offer_filter(current, asking=asking)
    merging = integrity or _merging(asking=asking)
    _offer_recovery(readers, asking=asking)
    plan = Plan(
        patterns,
        {to: canonical(uri) for to, uri in readers.items()},
        scope=scope,
        context=_pairs(context, "--context"),
        worktree=kind,
        integrity=merging,
    )
    applied = initialising.initialise(current, plan)
    return _finish(current, plan, survey, chosen, applied.written)


def _tell_plan(chosen: list[str], patterns: list[str]) -> int:
    say("would seal " + (", ".join(chosen) if chosen else "no file yet"))
    say("would write .gitseal.yaml with the patterns " + ", ".join(patterns))
    return 0


def _pairs(words: list[str] | None, option: str) -> dict[str, str]:
    pairs = {}
    for word in words or []:
        key, equals, value = word.partition("=")
        if not equals or not key or not value:
            raise UsageError(f"{option} {word!r}: write NAME=VALUE")
        pairs[key] = value
    return pairs


def _identity(current: Workspace, name: str | None) -> tuple[str, str]:
    """Find the user's key, or make one, and say which."""
    key, where, made = owning.own_key(current)
    say(f"made a new key for you in {where}; keep a copy of it" if made else f"your key: {where}")
    return name or owning.usual_name(current), key


def _what(survey: Survey, files: list[str] | None, *, asking: bool) -> tuple[list[str], list[str]]:
    """Ask what to seal; gives the files to seal now, and the patterns for the policy."""
    paths = [one.path for one in survey.candidates]
    _tell_survey(survey)
    if files:
        from gitseal.policy.patterns import Patterns as Compiled

        compiled = Compiled(files)
        return [path for path in survey.files if compiled.matches(path)], files
    if not paths:
        return [], [prompting.question("Seal which files?", _NO_FILES) if asking else _NO_FILES]
    usual = " ".join(paths)
    answer = prompting.question("Seal which files?", usual) if asking else usual
    if answer == usual:
        return paths, patterns_for(paths)
    words = answer.split()
    return [word for word in words if word in paths], [
        *patterns_for(word for word in words if word in paths),
        *(word for word in words if word not in paths),
    ]


def _tell_survey(survey: Survey) -> None:
    for one in survey.candidates:
        say(f"found {one.path} ({one.reason})")
        if one.path in survey.hidden:
            say(f"  hidden from git by {survey.hidden[one.path]}; sealed it may be committed")
        if one.path in survey.committed:
            past = survey.committed[one.path]
            say(
                f"  in clear in old commits since {past.first.commit[:10]} ({past.first.author}): "
                "change those secrets at their source"
            )
    if not survey.complete:
        say("the history is long and was not searched to its end")


def _how(*, asking: bool) -> str:
    choices = {
        "sealed": "through gitseal: gitseal run, get, export (safest)",
        "plain": "from the file; git stores it sealed, by a filter (gitseal git install)",
    }
    if not asking:
        return "sealed"
    return prompting.choose("How does your application read them?", choices, "sealed")


def _merging(*, asking: bool) -> str:
    choices = {
        "strict": "on your machines: every change of a file is noticed",
        "mergeable": "with the forge's button: deletions and clear values are not noticed",
    }
    if not asking:
        return "strict"
    return prompting.choose("Where do you merge branches?", choices, "strict")


def _offer_recovery(readers: dict[str, str], *, asking: bool) -> None:
    """Show a recovery key once; whoever writes it down can open everything without a computer."""
    local = all(key.startswith(("age1", "ssh-", "file:")) for key in readers.values())
    if not asking or not local or "recovery" in readers:
        return
    from gitseal.masterkeys.recovery import RecoveryKey

    recovery = RecoveryKey.generate()
    words = recovery.words()
    sys.stderr.write("\nYour recovery key. Write it on paper: it is shown this once.\n\n")
    for start in range(0, len(words), 6):
        sys.stderr.write("    " + " ".join(words[start : start + 6]) + "\n")
    sys.stderr.write("\n")
    if prompting.question("Enter when it is written down, s to do without:", "done") != "s":
        readers["recovery"] = recovery.identity().recipient


def _finish(
    current: Workspace, plan: Plan, survey: Survey, chosen: list[str], written: list[str]
) -> int:
    failed: list[GitsealError] = []
    sealed: list[str] = []
    if plan.worktree == "sealed":
        sealed, failed = initialising.seal_files(current, chosen)
        for error in failed:
            print_error(error)
    keep_mirror(current)
    guarded = _is_guarded(current)
    # Without a filter, .gitignore is all that keeps clear files out of git.
    to_commit = sealed if plan.worktree == "sealed" else chosen if guarded else []
    hidden = [path for path in to_commit if path in survey.hidden]
    if hidden:
        written.append(initialising.unhide(current, hidden))
    for path in sealed:
        say(f"sealed {path}")
    say("wrote " + ", ".join(sorted(set(written))))
    if plan.worktree == "plain":
        _tell_plain(guarded=guarded)
    example = (sealed or chosen or ["secrets/app.yaml"])[0]
    say("next:")
    say(f"  gitseal edit {example}")
    if plan.worktree == "sealed" or guarded:
        say("  git add -A && git commit -m 'Seal the secrets'")
    if not guarded:
        say("  gitseal git install               let git diff, merge and guard them")
    say("  gitseal readers add NAME KEY      let somebody else read them, too")
    return int(bool(failed))


def _is_guarded(current: Workspace) -> bool:
    return setup.installed(current.needed_repository())


def _tell_plain(*, guarded: bool) -> None:
    if guarded:
        say("the files stay readable here; git stores them sealed from now on")
    else:
        say("the files stay readable here, and git does not seal them yet: run gitseal git install")
        say("before you add them")


def _offer_filter(current: Workspace, *, asking: bool) -> None:
    """Ask whether git may run gitseal: without it, plain files go into git as they lie there."""
    if not asking or _is_guarded(current):
        return
    if prompting.confirm("Set git up to seal them, for all your repositories?", default=True):
        outcome = setup.install(current.settings.environ, current.repository)
        say(f"git runs gitseal from now on: see {outcome.file}")
        for note in outcome.notes:
            say(f"warning: {note}")
