# SPDX-License-Identifier: Apache-2.0
"""
What a document says: Python values, and the variables that a program is started with.

YAML is read by the core schema of YAML 1.2, so `on` and `12:30:00` and dates are strings.
"""

from __future__ import annotations

from gitseal.documents import quoting, quoting_yaml
from gitseal.documents.nodes import Mapping, Scalar, Sequence
from gitseal.documents.tree import is_merge, merged, resolved
from gitseal.documents.yaml_keys import CORE_TAG, core_type
from gitseal.errors import DocumentError, LimitError, UsageError
from gitseal.keypaths import format_path, format_typed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitseal.documents.nodes import Node

    Value = None | bool | int | float | str | bytes | list["Value"] | dict[str, "Value"]
    Name = tuple[str | int, ...]

MAX_NODES = 100_000
"""How many nodes aliases may expand to: a few lines of YAML can name billions."""

MAX_NESTING = 200
"""How deep they may nest: each anchor may hold an alias of the one before it."""

_NUMBERS = frozenset(("null", "bool", "int", "float"))
_DIGITS = 4300


def to_python(node: Node) -> Value:
    """
    Give the value of a node: dict, list, str, int, float, bool, None; bytes for `!!binary`.

    Aliases are expanded and merge keys honoured.  A tag that YAML does not define leaves its
    node as if it were not there.  Keys become text; of equal names the last counts.

    Raises:
        LimitError: aliases expand to more than 100,000 nodes, or a number has thousands of
            digits.
        DocumentError: a text that its tag does not allow, an alias inside its own anchor, a
            key that is a collection.
    """
    return _Reader().value(node)


class _Bounds:
    """Counts what a reading expands to."""

    def __init__(self) -> None:
        self.count = 0
        self.depth = 0

    def __enter__(self) -> None:
        self.count += 1
        self.depth += 1
        if self.count > MAX_NODES or self.depth > MAX_NESTING:
            raise LimitError("aliases make the document too large: more than 100,000 values")

    def __exit__(self, *_exception: object) -> None:
        self.depth -= 1

    def entries(self, node: Mapping) -> dict[str, Node]:
        """Give the entries of a mapping; its own win, then earlier merges."""
        with self:
            entries: dict[str, Node] = {}
            for source in reversed(merged(node)):
                entries.update(self.entries(source))
            for key, value in node.entries:
                if not is_merge(key):
                    entries[key_name(key)] = value
            return entries


class _Reader(_Bounds):
    """Reads values."""

    def value(self, node: Node) -> Value:
        with self:
            node = resolved(node)
            if isinstance(node, Scalar):
                return scalar_value(node)
            if isinstance(node, Sequence):
                return [self.value(item) for item in node.items]
            if isinstance(node, Mapping):
                return {name: self.value(one) for name, one in self.entries(node).items()}
            raise TypeError("an alias names no node")


def key_name(key: Node) -> str:
    """
    Give the text of a key.

    Raises:
        DocumentError: the key is a collection.
    """
    key = resolved(key)
    if not isinstance(key, Scalar):
        raise DocumentError("a key that is a list or a mapping has no name")
    return key.value


def scalar_value(node: Scalar) -> Value:
    """
    Give the value of one scalar.

    Raises:
        DocumentError: its tag does not allow its text.
        LimitError: a number of thousands of digits.
    """
    tag = node.tag or ""
    kind = node.kind
    if tag.startswith(CORE_TAG):
        kind = tag[len(CORE_TAG) :]
        if kind == "binary":
            return _binary(node)
    elif tag == "!":
        kind = "str"
    if kind not in _NUMBERS:
        return node.value
    if len(node.value) > _DIGITS:
        raise LimitError(f"{format_path(node.path)}: the number has thousands of digits")
    typed = core_type(node.value)
    if typed is not None and kind == "float" and typed[0] == "int":
        return float(str(typed[1]))
    if typed is not None and kind == "float" and isinstance(typed[1], str):
        return float(typed[1])
    if typed is None or typed[0] != kind:
        raise DocumentError(f"{format_path(node.path)}: the text is no {kind}, as its tag says")
    value: Value = typed[1]  # type: ignore[assignment]
    return value


def _binary(node: Scalar) -> bytes:
    from base64 import b64decode

    try:
        return b64decode("".join(node.value.split()), validate=True)
    except ValueError:
        message = f"{format_path(node.path)}: the text is no base 64, as its tag says"
        raise DocumentError(message) from None


def plain_text(node: Scalar) -> str:
    """Give a scalar as the text of a variable: numbers as they are written, null as nothing."""
    if node.kind == "null" and node.tag in {None, CORE_TAG + "null"}:
        return ""
    if node.kind == "bool" and node.tag in {None, CORE_TAG + "bool"}:
        return node.value.lower()
    return node.value


