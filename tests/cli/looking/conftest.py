# SPDX-License-Identifier: Apache-2.0
"""The sealed repository that checks are tried on."""

from __future__ import annotations

from vaults import run, stranger, template, vault

__all__ = ["run", "stranger", "template", "vault"]
