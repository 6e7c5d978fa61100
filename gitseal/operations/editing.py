# SPDX-License-Identifier: Apache-2.0
"""
A file on its way through somebody's hands: opened, changed, sealed again, and never lost.

What stands between opening and sealing (an editor, a new value) is the caller's.  An edit that
cannot take its place, because the file changed meanwhile or the text is no document, is kept
beside the file: sealed as a whole under the key of the file, and bound to its path.
"""

from __future__ import annotations

import os

from gitseal import documents
from gitseal.errors import (
    GitsealError,
    NotADocumentError,
    NotFoundError,
    RefusedError,
    UsageError,
)
from gitseal.keypaths import format_path
from gitseal.operations.opening import MAX_FILE, Opened, carried_rules, not_sealed, open_data
from gitseal.operations.sealing import claimed, seal_again, seal_clear, seal_content
from gitseal.sealedfile import ClearFile, SealedFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.authority import Grant
    from gitseal.documents.base import Document
    from gitseal.files import Snapshot
    from gitseal.operations.workspace import Place, Workspace

KEPT_SUFFIX = ".gitseal-edit"
_MAX_KEPT = 100
_MAX_TOLD = 8


class Draft:
    """
    A file that is being changed.

    Attributes:
        place: where it stands.
        text: its clear content when it was opened; of a new file what it starts from.
        snapshot: what the file was then.
        grant: what the trusted record says of its path; None for files of scope `file`.
        opened: the sealed file; None if it was clear or new.
        is_new: there is no such file yet.
        stays_clear: it lies in clear in a plain scope, and is written back so.
    """

    __slots__ = ("grant", "is_new", "opened", "place", "snapshot", "stays_clear", "text")

    def __init__(
        self,
        place: Place,
        text: bytes,
        snapshot: Snapshot,
        *,
        grant: Grant | None,
        opened: Opened | None = None,
        is_new: bool = False,
        stays_clear: bool = False,
    ) -> None:
        self.place = place
        self.text = text
        self.snapshot = snapshot
        self.grant = grant
        self.opened = opened
        self.is_new = is_new
        self.stays_clear = stays_clear

    @property
    def was_clear(self) -> bool:
        """Whether the file lay in clear where it belongs sealed."""
        return self.opened is None and not self.is_new and not self.stays_clear

    @property
    def is_whole(self) -> bool:
        """Whether it is sealed as a whole, not value by value."""
        if self.opened is not None and self.opened.sealed is not None:
            return self.opened.sealed.is_whole
        name = self.place.name
        return documents.syntax_of(name) is None or (
            self.grant is not None and self.grant.is_whole(name)
        )

    @property
    def syntax(self) -> str | None:
        """The syntax of its text; None where it is sealed as a whole."""
        return None if self.is_whole else documents.syntax_of(self.place.name)

    def __repr__(self) -> str:
        return f"Draft({self.place!r})"


def begin(workspace: Workspace, path: str) -> Draft:
    """
    Open a file to change it, or begin a new one; everything that can be refused is refused now.

    Raises:
        RefusedError: no scope claims the path, the record here is an older one, or the file is
            one that can only be read here.
        GitsealError: it does not open; see `opening.open_data`.
    """
    from gitseal.files import ABSENT, read_with_snapshot

    place = workspace.locate(path)
    if not os.path.lexists(place.file):
        grant = claimed(workspace, place)
        workspace.keys(grant.record, grant.record.active.n)
        return Draft(place, b"", ABSENT, grant=grant, is_new=True)
    found = workspace.grant(place)
    if found is not None:
        found.check_writable()
    try:
        data, snapshot = read_with_snapshot(place.file, MAX_FILE)
    except GitsealError as error:
        error.path = path
        raise
    try:
        opened = open_data(workspace, data, place, allow_clear=found is not None)
    except NotADocumentError:
        if found is None or b"seal:v" in data:
            raise
        # Clear text that is no document yet: an editor is where it gets mended.
        opened = None
    if opened is not None and opened.sealed is not None:
        if found is None:
            _check_own_rules(opened.sealed, path)
        return Draft(place, opened.clear.data, snapshot, grant=found, opened=opened)
    if found is None:
        raise not_sealed(found).at(path)
    workspace.keys(found.record, found.record.active.n)
    return Draft(place, data, snapshot, grant=found, stays_clear=found.plain)


