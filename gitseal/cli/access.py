# SPDX-License-Identifier: Apache-2.0
"""`readers`, `apply`, `trust` and `rotate`: who may read, and whom to believe."""

from __future__ import annotations

from typing import Annotated

import typer

from gitseal.cli import prompting
from gitseal.cli.applied import tell_applied, tell_steps
from gitseal.cli.checking import check_format
from gitseal.cli.context import settings, workspace
from gitseal.cli.output import write_json, write_table
from gitseal.cli.reporting import print_error, say
from gitseal.errors import (
    GitsealError,
    NegativeAnswer,
    NotFoundError,
    RefusedError,
    UntrustedError,
    UsageError,
)
from gitseal.masterkeys import canonical
from gitseal.operations import applying, attributing, rotating, trusting
from gitseal.operations.policymerge import merged_policy
from gitseal.operations.resealing import claimed_files
from gitseal.operations.workspace import Workspace
from gitseal.policy import POLICY_FILE, editing
from gitseal.policy.config import Config
from gitseal.repository.drivers import is_installed
from gitseal.settings import printable
from gitseal.trust import Verdict
from gitseal.trust.verdicts import UNSIGNED

Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask, having compared it elsewhere")]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="show what would change, no more")]
Format = Annotated[str, typer.Option("--format", metavar="FORMAT", help="text or json")]
Scopes = Annotated[
    list[str] | None, typer.Option("--scope", metavar="SCOPE", help="only there; default: all")
]


def apply(
    yes: Yes = False,
    dry_run: DryRun = False,
    allow_clear: Annotated[
        bool, typer.Option("--allow-clear", help="with --yes: values may come into the clear")
    ] = False,
    older: Annotated[
        bool, typer.Option("--older", help="go back to this older policy; the newer was given up")
    ] = False,
) -> int:
    """
    Make the sealed files match .gitseal.yaml.

    Shows who gains and who loses access first. Who is taken out costs a new data key: then
    every file of the scope is sealed again. After a merge it also merges the keyring.
    """
    current = workspace()
    merged = merged_policy(current)
    config = None if merged is None else Config.parse(merged)
    steps = applying.plan(current, config, older=older)
    tell_steps(steps)
    if merged is None and all(step.kind == applying.GONE for step in steps):
        say(f"{POLICY_FILE} is applied")
        return 0
    if merged is not None:
        say(f"{POLICY_FILE} is merged, too")
    if dry_run:
        return 1
    # What git runs follows from what is trusted already; only the rest is for a person.
    if merged is not None or any(one.kind != applying.ATTRIBUTES for one in steps):
        _confirm("Apply this?", yes=yes, exposes=not allow_clear and _exposes(steps))
    if merged is not None:
        applying.write_policy(current, merged)
    applied = applying.carry_out(current, steps)
    if merged is not None:
        applied.written.insert(0, POLICY_FILE)
    code = tell_applied(applied)
    plain = [one.scope for one in steps if one.policy and one.policy.worktree == "plain"]
    if plain and not is_installed(current.needed_repository()):
        say(f"warning: files of scope {plain[0]} lie in clear here, and git adds them so")
        say("hint: gitseal git install")
    return code


def _exposes(steps: list[applying.Step]) -> bool:
    return any(step.foreseen.exposed for step in steps)


def _confirm(text: str, *, yes: bool, exposes: bool = False) -> None:
    if yes and exposes:
        raise RefusedError(
            "this brings sealed values into the clear, which --yes alone does not allow",
            hint="look at the rules once more; if it is meant: gitseal apply --yes --allow-clear",
        )
    if yes:
        return
    if not prompting.may_ask(settings()):
        raise UsageError("nobody is here to confirm", hint="look at it, then repeat with --yes")
    if not prompting.confirm(text, default=not exposes):
        raise NegativeAnswer("nothing was changed")


