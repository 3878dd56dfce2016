"""Deterministic CBOR, base45 and paper codes: there and back for every value, and no second byte string for any."""

from __future__ import annotations

import contextlib
import io
import unicodedata
from typing import Any

import cbor2
from hypothesis import given
from hypothesis import strategies as st

from signing import base45, cbor, qr
from signing.canonical import INTEGER_MAX
from signing.errors import NotCanonical

TEXT = st.text(st.characters(exclude_categories=["Cs"])).map(lambda text: unicodedata.normalize("NFC", text))
VALUES = st.recursive(
    st.integers(-INTEGER_MAX, INTEGER_MAX) | st.binary(max_size=300) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.integers(cbor.KEY_MIN, cbor.KEY_MAX), inner, max_size=5)
    ),
    max_leaves=10,
)
SIZE = 1 << 16


def nesting(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(nesting, value.values()), default=0)
    return 1 + max(map(nesting, value), default=0) if isinstance(value, list) else 0


SHALLOW = VALUES.filter(lambda value: nesting(value) <= cbor.DEPTH_MAX)


@given(SHALLOW)
def test_there_and_back(value: Any) -> None:
    assert cbor.decode(cbor.encode(value), size_bytes_max=SIZE) == value


@given(SHALLOW)
def test_an_independent_library_reads_the_same(value: Any) -> None:
    assert cbor2.loads(cbor.encode(value)) == value


@given(st.binary(max_size=40))
def test_what_is_read_has_exactly_these_bytes(data: bytes) -> None:
    try:
        value = cbor.decode(data, size_bytes_max=SIZE)
    except NotCanonical:
        return
    assert cbor.encode(value) == data
    assert cbor2.CBORDecoder(io.BytesIO(data)).decode() == value


@given(SHALLOW, st.integers(0, 7), st.data())
def test_a_flipped_bit_is_another_value_or_none(value: Any, bit: int, draw: st.DataObject) -> None:
    data = bytearray(cbor.encode(value))
    data[draw.draw(st.integers(0, len(data) - 1))] ^= 1 << bit
    with contextlib.suppress(NotCanonical):
        assert cbor.decode(bytes(data), size_bytes_max=SIZE) != value


@given(st.binary(max_size=100))
def test_base45_there_and_back(data: bytes) -> None:
    assert base45.decode(base45.encode(data)) == data


@given(st.text(base45.ALPHABET, max_size=40))
def test_base45_has_one_text_for_its_bytes(text: str) -> None:
    try:
        data = base45.decode(text)
    except NotCanonical:
        return
    assert base45.encode(data) == text


@given(st.text(base45.ALPHABET, max_size=1200) | st.text(max_size=100))
def test_hostile_text_is_refused_in_one_way(text: str) -> None:
    try:
        qr.read(qr.PREFIX + text)
    except NotCanonical:
        return
    raise AssertionError("a random text was read as a code")
