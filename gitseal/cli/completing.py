# SPDX-License-Identifier: Apache-2.0
"""
`completion`: scripts for shells, and the key paths that they offer.

A repository chooses the names of keys and files.  So the scripts treat every candidate as text:
nothing is evaluated, and names that a line cannot hold are left out.
"""

from __future__ import annotations

import sys

from gitseal.cli.table import COMMANDS
from gitseal.errors import GitsealError, UsageError
from gitseal.keypaths import format_typed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gitseal.documents.nodes import Node
    from gitseal.keypaths import TypedPath

MAX_KEYS = 5_000
MAX_SIZE = 8 << 20
KEYS = "--complete-keys"
"""The hidden command that prints the key paths of a file."""


def completion(shell: str) -> None:
    """
    Print a completion script for SHELL: bash, zsh or fish.

    For example in ~/.bashrc: source <(gitseal completion bash). Keys of sealed files are
    completed too; that needs no key, because their names are public.
    """
    script = SCRIPTS.get(shell)
    if script is None:
        raise UsageError(f"there is no script for {shell!r}", hint="bash, zsh or fish")
    sys.stdout.write(script())


def complete_keys(words: Sequence[str]) -> int:
    """
    Print the key paths of a file, one a line; of what cannot be read, nothing.

    Needs no key and no network, follows no record, and never prints a value.
    """
    try:
        paths = key_paths(words[-1]) if words else []
    except (GitsealError, OSError, ValueError):
        return 0  # a shell that completes is no place for messages
    sys.stdout.write("".join(f"{path}\n" for path in paths))
    return 0


def key_paths(file: str) -> list[str]:
    """
    Give the key paths of a document as people type them, in its order.

    Raises:
        GitsealError: it is no document.
        OSError: it cannot be read.
    """
    from gitseal import documents
    from gitseal.documents.tree import tree
    from gitseal.files import read_limited
    from gitseal.settings import printable

    syntax = documents.syntax_of(file)
    if syntax is None:
        return []
    document = documents.parse(read_limited(file, MAX_SIZE), syntax)
    found: dict[str, None] = {}
    root = tree(document)
    for node in (root, *root.later):
        for parts in _walk(node, ()):
            text = format_typed(parts)
            if printable(text) == text:
                found[text] = None
            if len(found) >= MAX_KEYS:
                return list(found)
    return list(found)


def _walk(node: Node, parts: TypedPath) -> Iterator[TypedPath]:
    """Give the places of values and collections, outer ones first; aliases are not followed."""
    from gitseal.documents.nodes import Mapping, Scalar, Sequence

    if parts:
        yield parts
    if isinstance(node, Mapping):
        for key, value in node.entries:
            if isinstance(key, Scalar):
                yield from _walk(value, (*parts, key.value))
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _walk(item, (*parts, index))


def _words() -> str:
    return " ".join(COMMANDS)


def _groups() -> dict[str, str]:
    return {
        name: " ".join(entry.function)
        for name, entry in COMMANDS.items()
        if isinstance(entry.function, dict)
    }


def _bash() -> str:
    cases = "".join(
        f"    {name}) __gitseal_offer {words}; return ;;\n" for name, words in _groups().items()
    )
    return _BASH.replace("@COMMANDS@", _words()).replace("@GROUPS@", cases)


# `compgen -W` and `-C` would evaluate what they are given; this compares and quotes.
_BASH = r"""# gitseal completion for bash
__gitseal_offer() {
  local candidate
  for candidate in "$@"; do
    if [[ "$candidate" == "$__gitseal_current"* ]]; then
      COMPREPLY+=("$candidate")
    fi
  done
}

__gitseal_files() {
  compopt -o filenames 2>/dev/null
  local file
  while IFS= read -r file; do
    COMPREPLY+=("$file")
  done < <(compgen -f -- "$__gitseal_current")
}

__gitseal_keys() {
  local file=${COMP_WORDS[2]} key quoted
  file=${file//[\\\"\']/}
  [[ "$file" == "~/"* ]] && file=$HOME/${file:2}
  while IFS= read -r key; do
    printf -v quoted '%q' "$key"
    if [[ "$key" == "$__gitseal_current"* || "$quoted" == "$__gitseal_current"* ]]; then
      COMPREPLY+=("$quoted")
    fi
  done < <("${COMP_WORDS[0]}" @KEYS@ "$file" 2>/dev/null)
}

__gitseal() {
  local __gitseal_current=${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    __gitseal_offer @COMMANDS@
    ((${#COMPREPLY[@]})) || __gitseal_files
    return
  fi
  case ${COMP_WORDS[1]} in
    get | set | unset)
      if ((COMP_CWORD == 2)); then __gitseal_files; else __gitseal_keys; fi
      return ;;
    completion) __gitseal_offer bash zsh fish; return ;;
@GROUPS@  esac
  __gitseal_files
}

complete -F __gitseal gitseal
""".replace("@KEYS@", KEYS)


def _zsh() -> str:
    cases = "".join(f"    {name}) compadd -- {words} ;;\n" for name, words in _groups().items())
    return _ZSH.replace("@COMMANDS@", _words()).replace("@GROUPS@", cases)


_ZSH = r"""#compdef gitseal
# gitseal completion for zsh
_gitseal() {
  if (( CURRENT == 2 )); then
    compadd -- @COMMANDS@
    _files
    return
  fi
  case $words[2] in
    get | set | unset)
      if (( CURRENT == 3 )); then
        _files
      else
        local -a keys
        local file=${(Q)words[3]}
        [[ $file == '~/'* ]] && file=$HOME/${file[3,-1]}
        keys=("${(@f)$("$words[1]" @KEYS@ "$file" 2>/dev/null)}")
        compadd -- "${(@)keys:#}"
      fi ;;
    completion) compadd -- bash zsh fish ;;
@GROUPS@    *) _files ;;
  esac
}

if [[ $funcstack[1] == _gitseal ]]; then
  _gitseal "$@"
elif (( $+functions[compdef] )); then
  compdef _gitseal gitseal
fi
""".replace("@KEYS@", KEYS)


def _fish() -> str:
    lines = [_FISH]
    for name, entry in COMMANDS.items():
        summary = entry.summary.replace("\\", "\\\\").replace("'", "\\'")
        lines.append(f"complete -c gitseal -f -n __gitseal_first -a {name} -d '{summary}'\n")
    for name, words in {**_groups(), "completion": "bash zsh fish"}.items():
        lines.append(f"complete -c gitseal -f -n '__gitseal_second {name}' -a '{words}'\n")
    return "".join(lines)


_FISH = r"""# gitseal completion for fish
function __gitseal_first
    test (count (commandline -opc)) -eq 1
end

function __gitseal_second
    set -l words (commandline -opc)
    test (count $words) -eq 2; and test $words[2] = $argv[1]
end

function __gitseal_wants_key
    set -l words (commandline -opc)
    test (count $words) -ge 3; and contains -- $words[2] get set unset
end

function __gitseal_keys
    set -l words (commandline -opc)
    command $words[1] @KEYS@ (string replace -r '^~/' "$HOME/" -- $words[3]) 2>/dev/null
end

complete -c gitseal -f -n __gitseal_wants_key -a '(__gitseal_keys)'
""".replace("@KEYS@", KEYS)

SCRIPTS: dict[str, Callable[[], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
