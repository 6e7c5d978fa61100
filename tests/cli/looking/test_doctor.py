# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gitseal.cli import diagnosing
from vaults import Answer, Vault

Run = Callable[..., Answer]
Git = Callable[..., subprocess.CompletedProcess[str]]


def diagnoses(run: Run, topic: str) -> list[tuple[str, str, str]]:
    done = run("doctor", "--format", "json")
    document = json.loads(done.out)
    assert document["schema"] == "gitseal/doctor/1"
    assert document["ok"] == (done.code == 0)
    return [
        (one["level"], one["message"], one["fix"] or "")
        for one in document["diagnoses"]
        if one["topic"] == topic
    ]


@pytest.fixture(autouse=True)
def _editor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nano = tmp_path / "tools" / "nano"
    nano.parent.mkdir()
    nano.write_text("#!/bin/sh\n")
    nano.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(nano))


def test_all_is_well(
    vault: Vault, run: Run, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    run("git", "install")

    done = run("doctor")

    assert done.code == 0, done.out
    assert "ok    scope main is trusted\n" in done.out
    assert "fail" not in done.out
    # Everything that is not well says what to do.
    lines = done.out.splitlines()
    for number, line in enumerate(lines):
        if line.startswith(("warn", "fail")):
            assert lines[number + 1].startswith("      -> ")


def test_an_old_git(vault: Vault, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosing, "run_git", lambda *_: b"git version 2.20.1 (Apple Git-1)\n")

    assert diagnoses(run, "git") == [("fail", "git 2.20.1 is too old", "install git 2.31 or newer")]


def test_an_old_cryptography(vault: Vault, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cryptography.__version__", "48.0.0")

    assert diagnoses(run, "cryptography")[0][0] == "fail"


def test_yaml_without_its_c_parser(vault: Vault, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yaml.__with_libyaml__", False)

    assert diagnoses(run, "yaml")[0][0] == "warn"


def test_no_key_of_ones_own(stranger: Vault, run: Run) -> None:
    [(level, message, fix)] = diagnoses(run, "identity")

    assert (level, fix) == ("warn", "gitseal keys generate")
    assert "no private key" in message


def test_a_key_that_others_can_read(vault: Vault, run: Run) -> None:
    (vault.home / ".config/gitseal/identity.txt").chmod(0o644)

    assert any(level == "fail" and "chmod 600" in fix for level, _m, fix in
               diagnoses(run, "identity"))  # fmt: skip


def test_tracing_is_a_leak(vault: Vault, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TRACE_PACKET", "/tmp/trace")

    assert diagnoses(run, "tracing")[0][2] == "unset GIT_TRACE_PACKET"


def test_an_editor_nobody_knows(
    vault: Vault, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    odd = tmp_path / "tools" / "oddedit"
    odd.write_text("#!/bin/sh\n")
    odd.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(odd))

    assert diagnoses(run, "editor")[0][0] == "warn"
    monkeypatch.setenv("EDITOR", "no-such-editor")
    assert diagnoses(run, "editor")[0][0] == "fail"


def test_records_that_are_not_trusted(stranger: Vault, run: Run) -> None:
    assert {level for level, _m, _f in diagnoses(run, "records")} == {"warn"}


def test_a_record_that_was_changed(vault: Vault, run: Run) -> None:
    vault.replace(".gitseal/keyring/main.json", '"comments": "seal"', '"comments": "clear"')

    levels = [level for level, message, _fix in diagnoses(run, "records") if "main" in message]
    assert levels == ["fail"]


def test_a_policy_that_is_not_applied(vault: Vault, run: Run) -> None:
    vault.replace(".gitseal.yaml", '"conf/**"', '"conf/**", "more/**"')

    assert diagnoses(run, "policy")[0][::2] == ("fail", "gitseal apply")


def test_findings_are_counted(vault: Vault, run: Run) -> None:
    vault.write(".env", "A=hunter2\n")

    assert ("fail", "1 finding in 7 files", "gitseal check") in diagnoses(run, "policy")


def test_a_single_reader(vault: Vault, run: Run) -> None:
    assert diagnoses(run, "readers")[1][1] == (
        "only ada can read scope main: a lost key loses it all"
    )


def test_what_is_not_committed(vault: Vault, run: Run, git: Git) -> None:
    assert diagnoses(run, "committed") == []
    git("rm", "-rq", "--cached", ".gitseal", ".gitseal.yaml")
    vault.write(".gitignore", ".gitseal/\n")

    found = {message.split(" ")[0]: level for level, message, _fix in diagnoses(run, "committed")}

    assert found[".gitseal/keyring/main.json"] == "fail"
    assert found[".gitseal.yaml"] == "warn"
    assert any(name.startswith(".gitseal/vouch/") for name in found)


def test_sealed_files_that_git_ignores(vault: Vault, run: Run, git: Git) -> None:
    git("rm", "-q", "--cached", ".env")
    vault.write(".gitignore", ".env\n")

    [(level, message, fix)] = diagnoses(run, "ignored")

    assert level == "warn"
    assert ".gitignore:1" in message
    assert fix.endswith("git add -f .env")


def test_plain_scopes_and_other_users(vault: Vault, run: Run) -> None:
    before = os.umask(0o022)
    try:
        found = diagnoses(run, "plain")
        os.umask(0o077)
        private = diagnoses(run, "plain")
    finally:
        os.umask(before)

    assert any("umask 022" in message for _level, message, _fix in found)
    assert len(private) == len(found) - 1


def test_outside_of_a_repository(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert diagnoses(run, "repository")[0][0] == "warn"
