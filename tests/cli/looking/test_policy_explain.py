# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from vaults import SECRETS, Answer, Vault

Run = Callable[..., Answer]


def test_a_file_that_exists(vault: Vault, run: Run) -> None:
    done = run("policy", "explain", "conf/secret.yaml")

    assert done.code == 0
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert lines == [
        "conf/secret.yaml",
        "scope main, by pattern conf/**",
        "readers ada",
        "sealed by value (yaml)",
        "apiVersion clear clear: apiVersion",
        "kind clear clear: kind",
        "metadata.name clear clear: metadata.**",
        "stringData.password sealed seal: **",
    ]
    assert not any(secret in done.out for secret in SECRETS)


@pytest.mark.parametrize(
    ("target", "row"),
    [
        ("conf/new.yaml:db.password", "db.password sealed seal: **"),
        ("conf/new.yaml:metadata.labels[0]", "metadata.labels[] clear clear: metadata.**"),
        ("conf/new.yaml:/kind", "kind clear clear: kind"),
        ("conf/new.yaml:#", "comment sealed comments: seal"),
    ],
)
def test_one_key_of_a_file_that_does_not_exist(
    target: str, row: str, vault: Vault, run: Run
) -> None:
    done = run("policy", "explain", target)

    assert done.code == 0
    assert " ".join(done.out.splitlines()[-1].split()) == row


@pytest.mark.parametrize(
    ("path", "how"),
    [
        ("conf/new.tmpl.yaml", "as a whole, by pattern *.tmpl.yaml of whole"),
        ("conf/new.pem", "as a whole: its name says no syntax"),
        ("conf/a:b.json", "by value (json)"),
    ],
)
def test_how_a_file_is_sealed(path: str, how: str, vault: Vault, run: Run) -> None:
    vault.write(path, "{}")

    assert f"  sealed   {how}\n" in run("policy", "explain", path).out


def test_no_scope(vault: Vault, run: Run) -> None:
    done = run("policy", "explain", "README.md")

    assert (done.code, done.out) == (1, "")
    assert "no scope claims README.md" in done.err


def test_a_scope_that_is_not_applied(vault: Vault, run: Run) -> None:
    vault.replace(".gitseal.yaml", '"conf/**"', '"conf/**", "more/**"')

    done = run("policy", "explain", "more/app.yaml")

    assert done.code == 1
    assert "scope main of .gitseal.yaml would; it is not applied: gitseal apply" in done.err


def test_an_untrusted_record_says_so(stranger: Vault, run: Run) -> None:
    done = run("policy", "explain", ".env")

    assert done.code == 0
    assert "record   not trusted here: unknown" in done.out


def test_json(vault: Vault, run: Run) -> None:
    document = json.loads(run("policy", "explain", ".env:DB_PORT", "--format", "json").out)

    assert document["schema"] == "gitseal/policy-explain/1"
    assert document["scope"] == "main"
    assert document["keys"] == [{"key": "DB_PORT", "sealed": True, "rule": "seal: **"}]


def test_a_key_that_is_none(vault: Vault, run: Run) -> None:
    assert run("policy", "explain", ".env:a..b").code == 2
