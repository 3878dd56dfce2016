"""The only door to bodies, the personal content of records: encryption at rest will be a change of this room alone.

Two more places hold words taken from bodies and must follow it: the derived tables of `projection` and the drafts.
"""

from typing import Final

from sqlite_utils import Database

from edge_node.store.headers import as_kept
from sync_protocol.erasure import Erasure, as_ordered
from sync_protocol.record import Body, BodyState, UnverifiedRecord

BODY_COLUMNS: Final = "body.state, body.salt, body.content"
BODY_JOIN: Final = "LEFT JOIN body ON body.record = record.number"


def read_body(state: str | None, salt: bytes | None, content: bytes | None) -> tuple[Body | None, BodyState]:
    """A body from its columns; all None where the record has none."""
    if state is None:
        return None, BodyState.ABSENT
    if salt is None or content is None:
        return None, BodyState(state)
    return Body(salt, content), BodyState(state)


def insert_body(db: Database, number: int, record: UnverifiedRecord) -> None:
    """Keep the body of the record just stored under `number`, or the reason why it is not here."""
    record = as_ordered(record, erasures_of(db, record.header.dossier))
    if record.body_state is BodyState.ABSENT:
        return
    salt, content = (record.body.salt, record.body.content) if record.body else (None, None)
    db.conn.execute(
        "INSERT INTO body (record, state, salt, content) VALUES (?, ?, ?, ?)",
        (number, record.body_state.value, salt, content),
    )


def fill_body(db: Database, number: int, body: Body) -> None:
    """Keep a body that arrived after its header; one that is here already stays."""
    db.conn.execute(
        "UPDATE body SET state = 'present', salt = ?, content = ? "
        "WHERE record = ? AND state IN ('lost', 'withheld')",
        (body.salt, body.content, number),
    )


def insert_foreign(db: Database, record: UnverifiedRecord) -> None:
    """Keep a record of another commune, with its body or the reason why that is not here; one held already may get its
    body."""
    header = record.header
    record = as_ordered(record, erasures_of(db, header.dossier))
    salt, content = (record.body.salt, record.body.content) if record.body else (None, None)
    identity = bytes.fromhex(record.id)
    held = db.conn.execute("SELECT state FROM foreign_record WHERE id = ?", (identity,)).fetchone()
    if held is not None:
        if record.body is not None:
            db.conn.execute(
                "UPDATE foreign_record SET state = 'present', salt = ?, content = ? "
                "WHERE id = ? AND state IN ('lost', 'withheld')",
                (salt, content, identity),
            )
        return
    is_absent = record.body_state is BodyState.ABSENT
    db.conn.execute(
        "INSERT INTO foreign_record (id, link, commune, kind, dossier, header, signature, state, salt, content) "
        "VALUES (?, x'', ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            identity,
            header.commune,
            header.name,
            bytes.fromhex(header.dossier) if header.dossier else None,
            as_kept(record.header_bytes),
            record.signature,
            None if is_absent else record.body_state.value,
            salt,
            content,
        ),
    )


def erasures_of(db: Database, dossier: str | None) -> list[Erasure]:
    """The orders about a dossier that were carried out here."""
    if dossier is None:
        return []
    rows = db.conn.execute(
        "SELECT order_id, commune, records FROM erasure WHERE dossier = ?", (bytes.fromhex(dossier),)
    )
    return [
        Erasure(order=row[0].hex(), commune=row[1], dossier=dossier, records=_split(row[2])) for row in rows
    ]


def is_wholly_erased(db: Database, dossier: str, *, unit: str) -> bool:
    """Whether an order covers whatever this unit writes in this dossier: what is content alone would only vanish."""
    return any(not order.records and order.commune == unit for order in erasures_of(db, dossier))


def erase_bodies(db: Database, erasure: Erasure) -> None:
    """Keep the order, and nothing of what it covers; inside the caller's transaction. Idempotent."""
    if any(known.order == erasure.order for known in erasures_of(db, erasure.dossier)):
        return
    ids = b"".join(bytes.fromhex(record) for record in sorted(erasure.records))
    dossier = bytes.fromhex(erasure.dossier)
    db.conn.execute(
        "INSERT INTO erasure (order_id, commune, dossier, records) VALUES (?, ?, ?, ?)",
        (bytes.fromhex(erasure.order), erasure.commune, dossier, ids),
    )
    held = db.conn.execute(
        "SELECT record.number, record.id, log.commune FROM record JOIN body ON body.record = record.number "
        "JOIN log ON log.number = record.log WHERE record.dossier = ? AND body.state <> 'erased'",
        (dossier,),
    ).fetchall()
    numbers = [
        (number,)
        for number, record, commune in held
        if commune == erasure.commune and (not erasure.records or record.hex() in erasure.records)
    ]
    db.conn.executemany(
        "UPDATE body SET state = 'erased', salt = NULL, content = NULL WHERE record = ?", numbers
    )
    foreign = db.conn.execute(
        "SELECT number, id FROM foreign_record WHERE dossier = ? AND commune = ? AND state <> 'erased'",
        (dossier, erasure.commune),
    ).fetchall()
    db.conn.executemany(
        "UPDATE foreign_record SET state = 'erased', salt = NULL, content = NULL WHERE number = ?",
        [(number,) for number, record in foreign if not erasure.records or record.hex() in erasure.records],
    )


def _split(ids: bytes) -> frozenset[str]:
    return frozenset(ids[i : i + 32].hex() for i in range(0, len(ids), 32))
