# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from vaults import Answer, Vault

Run = Callable[..., Answer]
Git = Callable[..., subprocess.CompletedProcess[str]]


def scopes(run: Run) -> dict[str, dict[str, object]]:
    done = run("status", "--format", "json")
    assert done.code == 0
    document = json.loads(done.out)
    assert document["schema"] == "gitseal/status/1"
    return {one["name"]: one for one in document["scopes"]}


def test_each_scope_has_its_block(vault: Vault, run: Run) -> None:
    done = run("status")

    assert done.code == 0
    local, main = done.out.split("main\n")
    assert "files        1 of 1 sealed (readable in the worktree)" in local
    assert "  trust        trusted\n" in main
    assert "  context      app=shop, env=prod\n" in main
    assert "  readers      ada (you)\n" in main
    assert "  you          can read it\n" in main
    assert "  files        6 of 6 sealed\n" in main
    assert "epoch" not in main


def test_json_has_it_all(vault: Vault, run: Run) -> None:
    main = scopes(run)["main"]

    assert main["trusted"] is True
    assert main["you"] == "ada"
    assert main["context"] == {"app": "shop", "env": "prod"}
    assert main["files"] == {"sealed": 6, "total": 6}
    assert main["epoch"] == 1
    assert main["rotation_pending"] is False
    assert main["applied"] is True


def test_what_is_not_sealed_is_counted(vault: Vault, run: Run) -> None:
    vault.write("conf/new.json", '{"a": "hunter2"}\n')

    done = run("status")

    assert "files        6 of 7 sealed" in done.out
    assert done.out.endswith("1 finding: gitseal check\n")


def test_without_a_key(stranger: Vault, run: Run) -> None:
    done = run("status")

    assert done.code == 0
    assert "trust        not trusted here yet: gitseal trust main" in done.out
    assert "you          cannot read it: no key of yours is among the readers'" in done.out
    assert scopes(run)["main"]["readable"] is False


def test_a_policy_that_is_not_applied(vault: Vault, run: Run) -> None:
    vault.replace(".gitseal.yaml", '"conf/**"', '"conf/**", "more/**"')

    assert "seals files matching more/**: gitseal apply" in run("status").out
    assert scopes(run)["main"]["applied"] is False
    assert scopes(run)["local"]["applied"] is True


def test_an_unfinished_rotation(vault: Vault, run: Run) -> None:
    assert run("rotate", "main", "--yes").code == 0

    assert "epoch 2; a rotation is not finished" in run("status").out
    assert scopes(run)["main"]["rotation_pending"] is True


def test_a_damaged_record_is_no_crash(vault: Vault, run: Run) -> None:
    vault.write(".gitseal/keyring/main.json", "{}")

    done = run("status")

    assert done.code == 0
    assert "main\n  record " in done.out


def test_nothing_here_yet(repo: Path, run: Run) -> None:
    assert run("status").out == "nothing is sealed here yet: gitseal init\n"