def _check_own_rules(sealed: SealedFile, path: str) -> None:
    """Refuse now what could not be sealed again later."""
    try:
        carried_rules(sealed.header)
    except RefusedError as error:
        raise error.at(path) from None


def document_of(draft: Draft, text: bytes | None = None) -> Document:
    """
    Parse the text of a draft, or a new one.

    Raises:
        UsageError: it is sealed as a whole, so it has no keys.
        NotADocumentError: the text is no document of its syntax.
    """
    if draft.syntax is None:
        raise UsageError(
            "has no keys, it is sealed as a whole",
            hint=f"change it with gitseal edit {draft.place.typed}",
            path=draft.place.typed,
        )
    return documents.parse(draft.text if text is None else text, draft.syntax)


def seal(workspace: Workspace, draft: Draft, text: bytes) -> bytes:
    """
    Give the bytes that belong at the place of a draft when its text is this.

    Raises:
        RefusedError: the text is empty, or holds sealed values.
        DocumentError: it is no document, or cannot be sealed without loss.
    """
    if not text.strip() and not draft.is_whole:
        raise RefusedError(
            "nothing would be left in the file",
            hint="to remove the file itself: git rm",
            path=draft.place.typed,
        )
    if draft.opened is not None and draft.grant is None:
        try:
            return seal_again(workspace, draft.opened, text)
        except GitsealError as error:
            raise error.at(draft.place.typed) from None
    sealed = seal_content(workspace, text, draft.place)
    # In a plain scope git's clean seals; sealing here only proves that it can.
    return text if draft.stays_clear else sealed


def save(workspace: Workspace, draft: Draft, text: bytes, *, dry_run: bool = False) -> None:
    """
    Seal new text and put it in the place of the file.

    Raises:
        ChangedError: the file is not what it was when it was opened; nothing was written.
        GitsealError: as `seal`.
    """
    sealed = seal(workspace, draft, text)
    if not dry_run:
        try:
            workspace.write(draft.place, sealed, draft.snapshot)
        except GitsealError as error:
            error.path = draft.place.typed
            raise


def keep(workspace: Workspace, draft: Draft, text: bytes) -> str:
    """
    Put text that could not be saved beside the file, sealed, and give the path as people type it.

    It is bound to the path of the file: `resume` opens it, and nothing else does.
    """
    from gitseal.files import ABSENT, write_atomically

    content = ClearFile(text, None)
    if draft.grant is not None:
        sealed = seal_clear(workspace, content, draft.place, draft.grant)
    else:
        sealed = _seal_carried_whole(draft, content)
    suffixes = _suffixes()
    last = max((suffixes.index(one) for one in _kept_suffixes(draft)), default=-1)
    if last + 1 == len(suffixes):
        raise RefusedError(f"too many files {draft.place.typed}{KEPT_SUFFIX}.N stand there")
    suffix = suffixes[last + 1]
    root = workspace.root if draft.place.inside else None
    file = draft.place.file + suffix
    write_atomically(file, sealed, expect=ABSENT, root=root, parents=0o777)
    return draft.place.typed + suffix


def _kept_suffixes(draft: Draft) -> list[str]:
    return [suffix for suffix in _suffixes() if os.path.lexists(draft.place.file + suffix)]


def _suffixes() -> list[str]:
    return [KEPT_SUFFIX, *(f"{KEPT_SUFFIX}.{number}" for number in range(2, _MAX_KEPT))]


def _seal_carried_whole(draft: Draft, content: ClearFile) -> bytes:
    """Seal content as a whole under the key and rules that a file of scope `file` carries."""
    opened = draft.opened
    if opened is None or opened.sealed is None or opened.keys is None:
        raise ValueError("a draft without a grant is of a sealed file")
    header = opened.sealed.header
    return content.seal(header.finished(seal=None), opened.keys, carried_rules(header))


class Kept:
    """
    An edit that was kept.

    Attributes:
        path: as people type it.
        file: absolute path.
        text: its clear content.
        snapshot: what the file was when it was read.
    """

    __slots__ = ("file", "path", "snapshot", "text")

    def __init__(self, path: str, file: str, text: bytes, snapshot: Snapshot) -> None:
        self.path = path
        self.file = file
        self.text = text
        self.snapshot = snapshot

    def __repr__(self) -> str:
        return f"Kept({self.path!r})"


