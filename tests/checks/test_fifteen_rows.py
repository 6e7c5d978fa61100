# SPDX-License-Identifier: Apache-2.0
"""The cases that hooks for SOPS let through (damage and leaks in files that look sealed)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vaults import SECRETS, Answer, Vault

Run = Callable[..., Answer]


def one_value_in_clear(vault: Vault) -> str:
    vault.replace(
        "conf/app.yaml", f'"{vault.sealed_value("conf/app.yaml", "password")}"', "hunter2"
    )
    return "conf/app.yaml:2: GS101 db.password is in clear"


def an_integer(vault: Vault) -> str:
    vault.replace("conf/app.yaml", f'"{vault.sealed_value("conf/app.yaml", "port")}"', "5432")
    return "conf/app.yaml:3: GS101 db.port is in clear"


def an_old_password_in_a_comment(vault: Vault) -> str:
    vault.write("conf/app.yaml", "# before: hunter2\n" + vault.read("conf/app.yaml"))
    return "conf/app.yaml:1: GS104 a comment is in clear"


def a_made_up_token(vault: Vault) -> str:
    vault.replace("conf/app.yaml", vault.sealed_value("conf/app.yaml", "password"), "ENC[hunter2]")
    return "conf/app.yaml:2: GS101 db.password is in clear"


def a_made_up_token_of_ours(vault: Vault) -> str:
    sealed = vault.sealed_value("conf/app.yaml", "password")
    vault.replace("conf/app.yaml", sealed, "seal:v1[_hunter2_]")
    return "conf/app.yaml:2: GS103 db.password looks sealed, but is damaged or made up"


def a_second_document(vault: Vault) -> str:
    vault.write("conf/app.yaml", vault.read("conf/app.yaml") + "---\npassword: hunter2\n")
    return "conf/app.yaml"


def a_json_key_given_twice(vault: Vault) -> str:
    vault.replace("conf/app.json", '"token"', '"token": "hunter2",\n  "token"')
    return "conf/app.json:3: GS205 "


def a_yaml_key_given_twice(vault: Vault) -> str:
    vault.replace("conf/app.yaml", "db:", "db: hunter2\ndb:")
    return "conf/app.yaml:2: GS205 "


def a_line_appended(vault: Vault) -> str:
    vault.write(".env", vault.read(".env") + "NEW_PASSWORD=hunter2\n")
    return ".env:11: GS101 NEW_PASSWORD is in clear"


def an_env_key_given_twice(vault: Vault) -> str:
    vault.replace(".env", "DB_PORT", "DB_PASSWORD=hunter2\nDB_PORT")
    return ".env:3: GS101 DB_PASSWORD is in clear"


def a_line_deleted(vault: Vault) -> str:
    kept = [line for line in vault.read(".env").splitlines(True) if not line.startswith("DB_PORT")]
    vault.write(".env", "".join(kept))
    return ".env: GS201 the seal does not verify"


def a_line_deleted_from_yaml(vault: Vault) -> str:
    kept = [line for line in vault.read("conf/app.yaml").splitlines(True) if "port" not in line]
    vault.write("conf/app.yaml", "".join(kept))
    return "conf/app.yaml: GS201 the seal does not verify"


def plaintext_of_a_kubernetes_secret(vault: Vault) -> str:
    vault.write("conf/new.yaml", "kind: Secret\nstringData:\n  password: hunter2\n")
    return "conf/new.yaml:3: GS101 stringData.password is in clear"


def plaintext_in_yml(vault: Vault) -> str:
    vault.write("conf/new.yml", "password: hunter2\n")
    return "conf/new.yml:1: GS101 password is in clear"


def a_base64_value(vault: Vault) -> str:
    vault.replace("conf/app.json", vault.sealed_value("conf/app.json", "key"), "aHVudGVyMg==")
    return "conf/app.json:4: GS101 nested.key is in clear"


BAD = [
    plaintext_of_a_kubernetes_secret, one_value_in_clear, an_integer, an_old_password_in_a_comment,
    a_made_up_token, a_made_up_token_of_ours, a_second_document, a_json_key_given_twice,
    a_yaml_key_given_twice, plaintext_in_yml, a_line_appended, an_env_key_given_twice,
    a_line_deleted, a_line_deleted_from_yaml, a_base64_value,
]  # fmt: skip


def test_everything_sealed_passes_and_partly_sealed_too(vault: Vault, run: Run) -> None:
    done = run("check")

    assert (done.code, done.out) == (0, "")
    assert done.err == "gitseal: checked 7 files: nothing wrong\n"


@pytest.mark.parametrize("damage", BAD, ids=lambda one: one.__name__)
@pytest.mark.parametrize("where", ["worktree", "index"])
def test_leaks_and_damage_are_found(
    damage: Callable[[Vault], str], where: str, vault: Vault, run: Run, git: Callable[..., object]
) -> None:
    expected = damage(vault)
    if where == "index":
        git("add", "conf", ".env")
        git("stash", "push", "-q", "--keep-index", check=False)

    done = run("check", *(["--staged"] if where == "index" else []))

    assert done.code == 1
    assert any(line.startswith(expected) for line in done.lines), done.out
    assert not any(secret in done.out + done.err for secret in SECRETS)


@pytest.mark.parametrize("damage", BAD, ids=lambda one: one.__name__)
def test_nobody_needs_a_key_to_find_them(
    damage: Callable[[Vault], str], stranger: Vault, run: Run
) -> None:
    expected = damage(stranger)

    done = run("check")

    assert done.code == 1
    assert any(line.startswith(expected) for line in done.lines), done.out
    assert "nothing here vouches for the records" in done.err


def test_crlf_and_other_quotes_are_no_damage(vault: Vault, run: Run) -> None:
    text = vault.read("conf/app.yaml").replace('"', "'").replace("\n", "\r\n")
    vault.write("conf/app.yaml", text.encode())

    assert run("check").code == 0
