# SPDX-License-Identifier: Apache-2.0
"""
Unwrapped data keys that are kept for a while, in memory or in the system's keyring; not on a disk.

`gitseal unlock --for 8h` keeps them, so that `git status` asks no key service; `gitseal lock` and
their end forget them.  Who can read them: what runs as the same user, and root.

The *pointer*, `unlocked` in gitseal's configuration directory, is text and holds no secret::

    memory
    /run/user/1000/gitseal-kept-1000

or `keyring`, and then a line `KID UNTIL` for each key kept there.  A key is one *entry*, either the
file `KID` in that directory (0700, on a tmpfs; the file 0600, no link, ours) or a password of
the keyring, of service `gitseal` and user `KID`, both as hexadecimal text::

    gitseal kept key 1
    sid    4 to 2048 digits: scope name, context and epoch, encoded as in format 2
    kid    64 digits
    until  seconds since 1970
    key    64 digits, the data key

Fields are parted by one blank.  Nothing in an entry is believed: a data key counts only where it
gives the `kid` of a trusted record (format 2).  What is over, or not just like this, is deleted.
"""

from __future__ import annotations

import os
import stat
import time
from hmac import compare_digest

from gitseal.crypto.encoding import scope_id_bytes
from gitseal.errors import NotFoundError, RefusedError
from gitseal.keys import DataKey
from gitseal.session import POINTER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gitseal.crypto.derive import ScopeKeys
    from gitseal.keys import ScopeId
    from gitseal.session.oskeyring import Keyring
    from gitseal.settings import Settings

LONGEST = 30 * 24 * 3600
"""Seconds a key is kept at most; an entry that says more was made under another clock."""

_TITLE = "gitseal kept key 1"
_TRIES = 8
_MAX_ENTRY = 4096
_MAX_POINTER = 64 * 1024
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def pointer_path(settings: Settings) -> str | None:
    """Give where the pointer is, if keys are kept; None without a home."""
    return None if settings.config_dir is None else os.path.join(settings.config_dir, POINTER)


