# SPDX-License-Identifier: Apache-2.0
"""
Makes the test kit: sealed files with one fault each, and a few that must open (README.md).

    python tests/vectors/generate.py [FOLDER]

Everything follows from fixed keys and texts, so that each run gives the same bytes.  A case is
made from a good file by one change; where the change would only be noticed by the seal, and the
case is not about the seal, a fresh and valid one is made with the key.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parents[1]))

from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from gitseal import documents, keypaths, sealedfile
from gitseal.crypto import base32
from gitseal.crypto.derive import ScopeKeys
from gitseal.crypto.encoding import le64, pae
from gitseal.crypto.values import pad, seal_file
from gitseal.keypaths import Rules
from gitseal.keys import Context, DataKey, ScopeId, WrappedKey
from gitseal.native.binding import Binding
from gitseal.native.frames import write_frame
from gitseal.native.header import FileRules, Header, canonical_json

DATA_KEY = bytes(range(32))
CONTEXT = {"app": "payments", "env": "prod"}
TOKEN = re.compile(r"seal:v1\[_[0-9a-z]*_\]")
SIG = re.compile(rb"sig:v1\[_[0-9a-z]*_\]")
NOTE = b"# Sealed with gitseal."
ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of the group of Ed25519."""


class World:
    """One file in its scope: seals texts, and signs what was altered afterwards."""

    def __init__(
        self,
        name: str,
        *,
        seal: Sequence[str] | None = ("**.password",),
        clear: Sequence[str] = (),
        comments: str = "clear",
        integrity: str = "strict",
        worktree: str = "sealed",
        scope: str = "payments-prod",
        context: dict[str, str] = CONTEXT,
        epoch: int = 3,
        data_key: bytes = DATA_KEY,
        origin: str | None = None,
        carried: FileRules | None = None,
        portable: bool = False,
    ) -> None:
        self.name = name
        self.seal_globs = seal
        self.clear_globs = clear
        self.comments = comments
        self.integrity = integrity
        self.worktree = worktree
        self.data_key = data_key
        self.origin = ("" if worktree == "plain" else name) if origin is None else origin
        self.keys = ScopeKeys(DataKey(data_key), ScopeId(scope, Context(context), epoch))
        self.carried = carried
        self.portable = portable or carried is not None

    @property
    def syntax(self) -> str:
        return documents.syntax_of(self.name) or ""

    def header(self) -> Header:
        scope = self.keys.scope
        wraps = [WrappedKey("ada", "age:age1ada", b"wrapped for ada")] if self.portable else []
        return Header(
            scope.name,
            scope.epoch,
            self.keys.kid,
            self.origin,
            context=scope.context if self.portable else None,
            keys=wraps,
            rules=self.carried,
        )

    def binding(self) -> Binding:
        rules = self.carried.signed_bytes() if self.carried is not None else b""
        return Binding(self.keys.scope, self.keys.kid, self.origin.encode(), rules)

    def seal(self, content: bytes | str, *, whole: bool = False) -> bytes:
        """Seal a clear file."""
        data = content.encode() if isinstance(content, str) else content
        clear = sealedfile.inspect(data, self.name, whole=whole)
        assert isinstance(clear, sealedfile.ClearFile)
        if self.carried is not None:
            rules = Rules(self.carried.seal, self.carried.clear, self.carried.comments)
        else:
            rules = Rules(self.seal_globs or ("**",), self.clear_globs, self.comments)
        return clear.seal(self.header(), self.keys, rules, strict=self.integrity == "strict")

    def signed(self, data: bytes) -> bytes:
        """Give a document a fresh, valid seal, whatever was done to it."""
        return with_seal(data, self.keys.sign(self.message(data)))

    def message(self, data: bytes) -> bytes:
        """Give what the seal of a document signs."""
        return pae(b"gitseal/v1 docsig", self.digest(data))

    def digest(self, data: bytes) -> bytes:
        events = documents.parse(data, self.syntax).events
        return self.binding().document_digest(events)

    def token(self, path: Sequence[tuple[str, ...]], frame: bytes) -> str:
        """Seal a frame for a key path."""
        return self.token_of_padded(path, pad(frame))

    def token_of_padded(self, path: Sequence[tuple[str, ...]], padded: bytes) -> str:
        """Seal what may not even be padded rightly."""
        cipher = AESSIV(self.keys.value_key(self.origin.encode()))
        bound = pae(b"gitseal/v1 value", keypaths.encode(path))
        return base32.to_text("seal", cipher.encrypt(padded, [bound]))

    def fields(self) -> list[tuple[str, str]]:
        """Give what the kit's header says about this world."""
        scope = self.keys.scope
        rules = "none" if self.seal_globs is None else json.dumps(list(self.seal_globs))
        return [
            ("name", self.name),
            ("data key", self.data_key.hex()),
            ("scope", scope.name),
            ("context", json.dumps(dict(scope.context))),
            ("epoch", str(scope.epoch)),
            ("worktree", self.worktree),
            ("integrity", self.integrity),
            ("rules", rules),
            ("clear", json.dumps(list(self.clear_globs))),
            ("comments", self.comments),
        ]


class Case:
    """One file of the kit; `clear` is what may be released, if anything."""

    def __init__(
        self, name: str, expect: str, world: World, data: bytes, comment: str, clear: bytes = b""
    ) -> None:
        assert (expect == "ok") or not clear
        self.name = name
        self.expect = expect
        self.world = world
        self.data = data
        self.comment = comment
        self.clear = clear

    def to_bytes(self) -> bytes:
        fields = [
            ("expect", self.expect),
            *self.world.fields(),
            ("released", hashlib.sha256(self.clear).hexdigest()),
            ("comment", self.comment),
        ]
        head = "".join(f"{name}: {value}\n" for name, value in fields)
        return head.encode() + b"\n" + self.data


# --- Small tools ----------------------------------------------------------------------------------


def key(*names: str) -> list[tuple[str, ...]]:
    """Give a key path; `*` is an item of a list."""
    return [("*",) if name == "*" else ("k", name) for name in names]


def tokens(data: bytes) -> list[str]:
    return TOKEN.findall(data.decode())


