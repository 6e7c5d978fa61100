# SPDX-License-Identifier: Apache-2.0
"""The block of `.gitattributes`: git filters what is claimed, and users lose nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gitseal.errors import PolicyError, RefusedError
from gitseal.policy.attributes import derive, splice, without
from gitseal.policy.patterns import Patterns, check_pattern

BLOCK = derive({"app": ["secrets/**"]})


def attributes(repo: Path, paths: list[str], *names: str) -> dict[str, dict[str, str]]:
    """What git makes of the attributes of a repository: path -> name -> value."""
    done = subprocess.run(
        ["git", "check-attr", "--stdin", "-z", *names],
        cwd=repo,
        input=b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in paths),
        capture_output=True,
        check=True,
    )
    assert not done.stderr, done.stderr
    fields = done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
    found: dict[str, dict[str, str]] = {path: {} for path in paths}
    for at in range(0, len(fields), 3):
        found[fields[at]][fields[at + 1]] = fields[at + 2]
    return found


def install(repo: Path, files: list[str], before: bytes = b"") -> None:
    (repo / ".gitattributes").write_bytes(splice(before, derive({"app": files})))


def allowed(pattern: str) -> bool:
    try:
        check_pattern(pattern)
    except PolicyError:
        return False
    return True


NAMES = st.one_of(
    st.text("ab.x- ", min_size=1, max_size=4),
    st.sampled_from(
        ["a b", " a", "a ", '"a"', 'a"', "\\", "a\\b", "é", "日本", "!a", "#a", "[attr]x", "[a]",
         "*", "?", "a?", "-", "]", "'", ".git", ".gitignore", ".github", "a.git", "\tx", "x\ny"]
    ),
).filter(lambda name: name not in {".", ".."})  # fmt: skip
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PIECES = st.sampled_from(
    ["a", "b", ".", "x", "-", "*", "?", "[ab]", "[!a]", "[^b]", "[a-x]", "[]a]", "[a-]", "[-a]",
     "[[:alpha:]]", "[![:punct:]b]", "[\\]a]", "[a-\\x]", "[[:a]", "\\a", "\\*", "\\?", " ", "\\ ",
     '"', "\\\\", "é", "本", "\\!", "\\#", "!", "#", "[[:space:]]", "[ -~]", "'"]
)  # fmt: skip
SEGMENTS = st.one_of(st.just("**"), st.lists(PIECES, min_size=1, max_size=4).map("".join))
PATTERNS = st.builds(
    lambda start, segments, end: start + "/".join(segments) + end,
    st.sampled_from(["", "", "/"]),
    st.lists(SEGMENTS, min_size=1, max_size=4),
    st.sampled_from(["", "", "/"]),
).filter(allowed)


@settings(
    max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    patterns=st.lists(PATTERNS, min_size=1, max_size=3),
    paths=st.lists(PATHS, min_size=5, max_size=15, unique=True),
)
@example(patterns=["a/**/"], paths=["a", "a/b", "a/b/a", "b/a/a"])
@example(patterns=["**"], paths=["a", "a/b", ".gitignore", "a/.gitattributes", ".github/x"])
@example(patterns=["**/"], paths=["a", "a/b"])
@example(patterns=["/**/a/**/**/b"], paths=["a/b", "x/a/b", "a/x/y/b/c", "ab"])
@example(patterns=["**/**"], paths=["a", "a/b"])
@example(
    patterns=['"a b"', "\\!x", "\\#y", "[a]ttr"], paths=['"a b"', "!x", "#y", "attr", "d/!x/f"]
)
@example(patterns=["[[]attr]x y"], paths=["[attr]x y", "[attr]x y/z"])
def test_git_filters_exactly_what_the_patterns_claim(
    repo: Path, patterns: list[str], paths: list[str]
) -> None:
    install(repo, patterns)
    claims = Patterns(patterns)

    found = attributes(repo, paths, "filter")

    assert {path: found[path]["filter"] == "gitseal" for path in paths} == {
        path: claims.matches(path) for path in paths
    }


def test_a_claimed_file_is_filtered_and_never_converted(repo: Path) -> None:
    users = b"* text=auto eol=crlf ident working-tree-encoding=UTF-16 filter=lfs diff=x merge=y\n"
    install(repo, ["secrets/**"], users)
    names = ("filter", "diff", "merge", "text", "ident", "working-tree-encoding")

    found = attributes(repo, ["secrets/a.yaml"], *names)["secrets/a.yaml"]

    assert found == {
        "filter": "gitseal", "diff": "gitseal", "merge": "gitseal", "text": "unset",
        "ident": "unset", "working-tree-encoding": "unspecified",
    }  # fmt: skip


def test_files_of_git_keep_the_attributes_that_the_user_gave_them(repo: Path) -> None:
    users = b"* text=auto\n*.png filter=lfs\n"
    install(repo, ["**"], users)

    found = attributes(
        repo, [".github/logo.png", ".gitignore", "d/.gitattributes"], "filter", "text"
    )

    assert found[".github/logo.png"] == {"filter": "lfs", "text": "auto"}
    assert found[".gitignore"] == {"filter": "unspecified", "text": "auto"}
    assert found["d/.gitattributes"] == {"filter": "unspecified", "text": "auto"}


def test_records_have_the_merge_driver_alone_and_keep_their_bytes(repo: Path) -> None:
    install(repo, ["**"], b"* text=auto\n")
    paths = [".gitseal/keyring/app.json", ".gitseal/vouch/app/0123"]

    found = attributes(repo, paths, "filter", "diff", "merge", "text")

    assert found[paths[0]] == {
        "filter": "unspecified", "diff": "unspecified", "merge": "gitseal", "text": "unset",
    }  # fmt: skip
    assert found[paths[1]]["merge"] == "unspecified"
    assert found[paths[1]]["text"] == "unset"


def test_the_block_does_not_depend_on_order_or_names_of_scopes() -> None:
    one = derive({"a": ["x", "y/"], "b": ["z"]})

    assert one == derive({"q": ["z", "y/"], "p": ["x", "z"]})
    assert derive({"a": []}) == derive({}) == ""


@pytest.mark.parametrize(
    ("pattern", "lines"),
    [
        ("secrets/**", ["/secrets/** gitseal"]),
        (".env", ["/**/.env gitseal", "/**/.env/** gitseal"]),
        ("/.env", ["/.env gitseal", "/.env/** gitseal"]),
        ("secrets/", ["/**/secrets/** gitseal"]),
        ("my files/a", ['"/my files/a" gitseal', '"/my files/a/**" gitseal']),
    ],
)
def test_lines_that_people_can_read(pattern: str, lines: list[str]) -> None:
    assert derive({"app": [pattern]}).splitlines()[1 : 1 + len(lines)] == lines


@pytest.mark.parametrize("text", ["a\n* -filter", "!a", "", "a\rb"])
def test_a_pattern_that_is_none_is_refused(text: str) -> None:
    # Claims of records are read before their signatures: a line break must not get in here.
    with pytest.raises(PolicyError):
        derive({"app": [text]})


def test_a_line_that_git_would_ignore_is_refused(repo: Path) -> None:
    longest = "x" * (2047 - len("/**//** gitseal"))
    install(repo, [longest])
    assert attributes(repo, ["a/" + longest + "/b"], "filter")["a/" + longest + "/b"] == {
        "filter": "gitseal"
    }

    with pytest.raises(PolicyError, match="longer"):
        derive({"app": [longest + "x"]})


TEXTS = st.lists(
    st.sampled_from(
        [
            b"*.png binary",
            b"",
            b"# mine",
            b"a b\r",
            b"\r",
            b'"a b" text',
            b"caf\xe9 -diff",
            b" ",
            b"\x0b",
        ]
    ),
    max_size=5,
).flatmap(
    lambda lines: st.sampled_from(
        [b"\n".join(lines), b"\r\n".join(lines), b"\n".join([*lines, b""])]
    )
)


@given(existing=TEXTS)
@example(existing=b"a\r")
@example(existing=b"a\r\nb")
def test_what_is_put_in_is_taken_out_again_exactly(existing: bytes) -> None:
    once = splice(existing, BLOCK)

    assert without(once) == existing
    assert splice(once, BLOCK) == once
    assert once.endswith((b"# <<< gitseal <<<\n", b"# <<< gitseal <<<\r\n"))
    assert splice(once, "") == existing


@given(before=TEXTS, after=TEXTS.filter(bool))
def test_lines_behind_the_block_come_to_stand_before_it(before: bytes, after: bytes) -> None:
    again = splice(splice(before, BLOCK) + after, BLOCK)

    assert again.endswith((b"gitseal <<<\n", b"gitseal <<<\r\n"))
    assert again.count(b"# >>> gitseal >>>") == 1
    assert without(again).startswith(before)
    assert without(again).endswith(after)


def test_a_changed_block_is_replaced_in_place() -> None:
    other = derive({"app": ["other"]})

    assert splice(splice(b"mine\n", BLOCK), other) == splice(b"mine\n", other)


def test_a_block_that_git_checked_out_with_crlf_is_up_to_date() -> None:
    checked_out = splice(b"", BLOCK).replace(b"\n", b"\r\n")

    assert splice(checked_out, BLOCK) == checked_out


def test_conflict_markers_inside_the_block_mend_themselves() -> None:
    text = splice(b"mine\n", BLOCK).replace(
        b"/secrets/** gitseal\n", b"<<<<<<< a\n/x gitseal\n=======\n/y gitseal\n>>>>>>> b\n"
    )

    assert splice(text, BLOCK) == splice(b"mine\n", BLOCK)


@pytest.mark.parametrize(
    "text",
    [
        b"# >>> gitseal >>>\nx\n",
        b"x\n# <<< gitseal <<<\n",
        b"# >>> gitseal >>>\n# >>> gitseal >>>\n# <<< gitseal <<<\n",
    ],
)
def test_half_a_block_is_refused(text: bytes) -> None:
    with pytest.raises(RefusedError, match="marker"):
        splice(text, BLOCK)
    with pytest.raises(RefusedError, match="marker"):
        without(text)
