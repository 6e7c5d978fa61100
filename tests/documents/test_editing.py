# SPDX-License-Identifier: Apache-2.0
"""Edits: one place changes in the file's own style, and every other byte stays."""

from __future__ import annotations

import pytest

from gitseal import documents
from gitseal.documents.editing import move, remove, set_value
from gitseal.errors import DocumentError, GitsealError, NotFoundError, UsageError
from gitseal.keypaths import parse_typed

YAML = """\
# top
db:
  host: db1   # h
  port: 5432
  "q": "yes"
  pem: |  # key
    aaa
    bbb

  # about list
  list:
    - a
    - b: 1
      c: 2
  empty:
  none: {}   # nn
flow: {a: 1, b: [x, 'y']}
# last
last: &x !t v
"""

JSON = """\
{
    "a": 1,
    "b": {},
    "n": null,
    "l": [true, "x"]
}
"""

DOTENV = """\
# c
export A=1 # note
export B="x"

# about C
C='y'
# end
"""


def syntax_of(text: str) -> str:
    return {"{": "json", "# c": "dotenv"}.get(text.splitlines()[0][:3] if text else "", "yaml")


def setting(text: str, path: str, value: str, kind: str | None = None, syntax: str = "") -> str:
    document = documents.parse(text.encode(), syntax or syntax_of(text))
    return set_value(document, parse_typed(path), value, kind)


def removing(text: str, path: str, syntax: str = "") -> str:
    document = documents.parse(text.encode(), syntax or syntax_of(text))
    return remove(document, parse_typed(path))


def moving(text: str, source: str, target: str, syntax: str = "") -> str:
    document = documents.parse(text.encode(), syntax or syntax_of(text))
    return move(document, parse_typed(source), parse_typed(target))


def check(text: str, changed: str, old: str, new: str) -> None:
    """The only difference is that the lines `old` became the lines `new`."""
    assert text.count(old) == 1
    assert changed == text.replace(old, new)


@pytest.mark.parametrize(
    ("path", "value", "kind", "old", "new"),
    [
        ("db.host", "db2", None, "host: db1   # h", "host: db2   # h"),
        ("db.host", "on", None, "host: db1 ", 'host: "on" '),
        ("db.host", "a: b # c", None, "host: db1 ", 'host: "a: b # c" '),
        ("db.host", "5", None, "host: db1 ", 'host: "5" '),
        ("db.host", "5", "int", "host: db1 ", "host: 5 "),
        ("db.host", "1e20", "float", "host: db1 ", "host: 1.0e+20 "),
        ("db.host", "TRUE", "bool", "host: db1 ", "host: true "),
        ("db.host", "", "null", "host: db1 ", "host: null "),
        ("db.host", '{"x": [1, "on"]}', "json", "host: db1 ", 'host: {x: [1, "on"]} '),
        ("db.port", "5433", None, "port: 5432", "port: 5433"),
        ("db.port", "5433", "string", "port: 5432", 'port: "5433"'),
        ("db.port", "five", None, "port: 5432", "port: five"),
        ("db.q", 'say "no"', None, '"q": "yes"', '"q": "say \\"no\\""'),
        ("db.pem", "one", None, "pem: |  # key\n    aaa\n    bbb\n", "pem: one # key\n"),
        ("db.pem", "x\ny", None, "|  # key\n    aaa\n    bbb\n", "|- # key\n    x\n    y\n"),
        ("db.host", "x\ny\n", None, "db1   # h\n", "|   # h\n    x\n    y\n"),
        ("db.host", " x\ny", None, "db1 ", '" x\\ny" '),
        ("db.list[1].b", "x\ny", None, "b: 1\n", "b: |-\n        x\n        y\n"),
        ("db.list[0]", "x\ny", None, "- a\n", "- |-\n      x\n      y\n"),
        ("db.empty", "v", None, "empty:\n", "empty: v\n"),
        ("flow.b[1]", "it's", None, "'y'", "'it''s'"),
        ("flow.a", "x\ny", None, "a: 1", 'a: "x\\ny"'),
        ("last", "w", None, "!t v", "!t w"),
        # inserted
        ("db.new", "v", None, "# nn\n", "# nn\n  new: v\n"),
        ("db.new.a[0]", "v", None, "# nn\n", "# nn\n  new:\n    a:\n      - v\n"),
        ("db.list[2]", "v", None, "c: 2\n", "c: 2\n    - v\n"),
        ("db.list[1].d", "v", None, "c: 2\n", "c: 2\n      d: v\n"),
        ("db.empty.k", "v", None, "empty:\n", "empty:\n    k: v\n"),
        ("db.empty[0]", "v", None, "empty:\n", "empty:\n    - v\n"),
        ("db.none.k", "v", None, "none: {}   # nn\n", "none:   # nn\n    k: v\n"),
        ("flow.c", "{", None, "'y']}", "'y'], c: \"{\"}"),
        ("flow.b[2]", "on", None, "'y']", "'y', \"on\"]"),
        ('new."a.b"', "x\ny", None, "!t v\n", "!t v\nnew:\n  a.b: |-\n    x\n    y\n"),
        ('"5".on', "v", None, "!t v\n", '!t v\n"5":\n  "on": v\n'),
    ],
)  # fmt: skip
def test_a_value_of_yaml_is_set(
    path: str, value: str, kind: str | None, old: str, new: str
) -> None:
    check(YAML, setting(YAML, path, value, kind), old, new)


