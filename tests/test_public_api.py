# SPDX-License-Identifier: Apache-2.0
"""What `import gitseal` offers is what it says it offers, documented and typed."""

from __future__ import annotations

import inspect
import tomllib
from pathlib import Path

import pytest

import gitseal

ROOT = Path(__file__).parent.parent


def test_the_version_is_the_one_that_is_published() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert gitseal.__version__ == project["version"]


def test_the_changelog_knows_the_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert f"## [{gitseal.__version__}]" in text


def test_the_public_names_are_sorted() -> None:
    assert list(gitseal.__all__) == sorted(gitseal.__all__)


def test_every_public_name_can_be_had_and_is_listed_by_dir() -> None:
    for name in gitseal.__all__:
        assert getattr(gitseal, name) is not None

    assert set(gitseal.__all__) <= set(dir(gitseal))


@pytest.mark.parametrize("name", sorted(set(gitseal.__all__) - {"__version__"}))
def test_every_public_name_is_documented(name: str) -> None:
    thing = getattr(gitseal, name)

    assert inspect.getdoc(thing), f"{name} has no docstring"
    if callable(thing) and not inspect.isclass(thing):
        assert "Raises" in (inspect.getdoc(thing) or ""), f"{name} does not say what it raises"


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        gitseal.no_such_name  # type: ignore[attr-defined]  # noqa: B018 - that it raises is the test


def test_the_package_says_that_it_is_typed() -> None:
    assert (ROOT / "gitseal" / "py.typed").read_bytes() == b""
