# SPDX-License-Identifier: Apache-2.0
"""Whatever can be sealed comes back to the byte, whatever the document and the rules."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import worlds
from gitseal import sealedfile
from gitseal.errors import DocumentError, GitsealError, IntegrityError, NewerVersionError
from gitseal.keypaths import Rules

many = settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])

NAMES = st.sampled_from(["a", "b", "password", "key.x", "ü", "1", "on", "a b", "*", ""])
TEXTS = st.one_of(
    st.sampled_from(["", "null", "1", "x", "a\nb", " lead", "# no", "x: y", "\U0001f424", "|"]),
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\x85\u2028\u2029\ufeff"),
        max_size=70,
    ),
)
SCALARS = st.one_of(
    TEXTS, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False, allow_infinity=False)
)
TREES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)
ROOTS = st.dictionaries(NAMES, TREES, max_size=4)
GLOBS = st.sampled_from(
    ["**", "*", "**.password", "password.**", "a", "*.*", "a.**.b", r"key\.x", "**.*", r"\*"]
)
RULES = st.builds(
    Rules,
    st.lists(GLOBS, max_size=3),
    st.lists(GLOBS, max_size=1),
    st.sampled_from(["seal", "clear"]),
)


def comes_back(clear: bytes, name: str, rules: Rules, *, strict: bool) -> None:
    data = worlds.seal(clear, name, rules, strict=strict)

    assert data == worlds.seal(clear, name, rules, strict=strict)
    assert clear == worlds.open_(data, name, rules, strict=strict)
    if strict:
        worlds.inspect(data, name).verify(worlds.SCOPE, worlds.KEYS.sign_public())


@many
@given(
    ROOTS, RULES, st.sampled_from([None, 0, 2, "\t"]), st.booleans(), st.booleans(), st.booleans()
)
def test_json(
    root: Any, rules: Rules, indent: Any, ascii_only: bool, strict: bool, newline: bool
) -> None:
    text = json.dumps(root, indent=indent, ensure_ascii=ascii_only) + "\n" * newline
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    comes_back(text.encode(), "a.json", rules, strict=strict)


@many
@given(
    TREES, RULES, st.sampled_from([True, False, None]),
    st.sampled_from([None, '"', "'", "|", ">"]), st.booleans(), st.booleans(),
)  # fmt: skip
def test_yaml(root: Any, rules: Rules, flow: Any, style: Any, strict: bool, crlf: bool) -> None:
    text = yaml.safe_dump(
        root, default_flow_style=flow, default_style=style, allow_unicode=True, width=40
    )
    if crlf:
        text = text.replace("\n", "\r\n")
    try:
        content = sealedfile.inspect(text.encode(), "app.yaml")
    except DocumentError:
        return  # what a writer makes is not always what all parsers agree on
    assert isinstance(content, sealedfile.ClearFile)
    try:
        worlds.seal(text, "app.yaml", rules, strict=strict)
    except DocumentError as error:
        is_layout(error)
        return
    comes_back(text.encode(), "app.yaml", rules, strict=strict)


def is_layout(error: DocumentError) -> None:
    """Some layouts cannot be sealed; nothing else is a reason here."""
    assert "layout" in error.message or "looks like" in error.message


LINES = st.one_of(
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["", "export "]),
        st.sampled_from(["A", "B_C", "password", "x.y", "Z-1"]),
        st.sampled_from(["=", " = ", "= "]),
        st.one_of(
            st.sampled_from(["", "x", "'a b'", '"a\nb"', '"a\\"b"', "x # y", "'x' # y", "$(id)"]),
            st.sampled_from(["`x`", "a=b", "'", '"']),
            st.text(
                st.characters(
                    exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufeff'\""
                ),
                max_size=40,
            ),
        ),
    ),
    st.sampled_from(["", "# remark", "  # gitsealed", "#", "   "]),
)  # fmt: skip


def open_quote(found: bool) -> None:
    assert found


@many
@given(st.lists(LINES, max_size=6), RULES, st.booleans(), st.booleans(), st.booleans())
def test_dotenv(lines: list[str], rules: Rules, strict: bool, newline: bool, crlf: bool) -> None:
    text = "\n".join(lines) + "\n" * newline
    if crlf:
        text = text.replace("\n", "\r\n")
    if not text:
        return
    try:
        sealedfile.inspect(text.encode(), ".env")
        worlds.seal(text, ".env", rules, strict=strict)
    except DocumentError:
        # The header's quotes would close one that is open in a clear value.
        open_quote("'" in text or '"' in text)
        return
    comes_back(text.encode(), ".env", rules, strict=strict)


@many
@given(st.binary(max_size=300), st.sampled_from(["a.yaml", "a.json", ".env", "a.bin"]))
def test_any_bytes_are_judged_without_a_crash(data: bytes, name: str) -> None:
    for content in (data, b"\0GITSEAL\x01" + data, b"# gitseal v: 1\n" + data):
        try:
            judged = sealedfile.inspect(content, name)
            if isinstance(judged, sealedfile.SealedFile):
                judged.open(worlds.KEYS, worlds.EVERYTHING)
        except (IntegrityError, DocumentError, NewerVersionError):
            continue


SEALED = {
    "app.yaml": worlds.seal("a: 1\nb: &x [canary, {c: two}]\nd: *x\n"),
    "a.json": worlds.seal('{"a": 1, "b": ["canary", {"c": "two"}]}\n', "a.json"),
    ".env": worlds.seal("A=1\nB='canary' # c\n", ".env"),
}


def quiet(error: GitsealError) -> None:
    assert "canary" not in f"{error} {error.hint}"


@settings(max_examples=300)
@given(st.data())
def test_random_edits_of_sealed_files_open_to_the_same_values_or_not_at_all(
    choices: st.DataObject,
) -> None:
    name = choices.draw(st.sampled_from(sorted(SEALED)))
    data = SEALED[name]
    good = worlds.inspect(data, name).open(worlds.KEYS, worlds.EVERYTHING).document
    for _ in range(choices.draw(st.integers(1, 3))):
        start = choices.draw(st.integers(0, len(data)))
        end = choices.draw(st.integers(start, min(len(data), start + 40)))
        other = choices.draw(st.integers(0, len(data)))
        piece = choices.draw(
            st.one_of(
                st.just(data[other : other + 30]),
                st.sampled_from([b"", b"\n", b" ", b"#", b"---\n", b"a: "]),
            )
        )
        data = data[:start] + piece + data[end:]
    try:
        content = sealedfile.inspect(data, name)
        if isinstance(content, sealedfile.ClearFile):
            return
        document = content.open(worlds.KEYS, worlds.EVERYTHING).document
    except GitsealError as error:
        quiet(error)
        return
    assert document is not None
    assert good is not None
    assert document.events == good.events