@pytest.mark.parametrize(
    ("path", "value", "kind", "old", "new"),
    [
        ("a", "2", None, '"a": 1', '"a": 2'),
        ("a", "x", None, '"a": 1', '"a": "x"'),
        ("a", "2", "string", '"a": 1', '"a": "2"'),
        ("l[0]", "false", None, "true", "false"),
        ("l[1]", 'q"\n\u2028é', None, '"x"', '"q\\"\\n\\u2028é"'),
        ("l[2]", "1.50", "float", '"x"]', '"x", 1.5]'),
        ("n.k", "v", None, "null", '{\n        "k": "v"\n    }'),
        ("b.k[0]", "v", None, "{}", '{\n        "k": [\n            "v"\n        ]\n    }'),
        ("b", '{"k": [1]}', "json", "{}", '{\n        "k": [\n            1\n        ]\n    }'),
        ("z", "v", None, '"x"]\n', '"x"],\n    "z": "v"\n'),
    ],
)
def test_a_value_of_json_is_set(
    path: str, value: str, kind: str | None, old: str, new: str
) -> None:
    check(JSON, setting(JSON, path, value, kind), old, new)


@pytest.mark.parametrize(
    ("text", "path", "result"),
    [
        ("{}", "a.b", '{"a": {"b": "v"}}'),
        ('{"a":1,"b":[]}', "b[0]", '{"a":1,"b":["v"]}'),
        ('{"a":1,"b":2}', "c.d", '{"a":1,"b":2,"c":{"d":"v"}}'),
        ('{ "a" : 1 , "b" : 2 }\n', "c", '{ "a" : 1 , "b" : 2, "c" : "v" }\n'),
        ('{\r\n\t"a": 1\r\n}', "c", '{\r\n\t"a": 1,\r\n\t"c": "v"\r\n}'),
    ],
)
def test_json_keeps_its_separators_and_one_line_stays_one_line(
    text: str, path: str, result: str
) -> None:
    assert setting(text, path, "v", syntax="json") == result


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        ("A", "2", "A=1 # note", "A=2 # note"),
        ("A", "two words", "A=1 # note", "A='two words' # note"),
        ("A", "", "A=1 # note", "A= # note"),
        ("B", "z", '"x"', '"z"'),
        ("B", "it's", '"x"', '"it\'s"'),
        ("B", "$x", '"x"', "'$x'"),
        ("B", "x\ny", '"x"', '"x\ny"'),
        ("B", "a'$(id)`\"\\", '"x"', '"a\'\\$(id)\\`\\"\\\\"'),
        ("C", "x\ny", "'y'", "'x\ny'"),
        ("NEW", "v", "C='y'\n", "C='y'\nexport NEW=v\n"),
        ("a.b-c", "v w", "C='y'\n", "C='y'\nexport a.b-c='v w'\n"),
    ],
)
def test_a_value_of_a_dotenv_file_is_set(path: str, value: str, old: str, new: str) -> None:
    check(DOTENV, setting(DOTENV, path, value), old, new)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("", "N=v\n"),
        ("A=1", "A=1\nN=v"),
        ("A=1\r\n", "A=1\r\nN=v\r\n"),
        ('A="1"\n', 'A="1"\nN="v"\n'),
        ("A='1'\n\n# end", "A='1'\nN='v'\n\n# end"),
        ("# about nothing\n", "# about nothing\n\nN=v\n"),
        ("# a", "# a\n\nN=v"),
    ],
)
def test_a_new_line_of_a_dotenv_file_has_its_style(text: str, result: str) -> None:
    assert setting(text, "N", "v", syntax="dotenv") == result


def test_of_equal_names_the_last_is_set_and_all_are_removed() -> None:
    assert setting("A=1\nB=2\nA=3\n", "A", "4", syntax="dotenv") == "A=1\nB=2\nA=4\n"
    assert removing("A=1\nB=2\nA=3\n", "A", "dotenv") == "B=2\n"


