# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gitseal.errors import GitsealError, RefusedError, UsageError
from gitseal.launch.run import exec_with_environment, is_dangerous, prepare_environment

ROOT = Path(__file__).resolve().parents[2]
EXEC = """
import os, sys
from gitseal.errors import GitsealError
from gitseal.launch.hardening import forbid_core_dumps
from gitseal.launch.run import exec_with_environment
forbid_core_dumps()
print("first")
try:
    exec_with_environment(sys.argv[1:], {**os.environ, "SECRET": "value"})
except GitsealError as error:
    print(error)
    sys.exit(error.exit_code)
"""


def executed(*command: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", EXEC, *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


class TestPreparing:
    def test_what_is_there_wins_and_is_told(self) -> None:
        made = prepare_environment({"A": "new", "B": "new", "C": "same"}, {"A": "old", "C": "same"})

        assert made.environment == {"A": "old", "B": "new", "C": "same"}
        assert (made.skipped, made.replaced) == (("A",), ())

    def test_unless_it_is_overridden(self) -> None:
        made = prepare_environment({"A": "new"}, {"A": "old", "X": "x"}, override=True)

        assert made.environment == {"A": "new", "X": "x"}
        assert (made.skipped, made.replaced) == ((), ("A",))

    @pytest.mark.parametrize(
        "name",
        [
            "LD_PRELOAD",
            "LD_LIBRARY_PATH",
            "PATH",
            "BASH_ENV",
            "ENV",
            "PYTHONPATH",
            "PYTHONSTARTUP",
            "NODE_OPTIONS",
            "PERL5OPT",
            "RUBYOPT",
            "GIT_DIR",
            "GIT_SSH_COMMAND",
            "DYLD_INSERT_LIBRARIES",
            "IFS",
            "PS4",
            "PROMPT_COMMAND",
            "HOME",
            "BASH_FUNC_x%%",
            "JAVA_TOOL_OPTIONS",
            "GITSEAL_TRUST",
            "EDITOR",
            "npm_config_script_shell",
        ],
    )
    def test_dangerous_names_are_refused(self, name: str) -> None:
        assert is_dangerous(name)
        with pytest.raises(RefusedError) as caught:
            prepare_environment({name: "canary"}, {})
        assert name in caught.value.message
        assert "canary" not in str(caught.value)

        made = prepare_environment({name: "x"}, {}, allowed={name})
        assert made.environment == {name: "x"}

    @pytest.mark.parametrize(
        "name", ["DB_PASSWORD", "PYTHON_VERSION", "HOMEPAGE", "PATHS", "USER", "ENVIRONMENT"]
    )
    def test_ordinary_names_are_not(self, name: str) -> None:
        assert not is_dangerous(name)

    @pytest.mark.parametrize("name", ["", "A=B", "A\0"])
    def test_names_that_cannot_be_are_refused(self, name: str) -> None:
        with pytest.raises(UsageError):
            prepare_environment({name: "x"}, {})

    def test_a_nul_in_a_value_is_refused_without_showing_it(self) -> None:
        with pytest.raises(UsageError, match="value of A holds a NUL") as caught:
            prepare_environment({"A": "canary\0"}, {})

        assert "canary" not in str(caught.value)


class TestBecoming:
    def test_the_program_takes_our_place(self) -> None:
        done = executed("sh", "-c", 'echo "$SECRET $$"; exit 7')

        assert done.returncode == 7
        assert done.stdout.startswith("first\nvalue ")

    def test_it_dies_of_the_pipe_as_it_would_alone(self) -> None:
        done = executed("sh", "-c", "yes | head -n 1; yes 2>&1 | true")

        assert done.stdout == "first\ny\n"
        assert "Broken pipe" not in done.stderr

    def test_its_arguments_are_its_own(self) -> None:
        assert executed("printf", "%s|", "a b", "*", "$HOME").stdout == "first\na b|*|$HOME|"

    def test_it_leaves_no_core(self) -> None:
        done = executed(
            sys.executable, "-c", "import resource as r; print(r.getrlimit(r.RLIMIT_CORE))"
        )

        assert done.stdout == "first\n(0, 0)\n"

    def test_a_missing_program_is_127(self) -> None:
        done = executed("nowhere-to-be-found")

        assert done.returncode == 127
        assert "cannot run nowhere-to-be-found: no such file" in done.stdout

    @pytest.mark.parametrize("content", ["", "\0\1", "#!/nowhere/sh\n"])
    def test_what_cannot_be_executed_is_126(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "program").write_text(content)
        (tmp_path / "program").chmod(0o755 if content.startswith("\0") else 0o644)
        if content.startswith("#"):
            (tmp_path / "program").chmod(0o755)
        done = executed(str(tmp_path / "program"))

        assert done.returncode == (127 if content.startswith("#") else 126)

    def test_values_that_are_too_large_are_126_and_name_a_way(self) -> None:
        with pytest.raises(GitsealError) as caught:
            exec_with_environment(["true"], {"PATH": os.defpath, "A": "x" * (1 << 22)})

        assert caught.value.exit_code == 126
        assert "--mount" in (caught.value.hint or "")
        assert signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN

    @pytest.mark.parametrize("command", [[], [""], ["a\0b"]])
    def test_nothing_to_run(self, command: list[str]) -> None:
        with pytest.raises(UsageError):
            exec_with_environment(command, {})

    def test_values_of_any_bytes_arrive(self) -> None:
        code = (
            "import os, sys; from gitseal.launch.run import exec_with_environment as e;"
            "e([sys.executable, '-c', 'import os; print(os.environb[b\"A\"])'],"
            " {**os.environ, 'A': '\\udcff\\u00e9\\n'})"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        )

        assert done.stdout == "b'\\xff\\xc3\\xa9\\n'\n"
