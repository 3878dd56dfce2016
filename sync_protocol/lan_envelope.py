"""What every message on the office network lies in: signed by who says it, sealed for who may read it (PROTOCOL.md §16).

A request is sealed for the X25519 key of the PC asked; an answer is signed over the request and sealed for a key that was
drawn for it alone. What is inside is for the caller to parse (`lan`, `lan_files`).
"""

import hashlib

import msgspec

from signing.errors import SignatureInvalid, SigningError
from signing.keys import BoxKey, seal
from signing.signatures import SIGNATURE_BYTES, PublicKey, Signer, verify
from sync_protocol import limits, reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.signed_message import sign_message


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it goes out, and what is needed to read its answer."""

    sealed: bytes
    digest: bytes


def seal_said(packed: bytes, purpose: str, device: Signer, box: str) -> Sent:
    """Sign a packed request and seal it for the X25519 key (hex) of the PC that is asked."""
    sealed = seal(sign_message(packed, purpose, device), bytes.fromhex(box))
    return Sent(sealed=sealed, digest=hashlib.sha256(packed).digest())


def unseal(sealed: bytes, box: BoxKey) -> bytes:
    """Signature and packed message out of their seal; raises RemoteFault."""
    if len(sealed) > limits.LAN_MESSAGE_BYTES_MAX:
        raise RemoteFault(reasons.ROUND_SIZE, f"{len(sealed)} bytes")
    try:
        plain = box.open(sealed)
    except SigningError as error:
        raise RemoteFault(reasons.ROUND_SIGNATURE, "not sealed for this PC") from error
    if len(plain) <= SIGNATURE_BYTES:
        raise RemoteFault(reasons.ROUND_FORMAT, "too short")
    return plain


def seal_reply(packed: bytes, purpose: str, device: Signer, *, asked: bytes, reply_box: bytes) -> bytes:
    """Sign a packed answer over the packed request, and seal it for the key that came with that."""
    signature = device.sign(purpose, hashlib.sha256(asked).digest() + packed)
    try:
        return seal(signature + packed, reply_box)
    except SigningError as error:
        raise RemoteFault(reasons.ROUND_FORMAT, "no key to answer to") from error


def open_reply(sealed: bytes, purpose: str, box: BoxKey, *, sent: Sent, device: PublicKey) -> bytes:
    """The packed answer of this device to this request; raises RemoteFault."""
    plain = unseal(sealed, box)
    packed = plain[SIGNATURE_BYTES:]
    try:
        verify(device, purpose, sent.digest + packed, plain[:SIGNATURE_BYTES])
    except SignatureInvalid as error:
        raise RemoteFault(reasons.ROUND_SIGNATURE, "the answer is not the other PC's") from error
    return packed
