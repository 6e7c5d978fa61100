# SPDX-License-Identifier: Apache-2.0
"""Values: what YAML 1.2, JSON and dotenv say, and variables that other programs read back."""

from __future__ import annotations

import io
import json
import math
import subprocess
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
import yaml
import yaml12
from dotenv import dotenv_values
from hypothesis import given, settings
from hypothesis import strategies as st

from gitseal import documents
from gitseal.documents.tree import tree
from gitseal.documents.values import flatten, render, to_python, variable_name, variables
from gitseal.errors import DocumentError, LimitError, NotADocumentError, UsageError


def read(text: str, syntax: str = "yaml") -> Any:
    return to_python(tree(documents.parse(text.encode(), syntax)))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"), ("yes", "yes"), ("2020-01-01", "2020-01-01"), ("12:30", "12:30"),
        ("010", 10), ("0o10", 8), ("0xFf", 255), ("+5", 5), ("1_000", "1_000"), ("1e3", 1000.0),
        ("-.5", -0.5), (".inf", math.inf), ("-.INF", -math.inf), ("True", True), ("~", None),
        ("", None), ("'5'", "5"), ("!!str 5", "5"), ("! 5", "5"), ("!!int '5'", 5),
        ("!!float 5", 5.0), ("!!null ''", None), ("!!binary aGk=", b"hi"), ("!Ref x", "x"),
        ("!Ref 5", 5), ("!!timestamp 2020-01-01", "2020-01-01"), ("!!set {a: }", {"a": None}),
    ],
)  # fmt: skip
def test_scalars_are_read_by_the_core_schema(text: str, value: object) -> None:
    found = read(f"a: {text}\n")["a"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("text", ["!!int x", "!!binary '*'", "!!bool 1", "!!int 1.5"])
def test_a_text_that_its_tag_does_not_allow_is_an_error_without_the_text(text: str) -> None:
    with pytest.raises(DocumentError, match=r"^a: the text is no"):
        read(f"a: {text}\n")


def test_nan_is_a_float() -> None:
    assert math.isnan(read("a: .nan")["a"])


def test_values_of_real_yaml_files_agree_with_a_parser_of_yaml_1_2(corpus: Path) -> None:
    count = 0
    for path in sorted((corpus / "yaml").iterdir()):
        # They differ about a block scalar that ends with the file and without a line break.
        data = path.read_bytes().rstrip() + b"\n"
        try:
            document = documents.parse(data, "yaml")
            ours = to_python(tree(document))
            theirs = yaml12.parse_yaml(data.decode())
        except (NotADocumentError, DocumentError, ValueError):
            continue
        if "!" in document.text or "<<" in document.text or tree(document).later:
            continue
        if not isinstance(theirs, dict) or not all(isinstance(key, str) for key in theirs):
            continue
        assert json.dumps(ours) == json.dumps(as_names(theirs)), path
        count += 1
    assert count > 100


def as_names(value: Any) -> Any:
    """The same with keys as our texts; keys that are no strings are left to other tests."""
    if isinstance(value, dict):
        return {str(name): as_names(one) for name, one in value.items()}
    return [as_names(one) for one in value] if isinstance(value, list) else value


def test_values_of_real_json_files_agree_with_the_standard_library(corpus: Path) -> None:
    count = 0
    for path in sorted((corpus / "json").iterdir()):
        try:
            ours = read(path.read_text("utf-8-sig"), "json")
        except NotADocumentError:
            continue
        assert repr(ours) == repr(json.loads(path.read_text("utf-8-sig")))
        count += 1
    assert count > 30


def test_aliases_and_merge_keys_are_honoured() -> None:
    text = "a: &a {x: 1, y: 2}\nb: &b {y: 3}\nc: {<<: [*b, *a], z: *b, x: 4}\nd: {'<<': 1}\n"
    assert read(text)["c"] == {"y": 3, "x": 4, "z": {"y": 3}}
    assert read(text)["d"] == {"<<": 1}
    assert read(text)["c"] == yaml.safe_load(text)["c"]


def bomb(levels: int, width: int) -> str:
    lines = ["a0: &a0 [" + ", ".join("x" * width) + "]"]
    lines += [f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * width) + "]" for i in range(1, levels)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("text", [bomb(12, 10), bomb(300, 1), "a: &a [*a]\n"])
def test_alias_bombs_and_circles_are_refused(text: str) -> None:
    with pytest.raises((LimitError, DocumentError)):
        read(text)
    with pytest.raises((LimitError, DocumentError)):
        flatten(tree(documents.parse(text.encode(), "yaml")))


def test_flattening_names_each_value() -> None:
    text = "db:\n  password: 010\n  tls: TRUE\nusers: [{name: a}, ~]\nnone: {}\n"
    root = tree(documents.parse(text.encode(), "yaml"))
    assert flatten(root) == [
        (("db", "password"), "010"),
        (("db", "tls"), "true"),
        (("users", 0, "name"), "a"),
        (("users", 1), ""),
    ]
    assert dict(variables(root)) == {
        "DB_PASSWORD": "010", "DB_TLS": "true", "USERS_0_NAME": "a", "USERS_1": "",
    }  # fmt: skip


def test_two_values_for_one_variable_are_an_error_that_names_both() -> None:
    root = tree(documents.parse(b"a: {b: 1}\na-b: 2\n", "yaml"))
    with pytest.raises(UsageError, match="A_B: a.b and a-b"):
        variables(root)


def test_dotenv_names_stay_as_they_are_written_and_the_last_counts() -> None:
    root = tree(documents.parse(b"lower.case=1\nA=1\nA=2\n", "dotenv"))
    assert variables(root, verbatim=True) == [("lower.case", "1"), ("A", "2")]


def test_a_name_of_a_variable_never_begins_with_a_digit() -> None:
    assert variable_name((0, "ä-b")) == "_0___B"


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
NASTY = st.text(st.sampled_from("ab '\"\\$`!#\n\t(){};&|<>*?~=-:,[]%@\r"), max_size=14)


@settings(max_examples=30)
@given(st.lists(TEXT | NASTY, min_size=1, max_size=12))
def test_a_shell_reads_its_form_back_exactly(texts: list[str]) -> None:
    form = render({f"V{index}": text for index, text in enumerate(texts)}, "shell")
    show = "".join(f'printf "%s\\0" "$V{index}"\n' for index in range(len(texts)))
    done = subprocess.run(
        ["bash", "-c", 'source /dev/stdin <<<"$1"\n' + show, "bash", form],
        capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout.decode().split("\0")[:-1] == texts


def from_bash(form: str) -> str:
    done = subprocess.run(
        ["bash", "-c", 'source /dev/stdin <<<"$1"\nprintf %s "$A"', "bash", form],
        capture_output=True, check=True,
    )  # fmt: skip
    return done.stdout.decode()


@given(TEXT | NASTY)
def test_the_env_form_is_read_back_by_us(text: str) -> None:
    form = render({"A": text}, "env")
    try:
        assert read(form, "dotenv") == {"A": text}
    except NotADocumentError:
        assert any(char in text for char in "\x85\u2028\u2029\ufeff")


@settings(max_examples=60)
@given(NASTY)
def test_the_env_form_is_read_alike_by_python_dotenv_and_bash_where_it_can_be(text: str) -> None:
    form = render({"A": text}, "env")
    if "\\" not in form or form.startswith("A='"):
        assert dotenv_values(stream=io.StringIO(form), interpolate=False)["A"] == text
        assert from_bash(form) == text
    elif "\r" not in text:
        assert from_bash(form) == text


def test_the_env_form_never_runs_a_value() -> None:
    for text in ("'$(id)'", "'`id`'", "'\"$(id)", "\n'$(id)\"", "'\\$(id)"):
        assert from_bash(render({"A": text}, "env")) == text


@given(st.dictionaries(st.from_regex(r"[A-Z_]{1,5}", fullmatch=True), TEXT | NASTY, max_size=4))
def test_github_reads_its_form_back(found: dict[str, str]) -> None:
    assert github(render(found, "github", token=token_hex(16))) == found  # type: ignore[arg-type]


def github(form: str) -> dict[str, str]:
    """Read the form as the runner of GitHub Actions does, line by line."""
    found = {}
    lines = iter(form.split("\n"))
    for line in lines:
        if not line:
            continue
        name, _, end = line.partition("<<")
        found[name] = "\n".join(iter(lambda: next(lines), end))
    return found


def test_a_value_cannot_end_itself_on_github() -> None:
    token = token_hex(16)
    assert github(render({"A": "x\nEOF\nPATH=y"}, "github", token=token)) == {"A": "x\nEOF\nPATH=y"}
    for value, known in ((f"gitseal_{token}", token), ("x", ""), ("x", "short")):
        with pytest.raises(ValueError, match="token"):
            render({"A": value}, "github", token=known)


def test_docker_gets_one_line_a_variable_or_an_error() -> None:
    assert render({"A": ' it\'s # "x" '}, "docker") == 'A= it\'s # "x" \n'
    for text in ("a\nb", "a\r"):
        with pytest.raises(UsageError, match="A has line breaks") as caught:
            render({"A": text}, "docker")
        assert text not in str(caught.value)


@pytest.mark.parametrize("form", ["env", "shell", "github", "docker"])
@pytest.mark.parametrize("name", ["", "A B", "A=B", "A\nB", "A;id"])
def test_a_name_that_is_more_than_a_name_is_refused(form: str, name: str) -> None:
    with pytest.raises(UsageError, match="no name"):
        render({name: "x"}, form)


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT | NASTY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_the_yaml_form_is_read_alike_by_1_1_and_1_2(value: Any) -> None:
    form = render(value, "yaml")
    assert yaml.safe_load(form) == value
    assert yaml12.parse_yaml(form) == value


@given(VALUES)
def test_the_json_form_is_json(value: Any) -> None:
    try:
        assert json.loads(render(value, "json")) == value
    except UsageError:
        assert "inf" in repr(value)


def test_bytes_are_written_as_the_base_64_they_were() -> None:
    assert json.loads(render({"a": [b"hi"]}, "json")) == {"a": ["aGk="]}
