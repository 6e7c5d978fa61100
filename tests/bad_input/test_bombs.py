# SPDX-License-Identifier: Apache-2.0
"""Documents made to cost time and memory: refused by a limit, or sealed within bounds."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from desk import Desk
from trouble import check_message

SECONDS = 20.0
MEMORY = 1 << 30
LEVELS = 100_000
MIB = 1 << 20


def alias_bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 12):
        names = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} [{names}]")
    return "\n".join(lines) + "\n"


def merge_bomb() -> str:
    lines = ["a0: &a0 {k: v}"]
    lines += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 25)]
    return "\n".join(lines) + "\n"


# Their way back costs as much again, and is tested with smaller ones.
LARGE = {"yaml: comments", "yaml: keys", "json: keys", "dotenv: comments", "dotenv: names"}
# name -> file, content, whether it is refused
BOMBS: dict[str, tuple[str, Callable[[], str], bool]] = {
    "yaml: 10 MB in quotes": ("a.yaml", lambda: f'a: "{"x" * 10_000_000}"\n', True),
    "yaml: 10 MB in a block": ("a.yaml", lambda: "a: |\n" + "  line\n" * 1_500_000, True),
    "yaml: lists in brackets": ("a.yaml", lambda: "a: " + "[" * LEVELS, True),
    "yaml: closed brackets": ("a.yaml", lambda: "a: " + "[" * LEVELS + "]" * LEVELS, True),
    "yaml: mappings in braces": ("a.yaml", lambda: "{a: " * LEVELS, True),
    "yaml: lists in one line": ("a.yaml", lambda: "- " * LEVELS + "x\n", True),
    "yaml: keys of keys": ("a.yaml", lambda: "? " * LEVELS + "x\n", True),
    "yaml: 2,000 indents": ("a.yaml", lambda: "".join(f"{' ' * n}a:\n" for n in range(2000)), True),
    "yaml: an alias bomb": ("a.yaml", alias_bomb, False),
    "yaml: a merge bomb": ("a.yaml", merge_bomb, True),
    "yaml: comments": ("a.yaml", lambda: "# x\n" * 250_000 + "a: 1\n", False),
    "yaml: keys": ("a.yaml", lambda: "".join(f"k{n}: v\n" for n in range(50_000)), False),
    "yaml: keys in braces": ("a.yaml", lambda: "{" + "k, " * 50_000 + "}", True),
    "yaml: documents": ("a.yaml", lambda: "--- a\n" * 50_000, False),
    "yaml: anchors": ("a.yaml", lambda: "".join(f"- &a{n} 1\n- *a{n}\n" for n in range(20_000)),
                      False),
    "yaml: a long number": ("a.yaml", lambda: "a: " + "7" * 1_000_000 + "\n", False),
    "yaml: a long name": ("a.yaml", lambda: '"' + "k" * 1_000_000 + '": 1\n', True),
    "yaml: a million events": ("a.yaml", lambda: "[" + "x," * 1_000_001 + "]\n", True),
    "yaml: 65 MiB": ("a.yaml", lambda: "# comment\n" * (6_900_000), True),
    "json: 10 MB": ("a.json", lambda: f'{{"a": "{"x" * 10_000_000}"}}', True),
    "json: lists": ("a.json", lambda: '{"a": ' + "[" * LEVELS, True),
    "json: closed lists": ("a.json", lambda: '{"a": ' + "[" * LEVELS + "]" * LEVELS + "}", True),
    "json: objects": ("a.json", lambda: '{"a": ' * LEVELS, True),
    "json: keys": ("a.json", lambda: "{" + ",".join(f'"k{n}": 1' for n in range(50_000)) + "}",
                   False),
    "json: a long number": ("a.json", lambda: '{"a": ' + "7" * 1_000_000 + "}", False),
    "json: a long fraction": ("a.json", lambda: '{"a": 1.' + "7" * 1_000_000 + "e9}", False),
    "json: escapes": ("a.json", lambda: '{"a": "' + "\\u0041" * 170_000 + '"}', False),
    "json: white space": ("a.json", lambda: '{"a":' + " " * 5_000_000 + "1}", False),
    "dotenv: 10 MB": (".env", lambda: "A=" + "x" * 10_000_000 + "\n", True),
    "dotenv: comments": (".env", lambda: "# x\n" * 250_000 + "A=1\n", False),
    "dotenv: names": (".env", lambda: "".join(f"K{n}=v\n" for n in range(50_000)), False),
    "dotenv: open quotes": (".env", lambda: "A='x\n" + 'B="y\n' * 40_000, True),
    "dotenv: backslashes": (".env", lambda: 'A="' + "\\" * 500_000 + "\n", False),
}  # fmt: skip


def bounded(*words: str) -> subprocess.CompletedProcess[bytes]:
    """Run gitseal with little memory and time: no bomb may take a machine with it."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    return subprocess.run(
        [sys.executable, "-m", "gitseal", *words],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=SECONDS,
        preexec_fn=limit,
        check=False,
    )


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_does_not_go_off(name: str, app: Desk) -> None:
    path, make, is_refused = BOMBS[name]
    data = make().encode()
    file = app.write(path, data)

    done = bounded("encrypt", path)

    assert done.returncode == (9 if is_refused else 0), done.stderr[:500]
    if is_refused:
        check_message(done.stderr.decode(), f"error: {path}")
        assert file.read_bytes() == data
        assert len(done.stderr) < 2_000
    elif name not in LARGE:
        assert bounded("decrypt", path).stdout == data


@pytest.mark.parametrize("text", ["1e999", ".inf", "-.inf", ".nan", "1e-999", "0o777", "1_000"])
def test_odd_numbers_come_back_as_they_were(text: str, app: Desk) -> None:
    app.seal("a.yaml", f"a: {text}\n")

    assert app.clear("a.yaml") == f"a: {text}\n"
    assert app("get", "a.yaml", "a").out


def test_a_sparse_file_of_10_gib_is_refused_unread(app: Desk) -> None:
    for path in ("a.pem", "a.yaml", ".gitseal/keyring/b.json"):
        file: Path = app.write(path, b"")
        with file.open("r+b") as stream:
            stream.truncate(10 << 30)

        done = bounded("encrypt", path) if "keyring" not in path else bounded("decrypt", "a.json")

        assert done.returncode in {1, 9}
        check_message(done.stderr.decode(), path.rpartition("/")[2] if "key" not in path else "")
        file.unlink()


@pytest.mark.parametrize(("size", "code"), [(MIB - 2, 0), (MIB + 1, 9)])
def test_a_value_of_1_mib_and_one_more(size: int, code: int, app: Desk) -> None:
    app.write("a.yaml", f'a: "{"x" * size}"\n')

    app("encrypt", "a.yaml", code=code)


def test_patterns_do_not_explode(app: Desk) -> None:
    stars = "/".join(["**"] * 200) + "/" + "*a" * 1_000
    app.scope("two", files=(stars, "**/" * 500 + "x.txt"), seal=(".".join(["**"] * 200) + ".x",))
    path = "/".join(["a" * 200] * 15)
    app.write(f"{path}/y.yaml", "a: " * 1 + "1\n")

    app("encrypt", f"{path}/y.yaml")
