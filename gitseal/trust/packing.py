# SPDX-License-Identifier: Apache-2.0
"""
`GITSEAL_KEY`: an identity and pins in one secret of a CI service, and `GITSEAL_TRUST`.

The packed text is `gitseal-key-1.PAYLOAD.CHECKSUM` of `A-Za-z0-9_.-` alone: it survives shells,
YAML and web forms, and a copy that lost its end is noticed before a key service is asked.
"""

from __future__ import annotations

from gitseal.crypto.derive import format_fingerprint, parse_fingerprint
from gitseal.crypto.encoding import pae, unpae
from gitseal.errors import NewerVersionError, UsageError, hush
from gitseal.keys import check_scope_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_START = "gitseal-key-"
_VERSION = "1"
_MAX = 64 * 1024
_CHECKSUM_CHARS = 8


class PackedKey:
    """
    What `GITSEAL_KEY` holds; silent in every repr.

    Attributes:
        pins: scope -> fingerprint of its highest epoch, 32 bytes.
    """

    __slots__ = ("_identity", "pins")

    def __init__(self, identity: str, pins: Mapping[str, bytes]) -> None:
        self._identity = identity
        self.pins = dict(pins)

    def expose(self) -> str:
        """Give the identity's text; every call of this is a place to review."""
        return self._identity

    def __repr__(self) -> str:
        return f"PackedKey(…, pins={sorted(self.pins)!r})"

    def __reduce__(self) -> str:
        raise TypeError("a packed key cannot be pickled")


def pack(identity: str, pins: Mapping[str, bytes]) -> str:
    """
    Pack an identity, as its file holds it, and the fingerprints it may trust.

    Raises:
        ValueError: no identity, or a fingerprint that is not 32 bytes.
    """
    if not identity or any(len(digest) != 32 for digest in pins.values()):
        raise ValueError("pack: an identity, and fingerprints of 32 bytes")
    parts = [identity.encode("utf-8")]
    for name in sorted(pins):
        parts += [name.encode("ascii"), pins[name]]
    payload = pae(*parts)
    return f"{_START}{_VERSION}.{_to_text(payload)}.{_checksum(payload)}"


def is_packed(text: str) -> bool:
    """Tell whether a text is meant to be packed, whatever its version."""
    return text.strip().startswith(_START)


def unpack(text: str) -> PackedKey:
    """
    Undo `pack`; white space around it does not matter.

    Raises:
        NewerVersionError: packed by a newer gitseal.
        UsageError: not packed, or cut short; the message holds nothing of it.
    """
    version, _, rest = text.strip()[:_MAX].removeprefix(_START).partition(".")
    if is_packed(text) and version != _VERSION and version.isascii() and version.isdigit():
        raise NewerVersionError("GITSEAL_KEY was made by a newer gitseal")
    encoded, _, checksum = rest.partition(".")
    try:
        payload = _from_text(encoded)
        identity, *pairs = unpae(payload)
        names = [name.decode("ascii") for name in pairs[::2]]
        pins = dict(zip(names, pairs[1::2], strict=True))
        packed = PackedKey(identity.decode("utf-8"), pins)
    except ValueError:
        packed, payload = None, b""
    if not is_packed(text) or packed is None or checksum != _checksum(payload):
        raise UsageError(
            "GITSEAL_KEY is not what gitseal printed, or a part of it is missing",
            hint="copy it again, as a whole",
        )
    if pack(packed.expose(), packed.pins) != text.strip():
        raise UsageError(
            "GITSEAL_KEY is not in its canonical form", hint="copy it again, as a whole"
        )
    return packed


def _checksum(payload: bytes) -> str:
    from hashlib import sha256

    # Against slips, not against people: whoever holds the key can make another.
    return _to_text(sha256(b"gitseal/v1 packed key" + payload).digest())[:_CHECKSUM_CHARS]


def _to_text(data: bytes) -> str:
    from binascii import b2a_base64

    text = b2a_base64(data, newline=False).decode("ascii")
    return text.rstrip("=").replace("+", "-").replace("/", "_")


def _from_text(text: str) -> bytes:
    from binascii import a2b_base64

    data = a2b_base64(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))
    if _to_text(data) != text:
        raise ValueError("not canonical")
    return data


def parse_trust(text: str, source: str = "GITSEAL_TRUST") -> dict[str, bytes]:
    """
    Read `name=fingerprint[,name=fingerprint]`: what the environment pins.

    Raises:
        UsageError: not that; a safety code is too short to be a pin.
    """
    pins: dict[str, bytes] = {}
    for part in filter(None, text.replace(",", " ").split()):
        name, _, fingerprint = part.partition("=")
        try:
            check_scope_name(name)
            digest = parse_fingerprint(fingerprint)
        except (UsageError, ValueError) as error:
            hush(error)
            # Nothing of it is shown: a private key may have been pasted into the wrong variable.
            raise UsageError(
                f"{source} is not SCOPE=FINGERPRINT, with all 52 characters and their hyphens",
                hint="in a clone that trusts the scope: gitseal status --format json",
            ) from None
        if pins.setdefault(name, digest) != digest:
            raise UsageError(
                f"{source}: {name} stands there with two fingerprints", hint="keep the right one"
            )
    return pins


def format_trust(pins: Mapping[str, bytes]) -> str:
    """Write pins as `parse_trust` reads them."""
    return ",".join(f"{name}={format_fingerprint(pins[name])}" for name in sorted(pins))
