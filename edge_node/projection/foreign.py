"""Records of other communes: which are listed for this unit and not here yet; and contents of dossiers that came to it later."""

from collections.abc import Collection

import orjson
from sqlite_utils import Database


def note_foreign(db: Database, record: str) -> None:
    """Look again whether a listed record is still wanted: it is not here, or came without a body that is for us."""
    db.conn.execute(
        "UPDATE foreign_listed SET is_wanted = NOT EXISTS (SELECT 1 FROM foreign_record WHERE id = ?1 "
        "AND (state IS NOT 'withheld' OR foreign_listed.is_closed = 1)) WHERE record = ?1",
        (bytes.fromhex(record),),
    )


def wanted_foreign(db: Database, *, most: int) -> list[bytes]:
    """Ids of listed records that are not here, those listed first before the others."""
    rows = db.conn.execute(
        "SELECT record FROM foreign_listed WHERE is_wanted = 1 ORDER BY number LIMIT ?", (most,)
    )
    return [row[0] for row in rows]


def wanted_bodies(db: Database, unit: str, scope: Collection[str], *, most: int) -> list[bytes]:
    """Ids of records held here without the content that was withheld from this PC, and that it may have by now: of dossiers
    that its unit keeps since a re-organisation or an allotment, and of keys of the units before it (`scope`)."""
    rows = db.conn.execute(
        "SELECT record.id FROM body JOIN record ON record.number = body.record "
        "LEFT JOIN dossier ON dossier.id = record.dossier "
        "WHERE body.state = 'withheld' AND (dossier.keeper = ? OR (record.dossier IS NULL AND "
        "json_extract(signed_header(record.header), '$.facts.unit') IN (SELECT value FROM json_each(?)))) "
        "ORDER BY record.number LIMIT ?",
        (unit, orjson.dumps(sorted(scope)).decode(), most),
    )
    return [row[0] for row in rows]


def lacks_body(db: Database, record: str) -> bool:
    """Whether this record is held in a log here, its content withheld."""
    row = db.conn.execute(
        "SELECT 1 FROM record JOIN body ON body.record = record.number "
        "WHERE record.id = ? AND body.state = 'withheld'",
        (bytes.fromhex(record),),
    ).fetchone()
    return row is not None


def is_listed(db: Database, record: str) -> bool:
    """Whether the province lists this record for this unit."""
    row = db.conn.execute(
        "SELECT 1 FROM foreign_listed WHERE record = ?", (bytes.fromhex(record),)
    ).fetchone()
    return row is not None
