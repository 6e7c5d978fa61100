# SPDX-License-Identifier: Apache-2.0
"""`doctor` and `policy explain`: what is missing here, and which rule decides."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from gitseal import documents, sealedfile
from gitseal.authority import Grant
from gitseal.cli.checking import check_format
from gitseal.cli.context import workspace
from gitseal.cli.output import write_json
from gitseal.cli.reporting import say
from gitseal.errors import GitsealError
from gitseal.keypaths import COMMENT_PATH, encode, format_path, parse_typed
from gitseal.operations.opening import MAX_FILE
from gitseal.operations.workspace import Workspace
from gitseal.policy import POLICY_FILE
from gitseal.policy.config import Config
from gitseal.policy.patterns import Patterns
from gitseal.repository.trees import WorktreeTree
from gitseal.settings import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.keypaths import Segment

Format = Annotated[str, typer.Option("--format", metavar="FORMAT", help="text or json")]


def doctor(form: Format = "text") -> int:
    """
    Look for what is missing or dangerous here.

    Looks at this machine and at this repository. Each line that is not ok says what to do. Exits
    with 1 if something has to be mended.
    """
    from gitseal.cli.diagnosing import FAIL, diagnose

    check_format(form)
    found = diagnose(workspace())
    bad = any(one.level == FAIL for one in found)
    if form == "json":
        write_json("doctor", {"ok": not bad, "diagnoses": [one.as_json() for one in found]})
        return 1 if bad else 0
    for one in found:
        sys.stdout.write(f"{one.level:<4}  {printable(one.message)}\n")
        if one.fix:
            sys.stdout.write(f"      -> {printable(one.fix)}\n")
    return 1 if bad else 0


def policy_explain(
    target: Annotated[str, typer.Argument(metavar="FILE[:KEY]", help="FILE need not exist")],
    form: Format = "text",
) -> int:
    """
    Say which scope claims FILE, and which rule decides.

    Tells it for each key of FILE, or for KEY alone. Exits with 1 if no scope claims FILE. The
    records are what counts; .gitseal.yaml is mentioned where it says something else.
    """
    check_format(form)
    current = workspace()
    repository = current.needed_repository()
    file, key = _split(target)
    place = current.locate(file)
    grant = current.authority.grant(place.name, any_record=True) if place.inside else None
    if grant is None:
        _say_unclaimed(current, place.name)
        if form == "json":
            write_json("policy-explain", {"path": place.name, "scope": None})
        return 1
    tree = WorktreeTree(repository.root, limit=MAX_FILE)
    rows = _decisions(place.name, key, grant, tree)
    if form == "json":
        _write_json(place.name, grant, rows)
    else:
        _write_text(place.name, grant, rows)
    return 0


def _split(target: str) -> tuple[str, str | None]:
    if os.path.lexists(target) or ":" not in target:
        return target, None
    positions = [at for at, char in enumerate(target) if char == ":"]
    at = next((at for at in positions if os.path.lexists(target[:at])), positions[0])
    return target[:at], target[at + 1 :] or None


def _say_unclaimed(current: Workspace, name: str) -> None:
    say(f"no scope claims {name}")
    data = WorktreeTree(current.needed_repository().root).read(POLICY_FILE)
    if data is None:
        return
    try:
        scopes = Config.parse(data).scopes.values()
        wanting = [one.name for one in scopes if Patterns(one.files).matches(name)]
    except GitsealError:
        return
    for scope in wanting:
        say(f"hint: scope {scope} of {POLICY_FILE} would; it is not applied: gitseal apply")


def _decisions(
    name: str, key: str | None, grant: Grant, tree: WorktreeTree
) -> list[tuple[str, bool, str]]:
    """Give (key path, sealed, deciding rule) for each key of a document, or for one."""
    if documents.syntax_of(name) is None or grant.is_whole(name):
        return []
    if key is not None:
        paths = [_typed(key)]
    else:
        paths = _key_paths(name, tree, grant)
    rules = grant.rules
    return [(format_path(path), rules.selects(path), rules.decided_by(path)) for path in paths]


def _typed(key: str) -> bytes:
    if key == "#":
        return COMMENT_PATH
    parts = parse_typed(key)
    segments: list[Segment] = [("*",) if isinstance(part, int) else ("k", part) for part in parts]
    return encode(segments)


def _key_paths(name: str, tree: WorktreeTree, grant: Grant) -> list[bytes]:
    data = tree.read(name)
    if not data:
        return []
    try:
        content = sealedfile.inspect(data, name, whole=grant.is_whole(name))
    except GitsealError as error:
        say(f"{name}: {error.message}")
        return []
    document = content.document
    if document is None:
        return []
    slots = sorted([*document.sealed, *document.slots])
    paths = dict.fromkeys(slot[2] for slot in slots)
    if document.comments or document.sealed_comments:
        paths[COMMENT_PATH] = None
    return list(paths)


def _mode(name: str, grant: Grant) -> str:
    if (pattern := grant.whole.decided_by(name)) is not None:
        return f"as a whole, by pattern {pattern} of whole"
    syntax = documents.syntax_of(name)
    return "as a whole: its name says no syntax" if syntax is None else f"by value ({syntax})"


def _write_text(name: str, grant: Grant, rows: list[tuple[str, bool, str]]) -> None:
    policy = grant.policy
    pattern = Patterns(policy.files).decided_by(name)
    lines = [
        name,
        f"  scope    {grant.scope}, by pattern {pattern}",
        f"  readers  {', '.join(reader.to for reader in policy.readers)}",
        f"  sealed   {_mode(name, grant)}",
    ]
    if not grant.verdict.trusted:
        lines.append(f"  record   not trusted here: {grant.verdict.state}")
    width = min(max((len(row[0]) for row in rows), default=0), 40)
    for key, sealed, rule in rows:
        lines.append(f"  {key:<{width}}  {'sealed' if sealed else 'clear'}  {rule}")
    sys.stdout.write("".join(printable(line) + "\n" for line in lines))


def _write_json(name: str, grant: Grant, rows: list[tuple[str, bool, str]]) -> None:
    policy = grant.policy
    body: dict[str, object] = {
        "path": name,
        "scope": grant.scope,
        "pattern": Patterns(policy.files).decided_by(name),
        "trust": grant.verdict.state,
        "readers": [reader.to for reader in policy.readers],
        "whole": grant.is_whole(name) or documents.syntax_of(name) is None,
        "keys": [{"key": key, "sealed": sealed, "rule": rule} for key, sealed, rule in rows],
    }
    write_json("policy-explain", body)