@pytest.mark.parametrize(
    ("text", "path", "result"),
    [
        ("", "a.b", "a:\n  b: v\n"),
        ("# c\n", "a", "# c\n\na: v\n"),
        ("---\n", "a[0]", "---\na:\n  - v\n"),
        ("{}\n", "a.b", "a:\n  b: v\n"),
        ("{} # c\n", "a", "a: v # c\n"),
        ("[]\n", "[0].a", "- a: v\n"),
        ("a: null\n", "a.b", "a:\n  b: v\n"),
        ("a: &x {}\n", "a.b", "a: &x\n  b: v\n"),
        ("- {}\n-\n", "[1].k", "- {}\n- k: v\n"),
        ("{a: {}}\n", "a.b", "{a: {b: v}}\n"),
        ("{a: , b: 1}\n", "a.b", "{a: {b: v}, b: 1}\n"),
        ("a: [\n  1,\n  2,\n]\n", "a[2]", "a: [\n  1,\n  2,\n  v,\n]\n"),
        ('"a": "x"\n', "b", '"a": "x"\n"b": "v"\n'),
        ("a: 'x'\n", "b", "a: 'x'\nb: 'v'\n"),
        ("a:\n    b:\n    - c\n", "a.d.e[0]",
         "a:\n    b:\n    - c\n    d:\n        e:\n        - v\n"),
        ("a: 1\r\nb:\r\n  c: 2", "b.d", "a: 1\r\nb:\r\n  c: 2\r\n  d: v"),
        ("a:\n  b: 1\n  # deep\n\n  # deeper\n# end\n", "c",
         "a:\n  b: 1\n  # deep\n\n  # deeper\nc: v\n# end\n"),
        ("a: |\n  x", "b", "a: |-\n  x\nb: v"),
        ("a: 1\n---\nb: 1\n", "b", "a: 1\n---\nb: v\n"),
    ],
)  # fmt: skip
def test_yaml_grows_in_its_own_style(text: str, path: str, result: str) -> None:
    assert setting(text, path, "v", syntax="yaml") == result


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("db.host", "  host: db1   # h\n", ""),
        ("db.pem", "  pem: |  # key\n    aaa\n    bbb\n", ""),
        ("db.list", "  # about list\n  list:\n    - a\n    - b: 1\n      c: 2\n", ""),
        ("db.list[0]", "    - a\n", ""),
        ("db.list[1]", "    - b: 1\n      c: 2\n", ""),
        ("db.list[1].b", "- b: 1\n      c: 2", "- c: 2"),
        ("db.none", "  none: {}   # nn\n", ""),
        ("flow.a", "a: 1, ", ""),
        ("flow.b", ", b: [x, 'y']", ""),
        ("flow.b[0]", "x, ", ""),
        ("last", "# last\nlast: &x !t v\n", ""),
    ],
)
def test_a_key_goes_with_its_line_and_its_comments(path: str, old: str, new: str) -> None:
    check(YAML, removing(YAML, path), old, new)


@pytest.mark.parametrize(
    ("text", "path", "result"),
    [
        ("a: 1\n", "a", "{}\n"),
        ("# c\n\na: 1", "a", "# c\n\n{}"),
        ("a: # n\n  b: 1 # c\nd: 1\n", "a.b", "a: {} # n\nd: 1\n"),
        ("a: &x !!map\n  b: 1\n", "a.b", "a: &x !!map {}\n"),
        ("a:\n- b\n", "a[0]", "a: []\n"),
        ("- x: 1 # c\n- y\n", "[0].x", "- {}\n- y\n"),
        ("- x: 1 # c\n  # about y\n  y: 2\n", "[0].x", "- # about y\n  y: 2\n"),
        ("a: [x]\n", "a[0]", "a: []\n"),
        ("a: {b: 1, # c\n  d: 2, # e\n}\n", "a.d", "a: {b: 1, # c\n}\n"),
        ("a: {b: 1, # c\n  d: 2}\n", "a.d", "a: {b: 1, # c\n}\n"),
        ("a: {b: 1, # c\n  # x\n  d: 2}\n", "a.b", "a: {# x\n  d: 2}\n"),
        ("a: 1\nb: 2", "b", "a: 1"),
        ("a: |\n  x\nb: 2", "b", "a: |\n  x\n"),
        ("# far\n\n# near\n  # other\na: 1\nb: 2\n", "a", "# far\n\n# near\n  # other\nb: 2\n"),
        ('a: "x\n# y"\nb: 2\n', "b", 'a: "x\n# y"\n'),
    ],
)
def test_what_is_left_of_yaml_is_yaml(text: str, path: str, result: str) -> None:
    assert removing(text, path, "yaml") == result


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("a", '"a": 1,\n    ', ""),
        ("l", ',\n    "l": [true, "x"]', ""),
        ("l[0]", 'true, "x"', '"x"'),
        ("l[1]", 'true, "x"', "true"),
    ],
)
def test_commas_of_json_are_right_after_removing(path: str, old: str, new: str) -> None:
    check(JSON, removing(JSON, path), old, new)


