# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from conftest import Run
from desk import CANARY, ENV, JSON, PEM, YAML, Desk
from gitseal import documents
from gitseal.documents.nodes import Mapping, Scalar, Sequence
from gitseal.documents.tree import tree
from gitseal.errors import (
    ChangedError,
    DocumentError,
    GitsealError,
    NotFoundError,
    RefusedError,
    UsageError,
)
from gitseal.keypaths import format_typed
from gitseal.operations import changing, reading


class TestSetting:
    @pytest.mark.parametrize(
        ("name", "text", "key", "after"),
        [
            ("a.yaml", YAML, "db.password", YAML.replace(f'"{CANARY}"', '"new one"')),
            ("a.json", JSON, "db.password", JSON.replace(CANARY, "new one")),
            (".env", ENV, "PORT", ENV.replace("8080 ", "'new one' ")),
        ],
    )
    def test_changes_the_value_and_nothing_else(
        self, name: str, text: str, key: str, after: str, app: Desk
    ) -> None:
        app.seal(name, text)

        assert changing.set_value(app.workspace(), name, key, "new one") == f"changed {key}"

        assert app.clear(name) == after

    @pytest.mark.parametrize(
        ("name", "text"), [("a.yaml", "a: 1\n"), ("a.json", '{"a": 1}\n'), (".env", "A=1\n")]
    )
    def test_adds_a_key(self, name: str, text: str, app: Desk) -> None:
        app.seal(name, text)

        assert changing.set_value(app.workspace(), name, "NEW", "x") == "added NEW"

        assert reading.read_value(app.workspace(), name, "NEW") == "x"
        assert app.clear(name).startswith(text[:4])

    @pytest.mark.parametrize("name", ["new.yaml", "new.json", "deep/er/new.env"])
    def test_makes_a_file_where_a_scope_claims_it(self, name: str, app: Desk) -> None:
        changing.set_value(app.workspace(), name, "TOKEN", CANARY)

        assert reading.read_value(app.workspace(), name, "TOKEN") == CANARY
        assert app.leftovers() == []

    def test_makes_no_file_elsewhere(self, app: Desk) -> None:
        with pytest.raises(RefusedError, match="no scope"):
            changing.set_value(app.workspace(), "notes.txt", "a", "b")

    def test_the_same_value_writes_nothing(self, app: Desk) -> None:
        file = app.seal("a.yaml", YAML)
        before = file.stat()

        assert changing.set_value(app.workspace(), "a.yaml", "db.host", "db1") == ""

        assert file.stat().st_mtime_ns == before.st_mtime_ns

    def test_a_dry_run_writes_nothing(self, app: Desk) -> None:
        file = app.seal("a.yaml", YAML)
        before = file.read_bytes()

        told = changing.set_value(app.workspace(), "a.yaml", "db.host", "db2", dry_run=True)

        assert told == "changed db.host"
        assert file.read_bytes() == before

    @pytest.mark.parametrize(
        ("kind", "value", "written"),
        [
            ("int", "42", "42"),
            ("float", "1.5", "1.5"),
            ("bool", "true", "true"),
            ("null", "", "null"),
            ("string", "42", "'42'"),
            ("json", '{"a": [1, "2"]}', None),
        ],
    )
    def test_a_value_has_the_kind_that_was_said(
        self, kind: str, value: str, written: str | None, app: Desk
    ) -> None:
        app.seal("a.yaml", "key: old\n")

        changing.set_value(app.workspace(), "a.yaml", "key", value, kind)

        if written is None:
            assert reading.read_value(app.workspace(), "a.yaml", "key.a[1]") == "2"
        else:
            assert app.clear("a.yaml").replace('"', "'") == f"key: {written}\n"

    @pytest.mark.parametrize(("kind", "value"), [("int", "x"), ("bool", "on"), ("json", "{")])
    def test_a_value_of_another_kind_is_refused_unseen(
        self, kind: str, value: str, app: Desk
    ) -> None:
        app.seal("a.yaml", "key: old\n")

        with pytest.raises(UsageError) as caught:
            changing.set_value(app.workspace(), "a.yaml", "key", value + CANARY, kind)

        assert CANARY not in str(caught.value) + str(caught.value.hint)

    def test_what_the_rules_leave_readable_is_said(self, desk: Desk) -> None:
        desk.scope(clear=["db.host"])
        desk.seal("a.yaml", YAML)
        told: list[str] = []
        current = desk.workspace()
        current.tell_user = told.append

        changing.set_value(current, "a.yaml", "db.password", "x")
        assert told == []
        changing.set_value(current, "a.yaml", "db.host", "x")

        assert told == ["db.host stays readable, as the rules say (clear: db.host)"]

    def test_a_clear_file_at_its_place_is_sealed(self, app: Desk) -> None:
        file = app.write("a.yaml", YAML)

        changing.set_value(app.workspace(), "a.yaml", "db.host", "db2")

        assert CANARY not in file.read_text()

    def test_a_clear_file_of_a_plain_scope_stays_clear(self, desk: Desk) -> None:
        desk.scope(worktree="plain")
        file = desk.write("a.yaml", YAML)

        changing.set_value(desk.workspace(), "a.yaml", "db.host", "db2")

        assert file.read_text() == YAML.replace("db1", "db2")

    def test_a_file_sealed_as_a_whole_has_no_keys(self, app: Desk) -> None:
        app.seal("server.pem", PEM)

        with pytest.raises(UsageError, match="sealed as a whole"):
            changing.set_value(app.workspace(), "server.pem", "a", "b")

    @pytest.mark.parametrize("key", ["", ".", "a[", 'a."b', "a..b"])
    def test_what_is_no_key_path_is_refused(self, key: str, app: Desk) -> None:
        app.seal("a.yaml", YAML)

        with pytest.raises(UsageError, match="not a key path"):
            changing.set_value(app.workspace(), "a.yaml", key, "x")

    def test_nothing_stands_below_a_value(self, app: Desk) -> None:
        app.seal("a.yaml", YAML)

        with pytest.raises(DocumentError, match="single value"):
            changing.set_value(app.workspace(), "a.yaml", "db.host.name", "x")


