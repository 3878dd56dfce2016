"""The acceptance rule of `signing/signatures.py` in plain integers (RFC 8032 §5.1): slow, and by nobody's library.

What is expected of every engine in `tests/golden/signatures/ed25519.json` comes from here.
"""

from __future__ import annotations

import hashlib
from typing import Final

P: Final = 2**255 - 19
L: Final = 2**252 + 27742317777372353535851937790883648493
_D: Final = -121665 * pow(121666, -1, P) % P
_ROOT_OF_MINUS_1: Final = pow(2, (P - 1) // 4, P)

Point = tuple[int, int, int, int]
NEUTRAL: Final[Point] = (0, 1, 1, 0)


def add(a: Point, b: Point) -> Point:
    """The sum of two points in extended coordinates."""
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * _D % P, 2 * a[2] * b[2] % P
    x, y, z, w = f - e, h - g, h + g, f + e
    return x * y % P, z * w % P, y * z % P, x * w % P


def times(scalar: int, point: Point) -> Point:
    """A multiple of a point."""
    found = NEUTRAL
    while scalar:
        if scalar & 1:
            found = add(found, point)
        point, scalar = add(point, point), scalar >> 1
    return found


def is_same(a: Point, b: Point) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def encode(point: Point) -> bytes:
    """The one canonical form of a point."""
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data: bytes) -> Point | None:
    """The point in its canonical form; None for any other 32 bytes."""
    value = int.from_bytes(data, "little")
    sign, y = value >> 255, value & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * _ROOT_OF_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE: Final = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def is_accepted_key(key: bytes) -> bool:
    """Whether a key may be enrolled: canonical, and in the subgroup of prime order, but not the neutral point."""
    point = decode(key)
    return point is not None and not is_same(point, NEUTRAL) and is_same(times(L, point), NEUTRAL)


def holds(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature meets the rule: 64 bytes, S < L, A and R canonical and not of small order, cofactorless equation."""
    if len(signature) != 64 or len(key) != 32:
        return False
    a, r, s = decode(key), decode(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L or BASE is None:
        return False
    if is_same(times(8, a), NEUTRAL) or is_same(times(8, r), NEUTRAL):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    return is_same(times(s, BASE), add(r, times(k, a)))