def readers_list(scope: Scopes = None, form: Format = "text") -> None:
    """List who can read each scope, as the trusted records say."""
    check_format(form)
    current = workspace()
    authority = current.authority
    rows: list[dict[str, str]] = []
    for name in authority.scopes():
        if scope and name not in scope:
            continue
        verdict = authority.judge(name)
        if verdict is None:
            continue
        if verdict.state == UNSIGNED:
            raise authority.error(verdict)
        if not verdict.readable:
            say(f"scope {name} is not trusted here: this is what its record says of itself")
        readers = verdict.record.policy.readers
        rows += [{"scope": name, "reader": one.to, "key": one.key} for one in readers]
    if form == "json":
        write_json("readers", {"readers": list(rows)})
        return
    write_table(
        ("SCOPE", "READER", "KEY"), [(row["scope"], row["reader"], row["key"]) for row in rows]
    )


def readers_add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="of the reader")],
    key: Annotated[str, typer.Argument(metavar="KEY", help="age1…, ssh-ed25519 …, file:…")],
    scope: Scopes = None,
    group: Annotated[
        list[str] | None, typer.Option(metavar="GROUP", help="a group to join")
    ] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> int:
    """
    Let NAME read: in all scopes, or in those named.

    Touches no sealed file. Values that were sealed before become readable as well.
    """
    current = workspace()
    data = applying.read_policy(current)
    config = Config.parse(data)
    scopes = [] if group else list(scope or config.scopes)
    _check_scopes(config, scopes)
    new = editing.add_reader(data, name, canonical(key), scopes=scopes, groups=group or ())
    return _edit_policy(current, data, new, yes=yes, dry_run=dry_run)


def readers_remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="of the reader")],
    scope: Scopes = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> int:
    """
    Take NAME out: of all scopes, or of those named.

    Makes a new data key and seals every file of these scopes again. What NAME could read
    stays read: the list of those files is printed, so that the secrets can be replaced.
    """
    current = workspace()
    data = applying.read_policy(current)
    config = Config.parse(data)
    _check_scopes(config, list(scope or ()))
    new = editing.remove_reader(data, name, scopes=scope)
    return _edit_policy(current, data, new, yes=yes, dry_run=dry_run, leaver=name)


def _check_scopes(config: Config, scopes: list[str]) -> None:
    for name in scopes:
        if name not in config.scopes:
            known = ", ".join(config.scopes)
            raise NotFoundError(f"no scope is called {name!r}", hint=f"there are: {known}")


def _edit_policy(
    current: Workspace,
    old: bytes,
    new: bytes,
    *,
    yes: bool,
    dry_run: bool,
    leaver: str | None = None,
) -> int:
    """Plan with the new policy, ask, and only then write it: a refusal leaves all as it was."""
    config = Config.parse(new)
    steps = applying.plan(current, config)
    tell_steps(steps)
    if not steps and new == old:
        say("nothing to change")
        return 0
    if dry_run:
        return 1
    known = _readable_by(current, leaver) if leaver else []
    _confirm("Do this?", yes=yes, exposes=_exposes(steps))
    applying.write_policy(current, new)
    applied = applying.carry_out(current, steps)
    applied.written.insert(0, POLICY_FILE)
    code = tell_applied(applied)
    if leaver and known:
        say(f"{leaver} could read what these files hold; replace those secrets at their source:")
        for file in known:
            say(f"  {file}")
    return code


def _readable_by(current: Workspace, name: str) -> list[str]:
    found = []
    for scope in current.authority.scopes():
        record = current.authority.record(scope)
        if record and any(reader.to == name for reader in record.policy.readers):
            found += claimed_files(current, record)
    return found


