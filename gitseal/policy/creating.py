# SPDX-License-Identifier: Apache-2.0
"""A first `.gitseal.yaml`, with the comments that explain it."""

from __future__ import annotations

from gitseal.policy import POLICY_FILE
from gitseal.policy.config import Config, ScopeConfig
from gitseal.policy.configreading import SCOPE_FIELDS
from gitseal.policy.splicing import flow, quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ALWAYS_SAID = ("files", "readers", "seal")
"""Fields that a scope shows even where they are the default."""

_EXPLAINED = {
    "files": "gitignore patterns; .git* and .gitseal* never match",
    "context": "bound into every value; never changes",
    "seal": 'key paths; "**" is everything',
    "clear": "key paths that stay readable; they win over seal",
    "worktree": "or plain: the file is readable in your worktree",
    "integrity": "or mergeable: for merges with the forge's button; weaker",
}


def create(
    readers: Mapping[str, str],
    scopes: Sequence[ScopeConfig],
    groups: Mapping[str, Sequence[str]] | None = None,
) -> bytes:
    """
    Write a first policy file with comments that explain it.

    Raises:
        PolicyError: what it would say is not a policy.
    """
    lines = [
        "# .gitseal.yaml - who may read what. After a change by hand: gitseal apply",
        "version: 1",
        "readers:",
        *(f"  {quote(name)}: {quote(uri)}" for name, uri in readers.items()),
    ]
    if groups:
        lines += ["groups:", *(f"  {quote(k)}: {flow(list(v))}" for k, v in groups.items())]
    lines.append("scopes:")
    for scope in scopes:
        lines += [f"  {quote(scope.name)}:", *("    " + line for line in scope_lines(scope))]
    # Only the first scope explains itself; a column of comments is easier to read.
    lines = _with_comments(lines)
    data = "".join(line + "\n" for line in lines).encode("utf-8")
    Config.parse(data, POLICY_FILE)
    return data


def _with_comments(lines: list[str]) -> list[str]:
    explained: set[str] = set()
    result = []
    for line in lines:
        field = line.strip().partition(":")[0]
        comment = _EXPLAINED.get(field) if line.startswith("    ") else None
        if comment and field not in explained:
            explained.add(field)
            result.append(f"{line.ljust(40)}  # {comment}")
        else:
            result.append(line)
    return result


def scope_lines(scope: ScopeConfig) -> list[str]:
    """Give the fields of a scope, one a line: what must stand there, and what is no default."""
    lines = []
    usual = ScopeConfig(scope.name, files=(), readers=())
    for field in SCOPE_FIELDS:
        value = getattr(scope, field)
        if value == getattr(usual, field) and field not in _ALWAYS_SAID:
            continue
        plain = dict(value) if field == "context" else value
        plain = list(plain) if isinstance(plain, tuple) else plain
        quoted = isinstance(plain, list) and field != "readers"
        lines.append(f"{field}: {flow(plain, quoted=quoted)}")
    return lines
