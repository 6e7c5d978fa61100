# SPDX-License-Identifier: Apache-2.0
"""Cases of single sealed values: damaged, wrong inside, at other places."""

from __future__ import annotations

from collections.abc import Iterator

from gitseal.crypto import base32

from kit_base import (
    DB,
    ENV,
    ENV_SEALED,
    JSON,
    JSON_SEALED,
    YAML,
    YAML_SEALED,
    YAML_TEXT,
    Case,
    World,
    edit,
    key,
    respelled,
    swap,
    tokens,
)


def damaged_values() -> Iterator[Case]:
    """Text of a sealed value: everything but what `text("seal", …)` gives is refused."""
    good = tokens(YAML_SEALED)[0]
    last = base32.ALPHABET.decode().index(good[-3])
    spare = good[:-3] + base32.ALPHABET.decode()[last | 1] + "_]"
    table = {
        "first_character": (respelled(good, 9), "the first character is another one"),
        "character_of_tag": (respelled(good, 20), "one character of the SIV tag is another one"),
        "character_of_text": (
            respelled(good, 60),
            "one character of the ciphertext is another one",
        ),
        "last_character": (respelled(good, len(good) - 4), "one of the last characters is changed"),
        "spare_bits": (spare, "the spare bit of the last character is set"),
        "one_character_short": (good[:-3] + "_]", "the last character is missing"),
        "one_character_long": (good[:-2] + "0_]", "a character too many"),
        "one_group_short": (good[:-10] + "_]", "eight characters are missing at the end"),
        "one_group_long": (good[:-2] + "00000000_]", "eight zeros too many at the end"),
        "upper_case": ("seal:v1[_" + good[9:-2].upper() + "_]", "base 32 in upper case"),
        "letter_o_for_zero": (good[:9] + "o" + good[10:], "a letter outside the alphabet"),
        "letter_u": (good[:30] + "u" + good[31:], "a letter outside the alphabet"),
        "hyphen": (good[:30] + "-" + good[30:], "a hyphen, which Crockford allows and we do not"),
        "padding": (good[:-2] + "===_]", "padding as in RFC 4648"),
        "other_digit": (good[:30] + "\uff11" + good[31:], "a digit that is not ASCII"),
        "empty": ("seal:v1[__]", "nothing between the brackets"),
        "tag_alone": (base32.to_text("seal", bytes(16)), "16 bytes: a tag without a text"),
        "not_closed": (good[:-2], "the closing sign is missing"),
        "half_closed": (good[:-1], "the closing bracket is missing"),
        "text_behind": (good + " x", "text follows the sealed value"),
        "text_before": ("x " + good, "text stands before the sealed value"),
        "two_in_one": (good + good, "two sealed values in one string"),
        "word_upper_case": ("SEAL" + good[4:], "another spelling of the word"),
        "word_kid": ("kid" + good[4:], "a text of another kind"),
        "version_0": ("seal:v0" + good[7:], "a version that never was"),
        "version_01": ("seal:v01" + good[7:], "another spelling of the version"),
    }
    for name, (text, comment) in table.items():
        data = YAML.signed(edit(YAML_SEALED, good, text))
        yield Case(f"yaml_value_{name}", "integrity", YAML, data, f"{comment}; the seal is valid")
    newer = YAML.signed(edit(YAML_SEALED, good, "seal:v2" + good[7:]))
    yield Case("yaml_value_version_2", "version", YAML, newer, "a value of a newer format")
    first = tokens(JSON_SEALED)[0]
    for name, text in (("character", respelled(first, 40)), ("not_closed", first[:-2])):
        data = JSON.signed(edit(JSON_SEALED, first, text))
        yield Case(
            f"json_value_{name}", "integrity", JSON, data, "a damaged value; the seal is valid"
        )
    first = tokens(ENV_SEALED)[0]
    for name, text, comment in (
        ("character", respelled(first, 40), "one character is another one"),
        ("blank_inside", first[:40] + " " + first[40:], "a blank inside"),
        ("text_behind", first + "x", "text follows directly"),
    ):
        data = ENV.signed(edit(ENV_SEALED, first, text))
        yield Case(f"env_value_{name}", "integrity", ENV, data, f"{comment}; the seal is valid")


