"""Where logs begin here that came with a snapshot: a base each, and which snapshot names what lies below.

From its base on a log is held without a gap; below it, single records lie loose. A base only goes down, as history joins
it, or is replaced by a newer snapshot's; at 0 the log is whole and its row is gone. Nothing else reads these tables.
"""

from dataclasses import dataclass

from sqlite_utils import Database

from edge_node.store.connection import write_transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """A log's base, the link that stands there, and the number of the snapshot."""

    base: int
    head: str
    snapshot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """What this PC knows by snapshots only.

    Attributes:
        missing: records below bases that are not here; is_whole: whether everything of the newest snapshot came in.
        maker: key id of who made the newest snapshot, "" for none.
    """

    missing: int = 0
    is_whole: bool = True
    maker: str = ""


def bases(db: Database) -> dict[int, Foundation]:
    """The logs with a base, by number."""
    rows = db.conn.execute("SELECT log, base, head, snapshot FROM log_base")
    return {row[0]: Foundation(base=row[1], head=row[2].hex(), snapshot=row[3]) for row in rows}


def base_of(db: Database, log: str) -> Foundation | None:
    """The base of one log by id; None where it is held from its first record on, or not at all."""
    row = db.conn.execute(
        "SELECT base, head, snapshot FROM log_base JOIN log ON log.number = log_base.log WHERE log.id = ?",
        (log,),
    ).fetchone()
    return Foundation(base=row[0], head=row[1].hex(), snapshot=row[2]) if row else None


def has_bases(db: Database) -> bool:
    """Whether anything here is known by a snapshot only."""
    return db.conn.execute("SELECT 1 FROM log_base LIMIT 1").fetchone() is not None


def keep_base(db: Database, log: int, found: Foundation) -> None:
    """Put a log's base where it is now; none is left at 0."""
    with write_transaction(db):
        db.conn.execute("DELETE FROM log_base WHERE log = ?", (log,))
        if found.base:
            db.conn.execute(
                "INSERT INTO log_base (log, base, head, snapshot) VALUES (?, ?, ?, ?)",
                (log, found.base, bytes.fromhex(found.head), found.snapshot),
            )


def keep_snapshot(db: Database, snapshot: bytes, *, maker: str, head: bytes, now: int) -> int:
    """Keep a signed head as it came; returns its number here. The same snapshot again changes nothing."""
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO snapshot (id, maker, head, taken) SELECT ?1, ?2, ?3, ?4 "
            "WHERE NOT EXISTS (SELECT 1 FROM snapshot WHERE id = ?1)",
            (snapshot, maker, head, now),
        )
        return int(db.conn.execute("SELECT number FROM snapshot WHERE id = ?", (snapshot,)).fetchone()[0])


def snapshot_number(db: Database, snapshot: bytes) -> int | None:
    """The number of a snapshot whose head was taken here."""
    row = db.conn.execute("SELECT number FROM snapshot WHERE id = ?", (snapshot,)).fetchone()
    return int(row[0]) if row else None


def note_whole(db: Database, number: int) -> None:
    """Everything of this snapshot is here."""
    with write_transaction(db):
        db.conn.execute("UPDATE snapshot SET is_whole = 1 WHERE number = ?", (number,))


def read_seeded(db: Database) -> Seeded:
    """What is known by snapshots only, now."""
    if not has_bases(db):
        return Seeded()
    missing = db.conn.execute(
        "SELECT ifnull(sum(base - (SELECT count(*) FROM record WHERE record.log = log_base.log "
        "AND record.seq < log_base.base)), 0) FROM log_base"
    ).fetchone()[0]
    row = db.conn.execute(
        "SELECT is_whole, maker FROM snapshot ORDER BY taken DESC, number DESC LIMIT 1"
    ).fetchone()
    return Seeded(missing=int(missing), is_whole=bool(row[0]), maker=row[1])
