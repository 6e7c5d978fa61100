# SPDX-License-Identifier: Apache-2.0
"""Every command of git that merges: what it commits is sealed and authentic, nothing leaks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gitseal.operations import applying, rotating
from merges import CONFIG, Merges, lines, secret
from people import Person, pair

pytestmark = pytest.mark.needs("gitseal")

BASE = lines(A="a", B="b", C="c")
OURS = lines(A="a", B="ours", C="c")
THEIRS = lines(A="a", B="b", C="theirs")
BOTH = lines(A="a", B="ours", C="theirs")
CLASH = lines(A="a", B="clash", C="theirs")


def forked(merges: Merges, theirs: str = THEIRS) -> None:
    merges.start({".env": BASE})
    merges.fork({".env": OURS}, {".env": theirs})


def done(merges: Merges, text: str = BOTH) -> None:
    assert merges.content() == text
    merges.good()


def test_pull(merges: Merges) -> None:
    forked(merges)

    merges.git("pull", "-q", "--no-rebase", "--no-edit", ".", "topic")

    done(merges)


def test_pull_with_what_is_not_committed(merges: Merges) -> None:
    merges.start({".env": BASE})
    merges.git("switch", "-qc", "topic")
    merges.commit("theirs", {".env": THEIRS})
    merges.git("switch", "-q", "main")
    merges.put(".env", OURS)

    merges.git("pull", "-q", "--rebase", "--autostash", ".", "topic")

    assert merges.content() == BOTH
    merges.git("commit", "-qam", "both")
    merges.good()


@pytest.mark.parametrize("backend", ["--merge", "--apply"])
def test_rebase(backend: str, merges: Merges) -> None:
    forked(merges)

    merges.git("rebase", "-q", backend, "topic")

    done(merges)


@pytest.mark.parametrize("backend", ["--merge", "--apply"])
def test_rebase_with_a_conflict(backend: str, merges: Merges) -> None:
    forked(merges, CLASH)

    said = merges.git("rebase", backend, "topic", code=1)

    assert "both sides changed B" in said
    assert not merges.leaks()
    merges.put(".env", BOTH)
    merges.git("add", ".env")
    merges.git("-c", "core.editor=true", "rebase", "--continue")
    done(merges)


def test_cherry_pick(merges: Merges) -> None:
    forked(merges)

    merges.git("cherry-pick", "topic")

    done(merges)


def test_revert(merges: Merges) -> None:
    merges.start({".env": BASE})
    merges.commit("theirs", {".env": THEIRS})
    merges.commit("ours", {".env": BOTH})

    merges.git("revert", "--no-edit", "HEAD^")

    done(merges, OURS)


def test_stash_pop(merges: Merges) -> None:
    merges.start({".env": BASE})
    merges.put(".env", THEIRS)
    merges.git("stash", "-q")
    merges.commit("ours", {".env": OURS})

    merges.git("stash", "pop", "-q")

    assert merges.content() == BOTH
    merges.git("commit", "-qam", "both")
    merges.good()


def test_stash_pop_with_a_conflict(merges: Merges) -> None:
    merges.start({".env": BASE})
    merges.put(".env", CLASH)
    merges.git("stash", "-q")
    merges.commit("ours", {".env": OURS})

    merges.git("stash", "pop", "-q", code=1)

    assert "UU .env" in merges.git("status", "--porcelain")
    assert not merges.leaks()


def test_am_with_three_ways(merges: Merges) -> None:
    forked(merges)
    merges.git("format-patch", "-q", "-1", "-o", str(merges.folder.parent / "mail"), "topic")
    mail = next((merges.folder.parent / "mail").iterdir())

    merges.git("am", "-q", "-3", str(mail))

    done(merges)


def test_switching_with_a_merge(merges: Merges) -> None:
    merges.start({".env": BASE})
    merges.git("switch", "-qc", "topic")
    merges.commit("theirs", {".env": THEIRS})
    merges.git("switch", "-q", "main")
    merges.put(".env", OURS)

    merges.git("checkout", "-q", "-m", "topic")

    assert merges.content() == BOTH
    merges.git("commit", "-qam", "both")
    merges.good()


def test_merging_trees_without_a_worktree(merges: Merges) -> None:
    forked(merges)

    tree = merges.git("merge-tree", "--write-tree", "main", "topic").split()[0]

    merges.git("read-tree", "-u", "--reset", tree)
    merges.git("commit", "-qm", "both")
    done(merges)


def test_a_commit_amended_below_others(merges: Merges) -> None:
    forked(merges)
    merges.git("merge", "-q", "--no-edit", "topic")
    merges.commit("later", {".env": BOTH.replace("A=", "Z=")})

    merges.git("rebase", "-q", "--rebase-merges", "--onto", "topic", "main~2")

    merges.good()


def test_a_strategy_that_asks_no_driver_corrupts_nothing_unnoticed(merges: Merges) -> None:
    """`-s resolve` merges the sealed text line by line; what comes out is found by `check`."""
    forked(merges)

    merges.git("merge", "-s", "resolve", "--no-edit", "topic", code=None)

    assert not merges.leaks()


def with_driver(person: Person, programs: Path) -> None:
    """Let this person's git run the program under test."""
    person.environ["PATH"] = f"{programs}:{person.environ['PATH']}"
    for key, value in CONFIG.items():
        person.git("config", "--global", key, value)
    attributes = person.folder / ".gitattributes"
    text = attributes.read_text() if attributes.exists() else ""
    own = "".join(
        f"{one} merge=gitseal\n" for one in (".env", "config/*.yaml", ".gitseal/keyring/*")
    )
    if own not in text:
        attributes.write_text(text + own)
        person.commit("Merge sealed files with gitseal")


