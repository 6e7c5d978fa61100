# SPDX-License-Identifier: Apache-2.0
"""What `doctor` looks at, one thing a function; each says what it saw and how to mend it."""

from __future__ import annotations

import os

from gitseal.checks.findings import ERROR, shell_word
from gitseal.cli.checking import examine, ignored, untracked
from gitseal.errors import GitsealError
from gitseal.guest.setup import REQUIRED, SETTINGS, find_program, is_true, program_of
from gitseal.masterkeys import kind_of
from gitseal.policy import POLICY_FILE
from gitseal.policy.attributes import ATTRIBUTES_FILE
from gitseal.policy.patterns import Patterns
from gitseal.policy.records import record_path
from gitseal.repository.drivers import configured, runs_filter
from gitseal.repository.indexfile import StagedTree
from gitseal.repository.running import run_git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitseal.operations.workspace import Workspace
    from gitseal.policy.records import Record

OK = "ok"
WARN = "warn"
FAIL = "fail"

OLDEST_GIT = (2, 31)
OLDEST_CRYPTOGRAPHY = (48, 0, 1)
_MENTIONED = 3


class Diagnosis:
    """
    One thing that was looked at.

    Attributes:
        level: OK, WARN or FAIL.
        topic: one word, stable.
        message: what was seen.
        fix: what to do; "" where nothing is to be done.
    """

    __slots__ = ("fix", "level", "message", "topic")

    def __init__(self, level: str, topic: str, message: str, fix: str = "") -> None:
        self.level = level
        self.topic = topic
        self.message = message
        self.fix = fix

    def as_json(self) -> dict[str, object]:
        """Give the JSON form."""
        return {
            "level": self.level,
            "topic": self.topic,
            "message": self.message,
            "fix": self.fix or None,
        }

    def __repr__(self) -> str:
        return f"Diagnosis({self.level!r}, {self.topic!r}, {self.message!r})"


def diagnose(current: Workspace) -> list[Diagnosis]:
    """Look at everything; what cannot be looked at is a failure of its own."""
    found: list[Diagnosis] = []
    looks = [*_MACHINE]
    if current.repository is None or current.repository.bare:
        found.append(Diagnosis(WARN, "repository", "this is no worktree of git", "cd into one"))
    else:
        looks += _REPOSITORY
    for topic, look in looks:
        try:
            found += look(current)
        except GitsealError as error:
            found.append(Diagnosis(FAIL, topic, str(error).split("\n")[0], error.hint or ""))
    order = [topic for topic, _look in looks]
    return sorted(found, key=lambda one: order.index(one.topic) if one.topic in order else -1)


def _numbers(version: str) -> tuple[int, ...]:
    parts = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        parts.append(int(digits))
    return tuple(parts)


def _git(current: Workspace) -> Iterator[Diagnosis]:
    output = run_git(["version"], "/", current.settings.environ).decode(errors="replace")
    version = output.removeprefix("git version ").split(" ")[0].strip()
    if _numbers(version) < OLDEST_GIT:
        yield Diagnosis(FAIL, "git", f"git {version} is too old", "install git 2.31 or newer")
    else:
        yield Diagnosis(OK, "git", f"git {version}")


def _cryptography(_current: Workspace) -> Iterator[Diagnosis]:
    from cryptography import __version__

    if _numbers(__version__) < OLDEST_CRYPTOGRAPHY:
        message = f"cryptography {__version__} carries faults of OpenSSL in the cipher used here"
        yield Diagnosis(FAIL, "cryptography", message, "pip install 'cryptography>=48.0.1'")
    else:
        yield Diagnosis(OK, "cryptography", f"cryptography {__version__}")


def _yaml(_current: Workspace) -> Iterator[Diagnosis]:
    import yaml

    if yaml.__with_libyaml__:
        yield Diagnosis(OK, "yaml", f"PyYAML {yaml.__version__}, with its C parser")
    else:
        message = f"PyYAML {yaml.__version__} has no C parser here: YAML is read ten times slower"
        yield Diagnosis(WARN, "yaml", message, "install a wheel of PyYAML, or libyaml's headers")


def _identity(current: Workspace) -> Iterator[Diagnosis]:
    means = current.session.means
    identities = means.identities.all()
    origins = list(dict.fromkeys(one.origin for one in identities))
    local = means.local_keys.uris()
    if origins:
        yield Diagnosis(OK, "identity", f"your keys: {', '.join(origins)}")
    if local:
        yield Diagnosis(OK, "identity", f"your local keys: {', '.join(local)}")
    if not origins and not local:
        message = "no private key of yours was found; checking works without, reading does not"
        yield Diagnosis(WARN, "identity", message, "gitseal keys generate")
    for warning in means.identities.warnings():
        message, _, fix = warning.partition("; ")
        yield Diagnosis(FAIL if fix else WARN, "identity", message, fix)


