# SPDX-License-Identifier: Apache-2.0
"""Looking for what a repository should seal: by name, and by what structured files say."""

from __future__ import annotations

import os

from gitseal import documents
from gitseal.crypto.base32 import looks_sealed
from gitseal.errors import GitsealError
from gitseal.keypaths import decode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitseal.documents.base import Document

MAX_ENTRIES = 50_000
_MAX_SIZE = 256 * 1024

_SKIPPED = frozenset(
    (".git", ".hg", ".svn", ".venv", "venv", "node_modules", "vendor", "__pycache__", ".tox",
     ".terraform", "dist", "build", "target", ".mypy_cache", ".gitseal")
)  # fmt: skip
_SAMPLES = ("example", "sample", "template", "dist", "tpl", "j2", "schema", "test", "fixture")
_NAMES = ("secret", "credential", "password", "passwd", "private")
_KEY_NAMES = (
    "password", "passwd", "secret", "token", "api_key", "apikey", "private_key", "access_key",
    "credentials", "passphrase",
)  # fmt: skip
_KEY_FILES = (".pem", ".key", ".p12", ".pfx", ".jks", ".keystore")


class Candidate:
    """
    A file that looks as if it held secrets.

    Attributes:
        path: in the repository.
        reason: why, in a few words.
        ignored: whether `.gitignore` keeps it out of git.
    """

    __slots__ = ("ignored", "path", "reason")

    def __init__(self, path: str, reason: str, *, ignored: bool = False) -> None:
        self.path = path
        self.reason = reason
        self.ignored = ignored

    def __repr__(self) -> str:
        return f"Candidate({self.path!r}, {self.reason!r})"


def candidates(root: str) -> list[Candidate]:
    """
    Give the files below `root` that look as if they held secrets, in the order of their paths.

    Looks at names first, and into small YAML and JSON files; directories of dependencies are
    left out, and at most 50,000 entries are visited.
    """
    found = []
    for path in _files(root):
        reason = _by_name(path) or _by_content(root, path)
        if reason is not None:
            found.append(Candidate(path, reason))
    return sorted(found, key=lambda one: one.path)


def _files(root: str) -> Iterator[str]:
    waiting = [""]
    seen = 0
    while waiting and seen < MAX_ENTRIES:
        folder = waiting.pop()
        try:
            entries = list(os.scandir(os.path.join(root, folder)))
        except OSError:
            continue
        for entry in entries:
            seen += 1
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _SKIPPED and not os.path.lexists(
                    os.path.join(entry.path, ".git")
                ):
                    waiting.append(path)
            elif entry.is_file(follow_symlinks=False):
                yield path


def _by_name(path: str) -> str | None:
    name = path.rpartition("/")[2].lower()
    words = _words(name)
    if name.startswith(".git") or any(word in _SAMPLES for word in words):
        return None
    if documents.syntax_of(path) == "dotenv":
        return "environment file"
    if documents.syntax_of(path) in {"yaml", "json"}:
        if any(word.rstrip("s") in _NAMES for word in words):
            return "its name says so"
        return None
    if name.endswith(_KEY_FILES) and not name.endswith(".pub.pem"):
        return "key file"
    return None


def _words(name: str) -> list[str]:
    for mark in ".-_":
        name = name.replace(mark, " ")
    return name.split()


def _by_content(root: str, path: str) -> str | None:
    """Look into a small structured file; anything odd about it is no reason."""
    syntax = documents.syntax_of(path)
    words = _words(path.rpartition("/")[2].lower())
    if syntax not in {"yaml", "json"} or any(word in _SAMPLES for word in words):
        return None
    file = os.path.join(root, path)
    try:
        if os.path.getsize(file) > _MAX_SIZE:
            return None
        with open(file, "rb") as stream:
            document = documents.parse(stream.read(), syntax)
    except (OSError, GitsealError):
        return None
    if document.header is not None:
        return None
    return _secret_in(document)


def _secret_in(document: Document) -> str | None:
    for slot in document.slots:
        segments = decode(slot[2])
        name = segments[-1][-1].lower() if segments else ""
        value = slot[7]
        if name == "kind" and len(segments) == 1 and value == "Secret":
            return "Kubernetes Secret"
        if not _looks_like_secret(name, value):
            continue
        return f"key {segments[-1][-1]}"
    return None


def _looks_like_secret(name: str, value: str) -> bool:
    """A name that says secret, and a value that is neither empty, nor a reference, nor sealed."""
    if not any(name == word or name.endswith(("_" + word, "-" + word)) for word in _KEY_NAMES):
        return False
    if len(value) < 6 or looks_sealed(value) or value.lower() in {"changeme", "password"}:
        return False
    return not any(mark in value for mark in ("${", "{{", "<", "ENC[", "$(", "!vault"))


def patterns_for(paths: Iterable[str]) -> list[str]:
    """Give gitignore patterns that name exactly these files."""
    return ["/" + _escaped(path) for path in paths]


def _escaped(path: str) -> str:
    return "".join("\\" + char if char in "*?[]\\" else char for char in path)