def kept_path(draft: Draft) -> str | None:
    """Give the newest edit that is kept beside a file, as people type it, or None."""
    there = _kept_suffixes(draft)
    return draft.place.typed + there[-1] if there else None


def resume(workspace: Workspace, draft: Draft) -> Kept:
    """
    Open the newest edit that is kept beside a file.

    Raises:
        NotFoundError: there is none.
        GitsealError: it does not open; see `opening.open_data`.
    """
    from gitseal.files import read_with_snapshot

    path = kept_path(draft)
    if path is None:
        raise NotFoundError("no edit is kept beside this file", path=draft.place.typed)
    file = draft.place.file + path[len(draft.place.typed) :]
    data, snapshot = read_with_snapshot(file, MAX_FILE, follow=False)
    opened = open_data(workspace, data, draft.place)
    if opened.sealed is None or not opened.sealed.is_whole:
        raise RefusedError("is not an edit that gitseal kept", path=path)
    return Kept(path, file, opened.clear.data, snapshot)


def discard(workspace: Workspace, draft: Draft, kept: Kept) -> None:
    """Remove a kept edit whose text has taken its place."""
    from gitseal.files import remove

    root = workspace.root if draft.place.inside else None
    remove(kept.file, expect=kept.snapshot, root=root)


def changes(draft: Draft, text: bytes) -> str:
    """
    Say which keys differ between the text of a draft and a new one, and never how.

    Returns:
        "changed db.password; added db.host", or "" where only layout or comments differ or the
        file has no keys.
    """
    from gitseal.changes.comparing import compare, leaves

    if draft.syntax is None:
        return ""
    try:
        # Both sides are clear text, so it does not matter which places the rules name.
        old = [] if draft.is_new else leaves(document_of(draft), _nothing)
        new = leaves(document_of(draft, text), _nothing)
    except GitsealError:
        return ""
    groups: dict[str, list[str]] = {}
    for change in compare(old, new).changes:
        name = format_path(change.path)
        names = groups.setdefault(change.kind, [])
        if name not in names:
            names.append(name)
    return "; ".join(f"{kind} {_some(names)}" for kind, names in groups.items())


def _nothing(_path: bytes) -> bool:
    return False


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:_MAX_TOLD])
    return f"{shown} and {len(names) - _MAX_TOLD} more" if len(names) > _MAX_TOLD else shown


def check_text(draft: Draft) -> None:
    """
    Refuse content that no text editor takes.

    Raises:
        UsageError: it is binary.
    """
    try:
        readable = "\0" not in draft.text.decode()
    except UnicodeDecodeError:
        readable = False
    if not readable:
        raise UsageError(
            "is binary, and an editor would damage it",
            hint=f"gitseal decrypt -o COPY {draft.place.typed}, change the copy, and seal it: "
            f"gitseal encrypt -o {draft.place.typed} --filename {draft.place.typed} - < COPY",
            path=draft.place.typed,
        )


def template(draft: Draft) -> bytes:
    """Give what the editor shows for a new file: the policy in two lines, and an example."""
    if draft.syntax == "json":
        return b"{\n}\n"
    if draft.grant is None or draft.syntax not in {"yaml", "dotenv"}:
        return b""
    readers = ", ".join(reader.to for reader in draft.grant.policy.readers)
    example = "password: example" if draft.syntax == "yaml" else "PASSWORD=example"
    what = ", ".join(draft.grant.policy.seal)
    clear = ", ".join(draft.grant.policy.clear)
    rules = f"{what}, but not {clear}" if clear else what
    return (
        f"# New file of scope {draft.grant.scope}; readers: {readers}.\n"
        f"# Sealed: {rules}. These three lines go away by themselves.\n"
        f"# {example}\n"
    ).encode()


def without_template(draft: Draft, text: bytes) -> bytes:
    """Take the lines of `template` off the beginning of a text, if they still stand there."""
    start = template(draft) if draft.is_new else b""
    if draft.syntax == "json":
        return b"" if text.split() == start.split() else text
    return text.removeprefix(start) if start else text
