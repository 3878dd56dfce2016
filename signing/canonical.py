"""A value and its one byte string: RFC 8785 (JCS), restricted until no two programs can disagree.

Object keys are ASCII (so every sort order agrees), numbers are integers within ±(2^53−1), text is already NFC, nesting is
bounded. Nothing is repaired here: a value outside the form is refused, because normalising while encoding makes two
different values sign as one. Text is normalised once, where people enter it, by `normalise_text`.

Decoding parses, encodes again and compares. That one comparison refuses duplicate keys, spaces, other escapes, other
number forms and trailing bytes, without a parser of our own.
"""

from __future__ import annotations

import unicodedata
from typing import Final, TypeAlias

import orjson

from signing.errors import NotCanonical

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

INTEGER_MAX: Final = 2**53 - 1
DEPTH_MAX: Final = 16

_ENCODE_OPTIONS: Final = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_NOT_CANONICAL: Final = "not the canonical form of a value"
_LISTS: Final = (list, tuple)
_KEPT_CONTROLS: Final = frozenset("\n\t")
_STRIPPED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs"})


def encode(value: object) -> bytes:
    """The canonical bytes of a value; tuples count as lists and enum members as their values."""
    _check(value, DEPTH_MAX)
    try:
        return orjson.dumps(value, option=_ENCODE_OPTIONS)
    except TypeError as error:  # a lone surrogate has no UTF-8
        raise NotCanonical(str(error)) from error


def decode(data: bytes, *, size_bytes_max: int, items_max: int | None = None) -> Json:
    """The value of canonical bytes; anything but the one byte string of a value is refused.

    `items_max` bounds the commas, before anything is made of them: a megabyte of zeros costs a hundred of memory. What is
    wrong with the bytes is not told apart: parsers differ in what they notice first, and every verifier says the same.
    """
    if len(data) > size_bytes_max:
        raise NotCanonical(f"{len(data)} bytes exceed the limit of {size_bytes_max}")
    if items_max is not None and data.count(b",") > items_max:
        raise NotCanonical(f"more than {items_max} commas")
    try:
        value: Json = orjson.loads(data)
        is_canonical = encode(value) == data
    except (orjson.JSONDecodeError, NotCanonical) as error:
        raise NotCanonical(_NOT_CANONICAL) from error
    if not is_canonical:
        raise NotCanonical(_NOT_CANONICAL)
    return value


def normalise_text(text: str) -> str:
    """Text as people may enter it, made fit to be signed: NFC, lines ended by one newline, nothing invisible in it.

    For entrances only (forms, API). Control and format characters go (they let two different texts look alike), tabs and
    newlines stay, and no other space is touched.
    """
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    visible = "".join(character for character in unified if _is_kept(character))
    return unicodedata.normalize("NFC", visible)


def _is_kept(character: str) -> bool:
    return character in _KEPT_CONTROLS or unicodedata.category(character) not in _STRIPPED_CATEGORIES


def _check(value: object, depth_left: int) -> None:
    """Refuse what the encoder would write but the form forbids; cheapest and most frequent cases first."""
    if isinstance(value, str):
        if not value.isascii() and not unicodedata.is_normalized("NFC", value):
            raise NotCanonical("text is not in NFC")
    elif isinstance(value, int):
        if not -INTEGER_MAX <= value <= INTEGER_MAX:
            raise NotCanonical("an integer is outside ±(2^53−1)")
    elif isinstance(value, dict):
        _check_depth(depth_left)
        for key, item in value.items():
            if type(key) is not str or not key.isascii():
                raise NotCanonical("object keys are ASCII text")
            if (
                type(item) is not str or not item.isascii()
            ):  # most are ASCII text, and no call is needed for them
                _check(item, depth_left - 1)
    elif isinstance(value, _LISTS):
        _check_depth(depth_left)
        for item in value:
            if type(item) is not str or not item.isascii():
                _check(item, depth_left - 1)
    elif value is not None:
        raise NotCanonical(f"{type(value).__name__} has no canonical form")


def _check_depth(depth_left: int) -> None:
    if depth_left == 0:
        raise NotCanonical(f"nested deeper than {DEPTH_MAX}")