class KeptKeys:
    """
    The kept data keys of this user.

    Args:
        settings: where the configuration and the memory are.
        clock: gives the time, in seconds since 1970.
    """

    __slots__ = ("_clock", "_pointer", "_settings")

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock
        self._pointer = pointer_path(settings)

    def now(self) -> float:
        """Give the time that entries are judged by."""
        return self._clock()

    def get(self, scope_id: ScopeId, kid: bytes) -> DataKey | None:
        """Give a data key that is kept and not over; the caller compares its `kid`."""
        entry = self._entry(kid)
        if entry is None or not compare_digest(entry.sid, scope_id_bytes(scope_id)):
            return None
        return entry.key

    def until(self, kid: bytes) -> int | None:
        """Tell until when a key is kept; None if it is not."""
        entry = self._entry(kid)
        return None if entry is None else entry.until

    def keep(self, keys: ScopeKeys, until: int) -> None:
        """
        Keep the data key of a scope until a time, in seconds since 1970.

        Raises:
            RefusedError: there is neither memory nor a keyring to keep it in.
            GitsealError: it could not be written.
        """
        if not 0 < until - self._clock() <= LONGEST:
            raise ValueError("keys are kept for 30 days at most")
        store = self._store()
        if store is None or not store.usable():
            store = self._new_store()
        text = _Entry(scope_id_bytes(keys.scope), keys.kid, until, keys.data_key()).to_text()
        store.write(keys.kid.hex(), until, text)
        if isinstance(store, _Memory) and self._pointer is not None:
            write_private(self._pointer, f"memory\n{store.path}\n")

    def forget(self, kids: Iterable[bytes]) -> int:
        """Delete keys, and all that is over; gives how many of `kids` were kept."""
        wanted = list(kids)
        found = 0
        named = self._store()
        # Also where no pointer leads any more: an environment may have had other directories.
        for store in ([] if named is None else [named]) + _Memory.usual(self._settings.runtime_dir):
            found += sum(store.delete(kid.hex()) for kid in wanted)
            for name in store.names():
                self._read(store, name)
            gone = store.close()
            if store is named and gone and self._pointer is not None:
                _unlink(self._pointer)
        return found

    def _entry(self, kid: bytes) -> _Entry | None:
        store = self._store()
        if store is None:
            return None
        entry = self._read(store, kid.hex())
        if entry is None:
            self._leave(store)
        return entry

    def _read(self, store: _Memory | Keyring, name: str) -> _Entry | None:
        text = store.read(name)
        entry = None if text is None else _Entry.parse(text, name)
        now = self._clock()
        if entry is not None and now < entry.until <= now + LONGEST:
            return entry
        if text is not None:
            store.delete(name)
        return None

    def _store(self) -> _Memory | Keyring | None:
        """Give where the pointer leads; whatever is wrong with it, it leads nowhere."""
        text = None if self._pointer is None else _read_private(self._pointer, _MAX_POINTER)
        if text is None or self._pointer is None:
            return None
        kind, _, rest = text.partition("\n")
        if kind == "memory" and rest.startswith("/") and rest.endswith("\n"):
            return _Memory(rest[:-1])
        if kind == "keyring":
            from gitseal.session.oskeyring import Keyring

            return Keyring.found(self._pointer, rest)
        _unlink(self._pointer)
        return None

    def _new_store(self) -> _Memory | Keyring:
        if self._pointer is None:
            raise RefusedError(
                "there is no home directory, so nothing could find a kept key again",
                hint="set HOME; or gitseal unlock, without --for",
            )
        from gitseal.session.oskeyring import Keyring

        keyring = Keyring.chosen(self._pointer)
        store = keyring or _Memory.made(self._settings.runtime_dir)
        if store is None:
            raise RefusedError(
                "there is no file system in memory here, and no keyring of the system; "
                "a data key is never kept on a disk",
                hint="gitseal unlock, without --for; or: pip install 'gitseal[keyring]'",
            )
        return store

    def _leave(self, store: _Memory | Keyring) -> None:
        """Take pointer and directory away with the last key, so that nobody looks again."""
        if self._pointer is not None and store.close():
            _unlink(self._pointer)

    def __repr__(self) -> str:
        return f"KeptKeys({self._pointer!r})"


class _Entry:
    """One kept key; see the module for its text."""

    __slots__ = ("key", "kid", "sid", "until")

    def __init__(self, sid: bytes, kid: bytes, until: int, key: DataKey) -> None:
        self.sid = sid
        self.kid = kid
        self.until = until
        self.key = key

    def to_text(self) -> str:
        return (
            f"{_TITLE}\nsid {self.sid.hex()}\nkid {self.kid.hex()}\nuntil {self.until}\n"
            f"key {self.key.expose().hex()}\n"
        )

    @classmethod
    def parse(cls, text: str, name: str) -> _Entry | None:
        """Read an entry; None unless it is just as it would be written, for the key `name`."""
        try:
            title, *lines, last = text.split("\n")
            fields = dict(line.split(" ") for line in lines)
            key = DataKey(bytes.fromhex(fields["key"]))
            entry = cls(
                bytes.fromhex(fields["sid"]), bytes.fromhex(name), int(fields["until"]), key
            )
        except (KeyError, ValueError):
            return None
        same = title == _TITLE and not last and compare_digest(entry.to_text(), text)
        return entry if same else None

    def __repr__(self) -> str:
        return f"_Entry(until={self.until})"