def edit(data: bytes, old: str | bytes, new: str | bytes) -> bytes:
    """Replace what stands there exactly once."""
    old = old.encode() if isinstance(old, str) else old
    new = new.encode() if isinstance(new, str) else new
    assert data.count(old) == 1, (old, data.count(old))
    return data.replace(old, new)


def with_seal(data: bytes, seal: bytes) -> bytes:
    return SIG.sub(base32.to_text("sig", seal).encode(), data)


def swap(data: bytes, one: str, other: str) -> bytes:
    """Exchange two texts."""
    return edit(edit(edit(data, one, "\0"), other, one), "\0", other)


def split(data: bytes) -> tuple[bytes, bytes]:
    """Give body and header of a sealed YAML or dotenv file."""
    at = data.index(NOTE)
    return data[:at], data[at:]


def respelled(token: str, position: int) -> str:
    """Change one character of a sealed value into the next one of the alphabet."""
    alphabet = base32.ALPHABET.decode()
    new = alphabet[(alphabet.index(token[position]) + 1) % 32]
    return token[:position] + new + token[position + 1 :]


# --- Good files -----------------------------------------------------------------------------------

YAML_TEXT = """\
# canary comment
service: canary-service
replicas: 3
debug: false
nothing: null
database:
  host: canary-host
  user: &user canary-user
  password: canary-db
  pool: [1, 2]
users:
  - name: canary-ada
    password: canary-one
  - name: canary-bob
    password: canary-two
defaults: &defaults
  timeout: 30
staging:
  <<: *defaults
  owner: *user
  password: canary-three
"""
JSON_TEXT = """\
{
  "service": "canary-service",
  "replicas": 1.0,
  "database": {"host": "canary-host", "password": "canary-db"},
  "users": [{"password": "canary-one"}, {"password": "canary-two"}]
}
"""
ENV_TEXT = """\
# canary comment
DB_PASSWORD=canary-db
export API_KEY='canary-key' # canary remark
EMPTY=
LONG="canary one
canary two"
"""
BLOB = b"canary\x00\x01\x02\xff blob"

YAML = World("config/app.yaml")
JSON = World("config/app.json")
ENV = World("config/.env", seal=["**"])
WHOLE = World("secrets/blob.bin", seal=["**"])

YAML_SEALED = YAML.seal(YAML_TEXT)
JSON_SEALED = JSON.seal(JSON_TEXT)
ENV_SEALED = ENV.seal(ENV_TEXT)
WHOLE_SEALED = WHOLE.seal(BLOB)

DB = key("database", "password")


# --- Sealed values --------------------------------------------------------------------------------


def damaged_values() -> Iterator[Case]:
    """Text of a sealed value: everything but what `text("seal", …)` gives is refused."""
    good = tokens(YAML_SEALED)[0]
    last = base32.ALPHABET.decode().index(good[-3])
    spare = good[:-3] + base32.ALPHABET.decode()[last | 1] + "_]"
    table = {
        "first_character": (respelled(good, 9), "the first character is another one"),
        "character_of_tag": (respelled(good, 20), "one character of the SIV tag is another one"),
        "character_of_text": (respelled(good, 60), "one character of the ciphertext is another one"),
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
        yield Case(f"json_value_{name}", "integrity", JSON, data, "a damaged value; the seal is valid")
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
        "typed_key": (YAML, [("k", "database"), ("k!tag:yaml.org,2002:int", "password")], "of a key that is no string"),
        "from_file": (World("config/other.yaml"), DB, "of another file"),
        "plain_scope": (World("config/app.yaml", worktree="plain"), DB, "of a file without origin"),
        "from_scope": (World("config/app.yaml", scope="payments-dev"), DB, "of another scope"),
        "from_epoch": (World("config/app.yaml", epoch=2), DB, "of another epoch"),
        "from_context": (World("config/app.yaml", context={"app": "payments"}), DB, "of another context"),
        "data_key": (World("config/app.yaml", data_key=bytes(32)), DB, "of another data key"),
    }
    for name, (world, path, comment) in others.items():
        data = YAML.signed(edit(YAML_SEALED, tokens(YAML_SEALED)[0], world.token(path, frame)))
        yield Case(f"yaml_moved_{name}", "integrity", YAML, data, f"a value {comment}; valid seal")
    moved = swap(YAML_SEALED, tokens(YAML_SEALED)[0], tokens(YAML_SEALED)[3])
    yield Case("yaml_moved_swapped", "integrity", YAML, YAML.signed(moved), "two values of different keys are exchanged; valid seal")
    notes = World("config/app.yaml", comments="seal")
    data = notes.seal(YAML_TEXT)
    comment = tokens(data)[0]
    assert f"# {comment}".encode() in data
    value = tokens(data)[1]
    yield Case("yaml_moved_comment_as_value", "integrity", notes, notes.signed(edit(data, value, comment)), "a sealed comment stands as a value; valid seal")
    yield Case("yaml_moved_value_as_comment", "integrity", notes, edit(data, comment, value), "a sealed value stands as a comment")
    for name, broken in (("damaged", respelled(comment, 40)), ("cut", comment[:-2]), ("text_behind", comment + " x")):
        yield Case(f"yaml_comment_{name}", "integrity", notes, edit(data, comment, broken), "a sealed comment that is damaged")
    for name, frame, why in (
        ("line_break", b"\x0c\x00 x\nadmin: canary", "it holds a line break"),
        ("flag", b"\x0c\x04 canary", "it has a flag"),
        ("syntax", b"\x01\x00 canary", "it is sealed as a value"),
    ):
        token = notes.token([("#",)], frame)
        yield Case(f"yaml_comment_{name}", "integrity", notes, edit(data, comment, token), f"an authentic comment that is wrong: {why}")
    json_value = JSON.token(key("users", "*", "password"), b'\x02\x00"canary"')
    data = JSON.signed(edit(JSON_SEALED, tokens(JSON_SEALED)[0], json_value))
    yield Case("json_moved_list_item", "integrity", JSON, data, "a list item's value at another key; valid seal")
    data = ENV.signed(swap(ENV_SEALED, *tokens(ENV_SEALED)[:2]))
    yield Case("env_moved_swapped", "integrity", ENV, data, "two values are exchanged; valid seal")


# --- What the seal notices ------------------------------------------------------------------------


