# SPDX-License-Identifier: Apache-2.0
"""YAML that is refused: what parsers read differently, and what would not end (format 4, 9, 11)."""

from __future__ import annotations

import time

import pytest

from fakesealing import refusal_of
from gitseal import documents
from gitseal.documents import base
from gitseal.errors import LimitError, NotADocumentError

CANARY = "hunter2"


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("a: 1\na: hunter2\n", (2, 1), "stands twice"),
        ("a: 1\n'a': hunter2\n", (2, 1), "stands twice"),
        ("1: x\n0x1: hunter2\n", (2, 1), "stands twice"),
        ("1: x\n0o1: hunter2\n", (2, 1), "stands twice"),
        ("1: x\n1.0: hunter2\n", (2, 1), "stands twice"),
        ("~: x\nnull: hunter2\n", (2, 1), "stands twice"),
        ("true: x\nTRUE: hunter2\n", (2, 1), "stands twice"),
        (".nan: x\n.NaN: hunter2\n", (2, 1), "stands twice"),
        ("'1': x\n!!str 1: hunter2\n", (2, 1), "stands twice"),
        ("x: {<<: 1, <<: hunter2}\n", (1, 12), "stands twice"),
        ("a: {b: 1, b: hunter2}\n", (1, 11), "stands twice"),
        ("{a: b}: hunter2\n", (1, 1), "a key is a mapping or a list"),
        ("? [a]\n: hunter2\n", (1, 3), "a key is a mapping or a list"),
        ("? |\n  a\n: hunter2\n? - b\n", (4, 3), "a key is a mapping or a list"),
        ("a: &x b\n*x : hunter2\n", (2, 1), "a key is an alias"),
        ("a: [?hunter2]\n", (1, 5), r"'\?' directly before a word"),
        ("a: {?hunter2: b}\n", (1, 5), r"'\?' directly before a word"),
        ("a: [?'hunter2']\n", (1, 5), r"'\?' directly before a word"),
        ("a: &an:chor hunter2\n", (1, 7), "unusual character"),
        ("a: &x b\nc: [*x?hunter2]\n", (2, 7), "unusual character"),
        ("a: *hunter2\n", (1, 4), "names no anchor"),
        ("a: &x 1\n---\nb: *x\n", (3, 4), "names no anchor"),
        ("a: b: hunter2\n", (1, 5), "not YAML: mapping values are not allowed"),
        ("a: [hunter2\n", (2, 1), "not YAML: did not find expected"),
        ("a: 'hunter2\n", (1, 4), "not YAML: this quote is not closed, or closed too late"),
        ("\thunter2: 1\n", (1, 1), "not YAML: found character that cannot start any token"),
        ("a: @hunter2\n", (1, 4), "not YAML: found character that cannot start any token"),
        ("a: %hunter2\n", (1, 4), "not YAML: found character that cannot start any token"),
        ("a: !hunter2!x y\n", (1, 4), "not YAML: found undefined tag handle"),
        ("%YAML 3.0\n--- hunter2\n", (1, 1), "not YAML: found incompatible YAML document"),
        ("é: \x01hunter2\n", (1, 4), "control character"),
        ("a: \x7fhunter2\n", (1, 4), "control character"),
        ('a: "\\ud83d\\ude00"\n', (1, 7), "not YAML: found invalid Unicode character escape"),
        ("? " + "k" * 1025 + "\n: hunter2\n", (1, 3), "more than 1024 characters"),
        ("k" * 1025 + ": hunter2\n", (1, 1026), "not YAML: mapping values are not allowed"),
        ("a: 1\ngitseal: hunter2\n", (2, 1), "is not a header"),
    ],
)
def test_refused_with_line_column_and_reason(
    text: str, place: tuple[int, int], reason: str
) -> None:
    with pytest.raises(NotADocumentError, match=reason) as caught:
        documents.parse(text.encode(), "yaml")

    assert (caught.value.line, caught.value.column) == place
    assert CANARY not in str(caught.value)
    assert CANARY not in str(caught.value.hint)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


@pytest.mark.parametrize(
    "text",
    [
        "a: {{ .Values.password }}\n",
        "{{- if .Values.x }}\na: 1\n{{- end }}\n",
        "{% if x %}\na: 1\n",
        "<% if x %>\n a: 1\nb: 2\n",
        "a: 1\na: {{ x }}\n",
    ],
)
def test_templates_get_a_hint(text: str) -> None:
    with pytest.raises(NotADocumentError) as caught:
        documents.parse(text.encode(), "yaml")

    assert "`whole`" in str(caught.value.hint)


def test_templates_inside_of_strings_are_yaml() -> None:
    assert len(documents.parse(b"a: '{{ x }}'\nb: x {{ y }}\n", "yaml").slots) == 2


def test_other_mistakes_get_no_hint_about_templates() -> None:
    with pytest.raises(NotADocumentError) as caught:
        documents.parse(b"a: [\n", "yaml")

    assert caught.value.hint is None


@pytest.mark.parametrize("opened", ["[", "{a: ", "- ", "a:\n"])
def test_a_hundred_levels_are_enough(opened: str) -> None:
    def nested(depth: int) -> bytes:
        if opened == "a:\n":
            return "".join(" " * i + opened for i in range(depth)).encode() + b"\n"
        closed = {"[": "]", "{a: ": "}", "- ": ""}[opened]
        return (opened * depth + "x" + closed * depth).encode()

    documents.parse(nested(100), "yaml")
    with pytest.raises(LimitError, match="more than 100 deep") as caught:
        documents.parse(nested(101), "yaml")
    assert "line " in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{a: " * 100_000,
        "- " * 100_000,
        "[" * 50_000 + "]" * 50_000,
        "? " * 100_000,
        "&a " * 100_000,
        "!t " * 100_000,
        "[?" * 100_000,
        "a: |\n" + " " * 1_000_000 + "x\n" + " \n" * 100_000,
        "a: &x\n" + "# comment\n" * 100_000 + "  v\n",
        "'" * 500_001,
        '"' + "\\" * 500_001,
        "#" * 2_000_000,
        ("#" * 10 + "\n") * 100_000,
    ],
    ids=lambda text: text[:8].strip(),
)
def test_hostile_text_ends_soon(text: str) -> None:
    started = time.process_time()
    error = refusal_of(text)
    assert time.process_time() - started < 2
    assert error is None or str(error)


def test_aliases_are_never_expanded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 60)]

    document = documents.parse("\n".join(lines).encode(), "yaml")

    assert len(document.aliases) == 59 * 9
    assert len(document.events) < 1000


def test_a_value_of_more_than_a_mebibyte_is_refused() -> None:
    size = 1 << 20
    documents.parse(b"a: " + b"x" * size, "yaml")
    documents.parse(b"a: " + "é".encode() * (size // 2), "yaml")
    for value in (b"x" * (size + 1), "é".encode() * (size // 2 + 1), b"x" * 10_000_000):
        with pytest.raises(LimitError, match="line 2, column 4: the value is larger than 1 MiB"):
            documents.parse(b"a: 1\nb: " + value, "yaml")


def test_a_million_events_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    assert base.MAX_EVENTS == 1_000_000
    monkeypatch.setattr("gitseal.documents.yaml.MAX_EVENTS", 1000)

    # Document, list and their ends take four of them.
    assert len(documents.parse(b"- \n" * 996, "yaml").events) == 1000
    with pytest.raises(LimitError, match="more than a million"):
        documents.parse(b"- \n" * 997, "yaml")
