# SPDX-License-Identifier: Apache-2.0
"""
The exceptions of gitseal.

Every error a user can meet derives from `GitsealError`, says what happened and where, and
carries the next step in `hint`.  The class decides the exit code::

    GitsealError                    1
    ├── NegativeAnswer              1  a check found something, there was drift, a conflict
    ├── NotFoundError               1  no such file, key path or scope
    ├── GitError                    1  git itself failed
    ├── UsageError                  2  the call or the configuration is wrong
    │   └── PolicyError             2  .gitseal.yaml is malformed
    ├── IntegrityError              3  altered, truncated, moved or forged
    ├── KeyAccessError              4  no way to the data key, or it is not trusted
    │   ├── NoUsableKeyError        4  every reader's key was tried (`failures` says why not)
    │   ├── UntrustedError          4  the record is not trusted here
    │   └── CommitmentError         4  the unwrapped key is not the one the record names
    ├── MasterKeyError              4  one master key could not be used
    │   ├── MissingExtraError       4  its package is not installed
    │   ├── NoCredentialsError      4  nothing to sign in with
    │   ├── ExpiredError            4  the sign-in is no longer valid
    │   ├── DeniedError             4  the service said no
    │   ├── WrongKeyError           4  not mine, or another context
    │   ├── KeyUnusableError        4  disabled, deleted, locked, unsupported
    │   ├── UnavailableError        5  no answer; worth a retry
    │   └── ThrottledError          5  too many requests; worth a retry
    ├── RefusedError                6  the policy, or caution, forbids it
    │   └── MovedError              6  a sealed file is not where it was sealed
    ├── ChangedError                7  the file changed while we worked
    ├── NewerVersionError           8  made by a newer gitseal
    └── DocumentError               9  cannot be read as what it should be
        ├── NotADocumentError       9  not valid YAML, JSON, dotenv …
        └── LimitError              9  larger or deeper than the limits of FORMAT 11

A mistake of the programmer is a `ValueError` or a `TypeError`.  No message, attribute or
exception chain ever holds a value, a data key or a wrapped key.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class GitsealError(Exception):
    """
    An error with a message for a person.

    Args:
        message: what happened; lower case, no full stop.
        hint: what to do next, if there is something; names a command where one helps.
        path: the file it happened to, as the user knows it.

    A class may have a `usual_hint`, shown where an error of it has none of its own.
    """

    exit_code = 1
    code = "error"
    usual_hint: str | None = None

    def __init__(self, message: str, *, hint: str | None = None, path: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.path = path

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message

    def at(self, path: str) -> GitsealError:
        """Name the file this error happened to, unless it is named already."""
        if self.path is None:
            self.path = path
        return self


def hush(error: Exception) -> None:
    """
    Empty a foreign exception of the text it failed on, before one of ours takes its place.

    `from None` keeps it out of tracebacks, but it stays in `__context__`, which crash reporters
    send: a decoder's error holds the whole document.
    """
    error.args = ()
    if isinstance(error, GitsealError):
        error.message = ""
    elif isinstance(error, UnicodeDecodeError):
        error.object = b""
    elif isinstance(error, UnicodeEncodeError):
        error.object = ""
    elif hasattr(error, "doc"):
        error.doc = ""


class NegativeAnswer(GitsealError):  # noqa: N818 - an answer, not a failure
    """The question was understood and the answer is no."""

    code = "negative"


class NotFoundError(GitsealError):
    """There is no such file, key path, scope or reader."""

    code = "not-found"
    usual_hint = "check the name; gitseal status tells what is sealed here"


class GitError(GitsealError):
    """Git could not do what it was asked."""

    code = "git"


class UsageError(GitsealError):
    """The call or the configuration is wrong."""

    exit_code = 2
    code = "usage"


class PolicyError(UsageError):
    """`.gitseal.yaml` is malformed or contradicts itself."""

    code = "policy"
    usual_hint = "mend that line; git diff .gitseal.yaml shows what changed"


class IntegrityError(GitsealError):
    """Sealed text was altered, truncated, moved or forged; deliberately one class."""

    exit_code = 3
    code = "integrity"
    usual_hint = "take it from git again; git log -p -- FILE shows who changed it"


class KeyAccessError(GitsealError):
    """The data key is out of reach, or is not trusted."""

    exit_code = 4
    code = "no-key"


class NoUsableKeyError(KeyAccessError):
    """
    No reader's key opened the scope.

    Attributes:
        failures: one `(key URI, error)` for each key that was tried.
    """

    def __init__(
        self,
        message: str,
        *,
        failures: Sequence[tuple[str, MasterKeyError]] = (),
        hint: str | None = None,
        path: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, path=path)
        self.failures = tuple(failures)


class UntrustedError(KeyAccessError):
    """The record of a scope is not trusted on this machine."""

    code = "untrusted"


class CommitmentError(KeyAccessError):
    """An unwrapped data key does not match the `kid` that the record names."""

    code = "wrong-data-key"


class MasterKeyError(GitsealError):
    """One master key could not be used."""

    exit_code = 4
    code = "master-key"


class MissingExtraError(MasterKeyError):
    """The package that talks to this kind of key is not installed."""

    code = "missing-extra"


class NoCredentialsError(MasterKeyError):
    """There is nothing to sign in with."""

    code = "no-credentials"


class ExpiredError(MasterKeyError):
    """The sign-in is no longer valid."""

    code = "expired"


class DeniedError(MasterKeyError):
    """The key service knows us and says no."""

    code = "denied"


class WrongKeyError(MasterKeyError):
    """The wrapped key is not for this key, or not for this context."""

    code = "wrong-key"


class KeyUnusableError(MasterKeyError):
    """The key is disabled, deleted, locked or of a kind that cannot be used."""

    code = "key-unusable"


class UnavailableError(MasterKeyError):
    """The key service did not answer; worth a retry."""

    exit_code = 5
    code = "unavailable"


class ThrottledError(MasterKeyError):
    """The key service asks to slow down; worth a retry."""

    exit_code = 5
    code = "throttled"


class RefusedError(GitsealError):
    """The policy, or caution, forbids it."""

    exit_code = 6
    code = "refused"


class MovedError(RefusedError):
    """A sealed file does not stand where it was sealed."""

    code = "moved"


class ChangedError(GitsealError):
    """A file changed while gitseal worked on it; nothing was written."""

    exit_code = 7
    code = "changed"
    usual_hint = "see what changed (git diff), then try again"


class NewerVersionError(GitsealError):
    """Made by a newer gitseal."""

    exit_code = 8
    code = "newer"
    usual_hint = "install a newer gitseal: pip install --upgrade gitseal"


class DocumentError(GitsealError):
    """The content cannot be read as what its name or the policy says it is."""

    exit_code = 9
    code = "document"


class NotADocumentError(DocumentError):
    """
    The text is not a document of its syntax, or not one that can be sealed safely.

    Attributes:
        line: 1-based line of the fault, or 0 where there is none to name.
        column: 1-based column in code points, or 0.
    """

    code = "not-a-document"
    usual_hint = (
        "mend that place (git diff shows what changed); "
        "a template goes under `whole` of its scope in .gitseal.yaml"
    )

    def __init__(
        self,
        message: str,
        *,
        line: int = 0,
        column: int = 0,
        hint: str | None = None,
        path: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, path=path)
        self.line = line
        self.column = column

    def __str__(self) -> str:
        if not self.line:
            return super().__str__()
        place = f"{self.line}:{self.column}" if self.column else f"{self.line}"
        where = f"{self.path}:{place}" if self.path else f"line {place.replace(':', ', column ')}"
        return f"{where}: {self.message}"


class LimitError(DocumentError):
    """Something is larger or deeper than FORMAT 11 allows."""

    code = "limit"
    usual_hint = "split the file, or list it under `whole` of its scope in .gitseal.yaml"