def changed_documents() -> Iterator[Case]:
    """Changes that keep every sealed value authentic: the seal alone notices them."""
    one, two = tokens(YAML_SEALED)[1:3]
    body, header = split(YAML_SEALED)
    item = f'  - name: canary-bob\n    password: "{two}"\n'
    yaml_edits = {
        "items_swapped": (swap(YAML_SEALED, one, two), "the values of two list items are exchanged"),
        "item_doubled": (edit(YAML_SEALED, item, item + item), "a list item stands twice"),
        "item_dropped": (edit(YAML_SEALED, item, ""), "a list item is missing"),
        "list_split": (edit(YAML_SEALED, "  - name: canary-bob\n", "  -\n  - name: canary-bob\n"), "an empty item is added"),
        "clear_value_changed": (edit(YAML_SEALED, "host: canary-host", "host: canary-evil"), "a clear value is another one"),
        "clear_value_dropped": (edit(YAML_SEALED, "  host: canary-host\n", ""), "a clear value is missing"),
        "clear_value_added": (edit(YAML_SEALED, "replicas: 3\n", "replicas: 3\nadmin: 1\n"), "a clear value is added"),
        "clear_value_emptied": (edit(YAML_SEALED, "service: canary-service", "service:"), "a clear value is emptied"),
        "clear_key_renamed": (edit(YAML_SEALED, "replicas:", "replica:"), "a clear key has another name"),
        "empty_key_added": (edit(YAML_SEALED, "replicas: 3\n", "replicas: 3\nadmin:\n"), "a key without value is added"),
        "empty_mapping_added": (edit(YAML_SEALED, "replicas: 3\n", "replicas: 3\nadmin: {}\n"), "an empty mapping is added"),
        "bool_to_string": (edit(YAML_SEALED, "debug: false", 'debug: "false"'), "a boolean becomes a string"),
        "number_to_string": (edit(YAML_SEALED, "replicas: 3", "replicas: '3'"), "a number becomes a string"),
        "number_respelled": (edit(YAML_SEALED, "replicas: 3", "replicas: 0x3"), "a number is spelled in another way"),
        "null_to_empty": (edit(YAML_SEALED, "nothing: null", 'nothing: ""'), "null becomes the empty string"),
        "string_to_plain": (YAML_SEALED.replace(b"[1, 2]", b"['1', 2]"), "an item becomes a string"),
        "tag_on_clear": (edit(YAML_SEALED, "replicas: 3", "replicas: !!str 3"), "a clear value gets a tag"),
        "tag_on_sealed": (edit(YAML_SEALED, f'"{one}"', f'!!binary "{one}"'), "a sealed value gets a tag"),
        "anchor_on_sealed": (edit(YAML_SEALED, f'"{one}"', f'&x "{one}"'), "a sealed value gets an anchor"),
        "anchor_renamed": (edit(edit(YAML_SEALED, "&user", "&person"), "*user", "*person"), "an anchor and its alias have another name"),
        "anchor_dropped": (edit(edit(YAML_SEALED, "defaults: &defaults", "defaults:"), "<<: *defaults\n", "<<: {}\n"), "an anchor is missing"),
        "alias_retargeted": (edit(YAML_SEALED, "owner: *user", "owner: *defaults"), "an alias names another anchor"),
        "alias_to_value": (edit(YAML_SEALED, "owner: *user", "owner: canary-user"), "an alias is written out"),
        "merge_key_renamed": (edit(YAML_SEALED, "<<:", "base:"), "the merge key has another name"),
        "merge_key_quoted": (edit(YAML_SEALED, "<<:", '"<<":'), "the merge key becomes a plain key"),
        "order": (edit(edit(YAML_SEALED, "replicas: 3\n", ""), "debug: false\n", "debug: false\nreplicas: 3\n"), "two keys are exchanged"),
        "nested_deeper": (edit(YAML_SEALED, "  pool: [1, 2]", "  pool: [[1, 2]]"), "a list is nested one deeper"),
        "document_appended": (body + header + b"---\nadmin: 1\n", "a document follows the header's"),
        "sealed_value_dropped": (edit(YAML_SEALED, f'    password: "{two}"\n', ""), "a sealed value is missing with its key"),
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
        "member_added": (edit(JSON_SEALED, '"replicas"', '"admin": null, "replicas"'), "a member is added"),
        "member_renamed": (edit(JSON_SEALED, '"host"', '"Host"'), "a member has another name"),
        "list_nested": (edit(edit(JSON_SEALED, "[{", "[[{"), "}]", "}]]"), "a list is nested one deeper"),
        "empty_object_added": (edit(JSON_SEALED, '"users": [', '"users": [{}, '), "an empty object is added"),
    }
    for name, (data, comment) in json_edits.items():
        yield Case(f"json_changed_{name}", "integrity", JSON, data, comment)
    first = tokens(ENV_SEALED)[0]
    env_edits = {
        "line_appended": (ENV_SEALED + b"ADMIN=canary\n", "a line is appended in clear"),
        "empty_line_appended": (ENV_SEALED + b"ADMIN=\n", "a name without value is appended"),
        "line_doubled": (ENV_SEALED + f"DB_PASSWORD={first}\n".encode(), "a sealed line stands twice"),
        "line_dropped": (edit(ENV_SEALED, f"DB_PASSWORD={first}\n", ""), "a sealed line is missing"),
        "export_dropped": (edit(ENV_SEALED, "export ", ""), "`export` is missing"),
        "emptied": (edit(ENV_SEALED, first, ""), "a sealed value is emptied"),
        "value_in_clear": (edit(ENV_SEALED, first, "canary"), "a clear value stands for a sealed one"),
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
        "alias": edit(YAML_SEALED, db, "*user").replace(b"database:\n", b"early: &user canary\ndatabase:\n"),
        "alias_to_key": edit(YAML_SEALED, db, "*name").replace(b"service:", b"&name service:"),
        "alias_to_mapping": edit(YAML_SEALED, "owner: *user", "owner: *user\n  more: *extra").replace(b"debug: false", b"extra: &extra {x: {password: &p canary}}"),
        "merge": edit(edit(YAML_SEALED, "  timeout: 30\n", '  hidden: &hidden canary\n'), f'  password: "{tokens(YAML_SEALED)[3]}"\n', "  password: *hidden\n"),
    }
    for name, changed in data.items():
        comment = f"a clear value at a place that is to be sealed ({name.replace('_', ' ')}); valid seal"
        yield Case(f"yaml_place_{name}", "integrity", YAML, YAML.signed(changed), comment)
    chain = World("config/app.yaml", seal=["live.*"])
    text = "base: &base\n  token: canary\nmid: &mid\n  <<: *base\nlive: {}\n"
    data_chain = chain.seal(text)
    data_chain = chain.signed(edit(data_chain, "live: {}", "live: *mid"))
    yield Case("yaml_place_chained_merge", "integrity", chain, data_chain, "two merges bring a clear value to a sealed place; valid seal")
    value = f'"{tokens(JSON_SEALED)[0]}"'
    for name, text in (("value", '"canary"'), ("empty_string", '""'), ("null", "null")):
        yield Case(f"json_place_{name}", "integrity", JSON, JSON.signed(edit(JSON_SEALED, value, text)), "a clear value at a place that is to be sealed; valid seal")
    appended = ENV.signed(ENV_SEALED + b"ADMIN=canary\n")
    yield Case("env_place_line", "integrity", ENV, appended, "a clear line where all are to be sealed; valid seal")
    loose = World("config/app.yaml", integrity="mergeable")
    unsealed = loose.seal(YAML_TEXT)
    yield Case("yaml_mergeable_value_in_clear", "integrity", loose, edit(unsealed, db, "canary"), "without seals, the rules still notice clear values")
    yield Case("yaml_mergeable_value_moved", "integrity", loose, swap(unsealed, tokens(unsealed)[0], tokens(unsealed)[3]), "without seals, values are still bound to their places")
    yield Case("yaml_mergeable_kid", "integrity", loose, _field(unsealed, "kid", json.dumps(base32.to_text("kid", bytes(32)))), "without seals, the key id must still be right")
    yield Case("yaml_mergeable_wrong_seal", "integrity", loose, _append_field(unsealed, "seal", json.dumps(base32.to_text("sig", bytes(64)))), "a seal that is there must verify")


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
        yield Case(f"yaml_seal_{name}", "integrity", YAML, edit(YAML_SEALED, good, text), f"the seal is not this file's: {name.replace('_', ' ')}")
    line = f'  seal: "{good}"\n'
    yield Case("yaml_seal_missing", "integrity", YAML, edit(YAML_SEALED, line, ""), "no seal, although the record says strict")
    for name, text in (("null", "null"), ("empty", '""'), ("short", f'"{base32.to_text("sig", raw[:63])}"'), ("upper_case", f'"{good.upper()}"'), ("word", f'"{base32.to_text("kid", raw)}"'), ("list", f'["{good}"]')):
        yield Case(f"yaml_seal_{name}", "malformed", YAML, edit(YAML_SEALED, f'"{good}"', text), f"the field `seal` is no signature: {name.replace('_', ' ')}")
    sig = SIG.findall(JSON_SEALED)[0].decode()
    yield Case("json_seal_missing", "integrity", JSON, edit(JSON_SEALED, f', "seal": "{sig}"', ""), "no seal, although the record says strict")
    sig = SIG.findall(ENV_SEALED)[0].decode()
    yield Case("env_seal_missing", "integrity", ENV, edit(ENV_SEALED, f'# gitseal seal: "{sig}"\n', ""), "no seal, although the record says strict")


