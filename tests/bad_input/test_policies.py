# SPDX-License-Identifier: Apache-2.0
"""`.gitseal.yaml` with slips of the hand: each is named by its line, and nothing is applied."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from desk import ENV, Desk
from trouble import refused

POLICY = """\
version: 1
readers:
  ada: @KEY
scopes:
  app:
    files: [".env", "*.yaml"]
    readers: [ada]
"""

Change = Callable[[str], str | bytes]


def put(old: str, new: str) -> Change:
    return lambda text: text.replace(old, new, 1)


def more(text: str) -> Change:
    return lambda policy: policy + text


NEW_SCOPE = "  two:\n    files: ['*.env']\n    readers: [ada]\n"
# name -> change, place, what the message says
SLIPS: dict[str, tuple[Change, str, str]] = {
    "no YAML": (more("x: [\n"), ":9", "not YAML"),
    "conflict markers": (lambda t: f"<<<<<<< a\n{t}=======\n>>>>>>> b\n", ":1", "markers"),
    "nothing": (lambda _: "", "", "gitseal init"),
    "a comment": (lambda _: "# later\n", "", "gitseal init"),
    "null": (lambda _: "null\n", "", "gitseal init"),
    "a list": (lambda _: "- a\n", ":1", "mapping"),
    "a word": (lambda _: "later\n", ":1", "mapping"),
    "two documents": (more("---\na: 1\n"), ":8", "one document"),
    "a field twice": (more("version: 1\n"), ":8", "twice"),
    "no version": (put("version: 1\n", ""), ":1", "version: 1"),
    "an unknown field": (put("readers:", "readrs:"), ":2", "did you mean 'readers'"),
    "an unknown field of a scope": (more("    worktre: x\n"), ":8", "did you mean 'worktree'"),
    "an unknown word": (more("    worktree: plane\n"), ":8", "did you mean 'plain'"),
    "an unknown reader": (put("[ada]", "[adda]"), ":7", "did you mean 'ada'"),
    "no readers": (put("[ada]", "[]"), ":5", "no readers"),
    "no files": (put('[".env", "*.yaml"]', "[]"), ":5", "no files"),
    "groups in a circle": (
        lambda t: put("scopes:", "groups:\n  a: [b]\n  b: [a]\nscopes:")(
            t.replace("readers: [ada]", "readers: [a]")
        ),
        "",
        "contain each other",
    ),
    "a damaged key": (put("@KEY", "age1xyz"), "", "reader ada: 'age1xyz'"),
    "an unknown key": (put("@KEY", "foo:bar"), "", "reader ada: 'foo:bar'"),
    "a private key": (put("@KEY", "AGE-SECRET-KEY-1" + "Q" * 58), "", "private key"),
    "a pattern that takes out": (put("*.yaml", "!*.yaml"), ":6", "only add"),
    "a pattern of git's files": (put("*.yaml", ".gitattributes"), ":6", "never sealed"),
    "an open bracket": (put("*.yaml", "[z-a"), ":6", "not closed"),
    "a long pattern": (put("*.yaml", "*" * 10_000), ":6", "4096"),
    "a scope's name": (put("  app:", "  App:"), ":5", "'App'"),
    "a reserved name": (put("  app:", "  file:"), ":5", "reserved"),
    "a context key": (more("    context: {App: x}\n"), ":8", "'App'"),
    "a context value": (more("    context: {a: é}\n"), ":8", "ASCII"),
    "six pairs": (more("    context: {a: a, b: b, c: c, d: d, e: e, f: f}\n"), ":8", "at most 5"),
    "an alias": (put("[ada]", "*x"), ":7", "aliases"),
    "an alias bomb": (more("a: &a [x, x]\nb: &b [*a, *a]\n"), ":8", "aliases"),
    "a tag": (put("version: 1", "version: !!python/object:os.system 1"), ":1", "tags"),
    "UTF-16": (lambda t: t.encode("utf-16"), ":1", "UTF-8"),
    "Latin-1": (lambda t: t.encode() + b"# \xe9\n", ":8", "UTF-8"),
    "a lone carriage return": (put("version: 1\n", "version: 1\r"), "", "U+000D"),
    "U+2028": (put("ada]", "ada\u2028]"), ":7", "U+2028"),
    "a NUL": (put("ada]", "ada\0]"), ":7", "U+0000"),
    "an escape sequence": (put("ada", "\x1b[31mada"), "", "not YAML"),
    "100,000 levels": (more("x: " + "[" * 100_000), ":8", "nested too deeply"),
    "more than 1 MiB": (more("#" * 2_000_000), "", "1 MiB"),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_named_by_its_line(name: str, desk: Desk) -> None:
    change, place, says = SLIPS[name]
    text = change(POLICY)
    data = text if isinstance(text, bytes) else text.encode()
    desk.write(".gitseal.yaml", data.replace(b"@KEY", desk.recipient.encode(), 1))

    answer = refused(desk, "apply", "--yes", code=2, says=[f"error: .gitseal.yaml{place}", says])

    assert "\x1b" not in answer.err
    assert len(answer.err) < 5_000


def test_a_policy_of_a_newer_gitseal(desk: Desk) -> None:
    desk.write(".gitseal.yaml", POLICY.replace("version: 1", "version: 2").replace("@KEY", "age1x"))

    refused(desk, "apply", "--yes", code=8, says=[".gitseal.yaml:1", "newer"])


@pytest.mark.parametrize("second", [NEW_SCOPE, NEW_SCOPE.replace("'*.env'", "'**'")])
def test_a_file_in_two_scopes(second: str, desk: Desk) -> None:
    desk.write(".env", ENV)
    desk.write(".gitseal.yaml", (POLICY + second).replace("@KEY", desk.recipient))

    refused(desk, "apply", "--yes", code=2, says=[".env", "app", "two"])


def test_no_policy_at_all(desk: Desk) -> None:
    desk.write(".env", ENV)

    refused(desk, "apply", code=2, says=["no .gitseal.yaml", "gitseal init"])
    refused(desk, "encrypt", ".env", code=6, says=[".env: no scope"])
    refused(desk, "readers", "add", "ben", desk.recipient, code=2, says=["gitseal init"])


def test_a_reader_who_is_not_there(app: Desk) -> None:
    app.write(".gitseal.yaml", POLICY.replace("@KEY", app.recipient))

    refused(app, "readers", "remove", "adda", "--yes", code=1, says=["adda"])
    refused(app, "readers", "add", "b b", app.recipient, "--yes", code=2, says=["b b"])
    refused(app, "readers", "add", "ben", "age1xyz", "--yes", code=2, says=["age1xyz"])
    refused(
        app, "readers", "add", "ben", app.recipient, "--scope", "no", "--yes", code=1, says=["no"]
    )
