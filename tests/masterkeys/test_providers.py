# SPDX-License-Identifier: Apache-2.0
"""The table of providers: which URI is whose, and what is said about one that is nobody's."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fakes import SCOPE
from gitseal.errors import GitsealError, MissingExtraError, UsageError
from gitseal.masterkeys import MAX_URI, canonical, kind_of, resolve
from gitseal.masterkeys.base import RIGHTS, Deadline, MasterKey, Means
from gitseal.masterkeys.bech32 import encode
from gitseal.masterkeys.identities import Identities
from gitseal.masterkeys.localkeys import LocalKeys

AGE = encode("age", b"\x09" + bytes(31))
FILE = "file:0rjx99e5q9gbzbjp"
MEANS = Means(Identities(), LocalKeys())


@pytest.mark.parametrize(
    ("uri", "service"),
    [
        ("arn:aws:kms:eu-west-1:111122223333:key/1234abcd", "AWS KMS"),
        ("arn:aws-us-gov:kms:us-gov-west-1:111122223333:alias/x", "AWS KMS"),
        ("aws-kms:arn:aws:kms:eu-west-1:111122223333:key/1234abcd", "AWS KMS"),
        ("vault:transit/keys/payments", "Vault"),
        ("bao:transit/keys/payments", "OpenBao"),
        ("projects/p/locations/global/keyRings/r/cryptoKeys/k", "GCP KMS"),
        ("https://name.vault.azure.net/keys/k/1234", "Azure Key Vault"),
        ("pkcs11:token=x;object=y", "PKCS #11"),
    ],
)
def test_a_key_of_a_later_version_is_told_from_a_mistake(uri: str, service: str) -> None:
    for call in (canonical, lambda text: resolve(text, MEANS)):
        with pytest.raises(MissingExtraError, match="this version does not have") as caught:
            call(uri)
        assert service in str(caught.value)
        assert caught.value.hint is not None


@pytest.mark.parametrize("uri", ["", "alice", "agee1x", "AGE1", "ssh-dss AAAA", "File:x", " age1"])
def test_an_unknown_key_lists_what_is_known(uri: str) -> None:
    with pytest.raises(UsageError, match="no key that gitseal knows") as caught:
        canonical(uri)
    for start in ("age1…", "ssh-ed25519", "ssh-rsa", "file:"):
        assert start in (caught.value.hint or "")


@pytest.mark.parametrize("uri", ["age1\x1b[31m", "age1\u202e", "age1\n", "x" * (MAX_URI + 1)])
def test_what_a_terminal_would_act_on_is_never_shown(uri: str) -> None:
    with pytest.raises(UsageError) as caught:
        canonical(uri)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


def test_kinds() -> None:
    kinds = [kind_of(uri) for uri in (AGE, f"age:{AGE}", "ssh-ed25519 AAAA", FILE, "vault:x", "")]

    assert kinds == ["age", "age", "age", "file", "", ""]


@pytest.mark.parametrize("uri", [AGE, FILE])
def test_every_provider_keeps_to_the_protocol(uri: str) -> None:
    key: MasterKey = resolve(uri, MEANS)
    members = [name for name in vars(MasterKey) if not name.startswith("_")]

    assert members == ["uri", "caps", "ready", "wrap", "unwrap", "rewrap", "check"]
    assert key.uri == uri == canonical(uri)
    assert not key.caps().network
    assert {finding.right for finding in key.check(RIGHTS, Deadline(1))} == set(RIGHTS)
    with pytest.raises(GitsealError):
        key.unwrap(b"x", SCOPE, Deadline(1))


def test_the_table_alone_imports_no_provider() -> None:
    code = (
        "import sys, gitseal.masterkeys, gitseal.session\n"
        "dear = {'pyrage', 'typing', 'threading', 'gitseal.masterkeys.age', 'cryptography',"
        " 'gitseal.masterkeys.racing', 'gitseal.masterkeys.recovery'}\n"
        "print(sorted(dear & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=False
    )

    assert done.stdout == "[]\n", done.stderr
