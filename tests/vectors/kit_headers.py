# SPDX-License-Identifier: Apache-2.0
"""Cases of headers: fields, and where a header stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from gitseal.crypto import base32

from kit_base import (
    ENV,
    ENV_SEALED,
    JSON,
    JSON_SEALED,
    YAML,
    YAML_SEALED,
    Case,
    add_field,
    drop_field,
    edit,
    set_field,
    split,
)


def headers() -> Iterator[Case]:
    """Fields of the header: a few, of one kind each."""
    for name in ("v", "scope", "epoch", "kid", "origin"):
        yield Case(
            f"yaml_header_no_{name}",
            "malformed",
            YAML,
            drop_field(YAML_SEALED, name),
            f"the field `{name}` is missing",
        )
    kid = base32.to_text("kid", YAML.keys.kid)
    wrong = {
        "v_string": ("v", '"1"', "`v` is a string"),
        "v_float": ("v", "1.0", "`v` is no integer"),
        "v_true": ("v", "true", "`v` is a boolean"),
        "v_zero": ("v", "0", "`v` is 0"),
        "epoch_zero": ("epoch", "0", "epochs begin with 1"),
        "epoch_negative": ("epoch", "-3", "epochs begin with 1"),
        "epoch_string": ("epoch", '"3"', "`epoch` is a string"),
        "epoch_float": ("epoch", "3.0", "`epoch` is no integer"),
        "epoch_huge": ("epoch", str(2**63), "the top bit of LE64 is clear"),
        "kid_short": ("kid", json.dumps(kid[:-3] + "_]"), "`kid` is cut short"),
        "kid_upper_case": ("kid", json.dumps(kid.upper()), "`kid` in upper case"),
        "scope_name": ("scope", '"Payments"', "no scope has such a name"),
        "scope_null": ("scope", "null", "`scope` is null"),
        "origin_absolute": ("origin", '"/config/app.yaml"', "an origin has no empty segment"),
        "origin_dots": ("origin", '"config/../app.yaml"', "an origin has no `..`"),
        "origin_list": ("origin", "[config]", "`origin` is a list"),
    }
    for name, (field, text, comment) in wrong.items():
        yield Case(
            f"yaml_header_{name}", "malformed", YAML, set_field(YAML_SEALED, field, text), comment
        )
    lies = {
        "kid_other": (
            "kid",
            json.dumps(base32.to_text("kid", bytes(32))),
            "integrity",
            "the id of another key",
        ),
        "epoch_other": ("epoch", "2", "integrity", "an epoch that the record does not have"),
        "scope_other": ("scope", '"payments-dev"', "policy", "another scope than the path's"),
        "origin_other": (
            "origin",
            '"config/other.yaml"',
            "integrity",
            "another origin than the one the values are bound to",
        ),
        "origin_empty": ("origin", '""', "integrity", "no origin"),
        "v_2": ("v", "2", "version", "a newer format"),
    }
    for name, (field, text, expect, comment) in lies.items():
        yield Case(
            f"yaml_header_{name}", expect, YAML, set_field(YAML_SEALED, field, text), comment
        )
    more = {
        "unknown_field": ("hint", '"x"', "an unknown field"),
        "field_twice": ("epoch", "3", "a field stands twice"),
        "newline_true": ("newline", "true", "`newline` is only written where it is false"),
        "newline_zero": ("newline", "0", "`newline` is only written where it is false"),
        "context_alone": (
            "context",
            '{"app": "payments", "env": "prod"}',
            "`context` without `keys`",
        ),
        "keys_alone": (
            "keys",
            f'[{{"key": "age:x", "to": "ada", "wrapped": "{base32.to_text("wrap", b"x")}"}}]',
            "`keys` without `context`",
        ),
        "keys_empty": ("keys", "[]", "`keys` is empty"),
        "rules_in_scope": (
            "rules",
            '{"seal": ["**"], "clear": [], "comments": "clear"}',
            "`rules` in a named scope",
        ),
        "extra_version": ('"v "', "2", "a name that is almost a field"),
    }
    for name, (field, text, comment) in more.items():
        yield Case(
            f"yaml_header_{name}",
            "malformed",
            YAML,
            add_field(YAML_SEALED, field, text),
            comment,
        )
    long = set_field(YAML_SEALED, "origin", json.dumps("x" * (64 * 1024 + 1)))
    yield Case("yaml_header_field_too_long", "limit", YAML, long, "a field of more than 64 KiB")


def header_places() -> Iterator[Case]:
    """Where a header stands: once, and at its place."""
    body, header = split(YAML_SEALED)
    entry = header[header.index(b"\n") + 1 :]
    two = {
        "two": (YAML_SEALED + entry, "two headers"),
        "concatenated": (
            YAML_SEALED + b"---\n" + YAML_SEALED,
            "two sealed files, one behind the other",
        ),
        "first": (entry + body, "the header stands before the values"),
        "first_document": (
            entry + b"---\n" + body,
            "the header stands in the first of two documents",
        ),
        "list": (
            body + b"gitseal:\n" + re.sub(rb"(?m)^  (?=\w)", b"  - ", entry[9:]),
            "the header is a list",
        ),
        "string": (body + b'gitseal: "x"\n', "the header is a string"),
        "anchor": (
            edit(YAML_SEALED, "gitseal:\n  v", "gitseal: &x\n  v"),
            "the header has an anchor",
        ),
        "tag": (edit(YAML_SEALED, "\n  v: 1\n", "\n  v: !!int 1\n"), "a field has a tag"),
        "alias": (edit(YAML_SEALED, "\n  scope: ", "\n  scope: *user #"), "a field is an alias"),
    }
    for name, (data, comment) in two.items():
        yield Case(f"yaml_header_at_{name}", "malformed", YAML, data, comment)
    indented = re.sub(rb"(?m)^", b"  ", entry).rstrip(b" ")
    below = body + b"below:\n" + indented
    yield Case(
        "yaml_header_at_depth",
        "policy",
        YAML,
        below,
        "the header stands one level too deep: the file is not sealed",
    )
    member = JSON_SEALED[JSON_SEALED.index(b'"gitseal"') : JSON_SEALED.rindex(b"\n}")]
    json_files = {
        "two": edit(JSON_SEALED, member, member + b", " + member),
        "two_escaped": edit(
            JSON_SEALED, member, member + b", " + member.replace(b'"gitseal"', b'"\\u0067itseal"')
        ),
        "null": edit(JSON_SEALED, member, b'"gitseal": null'),
        "field_twice": edit(JSON_SEALED, b'"v": 1,', b'"v": 1, "v": 1,'),
        "unknown_field": edit(JSON_SEALED, b'"v": 1,', b'"v": 1, "x": 1,'),
        "v_true": edit(JSON_SEALED, b'"v": 1,', b'"v": true,'),
        "newline_true": edit(JSON_SEALED, b'"v": 1,', b'"v": 1, "newline": true,'),
    }
    for name, data in json_files.items():
        yield Case(
            f"json_header_{name}",
            "malformed",
            JSON,
            data,
            f"the header is wrong: {name.replace('_', ' ')}",
        )
    newer = edit(JSON_SEALED, b'"v": 1,', b'"v": 2,')
    yield Case("json_header_v_2", "version", JSON, newer, "a newer format")
    head = split(ENV_SEALED)[1]
    line = head.splitlines(keepends=True)[1]
    env_files = {
        "two": ENV_SEALED + b"LAST=\n" + head,
        "line_twice": edit(ENV_SEALED, line, line + line),
        "line_apart": edit(ENV_SEALED, line, b"") + b"LAST=\n" + line,
        "line_indented": edit(ENV_SEALED, line, b" " + line),
        "line_not_json": edit(ENV_SEALED, line, b"# gitseal v: one\n"),
        "unknown_field": edit(ENV_SEALED, line, line + b"# gitseal hint: 1\n"),
    }
    for name, data in env_files.items():
        yield Case(
            f"env_header_{name}",
            "malformed",
            ENV,
            data,
            f"the header is wrong: {name.replace('_', ' ')}",
        )
    yield Case(
        "env_header_v_2",
        "version",
        ENV,
        edit(ENV_SEALED, "# gitseal v: 1\n", "# gitseal v: 2\n"),
        "a newer format",
    )
    yield Case(
        "env_header_epoch",
        "integrity",
        ENV,
        edit(ENV_SEALED, "# gitseal epoch: 3", "# gitseal epoch: 4"),
        "an epoch that the record does not have",
    )
