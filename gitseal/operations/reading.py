# SPDX-License-Identifier: Apache-2.0
"""Reading values of a sealed file: one of them, a part of the document, or all as variables."""

from __future__ import annotations

from gitseal.errors import GitsealError, NotFoundError, RefusedError, UsageError
from gitseal.keypaths import format_typed, parse_typed
from gitseal.operations.opening import Opened, open_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitseal.documents.nodes import Node
    from gitseal.keypaths import TypedPath
    from gitseal.operations.workspace import Workspace

    Variable = tuple[TypedPath, str, str]
    """Key path, name of the variable, text."""

FORMATS = ("env", "json", "yaml", "shell", "github", "docker")
"""What `export` writes; the first is used where nothing is said."""


def open_for_use(workspace: Workspace, path: str, *, attended: bool = True) -> Opened:
    """
    Open a file whose values will be used.

    Args:
        workspace: repository, trust and keys of this call.
        path: as the user typed it.
        attended: whether a person sits at the terminal; scopes with `agents: deny` want one.

    Raises:
        RefusedError: nobody is there, and the scope wants a person.
        GitsealError: as `opening.open_path`.
    """
    grant = workspace.grant(workspace.locate(path))
    if grant is not None and grant.policy.agents == "deny" and not attended:
        raise RefusedError(
            f"scope {grant.scope} says agents: deny, and no person sits at a terminal here",
            hint="run this yourself in a terminal",
            path=path,
        )
    try:
        return open_path(workspace, path)
    except NotFoundError as error:
        error.path = path
        raise


def root_of(opened: Opened) -> Node:
    """
    Give the tree of an opened document.

    Raises:
        UsageError: the file is sealed as a whole, so it has no keys.
        DocumentError: gitseal does not look into this syntax.
    """
    document = opened.clear.document
    if document is None:
        raise UsageError(
            "has no keys, it is sealed as a whole",
            hint=f"print it with gitseal decrypt {opened.place.typed}, "
            f"or hand it over with gitseal run --mount {opened.place.typed} -- PROGRAM",
            path=opened.place.typed,
        )
    from gitseal.documents.tree import tree

    try:
        return tree(document)
    except GitsealError as error:
        raise error.at(opened.place.typed) from None


def typed_path(key: str, syntax: str) -> TypedPath:
    """
    Read a key path; names of a dotenv file may hold dots, which people type as they are.

    Raises:
        UsageError: not a key path.
    """
    return (key,) if syntax == "dotenv" else parse_typed(key)


def node_at(opened: Opened, key: str) -> Node:
    """
    Give the node at a key path as people type it, aliases followed.

    Raises:
        NotFoundError: nothing stands there; the hint names what stands nearby.
        UsageError: not a key path, or a file without keys.
    """
    from gitseal.documents.tree import find, resolved

    root = root_of(opened)
    document = opened.clear.document
    parts = typed_path(key, "" if document is None else document.syntax)
    try:
        return resolved(find(root, parts))
    except GitsealError as error:
        raise error.at(opened.place.typed) from None


def write_node(opened: Opened, node: Node, form: str | None) -> str:
    """
    Write a node for a person or a program, without a line break at the end.

    Args:
        opened: the file it is from.
        node: of that file.
        form: "raw", "json" or "yaml"; None is "raw" for a single value, and the syntax of the
            file for a part of the document.

    Raises:
        UsageError: "raw" of more than one value, or the form cannot say the value.
    """
    from gitseal.documents import values
    from gitseal.documents.nodes import Scalar

    if isinstance(node, Scalar) and form in {None, "raw"}:
        return values.plain_text(node)
    if form == "raw":
        raise UsageError(
            "is more than one value there",
            hint="use --format json or --format yaml",
            path=opened.place.typed,
        )
    document = opened.clear.document
    chosen = form or ("yaml" if document is not None and document.syntax == "yaml" else "json")
    return values.render(values.to_python(node), chosen).removesuffix("\n")


