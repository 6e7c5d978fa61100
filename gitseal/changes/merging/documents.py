# SPDX-License-Identifier: Apache-2.0
"""One merge of documents: what is expected, texts that may say it, and the test (see `merging`)."""

from __future__ import annotations

from gitseal.changes.merging import TEXT, Clash, Merged
from gitseal.changes.merging.layout import UnlaidError, laid_out
from gitseal.changes.merging.lines import united_lines
from gitseal.changes.merging.moves import carried, crossed
from gitseal.changes.merging.proof import Proof
from gitseal.changes.merging.trees import TreeMerge
from gitseal.changes.merging.values import LEAF, STREAM, Value, Values
from gitseal.changes.merging.weave import Weave
from gitseal.documents import parse, to_bytes
from gitseal.errors import DocumentError
from gitseal.keypaths import ROOT_PATH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitseal.changes.merging.layout import Item
    from gitseal.documents.base import Document
    from gitseal.documents.nodes import Node


class _Version:
    """A document with all that was read of it."""

    def __init__(self, values: Values, document: Document) -> None:
        self.document = document
        self.roots, self.value = values.read(document)
        self._layout: Item | None = None

    def layout(self, values: Values) -> Item:
        if self._layout is None:
            self._layout = laid_out(self.document.text, self.roots, values.idents)
        return self._layout


class DocumentMerge:
    """
    One merge.

    Raises:
        DocumentError: a side has keys that no path tells apart.
    """

    def __init__(self, base: Document | None, ours: Document, theirs: Document) -> None:
        self.values = values = Values()
        self.whole = (ours.text, theirs.text)
        base, ours, theirs = _same_breaks(base, ours, theirs)
        self.base = _Version(values, base) if base is not None else None
        if self.base is not None and _is_empty(self.base.roots):
            self.base = None
        self.ours, self.theirs = _Version(values, ours), _Version(values, theirs)
        # What is proved is proved for the sides as they came, before anything was carried.
        self.versions = (self.base.document if self.base is not None else None, ours, theirs)
        self.crossed: list[tuple[bytes, str]] = []
        if self.base is not None:
            self.crossed = crossed(self.base.value, self.ours.value, self.theirs.value)
            self._carry(self.base)

    def _carry(self, base: _Version) -> None:
        """Put changes of values where the other side moved their keys."""
        sides = [(one.document, one.value) for one in (base, self.ours, self.theirs)]
        moved = carried(self.values, *sides)
        if moved[0] is not sides[1]:
            self.ours = _Version(self.values, moved[0][0])
        if moved[1] is not sides[2]:
            self.theirs = _Version(self.values, moved[1][0])

    def merged(self) -> Merged:
        """Merge, and give no text that was not proved."""
        merges = [self._expected(prefer_ours=one) for one in (True, False)]
        found = [*merges[0][0].clashes, *self.crossed]
        clashes = [Clash(path, kind) for path, kind in dict.fromkeys(found)]
        if not clashes:
            proof = self._proof(merges[0][1], comments=True)
            for text in self._texts(merges[0][0]):
                if not proof.accepts(text):
                    continue
                clashes = [Clash(path, "changed") for path in proof.aliases()]
                if not clashes:
                    return Merged(text, text, text, [])
                return Merged(None, *self.whole, clashes)
            clashes = [Clash(None, TEXT)]
        sides = [self._decided(*one) for one in merges]
        ours, theirs = (
            text if text is not None else whole
            for text, whole in zip(sides, self.whole, strict=True)
        )
        if ours == theirs:
            ours, theirs = self.whole
        return Merged(None, ours, theirs, clashes)

    def _expected(self, *, prefer_ours: bool) -> tuple[TreeMerge, Value | None]:
        merge = TreeMerge(self.values, prefer_ours=prefer_ours)
        base = self.base.value if self.base is not None else self._nothing()
        return merge, merge.merge(base, self.ours.value, self.theirs.value)

    def _nothing(self) -> Value:
        """Give the version before a file was there: one document that says nothing."""
        stream = Value(STREAM, None, ROOT_PATH, ())
        stream.items = [Value(LEAF, None, ROOT_PATH, ())]
        stream.items[0].ident = self.values.number("nothing")
        return self.values.sealed(stream)

    def _proof(self, expected: Value | None, *, comments: bool) -> Proof:
        return Proof(self.values, self.versions, expected, comments=comments)

    def _decided(self, merge: TreeMerge, expected: Value | None) -> str | None:
        """Give the text in which clashes are decided for one side, if one can be proved."""
        proof = self._proof(expected, comments=False)
        weave = self._woven(merge, swapped=False)
        return weave[0] if weave is not None and proof.accepts(weave[0]) else None

    def _texts(self, merge: TreeMerge) -> Iterator[str]:
        """Give texts that may be the merge, the likeliest first."""
        torn = False
        for swapped in (False, True):
            weave = self._woven(merge, swapped=swapped)
            if weave is not None and not weave[1]:
                yield weave[0]
            torn = torn or (weave is not None and weave[1])
        base, ours, theirs = self.versions
        if base is not None and not torn:
            yield united_lines(base.text, ours.text, theirs.text)
            yield united_lines(base.text, theirs.text, ours.text)

    def _woven(self, merge: TreeMerge, *, swapped: bool) -> tuple[str, bool] | None:
        """Weave a text; also tell whether both sides changed one comment or piece of layout."""
        sides = (self.theirs, self.ours) if swapped else (self.ours, self.theirs)
        weave = Weave(
            self.values.idents,
            merge.decided,
            merge.same,
            prefer_ours=merge.prefer_ours is not swapped,
            line_break=sides[0].document.line_break,
        )
        try:
            base = self.base.layout(self.values) if self.base is not None else None
            text = weave.weave(base, *(one.layout(self.values) for one in sides))
        except UnlaidError:
            return None
        return text, weave.torn


def _is_empty(roots: list[Node]) -> bool:
    root = roots[0]
    return len(roots) == 1 and root.start == root.end and root.anchor is None and root.tag is None


def _same_breaks(
    base: Document | None, ours: Document, theirs: Document
) -> tuple[Document | None, Document, Document]:
    """Give the versions with the line breaks that one side gave them, so that these compare."""
    versions = [one for one in (base, ours, theirs) if one is not None]
    breaks = {one.line_break for one in versions if "\n" in one.text}
    if len(breaks) < 2 or any(one.mixed_breaks for one in versions):
        return base, ours, theirs
    wanted = ours.line_break
    if base is not None and base.line_break == wanted:
        wanted = theirs.line_break
    try:
        ours, theirs = _with_breaks(ours, wanted), _with_breaks(theirs, wanted)
        return (None if base is None else _with_breaks(base, wanted)), ours, theirs
    except DocumentError:
        return base, ours, theirs


def _with_breaks(document: Document, line_break: str) -> Document:
    if document.line_break == line_break:
        return document
    text = document.text.replace("\r\n", "\n").replace("\n", line_break)
    return parse(to_bytes(document, text), document.syntax)
