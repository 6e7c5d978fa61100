# SPDX-License-Identifier: Apache-2.0
"""Random text, for values that nobody needs to think up."""

from __future__ import annotations


def random_text(length: int) -> str:
    """
    Give random characters of the URL-safe alphabet, 6 bits each, a letter or digit first.

    Args:
        length: at least 1.
    """
    from base64 import urlsafe_b64encode

    from gitseal.keys import DataKey

    text = ""
    while len(text) < length:
        # 32 random bytes are 42 characters of full entropy; the 43rd would have 4 bits.
        piece = urlsafe_b64encode(DataKey.generate().expose()).decode()[:42]
        # A leading hyphen would read as an option wherever the value is used.
        if text or piece[0].isalnum():
            text += piece
    return text[:length]
