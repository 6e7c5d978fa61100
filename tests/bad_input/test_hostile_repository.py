# SPDX-License-Identifier: Apache-2.0
"""A repository full of modules with the names of ours: nothing in it is ever imported."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from desk import ENV, Desk
from needs import ROOT

MODULES = (
    "ast", "base64", "cryptography", "encodings", "getpass", "gitseal", "hashlib", "importlib",
    "json", "os", "pyrage", "re", "resource", "ruamel", "shlex", "sitecustomize", "site",
    "subprocess", "tempfile", "tomllib", "typer", "typing", "usercustomize", "yaml", "_yaml",
)  # fmt: skip
COMMANDS = (
    ["decrypt", ".env"], ["get", ".env", "PORT"], ["check"], ["status"],
    ["run", ".env", "--", "true"], ["export", ".env", "--format", "json"],
    ["encrypt", ".env"], ["readers", "list"],
    ["keys", "whoami"], ["--help"], ["--version"],
)  # fmt: skip


@pytest.fixture
def trap(app: Desk, tmp_path: Path) -> Path:
    """A sealed repository that is a trap; the file that shows whether it closed."""
    app.seal(".env", ENV)
    sprung = tmp_path / "sprung"
    for name in MODULES:
        code = f"import builtins\nbuiltins.open({str(sprung)!r}, 'a').write({name!r} + ' ')\n"
        app.write(f"{name}.py", code)
        app.write(f"{name}/__init__.py", code)
    app.write("gitseal/__main__.py", f"open({str(sprung)!r}, 'a').write('main ')\n")
    return sprung


def installed(folder: Path) -> str:
    """The program as an installer makes it: a script in a folder of its own."""
    script = folder / "bin" / "gitseal"
    script.parent.mkdir()
    script.write_text(
        f"#!{sys.executable}\nimport sys\nfrom gitseal.__main__ import main\nsys.exit(main())\n"
    )
    script.chmod(0o755)
    return str(script)


def test_the_installed_program_imports_nothing_from_it(trap: Path, tmp_path: Path) -> None:
    program = installed(tmp_path)
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    for words in COMMANDS:
        done = subprocess.run(
            [program, *words], capture_output=True, text=True, env=environ, check=False
        )
        assert done.returncode in {0, 1}, f"{words}: {done.stderr}"
        assert not trap.exists(), f"{words} imported {trap.read_text()}"


def test_python_m_imports_nothing_more_once_it_runs(trap: Path, app: Desk) -> None:
    """What finds the package for `python -m` looks here first; that ends with our first line."""
    for name in ("gitseal", "importlib", "os", "re", "typing"):
        shutil.rmtree(app.folder / name)
        (app.folder / f"{name}.py").unlink()
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    for words in COMMANDS[:4]:
        done = subprocess.run(
            [sys.executable, "-m", "gitseal", *words],
            capture_output=True,
            text=True,
            env=environ,
            check=False,
        )
        assert done.returncode in {0, 1}, f"{words}: {done.stderr}"
        assert not trap.exists(), f"{words} imported {trap.read_text()}"


@pytest.mark.parametrize("entry", ["", "."])
def test_an_empty_entry_of_pythonpath_is_not_the_repository(
    entry: str, trap: Path, app: Desk, tmp_path: Path
) -> None:
    """`PYTHONPATH=$PYTHONPATH:/x` with an empty variable is a common slip."""
    for name in ("sitecustomize", "usercustomize", "site", "os", "encodings", "gitseal"):
        # These are Python's own business before the first line of ours runs.
        (app.folder / f"{name}.py").rename(tmp_path / f"{name}.py")
        (app.folder / name).rename(tmp_path / f"{name}.d")
    program = installed(tmp_path)
    environ = os.environ | {"PYTHONPATH": f"{entry}:{ROOT}"}

    done = subprocess.run(
        [program, "status"], capture_output=True, text=True, env=environ, check=False
    )

    assert done.returncode == 0, done.stderr
    assert not trap.exists(), trap.read_text()


def test_its_attributes_and_configuration_start_nothing(app: Desk, tmp_path: Path) -> None:
    app.seal(".env", ENV)
    sprung = tmp_path / "sprung"
    script = f"touch {sprung}"
    app.write(".git/hooks/pre-commit", f"#!/bin/sh\n{script}\n").chmod(0o755)
    app.write(".git/hooks/post-index-change", f"#!/bin/sh\n{script}\n").chmod(0o755)
    for name in (
        "core.fsmonitor", "core.pager", "core.sshCommand", "diff.external", "filter.x.clean",
        "diff.x.textconv", "alias.check", "credential.helper",
    ):  # fmt: skip
        subprocess.run(["git", "config", name, script], check=True)
    app.write(".gitattributes", "* filter=x diff=x\n")

    for words in (["check"], ["status"], ["diff"], ["encrypt", ".env"], ["apply", "--dry-run"]):
        subprocess.run([sys.executable, "-m", "gitseal", *words], capture_output=True, check=False)
        assert not sprung.exists(), words
