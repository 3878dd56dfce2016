"""Bytes as text in the 45 characters that a QR code packs tightest: RFC 9285.

A USB scanner types them on any keyboard layout that has capital letters and digits in their places. The reader accepts
exactly what the writer writes, so a code has one text.
"""

from __future__ import annotations

from typing import Final

from signing.errors import NotCanonical

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

_VALUES: Final = {character: value for value, character in enumerate(ALPHABET)}


def encode(data: bytes) -> str:
    """The text of these bytes: three characters for two bytes, two for a last single one."""
    out: list[str] = []
    for start in range(0, len(data) - 1, 2):
        rest, first = divmod(data[start] << 8 | data[start + 1], 45)
        third, second = divmod(rest, 45)
        out += ALPHABET[first], ALPHABET[second], ALPHABET[third]
    if len(data) % 2:
        second, first = divmod(data[-1], 45)
        out += ALPHABET[first], ALPHABET[second]
    return "".join(out)


def decode(text: str) -> bytes:
    """The bytes of such a text; NotCanonical if it has another character, length or value."""
    try:
        values = [_VALUES[character] for character in text]
    except KeyError as error:
        raise NotCanonical("a character outside base45") from error
    out = bytearray()
    for start in range(0, len(values), 3):
        group = values[start : start + 3]
        if len(group) == 1:
            raise NotCanonical("a base45 text ends within a group")
        number = sum(value * 45**place for place, value in enumerate(group))
        length = len(group) - 1
        if number >= 1 << 8 * length:
            raise NotCanonical("a base45 group stands for more than its bytes hold")
        out += number.to_bytes(length)
    return bytes(out)
