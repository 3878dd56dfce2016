"""Key statements small enough for paper: the registry's key by the roots, a device's key by the registry.

A paper code carries both, so that whoever holds the root keys needs nothing else. They say no more than the key
statements of the logs do; they say it in deterministic CBOR signed by COSE_Sign1, one signature for each root:

    registry  {1: key, 2: province, 3: version of the trust bundle}     signed for "motcua/registry/1"
    device    {1: key, 2: unit, 3: the unit's name, 4: size of the province's tree}   signed for "motcua/device/1"

The name of the unit stands in the statement because a stranger's computer knows no list of our units. Not here: whether a
key was revoked since; that is told by the status in the trust bundle, as for every key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, Self

from signing import cbor, cose, reasons
from signing.canonical import INTEGER_MAX, normalise_text
from signing.cbor import Cbor
from signing.cose import MessageSigner
from signing.errors import NotCanonical, NotEntitled, SignatureInvalid, TrustInvalid
from signing.signatures import SIGNATURE_BYTES, PublicKey

REGISTRY_PURPOSE: Final = b"motcua/registry/1"
DEVICE_PURPOSE: Final = b"motcua/device/1"

STATEMENT_BYTES_MAX: Final = 1024
ROOT_SIGNATURES_MAX: Final = 8
ROOT_HINT_BYTES: Final = 4
UNIT_NAME_BYTES_MAX: Final = 48

_UNIT_DIGITS: Final = range(2, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryKey:
    """What the roots say: this is a registry key of the province, from that version of the trust bundle on."""

    key: PublicKey
    province: str
    bundle_version: int

    def payload(self) -> bytes:
        return cbor.encode({1: self.key.raw, 2: self.province, 3: self.bundle_version})

    @classmethod
    def read(cls, payload: bytes) -> Self:
        """Read a payload strictly; NotCanonical if it is none."""
        match cbor.decode(payload, size_bytes_max=STATEMENT_BYTES_MAX):
            case {1: bytes(key), 2: str(province), 3: int(version), **more} if not more:
                return cls(key=_key(key), province=_unit(province), bundle_version=_count(version))
        raise NotCanonical("not a compact registry statement")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceKey:
    """What the registry says: this is the key of an office's PC, stated at that size of the province's tree."""

    key: PublicKey
    unit: str
    unit_name: str
    size: int

    def payload(self) -> bytes:
        return cbor.encode({1: self.key.raw, 2: self.unit, 3: self.unit_name, 4: self.size})

    @classmethod
    def read(cls, payload: bytes) -> Self:
        """Read a payload strictly; NotCanonical if it is none."""
        match cbor.decode(payload, size_bytes_max=STATEMENT_BYTES_MAX):
            case {1: bytes(key), 2: str(unit), 3: str(name), 4: int(size), **more} if not more:
                name = line(name, bytes_max=UNIT_NAME_BYTES_MAX)
                return cls(key=_key(key), unit=_unit(unit), unit_name=name, size=_count(size))
        raise NotCanonical("not a compact device statement")


@dataclass(frozen=True, slots=True)
class SignedRegistryKey:
    """A registry statement and the signatures of roots over it, each with the first bytes of the root's id as a hint."""

    payload: bytes
    signatures: tuple[tuple[bytes, bytes], ...]
    stated: RegistryKey

    def encode(self) -> bytes:
        return cbor.encode(self.value())

    def value(self) -> Cbor:
        return [self.payload, [[hint, signature] for hint, signature in self.signatures]]

    @classmethod
    def decode(cls, data: bytes) -> Self:
        return cls.from_value(cbor.decode(data, size_bytes_max=STATEMENT_BYTES_MAX))

    @classmethod
    def from_value(cls, value: Cbor) -> Self:
        """Read the statement strictly; NotCanonical if it is none. Nothing is verified."""
        match value:
            case [bytes(payload), list(entries)] if 1 <= len(entries) <= ROOT_SIGNATURES_MAX:
                signatures = tuple(_hinted(entry) for entry in entries)
                if [hint for hint, _ in signatures] != sorted({hint for hint, _ in signatures}):
                    raise NotCanonical("roots stand in the order of their ids, each once")
                return cls(payload, signatures, RegistryKey.read(payload))
        raise NotCanonical("not a signed compact registry statement")

    def verify(self, roots: Collection[PublicKey], threshold: int) -> RegistryKey:
        """The registry key, if so many different ones of these roots signed it; TrustInvalid if not."""
        found = self.count_signed(roots)
        if found < threshold:
            raise TrustInvalid(f"{found} root signatures, {threshold} needed", reason=reasons.TRUST_THRESHOLD)
        return self.stated

    def count_signed(self, roots: Collection[PublicKey]) -> int:
        """How many different ones of these roots rightly signed it."""
        return sum(self._is_signed_by(root) for root in set(roots))

    def _is_signed_by(self, root: PublicKey) -> bool:
        signature = dict(self.signatures).get(_hint(root))
        try:
            cose.verify(root, REGISTRY_PURPOSE, self.payload, signature or b"")
        except SignatureInvalid:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SignedDeviceKey:
    """A device statement and the registry's signature over it."""

    payload: bytes
    signature: bytes
    stated: DeviceKey

    def encode(self) -> bytes:
        return cbor.encode(self.value())

    def value(self) -> Cbor:
        return [self.payload, self.signature]

    @classmethod
    def decode(cls, data: bytes) -> Self:
        return cls.from_value(cbor.decode(data, size_bytes_max=STATEMENT_BYTES_MAX))

    @classmethod
    def from_value(cls, value: Cbor) -> Self:
        """Read the statement strictly; NotCanonical if it is none. Nothing is verified."""
        match value:
            case [bytes(payload), bytes(signature)] if len(signature) == SIGNATURE_BYTES:
                return cls(payload, signature, DeviceKey.read(payload))
        raise NotCanonical("not a signed compact device statement")

    def verify(self, registry: PublicKey) -> DeviceKey:
        """The device key, if this registry key signed it; SignatureInvalid if not."""
        cose.verify(registry, DEVICE_PURPOSE, self.payload, self.signature)
        return self.stated


