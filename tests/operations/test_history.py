# SPDX-License-Identifier: Apache-2.0
"""What commits did to values, told from real histories."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desk import CANARY, Desk
from gitseal.keypaths import format_path
from gitseal.operations.blaming import Blame, blame
from gitseal.operations.following import Story, follow
from gitseal.operations.history import Entry, entries
from gitseal.operations.moving import move
from gitseal.repository.trails import trail

_names = itertools.count()


def git(*words: str) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"git {words}: {done.stderr}"
    return done.stdout.strip()


def commit(message: str = "x") -> str:
    git("add", "-A")
    git("commit", "-q", "--allow-empty", "-m", message)
    return git("rev-parse", "HEAD")


def told(desk: Desk, path: str, *, reveal: bool = False) -> dict[str, list[tuple[str, str]]]:
    """Commit -> (kind, key) of what it did."""
    story = follow(desk.workspace(), path)
    try:
        return {one.commit.id: rows(one) for one in entries(story, reveal=reveal)}
    finally:
        story.close()


def rows(entry: Entry) -> list[tuple[str, str]]:
    return [(row.kind, format_path(row.key) if row.key else "") for row in entry.rows]


def blamed(desk: Desk, path: str, *, worktree: bool = False) -> dict[str, str]:
    """Key -> commit."""
    return {
        format_path(one.leaf.path): one.commit.id if one.commit else "-"
        for one in answer(desk, path, worktree=worktree).origins
    }


def answer(desk: Desk, path: str, *, worktree: bool = False) -> Blame:
    story = follow(desk.workspace(), path)
    try:
        return blame(story, worktree=worktree)
    finally:
        story.close()


def yaml(values: dict[str, str]) -> str:
    return "".join(f"{key}: {value}\n" for key, value in sorted(values.items())) or "# empty\n"


KEYS = st.sampled_from("abcdef")
EDITS = st.dictionaries(KEYS, st.none() | st.sampled_from(["one", "two", "'3'", "4"]), max_size=3)


@given(start=st.dictionaries(KEYS, st.just("one"), min_size=1), edits=st.lists(EDITS, max_size=6))
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_log_and_blame_name_exactly_what_was_edited(
    app: Desk, start: dict[str, str], edits: list[dict[str, str | None]]
) -> None:
    path = f"dir{next(_names)}/app.yaml"
    app.seal(path, yaml(start))
    first = commit("first")
    expected = {first: {("file added", ""), *(("added", key) for key in start)}}
    owners = dict.fromkeys(start, first)
    values = dict(start)
    for edit in edits:
        before = dict(values)
        for key, value in edit.items():
            if value is None:
                values.pop(key, None)
            else:
                values[key] = value
        app.seal(path, yaml(values))
        this = commit("next")
        changed = {("added", key) for key in values.keys() - before.keys()}
        changed |= {("removed", key) for key in before.keys() - values.keys()}
        both = before.keys() & values.keys()
        changed |= {("changed", key) for key in both if before[key] != values[key]}
        if changed:
            expected[this] = changed
        owners = {key: this if ("added", key) in changed or ("changed", key) in changed
                  else owners[key] for key in values}  # fmt: skip

    found = {
        one: {row for row in what if row[0] not in {"comments changed", "layout changed"}}
        for one, what in told(app, path).items()
    }

    assert {one: what for one, what in found.items() if what} == expected
    assert blamed(app, path) == blamed(app, path, worktree=True) == owners


def test_nothing_is_opened_where_sealed_texts_tell(app: Desk) -> None:
    app.seal("a.yaml", "a: 1\n")
    commit()
    app.seal("a.yaml", "a: 2\n")
    commit()
    current = app.workspace()
    story = follow(current, "a.yaml")

    assert len(list(entries(story))) == 2
    blame(story, worktree=False)
    assert current.session.unwraps == 0  # type: ignore[attr-defined]
    story.close()


def test_a_merge_counts_with_what_none_of_its_parents_has(app: Desk) -> None:
    app.seal("a.yaml", "a: 1\nb: 1\nc: 1\n")
    first = commit("first")
    git("checkout", "-qb", "side")
    app.seal("a.yaml", "a: 1\nb: 1\nc: side\n")
    side = commit("side")
    git("checkout", "-q", "main")
    app.seal("a.yaml", "a: main\nb: 1\nc: 1\n")
    main = commit("main")
    git("merge", "-q", "--no-commit", "-s", "ours", "side")
    app.seal("a.yaml", "a: main\nb: evil\nc: side\n")
    merge = commit("merge")

    assert told(app, "a.yaml") == {
        merge: [("changed", "b")],
        main: [("changed", "a")],
        side: [("changed", "c")],
        first: [("file added", ""), ("added", "a"), ("added", "b"), ("added", "c")],
    }
    assert blamed(app, "a.yaml") == {"a": main, "b": merge, "c": side}


def test_a_merge_that_takes_one_side_did_nothing(app: Desk) -> None:
    app.seal("a.yaml", "a: 1\n")
    commit("first")
    git("checkout", "-qb", "side")
    app.seal("a.yaml", "a: 2\n")
    side = commit("side")
    git("checkout", "-q", "main")
    app.seal("other.yaml", "a: 2\n")
    commit("other")
    git("merge", "-q", "-m", "merge", "side")

    assert next(iter(told(app, "a.yaml"))) == side
    assert blamed(app, "a.yaml") == {"a": side}


def test_edits_of_a_branch_that_does_not_know_the_new_name(app: Desk) -> None:
    app.seal("old.yaml", "a: 1\nb: 1\n")
    first = commit("first")
    git("checkout", "-qb", "side")
    app.seal("old.yaml", "a: 1\nb: side\n")
    side = commit("side")
    git("checkout", "-q", "main")
    move(app.workspace(), "old.yaml", "new.yaml")
    moved = commit("moved")
    git("merge", "-q", "--no-commit", "-s", "ours", "side")
    app.seal("new.yaml", "a: 1\nb: side\n")
    merge = commit("merge")

    found = told(app, "new.yaml")

    assert set(found) == {first, side, moved}
    assert found[side] == [("changed", "b")]
    assert found[moved] == [("renamed", ""), ("sealed again", "a"), ("sealed again", "b")]
    assert blamed(app, "new.yaml") == {"a": first, "b": side}
    assert merge not in found


def test_several_names_and_a_directory(app: Desk) -> None:
    app.seal("a.yaml", "a: 1\nb: 1\n")
    app.seal("b.yaml", "a: 7\nb: 8\n")
    first = commit("first")
    move(app.workspace(), "a.yaml", "x/a.yaml")
    move(app.workspace(), "b.yaml", "x/b.yaml")
    commit("moved")
    git("mv", "x/b.yaml", "c.yaml")
    second = commit("moved by git")
    move(app.workspace(), "x/b.yaml", "c.yaml")
    commit("mended")

    story = follow(app.workspace(), "c.yaml")
    names = [one.old_path for one in entries(story)]
    story.close()

    assert names == ["c.yaml", "x/b.yaml", "b.yaml", ""]
    assert ("renamed", "") in told(app, "c.yaml")[second]
    assert blamed(app, "c.yaml") == {"a": first, "b": first}


def test_values_tell_which_of_two_files_was_moved(app: Desk) -> None:
    app.seal("dev.yaml", "a: 1\nb: 1\n")
    app.seal("prod.yaml", "a: 7\nb: 8\n")
    commit("first")
    move(app.workspace(), "dev.yaml", "n1.yaml")
    move(app.workspace(), "prod.yaml", "n2.yaml")
    moved = commit("moved")

    for name, old in (("n1.yaml", "dev.yaml"), ("n2.yaml", "prod.yaml")):
        story: Story = follow(app.workspace(), name)
        [entry] = [one for one in entries(story) if one.commit.id == moved]
        story.close()
        assert entry.old_path == old


def test_a_file_that_went_away_and_came_back(app: Desk) -> None:
    app.seal("a.yaml", "a: 1\n")
    first = commit("first")
    git("rm", "-q", "a.yaml")
    gone = commit("gone")
    app.seal("a.yaml", "b: 2\n")
    back = commit("back")

    assert told(app, "a.yaml") == {
        back: [("file added", ""), ("added", "b")],
        gone: [("file removed", ""), ("removed", "a")],
        first: [("file added", ""), ("added", "a")],
    }


def test_whole_files(app: Desk) -> None:
    app.seal("key.pem", f"{CANARY}\n")
    first = commit("first")
    app.seal("key.pem", f"{CANARY} again\n")
    second = commit("second")
    move(app.workspace(), "key.pem", "other.pem")
    moved = commit("moved")

    assert told(app, "other.pem") == {
        moved: [("renamed", ""), ("sealed again", "")],
        second: [("changed", "")],
        first: [("file added", ""), ("added", "")],
    }
    assert [one.commit.id for one in answer(app, "other.pem").origins if one.commit] == [second]


def test_comments_and_layout(app: Desk) -> None:
    app.seal("a.yaml", "a: 1 # old\nb: 2\n")
    commit()
    app.seal("a.yaml", "a: 1 # new\nb: 2\n")
    comments = commit()
    app.seal("a.yaml", "b: 2\na: 1 # new\n")
    layout = commit()

    found = told(app, "a.yaml")

    assert found[comments] == [("comments changed", "")]
    assert found[layout] == [("layout changed", "")]


@pytest.mark.parametrize("rules", [{"worktree": "plain"}, {"integrity": "mergeable"}])
def test_other_kinds_of_scopes(desk: Desk, rules: dict[str, str]) -> None:
    desk.scope(**rules)
    desk.seal("a.yaml", "a: 1\nb: 1\n")
    first = commit()
    desk.seal("a.yaml", "a: 2\nb: 1\n")
    second = commit()

    assert told(desk, "a.yaml")[second] == [("changed", "a")]
    assert blamed(desk, "a.yaml") == {"a": second, "b": first}


def test_the_clear_worktree_of_a_plain_scope(desk: Desk) -> None:
    desk.scope(worktree="plain")
    desk.seal("a.yaml", "a: 1\nb: 1\n")
    first = commit()
    desk.write("a.yaml", "a: 2\nb: 1\nc: 1\n")

    assert blamed(desk, "a.yaml", worktree=True) == {"a": "-", "b": first, "c": "-"}


def test_odd_names_and_texts_are_read(repo: Path) -> None:
    name = "od d\n\x01:100644 \udcff.yaml"
    Path(repo, name).write_text("a: 1\n")
    git("add", "-A")
    git("-c", "user.name=\x1b[31mred\x01", "commit", "-qm", "\x01:100644 x\ny")

    from gitseal.repository.finding import find

    repository = find(str(repo))
    assert repository is not None
    [one] = trail(repository, [name])
    assert list(one.files) == [name]
    assert one.subject.startswith("\x01:100644 x")
