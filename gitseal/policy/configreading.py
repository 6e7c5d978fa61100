# SPDX-License-Identifier: Apache-2.0
"""Reading `.gitseal.yaml` strictly: a slip of the finger must not leave a secret unsealed."""

from __future__ import annotations

from gitseal.errors import NewerVersionError, PolicyError, UsageError
from gitseal.keys import Context, check_scope_name
from gitseal.policy.config import Config, ScopeConfig
from gitseal.policy.patterns import check_pattern
from gitseal.policy.presets import PRESETS
from gitseal.policy.terms import CHOICES, LISTS, SINGLES, check_key_uri, check_reader_name
from gitseal.policy.yamltree import Node, decode, parse_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CONFIG_VERSION = 1
MAX_GROUP_DEPTH = 20

_TOP = ("version", "readers", "groups", "scopes")

SCOPE_FIELDS = ("files", "context", "readers", "seal", "clear", "preset", "whole", *SINGLES)
_CHOICES: Mapping[str, tuple[str, ...]] = {
    **CHOICES,
    "portable": ("false", "true"),
    "agents": ("allow", "deny"),
    "preset": tuple(PRESETS),
}


def read_config(data: bytes, name: str) -> Config:
    """
    Read the policy file called `name` in messages.

    Raises:
        PolicyError: anything unknown, mistyped or contradictory; `path` is `FILE:LINE`.
        NewerVersionError: a version that this gitseal does not know.
    """
    return _ConfigReader(name).read(data)


