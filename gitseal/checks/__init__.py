# SPDX-License-Identifier: Apache-2.0
"""
Findings about sealed files and the policy, without a key and without the network.

Each finding has a stable code.  Everything is read through a `Tree`, so that a check of the
index or of a commit sees that one's policy, and never another's.  `running` decides which files
are judged, `files` judges one, `records` judges keyring and policy file.
"""
