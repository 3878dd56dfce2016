"""One byte string per value: what has one, what has none, and what a decoder must not let through."""

from enum import IntEnum, StrEnum

import pytest

from signing.canonical import DEPTH_MAX, INTEGER_MAX, decode, encode, normalise_text
from signing.errors import NotCanonical
from tests.support.canonical_cases import REFUSED


def nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth - 1):
        value = [value]
    return value


class Colour(StrEnum):
    RED = "red"


class Number(IntEnum):
    ONE = 1


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (None, b"null"),
        (True, b"true"),
        (0, b"0"),
        (INTEGER_MAX, b"9007199254740991"),
        (-INTEGER_MAX, b"-9007199254740991"),
        ("Nguyễn Thị Lan", '"Nguyễn Thị Lan"'.encode()),
        ('\x00\x1f\x7f"\\/\b\f\n\r\t', b'"\\u0000\\u001f\x7f\\"\\\\/\\b\\f\\n\\r\\t"'),
        ({"b": 1, "a": [], "A": {}}, b'{"A":{},"a":[],"b":1}'),
        ((1, 2), b"[1,2]"),
        ({"role": Colour.RED, "n": Number.ONE}, b'{"n":1,"role":"red"}'),
        (nested(DEPTH_MAX), b"[" * DEPTH_MAX + b"]" * DEPTH_MAX),
    ],
)
def test_a_value_has_one_byte_string(value: object, data: bytes) -> None:
    assert encode(value) == data


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        INTEGER_MAX + 1,
        -INTEGER_MAX - 1,
        2**70,
        b"bytes",
        {1},
        object(),
        {"đ": 1},
        {1: 1},
        {Colour.RED: 1},
        "e\u0302",
        {"a": ["e\u0302"]},
        "\ud800",
        nested(DEPTH_MAX + 1),
        {"a": nested(DEPTH_MAX)},
    ],
    ids=lambda value: "object" if type(value) is object else repr(value),
)
def test_other_values_are_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        encode(value)


def test_a_value_that_holds_itself_is_refused() -> None:
    value: list[object] = []
    value.append(value)
    with pytest.raises(NotCanonical):
        encode(value)


@pytest.mark.parametrize("data", REFUSED)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(NotCanonical):
        decode(data, size_bytes_max=100_000)


def test_size_is_bounded_before_anything_is_parsed() -> None:
    assert decode(b'"abc"', size_bytes_max=5) == "abc"
    with pytest.raises(NotCanonical, match="limit of 4"):
        decode(b'"abc"', size_bytes_max=4)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Nguye\u0302\u0303n", "Nguyễn"),
        ("a\r\nb\rc\nd\te", "a\nb\nc\nd\te"),
        ("a\x00b\x1bc\x7fd\x85e", "abcde"),
        ("a\u200bb\u202ec\ufeffd", "abcd"),
        ("e\u200b\u0302", "ê"),
        ("a\ud800b", "ab"),
        ("  hai  khoảng  ", "  hai  khoảng  "),
    ],
)
def test_text_is_normalised_where_people_enter_it(typed: str, kept: str) -> None:
    assert normalise_text(typed) == kept
    encode(normalise_text(typed))