def _memory(current: Workspace) -> Iterator[Diagnosis]:
    from gitseal.launch.tmpfs import places

    found = next(iter(places(current.settings)), None)
    if found is None:
        message = "there is no directory for clear text that is yours alone"
        yield Diagnosis(FAIL, "memory", message, "set TMPDIR to a directory of your own")
    elif found[1]:
        yield Diagnosis(OK, "memory", f"clear text is edited in memory: {found[0]}")
    else:
        message = f"there is no file system in memory: clear text is edited in {found[0]}"
        yield Diagnosis(WARN, "memory", message, "mount a tmpfs, or encrypt that disk")


def _editor(current: Workspace) -> Iterator[Diagnosis]:
    from gitseal.launch.editor import arguments_for, editor_command

    command = editor_command(current.settings, root=current.root)
    known = arguments_for(command, "file")[1]
    name = os.path.basename(command[0])
    if known:
        yield Diagnosis(OK, "editor", f"{name} keeps no copies when gitseal starts it")
    else:
        message = f"gitseal does not know how to keep {name} from keeping copies of clear text"
        yield Diagnosis(WARN, "editor", message, "export GITSEAL_EDITOR=vim, nvim or nano")


def _tracing(current: Workspace) -> Iterator[Diagnosis]:
    value = current.settings.environ.get("GIT_TRACE_PACKET", "")
    if value.lower() not in {"", "0", "false"}:
        message = "GIT_TRACE_PACKET is set: git writes the content of files into its trace"
        yield Diagnosis(FAIL, "tracing", message, "unset GIT_TRACE_PACKET")


def _records(current: Workspace) -> Iterator[Diagnosis]:
    authority = current.authority
    for name in authority.scopes():
        try:
            verdict = authority.judge(name)
        except GitsealError as error:
            yield Diagnosis(FAIL, "records", f"scope {name}: {error.message}", error.hint or "")
            continue
        if verdict is None:
            continue
        if verdict.trusted:
            yield Diagnosis(OK, "records", f"scope {name} is trusted")
            continue
        refusal = verdict.error()
        soft = verdict.state in {"unknown", "older", "linked-readers"}
        message = refusal.message.split("\n")[0]
        yield Diagnosis(WARN if soft else FAIL, "records", message, refusal.hint or "")
    if not authority.scopes():
        yield Diagnosis(WARN, "records", "no scope is defined here", "gitseal init")


def _check(current: Workspace) -> Iterator[Diagnosis]:
    report = examine(current)
    policy = {"GS302", "GS304"}
    for one in report.findings:
        if one.code in policy:
            level = FAIL if one.level == ERROR else WARN
            yield Diagnosis(level, "policy", f"{POLICY_FILE}: {one.message}", one.hint)
    if not any(one.code in policy for one in report.findings):
        yield Diagnosis(OK, "policy", f"{POLICY_FILE} is applied")
    rest = sum(one.level == ERROR and one.code not in policy for one in report.findings)
    if rest:
        found = "1 finding" if rest == 1 else f"{rest:,} findings"
        yield Diagnosis(FAIL, "policy", f"{found} in {report.checked:,} files", "gitseal check")


def _all_records(current: Workspace) -> list[Record]:
    found = []
    for name in current.authority.scopes():
        try:
            record = current.authority.record(name)
        except GitsealError:
            continue  # `records` has said so
        found += [record] if record is not None else []
    return found


def _readers(current: Workspace) -> Iterator[Diagnosis]:
    for record in _all_records(current):
        readers = record.policy.readers
        if len(readers) == 1 and kind_of(readers[0].key) in {"age", "file"}:
            message = f"only {readers[0].to} can read scope {record.name}: a lost key loses it all"
            yield Diagnosis(WARN, "readers", message, "gitseal readers add NAME KEY")
        else:
            count = f"{len(readers)} readers" if len(readers) > 1 else "a key service"
            yield Diagnosis(OK, "readers", f"scope {record.name} has {count}")


def _committed(current: Workspace) -> Iterator[Diagnosis]:
    repository = current.needed_repository()
    tree = StagedTree(repository, limit=1 << 20)
    tracked = {path for path, _mode, _id in tree.entries()}
    ours = [record_path(record.name) for record in _all_records(current)]
    if os.path.lexists(os.path.join(repository.root, POLICY_FILE)):
        ours.append(POLICY_FILE)
    if os.path.lexists(os.path.join(repository.root, ATTRIBUTES_FILE)):
        ours.append(ATTRIBUTES_FILE)
    hidden = ignored(repository, [path for path in ours if path not in tracked])
    for path in ours:
        if path in hidden:
            message = f"{path} is ignored by git ({hidden[path]}): nobody else will get it"
            yield Diagnosis(FAIL, "committed", message, f"git add -f {path}")
        elif path not in tracked:
            message = f"{path} is not staged: nobody else will get it"
            yield Diagnosis(WARN, "committed", message, f"git add {path}")
    vouches = _vouches(repository.root)
    missing = [path for path in vouches if path not in tracked]
    if missing:
        message = f"{missing[0]} is not staged: your other machines will ask whether to trust"
        yield Diagnosis(WARN, "committed", message, "git add .gitseal")


