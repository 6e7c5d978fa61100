# SPDX-License-Identifier: Apache-2.0
"""Cases that must open."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from gitseal.native.frames import write_frame

from kit_base import (
    BLOB,
    DB,
    ENV,
    ENV_SEALED,
    ENV_TEXT,
    JSON,
    JSON_SEALED,
    JSON_TEXT,
    WHOLE,
    WHOLE_SEALED,
    YAML,
    YAML_SEALED,
    YAML_TEXT,
    Case,
    World,
    drop_field,
    edit,
    key,
    tokens,
)


def good_files() -> Iterator[Case]:
    """Good files, and changes that are no faults."""
    clear = YAML_TEXT.encode()
    yield Case("yaml_ok", "ok", YAML, YAML_SEALED, "a good file", clear)
    yield Case("json_ok", "ok", JSON, JSON_SEALED, "a good file", JSON_TEXT.encode())
    yield Case("env_ok", "ok", ENV, ENV_SEALED, "a good file", ENV_TEXT.encode())
    yield Case("whole_ok", "ok", WHOLE, WHOLE_SEALED, "a good file", BLOB)
    for name, content in (
        ("empty", b""),
        ("31_bytes", b"x" * 31),
        ("32_bytes", b"x" * 32),
        ("filler", b"x\x80\0\0"),
    ):
        yield Case(
            f"whole_ok_{name}",
            "ok",
            WHOLE,
            WHOLE.seal(content),
            f"whole content of {len(content)} bytes",
            content,
        )
    page = World("config/app.yaml", seal=["**"])
    template = b"a: {{ canary }}\n{% if x %}\n"
    yield Case(
        "whole_ok_template",
        "ok",
        page,
        page.seal(template, whole=True),
        "a template at a structured path, sealed as a whole",
        template,
    )
    yield from _formatted(clear)
    yield from _variants()


def _formatted(clear: bytes) -> Iterator[Case]:
    crlf = YAML_SEALED.replace(b"\n", b"\r\n"), clear.replace(b"\n", b"\r\n")
    yield Case("yaml_ok_crlf", "ok", YAML, crlf[0], "all line breaks became CRLF", crlf[1])
    bom = b"\xef\xbb\xbf"
    yield Case(
        "yaml_ok_bom", "ok", YAML, bom + YAML_SEALED, "a byte order mark was added", bom + clear
    )

    def formatted(data: bytes) -> bytes:
        for old, new in (
            (b"# canary comment\n", b"# another comment\n\n"),
            (b"  pool: [1, 2]\n", b"  pool:\n    - 1 # one\n    - 2\n"),
            (b"  - name: canary-ada\n    pass", b"  -   name: canary-ada\n      pass"),
            (b"replicas: 3\n", b"replicas:   3   # three\n"),
        ):
            data = edit(data, old, new)
        return data

    yield Case(
        "yaml_ok_formatted",
        "ok",
        YAML,
        formatted(YAML_SEALED),
        "a formatter changed layout and comments",
        formatted(clear),
    )
    quotes = re.sub(rb'"(seal:v1\[_\w+_\])"', rb"'\1'", YAML_SEALED)
    yield Case(
        "yaml_ok_quotes",
        "ok",
        YAML,
        quotes,
        "a formatter changed the quotes of sealed values",
        clear,
    )
    plain = re.sub(rb'"(\w+:v1\[_\w+_\])"', rb"\1", YAML_SEALED)
    yield Case("yaml_ok_plain", "ok", YAML, plain, "a formatter took the quotes away", clear)
    at = tokens(YAML_SEALED)[0]
    folded = edit(YAML_SEALED, f'"{at}"', f">-\n    {at}")
    yield Case(
        "yaml_ok_folded", "ok", YAML, folded, "a formatter wrote a sealed value as a block", clear
    )
    order = drop_field(YAML_SEALED, "v") + b"  v: 1\n"
    yield Case("yaml_ok_field_order", "ok", YAML, order, "a formatter sorted the header", clear)
    noted = edit(YAML_SEALED, "gitseal:\n", "gitseal: # header\n")
    yield Case(
        "yaml_ok_comment_in_header", "ok", YAML, noted, "a comment was added in the header", clear
    )
    mini = json.dumps(json.loads(JSON_SEALED), separators=(",", ":")).encode()
    expected = json.dumps(json.loads(JSON_TEXT), separators=(",", ":")).encode()
    yield Case("json_ok_minified", "ok", JSON, mini, "all white space was taken away", expected)
    escaped = edit(JSON_SEALED, '"service"', '"\\u0073ervice"')
    yield Case(
        "json_ok_escaped",
        "ok",
        JSON,
        escaped,
        "a name is written with an escape",
        edit(JSON_TEXT.encode(), '"service"', '"\\u0073ervice"'),
    )
    crlf = ENV_SEALED.replace(b"\n", b"\r\n"), ENV_TEXT.encode().replace(b"\n", b"\r\n")
    yield Case("env_ok_crlf", "ok", ENV, crlf[0], "all line breaks became CRLF", crlf[1])
    more = b"# canary, and a blank line\n\n"
    yield Case(
        "env_ok_comment_behind_header",
        "ok",
        ENV,
        ENV_SEALED + more,
        "comments were added behind the header",
        ENV_TEXT.encode() + more,
    )


def _variants() -> Iterator[Case]:
    notes = World("config/app.yaml", comments="seal")
    yield Case(
        "yaml_ok_comments",
        "ok",
        notes,
        notes.seal(YAML_TEXT),
        "comments are sealed, too",
        YAML_TEXT.encode(),
    )
    plain = World("config/app.yaml", worktree="plain")
    yield Case(
        "yaml_ok_plain_scope",
        "ok",
        plain,
        plain.seal(YAML_TEXT),
        "a plain scope: no origin",
        YAML_TEXT.encode(),
    )
    everything = World("config/app.yaml", seal=["**"], comments="seal")
    for name, text in {
        "list_root": "- canary\n- canary: 1\n",
        "flow_root": "{a: canary, b: [1, 2]}\n",
        "documents": "a: canary\n---\nb: canary\n",
        "directive": "%YAML 1.2\n---\na: canary\n",
        "scalar_root": "canary\n",
        "no_line_break": "a: 1\nb: canary",
        "block_scalars": "a: |\n  canary\n  two\n\nb: >-\n  canary\n   three\nc: |+\n  canary\n\n",
        "block_at_end": "a: |+\n  canary\n\n",
        "block_no_line_break": "a: |\n  canary",
        "multi_line": "a: 'canary\n\n  two'\nb: canary\n  three\n",
        "anchors": "a: &x canary\nb: *x\nc: &y\n  d: canary\ne:\n  <<: *y\n",
        "tags": "a: !!binary Y2FuYXJ5\nb: !secret canary\n",
        "typed_keys": "1: canary\n'1': canary\ntrue: canary\n~: canary\n",
        "empties": "a:\nb: {}\nc: []\nd: canary\n",
        "unicode": "ключ: канарейка\nemoji: \U0001f424 canary\n",
        "looks_typed": "a: 012\nb: 1e3\nc: no\nd: 2001-01-01\ne: 0.10\n",
    }.items():
        yield Case(
            f"yaml_ok_{name}",
            "ok",
            everything,
            everything.seal(text),
            f"a layout that comes back to the byte: {name.replace('_', ' ')}",
            text.encode(),
        )
    json_all = World("config/app.json", seal=["**"])
    for name, text in {
        "empty_root": "{}\n",
        "no_line_break": '{"a": "canary"}',
        "escapes": '{"a": "\\u0063anary \\"\\\\ \\/ \\ud83d\\udc24"}\n',
        "numbers": '{"a": [-0, 1E400, 10000000000000000000000, 0.10, true, null]}\n',
        "tabs": '{\n\t"a":\t"canary" ,\n\t"b" : [ ]\n}\n',
    }.items():
        yield Case(
            f"json_ok_{name}",
            "ok",
            json_all,
            json_all.seal(text),
            f"a layout that comes back to the byte: {name.replace('_', ' ')}",
            text.encode(),
        )
    env_notes = World("config/.env", seal=["**"], comments="seal")
    yield Case(
        "env_ok_comments",
        "ok",
        env_notes,
        env_notes.seal(ENV_TEXT),
        "comments are sealed, too",
        ENV_TEXT.encode(),
    )
    for name, text in {
        "no_line_break": "A=1\nB=canary",
        "duplicate_names": "A=canary\nA=canary\n",
        "quotes": 'A=\'canary\'x\nB="canary\\"s"\nC=canary # no comment\n',
    }.items():
        yield Case(
            f"env_ok_{name}",
            "ok",
            ENV,
            ENV.seal(text),
            f"a layout that comes back to the byte: {name.replace('_', ' ')}",
            text.encode(),
        )
    loose = World("config/app.yaml", integrity="mergeable")
    data = loose.seal(YAML_TEXT)
    yield Case(
        "yaml_ok_mergeable", "ok", loose, data, "no seal, as the record says", YAML_TEXT.encode()
    )
    emptied = edit(data, f'"{tokens(data)[0]}"', "")
    yield Case(
        "yaml_ok_mergeable_emptied",
        "ok",
        loose,
        emptied,
        "an emptied value is not noticed without a seal",
        edit(YAML_TEXT.encode(), "canary-db", ""),
    )
    ours = edit(data, tokens(data)[0], loose.token(DB, write_frame(1, 0, -1, "canary-ours")))
    both = edit(
        ours,
        tokens(data)[3],
        loose.token(key("staging", "password"), write_frame(1, 0, -1, "canary-theirs")),
    )
    merged = YAML_TEXT.replace("canary-db", "canary-ours").replace("canary-three", "canary-theirs")
    yield Case(
        "yaml_ok_mergeable_merged",
        "ok",
        loose,
        both,
        "two branches changed different keys, and git merged the lines",
        merged.encode(),
    )
