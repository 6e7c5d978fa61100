# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from gitseal.repository.walking import TooManyError, walk


def found(root: Path, *wanted: str) -> list[str]:
    return sorted(
        path for path, _mode, _id in walk(str(root), lambda folder: folder in (wanted or folder))
    )


def test_only_what_may_hold_files_is_visited(tmp_path: Path) -> None:
    for name in ("a/x", "b/y", ".git/config", ".gitseal/z", "c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")

    assert found(tmp_path, "a") == ["a/x", "c"]
    assert found(tmp_path) == ["a/x", "b/y", "c"]


def test_links_are_given_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/x").write_text("")
    (tmp_path / "link").symlink_to("folder")

    assert list(walk(str(tmp_path), lambda _folder: True)) == [
        ("link", 0o120000, ""),
        ("folder/x", 0o100644, ""),
    ]


def test_repositories_inside_are_not_entered(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner/.git").write_text("gitdir: elsewhere")
    (tmp_path / "inner/x").write_text("")

    assert found(tmp_path) == []


def test_it_gives_up_in_time(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / str(number)).write_text("")

    with pytest.raises(TooManyError):
        list(walk(str(tmp_path), lambda _folder: True, limit=4))
