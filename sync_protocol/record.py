"""One signed statement: its header, its body, its id and its link.

A record is a header (canonical JSON, signed) and perhaps a body (personal content, kept apart so that it can be
erased by lawful order while the signed history still verifies; design §4). What is signed is the stored header
bytes; nothing here serialises again in order to verify. `UnverifiedRecord` is what came from outside; only
`compose` and `verify_record` make a `Record`.

The header's members, in their canonical order: anchor, at, body, by, commune, dossier, facts, kind, log, offset,
parents, prev, seq, v. A later version keeps these with their types and may hold more: this one keeps and passes on what it
cannot read, byte for byte (PROTOCOL §13). Its kind carries the version (`dossier.noted@2`), so that no rule for the kind as
it is known here is ever applied to it.
"""

import hashlib
import unicodedata
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import orjson

from signing.errors import SignatureInvalid
from signing.signatures import PublicKey, Signer, pae, verify
from sync_protocol import limits, reasons
from sync_protocol.errors import RecordInvalid

RECORD_PURPOSE = "motcua.record"
RECORD_VERSION = 1

JSON_INT_MAX = 2**53 - 1
_Hex32 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
_Hex64 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Unit = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{2,5}\Z")]
Kind = Annotated[str, msgspec.Meta(pattern=r"^[a-z]+\.[a-z_]+\Z", max_length=limits.KIND_LENGTH_MAX)]
_LATER = "@"
"""Between the name and the version in the kind of a later version; no name holds it."""
Count = Annotated[int, msgspec.Meta(ge=0, le=JSON_INT_MAX)]
Version = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Ms = Annotated[int, msgspec.Meta(ge=-JSON_INT_MAX, le=JSON_INT_MAX)]
Origin = Annotated[str, msgspec.Meta(pattern=r"^[ -~]{1,120}\Z")]


class Anchor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The newest checkpoint of the province's log that the device itself had checked."""

    origin: Origin
    root: _Hex64
    size: Count


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The signed part of a record.

    Attributes:
        at: `[milliseconds, counter]` of the device's hybrid clock; breaks ties, decides nothing else.
        body: salted SHA-256 of the body, or None where the record has none.
        by: key id of the signer.
        kind: what is stated; of a later version with that version behind it, and then unknown to every rule here.
        commune: the unit under whose authority the signer acts.
        offset: `[milliseconds, age in seconds]` of the last measured clock offset (province − this PC).
        parents: ids of the heads of the dossier that the author had seen.
        prev: link of the record before this one in its log; None for record 0.
    """

    anchor: Anchor | None = None
    at: tuple[Ms, Count]
    body: _Hex64 | None = None
    by: _Hex32
    commune: Unit
    dossier: _Hex32 | None = None
    facts: dict[str, Any]
    kind: Kind
    log: _Hex32
    offset: tuple[Ms, Count] | None = None
    parents: Annotated[tuple[_Hex64, ...], msgspec.Meta(max_length=limits.PARENTS_MAX)] = ()
    prev: _Hex64 | None = None
    seq: Count
    v: Version = RECORD_VERSION

    @property
    def name(self) -> str:
        """The kind as it was signed, whatever the version."""
        return self.kind.partition(_LATER)[0]

    @property
    def is_later(self) -> bool:
        """Whether a later version than this program's wrote it: its facts and body follow rules that are not known here."""
        return not knows_version(self.v)

    @property
    def corrected_ms(self) -> int:
        """The record's time on the province's clock, in milliseconds since the epoch (design §5)."""
        return self.at[0] + (self.offset[0] if self.offset else 0)


class BodyState(StrEnum):
    """Why a body is, or is not, here."""

    ABSENT = "absent"
    PRESENT = "present"
    ERASED = "erased"
    WITHHELD = "withheld"
    LOST = "lost"


