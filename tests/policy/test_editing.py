# SPDX-License-Identifier: Apache-2.0
"""Commands that change `.gitseal.yaml` touch one line, in whatever style people keep the file."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseal.errors import NotFoundError, PolicyError, UsageError
from gitseal.keys import Context
from gitseal.policy.config import Config, ScopeConfig
from gitseal.policy.editing import (
    add_files,
    add_items,
    add_reader,
    add_scope,
    create,
    remove_items,
    remove_reader,
    set_field,
    set_key,
)

BLOCK = b"""\
# Who may read what.

version: 1   # do not touch

readers:
  # people
  alice: age1aaa   # Alice, laptop
  "bob":   'age1bbb'

  # machines
  ci: age1ccc
groups:
  ops:
  - alice
  - ci      # the runner

scopes:
  # the shop
  shop:
      files:
          - "prod/**"
          - 'envs/**'   # old ones
      context: {app: shop}
      readers:
          - ops
          - bob
      integrity: strict
# the end
"""

FLOW = b"""\
version: 1
readers: {alice: age1aaa, bob: age1bbb, ci: age1ccc}
groups: {ops: [alice, ci]}
scopes:
  shop: {files: ["prod/**", "envs/**"], readers: [ops, bob], integrity: strict}
"""

LONG = b"""\
version: 1
readers:
    alice: "age1aaa"
    bob: "age1bbb"
    ci: "age1ccc"

groups:
    ops: [
        alice,  # me
        ci,
    ]

scopes:
    shop:
        files: [
            "prod/**",
            "envs/**"   # no comma here
        ]
        readers: [ops,
                  bob]
        integrity: "strict"
