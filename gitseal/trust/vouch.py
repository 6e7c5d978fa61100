# SPDX-License-Identifier: Apache-2.0
"""
Own vouch: a mark in the repository that only one's own identity can have made (format 8).

It says "I trusted this fingerprint before", so that one's next machine asks nothing.  Others learn
nothing from it, not even whose it is.
"""

from __future__ import annotations

import hmac

from gitseal.crypto.derive import hkdf_expand, hkdf_extract
from gitseal.crypto.encoding import pae

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitseal.policy import Tree

VOUCHES = ".gitseal/vouch"
_LABEL = b"gitseal/v1 vouch"


def vouch_value(secret: bytes, name: str, fingerprint: bytes) -> bytes:
    """
    Give `HMAC-SHA256(HKDF(secret, "gitseal/v1 vouch"), PAE(name, fpr))`, 32 bytes.

    HKDF here has no salt, the label as `info`, and 32 bytes of output (RFC 5869).

    Args:
        secret: the identity's secret bytes (`masterkeys.identities.vouch_secret`).
        name: the scope.
        fingerprint: the 32 bytes of its highest epoch.
    """
    key = hkdf_expand(hkdf_extract(b"", secret), _LABEL, 32)
    return hmac.digest(key, pae(name.encode("ascii"), fingerprint), "sha256")


def vouch_file(name: str, value: bytes) -> tuple[str, bytes]:
    """Give the repository path of a vouch and its content: all of it in hex, and a line break."""
    digits = value.hex()
    return f"{VOUCHES}/{name}/{digits[:16]}", f"{digits}\n".encode("ascii")


def is_vouched(tree: Tree, name: str, fingerprint: bytes, secrets: Iterable[bytes]) -> bool:
    """Tell whether one of the identities vouched for the fingerprint in this tree."""
    for secret in secrets:
        path, content = vouch_file(name, vouch_value(secret, name, fingerprint))
        found = tree.read(path)
        if found is not None and hmac.compare_digest(found, content):
            return True
    return False