class TestRemoving:
    def test_takes_the_line_with_it(self, app: Desk) -> None:
        app.seal("a.yaml", YAML)

        told = changing.unset(app.workspace(), "a.yaml", ["db.host", "users[0]"])

        assert told == "removed db.host, users[0]"
        assert "db1" not in app.clear("a.yaml")
        assert reading.read_value(app.workspace(), "a.yaml", "users[0].name") == "ben"

    def test_all_of_them_or_none(self, app: Desk) -> None:
        file = app.seal("a.yaml", YAML)
        before = file.read_bytes()

        with pytest.raises(NotFoundError, match="nowhere"):
            changing.unset(app.workspace(), "a.yaml", ["db.host", "db.nowhere"])

        assert file.read_bytes() == before

    def test_not_from_a_file_that_is_not_there(self, app: Desk) -> None:
        with pytest.raises(NotFoundError):
            changing.unset(app.workspace(), "a.yaml", ["db.host"])


def leaves(node: Any, parts: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The key paths of plain and quoted values on one line, in documents without aliases."""
    if isinstance(node, Mapping):
        return [
            path
            for key, value in node.entries
            if isinstance(key, Scalar)
            for path in leaves(value, (*parts, key.value))
        ]
    if isinstance(node, Sequence):
        return [p for i, one in enumerate(node.items) for p in leaves(one, (*parts, i))]
    simple = isinstance(node, Scalar) and node.style in {"", '"', "'"} and "\n" not in node.value
    return [parts] if simple and node.value and not node.tag and not node.anchor else []


class TestRealFiles:
    """One value of a file of the corpus changes one line, and the line of the seal."""

    def test_one_line_and_the_seal(self, corpus: Path, app: Desk, git: Run) -> None:
        tried = 0
        files = sorted([*corpus.glob("yaml/**/*.yaml"), *corpus.glob("env/**/*.env")])
        files += sorted(corpus.glob("json/**/*.json"))
        for source in files:
            data = source.read_bytes()
            if len(data) > 20_000 or tried == 60:
                continue
            name = f"f{tried}{source.suffix}"
            try:
                document = documents.parse(data, documents.syntax_of(name) or "")
                paths = leaves(tree(document))
                app.seal(name, data)
            except GitsealError:
                continue
            if not paths or b"*" in data or b"\n" not in data.strip():
                continue
            git("add", name)
            path = paths[len(paths) // 2]
            try:
                changing.set_value(app.workspace(), name, key_for(name, path), CANARY, "string")
            except DocumentError:
                continue  # a layout that refuses, rather than touching other lines
            changed = git("diff", "--numstat", "--no-ext-diff", name).stdout.split()[:2]
            assert changed == ["2", "2"], f"{source}: {path}: {changed}"
            tried += 1
        assert tried == 60


def key_for(name: str, path: tuple[str | int, ...]) -> str:
    return str(path[0]) if name.endswith(".env") else format_typed(path)


class TestOthersWriting:
    def test_of_many_at_once_all_are_applied(self, app: Desk) -> None:
        app.seal(".env", "A=1\n")
        failures: list[Exception] = []

        def work(number: int) -> None:
            try:
                changing.set_value(app.workspace(), ".env", f"K{number}", str(number))
            except ChangedError as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        there = [line for line in app.clear(".env").splitlines() if line.startswith("K")]
        assert len(there) + len(failures) == 8
        assert len(there) >= 4
