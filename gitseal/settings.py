# SPDX-License-Identifier: Apache-2.0
"""
What the user has set: environment and `config.toml`; the only reader of both.

`Settings.from_environment` looks at names only; the configuration file is read when something in
it is asked for.  Whatever could be a secret stays out of every repr.
"""

from __future__ import annotations

import os
import sys

from gitseal.errors import UsageError, hush

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG_FILE = "config.toml"
MAX_CONFIG = 64 * 1024

_CI_VARIABLES = (
    "APPVEYOR",
    "BUILDKITE",
    "CIRCLECI",
    "CODEBUILD_BUILD_ID",
    "DRONE",
    "GITEA_ACTIONS",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "JENKINS_URL",
    "TEAMCITY_VERSION",
    "TF_BUILD",
    "WOODPECKER_CI",
)
_NO = frozenset(("", "0", "false", "no", "off"))
_KNOWN = {
    "color": 'one of "auto", "always" and "never"',
    "editor": "a command in quotes",
    "identities": "a list of file names in quotes",
    "timeout": "a number of seconds",
}
# Reordering characters of Unicode: text that reads otherwise than it is (CVE-2021-42574).
_REORDERING = frozenset(
    (0x061C, 0x200E, 0x200F, 0x2028, 0x2029, 0xFEFF, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
)


def printable(text: str) -> str:
    """
    Give text that a terminal shows and does nothing else with.

    Control characters (C0, C1, so every ANSI sequence), characters that reorder or break lines
    and bytes that are not UTF-8 become visible escapes.  For every name that comes from a
    repository or a key service, before it reaches a terminal.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _is_harmless(char) else _escape(char) for char in text)


def _is_harmless(char: str) -> bool:
    return char == " " or (char.isprintable() and ord(char) not in _REORDERING)


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if char in "\n\t\r":
        return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}[char]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}"


class IdentitySource:
    """
    One place to look for the user's private keys.

    Attributes:
        name: how messages call it: the variable, or the file.
        kind: "key" (what `GITSEAL_KEY` holds), "text" (identities in a variable) or "file".
        value: the text itself, or the path of the file; a secret unless `kind` is "file".
        named: whether the user named it; such a file must exist, one of the usual places need not.
    """

    __slots__ = ("kind", "name", "named", "value")

    def __init__(self, name: str, kind: str, value: str, *, named: bool = True) -> None:
        self.name = name
        self.kind = kind
        self.value = value
        self.named = named

    def __repr__(self) -> str:
        shown = self.value if self.kind == "file" else "…"
        return f"IdentitySource({self.name!r}, {self.kind!r}, {shown!r}, named={self.named})"


class UserConfig:
    """
    What `config.toml` says; every entry may be missing.

    Attributes:
        color: "auto", "always" or "never".
        editor: a command, or None.
        identities: paths of identity files, `~` resolved.
        timeout: seconds a key service may take altogether, or None.
    """

    __slots__ = ("color", "editor", "identities", "timeout")

    def __init__(
        self,
        color: str = "auto",
        editor: str | None = None,
        identities: tuple[str, ...] = (),
        timeout: float | None = None,
    ) -> None:
        self.color = color
        self.editor = editor
        self.identities = identities
        self.timeout = timeout


class Settings:
    """
    The environment of one call, read once.

    Attributes:
        environ: all of it, as a copy: for the environment of programs that are started.
        home: the home directory, or None where there is none.
        config_dir: gitseal's own directory, or None without a home; need not exist.
        runtime_dir: `XDG_RUNTIME_DIR`, if it is an absolute path.
        temp_dir: where temporary files go (`TMPDIR`, else `/tmp`).
        trust: what `GITSEAL_TRUST` holds, or None.
        no_input: never ask anything.
        ci: a build service runs this.
    """

    __slots__ = (
        "_user",
        "ci",
        "config_dir",
        "environ",
        "home",
        "no_input",
        "runtime_dir",
        "temp_dir",
        "trust",
    )

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = dict(environ)
        self.home = _absolute(environ.get("HOME"))
        config = _absolute(environ.get("XDG_CONFIG_HOME"))
        if config is None and self.home is not None:
            config = os.path.join(self.home, ".config")
        self.config_dir = None if config is None else os.path.join(config, "gitseal")
        self.runtime_dir = _absolute(environ.get("XDG_RUNTIME_DIR"))
        self.temp_dir = _absolute(environ.get("TMPDIR")) or "/tmp"  # noqa: S108 - a 0700 directory is made in it
        self.trust = environ.get("GITSEAL_TRUST") or None
        self.no_input = _is_on(environ.get("GITSEAL_NO_INPUT"))
        self.ci = _is_on(environ.get("CI")) or any(environ.get(name) for name in _CI_VARIABLES)
        self._user: UserConfig | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the given environment, or that of this process; asks the system for no home."""
        return cls(os.environ if environ is None else environ)

    def __repr__(self) -> str:
        return f"Settings(config_dir={self.config_dir!r}, ci={self.ci})"

    @property
    def user(self) -> UserConfig:
        """
        What `config.toml` says, read on first use.

        Raises:
            UsageError: not TOML, an unknown key, or a value of the wrong type.
        """
        if self._user is None:
            self._user = _load_config(self.config_dir, self.home)
        return self._user

    @property
    def usual_identity(self) -> str | None:
        """The file of the age identity that gitseal makes; None without a home directory."""
        return None if self.config_dir is None else os.path.join(self.config_dir, "identity.txt")

    def identity_sources(self) -> tuple[IdentitySource, ...]:
        """Give where to look for identities, in order; nothing is opened but `config.toml`."""
        found = [
            *self._variables((("GITSEAL_KEY", "key"), ("GITSEAL_IDENTITY", "text"))),
            *self._variables((("GITSEAL_IDENTITY_FILE", "file"),)),
        ]
        if self.config_dir is not None:
            paths = self.user.identities
            found += [IdentitySource(path, "file", path) for path in paths]
        if self.usual_identity is not None:
            found.append(_usual(self.usual_identity))
        found += self._variables((("SOPS_AGE_KEY", "text"), ("SOPS_AGE_KEY_FILE", "file")))
        sops = self._sops_dir()
        if sops is not None:
            found.append(_usual(os.path.join(sops, "sops", "age", "keys.txt")))
        if self.home is not None:
            found.append(_usual(os.path.join(self.home, ".ssh", "id_ed25519")))
        return tuple(found)

    def _variables(self, names: tuple[tuple[str, str], ...]) -> list[IdentitySource]:
        found = []
        for name, kind in names:
            value = self.environ.get(name)
            if value:
                value = _expand(value, self.home) if kind == "file" else value
                found.append(IdentitySource(name, kind, value))
        return found

    def _sops_dir(self) -> str | None:
        # As SOPS does it: XDG_CONFIG_HOME everywhere, else the system's own place.
        config = _absolute(self.environ.get("XDG_CONFIG_HOME"))
        if config is not None or self.home is None:
            return config
        if sys.platform == "darwin":
            return os.path.join(self.home, "Library", "Application Support")
        return os.path.join(self.home, ".config")

    def editor(self, git_editor: str | None = None) -> tuple[str, str] | None:
        """
        Give the editor's command and where it was set, or None where nothing is set.

        Args:
            git_editor: git's `core.editor`, which comes after our own settings as it does in git.
        """
        candidates = (
            ("GITSEAL_EDITOR", self.environ.get("GITSEAL_EDITOR")),
            ("editor in config.toml", self.user.editor),
            ("core.editor", git_editor),
            ("VISUAL", self.environ.get("VISUAL") if not self.is_dumb else None),
            ("EDITOR", self.environ.get("EDITOR")),
        )
        for origin, command in candidates:
            if command and command.strip():
                return command.strip(), origin
        return None

    @property
    def traces_packets(self) -> bool:
        """Tell whether git writes all that passes between it and a filter to a log."""
        return _is_on(self.environ.get("GIT_TRACE_PACKET"))

    @property
    def is_dumb(self) -> bool:
        """Tell whether the terminal can neither move its cursor nor show colours."""
        return self.environ.get("TERM", "dumb") == "dumb"

    def wants_color(self, *, terminal: bool) -> bool:
        """Tell whether output to a terminal (or to something else) should have colours."""
        if self.environ.get("NO_COLOR"):
            return False
        if _is_on(self.environ.get("CLICOLOR_FORCE")) or self.user.color == "always":
            return True
        return terminal and not self.is_dumb and self.user.color != "never"

    def may_ask(self, *, terminal: bool) -> bool:
        """Tell whether a question may be asked on a terminal (or not on one)."""
        return terminal and not self.no_input and not self.ci


def _absolute(path: str | None) -> str | None:
    # The XDG specification: a relative path is to be ignored.
    return path if path and path.startswith("/") else None


def _expand(path: str, home: str | None) -> str:
    if home is not None and (path == "~" or path.startswith("~/")):
        return home + path[1:]
    return os.path.abspath(path)


def _is_on(value: str | None) -> bool:
    return value is not None and value.strip().lower() not in _NO


def _usual(path: str) -> IdentitySource:
    return IdentitySource(path, "file", path, named=False)


def _load_config(config_dir: str | None, home: str | None) -> UserConfig:
    if config_dir is None:
        return UserConfig()
    path = os.path.join(config_dir, CONFIG_FILE)
    try:
        # Without O_NONBLOCK a pipe in its place would be waited for, for ever.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as f:
            data = f.read(MAX_CONFIG + 1) or b""
    except (FileNotFoundError, NotADirectoryError):
        return UserConfig()
    except OSError as error:
        raise UsageError(
            f"cannot read: {os.strerror(error.errno or 0).lower()}", hint=f"ls -l {path}", path=path
        ) from None
    try:
        return _parse_config(data, path, home)
    except UsageError as error:
        error.hint = error.hint or "mend it, or move it away"
        raise


def _parse_config(data: bytes, path: str, home: str | None) -> UserConfig:
    import tomllib

    if len(data) > MAX_CONFIG:
        raise UsageError(f"is larger than {MAX_CONFIG:,} bytes", path=path)
    try:
        table = tomllib.loads(data.decode())
    except UnicodeDecodeError as error:
        hush(error)
        raise UsageError("is not UTF-8", path=path) from None
    except tomllib.TOMLDecodeError as error:
        # The reason of tomllib may quote the text; its position never does.
        _, _, where = str(error).rpartition(" (")
        hush(error)
        raise UsageError(f"is not TOML ({where.rstrip(')')})", path=path) from None
    for key, value in table.items():
        _check_entry(key, value, path)
    identities = tuple(_expand(name, home) for name in table.get("identities", ()))
    return UserConfig(
        table.get("color", "auto"), table.get("editor"), identities, table.get("timeout")
    )


def _check_entry(key: str, value: object, path: str) -> None:
    if key not in _KNOWN:
        import difflib

        close = difflib.get_close_matches(key, _KNOWN, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(_KNOWN)}"
        raise UsageError(f"unknown key {printable(key)!r}", hint=hint, path=path)
    fits = {
        "color": value in ("auto", "always", "never"),
        "editor": isinstance(value, str) and "\0" not in value,
        "identities": isinstance(value, list)
        and all(isinstance(name, str) and name and "\0" not in name for name in value),
        "timeout": isinstance(value, int | float) and value is not True and 0 < value <= 3600,
    }
    if not fits[key]:
        raise UsageError(f"{key} must be {_KNOWN[key]}", path=path)
