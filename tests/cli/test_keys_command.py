# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from desk import YAML, Desk


class TestWhoami:
    def test_names_keys_places_and_scopes(self, app: Desk) -> None:
        answer = app("keys", "whoami")

        assert answer.out.startswith(app.recipient)
        assert "identity.txt" in answer.out
        assert "scope app: yours to open, as ada" in answer.err

    def test_as_json(self, app: Desk) -> None:
        told = json.loads(app("keys", "whoami", "--format", "json").out)

        assert told["schema"] == "gitseal/whoami/1"
        assert told["keys"][0]["key"] == app.recipient
        assert told["scopes"] == [{"name": "app", "readable": True, "as": ["ada"]}]

    def test_without_a_key_it_says_how_to_make_one(self, desk: Desk) -> None:
        (desk.home / ".config/gitseal/identity.txt").unlink()

        assert "gitseal keys generate" in desk("keys", "whoami").err

    def test_shows_nothing_secret(self, app: Desk) -> None:
        answer = app("keys", "whoami", "--format", "json")

        assert "SECRET" not in (answer.out + answer.err).upper()


class TestGenerate:
    def test_makes_a_file_for_its_owner_and_prints_the_public_half(self, desk: Desk) -> None:
        path = desk.home / "new" / "key.txt"

        answer = desk("keys", "generate", "--output", str(path))

        assert answer.out.startswith("age1")
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert answer.out.strip() in path.read_text()
        assert "SECRET" not in answer.out + answer.err

    def test_never_replaces_a_file(self, desk: Desk) -> None:
        path = desk.home / ".config/gitseal/identity.txt"
        before = path.read_bytes()

        answer = desk("keys", "generate", code=6)

        assert "whoami" in answer.err
        assert path.read_bytes() == before

    def test_what_it_made_is_used(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        (desk.home / ".config/gitseal/identity.txt").unlink()
        recipient = desk("keys", "generate").out.strip()
        monkeypatch.chdir(desk.home)
        (desk.home / "a.yaml").write_text(YAML)

        desk("encrypt", "--to", recipient, "a.yaml")

        assert desk("get", "a.yaml", "db.host").out == "db1\n"

    def test_a_local_key(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        uri = desk("keys", "generate", "--local").out.strip()
        monkeypatch.chdir(desk.home)
        (desk.home / "a.yaml").write_text(YAML)

        assert uri.startswith("file:")
        (key,) = (desk.home / ".config/gitseal/keys").iterdir()
        assert key.stat().st_mode & 0o777 == 0o600
        desk("encrypt", "--to", uri, "a.yaml")
        assert desk("get", "a.yaml", "db.host").out == "db1\n"
        desk("keys", "generate", "--local", "--output", "x", code=2)
