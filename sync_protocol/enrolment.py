"""The enrolment code: what a technician types once, and what it pins.

25 characters of Crockford's base 32 in groups of five: 8 of secret, 16 that pin the province's root keys (80 bits of
their fingerprint, so that nobody between PC and hub can put other roots in place), 1 check character. Reading a code is
tolerant of case, spaces, hyphens and the letters that look like digits. The code is good for one device, once.
"""

import hashlib
from typing import TypeVar

import msgspec
import orjson

from signing.errors import SignatureInvalid
from signing.signatures import PublicKey, Signer, verify
from sync_protocol import reasons
from sync_protocol.errors import RemoteFault

ENROLMENT_PURPOSE = "motcua.enrolment"
SECRET_BYTES = 5
PIN_BYTES = 10
ENROLMENT_FILE_BYTES_MAX = 512 * 1024

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V", "-": None, " ": None})
_SECRET_CHARS, _PIN_CHARS = 8, 16
_CODE_CHARS = _SECRET_CHARS + _PIN_CHARS + 1


class EnrolmentCode(msgspec.Struct, frozen=True):
    """A parsed code: the one-time secret (as typed characters) and the pin of the province's roots."""

    secret: str
    pin: bytes


class KeyOffer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new key offered for enrolment, with proof that the offerer holds it.

    Attributes:
        key, box: hex of the Ed25519 and (for a device) the X25519 public key.
        holder: officer id for an officer's key, None for a device.
        name, title: who or what it is, for people.
        proof: hex signature by `key` over `offer_bytes`.
    """

    key: str
    box: str | None
    holder: str | None
    name: str
    title: str
    proof: str


class EnrolmentRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a node sends to be enrolled: the code's secret, its device key and its first officer's key."""

    secret: str
    device: KeyOffer
    officer: KeyOffer | None = None


class EnrolmentAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub answers: which unit the PC now belongs to; all else follows with the first round."""

    unit: str
    unit_name: str
    hub_epoch: str
    roles: list[str]


class EnrolmentFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The hub's answer as a file on a USB stick: signed by the hub, whose key the bundle names, for one device.

    Attributes:
        bundle: the trust bundle, base64; the code's pin says whether to believe it.
        ca: the hub's certificate authority (PEM), for the later syncs.
        signature: hex, over `answer_bytes`.
    """

    answer: EnrolmentAnswer
    bundle: bytes
    ca: str
    device: str
    signature: str

    def answer_bytes(self) -> bytes:
        """What the hub signs."""
        said = {"answer": msgspec.to_builtins(self.answer), "device": self.device}
        return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)

    def verify(self, hub: PublicKey, *, device: str) -> EnrolmentAnswer:
        """The answer, if this hub gave it to this device; raises RemoteFault."""
        try:
            verify(hub, ENROLMENT_PURPOSE, self.answer_bytes(), bytes.fromhex(self.signature))
        except (SignatureInvalid, ValueError) as error:
            raise RemoteFault(reasons.ENROLMENT_ROOTS, "the answer's signature") from error
        if self.device != device:
            raise RemoteFault(reasons.ENROLMENT_FILE, "the answer is for another PC")
        return self.answer


def read_enrolment_file(data: bytes) -> EnrolmentFile:
    """Read an answer file; raises RemoteFault."""
    return _read_file(data, EnrolmentFile)


def read_request_file(data: bytes) -> EnrolmentRequest:
    """Read a request file; raises RemoteFault."""
    return _read_file(data, EnrolmentRequest)


_Read = TypeVar("_Read")


def _read_file(data: bytes, kind: type[_Read]) -> _Read:
    if len(data) > ENROLMENT_FILE_BYTES_MAX:
        raise RemoteFault(reasons.ENROLMENT_FILE, "size")
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RemoteFault(reasons.ENROLMENT_FILE, str(error)) from error


def make_code(secret: bytes, roots_fingerprint: bytes) -> str:
    """The code for a fresh 5-byte `secret` and the SHA-256 over the province's root set."""
    if len(secret) != SECRET_BYTES or len(roots_fingerprint) < PIN_BYTES:
        raise ValueError("a secret has 5 bytes and a fingerprint at least 10")
    text = _base32(secret) + _base32(roots_fingerprint[:PIN_BYTES])
    text += _check_character(text)
    return "-".join(text[i : i + 5] for i in range(0, _CODE_CHARS, 5))


def parse_code(text: str) -> EnrolmentCode:
    """Read a typed code; raises RemoteFault(ENROLMENT_CODE) for a typing mistake."""
    plain = text.upper().translate(_LOOKALIKES).strip()
    if len(plain) != _CODE_CHARS or any(c not in _ALPHABET for c in plain):
        raise RemoteFault(reasons.ENROLMENT_CODE, "length or characters")
    if _check_character(plain[:-1]) != plain[-1]:
        raise RemoteFault(reasons.ENROLMENT_CODE, "check character")
    return EnrolmentCode(plain[:_SECRET_CHARS], _unbase32(plain[_SECRET_CHARS:-1]))


def secret_text(secret: bytes) -> str:
    """The characters by which a node later names the 5-byte secret."""
    return _base32(secret)


def offer_bytes(secret: str, offer: KeyOffer) -> bytes:
    """What the proof of possession signs: this key, for this code."""
    return orjson.dumps(
        {"box": offer.box, "code": secret, "holder": offer.holder, "key": offer.key},
        option=orjson.OPT_SORT_KEYS,
    )


def prove(secret: str, offer: KeyOffer, signer: Signer) -> KeyOffer:
    """The same offer with its proof."""
    proof = signer.sign(ENROLMENT_PURPOSE, offer_bytes(secret, offer)).hex()
    return msgspec.structs.replace(offer, proof=proof)


def check_offer(secret: str, offer: KeyOffer) -> PublicKey:
    """The offered key once its proof holds; raises SignatureInvalid (a malformed key too)."""
    key = PublicKey.from_hex(offer.key)
    try:
        proof = bytes.fromhex(offer.proof)
    except ValueError:
        proof = b""
    verify(key, ENROLMENT_PURPOSE, offer_bytes(secret, offer), proof)
    return key


def _base32(data: bytes) -> str:
    number, chars = int.from_bytes(data, "big"), len(data) * 8 // 5
    return "".join(_ALPHABET[number >> 5 * (chars - 1 - i) & 31] for i in range(chars))


def _unbase32(text: str) -> bytes:
    number = 0
    for character in text:
        number = number << 5 | _ALPHABET.index(character)
    return number.to_bytes(len(text) * 5 // 8, "big")


def _check_character(text: str) -> str:
    """From a hash: catches every single slip and swap except one in 32, and cannot be computed by accident."""
    return _ALPHABET[hashlib.sha256(b"motcua.code\0" + text.encode("ascii")).digest()[0] & 31]
