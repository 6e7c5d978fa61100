# SPDX-License-Identifier: Apache-2.0
"""
Keeping entries in the keyring of the system, through the optional package `keyring`.

Only backends that leave the keeping to the system are used: others of that package write files,
some of them in clear.  The package is imported where a pointer says so, or a person asks for it.
"""

from __future__ import annotations

from gitseal.errors import RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

SERVICE = "gitseal"
_REAL = (
    "keyring.backends.SecretService",
    "keyring.backends.kwallet",
    "keyring.backends.libsecret",
    "keyring.backends.macOS",
    "keyring.backends.Windows",
)


class Keyring:
    """
    Entries as passwords of the system's keyring.

    Args:
        pointer: file that lists the keys in it; without it a key would be asked for at every call.
        package: the package `keyring`.
        kept: hexadecimal `kid` -> until when.
    """

    __slots__ = ("_kept", "_package", "_pointer")

    def __init__(self, pointer: str, package: ModuleType, kept: dict[str, int]) -> None:
        self._pointer = pointer
        self._package = package
        self._kept = kept

    @classmethod
    def chosen(cls, pointer: str) -> Keyring | None:
        """Give the keyring of the system, if the package is there and has a real backend."""
        package = _package()
        return None if package is None else cls(pointer, package, {})

    @classmethod
    def found(cls, pointer: str, lines: str) -> Keyring | None:
        """Give the keyring that a pointer lists keys of; None if it is not here any more."""
        package = _package()
        kept = {}
        for line in lines.splitlines():
            kid, _, until = line.partition(" ")
            if kid.isalnum() and until.isdigit():
                kept[kid] = int(until)
        return None if package is None else cls(pointer, package, kept)

    def read(self, name: str) -> str | None:
        """Give an entry; None if the pointer lists none of that name, or the keyring fails."""
        if name not in self._kept:
            return None
        try:
            text = self._package.get_password(SERVICE, name)
        except Exception:  # noqa: BLE001 - a locked or broken keyring is none, whatever it raises
            return None
        return text if isinstance(text, str) else None

    def write(self, name: str, until: int, text: str) -> None:
        """
        Keep an entry.

        Raises:
            RefusedError: the keyring did not take it.
        """
        try:
            self._package.set_password(SERVICE, name, text)
        except Exception as error:  # noqa: BLE001 - the package's backends raise what they like
            raise RefusedError(
                f"the keyring of the system took no key ({type(error).__name__})",
                hint="unlock it; or gitseal unlock, without --for",
            ) from None
        self._kept[name] = until
        self._write_pointer()

    def delete(self, name: str) -> bool:
        """
        Delete an entry; tells whether there was one.

        Raises:
            RefusedError: the keyring did not delete it.
        """
        if name not in self._kept:
            return False
        try:
            self._package.delete_password(SERVICE, name)
        except Exception as error:  # noqa: BLE001 - the package's backends raise what they like
            if type(error).__name__ != "PasswordDeleteError":  # that says it is gone already
                raise RefusedError(
                    f"the keyring of the system deleted no key ({type(error).__name__})",
                    hint=f"delete what it keeps for {SERVICE}, then gitseal lock",
                ) from None
        del self._kept[name]
        self._write_pointer()
        return True

    def usable(self) -> bool:
        """Tell whether entries can be written; `found` gives no other."""
        return True

    def names(self) -> list[str]:
        """Give the entries that the pointer lists."""
        return list(self._kept)

    def close(self) -> bool:
        """Tell whether nothing is kept any more."""
        return not self._kept

    def _write_pointer(self) -> None:
        from gitseal.session.cache import write_private

        lines = "".join(f"{kid} {until}\n" for kid, until in self._kept.items())
        write_private(self._pointer, f"keyring\n{lines}")


def _package() -> ModuleType | None:
    from importlib import import_module

    try:
        keyring = import_module("keyring")
    except ImportError:
        return None
    try:
        backend = keyring.get_keyring()
        chosen = getattr(backend, "backends", None) or [backend]
        first = type(next(iter(chosen))).__module__
    except Exception:  # noqa: BLE001 - its configuration can name anything
        return None
    return keyring if first.startswith(_REAL) else None
