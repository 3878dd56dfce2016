"""C2SP signed notes: text that one or more named keys have signed.

    <text, ends with a newline>
    <empty line>
    — <key name> <base64(key hash, signature)>
    …

A verifier key is written `name+hash+base64(type, key)`. Type 1 signs the text itself, type 4 is a timestamped cosignature
(`cosignature`). Signatures of unknown keys are ignored, as the format demands; a signature under a known name and hash that
does not verify spoils the whole note.

These bytes are signed without our own envelope, since other programs verify them. No text or cosigned message begins with
`DSSEv1 `, and nothing that does is signed here, so that a signature of the one world is never one of the other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol, Self

from signing.errors import LogInvalid, SignatureInvalid
from signing.signatures import PublicKey, verify_plain

NOTE_BYTES_MAX: Final = 1_000_000
SIGNATURES_MAX: Final = 100
NAME_BYTES_MAX: Final = 120

PLAIN: Final = 1
COSIGNATURE: Final = 4

_DASH: Final = "— "
_NAME: Final = re.compile(r"[!-*,-~]{1,120}")
_FORBIDDEN: Final = re.compile("[\x00-\x09\x0b-\x1f]")


class NoteSigner(Protocol):
    """A key that signs bytes as they are, for formats with a domain separation of their own."""

    @property
    def public(self) -> PublicKey: ...

    def sign_plain(self, message: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A named key for one type of signature; names here are printable ASCII without spaces or plus signs."""

    name: str
    key: PublicKey
    type: int = PLAIN

    def __post_init__(self) -> None:
        if _NAME.fullmatch(self.name) is None or self.type not in (PLAIN, COSIGNATURE):
            raise LogInvalid("a key name is printable ASCII without spaces or plus signs, of type 1 or 4")

    @property
    def hash(self) -> bytes:
        """The four bytes that stand before a signature: an identifier, no protection."""
        return hashlib.sha256(b"%b\n%c%b" % (self.name.encode(), self.type, self.key.raw)).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.hash.hex()}+{encode_base64(bytes([self.type]) + self.key.raw)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `name+hash+base64`; LogInvalid for anything that `str` would not write."""
        if len(text) > 2 * NAME_BYTES_MAX:
            raise LogInvalid("a verifier key is shorter than this")
        parts = text.split("+", 2)
        if len(parts) != 3:
            raise LogInvalid("a verifier key has three parts")
        raw = decode_base64(parts[2])
        try:
            key = cls(parts[0], PublicKey(raw[1:]), raw[0] if raw else 0)
        except SignatureInvalid as error:
            raise LogInvalid(error.detail, reason=error.reason) from error
        if str(key) != text:
            raise LogInvalid("the hash of a verifier key is another")
        return key


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: a name, the four-byte hash of the key, and what it signed with."""

    name: str
    hash: bytes
    signature: bytes

    def is_named(self, key: VerifierKey) -> bool:
        return self.name == key.name and self.hash == key.hash

    def __str__(self) -> str:
        return f"{_DASH}{self.name} {encode_base64(self.hash + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it came: nothing of it is believed before `verify`."""

    text: str
    signatures: tuple[NoteSignature, ...]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Split text and signatures; LogInvalid for anything but a well-formed note within the limits."""
        if len(data) > NOTE_BYTES_MAX:
            raise LogInvalid(f"a note has at most {NOTE_BYTES_MAX} bytes")
        try:
            whole = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise LogInvalid("a note is UTF-8") from error
        if _FORBIDDEN.search(whole) or not whole.endswith("\n"):
            raise LogInvalid("a note has no control characters and ends with a newline")
        text, found, lines = whole.rpartition("\n\n")
        if not found:
            raise LogInvalid("a note has an empty line before its signatures")
        rows = lines.split("\n")[:-1]
        if not 1 <= len(rows) <= SIGNATURES_MAX:
            raise LogInvalid(f"a note has from 1 to {SIGNATURES_MAX} signatures")
        return cls(text + "\n", tuple(_read_line(row) for row in rows))

    def encode(self) -> bytes:
        """The bytes of the note: what `parse` reads back."""
        return (self.text + "\n" + "".join(map(str, self.signatures))).encode()

    def signature_of(self, key: VerifierKey) -> bytes | None:
        """The bytes under this key's name and hash, unverified; the first of several."""
        return next((line.signature for line in self.signatures if line.is_named(key)), None)

    def verify(self, key: VerifierKey) -> None:
        """Return if this plain key (type 1) signed the text; LogInvalid otherwise."""
        signature = self.signature_of(key)
        if signature is None or key.type != PLAIN:
            raise LogInvalid(f"{key.name} has not signed this note")
        verify_message(key, self.text.encode(), signature)


def verify_message(key: VerifierKey, message: bytes, signature: bytes) -> None:
    """Return if the key signed exactly these bytes; LogInvalid(MC_SIGNATURE) otherwise."""
    try:
        verify_plain(key.key, message, signature)
    except SignatureInvalid as error:
        raise LogInvalid(f"the signature of {key.name} does not hold", reason=error.reason) from error


def sign_text(text: str, name: str, signer: NoteSigner) -> NoteSignature:
    """The signature line of a plain key over a note's text, which ends with a newline."""
    if not text.endswith("\n"):
        raise ValueError("the text of a note ends with a newline")
    key = VerifierKey(name, signer.public)
    return NoteSignature(name, key.hash, signer.sign_plain(text.encode()))


def with_signatures(note: Note, lines: Iterable[NoteSignature]) -> Note:
    """The note with these lines added, each key (name and hash) once; earlier lines stay."""
    kept = {(line.name, line.hash): line for line in note.signatures}
    for line in lines:
        kept.setdefault((line.name, line.hash), line)
    return Note(note.text, tuple(kept.values()))


def encode_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def decode_base64(text: str) -> bytes:
    """The bytes of standard base64 with padding, in its one canonical form; LogInvalid otherwise."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise LogInvalid("not base64") from error
    if encode_base64(data) != text:
        raise LogInvalid("not the canonical base64")
    return data


def decode_count(text: str, *, most: int) -> int:
    """An ASCII decimal without leading zeroes; LogInvalid otherwise."""
    if re.fullmatch(r"0|[1-9][0-9]{0,18}", text, re.ASCII) is None or int(text) > most:
        raise LogInvalid(f"expected a decimal of at most {most}")
    return int(text)


def _read_line(row: str) -> NoteSignature:
    parts = row.removeprefix(_DASH).split(" ")
    if not row.startswith(_DASH) or len(parts) != 2 or not _is_note_name(parts[0]):
        raise LogInvalid("a signature line has another form")
    data = decode_base64(parts[1])
    if len(data) < 5:
        raise LogInvalid("a signature line is too short")
    return NoteSignature(parts[0], data[:4], data[4:])


def _is_note_name(name: str) -> bool:
    """What the format allows anybody: no spaces, no plus signs. Ours are narrower (`VerifierKey`)."""
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)
