"""The code on paper: what a paper says of itself, signed by the office's PC, checkable with the root keys alone.

    MC1: base45( COSE_Sign1, signed by the device for "motcua/qr/1", over
        [registry statement, device statement, {1: kind of paper, 2: record id, 3: dossier code, 4: procedure code,
         5: day of issue, 6: due day, 7: holder's name, 8: year of birth, 9: result in short}] )

6 to 9 are there where the paper has them. The code lets a stranger compare a paper field by field with what was signed; a
copied code is still a true one, so comparing is not optional. It holds no link: a forged paper would bring a forged
address. Not here: drawing it (printing), and whether the record is in the log or still in force (the proof file).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final, Self

from signing import base45, cbor, cose
from signing.cbor import Cbor
from signing.compact import CompactChain, SignedDeviceKey, SignedRegistryKey, line
from signing.cose import MessageSigner, Sign1
from signing.errors import NotCanonical, SignatureInvalid
from signing.signatures import PublicKey

PREFIX: Final = "MC1:"
PURPOSE: Final = b"motcua/qr/1"

CHARACTERS_AT_Q_MAX: Final = 702
"""What QR version 20 holds at level Q in alphanumeric mode."""
CHARACTERS_MAX: Final = 1134
"""What QR version 22 holds at level M: the largest symbol that a 40 mm square prints readably."""

RECORD_ID_BYTES: Final = 32
CODE_BYTES_MAX: Final = 40
PROCEDURE_BYTES_MAX: Final = 24
HOLDER_BYTES_MAX: Final = 64
RESULT_BYTES_MAX: Final = 64

_DAYS: Final = range(19000101, 30000101)
_YEARS: Final = range(1800, 3000)
_BYTES_MAX: Final = CHARACTERS_MAX * 2 // 3


class PaperKind(IntEnum):
    """Which paper carries the code."""

    SLIP = 1
    RESULT = 2


class Level(StrEnum):
    """The error correction of a QR symbol."""

    Q = "q"
    M = "m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What a paper says of itself. Days are integers yyyymmdd; the record id names the signed record it was printed from."""

    kind: PaperKind
    record: bytes
    code: str
    procedure: str
    issued: int
    due: int | None = None
    holder: str | None = None
    birth_year: int | None = None
    result: str | None = None

    def value(self) -> Cbor:
        """The map that is signed; NotCanonical if a field is out of its bounds."""
        optional: dict[int, Cbor | None] = {
            6: self.due,
            7: self.holder,
            8: self.birth_year,
            9: self.result,
        }
        required: dict[int, Cbor] = {
            1: int(self.kind),
            2: self.record,
            3: self.code,
            4: self.procedure,
            5: self.issued,
        }
        value: Cbor = required | {key: item for key, item in optional.items() if item is not None}
        self.from_value(value)
        return value

    @classmethod
    def from_value(cls, value: Cbor) -> Self:
        """Read the map strictly; NotCanonical if it is none."""
        if not isinstance(value, dict) or not {1, 2, 3, 4, 5} <= value.keys() <= set(range(1, 10)):
            raise NotCanonical("a paper has other members")
        return cls(
            kind=_kind(value[1]),
            record=_record(value[2]),
            code=_line(value[3], CODE_BYTES_MAX),
            procedure=_line(value[4], PROCEDURE_BYTES_MAX),
            issued=_within(value[5], _DAYS),
            due=_within(value[6], _DAYS) if 6 in value else None,
            holder=_line(value[7], HOLDER_BYTES_MAX) if 7 in value else None,
            birth_year=_within(value[8], _YEARS) if 8 in value else None,
            result=_line(value[9], RESULT_BYTES_MAX) if 9 in value else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperCode:
    """A code as read; nothing of it is verified until `verify` returns."""

    paper: Paper
    chain: CompactChain
    signed: Sign1

    def verify(self, *, roots: Collection[PublicKey], threshold: int) -> Paper:
        """The paper's own words, if the chain holds from so many of these roots down to the code.

        TrustInvalid: the registry statement lacks root signatures. SignatureInvalid: the device statement or the code
        is not signed by the key above it. NotEntitled: the registry's own key signed the paper.
        """
        self.chain.verify(roots=roots, threshold=threshold)
        self.verify_signature()
        return self.paper

    def verify_signature(self) -> None:
        """Return if the device that the code names signed it; SignatureInvalid if not. Says nothing of who that is."""
        cose.verify(self.chain.device.stated.key, PURPOSE, self.signed.payload, self.signed.signature)


def make(paper: Paper, *, chain: CompactChain, signer: MessageSigner) -> str:
    """The text of the code, to be drawn by `level`. NotCanonical: a field is out of bounds, or all are too long together."""
    if signer.public != chain.device.stated.key:
        raise SignatureInvalid("the device statement is another key's")
    payload = cbor.encode([chain.registry.value(), chain.device.value(), paper.value()])
    text = PREFIX + base45.encode(Sign1(payload, cose.sign(signer, PURPOSE, payload)).encode())
    level(text)
    return text


def read(text: str) -> PaperCode:
    """Read the text of a code strictly; NotCanonical if it is none."""
    if not text.startswith(PREFIX):
        raise NotCanonical(f"a code begins with {PREFIX}")
    level(text)
    signed = Sign1.decode(base45.decode(text[len(PREFIX) :]), size_bytes_max=_BYTES_MAX)
    match cbor.decode(signed.payload, size_bytes_max=_BYTES_MAX):
        case [registry, device, paper]:
            return PaperCode(
                paper=Paper.from_value(paper),
                chain=CompactChain(
                    SignedRegistryKey.from_value(registry), SignedDeviceKey.from_value(device)
                ),
                signed=signed,
            )
    raise NotCanonical("not the three parts of a code")


def level(text: str) -> Level:
    """At which error correction to draw a code: Q up to version 20, else M up to 22; NotCanonical if it is longer still."""
    if len(text) <= CHARACTERS_AT_Q_MAX:
        return Level.Q
    if len(text) <= CHARACTERS_MAX:
        return Level.M
    raise NotCanonical(f"{len(text)} characters; a code on paper has at most {CHARACTERS_MAX}")


def is_year(year: int) -> bool:
    """Whether a code can hold this year of birth."""
    return year in _YEARS


def _kind(value: Cbor) -> PaperKind:
    try:
        return PaperKind(value)  # type: ignore[arg-type]  # anything but a known number is refused
    except ValueError as error:
        raise NotCanonical("a kind of paper that is not known here") from error


def _record(value: Cbor) -> bytes:
    if not isinstance(value, bytes) or len(value) != RECORD_ID_BYTES:
        raise NotCanonical(f"a record id has {RECORD_ID_BYTES} bytes")
    return value


def _line(value: Cbor, bytes_max: int) -> str:
    if not isinstance(value, str):
        raise NotCanonical("a text is a text")
    return line(value, bytes_max=bytes_max)


def _within(value: Cbor, bounds: range) -> int:
    if not isinstance(value, int) or value not in bounds:
        raise NotCanonical("a number is out of its bounds")
    return value
