# SPDX-License-Identifier: Apache-2.0
"""`.gitseal.yaml`: every slip has a line, a reason and a way on."""

from __future__ import annotations

import pytest

from gitseal.errors import GitsealError, NewerVersionError, PolicyError
from gitseal.keys import Context
from gitseal.policy.config import Config
from gitseal.policy.presets import PRESETS
from gitseal.policy.terms import Reader

TEXT = """\
# who may read what
version: 1
readers:
  alice: age1aaa
  ci: age1bbb
  on: arn:aws:kms:eu-west-1:111122223333:key/x
groups:
  ops: [alice, ci]
  all: [ops, "on"]
scopes:
  payments-prod:
    files: ["envs/prod/payments/**"]
    context: {app: payments, env: prod}
    readers: [all, alice]
    seal: ["**"]
    clear: ["metadata.**", kind]
    comments: seal
    worktree: sealed
    integrity: strict
    portable: false
  2024-01-01:
    files:
      - .env
    readers:
    - ci
    agents: deny
"""


def read(text: str) -> Config:
    return Config.parse(text.encode())


def test_everything_is_read_as_it_was_typed() -> None:
    config = read(TEXT)

    assert list(config.readers) == ["alice", "ci", "on"]
    assert config.groups["all"] == ("ops", "on")
    scope = config.scopes["payments-prod"]
    assert scope.context == Context({"app": "payments", "env": "prod"})
    assert scope.files == ("envs/prod/payments/**",)
    assert scope.clear == ("metadata.**", "kind")
    assert config.scopes["2024-01-01"].agents == "deny"


def test_groups_are_expanded_in_order_and_each_reader_once() -> None:
    assert read(TEXT).expand("payments-prod") == [
        Reader("alice", "age1aaa"),
        Reader("ci", "age1bbb"),
        Reader("on", "arn:aws:kms:eu-west-1:111122223333:key/x"),
    ]


def test_defaults_are_the_safe_ones() -> None:
    policy = read(TEXT).policy("2024-01-01")

    assert policy.seal == ("**",)
    assert (policy.clear, policy.whole) == ((), ())
    assert (policy.comments, policy.worktree, policy.integrity) == ("seal", "sealed", "strict")
    assert not policy.portable


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_stands_for_its_globs(preset: str) -> None:
    config = read(TEXT.replace("agents: deny", f"preset: {preset}\n    clear: [mine, kind]"))

    clear = config.policy("2024-01-01").clear
    assert clear[:2] == ("mine", "kind")
    assert set(clear) == {"mine", "kind", *PRESETS[preset]}
    assert len(clear) == len(set(clear))


def test_sections_may_still_be_empty() -> None:
    config = read("version: 1\nreaders:\ngroups: {}\nscopes: ~\n")

    assert (config.readers, config.groups, config.scopes) == ({}, {}, {})


def test_bom_and_crlf_are_fine() -> None:
    assert Config.parse(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode()) == read(TEXT)


def test_lines_are_known_for_later_errors() -> None:
    config = read(TEXT)

    assert config.where("readers", "ci") == ".gitseal.yaml:5"
    assert config.where("scopes", "payments-prod", "clear") == ".gitseal.yaml:16"
    assert config.where("scopes", "payments-prod", "whole") == ".gitseal.yaml:11"
    assert config.where("elsewhere") == ".gitseal.yaml"