# --- Headers --------------------------------------------------------------------------------------


def _field(data: bytes, name: str, text: str) -> bytes:
    """Give a field of a YAML header another value."""
    changed, count = re.subn(rb"(?m)^  %s: .*$" % name.encode(), b"  %s: %s" % (name.encode(), text.encode()), data)
    assert count == 1, name
    return changed


def _without(data: bytes, name: str) -> bytes:
    changed, count = re.subn(rb"(?m)^  %s: .*\n" % name.encode(), b"", data)
    assert count == 1, name
    return changed


def _append_field(data: bytes, name: str, text: str) -> bytes:
    return data + f"  {name}: {text}\n".encode()


def headers() -> Iterator[Case]:
    """Fields of the header: a few, of one kind each."""
    for name in ("v", "scope", "epoch", "kid", "origin"):
        yield Case(f"yaml_header_no_{name}", "malformed", YAML, _without(YAML_SEALED, name), f"the field `{name}` is missing")
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
        yield Case(f"yaml_header_{name}", "malformed", YAML, _field(YAML_SEALED, field, text), comment)
    lies = {
        "kid_other": ("kid", json.dumps(base32.to_text("kid", bytes(32))), "integrity", "the id of another key"),
        "epoch_other": ("epoch", "2", "integrity", "an epoch that the record does not have"),
        "scope_other": ("scope", '"payments-dev"', "policy", "another scope than the path's"),
        "origin_other": ("origin", '"config/other.yaml"', "integrity", "another origin than the one the values are bound to"),
        "origin_empty": ("origin", '""', "integrity", "no origin"),
        "v_2": ("v", "2", "version", "a newer format"),
    }
    for name, (field, text, expect, comment) in lies.items():
        yield Case(f"yaml_header_{name}", expect, YAML, _field(YAML_SEALED, field, text), comment)
    more = {
        "unknown_field": ("hint", '"x"', "an unknown field"),
        "field_twice": ("epoch", "3", "a field stands twice"),
        "newline_true": ("newline", "true", "`newline` is only written where it is false"),
        "newline_zero": ("newline", "0", "`newline` is only written where it is false"),
        "context_alone": ("context", '{"app": "payments", "env": "prod"}', "`context` without `keys`"),
        "keys_alone": ("keys", f'[{{"key": "age:x", "to": "ada", "wrapped": "{base32.to_text("wrap", b"x")}"}}]', "`keys` without `context`"),
        "keys_empty": ("keys", "[]", "`keys` is empty"),
        "rules_in_scope": ("rules", '{"seal": ["**"], "clear": [], "comments": "clear"}', "`rules` in a named scope"),
        "extra_version": ('"v "', "2", "a name that is almost a field"),
    }
    for name, (field, text, comment) in more.items():
        yield Case(f"yaml_header_{name}", "malformed", YAML, _append_field(YAML_SEALED, field, text), comment)
    long = _field(YAML_SEALED, "origin", json.dumps("x" * (64 * 1024 + 1)))
    yield Case("yaml_header_field_too_long", "limit", YAML, long, "a field of more than 64 KiB")


