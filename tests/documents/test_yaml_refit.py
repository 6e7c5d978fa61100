# SPDX-License-Identifier: Apache-2.0
"""Opening YAML that a formatter or a person has laid out anew: every value is still the same."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from fakesealing import FakeSealed
from gitseal import documents
from gitseal.errors import DocumentError, IntegrityError

Edit = Callable[[str], str]


def reopen(text: str, edit: Edit) -> str:
    """Seal, let somebody edit the sealed file, open; values must be those of before."""
    sealed = FakeSealed(text)
    edited = edit(sealed.data.decode())
    assert edited != sealed.data.decode()
    opened = sealed.open(edited)
    assert [slot[7] for slot in opened.slots] == [slot[7] for slot in sealed.clear.slots]
    return opened.text


def re_indented(text: str) -> str:
    """From two columns to four, as formatters do."""
    return re.sub(r"^( +)", lambda found: found[1] * 2, text, flags=re.MULTILINE)


def unquoted(text: str) -> str:
    return re.sub(r'"(seal:v1\[_\w+_\])"', r"\1", text)


def in_flow(text: str) -> str:
    """The one entry of a block mapping below `a` becomes a flow mapping."""
    return re.sub(r"a:\n  (b: \"seal\S+\")", r"a: {\1}", text)


@pytest.mark.parametrize(
    ("text", "edit", "expected"),
    [
        ("a: 'x'\n", unquoted, "a: 'x'\n"),
        ("a: x\n", lambda t: t.replace('"seal', "'seal", 1).replace('_]"', "_]'", 1), "a: x\n"),
        ("a:  x\n", lambda t: t.replace("a:  ", "a: "), "a: x\n"),
        ("a: x\n", lambda t: "---\n" + t, "---\na: x\n"),
        ("a: x\n", lambda t: t.replace("a: ", "a:\n  ", 1), "a:\n  x\n"),
        ("a: x\n", lambda t: t.replace('a: "', "a: >-\n  ").replace('_]"\n', "_]\n", 1), "a: x\n"),
        (
            "a: |\n  x\n",
            lambda t: t.replace('a: "', "a: |\n  ").replace('_]"\n', "_]\n\n", 1),
            "a: |\n  x\n\n",
        ),
        ("a:\n  b: |\n    x\n     y\n", re_indented, "a:\n    b: |\n      x\n       y\n"),
        (
            "a:\n  b: >-\n    x\n    y\n  c: 1\n",
            re_indented,
            "a:\n    b: >-\n      x\n      y\n    c: 1\n",
        ),
        ("a:\n  b: plain\n    on lines\n", re_indented, "a:\n    b: plain\n      on lines\n"),
        ("a:\n  b: 'q\n\n    r'\n", re_indented, "a:\n    b: 'q\n\n      r'\n"),
        ("a:\n    b: |\n      x\n", lambda t: t.replace("    b", "  b"), "a:\n  b: |\n    x\n"),
        ("a:\n- |\n x\n", lambda t: t.replace("- ", "  - "), "a:\n  - |\n   x\n"),
        ("a:\n  b: |2\n      x\n", re_indented, "a:\n    b: |2\n        x\n"),
        ("a:\n  b: x, [y]\n", in_flow, 'a: {b: "x, [y]"}\n'),
        ("a:\n  b: 12\n", in_flow, "a: {b: 12}\n"),
        ("a:\n  b: ?x\n", in_flow, 'a: {b: "?x"}\n'),
        ("a:\n- ?x\n", lambda t: re.sub(r"a:\n- (\S+)", r"a: [\1]", t), 'a: ["?x"]\n'),
        ("a:\n  b: |\n    x\n    y\n", in_flow, 'a: {b: "x\\ny\\n"}\n'),
        ("a:\n  b: plain\n    lines\n", in_flow, None),
        ("a:\n  b: 'it''s\n    é\t'\n", in_flow, None),
        (
            "a: {b: c,\n  d: 'e\nf'}\n",
            lambda t: re.sub(r"a: \{b: (\S+),\s+d: (\S+)\}", r"a:\n    b: \1\n    d: \2", t),
            None,
        ),
        (
            "a: |\n  x\n  y\nb: 1\n",
            lambda t: t.replace('"\nb', '" # why\nb'),
            "a: | # why\n  x\n  y\nb: 1\n",
        ),
        ("a: | # c\n  x\n", lambda t: t.replace('"\n', '"  # why\n', 1), "a: | # c  # why\n  x\n"),
        (
            "a: |\r\n  x\r\n",
            lambda t: t.replace('"\r\n', '" # why\r\n', 1),
            "a: | # why\r\n  x\r\n",
        ),
        ("a: |\n  x\nb: 1\n", lambda t: t.replace("\n", "\r\n"), "a: |\r\n  x\r\nb: 1\r\n"),
        ("a: |\r\n  x\r\nb: 1\r\n", lambda t: t.replace("\r\n", "\n"), "a: |\n  x\nb: 1\n"),
        ("a: |\n  x", lambda t: t.replace("  newline: false\n", ""), "a: |-\n  x\n"),
        ("a: |+\n  x", lambda t: t.replace("  newline: false\n", ""), "a: |-\n  x\n"),
        ("a: |2\n   x", lambda t: t.replace("  newline: false\n", ""), "a: |2-\n   x\n"),
        ("a: |\n  x\n", lambda t: t.replace("  epoch", "  newline: false\n  epoch"), 'a: "x\\n"'),
        ("a: |+\n  x\n\n\nb: 1\n", lambda t: t.replace("\nb", "\n\nb"), None),
        ("a: |\n  x\nb: 1\n", lambda t: t.replace("\nb:", "\n   # deeper\nb:"), None),
        (
            "a:\n    b: |\n      x\n",
            lambda t: t.replace("    b", "  b").replace("\n#", "\n     # c\n#"),
            None,
        ),
    ],
)
def test_layouts(text: str, edit: Edit, expected: str | None) -> None:
    opened = reopen(text, edit)
    if expected is not None:
        assert opened == expected


def test_what_is_moved_twice_is_still_right() -> None:
    text = "a:\n  b: |\n    x\n     y\n  c: 'q\n    r'\n  d: plain\n    text\n"

    assert reopen(text, lambda t: re_indented(re_indented(t))) == (
        "a:\n        b: |\n          x\n           y\n        c: 'q\n          r'\n"
        "        d: plain\n          text\n"
    )


def test_quoting_a_plain_value_never_changes_its_type() -> None:
    """A number must not become a string because of where a formatter put it."""
    sealed = FakeSealed("a:\n  b: 12\n")
    document = documents.parse(in_flow(sealed.data.decode()).encode(), "yaml")

    opened = documents.restore(document, [("12", 0, False, False)], [])
    assert opened.text == "a: {b: 12}\n"
    with pytest.raises(IntegrityError):
        documents.restore(document, [("12 # x", 0, False, False)], [])


def with_ruamel(text: str) -> str:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=4, sequence=6, offset=4)
    stream = io.StringIO()
    yaml.dump_all(list(yaml.load_all(text)), stream)
    return stream.getvalue()


def test_ruamels_layout_of_the_corpus_opens_to_the_same_values(corpus: Path) -> None:
    changed = 0
    for path in sorted((corpus / "yaml").iterdir())[::4]:
        try:
            sealed = FakeSealed(path.read_bytes())
            laid_out = with_ruamel(sealed.data.decode())
            events = documents.parse(laid_out.encode(), "yaml").events
        except (DocumentError, YAMLError, ValueError):
            continue
        if laid_out.encode() == sealed.data or events != sealed.events:
            continue  # ruamel wrote an empty value as null, or joined lines of a key
        changed += 1
        opened = sealed.open(laid_out)
        assert opened.events == sealed.clear.events, path
    assert changed > 20


EDITS: list[Callable[[str, random.Random], str]] = [
    lambda t, r: indented(t, r.choice([1, 2, 4])),
    lambda t, r: each_line(t, lambda s: s + r.choice(["", "  # c"]) if s.endswith('_]"') else s),
    lambda t, r: each_line(t, lambda line: line + " " * r.randrange(3)),
    lambda t, r: each_line(t, lambda line: r.choice(["", "", "", "\n"]) + line),
    lambda t, r: each_line(t, lambda s: r.choice(["", " " * r.randrange(8) + "# c\n"]) + s),
    lambda t, r: re.sub(r'"(seal:v1\[_\w+_\])"', lambda m: r.choice([m[0], m[1], f"'{m[1]}'"]), t),
    lambda t, r: re.sub(r'^( *)([\w-]+): ("seal\S+")$', r"\1\2:\n\1   \3", t, flags=re.MULTILINE),
    lambda t, r: re.sub(
        r'^( *)([\w-]+): "(seal\S+)"$', r"\1\2: " + r.choice(["|", ">-", ">"]) + r"\n\1  \3", t,
        flags=re.MULTILINE,
    ),
    lambda t, r: t.replace("\r\n", "\n").replace("\n", "\r\n"),
    lambda t, r: t.rstrip("\n"),
]  # fmt: skip


def indented(text: str, by: int) -> str:
    return each_line(text, lambda line: " " * by + line if line.strip() else line)


def each_line(text: str, change: Callable[[str], str]) -> str:
    return "\n".join(change(line) for line in text.split("\n"))


@pytest.mark.parametrize("edit", range(len(EDITS)))
def test_edits_of_the_corpus_change_no_value(edit: int, corpus: Path) -> None:
    """Every value is sealed here, so whatever an edit moves is only layout."""
    chance = random.Random(edit)
    opened = 0
    for path in sorted((corpus / "yaml").iterdir())[edit % 3 :: 3]:
        data = path.read_bytes()
        try:
            sealed = FakeSealed(data, comments=chance.random() < 0.5)
        except DocumentError:
            continue
        edited = EDITS[edit](sealed.data.decode(), chance).encode()
        try:
            document = documents.parse(edited, "yaml")
        except DocumentError:
            continue  # a line inside of a key of many lines, for one
        if document.events != sealed.events:
            continue
        opened += 1
        assert sealed.open(edited).events == sealed.clear.events, path
    assert opened > 55
