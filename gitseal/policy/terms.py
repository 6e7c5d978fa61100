# SPDX-License-Identifier: Apache-2.0
"""What one scope's policy says: who reads which files, and what is sealed in them (format 8)."""

from __future__ import annotations

from gitseal.errors import PolicyError
from gitseal.keypaths import Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_READERS = 10_000
MAX_KEY_URI = 4096
MAX_READER_NAME = 64

CHOICES: Mapping[str, tuple[str, ...]] = {
    "comments": ("seal", "clear"),
    "worktree": ("sealed", "plain"),
    "integrity": ("strict", "mergeable"),
}
LISTS = ("files", "seal", "clear", "whole")
SINGLES = (*CHOICES, "portable", "agents")

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_NAME_CHARS = _LETTERS | frozenset("_.@+-")


class Reader:
    """
    One who can open a scope: a name that people use, and a key by its URI.

    Attributes:
        to: the name.
        key: URI of the master key, canonical where its provider knows more than one spelling.
    """

    __slots__ = ("key", "to")

    def __init__(self, to: str, key: str) -> None:
        self.to = to
        self.key = key

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Reader):
            return NotImplemented
        return (self.to, self.key) == (other.to, other.key)

    def __hash__(self) -> int:
        return hash((self.to, self.key))

    def __repr__(self) -> str:
        return f"Reader({self.to!r}, {self.key!r})"


def check_reader_name(name: str) -> None:
    """
    Refuse a name of a reader or group that is not 1 to 64 characters of `A-Za-z0-9_.@+-`.

    Names stand in files, messages and command lines; what looks alike or moves a cursor does
    not belong there.

    Raises:
        PolicyError: it is none.
    """
    if not (0 < len(name) <= MAX_READER_NAME) or name[0] not in _LETTERS | {"_"}:
        raise PolicyError(f"reader name {name!r}: 1 to {MAX_READER_NAME} characters, letter first")
    if not _NAME_CHARS.issuperset(name):
        raise PolicyError(f"reader name {name!r}: only letters, digits and '_', '.', '@', '+', '-'")


def check_key_uri(uri: str) -> None:
    """
    Refuse a key URI that is empty, too long, or not printable ASCII.

    Raises:
        PolicyError: it is none.
    """
    if not uri or len(uri) > MAX_KEY_URI or not all(" " <= char <= "~" for char in uri):
        raise PolicyError(f"key URI: 1 to {MAX_KEY_URI} printable ASCII characters")
    if uri != uri.strip(" "):
        raise PolicyError("key URI: it begins or ends with a blank")


class RecordPolicy:
    """
    The policy of one scope, as a record signs it; groups are expanded, immutable.

    Attributes:
        files, seal, clear, whole: patterns and key-path globs, as written.
        comments: "seal" or "clear".
        worktree: "sealed" or "plain".
        integrity: "strict" or "mergeable".
        portable: whether files carry their wrapped keys.
        agents: "allow" or "deny".
        readers: who can open it, in the order of the policy file.

    Raises:
        PolicyError: a value outside format 8, or a reader listed twice.
    """

    __slots__ = (
        "agents", "clear", "comments", "files", "integrity", "portable", "readers", "seal",
        "whole", "worktree",
    )  # fmt: skip

    def __init__(
        self,
        *,
        files: Iterable[str],
        readers: Iterable[Reader],
        seal: Iterable[str] = ("**",),
        clear: Iterable[str] = (),
        whole: Iterable[str] = (),
        comments: str = "seal",
        worktree: str = "sealed",
        integrity: str = "strict",
        portable: bool = False,
        agents: str = "allow",
    ) -> None:
        self.files = tuple(files)
        self.seal = tuple(seal)
        self.clear = tuple(clear)
        self.whole = tuple(whole)
        self.comments = comments
        self.worktree = worktree
        self.integrity = integrity
        self.portable = portable
        self.agents = agents
        self.readers = tuple(readers)
        self._check()

    def _check(self) -> None:
        for field, choices in CHOICES.items():
            if getattr(self, field) not in choices:
                raise PolicyError(f"{field}: one of {', '.join(choices)}")
        if self.agents not in {"allow", "deny"}:
            raise PolicyError("agents: one of allow, deny")
        if self.portable and self.integrity != "strict":
            raise PolicyError("portable: true goes with integrity: strict only")
        if len(self.readers) > MAX_READERS:
            raise PolicyError(f"a scope has at most {MAX_READERS} readers")
        for reader in self.readers:
            check_reader_name(reader.to)
            check_key_uri(reader.key)
        if len({reader.to for reader in self.readers}) < len(self.readers):
            raise PolicyError("a reader is listed twice")
        if len({reader.key for reader in self.readers}) < len(self.readers):
            raise PolicyError("two readers have the same key")

    def rules(self) -> Rules:
        """
        Give which places of a document are sealed.

        Raises:
            PolicyError: one of the globs is none.
        """
        return Rules(self.seal, self.clear, self.comments)

    def to_json(self) -> dict[str, object]:
        """Give it as it stands in a record; `agents` only where it is "deny"."""
        fields: dict[str, object] = {
            "clear": list(self.clear),
            "comments": self.comments,
            "files": list(self.files),
            "integrity": self.integrity,
            "portable": self.portable,
            "readers": [{"key": reader.key, "to": reader.to} for reader in self.readers],
            "seal": list(self.seal),
            "whole": list(self.whole),
            "worktree": self.worktree,
        }
        if self.agents == "deny":
            fields["agents"] = "deny"
        return fields

    def replace(self, **changes: object) -> RecordPolicy:
        """Give a copy with some fields changed."""
        fields: dict[str, object] = {name: getattr(self, name) for name in self.__slots__}
        return RecordPolicy(**(fields | changes))  # type: ignore[arg-type]

    def same_terms(self, other: RecordPolicy) -> bool:
        """Tell whether both say the same, whatever the order of their lists."""
        return self._terms() == other._terms()

    def _terms(self) -> tuple[object, ...]:
        lists = (frozenset(getattr(self, name)) for name in (*LISTS, "readers"))
        return (*lists, *(getattr(self, name) for name in SINGLES))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RecordPolicy):
            return NotImplemented
        return self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self._terms())

    def __repr__(self) -> str:
        return f"RecordPolicy(files={list(self.files)!r}, readers={list(self.readers)!r}, …)"
