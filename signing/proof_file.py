"""The proof file (`*.motcua-proof.json`): everything that convinces an outsider without a line, in one file.

Records as they were signed, bodies only where somebody chose to disclose them, the statements that lead from the signers
to the trust bundle, where each record lies in the province's log, the cosigned checkpoints that say so, and the newest
status of keys and documents. `PROOF.md` beside this file specifies it; this room fixes the form only and believes nothing.

Trust never travels in a proof: whoever checks one brings their own bundle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from signing import canonical
from signing.canonical import Json
from signing.errors import NotCanonical
from signing.exported import (
    STATEMENTS_MAX,
    ExportedRecord,
    base64_text,
    bytes_of,
    read_record,
    record_members,
)

FORMAT: Final = "motcua-proof/1"
STATUS_SHARE_BYTES_MAX: Final = 512 * 1024
"""A larger status is left out by whoever writes a file: a verifier has a newer one, or fetches it."""
PROOF_BYTES_MAX: Final = 1 << 20
RECORDS_MAX: Final = 64
CHECKPOINTS_MAX: Final = 16
CHECKPOINT_CHARACTERS_MAX: Final = 32 * 1024
INCLUSIONS_MAX: Final = 4
HASHES_MAX: Final = 63
ATTACHMENTS_MAX: Final = 256

_HASH_BYTES: Final = 32
_NAMES: Final = frozenset({"format", "records", "statements", "checkpoints", "status", "attachments"})
_INCLUSION_NAMES: Final = frozenset({"checkpoint", "hashes", "index"})
_ATTACHMENT_NAMES: Final = frozenset({"record", "sha256"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Inclusion:
    """That a record lies in the log: its leaf's index, and the hashes that lead from it to a checkpoint's root."""

    checkpoint: int
    index: int
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenRecord:
    """A record and its places in the log; one that no checkpoint covers yet has none."""

    record: ExportedRecord
    inclusions: tuple[Inclusion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentDigest:
    """A file that belongs to a record: its SHA-256 (hex), which the record's body must name."""

    record: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFile:
    """What one file holds. The order of its records means nothing; checkpoints are signed notes, word for word."""

    records: tuple[ProvenRecord, ...]
    statements: tuple[ProvenRecord, ...] = ()
    checkpoints: tuple[str, ...] = ()
    status: bytes | None = None
    attachments: tuple[AttachmentDigest, ...] = ()


def encode_proof(proof: ProofFile) -> bytes:
    """The file's bytes; NotCanonical if no reader would accept them."""
    data = canonical.encode(
        {
            "format": FORMAT,
            "records": [_proven_members(proven) for proven in proof.records],
            "statements": [_proven_members(proven) for proven in proof.statements],
            "checkpoints": [*proof.checkpoints],
            "status": None if proof.status is None else base64_text(proof.status),
            "attachments": [_attachment_members(each) for each in proof.attachments],
        }
    )
    decode_proof(data)
    return data


def decode_proof(data: bytes) -> ProofFile:
    """Read a file strictly; NotCanonical if it is not one."""
    return read_proof(canonical.decode(data, size_bytes_max=PROOF_BYTES_MAX))


def read_proof(value: Json) -> ProofFile:
    """The proof in a value that was canonical; NotCanonical if there is none."""
    fields = _members(value, _NAMES)
    if fields["format"] != FORMAT:
        raise NotCanonical("another format of proof")
    records = tuple(_proven(each) for each in _list(fields["records"], RECORDS_MAX))
    if not records:
        raise NotCanonical("a proof is about at least one record")
    checkpoints = tuple(_checkpoint(each) for each in _list(fields["checkpoints"], CHECKPOINTS_MAX))
    statements = tuple(_proven(each) for each in _list(fields["statements"], STATEMENTS_MAX))
    for proven in (*records, *statements):
        if any(inclusion.checkpoint >= len(checkpoints) for inclusion in proven.inclusions):
            raise NotCanonical("an inclusion names a checkpoint that is not in the file")
    return ProofFile(
        records=records,
        statements=statements,
        checkpoints=checkpoints,
        status=None if fields["status"] is None else bytes_of(fields["status"]),
        attachments=_attachments(fields["attachments"], len(records)),
    )


def _proven_members(proven: ProvenRecord) -> dict[str, Json]:
    return record_members(proven.record) | {
        "inclusions": [
            {
                "checkpoint": inclusion.checkpoint,
                "index": inclusion.index,
                "hashes": [base64_text(each) for each in inclusion.hashes],
            }
            for inclusion in proven.inclusions
        ]
    }


def _proven(value: Json) -> ProvenRecord:
    if not isinstance(value, dict) or "inclusions" not in value:
        raise NotCanonical("a record of a proof says its inclusions")
    members = dict(value)
    inclusions = _list(members.pop("inclusions"), INCLUSIONS_MAX)
    return ProvenRecord(
        record=read_record(members), inclusions=tuple(_inclusion(each) for each in inclusions)
    )


def _inclusion(value: Json) -> Inclusion:
    fields = _members(value, _INCLUSION_NAMES)
    hashes = tuple(bytes_of(each) for each in _list(fields["hashes"], HASHES_MAX))
    if any(len(each) != _HASH_BYTES for each in hashes):
        raise NotCanonical(f"a hash has {_HASH_BYTES} bytes")
    return Inclusion(checkpoint=_count(fields["checkpoint"]), index=_count(fields["index"]), hashes=hashes)


def _checkpoint(value: Json) -> str:
    if not isinstance(value, str) or len(value) > CHECKPOINT_CHARACTERS_MAX:
        raise NotCanonical(f"a checkpoint is a text of at most {CHECKPOINT_CHARACTERS_MAX} characters")
    return value


def _attachments(value: Json, records: int) -> tuple[AttachmentDigest, ...]:
    found = tuple(_attachment(each) for each in _list(value, ATTACHMENTS_MAX))
    if any(each.record >= records for each in found):
        raise NotCanonical("an attachment names a record that is not in the file")
    return found


def _attachment_members(each: AttachmentDigest) -> dict[str, Json]:
    return {"record": each.record, "sha256": each.sha256}


def _attachment(value: Json) -> AttachmentDigest:
    fields = _members(value, _ATTACHMENT_NAMES)
    digest = fields["sha256"]
    if not isinstance(digest, str) or len(digest) != 2 * _HASH_BYTES or set(digest) - set("0123456789abcdef"):
        raise NotCanonical("a digest is 64 lower-case hex digits")
    return AttachmentDigest(record=_count(fields["record"]), sha256=digest)


def _members(value: Json, names: frozenset[str]) -> dict[str, Json]:
    if not isinstance(value, dict) or value.keys() != names:
        raise NotCanonical("an object has other members")
    return value


def _list(value: Json, length_max: int) -> Sequence[Json]:
    if not isinstance(value, list) or len(value) > length_max:
        raise NotCanonical(f"expected a list of at most {length_max}")
    return value


def _count(value: Json) -> int:
    if type(value) is not int or value < 0:
        raise NotCanonical("expected a count")
    return value
