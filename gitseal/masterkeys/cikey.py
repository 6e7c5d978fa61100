# SPDX-License-Identifier: Apache-2.0
"""
`GITSEAL_KEY`: everything a CI job needs, in one secret: private keys, and what they may trust.

The parts stand side by side with commas, and nothing in it means anything to a shell::

    AGE-SECRET-KEY-1…,payments-prod=ztnf-yw05-…-8v60

Private keys are age identities and local keys (`GITSEAL-LOCAL-KEY-1:…`); what holds a `=` is a
pin, `SCOPE=FINGERPRINT`, which is written and read here but judged by `trust`.
"""

from __future__ import annotations

from gitseal.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_IDENTITY = "AGE-SECRET-KEY-"
_LOCAL = "GITSEAL-LOCAL-KEY-"
_MAX = 64 * 1024


class CiKey:
    """
    The parts of a `GITSEAL_KEY`.

    Attributes:
        identities: age identities, each one line.
        local_keys: local keys, each one line.
        pins: `(scope, fingerprint as it is written)`.
    """

    __slots__ = ("identities", "local_keys", "pins")

    def __init__(
        self,
        identities: Sequence[str],
        local_keys: Sequence[str],
        pins: Sequence[tuple[str, str]],
    ) -> None:
        self.identities = tuple(identities)
        self.local_keys = tuple(local_keys)
        self.pins = tuple(pins)

    @classmethod
    def parse(cls, text: str) -> CiKey:
        """
        Read the value of `GITSEAL_KEY`; white space between the parts does not matter.

        Raises:
            UsageError: a part that is none of the three; named by its number, never shown.
        """
        identities, local_keys, pins = [], [], []
        parts = [part for part in text[:_MAX].replace(",", " ").split() if part]
        for number, part in enumerate(parts, 1):
            if part.startswith(_IDENTITY):
                identities.append(part)
            elif part.startswith(_LOCAL):
                local_keys.append(part)
            elif "=" in part and not part.upper().startswith((_IDENTITY, _LOCAL)):
                scope, _, fingerprint = part.partition("=")
                pins.append((scope, fingerprint))
            else:
                raise UsageError(
                    f"GITSEAL_KEY: part {number} is no private key and no SCOPE=FINGERPRINT"
                )
        return cls(identities, local_keys, pins)

    def text(self) -> str:
        """Give the value to store as a secret of the CI service."""
        pins = [f"{scope}={fingerprint}" for scope, fingerprint in self.pins]
        return ",".join([*self.identities, *self.local_keys, *pins])

    def __repr__(self) -> str:
        return f"CiKey({len(self.identities) + len(self.local_keys)} keys, {len(self.pins)} pins)"

    def __reduce__(self) -> str:
        raise TypeError("a CI key cannot be pickled")
