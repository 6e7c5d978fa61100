# SPDX-License-Identifier: Apache-2.0
"""
Pins: copies of the records that a person trusts, outside the repository's content (format 8).

One directory lies in the git common directory, a file for each scope; one in the user's
configuration, a file for each scope's *first* fingerprint, which stays through all rotations, so
that the next clone on this machine asks nothing.  Files have mode 0600.
"""

from __future__ import annotations

import os
import stat

from gitseal.crypto.encoding import canonical_json
from gitseal.errors import GitsealError, IntegrityError, NewerVersionError, UntrustedError
from gitseal.keys import check_scope_name
from gitseal.policy.parsing import parse_json
from gitseal.policy.records import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

PIN_VERSION = 1
MAX_PIN = 16 * 1024 * 1024

_FIELDS = frozenset(("fingerprint", "name", "record", "services", "v"))


class Pin:
    """
    What is trusted of one scope.

    Attributes:
        record: the trusted record.
        data: its bytes, to compare other records with.
        services: key services that the person approved for it, such as `vault:https://…`.
    """

    __slots__ = ("data", "record", "services")

    def __init__(self, record: Record, services: Iterable[str] = ()) -> None:
        self.record = record
        self.data = record.to_bytes()
        self.services = tuple(services)

    def to_bytes(self) -> bytes:
        """Give the content of the pin's file."""
        from gitseal.crypto.derive import format_fingerprint

        return canonical_json(
            {
                "fingerprint": format_fingerprint(self.record.fingerprint()),
                "name": self.record.name,
                "record": self.data.decode("utf-8"),
                "services": sorted(self.services),
                "v": PIN_VERSION,
            }
        )

    @classmethod
    def parse(cls, data: bytes) -> Pin:
        """
        Read a pin; its record was verified before it was written.

        Raises:
            IntegrityError: not exactly a pin.
            NewerVersionError: written by a newer gitseal.
        """
        fields = parse_json(data, "the pin")
        version, record, services = fields.get("v"), fields.get("record"), fields.get("services")
        if isinstance(version, int) and version > PIN_VERSION:
            raise NewerVersionError("the pin was written by a newer gitseal")
        if fields.keys() != _FIELDS or not isinstance(record, str):
            raise IntegrityError("the pin is damaged")
        if not isinstance(services, list):
            raise IntegrityError("the pin is damaged")
        pin = cls(Record.parse(record.encode("utf-8")), [str(one) for one in services])
        if pin.to_bytes() != data:
            raise IntegrityError("the pin is damaged")
        return pin

    def __repr__(self) -> str:
        return f"Pin({self.record!r})"


class PinDirectory:
    """
    A directory of pins by scope name, or by any other key that is a scope name in shape.

    Args:
        parent: what its owner alone decides about: git's common directory, or the user's own.
        names: the directories below it, one in the other; need not exist, and are no links.
    """

    __slots__ = ("_folders", "_known", "_parent", "path")

    def __init__(self, parent: str, *names: str) -> None:
        self._parent = os.path.realpath(parent)
        self._folders = [
            os.path.join(self._parent, *names[: depth + 1]) for depth in range(len(names))
        ]
        self.path = os.path.join(self._parent, *names)
        self._known: dict[str, Pin | None] = {}

    def load(self, name: str) -> Pin | None:
        """
        Give a pin, or None where there is none.

        Raises:
            UntrustedError: others could have written it.
            IntegrityError: it is damaged.
        """
        if name not in self._known:
            self._known[name] = self._read(name)
        return self._known[name]

    def _read(self, name: str) -> Pin | None:
        data = self.raw(name)
        if data is None:
            return None
        try:
            return Pin.parse(data)
        except GitsealError as error:
            error.hint = error.hint or "delete it, then compare safety codes: gitseal trust"
            raise error.at(self._file(name)) from None

    def raw(self, name: str) -> bytes | None:
        """
        Give the bytes of a pin's file, or None where there is none.

        Raises:
            UntrustedError: others could have written it.
        """
        path = self._file(name)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            raise UntrustedError("the pin cannot be read", hint="ls -l on it", path=path) from None
        try:
            self._check_folders()
            if not _is_ours(os.fstat(descriptor), self._owners(), stat.S_IFREG):
                raise UntrustedError(
                    "others may write this pin, so it proves nothing",
                    hint="look at it, then: chmod 600 on it, or delete it and gitseal trust",
                    path=path,
                )
            with os.fdopen(descriptor, "rb", closefd=False) as stream:
                return stream.read(MAX_PIN + 1)
        finally:
            os.close(descriptor)

    def _owners(self) -> frozenset[int]:
        # Whoever owns the directory above decides about everything below it anyway.
        return frozenset((os.geteuid(), os.stat(self._parent).st_uid))

    def _check_folders(self) -> None:
        """Refuse pins that a link leads to, or that lie where others may put theirs."""
        for folder in self._folders:
            status = os.lstat(folder)
            last = folder == self.path
            if not _is_ours(status, self._owners(), stat.S_IFDIR, others=0o022 if last else 0o002):
                raise UntrustedError(
                    "what is trusted is kept in a directory that is a link, or that others may "
                    "write to, so it proves nothing",
                    hint="look at it, then: chmod 700 on it, or delete it and gitseal trust",
                    path=folder,
                )

    def save(self, name: str, pin: Pin) -> None:
        """Write a pin, mode 0600, replacing the one before it."""
        from gitseal.files import os_failure, write_atomically

        try:
            os.makedirs(self._parent, mode=0o700, exist_ok=True)
            for folder in self._folders:
                if not os.path.lexists(folder):
                    os.mkdir(folder, mode=0o700)
            self._check_folders()
        except OSError as error:
            raise os_failure(error, self.path, "cannot keep what you trust") from None
        write_atomically(self._file(name), pin.to_bytes(), mode=0o600, root=self._parent)
        self._known[name] = pin

    def forget(self, name: str) -> bool:
        """Delete a pin; False where there was none."""
        self._known.pop(name, None)
        try:
            os.unlink(self._file(name))
        except FileNotFoundError:
            return False
        return True

    def names(self) -> list[str]:
        """Give the names of all pins, sorted."""
        try:
            files = os.listdir(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(name[:-5] for name in files if name.endswith(".json"))

    def _file(self, name: str) -> str:
        check_scope_name(name)
        return os.path.join(self.path, name + ".json")


def _is_ours(
    status: os.stat_result, owners: frozenset[int], kind: int, others: int = 0o022
) -> bool:
    mode = status.st_mode
    return stat.S_IFMT(mode) == kind and not mode & others and status.st_uid in owners
