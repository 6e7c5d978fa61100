# SPDX-License-Identifier: Apache-2.0
"""Sealing YAML and opening it again where nobody moved anything: the bytes come back."""

from __future__ import annotations

import pytest

from fakesealing import FakeSealed, some
from gitseal import documents
from gitseal.documents.events import event_parts
from gitseal.errors import IntegrityError

TEXTS = [
    "a: 1\n",
    "a: 1",
    "a: 'x' # c\nb: \"y\" #d\n",
    "a: |\n  text\n\n# after\nb: 1\n",
    "a: |\n  text",
    "a: |+\n  text\n\n\n",
    "a: |+\n  text\n\n\nb: 1\n",
    "a: |2\n    text\n",
    "a: |1-\n  text\nb: >+\n   folded\n\n   more\n\n",
    "a: |\n  end \n\n",
    "a: | # why\n  text\n  # no comment\n",
    "a: |\n\n  # starts empty\n\n  x\n",
    "a: |\n",
    "a: plain\n  on\n\n  lines\nb: 'q\n\n  q'\nc: \"d\\\n  e\"\n",
    "- a\n- - b\n  - c\n-   d: e\n    f:\n    - g\n",
    "{a: [b, {c: d}], e: 'f', \"g\":h}\n",
    'a: {b: "x\n   y", c: plain\n  more}\n',
    "[a, [b\nc]]\n",
    "a: &x !t v\nb: !!str 12\nc: ! 12\nd: *x\ne: &y # c\n  v\n",
    "a: !t |\n  x\nb: &z >-\n  y\n",
    "text\n",
    "text\non\n lines\n",
    "|\n  root block\n",
    "--- |\n  root block\n# comment\n",
    "--- >-\n x\n y",
    "'root'\n---\n\"root\"\n...\n# end\n",
    'a: "\\t\\x41\\u00e9 \\\\ \\" \\\n  z"\n',
    "? a\n: b\n? c\n",
    "a: 𐍈𐍈\nb: [é, 𐍈] # 𐍈\nc: |\n  𐍈\n",
    "a:\t1\t# tab\nb: [x,\ty]\n",
    "%YAML 1.1\n%TAG !e! tag:example.org,2002:\n---\na: !e!x y\n",
    "",
    "# only\n",
    "---\n...\n---\n",
    "a:\n\n  b: 1\n   \n  c: 2\n",
    "'a': \"b\"# comment\n",
    "\"k # k\": 'v # v' # c # c\n",
    "a: -1\nb: ~\nc: ''\nd: \"\"\ne: null\nf: - x\n".replace("f: - x\n", ""),
    "a: http://x/#y\nb: x:y\nc: a#b\n",
    'k: [1.2.3.4, "001:db8::"]\n',
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("variant", ["as it is", "crlf", "bom", "half", "no comments"])
def test_the_bytes_come_back(text: str, variant: str) -> None:
    data = text.encode()
    if variant == "crlf":
        data = data.replace(b"\n", b"\r\n")
    if variant == "bom":
        data = b"\xef\xbb\xbf" + data
    keep = some(0.5, 7) if variant == "half" else None

    sealed = FakeSealed(data, keep=keep, comments=variant != "no comments")

    sealed.check()
    assert sealed.reads_back()
    assert documents.to_bytes(sealed.clear, sealed.open().text) == data


def test_mixed_line_breaks_come_back() -> None:
    text = "a: |\r\n  x\n  y\r\nb: 'c\n\n  d'\ne: f\r\n"
    sealed = FakeSealed(text)

    sealed.check()
    assert {fact[3] for fact in sealed.facts.values()} == {False}


def test_tokens_stand_in_double_quotes_and_replace_the_whole_slice() -> None:
    sealed = FakeSealed("a: |- # c\n  text\nb: !t 'x' # y\nc: [z]\n")
    one, two, three = sealed.tokens
    (comment,) = sealed.comment_tokens

    assert sealed.body == f'a: "{one}"\nb: !t "{two}" # {comment}\nc: ["{three}"]\n'


def test_events_of_the_sealed_document() -> None:
    sealed = FakeSealed("a: &x !t 1\nb: 'q'\nc: *x\n")

    found = [event_parts(one) for one in sealed.events]
    assert found[3] == [b"S", b"x", b"enc:!t", sealed.tokens[0].encode()]
    assert found[5] == [b"S", b"", b"enc", sealed.tokens[1].encode()]
    assert found[7] == [b"A", b"x", b"", b""]


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("a: x\n", ("x", False, False, False)),
        ("a: x", ("x", False, False, True)),
        ("a: 'x\n  y'\n", ("'x\n  y'", True, True, False)),
        ("a: |\r\n  x\r\n", ("|\n  x", True, True, False)),
        ("a: |\r\n  x\r\n  y\n", ("|\r\n  x\r\n  y", True, False, False)),
        ("a: |\n  x", ("|\n  x", True, True, True)),
        ("a: x\r\n", ("x", False, False, False)),
    ],
)
def test_facts_of_a_slice(text: str, facts: tuple[str, bool, bool, bool]) -> None:
    document = documents.parse(text.encode(), "yaml")

    assert documents.slice_facts(document, document.slots[0]) == facts


