# SPDX-License-Identifier: Apache-2.0
"""
The cryptography of gitseal: pure functions over bytes, no input or output, no clock, no log.

Nothing outside this room and `masterkeys/` calls a cipher, a hash or a signature.
"""