@pytest.mark.parametrize(
    ("old", "new", "line", "message", "hint"),
    [
        ("worktree: sealed", "worktre: sealed", 18, "no field 'worktre'", "'worktree'"),
        ("groups:", "grups:", 7, "no field 'grups'", "'groups'"),
        ("[all, alice]", "[all, alise]", 14, "no reader or group is called 'alise'", "'alice'"),
        ("[alice, ci]", "[alice, zed]", 8, "is called 'zed'", "list it under readers"),
        ("[alice, ci]", "[alice, all]", 8, "ops > all > ops", None),
        ("[alice, ci]", "[alice, ops]", 8, "ops > ops", None),
        ("  ops: [", "  alice: [", 8, "a reader and a group", None),
        ("ci: age1bbb", "ci: age1aaa", 5, "'alice' and 'ci' have the same key", None),
        ("ci: age1bbb", "alice: age1bbb", 5, "stands here twice", None),
        ("ci: age1bbb", "ci:", 5, "single value", None),
        ("ci: age1bbb", "ci: 'age1bbb '", 5, "blank", None),
        ("ci: age1bbb", "ci: !!str age1bbb", 5, "tags", None),
        ("ci: age1bbb", "ci: [a]", 5, "single value", None),
        ("ci: age1bbb", "c i: age1bbb", 5, "reader name", None),
        ("ci: age1bbb", '"c\\u202ei": age1bbb', 5, "reader name", None),
        ("ci: age1bbb", 'ci: "age1\\u00e9"', 5, "key URI", None),
        ("[all, alice]", "[alice, alice]", 14, "listed twice", None),
        ("[all, alice]", "alice", 14, "a list belongs here", '["'),
        ("[all, alice]", "[]", 11, "lists no readers", None),
        ("payments-prod:", "Payments:", 11, "scope name", None),
        ("payments-prod:", "file:", 11, "reserved", None),
        ("payments-prod:", "con:", 11, "reserved", None),
        ("env: prod}", "ENV: prod}", 13, "context key", None),
        ("env: prod}", "gitseal-x: prod}", 13, "reserved", None),
        ("env: prod}", "env: pröd}", 13, "context value", None),
        ("env: prod}", "env: ''}", 13, "context value", None),
        ("env: prod}", "b: b, c: c, d: d, e: e, f: f}", 13, "at most 5", None),
        ("{app: payments, env: prod}", "payments", 13, "context is a mapping", None),
        ('"envs/prod/payments/**"', '"!x"', 12, "only add files", "to be sealed"),
        ('"envs/prod/payments/**"', '"../x"', 12, "never matches", "from the root"),
        ('"envs/prod/payments/**"', '".gitseal/**"', 12, "git's own", None),
        ("kind]", '"ki*nd"]', 16, "whole segment", None),
        ("integrity: strict", "integrity: strikt", 19, "strict or mergeable", "'strict'"),
        ("integrity: strict", "integrity: [strict]", 19, "single value", None),
        ("portable: false", "portable: no", 20, "false or true", None),
        ("portable: false", 'portable: "true"', 20, "false or true", None),
        ("portable: false", "preset: docker", 20, "kubernetes or helm or compose", None),
        ("integrity: strict\n    portable: false", "integrity: mergeable\n    portable: true",
         11, "integrity: strict only", None),
        ("version: 1", "version: '2.0'", 2, "version is 1", None),
        ("version: 1\n", "", 2, "'version' is missing", "version: 1"),
        ("[alice, ci]", "&x [alice, ci]", 8, "anchors and aliases", "group"),
        ("[alice, ci]", "*x", 8, "anchors and aliases", "group"),
        ("[alice, ci]", "!!seq [alice, ci]", 8, "tags", None),
        ("[alice, ci]", "[[[[[[[[[[alice]]]]]]]]]]", 8, "too deeply", None),
        ("  ops: [", "  <<: [", 8, "reader name", None),
        ("  ops: [", "  ? [x]\n  : [", 8, "a key is a name", None),
        ("    files: [", "     files: [", 13, "not YAML", None),
        ("# who", "---\n---\n# who", 2, "only one document", None),
        ("# who", "# who\x85", 1, "U+0085", None),
        ("# who", "a: [\n# who", 4, "not YAML", None),
    ],
)  # fmt: skip
def test_a_slip_is_named(old: str, new: str, line: int, message: str, hint: str | None) -> None:
    assert old in TEXT
    with pytest.raises(GitsealError) as caught:
        read(TEXT.replace(old, new, 1))

    assert isinstance(caught.value, PolicyError)
    assert message in caught.value.message
    assert caught.value.path == f".gitseal.yaml:{line}"
    assert hint is None or hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"# nothing\n", "empty"),
        (b"version: 1\nreaders: {a: \xff}\n", "not UTF-8"),
        (b"- version\n", "mapping"),
        (b"version: 1\nreaders: [a]\n", "mapping from names"),
        (b"version: 1\r# x\n", "000D"),
        (b"version: 1 \x07\n", "not YAML"),
        (b"#" * 2_000_000, "larger"),
        (b"[" * 100_000, "too deeply"),
    ],
)
def test_what_is_no_policy_file_at_all(data: bytes, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        Config.parse(data)


def test_a_newer_version_says_so() -> None:
    with pytest.raises(NewerVersionError) as caught:
        read("version: 2\nsurprise: []\n".replace("surprise: []\n", ""))
    assert caught.value.path == ".gitseal.yaml:1"


def test_groups_are_not_nested_without_end() -> None:
    layers = "".join(f"  g{layer}: [g{layer + 1}]\n" for layer in range(30))
    text = f"version: 1\nreaders: {{alice: age1a}}\ngroups:\n{layers}  g30: [alice]\n"

    with pytest.raises(PolicyError, match="nested too deeply"):
        read(text)


def test_many_groups_of_groups_cost_little() -> None:
    layers = [
        f"  g{layer}-{i}: [g{layer + 1}-0, g{layer + 1}-1, g{layer + 1}-2]"
        for layer in range(19)
        for i in range(3)
    ]
    last = [f"  g19-{i}: [alice]" for i in range(3)]
    text = "version: 1\nreaders:\n  alice: age1a\ngroups:\n" + "\n".join(layers + last)
    config = read(text + "\nscopes:\n  s: {files: [a], readers: [g0-0]}\n")

    assert config.expand("s") == [Reader("alice", "age1a")]
