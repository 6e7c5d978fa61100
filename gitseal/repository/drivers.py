# SPDX-License-Identifier: Apache-2.0
"""Which of our drivers git's configuration names here; one git call, nothing is believed."""

from __future__ import annotations

from gitseal.repository.running import ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitseal.repository.finding import Repository

_OURS = r"^((filter|merge|diff)\.gitseal\..*|core\.hookspath)$"
# How `running` starts git; it is no setting of the user.
_OUR_OWN = ("core.hookspath", "/dev/null")


def configured(repository: Repository) -> dict[str, str]:
    """
    Give what git's configuration says about our drivers, and of hooks; the last value counts.

    Keys are as git writes them: section and name in lower case.

    Raises:
        GitError: git cannot be asked, or its configuration is broken.
    """
    output = ask(repository, ["config", "-z", "--get-regexp", _OURS], ok=(0, 1))
    found = {}
    for entry in output.decode(errors="surrogateescape").split("\0")[:-1]:
        key, newline, value = entry.partition("\n")
        if (key, value) != _OUR_OWN:
            found[key] = value if newline else "true"  # a key alone is how git spells that
    return found


def runs_filter(values: dict[str, str]) -> bool:
    """Tell whether a filter is configured, by what `configured` gave."""
    return bool(values.get("filter.gitseal.process") or values.get("filter.gitseal.clean"))


def is_installed(repository: Repository) -> bool:
    """
    Tell whether git runs our filter in this repository.

    Raises:
        GitError: as `configured`.
    """
    return runs_filter(configured(repository))
