# SPDX-License-Identifier: Apache-2.0
"""
The command line for people.

`application` holds the Typer app, one module for each group of commands; `plain` is the short
way for commands without options; `reporting` is the only place that prints an error.
"""
