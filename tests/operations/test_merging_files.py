# SPDX-License-Identifier: Apache-2.0
"""Three sealed versions of a file in, one out: in every syntax, and nothing altered."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desk import CANARY, Desk
from gitseal import sealedfile
from gitseal.changes.markers import split_markers
from gitseal.errors import GitsealError
from gitseal.operations import applying, rotating
from gitseal.operations.merging_files import Merging, merge
from gitseal.operations.opening import open_data
from gitseal.operations.workspace import Workspace
from gitseal.sealedfile import SealedFile

TEXTS = {
    ".env": "A=@a\nB=@b\nC=@c\n",
    "crlf.env": "A=@a\r\nB=@b\r\nC=@c\r\n",
    "end.env": "A=@a\nB=@b\nC=@c",
    "bom.env": "\ufeffA=@a\nB=@b\nC=@c\n",
    "x.yaml": "A: @a\nB:\n  C: '@b' # note\n  D: |\n    @c\n",
    "list.yaml": "- name: x\n  key: @a\n- name: y\n  key: @b\n- name: z\n  key: @c\n",
    "x.json": '{\n  "A": "@a",\n  "B": {"C": "@b"},\n  "D": ["@c"]\n}\n',
    "line.json": '{"A": "@a", "B": "@b", "C": "@c"}',
}


def text(name: str, **values: str) -> str:
    """The text of a file with some values; the others are as in the base."""
    said = TEXTS[name]
    for key in "abc":
        said = said.replace(f"@{key}", f"{CANARY}-{values.get(key, key)}")
    return said


def sealed(desk: Desk, name: str, said: str | bytes) -> bytes:
    return desk.seal(name, said).read_bytes()


def opened(desk: Desk, name: str, data: bytes) -> str:
    current = desk.workspace()
    return open_data(current, data, current.locate(name)).clear.data.decode()


@pytest.mark.parametrize("name", TEXTS)
class TestEverySyntax:
    def test_values_of_both_sides(self, name: str, app: Desk) -> None:
        base = sealed(app, name, text(name))
        ours, theirs = (sealed(app, name, text(name, **one)) for one in ({"a": "o"}, {"b": "t"}))

        merged, clean = merge(app.workspace(), base, ours, theirs, name)

        assert clean
        assert merged is not None
        assert opened(app, name, merged) == text(name, a="o", b="t")

    def test_each_side_of_a_conflict_is_a_sealed_file(self, name: str, app: Desk) -> None:
        # Items of a list that are like each other are decided together.
        mine, other = ({}, {}) if name == "list.yaml" else ({"b": "o"}, {"c": "t"})
        base = sealed(app, name, text(name))
        ours = sealed(app, name, text(name, a="o", **mine))
        theirs = sealed(app, name, text(name, a="t", **other))

        merged, clean = merge(app.workspace(), base, ours, theirs, name)

        assert not clean
        assert merged is not None
        sides = split_markers(merged.decode())
        assert sides is not None
        first, second = (opened(app, name, side.encode()) for side in sides)
        assert first == text(name, a="o", **mine, **other)
        assert second == text(name, a="t", **mine, **other)

    def test_a_conflict_in_a_plain_worktree_is_sealed_whole(self, name: str, desk: Desk) -> None:
        desk.scope(worktree="plain")
        base, ours, theirs = (
            sealed(desk, name, text(name, **one)) for one in ({}, {"a": "o"}, {"a": "t"})
        )

        merged, clean = merge(desk.workspace(), base, ours, theirs, name)

        assert not clean
        assert merged is not None
        content = sealedfile.inspect(merged, name)
        assert isinstance(content, SealedFile)
        assert content.is_whole
        sides = split_markers(opened(desk, name, merged))
        assert sides == (text(name, a="o"), text(name, a="t"))

    def test_one_side_alone(self, name: str, app: Desk) -> None:
        base, ours = (sealed(app, name, text(name, **one)) for one in ({}, {"a": "o"}))

        assert merge(app.workspace(), base, ours, base, name) == (ours, True)
        assert merge(app.workspace(), base, base, ours, name) == (ours, True)
        assert merge(app.workspace(), base, ours, ours, name) == (ours, True)


def damages() -> st.SearchStrategy[tuple[str, int, int]]:
    how = st.sampled_from(["drop", "twice", "swap", "flip", "cut", "add"])
    return st.tuples(how, st.integers(0, 10_000), st.integers(0, 10_000))


def damaged(data: bytes, how: str, first: int, second: int) -> bytes:
    lines = data.splitlines(keepends=True)
    one, two = first % len(lines), second % len(lines)
    if how == "drop":
        del lines[one]
    elif how == "twice":
        lines.insert(two, lines[one])
    elif how == "swap":
        lines[one], lines[two] = lines[two], lines[one]
    elif how == "cut":
        lines = lines[:one]
    elif how == "add":
        lines.insert(one, b"EVIL=1\n")
    else:
        at = first % len(data)
        return data[:at] + bytes([data[at] ^ (1 << second % 7)]) + data[at + 1 :]
    return b"".join(lines)


@settings(
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(damages(), st.sampled_from(["ours", "theirs"]))
def test_no_damage_is_ever_merged(app: Desk, damage: tuple[str, int, int], which: str) -> None:
    """Whoever can push can do any of it; what comes out of a merge has a valid seal."""
    name = ".env"
    base = sealed(app, name, text(name))
    sides = {
        "ours": sealed(app, name, text(name, a="o")),
        "theirs": sealed(app, name, text(name, b="t")),
    }
    sides[which] = damaged(sides[which], *damage)
    try:
        merged, _clean = merge(app.workspace(), base, sides["ours"], sides["theirs"], name)
    except GitsealError:
        return
    # What the seal does not cover: a blank, the note for people, the order of header lines.
    assert merged is not None
    values = [line for line in opened(app, name, merged).splitlines() if "=" in line]
    assert values == text(name, a="o", b="t").splitlines()


class TestMergeable:
    @pytest.fixture
    def loose(self, desk: Desk) -> Desk:
        desk.scope(integrity="mergeable")
        return desk

    @pytest.mark.parametrize("added", ["EVIL=1\n", "A=1\n"])
    def test_a_clear_value_is_not_sealed(self, added: str, loose: Desk) -> None:
        base, ours, theirs = (
            sealed(loose, ".env", text(".env", **one)) for one in ({}, {"a": "o"}, {"b": "t"})
        )

        with pytest.raises(GitsealError, match="theirs: "):
            merge(loose.workspace(), base, ours, added.encode() + theirs, ".env")

    def test_a_value_of_another_file_does_not_open(self, loose: Desk) -> None:
        base, ours = (sealed(loose, ".env", text(".env", **one)) for one in ({}, {"a": "o"}))
        other = sealed(loose, "other.env", text(".env", b="other"))
        line = next(one for one in other.splitlines() if one.startswith(b"B="))
        mixed = b"\n".join(line if one.startswith(b"B=") else one for one in base.splitlines())

        with pytest.raises(GitsealError, match="theirs: B does not open"):
            merge(loose.workspace(), base, ours, mixed + b"\n", ".env")


def new_key(desk: Desk) -> None:
    current = desk.workspace()
    rotating.rotate(current, current.authority.grant_scope("app").record)


class TestKeys:
    def test_a_base_of_a_retired_key_only_tells_what_is_newer(self, app: Desk, git: object) -> None:
        import subprocess

        base = sealed(app, ".env", text(".env"))
        (app.folder / ".env").unlink()
        subprocess.run(["git", "add", "-A"], check=True)
        subprocess.run(["git", "commit", "-qm", "before"], check=True)
        new_key(app)
        ours, theirs = (
            sealed(app, ".env", text(".env", **one)) for one in ({"a": "o"}, {"b": "t"})
        )
        record = app.workspace().authority.record("app")
        assert record is not None
        assert record.epochs[0].state == "retired"

        merged, clean = merge(app.workspace(), base, ours, theirs, ".env")

        assert clean
        assert merged is not None
        assert opened(app, ".env", merged) == text(".env", a="o", b="t")

    def test_a_base_whose_key_is_gone_is_left_out_where_a_person_looks(self, app: Desk) -> None:
        base = sealed(app, ".env", text(".env"))
        (app.folder / ".env").unlink()
        new_key(app)
        ours, theirs = (
            sealed(app, ".env", text(".env", **one)) for one in ({"a": "o"}, {"b": "t"})
        )

        with pytest.raises(GitsealError) as caught:
            merge(app.workspace(), base, ours, theirs, ".env")
        reviewed = Merging(app.workspace(), ".env", reviewed=True)
        parent, _ours, _theirs = reviewed.open(base, ours, theirs)

        assert "epoch 1" in caught.value.message
        assert parent is None
        assert "what both sides come from does not open" in reviewed.notice

    def test_a_side_of_a_retired_key_is_for_a_person(self, app: Desk) -> None:
        base, theirs = (sealed(app, ".env", text(".env", **one)) for one in ({}, {"b": "t"}))
        (app.folder / ".env").unlink()
        new_key(app)
        ours = sealed(app, ".env", text(".env", a="o"))

        with pytest.raises(GitsealError, match=r"theirs: is sealed in epoch 1 of app, which is re"):
            merge(app.workspace(), base, ours, theirs, ".env")

    def test_keys_are_unwrapped_once(self, app: Desk) -> None:
        base, ours, theirs = (
            sealed(app, ".env", text(".env", **one)) for one in ({}, {"a": "o"}, {"b": "t"})
        )
        current: Workspace = app.workspace()

        merge(current, base, ours, theirs, ".env")

        assert current.session.unwraps == 1  # type: ignore[attr-defined]


def approve(desk: Desk, **terms: object) -> None:
    """Give the scope other rules, as `apply` does."""
    current = desk.workspace()
    record = current.authority.grant_scope("app").record
    policy = record.policy.replace(**terms)
    applying.carry_out(
        current, [applying.Step(applying.CHANGE, "app", record=record, policy=policy)]
    )


def test_what_one_side_seals_never_comes_out_in_clear(desk: Desk) -> None:
    """The rules of this worktree name fewer places than those of the branch it is merged with."""
    desk.scope(clear=["B"])
    base, ours = (sealed(desk, ".env", text(".env", **one)) for one in ({}, {"a": "o"}))
    approve(desk, clear=[])
    theirs = sealed(desk, ".env", text(".env", b="t"))
    (desk.folder / ".env").unlink()
    approve(desk, clear=["B"])
    assert b"B=" + CANARY.encode() in ours
    assert b"B=seal" in theirs

    with pytest.raises(GitsealError, match="B would stand in clear"):
        merge(desk.workspace(), base, ours, theirs, ".env")


@pytest.mark.parametrize(("before", "after"), [("sealed", "plain"), ("plain", "sealed")])
def test_another_kind_of_worktree_is_for_a_person(before: str, after: str, desk: Desk) -> None:
    """Files are bound to their paths in one kind, and to none in the other."""
    desk.scope(worktree=before)
    base, ours, theirs = (
        sealed(desk, ".env", text(".env", **one)) for one in ({}, {"a": "o"}, {"b": "t"})
    )
    (desk.folder / ".env").unlink()
    approve(desk, worktree=after)

    with pytest.raises(GitsealError, match="the origin of|was sealed as"):
        merge(desk.workspace(), base, ours, theirs, ".env")
    reviewed = Merging(desk.workspace(), ".env", reviewed=True)
    _base, mine, other = reviewed.open(base, ours, theirs)

    assert "another kind of worktree" in mine.notice
    merged = reviewed.merged(_base.content if _base else None, mine, other)
    assert merged is not None
    assert merged.text == text(".env", a="o", b="t")


class TestWhole:
    @pytest.fixture
    def templates(self, desk: Desk) -> Desk:
        desk.scope(whole=["*.tmpl.yaml"])
        return desk

    def test_templates_are_merged_line_by_line(self, templates: Desk) -> None:
        lines = [f"{{{{ if .x{n} }}}}: {CANARY}{n}\n" for n in range(9)]
        name = "a.tmpl.yaml"
        base = sealed(templates, name, "".join(lines))
        ours = sealed(templates, name, "".join(["ours\n", *lines[1:]]))
        theirs = sealed(templates, name, "".join([*lines[:-1], "theirs\n"]))

        merged, clean = merge(templates.workspace(), base, ours, theirs, name)

        assert clean
        assert merged is not None
        assert opened(templates, name, merged) == "".join(["ours\n", *lines[1:-1], "theirs\n"])

    def test_a_container_holds_no_markers(self, templates: Desk) -> None:
        name = "a.tmpl.yaml"
        base, ours, theirs = (
            sealed(templates, name, one) for one in ("a {{\n", "o {{\n", "t {{\n")
        )

        assert merge(templates.workspace(), base, ours, theirs, name) == (None, False)

    def test_an_emptied_file_is_for_a_person(self, templates: Desk) -> None:
        base, ours = (sealed(templates, ".env", text(".env", **one)) for one in ({}, {"a": "o"}))

        with pytest.raises(GitsealError, match="theirs: is in clear"):
            merge(templates.workspace(), base, ours, b"", ".env")