def header_places() -> Iterator[Case]:
    """Where a header stands: once, and at its place."""
    body, header = split(YAML_SEALED)
    entry = header[header.index(b"\n") + 1 :]
    two = {
        "two": (YAML_SEALED + entry, "two headers"),
        "concatenated": (YAML_SEALED + b"---\n" + YAML_SEALED, "two sealed files, one behind the other"),
        "first": (entry + body, "the header stands before the values"),
        "first_document": (entry + b"---\n" + body, "the header stands in the first of two documents"),
        "list": (body + b"gitseal:\n" + re.sub(rb"(?m)^  (?=\w)", b"  - ", entry[9:]), "the header is a list"),
        "string": (body + b'gitseal: "x"\n', "the header is a string"),
        "anchor": (edit(YAML_SEALED, "gitseal:\n  v", "gitseal: &x\n  v"), "the header has an anchor"),
        "tag": (edit(YAML_SEALED, "\n  v: 1\n", "\n  v: !!int 1\n"), "a field has a tag"),
        "alias": (edit(YAML_SEALED, "\n  scope: ", "\n  scope: *user #"), "a field is an alias"),
    }
    for name, (data, comment) in two.items():
        yield Case(f"yaml_header_at_{name}", "malformed", YAML, data, comment)
    indented = re.sub(rb"(?m)^", b"  ", entry).rstrip(b" ")
    below = body + b"below:\n" + indented
    yield Case("yaml_header_at_depth", "policy", YAML, below, "the header stands one level too deep: the file is not sealed")
    member = JSON_SEALED[JSON_SEALED.index(b'"gitseal"') : JSON_SEALED.rindex(b"\n}")]
    json_files = {
        "two": edit(JSON_SEALED, member, member + b", " + member),
        "two_escaped": edit(JSON_SEALED, member, member + b", " + member.replace(b'"gitseal"', b'"\\u0067itseal"')),
        "null": edit(JSON_SEALED, member, b'"gitseal": null'),
        "field_twice": edit(JSON_SEALED, b'"v": 1,', b'"v": 1, "v": 1,'),
        "unknown_field": edit(JSON_SEALED, b'"v": 1,', b'"v": 1, "x": 1,'),
        "v_true": edit(JSON_SEALED, b'"v": 1,', b'"v": true,'),
        "newline_true": edit(JSON_SEALED, b'"v": 1,', b'"v": 1, "newline": true,'),
    }
    for name, data in json_files.items():
        yield Case(f"json_header_{name}", "malformed", JSON, data, f"the header is wrong: {name.replace('_', ' ')}")
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
        yield Case(f"env_header_{name}", "malformed", ENV, data, f"the header is wrong: {name.replace('_', ' ')}")
    yield Case("env_header_v_2", "version", ENV, edit(ENV_SEALED, "# gitseal v: 1\n", "# gitseal v: 2\n"), "a newer format")
    yield Case("env_header_epoch", "integrity", ENV, edit(ENV_SEALED, "# gitseal epoch: 3", "# gitseal epoch: 4"), "an epoch that the record does not have")


# --- Cut, moved, and no documents -----------------------------------------------------------------


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
        "after_header_key": (YAML_SEALED[: YAML_SEALED.index(b"\n  v: 1")], "malformed", "the header is empty"),
        "in_header": (YAML_SEALED[: YAML_SEALED.index(b"  epoch")], "malformed", "the header ends after two fields"),
        "before_seal": (YAML_SEALED[: YAML_SEALED.index(b"  seal:")], "integrity", "the seal is missing"),
        "in_seal": (YAML_SEALED[: sig + 40], "malformed", "cut inside the seal"),
        "seal_quote": (YAML_SEALED[:-2], "malformed", "the last quote is missing"),
    }
    for name, (data, expect, comment) in cuts.items():
        yield Case(f"yaml_cut_{name}", expect, YAML, data, comment)
    yield Case("json_cut_brace", "malformed", JSON, JSON_SEALED[:-2], "the last brace is missing")
    member = JSON_SEALED.index(b',\n  "gitseal"')
    bare = JSON_SEALED[:member] + b"\n}\n"
    yield Case("json_cut_header", "policy", JSON, bare, "the header is missing: the file is not sealed")
    env_body = split(ENV_SEALED)[0]
    yield Case("env_cut_header", "policy", ENV, env_body, "the header is missing: the file is not sealed")
    yield Case("env_cut_seal", "malformed", ENV, ENV_SEALED[:-5], "cut inside the seal")
    yield Case("env_cut_value", "policy", ENV, ENV_SEALED[: ENV_SEALED.index(tokens(ENV_SEALED)[0].encode()) + 30], "cut inside a sealed value, before the header")