def flatten(node: Node) -> list[tuple[Name, str]]:
    """
    Give each single value of a document with the keys and indices that lead to it.

    Empty collections give nothing.  Aliases and merge keys are followed.

    Raises:
        LimitError, DocumentError: as `to_python`.
    """
    return list(_Leaves().walk(node, ()))


class _Leaves(_Bounds):
    """Reads single values with their names."""

    def walk(self, node: Node, name: Name) -> Iterator[tuple[Name, str]]:
        with self:
            node = resolved(node)
            if isinstance(node, Scalar):
                if name:
                    yield name, plain_text(node)
            elif isinstance(node, Sequence):
                for index, item in enumerate(node.items):
                    yield from self.walk(item, (*name, index))
            elif isinstance(node, Mapping):
                for key, value in self.entries(node).items():
                    yield from self.walk(value, (*name, key))


_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


def variables(node: Node, *, verbatim: bool = False) -> list[tuple[str, str]]:
    """
    Give the variables of an environment: `DB_PASSWORD` from db.password, `USERS_0` from users[0].

    Args:
        node: the root of a document.
        verbatim: names are taken as they are written, as in a dotenv file.

    Raises:
        UsageError: two values would have one name, a name is empty, or a value holds a NUL.
        LimitError, DocumentError: as `to_python`.
    """
    found: dict[str, tuple[Name, str]] = {}
    for parts, text in flatten(node):
        name = str(parts[0]) if verbatim else variable_name(parts)
        if name in found:
            both = f"{format_typed(found[name][0])} and {format_typed(parts)}"
            raise UsageError(
                f"two values would both be the variable {name}: {both}",
                hint="name the one you need with its key path, or rename a key",
            )
        if "\0" in text or not name:
            raise UsageError(f"{format_typed(parts)} cannot be a variable of an environment")
        found[name] = (parts, text)
    return [(name, text) for name, (_parts, text) in found.items()]


def variable_name(parts: Name) -> str:
    """Give the name of a variable: capitals, other characters as `_`, no digit in front."""
    name = "_".join(str(part) for part in parts).upper()
    name = "".join(char if char in _NAME else "_" for char in name)
    return f"_{name}" if name[:1].isdigit() else name


def render(value: Value, form: str, *, token: str = "") -> str:
    """
    Write a value for another program.

    Args:
        value: for "json" and "yaml" any; for the others a dict of names and texts, as
            `dict(variables(node))` gives it.
        form: "json"; "yaml"; "env", a dotenv file; "shell", lines for `source`; "github",
            lines for $GITHUB_ENV; "docker", a file for `docker run --env-file`.
        token: for "github" only: fresh random characters, 16 at least.

    Returns:
        text that ends with a line break, or nothing for no variables.

    Raises:
        UsageError: the form cannot say this value; names the variable.
    """
    if form == "json":
        return quoting.json_text(_without_bytes(value)) + "\n"
    if form == "yaml" and isinstance(value, str):
        return quoting_yaml.quoted(value) + "\n"
    if form == "yaml":
        return "\n".join(quoting_yaml.lines(_without_bytes(value))) + "\n"
    write = {
        "env": lambda name, text: f"{name}={quoting.dotenv(text)}\n",
        "shell": lambda name, text: f"export {name}={quoting.shell(text)}\n",
        "github": lambda name, text: quoting.github(name, text, token),
        "docker": quoting.docker,
    }.get(form)
    if write is None or not isinstance(value, dict):
        raise ValueError("unknown form, or no variables")
    lines = []
    for name, text in value.items():
        _check_variable(name, text, form)
        lines.append(write(name, str(text)))
    return "".join(lines)


def _check_variable(name: str, text: Value, form: str) -> None:
    """Refuse names that would be read as more than a name, and texts that no variable holds."""
    allowed = _LOADED if form in {"env", "docker"} else _IDENTIFIER
    plain = bool(name) and allowed.issuperset(name) and not (form == "shell" and name[0].isdigit())
    if not plain:
        raise UsageError(f"{name!r} is no name for a variable here")
    if not isinstance(text, str):
        raise TypeError("a variable is a text")
    if "\0" in text:
        raise UsageError(f"{name}: a variable cannot hold a NUL")


_IDENTIFIER = frozenset("abcdefghijklmnopqrstuvwxyz") | _NAME
_LOADED = _IDENTIFIER | frozenset(".-")


def _without_bytes(value: Value) -> Value:
    """Give `!!binary` values as the base 64 that they were, since neither form has bytes."""
    if isinstance(value, bytes):
        from base64 import b64encode

        return b64encode(value).decode()
    if isinstance(value, list):
        return [_without_bytes(item) for item in value]
    if isinstance(value, dict):
        return {name: _without_bytes(item) for name, item in value.items()}
    return value
