# SPDX-License-Identifier: Apache-2.0
"""Sealed files that were cut, swapped, retyped, renamed, copied, or made with a newer gitseal."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from desk import CANARY, ENV, JSON, PEM, YAML, Desk
from trouble import refused

TOKEN = re.compile(r"seal:v1\[_[0-9a-z]+_\]")

Change = Callable[[str], str]


def in_token(number: int, change: Change) -> Change:
    """A change of one sealed value."""

    def changed(text: str) -> str:
        found = list(TOKEN.finditer(text))[number]
        return text[: found.start()] + change(found.group()) + text[found.end() :]

    return changed


def swapped(text: str) -> str:
    one, two = list(TOKEN.finditer(text))[1:3]
    between = text[one.end() : two.start()]
    return text[: one.start()] + two.group() + between + one.group() + text[two.end() :]


def flipped(token: str) -> str:
    return token[:20] + ("0" if token[20] != "0" else "1") + token[21:]


def without(pattern: str) -> Change:
    return lambda text: re.sub(rf"(?m)^.*{pattern}.*\n", "", text)


def put(old: str, new: str) -> Change:
    return lambda text: text.replace(old, new, 1)


def lines_swapped(text: str) -> str:
    lines = text.split("\n")
    lines[2], lines[3] = lines[3], lines[2]
    return "\n".join(lines)


# name -> change, exit code, what the message says
YAML_CHANGES: dict[str, tuple[Change, int, str]] = {
    "a bit of a value": (in_token(1, flipped), 3, "seal does not verify"),
    "a shortened value": (in_token(1, lambda t: t[:-5] + "_]"), 3, "seal does not verify"),
    "a value cut off": (in_token(1, lambda t: t[:30]), 3, "db.host looks sealed, but is damaged"),
    "text behind a value": (in_token(1, lambda t: t + "x"), 3, "db.host looks sealed"),
    "text before a value": (in_token(1, lambda t: "x" + t), 3, "seal does not verify"),
    "a value in capitals": (in_token(1, str.upper), 3, "seal does not verify"),
    "a value of a newer format": (in_token(1, put("v1", "v2")), 8, "newer"),
    "a clear value": (in_token(1, lambda _: CANARY), 3, "seal does not verify"),
    "two values": (swapped, 3, "seal does not verify"),
    "a tag": (put('port: "', 'port: !!str "'), 3, "seal does not verify"),
    "a key": (put("password", "passphrase"), 3, "seal does not verify"),
    "a missing line": (without("port"), 3, "seal does not verify"),
    "a line more": (put("users:", f"extra: {CANARY}\nusers:"), 3, "extra (line 6) is in clear"),
    "an empty value more": (put("users:", "extra:\nusers:"), 3, "seal does not verify"),
    "an empty list more": (put("users:", "extra: []\nusers:"), 3, "seal does not verify"),
    "the order": (lines_swapped, 3, "seal does not verify"),
    "a level more": (put("db:\n", "x:\n db:\n"), 3, "seal does not verify"),
    "a version of YAML": (lambda t: "%YAML 1.1\n---\n" + t, 3, "seal does not verify"),
    "the last half": (lambda t: t[: len(t) // 2], 3, "header"),
    "the header": (lambda t: t[: t.index("\ngitseal:") + 1], 3, "header"),
    "the header's level": (put("gitseal:\n", "sub:\n gitseal:\n"), 3, "header"),
    "the seal": (without("  seal: "), 3, "the seal is missing"),
    "the seal's text": (put('seal: "sig:v1[_', 'seal: "sig:v1[_0'), 9, "'seal'"),
    "the seal to null": (lambda t: re.sub("  seal: .*", "  seal: null", t), 9, "'seal'"),
    "the scope": (put('scope: "app"', 'scope: "other"'), 6, "scope other"),
    "the epoch": (put("epoch: 1", "epoch: 2"), 3, "epoch 2"),
    "the epoch's type": (put("epoch: 1", "epoch: 1.0"), 9, "'epoch'"),
    "the epoch's size": (put("epoch: 1", "epoch: " + "9" * 5000), 9, "'epoch'"),
    "the origin": (put('origin: "a.yaml"', 'origin: "b.yaml"'), 3, "seal does not verify"),
    "the version": (put("  v: 1", "  v: 2"), 8, "format 2"),
    "the version's type": (put("  v: 1", '  v: "1"'), 9, "'v'"),
    "a field more": (put("  v: 1", "  v: 1\n  x: 3"), 9, "'x' is unknown"),
    "a field twice": (put("  v: 1", "  v: 1\n  v: 1"), 9, "twice"),
    "a field less": (without("  epoch: "), 9, "'epoch' is missing"),
    "a second header": (lambda t: t + t[t.index("gitseal:\n") :], 9, "twice"),
    "the whole file again": (lambda t: t + t, 9, "twice"),
    "a line behind the header": (lambda t: t + "z: 1\n", 9, "'gitseal'"),
    "a second document": (lambda t: t + "---\na: 1\n", 9, "'gitseal'"),
}
# The same for the other syntaxes, where they differ.
OTHERS: dict[str, tuple[str, Change, int, str]] = {
    "json: a bit": ("a.json", in_token(0, flipped), 3, "seal does not verify"),
    "json: a name": ("a.json", put('"on"', '"off"'), 3, "seal does not verify"),
    "json: a type": ("a.json", in_token(1, lambda _: "x"), 3, "seal does not verify"),
    "json: two headers": ("a.json", put('"gitseal"', '"gitseal": {}, "gitseal"'), 9, "two members"),
    "json: a newer version": ("a.json", put('"v": 1', '"v": 2'), 8, "format 2"),
    "json: the end": ("a.json", lambda t: t[:-10], 9, "a.json:4:"),
    "json: the header": ("a.json", lambda t: re.sub(r",\s*\"gitseal\".*\n", "\n", t), 3, "header"),
    "dotenv: a bit": (".env", in_token(1, flipped), 3, "seal does not verify"),
    "dotenv: a name": (".env", put("DB_PASS", "XX_PASS"), 3, "seal does not verify"),
    "dotenv: a line": (".env", without("PORT"), 3, "seal does not verify"),
    "dotenv: two lines": (".env", lambda t: t + t.split("\n")[1] + "\n", 3, "seal does not"),
    "dotenv: two headers": (".env", lambda t: t + t[t.index("# gitseal") :], 9, "twice"),
    "dotenv: a newer version": (".env", put("gitseal v: 1", "gitseal v: 2"), 8, "format 2"),
    "dotenv: a newer value": (".env", put("seal:v1[", "seal:v9["), 8, "newer"),
    "dotenv: a field more": (".env", put("# gitseal e", "# gitseal x: 1\n# gitseal e"), 9, "'x'"),
    "dotenv: the end": (".env", lambda t: t[:-30], 9, "'seal'"),
    "dotenv: the header": (".env", without("# gitseal"), 3, "header"),
    "dotenv: no JSON": (".env", put("epoch: 1", "epoch: {"), 9, "'epoch'"),
    "dotenv: a line in clear": (".env", lambda t: t + f"NEW={CANARY}\n", 3, "NEW (line 11) is"),
}  # fmt: skip
WHOLE: dict[str, tuple[Callable[[bytes], bytes], int, str]] = {
    "the last bytes": (lambda d: d[:-3], 9, "cut short"),
    "all but the first bytes": (lambda d: d[:9], 9, "cut short"),
    "half of the header": (lambda d: d[:60], 9, "cut short"),
    "a bit of the content": (lambda d: d[:-1] + bytes([d[-1] ^ 1]), 3, "seal does not verify"),
    "the version": (lambda d: d.replace(b"GITSEAL\x01", b"GITSEAL\x02", 1), 8, "newer"),
    "the header's version": (lambda d: d.replace(b'"v": 1', b'"v": 2'), 8, "format 2"),
    "a byte behind": (lambda d: d + b"x", 9, "added"),
    "a second one behind": (lambda d: d + d, 9, "added"),
    "the header's length": (lambda d: d[:9] + b"\xff" * 8 + d[17:], 9, "cut short"),
    "a byte of the header": (lambda d: d.replace(b'"v"', b'"w"', 1), 9, "header"),
    "the origin": (lambda d: d.replace(b'"a.pem"', b'"b.pem"'), 3, "seal does not verify"),
}
CONTENT = {"a.yaml": YAML, "a.json": JSON, ".env": ENV}


def refuse_everywhere(desk: Desk, path: str, code: int, says: str) -> None:
    """Reading, writing and checking refuse; what writes may have more to say, and never writes."""
    refused(desk, "decrypt", path, code=code, says=[f"error: {path}", says])
    before = (desk.folder / path).read_bytes()
    for words, data in ((["set", path, "zzz", "--stdin"], b"1"), (["unset", path, "users"], b"")):
        answer = _refusing(desk, words, data)
        assert f"{path}" in answer
    assert desk("check", path, code=1).out
    assert (desk.folder / path).read_bytes() == before


def _refusing(desk: Desk, words: list[str], data: bytes) -> str:
    from trouble import EXIT_CODES

    for code in EXIT_CODES:
        try:
            return desk(*words, code=code, data=data).err
        except AssertionError:
            continue
    pytest.fail(f"{words} did not refuse")


@pytest.mark.parametrize("name", YAML_CHANGES)
def test_a_changed_yaml_file_is_refused(name: str, app: Desk) -> None:
    change, code, says = YAML_CHANGES[name]
    text = app.seal("a.yaml", YAML).read_text()
    assert change(text) != text
    app.write("a.yaml", change(text))

    refuse_everywhere(app, "a.yaml", code, says)


@pytest.mark.parametrize("name", OTHERS)
def test_a_changed_file_of_another_syntax_is_refused(name: str, app: Desk) -> None:
    path, change, code, says = OTHERS[name]
    text = app.seal(path, CONTENT[path]).read_text()
    assert change(text) != text
    app.write(path, change(text))

    refused(app, "decrypt", path, code=code, says=[f"error: {path}", says])


@pytest.mark.parametrize("name", WHOLE)
def test_a_changed_whole_file_is_refused(name: str, app: Desk) -> None:
    change, code, says = WHOLE[name]
    data = app.seal("a.pem", PEM).read_bytes()
    assert change(data) != data
    app.write("a.pem", change(data))

    refused(app, "decrypt", "a.pem", code=code, says=["error: a.pem: ", says])
    assert app("check", code=1).out


@pytest.mark.parametrize("path", [*CONTENT, "a.pem"])
def test_a_file_cut_at_any_place_is_refused(path: str, app: Desk) -> None:
    sealed = app.seal(path, CONTENT.get(path, PEM)).read_bytes()
    current = app.workspace()
    from gitseal.errors import GitsealError
    from gitseal.operations.opening import open_data

    place = current.locate(path)
    for size in range(0, len(sealed) - 1, 3):
        with pytest.raises(GitsealError) as caught:
            open_data(current, sealed[:size], place)
        assert caught.value.exit_code in {3, 6, 9}
        assert CANARY not in str(caught.value)


@pytest.mark.parametrize("source", [*CONTENT, "a.pem"])
def test_a_file_copied_to_another_place_is_refused(source: str, app: Desk) -> None:
    content = CONTENT.get(source, PEM)
    name = source.replace("a.", "b.").replace(".env", "b.env")
    app.write(name, app.seal(source, content).read_bytes())

    moved = f"{name}: was sealed as {source}"
    refused(app, "decrypt", name, code=6, says=[moved, f"--filename {name}"])
    refused(app, "encrypt", name, code=6, says=[moved, f"--filename {name}"])

    (app.folder / source).unlink()
    refused(app, "decrypt", name, code=6, says=[moved, f"gitseal mv {source} {name}"])


def test_values_of_one_file_do_not_open_in_another(app: Desk) -> None:
    one = app.seal("a.yaml", f"x: {CANARY}\n").read_text()
    two = app.seal("b.yaml", "x: 1\n").read_text()
    (token,) = TOKEN.findall(one)
    app.write("b.yaml", TOKEN.sub(token, two))

    refused(app, "decrypt", "b.yaml", code=3, says=["b.yaml: the seal does not verify"])


def test_a_file_of_one_scope_at_a_path_of_another(app: Desk) -> None:
    app.scope("two", files=("two/*.txt",))
    app.write("two/a.txt", app.seal("a.pem", PEM).read_bytes())

    refused(app, "decrypt", "two/a.txt", code=6, says=["scope app", "belongs to scope two"])


def test_a_clear_file_at_a_sealed_place_is_not_taken(app: Desk) -> None:
    app.write(".env", f"A={CANARY}\n")

    for words in (["decrypt", ".env"], ["get", ".env", "A"], ["export", ".env"]):
        refused(app, *words, code=6, says=[".env: is not sealed", "gitseal encrypt"])
    refused(app, "run", ".env", "--", "true", code=125, says=[".env: is not sealed"])


def test_an_old_state_of_one_value_is_refused(app: Desk) -> None:
    old = TOKEN.findall(app.seal("a.yaml", "x: old\ny: 1\n").read_text())
    app("set", "a.yaml", "x", "--stdin", data=b"new")
    text = (app.folder / "a.yaml").read_text()
    app.write("a.yaml", TOKEN.sub(old[0], text, count=1))

    refused(app, "decrypt", "a.yaml", code=3, says=["seal does not verify"])
