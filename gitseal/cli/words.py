# SPDX-License-Identifier: Apache-2.0
"""Reading a recovery key: from a terminal without showing it, or from a pipe."""

from __future__ import annotations

import sys


def read_words() -> str:
    """Give what was typed or piped; nothing is checked here."""
    if not sys.stdin.isatty():
        return sys.stdin.read(4096)
    from getpass import getpass

    return getpass("the 18 words of the recovery key (not shown): ", stream=sys.stderr)