def moved_files() -> Iterator[Case]:
    """Files at paths that are not theirs."""
    for name, world, data in (("yaml", YAML, YAML_SEALED), ("json", JSON, JSON_SEALED), ("env", ENV, ENV_SEALED), ("whole", WHOLE, WHOLE_SEALED)):
        other = {"yaml": "config/copy.yaml", "json": "config/copy.json", "env": "config/.env.copy", "whole": "secrets/copy.bin"}
        here = World(other[name], seal=world.seal_globs, origin=world.origin)
        yield Case(f"{name}_file_copied", "policy", here, data, "a good file at another path than the one it was sealed for")
    foreign = World("config/app.yaml", scope="payments-dev").seal(YAML_TEXT)
    yield Case("yaml_file_from_scope", "policy", YAML, foreign, "a good file of another scope with the same key")
    former = World("config/app.yaml", epoch=1).seal(YAML_TEXT)
    yield Case("yaml_file_of_retired_epoch", "policy", YAML, former, "a good file of an epoch that is retired")
    plain = World("config/app.yaml", worktree="plain")
    yield Case("yaml_plain_with_origin", "integrity", plain, YAML_SEALED, "a file with an origin in a plain scope")
    yield Case("yaml_sealed_without_origin", "integrity", YAML, plain.seal(YAML_TEXT), "a file without origin in a scope that is not plain")
    old = World("config/app.yaml", context={"app": "payments"}).seal(YAML_TEXT)
    yield Case("yaml_file_from_context", "integrity", YAML, old, "a good file of the same scope name with another context")
    yield Case("yaml_clear", "policy", YAML, YAML_TEXT.encode(), "a clear file where a sealed one belongs")
    yield Case("json_clear", "policy", JSON, JSON_TEXT.encode(), "a clear file where a sealed one belongs")
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
        "conflict": (edit(YAML_SEALED, "replicas: 3\n", "<<<<<<< ours\nreplicas: 3\n=======\nreplicas: 4\n>>>>>>> theirs\n"), "conflict markers"),
        "duplicate_key": (edit(YAML_SEALED, "replicas: 3\n", "replicas: 3\nreplicas: 3\n"), "a key stands twice"),
        "duplicate_sealed": (edit(YAML_SEALED, f'  password: "{first}"\n', f'  password: "{first}"\n  password: "{first}"\n'), "a sealed key stands twice"),
        "duplicate_number": (edit(YAML_SEALED, "replicas: 3\n", "1: x\n0x1: x\n"), "two keys are equal in the core schema"),
        "complex_key": (edit(YAML_SEALED, "replicas: 3", "[a]: 3"), "a list as a key"),
        "alias_key": (edit(YAML_SEALED, "  owner: *user", "  *user : 3"), "an alias as a key"),
        "unknown_alias": (edit(YAML_SEALED, "owner: *user", "owner: *nobody"), "an alias without anchor"),
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
        "duplicate_member": edit(JSON_SEALED, '"replicas": 1.0', '"replicas": 1.0, "r\\u0065plicas": 1.0'),
        "lone_surrogate": edit(JSON_SEALED, '"canary-service"', '"\\ud800"'),
        "list_root": b"[" + JSON_SEALED + b"]",
        "text_behind": JSON_SEALED + b"x",
    }.items():
        yield Case(f"json_bad_{name}", "malformed", JSON, data, f"no document: {name.replace('_', ' ')}")
    deep = edit(JSON_SEALED, "1.0", "[" * 101 + "]" * 101)
    yield Case("json_too_deep", "limit", JSON, deep, "more than 100 levels")
    for name, data in {
        "no_assignment": edit(ENV_SEALED, "EMPTY=\n", "EMPTY\n"),
        "name": edit(ENV_SEALED, "EMPTY=\n", "EM PTY=\n"),
        "text_behind_quote": ENV_SEALED + b"X='canary\ncanary' x\n",
    }.items():
        yield Case(f"env_bad_{name}", "malformed", ENV, data, f"no document: {name.replace('_', ' ')}")


# --- Whole files, and files that open on their own ------------------------------------------------


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
    other_body = seal_file(other.keys.file_key(b"secrets/other.bin"), other.binding().header_bytes(), BLOB)
    without = {name: value for name, value in fields.items() if name != "seal"}
    compact = json.dumps(fields, sort_keys=True).encode() + b"\n"
    unsorted = (json.dumps(dict(reversed(fields.items())), indent=2) + "\n").encode()
    twice = edit(head, b'  "epoch": 3,\n', b'  "epoch": 3,\n  "epoch": 3,\n')
    table: dict[str, tuple[str, bytes, str]] = {
        "magic": ("policy", b"\1" + WHOLE_SEALED[1:], "the first byte is another one: the file is not sealed"),
        "version_0": ("malformed", edit(WHOLE_SEALED, b"GITSEAL\1", b"GITSEAL\0"), "a version that never was"),
        "version_2": ("version", edit(WHOLE_SEALED, b"GITSEAL\1", b"GITSEAL\2"), "a newer format"),
        "cut_after_magic": ("malformed", WHOLE_SEALED[:8], "nothing follows the magic"),
        "cut_in_length": ("malformed", WHOLE_SEALED[:12], "cut inside the length"),
        "length_too_long": ("malformed", WHOLE_SEALED[:9] + le64(len(WHOLE_SEALED)) + WHOLE_SEALED[17:], "the header ends behind the file"),
        "length_too_short": ("malformed", WHOLE_SEALED[:9] + le64(size - 1) + WHOLE_SEALED[17:], "the header ends too early"),
        "length_top_bit": ("malformed", WHOLE_SEALED[:16] + b"\x80" + WHOLE_SEALED[17:], "the top bit of the length is set"),
        "header_compact": ("malformed", _container(WHOLE, compact, body), "JSON in another layout"),
        "header_order": ("malformed", _container(WHOLE, unsorted, body), "fields in another order"),
        "header_no_line_break": ("malformed", _container(WHOLE, head[:-1], body), "the header's last line break is missing"),
        "header_field_twice": ("malformed", _container(WHOLE, twice, body), "a field stands twice"),
        "header_list": ("malformed", _container(WHOLE, b"[]\n", body), "the header is a list"),
        "header_unknown_field": ("malformed", with_fields(hint=1), "an unknown field"),
        "header_newline": ("malformed", with_fields(newline=False), "`newline` is for documents"),
        "header_epoch_float": ("malformed", with_fields(epoch=3.0), "`epoch` is no integer"),
        "header_v_2": ("version", with_fields(v=2), "a newer format"),
        "header_scope": ("policy", with_fields(scope="payments-dev"), "another scope than the path's"),
        "header_kid": ("integrity", with_fields(kid=base32.to_text("kid", bytes(32))), "the id of another key"),
        "header_origin": ("integrity", with_fields(origin="secrets/other.bin"), "another origin"),
        "seal_missing": ("integrity", _container(WHOLE, canonical_json(without), body), "no seal"),
        "seal_zeros": ("integrity", with_fields(seal=base32.to_text("sig", bytes(64))), "a seal of zeros"),
        "body_missing": ("malformed", WHOLE_SEALED[: 17 + size], "nothing follows the header"),
        "body_cut": ("malformed", WHOLE_SEALED[:-1], "the last byte is missing"),
        "body_byte_more": ("malformed", WHOLE_SEALED + b"\0", "a byte too many"),
        "body_bucket_more": ("integrity", WHOLE_SEALED + bytes(16), "longer by one bucket"),
        "body_tag": ("integrity", WHOLE_SEALED[: 17 + size] + bytes((body[0] ^ 1,)) + body[1:], "one bit of the tag"),
        "body_last_bit": ("integrity", WHOLE_SEALED[:-1] + bytes((body[-1] ^ 1,)), "the last bit"),
        "body_last_bit_signed": ("integrity", _signed_whole(WHOLE, body[:-1] + bytes((body[-1] ^ 1,))), "the last bit; valid seal"),
        "body_of_another_file": ("integrity", _signed_whole(WHOLE, other_body), "the body of another file; valid seal"),
        "body_of_value_key": ("integrity", _signed_whole(WHOLE, seal_file(value_key, binding, BLOB)), "sealed under the key of values; valid seal"),
        "padding_no_mark": ("integrity", _signed_whole(WHOLE, encrypted(b"canary".ljust(32, b"\0"))), "authentic, but padded without 0x80"),
        "padding_filler": ("integrity", _signed_whole(WHOLE, encrypted(b"canary\x80".ljust(31, b"\0") + b"\1")), "authentic, but the filler is not zero"),
        "padding_too_long": ("integrity", _signed_whole(WHOLE, encrypted(b"canary\x80".ljust(48, b"\0"))), "authentic, but padded to the next bucket"),
    }
    for name, (expect, data, comment) in table.items():
        yield Case(f"whole_{name}", expect, WHOLE, data, comment)


