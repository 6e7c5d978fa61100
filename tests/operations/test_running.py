# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from desk import CANARY, ENV, PEM, YAML, Desk
from gitseal.errors import NotFoundError, RefusedError, UsageError
from gitseal.operations import running


class TestTheNearestFile:
    def test_is_looked_for_upwards(self, app: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        app.seal(".env", ENV)
        deep = app.folder / "a" / "b"
        deep.mkdir(parents=True)
        monkeypatch.chdir(deep)

        assert running.nearest(app.workspace()) == "../../.env"

    def test_is_not_one_above_the_repository(
        self, app: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (app.folder.parent / ".env").write_text("A=1\n")

        with pytest.raises(NotFoundError, match="no sealed"):
            running.nearest(app.workspace())

    def test_is_not_one_that_gitseal_has_nothing_to_do_with(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        desk.scope(files=["/.env"])
        desk.seal(".env", ENV)
        desk.write("sub/.env", "A=1\n")
        monkeypatch.chdir(desk.folder / "sub")

        assert running.nearest(desk.workspace()) == "../.env"

    def test_is_refused_when_it_lies_in_clear(self, app: Desk) -> None:
        app.write(".env", ENV)
        current = app.workspace()

        with pytest.raises(RefusedError, match="must be"):
            running.variables(current, [running.nearest(current)])


class TestVariables:
    def test_of_a_later_file_win(self, app: Desk) -> None:
        app.seal(".env", "A=1\nB=1\n")
        app.seal("b.env", "B=2\n")

        assert running.variables(app.workspace(), [".env", "b.env"]) == {"A": "1", "B": "2"}
        assert running.variables(app.workspace(), ["b.env", ".env"]) == {"A": "1", "B": "1"}

    def test_get_a_prefix(self, app: Desk) -> None:
        app.seal(".env", "A=1\n")

        assert running.variables(app.workspace(), [".env"], prefix="APP_") == {"APP_A": "1"}

    def test_each_one_that_is_asked_for_must_be_somewhere(self, app: Desk) -> None:
        app.seal(".env", "A=1\n")
        app.seal("a.yaml", YAML)
        current = app.workspace()

        found = running.variables(current, [".env", "a.yaml"], only=["A", "db.port"])
        assert found == {"A": "1", "DB_PORT": "5432"}
        with pytest.raises(NotFoundError):
            running.variables(current, [".env", "a.yaml"], only=["A", "nowhere"])

    def test_of_a_whole_file_there_are_none(self, app: Desk) -> None:
        app.seal("server.pem", PEM)

        with pytest.raises(UsageError, match="sealed as a whole") as caught:
            running.variables(app.workspace(), ["server.pem"])
        assert "--mount" in str(caught.value.hint)


class TestMounting:
    def test_gives_the_content_and_what_to_mask(self, app: Desk) -> None:
        app.seal("a.yaml", YAML)
        app.seal("server.pem", PEM)

        first, second = running.mounted(app.workspace(), ["a.yaml", "server.pem"])

        assert (first.name, first.data) == ("a.yaml", YAML.encode())
        assert CANARY in first.values
        assert (second.name, second.data) == ("server.pem", PEM.encode())

    def test_refuses_two_of_one_name(self, app: Desk) -> None:
        app.seal("a.yaml", YAML)
        app.seal("sub/a.yaml", YAML)

        with pytest.raises(UsageError, match=r"called a\.yaml"):
            running.mounted(app.workspace(), ["a.yaml", "sub/a.yaml"])
