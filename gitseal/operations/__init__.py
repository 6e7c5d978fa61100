# SPDX-License-Identifier: Apache-2.0
"""
What gitseal does, one use case a module; no terminal, no Typer.

Everything that opens a file goes through `opening`, which owns the order of FORMAT.md 9;
everything that seals one goes through `sealing`.
"""