class _ConfigReader:
    """Walks the tree of one policy file; remembers lines and raises errors that name them."""

    __slots__ = ("_lines", "_name")

    def __init__(self, name: str) -> None:
        self._name = name
        self._lines: dict[tuple[str, ...], int] = {}

    def read(self, data: bytes) -> Config:
        root = parse_tree(decode(data, self._name), self._name)
        if root is None or root.empty:
            hint = "bring it back: git log -- .gitseal.yaml; or begin anew: gitseal init"
            raise PolicyError("the file is empty", path=self._name, hint=hint)
        self._check_keys(root, _TOP, "the policy file")
        self._version(root)
        readers = self._readers(root)
        groups = self._groups(root, readers)
        scopes = {
            key.text: self._scope(key, value, readers, groups)
            for key, value in self._section(root, "scopes")
        }
        config = Config(readers, groups, scopes, name=self._name, lines=self._lines)
        for scope in scopes:
            config.policy(scope)
        return config

    def _version(self, root: Node) -> None:
        entry = root.find("version")
        if entry is None:
            raise self._error(root, "'version' is missing", f"version: {CONFIG_VERSION}")
        text = self._text(entry[1])
        if text == str(CONFIG_VERSION):
            return
        if text.isascii() and text.isdigit() and int(text[:9]) > CONFIG_VERSION:
            raise NewerVersionError(
                "made for a newer gitseal",
                hint="pip install --upgrade gitseal",
                path=f"{self._name}:{entry[1].line}",
            )
        raise self._error(entry[1], f"version is {CONFIG_VERSION}")

    def _section(self, root: Node, section: str) -> list[tuple[Node, Node]]:
        entry = root.find(section)
        if entry is None or entry[1].empty:
            return []
        if entry[1].kind != "mapping":
            raise self._error(entry[1], f"{section!r} is a mapping from names")
        for key, _ in entry[1].entries:
            self._lines[section, key.text] = key.line
        return entry[1].entries

    def _readers(self, root: Node) -> dict[str, str]:
        readers: dict[str, str] = {}
        for key, value in self._section(root, "readers"):
            uri = self._text(value)
            self._checked(key, check_reader_name, key.text)
            self._checked(value, check_key_uri, uri)
            same = next((name for name, known in readers.items() if known == uri), None)
            if same is not None:
                raise self._error(value, f"{same!r} and {key.text!r} have the same key")
            readers[key.text] = uri
        return readers

    def _groups(self, root: Node, readers: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        entries = self._section(root, "groups")
        known = [*readers, *(key.text for key, _ in entries)]
        groups: dict[str, tuple[str, ...]] = {}
        for key, value in entries:
            self._checked(key, check_reader_name, key.text)
            if key.text in readers:
                raise self._error(key, f"{key.text!r} is a reader and a group")
            groups[key.text] = self._names(value, known)
        done: set[str] = set()
        for key, _ in entries:
            self._check_cycle(key, key.text, groups, [], done)
        return groups

    def _check_cycle(
        self,
        key: Node,
        name: str,
        groups: Mapping[str, tuple[str, ...]],
        above: list[str],
        done: set[str],
    ) -> None:
        if name in above:
            circle = " > ".join([*above[above.index(name) :], name])
            raise self._error(key, f"groups contain each other: {circle}")
        if len(above) > MAX_GROUP_DEPTH:
            raise self._error(key, "groups are nested too deeply")
        if name not in done:
            for member in groups.get(name, ()):
                self._check_cycle(key, member, groups, [*above, name], done)
            done.add(name)

    def _names(self, node: Node, known: list[str]) -> tuple[str, ...]:
        names = self._texts(node)
        for item in node.items:
            if item.text not in known:
                raise self._error(
                    item, f"no reader or group is called {item.text!r}",
                    _did_you_mean(item.text, known) or "list it under readers first",
                )  # fmt: skip
        return names

    def _scope(
        self,
        key: Node,
        node: Node,
        readers: Mapping[str, str],
        groups: Mapping[str, tuple[str, ...]],
    ) -> ScopeConfig:
        self._checked(key, check_scope_name, key.text)
        self._check_keys(node, SCOPE_FIELDS, f"scope {key.text!r}")
        fields: dict[str, object] = {}
        for field, value in node.entries:
            self._lines["scopes", key.text, field.text] = field.line
            fields[field.text] = self._field(field.text, value, [*readers, *groups])
        for required in ("files", "readers"):
            if not fields.get(required):
                raise self._error(key, f"scope {key.text!r} lists no {required}")
        return ScopeConfig(key.text, **fields)  # type: ignore[arg-type]

    def _field(self, field: str, value: Node, known: list[str]) -> object:
        if field == "context":
            return self._context(value)
        if field == "readers":
            return self._names(value, known)
        if field in LISTS:
            texts = self._texts(value)
            check = check_pattern if field in {"files", "whole"} else _check_glob
            for item in value.items:
                self._checked(item, check, item.text)
            return texts
        text = self._text(value)
        choices = _CHOICES[field]
        if text not in choices or (field == "portable" and value.style):
            raise self._error(
                value, f"{field} is {' or '.join(choices)}, not {text!r}",
                _did_you_mean(text, choices),
            )  # fmt: skip
        return text == "true" if field == "portable" else text

    def _context(self, node: Node) -> Context:
        if node.kind != "mapping" and not node.empty:
            raise self._error(node, "context is a mapping, such as {app: shop, env: prod}")
        pairs = {}
        for key, value in node.entries:
            pairs[key.text] = self._text(value)
            self._checked(key, Context, {key.text: pairs[key.text]})
        self._checked(node, Context, pairs)
        return Context(pairs)

    def _check_keys(self, node: Node, known: tuple[str, ...], where: str) -> None:
        if node.kind != "mapping":
            raise self._error(node, f"{where} is a mapping of {', '.join(known[:4])} …")
        for key, _ in node.entries:
            if key.text not in known:
                raise self._error(
                    key, f"{where} has no field {key.text!r}",
                    _did_you_mean(key.text, known) or f"it has {', '.join(known)}",
                )  # fmt: skip

    def _text(self, node: Node) -> str:
        if node.kind != "text" or node.empty:
            raise self._error(node, "a single value belongs here")
        return node.text

    def _texts(self, node: Node) -> tuple[str, ...]:
        if node.kind != "list":
            raise self._error(node, "a list belongs here", 'write it as ["…", "…"]')
        texts: dict[str, None] = {}
        for item in node.items:
            text = self._text(item)
            if text in texts:
                raise self._error(item, f"{text!r} is listed twice")
            texts[text] = None
        return tuple(texts)

    def _checked(self, node: Node, check: object, value: object) -> None:
        """Run a check of another room, and give its error this line."""
        try:
            check(value)  # type: ignore[operator]
        except UsageError as error:
            raise self._error(node, error.message, error.hint) from None

    def _error(self, node: Node, message: str, hint: str | None = None) -> PolicyError:
        return PolicyError(message, hint=hint, path=f"{self._name}:{node.line}")


def _check_glob(text: str) -> None:
    from gitseal.keypaths import Glob

    Glob(text)


def _did_you_mean(text: str, known: Iterable[str]) -> str | None:
    from difflib import get_close_matches

    close = get_close_matches(text, list(known), n=1)
    return f"did you mean {close[0]!r}?" if close else None
