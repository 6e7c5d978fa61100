# SPDX-License-Identifier: Apache-2.0
"""Writing what `log` and `blame` found: tables for people, lines of tabs for pipes, JSON."""

from __future__ import annotations

import sys

from gitseal.changes.comparing import ADDED, CHANGED, REMOVED
from gitseal.changes.tracing import CLEARED
from gitseal.cli.output import write_json
from gitseal.keypaths import format_path
from gitseal.operations.history import RENAMED, SEALED_AGAIN, UNREADABLE
from gitseal.operations.snapshots import WHOLE
from gitseal.settings import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console
    from rich.text import Text

    from gitseal.changes.comparing import Leaf
    from gitseal.operations.blaming import Blame, Origin
    from gitseal.operations.history import Entry, Row
    from gitseal.repository.trails import Commit
    from gitseal.settings import Settings

_SHORT = 12
_SHOWN = 8
"""Keys of one kind that a cell of the table names."""
_NOT_YET = "not committed yet"
_UNSURE = "changed or not, only a key can tell"
_STYLES = {
    ADDED: "green", REMOVED: "red", CHANGED: "yellow", CLEARED: "bold red", UNREADABLE: "bold red",
    SEALED_AGAIN: "dim",
}  # fmt: skip
_BUCKETS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


# --- What the words are ------------------------------------------------------------------------


def _key(row: Row) -> str:
    return "" if row.key is None else key_name(row.key)


def key_name(key: bytes) -> str:
    """Write a key path for a person, and say so where a file has none."""
    return "(whole file)" if key == WHOLE else format_path(key)


def _detail(entry: Entry, row: Row, *, reveal: bool) -> str:
    """Give what else is to be said of one row; a value only if it was asked for."""
    told = []
    if row.kind == RENAMED:
        told.append(f"from {entry.old_path}")
    elif row.same is None:
        told.append(_UNSURE)
    elif row.same and row.key is not None:
        told.append("unchanged")
    if row.key == WHOLE:
        sizes = " -> ".join(_size(size) for size in entry.sizes if size is not None)
        told.append(sizes if entry.exact else f"about {sizes}")
    elif reveal and row.key is not None:
        shown = [_value(leaf) for leaf in (row.old, row.new) if leaf is not None]
        told.append(" -> ".join(dict.fromkeys(shown)))
    if row.new is not None and row.new.exposed:
        told.append("IN CLEAR")
    return "; ".join(one for one in told if one)


def _value(leaf: Leaf) -> str:
    return "(not opened)" if leaf.text is None else leaf.text.strip("\n")


def _size(size: int) -> str:
    for unit, name in _BUCKETS:
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"


def _day(commit: Commit) -> str:
    return commit.date[:10]


# --- log ---------------------------------------------------------------------------------------


def write_log(found: Iterable[Entry], settings: Settings, *, reveal: bool) -> bool:
    """Write a table to a terminal, one line of tabs a change to a pipe; tell if there is any."""
    if sys.stdout.isatty():
        entries = list(found)
        if entries:
            _table(entries, settings, reveal=reveal)
        return bool(entries)
    one: Entry | None = None
    for one in found:
        start = [one.commit.id[:_SHORT], one.commit.date, one.commit.author]
        for row in one.rows:
            _write_line([*start, row.kind, _key(row), _detail(one, row, reveal=reveal)])
        for note in one.notes:
            _write_line([*start, "note", "", note])
    return one is not None


def _write_line(cells: Sequence[str]) -> None:
    sys.stdout.write("\t".join(printable(cell) for cell in cells) + "\n")


