# SPDX-License-Identifier: Apache-2.0
"""Files to measure on: the same at every run, with values of 16 to 28 characters."""

from __future__ import annotations

import json
import random

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_FIELDS = ("user", "password", "token", "endpoint", "key")
_PER_SERVICE = len(_FIELDS)


def services(values: int) -> dict[str, dict[str, str]]:
    """A two-level mapping with `values` strings in it."""
    source = random.Random(values)
    found: dict[str, dict[str, str]] = {}
    for number in range(values):
        service = found.setdefault(f"service{number // _PER_SERVICE:05d}", {})
        length = source.randint(16, 28)
        service[_FIELDS[number % _PER_SERVICE]] = "".join(source.choices(_LETTERS, k=length))
    return found


def as_yaml(values: int) -> str:
    """A block mapping of block mappings, with plain scalars."""
    lines = []
    for name, fields in services(values).items():
        lines.append(f"{name}:\n")
        lines += [f"  {field}: {value}\n" for field, value in fields.items()]
    return "".join(lines)


def as_json(values: int) -> str:
    """The same as JSON, two spaces deep."""
    return json.dumps(services(values), indent=2) + "\n"