def _vouches(root: str) -> list[str]:
    from gitseal.repository.trees import WorktreeTree

    return list(WorktreeTree(root).paths(".gitseal/vouch"))


def _ignored(current: Workspace) -> Iterator[Diagnosis]:
    repository = current.needed_repository()
    patterns = [text for record in _all_records(current) for text in record.policy.files]
    claims = Patterns(patterns)
    tree = StagedTree(repository, limit=1 << 20)
    tracked = {path for path, _mode, _id in tree.entries()}
    loose = [
        path
        for path, _mode, _id in untracked(repository, patterns)
        if path not in tracked and claims.matches(path)
    ]
    hidden = ignored(repository, loose) if loose else {}
    for path, rule in list(hidden.items())[:_MENTIONED]:
        message = f"{path} is claimed by a scope, but git ignores it ({rule})"
        fix = f"take that line out, or: git add -f {shell_word(path)}"
        yield Diagnosis(WARN, "ignored", message, fix)
    if len(hidden) > _MENTIONED:
        message = f"git ignores {len(hidden) - _MENTIONED} more files that a scope claims"
        yield Diagnosis(WARN, "ignored", message, "git check-ignore -v FILE")


def _plain(current: Workspace) -> Iterator[Diagnosis]:
    """Scopes whose files lie readable in the worktree: who else can read them, and the filter."""
    plain = [record for record in _all_records(current) if record.policy.worktree == "plain"]
    if not plain:
        return
    repository = current.needed_repository()
    mask = os.umask(0o077)
    os.umask(mask)
    if mask & 0o077 != 0o077:
        message = f"umask {mask:03o}: clear files in the worktree can be read by other users here"
        yield Diagnosis(WARN, "plain", message, "umask 077, before git checkout")
    if not runs_filter(configured(repository)):
        names = ", ".join(record.name for record in plain)
        message = f"scope {names} is clear in the worktree, and no filter seals it at git add here"
        yield Diagnosis(FAIL, "plain", message, "gitseal git install")


def _drivers(current: Workspace) -> Iterator[Diagnosis]:
    """What git's configuration says of filter, merge driver and diff command."""
    values = configured(current.needed_repository())
    process = values.get("filter.gitseal.process") or values.get("filter.gitseal.clean", "")
    if not runs_filter(values):
        yield Diagnosis(WARN, "drivers", "git does not run gitseal here", "gitseal git install")
    elif not find_program(word := program_of(process), current.settings.environ):
        message = f"git is to run {word}, which is not on PATH: git add fails for sealed files"
        yield Diagnosis(FAIL, "drivers", message, "put its folder into PATH")
    elif missing := [key for key in SETTINGS if not values.get(key)]:
        message = f"git's configuration lacks {', '.join(missing)}"
        yield Diagnosis(WARN, "drivers", message, "gitseal git install")
    else:
        yield Diagnosis(OK, "drivers", "git runs gitseal: filter, merge driver, diff command")
    if runs_filter(values) and not is_true(values.get(REQUIRED, "")):
        message = f"{REQUIRED} is not true: where gitseal fails, git adds clear text"
        yield Diagnosis(FAIL, "drivers", message, f"git config --global {REQUIRED} true")
    if is_true(values.get("diff.gitseal.cachetextconv", "")):
        message = "diff.gitseal.cachetextconv keeps clear text as notes, which git pushes"
        fix = "git config --unset-all diff.gitseal.cachetextconv; look at refs/notes/textconv"
        yield Diagnosis(FAIL, "drivers", message, fix)
    if values.get("diff.gitseal.textconv"):
        message = "diff.gitseal.textconv shows clear text in every diff and log"
        fix = "git config --unset-all diff.gitseal.textconv"
        yield Diagnosis(WARN, "drivers", message, fix)


_MACHINE: list[tuple[str, Callable[[Workspace], Iterator[Diagnosis]]]] = [
    ("git", _git),
    ("cryptography", _cryptography),
    ("yaml", _yaml),
    ("identity", _identity),
    ("memory", _memory),
    ("editor", _editor),
    ("tracing", _tracing),
]
_REPOSITORY: list[tuple[str, Callable[[Workspace], Iterator[Diagnosis]]]] = [
    ("records", _records),
    ("policy", _check),
    ("readers", _readers),
    ("committed", _committed),
    ("ignored", _ignored),
    ("plain", _plain),
    ("drivers", _drivers),
]
