# SPDX-License-Identifier: Apache-2.0
"""The keyring and the policy: signed, known here, applied, complete."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gitseal.cli.context import workspace
from gitseal.operations import keyrings
from vaults import Answer, Vault, make

Run = Callable[..., Answer]
Git = Callable[..., subprocess.CompletedProcess[str]]
RECORD = ".gitseal/keyring/main.json"


def change_unsigned(vault: Vault) -> None:
    record = json.loads(vault.read(RECORD))
    record["policy"]["clear"] = ["**"]
    text = json.dumps(record, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    vault.write(RECORD, text)


def test_an_unsigned_change_is_found_with_a_pin_and_without(vault: Vault, run: Run) -> None:
    change_unsigned(vault)
    assert "GS301" in run("check").codes
    shutil.rmtree(vault.root / ".git/gitseal")
    shutil.rmtree(vault.home / ".config/gitseal/pins")

    assert "GS301" in run("check").codes


def test_under_an_unsigned_record_the_pinned_one_says_what_is_sealed(
    vault: Vault, run: Run
) -> None:
    change_unsigned(vault)
    vault.write(".env", "A=hunter2\n")

    assert ".env:1: GS101 A is in clear" in run("check").lines


@pytest.mark.parametrize("text", ["", "{}", "not json", '{"v": 2}\n'])
def test_a_damaged_record(text: str, vault: Vault, run: Run) -> None:
    vault.write(RECORD, text)

    done = run("check")

    assert done.code == 1
    assert any(line.startswith(RECORD + ": GS301 ") for line in done.lines)


def test_a_deleted_record_does_not_free_its_files(vault: Vault, run: Run, git: Git) -> None:
    git("rm", "-q", RECORD)
    vault.write(".env", "A=hunter2\n")

    done = run("check")

    assert done.lines[:2] == [
        ".env:1: GS101 A is in clear",
        ".gitseal.yaml:5: GS302 scope main is not applied yet: it has no record",
    ]
    assert f"{RECORD}: GS308 the record of scope main is gone, though it is trusted here" in (
        done.lines
    )


def test_a_record_that_is_not_staged_with_its_files(vault: Vault, run: Run, git: Git) -> None:
    git("rm", "-q", "--cached", RECORD)

    done = run("check", "--staged")

    assert f"{RECORD}: GS308 the record of scope main is not staged with the files it claims" in (
        done.lines
    )
    assert "hint: git add .gitseal .gitseal.yaml" in done.out


def test_a_policy_that_is_not_applied(vault: Vault, run: Run) -> None:
    vault.replace(".gitseal.yaml", '"conf/**"', '"conf/**", "more/**"')

    done = run("check")

    assert done.code == 1
    assert done.lines == [
        ".gitseal.yaml:5: GS302 scope main is not applied yet: seals files matching more/**"
    ]
    assert "hint: gitseal apply" in done.out


def test_a_malformed_policy_names_its_line(vault: Vault, run: Run) -> None:
    vault.replace(".gitseal.yaml", "readers: [ada]", "reader: [ada]")

    [line] = run("check").lines

    assert line.startswith(".gitseal.yaml:8: GS304 ")


def test_a_policy_that_is_gone_is_mentioned(vault: Vault, run: Run) -> None:
    (vault.root / ".gitseal.yaml").unlink()

    done = run("check")

    assert done.code == 0
    assert "warning GS302 is missing" in done.out


def test_a_scope_that_left_the_policy_is_mentioned(vault: Vault, run: Run) -> None:
    text = vault.read(".gitseal.yaml")
    vault.write(".gitseal.yaml", text[: text.index("  local:")])

    done = run("check")

    assert done.code == 0
    assert "scope local has a record, but stands there no more" in done.out


def test_two_scopes_claim_one_file(vault: Vault, run: Run) -> None:
    # `apply` refuses this; two branches that are merged can still bring it.
    vault.replace(".gitseal.yaml", '"local/**"', '"local/**", "conf/app.json"')
    current = workspace()
    record = current.authority.record("local")
    assert record is not None
    policy = record.policy.replace(files=[*record.policy.files, "conf/app.json"])
    keyrings.write_record(current, keyrings.change_policy(current, record, policy))

    done = run("check")

    assert done.code == 1
    assert "conf/app.json: GS303 scopes local and main both claim this file" in done.lines


def test_records_of_somebody_else(vault: Vault, run: Run, tmp_path: Path) -> None:
    other = Vault(tmp_path / "other", tmp_path / "otherhome")
    make(other.root, other.home)
    for path in (RECORD, ".env"):
        shutil.copy(other.root / path, vault.root / path)

    done = run("check")

    assert done.code == 1
    assert f"{RECORD}: GS305 THE KEY OF SCOPE main HAS CHANGED" in done.out


def test_an_older_branch_passes_with_a_warning(
    vault: Vault, run: Run, git: Git, gitseal: Callable[..., Answer]
) -> None:
    git("checkout", "-q", "-b", "old")
    git("checkout", "-q", "main")
    vault.replace(".gitseal.yaml", '"conf/**"', '"conf/**", "more/**"')
    assert run("apply", "--yes").code == 0
    git("checkout", "-q", "-f", "old")

    done = run("check")

    assert (done.code, done.codes) == (0, ["GS306"])
    assert done.err.endswith("checked 7 files: 1 warning\n")


def test_a_rotated_key_retires_the_files_of_the_old_one(vault: Vault, run: Run, git: Git) -> None:
    old = vault.read(".env")
    assert run("rotate", "main", "--yes").code == 0
    git("add", "-A", "--", ".env", "conf", ".gitseal")
    git("commit", "-qm", "rotated")
    assert run("apply", "--yes").code == 0
    assert "has changed and is not staged [staged]" in run("check").out
    git("add", ".gitseal")
    assert run("check").out == ""
    vault.write(".env", old)

    done = run("check")

    assert done.codes == ["GS204"]
    assert "which is retired" in done.out


def test_what_an_old_branch_seals_anew_under_a_replaced_key(
    vault: Vault, run: Run, git: Git
) -> None:
    git("branch", "old")
    first = vault.read(".env")
    assert run("set", ".env", "MORE", "--generate", "20").code == 0
    newer = vault.read(".env")
    vault.write(".env", first)
    assert run("rotate", "main", "--yes").code == 0
    git("add", "-A", "--", ".env", "conf", ".gitseal")
    git("commit", "-qm", "rotated")
    assert run("apply", "--yes").code == 0
    git("checkout", "-q", "-f", "old")
    assert run("check").codes == ["GS306"]
    vault.write(".env", newer)

    done = run("check")

    assert done.code == 1
    assert ".env: GS204 is newly sealed in epoch 1 of main, which has been replaced" in done.lines