class Body(msgspec.Struct, frozen=True):
    """The personal content of a record: canonical JSON and the random salt of its hash."""

    salt: bytes
    content: bytes

    @classmethod
    def of(cls, content: dict[str, Any], *, salt: bytes) -> "Body":
        """Encode `content` (a JSON object) under a fresh 16-byte `salt`; raises RecordInvalid."""
        check_plain(content, limits.BODY_DEPTH_MAX)
        body = cls(salt, _canonical(content))
        if len(salt) != limits.SALT_SIZE_BYTES:
            raise RecordInvalid(reasons.RECORD_BODY, "the salt has the wrong size")
        if len(body.content) > limits.BODY_SIZE_BYTES_MAX:
            raise RecordInvalid(reasons.RECORD_SIZE, "body")
        return body

    @property
    def hash(self) -> str:
        """Salted SHA-256, as the header names it."""
        return hashlib.sha256(b"motcua.body\0" + self.salt + self.content).hexdigest()

    def parse(self) -> dict[str, Any]:
        """The content as a JSON object; raises RecordInvalid for anything that is not one in canonical form.

        That is final, other than a body that is not the one signed for (RECORD_BODY), of which another copy may come.
        """
        if len(self.content) > limits.BODY_SIZE_BYTES_MAX:
            raise RecordInvalid(reasons.RECORD_SIZE, "body")
        try:
            value = orjson.loads(self.content)
        except orjson.JSONDecodeError as error:
            raise RecordInvalid(reasons.RECORD_FORMAT, "the body is not JSON") from error
        if not isinstance(value, dict):
            raise RecordInvalid(reasons.RECORD_FORMAT, "the body is not an object")
        check_plain(value, limits.BODY_DEPTH_MAX)
        if _canonical(value) != self.content:
            raise RecordInvalid(reasons.RECORD_FORMAT, "the body is not canonical")
        return value


class _Fields(msgspec.Struct, frozen=True):
    header: Header
    header_bytes: bytes
    signature: bytes
    id: str
    link: str
    body: Body | None = None
    body_state: BodyState = BodyState.ABSENT

    @property
    def content(self) -> dict[str, Any] | None:
        """The body's JSON object, or None where the body is not here, or is none: a judge says so, everybody else goes on."""
        if self.body is None:
            return None
        try:
            value = orjson.loads(self.body.content)
        except orjson.JSONDecodeError:
            return None
        return value if type(value) is dict else None


class UnverifiedRecord(_Fields, frozen=True):
    """A well-formed record whose signature nobody has checked yet: the bytes are the canonical text of the header, every
    member of which is within the profile; of the facts, only that their text is canonical (`check_plain` sees more)."""


class Record(_Fields, frozen=True):
    """A record whose signature holds under the key that its header names."""


def knows_version(version: int) -> bool:
    """Whether this program knows the rules that records of this version follow."""
    return version <= RECORD_VERSION


def record_id(header_bytes: bytes) -> str:
    """SHA-256 of the bytes that are signed; what `parents` and verdicts name."""
    return hashlib.sha256(pae(RECORD_PURPOSE, header_bytes)).hexdigest()


def record_link(id_hex: str, signature: bytes) -> str:
    """SHA-256 of id and signature; what `prev`, heads, seals and tree leaves name."""
    return hashlib.sha256(bytes.fromhex(id_hex) + signature).hexdigest()


def id_and_link(header_bytes: bytes, signature: bytes) -> tuple[str, str]:
    """`record_id` and `record_link` of one record at once."""
    digest = hashlib.sha256(pae(RECORD_PURPOSE, header_bytes)).digest()
    return digest.hex(), hashlib.sha256(digest + signature).hexdigest()


def encode_header(header: Header) -> bytes:
    """The one byte string of a header; raises RecordInvalid when it is not within the profile."""
    check_plain(header.facts, limits.FACTS_DEPTH_MAX)
    data = header_text(header, _canonical(header.facts))
    if len(data) > limits.HEADER_SIZE_BYTES_MAX:
        raise RecordInvalid(reasons.RECORD_SIZE, "header")
    # What nobody could read again must never be signed: a log is append-only.
    decode_header(data)
    return data


def header_text(header: Header, facts: bytes) -> bytes:
    """Splice the header's canonical text around `facts`, which must be canonical JSON already."""
    return header_json(header, anchor_json(header.anchor), facts, offset_json(header.offset))


