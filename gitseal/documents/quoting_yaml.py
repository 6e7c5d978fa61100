# SPDX-License-Identifier: Apache-2.0
"""
Values as YAML that YAML 1.1 and 1.2 read alike: single scalars, and whole values in block style.

Nothing here depends on a document; `editing_yaml` and `values.render` write with it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def double_quoted(text: str) -> str:
    """Write a text as a double-quoted YAML scalar on one line, the same in YAML 1.1 and 1.2."""
    return '"' + "".join(map(_character, text)) + '"'


_ESCAPES = {
    "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\a": "\\a",
    "\f": "\\f", "\v": "\\v", "\0": "\\0", "\x1b": "\\e",
}  # fmt: skip


def _character(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    code = ord(char)
    if is_printable(char):
        return char
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def is_printable(char: str) -> bool:
    """Tell whether a character may stand in YAML as it is and is no odd line break or mark."""
    code = ord(char)
    return (
        0x20 <= code <= 0x7E
        or (0xA0 <= code <= 0xD7FF and code not in {0x2028, 0x2029})
        or (0xE000 <= code <= 0xFFFD and code != 0xFEFF)
        or 0x10000 <= code <= 0x10FFFF
    )


_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`=")
_NEVER_INSIDE = (": ", " #", ",", "[", "]", "{", "}")
_WORDS_OF_1_1 = frozenset(("y", "n", "yes", "no", "on", "off", "<<", "="))


def is_plain(text: str) -> bool:
    """Tell whether plain text is this string, for YAML 1.1 and 1.2, in block and in flow."""
    if not text or text.strip() != text or not all(map(is_printable, text)):
        return False
    if text[0] in _INDICATORS or text.endswith(":") or text[:3] == "...":
        return False
    if any(mark in text for mark in _NEVER_INSIDE):
        return False
    return kind_of(text) == "str"


def kind_of(text: str) -> str:
    """Say what plain text is: str, int, float, bool, null; "" where YAML 1.1 and 1.2 differ."""
    import yaml

    from gitseal.documents.yaml_keys import core_type

    typed = core_type(text)
    kind = "str" if typed is None else typed[0]
    if text.lower() in _WORDS_OF_1_1:
        return ""
    resolver = yaml.resolver.Resolver()
    tag: str = resolver.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    if tag != f"tag:yaml.org,2002:{kind}":
        return ""
    if kind == "int" and text.lstrip("+-")[:1] == "0" and text.lstrip("+-") != "0":
        return ""  # 010 is 8 in YAML 1.1
    return kind


def single_quoted(text: str) -> str | None:
    """Write a text in single quotes on one line, or give None where it cannot be."""
    if not all(map(is_printable, text)):
        return None
    return "'" + text.replace("'", "''") + "'"


def literal(text: str) -> list[str] | None:
    """
    Write a text as a literal block scalar, or give None where a quoted one is safer.

    Returns:
        the header and the lines, not indented.
    """
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 2 and not text.endswith("\n"):
        return None
    if not lines[0] or lines[0][0] in " \t" or not lines[-1]:
        return None
    for line in lines:
        if line != line.rstrip() or not all(is_printable(char) or char == "\t" for char in line):
            return None
    return ["|" if text.endswith("\n") else "|-", *lines]


def string(text: str, habit: str = "") -> list[str]:
    """Write a string in block context: one line, or the lines of a literal."""
    block = literal(text)
    if block is not None:
        return block
    return [quoted(text, habit)]


def quoted(text: str, habit: str = "") -> str:
    """Write a string on one line: in the quotes of a habit, plain, or in double quotes."""
    if habit == "'":
        single = single_quoted(text)
        if single is not None:
            return single
    if not habit and is_plain(text):
        return text
    return double_quoted(text)


def number(value: float) -> str:
    """Write an int or a float as both YAML versions read it."""
    if isinstance(value, int):
        return str(value)
    if value != value:  # noqa: PLR0124 - the one value that is not equal to itself
        return ".nan"
    if value in {float("inf"), float("-inf")}:
        return ".inf" if value > 0 else "-.inf"
    text = repr(value)
    mantissa, sign, exponent = text.partition("e")
    if sign:
        mantissa = mantissa if "." in mantissa else f"{mantissa}.0"
        exponent = exponent if exponent[0] in "+-" else f"+{exponent}"
        text = f"{mantissa}e{exponent}"
    return text


def scalar(value: object) -> list[str]:
    """Write a scalar or an empty collection in block context."""
    if isinstance(value, str):
        return string(value)
    return [flow(value)]


def flow(value: object) -> str:
    """Write any value on one line, in flow style."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(name)}: {flow(one)}" for name, one in value.items()) + "}"
    raise TypeError("no value of YAML")


def lines(value: object, step: int = 2) -> list[str]:
    """Write any value in block style, as lines that begin at column 0."""
    written: list[str] = []
    if isinstance(value, dict) and value:
        for name, one in value.items():
            below = lines(one, step)
            if isinstance(one, dict | list) and one:
                written += [f"{quoted(name)}:", *indented(below, step)]
            else:
                written += [f"{quoted(name)}: {below[0]}", *indented(below[1:], step)]
        return written
    if isinstance(value, list) and value:
        for item in value:
            below = lines(item, step)
            written += [f"- {below[0]}", *indented(below[1:], 2)]
        return written
    return scalar(value)


def indented(written: Sequence[str], width: int) -> list[str]:
    """Move lines to the right; empty ones stay empty."""
    return [" " * width + line if line else "" for line in written]