def wrong_frames() -> Iterator[Case]:
    """Authentic values that no honest writer makes: the kit's maker has the key."""
    y, j, e = b"\x01", b"\x02", b"\x03"
    padded = {
        "no_mark": (bytes((1, 0)) + b"canary" + bytes(24), "padding without 0x80"),
        "filler": (b"\x01\x00canary\x80".ljust(31, b"\0") + b"\x01", "filler that is not zero"),
        "only_filler": (bytes(32), "nothing but zeros"),
        "too_long": ((b"\x01\x00canary\x80").ljust(48, b"\0"), "padded to the next bucket"),
        "no_bucket": ((b"\x01\x00canary\x80").ljust(33, b"\0"), "a length that is no bucket"),
        "too_short": (b"\x01\x00canary\x80", "not padded to 32 bytes"),
    }
    for name, (raw, comment) in padded.items():
        yield _framed(f"yaml_padding_{name}", YAML, YAML.token_of_padded(DB, raw), comment)
    frames = {
        "empty": (b"", "an empty frame"),
        "syntax_alone": (y, "a frame of one byte"),
        "slice_empty": (y + b"\0", "an empty slice is never sealed"),
        "syntax_json": (j + b"\0canary", "sealed as JSON, stands in YAML"),
        "syntax_comment": (b"\x0c\0canary", "sealed as a comment, stands as a value"),
        "syntax_unknown": (b"\x7f\0canary", "a syntax that does not exist"),
        "flag_unknown": (y + b"\x08canary", "a flag that does not exist"),
        "multi_without_break": (y + b"\x01\x03canary", "several lines it says, and has one"),
        "break_without_multi": (y + b"\x02|\n    canary", "one line it says, and has two"),
        "indent_not_minimal": (y + b"\x03\x83\x00|\n    canary", "a second spelling of the indent"),
        "indent_cut": (y + b"\x01\x80", "the indent does not end"),
        "normalised_without_break": (y + b"\x02canary", "it has no line break to be turned"),
        "normalised_with_cr": (y + b"\x03\x03|\r\n    canary", "a turned line break is LF"),
        "lone_cr": (y + b"\x01\x03'canary\r x'", "a carriage return without line feed"),
        "not_utf8": (y + b"\0can\xffary", "the slice is not UTF-8"),
        "new_key": (y + b"\x03\x03x\n  admin: canary", "the slice brings a key of its own"),
        "mapping": (y + b"\0{a: canary}", "the slice is a mapping"),
        "list": (y + b"\0[canary]", "the slice is a list"),
        "alias": (y + b"\0*defaults", "the slice is an alias"),
        "sealed_again": (y + b'\0"seal:v1[_00_]"', "the slice is a sealed value again"),
        "open_quote": (y + b'\0"canary', "the quote of the slice is not closed"),
    }
    for name, (frame, comment) in frames.items():
        yield _framed(f"yaml_frame_{name}", YAML, YAML.token(DB, frame), comment)
    for name, frame, comment in (
        ("syntax_yaml", y + b'\0"canary"', "sealed as YAML, stands in JSON"),
        ("two_members", j + b'\0"x", "admin": "canary"', "the slice brings a member of its own"),
        ("object", j + b'\0{"canary": 1}', "the slice is an object"),
        ("line_break", j + b'\0"canary\n"', "a line break inside"),
        ("at_end", j + b'\x04"canary"', "no value of JSON ends the file"),
    ):
        yield _framed(f"json_frame_{name}", JSON, JSON.token(DB, frame), comment)
    for name, frame, comment in (
        ("syntax_yaml", y + b"\0canary", "sealed as YAML, stands in dotenv"),
        ("second_line", e + b"\x02x\nADMIN=canary", "the slice brings a line of its own"),
        ("multi", e + b"\x01\x01'x\ncanary'", "the flag is YAML's"),
    ):
        yield _framed(f"env_frame_{name}", ENV, ENV.token(key("DB_PASSWORD"), frame), comment)


