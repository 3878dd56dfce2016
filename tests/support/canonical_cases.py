"""Values and bytes for every reader of canonical JSON, Python's and the page's: what has one byte string, and what is none."""

from __future__ import annotations

import unicodedata
from random import Random
from typing import Any, Final

REFUSED: Final = [
    b"",
    b"{",
    b'{"a":1,"a":1}',
    b'{"a":1,"a":2}',
    b'{"b":1,"a":2}',
    b'{"a":1} ',
    b' {"a":1}',
    b'{"a": 1}',
    b'{"a":1}{}',
    b"1.0",
    b"1e2",
    b"-0",
    b"01",
    b"9007199254740992",
    b"123456789012345678901234567890",
    b"NaN",
    b"\xef\xbb\xbf1",
    b'"\\u0061"',
    b'"\\/"',
    b'"\\u001F"',
    b'"\\ud800"',
    b'"\xff"',
    '"e\u0302"'.encode(),
    b"[" * 17 + b"]" * 17,
    b"[" * 5000 + b"]" * 5000,
]
"""Bytes that are the canonical form of nothing."""

_TEXTS: Final = (
    "",
    "a",
    "Nguyễn Thị Hoa",
    "\x00\x1f\x7f",
    '"\\/',
    "\u2028\u2029",
    "\ufeff",
    "𝄞",
    "\uffff",
    "é\u0323",
    "ﬁ",
    "\b\f\n\r\t",
)
_KEYS: Final = ("", "a", "B", "a1", "10", "2", "__proto__", "constructor", "\x00", '"', "~", "toString")
_NUMBERS: Final = (0, 1, -1, 255, 2**31, -(2**31), 2**32, 2**53 - 1, -(2**53) + 1, 10**15)


def made_values(*, seed: int, count: int) -> list[Any]:
    """Values of every shape that the profile allows, the same ones every time."""
    chance = Random(seed)
    return [_value(chance, depth=chance.randrange(6)) for _ in range(count)]


def _value(chance: Random, *, depth: int) -> Any:
    kind = chance.randrange(6 if depth else 4)
    if kind == 0:
        return chance.choice((None, True, False))
    if kind == 1:
        return chance.choice((*_NUMBERS, chance.randrange(-(2**53) + 1, 2**53)))
    if kind in (2, 3):
        letters = (
            chr(chance.choice((chance.randrange(0xD800), chance.randrange(0xE000, 0x11000))))
            for _ in range(4)
        )
        return unicodedata.normalize("NFC", chance.choice((*_TEXTS, "".join(letters))))
    if kind == 4:
        return [_value(chance, depth=depth - 1) for _ in range(chance.randrange(4))]
    keys = chance.sample(_KEYS, chance.randrange(5))
    return {key: _value(chance, depth=depth - 1) for key in keys}
