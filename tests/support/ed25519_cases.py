"""Signatures on which Ed25519 libraries disagree, made from an honest key, and points that no key and no signature may hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from nacl import bindings

from signing.keys import SigningKey

P: Final = 2**255 - 19
L: Final = 2**252 + 27742317777372353535851937790883648493
ORDER_2: Final = (P - 1).to_bytes(32, "little")  # (0, -1)
ORDER_4: Final = (0).to_bytes(32, "little")
ORDER_8: Final = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
OTHER_ORDER_8: Final = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
NEUTRAL: Final = (1).to_bytes(32, "little")
SMALL_ORDER: Final = [NEUTRAL, ORDER_2, ORDER_4, ORDER_8]
NON_CANONICAL: Final = [(P + 1).to_bytes(32, "little"), (P + 3).to_bytes(32, "little")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ed25519Case:
    """A key as bytes, a message, a signature."""

    name: str
    key: bytes
    message: bytes
    signature: bytes


def scalar(data: bytes) -> int:
    return int.from_bytes(data, "little")


def signed_with_torsion(key: SigningKey, message: bytes, torsion: bytes) -> bytes:
    """What an officer can make with an honestly enrolled key: R moved by a point of small order, S to match."""
    digest = hashlib.sha512(key.seed).digest()
    secret = scalar(bytes([digest[0] & 248]) + digest[1:31] + bytes([digest[31] & 63 | 64]))
    nonce = scalar(hashlib.sha512(digest[32:] + message).digest()) % L
    plain = bindings.crypto_scalarmult_ed25519_base_noclamp(nonce.to_bytes(32, "little"))
    moved = bindings.crypto_core_ed25519_add(plain, torsion) if torsion else plain
    challenge = scalar(hashlib.sha512(moved + key.public.raw + message).digest()) % L
    return moved + ((nonce + challenge * secret) % L).to_bytes(32, "little")


def mixed_order_cases(key: SigningKey) -> Iterator[Ed25519Case]:
    """One good signature, and everything around it that only some libraries refuse."""
    message = b"mixed order"
    good = key.sign_plain(message)
    raw = key.public.raw
    torsions = {"2": ORDER_2, "4": ORDER_4, "8": ORDER_8, "other 8": OTHER_ORDER_8}

    def case(name: str, signature: bytes, public: bytes = raw) -> Ed25519Case:
        return Ed25519Case(name=name, key=public, message=message, signature=signature)

    yield case("good", good)
    yield case("S + L", good[:32] + (scalar(good[32:]) + L).to_bytes(32, "little"))
    yield case("S = L", good[:32] + L.to_bytes(32, "little"))
    yield case("S of all ones", good[:32] + b"\xff" * 32)
    yield case("63 bytes", good[:63])
    yield case("65 bytes", good + b"\0")
    yield case("no bytes", b"")
    for name, torsion in torsions.items():
        yield case(f"torsion of order {name} in R", signed_with_torsion(key, message, torsion))
        mixed = bindings.crypto_core_ed25519_add(raw, torsion)
        yield case(f"torsion of order {name} in the key", good, mixed)
    for point in (*SMALL_ORDER, OTHER_ORDER_8, *NON_CANONICAL):
        for sign in (0, 0x80):
            odd = point[:31] + bytes([point[31] | sign])
            yield case(f"R = {odd.hex()}", odd + good[32:])
            yield case(f"R = {odd.hex()}, S = 0", odd + bytes(32))
            yield case(f"key = {odd.hex()}", good, odd)
            yield case(f"key and R = {odd.hex()}, S = 0", odd + bytes(32), odd)
    yield case("no point", good, b"\x02" + bytes(31))
    yield case("key of all ones", good, b"\xff" * 32)