def _table(entries: Sequence[Entry], settings: Settings, *, reveal: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("COMMIT", "DATE", "AUTHOR"):
        table.add_column(title, no_wrap=title != "AUTHOR", max_width=24)
    table.add_column("WHAT", overflow="fold")
    for entry in entries:
        commit = entry.commit
        # Never as markup: a name such as [red] is text here.
        cells = [Text(printable(one)) for one in (commit.id[:_SHORT], _day(commit), commit.author)]
        table.add_row(*cells, _what(entry, reveal=reveal))
    _console(settings).print(table)


def _what(entry: Entry, *, reveal: bool) -> Text:
    from rich.text import Text

    lines = [Text(printable(entry.commit.subject), style="dim")]
    groups: dict[tuple[str, str], list[str]] = {}
    for row in entry.rows:
        # With values in it, each line is one of its own.
        group = groups.setdefault((row.kind, _detail(entry, row, reveal=reveal)), [])
        group += [_key(row)] if row.key is not None else []
    for (kind, detail), keys in groups.items():
        line = Text(kind, style=_STYLES.get(kind, ""))
        shown = ", ".join(keys[:_SHOWN])
        if len(keys) > _SHOWN:
            shown += f" and {len(keys) - _SHOWN:,} more"
        line.append(f"  {printable(shown)}" if shown else "", style="default")
        line.append(f"  ({printable(detail)})" if detail else "", style="default")
        lines.append(line)
    lines += [Text(f"note: {printable(note)}", style="magenta") for note in entry.notes]
    return Text("\n").join(lines)


def _console(settings: Settings) -> Console:
    from rich.console import Console

    color = settings.wants_color(terminal=True)
    return Console(
        file=sys.stdout, color_system="auto" if color else None, highlight=False, markup=False,
        emoji=False,
    )  # fmt: skip


def write_log_json(found: Iterable[Entry], path: str, key: str | None, *, reveal: bool) -> bool:
    """Write all of it as JSON, and tell if there is any."""
    commits = [_entry_json(one, reveal=reveal) for one in found]
    if commits:
        write_json("log", {"path": path, "key": key, "commits": commits})
    return bool(commits)


def _entry_json(entry: Entry, *, reveal: bool) -> dict[str, object]:
    return {
        **_commit_json(entry.commit),
        "merge": entry.merge,
        "path": entry.path,
        "old_path": entry.old_path or None,
        "scope": entry.scope or None,
        "old_size": entry.sizes[0],
        "new_size": entry.sizes[1],
        "sizes_exact": entry.exact,
        "notes": entry.notes,
        "changes": [_row_json(row, reveal=reveal) for row in entry.rows],
    }


def _commit_json(commit: Commit | None) -> dict[str, object]:
    return {
        "commit": commit and commit.id,
        "author": commit and commit.author,
        "date": (commit and commit.date) or None,
        "subject": commit and commit.subject,
    }


def _row_json(row: Row, *, reveal: bool) -> dict[str, object]:
    content = {True: "same", False: "changed", None: "unknown"}[row.same]
    found: dict[str, object] = {
        "kind": row.kind.replace(" ", "-"),
        "key": format_path(row.key) if row.key else None,
        "whole": row.key == WHOLE,
        "content": content,
    }
    if row.key is not None:
        found["old"] = _leaf_json(row.old, reveal=reveal and bool(row.key))
        found["new"] = _leaf_json(row.new, reveal=reveal and bool(row.key))
    return found


def _leaf_json(leaf: Leaf | None, *, reveal: bool) -> dict[str, object] | None:
    if leaf is None:
        return None
    found: dict[str, object] = {
        "line": leaf.line,
        "sealed": bool(leaf.token),
        "exposed": leaf.exposed,
    }
    return found | {"source": leaf.text} if reveal else found


# --- blame -------------------------------------------------------------------------------------


def write_blame(found: Blame, settings: Settings) -> None:
    """Write one line a value: a table for a terminal, tabs for a pipe."""
    rows = [_blamed(one) for one in found.origins]
    if not sys.stdout.isatty():
        for row in rows:
            _write_line(row)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("LINE", justify="right", no_wrap=True)
    table.add_column("KEY", overflow="fold")
    for title in ("COMMIT", "DATE"):
        table.add_column(title, no_wrap=True)
    table.add_column("AUTHOR", max_width=24)
    table.add_column("", overflow="fold")
    for line, key, commit, date, author, note in rows:
        cells = (line, key, commit, date[:10], author, note)
        table.add_row(*(Text(printable(cell)) for cell in cells))
    _console(settings).print(table)


def _blamed(origin: Origin) -> list[str]:
    commit, leaf = origin.commit, origin.leaf
    told = [origin.doubt and f"{origin.doubt}: {_UNSURE}", leaf.exposed and "IN CLEAR"]
    start = [str(leaf.line), key_name(leaf.path)]
    note = "; ".join(one for one in told if one)
    if commit is None:
        return [*start, "", "", "", "; ".join(one for one in (_NOT_YET, note) if one)]
    return [*start, commit.id[:_SHORT], commit.date, commit.author, note]


def write_blame_json(found: Blame, path: str, revision: str | None) -> None:
    """Write all of it as JSON."""
    values = [
        {
            "key": format_path(one.leaf.path) if one.leaf.path else None,
            "whole": one.leaf.path == WHOLE,
            "line": one.leaf.line,
            "sealed": bool(one.leaf.token),
            "exposed": one.leaf.exposed,
            "committed": one.commit is not None,
            **_commit_json(one.commit),
            "path": one.path,
            "doubt": one.doubt or None,
        }
        for one in found.origins
    ]
    body = {"path": path, "revision": revision, "scope": found.scope or None}
    write_json("blame", {**body, "notes": found.notes, "values": values})
