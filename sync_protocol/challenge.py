"""The hub's challenge: proves that a request was signed recently, by the hub's clock and without hub state.

A challenge is the hub's time and a keyed hash over it and the device. The next one comes in each answer, so an idle
round is one request; a stale one costs one more. The node's clock plays no part (design §6).
"""

import hashlib
import hmac

from sync_protocol import limits

_TIME_BYTES = 5
_MAC_BYTES = 12
CHALLENGE_BYTES = _TIME_BYTES + _MAC_BYTES


def make_challenge(secret: bytes, device: str, *, now_s: int) -> bytes:
    """A challenge for `device` (key id), issued at `now_s` (seconds, the hub's clock)."""
    time = now_s.to_bytes(_TIME_BYTES, "big")
    return time + _mac(secret, device, time)


def challenge_holds(challenge: bytes, secret: bytes, device: str, *, now_s: int) -> bool:
    """Whether the hub issued this challenge to this device within the allowed age."""
    if len(challenge) != CHALLENGE_BYTES:
        return False
    time = challenge[:_TIME_BYTES]
    issued = int.from_bytes(time, "big")
    fresh = issued <= now_s + 60 and now_s - issued <= limits.CHALLENGE_AGE_S_MAX
    return hmac.compare_digest(_mac(secret, device, time), challenge[_TIME_BYTES:]) and fresh


def issued_s(challenge: bytes) -> int:
    """When a challenge that holds was issued, in seconds by the hub's clock."""
    return int.from_bytes(challenge[:_TIME_BYTES], "big")


def _mac(secret: bytes, device: str, time: bytes) -> bytes:
    text = b"motcua.challenge\0" + device.encode("ascii") + b"\0" + time
    return hmac.new(secret, text, hashlib.sha256).digest()[:_MAC_BYTES]
