# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from desk import CANARY, ENV, YAML, Desk


class TestWhereTheValueComesFrom:
    @pytest.mark.parametrize(
        ("words", "data"),
        [
            (["-"], CANARY),
            (["--stdin"], CANARY + "\n"),
            ([], CANARY + "\r\n"),
        ],
    )
    def test_standard_input(self, words: list[str], data: str, app: Desk) -> None:
        app.seal("a.yaml", YAML)

        app("set", "a.yaml", "db.host", *words, data=data.encode())

        assert app("get", "a.yaml", "db.host").out == CANARY + "\n"

    def test_only_one_line_break_is_left_out(self, app: Desk) -> None:
        app("set", "a.yaml", "key", "-", data=b"two\nlines\n\n")

        assert app("get", "-n", "a.yaml", "key").out == "two\nlines\n"

    def test_an_empty_value_must_be_meant(self, app: Desk) -> None:
        app("set", "a.yaml", "key", code=2)
        app("set", "a.yaml", "key", "-")

        assert app("get", "a.yaml", "key").out == "\n"

    def test_an_argument_is_taken_with_a_warning(self, app: Desk) -> None:
        answer = app("set", "a.yaml", "key", CANARY)

        assert answer.err.count("shell history") == 1
        assert app("get", "a.yaml", "key").out == CANARY + "\n"

    def test_a_file_is_taken_as_it_is(self, app: Desk, tmp_path: Path) -> None:
        source = app.home / "value"
        source.write_text(f"{CANARY}\n\n")

        app("set", "a.yaml", "key", "--from-file", str(source))

        assert app("get", "-n", "a.yaml", "key").out == f"{CANARY}\n\n"
        source.unlink()
        assert app.leftovers() == []

    @pytest.mark.parametrize("length", [1, 32, 43, 1000])
    def test_generated_ones_are_random_and_never_shown(self, length: int, app: Desk) -> None:
        first = app("set", "a.yaml", "key", "--generate", str(length))
        value = app("get", "-n", "a.yaml", "key").out
        app("set", "a.yaml", "other", "--generate", str(length))

        assert re.fullmatch(rf"[A-Za-z0-9][A-Za-z0-9_-]{{{length - 1}}}", value)
        assert length == 1 or app("get", "-n", "a.yaml", "other").out != value
        assert length == 1 or value not in first.err + first.out

    def test_one_source_only(self, app: Desk) -> None:
        app("set", "a.yaml", "key", "value", "--generate", "3", code=2)
        app("set", "a.yaml", "key", "--stdin", "--from-file", "x", code=2)

    def test_bytes_are_no_text(self, app: Desk) -> None:
        assert "not UTF-8" in app("set", "a.yaml", "key", "-", data=b"\xff", code=2).err

    def test_a_value_of_more_than_a_mebibyte(self, app: Desk) -> None:
        app("set", "a.yaml", "key", "-", data=b"x" * (2**20 + 1), code=2)


class TestWhatIsSaid:
    def test_the_key_and_never_the_value(self, app: Desk) -> None:
        app.seal("a.yaml", YAML)

        changed = app("set", "a.yaml", "db.password", "-", data=b"0ther-v4lue").err
        assert changed == "gitseal: a.yaml: changed db.password\n"
        same = app("set", "a.yaml", "db.password", "-", data=b"0ther-v4lue").err
        assert "it has that value already" in same
        added = app("set", "a.yaml", '"odd.name".x', "-", data=b"0ther-v4lue").err
        assert 'added "odd.name".x' in added
        assert app("unset", "a.yaml", "db.port", "users[0]").err == (
            "gitseal: a.yaml: removed db.port, users[0]\n"
        )

    def test_a_dry_run_says_what_it_would_do(self, app: Desk) -> None:
        file = app.seal("a.yaml", YAML)
        before = file.read_bytes()

        assert "would have changed db.host" in app("set", "a.yaml", "db.host", "x", "--dry-run").err
        assert "would have removed db.host" in app("unset", "a.yaml", "db.host", "--dry-run").err
        assert file.read_bytes() == before

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            (["set", "a.yaml", "db.password.x", "-"], 9),
            (["set", "a.yaml", "db[0]", "-"], 9),
            (["set", "a.yaml", "users[9]", "-"], 1),
            (["set", "a.yaml", "db.port", "-", "--type", "int"], 2),
            (["set", "a.yaml", "db.port", "-", "--type", "json"], 2),
            (["set", "a.yaml", "db.port", "-", "--type", "date"], 2),
            (["set", "notes.txt", "key", "-"], 6),
            (["set", ".env", "A B", "-"], 2),
            (["unset", "a.yaml", "nowhere"], 1),
            (["unset", "a.yaml"], 2),
            (["unset", "nowhere.yaml", "a"], 1),
        ],
    )
    def test_mistakes_show_no_value_and_change_nothing(
        self, words: list[str], code: int, app: Desk
    ) -> None:
        files = [app.seal("a.yaml", YAML), app.seal(".env", ENV)]
        before = [file.read_bytes() for file in files]

        answer = app(*words, data=CANARY.encode(), code=code)

        assert answer.out == ""
        assert "gitseal: error:" in answer.err
        assert [file.read_bytes() for file in files] == before
        assert app.leftovers() == []


