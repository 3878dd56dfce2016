"""Canonical JSON: there and back for every value, equal to an independent implementation, nothing else let through."""

import unicodedata
from typing import Any

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from signing.canonical import INTEGER_MAX, decode, encode, normalise_text
from signing.errors import NotCanonical

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
TEXT = ANY_TEXT.map(lambda text: unicodedata.normalize("NFC", text))
KEYS = st.text(st.characters(max_codepoint=127))
SCALARS = st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | TEXT
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)
SIZE = 1 << 20


@given(VALUES)
def test_there_and_back(value: Any) -> None:
    assert decode(encode(value), size_bytes_max=SIZE) == value


@given(VALUES)
def test_equal_to_an_independent_implementation(value: Any) -> None:
    assert encode(value) == rfc8785.dumps(value)


@given(st.dictionaries(KEYS, SCALARS), st.randoms())
def test_the_order_in_which_members_were_set_does_not_show(value: dict[str, Any], random: Any) -> None:
    members = list(value.items())
    random.shuffle(members)
    assert encode(dict(members)) == encode(value)


@given(st.binary(max_size=40) | st.text('[]{}:,"\\u0aeE+-.19 ntrf', max_size=20).map(str.encode))
def test_what_is_decoded_was_its_one_byte_string(data: bytes) -> None:
    try:
        value = decode(data, size_bytes_max=SIZE)
    except NotCanonical:
        return
    assert encode(value) == data


@given(st.dictionaries(KEYS, SCALARS, min_size=1), st.data())
def test_a_member_named_twice_is_refused(value: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(value)))
    again = encode(value)[:-1] + b"," + encode({name: data.draw(SCALARS)})[1:]
    try:
        decode(again, size_bytes_max=SIZE)
    except NotCanonical:
        return
    raise AssertionError(again)


@given(st.text(st.characters()))
def test_normalised_text_can_be_signed_and_stays_as_it_is(text: str) -> None:
    kept = normalise_text(text)
    assert normalise_text(kept) == kept
    encode(kept)


@given(ANY_TEXT)
def test_text_that_is_not_nfc_is_refused_not_repaired(text: str) -> None:
    normal = unicodedata.normalize("NFC", text)
    try:
        data = encode(text)
    except NotCanonical:
        assert text != normal
    else:
        assert text == normal
        assert data.decode() == rfc8785.dumps(text).decode()
