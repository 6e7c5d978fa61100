# SPDX-License-Identifier: Apache-2.0
"""Cases of whole documents: what the seal notices, clear places, the seal itself."""

from __future__ import annotations

import json
from collections.abc import Iterator

from gitseal.crypto import base32

from kit_base import (
    ENV,
    ENV_SEALED,
    JSON,
    JSON_SEALED,
    ORDER,
    SIG,
    YAML,
    YAML_SEALED,
    YAML_TEXT,
    Case,
    World,
    add_field,
    edit,
    set_field,
    split,
    swap,
    tokens,
)


def changed_documents() -> Iterator[Case]:
    """Changes that keep every sealed value authentic: the seal alone notices them."""
    one, two = tokens(YAML_SEALED)[1:3]
    body, header = split(YAML_SEALED)
    item = f'  - name: canary-bob\n    password: "{two}"\n'
    yaml_edits = {
        "items_swapped": (
            swap(YAML_SEALED, one, two),
            "the values of two list items are exchanged",
        ),
        "item_doubled": (edit(YAML_SEALED, item, item + item), "a list item stands twice"),
        "item_dropped": (edit(YAML_SEALED, item, ""), "a list item is missing"),
        "list_split": (
            edit(YAML_SEALED, "  - name: canary-bob\n", "  -\n  - name: canary-bob\n"),
            "an empty item is added",
        ),
        "clear_value_changed": (
            edit(YAML_SEALED, "host: canary-host", "host: canary-evil"),
            "a clear value is another one",
        ),
        "clear_value_dropped": (
            edit(YAML_SEALED, "  host: canary-host\n", ""),
            "a clear value is missing",
        ),
        "clear_value_added": (
            edit(YAML_SEALED, "replicas: 3\n", "replicas: 3\nadmin: 1\n"),
            "a clear value is added",
        ),
        "clear_value_emptied": (
            edit(YAML_SEALED, "service: canary-service", "service:"),
            "a clear value is emptied",
        ),
        "clear_key_renamed": (
            edit(YAML_SEALED, "replicas:", "replica:"),
            "a clear key has another name",
        ),
        "empty_key_added": (
            edit(YAML_SEALED, "replicas: 3\n", "replicas: 3\nadmin:\n"),
            "a key without value is added",
        ),
        "empty_mapping_added": (
            edit(YAML_SEALED, "replicas: 3\n", "replicas: 3\nadmin: {}\n"),
            "an empty mapping is added",
        ),
        "bool_to_string": (
            edit(YAML_SEALED, "debug: false", 'debug: "false"'),
            "a boolean becomes a string",
        ),
        "number_to_string": (
            edit(YAML_SEALED, "replicas: 3", "replicas: '3'"),
            "a number becomes a string",
        ),
        "number_respelled": (
            edit(YAML_SEALED, "replicas: 3", "replicas: 0x3"),
            "a number is spelled in another way",
        ),
        "null_to_empty": (
            edit(YAML_SEALED, "nothing: null", 'nothing: ""'),
            "null becomes the empty string",
        ),
        "string_to_plain": (
            YAML_SEALED.replace(b"[1, 2]", b"['1', 2]"),
            "an item becomes a string",
        ),
        "tag_on_clear": (
            edit(YAML_SEALED, "replicas: 3", "replicas: !!str 3"),
            "a clear value gets a tag",
        ),
        "tag_on_sealed": (
            edit(YAML_SEALED, f'"{one}"', f'!!binary "{one}"'),
            "a sealed value gets a tag",
        ),
        "anchor_on_sealed": (
            edit(YAML_SEALED, f'"{one}"', f'&x "{one}"'),
            "a sealed value gets an anchor",
        ),
        "anchor_renamed": (
            edit(edit(YAML_SEALED, "&user", "&person"), "*user", "*person"),
            "an anchor and its alias have another name",
        ),
        "anchor_dropped": (
            edit(
                edit(YAML_SEALED, "defaults: &defaults", "defaults:"), "<<: *defaults\n", "<<: {}\n"
            ),
            "an anchor is missing",
        ),
        "alias_retargeted": (
            edit(YAML_SEALED, "owner: *user", "owner: *defaults"),
            "an alias names another anchor",
        ),
        "alias_to_value": (
            edit(YAML_SEALED, "owner: *user", "owner: canary-user"),
            "an alias is written out",
        ),
        "merge_key_renamed": (edit(YAML_SEALED, "<<:", "base:"), "the merge key has another name"),
        "merge_key_quoted": (
            edit(YAML_SEALED, "<<:", '"<<":'),
            "the merge key becomes a plain key",
        ),
        "order": (
            edit(
                edit(YAML_SEALED, "replicas: 3\n", ""),
                "debug: false\n",
                "debug: false\nreplicas: 3\n",
            ),
            "two keys are exchanged",
        ),
        "nested_deeper": (
            edit(YAML_SEALED, "  pool: [1, 2]", "  pool: [[1, 2]]"),
            "a list is nested one deeper",
        ),
        "document_appended": (
            body + header + b"---\nadmin: 1\n",
            "a document follows the header's",
        ),
        "sealed_value_dropped": (
            edit(YAML_SEALED, f'    password: "{two}"\n', ""),
            "a sealed value is missing with its key",
        ),
        "yaml_directive": (b"%YAML 1.1\n---\n" + YAML_SEALED, "a %YAML directive is added"),
    }
    for name, (data, comment) in yaml_edits.items():
        expect = "malformed" if name == "document_appended" else "integrity"
        yield Case(f"yaml_changed_{name}", expect, YAML, data, comment)
    one, two = tokens(JSON_SEALED)[1:3]
    json_edits = {
        "items_swapped": (swap(JSON_SEALED, one, two), "two list items are exchanged"),
        "number_respelled": (edit(JSON_SEALED, "1.0", "1"), "a number is spelled in another way"),
        "number_to_string": (edit(JSON_SEALED, "1.0", '"1.0"'), "a number becomes a string"),
        "member_added": (
            edit(JSON_SEALED, '"replicas"', '"admin": null, "replicas"'),
            "a member is added",
        ),
        "member_renamed": (edit(JSON_SEALED, '"host"', '"Host"'), "a member has another name"),
        "list_nested": (
            edit(edit(JSON_SEALED, "[{", "[[{"), "}]", "}]]"),
            "a list is nested one deeper",
        ),
        "empty_object_added": (
            edit(JSON_SEALED, '"users": [', '"users": [{}, '),
            "an empty object is added",
        ),
    }
    for name, (data, comment) in json_edits.items():
        yield Case(f"json_changed_{name}", "integrity", JSON, data, comment)
    first = tokens(ENV_SEALED)[0]
    env_edits = {
        "line_appended": (ENV_SEALED + b"ADMIN=canary\n", "a line is appended in clear"),
        "empty_line_appended": (ENV_SEALED + b"ADMIN=\n", "a name without value is appended"),
        "line_doubled": (
            ENV_SEALED + f"DB_PASSWORD={first}\n".encode(),
            "a sealed line stands twice",
        ),
        "line_dropped": (
            edit(ENV_SEALED, f"DB_PASSWORD={first}\n", ""),
            "a sealed line is missing",
        ),
        "export_dropped": (edit(ENV_SEALED, "export ", ""), "`export` is missing"),
        "emptied": (edit(ENV_SEALED, first, ""), "a sealed value is emptied"),
        "value_in_clear": (
            edit(ENV_SEALED, first, "canary"),
            "a clear value stands for a sealed one",
        ),
    }
    for name, (data, comment) in env_edits.items():
        yield Case(f"env_changed_{name}", "integrity", ENV, data, comment)


