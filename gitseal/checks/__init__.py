# SPDX-License-Identifier: Apache-2.0
"""
Findings about sealed files and the policy, without a key and without the network.

Each finding has a stable code.  Everything is read through a `Tree`, so that a check of a
commit sees that commit's policy, and never the worktree's.
"""
