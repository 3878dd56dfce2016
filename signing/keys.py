"""Make keys, lock them for the disk, unlock them, seal to them. The only room of the pure packages that draws randomness.

A seed at rest is opened by two things together: what the officer knows (argon2id over the PIN) and what the computer
keeps (a device secret outside the database). A stolen disk image without the device secret gives nothing to guess
against, and a stolen PC still costs argon2id for each guess. A device's own key is locked by the device secret alone,
because it signs when nobody is there.

Not here: where locked keys and device secrets are stored, and how often a PIN may be tried.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import unicodedata
from dataclasses import dataclass
from typing import ClassVar, Final, Self

import nacl.secret
import nacl.utils
from nacl import bindings
from nacl.exceptions import CryptoError

from signing import canonical, reasons
from signing.errors import KeyLocked, NotCanonical, SigningError
from signing.signatures import SIGNATURE_BYTES, PublicKey, pae

SEED_BYTES: Final = 32
DEVICE_SECRET_BYTES_MIN: Final = 16
LOCKED_SEED_BYTES_MAX: Final = 1024
LOCK_MEMORY_BYTES_MAX: Final = 1 << 30
LOCK_OPERATIONS_MAX: Final = 32

_FORMAT: Final = "motcua-locked-seed/1"
_SALT_BYTES: Final = 16
_PIN_LABEL: Final = b"motcua.pin"
_DEVICE_LABEL: Final = b"motcua.device"


class SigningKey:
    """An Ed25519 key pair in memory: a Signer. Its seed never shows in a representation."""

    __slots__ = ("_secret", "public")

    def __init__(self, secret: bytes, public: PublicKey) -> None:
        self._secret = secret
        self.public = public

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """The key pair of a 32-byte seed; the same seed always gives the same pair."""
        raw_public, secret = bindings.crypto_sign_seed_keypair(seed)
        return cls(secret, PublicKey(raw_public))

    @property
    def seed(self) -> bytes:
        return self._secret[:SEED_BYTES]

    def sign(self, purpose: str, payload: bytes) -> bytes:
        return bindings.crypto_sign(pae(purpose, payload), self._secret)[:SIGNATURE_BYTES]

    def sign_plain(self, message: bytes) -> bytes:
        """Sign bytes that somebody else's format defines (`tlog.note`); ValueError for our own envelope."""
        if message.startswith(b"DSSEv1 "):
            raise ValueError("an envelope is signed with its purpose")
        return bindings.crypto_sign(message, self._secret)[:SIGNATURE_BYTES]

    def __repr__(self) -> str:
        return f"SigningKey({self.public.id})"


class BoxKey:
    """An X25519 key pair in memory: whoever holds it opens what was sealed for its public half."""

    __slots__ = ("_secret", "public")

    def __init__(self, secret: bytes, public: bytes) -> None:
        self._secret = secret
        self.public = public

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """The key pair of a 32-byte seed; the seed itself is the secret half."""
        return cls(seed, bindings.crypto_scalarmult_base(seed))

    @property
    def seed(self) -> bytes:
        return self._secret

    @property
    def hex(self) -> str:
        return self.public.hex()

    def seal(self, plaintext: bytes) -> bytes:
        """Enclose for this very key."""
        return seal(plaintext, self.public)

    def open(self, sealed: bytes) -> bytes:
        """What was sealed for this key; SigningError(MC_ENCLOSURE) if it was not, or is damaged."""
        if len(sealed) < bindings.crypto_box_SEALBYTES:
            raise SigningError("an enclosure is longer than this", reason=reasons.ENCLOSURE)
        try:
            return bindings.crypto_box_seal_open(sealed, self.public, self._secret)
        except CryptoError as error:
            raise SigningError("not sealed for this key", reason=reasons.ENCLOSURE) from error

    def __repr__(self) -> str:
        return f"BoxKey({self.hex[:16]}…)"


def new_signing_key() -> SigningKey:
    """A fresh key pair from the operating system's randomness."""
    return SigningKey.from_seed(nacl.utils.random(SEED_BYTES))


def new_box_key() -> BoxKey:
    """A fresh X25519 key pair from the operating system's randomness."""
    return BoxKey.from_seed(nacl.utils.random(SEED_BYTES))


def seal(plaintext: bytes, public: bytes) -> bytes:
    """Enclose for the holder of an X25519 public key, anonymously."""
    try:
        return bindings.crypto_box_seal(plaintext, public)
    except CryptoError as error:
        raise SigningError("not a public key to seal for", reason=reasons.KEY_FORM) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class LockCost:
    """What one guess of a PIN costs. It is stored with the locked seed, so it can rise without breaking old ones."""

    OFFICE: ClassVar[LockCost]  # 64 MiB: leaves room on a 4 GB office PC while several officers log in
    TEST: ClassVar[LockCost]

    memory_bytes: int
    operations: int


