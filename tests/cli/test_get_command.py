# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from desk import CANARY, ENV, YAML, Desk
from gitseal.cli import plain, reporting
from gitseal.cli.application import run as typer_run


class TestGet:
    def test_prints_a_value_and_a_line_break(self, app: Desk) -> None:
        app.seal("a.yaml", YAML)

        assert app("get", "a.yaml", "db.password") == (0, CANARY + "\n", "")
        assert app("get", "-n", "a.yaml", "db.password").out == CANARY

    def test_formats(self, app: Desk) -> None:
        app.seal("a.yaml", YAML)

        assert app("get", "a.yaml", "db.host", "--format", "json").out == '"db1"\n'
        assert json.loads(app("get", "a.yaml", "users", "--format", "json").out)[0]["key"] == "k1"
        assert app("get", "a.yaml", "users[0]").out == "name: ada\nkey: k1\n"
        app("get", "a.yaml", "users", "--format", "raw", code=2)

    @pytest.mark.parametrize(
        ("words", "code"),
        [
            (["a.yaml", "nowhere"], 1),
            (["nowhere.yaml", "a"], 1),
            (["a.yaml", "a["], 2),
            (["a.yaml", "db.password"], 0),
            (["clear.yaml", "a"], 6),
        ],
    )
    def test_the_short_way_does_what_the_long_one_does(
        self, words: list[str], code: int, app: Desk, capfd: pytest.CaptureFixture[str]
    ) -> None:
        app.seal("a.yaml", YAML)
        app.write("clear.yaml", "a: 1\n")
        answers = []
        for way in (plain.run, typer_run):
            done = reporting.guarded(way, ["get", *words])  # type: ignore[arg-type]
            answers.append((done, *capfd.readouterr()))

        assert answers[0] == answers[1]
        assert answers[0][0] == code

    def test_what_is_not_there_is_named_as_it_was_typed(self, app: Desk) -> None:
        assert "error: nowhere.yaml: " in app("get", "nowhere.yaml", "a", code=1).err


class TestExport:
    @pytest.mark.parametrize("form", ["env", "json", "yaml", "shell", "github", "docker"])
    def test_every_form_holds_the_value(self, form: str, app: Desk) -> None:
        app.seal("a.yaml", YAML)

        assert CANARY in app("export", "a.yaml", "--format", form).out

    def test_env_is_what_is_printed_where_nothing_is_said(self, app: Desk) -> None:
        app.seal(".env", ENV)

        assert app("export", ".env").out == f"DB_PASSWORD={CANARY}\nPORT=8080\n"
        assert app("export", ".env", "--only", "PORT").out == "PORT=8080\n"

    def test_an_unknown_form(self, app: Desk) -> None:
        app("export", "a.yaml", "--format", "xml", code=2)


def test_recover_prints_nothing_where_no_person_is(app: Desk) -> None:
    file = app.seal("a.yaml", YAML)
    file.write_text(file.read_text().replace("users", "losers"))

    answer = app("recover", "a.yaml", code=6)

    assert answer.out == ""
    assert "terminal" in answer.err


def test_all_of_it_works_outside_a_repository(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk.home)
    (desk.home / "a.yaml").write_text(YAML)
    desk("encrypt", "--to", desk.recipient, "a.yaml")

    assert desk("get", "a.yaml", "db.password").out == CANARY + "\n"
    desk("set", "a.yaml", "db.host", "-", data=b"db2")
    desk("unset", "a.yaml", "users[1]")
    assert "DB_HOST=db2\n" in desk("export", "a.yaml").out
    assert "nothing here vouches" in desk("get", "a.yaml", "db.host").err
    assert desk.leftovers() == []
