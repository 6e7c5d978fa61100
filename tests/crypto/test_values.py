# SPDX-License-Identifier: Apache-2.0
"""Sealed values open at their own place only, and nothing but what `pad` gives is unpadded."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitseal.crypto import derive, encoding, signatures, values
from gitseal.errors import IntegrityError, UsageError
from gitseal.keys import Context, DataKey, ScopeId

KEY = bytes(range(64))
PATH = encoding.pae(b"a")


@given(st.binary(max_size=600))
def test_padding_comes_off(text: bytes) -> None:
    assert text == values.unpad(values.pad(text))


@given(st.binary(max_size=140))
def test_only_padded_texts_are_unpadded(text: bytes) -> None:
    try:
        inner = values.unpad(text)
    except ValueError:
        return
    assert text == values.pad(inner)


@pytest.mark.parametrize(
    "padded", [b"", bytes(32), b"\x80", b"a\x80" + bytes(62), b"a\x80" + bytes(29) + b"\x01"]
)
def test_other_padding_is_refused(padded: bytes) -> None:
    with pytest.raises(ValueError, match="padded"):
        values.unpad(padded)


@given(st.lists(st.tuples(st.binary(max_size=40), st.binary(min_size=1, max_size=200)), max_size=8))
def test_values_open_again(pairs: list[tuple[bytes, bytes]]) -> None:
    paths = [path for path, _ in pairs]
    frames = [frame for _, frame in pairs]

    assert frames == values.open_values(KEY, paths, values.seal_values(KEY, paths, frames))


@given(st.data())
def test_no_single_changed_character_opens(data: st.DataObject) -> None:
    (text,) = values.seal_values(KEY, [PATH], [b"secret"])
    position = data.draw(st.integers(9, len(text) - 3))
    character = data.draw(st.sampled_from("0123456789abcdefghjkmnpqrstvwxyz"))
    changed = text[:position] + character + text[position + 1 :]
    if changed == text:
        return

    with pytest.raises(values.ValueDoesNotOpenError):
        values.open_values(KEY, [PATH], [changed])


@pytest.mark.parametrize("size", [0, 16, 32, 48, 63, 65])
def test_only_keys_of_64_bytes_are_used(size: int) -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        values.seal_values(bytes(size), [PATH], [b"x"])


def test_a_value_opens_at_no_other_path_and_under_no_other_key() -> None:
    (text,) = values.seal_values(KEY, [PATH], [b"secret"])

    for key, path in ((KEY, encoding.pae(b"b")), (KEY[::-1], PATH)):
        with pytest.raises(values.ValueDoesNotOpenError) as caught:
            values.open_values(key, [path], [text])
        assert caught.value.index == 0
        assert caught.value.__cause__ is None


def test_the_failing_one_of_many_is_named() -> None:
    texts = values.seal_values(KEY, [PATH] * 3, [b"a", b"b", b"c"])
    texts[1] = "seal:v1[_not base 32_]"

    with pytest.raises(values.ValueDoesNotOpenError) as caught:
        values.open_values(KEY, [PATH] * 3, texts)
    assert caught.value.index == 1


def test_many_values_are_worked_on_in_batches() -> None:
    paths = [encoding.pae(str(i).encode()) for i in range(9000)]
    frames = [str(i).encode() for i in range(9000)]
    texts = values.seal_values(KEY, paths, frames)

    assert frames == values.open_values(KEY, paths, texts)
    texts[8500] = texts[8499]
    with pytest.raises(values.ValueDoesNotOpenError) as caught:
        values.open_values(KEY, paths, texts)
    assert caught.value.index == 8500


def test_grammar_is_checked_without_a_key() -> None:
    (text,) = values.seal_values(KEY, [PATH], [b"secret"])

    assert values.check_grammar(text)
    assert not values.check_grammar(text[:-3] + "_]")
    assert not values.check_grammar(text.upper())
    assert not values.check_grammar("seal:v1[_00_]")


def test_whole_content_opens_under_its_own_header_only() -> None:
    body = values.seal_file(KEY, b"header", b"content")

    assert values.open_file(KEY, b"header", body) == b"content"
    with pytest.raises(IntegrityError):
        values.open_file(KEY, b"other", body)
    with pytest.raises(IntegrityError):
        values.open_file(KEY, b"header", body[:-1])


@pytest.mark.parametrize("signature", [b"", bytes(64), bytes(63), b"\xff" * 64])
def test_a_signature_that_is_none_is_refused(signature: bytes) -> None:
    with pytest.raises(IntegrityError):
        signatures.verify(signatures.Signer(bytes(32)).public_key, signature, b"message")


def test_a_small_order_public_key_verifies_nothing() -> None:
    for public in (bytes(32), bytes([1]) + bytes(31), b"\xff" * 32):
        with pytest.raises(IntegrityError):
            signatures.verify(public, bytes(64), b"message")


def test_keys_stay_out_of_reprs_and_pickles() -> None:
    secret = DataKey(b"canary-canary-canary-canary-cana")
    keys = derive.ScopeKeys(secret, ScopeId("s", Context(), 1))

    for thing in (secret, keys):
        assert "canary" not in repr(thing)
        assert secret.expose().hex() not in repr(thing)
        with pytest.raises(TypeError):
            pickle.dumps(thing)


@given(st.lists(st.binary(max_size=12), max_size=6))
def test_pae_is_undone(parts: list[bytes]) -> None:
    assert parts == encoding.unpae(encoding.pae(*parts))


@given(st.binary(max_size=64))
def test_what_unpae_reads_is_what_pae_writes(data: bytes) -> None:
    try:
        parts = encoding.unpae(data)
    except ValueError:
        return
    assert data == encoding.pae(*parts)


@pytest.mark.parametrize(
    "pairs",
    [{"App": "x"}, {"": "x"}, {"app": ""}, {"app": "é"}, {"app": "x" * 257}, {"gitseal:scope": "x"},
     {"1a": "x"}, {"a b": "x"}, {"a": "tab\t"}, dict.fromkeys("abcdef", "x"), {"a" * 65: "x"}],
)  # fmt: skip
def test_contexts_outside_the_format_are_refused_not_mended(pairs: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        Context(pairs)


def test_order_of_context_pairs_does_not_matter() -> None:
    assert Context({"a": "1", "b": "2"}) == Context({"b": "2", "a": "1"})


@pytest.mark.parametrize("name", ["", "A", "con", "nul", "-a", "a b", "a" * 65, "ä", "a/b"])
def test_scope_names_outside_the_format_are_refused(name: str) -> None:
    with pytest.raises(UsageError):
        ScopeId(name, Context(), 1)


def test_the_short_way_to_the_library_gives_its_public_classes() -> None:
    from cryptography.hazmat.primitives.asymmetric import ed25519
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    from gitseal.crypto import library

    private = library.private_key(bytes(32))
    assert isinstance(private, ed25519.Ed25519PrivateKey)
    assert isinstance(
        library.public_key(private.public_key().public_bytes_raw()), ed25519.Ed25519PublicKey
    )
    assert type(library.aes_siv(bytes(64))) is AESSIV


def test_errors_of_the_program_are_not_taken_for_refusals() -> None:
    with pytest.raises(TypeError):
        values.seal_values("x" * 64, [PATH], [b"x"])  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        signatures.verify(bytes(32), "no bytes", b"")  # type: ignore[arg-type]
