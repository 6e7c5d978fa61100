# SPDX-License-Identifier: Apache-2.0
"""
The repository around a file: where it is, and what git has in it.

Finding it needs no git; everything else asks git, with a scrubbed environment and in batches.
"""

from __future__ import annotations

from gitseal.repository.finding import Repository, find

__all__ = ["Repository", "find"]
