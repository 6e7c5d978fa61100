# SPDX-License-Identifier: Apache-2.0
"""Cases of whole-file containers, and of files that open on their own."""

from __future__ import annotations

import json
from collections.abc import Iterator

from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from gitseal.crypto import base32
from gitseal.crypto.encoding import canonical_json, le64, pae
from gitseal.crypto.values import seal_file
from gitseal.native.header import FileRules

from kit_base import (
    BLOB,
    WHOLE,
    WHOLE_SEALED,
    Case,
    World,
    drop_field,
    edit,
    tokens,
)


def _container(world: World, fields: bytes, body: bytes) -> bytes:
    return b"\0GITSEAL\x01" + le64(len(fields)) + fields + body


def _signed_whole(world: World, body: bytes) -> bytes:
    header = world.header()
    header.seal = world.keys.sign(world.binding().file_message(body))
    return _container(world, canonical_json(header.as_json()), body)


def whole_files() -> Iterator[Case]:
    """Containers of whole files."""
    size = int.from_bytes(WHOLE_SEALED[9:17], "little")
    head, body = WHOLE_SEALED[17 : 17 + size], WHOLE_SEALED[17 + size :]
    fields = json.loads(head)
    binding = WHOLE.binding().header_bytes()
    file_key = WHOLE.keys.file_key(WHOLE.origin.encode())
    value_key = WHOLE.keys.value_key(WHOLE.origin.encode())

    def encrypted(padded: bytes) -> bytes:
        return AESSIV(file_key).encrypt(padded, [pae(b"gitseal/v1 file", binding)])

    def with_fields(**changes: object) -> bytes:
        return _container(WHOLE, canonical_json(fields | changes), body)

    other = World("secrets/other.bin", seal=["**"])
    other_body = seal_file(
        other.keys.file_key(b"secrets/other.bin"), other.binding().header_bytes(), BLOB
    )
    without = {name: value for name, value in fields.items() if name != "seal"}
    compact = json.dumps(fields, sort_keys=True).encode() + b"\n"
    unsorted = (json.dumps(dict(reversed(fields.items())), indent=2) + "\n").encode()
    twice = edit(head, b'  "epoch": 3,\n', b'  "epoch": 3,\n  "epoch": 3,\n')
    table: dict[str, tuple[str, bytes, str]] = {
        "magic": (
            "policy",
            b"\1" + WHOLE_SEALED[1:],
            "the first byte is another one: the file is not sealed",
        ),
        "version_0": (
            "malformed",
            edit(WHOLE_SEALED, b"GITSEAL\1", b"GITSEAL\0"),
            "a version that never was",
        ),
        "version_2": ("version", edit(WHOLE_SEALED, b"GITSEAL\1", b"GITSEAL\2"), "a newer format"),
        "cut_after_magic": ("malformed", WHOLE_SEALED[:8], "nothing follows the magic"),
        "cut_in_length": ("malformed", WHOLE_SEALED[:12], "cut inside the length"),
        "length_too_long": (
            "malformed",
            WHOLE_SEALED[:9] + le64(len(WHOLE_SEALED)) + WHOLE_SEALED[17:],
            "the header ends behind the file",
        ),
        "length_too_short": (
            "malformed",
            WHOLE_SEALED[:9] + le64(size - 1) + WHOLE_SEALED[17:],
            "the header ends too early",
        ),
        "length_top_bit": (
            "malformed",
            WHOLE_SEALED[:16] + b"\x80" + WHOLE_SEALED[17:],
            "the top bit of the length is set",
        ),
        "header_compact": ("malformed", _container(WHOLE, compact, body), "JSON in another layout"),
        "header_order": ("malformed", _container(WHOLE, unsorted, body), "fields in another order"),
        "header_no_line_break": (
            "malformed",
            _container(WHOLE, head[:-1], body),
            "the header's last line break is missing",
        ),
        "header_field_twice": ("malformed", _container(WHOLE, twice, body), "a field stands twice"),
        "header_list": ("malformed", _container(WHOLE, b"[]\n", body), "the header is a list"),
        "header_unknown_field": ("malformed", with_fields(hint=1), "an unknown field"),
        "header_newline": ("malformed", with_fields(newline=False), "`newline` is for documents"),
        "header_epoch_float": (
            "malformed",
            _container(WHOLE, edit(head, b'"epoch": 3,', b'"epoch": 3.0,'), body),
            "`epoch` is no integer",
        ),
        "header_v_2": ("version", with_fields(v=2), "a newer format"),
        "header_scope": (
            "policy",
            with_fields(scope="payments-dev"),
            "another scope than the path's",
        ),
        "header_kid": (
            "integrity",
            with_fields(kid=base32.to_text("kid", bytes(32))),
            "the id of another key",
        ),
        "header_origin": ("integrity", with_fields(origin="secrets/other.bin"), "another origin"),
        "seal_missing": ("integrity", _container(WHOLE, canonical_json(without), body), "no seal"),
        "seal_zeros": (
            "integrity",
            with_fields(seal=base32.to_text("sig", bytes(64))),
            "a seal of zeros",
        ),
        "body_missing": ("malformed", WHOLE_SEALED[: 17 + size], "nothing follows the header"),
        "body_cut": ("malformed", WHOLE_SEALED[:-1], "the last byte is missing"),
        "body_byte_more": ("malformed", WHOLE_SEALED + b"\0", "a byte too many"),
        "body_bucket_more": ("integrity", WHOLE_SEALED + bytes(16), "longer by one bucket"),
        "body_tag": (
            "integrity",
            WHOLE_SEALED[: 17 + size] + bytes((body[0] ^ 1,)) + body[1:],
            "one bit of the tag",
        ),
        "body_last_bit": ("integrity", WHOLE_SEALED[:-1] + bytes((body[-1] ^ 1,)), "the last bit"),
        "body_last_bit_signed": (
            "integrity",
            _signed_whole(WHOLE, body[:-1] + bytes((body[-1] ^ 1,))),
            "the last bit; valid seal",
        ),
        "body_of_another_file": (
            "integrity",
            _signed_whole(WHOLE, other_body),
            "the body of another file; valid seal",
        ),
        "body_of_value_key": (
            "integrity",
            _signed_whole(WHOLE, seal_file(value_key, binding, BLOB)),
            "sealed under the key of values; valid seal",
        ),
        "padding_no_mark": (
            "integrity",
            _signed_whole(WHOLE, encrypted(b"canary".ljust(32, b"\0"))),
            "authentic, but padded without 0x80",
        ),
        "padding_filler": (
            "integrity",
            _signed_whole(WHOLE, encrypted(b"canary\x80".ljust(31, b"\0") + b"\1")),
            "authentic, but the filler is not zero",
        ),
        "padding_too_long": (
            "integrity",
            _signed_whole(WHOLE, encrypted(b"canary\x80".ljust(48, b"\0"))),
            "authentic, but padded to the next bucket",
        ),
    }
    for name, (expect, data, comment) in table.items():
        yield Case(f"whole_{name}", expect, WHOLE, data, comment)


