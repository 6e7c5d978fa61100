# SPDX-License-Identifier: Apache-2.0
"""
Being git's guest: filter process, merge driver, diff command, and setting them up.

git starts these at every command that meets a sealed file, so nothing slow is imported here, and
nothing but what git asked for ever reaches standard output.
"""