def clear_places() -> Iterator[Case]:
    """Clear values at places that the rules seal, under a valid seal."""
    db = f'"{tokens(YAML_SEALED)[0]}"'
    lead = "service: canary-service\n"
    data = {
        "value": edit(YAML_SEALED, db, "canary"),
        "empty_string": edit(YAML_SEALED, db, '""'),
        "null": edit(YAML_SEALED, db, "~"),
        "new_key": edit(YAML_SEALED, lead, lead + "password: canary\n"),
        "alias": edit(YAML_SEALED, db, "*user").replace(
            b"database:\n", b"early: &user canary\ndatabase:\n"
        ),
        "alias_to_key": edit(YAML_SEALED, db, "*name").replace(b"service:", b"&name service:"),
        "alias_to_mapping": edit(
            YAML_SEALED, "owner: *user", "owner: *user\n  more: *extra"
        ).replace(b"debug: false", b"extra: &extra {x: {password: &p canary}}"),
        "merge": edit(
            edit(YAML_SEALED, "  timeout: 30\n", "  hidden: &hidden canary\n"),
            f'  password: "{tokens(YAML_SEALED)[3]}"\n',
            "  password: *hidden\n",
        ),
    }
    for name, changed in data.items():
        comment = (
            f"a clear value at a place that is to be sealed ({name.replace('_', ' ')}); valid seal"
        )
        yield Case(f"yaml_place_{name}", "integrity", YAML, YAML.signed(changed), comment)
    chain = World("config/app.yaml", seal=["live.*"])
    text = "base: &base\n  token: canary\nmid: &mid\n  <<: *base\nlive: {}\n"
    data_chain = chain.seal(text)
    data_chain = chain.signed(edit(data_chain, "live: {}", "live: *mid"))
    yield Case(
        "yaml_place_chained_merge",
        "integrity",
        chain,
        data_chain,
        "two merges bring a clear value to a sealed place; valid seal",
    )
    value = f'"{tokens(JSON_SEALED)[0]}"'
    for name, text in (("value", '"canary"'), ("empty_string", '""'), ("null", "null")):
        yield Case(
            f"json_place_{name}",
            "integrity",
            JSON,
            JSON.signed(edit(JSON_SEALED, value, text)),
            "a clear value at a place that is to be sealed; valid seal",
        )
    appended = ENV.signed(ENV_SEALED + b"ADMIN=canary\n")
    yield Case(
        "env_place_line",
        "integrity",
        ENV,
        appended,
        "a clear line where all are to be sealed; valid seal",
    )
    loose = World("config/app.yaml", integrity="mergeable")
    unsealed = loose.seal(YAML_TEXT)
    yield Case(
        "yaml_mergeable_value_in_clear",
        "integrity",
        loose,
        edit(unsealed, db, "canary"),
        "without seals, the rules still notice clear values",
    )
    yield Case(
        "yaml_mergeable_value_moved",
        "integrity",
        loose,
        swap(unsealed, tokens(unsealed)[0], tokens(unsealed)[3]),
        "without seals, values are still bound to their places",
    )
    yield Case(
        "yaml_mergeable_kid",
        "integrity",
        loose,
        set_field(unsealed, "kid", json.dumps(base32.to_text("kid", bytes(32)))),
        "without seals, the key id must still be right",
    )
    yield Case(
        "yaml_mergeable_wrong_seal",
        "integrity",
        loose,
        add_field(unsealed, "seal", json.dumps(base32.to_text("sig", bytes(64)))),
        "a seal that is there must verify",
    )