def files_on_their_own() -> Iterator[Case]:
    """Portable files without a record, and files of scope `file`."""
    portable = World("app.yaml", seal=None, portable=True)
    data = portable.seal("a: canary\nb: canary\n")
    yield Case("portable_ok", "ok", portable, data, "a portable file opens without a record", b"a: canary\nb: canary\n")
    yield Case("portable_context", "integrity", portable, edit(data, '"prod"', '"test"'), "the context in the header is another one")
    yield Case("portable_no_seal", "integrity", portable, _without(data, "seal"), "a portable file always has a seal")
    yield Case("portable_no_keys", "malformed", portable, _without(data, "keys"), "`context` without `keys`")
    yield Case("portable_value", "integrity", portable, portable.signed(edit(data, tokens(data)[0], tokens(data)[1])), "a value at another key; valid seal")
    rules = FileRules(["**"], ["b"], "clear")
    own = World("app.yaml", seal=None, scope="file", epoch=1, carried=rules)
    text = "a: canary\nb: canary-b\n"
    data = own.seal(text)
    yield Case("file_ok", "ok", own, data, "a file of scope `file` brings its rules", text.encode())
    changes = {
        "rules_changed": ("integrity", edit(data, '"clear": ["b"]', '"clear": ["b", "a"]'), "the rules are signed"),
        "rules_missing": ("malformed", _without(data, "rules"), "scope `file` needs `rules`"),
        "rules_unknown": ("malformed", edit(data, '"comments": "clear"', '"comments": "clear", "x": 1'), "`rules` has three members"),
        "rules_comments": ("malformed", edit(data, '"comments": "clear"', '"comments": "maybe"'), "`comments` is seal or clear"),
        "rules_glob": ("malformed", edit(data, '"clear": ["b"]', '"clear": ["a*b"]'), "a glob that is none"),
        "keys_missing": ("malformed", _without(data, "keys"), "scope `file` needs `keys`"),
        "seal_missing": ("malformed", _without(data, "seal"), "scope `file` needs `seal`"),
        "epoch": ("malformed", edit(data, "  epoch: 1\n", "  epoch: 2\n"), "scope `file` has one epoch"),
        "keys_wrapped": ("malformed", edit(data, "wrap:v1", "wrap:v2"), "a wrapped key in another form"),
        "keys_member": ("malformed", edit(data, '"to": ', '"too": '), "a wrapped key has three members"),
        "value_in_clear": ("integrity", own.signed(edit(data, f'"{tokens(data)[0]}"', "canary")), "clear where its own rules seal; valid seal"),
    }
    for name, (expect, changed, comment) in changes.items():
        yield Case(f"file_{name}", expect, own, changed, comment)
    keys_changed = edit(data, "age:age1ada", "age:age1bob")
    yield Case("file_ok_keys_changed", "ok", own, keys_changed, "wrapped keys are hints; a wrong one only fails to unwrap", text.encode())


# --- What must open -------------------------------------------------------------------------------


def good_files() -> Iterator[Case]:
    """Good files, and changes that are no faults."""
    clear = YAML_TEXT.encode()
    yield Case("yaml_ok", "ok", YAML, YAML_SEALED, "a good file", clear)
    yield Case("json_ok", "ok", JSON, JSON_SEALED, "a good file", JSON_TEXT.encode())
    yield Case("env_ok", "ok", ENV, ENV_SEALED, "a good file", ENV_TEXT.encode())
    yield Case("whole_ok", "ok", WHOLE, WHOLE_SEALED, "a good file", BLOB)
    for name, content in (("empty", b""), ("31_bytes", b"x" * 31), ("32_bytes", b"x" * 32), ("filler", b"x\x80\0\0")):
        yield Case(f"whole_ok_{name}", "ok", WHOLE, WHOLE.seal(content), f"whole content of {len(content)} bytes", content)
    page = World("config/app.yaml", seal=["**"])
    template = b"a: {{ canary }}\n{% if x %}\n"
    yield Case("whole_ok_template", "ok", page, page.seal(template, whole=True), "a template at a structured path, sealed as a whole", template)
    yield from _formatted(clear)
    yield from _variants()


