# SPDX-License-Identifier: Apache-2.0
"""Two people, two clones: trust, readers, branches that both changed the keyring."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from people import ENV, YAML, Person, owner, pair


def test_a_new_reader_touches_no_sealed_file(tmp_path: Path) -> None:
    ada, ben = owner(tmp_path), Person(tmp_path, "ben")

    ada.gitseal("readers", "add", "ben", ben.key(), "--yes")

    changed = ada.git("status", "--short", "--porcelain").split()
    assert sorted(changed[1::2]) == [".gitseal.yaml", ".gitseal/keyring/main.json"]


def test_nothing_opens_in_a_clone_before_it_is_trusted(tmp_path: Path) -> None:
    ada, ben = owner(tmp_path), Person(tmp_path, "ben")
    ada.gitseal("readers", "add", "ben", ben.key(), "--yes")
    ada.commit("Ben may read")
    ben.clone(ada)

    refused = ben.gitseal("decrypt", ".env", code=4)

    assert refused.stdout == ""
    assert "safety code" in refused.stderr
    assert "gitseal trust" in refused.stderr
    told = ben.gitseal("trust", "--yes").stderr
    assert "ada gains access" in told
    assert ben.gitseal("decrypt", ".env").stdout == ENV


def test_trust_asks_nobody_who_is_not_there(tmp_path: Path) -> None:
    ada, ben = owner(tmp_path), Person(tmp_path, "ben")
    ben.key()
    ben.clone(ada)

    assert "nobody is here" in ben.gitseal("trust", code=4).stderr


def test_an_own_vouch_answers_on_ones_next_machine(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    laptop = Person(tmp_path, "laptop")
    identity = ada.home / ".config" / "gitseal" / "identity.txt"

    laptop.clone(ada)

    opened = laptop.gitseal("decrypt", ".env", GITSEAL_IDENTITY_FILE=str(identity))
    assert opened.stdout == ENV


def test_the_environment_can_pin(tmp_path: Path) -> None:
    ada, ben = owner(tmp_path), Person(tmp_path, "ben")
    ada.gitseal("readers", "add", "ben", ben.key(), "--yes")
    ada.commit("Ben may read")
    ben.clone(ada)
    from gitseal.crypto.derive import format_fingerprint
    from gitseal.policy.records import Record

    record = Record.parse((ada.folder / ".gitseal/keyring/main.json").read_bytes())
    pin = format_fingerprint(record.fingerprint())

    assert ben.gitseal("decrypt", ".env", GITSEAL_TRUST=f"main={pin}").stdout == ENV
    wrong = pin[:-4] + ("0000" if not pin.endswith("0000") else "0008")
    ben.gitseal("decrypt", ".env", code=4, GITSEAL_TRUST=f"main={wrong}")


def test_readers_added_on_two_branches_are_merged_by_apply(tmp_path: Path) -> None:
    ada, ben = pair(tmp_path)
    carol, dave = Person(tmp_path, "carol"), Person(tmp_path, "dave")
    ada.gitseal("readers", "add", "carol", carol.key(), "--yes")
    ada.commit("Carol may read")
    ben.gitseal("readers", "add", "dave", dave.key(), "--yes")
    ben.commit("Dave may read")
    ben.git("fetch", "-q")
    ben.git("merge", "origin/main", check=False)
    assert "UU .gitseal/keyring/main.json" in ben.git("status", "--short")

    told = ben.gitseal("apply", "--yes").stderr

    assert "carol gains access" in told
    rows = json.loads(ben.gitseal("readers", "list", "--format", "json").stdout)["readers"]
    assert {row["reader"] for row in rows} == {"ada", "ben", "carol", "dave"}
    assert "carol" in ben.read(".gitseal.yaml")
    ben.commit("Merge")
    for reader in (carol, dave):
        reader.clone(ben)
        reader.gitseal("trust", "--yes")
        assert reader.gitseal("decrypt", "config/app.yaml").stdout == YAML


def test_two_branches_that_both_rotated_are_merged(tmp_path: Path) -> None:
    ada, ben = pair(tmp_path)
    ben.git("push", "-q", "origin", "HEAD:vouched")
    ada.git("merge", "-q", "vouched")
    for person in (ada, ben):
        person.gitseal("rotate", "--yes")
        person.git("add", "-A")
        person.gitseal("apply", "--yes")
        person.commit(f"{person.name} makes a new key")
    ben.git("fetch", "-q")
    ben.git("merge", "origin/main", check=False)
    ben.git("checkout", "--theirs", "--", ".env")
    ben.git("checkout", "--ours", "--", "config/app.yaml")

    ben.gitseal("apply", "--yes")
    ben.git("add", "-A")
    ben.gitseal("apply", "--yes")
    ben.commit("Merge")

    assert ben.gitseal("decrypt", ".env").stdout == ENV
    assert ben.gitseal("decrypt", "config/app.yaml").stdout == YAML
    ben.gitseal("check")
    ada.git("pull", "-q", "--no-rebase", "--no-edit", str(ben.folder), "main")
    assert "another key" in ada.gitseal("decrypt", ".env", code=4).stderr
    ada.gitseal("trust", "--yes")
    assert ada.gitseal("decrypt", ".env").stdout == ENV


def test_a_policy_change_that_was_given_up_can_be_gone_back_from(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    ada.git("checkout", "-q", "-b", "experiment")
    ada.gitseal("readers", "add", "eve", Person(tmp_path, "eve").key(), "--yes")
    ada.commit("Eve may read")
    ada.git("checkout", "-q", "main")
    ada.git("branch", "-D", "experiment")
    assert "apply --older" in ada.gitseal("set", ".env", "A", "2", code=6).stderr

    told = ada.gitseal("apply", "--older", "--yes").stderr

    assert "eve loses access" in told
    ada.gitseal("set", ".env", "A", "2")
    ada.git("add", "-A")
    ada.gitseal("apply", "--yes")
    ada.commit("On")
    assert ada.gitseal("get", ".env", "A").stdout == "2\n"
    assert "eve" not in ada.gitseal("readers", "list").stdout


def test_an_older_record_with_an_older_key_is_not_gone_back_to(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    ada.git("branch", "old")
    ada.gitseal("rotate", "--yes")
    ada.git("add", "-A")
    ada.gitseal("apply", "--yes")
    ada.commit("New key")
    ada.git("checkout", "-q", "old")

    ada.gitseal("apply", "--older", "--yes", code=6)


def test_files_that_no_scope_will_claim_are_named(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    ada.write(".gitseal.yaml", ada.read(".gitseal.yaml").replace(', "config/*.yaml"', ""))

    told = ada.gitseal("apply", "--dry-run", code=1).stderr

    assert "config/app.yaml stays sealed, but no scope claims it" in told


def test_an_old_branch_is_read_with_a_notice_and_not_written(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    ada.git("branch", "old")
    ada.gitseal("readers", "add", "ben", Person(tmp_path, "ben").key(), "--yes")
    ada.commit("Ben may read")
    ada.git("checkout", "-q", "old")

    opened = ada.gitseal("decrypt", ".env")

    assert opened.stdout == ENV
    assert "older record" in opened.stderr
    before = ada.read(".env")
    refused = ada.gitseal("encrypt", ".env", code=6)
    assert "merge the keyring first" in refused.stderr
    assert ada.read(".env") == before


def test_removing_a_reader_makes_a_new_key_and_says_what_was_read(tmp_path: Path) -> None:
    ada, ben = pair(tmp_path)
    before = ada.read(".env")

    told = ada.gitseal("readers", "remove", "ben", "--yes").stderr

    assert "ben loses access" in told
    assert "replace those secrets at their source" in told
    assert ada.read(".env") != before
    ada.git("add", "-A")
    ada.gitseal("apply", "--yes")
    ada.commit("Ben left")
    assert ada.gitseal("decrypt", ".env").stdout == ENV
    ben.git("pull", "-q", "--no-rebase", "--no-edit", "origin", "main")
    assert "ben loses access" in ben.gitseal("decrypt", ".env", code=4).stderr
    ben.gitseal("trust", "--yes")
    ben.gitseal("decrypt", ".env", code=4)


def test_a_rotation_is_followed_by_the_other_clone_without_a_question(tmp_path: Path) -> None:
    ada, ben = pair(tmp_path)
    ada.gitseal("rotate", "--yes")
    ada.git("add", "-A")
    ada.gitseal("apply", "--yes")
    ada.commit("New key")

    ben.git("pull", "-q", "--no-rebase", "--no-edit", "origin", "main")

    assert ben.gitseal("decrypt", ".env").stdout == ENV


def test_a_reader_can_be_renamed(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    before = ada.read(".env")
    ada.write(".gitseal.yaml", ada.read(".gitseal.yaml").replace("ada", "lovelace"))

    ada.gitseal("apply", "--yes")

    assert ada.read(".env") == before
    assert "lovelace" in ada.gitseal("readers", "list").stdout
    assert ada.gitseal("decrypt", ".env").stdout == ENV


def test_all_readers_can_be_replaced_at_once(tmp_path: Path) -> None:
    ada, ben = owner(tmp_path), Person(tmp_path, "ben")
    policy = ada.read(".gitseal.yaml")
    old = next(line for line in policy.splitlines() if line.startswith("  ada: "))
    ada.write(".gitseal.yaml", policy.replace(old, f"  ben: {ben.key()}").replace("[ada]", "[ben]"))

    assert "ada loses access" in ada.gitseal("apply", "--yes").stderr
    ada.gitseal("decrypt", ".env", code=4)
    ben.folder = ada.folder
    ben.gitseal("trust", "--yes")
    assert ben.gitseal("decrypt", ".env").stdout == ENV
    ben.git("add", "-A")
    ben.gitseal("apply", "--yes")

    assert ben.gitseal("decrypt", ".env").stdout == ENV


def test_a_file_of_a_retired_key_is_refused(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    old = ada.read(".env")
    ada.gitseal("rotate", "--yes")
    ada.git("add", "-A")
    ada.gitseal("apply", "--yes")

    ada.write(".env", old)

    assert "retired" in ada.gitseal("decrypt", ".env", code=6).stderr


def test_a_record_changed_without_a_key_is_refused(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    record = ada.read(".gitseal/keyring/main.json")
    ada.write(
        ".gitseal/keyring/main.json", record.replace('"comments": "seal"', '"comments": "clear"')
    )

    refused = ada.gitseal("decrypt", ".env", code=3)

    assert "without a reader's key" in refused.stderr
    assert "not committed" in refused.stderr


def test_a_record_of_a_stranger_is_refused_with_who_brought_it(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    eve = Person(tmp_path, "eve")
    eve.clone(ada)
    eve.git("rm", "-rq", ".gitseal", ".gitseal.yaml")
    eve.write(".env", "A=evil\n")
    eve.write("config/app.yaml", YAML)
    eve.gitseal("init", "--yes", "--files", ".env", "--files", "config/*.yaml", "--name", "ada")
    eve.commit("Harmless refactoring")
    ada.git("pull", "-q", str(eve.folder), "main")

    refused = ada.gitseal("decrypt", ".env", code=4)

    assert refused.stdout == ""
    assert "of eve" in refused.stderr
    assert "safety code" in refused.stderr
    ada.gitseal("encrypt", ".env", code=4)
    ada.gitseal("apply", "--yes", code=4)


def test_deleting_a_record_does_not_turn_its_files_clear(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    (ada.folder / ".gitseal/keyring/main.json").unlink()
    ada.write(".env", "A=evil\n")

    assert "record is gone" in ada.gitseal("decrypt", ".env", code=4).stderr


def test_wider_rules_seal_the_files_again(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    policy = ada.read(".gitseal.yaml")
    ada.write(".gitseal.yaml", policy.replace('seal: ["**"]', 'seal: ["**.password", "A", "B"]'))

    dry = ada.gitseal("apply", "--dry-run", code=1)
    assert "key paths" in dry.stderr
    assert "COME INTO THE CLEAR" in dry.stderr
    assert "config/app.yaml: 1" in dry.stderr
    before = ada.read("config/app.yaml")
    assert "--allow-clear" in ada.gitseal("apply", "--yes", code=6).stderr
    assert ada.read("config/app.yaml") == before
    ada.gitseal("apply", "--yes", "--allow-clear")

    sealed = ada.read("config/app.yaml")
    assert "host: db1" in sealed
    assert "hunter2" not in sealed
    assert ada.gitseal("decrypt", "config/app.yaml").stdout == YAML


def test_the_context_of_a_scope_never_changes(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    ada.write(
        ".gitseal.yaml",
        ada.read(".gitseal.yaml").replace("    readers:", "    context: {app: x}\n    readers:"),
    )

    assert "never changes" in ada.gitseal("apply", "--yes", code=2).stderr


def test_a_syntax_that_is_not_read_yet_can_be_sealed_as_a_whole(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    ada.write("config/c.toml", 'password = "hunter2"\n')
    policy = ada.read(".gitseal.yaml").replace('"config/*.yaml"', '"config/**"')
    ada.write(".gitseal.yaml", policy)
    assert "`whole`" in ada.gitseal("apply", "--yes", code=1).stderr
    assert "`whole`" in ada.gitseal("encrypt", "config/c.toml", code=9).stderr

    ada.write(".gitseal.yaml", policy + '    whole: ["*.toml"]\n')
    ada.gitseal("apply", "--yes")
    ada.gitseal("encrypt", "config/c.toml")

    assert b"hunter2" not in (ada.folder / "config/c.toml").read_bytes()
    assert ada.gitseal("decrypt", "config/c.toml").stdout == 'password = "hunter2"\n'
    ada.gitseal("check")


def test_a_plain_file_is_read_as_it_lies_there(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    ada.gitseal("git", "install")
    ada.write(".gitseal.yaml", ada.read(".gitseal.yaml") + "    worktree: plain\n")
    ada.gitseal("apply", "--yes")
    assert ada.read(".env") == ENV

    assert ada.gitseal("decrypt", ".env").stdout == ENV
    assert ada.gitseal("get", ".env", "A").stdout == "1\n"


def test_the_environment_does_not_bring_an_older_record_back(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    from gitseal.crypto.derive import format_fingerprint
    from gitseal.policy.records import Record

    old = format_fingerprint(
        Record.parse((ada.folder / ".gitseal/keyring/main.json").read_bytes()).fingerprint()
    )
    ada.git("branch", "old")
    ada.gitseal("readers", "add", "ben", Person(tmp_path, "ben").key(), "--yes")
    ada.commit("Ben may read")
    ada.git("checkout", "-q", "old")

    refused = ada.gitseal("encrypt", ".env", code=6, GITSEAL_TRUST=f"main={old}")

    assert "older record" in refused.stderr


def test_a_moved_file_is_sealed_for_its_new_place(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    ada.git("mv", "config/app.yaml", "config/other.yaml")

    refused = ada.gitseal("decrypt", "config/other.yaml", code=6)
    assert "gitseal mv config/app.yaml config/other.yaml" in refused.stderr

    ada.gitseal("mv", "config/app.yaml", "config/other.yaml")
    assert ada.gitseal("decrypt", "config/other.yaml").stdout == YAML


def test_a_sealed_file_copied_over_another_does_not_open(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    ada.write("config/copy.yaml", ada.read("config/app.yaml"))

    refused = ada.gitseal("decrypt", "config/copy.yaml", code=6).stderr
    assert "was sealed as config/app.yaml" in refused
    (line,) = re.findall("gitseal decrypt .*", refused)
    script = line.replace("gitseal", f"{sys.executable} -m gitseal")
    subprocess.run(["sh", "-c", script], cwd=ada.folder, env=ada.environ, check=True)
    assert ada.gitseal("decrypt", "config/copy.yaml").stdout == YAML


def test_a_file_without_policy_opens_for_its_readers_anywhere(tmp_path: Path) -> None:
    ada, ben = Person(tmp_path, "ada"), Person(tmp_path, "ben")
    ben_key, ada_key = ben.key(), ada.key()
    ada.write("secret.yaml", YAML)

    ada.gitseal("encrypt", "--to", ada_key, "--to", ben_key, "secret.yaml")

    sealed = ada.read("secret.yaml")
    assert "hunter2" not in sealed
    ben.write("secret.yaml", sealed)
    opened = ben.gitseal("decrypt", "secret.yaml")
    assert opened.stdout == YAML
    assert "nothing here vouches" in opened.stderr
    eve = Person(tmp_path, "eve")
    eve.key()
    eve.write("secret.yaml", sealed)
    eve.gitseal("decrypt", "secret.yaml", code=4)


def test_portable_files_open_outside_their_repository(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    ada.write(".gitseal.yaml", ada.read(".gitseal.yaml") + "    portable: true\n")
    ada.gitseal("apply", "--yes")
    sealed = ada.read(".env")
    assert "# gitseal keys:" in sealed

    ada.folder = ada.home
    ada.write(".env", sealed)

    assert ada.gitseal("decrypt", ".env").stdout == ENV


def test_a_move_says_what_to_stage(tmp_path: Path) -> None:
    ada = owner(tmp_path)

    told = ada.gitseal("mv", "config/app.yaml", "config/other.yaml").stderr

    # What follows is what the hint is for: `commit -a` alone takes the deletion and no more.
    hint = told.rpartition("hint: ")[2]
    ada.git(*hint.split()[1:])
    assert ada.git("status", "--porcelain", "--no-renames").split("\n") == [
        "D  config/app.yaml", "A  config/other.yaml", "",
    ]  # fmt: skip


def test_a_mended_move_says_what_can_be_staged(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    ada.git("mv", "config/app.yaml", "config/other.yaml")

    told = ada.gitseal("mv", "config/app.yaml", "config/other.yaml").stderr

    # git add refuses a path that is neither there nor in the index.
    assert told.endswith("hint: git add config/other.yaml\n")


def test_apply_makes_no_new_key_in_place_of_a_lost_record(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    (ada.folder / ".gitseal" / "keyring" / "main.json").unlink()

    told = ada.gitseal("apply", "--yes", code=4).stderr

    assert "the record of scope main is gone" in told
    assert not (ada.folder / ".gitseal" / "keyring" / "main.json").exists()
    assert ".env: belongs to scope main" in ada.gitseal("get", ".env", "A", code=4).stderr
    ada.git("checkout", "-q", ".gitseal")
    assert ada.gitseal("decrypt", ".env").stdout == ENV


def test_a_lost_record_may_be_given_up(tmp_path: Path) -> None:
    ada = owner(tmp_path)
    (ada.folder / ".gitseal" / "keyring" / "main.json").unlink()

    ada.gitseal("trust", "--forget", "main")

    assert "scope main is new" in ada.gitseal("apply", "--yes").stderr


def test_a_slip_in_a_subcommand_names_its_own_help(tmp_path: Path) -> None:
    told = Person(tmp_path, "ada").gitseal("keys", "generate", "--passphrase", code=2).stderr

    assert "see gitseal keys generate --help" in told


def test_an_unknown_format_of_the_list_is_refused(tmp_path: Path) -> None:
    assert (
        "unknown format"
        in owner(tmp_path).gitseal("readers", "list", "--format", "xml", code=2).stderr
    )
