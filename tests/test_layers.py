# SPDX-License-Identifier: Apache-2.0
"""
The house: which room may know which, and what of the world each may touch.

CONTRIBUTING.md draws the floors. Imports only go down, and rooms of one floor do not know each
other; a room may import within itself. Everything counts here: imports inside functions, imports
for annotations, and module names in tables that are loaded by name.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parent.parent / "gitseal"

FLOORS = {
    9: ("__init__", "__main__"),
    8: ("cli", "plumbing"),
    7: ("guest",),
    6: ("operations", "checks", "session", "launch"),
    5: ("sealedfile", "changes", "authority"),
    4: ("native", "sops", "policy", "trust"),
    3: ("documents", "masterkeys", "repository", "files", "settings"),
    2: ("crypto", "keypaths"),
    1: ("errors", "keys"),
}
FLOOR_OF = {room: floor for floor, rooms in FLOORS.items() for room in rooms}

# Neighbours on one floor who may know each other all the same: (who, whom).
STAIRS = {
    ("__main__", "__init__"),  # --version
    ("keys", "errors"),  # everybody may raise
    ("keypaths", "crypto"),  # a path is bytes of crypto/encoding.py
    ("trust", "policy"),  # a pin is a copy of a record; policy knows nothing of pins
}

# Bytes in, bytes out: the answer depends on the arguments alone.
PURE = (
    "authority", "changes", "crypto", "documents", "errors", "keypaths", "keys", "native",
    "policy", "sealedfile", "sops",
)  # fmt: skip

# What of the world -> the rooms (or single modules) that may touch it. Nobody else may.
TOUCH = {
    "the disk": (
        {"glob", "io.open", "mmap", "open()", "os", "pathlib", "shutil", "tempfile"},
        {"cli", "files", "guest", "launch", "masterkeys", "operations", "plumbing", "repository",
         "session", "settings", "trust", "__main__", "checks"},
    ),
    "processes": (
        {"multiprocessing", "pty", "subprocess", "os.execv", "os.execve", "os.execvp", "os.execvpe",
         "os.fork", "os.popen", "os.posix_spawn", "os.posix_spawnp", "os.spawnv", "os.system"},
        {"launch", "repository"},
    ),
    "the network": (
        {"aiohttp", "asyncio", "boto3", "botocore", "http", "hvac", "requests", "socket", "ssl",
         "urllib.request", "urllib3"},
        {"masterkeys"},
    ),
    "the environment": (
        {"os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv", "os.unsetenv"},
        {"settings"},
    ),
    "randomness": (
        {"os.getrandom", "os.urandom", "random", "secrets", "uuid"},
        {"crypto", "keys", "files.writing"},  # files: names of temporary files
    ),
    "the clock": (
        {"datetime", "sched", "time"},
        {"cli", "files", "launch", "masterkeys", "plumbing", "repository", "session"},
    ),
    "the terminal": (
        {"curses", "getpass", "readline", "sys.stderr", "sys.stdin", "sys.stdout", "termios", "tty",
         "print()", "input()"},
        {"cli", "launch", "plumbing", "__main__"},
    ),
    "the end of the process": (
        {"os._exit", "os.abort", "sys.exit"},
        {"__main__", "cli", "launch", "plumbing"},
    ),
    "Typer": ({"click", "rich", "typer"}, {"cli"}),
    # A log is a file with secrets in it that nobody thinks of.
    "logs": ({"logging", "syslog", "warnings"}, set[str]()),
    "code in data": ({"dill", "marshal", "pickle", "shelve", "eval()", "exec()"}, set[str]()),
}  # fmt: skip

# git starts us at every command that meets a sealed file: milliseconds are counted there.
SLOW_TO_IMPORT = {
    "boto3", "botocore", "contextlib", "dataclasses", "email", "enum", "http", "hvac", "importlib",
    "importlib.metadata", "inspect", "logging", "pathlib", "pyrage", "rich", "ruamel",
    "ruamel.yaml", "shutil", "subprocess", "tempfile", "typer", "typing", "urllib",
    "urllib.request",
}  # fmt: skip
NOT_HOT = ("cli", "launch", "policy.editing", "checks.report")
# The plain way in, past Typer.
HOT_ALL_THE_SAME = ("cli.help", "cli.output", "cli.plain", "cli.reporting", "cli.table")


# What `os` offers that is no disk, or has a line of its own above.
NOT_A_DISK = {
    "os.environ", "os.environb", "os.fsdecode", "os.fsencode", "os.getenv", "os.getenvb",
    "os.urandom",
}  # fmt: skip


class Use(NamedTuple):
    """One thing that a module names: an import, or an attribute of one."""

    name: str
    line: int
    at_import: bool


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imported(node: ast.stmt, package: tuple[str, ...]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = list(package[: len(package) - node.level + 1]) if node.level else []
        stem = ".".join([*base, node.module] if node.module else base)
        yield from (f"{stem}.{alias.name}" for alias in node.names)


def guarded(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def walk(node: ast.AST, *, at_import: bool) -> Iterator[tuple[ast.AST, bool]]:
    for child in ast.iter_child_nodes(node):
        inner = at_import and not guarded(child) and not isinstance(child, FUNCTIONS)
        yield child, inner
        yield from walk(child, at_import=inner)


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@functools.cache
def uses(path: Path) -> tuple[Use, ...]:
    """Everything `path` names: imports, attributes of modules, tables of modules, print()."""
    package = ("gitseal", *path.relative_to(PACKAGE).parent.parts)
    tree = ast.parse(path.read_bytes())
    modules_here = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    found = []
    for node, at_import in walk(tree, at_import=True):
        names: list[str] = []
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [name for name in imported(node, package) if name != "os"]
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in modules_here:
            names = [f"{modules_here[ast.unparse(node.value)]}.{node.attr}"]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            names = [f"{node.func.id}()"]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names = [node.value] if node.value.startswith("gitseal.") else []
        line = getattr(node, "lineno", 0)
        found += [Use(name, line, at_import) for name in names]
    return tuple(found)


def room_of(dotted: str) -> str | None:
    """The room that a name like `gitseal.crypto.derive` points into, or None."""
    first, _, rest = dotted.partition(".")
    if first != "gitseal" or " " in dotted:
        return None
    room = rest.partition(".")[0]
    return room if room in FLOOR_OF else "__init__"


def covers(forbidden: str, name: str) -> bool:
    if forbidden == "os" and name in NOT_A_DISK:
        return False
    return name == forbidden or name.startswith(forbidden + ".")


def allowed(module: str, rooms: set[str]) -> bool:
    return any(module == room or module.startswith(room + ".") for room in rooms)


def is_hot(module: str) -> bool:
    return allowed(module, set(HOT_ALL_THE_SAME)) or not allowed(module, set(NOT_HOT))


def test_every_module_has_a_room() -> None:
    homeless = {module_name(path).partition(".")[0] for path in modules()} - set(FLOOR_OF)
    assert not homeless, f"give them a floor, here and in CONTRIBUTING.md: {homeless}"


@pytest.mark.parametrize("path", modules(), ids=module_name)
def test_imports_only_go_down(path: Path) -> None:
    here = module_name(path).partition(".")[0]
    wrong = [
        f"{path}:{use.line}: {here} (floor {FLOOR_OF[here]}) knows {use.name}"
        for use in uses(path)
        if (room := room_of(use.name))
        and room != here
        and FLOOR_OF[room] >= FLOOR_OF[here]
        and (here, room) not in STAIRS
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", modules(), ids=module_name)
@pytest.mark.parametrize("what", TOUCH)
def test_only_some_rooms_touch(what: str, path: Path) -> None:
    forbidden, rooms = TOUCH[what]
    if allowed(module_name(path), rooms):
        return
    wrong = [
        f"{path}:{use.line}: touches {what} ({use.name})"
        for use in uses(path)
        if any(covers(name, use.name) for name in forbidden)
    ]
    assert not wrong, "\n".join(wrong)


def test_pure_rooms_touch_nothing() -> None:
    world = {"the disk", "processes", "the network", "the environment", "the clock"}
    leaks = {what: TOUCH[what][1] & set(PURE) for what in world}
    assert not any(leaks.values()), leaks


@pytest.mark.parametrize("path", modules(), ids=module_name)
def test_hot_rooms_start_quickly(path: Path) -> None:
    if not is_hot(module_name(path)):
        return
    wrong = [
        f"{path}:{use.line}: imports {use.name} at import time"
        for use in uses(path)
        if use.at_import and any(covers(slow, use.name) for slow in SLOW_TO_IMPORT)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import os\nos.environ['A']", "os.environ"),
        ("import os as o\no.environ['A']", "os.environ"),
        ("import os.path\nos.path.exists('A')", "os.path"),
        ("from os import environ", "os.environ"),
        ("def f():\n    from ..cli import ui", "gitseal.cli.ui"),
        ("TABLE = {'age': 'gitseal.masterkeys.age'}", "gitseal.masterkeys.age"),
        ("from gitseal import native", "gitseal.native"),
        ("print('x')", "print()"),
    ],
)
def test_the_reading_of_imports(
    source: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.PACKAGE", tmp_path)
    module = tmp_path / "guest" / "module.py"
    module.parent.mkdir()
    module.write_text(source)

    assert expected in {use.name for use in uses(module)}


def test_imports_for_annotations_cost_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.PACKAGE", tmp_path)
    module = tmp_path / "module.py"
    module.write_text("if TYPE_CHECKING:\n    import typing\nimport enum\n")

    assert [(use.name, use.at_import) for use in uses(module)] == [
        ("typing", False),
        ("enum", True),
    ]
