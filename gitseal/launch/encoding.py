# SPDX-License-Identifier: Apache-2.0
"""File names are bytes of UTF-8 for gitseal, whatever language the user's system speaks."""

from __future__ import annotations

import os
import sys


def insist_on_utf8() -> None:
    """
    Start again in Python's UTF-8 mode where the locale has another encoding.

    A sealed file is bound to its path: under ISO 8859-1 the same name would be other characters,
    and what is sealed there would open nowhere else.  Costs one more start, on such systems only.
    """
    if sys.getfilesystemencoding() == "utf-8" or sys.flags.utf8_mode:
        return
    words = [sys.executable, "-X", "utf8", *sys.orig_argv[1:]]
    os.execv(sys.executable, words)  # noqa: S606 - the same program with the same words
