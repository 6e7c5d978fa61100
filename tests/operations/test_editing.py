# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from desk import CANARY, ENV, JSON, PEM, YAML, Desk
from gitseal.errors import (
    ChangedError,
    DocumentError,
    IntegrityError,
    NotFoundError,
    RefusedError,
    UsageError,
)
from gitseal.operations import editing
from gitseal.operations.adhoc import seal_for

CASES = {"app.yaml": YAML, "app.json": JSON, ".env": ENV, "server.pem": PEM}


class TestSaving:
    @pytest.mark.parametrize("name", CASES)
    def test_an_unchanged_text_seals_to_the_same_bytes(self, name: str, app: Desk) -> None:
        file = app.seal(name, CASES[name])
        draft = editing.begin(app.workspace(), name)

        assert draft.text == CASES[name].encode()
        assert editing.seal(app.workspace(), draft, draft.text) == file.read_bytes()

    @pytest.mark.parametrize("name", CASES)
    def test_a_changed_text_is_what_opens_next(self, name: str, app: Desk) -> None:
        file = app.seal(name, CASES[name])
        current = app.workspace()
        draft = editing.begin(current, name)

        editing.save(current, draft, draft.text.replace(b"5up3r", b"0th3r"))

        assert app.clear(name) == CASES[name].replace("5up3r", "0th3r")
        assert b"0th3r" not in file.read_bytes()

    def test_a_changed_value_changes_its_line_and_the_seal(self, app: Desk) -> None:
        file = app.seal("app.yaml", YAML)
        before = file.read_text().splitlines()
        current = app.workspace()

        draft = editing.begin(current, "app.yaml")
        editing.save(current, draft, draft.text.replace(b"k1", b"k3"))

        after = file.read_text().splitlines()
        changed = [new for old, new in zip(before, after, strict=True) if old != new]
        assert [line.split(":")[0].strip() for line in changed] == ["key", "seal"]

    def test_a_file_that_changed_meanwhile_is_left_alone(self, app: Desk) -> None:
        file = app.seal("app.yaml", YAML)
        current = app.workspace()
        draft = editing.begin(current, "app.yaml")
        app("set", "app.yaml", "db.port", "--stdin", data=b"1")
        theirs = file.read_bytes()

        with pytest.raises(ChangedError) as caught:
            editing.save(current, draft, b"db: 1\n")

        assert caught.value.path == "app.yaml"
        assert file.read_bytes() == theirs

    @pytest.mark.parametrize("text", [b"", b"  \n"])
    def test_a_file_is_not_emptied(self, text: bytes, app: Desk) -> None:
        app.seal("app.yaml", YAML)
        draft = editing.begin(app.workspace(), "app.yaml")

        with pytest.raises(RefusedError, match="nothing would be left"):
            editing.seal(app.workspace(), draft, text)

    @pytest.mark.parametrize(
        "text", [b"a: [", b"a: 1\na: 2\n", b"<<<<<<< x\na: 1\n=======\n>>>>>>> y\n", b"a: \xff\n"]
    )
    def test_what_is_no_document_is_refused_with_its_place(self, text: bytes, app: Desk) -> None:
        app.seal("app.yaml", YAML)
        draft = editing.begin(app.workspace(), "app.yaml")

        with pytest.raises(DocumentError) as caught:
            editing.seal(app.workspace(), draft, text)

        assert str(caught.value).startswith("app.yaml:")

    def test_sealed_text_cannot_be_typed(self, app: Desk) -> None:
        file = app.seal("app.yaml", YAML)
        draft = editing.begin(app.workspace(), "app.yaml")
        token = file.read_text().split('"')[1]

        with pytest.raises((DocumentError, RefusedError, IntegrityError)):
            editing.seal(app.workspace(), draft, f'x: "{token}"\n'.encode())
        with pytest.raises((DocumentError, RefusedError, IntegrityError)):
            editing.seal(app.workspace(), draft, file.read_bytes())


class TestBeginning:
    def test_a_new_file_needs_a_scope_that_claims_it(self, app: Desk) -> None:
        assert editing.begin(app.workspace(), "deep/new.yaml").is_new

        with pytest.raises(RefusedError, match="no scope"):
            editing.begin(app.workspace(), "notes.txt")

    def test_a_clear_file_at_a_claimed_path_is_sealed_on_saving(self, app: Desk) -> None:
        file = app.write("app.yaml", YAML)
        current = app.workspace()
        draft = editing.begin(current, "app.yaml")

        assert draft.was_clear
        editing.save(current, draft, draft.text)

        assert CANARY not in file.read_text()
        assert app.clear("app.yaml") == YAML

    def test_a_clear_file_that_nobody_claims_is_refused(self, app: Desk) -> None:
        app.write("notes.txt", "x")

        with pytest.raises(RefusedError, match="is not sealed"):
            editing.begin(app.workspace(), "notes.txt")

    def test_clear_text_with_a_fault_can_be_mended(self, app: Desk) -> None:
        app.write("app.yaml", "a: [")

        assert editing.begin(app.workspace(), "app.yaml").text == b"a: ["

    def test_sealed_text_with_conflict_markers_cannot(self, app: Desk) -> None:
        file = app.seal("app.yaml", YAML)
        text = file.read_text()
        file.write_text(f"<<<<<<< a\n{text}=======\n{text}>>>>>>> b\n")

        with pytest.raises(DocumentError):
            editing.begin(app.workspace(), "app.yaml")

    def test_an_altered_file_is_refused(self, app: Desk) -> None:
        file = app.seal("app.yaml", YAML)
        file.write_text(file.read_text().replace("users", "losers"))

        with pytest.raises(IntegrityError):
            editing.begin(app.workspace(), "app.yaml")

    def test_binary_content_is_for_no_editor(self, app: Desk) -> None:
        app.seal("server.pem", b"\0\x01\xff")
        draft = editing.begin(app.workspace(), "server.pem")

        with pytest.raises(UsageError, match="binary"):
            editing.check_text(draft)


