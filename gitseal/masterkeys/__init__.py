# SPDX-License-Identifier: Apache-2.0
"""
Master keys: one module a provider, found through a table of URI prefixes.

Adding a provider touches its own module, one line of `_PROVIDERS`, one extra in
`pyproject.toml` and one row of the documentation; nothing else knows a provider's name.
A provider's module has two functions, `canonical(uri) -> str` and `from_uri(uri, means)`.
"""

from __future__ import annotations

from gitseal.errors import MissingExtraError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from gitseal.masterkeys.base import MasterKey, Means

# Prefix of a URI -> module of this package, and what a person calls it.  First match wins.
_PROVIDERS = (
    ("age1", "age", "age"),
    ("age:", "age", "age"),
    ("ssh-ed25519 ", "age", "age"),
    ("ssh-rsa ", "age", "age"),
    ("file:", "localfile", "file"),
)

# Keys that later versions use: told apart from typing errors.
_LATER = (
    ("arn:", "AWS KMS"),
    ("aws-kms:", "AWS KMS"),
    ("vault:", "Vault"),
    ("bao:", "OpenBao"),
    ("projects/", "GCP KMS"),
    ("gcp-kms:", "GCP KMS"),
    ("https://", "Azure Key Vault and Vault addresses"),
    ("pgp:", "PGP"),
    ("pkcs11:", "PKCS #11"),
    ("passphrase:", "passphrases"),
)

MAX_URI = 2048
"""Longest key URI, in characters; an RSA key of 8,192 bits fits (KMS stops there, too)."""

_SHOWN = "age1…, ssh-ed25519 …, ssh-rsa …, file:…"


def canonical(uri: str) -> str:
    """
    Give the one spelling in which a key is stored and compared.

    Raises:
        UsageError: no key, or a damaged one.
        MissingExtraError: a kind of key that this version does not have.
        RefusedError: a key that would run a program.
    """
    spelled: str = _provider(uri).canonical(uri)
    return spelled


def resolve(uri: str, means: Means) -> MasterKey:
    """
    Give the master key that a URI names; its provider is imported now, its service is not asked.

    Raises:
        UsageError, MissingExtraError, RefusedError: as `canonical`.
    """
    provider = _provider(uri)
    key: MasterKey = provider.from_uri(provider.canonical(uri), means)
    return key


def kind_of(uri: str) -> str:
    """Give what people call this kind of key (`age`, `file`), or "" if it is none of ours."""
    return next((kind for prefix, _, kind in _PROVIDERS if uri.startswith(prefix)), "")


def _provider(uri: str) -> ModuleType:
    if len(uri) > MAX_URI or not uri.isprintable():
        raise UsageError(f"a key's name is printable and at most {MAX_URI} characters long")
    for prefix, module, _ in _PROVIDERS:
        if uri.startswith(prefix):
            return _load(module)
    if uri.lower().startswith("age-secret-key-"):
        return _load("age")  # says that this is the private half
    for prefix, name in _LATER:
        if uri.startswith(prefix):
            raise MissingExtraError(
                f"{uri[:80]}: this version does not have {name} yet",
                hint=f"keys of this version: {_SHOWN}",
            )
    raise UsageError(
        f"'{uri[:40]}' is no key that gitseal knows", hint=f"a key begins like one of: {_SHOWN}"
    )


def _load(module: str) -> ModuleType:
    # importlib would cost half a millisecond at every start, for this one line.
    loaded: ModuleType = __import__(f"gitseal.masterkeys.{module}", fromlist=("from_uri",))
    return loaded