def _framed(name: str, world: World, token: str, comment: str) -> Case:
    good = {"yaml": YAML_SEALED, "json": JSON_SEALED, "dotenv": ENV_SEALED}[world.syntax]
    data = world.signed(edit(good, tokens(good)[0], token))
    return Case(name, "integrity", world, data, f"authentic, but wrong: {comment}")


def moved_values() -> Iterator[Case]:
    """Sealed values in other places than their own, under a valid seal."""
    frame = b"\x01\x00canary"
    others = {
        "key": (YAML, key("database", "secret"), "of another key"),
        "depth": (YAML, key("password"), "of another depth"),
        "list": (YAML, key("database", "*"), "of a list item"),
        "typed_key": (
            YAML,
            [("k", "database"), ("k!tag:yaml.org,2002:int", "password")],
            "of a key that is no string",
        ),
        "from_file": (World("config/other.yaml"), DB, "of another file"),
        "plain_scope": (World("config/app.yaml", worktree="plain"), DB, "of a file without origin"),
        "from_scope": (World("config/app.yaml", scope="payments-dev"), DB, "of another scope"),
        "from_epoch": (World("config/app.yaml", epoch=2), DB, "of another epoch"),
        "from_context": (
            World("config/app.yaml", context={"app": "payments"}),
            DB,
            "of another context",
        ),
        "data_key": (World("config/app.yaml", data_key=bytes(32)), DB, "of another data key"),
    }
    for name, (world, path, comment) in others.items():
        data = YAML.signed(edit(YAML_SEALED, tokens(YAML_SEALED)[0], world.token(path, frame)))
        yield Case(f"yaml_moved_{name}", "integrity", YAML, data, f"a value {comment}; valid seal")
    moved = swap(YAML_SEALED, tokens(YAML_SEALED)[0], tokens(YAML_SEALED)[3])
    yield Case(
        "yaml_moved_swapped",
        "integrity",
        YAML,
        YAML.signed(moved),
        "two values of different keys are exchanged; valid seal",
    )
    notes = World("config/app.yaml", comments="seal")
    data = notes.seal(YAML_TEXT)
    comment = tokens(data)[0]
    assert f"# {comment}".encode() in data
    value = tokens(data)[1]
    yield Case(
        "yaml_moved_comment_as_value",
        "integrity",
        notes,
        notes.signed(edit(data, value, comment)),
        "a sealed comment stands as a value; valid seal",
    )
    yield Case(
        "yaml_moved_value_as_comment",
        "integrity",
        notes,
        edit(data, comment, value),
        "a sealed value stands as a comment",
    )
    for name, broken in (
        ("damaged", respelled(comment, 40)),
        ("cut", comment[:-2]),
        ("text_behind", comment + " x"),
    ):
        yield Case(
            f"yaml_comment_{name}",
            "integrity",
            notes,
            edit(data, comment, broken),
            "a sealed comment that is damaged",
        )
    for name, frame, why in (
        ("line_break", b"\x0c\x00 x\nadmin: canary", "it holds a line break"),
        ("flag", b"\x0c\x04 canary", "it has a flag"),
        ("syntax", b"\x01\x00 canary", "it is sealed as a value"),
    ):
        token = notes.token([("#",)], frame)
        yield Case(
            f"yaml_comment_{name}",
            "integrity",
            notes,
            edit(data, comment, token),
            f"an authentic comment that is wrong: {why}",
        )
    json_value = JSON.token(key("users", "*", "password"), b'\x02\x00"canary"')
    data = JSON.signed(edit(JSON_SEALED, tokens(JSON_SEALED)[0], json_value))
    yield Case(
        "json_moved_list_item",
        "integrity",
        JSON,
        data,
        "a list item's value at another key; valid seal",
    )
    data = ENV.signed(swap(ENV_SEALED, *tokens(ENV_SEALED)[:2]))
    yield Case("env_moved_swapped", "integrity", ENV, data, "two values are exchanged; valid seal")
