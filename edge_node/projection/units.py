"""Take what signed records say of the province's units into the table `unit_event`.

It counts when the record stands in a log of the province's hub and its signer was entitled to say it for the province.
"""

from typing import Final

import orjson
from sqlite_utils import Database

from dossiers.genealogy import KINDS
from edge_node.keyring.trust import build_trust, hub_keys
from edge_node.store import SqliteLogStore
from signing.errors import NotEntitled
from sync_protocol.record import Record

UNIT_KINDS: Final = KINDS


def keep_event(db: Database, record: Record) -> bool:
    """Keep what an entitled record says of units; whether it was kept."""
    trust = build_trust(db)
    header = record.header
    try:
        trust.require(header.by, kind=header.kind, unit=header.commune)
    except NotEntitled:
        return False
    if header.commune != trust.bundle.province or SqliteLogStore(db).device_of(header.log) not in hub_keys(
        db
    ):
        return False
    db.conn.execute(
        "INSERT INTO unit_event (record, kind, at_ms, at_counter, facts, content) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (record) DO NOTHING",
        (
            bytes.fromhex(record.id),
            header.kind,
            *header.at,
            orjson.dumps(header.facts).decode(),
            orjson.dumps(record.content or {}).decode(),
        ),
    )
    return True
