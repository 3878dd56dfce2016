"""Records as files that `motcua-verify` checks without this node: the signed bytes and who vouches for the keys.

The chain of key statements leads from a signer's key up to a key of the trust bundle; issuers stand first. A proof holds several
records of a dossier, bodies only for those that somebody chose to disclose, and the newest checkpoint this PC has seen, for the
records' anchors. Where they lie in the province's log is the province's to say: its own export adds that.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from edge_node.casework.labels import kind_word
from edge_node.erasure.service import orders_of
from edge_node.store import SqliteLogStore
from signing.exported import ExportedRecord, encode_export
from signing.proof_file import RECORDS_MAX, ProofFile, ProvenRecord, encode_proof
from signing.signatures import PublicKey
from sync_protocol.record import BodyState, Record

_CHAIN_MAX: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Provable:
    """A record that a proof may hold: what it is called, when it was signed (ms), whether its body is here."""

    id: str
    kind: str
    at: int
    has_body: bool


def provable(db: Database, dossier: str) -> list[Provable]:
    """The records of a dossier, as somebody chooses from them."""
    return [
        Provable(
            id=record.id,
            kind=kind_word(record.header.kind),
            at=record.header.corrected_ms,
            has_body=record.body is not None,
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
    checkpoint: bytes | None,
    records: Collection[str] = (),
    disclosed: Collection[str] = (),
) -> bytes | None:
    """A proof of these records of the dossier (none: all, the newest 64); None if one asked for is not of it."""
    held = SqliteLogStore(db).dossier_records(dossier)
    chosen = [record for record in held if not records or record.id in records][-RECORDS_MAX:]
    if not chosen or {*records, *disclosed} - {record.id for record in held}:
        return None
    if any(record.body_state is BodyState.ERASED for record in chosen):
        # Why a body is not here: the order goes along, so that the report can name it.
        chosen = (chosen + orders_of(db, dossier))[-RECORDS_MAX:]
    proof = ProofFile(
        records=tuple(
            ProvenRecord(record=_exported(each, with_body=each.id in disclosed)) for each in chosen
        ),
        statements=tuple(
            ProvenRecord(record=_exported(each, with_body=True))
            for each in _statements_of(db, {record.header.by for record in chosen})
        ),
        checkpoints=() if checkpoint is None else (checkpoint.decode(),),
    )
    return encode_proof(proof)


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