LockCost.OFFICE = LockCost(memory_bytes=64 << 20, operations=3)
LockCost.TEST = LockCost(memory_bytes=8 << 10, operations=1)


def lock_seed(seed: bytes, *, pin: str, device_secret: bytes, cost: LockCost) -> bytes:
    """Lock a seed so that only PIN and device secret together open it."""
    salt = nacl.utils.random(_SALT_BYTES)
    return canonical.encode(
        {
            "format": _FORMAT,
            "memory_bytes": cost.memory_bytes,
            "operations": cost.operations,
            "salt": salt.hex(),
            "box": _boxed(seed, _pin_key(pin, salt, device_secret, cost)),
        }
    )


def unlock_seed(locked: bytes, *, pin: str, device_secret: bytes) -> bytes:
    """The seed, or KeyLocked: never telling whether PIN, device secret or file was at fault."""
    fields = _locked_fields(locked, {"memory_bytes", "operations", "salt"})
    memory_bytes, operations, salt = fields["memory_bytes"], fields["operations"], fields["salt"]
    if (
        type(memory_bytes) is not int
        or not bindings.crypto_pwhash_argon2id_MEMLIMIT_MIN <= memory_bytes <= LOCK_MEMORY_BYTES_MAX
    ):
        raise KeyLocked("the locked seed asks for an amount of memory out of bounds")
    if type(operations) is not int or not 1 <= operations <= LOCK_OPERATIONS_MAX:
        raise KeyLocked("the locked seed asks for an amount of work out of bounds")
    cost = LockCost(memory_bytes=memory_bytes, operations=operations)
    return _unboxed(fields["box"], _pin_key(pin, _salt(salt), device_secret, cost))


def lock_with_device(seed: bytes, *, device_secret: bytes) -> bytes:
    """Lock a seed so that the device secret alone opens it: for the device's own keys."""
    return canonical.encode({"format": _FORMAT, "box": _boxed(seed, _device_key(device_secret))})


def unlock_with_device(locked: bytes, *, device_secret: bytes) -> bytes:
    """The seed, or KeyLocked."""
    return _unboxed(_locked_fields(locked, set())["box"], _device_key(device_secret))


def _pin_key(pin: str, salt: bytes, device_secret: bytes, cost: LockCost) -> bytes:
    # NFC, because two keyboards may type the same Vietnamese passphrase as different code points.
    stretched = bindings.crypto_pwhash_alg(
        SEED_BYTES,
        unicodedata.normalize("NFC", pin).encode(),
        salt,
        cost.operations,
        cost.memory_bytes,
        bindings.crypto_pwhash_ALG_ARGON2ID13,
    )
    return _mixed(stretched, device_secret, _PIN_LABEL)


def _device_key(device_secret: bytes) -> bytes:
    return _mixed(b"", device_secret, _DEVICE_LABEL)


def _mixed(stretched: bytes, device_secret: bytes, label: bytes) -> bytes:
    if len(device_secret) < DEVICE_SECRET_BYTES_MIN:
        raise KeyLocked(f"a device secret has at least {DEVICE_SECRET_BYTES_MIN} bytes")
    return hashlib.blake2b(stretched + device_secret, digest_size=SEED_BYTES, person=label).digest()


def _boxed(seed: bytes, key: bytes) -> str:
    if len(seed) != SEED_BYTES:
        raise KeyLocked(f"a seed has {SEED_BYTES} bytes")
    return base64.b64encode(nacl.secret.SecretBox(key).encrypt(seed)).decode()


def _unboxed(box: canonical.Json, key: bytes) -> bytes:
    try:
        seed = nacl.secret.SecretBox(key).decrypt(base64.b64decode(str(box), validate=True))
    except (CryptoError, binascii.Error) as error:
        raise KeyLocked("the seed does not open") from error
    return bytes(seed)


def _locked_fields(locked: bytes, names: set[str]) -> dict[str, canonical.Json]:
    try:
        fields = canonical.decode(locked, size_bytes_max=LOCKED_SEED_BYTES_MAX)
    except NotCanonical as error:
        raise KeyLocked("the locked seed is damaged") from error
    if (
        not isinstance(fields, dict)
        or fields.keys() != {"format", "box"} | names
        or fields["format"] != _FORMAT
    ):
        raise KeyLocked("not a seed locked in this way")
    return fields


def _salt(text: canonical.Json) -> bytes:
    try:
        salt = bytes.fromhex(str(text))
    except ValueError as error:
        raise KeyLocked("the locked seed is damaged") from error
    if len(salt) != _SALT_BYTES:
        raise KeyLocked("the locked seed is damaged")
    return salt
