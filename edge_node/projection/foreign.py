"""Records of other communes: which are listed for this unit and not here yet."""

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


def is_listed(db: Database, record: str) -> bool:
    """Whether the province lists this record for this unit."""
    row = db.conn.execute(
        "SELECT 1 FROM foreign_listed WHERE record = ?", (bytes.fromhex(record),)
    ).fetchone()
    return row is not None
