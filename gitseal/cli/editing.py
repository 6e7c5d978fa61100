# SPDX-License-Identifier: Apache-2.0
"""`edit`, `set` and `unset`: changing what is sealed."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Literal

import typer

from gitseal.cli.context import terminal, workspace
from gitseal.cli.reporting import print_error, say
from gitseal.errors import ChangedError, GitsealError, UsageError, hush
from gitseal.operations import changing, editing
from gitseal.operations.editing import Draft, Kept
from gitseal.operations.workspace import Workspace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.launch.editor import EditorSession

File = Annotated[str, typer.Argument(metavar="FILE", help="a sealed file, or a new one")]
Key = Annotated[
    str, typer.Argument(metavar="KEY", help='db.password, users[0].name, "a.b".c or /json/pointer')
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="check everything, write nothing")]

_BATCH = ("-e", "-E", "-s", "--batch", "--headless")
"""Options with which editors that usually want a terminal need none."""

_MAX_VALUE = 2**20


def edit(
    path: File,
    resume: Annotated[
        bool, typer.Option("--resume", help="go on with the edit that was kept beside FILE")
    ] = False,
) -> None:
    """
    Open a sealed FILE in your editor, and seal it again.

    The clear text lies in memory; where a system has no place for that, it says so. Values that
    you leave alone keep their sealed text. FILE is replaced only if it is still what it was;
    else your edit is kept beside it, sealed, for --resume. The editor is $GITSEAL_EDITOR, your
    config.toml's, git's core.editor, $VISUAL or $EDITOR.
    """
    current = workspace()
    draft = editing.begin(current, path)
    kept = editing.resume(current, draft) if resume else None
    _tell_state(draft, kept)
    if kept is None:
        editing.check_text(draft)
    first = kept.text if kept else editing.template(draft) if draft.is_new else draft.text
    with editor_session(current, draft) as session:
        text = _rounds(current, draft, session, first, kept)
    if kept is not None:
        editing.discard(current, draft, kept)
    if text is None:
        still = f"; it is still in clear: gitseal encrypt {path}" if draft.was_clear else ""
        say(f"{path}: nothing changed{still}")
        return
    what = editing.changes(draft, text) or "changed"
    say(f"{path}: {what}" if draft.stays_clear else f"sealed {path}: {what}")


def _tell_state(draft: Draft, kept: Kept | None) -> None:
    path = draft.place.typed
    if draft.was_clear:
        say(f"{path} is in clear; it will be sealed when you save it")
    if kept is not None:
        what = editing.changes(draft, kept.text) or "it cannot be compared key by key"
        say(f"going on with {kept.path}; against {path} as it is now: {what}")
    elif (other := editing.kept_path(draft)) is not None:
        say(f"an earlier edit is kept in {other}; to go on with it: gitseal edit --resume {path}")


def editor_session(current: Workspace, draft: Draft) -> EditorSession:
    """
    Prepare the editor.

    Raises:
        UsageError: there is no terminal, and the editor needs one.
    """
    from gitseal.launch.editor import EditorSession, arguments_for

    session = EditorSession(
        current.settings,
        _suffix(draft),
        git_editor=_git_editor(current),
        root=current.root,
        cwd=os.getcwd(),
        say=say,
    )
    _, known = arguments_for(session.command, "")
    batch = any(word.startswith(_BATCH) for word in session.command[1:])
    if known and not batch and not terminal():
        raise UsageError(
            f"the editor {os.path.basename(session.command[0])} needs a terminal",
            hint="for scripts: gitseal set FILE KEY, or a program of yours in GITSEAL_EDITOR",
        )
    return session


def _suffix(draft: Draft) -> str:
    if draft.syntax == "dotenv":
        return ".env"
    return os.path.splitext(draft.place.name)[1]


def _git_editor(current: Workspace) -> str | None:
    """Ask git for core.editor, unless one is set that comes before it."""
    if current.repository is None or current.settings.environ.get("GITSEAL_EDITOR"):
        return None
    from gitseal.repository.running import ask

    answer = ask(current.repository, ["config", "--get", "core.editor"], ok=(0, 1))
    return os.fsdecode(answer).strip() or None


def _rounds(
    current: Workspace, draft: Draft, session: EditorSession, first: bytes, kept: Kept | None
) -> bytes | None:
    """Edit until the text can be sealed, or the person gives up; None if nothing changed."""
    initial: bytes | None = first
    while True:
        try:
            text = editing.without_template(draft, session.edit(initial))
        except GitsealError as error:
            if session.text != first:
                keep_edit(current, draft, session.text, kept, error)
            raise
        initial = None
        if text == draft.text:
            return None
        try:
            editing.save(current, draft, text)
        except GitsealError as error:
            if not isinstance(error, ChangedError) and goes_on(error):
                continue
            keep_edit(current, draft, text, kept, error)
            raise
        return text


def goes_on(error: GitsealError) -> bool:
    """Show what is wrong with the text, and ask whether to open the editor again."""
    if not terminal():
        return False
    print_error(error)
    try:
        sys.stderr.write("gitseal: Enter opens your editor again, Ctrl-C gives up ")
        sys.stderr.flush()
        return bool(sys.stdin.readline())
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return False


def keep_edit(
    current: Workspace,
    draft: Draft,
    text: bytes,
    kept: Kept | None,
    error: GitsealError,
    *,
    command: str = "edit",
) -> None:
    """Put a text that could not be saved beside its file, sealed, and say so in the error."""
    if not text or text == draft.text:
        return
    path = draft.place.typed
    try:
        new = editing.keep(current, draft, text)
        if kept is not None:
            editing.discard(current, draft, kept)
    except GitsealError as failure:
        say(f"error: your edit could not be kept: {failure}")
        return
    error.message = error.message.removesuffix("; nothing was written")
    error.hint = f"your edit is kept, sealed, in {new}; go on: gitseal {command} --resume {path}"


def set_value(
    path: File,
    key: Key,
    value: Annotated[
        str | None,
        typer.Argument(metavar="VALUE", help="the value, or - for standard input"),
    ] = None,
    stdin: Annotated[bool, typer.Option("--stdin", help="read standard input, as -")] = False,
    from_file: Annotated[
        str | None, typer.Option(metavar="PATH", help="take the content of a file, as it is")
    ] = None,
    generate: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=4096, help="make N random characters of A-Za-z0-9_-"),
    ] = None,
    kind: Annotated[
        Literal["string", "int", "float", "bool", "null", "json"] | None,
        typer.Option("--type", help="of the value; else the old one's where it fits"),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """
    Add or change one value of FILE; nothing else in it moves.

    Without VALUE you are asked for it, twice and unseen; from a pipe it is read, and one line
    break at its end is left out. A VALUE among the arguments is seen by your shell's history and
    by other programs. A new FILE is made where a scope claims its path.
    """
    sources = [value is not None, stdin, from_file is not None, generate is not None]
    if sum(sources) > 1:
        raise UsageError("name one source of the value: VALUE, --stdin, --from-file or --generate")
    current = workspace()
    text = _value(value, stdin=stdin, from_file=from_file, generate=generate, kind=kind, key=key)
    what = changing.set_value(current, path, key, text, kind, dry_run=dry_run)
    _report(path, what, dry_run=dry_run)


def _value(
    value: str | None,
    *,
    stdin: bool,
    from_file: str | None,
    generate: int | None,
    kind: str | None,
    key: str,
) -> str:
    """Give the value from where the user said it is."""
    if generate is not None:
        from gitseal.cli.generating import random_text

        return random_text(generate)
    if from_file is not None:
        from gitseal.files import read_limited

        return _decoded(read_limited(from_file, _MAX_VALUE), from_file)
    if stdin or value == "-":
        return _from_stdin()
    if value is not None:
        say(
            "the value stood on the command line, where shell history and other programs see "
            "it; leave it out to be asked, or pipe it"
        )
        return value
    return "" if kind == "null" else _asked(key)


def _asked(key: str) -> str:
    """Ask a person, or read what is piped to us; an empty value must be meant."""
    if terminal():
        from gitseal.cli.prompting import secret

        text = secret(f"new value of {key}")
        if not text:
            raise UsageError("no value was given", hint="an empty one is '' among the arguments")
        return text
    text = _from_stdin()
    if not text:
        raise UsageError(
            "there is no terminal to ask for the value, and nothing on standard input",
            hint="pipe it, or use --from-file or --generate",
        )
    return text


def _from_stdin() -> str:
    data = sys.stdin.buffer.read(_MAX_VALUE + 1)
    if len(data) > _MAX_VALUE:
        raise UsageError("the value is larger than 1 MiB", hint="seal it as a file of its own")
    data = data.removesuffix(b"\n")
    return _decoded(data.removesuffix(b"\r"), "standard input")


def _decoded(data: bytes, where: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        hush(error)
        raise UsageError(
            "the value is not UTF-8", hint="seal it as a file of its own", path=where
        ) from None


def unset(
    path: Annotated[str, typer.Argument(metavar="FILE", help="a sealed file")],
    keys: Annotated[
        list[str], typer.Argument(metavar="KEY", help="key paths, as gitseal get has them")
    ],
    dry_run: DryRun = False,
) -> None:
    """
    Remove KEYs from FILE, with their lines and comments.

    All of them are removed, or none. A removed value stays in git's history: change it at its
    source as well.
    """
    what = changing.unset(workspace(), path, keys, dry_run=dry_run)
    _report(path, what, dry_run=dry_run)


def _report(path: str, what: str, *, dry_run: bool) -> None:
    if not what:
        say(f"{path}: it has that value already; nothing changed")
    else:
        say(f"{path}: {'would have ' if dry_run else ''}{what}")
