# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from desk import CANARY, ENV, PEM, YAML, Desk
from gitseal.errors import DocumentError, RefusedError
from gitseal.operations.recovering import Recovered, recover


def texts(found: Recovered) -> dict[str, str | None]:
    return {one.where: one.text for one in found.found}


def test_one_altered_value_takes_no_other_with_it(app: Desk) -> None:
    file = app.seal("a.yaml", YAML)
    lines = file.read_text().splitlines(keepends=True)
    damaged = next(i for i, line in enumerate(lines) if "host" in line)
    lines[damaged] = '  host: "seal:v1[_' + "0" * 77 + '_]"\n'
    file.write_text("".join(lines))

    found = texts(recover(app.workspace(), "a.yaml"))

    assert found["db.host"] is None
    assert found["db.password"] == f'"{CANARY}"'


def test_a_broken_seal_hides_no_value(app: Desk) -> None:
    file = app.seal("a.yaml", YAML)
    file.write_text(file.read_text().replace("sig:v1[_", "sig:v1[_0", 1))

    assert texts(recover(app.workspace(), "a.yaml"))["db.port"] == "5432"


def test_a_header_that_is_gone_is_made_up_for_by_the_record(app: Desk) -> None:
    file = app.seal(".env", ENV)
    lines = [line for line in file.read_text().splitlines() if "gitseal" not in line]
    file.write_text("\n".join(lines) + "\n")

    assert texts(recover(app.workspace(), ".env"))["DB_PASSWORD"] == CANARY


def test_a_truncated_file_gives_what_stands_before(app: Desk) -> None:
    file = app.seal("a.yaml", YAML)
    text = file.read_text()
    file.write_text(text[: text.index("users") + 40])

    found = recover(app.workspace(), "a.yaml")

    assert texts(found)["db.password"] == f'"{CANARY}"'
    assert found.lost_lines


def test_a_value_at_another_key_does_not_open(app: Desk) -> None:
    file = app.seal(".env", ENV)
    file.write_text(file.read_text().replace("PORT=", "PURT="))

    found = texts(recover(app.workspace(), ".env"))
    assert found["PURT"] is None
    assert found["DB_PASSWORD"] == CANARY


def test_a_whole_file_with_a_broken_seal(app: Desk) -> None:
    file = app.seal("server.pem", PEM)
    data = file.read_bytes()
    start = data.index(b"sig:v1[_") + 8
    swapped = b"0" if data[start : start + 1] != b"0" else b"1"
    file.write_bytes(data[:start] + swapped + data[start + 1 :])

    assert texts(recover(app.workspace(), "server.pem")) == {"(whole file)": PEM}


@pytest.mark.parametrize("data", [YAML.encode(), b"a: [", b"\xff\xfe"])
def test_what_is_not_sealed_is_no_case_for_it(data: bytes, app: Desk) -> None:
    app.write("a.yaml", data)

    with pytest.raises((DocumentError, RefusedError)):
        recover(app.workspace(), "a.yaml")