def test_readers_added_on_two_branches_are_left_to_apply(tmp_path: Path, programs: Path) -> None:
    """What readers sign is not for git to merge: ours stays, and `apply` signs both."""
    ada, ben = pair(tmp_path)
    with_driver(ada, programs)
    ben.git("pull", "-q", "--rebase")
    with_driver(ben, programs)
    for person, name in ((ada, "carol"), (ben, "dave")):
        person.gitseal("readers", "add", name, Person(tmp_path, name).key(), "--yes")
        person.commit(f"{name} may read")
    ours = ben.read(".gitseal/keyring/main.json")
    ben.git("fetch", "-q")

    said = ben.git("merge", "origin/main", check=False)

    assert "CONFLICT (content): Merge conflict in .gitseal/keyring/main.json" in said
    assert ben.read(".gitseal/keyring/main.json") == ours
    ben.gitseal("apply", "--yes")
    ben.commit("Merge")
    rows = json.loads(ben.gitseal("readers", "list", "--format", "json").stdout)["readers"]
    assert {row["reader"] for row in rows} == {"ada", "ben", "carol", "dave"}
    ben.gitseal("check")


def test_a_rotation_on_one_branch(tmp_path: Path, programs: Path) -> None:
    """The other side's key is known to its own record alone, which follows from the pinned one."""
    ada, ben = pair(tmp_path)
    with_driver(ada, programs)
    ben.git("pull", "-q", "--rebase")
    with_driver(ben, programs)
    ada.gitseal("set", ".env", "A", "10")
    ada.gitseal("rotate", "--yes")
    ada.commit("Rotate")
    ben.gitseal("set", ".env", "B", "20")
    ben.commit("Change B")
    ben.git("fetch", "-q")

    ben.git("merge", "--no-edit", "origin/main")

    assert ben.gitseal("decrypt", ".env").stdout == 'A=10\nB="20"\n'
    ben.gitseal("check")


def test_a_reader_removed_on_one_branch(tmp_path: Path, programs: Path) -> None:
    """The old key is given up there, so what was sealed with it here is for a person to decide."""
    ada, ben = pair(tmp_path)
    with_driver(ada, programs)
    carol = Person(tmp_path, "carol")
    ada.gitseal("readers", "add", "carol", carol.key(), "--yes")
    ada.commit("Carol may read")
    ben.git("pull", "-q", "--rebase")
    with_driver(ben, programs)
    ben.gitseal("trust", "--yes")
    ada.gitseal("readers", "remove", "carol", "--yes")
    ada.gitseal("set", ".env", "A", "10")
    ada.git("add", "-A")
    ada.gitseal("apply", "--yes")
    ada.commit("Carol may not")
    ben.gitseal("set", ".env", "B", "20")
    ben.commit("Change B")
    ben.git("fetch", "-q")

    said = ben.git("merge", "origin/main", check=False)

    assert "CONFLICT (content): Merge conflict in .env" in said
    assert "safety code" in ben.gitseal("resolve", ".env", code=4).stderr
    ben.gitseal("trust", "--yes")
    asked = ben.gitseal("resolve", ".env", code=2).stderr
    assert "ours: is sealed in epoch 1 of main, which is retired" in asked
    ben.gitseal("resolve", ".env", "--yes")
    ben.commit("Merge")
    assert ben.gitseal("decrypt", ".env").stdout == 'A=10\nB="20"\n'
    ben.gitseal("check")


@pytest.mark.parametrize("how", ["--conflict=diff3", "--conflict=merge", "-m"])
def test_a_conflict_that_is_made_again(how: str, merges: Merges) -> None:
    """git keeps what the driver gives as an object here as well."""
    forked(merges, CLASH)
    merges.git("merge", "topic", code=1)
    before = (merges.folder / ".env").read_text()
    (merges.folder / ".env").write_text("half an edit\n")

    merges.git("checkout", how, ".env")

    assert (merges.folder / ".env").read_text().replace("> theirs\n", "> topic\n") == before
    assert not merges.leaks()


