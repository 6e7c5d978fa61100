# SPDX-License-Identifier: Apache-2.0
"""Text that is no document, or one that parsers read differently; the fault is beside a secret."""

from __future__ import annotations

import pytest

from desk import CANARY, ENV, Desk
from trouble import refused

S = CANARY

# name -> file, content, place of the fault as the message has it, what it says.
FAULTS: dict[str, tuple[str, str | bytes, str, str]] = {
    "yaml: a bracket is not closed": ("a.yaml", f'a: 1\nb: ["{S}"\nc: 2\n', "a.yaml:3:1", "YAML"),
    "yaml: a quote is not closed": ("a.yaml", f'a: 1\nb: "{S}\nc: 2\n', "a.yaml:", "YAML"),
    "yaml: a tab": ("a.yaml", f"a:\n\tb: {S}\n", "a.yaml:2:1", "YAML"),
    "yaml: a second colon": ("a.yaml", f"a: 1\nb: {S}: x\n", "a.yaml:2:", "YAML"),
    "yaml: an unknown escape": ("a.yaml", f'a: "\\q{S}"\n', "a.yaml:1:", "YAML"),
    "yaml: a reserved sign": ("a.yaml", f"a: @{S}\n", "a.yaml:1:4", "YAML"),
    "yaml: an open tag": ("a.yaml", f"a: !<{S} x\n", "a.yaml:1:", "YAML"),
    "yaml: a directive": ("a.yaml", f"%SECRET {S}\na: 1\n", "a.yaml:1:", "YAML"),
    "yaml: an alias of nothing": ("a.yaml", f"a: *{S}\n", "a.yaml:1:4", "alias"),
    "yaml: a key twice": ("a.yaml", f"a: {S}\nb: 1\na: {S}2\n", "a.yaml:3:1", "twice"),
    "yaml: a key twice, deep": ("a.yaml", f"a:\n  b: {S}\n  b: x\n", "a.yaml:3:3", "twice"),
    "yaml: equal numbers": ("a.yaml", f"0x1: {S}\n1: {S}2\n", "a.yaml:2:1", "twice"),
    "yaml: a list as key": ("a.yaml", f"? [a, b]\n: {S}\n", "a.yaml:1:3", "list"),
    "yaml: a mapping as key": ("a.yaml", f"? {{a: b}}\n: {S}\n", "a.yaml:1:3", "mapping"),
    "yaml: an alias as key": ("a.yaml", f"a: &x k\n*x : {S}\n", "a.yaml:2:1", "alias"),
    "yaml: our own key": ("a.yaml", f"a: {S}\ngitseal: x\n", "a.yaml:2:1", "'gitseal'"),
    "json: a comma too many": ("a.json", f'{{\n "a": "{S}",\n}}\n', "a.json:3:1", "comma"),
    "json: a quote is not closed": ("a.json", f'{{\n "a": "{S}\n}}\n', "a.json:2:7", "closed"),
    "json: no quotes": ("a.json", f'{{"a": {S}}}\n', "a.json:1:7", "value"),
    "json: an unknown escape": ("a.json", f'{{"a": "\\x{S}"}}\n', "a.json:1:7", "escape"),
    "json: a tab in a string": ("a.json", f'{{"a": "\t{S}"}}\n', "a.json:1:7", "control"),
    "json: text behind it": ("a.json", f'{{"a": 1}} {S}\n', "a.json:1:10", "behind"),
    "json: a comment": ("a.json", f'{{"a": "{S}"}} // x\n', "a.json:1:", "behind"),
    "json: a name twice": ("a.json", f'{{"a": "{S}", "a": 2}}\n', "a.json:1:", "two members"),
    "json: twice by escape": ("a.json", f'{{"a": "{S}", "\\u0061": 2}}\n', "a.json:1:", "two memb"),
    "json: a name without quotes": ("a.json", f"{{{S}: 1}}\n", "a.json:1:2", "value"),
    "json: no colon": ("a.json", f'{{"a" "{S}"}}\n', "a.json:1:2", "colon"),
    "json: NaN": ("a.json", f'{{"s": "{S}", "a": NaN}}\n', "a.json:1:", "NaN"),
    "json: half a character": ("a.json", f'{{"a": "\\ud800{S}"}}\n', "a.json:1:7", "surrogate"),
    "json: a list": ("a.json", f'["{S}"]\n', "a.json:1:1", "no object"),
    "json: our own key": ("a.json", f'{{"\\u0067itseal": "{S}"}}\n', "a.json:1:2", "'gitseal'"),
    "dotenv: no equals sign": (".env", f"A=1\n{S}\nB=2\n", ".env:2:1", "assignment"),
    "dotenv: no name": (".env", f"={S}\n", ".env:1:1", "name"),
    "dotenv: a space in the name": (".env", f"MY KEY={S}\n", ".env:1:1", "name"),
    "dotenv: our own comment": (".env", f"A={S}\n# gitseal v: 1\n", ".env", "header"),
}  # fmt: skip

