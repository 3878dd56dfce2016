"""Our own Ed25519 vectors, for every engine and without anybody else's files: `tests/golden/signatures/ed25519.json`.

`python -m tests.support.ed25519_vectors` writes the file anew; a test proves that it is what this program makes. Every case says whether
the signature meets the rule (`holds`), and whether it does under a key that could be enrolled (`holds_enrolled`); both come from
`ed25519_reference`, never from an engine.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from nacl import bindings

from signing.keys import SigningKey
from tests.support.ed25519_cases import (
    ORDER_2,
    ORDER_4,
    ORDER_8,
    OTHER_ORDER_8,
    Ed25519Case,
    L,
    mixed_order_cases,
    scalar,
)
from tests.support.ed25519_reference import (
    NEUTRAL,
    add,
    decode,
    encode,
    holds,
    is_accepted_key,
    is_same,
    times,
)

FILE: Final = Path(__file__).resolve().parent.parent / "golden" / "signatures" / "ed25519.json"
LENGTHS: Final = (0, 1, 2, 31, 32, 33, 63, 64, 65, 111, 112, 127, 128, 129, 1023)


def cases() -> Iterator[Ed25519Case]:
    """All cases, each name once."""
    first, second = SigningKey.from_seed(bytes(range(32))), SigningKey.from_seed(b"\xff" * 32)
    yield from mixed_order_cases(first)
    yield from _lengths(second)
    yield from _spoiled(second)
    yield from _boundaries(second)
    yield from _mixed_both(second)


def _case(name: str, key: bytes, message: bytes, signature: bytes) -> Ed25519Case:
    return Ed25519Case(name=name, key=key, message=message, signature=signature)


def _lengths(key: SigningKey) -> Iterator[Ed25519Case]:
    for length in LENGTHS:
        message = bytes(number * 7 % 256 for number in range(length))
        yield _case(f"message of {length} bytes", key.public.raw, message, key.sign_plain(message))
        yield _case(
            f"message of {length} bytes, one more", key.public.raw, message + b"\0", key.sign_plain(message)
        )


def _spoiled(key: SigningKey) -> Iterator[Ed25519Case]:
    """One bit of each byte, of the signature and of the key."""
    message = b"every byte counts"
    good, raw = key.sign_plain(message), key.public.raw
    for at in range(64):
        changed = bytearray(good)
        changed[at] ^= 1 << at % 8
        yield _case(f"signature, byte {at}", raw, message, bytes(changed))
    for at in range(32):
        other = bytearray(raw)
        other[at] ^= 1 << at % 8
        yield _case(f"key, byte {at}", bytes(other), message, good)
    yield _case("R and S exchanged", raw, message, good[32:] + good[:32])
    yield _case("another key's", SigningKey.from_seed(bytes(32)).public.raw, message, good)
    yield _case("63 bytes of it", raw, message, good[1:])
    yield _case("twice", raw, message, good + good)


def _boundaries(key: SigningKey) -> Iterator[Ed25519Case]:
    """S at and around its bound, with R made to match: the equation holds modulo L in each of them."""
    message, raw = b"at the bound", key.public.raw
    digest = hashlib.sha512(key.seed).digest()
    secret = scalar(bytes([digest[0] & 248]) + digest[1:31] + bytes([digest[31] & 63 | 64]))
    nonce = 5
    r = bindings.crypto_scalarmult_ed25519_base_noclamp(nonce.to_bytes(32, "little"))
    s = (nonce + scalar(hashlib.sha512(r + raw + message).digest()) % L * secret) % L
    for times_l in range(16):
        value = s + times_l * L
        if value < 1 << 256:
            yield _case(f"S + {times_l} L", raw, message, r + value.to_bytes(32, "little"))
    for bit in (252, 253, 254, 255):
        yield _case(f"S with bit {bit}", raw, message, r + (s | 1 << bit).to_bytes(32, "little"))
    for name, value in {"0": 0, "1": 1, "L - 1": L - 1, "L": L, "L + 1": L + 1}.items():
        yield _case(f"S = {name} and nothing else changed", raw, message, r + value.to_bytes(32, "little"))


def _mixed_both(key: SigningKey) -> Iterator[Ed25519Case]:
    """Torsion in key and R at once, such that both equations hold, or only the one with the cofactor."""
    digest = hashlib.sha512(key.seed).digest()
    secret = scalar(bytes([digest[0] & 248]) + digest[1:31] + bytes([digest[31] & 63 | 64]))
    for order, point in (("2", ORDER_2), ("4", ORDER_4), ("8", ORDER_8), ("other 8", OTHER_ORDER_8)):
        torsion, base = decode(point), decode(key.public.raw)
        assert torsion is not None and base is not None
        mixed = encode(add(base, torsion))
        for nonce in range(1, 25):
            message = b"torsion %d" % nonce
            plain = decode(bindings.crypto_scalarmult_ed25519_base_noclamp(nonce.to_bytes(32, "little")))
            assert plain is not None
            for turn in range(8):
                r = encode(add(plain, times(turn, torsion)))
                k = scalar(hashlib.sha512(r + mixed + message).digest()) % L
                signature = r + ((nonce + k * secret) % L).to_bytes(32, "little")
                both = is_same(times((turn + k) % 8, torsion), NEUTRAL)
                if nonce <= 2 or (both and nonce <= 4):
                    kind = "both equations" if both else "the cofactor's equation alone"
                    yield _case(
                        f"torsion of order {order} in key, {turn} times in R, nonce {nonce}: {kind}",
                        mixed,
                        message,
                        signature,
                    )


def made() -> list[dict[str, Any]]:
    """The lines of the file."""
    return [
        {
            "name": case.name,
            "key": case.key.hex(),
            "message": case.message.hex(),
            "signature": case.signature.hex(),
            "holds": (answer := holds(case.key, case.message, case.signature)),
            "holds_enrolled": answer and is_accepted_key(case.key),
        }
        for case in cases()
    ]


def stored() -> list[dict[str, Any]]:
    """The committed lines."""
    lines: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return lines


def text() -> str:
    """The file as it is to be."""
    return (
        "[\n" + ",\n".join(json.dumps(line, ensure_ascii=True, sort_keys=True) for line in made()) + "\n]\n"
    )


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{len(stored())} cases\n")