@pytest.mark.parametrize(
    "text",
    [
        "a:\n|\n x\n",  # a block header at its parent's own column
        "- a:\n  >-\n   x\n  b: 1\n",
    ],
)
def test_a_layout_that_cannot_be_sealed_does_not_read_back(text: str) -> None:
    assert not FakeSealed(text).reads_back()


def test_reading_back_notices_what_is_not_as_promised() -> None:
    sealed = FakeSealed("a: 1\nb: |\n  x\nc: {d: 2}\n")
    good = sealed.text
    assert sealed.reads_back()

    for bad in (
        good.replace("b:", "b: "),
        good.replace("c: {d: ", "c: { d:"),
        good.replace("a:", "e:"),
        good.replace('a: "', 'a: !t "'),
        good.replace("gitseal:", "gitsea1:"),
        good.replace("gitseal:", "  x: [\ngitseal:"),
        good.partition("# Sealed")[0],
        good.replace(sealed.tokens[0], sealed.tokens[1]),
        good.replace(sealed.tokens[0], "x"),
    ):
        sealed.text = bad
        assert not sealed.reads_back(), bad


@pytest.mark.parametrize(
    ("text", "slice_"),
    [
        ("a: x\nb: y\n", "x\nc: z"),
        ("a: x\n", "x # y"),
        ("a: x\n", "[x]"),
        ("a: x\n", "'x"),
        ("a: x\n", "&x y"),
        ("a: x\n", "*x"),
        ("a: [x]\n", "{y"),
        ("a: x\n", '"\\ud800"'),
        ("a: x\n", '"a\\" b"c"'),
        ("a: x\n", "x: y"),
        ("a: x\n", "seal:v1[_" + "0" * 80 + "_]"),
        ("a: x\n", "x\u2028y"),
        ("a: x\n", "x\0y"),
        ("a: x\n", " x"),
        ("a: x\n", ""),
    ],
)
def test_a_slice_that_is_more_than_its_value_is_an_integrity_error(text: str, slice_: str) -> None:
    """A reader could seal anything by hand; nothing but one value may come out at its place."""
    sealed = FakeSealed(text)
    document = documents.parse(sealed.data, "yaml")
    pieces = sealed.pieces(document)
    pieces[0] = (slice_, 0, "\n" in slice_, False)

    with pytest.raises(IntegrityError) as caught:
        documents.restore(document, pieces, [])
    assert slice_ not in caught.value.message or len(slice_) < 2


def test_an_error_of_integrity_names_the_key_path() -> None:
    sealed = FakeSealed("a: 1\nb: {c: 2}\n")
    document = documents.parse(sealed.data, "yaml")

    with pytest.raises(IntegrityError, match=r"^b\.c: "):
        documents.restore(document, [("1", -1, False, False), ("[2]", -1, False, False)], [])


def test_a_comment_that_is_more_than_a_comment_is_an_integrity_error() -> None:
    sealed = FakeSealed("a: 1 # c\nb: 2\n")
    document = documents.parse(sealed.data, "yaml")
    pieces = sealed.pieces(document)

    with pytest.raises(IntegrityError):
        documents.restore(document, pieces, [" c\nb: 3\nd: 4"])


def test_opening_puts_values_into_the_text_alone() -> None:
    sealed = FakeSealed("a: 1\nb: 2\n")
    document = documents.parse(sealed.data, "yaml")

    assert documents.put_back(document, sealed.pieces(document), []) == "a: 1\nb: 2\n"


def test_a_key_that_looks_like_sealed_text_is_a_key() -> None:
    sealed = FakeSealed("'seal:v1[_00_]': x\n")

    sealed.check()
    # That takes a closer look.
    assert not sealed.reads_back()