# What every structured syntax refuses alike: characters, and where they stand in line 2.
CHARACTERS: dict[str, tuple[bytes, str]] = {
    "NUL": (b"\0", "NUL"),
    "U+2028": ("\u2028".encode(), "U+2028"),
    "U+2029": ("\u2029".encode(), "U+2029"),
    "U+0085": ("\x85".encode(), "U+0085"),
    "a byte order mark inside": ("\ufeff".encode(), "byte order mark"),
    "a lone carriage return": (b"\r", "carriage return"),
    "Latin-1": (b"\xe9", "UTF-8"),
    "a surrogate": (b"\xed\xa0\x80", "UTF-8"),
}
LINES = {
    "a.yaml": ("a: 1\nb: {}\n", "a.yaml:2:"),
    "a.json": ('{{"a": 1,\n "b": "{}"}}\n', "a.json:2:"),
    ".env": ("A=1\nB={}\n", ".env:2:"),
}
MARKED = "{}\n<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n{}\n"


@pytest.mark.parametrize("name", FAULTS)
def test_what_is_no_document_is_named_by_its_place(name: str, app: Desk) -> None:
    path, content, place, says = FAULTS[name]
    app.write(path, content)

    refused(app, "encrypt", path, code=9, says=[f"error: {place}", says])


@pytest.mark.parametrize("character", CHARACTERS)
def test_what_parsers_read_differently_is_refused(character: str, app: Desk) -> None:
    data, says = CHARACTERS[character]
    for path, (text, place) in LINES.items():
        app.write(path, text.format(f"{S}@x").encode().replace(b"@", data))

        refused(app, "encrypt", path, code=9, says=[f"error: {place}", says])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_two_bytes_a_character_are_refused(encoding: str, app: Desk) -> None:
    for path, (text, _place) in LINES.items():
        app.write(path, text.format(S).encode(encoding))

        refused(app, "encrypt", path, code=9, says=[f"error: {path}:1:", "UTF-16"])


@pytest.mark.parametrize("path", LINES)
def test_conflict_markers_are_refused(path: str, app: Desk) -> None:
    head, line, tail = {
        "a.yaml": ("a: 1", f"b: {S}", "c: 1"),
        "a.json": ('{"a": 1,', f'"b": "{S}",', '"c": 1}'),
        ".env": ("A=1", f"B={S}", "C=1"),
    }[path]
    app.write(path, MARKED.format(head, line, line, tail))

    refused(app, "encrypt", path, code=9, says=[f"error: {path}:2:1", "conflict markers", "merge"])


@pytest.mark.parametrize("path", LINES)
def test_sealed_files_with_conflict_markers_are_refused(path: str, app: Desk) -> None:
    text = app.seal(path, LINES[path][0].format(S)).read_text()
    app.write(path, f"<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n")

    for words in (["decrypt", path], ["get", path, "B"], ["unset", path, "B"], ["encrypt", path]):
        refused(app, *words, code=9, says=[f"error: {path}:1:1", "gitseal resolve FILE"])


@pytest.mark.parametrize("path", LINES)
@pytest.mark.parametrize("text", [f"seal:v1[_{S}_]", "seal:v1[_00_]", "seal:v2[_00_]", "seal:v9["])
def test_a_value_that_only_looks_sealed_is_refused(path: str, text: str, app: Desk) -> None:
    app.write(path, LINES[path][0].format(f'"{text}"' if path == "a.yaml" else text))

    refused(app, "encrypt", path, code=9, says=[f"error: {LINES[path][1][:-1]}", "looks like"])


@pytest.mark.parametrize("path", LINES)
def test_other_commands_name_the_place_as_well(path: str, app: Desk) -> None:
    fault = {"a.yaml": f"a: 1\nb: [{S}\n", "a.json": f'{{\n"b": {S}}}\n', ".env": f"A=1\n{S}\n"}
    app.write(path, fault[path])
    place = f"error: {path}:"

    for words in (["decrypt", path], ["get", path, "b"], ["unset", path, "b"], ["export", path]):
        refused(app, *words, code=9, says=[place])
    refused(app, "set", path, "b", "--stdin", code=9, says=[place], data=b"1")
    refused(app, "run", path, "--", "true", code=125, says=[place])
    checked = app("check", code=1)
    assert f"{path}:" in checked.out
    assert S not in checked.out


def test_the_content_of_standard_input_is_judged_alike(app: Desk) -> None:
    data = f"a: 1\nb: [{S}\n".encode()

    refused(app, "encrypt", "-", "--filename", "x.yaml", code=9, says=["x.yaml:3:1"], data=data)


@pytest.mark.parametrize("key", ["DB.NOPE", "b", "[0]", "", "a..b", "a[", '"a', "/x", "a" * 10_000])
def test_a_key_that_is_not_there(key: str, app: Desk) -> None:
    app.seal(".env", ENV)

    for words in (["get", ".env", key], ["unset", ".env", key]):
        before = (app.folder / ".env").read_bytes()
        answer = app(*words, code=1)
        assert "hint: " in answer.err
        assert answer.out == ""
        assert (app.folder / ".env").read_bytes() == before


def test_a_file_that_is_not_there(app: Desk) -> None:
    for words in (["decrypt", "no.yaml"], ["get", "no.yaml", "a"], ["encrypt", "no.yaml"],
                  ["unset", "no.yaml", "a"], ["mv", "no.yaml", "b.yaml"],
                  ["export", "no.yaml"]):  # fmt: skip
        refused(app, *words, code=1, says=["no.yaml: ", "no such file", "gitseal status"])
