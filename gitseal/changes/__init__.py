# SPDX-License-Identifier: Apache-2.0
"""Comparing documents by key path: pure, over sealed and clear documents alike."""
