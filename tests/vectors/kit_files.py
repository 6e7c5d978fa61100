# SPDX-License-Identifier: Apache-2.0
"""Cases of files: cut, moved, and no documents at all."""

from __future__ import annotations

from collections.abc import Iterator

from kit_base import (
    BLOB,
    ENV,
    ENV_SEALED,
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
    edit,
    split,
    tokens,
)


def cut_files() -> Iterator[Case]:
    """Files that end too early."""
    body, header = split(YAML_SEALED)
    at = YAML_SEALED.index(tokens(YAML_SEALED)[3].encode())
    sig = YAML_SEALED.index(b"sig:v1")
    cuts = {
        "empty": (b"", "policy", "nothing is left"),
        "before_header": (body, "policy", "the header is missing: the file is not sealed"),
        "in_note": (body + header[:30], "policy", "cut in the line above the header"),
        "in_value": (YAML_SEALED[: at + 30], "malformed", "cut inside a sealed value"),
        "after_header_key": (
            YAML_SEALED[: YAML_SEALED.index(b"\n  v: 1")],
            "malformed",
            "the header is empty",
        ),
        "in_header": (
            YAML_SEALED[: YAML_SEALED.index(b"  epoch")],
            "malformed",
            "the header ends after two fields",
        ),
        "before_seal": (
            YAML_SEALED[: YAML_SEALED.index(b"  seal:")],
            "integrity",
            "the seal is missing",
        ),
        "in_seal": (YAML_SEALED[: sig + 40], "malformed", "cut inside the seal"),
        "seal_quote": (YAML_SEALED[:-2], "malformed", "the last quote is missing"),
    }
    for name, (data, expect, comment) in cuts.items():
        yield Case(f"yaml_cut_{name}", expect, YAML, data, comment)
    yield Case("json_cut_brace", "malformed", JSON, JSON_SEALED[:-2], "the last brace is missing")
    member = JSON_SEALED.index(b',\n  "gitseal"')
    bare = JSON_SEALED[:member] + b"\n}\n"
    yield Case(
        "json_cut_header", "policy", JSON, bare, "the header is missing: the file is not sealed"
    )
    env_body = split(ENV_SEALED)[0]
    yield Case(
        "env_cut_header", "policy", ENV, env_body, "the header is missing: the file is not sealed"
    )
    yield Case("env_cut_seal", "malformed", ENV, ENV_SEALED[:-5], "cut inside the seal")
    yield Case(
        "env_cut_value",
        "policy",
        ENV,
        ENV_SEALED[: ENV_SEALED.index(tokens(ENV_SEALED)[0].encode()) + 30],
        "cut inside a sealed value, before the header",
    )


def moved_files() -> Iterator[Case]:
    """Files at paths that are not theirs."""
    for name, world, data in (
        ("yaml", YAML, YAML_SEALED),
        ("json", JSON, JSON_SEALED),
        ("env", ENV, ENV_SEALED),
        ("whole", WHOLE, WHOLE_SEALED),
    ):
        other = {
            "yaml": "config/copy.yaml",
            "json": "config/copy.json",
            "env": "config/.env.copy",
            "whole": "secrets/copy.bin",
        }
        here = World(other[name], seal=world.seal_globs, origin=world.origin)
        yield Case(
            f"{name}_file_copied",
            "policy",
            here,
            data,
            "a good file at another path than the one it was sealed for",
        )
    foreign = World("config/app.yaml", scope="payments-dev").seal(YAML_TEXT)
    yield Case(
        "yaml_file_from_scope",
        "policy",
        YAML,
        foreign,
        "a good file of another scope with the same key",
    )
    former = World("config/app.yaml", epoch=1).seal(YAML_TEXT)
    yield Case(
        "yaml_file_of_retired_epoch",
        "policy",
        YAML,
        former,
        "a good file of an epoch that is retired",
    )
    plain = World("config/app.yaml", worktree="plain")
    yield Case(
        "yaml_plain_with_origin",
        "integrity",
        plain,
        YAML_SEALED,
        "a file with an origin in a plain scope",
    )
    yield Case(
        "yaml_sealed_without_origin",
        "integrity",
        YAML,
        plain.seal(YAML_TEXT),
        "a file without origin in a scope that is not plain",
    )
    old = World("config/app.yaml", context={"app": "payments"}).seal(YAML_TEXT)
    yield Case(
        "yaml_file_from_context",
        "integrity",
        YAML,
        old,
        "a good file of the same scope name with another context",
    )
    yield Case(
        "yaml_clear", "policy", YAML, YAML_TEXT.encode(), "a clear file where a sealed one belongs"
    )
    yield Case(
        "json_clear", "policy", JSON, JSON_TEXT.encode(), "a clear file where a sealed one belongs"
    )
    yield Case("whole_clear", "policy", WHOLE, BLOB, "a clear file where a sealed one belongs")


