# SPDX-License-Identifier: Apache-2.0
"""File patterns: git's own reading of them, in bounded time."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gitseal.errors import PolicyError
from gitseal.policy.patterns import Patterns, check_pattern


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        (".env", ".env", True),
        (".env", "a/b/.env", True),
        (".env", ".env/below", True),
        (".env", ".env.local", False),
        ("/.env", ".env", True),
        ("/.env", "a/.env", False),
        ("secrets/", "secrets", False),
        ("secrets/", "secrets/a", True),
        ("secrets/", "a/secrets/b/c", True),
        ("envs/prod/**", "envs/prod/a", True),
        ("envs/prod/**", "envs/prod/a/b", True),
        ("envs/prod/**", "envs/prod", False),
        ("envs/prod/**", "x/envs/prod/a", False),
        ("envs/*/db.yaml", "envs/prod/db.yaml", True),
        ("envs/*/db.yaml", "envs/a/b/db.yaml", False),
        ("**/db.yaml", "db.yaml", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "ab", False),
        ("a/*", "a/b/c", True),
        ("*.tar.*", "x.tar.gz", True),
        ("a*b*c", "a1b2c", True),
        ("a*b*c", "a1c2b", False),
        ("a*[xy]?*c", "a1y2c", True),
        ("a*[xy]?*c", "a1yc", False),
        ("ab*ba", "aba", False),
        ("*.p?m", "k.pem", True),
        ("[a-c].txt", "b.txt", True),
        ("[!a-c].txt", "b.txt", False),
        ("[[:digit:]]x", "7x", True),
        ("[]-]x", "]x", True),
        ("\\*x", "*x", True),
        ("\\*x", "yx", False),
        ("caf?", "café", False),
        ("caf??", "café", True),
        ("**", "any/thing", True),
    ],
)
def test_patterns_match_as_git_says(pattern: str, path: str, expected: bool) -> None:
    assert Patterns([pattern]).matches(path) is expected


@pytest.mark.parametrize(
    "path", [".gitignore", ".gitseal.yaml", ".github/x.env", "a/.gitattributes", ".git/config"]
)
def test_names_that_begin_with_git_never_match(path: str) -> None:
    assert not Patterns(["**", "*", "[.]git*", "?git*"]).matches(path)


@pytest.mark.parametrize(
    "pattern",
    [
        "", "/", "//", "!a", "#a", "a//b", "/a//", "a/../b", "./a", "..", ".gitignore", "a/.git/b",
        "\\.gitseal.yaml", "foo**/bar", "***", "a[", "a[b/c]d", "a\\", "a\\/b", "[[:nothing:]]",
        "a ", "a\tb", "a\nb", "a\x00", "x" * 5000,
    ],
)  # fmt: skip
def test_what_git_ignores_or_reads_in_two_ways_is_refused(pattern: str) -> None:
    with pytest.raises(PolicyError):
        check_pattern(pattern)


def test_the_deciding_pattern_is_named() -> None:
    assert Patterns(["*.pem", "prod/"]).decided_by("prod/a") == "prod/"


def test_names_that_are_no_utf8_match_by_their_bytes() -> None:
    path = b"prod/caf\xe9".decode("utf-8", "surrogateescape")

    assert Patterns(["prod/caf?"]).matches(path)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("a*" * 50 + "b", "a" * 4000),
        ("*a" * 50 + "*b*", "a" * 4000),
        ("*a?" * 50 + "*[bc]*", "a" * 4000),
        ("*[ab][ab]" * 50 + "*c*a", "ab" * 2000 + "a"),
        ("a?*" * 50 + "b", "a" * 4000),
        ("[ab]*" * 50 + "c", "ab" * 2000),
        ("**/a/" * 50 + "b", "a/" * 1000 + "c"),
        ("**/*/" * 50 + "b", "a/" * 1000 + "c"),
    ],
)
def test_no_pattern_makes_matching_slow(pattern: str, path: str) -> None:
    started = time.perf_counter()

    assert not Patterns([pattern]).matches(path)
    assert time.perf_counter() - started < 1


NAMES = st.text("ab.x-", min_size=1, max_size=4).filter(
    lambda name: name not in {".", ".."} and not name.startswith(".git")
)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PIECES = st.sampled_from(
    ["a", "b", ".", "x", "-", "*", "?", "[ab]", "[!a]", "[^b]", "[a-x]", "[]a]", "[a-]", "[-a]",
     "[[:alpha:]]", "[![:punct:]b]", "[\\]a]", "[a-\\x]", "[[:a]", "\\a", "\\*", "\\?"]
)  # fmt: skip
SEGMENTS = st.one_of(st.just("**"), st.lists(PIECES, min_size=1, max_size=4).map("".join), NAMES)
PATTERNS = st.builds(
    lambda start, segments, end: start + "/".join(segments) + end,
    st.sampled_from(["", "", "/"]),
    st.lists(SEGMENTS, min_size=1, max_size=4),
    st.sampled_from(["", "", "/"]),
)


def allowed(pattern: str) -> bool:
    try:
        check_pattern(pattern)
    except PolicyError:
        return False
    return True


def git_matches(repo: Path, pattern: str, paths: list[str]) -> list[bool]:
    """What git makes of one pattern, without touching a file: `--no-index` looks at names only."""
    (repo / ".git" / "info" / "exclude").write_bytes(pattern.encode() + b"\n")
    asked = "\0".join(paths) + "\0"
    done = subprocess.run(
        ["git", "check-ignore", "--no-index", "-z", "--stdin", "-v", "-n"],
        cwd=repo,
        input=asked.encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    fields = done.stdout.decode().split("\0")[:-1]
    return [fields[i] != "" for i in range(0, len(fields), 4)]


@settings(
    max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(pattern=PATTERNS.filter(allowed), paths=st.lists(PATHS, min_size=5, max_size=12))
@example(pattern="a/**/", paths=["a", "a/b", "a/b/a", "b/a/a"])
@example(pattern="/**/a", paths=["a", "b/a", "b/x/a/x"])
@example(pattern="**/", paths=["a", "a/b"])
def test_real_git_agrees(repo: Path, pattern: str, paths: list[str]) -> None:
    wanted = git_matches(repo, pattern, paths)
    patterns = Patterns([pattern])

    assert [patterns.matches(path) for path in paths] == wanted
