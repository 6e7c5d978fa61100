# SPDX-License-Identifier: Apache-2.0
"""Programs that meet clear values: editors, and whatever `run` starts."""