@pytest.mark.parametrize(
    ("path", "old"),
    [
        ("A", "# c\nexport A=1 # note\n"),
        ("B", 'export B="x"\n'),
        ("C", "# about C\nC='y'\n"),
    ],
)
def test_a_line_of_a_dotenv_file_goes_with_its_comment(path: str, old: str) -> None:
    check(DOTENV, removing(DOTENV, path), old, "")


def test_the_last_line_without_a_break_takes_the_one_before() -> None:
    assert removing("A=1\r\nB=2", "B", "dotenv") == "A=1"
    assert removing("A=1", "A", "dotenv") == ""


@pytest.mark.parametrize(
    ("text", "source", "target", "old", "new"),
    [
        (YAML, "db.host", "db.name", "host: db1   # h", "name: db1   # h"),
        (YAML, "db.q", 'db."on"', '"q": "yes"', '"on": "yes"'),
        (YAML, "flow", "moved", "flow: {", "moved: {"),
        (JSON, "a", "z", '"a": 1', '"z": 1'),
        (DOTENV, "A", "Z", "export A=1 # note", "export Z=1 # note"),
    ],
)
def test_renaming_keeps_place_and_value(
    text: str, source: str, target: str, old: str, new: str
) -> None:
    check(text, moving(text, source, target), old, new)


def test_moving_to_another_parent_keeps_the_bytes_of_the_value() -> None:
    changed = moving(YAML, "db.pem", "pem")
    assert changed.endswith("pem: |  # key\n  aaa\n  bbb\n")
    assert "\n  pem:" not in changed
    assert moving(YAML, "db.list", "list").endswith("list:\n  - a\n  - b: 1\n    c: 2\n")
    assert "  flow: {a: 1, b: [x, 'y']}\n# last" in moving(YAML, "flow", "db.flow")
    assert moving('{"a": [1 ,2], "b": {}}', "a", "b.c", "json") == '{"b": {"c": [1 ,2]}}'


@pytest.mark.parametrize(
    ("text", "path", "value", "kind", "error"),
    [
        (YAML, "db.host", "x", "int", UsageError),
        (YAML, "db.host", "x", "float", UsageError),
        (YAML, "db.host", "on", "bool", UsageError),
        (YAML, "db.host", "x", "null", UsageError),
        (YAML, "db.host", "{x", "json", UsageError),
        (YAML, "db.host", "x", "date", UsageError),
        (YAML, "db.host", "\udc80", None, UsageError),
        (YAML, "db.host.x", "x", None, DocumentError),
        (YAML, "db", "x", None, DocumentError),
        (YAML, "db.list[3]", "x", None, NotFoundError),
        (YAML, "new[1]", "x", None, NotFoundError),
        (YAML, "db[0]", "x", None, DocumentError),
        ("a: &a {b: 1}\nc: *a\n", "c.b", "x", None, DocumentError),
        (JSON, "b", "x", "date", UsageError),
        (JSON, "l", "x", None, DocumentError),
        (DOTENV, "1A", "x", None, UsageError),
        (DOTENV, "A B", "x", None, UsageError),
        (DOTENV, "A", "[1]", "json", UsageError),
        (DOTENV, "A", "x", "int", UsageError),
        (DOTENV, "A", "\u2028", None, DocumentError),
        ('# c\nA="x\n', "N", 'a"b', None, DocumentError),
    ],
)
def test_what_cannot_be_set_is_refused_without_the_value(
    text: str, path: str, value: str, kind: str | None, error: type[GitsealError]
) -> None:
    with pytest.raises(error) as caught:
        setting(text, path, value, kind)
    assert value not in str(caught.value) or len(value) < 3


def test_moving_over_something_or_into_itself_is_refused() -> None:
    for source, target in (("a", "n"), ("b", "b.c"), ("l", "l")):
        with pytest.raises(UsageError):
            moving(JSON, source, target)
    with pytest.raises(NotFoundError):
        moving(JSON, "nothing", "x")
    with pytest.raises(UsageError, match="2 times"):
        moving("# c\nA=1\nA=2\n", "A", "B")


def test_an_anchor_that_is_used_is_not_removed() -> None:
    with pytest.raises(DocumentError, match="layout"):
        removing("a: &a 1\nb: *a\n", "a", "yaml")
