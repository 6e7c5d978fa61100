# SPDX-License-Identifier: Apache-2.0
"""
Texts as literals of other languages: what a reader of that language reads back is the text.

Nothing here depends on a document; `editing_dotenv` and `values.render` write with it.
"""

from __future__ import annotations

from gitseal.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+,=-")
_SPECIAL = frozenset('"\\$`')


def dotenv(text: str, habit: str = "", line_break: str = "\n") -> str:
    r"""
    Write a value of a dotenv file.

    python-dotenv, Node's loader, Docker Compose and `source` read the same where they can: bare
    words, single quotes for what is special, double quotes for line breaks.  A text with single
    quotes and special characters gets backslashes, which Node keeps, and a `$` that a shell
    would expand gets one too, which python-dotenv keeps: better a loader that shows a backslash
    than a shell that runs a value.

    Args:
        text: any text without NUL.
        habit: the quote that the file prefers, or "".
        line_break: of the file; another one than "\n" cannot stand in a value.
    """
    if not habit and _BARE.issuperset(text):
        return text
    lines_fit = "\r" not in text and (line_break == "\n" or "\n" not in text)
    single = lines_fit and "'" not in text and "\\\\" not in text and not text.endswith("\\")
    double = lines_fit and _SPECIAL.isdisjoint(text)
    doubled = habit == '"' or ("\n" in text and habit != "'")
    if double and (doubled or not single):
        return f'"{text}"'
    if single:
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("`", "\\`")
    escaped = _escape_dollars(escaped).replace("\r", "\\r")
    if not lines_fit:
        escaped = escaped.replace("\n", "\\n")
    return f'"{escaped}"'


def _escape_dollars(text: str) -> str:
    """Put a backslash before each `$` that a shell would expand."""
    parts = text.split("$")
    result = parts[0]
    for part in parts[1:]:
        inert = not part or part[0] in " \t\n.,;:/%+=^~)]}<>|&'"
        # `$"` and `$$` are left to the careful side, and so is a `$` at the very end.
        result += ("$" if inert and part else "\\$") + part
    return result


def usual_quote(styles: Sequence[str]) -> str:
    """Give the quote that more than half of some values are written in, or ""."""
    return next((quote for quote in "\"'" if styles.count(quote) * 2 > len(styles)), "")


def shell(text: str) -> str:
    """Write a text in single quotes for POSIX shells."""
    return "'" + text.replace("'", "'\\''") + "'"


def github(name: str, text: str, token: str) -> str:
    """
    Write a variable for $GITHUB_ENV, between two lines that nobody can guess.

    With a line that is known a value could end itself and set more variables, such as PATH.

    Args:
        name: of the variable.
        text: its value.
        token: fresh random characters, 16 at least.
    """
    line = f"gitseal_{token}"
    if len(token) < 16 or line in text:
        raise ValueError("the token is too short, or is known to the value")
    return f"{name}<<{line}\n{text}\n{line}\n"


def docker(name: str, text: str) -> str:
    """
    Write a line of a file for `docker run --env-file`, which knows no quotes.

    Raises:
        UsageError: the text has line breaks.
    """
    if "\n" in text or "\r" in text:
        raise UsageError(
            f"{name} has line breaks, which a Docker env file cannot hold",
            hint="hand it over as a file or a secret mount; or export the form env for Compose",
        )
    return f"{name}={text}\n"


def json_text(
    value: object,
    indent: int | str | None = 2,
    separators: tuple[str, str] | None = None,
    *,
    ascii_only: bool = False,
) -> str:
    """
    Write JSON.

    Raises:
        UsageError: infinity or NaN.
    """
    import json

    try:
        text = json.dumps(
            value,
            indent=indent,
            separators=separators if indent is None else None,
            ensure_ascii=ascii_only,
            allow_nan=False,
        )
    except ValueError:
        raise UsageError("JSON has no infinity and no NaN") from None
    for char in _NO_DOCUMENT:
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


_NO_DOCUMENT = "\x7f\x85\u2028\u2029\ufeff"
"""What no document of ours may hold as it is (format 11), and DEL, which terminals hide."""
