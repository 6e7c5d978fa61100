# SPDX-License-Identifier: Apache-2.0
"""The commands: where each one lives, and what the help screen says of it."""

from __future__ import annotations


class Entry:
    """
    One command of the command line.

    Attributes:
        module: of `gitseal.cli`.
        function: its name there; of a command with subcommands, the name of each one's.
        summary: at most 60 characters, for the help screen.
    """

    __slots__ = ("function", "module", "summary")

    def __init__(self, module: str, function: str | dict[str, str], summary: str) -> None:
        self.module = module
        self.function = function
        self.summary = summary


COMMANDS = {
    "init": Entry("setting_up", "init", "start using gitseal in this repository"),
    "edit": Entry("editing", "edit", "open a sealed file in your editor"),
    "set": Entry("editing", "set_value", "add or change one value"),
    "unset": Entry("editing", "unset", "remove keys"),
    "get": Entry("reading", "get", "print one value"),
    "run": Entry("running", "run", "run a program with the secrets in its environment"),
    "check": Entry("looking", "check", "find plaintext and damage; needs no key"),
    "status": Entry("looking", "status", "what is sealed here, by whom it can be read"),
    "diff": Entry("looking", "diff", "compare sealed files by key, values hidden"),
    "readers": Entry(
        "access",
        {"list": "readers_list", "add": "readers_add", "remove": "readers_remove"},
        "who may read: list, add, remove",
    ),
    "apply": Entry("access", "apply", "make the sealed files match .gitseal.yaml"),
    "trust": Entry("access", "trust", "trust the scopes of this clone, having compared a code"),
    "doctor": Entry("explaining", "doctor", "look for what is missing or dangerous here"),
    "encrypt": Entry("sealing", "encrypt", "seal files in place"),
    "decrypt": Entry("sealing", "decrypt", "print files in clear"),
    "export": Entry("reading", "export", "print all values for another tool"),
    "mv": Entry("sealing", "move", "move a sealed file, sealing it for its new place"),
    "log": Entry("history", "log", "which commit changed which secret of a file"),
    "blame": Entry("history", "blame", "which commit last changed each value"),
    "resolve": Entry("resolving", "resolve", "decide a conflict in a sealed file"),
    "rotate": Entry("access", "rotate", "replace a scope's data key and seal its files again"),
    "lock": Entry("locking", "lock", "seal the plain files of this worktree, forget the keys"),
    "unlock": Entry("locking", "unlock", "open the plain files of this worktree"),
    "recover": Entry("reading", "recover", "show what is still intact in a damaged file"),
    "keys": Entry(
        "keyring",
        {"whoami": "whoami", "generate": "generate", "ci": "ci", "from-words": "from_words"},
        "your keys: whoami, generate, ci, from-words",
    ),
    "policy": Entry("explaining", {"explain": "policy_explain"}, "which rule decides, and why"),
    "git": Entry(
        "gitsetup",
        {"install": "install", "uninstall": "uninstall"},
        "let git run gitseal by itself: install, uninstall",
    ),
    "completion": Entry("completing", "completion", "print a completion script for your shell"),
}
"""In the order of the help screen."""

FIRST_GROUP = 13
"""How many of them are those of every day, which the first help screen explains."""

ALIASES = {
    "seal": "encrypt",
    "open": "decrypt",
    "updatekeys": "apply",
    "-e": "encrypt",
    "-d": "decrypt",
}
"""Names that the fingers of users of other tools type; they stay off the help screen."""


def translate(words: list[str]) -> list[str]:
    """
    Give the words of this program for those of others.

    `exec-env FILE COMMAND` and `exec-file FILE COMMAND` take their command as one string for a
    shell, with `{}` for the file's path, as SOPS has it.
    """
    name, *rest = words
    if name in {"exec-env", "exec-file"} and len(rest) == 2 and not rest[0].startswith("-"):
        mount = ["--mount"] if name == "exec-file" else []
        return ["run", *mount, rest[0], "--", "sh", "-c", rest[1]]
    return [{"exec-env": "run", "exec-file": "run"}.get(name, ALIASES.get(name, name)), *rest]