def files_on_their_own() -> Iterator[Case]:
    """Portable files without a record, and files of scope `file`."""
    portable = World("app.yaml", seal=None, portable=True)
    data = portable.seal("a: canary\nb: canary\n")
    yield Case(
        "portable_ok",
        "ok",
        portable,
        data,
        "a portable file opens without a record",
        b"a: canary\nb: canary\n",
    )
    yield Case(
        "portable_context",
        "integrity",
        portable,
        edit(data, '"prod"', '"test"'),
        "the context in the header is another one",
    )
    yield Case(
        "portable_no_seal",
        "integrity",
        portable,
        drop_field(data, "seal"),
        "a portable file always has a seal",
    )
    yield Case(
        "portable_no_keys",
        "malformed",
        portable,
        drop_field(data, "keys"),
        "`context` without `keys`",
    )
    yield Case(
        "portable_value",
        "integrity",
        portable,
        portable.signed(edit(data, tokens(data)[0], tokens(data)[1])),
        "a value at another key; valid seal",
    )
    rules = FileRules(["**"], ["b"], "clear")
    own = World("app.yaml", seal=None, scope="file", epoch=1, carried=rules)
    text = "a: canary\nb: canary-b\n"
    data = own.seal(text)
    yield Case("file_ok", "ok", own, data, "a file of scope `file` brings its rules", text.encode())
    changes = {
        "rules_changed": (
            "integrity",
            edit(data, '"clear": ["b"]', '"clear": ["b", "a"]'),
            "the rules are signed",
        ),
        "rules_missing": ("malformed", drop_field(data, "rules"), "scope `file` needs `rules`"),
        "rules_unknown": (
            "malformed",
            edit(data, '"comments": "clear"', '"comments": "clear", "x": 1'),
            "`rules` has three members",
        ),
        "rules_comments": (
            "malformed",
            edit(data, '"comments": "clear"', '"comments": "maybe"'),
            "`comments` is seal or clear",
        ),
        "rules_glob": (
            "malformed",
            edit(data, '"clear": ["b"]', '"clear": ["a*b"]'),
            "a glob that is none",
        ),
        "keys_missing": ("malformed", drop_field(data, "keys"), "scope `file` needs `keys`"),
        "seal_missing": ("malformed", drop_field(data, "seal"), "scope `file` needs `seal`"),
        "epoch": (
            "malformed",
            edit(data, "  epoch: 1\n", "  epoch: 2\n"),
            "scope `file` has one epoch",
        ),
        "keys_wrapped": (
            "malformed",
            edit(data, "wrap:v1", "wrap:v2"),
            "a wrapped key in another form",
        ),
        "keys_member": (
            "malformed",
            edit(data, '"to": ', '"too": '),
            "a wrapped key has three members",
        ),
        "value_in_clear": (
            "integrity",
            own.signed(edit(data, f'"{tokens(data)[0]}"', "canary")),
            "clear where its own rules seal; valid seal",
        ),
    }
    for name, (expect, changed, comment) in changes.items():
        yield Case(f"file_{name}", expect, own, changed, comment)
    keys_changed = edit(data, "age:age1ada", "age:age1bob")
    yield Case(
        "file_ok_keys_changed",
        "ok",
        own,
        keys_changed,
        "wrapped keys are hints; a wrong one only fails to unwrap",
        text.encode(),
    )
