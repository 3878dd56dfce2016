"""A value and its one byte string in CBOR: RFC 8949 §4.2.1 (core deterministic), restricted to what a paper code needs.

Integers within ±(2^53−1), byte strings, NFC text, arrays, and maps whose keys are integers from −24 to 23, so that every
key is one byte and the two orders of keys in use (by length, by bytes) are one. No tags, floats, simple values or
indefinite lengths. The decoder refuses everything that the encoder would not have written: longer forms of a number,
keys twice or in another order, bytes after the end. The offline page has the same reader in JavaScript.
"""

from __future__ import annotations

import unicodedata
from typing import Final, TypeAlias

from signing.canonical import INTEGER_MAX
from signing.errors import NotCanonical

Cbor: TypeAlias = "int | bytes | str | list[Cbor] | dict[int, Cbor]"

DEPTH_MAX: Final = 8
KEY_MIN, KEY_MAX = -24, 23

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP = range(6)
_LONG_FORMS: Final = {24: (1, 24), 25: (2, 1 << 8), 26: (4, 1 << 16), 27: (8, 1 << 32)}
"""For each additional-information value that announces a longer number: its bytes, and the least number it may hold."""


def encode(value: Cbor) -> bytes:
    """The bytes of a value; NotCanonical if it is outside the form."""
    out = bytearray()
    _write(out, value, DEPTH_MAX)
    return bytes(out)


def decode(data: bytes, *, size_bytes_max: int) -> Cbor:
    """The value of deterministic bytes; NotCanonical for anything that `encode` does not write."""
    if len(data) > size_bytes_max:
        raise NotCanonical(f"{len(data)} bytes exceed the limit of {size_bytes_max}")
    reader = _Reader(data)
    value = reader.value(DEPTH_MAX)
    if reader.position != len(data):
        raise NotCanonical("bytes after the end of the value")
    return value


def _write(out: bytearray, value: object, depth_left: int) -> None:
    if type(value) is int:
        if not -INTEGER_MAX <= value <= INTEGER_MAX:
            raise NotCanonical("an integer is outside ±(2^53−1)")
        _write_head(out, _UNSIGNED if value >= 0 else _NEGATIVE, value if value >= 0 else -1 - value)
    elif isinstance(value, bytes):
        _write_head(out, _BYTES, len(value))
        out += value
    elif type(value) is str:
        text = _text_bytes(value)
        _write_head(out, _TEXT, len(text))
        out += text
    elif isinstance(value, list):
        _check_depth(depth_left)
        _write_head(out, _ARRAY, len(value))
        for item in value:
            _write(out, item, depth_left - 1)
    elif isinstance(value, dict):
        _check_depth(depth_left)
        _write_head(out, _MAP, len(value))
        for key in sorted(value, key=_key_byte):
            out.append(_key_byte(key))
            _write(out, value[key], depth_left - 1)
    else:
        raise NotCanonical(f"{type(value).__name__} has no form here")


def _write_head(out: bytearray, major: int, number: int) -> None:
    if number < 24:
        out.append(major << 5 | number)
        return
    information, length = next(
        (information, length) for information, (length, _) in _LONG_FORMS.items() if number < 1 << 8 * length
    )
    out.append(major << 5 | information)
    out += number.to_bytes(length)


def _key_byte(key: object) -> int:
    if type(key) is not int or not KEY_MIN <= key <= KEY_MAX:
        raise NotCanonical(f"a map key is an integer from {KEY_MIN} to {KEY_MAX}")
    return key if key >= 0 else _NEGATIVE << 5 | -1 - key


def _text_bytes(text: str) -> bytes:
    try:
        encoded = text.encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("a lone surrogate has no UTF-8") from error
    if not unicodedata.is_normalized("NFC", text):
        raise NotCanonical("text is not in NFC")
    return encoded


def _check_depth(depth_left: int) -> None:
    if depth_left == 0:
        raise NotCanonical(f"nested deeper than {DEPTH_MAX}")


class _Reader:
    """Walks the bytes once; every length is checked against what is left before anything of that size is made."""

    __slots__ = ("data", "position")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def value(self, depth_left: int) -> Cbor:
        major, number = self._head()
        match major:
            case 0:
                return _bounded(number)
            case 1:
                return -1 - _bounded(number, INTEGER_MAX - 1)
            case 2:
                return self._take(number)
            case 3:
                return _text(self._take(number))
            case 4:
                _check_depth(depth_left)
                self._check_left(number)
                return [self.value(depth_left - 1) for _ in range(number)]
            case 5:
                _check_depth(depth_left)
                self._check_left(2 * number)
                return self._map(number, depth_left - 1)
        raise NotCanonical("a tag, a float or a simple value")

    def _map(self, length: int, depth_left: int) -> dict[int, Cbor]:
        found: dict[int, Cbor] = {}
        before = -1
        for _ in range(length):
            key_byte = self._take(1)[0]
            if not (key_byte < 24 or 0x20 <= key_byte < 0x38):
                raise NotCanonical(f"a map key is an integer from {KEY_MIN} to {KEY_MAX}")
            if key_byte <= before:
                raise NotCanonical("map keys are ascending, each once")
            before = key_byte
            key = key_byte if key_byte < 24 else -1 - (key_byte - 0x20)
            found[key] = self.value(depth_left)
        return found

    def _head(self) -> tuple[int, int]:
        first = self._take(1)[0]
        major, information = first >> 5, first & 31
        if information < 24:
            return major, information
        if information not in _LONG_FORMS:
            raise NotCanonical("an indefinite length or a reserved form")
        length, least = _LONG_FORMS[information]
        number = int.from_bytes(self._take(length))
        if number < least:
            raise NotCanonical("a number in a longer form than it needs")
        return major, number

    def _take(self, length: int) -> bytes:
        self._check_left(length)
        start = self.position
        self.position += length
        return self.data[start : self.position]

    def _check_left(self, length: int) -> None:
        if length > len(self.data) - self.position:
            raise NotCanonical("the bytes end before the value does")


def _bounded(number: int, most: int = INTEGER_MAX) -> int:
    if number > most:
        raise NotCanonical("an integer is outside ±(2^53−1)")
    return number


def _text(encoded: bytes) -> str:
    try:
        text = encoded.decode()
    except UnicodeDecodeError as error:
        raise NotCanonical("text is not UTF-8") from error
    if not unicodedata.is_normalized("NFC", text):
        raise NotCanonical("text is not in NFC")
    return text
