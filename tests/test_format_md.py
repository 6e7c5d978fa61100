# SPDX-License-Identifier: Apache-2.0
"""FORMAT.md is true: its sessions run, and the files it shows are those of the known answers."""

from __future__ import annotations

import doctest
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "FORMAT.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_every_session_gives_what_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    session = doctest.DocTestParser().get_doctest(
        "".join(blocks("pycon")), {}, "FORMAT.md", None, 0
    )
    said: list[str] = []

    result = doctest.DocTestRunner(verbose=False, optionflags=doctest.IGNORE_EXCEPTION_DETAIL).run(
        session, out=said.append
    )

    assert result.attempted > 30
    assert not result.failed, "".join(said)


def test_the_sealed_file_it_shows_is_a_known_answer() -> None:
    known = json.loads((ROOT / "tests/vectors/format-v1.json").read_text(encoding="utf-8"))
    shown = [block for block in blocks("yaml") if block.startswith("db:")]

    assert shown == [known["documents"][0]["sealed_file"]]


def test_the_sealed_comment_it_shows_is_a_known_answer() -> None:
    known = json.loads((ROOT / "tests/vectors/format-v1.json").read_text(encoding="utf-8"))
    (comment,) = [token["token"] for token in known["tokens"] if token["syntax"] == "comment"]

    assert any(comment in block for block in blocks("yaml"))


def test_the_grammar_of_base_32_is_the_alphabet() -> None:
    from gitseal.crypto import base32

    (grammar,) = blocks("abnf")
    line = next(line for line in grammar.splitlines() if line.startswith("cb32"))
    ranges = re.findall(r"%x([0-9A-F]{2})-([0-9A-F]{2})", line)
    letters = [chr(code) for low, high in ranges for code in range(int(low, 16), int(high, 16) + 1)]

    assert "".join(letters).encode() == base32.ALPHABET


def test_the_limits_it_names_are_those_of_the_code() -> None:
    from gitseal.documents import base
    from gitseal.native import header, wholefile
    from gitseal.policy import parsing, records, terms

    table = dict(re.findall(r"^\| ([a-z ]+) \| ([\d,]+(?: [MGK]iB)?) \|$", TEXT, re.MULTILINE))

    assert table["depth"] == f"{base.MAX_DEPTH}"
    assert table["events"] == f"{base.MAX_EVENTS:,}"
    assert table["one value"] == f"{base.MAX_VALUE >> 20} MiB"
    assert table["a structured document"] == f"{base.MAX_DOCUMENT >> 20} MiB"
    assert table["a header field"] == f"{header.MAX_FIELD >> 10} KiB"
    assert table["a whole file"] == f"{wholefile.MAX_CONTENT >> 30} GiB"
    assert table["sealed text of one value"] == f"{base.MAX_SEALED >> 20} MiB"
    assert table["a record"] == f"{parsing.MAX_RECORD >> 20} MiB"
    assert len(table) == 8
    text = " ".join(TEXT.split())
    assert f"at most {header.MAX_KEYS} keys" in text
    assert f"{terms.MAX_READERS:,} readers and {records.MAX_EPOCHS:,} epochs" in text
    assert f"Keys of YAML have at most {base.MAX_KEY:,} characters" in text


def test_the_sections_keep_their_numbers() -> None:
    numbers = [int(one) for one in re.findall(r"^## (\d+)\. ", TEXT, re.MULTILINE)]

    assert numbers == list(range(1, 16))


def test_a_record_is_made_of_the_fields_it_names() -> None:
    from gitseal.policy import reading

    section = TEXT.partition("## 8. ")[2].partition("A record is refused if")[0]
    fields = set(re.findall(r"`(\w+)`", section))

    assert {*reading._RECORD, *reading._POLICY, *reading._EPOCH, "link", "agents"} <= fields
