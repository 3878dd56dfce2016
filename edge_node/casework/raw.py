"""One record as it was signed: the bytes, what they say, and who vouches for the key."""

import base64
import json
from dataclasses import dataclass

import orjson
from sqlite_utils import Database

from edge_node.accounts.service import signer_names
from edge_node.casework.labels import kind_word
from edge_node.casework.whereabouts import Whereabouts, where_are_records
from edge_node.services import Services
from edge_node.store import SqliteLogStore
from edge_node.sync.receipt import receipted_place
from edge_node.witness.places import Places
from sync_protocol.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRecord:
    """A record for the page that shows it whole."""

    record: Record
    kind: str
    name: str
    header_text: str
    content_text: str
    signature: str
    where: Whereabouts
    delegated: bool | None
    leaf: int | None


def stored_record(db: Database, dossier: str, record: str) -> Record | None:
    """The record of this dossier with this id."""
    if len(record) != 64 or not set(record) <= set("0123456789abcdef"):
        return None
    found = SqliteLogStore(db).record(record)
    return found if found is not None and found.header.dossier == dossier else None


def raw_record(db: Database, services: Services, record: Record) -> RawRecord:
    trust = services.trust.trust(db)
    statement = trust.statement(record.header.by)
    proven = Places(db, trust.bundle.policy).of(record)
    dossier = record.header.dossier or ""
    return RawRecord(
        record=record,
        kind=kind_word(record.header.kind),
        name=signer_names(db).get(record.header.by, ("", ""))[0],
        header_text=_pretty(record.header_bytes),
        content_text=_pretty(record.body.content) if record.body else "",
        signature=base64.b64encode(record.signature).decode(),
        where=where_are_records(db, dossier)[record.id],
        delegated=statement.delegated if statement else None,
        leaf=proven.index if proven else receipted_place(db, record.header.log, record.header.seq),
    )


def _pretty(content: bytes) -> str:
    return json.dumps(orjson.loads(content), ensure_ascii=False, indent=2)
