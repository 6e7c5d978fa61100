# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import subprocess

import pytest
import yaml

from desk import CANARY, ENV, JSON, PEM, YAML, Desk
from gitseal.errors import (
    IntegrityError,
    NotFoundError,
    RefusedError,
    UsageError,
)
from gitseal.operations import reading


class TestOneValue:
    @pytest.mark.parametrize(
        ("name", "text", "key", "value"),
        [
            ("a.yaml", YAML, "db.password", CANARY),
            ("a.yaml", YAML, "db.port", "5432"),
            ("a.yaml", YAML, "users[1].name", "ben"),
            ("a.yaml", YAML, "/users/0/key", "k1"),
            ("a.json", JSON, "on", "true"),
            (".env", ENV, "DB_PASSWORD", CANARY),
            (".env", "A.B=dots\n", "A.B", "dots"),
            ("a.yaml", "a: null\nb:\n", "a", ""),
            ("a.yaml", "a: null\nb:\n", "b", ""),
            ("a.yaml", "a: |\n  two\n  lines\n", "a", "two\nlines\n"),
            ("a.yaml", "a: 0x1F\nb: 1.50\n", "b", "1.50"),
            ("a.yaml", "x: &a secret\ny: *a\n", "y", "secret"),
            ("a.yaml", '"a.b":\n  "": odd\n', '"a.b".""', "odd"),
        ],
    )
    def test_is_its_text(self, name: str, text: str, key: str, value: str, app: Desk) -> None:
        app.seal(name, text)

        assert reading.read_value(app.workspace(), name, key) == value

    def test_a_part_is_written_in_the_syntax_of_the_file(self, app: Desk) -> None:
        app.seal("a.yaml", YAML)
        app.seal("a.json", JSON)
        current = app.workspace()

        assert yaml.safe_load(reading.read_value(current, "a.yaml", "users"))[1]["name"] == "ben"
        assert json.loads(reading.read_value(current, "a.json", "db"))["port"] == 5432
        assert json.loads(reading.read_value(current, "a.yaml", "db", "json"))["port"] == 5432

    def test_a_part_is_no_raw_value(self, app: Desk) -> None:
        app.seal("a.yaml", YAML)

        with pytest.raises(UsageError, match="more than one value"):
            reading.read_value(app.workspace(), "a.yaml", "db", "raw")

    def test_a_key_that_is_not_there_is_an_answer_with_near_names(self, app: Desk) -> None:
        app.seal("a.yaml", YAML)

        with pytest.raises(NotFoundError, match=r"a\.yaml: there is no db\.pasword") as caught:
            reading.read_value(app.workspace(), "a.yaml", "db.pasword")

        assert "password" in str(caught.value.hint)
        assert caught.value.exit_code == 1

    def test_a_whole_file_has_no_keys(self, app: Desk) -> None:
        app.seal("server.pem", PEM)

        with pytest.raises(UsageError, match="sealed as a whole"):
            reading.read_value(app.workspace(), "server.pem", "a")


class TestWhatIsRead:
    def test_an_altered_file_is_not(self, app: Desk) -> None:
        file = app.seal("a.yaml", YAML)
        file.write_text(file.read_text().replace("- name", "- nome", 1))

        with pytest.raises(IntegrityError):
            reading.read_value(app.workspace(), "a.yaml", "db.password")

    def test_clear_text_in_the_place_of_sealed_text_is_not(self, app: Desk) -> None:
        app.write("a.yaml", YAML)

        with pytest.raises(RefusedError, match="must be"):
            reading.read_value(app.workspace(), "a.yaml", "db.password")

    def test_clear_text_in_a_plain_scope_is(self, desk: Desk) -> None:
        desk.scope(worktree="plain")
        desk.write("a.yaml", YAML)

        assert reading.read_value(desk.workspace(), "a.yaml", "db.host") == "db1"

    def test_where_agents_are_denied_a_person_must_be_there(self, desk: Desk) -> None:
        desk.scope(agents="deny")
        desk.seal("a.yaml", YAML)
        current = desk.workspace()

        assert reading.read_value(current, "a.yaml", "db.host", attended=True) == "db1"
        with pytest.raises(RefusedError, match="agents: deny"):
            reading.read_value(current, "a.yaml", "db.host", attended=False)
        with pytest.raises(RefusedError, match="agents: deny"):
            reading.export(current, "a.yaml", "env", attended=False)


