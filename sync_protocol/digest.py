"""Derived state compared on every sync: one number for all dossiers of a scope.

Per dossier a hash over what was folded (record ids and standing verdicts), by which rules (fold version) and what came
out (state hash); the numbers of all dossiers are added modulo 2^256, so one dossier's change costs one subtraction and
one addition. Same ids and fold version but different state is an alert: a merge bug shows the same day (lessons §3).
"""

import hashlib
from collections.abc import Iterable

DIGEST_BYTES = 32
_MODULUS = 2**256


def record_set_hash(record_ids: Iterable[str], quarantined: Iterable[str] = ()) -> bytes:
    """SHA-256 over the sorted record ids of a dossier and those among them that are quarantined."""
    lines = [*sorted(set(record_ids)), "-", *sorted(set(quarantined))]
    return hashlib.sha256("\n".join(lines).encode("ascii")).digest()


def dossier_digest(dossier: str, set_hash: bytes, fold_version: int, state_hash: bytes) -> int:
    """The number of one dossier."""
    data = (
        b"motcua.digest\0" + bytes.fromhex(dossier) + set_hash + fold_version.to_bytes(4, "big") + state_hash
    )
    return int.from_bytes(hashlib.sha256(data).digest(), "big")


def replace(total: int, *, old: int, new: int) -> int:
    """The total after one dossier's number changed; 0 stands for a dossier that was not there."""
    return (total - old + new) % _MODULUS


def to_bytes(total: int) -> bytes:
    """The 32 bytes that a round carries."""
    return total.to_bytes(DIGEST_BYTES, "big")


def from_bytes(data: bytes) -> int:
    """The total again."""
    return int.from_bytes(data, "big")