def no_documents() -> Iterator[Case]:
    """What parsers read differently is no document, sealed or not."""
    first = tokens(YAML_SEALED)[0]
    table = {
        "utf16": (YAML_SEALED.decode().encode("utf-16"), "UTF-16"),
        "not_utf8": (edit(YAML_SEALED, "canary comment", b"canary \xff"), "not UTF-8"),
        "nul": (edit(YAML_SEALED, "canary comment", "canary\0"), "a NUL"),
        "bom_inside": (edit(YAML_SEALED, "canary comment", "canary \ufeff"), "U+FEFF inside"),
        "next_line": (edit(YAML_SEALED, "canary comment", "canary \x85admin: 1"), "U+0085"),
        "line_separator": (edit(YAML_SEALED, "canary comment", "canary \u2028admin: 1"), "U+2028"),
        "lone_cr": (edit(YAML_SEALED, "canary comment\n", "canary comment\r"), "a CR without LF"),
        "conflict": (
            edit(
                YAML_SEALED,
                "replicas: 3\n",
                "<<<<<<< ours\nreplicas: 3\n=======\nreplicas: 4\n>>>>>>> theirs\n",
            ),
            "conflict markers",
        ),
        "duplicate_key": (
            edit(YAML_SEALED, "replicas: 3\n", "replicas: 3\nreplicas: 3\n"),
            "a key stands twice",
        ),
        "duplicate_sealed": (
            edit(
                YAML_SEALED,
                f'  password: "{first}"\n',
                f'  password: "{first}"\n  password: "{first}"\n',
            ),
            "a sealed key stands twice",
        ),
        "duplicate_number": (
            edit(YAML_SEALED, "replicas: 3\n", "1: x\n0x1: x\n"),
            "two keys are equal in the core schema",
        ),
        "complex_key": (edit(YAML_SEALED, "replicas: 3", "[a]: 3"), "a list as a key"),
        "alias_key": (edit(YAML_SEALED, "  owner: *user", "  *user : 3"), "an alias as a key"),
        "unknown_alias": (
            edit(YAML_SEALED, "owner: *user", "owner: *nobody"),
            "an alias without anchor",
        ),
        "bad_indent": (edit(YAML_SEALED, "  host: ", " host: "), "no YAML"),
    }
    for name, (data, comment) in table.items():
        yield Case(f"yaml_bad_{name}", "malformed", YAML, data, comment)
    deep = edit(YAML_SEALED, "replicas: 3", "replicas: " + "[" * 101 + "]" * 101)
    yield Case("yaml_too_deep", "limit", YAML, deep, "more than 100 levels")
    for name, data in {
        "nan": edit(JSON_SEALED, "1.0", "NaN"),
        "comment": edit(JSON_SEALED, "{\n", "{ // canary\n"),
        "trailing_comma": edit(JSON_SEALED, "}]", "},]"),
        "duplicate_member": edit(
            JSON_SEALED, '"replicas": 1.0', '"replicas": 1.0, "r\\u0065plicas": 1.0'
        ),
        "lone_surrogate": edit(JSON_SEALED, '"canary-service"', '"\\ud800"'),
        "list_root": b"[" + JSON_SEALED + b"]",
        "text_behind": JSON_SEALED + b"x",
    }.items():
        yield Case(
            f"json_bad_{name}", "malformed", JSON, data, f"no document: {name.replace('_', ' ')}"
        )
    deep = edit(JSON_SEALED, "1.0", "[" * 101 + "]" * 101)
    yield Case("json_too_deep", "limit", JSON, deep, "more than 100 levels")
    for name, data in {
        "no_assignment": edit(ENV_SEALED, "EMPTY=\n", "EMPTY\n"),
        "name": edit(ENV_SEALED, "EMPTY=\n", "EM PTY=\n"),
        "text_behind_quote": ENV_SEALED + b"X='canary\ncanary' x\n",
    }.items():
        yield Case(
            f"env_bad_{name}", "malformed", ENV, data, f"no document: {name.replace('_', ' ')}"
        )