class TestVariables:
    def test_are_named_by_their_keys(self, app: Desk) -> None:
        app.seal("a.yaml", YAML)
        opened = reading.open_for_use(app.workspace(), "a.yaml")

        assert reading.variables_of(opened) == {
            "DB_HOST": "db1",
            "DB_PASSWORD": CANARY,
            "DB_PORT": "5432",
            "USERS_0_NAME": "ada",
            "USERS_0_KEY": "k1",
            "USERS_1_NAME": "ben",
            "USERS_1_KEY": "k2",
        }

    def test_of_a_dotenv_file_have_the_names_that_stand_there(self, app: Desk) -> None:
        app.seal(".env", "lower=1\nexport A.B=2\nA=1\nA=2\n")
        opened = reading.open_for_use(app.workspace(), ".env")

        assert reading.variables_of(opened) == {"lower": "1", "A.B": "2", "A": "2"}

    @pytest.mark.parametrize(
        ("only", "names"),
        [
            (["db"], ["DB_HOST", "DB_PASSWORD", "DB_PORT"]),
            (["DB_PORT"], ["DB_PORT"]),
            (["users[0].key", "db.port"], ["USERS_0_KEY", "DB_PORT"]),
        ],
    )
    def test_only_some(self, only: list[str], names: list[str], app: Desk) -> None:
        app.seal("a.yaml", YAML)
        opened = reading.open_for_use(app.workspace(), "a.yaml")

        assert list(reading.variables_of(opened, only)) == names

    def test_two_of_one_name_are_refused_unless_one_is_asked_for(self, app: Desk) -> None:
        app.seal("a.yaml", f"a:\n  b: {CANARY}\na_b: 2\n")
        opened = reading.open_for_use(app.workspace(), "a.yaml")

        with pytest.raises(UsageError, match=r"A_B: a\.b and a_b"):
            reading.variables_of(opened)
        assert reading.variables_of(opened, ["a.b"]) == {"A_B": CANARY}

    def test_a_stream_of_documents_has_none(self, app: Desk) -> None:
        app.seal("a.yaml", "a: 1\n---\na: 2\n")
        opened = reading.open_for_use(app.workspace(), "a.yaml")

        with pytest.raises(UsageError, match="several documents"):
            reading.variables_of(opened)


class TestExport:
    def test_json_and_yaml_keep_the_structure(self, app: Desk) -> None:
        app.seal("a.yaml", YAML)
        current = app.workspace()

        assert json.loads(reading.export(current, "a.yaml", "json"))["db"]["port"] == 5432
        assert yaml.safe_load(reading.export(current, "a.yaml", "yaml"))["db"]["port"] == 5432

    def test_a_shell_reads_what_was_sealed(self, app: Desk) -> None:
        app.seal("a.yaml", 'odd: "it\'s $HOME `id` \\\\ \\n two"\n')
        text = reading.export(app.workspace(), "a.yaml", "shell")

        done = subprocess.run(
            ["sh", "-c", text + 'printf %s "$ODD"'], capture_output=True, text=True, check=True
        )

        assert done.stdout == "it's $HOME `id` \\ \n two"

    def test_env_can_be_sealed_again(self, app: Desk) -> None:
        app.seal("a.yaml", YAML)
        text = reading.export(app.workspace(), "a.yaml", "env")
        app.seal(".env", text)

        assert reading.read_value(app.workspace(), ".env", "DB_PASSWORD") == CANARY

    def test_github_values_cannot_end_themselves(self, app: Desk) -> None:
        app.seal("a.json", json.dumps({"a": "x\nEOF\nPATH=/evil"}) + "\n")
        text = reading.export(app.workspace(), "a.json", "github", token="x" * 32)
        lines = text.splitlines()

        assert lines[0].startswith("A<<")
        assert lines[-1] == lines[0][3:]
        assert lines[1:-1] == ["x", "EOF", "PATH=/evil"]

    def test_docker_has_no_line_breaks(self, app: Desk) -> None:
        app.seal("a.json", json.dumps({"a": f"x\n{CANARY}"}) + "\n")

        with pytest.raises(UsageError, match="line breaks") as caught:
            reading.export(app.workspace(), "a.json", "docker")
        assert CANARY not in str(caught.value)

    def test_several_documents_are_yaml_and_no_json(self, app: Desk) -> None:
        app.seal("a.yaml", "a: 1\n---\na: 2\n")
        current = app.workspace()

        text = reading.export(current, "a.yaml", "yaml")
        assert [one["a"] for one in yaml.safe_load_all(text)] == [1, 2]
        with pytest.raises(UsageError):
            reading.export(current, "a.yaml", "json")
