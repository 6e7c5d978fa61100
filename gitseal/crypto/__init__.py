# SPDX-License-Identifier: Apache-2.0
"""
The cryptography of gitseal: pure functions over bytes, no input or output, no clock, no log.

No other room encrypts, signs or derives a key, but for `masterkeys/`, which wraps data keys;
the others at most compare hashes.
"""