def header_json(header: Header, anchor: str, facts: bytes, offset: str) -> bytes:
    """As `header_text`, where the texts of anchor and offset, which seldom change, are at hand."""
    parents, body, dossier, prev = header.parents, header.body, header.dossier, header.prev
    listed = "" if not parents else f'"{parents[0]}"' if len(parents) == 1 else _listed(parents)
    return b"".join(
        (
            (
                f'{{"anchor":{anchor},"at":[{header.at[0]},{header.at[1]}],"body":{_text(body)},'
                f'"by":"{header.by}","commune":"{header.commune}","dossier":{_text(dossier)},"facts":'
            ).encode(),
            facts,
            (
                f',"kind":"{header.kind}","log":"{header.log}","offset":{offset},"parents":[{listed}],'
                f'"prev":{_text(prev)},"seq":{header.seq},"v":{header.v}}}'
            ).encode(),
        )
    )


def anchor_json(anchor: Anchor | None) -> str:
    """The text of an anchor within a header."""
    if anchor is None:
        return "null"
    return f'{{"origin":{orjson.dumps(anchor.origin).decode()},"root":"{anchor.root}","size":{anchor.size}}}'


def offset_json(offset: tuple[int, int] | None) -> str:
    """The text of an offset within a header."""
    return f"[{offset[0]},{offset[1]}]" if offset else "null"


def decode_header(data: bytes) -> Header:
    """Parse header bytes strictly: well-typed, canonical, within limits; raises RecordInvalid."""
    if len(data) > limits.HEADER_SIZE_BYTES_MAX:
        raise RecordInvalid(reasons.RECORD_SIZE, "header")
    try:
        header = _decoder.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        if _is_later(data):
            return _decode_later(data)
        raise RecordInvalid(reasons.RECORD_FORMAT, str(error)) from error
    if header.is_later:
        return _decode_later(data)
    check_plain(header.facts, limits.FACTS_DEPTH_MAX)
    if header_text(header, _canonical(header.facts)) != data:
        raise RecordInvalid(reasons.RECORD_FORMAT, "header is not canonical")
    return header


def compose(header: Header, body: Body | None, signer: Signer) -> Record:
    """Sign a header with its author's key.

    Raises RecordInvalid when the header breaks the profile, and ValueError when `header.by` or `header.body` does
    not name this signer and body (our own mistake).
    """
    if header.by != signer.public.id:
        raise ValueError("the header names another key than the signer's")
    if header.body != (body.hash if body else None):
        raise ValueError("the header names another body")
    data = encode_header(header)
    header = decode_header(data) if header.is_later else header
    signature = signer.sign(RECORD_PURPOSE, data)
    id_hex = record_id(data)
    state = BodyState.PRESENT if body else BodyState.ABSENT
    return Record(header, data, signature, id_hex, record_link(id_hex, signature), body, state)


def open_record(
    header_bytes: bytes, signature: bytes, body: Body | None = None, body_state: BodyState | None = None
) -> UnverifiedRecord:
    """Parse what came from outside; the body must match its hash. Raises RecordInvalid."""
    if len(signature) != 64:
        raise RecordInvalid(reasons.RECORD_SIGNATURE, "a signature has 64 bytes")
    header = decode_header(header_bytes)
    state = _body_state(header, body, body_state)
    if body is not None and (len(body.salt) != limits.SALT_SIZE_BYTES or body.hash != header.body):
        raise RecordInvalid(reasons.RECORD_BODY, "hash")
    id_hex = record_id(header_bytes)
    return UnverifiedRecord(
        header, header_bytes, signature, id_hex, record_link(id_hex, signature), body, state
    )


def verify_record(record: UnverifiedRecord, key: PublicKey) -> Record:
    """Check the signature under `key` and return the verified record; raises RecordInvalid.

    The caller says which key: the one enrolled under the header's key id, never one that came with the message.
    """
    if key.id != record.header.by:
        raise RecordInvalid(reasons.RECORD_SIGNATURE, "another key")
    try:
        verify(key, RECORD_PURPOSE, record.header_bytes, record.signature)
    except SignatureInvalid as error:
        raise RecordInvalid(reasons.RECORD_SIGNATURE) from error
    return trusted(record)


