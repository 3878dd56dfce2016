"""A message as a device says it: its signature (64 bytes), then the packed message. Requests, beacons and LAN rounds are such.

What is inside is parsed before anybody knows whose it is, for it names its speaker; this class keeps the two apart.
"""

from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

from signing.errors import SignatureInvalid
from signing.signatures import SIGNATURE_BYTES, PublicKey, Signer, verify
from sync_protocol import reasons
from sync_protocol.errors import RemoteFault


class Spoken(Protocol):
    """What every such message says first: the raw key id of the device that speaks."""

    @property
    def device(self) -> bytes: ...


Said = TypeVar("Said", bound=Spoken)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedMessage(Generic[Said]):
    """A message as it came in; believe nothing but the device id until `verify` has returned."""

    said: Said
    packed: bytes
    signature: bytes
    purpose: str

    @classmethod
    def of(cls, said: Said, data: bytes, purpose: str) -> Self:
        """`said` is what the caller parsed from `data` after its signature."""
        return cls(
            said=said, packed=data[SIGNATURE_BYTES:], signature=data[:SIGNATURE_BYTES], purpose=purpose
        )

    @property
    def device(self) -> str:
        """Key id of the device that claims to speak."""
        return self.said.device.hex()

    def verify(self, device: PublicKey) -> Said:
        """What was said, once the device's signature over it has been checked; raises RemoteFault(ROUND_SIGNATURE)."""
        try:
            verify(device, self.purpose, self.packed, self.signature)
        except SignatureInvalid as error:
            raise RemoteFault(reasons.ROUND_SIGNATURE, self.purpose) from error
        return self.said


def sign_message(packed: bytes, purpose: str, device: Signer) -> bytes:
    """Signature, then the packed message."""
    return device.sign(purpose, packed) + packed
