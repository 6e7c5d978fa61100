# SPDX-License-Identifier: Apache-2.0
"""Every YAML file of the corpus: sealed, parsed, opened, the same bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml12

from fakesealing import FakeSealed, refusal_of, some
from gitseal import documents
from gitseal.errors import NotADocumentError

VARIANTS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda data: data,
    "crlf": lambda data: data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    "byte order mark": lambda data: b"\xef\xbb\xbf" + data.removeprefix(b"\xef\xbb\xbf"),
    "no final line break": lambda data: data.rstrip(b"\r\n"),
    "one line break less": lambda data: data.removesuffix(b"\n"),
}


def files(corpus: Path) -> list[Path]:
    found = sorted((corpus / "yaml").iterdir())
    assert len(found) > 200
    return found


def expected_to_parse(corpus: Path) -> set[str]:
    lines = [line.split("\t") for line in (corpus / "INDEX.tsv").read_text().splitlines()]
    return {line[0].rpartition("/")[2] for line in lines if line[-1] == "yes"}


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_bytes_come_back(variant: str, corpus: Path) -> None:
    values = 0
    for path in files(corpus):
        data = VARIANTS[variant](path.read_bytes())
        try:
            sealed = FakeSealed(data)
        except NotADocumentError:
            continue
        sealed.check()
        assert sealed.reads_back(), path
        assert documents.to_bytes(sealed.clear, sealed.open().text) == data, path
        values += len(sealed.tokens)
    assert values > 6_000


@pytest.mark.parametrize("seed", [1, 2])
def test_the_bytes_come_back_with_some_values_sealed(seed: int, corpus: Path) -> None:
    for path in files(corpus):
        try:
            sealed = FakeSealed(path.read_bytes(), keep=some(0.3, seed), comments=seed == 1)
        except NotADocumentError:
            continue
        sealed.check()
        # A clear block scalar that ends the file has to be looked at more closely.
        assert sealed.reads_back() or not sealed.clear.text.endswith("\n"), path


def test_what_is_refused_says_where_and_why(corpus: Path) -> None:
    """Templates, all of them; every file that is YAML is taken."""
    expected = expected_to_parse(corpus)
    refused = Counter[str]()
    for path in files(corpus):
        error = refusal_of(path.read_bytes())
        if error is None:
            assert path.name in expected
            continue
        assert isinstance(error, NotADocumentError)
        assert error.line >= 1
        assert error.column >= 1
        assert error.message
        assert "`whole`" in str(error.hint), path
        refused[path.name] += 1
    # One file is YAML to libyaml, but its templates are keys that are mappings.
    assert len(set(refused) & expected) <= 1
    assert 20 <= len(refused) <= 30


# `a:` and `a: !tag` hold nothing that could be sealed.
EMPTY = (None, "")


def leaves(node: Any) -> list[Any]:
    if isinstance(node, yaml12.Yaml):
        return leaves(node.value)
    if isinstance(node, dict):
        return [leaf for value in node.values() for leaf in leaves(value)]
    if isinstance(node, list):
        return [leaf for value in node for leaf in leaves(value)]
    return [node]


def test_another_parser_sees_no_clear_value(corpus: Path) -> None:
    """A YAML 1.2 parser of another family finds sealed text in every place that has a value."""
    looked_at = 0
    for path in files(corpus):
        try:
            sealed = FakeSealed(path.read_bytes())
        except NotADocumentError:
            continue
        try:
            theirs = yaml12.parse_yaml(sealed.body, multi=True)
        except ValueError:
            continue
        aliases = len(sealed.clear.aliases)
        for leaf in leaves(theirs):
            assert leaf in EMPTY or leaf in sealed.facts, path
        # An alias is seen as what it stands for, once more.
        found = sum(1 for leaf in leaves(theirs) if leaf not in EMPTY)
        assert found == len(sealed.tokens) or aliases, path
        looked_at += 1
    assert looked_at > 190
