# SPDX-License-Identifier: Apache-2.0
"""What people want to set: a text as they type it, and the kind it is to have."""

from __future__ import annotations

from gitseal.documents.nodes import Scalar
from gitseal.errors import DocumentError, UsageError, hush
from gitseal.keypaths import format_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.documents.nodes import Node
    from gitseal.keypaths import TypedPath

KINDS = ("string", "int", "float", "bool", "null", "json")
_PLAIN_KINDS = frozenset(("int", "float", "bool"))


class Wanted:
    """
    A new value.

    Attributes:
        value: what reading the document must give.
        literal: source text that says it, for numbers and literals; None for the rest.
        raw: source lines of a value that is moved with its bytes, or None.
    """

    __slots__ = ("literal", "raw", "value")

    def __init__(
        self, value: object, literal: str | None = None, raw: list[str] | None = None
    ) -> None:
        self.value = value
        self.literal = literal
        self.raw = raw


def wanted(syntax: str, text: str, kind: str | None, old: Node | None) -> Wanted:
    """
    Give the value that a text means.

    Raises:
        UsageError: the text is not of the kind, or the syntax has no such kind.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        hush(error)
        raise UsageError("the value is not UTF-8") from None
    if syntax == "dotenv":
        return _for_dotenv(text, kind)
    if kind is None:
        return _like(syntax, text, old)
    if kind == "string":
        return Wanted(text)
    if kind == "json":
        return Wanted(_json(text))
    read = {"int": _int, "float": _float, "bool": _bool, "null": _null}.get(kind)
    if read is None:
        raise UsageError(f"unknown kind {kind!r}", hint="one of " + ", ".join(KINDS))
    value = read(text)
    literal = _literal(syntax, value)
    return Wanted(value, literal)


def _for_dotenv(text: str, kind: str | None) -> Wanted:
    """Check the kind; a dotenv file holds texts."""
    if kind == "json":
        raise UsageError("a dotenv file holds texts only", hint="leave the kind out")
    if kind == "null":
        return Wanted("")
    if kind in {"int", "float", "bool"}:
        wanted("json", text, kind, None)
    elif kind not in {None, "string"}:
        raise UsageError(f"unknown kind {kind!r}", hint="one of " + ", ".join(KINDS))
    return Wanted(text)


def _like(syntax: str, text: str, old: Node | None) -> Wanted:
    """Keep the kind of an old number or bool, if the new text is one as it is typed."""
    if not isinstance(old, Scalar) or old.style or old.kind not in _PLAIN_KINDS:
        return Wanted(text)
    if old.tag is not None or not _is_plain(syntax, text, old.kind):
        return Wanted(text)
    from gitseal.documents.yaml_keys import core_type

    typed = core_type(text)
    return Wanted(text) if typed is None else Wanted(typed[1], text)


def _is_plain(syntax: str, text: str, kind: str) -> bool:
    if syntax == "json":
        from gitseal.documents.json import TOKEN

        match = TOKEN.fullmatch(text)
        if match is None or match.group(3) != text or text == "null" or len(text) > 4000:
            return False
        return (text in {"true", "false"}) == (kind == "bool")
    from gitseal.documents.quoting_yaml import kind_of

    if len(text) > 4000:
        return False
    return kind_of(text) in ({"bool"} if kind == "bool" else {"int", "float"})


def _literal(syntax: str, value: object) -> str:
    if syntax == "json":
        from gitseal.documents.quoting import json_text

        return json_text(value)
    from gitseal.documents.quoting_yaml import flow

    return flow(value)


def _int(text: str) -> int:
    digits = text[1:] if text[:1] in {"+", "-"} else text
    if not digits.isascii() or not digits.isdigit() or len(digits) > 4000:
        raise UsageError("the value is no int")
    return int(text)


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError("the value is no float") from None


def _bool(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise UsageError("the value is no bool", hint="write true or false")
    return text.lower() == "true"


def _null(text: str) -> None:
    if text not in {"", "null"}:
        raise UsageError("null has no other value", hint="leave the value out")


def _json(text: str) -> object:
    from gitseal.documents.base import UNREADABLE
    from gitseal.documents.fields import read

    value = read(text.strip(" \t\r\n"))
    if value is UNREADABLE:
        raise UsageError("the value is no JSON", hint="strings need double quotes in JSON")
    return value


def stands_here(node: Node) -> DocumentError:
    """Give the error for a single value in the place of a whole collection."""
    return DocumentError(
        f"{format_path(node.path)} holds more than one value",
        hint="name a key below it, or remove it first: gitseal unset",
    )


def nested(rest: TypedPath, value: object) -> object:
    """Give what stands at the first new part of a path, when the last one holds the value."""
    for part in reversed(rest):
        value = [value] if isinstance(part, int) else {part: value}
    return value


def same_value(one: object, other: object) -> bool:
    """Compare values with their types: 1 is not 1.0, and True is not 1."""
    return repr(one) == repr(other)
