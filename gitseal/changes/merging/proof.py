# SPDX-License-Identifier: Apache-2.0
"""The test that every merged document has to stand before it is taken."""

from __future__ import annotations

from gitseal.changes.merging.values import Value, Values
from gitseal.documents import parse, to_bytes
from gitseal.documents.nodes import Alias, Mapping, Node, Sequence, children
from gitseal.documents.tree import tree
from gitseal.errors import DocumentError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence as Row

    from gitseal.documents.base import Document


class Proof:
    """
    What a merged text has to say.

    Args:
        values: which read the versions.
        versions: base (None if there is none), ours and theirs.
        expected: what the merge of the values gave.
        comments: whether those of both sides must be there, too.
    """

    def __init__(
        self,
        values: Values,
        versions: Row[Document | None],
        expected: Value | None,
        *,
        comments: bool,
    ) -> None:
        self.values = values
        self.versions = versions
        self.expected = expected
        self.comments = comments
        self.merged: Document | None = None

    def accepts(self, text: str) -> bool:
        """Tell whether a text is a document that says what is expected, comments included."""
        document = self._parsed(text)
        if document is None or self.expected is None:
            return False
        try:
            _roots, said = self.values.read(document)
        except DocumentError:
            return False
        if said.ident != self.expected.ident:
            return False
        self.merged = document
        return not self.comments or self._has_comments(document)

    def _parsed(self, text: str) -> Document | None:
        side = self.versions[1]
        if side is None:
            return None
        try:
            return parse(to_bytes(side, text), side.syntax)
        except DocumentError:
            return None

    def _has_comments(self, document: Document) -> bool:
        """
        Compare how often each comment stands there.

        What one side added, removed or changed is so in the result; what both did alike may be
        there once or twice.
        """
        counts = [_comments(one) if one is not None else {} for one in self.versions]
        found = _comments(document)
        for text in {text for one in (*counts, found) for text in one}:
            base, ours, theirs = (one.get(text, 0) for one in counts)
            sum_of = max(ours + theirs - base, 0)
            least, most = sorted((ours if ours == theirs else sum_of, sum_of))
            if not least <= found.get(text, 0) <= most:
                return False
        return True

    def aliases(self) -> list[bytes]:
        """
        Give the paths of accepted aliases that mean something else than their writer saw.

        An edit of an anchored value is meant for all its aliases that were there.  One that the
        other side wrote meanwhile meant the old value.
        """
        merged = self.merged
        if merged is None or not merged.aliases:
            return []
        base, ours, theirs = (
            _meanings(self.values, one) if one is not None else {} for one in self.versions
        )
        wrong = []
        for key, meanings in _meanings(self.values, merged).items():
            known = len(base.get(key, ()))
            new = (side.get(key, ()) for side in (ours, theirs))
            if any(len(one) not in {0, known} and one != meanings for one in new):
                wrong.append(key[0])
        return list(dict.fromkeys(wrong))


def _comments(document: Document) -> dict[str, int]:
    counts: dict[str, int] = {}
    for start, end in document.comments:
        text = document.text[start:end].strip()
        counts[text] = counts.get(text, 0) + 1
    return counts


def _meanings(values: Values, document: Document) -> dict[tuple[bytes, str], list[int]]:
    """Give by path and name of the aliases what they stand for, aliases inside followed."""
    first = tree(document)
    reader = _Meaning(values)
    found: dict[tuple[bytes, str], list[int]] = {}
    stack: list[Node] = [*reversed(first.later), first]
    while stack:
        node = stack.pop()
        if isinstance(node, Alias):
            found.setdefault((node.path, node.name), []).append(reader.of(node))
        stack += reversed(children(node))
    return found


class _Meaning:
    """What nodes say when aliases are followed; each node is read once, so bombs cost nothing."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.known: dict[int, int] = {}

    def of(self, node: Node) -> int:
        if id(node) in self.known:
            return self.known[id(node)]
        self.known[id(node)] = 0  # inside its own anchor
        if isinstance(node, Alias):
            said = self.of(node.target) if node.target is not None else 0
        elif isinstance(node, Mapping):
            entries = {(self.of(key), self.of(value)) for key, value in node.entries}
            said = self.values.number(("meant", frozenset(entries)))
        elif isinstance(node, Sequence):
            said = self.values.number(("meant", tuple(self.of(item) for item in node.items)))
        else:
            said = self.values.idents.get(id(node), 0)
            said = self.values.number(
                ("meant", node.tag, getattr(node, "style", ""), getattr(node, "value", said))
            )
        self.known[id(node)] = said
        return said
