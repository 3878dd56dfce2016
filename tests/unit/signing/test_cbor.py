"""Deterministic CBOR: one byte string for a value, and nothing else is read."""

from __future__ import annotations

import pytest

from signing import cbor
from signing.errors import NotCanonical

GOOD = {  # RFC 8949, appendix A, as far as our subset goes
    "00": 0,
    "17": 23,
    "1818": 24,
    "18ff": 255,
    "190100": 256,
    "1a00010000": 65536,
    "1b000000e8d4a51000": 1_000_000_000_000,
    "1b001fffffffffffff": 2**53 - 1,
    "20": -1,
    "3863": -100,
    "3903e7": -1000,
    "3b001ffffffffffffe": -(2**53) + 1,
    "40": b"",
    "4401020304": b"\x01\x02\x03\x04",
    "60": "",
    "62c3bc": "ü",
    "80": [],
    "83010203": [1, 2, 3],
    "a0": {},
    "a201020304": {1: 2, 3: 4},
    "a3000117022003": {0: 1, 23: 2, -1: 3},
}
BAD = {
    "nothing": "",
    "bytes after the end": "0000",
    "one-byte form of 23": "1817",
    "two-byte form of 255": "1900ff",
    "four-byte form of 65535": "1a0000ffff",
    "eight-byte form of 2^32-1": "1b00000000ffffffff",
    "an integer above 2^53-1": "1b0020000000000000",
    "an integer below -(2^53-1)": "3b001fffffffffffff",
    "long form of a length": "580101",
    "long form of an array length": "980101",
    "long form of a map length": "b8010101",
    "long form of a key": "a1180101",
    "key twice": "a201010102",
    "keys descending": "a203040102",
    "negative key before a positive one": "a220010001",
    "key 24": "a1181801",
    "key -25": "a1381801",
    "text key": "a1616101",
    "indefinite bytes": "5f4101ff",
    "indefinite text": "7f6161ff",
    "indefinite array": "9fff",
    "indefinite map": "bfff",
    "break alone": "ff",
    "reserved length": "1c",
    "tag": "c001",
    "half float": "f93c00",
    "float": "fb3ff0000000000000",
    "false": "f4",
    "true": "f5",
    "null": "f6",
    "undefined": "f7",
    "truncated number": "19",
    "truncated bytes": "4201",
    "truncated array": "8201",
    "huge array": "9b001fffffffffffff",
    "huge map": "bb001fffffffffffff",
    "huge bytes": "5b001fffffffffffff",
    "not UTF-8": "61ff",
    "surrogate in text": "63eda080",
    "decomposed text": "6365cc81",
    "nested too deeply": "81" * (cbor.DEPTH_MAX + 1) + "00",
}


@pytest.mark.parametrize("encoded", GOOD)
def test_every_value_has_one_byte_string(encoded: str) -> None:
    value = GOOD[encoded]
    assert cbor.encode(value).hex() == encoded  # type: ignore[arg-type]
    assert cbor.decode(bytes.fromhex(encoded), size_bytes_max=64) == value


@pytest.mark.parametrize("name", BAD)
def test_anything_else_is_refused(name: str) -> None:
    with pytest.raises(NotCanonical):
        cbor.decode(bytes.fromhex(BAD[name]), size_bytes_max=64)


@pytest.mark.parametrize(
    "value", [2**53, -(2**53), 1.0, None, True, "e\u0301", "\ud800", {24: 0}, {-25: 0}, {"a": 0}, {True: 0}]
)
def test_what_has_no_form_is_not_written(value: object) -> None:
    with pytest.raises(NotCanonical):
        cbor.encode(value)  # type: ignore[arg-type]


def test_more_bytes_than_allowed_are_not_looked_at() -> None:
    with pytest.raises(NotCanonical, match="limit"):
        cbor.decode(bytes(5), size_bytes_max=4)


def test_deepest_nesting_is_read_and_written() -> None:
    value: cbor.Cbor = 0
    for _ in range(cbor.DEPTH_MAX):
        value = [value]
    assert cbor.decode(cbor.encode(value), size_bytes_max=64) == value
    with pytest.raises(NotCanonical, match="nested"):
        cbor.encode([value])
