# SPDX-License-Identifier: Apache-2.0
"""JSON: what is a document, what its events are, and where the header goes."""

from __future__ import annotations

import gc
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseal import documents
from gitseal.documents.events import event_parts
from gitseal.documents.json import parse
from gitseal.errors import LimitError, NotADocumentError
from gitseal.keypaths import format_path

TOKEN = "seal:v1[_" + "0" * 77 + "_]"
FIELDS = [("v", "1"), ("scope", '"s"'), ("seal", '"sig"')]


def oracle(text: str) -> bool:
    """What the standard library accepts, without what FORMAT.md takes away."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("duplicate")
        return dict(pairs)

    def constant(_name: str) -> None:
        raise ValueError("constant")

    try:
        read = json.loads(
            text, object_pairs_hook=members, parse_constant=constant, parse_int=len,
            parse_float=len,
        )  # fmt: skip
        json.dumps(read, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return isinstance(read, dict) and "gitseal" not in read


def accepts(text: str) -> bool:
    try:
        parse(text)
    except NotADocumentError:
        return False
    return True


PIECES = [
    "{", "}", "[", "]", ",", ":", '"a"', '"b"', '"a":', '"c":1', "1", "-0", "01", "1.5e+3", "1.",
    ".5", "-", "true", "false", "null", "NaN", "-Infinity", " ", "\n", "\t", "\r\n", '"\\ud800"',
    '"\\ud83d\\ude00"', '"\\u00e9"', '"\\x"', '"\t"', "'a'", "//", '"\\"', '"', "\u00e9", "{}",
    "[]",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_any_text_is_judged_as_the_standard_library_judges_it(pieces: list[str]) -> None:
    for text in ("".join(pieces), "{" + "".join(pieces) + "}", '{"x":[' + "".join(pieces) + "]}"):
        assert accepts(text) == oracle(text), text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=6),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(
    st.dictionaries(st.text(max_size=4), JSON, max_size=5), st.sampled_from([None, 1, 2, "\t"]),
    st.booleans(), st.data(),
)  # fmt: skip
def test_valid_json_with_one_character_changed_is_judged_alike(
    value: dict[str, Any], indent: Any, escape: bool, data: st.DataObject
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=escape)
    assert accepts(text) == oracle(text)
    place = data.draw(st.integers(0, len(text) - 1))
    changed = text[:place] + data.draw(st.sampled_from(PIECES)) + text[place + 1 :]
    assert accepts(changed) == oracle(changed), changed


def slices(text: str) -> list[str]:
    return [text[slot[0] : slot[1]] for slot in parse(text).slots]


def test_values_are_found_with_their_quotes_and_places() -> None:
    text = '{"a" : "x\\n", "b": [1, -2.5e3 ,null], "c": {"d": true, "e": ""}}'
    document = parse(text)
    assert slices(text) == ['"x\\n"', "1", "-2.5e3", "null", "true", '""']
    paths = [format_path(slot[2]) for slot in document.slots]
    assert paths == ["a", "b[]", "b[]", "b[]", "c.d", "c.e"]
    assert [slot[4] for slot in document.slots] == ['"', "", "", "", "", '"']
    assert document.slots[0][7] == "x\n"
    assert [event_parts(document.events[slot[3]])[3] for slot in document.slots][:2] == [
        b"x\n",
        b"1",
    ]


def test_equal_keys_in_other_objects_have_their_own_paths() -> None:
    text = '{"a": {"k": 1}, "b": {"k": 2}, "c": [{"k": 3}]}'
    assert [format_path(slot[2]) for slot in parse(text).slots] == ["a.k", "b.k", "c[].k"]


def test_empty_collections_are_named_and_hold_nothing() -> None:
    document = parse('{"a": {}, "b": [[], 1]}')
    assert [format_path(path) for path in document.empties] == ["a", "b[]"]
    assert [format_path(path) for path in parse("{ }").empties] == ["(root)"]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "empty"),
        ("[1]", 1, "root is no object"),
        ('{"a": 1,\n "a": 2}', 2, "two members"),
        ('{"a": 1,\n "\\u0061": 2}', 2, "two members"),
        ('{"a":\n NaN}', 2, "NaN"),
        ('{\n"a": "\\ud800"}', 2, "surrogate"),
        ('{\n"\\udc00": 1}', 2, "surrogate"),
        ('{"a": 1\n "b": 2}', 2, "comma is missing"),
        ('{"a": 1,\n}', 2, "comma stands before"),
        ("{'a': 1}", 1, "no value"),
        ('{"a": 1 // c\n}', 1, "comments"),
        ('{"a": 1}\n{"b": 1}', 2, "behind the root"),
        ('{"a": {"b": 1}', 1, "ends too early"),
        ('{"a": "b}', 1, "not closed"),
        ('{"gitseal": "x"}', 1, "no header"),
    ],
)
def test_a_refusal_names_line_and_reason(text: str, line: int, reason: str) -> None:
    with pytest.raises(NotADocumentError, match=reason) as caught:
        parse(text)
    assert caught.value.line == line


def test_the_depth_is_limited_before_anything_recurses() -> None:
    parse('{"a":' * 99 + "[]" + "}" * 99)
    with pytest.raises(LimitError, match="100 levels"):
        parse('{"a":' * 100 + "[]" + "}" * 100)
    with pytest.raises(LimitError, match="100 levels"):
        parse('{"a":' + "[" * 1_000_000)


def test_a_value_above_one_mebibyte_is_refused() -> None:
    with pytest.raises(LimitError, match="1 MiB"):
        parse('{"a": "' + "x" * (1 << 20) + '"}')


def test_a_million_events_are_the_limit() -> None:
    with pytest.raises(LimitError, match="million"):
        parse('{"a":[' + "1," * 999_999 + "1]}")


def test_a_sealed_value_is_known_whatever_its_escapes() -> None:
    document = parse('{"a": "' + TOKEN.replace("s", "\\u0073", 1) + '", "b": "seal:v1[_no"}')
    assert [slot[7] for slot in document.sealed] == [TOKEN]
    assert [slot[7] for slot in document.slots] == ["seal:v1[_no"]
    assert event_parts(document.events[document.sealed[0][3]])[2:] == [b"enc", TOKEN.encode()]


BODIES = [
    '{"a": 1}', '{"a": 1}\n', "{}", "{ }\n", '{\n  "a": 1,\n  "b": {"c": [1, 2]}\n}\n',
    '{"a":1,\r\n\t"b":2 }\r\n', '\n{"a": {"gitseal": 1}}', '{ "a" : "}" }', "{\n}", '{"a": 1}\n\n',
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES)
def test_the_header_comes_off_exactly(body: str) -> None:
    clear = parse(body)
    fields = list(FIELDS)
    if not body.endswith("\n"):
        fields.insert(2, ("newline", "false"))
    text = documents.attach_header(clear, body, fields, note=True)
    sealed = parse(text)
    assert text.endswith("\n")
    assert documents.body_text(sealed) == body
    assert sealed.events == clear.events
    assert sealed.empties == clear.empties
    assert sealed.header == [(name, json.loads(value)) for name, value in fields]
    assert list(json.loads(text))[-1] == "gitseal"
    again = documents.attach_header(sealed, documents.body_text(sealed), fields, note=True)
    assert again == text


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("indent", [None, 1, 4, "\t"])
def test_the_header_survives_formatters(body: str, indent: Any) -> None:
    sealed = documents.attach_header(parse(body), body, FIELDS, note=False)
    formatted = parse(json.dumps(json.loads(sealed), indent=indent))
    assert formatted.header == parse(sealed).header
    assert formatted.events == parse(body).events
    assert json.loads(documents.body_text(formatted)) == json.loads(body)


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ('{"gitseal": {"v": 1}, "a": 1}', '{ "a": 1}'),
        ('{"a": 1, "gitseal": {"v": 1}, "b": 2}', '{"a": 1, "b": 2}'),
        ('{"a": 1 , "gitseal": {"v": 1} }', '{"a": 1 }'),
    ],
)
def test_a_member_may_follow_the_header(text: str, body: str) -> None:
    document = parse(text)
    assert documents.body_text(document) == body
    assert document.events == parse(body).events


def test_duplicate_fields_of_the_header_are_kept_and_two_headers_refused() -> None:
    document = parse('{"a": 1, "gitseal": {"v": 1, "v": 2}}')
    assert document.header == [("v", 1), ("v", 2)]
    with pytest.raises(NotADocumentError, match="two members"):
        parse('{"gitseal": {"v": 1}, "gitseal": {"v": 1}}')
    with pytest.raises(NotADocumentError, match="two members"):
        parse('{"gitseal": {"rules": {"a": 1, "a": 2}}}')


def test_ten_thousand_values_take_milliseconds() -> None:
    text = json.dumps(
        {f"s{i}": {"user": "bob", "password": f"p\n{i}", "port": i, "tags": ["a"]}
         for i in range(2500)},
        indent=2,
    )  # fmt: skip
    times = []
    gc.disable()
    try:
        for _ in range(5):
            start = time.perf_counter()
            document = parse(text)
            times.append(time.perf_counter() - start)
    finally:
        gc.enable()
    assert len(document.slots) == 10_000
    # 20 ms on the machine it was written on; the rest is for slow ones.
    assert min(times) < 0.2
