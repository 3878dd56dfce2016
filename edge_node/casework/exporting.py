"""One record as a file that `motcua-verify` checks without this node: the signed bytes and who vouches for the key.

The chain of key statements leads from the signer's key up to a key of the trust bundle; issuers stand first.
"""

from typing import Final

from sqlite_utils import Database

from edge_node.store import SqliteLogStore
from signing.exported import ExportedRecord, encode_export
from signing.signatures import PublicKey
from sync_protocol.record import Record

_CHAIN_MAX: Final = 16


def export_record(db: Database, record: Record) -> bytes:
    """The file's bytes, with the body where it is here."""
    chain = [_exported(statement, with_body=False) for statement in _statements_for(db, record.header.by)]
    return encode_export(_exported(record, with_body=True), chain)


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
