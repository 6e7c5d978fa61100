# SPDX-License-Identifier: Apache-2.0
"""Attributes stay true to the records, and files to the kind of worktree that the policy names."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from desk import CANARY, ENV, PEM, YAML
from gitseal.cli.context import workspace
from gitseal.errors import RefusedError
from gitseal.operations import applying, attributing
from people import Person, pair

FILES = {".env": ENV, "config/app.yaml": YAML, "config/my key.pem": PEM}


@pytest.fixture
def ada(tmp_path: Path, programs: Path) -> Person:
    """Somebody whose git runs gitseal, with one scope of sealed files, committed."""
    return starting(tmp_path, programs, "sealed")


@pytest.fixture
def plain(tmp_path: Path, programs: Path) -> Person:
    """The same, with the files in clear in the worktree."""
    return starting(tmp_path, programs, "plain")


def mirror_of(person: Person) -> Path:
    """The file of one clone that no branch can change; `init` fills it, a clone has none."""
    return person.folder / ".git" / "info" / "attributes"


def starting(folder: Path, programs: Path, worktree: str) -> Person:
    person = Person(folder, "ada")
    person.environ["PATH"] = f"{programs}{os.pathsep}{os.environ['PATH']}"
    person.folder = person.home / "repo"
    person.folder.mkdir()
    person.git("init", "-q", "-b", "main")
    person.gitseal("git", "install")
    for path, text in FILES.items():
        person.write(path, text)
    person.gitseal(
        "init", "--yes", "--name", "ada", "--files", ".env", "--files", "config/**",
        "--worktree", worktree,
    )  # fmt: skip
    person.commit("Seal the secrets")
    return person


def change(person: Person, old: str, new: str) -> None:
    policy = person.read(".gitseal.yaml")
    assert old in policy
    person.write(".gitseal.yaml", policy.replace(old, new))


def to_plain(person: Person) -> None:
    change(person, "    readers: [ada]\n", "    readers: [ada]\n    worktree: plain\n")


def filtered(person: Person, path: str) -> bool:
    return person.git("check-attr", "filter", "--", path).endswith(": gitseal\n")


def objects(person: Person) -> bytes:
    """Every object of the repository, reachable or not."""
    done = subprocess.run(
        ["git", "cat-file", "--batch", "--batch-all-objects"],
        cwd=person.folder, env=person.environ, capture_output=True, check=True,
    )  # fmt: skip
    return done.stdout


class TestTheRootFile:
    def test_init_writes_it(self, ada: Person) -> None:
        assert filtered(ada, ".env")
        assert filtered(ada, "config/deep/x")
        assert not filtered(ada, "README.md")

    def test_a_new_pattern_is_added_and_an_old_one_taken_out(self, ada: Person) -> None:
        change(ada, '".env", "config/**"', '"config/**", "more/"')

        told = ada.gitseal("apply", "--yes").stderr

        assert ".gitattributes" in told
        assert filtered(ada, "a/more/x")
        assert not filtered(ada, ".env")

    def test_what_is_missing_is_written_without_a_question(self, ada: Person) -> None:
        before = ada.read(".gitattributes")
        (ada.folder / ".gitattributes").unlink()

        dry = ada.gitseal("apply", "--dry-run", code=1).stderr
        assert "writes .gitattributes" in dry
        assert not (ada.folder / ".gitattributes").exists()
        told = ada.gitseal("apply").stderr

        assert "wrote .gitattributes" in told
        assert ada.read(".gitattributes") == before
        assert "is applied" in ada.gitseal("apply").stderr

    def test_lines_of_the_user_stay_and_do_not_win(self, ada: Person) -> None:
        block = ada.read(".gitattributes")
        ada.write(".gitattributes", "*.png binary\r\n" + block + "*.env -filter\n# end")

        ada.gitseal("apply")

        text = (ada.folder / ".gitattributes").read_bytes()
        assert text.startswith(b"*.png binary\r\n*.env -filter\n# end")
        assert filtered(ada, ".env")
        assert "is applied" in ada.gitseal("apply").stderr

    def test_half_a_block_stops_apply_before_anything_happens(self, ada: Person) -> None:
        broken = ada.read(".gitattributes").replace("# <<< gitseal <<<\n", "")
        ada.write(".gitattributes", broken)
        before = ada.read(".gitseal/keyring/main.json")
        change(ada, '".env", "config/**"', '".env", "config/**", "more/"')

        refused = ada.gitseal("apply", "--yes", code=6).stderr

        assert ".gitattributes: " in refused
        assert "delete the lines" in refused
        assert ada.read(".gitattributes") == broken
        assert ada.read(".gitseal/keyring/main.json") == before

    def test_a_link_stops_apply_because_git_does_not_read_it(self, ada: Person) -> None:
        file = ada.folder / ".gitattributes"
        file.rename(ada.folder / "elsewhere")
        file.symlink_to("elsewhere")

        assert "is a link" in ada.gitseal("apply", code=6).stderr

    def test_a_scope_that_is_not_trusted_here_keeps_its_lines(
        self, ada: Person, tmp_path: Path
    ) -> None:
        ben = Person(tmp_path, "ben")
        ben.environ["PATH"] = ada.environ["PATH"]
        ben.clone(ada)
        ben.key()

        assert filtered(ben, ".env")
        ben.gitseal("apply", "--yes", code=4)
        assert filtered(ben, ".env")

    def test_readers_add_leaves_it_alone(self, ada: Person, tmp_path: Path) -> None:
        before = ada.read(".gitattributes")

        ada.gitseal("readers", "add", "ben", Person(tmp_path, "ben").key(), "--yes")

        assert ada.read(".gitattributes") == before


class TestTheMirror:
    def nested(self, person: Person) -> None:
        person.write("config/.gitattributes", "* -filter\n")

    def test_trust_puts_the_filter_out_of_reach_of_branches(self, ada: Person) -> None:
        mirror_of(ada).unlink()
        self.nested(ada)
        assert not filtered(ada, "config/app.yaml")

        ada.gitseal("trust")

        assert filtered(ada, "config/app.yaml")

    def test_apply_keeps_it_true_where_there_is_one(self, ada: Person) -> None:
        mirror_of(ada).unlink()
        change(ada, '".env", "config/**"', '".env", "config/**", "more/"')
        ada.gitseal("apply", "--yes")
        assert not mirror_of(ada).exists()
        ada.gitseal("trust")
        change(ada, '"more/"', '"other/"')

        ada.gitseal("apply", "--yes")

        assert "/**/other/**" in mirror_of(ada).read_text()
        assert "more" not in mirror_of(ada).read_text()

    def test_uninstalling_leaves_what_the_user_wrote_there(self, ada: Person) -> None:
        (ada.folder / ".git" / "info").mkdir(exist_ok=True)
        mirror_of(ada).write_bytes(b"*.x text")
        ada.gitseal("trust")
        assert mirror_of(ada).read_bytes().startswith(b"*.x text\n")

        ada.gitseal("git", "uninstall")

        assert mirror_of(ada).read_bytes() == b"*.x text"

    def test_a_pin_counts_where_the_record_is_gone(
        self, ada: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in ada.environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(ada.folder)
        (ada.folder / ".gitseal/keyring/main.json").unlink()
        mirror_of(ada).unlink()

        assert attributing.mirror(workspace())

        assert filtered(ada, "config/app.yaml")

    def test_links_and_half_blocks_are_refused(
        self, ada: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in ada.environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(ada.folder)
        mirror_of(ada).parent.mkdir(exist_ok=True)
        mirror_of(ada).write_text("# >>> gitseal >>>\n")
        with pytest.raises(RefusedError):
            attributing.mirror(workspace())
        mirror_of(ada).unlink()
        mirror_of(ada).symlink_to("nowhere")
        with pytest.raises(RefusedError):
            attributing.mirror(workspace())


class TestFromSealedToPlain:
    def test_in_one_apply(self, ada: Person) -> None:
        to_plain(ada)

        ada.gitseal("apply", "--yes")

        for path, text in FILES.items():
            assert ada.read(path) == text
        ada.commit("Plain")
        assert ada.git("status", "--short") == ""
        assert ada.git("show", "HEAD:.env").count('origin: ""') == 1
        ada.gitseal("check", "--staged")
        ada.gitseal("check")
        assert CANARY.encode() not in objects(ada)

    def test_without_a_filter_nothing_changes(self, ada: Person) -> None:
        ada.gitseal("git", "uninstall")
        before = {path: (ada.folder / path).read_bytes() for path in FILES}
        record = ada.read(".gitseal/keyring/main.json")
        to_plain(ada)

        refused = ada.gitseal("apply", "--yes", code=6).stderr

        assert "gitseal git install" in refused
        assert {path: (ada.folder / path).read_bytes() for path in FILES} == before
        assert ada.read(".gitseal/keyring/main.json") == record

    def test_a_file_that_a_nested_line_hides_from_the_filter_stays_sealed(
        self, ada: Person
    ) -> None:
        mirror_of(ada).unlink()
        ada.write("config/.gitattributes", "*.yaml -filter\n")
        to_plain(ada)

        ada.gitseal("apply", "--yes")

        assert ada.read(".env") == ENV
        assert CANARY not in ada.read("config/app.yaml")
        ada.commit("Plain")
        assert CANARY.encode() not in objects(ada)

    def test_an_altered_file_is_left_as_it_is(self, ada: Person) -> None:
        altered = ada.read("config/app.yaml").replace("users:", "people:")
        ada.write("config/app.yaml", altered)
        to_plain(ada)

        told = ada.gitseal("apply", "--yes", code=1).stderr

        assert "config/app.yaml" in told
        assert ada.read("config/app.yaml") == altered
        assert ada.read(".env") == ENV

    def test_the_attributes_stand_before_clear_text_does(self, ada: Person) -> None:
        (ada.folder / ".gitattributes").unlink()
        to_plain(ada)

        ada.gitseal("apply", "--yes")

        assert ada.read(".env") == ENV
        ada.commit("Plain")
        assert CANARY.encode() not in objects(ada)

    def test_a_worktree_that_is_locked_stays_sealed(self, ada: Person) -> None:
        (ada.folder / ".git/gitseal").mkdir(exist_ok=True)
        (ada.folder / ".git/gitseal/locked").touch()
        to_plain(ada)

        ada.gitseal("apply", "--yes")

        assert CANARY not in ada.read(".env")
        assert 'origin: ""' in ada.read(".env")


class TestFromPlainToSealed:
    def test_in_one_apply(self, plain: Person) -> None:
        change(plain, "worktree: plain", "worktree: sealed")

        plain.gitseal("apply", "--yes")

        for path in FILES:
            assert CANARY not in (plain.folder / path).read_bytes().decode(errors="replace")
        assert 'origin: ".env"' in plain.read(".env")
        plain.commit("Sealed")
        assert plain.git("status", "--short") == ""
        plain.gitseal("check", "--staged")
        plain.gitseal("check")
        for path, text in FILES.items():
            if text:
                assert plain.gitseal("decrypt", path).stdout == text
        assert CANARY.encode() not in objects(plain)

    def test_an_edit_that_was_not_staged_is_sealed_with_the_rest(self, plain: Person) -> None:
        plain.write(".env", ENV + "NEW=1\n")
        change(plain, "worktree: plain", "worktree: sealed")

        plain.gitseal("apply", "--yes")

        assert plain.gitseal("decrypt", ".env").stdout == ENV + "NEW=1\n"

    def test_what_does_not_parse_is_named_and_stays(self, plain: Person) -> None:
        plain.write("config/app.yaml", f"a: {{ {CANARY}\n")
        change(plain, "worktree: plain", "worktree: sealed")

        told = plain.gitseal("apply", "--yes", code=1).stderr

        assert "config/app.yaml" in told
        assert CANARY not in told
        assert CANARY in plain.read("config/app.yaml")

    def test_there_and_back_again(self, plain: Person) -> None:
        blobs = plain.git("ls-tree", "-r", "HEAD", "--", *FILES)
        change(plain, "worktree: plain", "worktree: sealed")
        plain.gitseal("apply", "--yes")
        plain.commit("Sealed")
        change(plain, "worktree: sealed", "worktree: plain")

        plain.gitseal("apply", "--yes")
        plain.commit("Plain")

        assert plain.git("ls-tree", "-r", "HEAD", "--", *FILES) == blobs
        assert {path: plain.read(path) for path in FILES} == FILES


class TestPlainScopes:
    def test_other_rules_are_sealed_anew_at_git_add(self, plain: Person) -> None:
        change(plain, 'seal: ["**"]', 'seal: ["**"]\n    clear: ["db.port"]')

        told = plain.gitseal("apply", "--yes", "--allow-clear").stderr

        assert "git add -A" in told
        plain.commit("The port is no secret")
        assert "port: 5432" in plain.git("show", "HEAD:config/app.yaml")
        plain.gitseal("check", "--staged")

    def test_a_rotation_is_finished_after_git_add(self, plain: Person) -> None:
        plain.gitseal("rotate", "--yes")
        plain.commit("New key")
        plain.gitseal("apply", "--yes")
        plain.commit("The old key is retired")

        assert "epoch: 2" in plain.git("show", "HEAD:config/app.yaml")
        plain.gitseal("check", "--staged")
        assert {path: plain.read(path) for path in FILES} == FILES

    def test_files_that_git_had_in_clear_are_sealed_at_git_add(self, ada: Person) -> None:
        ada.write("old/a.yaml", "password: hunter2\n")
        ada.commit("Oops")
        change(ada, "scopes:\n", "scopes:\n  old:\n    files: [old/*]\n    readers: [ada]\n"
               "    worktree: plain\n")  # fmt: skip

        ada.gitseal("apply", "--yes")
        ada.commit("Seal them")

        assert "hunter2" not in ada.git("show", "HEAD:old/a.yaml")
        assert ada.read("old/a.yaml") == "password: hunter2\n"


@pytest.mark.parametrize(("before", "after"), [("sealed", "plain"), ("plain", "sealed")])
def test_a_change_that_was_cut_short_is_simply_applied_again(
    tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch, before: str, after: str
) -> None:
    ada = starting(tmp_path, programs, before)
    for name, value in ada.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(ada.folder)
    if after == "plain":
        to_plain(ada)
    else:
        change(ada, "worktree: plain", "worktree: sealed")
    current = workspace()

    def cut(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("gitseal.operations.keyrings.write_record", cut)
        with pytest.raises(KeyboardInterrupt):
            applying.carry_out(current, applying.plan(current))
    ada.commit("In between")
    assert CANARY.encode() not in objects(ada)

    ada.gitseal("apply", "--yes")

    ada.commit("Done")
    ada.gitseal("check", "--staged")
    ada.gitseal("check")
    assert (ada.read(".env") == ENV) == (after == "plain")
    assert ada.git("status", "--short") == ""
    assert CANARY.encode() not in objects(ada)


def test_without_a_filter_no_clear_file_is_offered_to_git(tmp_path: Path, programs: Path) -> None:
    ada = starting(tmp_path, programs, "plain")
    ada.gitseal("git", "uninstall")
    change(ada, 'seal: ["**"]', 'seal: ["**"]\n    clear: ["db.port"]')

    told = ada.gitseal("apply", "--yes").stderr

    assert "git add -A" not in told
    assert "gitseal git install" in told


def test_a_policy_that_two_people_changed_has_both_patterns(tmp_path: Path) -> None:
    ada, ben = pair(tmp_path)
    change(ben, '".env"', '".env", "one/**"')
    ben.gitseal("apply", "--yes")
    ben.commit("One")
    change(ada, '".env"', '".env", "two/**"')
    ada.gitseal("apply", "--yes")
    ada.commit("Two")
    ada.git("pull", "-q", "--no-rebase", str(ben.folder), "main", check=False)

    ada.gitseal("apply", "--yes")

    assert "one/**" in ada.read(".gitseal.yaml")
    assert filtered(ada, "one/a")
    assert filtered(ada, "two/a")