def test_a_merge_tool_sees_what_people_see(plain: Merges) -> None:
    forked(plain, CLASH)
    plain.git("merge", "topic", code=1)
    plain.git("config", "mergetool.copy.cmd", 'cat "$LOCAL" > seen; cat "$REMOTE" > "$MERGED"')
    plain.git("config", "mergetool.copy.trustExitCode", "true")
    plain.git("config", "mergetool.keepBackup", "false")

    plain.git("mergetool", "-y", "-t", "copy", ".env")

    assert (plain.folder / "seen").read_text() == OURS
    (plain.folder / "seen").unlink()
    plain.git("commit", "-qm", "merged")
    done(plain, CLASH)


def test_a_conflict_is_no_commit(merges: Merges) -> None:
    """Whoever stages it with its markers is told by the hook, in both kinds of worktree."""
    forked(merges, CLASH)
    merges.git("merge", "topic", code=1)

    merges.git("add", ".env")

    assert ".env" in merges.gitseal("check", "--staged", code=1)
    assert not merges.leaks()


def test_merging_what_is_normalised_first(merges: Merges) -> None:
    merges.start({".env": BASE})
    merges.git("config", "merge.renormalize", "true")
    merges.fork({".env": OURS}, {".env": THEIRS})

    merges.git("merge", "-q", "--no-edit", "topic")

    done(merges)


def test_a_merge_of_three_asks_no_driver(merges: Merges) -> None:
    """git merges the sealed text of an octopus line by line, and gives up where that clashes."""
    merges.start({".env": BASE})
    for branch, text in (("one", OURS), ("two", THEIRS)):
        merges.git("switch", "-qc", branch, "main")
        merges.commit(branch, {".env": text})
    merges.git("switch", "-q", "main")

    merges.git("merge", "-q", "one", "two", code=None)

    assert not merges.leaks()


def test_a_strategy_option_decides_nothing_in_a_sealed_file(merges: Merges) -> None:
    """git tells no driver of `-X theirs`: it stays a conflict, and `resolve --theirs` helps."""
    forked(merges, CLASH)

    merges.git("merge", "-q", "-X", "theirs", "topic", code=1)
    merges.desk("resolve", "--theirs", ".env")

    merges.git("add", ".env")
    merges.git("commit", "-qm", "merged")
    done(merges, CLASH)


def rotated_on_topic(merges: Merges) -> None:
    """Main has the old key and a change, `topic` a new key and another change."""
    merges.start({".env": BASE})
    merges.git("switch", "-qc", "topic")
    current = merges.desk.workspace()
    rotating.rotate(current, current.authority.grant_scope("app").record)
    merges.put(".env", THEIRS)
    merges.git("add", "-A")
    merges.git("commit", "-qm", "a new key")
    merges.git("switch", "-q", "main")
    merges.commit("ours", {".env": OURS})


@pytest.mark.parametrize(
    "words",
    [["merge", "-q", "--no-edit", "topic"], ["rebase", "-q", "--merge", "main", "topic"],
     ["rebase", "-q", "--apply", "main", "topic"]],
    ids=["merge", "rebase", "rebase-apply"],
)  # fmt: skip
def test_a_rotation_on_one_branch_is_that_of_the_result(words: list[str], plain: Merges) -> None:
    """Sealed with the key that the result's record has as active, else git sees a change."""
    rotated_on_topic(plain)
    epochs = [b"epoch: 2" in plain.blob(f"{one}:.env") for one in ("main", "topic")]

    plain.git(*words)

    assert epochs == [False, True]
    assert b"epoch: 2" in plain.blob("HEAD:.env")
    (plain.folder / ".env").touch()
    done(plain)


def test_a_picked_commit_gets_the_key_of_its_new_branch(plain: Merges) -> None:
    """The record does not come along, and a key that the branch does not know opens for nobody."""
    rotated_on_topic(plain)
    plain.git("switch", "-q", "topic")
    plain.commit("more", {".env": THEIRS + "D=1\n"})
    plain.git("switch", "-q", "main")

    plain.git("cherry-pick", "topic")

    assert b"epoch: 1" in plain.blob("HEAD:.env")
    assert plain.content() == OURS + "D=1\n"
    assert " .env" not in plain.git("status", "--porcelain")
    assert not plain.leaks()


def test_rules_that_seal_more_on_one_branch(merges: Merges) -> None:
    """Sealed under the rules of before, the other side's new secret would lie in git in clear."""
    start = BASE + "PORT=80\n"
    merges.start({".env": start}, clear=["PORT"])
    merges.commit("ours", {".env": OURS + "PORT=80\n"})
    merges.git("switch", "-qc", "topic", "main^")
    current = merges.desk.workspace()
    record = current.authority.grant_scope("app").record
    policy = record.policy.replace(clear=[])
    step = applying.Step(applying.CHANGE, "app", record=record, policy=policy)
    applying.carry_out(current, [step])
    merges.commit("theirs", {".env": THEIRS + f"PORT={secret('port')}\n"})
    merges.git("switch", "-q", "main")

    merges.git("merge", "-q", "--no-edit", "topic")

    done(merges, BOTH + f"PORT={secret('port')}\n")
