# SPDX-License-Identifier: Apache-2.0
"""Worktree and index, what is tracked and what is not, and what stands where a file should."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from vaults import LOCAL, SECRETS, Answer, Vault

Run = Callable[..., Answer]
Git = Callable[..., subprocess.CompletedProcess[str]]


def test_the_same_leak_on_both_sides_is_one_line(vault: Vault, run: Run, git: Git) -> None:
    vault.write("conf/new.json", '{"a": "hunter2"}\n')
    git("add", "conf")

    assert run("check").lines == ["conf/new.json:1: GS101 a is in clear"]


def test_the_same_leak_in_a_file_edited_since_is_one_line(vault: Vault, run: Run, git: Git) -> None:
    vault.write("conf/new.json", '{"a": "hunter2"}\n')
    git("add", "conf")
    vault.write("conf/new.json", '{"a": "sesame"}\n')

    assert run("check").lines == ["conf/new.json:1: GS101 a is in clear"]


def test_a_leak_that_is_staged_only_is_marked(vault: Vault, run: Run, git: Git) -> None:
    sealed = vault.read(".env")
    vault.write(".env", "DB_PASSWORD=hunter2\n")
    git("add", ".env")
    vault.write(".env", sealed)

    assert run("check").lines == [".env:1: GS101 DB_PASSWORD is in clear [staged]"]
    assert run("check", "--staged").lines == [".env:1: GS101 DB_PASSWORD is in clear"]


def test_a_leak_that_is_not_staged_is_not_in_the_commit(vault: Vault, run: Run) -> None:
    vault.write(".env", "DB_PASSWORD=hunter2\n")

    assert run("check", "--staged").code == 0
    assert run("check").codes == ["GS101"]


def test_a_deleted_file_is_judged_as_staged(vault: Vault, run: Run) -> None:
    (vault.root / ".env").unlink()

    assert run("check").code == 0


def test_plain_scopes_are_judged_in_the_index_alone(vault: Vault, run: Run, git: Git) -> None:
    assert vault.read("local/app.env") == LOCAL
    assert run("check").code == 0
    git("add", "local")

    assert run("check").lines == ["local/app.env:1: GS101 API_TOKEN is in clear [staged]"]


def test_what_git_ignores_is_mentioned_and_fails_nothing(vault: Vault, run: Run) -> None:
    vault.write(".gitignore", "*.local.env\n")
    vault.write("conf/my.local.env", "A=hunter2\nB=sesame\n")

    done = run("check")

    assert done.code == 0
    assert done.lines == [
        "conf/my.local.env: warning GS101 is not sealed; git ignores it (.gitignore:1)"
    ]
    assert done.err.endswith("checked 7 files: 1 warning\n")


def test_an_ignored_file_that_is_tracked_counts(vault: Vault, run: Run, git: Git) -> None:
    vault.write(".gitignore", "*.local.env\n")
    vault.write("conf/my.local.env", "A=hunter2\n")
    git("add", "-f", "conf/my.local.env")

    assert run("check").code == 1


def test_a_link_at_a_sealed_path_is_followed_by_nobody(vault: Vault, run: Run, git: Git) -> None:
    outside = vault.home / "secret.json"
    outside.write_text('{"a": "hunter2"}')
    (vault.root / "conf/link.json").symlink_to(outside)

    assert run("check").lines == ["conf/link.json: GS208 is a link, not a file"]
    git("add", "conf/link.json")
    assert run("check", "--staged").lines == ["conf/link.json: GS208 is a link, not a file"]


def test_a_file_that_became_a_link(vault: Vault, run: Run) -> None:
    (vault.root / ".env").unlink()
    (vault.root / ".env").symlink_to("conf/app.json")

    assert run("check").lines == [".env: GS208 is a link, not a file"]


def test_a_submodule_at_a_sealed_path(vault: Vault, run: Run, git: Git) -> None:
    commit = git("rev-parse", "HEAD").stdout.strip()
    git("update-index", "--add", "--cacheinfo", f"160000,{commit},conf/module")

    assert run("check", "--staged").lines == ["conf/module: GS208 is a submodule, not a file"]


def test_an_unfinished_merge(vault: Vault, run: Run, git: Git) -> None:
    blob = git("rev-parse", "HEAD:.env").stdout.strip()
    git("rm", "-q", "--cached", ".env")
    lines = "".join(f"100644 {blob} {stage}\t.env\n" for stage in (1, 2, 3))
    git("update-index", "--index-info", input=lines)

    assert run("check").lines == [".env: GS209 has an unfinished merge [staged]"]


def test_conflict_markers_name_their_line(vault: Vault, run: Run) -> None:
    text = vault.read("conf/app.yaml")
    vault.write("conf/app.yaml", f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> other\n")

    [line] = run("check").lines

    assert line.startswith("conf/app.yaml:1: GS205 the file has conflict markers")


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        (".env", "", ".env: GS207 is empty"),
        ("conf/app.json", "{", "conf/app.json:1: GS205"),
        ("conf/app.json", b"\xff\xfe{\x00}\x00", "conf/app.json"),
        ("conf/new.yaml", "a: {{ .Values.x }}\n", "conf/new.yaml:1: GS205"),
        ("conf/server.pem", "hunter2", "conf/server.pem: GS102 is not sealed (scope main)"),
        ("conf/app.yaml", "a: ''\n", "conf/app.yaml:1: GS101"),
        ("conf/app.yaml", "a:\n", "conf/app.yaml: GS102 is not sealed (scope main)"),
        ("conf/app.yaml", "a: &x hunter2\nkind: *x\n", "conf/app.yaml:1: GS101"),
        ("conf/app.yaml", "a: |\n  hunter2\n", "conf/app.yaml:1: GS101 a is in clear"),
    ],
)
def test_what_cannot_stand_there(
    path: str, content: str | bytes, expected: str, vault: Vault, run: Run
) -> None:
    vault.write(path, content)

    done = run("check")

    assert done.code == 1
    assert done.lines[0].startswith(expected), done.out
    assert not any(secret in done.out for secret in SECRETS)


def test_a_sealed_template_is_whole_by_rule_and_a_document_is_not(vault: Vault, run: Run) -> None:
    data = (vault.root / "conf/server.pem").read_bytes()
    assert data.startswith(b"\0GITSEAL")
    vault.write("conf/server.yaml", data)

    codes = run("check").codes

    assert "GS206" in codes
    assert "GS202" in codes


def test_a_file_copied_over_another(vault: Vault, run: Run) -> None:
    shutil.copy(vault.root / "conf/app.yaml", vault.root / "conf/other.yaml")

    done = run("check")

    assert done.lines == ["conf/other.yaml: GS202 was sealed as conf/app.yaml"]
    assert "hint: gitseal mv conf/app.yaml conf/other.yaml" in done.out


def test_a_sealed_file_moved_out_of_its_scope(vault: Vault, run: Run) -> None:
    (vault.root / "conf/app.yaml").rename(vault.root / "app.yaml")

    assert run("check", "app.yaml").codes == ["GS203"]


def test_names_that_would_fool_a_terminal(vault: Vault, run: Run) -> None:
    vault.write("conf/\x1b[2Jx\n.yaml", "a: hunter2\n")
    vault.write("conf/-rf.yaml", 'a: "x"\n"\x1b[31mred": hunter2\n'.replace("\x1b", "\\e"))
    os.close(os.open(os.fsencode(vault.root) + b"/conf/\xff.json", os.O_CREAT | os.O_WRONLY))

    done = run("check")
    as_json = run("check", "--format", "json")

    assert done.code == as_json.code == 1
    assert "\x1b" not in done.out + done.err + as_json.out
    assert "conf/\\x1b[2Jx\\n.yaml:1: GS101 a is in clear" in done.lines
    assert as_json.out.isascii()


def test_a_fresh_repository_with_nothing_staged(vault: Vault, run: Run, git: Git) -> None:
    git("rm", "-rq", "--cached", ".")

    assert run("check").err == "gitseal: checked 6 files: nothing wrong\n"


def test_split_and_newer_index_formats(vault: Vault, run: Run, git: Git) -> None:
    vault.write("conf/new.json", '{"a": "hunter2"}\n')
    git("add", "conf")
    for change in (("--split-index",), ("--no-split-index", "--index-version", "4")):
        git("update-index", *change)

        assert run("check", "--staged").codes == ["GS101"]


def test_a_sha256_repository(
    tmp_path: Path, vault: Vault, run: Run, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "sha256"
    git("init", "-q", "--object-format=sha256", str(other))
    shutil.copytree(vault.root, other, ignore=shutil.ignore_patterns(".git"), dirs_exist_ok=True)
    monkeypatch.chdir(other)
    git("add", ".env", "conf", ".gitseal", ".gitseal.yaml")
    assert run("check").code == 0
    (other / ".env").write_text("A=hunter2\n")
    git("add", ".env")
    (other / ".env").unlink()

    assert run("check").codes == ["GS101"]


def test_a_clone_without_home_or_key(
    vault: Vault, tmp_path: Path, git: Git, gitseal: Callable[..., Answer]
) -> None:
    git("clone", "-q", str(vault.root), str(tmp_path / "clone"))
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}

    done = gitseal("check", cwd=tmp_path / "clone", env=environ)

    assert done.returncode == 0, done.stderr  # type: ignore[attr-defined]
    assert "checked for consistency only" in done.stderr  # type: ignore[attr-defined]
    assert "checked 7 files: nothing wrong" in done.stderr  # type: ignore[attr-defined]


def test_large_worktrees_are_listed_by_git(
    vault: Vault, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitseal.repository.walking.MAX_VISITED", 1)
    monkeypatch.setattr("gitseal.repository.walking.walk.__kwdefaults__", {"limit": 1})
    vault.write("conf/new.json", '{"a": "hunter2"}\n')

    assert run("check").lines == ["conf/new.json:1: GS101 a is in clear"]
