# SPDX-License-Identifier: Apache-2.0
"""A writer without a key changes sealed files; no command may seal such a change for him."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from desk import Desk
from gitseal.operations import applying, rotating
from gitseal.policy.terms import RecordPolicy

CLEAR = "kind: Secret\nname: web\ndb:\n  host: db1\n  password: pw\n"
SEAL_LINE = re.compile(r'^ *(# gitseal )?"?seal"?:.*\n', re.MULTILINE)


def unsealed(text: str) -> str:
    """Take the signature away, and what hints at one."""
    cut = SEAL_LINE.sub("", text)
    assert cut != text
    return cut


def rotate(desk: Desk, name: str = "app") -> rotating.Rotation:
    current = desk.workspace()
    return rotating.rotate(current, current.authority.grant_scope(name).record)


def change(desk: Desk, **terms: object) -> applying.Applied:
    """Approve other rules, as `apply` does."""
    current = desk.workspace()
    record = current.authority.grant_scope("app").record
    policy: RecordPolicy = record.policy.replace(**terms)
    step = applying.Step(applying.CHANGE, "app", record=record, policy=policy)
    return applying.carry_out(current, [step])


def failed(resealed: object) -> list[str]:
    return [path for path, _error in resealed.failed]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "forge",
    [
        lambda text: text.replace("name: web", "name: evil"),
        lambda text: text.replace("kind: Secret\n", ""),
        lambda text: re.sub(r'host: "seal.*"', "host: evil.example", text),
        lambda text: text.replace("name: web", "name: web\nadmin: true"),
    ],
    ids=["clear-value", "deleted-key", "sealed-made-clear", "added-key"],
)
def test_rotation_never_seals_what_lost_its_seal(desk: Desk, forge: object) -> None:
    desk.scope(clear=["kind", "name"])
    file = desk.seal("app.yaml", CLEAR)
    forged = forge(unsealed(file.read_text()))  # type: ignore[operator]
    file.write_text(forged)

    rotation = rotate(desk)

    assert failed(rotation.resealed) == ["app.yaml"]
    assert file.read_text() == forged
    assert not rotation.retired
    desk("decrypt", "app.yaml", code=3)


def test_new_rules_never_seal_what_lost_its_seal(desk: Desk) -> None:
    desk.scope(clear=["kind", "name"])
    file = desk.seal("app.yaml", CLEAR)
    file.write_text(unsealed(file.read_text()).replace("name: web", "name: evil"))

    applied = change(desk, clear=["kind"])

    assert failed(applied.resealed["app"]) == ["app.yaml"]
    desk("decrypt", "app.yaml", code=3)


def test_mergeable_files_get_their_seal_when_the_scope_turns_strict(desk: Desk) -> None:
    desk.scope(integrity="mergeable")
    desk.seal("app.yaml", CLEAR)

    applied = change(desk, integrity="strict")

    assert not failed(applied.resealed["app"])
    assert desk.clear("app.yaml") == CLEAR


@pytest.mark.parametrize("act", [rotate, lambda desk: change(desk, integrity="strict")])
def test_a_clear_value_at_a_sealed_place_is_not_sealed_on_the_way(desk: Desk, act: object) -> None:
    desk.scope(integrity="mergeable")
    file = desk.seal("app.yaml", CLEAR)
    forged = re.sub(r'host: "seal.*"', "host: evil.example", file.read_text())
    file.write_text(forged)

    act(desk)  # type: ignore[operator]

    assert file.read_text() == forged
    desk("decrypt", "app.yaml", code=3)


@pytest.mark.parametrize("terms", [{"clear": ["db.host"]}, {"seal": ["db.password"]}])
def test_looser_and_tighter_rules_still_reseal(desk: Desk, terms: dict[str, object]) -> None:
    desk.scope(integrity="mergeable", clear=["kind"])
    desk.seal("app.yaml", CLEAR)

    for step in (terms, {"clear": ["kind"], "seal": ["**"]}):
        applied = change(desk, **step)
        assert not failed(applied.resealed["app"])
        assert desk.clear("app.yaml") == CLEAR


def test_a_file_of_plain_days_is_not_bound_to_another_path(desk: Desk) -> None:
    desk.scope(worktree="plain")
    current = desk.workspace()
    from gitseal.operations.sealing import seal_content

    for name in ("a.yaml", "b.yaml"):
        place = current.locate(name)
        text = CLEAR.replace("db1", name).encode()
        desk.write(name, seal_content(current, text, place))
    change(desk, worktree="sealed")
    assert "a.yaml" in desk.clear("a.yaml")
    # A copy from history, after the change: nothing says that it was ever b.yaml.
    plain_days = seal_content(current, CLEAR.encode(), current.locate("a.yaml"))
    desk.write("b.yaml", plain_days)

    rotation = rotate(desk)

    assert failed(rotation.resealed) == ["b.yaml"]


def test_a_moved_file_is_not_resealed_when_the_scope_turns_plain(desk: Desk) -> None:
    desk.scope()
    file = desk.seal("a.yaml", CLEAR)
    desk.write("b.yaml", file.read_bytes())

    applied = change(desk, worktree="plain")

    assert failed(applied.resealed["app"]) == ["b.yaml"]


def test_an_appended_line_adds_and_never_overrides(desk: Desk) -> None:
    desk.scope()
    file = desk.seal(".env", "DB_HOST=db1\nB=2\n")
    sealed = file.read_text()

    file.write_text(sealed + "NEW=3\n")
    told = desk("encrypt", ".env").err
    assert "NEW" in told
    assert desk.clear(".env").splitlines()[-1] == "NEW=3"

    file.write_text(sealed + "DB_HOST=evil.example\n")
    desk("encrypt", ".env", code=3)
    file.write_text(sealed + "export DB_HOST=evil.example\n")
    desk("encrypt", ".env", code=3)


@pytest.mark.parametrize(
    "added",
    ["zzz: &a evil.example\nuse: ", "zzz: &b evil.example\nuse: ", "&a zzz: evil\nuse: "],
)
def test_an_added_value_brings_no_anchor(desk: Desk, added: str) -> None:
    desk.scope()
    file = desk.seal("app.yaml", "base: &a db1\nuse: *a\n")
    forged = file.read_text().replace("use: ", added, 1)
    file.write_text(forged)

    desk("encrypt", "app.yaml", code=3)

    assert file.read_text() == forged


def test_what_is_sealed_anew_is_told(desk: Desk) -> None:
    desk.scope(integrity="mergeable")
    file = desk.seal("app.yaml", CLEAR)
    file.write_text(re.sub(r'host: "seal.*"', "host: evil.example", file.read_text()))

    told = desk("encrypt", "app.yaml").err

    assert "db.host" in told
    assert "evil.example" not in told


def test_a_file_that_becomes_whole_is_sealed_once(desk: Desk) -> None:
    desk.scope()
    desk.seal("app.yaml", CLEAR)

    applied = change(desk, whole=["app.yaml"])

    assert applied.resealed["app"].changed == ["app.yaml"]
    assert desk.clear("app.yaml") == CLEAR


def test_sealed_text_is_never_sealed_as_a_whole(desk: Desk) -> None:
    desk.scope(files=["*.yaml"], whole=["w.yaml"])
    file = desk.seal("app.yaml", CLEAR)
    copied: Path = desk.write("w.yaml", file.read_bytes())

    desk("encrypt", "w.yaml", code=6)

    assert copied.read_bytes() == file.read_bytes()