@dataclass(frozen=True, slots=True)
class CompactChain:
    """Both statements as one value: what a device needs in order to print codes."""

    registry: SignedRegistryKey
    device: SignedDeviceKey

    def hex(self) -> str:
        """As it travels in the body of the device's key statement."""
        return cbor.encode([self.registry.value(), self.device.value()]).hex()

    @classmethod
    def from_hex(cls, text: str) -> Self:
        """Read lower-case hex strictly; NotCanonical if it holds no chain. Nothing is verified."""
        try:
            data = bytes.fromhex(text)
        except ValueError as error:
            raise NotCanonical("not hex") from error
        if data.hex() != text:
            raise NotCanonical("hex is lower-case, without spaces")
        match cbor.decode(data, size_bytes_max=2 * STATEMENT_BYTES_MAX):
            case [registry, device]:
                return cls(SignedRegistryKey.from_value(registry), SignedDeviceKey.from_value(device))
        raise NotCanonical("not the two statements of a chain")

    def verify(self, *, roots: Collection[PublicKey], threshold: int) -> DeviceKey:
        """The device key, if the chain holds from so many of these roots down; TrustInvalid or SignatureInvalid if not."""
        registry = self.registry.verify(roots, threshold)
        device = self.device.verify(registry.key)
        if device.key == registry.key:
            raise NotEntitled("a registry key is nothing but a registry key")
        return device


def sign_registry_key(registry: RegistryKey, roots: Iterable[MessageSigner]) -> SignedRegistryKey:
    """The statement with one signature from each of these roots."""
    payload = registry.payload()
    signatures = sorted((_hint(root.public), cose.sign(root, REGISTRY_PURPOSE, payload)) for root in roots)
    return SignedRegistryKey.from_value(SignedRegistryKey(payload, tuple(signatures), registry).value())


def sign_device_key(device: DeviceKey, registry: MessageSigner) -> SignedDeviceKey:
    """The statement with the registry's signature."""
    payload = device.payload()
    signature = cose.sign(registry, DEVICE_PURPOSE, payload)
    return SignedDeviceKey.from_value(SignedDeviceKey(payload, signature, device).value())


def line(text: str, *, bytes_max: int) -> str:
    """A text as it may stand on paper: one line, nothing invisible, not too long; NotCanonical otherwise."""
    if not text or len(text.encode()) > bytes_max:
        raise NotCanonical(f"a text has 1 to {bytes_max} bytes")
    if normalise_text(text) != text or "\n" in text or "\t" in text:
        raise NotCanonical("a text is one visible line")
    return text


def _hinted(entry: Cbor) -> tuple[bytes, bytes]:
    match entry:
        case [bytes(hint), bytes(signature)] if (
            len(hint) == ROOT_HINT_BYTES and len(signature) == SIGNATURE_BYTES
        ):
            return hint, signature
    raise NotCanonical("not the signature of a root")


def _hint(root: PublicKey) -> bytes:
    return bytes.fromhex(root.id)[:ROOT_HINT_BYTES]


def _key(raw: bytes) -> PublicKey:
    try:
        return PublicKey(raw)
    except SignatureInvalid as error:
        raise NotCanonical(error.detail) from error


def _unit(text: str) -> str:
    if len(text) not in _UNIT_DIGITS or not (text.isascii() and text.isdigit()):
        raise NotCanonical("a unit is two to five digits")
    return text


def _count(number: int) -> int:
    if not 0 <= number <= INTEGER_MAX:
        raise NotCanonical("a count is not negative")
    return number