def seals() -> Iterator[Case]:
    """The seal itself."""
    good = SIG.findall(YAML_SEALED)[0].decode()
    raw = base32.from_text("sig", good)
    s = int.from_bytes(raw[32:], "little") + ORDER
    other = World("config/other.yaml")
    elsewhere = SIG.findall(other.seal(YAML_TEXT))[0].decode()
    unlike = World("config/app.yaml", data_key=bytes(32))
    stranger = unlike.keys.sign(YAML.message(YAML_SEALED))
    texts = {
        "zeros": base32.to_text("sig", bytes(64)),
        "small_order": base32.to_text("sig", b"\x01" + bytes(63)),
        "s_not_reduced": base32.to_text("sig", raw[:32] + s.to_bytes(32, "little")),
        "character": good[:50] + ("0" if good[50] != "0" else "1") + good[51:],
        "of_another_file": elsewhere,
        "of_another_key": base32.to_text("sig", stranger),
        "of_the_digest": base32.to_text("sig", YAML.keys.sign(YAML.digest(YAML_SEALED))),
    }
    for name, text in texts.items():
        yield Case(
            f"yaml_seal_{name}",
            "integrity",
            YAML,
            edit(YAML_SEALED, good, text),
            f"the seal is not this file's: {name.replace('_', ' ')}",
        )
    line = f'  seal: "{good}"\n'
    yield Case(
        "yaml_seal_missing",
        "integrity",
        YAML,
        edit(YAML_SEALED, line, ""),
        "no seal, although the record says strict",
    )
    for name, text in (
        ("null", "null"),
        ("empty", '""'),
        ("short", f'"{base32.to_text("sig", raw[:63])}"'),
        ("upper_case", f'"{good.upper()}"'),
        ("word", f'"{base32.to_text("kid", raw)}"'),
        ("list", f'["{good}"]'),
    ):
        yield Case(
            f"yaml_seal_{name}",
            "malformed",
            YAML,
            edit(YAML_SEALED, f'"{good}"', text),
            f"the field `seal` is no signature: {name.replace('_', ' ')}",
        )
    sig = SIG.findall(JSON_SEALED)[0].decode()
    yield Case(
        "json_seal_missing",
        "integrity",
        JSON,
        edit(JSON_SEALED, f', "seal": "{sig}"', ""),
        "no seal, although the record says strict",
    )
    sig = SIG.findall(ENV_SEALED)[0].decode()
    yield Case(
        "env_seal_missing",
        "integrity",
        ENV,
        edit(ENV_SEALED, f'# gitseal seal: "{sig}"\n', ""),
        "no seal, although the record says strict",
    )
