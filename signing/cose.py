"""COSE_Sign1 (RFC 9052 §4.2) with Ed25519: how what stands in a paper code is signed, so that any COSE library can check it.

The protected header is always the one that says EdDSA, the unprotected one always empty; the algorithm comes from the
key that is believed, never from the message. What a signature is for stands in the external data (`external_aad`), as the
purpose does in the pre-authentication encoding of records; the two kinds of signed bytes begin differently ("Signature1"
within an array here, "DSSEv1" there), so a signature of one kind is worth nothing as the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol, Self

from signing import cbor
from signing.errors import NotCanonical
from signing.signatures import SIGNATURE_BYTES, PublicKey, verify_plain

PROTECTED: Final = cbor.encode({1: -8})  # alg: EdDSA
SIGN1_TAG: Final = b"\xd2"  # tag 18


class MessageSigner(Protocol):
    """Whoever can sign bytes that already name what they are."""

    @property
    def public(self) -> PublicKey: ...

    def sign_plain(self, message: bytes) -> bytes: ...


def signed_bytes(external_aad: bytes, payload: bytes, *, protected: bytes = PROTECTED) -> bytes:
    """The Sig_structure of RFC 9052 §4.4: what is really signed."""
    return cbor.encode(["Signature1", protected, external_aad, payload])


def sign(signer: MessageSigner, external_aad: bytes, payload: bytes) -> bytes:
    """The bare signature (64 bytes) over a payload for one purpose."""
    return signer.sign_plain(signed_bytes(external_aad, payload))


def verify(key: PublicKey, external_aad: bytes, payload: bytes, signature: bytes) -> None:
    """Return if the signature is the key's over this payload for this purpose; raise SignatureInvalid if not."""
    verify_plain(key, signed_bytes(external_aad, payload), signature)


@dataclass(frozen=True, slots=True)
class Sign1:
    """A payload and one signature over it, as one tagged COSE object. Reading it verifies nothing."""

    payload: bytes
    signature: bytes

    def encode(self) -> bytes:
        """The tagged COSE_Sign1 bytes."""
        return SIGN1_TAG + cbor.encode([PROTECTED, {}, self.payload, self.signature])

    @classmethod
    def decode(cls, data: bytes, *, size_bytes_max: int) -> Self:
        """Read a tagged COSE_Sign1 with exactly our two headers; NotCanonical for any other."""
        if data[:1] != SIGN1_TAG:
            raise NotCanonical("not a tagged COSE_Sign1")
        match cbor.decode(data[1:], size_bytes_max=size_bytes_max):
            case [protected, unprotected, bytes(payload), bytes(signature)]:
                if protected != PROTECTED or unprotected != {}:
                    raise NotCanonical("another COSE header than ours")
                if len(signature) != SIGNATURE_BYTES:
                    raise NotCanonical(f"a signature has {SIGNATURE_BYTES} bytes")
                return cls(payload, signature)
        raise NotCanonical("not the four parts of a COSE_Sign1")