class TestPlainScopes:
    def test_what_lies_in_clear_stays_in_clear(self, desk: Desk) -> None:
        desk.scope(worktree="plain")
        file = desk.write("app.yaml", YAML)
        current = desk.workspace()
        draft = editing.begin(current, "app.yaml")

        assert draft.stays_clear
        editing.save(current, draft, draft.text.replace(b"k1", b"k3"))

        assert file.read_text() == YAML.replace("k1", "k3")

    def test_what_could_not_be_sealed_is_refused_all_the_same(self, desk: Desk) -> None:
        desk.scope(worktree="plain")
        desk.write("app.yaml", YAML)
        draft = editing.begin(desk.workspace(), "app.yaml")

        with pytest.raises(DocumentError):
            editing.seal(desk.workspace(), draft, b"a: [")

    def test_what_lies_sealed_stays_sealed(self, desk: Desk) -> None:
        desk.scope(worktree="plain")
        file = desk.seal("app.yaml", YAML)
        current = desk.workspace()
        draft = editing.begin(current, "app.yaml")

        editing.save(current, draft, draft.text.replace(b"k1", b"k3"))

        assert CANARY not in file.read_text()


class TestFilesOfTheirOwn:
    @pytest.mark.parametrize("name", CASES)
    def test_are_edited_under_their_own_key(
        self, name: str, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        current = desk.workspace()
        place = current.locate(name)
        sealed = seal_for(current, CASES[name].encode(), place, [("ada", desk.recipient)])
        place_file = tmp_path / name
        place_file.write_bytes(sealed)

        draft = editing.begin(current, name)
        assert editing.seal(current, draft, draft.text) == sealed
        editing.save(current, draft, draft.text.replace(b"5up3r", b"0th3r"))
        kept = editing.keep(current, draft, b"[half " + CANARY.encode())

        assert "0th3r" in desk.clear(name)
        assert editing.resume(current, draft).text == b"[half " + CANARY.encode()
        assert CANARY.encode() not in (tmp_path / kept).read_bytes()


class TestKeeping:
    def test_a_kept_edit_is_sealed_and_comes_back(self, app: Desk) -> None:
        app.seal("app.yaml", YAML)
        current = app.workspace()
        draft = editing.begin(current, "app.yaml")
        text = f"half: [a document {CANARY}".encode()

        kept = editing.keep(current, draft, text)

        assert kept == "app.yaml.gitseal-edit"
        assert (app.folder / kept).stat().st_mode & 0o777 == 0o600
        assert editing.resume(current, editing.begin(current, "app.yaml")).text == text
        assert app.leftovers() == []

    def test_no_kept_edit_is_replaced(self, app: Desk) -> None:
        app.seal("app.yaml", YAML)
        current = app.workspace()
        draft = editing.begin(current, "app.yaml")

        editing.keep(current, draft, b"one")
        assert editing.keep(current, draft, b"two") == "app.yaml.gitseal-edit.2"

        newest = editing.resume(current, draft)
        assert newest.text == b"two"
        editing.keep(current, draft, b"three")
        editing.discard(current, draft, newest)
        assert editing.resume(current, draft).text == b"three"
        assert editing.keep(current, draft, b"four") == "app.yaml.gitseal-edit.4"

    def test_one_of_another_file_does_not_open(self, app: Desk) -> None:
        app.seal("app.yaml", YAML)
        app.seal("other.yaml", YAML)
        current = app.workspace()
        editing.keep(current, editing.begin(current, "app.yaml"), b"text")
        (app.folder / "app.yaml.gitseal-edit").rename(app.folder / "other.yaml.gitseal-edit")

        with pytest.raises((IntegrityError, RefusedError)):
            editing.resume(current, editing.begin(current, "other.yaml"))

    def test_where_none_is_kept_none_is_found(self, app: Desk) -> None:
        app.seal("app.yaml", YAML)
        draft = editing.begin(app.workspace(), "app.yaml")

        with pytest.raises(NotFoundError):
            editing.resume(app.workspace(), draft)


class TestTelling:
    def test_which_keys_changed_and_never_how(self, app: Desk) -> None:
        app.seal("app.yaml", YAML)
        draft = editing.begin(app.workspace(), "app.yaml")
        new = draft.text.replace(b"host: db1", b"host: db2").replace(b"  port: 5432\n", b"")

        told = editing.changes(draft, new + b"more: 1\n")

        assert told == "changed db.host; added more; removed db.port"

    def test_nothing_where_only_comments_changed(self, app: Desk) -> None:
        app.seal("app.yaml", YAML)
        draft = editing.begin(app.workspace(), "app.yaml")

        assert editing.changes(draft, draft.text.replace(b"# our", b"# your")) == ""

    @pytest.mark.parametrize("name", ["new.yaml", "new.env", "new.json", "new.pem"])
    def test_the_template_goes_away_by_itself(self, name: str, app: Desk) -> None:
        draft = editing.begin(app.workspace(), name)
        start = editing.template(draft)

        assert editing.without_template(draft, start) == b""
        assert editing.without_template(draft, start + b"A=1\n").endswith(b"A=1\n")

    def test_the_template_says_the_policy(self, desk: Desk) -> None:
        desk.scope(clear=["metadata.**"])
        draft = editing.begin(desk.workspace(), "new.yaml")

        told = editing.template(draft).decode()
        assert "scope app" in told
        assert "readers: ada" in told
        assert "not metadata.**" in told
