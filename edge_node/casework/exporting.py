"""Records as files that `motcua-verify` checks without this node: the signed bytes and who vouches for the keys.

The chain of key statements leads from a signer's key up to a key of the trust bundle; issuers stand first. A proof holds several
records of a dossier, bodies and the digests of their files only for those that somebody chose to disclose, where each record lies
in the province's log as far as this PC has checked it (`witness.places`), the checkpoints that say so, and the newest status
snapshot held here (`witness.status`). What this PC does not know yet is asked for with the next sync; until then the file goes
without, and a finding says so.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from dossiers.files import digests_in
from edge_node.casework.labels import act_word
from edge_node.erasure.service import orders_of
from edge_node.store import SqliteLogStore
from edge_node.witness.places import Places, wish
from edge_node.witness.status import held_status, want_status
from signing.bundles import TrustBundle
from signing.exported import ExportedRecord, encode_export
from signing.proof_file import (
    ATTACHMENTS_MAX,
    CHECKPOINTS_MAX,
    RECORDS_MAX,
    AttachmentDigest,
    Inclusion,
    ProofFile,
    ProvenRecord,
    encode_proof,
)
from signing.signatures import PublicKey
from signing.tlog.policy import Policy
from sync_protocol.record import BodyState, Record

_CHAIN_MAX: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Provable:
    """A record that a proof may hold: what it is called, when it was signed (ms), whether its body is here, or it never had one."""

    id: str
    kind: str
    at: int
    has_body: bool
    is_bare: bool


def provable(db: Database, dossier: str) -> list[Provable]:
    """The records of a dossier, as somebody chooses from them."""
    return [
        Provable(
            id=record.id,
            kind=act_word(record.header),
            at=record.header.corrected_ms,
            has_body=record.body is not None,
            is_bare=record.header.body is None,
        )
        for record in SqliteLogStore(db).dossier_records(dossier)[-RECORDS_MAX:]
    ]


def export_record(db: Database, record: Record) -> bytes:
    """The file's bytes, with the body where it is here."""
    chain = [_exported(statement, with_body=False) for statement in _statements_for(db, record.header.by)]
    return encode_export(_exported(record, with_body=True), chain)


def export_proof(
    db: Database,
    dossier: str,
    *,
    bundle: TrustBundle,
    checkpoint: bytes | None,
    records: Collection[str] = (),
    disclosed: Collection[str] = (),
) -> bytes | None:
    """A proof of these records of the dossier (none: all, the newest 64); None if one asked for is not of it.

    Args:
        bundle: under whose policy of logs and witnesses a place counts, and whose status keys vouch for the snapshot.
        checkpoint: the newest checkpoint this PC has seen, for the anchors of the records.
    """
    held = SqliteLogStore(db).dossier_records(dossier)
    chosen = [record for record in held if not records or record.id in records][-RECORDS_MAX:]
    if not chosen or {*records, *disclosed} - {record.id for record in held}:
        return None
    if any(record.body_state is BodyState.ERASED for record in chosen):
        # Why a body is not here: the order goes along, so that the report can name it.
        chosen = (chosen + orders_of(db, dossier))[-RECORDS_MAX:]
    evidence = _Evidence(db, bundle.policy)
    proof = ProofFile(
        records=tuple(evidence.proven(each, with_body=each.id in disclosed) for each in chosen),
        statements=tuple(
            evidence.proven(each, with_body=True)
            for each in _statements_of(db, {record.header.by for record in chosen})
        ),
        checkpoints=tuple(evidence.notes(checkpoint)),
        status=held_status(db, bundle),
        attachments=_attachments(chosen, disclosed),
    )
    wish(db, evidence.without)
    want_status(db, bundle, reach=evidence.reach)
    return encode_proof(proof)


class _Evidence:
    """The checkpoints of one file, each once, and where records lie under them."""

    def __init__(self, db: Database, policy: Policy | None) -> None:
        self._places = Places(db, policy)
        self._notes: list[str] = []
        self.without: list[Record] = []
        self.reach = 0

    def proven(self, record: Record, *, with_body: bool) -> ProvenRecord:
        exported = _exported(record, with_body=with_body)
        place = self._places.of(record)
        number = None if place is None else self._number(place.note)
        if place is None or number is None:
            self.without.append(record)
            return ProvenRecord(record=exported)
        self.reach = max(self.reach, place.index + 1)
        inclusion = Inclusion(checkpoint=number, index=place.index, hashes=place.hashes)
        return ProvenRecord(record=exported, inclusions=(inclusion,))

    def notes(self, newest: bytes | None) -> Sequence[str]:
        """The checkpoints used, and the newest one while there is room."""
        if newest is not None:
            self._number(newest.decode())
        return self._notes

    def _number(self, note: str) -> int | None:
        if note not in self._notes:
            if len(self._notes) == CHECKPOINTS_MAX:
                return None
            self._notes.append(note)
        return self._notes.index(note)


def _attachments(records: Sequence[Record], disclosed: Collection[str]) -> tuple[AttachmentDigest, ...]:
    """The files that the disclosed bodies name."""
    found = [
        AttachmentDigest(record=position, sha256=digest)
        for position, record in enumerate(records)
        if record.id in disclosed
        for digest in digests_in(record.content)
    ]
    return tuple(found[:ATTACHMENTS_MAX])


def _statements_of(db: Database, keys: Iterable[str]) -> list[Record]:
    """The statements for several keys, each once."""
    found: dict[str, Record] = {}
    for key in sorted(keys):
        for statement in _statements_for(db, key):
            found.setdefault(statement.id, statement)
    return list(found.values())


def _exported(record: Record, *, with_body: bool) -> ExportedRecord:
    body = record.body if with_body else None
    return ExportedRecord(
        header=record.header_bytes,
        signature=record.signature,
        salt=body.salt if body else None,
        content=body.content if body else None,
    )


def _statements_for(db: Database, key: str) -> list[Record]:
    """The newest statement about a key, and about each of its issuers, the topmost first."""
    stated = {
        PublicKey.from_hex(str(record.header.facts["key"])).id: record
        for record in SqliteLogStore(db).records_of_kinds("key.stated")
    }
    chain: list[Record] = []
    while key in stated and len(chain) < _CHAIN_MAX:
        statement = stated.pop(key)
        chain.insert(0, statement)
        key = statement.header.by
    return chain