class TestBadFiles:
    @pytest.mark.parametrize(
        ("damage", "code"),
        [
            (lambda text: text.replace("users", "losers"), 3),
            (lambda text: text[: len(text) // 2], 9),
            (lambda text: text.replace("seal:v1[_", "seal:v1[_0", 1), 3),
            (lambda text: text.replace('scope: "app"', 'scope: "other"'), 6),
            (lambda text: text.replace('origin: "a.yaml"', 'origin: "b.yaml"'), 3),
            (lambda text: text.replace("  v: 1", "  v: 2"), 8),
            (lambda text: text.replace("users:", "extra: in clear\nusers:"), 3),
            (lambda text: text + "extra: in clear\n", 9),
            (lambda text: text + text, 9),
        ],
    )
    @pytest.mark.parametrize("words", [["set", "a.yaml", "x", "-"], ["unset", "a.yaml", "db"]])
    def test_an_altered_file_is_not_sealed_anew(
        self, words: list[str], damage: Callable[[str], str], code: int, app: Desk
    ) -> None:
        file = app.seal("a.yaml", YAML)
        file.write_text(damage(file.read_text()))
        before = file.read_bytes()

        app(*words, data=b"x", code=code)

        assert file.read_bytes() == before

    @pytest.mark.parametrize("kind", ["directory", "pipe", "dangling", "outside"])
    def test_what_is_no_regular_file(self, kind: str, app: Desk) -> None:
        path = app.folder / "a.yaml"
        if kind == "directory":
            path.mkdir()
        elif kind == "pipe":
            os.mkfifo(path)
        else:
            target = app.folder.parent / "elsewhere.yaml"
            if kind == "outside":
                target.write_text("a: 1\n")
            path.symlink_to(target)
        code = {"directory": 9, "pipe": 9, "dangling": 1, "outside": 6}[kind]

        for words in (["set", "a.yaml", "x", "-"], ["unset", "a.yaml", "x"]):
            assert "error: a.yaml" in app(*words, data=b"x", code=code).err

    def test_a_link_inside_is_followed_and_stays_a_link(self, app: Desk) -> None:
        app.seal("real.yaml", YAML)
        (app.folder / "link.yaml").symlink_to("real.yaml")

        app("set", "link.yaml", "db.host", "-", data=b"db2")

        assert (app.folder / "link.yaml").is_symlink()
        assert "db2" in app.clear("real.yaml")

    def test_a_name_that_is_not_utf_8(self, app: Desk) -> None:
        assert "rename the file" in app("set", os.fsdecode(b"\xff.yaml"), "x", "-", code=6).err

    @pytest.mark.parametrize("path", ["-x.yaml", "a b.yaml", "a\nb.yaml", "ü.yaml"])
    def test_odd_names(self, path: str, app: Desk) -> None:
        app("set", "--", path, "key", "-", data=b"x")

        assert app("get", "--", path, "key").out == "x\n"

    def test_a_full_disk_leaves_the_old_file(self, app: Desk) -> None:
        file = app.seal("a.yaml", YAML)
        before = file.read_bytes()

        done = subprocess.run(
            ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", sys.executable, "-B", "-m", "gitseal",
             "set", "a.yaml", "db.host", "-"],
            input=CANARY, capture_output=True, text=True, check=False,
        )  # fmt: skip

        assert done.returncode == 1
        assert "a.yaml: cannot write: file too large" in done.stderr
        assert CANARY not in done.stderr
        assert file.read_bytes() == before
        assert not [path for path in app.folder.iterdir() if path.name.endswith(".tmp")]
