"""Sign labelled bytes, and verify them by the one acceptance rule that every verifier of this project follows.

What is signed is the DSSE v1 pre-authentication encoding PAE(purpose, payload): the purpose is inside the signature, so
a signature made for one purpose is worth nothing for another, and the payload is the stored bytes, never re-serialised.

The rule (libsodium's): a 64-byte signature; S < L; A and R canonical and not of small order; the cofactorless equation.
Public keys must moreover lie in the prime-order subgroup, checked whenever one is read. Other libraries accept more than
this, so Ed25519 is verified nowhere else. Verifying raises; there is no boolean to forget, but for the batch, whose
callers pair each answer with its record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Protocol, Self

from nacl import bindings
from nacl.exceptions import BadSignatureError

from signing import reasons
from signing.errors import SignatureInvalid

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
KEY_ID_BYTES: Final = 16

_ENVELOPE: Final = b"DSSEv1 "
_ACCEPTED_KEYS_CACHED: Final = 16_384


class Purpose:
    """The purposes in use; a new kind of signed thing gets a new one."""

    RECORD: Final = "motcua.record"
    SEAL: Final = "motcua.seal"
    RECEIPT: Final = "motcua.receipt"
    ROUND: Final = "motcua.round"
    TRUST_BUNDLE: Final = "motcua.trust-bundle"
    ENROLMENT: Final = "motcua.enrolment"
    STATUS: Final = "motcua.status"
    PARCEL: Final = "motcua.parcel"
    PARCEL_ANSWER: Final = "motcua.parcel-answer"
    LAN_ROUND: Final = "motcua.lan-round"
    LAN_ANSWER: Final = "motcua.lan-answer"
    BEACON: Final = "motcua.beacon"
    DIRECT_BEACON: Final = "motcua.direct-beacon"
    DIAGNOSIS: Final = "motcua.diagnosis"
    PARCEL_FILES: Final = "motcua.parcel-files"
    SNAPSHOT: Final = "motcua.snapshot"
    RELAY: Final = "motcua.relay"
    LAN_FILES: Final = "motcua.lan-files"
    LAN_FILES_ANSWER: Final = "motcua.lan-files-answer"
    FILES_HELD: Final = "motcua.files-held"
    LAN_RELAY: Final = "motcua.lan-relay"
    LAN_RELAY_ANSWER: Final = "motcua.lan-relay-answer"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 public key that passed the acceptance rule: a wrong one cannot be constructed."""

    raw: bytes
    id: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", _accepted_key_id(self.raw))

    @classmethod
    def from_hex(cls, text: str) -> Self:
        """Read 64 lower-case hex digits."""
        try:
            raw = bytes.fromhex(text)
        except ValueError as error:
            raise SignatureInvalid("a public key is hex", reason=reasons.KEY_FORM) from error
        if raw.hex() != text:
            raise SignatureInvalid("a public key is lower-case hex without spaces", reason=reasons.KEY_FORM)
        return cls(raw)

    @property
    def hex(self) -> str:
        return self.raw.hex()


class Signer(Protocol):
    """Whoever can sign: a key in memory, or later a token behind the same two names."""

    @property
    def public(self) -> PublicKey: ...

    def sign(self, purpose: str, payload: bytes) -> bytes: ...


def pae(purpose: str, payload: bytes) -> bytes:
    """The DSSE v1 pre-authentication encoding: the bytes that are really signed, and whose hash is an id."""
    return b"%b%d %b" % (_begin(purpose), len(payload), payload)


def verify(key: PublicKey, purpose: str, payload: bytes, signature: bytes) -> None:
    """Return if the signature is the key's over these bytes for this purpose; raise SignatureInvalid if not."""
    if len(signature) != SIGNATURE_BYTES:
        raise SignatureInvalid(f"a signature has {SIGNATURE_BYTES} bytes, not {len(signature)}")
    try:
        bindings.crypto_sign_open(signature + pae(purpose, payload), key.raw)
    except BadSignatureError as error:
        raise SignatureInvalid(f"not signed by {key.id} as {purpose}") from error


def verify_plain(key: PublicKey, message: bytes, signature: bytes) -> None:
    """Like `verify`, for bytes that somebody else's format defines (notes, cosignatures); never for our own envelope."""
    if message.startswith(_ENVELOPE):
        raise SignatureInvalid("an envelope is verified with its purpose")
    if len(signature) != SIGNATURE_BYTES:
        raise SignatureInvalid(f"a signature has {SIGNATURE_BYTES} bytes, not {len(signature)}")
    try:
        bindings.crypto_sign_open(signature + message, key.raw)
    except BadSignatureError as error:
        raise SignatureInvalid(f"not signed by {key.id}") from error


def verify_batch(items: Iterable[tuple[bytes, bytes, bytes]]) -> list[bool]:
    """For each (raw key, message, signature), whether it verifies; the message is a PAE, the key one already accepted.

    libsodium runs outside the interpreter lock, so several threads with a part of the work each do use several cores.
    """
    opened = bindings.crypto_sign_open
    answers: list[bool] = []
    append = answers.append
    for key, message, signature in items:
        if len(signature) != SIGNATURE_BYTES or len(key) != KEY_BYTES:
            append(False)
            continue
        try:
            opened(signature + message, key)
        except BadSignatureError:
            append(False)
        else:
            append(True)
    return answers


@lru_cache(maxsize=64)
def _begin(purpose: str) -> bytes:
    label = purpose.encode()
    return b"DSSEv1 %d %b " % (len(label), label)


@lru_cache(maxsize=_ACCEPTED_KEYS_CACHED)
def _accepted_key_id(raw: bytes) -> str:
    """The id of an acceptable key. Cached: the subgroup check costs as much as a signature, and keys recur."""
    if len(raw) != KEY_BYTES:
        raise SignatureInvalid(f"a public key has {KEY_BYTES} bytes, not {len(raw)}", reason=reasons.KEY_FORM)
    if not bindings.crypto_core_ed25519_is_valid_point(raw):
        raise SignatureInvalid(
            "a public key is no point of the prime-order subgroup", reason=reasons.KEY_FORM
        )
    return hashlib.sha256(b"ed25519\0" + raw).digest()[:KEY_ID_BYTES].hex()