class _Memory:
    """Entries as files of a private directory on a tmpfs."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    @classmethod
    def usual(cls, runtime_dir: str | None) -> list[_Memory]:
        """Give where the directory may lie, best first."""
        from gitseal.files.memory import is_in_memory, is_ours, usual_places

        return [
            cls(os.path.join(place, f"gitseal-kept-{os.geteuid()}"))
            for place in usual_places(runtime_dir)
            if is_ours(place) and is_in_memory(place)
        ]

    @classmethod
    def made(cls, runtime_dir: str | None) -> _Memory | None:
        """Make the directory in the first place that lies in memory, or find it there."""
        for store in cls.usual(runtime_dir):
            try:
                os.mkdir(store.path, 0o700)
            except FileExistsError:
                pass
            except OSError:
                continue
            if store.usable():
                return store
        return None

    def usable(self) -> bool:
        """Tell whether the directory is there, in memory, and of nobody else."""
        from gitseal.files.memory import is_in_memory

        descriptor = self._open()
        if descriptor < 0:
            return False
        os.close(descriptor)
        return is_in_memory(self.path)

    def _open(self) -> int:
        """Open the directory, if nobody else made it or can look into it; -1 otherwise."""
        try:
            descriptor = os.open(self.path, _DIRECTORY)
        except OSError:
            return -1
        info = os.fstat(descriptor)
        if info.st_uid == os.geteuid() and not info.st_mode & 0o077:
            return descriptor
        os.close(descriptor)
        return -1

    def read(self, name: str) -> str | None:
        directory = self._open()
        if directory < 0:
            return None
        try:
            return _read_private(name, _MAX_ENTRY, directory)
        finally:
            os.close(directory)

    def write(self, name: str, _until: int, text: str) -> None:
        for _ in range(_TRIES):
            directory = self._open()
            if directory < 0:
                if not os.path.lexists(self.path):
                    os.mkdir(self.path, 0o700)
                continue
            try:
                write_private(name, text, directory)
            except NotFoundError:  # another process has just removed it, because it was empty
                continue
            finally:
                os.close(directory)
            return
        raise RefusedError("is no private directory in memory", path=self.path)

    def delete(self, name: str) -> bool:
        directory = self._open()
        if directory < 0:
            return False
        try:
            return _unlink(name, directory)
        finally:
            os.close(directory)

    def names(self) -> list[str]:
        directory = self._open()
        if directory < 0:
            return []
        try:
            return os.listdir(directory)
        finally:
            os.close(directory)

    def close(self) -> bool:
        """Remove the directory if it is empty; tells whether it is gone."""
        try:
            os.rmdir(self.path)
        except OSError:
            return not os.path.lexists(self.path)
        return True


def _read_private(path: str, limit: int, directory: int | None = None) -> str | None:
    """
    Give the text of a file that only its owner, this user, can read or replace; None without one.

    Anything else in its place (a link, somebody's file, a wider mode) is deleted.
    """
    try:
        descriptor = os.open(path, _READ, dir_fd=directory)
    except FileNotFoundError:
        return None
    except OSError:  # a link, or nothing of ours
        _unlink(path, directory)
        return None
    try:
        info = os.fstat(descriptor)
        private = info.st_uid == os.geteuid() and not info.st_mode & 0o077 and info.st_nlink == 1
        if stat.S_ISREG(info.st_mode) and private and info.st_size <= limit:
            return os.read(descriptor, limit).decode("ascii")
    except (OSError, UnicodeDecodeError):
        pass
    finally:
        os.close(descriptor)
    _unlink(path, directory)
    return None


def write_private(path: str, text: str, directory: int | None = None) -> None:
    """
    Replace a file of mode 0600, whole or not at all.

    Raises:
        GitsealError: the system refused.
    """
    from gitseal.files import os_failure

    temporary = f"{path}.{os.getpid()}"
    try:
        if directory is None:
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        _unlink(temporary, directory)
        with open(os.open(temporary, _WRITE, 0o600, dir_fd=directory), "wb") as file:
            file.write(text.encode("ascii"))
        os.replace(temporary, path, src_dir_fd=directory, dst_dir_fd=directory)
    except OSError as error:
        raise os_failure(error, path, "cannot keep a key") from None


def _unlink(path: str, directory: int | None = None) -> bool:
    try:
        os.unlink(path, dir_fd=directory)
    except OSError:
        return False
    return True