def read_value(
    workspace: Workspace, path: str, key: str, form: str | None = None, *, attended: bool = True
) -> str:
    """
    Open a file and give one value, or a part of the document, as text.

    Args:
        workspace: repository, trust and keys of this call.
        path: as the user typed it.
        key: the key path as people type it.
        form: see `write_node`.
        attended: whether a person sits at the terminal.

    Raises:
        NotFoundError: there is no such key.
        GitsealError: as `open_for_use`.
    """
    opened = open_for_use(workspace, path, attended=attended)
    return write_node(opened, node_at(opened, key), form)


def variables_of(opened: Opened, only: Sequence[str] = ()) -> dict[str, str]:
    """
    Give the values of a document as variables: `DB_PASSWORD` from db.password.

    Args:
        opened: the file; names of a dotenv file are taken as they are.
        only: key paths or names of variables; nothing else is given.

    Raises:
        UsageError: two values would have one name, or the file is no single document.
        NotFoundError: one of `only` is not there.
    """
    try:
        found = _variables(opened)
        return _unique(_selected(found, only) if only else found)
    except GitsealError as error:
        raise error.at(opened.place.typed) from None


def _variables(opened: Opened) -> list[Variable]:
    from gitseal.documents import values

    root = root_of(opened)
    if root.later:
        raise UsageError(
            "holds several documents, which variables cannot tell apart",
            hint="print the values you need with gitseal get",
        )
    document = opened.clear.document
    verbatim = document is not None and document.syntax == "dotenv"
    return [
        (parts, str(parts[0]) if verbatim else values.variable_name(parts), text)
        for parts, text in values.flatten(root)
    ]


def _selected(found: Sequence[Variable], only: Sequence[str]) -> list[Variable]:
    chosen: list[Variable] = []
    for wanted in only:
        parts = parse_typed(wanted)
        matches = [one for one in found if one[1] == wanted or one[0][: len(parts)] == parts]
        if not matches:
            raise NotFoundError(f"there is no {wanted}", hint=_near(wanted, found))
        chosen += [one for one in matches if one not in chosen]
    return chosen


def _unique(found: Sequence[Variable]) -> dict[str, str]:
    chosen: dict[str, Variable] = {}
    for one in found:
        other = chosen.setdefault(one[1], one)
        if other is not one:
            both = f"{format_typed(other[0])} and {format_typed(one[0])}"
            raise UsageError(
                f"two values would both be the variable {one[1]}: {both}",
                hint="name the one you need with --only KEY, or rename a key",
            )
    return {name: text for name, (_parts, _name, text) in chosen.items()}


def _near(wanted: str, found: Sequence[Variable]) -> str:
    from difflib import get_close_matches

    names = [name for _parts, name, _text in found]
    close = get_close_matches(wanted.upper(), names, 3, 0.5)
    return ("did you mean " + " or ".join(close)) if close else f"there are {len(names)} variables"


def export(
    workspace: Workspace,
    path: str,
    form: str,
    only: Sequence[str] = (),
    *,
    token: str = "",
    attended: bool = True,
) -> str:
    """
    Give all values of a file, written for another tool.

    Args:
        workspace: repository, trust and keys of this call.
        path: as the user typed it.
        form: one of `FORMATS`; "json" and "yaml" keep the structure, the others are variables.
        only: key paths or names of variables; for forms of variables.
        token: for "github": fresh random characters that no value can know.
        attended: see `open_for_use`.

    Raises:
        UsageError: the form cannot say a value; it is named, not shown.
        GitsealError: as `open_for_use`.
    """
    from gitseal.documents import values

    opened = open_for_use(workspace, path, attended=attended)
    if form not in {"json", "yaml"}:
        return _rendered(opened, dict(variables_of(opened, only)), form, token)
    if only:
        raise UsageError("--only goes with variables", hint="use gitseal get for a part as JSON")
    root = root_of(opened)
    if root.later:
        documents = [values.to_python(one) for one in (root, *root.later)]
        if form == "json":
            raise UsageError("holds several documents, and JSON is one", path=path)
        return "".join("---\n" + values.render(one, form) for one in documents)
    return _rendered(opened, values.to_python(root), form)


def _rendered(opened: Opened, value: object, form: str, token: str = "") -> str:
    from gitseal.documents import values

    try:
        return values.render(value, form, token=token)  # type: ignore[arg-type]  # what to_python gave
    except GitsealError as error:
        raise error.at(opened.place.typed) from None
