# SPDX-License-Identifier: Apache-2.0
"""
What gitseal does, one use case a module; no terminal, no Typer.

A file is opened by `opening`, which owns the order of FORMAT.md 9, and sealed by `sealing`, or by
`adhoc` where it carries its own key.  Three modules open files that `opening` would refuse, and say
why they may: `resealing` (sealed by the rules or the key of yesterday), `comparing` (old commits)
and `recovering` (damaged ones).
"""