def _formatted(clear: bytes) -> Iterator[Case]:
    crlf = YAML_SEALED.replace(b"\n", b"\r\n"), clear.replace(b"\n", b"\r\n")
    yield Case("yaml_ok_crlf", "ok", YAML, crlf[0], "all line breaks became CRLF", crlf[1])
    bom = b"\xef\xbb\xbf"
    yield Case("yaml_ok_bom", "ok", YAML, bom + YAML_SEALED, "a byte order mark was added", bom + clear)

    def formatted(data: bytes) -> bytes:
        for old, new in (
            (b"# canary comment\n", b"# another comment\n\n"),
            (b"  pool: [1, 2]\n", b"  pool:\n    - 1 # one\n    - 2\n"),
            (b"  - name: canary-ada\n    pass", b"  -   name: canary-ada\n      pass"),
            (b"replicas: 3\n", b"replicas:   3   # three\n"),
        ):
            data = edit(data, old, new)
        return data

    yield Case("yaml_ok_formatted", "ok", YAML, formatted(YAML_SEALED), "a formatter changed layout and comments", formatted(clear))
    quotes = re.sub(rb'"(seal:v1\[_\w+_\])"', rb"'\1'", YAML_SEALED)
    yield Case("yaml_ok_quotes", "ok", YAML, quotes, "a formatter changed the quotes of sealed values", clear)
    plain = re.sub(rb'"(\w+:v1\[_\w+_\])"', rb"\1", YAML_SEALED)
    yield Case("yaml_ok_plain", "ok", YAML, plain, "a formatter took the quotes away", clear)
    at = tokens(YAML_SEALED)[0]
    folded = edit(YAML_SEALED, f'"{at}"', f">-\n    {at}")
    yield Case("yaml_ok_folded", "ok", YAML, folded, "a formatter wrote a sealed value as a block", clear)
    order = _without(YAML_SEALED, "v") + b"  v: 1\n"
    yield Case("yaml_ok_field_order", "ok", YAML, order, "a formatter sorted the header", clear)
    noted = edit(YAML_SEALED, "gitseal:\n", "gitseal: # header\n")
    yield Case("yaml_ok_comment_in_header", "ok", YAML, noted, "a comment was added in the header", clear)
    mini = json.dumps(json.loads(JSON_SEALED), separators=(",", ":")).encode()
    expected = json.dumps(json.loads(JSON_TEXT), separators=(",", ":")).encode()
    yield Case("json_ok_minified", "ok", JSON, mini, "all white space was taken away", expected)
    escaped = edit(JSON_SEALED, '"service"', '"\\u0073ervice"')
    yield Case("json_ok_escaped", "ok", JSON, escaped, "a name is written with an escape", edit(JSON_TEXT.encode(), '"service"', '"\\u0073ervice"'))
    crlf = ENV_SEALED.replace(b"\n", b"\r\n"), ENV_TEXT.encode().replace(b"\n", b"\r\n")
    yield Case("env_ok_crlf", "ok", ENV, crlf[0], "all line breaks became CRLF", crlf[1])
    more = b"# canary, and a blank line\n\n"
    yield Case("env_ok_comment_behind_header", "ok", ENV, ENV_SEALED + more, "comments were added behind the header", ENV_TEXT.encode() + more)


def _variants() -> Iterator[Case]:
    notes = World("config/app.yaml", comments="seal")
    yield Case("yaml_ok_comments", "ok", notes, notes.seal(YAML_TEXT), "comments are sealed, too", YAML_TEXT.encode())
    plain = World("config/app.yaml", worktree="plain")
    yield Case("yaml_ok_plain_scope", "ok", plain, plain.seal(YAML_TEXT), "a plain scope: no origin", YAML_TEXT.encode())
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
        yield Case(f"yaml_ok_{name}", "ok", everything, everything.seal(text), f"a layout that comes back to the byte: {name.replace('_', ' ')}", text.encode())
    json_all = World("config/app.json", seal=["**"])
    for name, text in {
        "empty_root": "{}\n",
        "no_line_break": '{"a": "canary"}',
        "escapes": '{"a": "\\u0063anary \\"\\\\ \\/ \\ud83d\\udc24"}\n',
        "numbers": '{"a": [-0, 1E400, 10000000000000000000000, 0.10, true, null]}\n',
        "tabs": '{\n\t"a":\t"canary" ,\n\t"b" : [ ]\n}\n',
    }.items():
        yield Case(f"json_ok_{name}", "ok", json_all, json_all.seal(text), f"a layout that comes back to the byte: {name.replace('_', ' ')}", text.encode())
    env_notes = World("config/.env", seal=["**"], comments="seal")
    yield Case("env_ok_comments", "ok", env_notes, env_notes.seal(ENV_TEXT), "comments are sealed, too", ENV_TEXT.encode())
    for name, text in {"no_line_break": "A=1\nB=canary", "duplicate_names": "A=canary\nA=canary\n", "quotes": "A='canary'x\nB=\"canary\\\"s\"\nC=canary # no comment\n"}.items():
        yield Case(f"env_ok_{name}", "ok", ENV, ENV.seal(text), f"a layout that comes back to the byte: {name.replace('_', ' ')}", text.encode())
    loose = World("config/app.yaml", integrity="mergeable")
    data = loose.seal(YAML_TEXT)
    yield Case("yaml_ok_mergeable", "ok", loose, data, "no seal, as the record says", YAML_TEXT.encode())
    emptied = edit(data, f'"{tokens(data)[0]}"', "")
    yield Case("yaml_ok_mergeable_emptied", "ok", loose, emptied, "an emptied value is not noticed without a seal", edit(YAML_TEXT.encode(), "canary-db", ""))
    ours = edit(data, tokens(data)[0], loose.token(DB, write_frame(1, 0, -1, "canary-ours")))
    both = edit(ours, tokens(data)[3], loose.token(key("staging", "password"), write_frame(1, 0, -1, "canary-theirs")))
    merged = YAML_TEXT.replace("canary-db", "canary-ours").replace("canary-three", "canary-theirs")
    yield Case("yaml_ok_mergeable_merged", "ok", loose, both, "two branches changed different keys, and git merged the lines", merged.encode())


GROUPS: tuple[Callable[[], Iterator[Case]], ...] = (
    good_files,
    damaged_values,
    wrong_frames,
    moved_values,
    changed_documents,
    clear_places,
    seals,
    headers,
    header_places,
    cut_files,
    moved_files,
    no_documents,
    whole_files,
    files_on_their_own,
)


def cases() -> list[Case]:
    """Give all cases; their names are unique."""
    made = [case for group in GROUPS for case in group()]
    assert len({case.name for case in made}) == len(made)
    return made


def write(folder: Path) -> int:
    """Write the kit into a folder, take away what is no case, and give their number."""
    folder.mkdir(parents=True, exist_ok=True)
    made = cases()
    names = {case.name for case in made}
    for old in folder.iterdir():
        if old.name not in names:
            old.unlink()
    for case in made:
        (folder / case.name).write_bytes(case.to_bytes())
    return len(made)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "kit"
    print(f"{write(target)} cases in {target}")
