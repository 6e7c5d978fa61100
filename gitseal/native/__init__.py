# SPDX-License-Identifier: Apache-2.0
"""
The gitseal format, version 1: bytes in, bytes out (FORMAT.md).

`sealing` and `opening` are for structured documents, `wholefile` for everything else.
"""
