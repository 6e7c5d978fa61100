# SPDX-License-Identifier: Apache-2.0
"""Repositories in which git runs gitseal."""

from __future__ import annotations

from merges import merges, plain, sealed

__all__ = ["merges", "plain", "sealed"]