def trust(
    scope: Annotated[list[str] | None, typer.Argument(metavar="SCOPE")] = None,
    yes: Yes = False,
    forget: Annotated[
        list[str] | None, typer.Option(metavar="SCOPE", help="forget a scope whose record is gone")
    ] = None,
) -> int:
    """
    Trust the scopes of this clone.

    Shows the safety code of each, its readers and its rules. Compare the code with somebody
    who has it already (their gitseal status shows it), by another way than this repository.
    """
    current = workspace()
    if forget:
        return _forget(current, forget)
    verdicts = [
        verdict
        for verdict in trusting.verdicts(current)
        if not scope or verdict.record.name in scope
    ]
    if not verdicts:
        raise NotFoundError("there is no such scope here", hint="gitseal status lists them")
    waiting = [verdict for verdict in verdicts if not verdict.trusted or verdict.advances]
    if not waiting:
        for verdict in verdicts:
            say(f"{verdict.record.name} is trusted ({verdict.source}): safety code "
                f"{verdict.record.safety_code()}")  # fmt: skip
    for verdict in waiting:
        trust_one(current, verdict, yes=yes)
    keep_mirror(current)
    if any(verdict.record.policy.worktree == "plain" for verdict in waiting):
        say("hint: gitseal unlock opens the files that lie in clear for readers")
    return 0


def keep_mirror(current: Workspace) -> None:
    """From now on no branch can switch the filter off here, whatever it brings along."""
    try:
        attributing.mirror(current)
    except GitsealError as error:
        print_error(error)


def trust_one(current: Workspace, verdict: Verdict, *, yes: bool) -> None:
    """
    Show a record, ask, and trust it.

    Raises:
        UntrustedError: nobody is there to ask, or nobody may choose to trust it.
        NegativeAnswer: the answer was no.
    """
    record = verdict.record
    if not verdict.acceptable:
        raise current.authority.error(verdict)
    opened = trusting.check_public_keys(current, record)
    if not verdict.trusted:
        _show(verdict)
        if not opened:
            say("  you are no reader of it: you can check its files, not read them")
        if not yes and not prompting.may_ask(settings()):
            raise UntrustedError(
                f"scope {record.name} is not trusted, and nobody is here to compare its code",
                hint="set GITSEAL_TRUST, or run gitseal trust at a terminal",
            )
        if not yes and not prompting.confirm("Trust it?", default=False):
            raise NegativeAnswer("nothing was trusted")
    for path in trusting.accept(current, record):
        say(f"wrote {path}: commit it, and your other machines will not ask")
    say(f"{record.name} is trusted")


def _show(verdict: Verdict) -> None:
    record = verdict.record
    say(f"scope {record.name}")
    say(f"  safety code  {record.safety_code()}")
    if len(record.context):
        say(
            "  context      " + ", ".join(f"{key}={value}" for key, value in record.context.items())
        )
    if verdict.pinned is not None:
        say(f"  trusted now  {verdict.pinned.safety_code()}: this is another key")
    for change in verdict.changes:
        say(f"  {printable(str(change))}")  # a pattern with a line break is no line of ours


def _forget(current: Workspace, scopes: list[str]) -> int:
    store = current.trust
    for name in scopes:
        pin = store.pinned(name)
        if pin is None:
            raise NotFoundError(f"nothing is trusted under the name {name!r}")
        if name in current.authority.scopes():
            raise UsageError(f"scope {name} has a record here", hint="gitseal trust compares it")
        store.forget(pin.record)
        say(f"{name} is forgotten")
    current.forget_authority()
    attributing.mirror(current, only_update=True)
    return 0


def rotate(
    scope: Annotated[list[str] | None, typer.Argument(metavar="SCOPE")] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> int:
    """
    Replace a scope's data key and seal its files again.

    The old key is retired as soon as no staged file uses it: stage the files, then gitseal
    apply. A rotation that was cut short goes on where it stopped.
    """
    current = workspace()
    names = scope or current.authority.scopes()
    if not scope and len(names) != 1:
        raise UsageError("name the scope", hint=f"there are: {', '.join(names)}")
    code = 0
    for name in names:
        grant = current.authority.grant_scope(name)
        grant.check_writable()
        if dry_run:
            files = claimed_files(current, grant.record)
            say(f"would make a new data key for scope {name}, and seal {len(files)} files again")
            continue
        _confirm(f"Make a new data key for scope {name} and seal its files again?", yes=yes)
        applied = applying.Applied()
        applied.add_rotation(rotating.rotate(current, grant.record))
        code = max(code, tell_applied(applied))
    return code