"""

STYLES = {
    "block": BLOCK,
    "flow": FLOW,
    "long": LONG,
    "crlf": BLOCK.replace(b"\n", b"\r\n"),
    "bom": b"\xef\xbb\xbf" + LONG,
    "no final break": LONG.rstrip(b"\n"),
    "block, no final break": BLOCK.replace(b"# the end\n", b"").rstrip(b"\n"),
    "document signs": b"---\n" + BLOCK + b"...\n",
}


@pytest.fixture(params=STYLES, ids=list(STYLES))
def data(request: pytest.FixtureRequest) -> bytes:
    return STYLES[request.param]


def touched(before: bytes, after: bytes) -> tuple[int, int]:
    """The number of lines that went and that came."""
    old, new = (text.decode("utf-8").splitlines(keepends=True) for text in (before, after))
    diff = list(difflib.ndiff(old, new))
    return sum(line[0] == "-" for line in diff), sum(line[0] == "+" for line in diff)


def check_style(before: bytes, after: bytes) -> None:
    assert (b"\r\n" in before) == (b"\r\n" in after)
    assert after.count(b"\n") == after.count(b"\r\n") or b"\r\n" not in before
    assert before.startswith(b"\xef\xbb\xbf") == after.startswith(b"\xef\xbb\xbf")
    assert before.endswith(b"\n") == after.endswith(b"\n")


class TestReaders:
    def test_one_is_added_to_a_scope_and_a_group(self, data: bytes) -> None:
        result = add_reader(data, "dora", "age1ddd", scopes=["shop"], groups=["ops"])

        config = Config.parse(result)
        assert config.readers["dora"] == "age1ddd"
        assert config.scopes["shop"].readers == ("ops", "bob", "dora")
        assert config.groups["ops"] == ("alice", "ci", "dora")
        check_style(data, result)
        gone, came = touched(data, result)
        assert gone <= 4
        assert came - gone <= 3

    def test_adding_twice_changes_nothing(self, data: bytes) -> None:
        once = add_reader(data, "dora", "age1ddd", scopes=["shop"])

        assert add_reader(once, "dora", "age1ddd", scopes=["shop"]) == once

    def test_adding_and_removing_gives_the_same_policy(self, data: bytes) -> None:
        added = add_reader(data, "dora", "age1ddd", scopes=["shop"], groups=["ops"])
        result = remove_reader(added, "dora")

        assert Config.parse(result) == Config.parse(data)
        check_style(data, result)

    def test_one_is_removed_everywhere(self, data: bytes) -> None:
        result = remove_reader(data, "ci")

        config = Config.parse(result)
        assert list(config.readers) == ["alice", "bob"]
        assert config.groups["ops"] == ("alice",)
        check_style(data, result)
        assert b"# people" in result or b"# people" not in data

    def test_a_group_that_would_be_empty_goes_too(self, data: bytes) -> None:
        config = Config.parse(remove_reader(remove_reader(data, "ci"), "alice"))

        assert config.groups == {}
        assert config.scopes["shop"].readers == ("bob",)

    def test_the_last_reader_of_a_scope_stays(self, data: bytes) -> None:
        rest = remove_reader(remove_reader(data, "bob"), "ci")

        with pytest.raises(PolicyError, match="no reader left"):
            remove_reader(rest, "alice")

    def test_leaving_one_scope_leaves_the_group_alone(self, data: bytes) -> None:
        config = Config.parse(remove_reader(data, "ci", scopes=["shop"]))

        assert config.groups["ops"] == ("alice", "ci")
        assert config.scopes["shop"].readers == ("bob", "alice")
        assert "ci" in config.readers

    def test_leaving_a_scope_that_names_one_directly(self, data: bytes) -> None:
        config = Config.parse(remove_reader(data, "bob", scopes=["shop"]))

        assert config.scopes["shop"].readers == ("ops",)
        with pytest.raises(PolicyError, match="no reader left"):
            remove_reader(set_field(data, "shop", "readers", ["bob"]), "bob", scopes=["shop"])

    def test_another_key_for_a_name_is_refused(self, data: bytes) -> None:
        with pytest.raises(UsageError, match="another key"):
            add_reader(data, "alice", "age1other")

    def test_a_group_is_no_reader(self, data: bytes) -> None:
        with pytest.raises(UsageError, match="is a group"):
            add_reader(data, "ops", "age1other")

    def test_who_is_not_there_cannot_go(self, data: bytes) -> None:
        with pytest.raises(NotFoundError):
            remove_reader(data, "zoe")
        with pytest.raises(NotFoundError):
            remove_reader(add_reader(data, "zoe", "age1zzz"), "zoe", scopes=["shop"])
        with pytest.raises(NotFoundError):
            add_reader(data, "zoe", "age1zzz", scopes=["elsewhere"])

    def test_a_key_changes_in_place(self, data: bytes) -> None:
        result = set_key(data, "bob", "age1new")

        assert Config.parse(result).readers["bob"] == "age1new"
        assert touched(data, result) == (1, 1)

    @pytest.mark.parametrize(
        "key", ["arn:aws:kms:eu-west-1:1:key/x", "ssh-ed25519 AAAA x@y", "age1 #x", "a: b", "on"]
    )
    def test_awkward_keys_are_quoted_where_that_is_needed(self, data: bytes, key: str) -> None:
        assert Config.parse(add_reader(data, "zoe", key)).readers["zoe"] == key


class TestScopes:
    def test_a_scope_is_added_at_the_end(self, data: bytes) -> None:
        scope = ScopeConfig(
            "dev", files=["dev/**", ".env"], readers=["bob", "ops"], worktree="plain",
            context=Context({"app": "shop", "env": "dev"}), portable=True,
        )  # fmt: skip
        result = add_scope(data, scope)

        assert Config.parse(result).scopes["dev"] == scope
        check_style(data, result)
        gone, _ = touched(data, result)
        assert gone <= 1

    def test_names_are_unique(self, data: bytes) -> None:
        with pytest.raises(UsageError, match="there is a scope"):
            add_scope(data, ScopeConfig("shop", files=["x"], readers=["bob"]))

    def test_a_scope_that_would_be_refused_is_not_written(self, data: bytes) -> None:
        with pytest.raises(PolicyError, match="no reader or group"):
            add_scope(data, ScopeConfig("dev", files=["x"], readers=["zoe"]))

    def test_patterns_are_added_once(self, data: bytes) -> None:
        result = add_files(data, "shop", ["prod/**", "*.pem"])

        assert Config.parse(result).scopes["shop"].files == ("prod/**", "envs/**", "*.pem")
        assert b'"*.pem"' in result
        with pytest.raises(PolicyError, match="only add files"):
            add_files(data, "shop", ["!no"])

    def test_single_fields_are_set_or_added(self, data: bytes) -> None:
        result = set_field(data, "shop", "integrity", "mergeable")
        result = set_field(result, "shop", "comments", "clear")

        scope = Config.parse(result).scopes["shop"]
        assert (scope.integrity, scope.comments) == ("mergeable", "clear")
        with pytest.raises(PolicyError, match="did you mean|strict or mergeable"):
            set_field(data, "shop", "integrity", "strickt")

    def test_portable_is_a_bool(self, data: bytes) -> None:
        assert Config.parse(set_field(data, "shop", "portable", value=True)).scopes["shop"].portable

    def test_lists_are_set_item_by_item(self, data: bytes) -> None:
        result = set_field(data, "shop", "files", ["envs/**", "new/**"])
        assert Config.parse(result).scopes["shop"].files == ("envs/**", "new/**")

        result = set_field(result, "shop", "clear", ["kind", "metadata.**"])
        assert Config.parse(result).scopes["shop"].clear == ("kind", "metadata.**")

        result = set_field(result, "shop", "clear", [])
        assert Config.parse(result).scopes["shop"].clear == ()

    def test_the_context_never_changes(self, data: bytes) -> None:
        with pytest.raises(UsageError, match="never changes"):
            set_field(data, "shop", "context", ["x"])


class TestLayouts:
    @pytest.mark.parametrize(
        "readers",
        ["readers:", "readers: # none yet", "readers: {}", "readers: null", "readers: ~  # x", ""],
    )
    def test_the_first_reader_of_all(self, readers: str) -> None:
        text = f"version: 1\n{readers}\n\nscopes:\n"

        result = add_reader(text.encode(), "alice", "age1aaa")
        assert Config.parse(result).readers == {"alice": "age1aaa"}
        assert ("#" in readers) == (b"#" in result)

    def test_the_first_scope_of_all(self) -> None:
        data = b"version: 1\nreaders: {alice: age1aaa}\n"
        scope = ScopeConfig("dev", files=["dev/**"], readers=["alice"])

        assert Config.parse(add_scope(data, scope)).scopes == {"dev": scope}

    def test_the_last_item_leaves_an_empty_list(self) -> None:
        for text in ("a: [x]", "a:\n- x\n", "a:\n  - x # y\nb: c", "a: [\n  x,\n]\n", "a: [ x , ]"):
            result = remove_items(text.encode(), ("a",), ["x"])
            assert b"x" not in result, text
            assert b"[]" in result, text

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (b"a: [x, y]  # c\n", b"a: [x, y, z]  # c\n"),
            (b"a: [x, y,]\n", b"a: [x, y, z,]\n"),
            (b"a: ['x', 'y']\n", b"a: ['x', 'y', \"z\"]\n"),
            (b"a: []\n", b'a: ["z"]\n'),
            (b"a:\n- x # c\n# d\nb: c\n", b"a:\n- x # c\n- z\n# d\nb: c\n"),
            (b"a:\n    - x\n\nb: c\n", b"a:\n    - x\n    - z\n\nb: c\n"),
            (b"a: [\n  x,  # c\n]\n", b"a: [\n  x,  # c\n  z,\n]\n"),
            (b"a: [\n  x  # c\n]\n", b"a: [\n  x,  # c\n  z\n]\n"),
            (b"a: [\n  x  # c, d\n  , y\n  ]\n", b"a: [\n  x  # c, d\n  , y,\n  z\n  ]\n"),
        ],
    )
    def test_an_item_comes_as_its_neighbours_stand(self, before: bytes, after: bytes) -> None:
        assert add_items(before, ("a",), ["z"]) == after

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (b"a: [x, y, z]\n", b"a: [x, z]\n"),
            (b"a: [x, y]\n", b"a: [x]\n"),
            (b"a: [y, x]\n", b"a: [x]\n"),
            (b"a: [x, y,]\n", b"a: [x,]\n"),
            (b"a:\n- x # c\n- y # d\n# e\n", b"a:\n- x # c\n# e\n"),
            (b"a: [\n  x,  # c\n  y,  # d\n  z\n]\n", b"a: [\n  x,  # c\n  z\n]\n"),
            (b"a: [x,\n    y]\n", b"a: [x]\n"),
        ],
    )
    def test_an_item_goes_with_its_line_and_comment(self, before: bytes, after: bytes) -> None:
        assert remove_items(before, ("a",), ["y"]) == after

    def test_a_list_that_is_still_empty_is_begun(self) -> None:
        assert add_items(b"a:  # c\nb: x\n", ("a",), ["z"]) == b'a: ["z"]  # c\nb: x\n'

    def test_what_is_not_there_is_named(self) -> None:
        with pytest.raises(NotFoundError, match="'z' is not listed"):
            remove_items(b"a: [x]\n", ("a",), ["z"])
        with pytest.raises(NotFoundError, match="no scope is called"):
            set_field(BLOCK, "elsewhere", "clear", [])
        with pytest.raises(NotFoundError, match="no reader is called"):
            set_key(BLOCK, "zoe", "age1zzz")

    @pytest.mark.parametrize(
        "text", ["version: 1\nreaders: {\n  a: age1a}\nscopes:\n", "version: 1\nreaders: {}\n"]
    )
    def test_a_scope_below_anything_still_reads_as_meant(self, text: str) -> None:
        scope = ScopeConfig("dev", files=["dev/**"], readers=["zoe"])
        data = add_reader(text.encode(), "zoe", "age1zzz")

        assert Config.parse(add_scope(data, scope)).scopes["dev"] == scope

    def test_a_scope_does_not_fit_between_braces(self) -> None:
        scope = ScopeConfig("dev", files=["dev/**"], readers=["alice"])
        data = FLOW.replace(b"scopes:\n  shop: {", b"scopes: {shop: {").rstrip() + b"}\n"

        with pytest.raises(PolicyError, match="too unusual"):
            add_scope(data, scope)

    def test_what_is_too_unusual_is_left_alone(self) -> None:
        with pytest.raises(PolicyError, match="too unusual"):
            add_reader(b"{version: 1, readers: {a: age1a}}\n", "zoe", "age1zzz")


class TestCreating:
    def test_a_first_file_explains_itself(self) -> None:
        scope = ScopeConfig(
            "app", files=["**/.env"], readers=["alice"], context=Context({"app": "shop"})
        )
        data = create({"alice": "age1aaa", "on": "ssh-ed25519 AAAA"}, [scope], {"ops": ["alice"]})

        config = Config.parse(data)
        assert config.scopes == {"app": scope}
        assert config.readers == {"alice": "age1aaa", "on": "ssh-ed25519 AAAA"}
        assert config.groups == {"ops": ("alice",)}
        assert data.startswith(b"# .gitseal.yaml - who may read what.")
        assert b"gitignore patterns" in data
        assert max(map(len, data.decode().splitlines())) <= 100

    def test_it_must_be_valid(self) -> None:
        with pytest.raises(PolicyError):
            create({}, [ScopeConfig("app", files=["x"], readers=["alice"])])

    @given(
        st.builds(
            ScopeConfig,
            st.just("s"),
            files=st.lists(st.text("a*/.# ':[]{}é", min_size=1), min_size=1, max_size=3),
            readers=st.just(["alice"]),
            clear=st.lists(st.sampled_from(["kind", "a.b", "**.x", "a: b", "null"]), max_size=3),
            preset=st.sampled_from([None, "helm"]),
            worktree=st.sampled_from(["sealed", "plain"]),
        )
    )
    def test_what_is_written_reads_as_meant(self, scope: ScopeConfig) -> None:
        try:
            data = create({"alice": "age1aaa"}, [scope])
        except PolicyError:
            return
        assert Config.parse(data).scopes["s"] == scope
