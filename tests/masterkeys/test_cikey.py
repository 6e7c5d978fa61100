# SPDX-License-Identifier: Apache-2.0
"""One secret for CI: private keys and pins, in one word that no shell minds."""

from __future__ import annotations

import re

import pyrage
import pytest

from gitseal.errors import UsageError
from gitseal.masterkeys.cikey import CiKey

SECRET = str(pyrage.x25519.Identity.generate())
LOCAL = "GITSEAL-LOCAL-KEY-1:" + "0" * 103
PIN = ("payments-prod", "ztnf-yw05-dzpc-qk1v-q7c2-3bne-9974-qv9k-fekq-rv34-7tqg-6chb-8v60")


def test_what_is_written_is_read() -> None:
    text = CiKey([SECRET], [LOCAL], [PIN, ("web", "x")]).text()
    key = CiKey.parse(text)

    assert (key.identities, key.local_keys, key.pins) == ((SECRET,), (LOCAL,), (PIN, ("web", "x")))
    assert re.fullmatch("[A-Za-z0-9,:=._-]+", text)


@pytest.mark.parametrize("text", [SECRET, f" {SECRET}\n", f"{SECRET},", f"{SECRET}, a=b\n\nc=d"])
def test_white_space_does_not_matter(text: str) -> None:
    assert CiKey.parse(text).identities == (SECRET,)


def test_a_part_that_is_nothing_is_named_by_its_number() -> None:
    with pytest.raises(UsageError, match="part 2 ") as caught:
        CiKey.parse(f"{SECRET},hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", [SECRET.lower() + "=", "age-secret-key-1x=y"])
def test_a_private_key_is_never_taken_for_a_pin(text: str) -> None:
    with pytest.raises(UsageError):
        CiKey.parse(text)


def test_no_repr_shows_a_secret() -> None:
    assert SECRET not in repr(CiKey([SECRET], [LOCAL], [PIN]))
