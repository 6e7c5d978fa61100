# SPDX-License-Identifier: Apache-2.0
"""What an adversary with write access, but without the key, can try systematically."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import worlds
from gitseal import sealedfile
from gitseal.errors import DocumentError, GitsealError, IntegrityError
from gitseal.keypaths import Rules
from gitseal.native.binding import bind
from gitseal.sealedfile import ClearFile

FILES = {
    "app.yaml": "user: ada\npassword: canary-one\nlist:\n  - x: &a 1\n    password: |\n"
    "      canary-two\n  - *a\n",
    "app.json": '{\n  "user": "ada",\n  "password": "canary-one",\n'
    '  "list": [{"password": "canary-two", "n": 1}]\n}\n',
    ".env": "USER=ada\nexport X.password='canary-one' # y\nLONG.password=\"canary\ntwo\"\n",
}
RULES = {
    "app.yaml": worlds.PASSWORDS,
    "app.json": worlds.PASSWORDS,
    ".env": Rules(["**"], ["USER"], "clear"),
}
SEALED = {name: worlds.seal(text, name, RULES[name]) for name, text in FILES.items()}
TOKEN = re.compile(rb"seal:v1\[_\w+_\]")


def opened(data: bytes, name: str, *, strict: bool = True) -> bytes | None:
    """What is released; None for a file that is not sealed, which nobody takes for sealed."""
    content = sealedfile.inspect(data, name)
    if isinstance(content, ClearFile):
        return None
    return content.open(worlds.KEYS, RULES[name], strict=strict).data


def quiet(error: GitsealError) -> None:
    shown = f"{error} {error.hint} {error.args}"
    assert "canary" not in shown
    assert "seal:v1" not in shown
    assert error.__context__ is None or error.__suppress_context__


@pytest.mark.parametrize("name", FILES)
def test_the_samples_open(name: str) -> None:
    assert opened(SEALED[name], name) == FILES[name].encode()


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_at_any_byte_does_not_open(name: str) -> None:
    data = SEALED[name]
    # Before its first field the header is only a comment, and the file is not a sealed one.
    first_field = 0
    if name != "app.json":
        first_field = data.index(b"edit FILE\n") + len(b"edit FILE\n# gitseal v: 1")
    for size in range(len(data) - 1):
        try:
            released = opened(data[:size], name)
        except GitsealError as error:
            assert isinstance(error, (IntegrityError, DocumentError))  # noqa: PT017
            quiet(error)
        else:
            assert released is None, size
            assert size < first_field or size == 0


@pytest.mark.parametrize("name", FILES)
def test_a_file_without_its_beginning_does_not_open(name: str) -> None:
    data = SEALED[name]
    body = data.index(TOKEN.findall(data)[-1])
    for start in range(1, body + 20):
        try:
            released = opened(data[start:], name)
        except GitsealError as error:
            quiet(error)
        else:
            assert released is None, start


def changed(data: bytes) -> Iterator[bytes]:
    """Every single character replaced by some others, taken away, and written twice."""
    for position in range(len(data)):
        before, here, behind = data[:position], data[position], data[position + 1 :]
        for new in b"0z \n#'\"-":
            if new != here:
                yield before + bytes((new,)) + behind
        yield before + bytes((here ^ 0x20,)) + behind
        yield before + behind
        yield before + bytes((here, here)) + behind


SMALL = {
    "app.yaml": ("a: 1\npassword: canary\n", worlds.PASSWORDS),
    "app.json": ('{"a": 1, "password": "canary"}\n', worlds.PASSWORDS),
    ".env": ("A=1\nB=canary\n", Rules(["B"], [], "clear")),
}


@pytest.mark.parametrize("name", SMALL)
def test_a_changed_character_is_refused_or_changes_no_value(name: str) -> None:
    text, rules = SMALL[name]
    clear = worlds.inspect_clear(text.encode(), name).document
    assert clear is not None
    data = worlds.seal(text, name, rules)
    harmless = 0
    for altered in changed(data):
        try:
            content = sealedfile.inspect(altered, name)
            if isinstance(content, ClearFile):
                continue
            document = content.open(worlds.KEYS, rules).document
        except GitsealError as error:
            assert isinstance(error, (IntegrityError, DocumentError)) or error.exit_code == 8  # noqa: PT017
            quiet(error)
            continue
        assert document is not None
        assert document.events == clear.events
        harmless += 1
    # Blanks, line breaks and comments may change; if none did, nothing was tried.
    assert 0 < harmless < len(data) * 2


@pytest.mark.parametrize("name", SMALL)
def test_a_changed_character_of_a_sealed_value_never_opens_even_without_a_seal(name: str) -> None:
    text, rules = SMALL[name]
    data = worlds.seal(text, name, rules, strict=False)
    match = next(TOKEN.finditer(data))
    for position in range(*match.span()):
        for new in b"0189abyzuioZ_-= \n":
            altered = data[:position] + bytes((new,)) + data[position + 1 :]
            if altered == data:
                continue
            with pytest.raises(GitsealError) as caught:
                worlds.open_(altered, name, rules, strict=False)
            quiet(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_sealed_values_at_other_places_never_open_even_under_a_valid_seal(name: str) -> None:
    data = SEALED[name]
    one, two = TOKEN.findall(data)
    for altered in (data.replace(one, two), data.replace(two, one)):
        with pytest.raises(IntegrityError, match="does not open") as caught:
            opened(worlds.sign_again(altered, name), name)
        quiet(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_a_clear_value_for_a_sealed_one_is_refused_even_under_a_valid_seal(name: str) -> None:
    data = SEALED[name]
    for token in TOKEN.findall(data):
        with pytest.raises(IntegrityError, match="in clear"):
            opened(worlds.sign_again(data.replace(token, b"canary"), name), name)


@pytest.mark.parametrize("name", FILES)
def test_two_files_one_behind_the_other_are_none(name: str) -> None:
    with pytest.raises(DocumentError):
        opened(SEALED[name] + SEALED[name], name)


@pytest.mark.parametrize("name", FILES)
def test_all_line_breaks_turned_open_to_turned_text(name: str) -> None:
    turned = SEALED[name].replace(b"\n", b"\r\n")

    assert opened(turned, name) == FILES[name].replace("\n", "\r\n").encode()
    assert opened(b"\xef\xbb\xbf" + SEALED[name], name) == b"\xef\xbb\xbf" + FILES[name].encode()


def pae(*parts: bytes) -> bytes:
    """PAE written from the text of FORMAT 1, not from the code."""
    le64 = [len(part).to_bytes(8, "little") for part in parts]
    joined = b"".join(size + part for size, part in zip(le64, parts, strict=True))
    return len(parts).to_bytes(8, "little") + joined


def test_the_digest_is_what_the_format_says() -> None:
    """Known answer: events and header spelled out by hand (FORMAT 6)."""
    data = worlds.seal("a: 1\nb: &x 'two'\nc: *x\nd: [~]\n", rules=Rules(["a"], [], ""))
    token = TOKEN.findall(data)[0]
    events = [
        (b"D", b"", b"", b""),
        (b"M", b"", b"?", b""),
        (b"S", b"", b"?", b"a"),
        (b"S", b"", b"enc", token),
        (b"S", b"", b"?", b"b"),
        (b"S", b"x", b"!", b"two"),
        (b"S", b"", b"?", b"c"),
        (b"A", b"x", b"", b""),
        (b"S", b"", b"?", b"d"),
        (b"L", b"", b"?", b""),
        (b"S", b"", b"?", b"~"),
        (b"l", b"", b"", b""),
        (b"m", b"", b"", b""),
        (b"d", b"", b"", b""),
    ]
    context = pae(b"app", b"payments", b"env", b"prod")
    epoch = (1).to_bytes(8, "little")
    head = pae(b"gitseal/v1", b"payments-prod", context, epoch, worlds.KEYS.kid, b"app.yaml", b"")
    count = len(events).to_bytes(8, "little")
    message = pae(b"gitseal/v1 doc", head, count) + b"".join(pae(*event) for event in events)

    sealed = worlds.sealed_document(data)
    binding = bind(sealed.header, worlds.SCOPE)
    assert binding.document_digest(sealed.document.events) == hashlib.sha256(message).digest()


def test_branches_of_a_mergeable_file_merge_line_by_line(tmp_path: Path) -> None:
    lines = [f"k{i}: {{name: {i}, password: canary-{i}}}\n" for i in range(12)]
    base = "".join(lines)
    ours = base.replace("canary-1}", "canary-ours}").replace("name: 2,", "name: two,")
    theirs = base.replace("canary-9}", "canary-theirs}") + "k12: {password: canary-new}\n"
    files = []
    for name, text in (("ours", ours), ("base", base), ("theirs", theirs)):
        files.append(tmp_path / name)
        files[-1].write_bytes(worlds.seal(text, rules=worlds.PASSWORDS, strict=False))

    subprocess.run(["git", "merge-file", *map(str, files)], check=True, cwd=tmp_path)

    merged = theirs.replace("canary-1}", "canary-ours}").replace("name: 2,", "name: two,")
    data = files[0].read_bytes()
    assert worlds.open_(data, rules=worlds.PASSWORDS, strict=False) == merged.encode()
    assert data == worlds.seal(merged, rules=worlds.PASSWORDS, strict=False)


def test_branches_of_a_strict_file_do_not() -> None:
    data = worlds.seal("a: 1\nb: 2\n")
    ours = TOKEN.findall(worlds.seal("a: 9\nb: 2\n"))[0]

    with pytest.raises(IntegrityError, match="seal"):
        worlds.open_(data.replace(TOKEN.findall(data)[0], ours))