def trusted(record: UnverifiedRecord) -> Record:
    """Retype a record whose signature the caller has verified itself (a batch, or a store that only holds such)."""
    return Record(
        record.header,
        record.header_bytes,
        record.signature,
        record.id,
        record.link,
        record.body,
        record.body_state,
    )


def unverified(record: Record) -> UnverifiedRecord:
    """Retype a record as it travels: whoever receives it checks the signature again."""
    return UnverifiedRecord(
        record.header,
        record.header_bytes,
        record.signature,
        record.id,
        record.link,
        record.body,
        record.body_state,
    )


class _Version(msgspec.Struct):
    """What tells how the rest of a header is to be read."""

    v: Version


_decoder = msgspec.json.Decoder(Header)
_version_decoder = msgspec.json.Decoder(_Version)
_MEMBERS: tuple[str, ...] = tuple(field.name for field in msgspec.structs.fields(Header))


def _is_later(data: bytes) -> bool:
    try:
        return not knows_version(_version_decoder.decode(data).v)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False


def _decode_later(data: bytes) -> Header:
    """The known members of a header of a later version; what else it holds is covered by its bytes alone."""
    try:
        members = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise RecordInvalid(reasons.RECORD_FORMAT, str(error)) from error
    check_plain(members, limits.FACTS_DEPTH_MAX + 1)
    if _canonical(members) != data:
        raise RecordInvalid(reasons.RECORD_FORMAT, "header is not canonical")
    if lacking := [name for name in _MEMBERS if name not in members]:
        raise RecordInvalid(reasons.RECORD_FORMAT, f"a header has {', '.join(lacking)}")
    try:
        header = msgspec.convert({name: members[name] for name in _MEMBERS}, Header)
    except msgspec.ValidationError as error:
        raise RecordInvalid(reasons.RECORD_FORMAT, str(error)) from error
    return msgspec.structs.replace(header, kind=f"{header.kind}{_LATER}{header.v}")


def _canonical(value: dict[str, Any]) -> bytes:
    """Canonical JSON of a value that `check_plain` has passed: with ASCII keys, orjson's order is RFC 8785's."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise RecordInvalid(reasons.RECORD_FORMAT, str(error)) from error


def _text(value: str | None) -> str:
    return "null" if value is None else f'"{value}"'


def _listed(parents: tuple[str, ...]) -> str:
    return ",".join(f'"{parent}"' for parent in parents)


def _body_state(header: Header, body: Body | None, state: BodyState | None) -> BodyState:
    if header.body is None:
        if body is not None or state not in (None, BodyState.ABSENT):
            raise RecordInvalid(reasons.RECORD_BODY, "a body nobody signed for")
        return BodyState.ABSENT
    if body is not None:
        return BodyState.PRESENT
    if state in (None, BodyState.ABSENT, BodyState.PRESENT):
        return BodyState.LOST
    return state


def check_plain(value: object, depth: int) -> None:
    """Refuse what the canonical profile has no place for: floats, non-ASCII keys, text that is not NFC,
    more than `depth` levels."""
    if type(value) is str:
        if not value.isascii() and not unicodedata.is_normalized("NFC", value):
            raise RecordInvalid(reasons.RECORD_FORMAT, "text is not NFC")
    elif type(value) is int:
        if not -JSON_INT_MAX <= value <= JSON_INT_MAX:
            raise RecordInvalid(reasons.RECORD_FORMAT, "integer out of range")
    elif type(value) is dict:
        if depth == 0:
            raise RecordInvalid(reasons.RECORD_FORMAT, "too deep")
        for key, member in value.items():
            if type(key) is not str or not key.isascii():
                raise RecordInvalid(reasons.RECORD_FORMAT, "key is not ASCII text")
            check_plain(member, depth - 1)
    elif type(value) is list or type(value) is tuple:
        if depth == 0:
            raise RecordInvalid(reasons.RECORD_FORMAT, "too deep")
        for member in value:
            check_plain(member, depth - 1)
    elif value is not None and type(value) is not bool:
        raise RecordInvalid(reasons.RECORD_FORMAT, f"{type(value).__name__} is not allowed")
