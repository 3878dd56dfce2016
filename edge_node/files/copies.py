"""Where the encrypted files are: on this PC, at the province, asked for, in trouble; and what travels next.

These are facts of this installation, beside the records: a file counts as held by the province only as long as the hub
lives the life in which it said so, so that a hub put back from a backup is given the files again.
"""

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from dossiers.files import travel_order
from edge_node.store import write_transaction

_QUEUED: Final = (
    "SELECT f.file, max(f.size), max(f.is_result), min(f.at) FROM file_copy c JOIN file f ON f.file = c.file "
    "WHERE f.is_standing AND f.is_open AND "
)
_TO_SEND: Final = _QUEUED + "c.is_here AND c.hub_epoch IS NOT ? GROUP BY f.file"
_TO_FETCH: Final = _QUEUED + "c.is_wanted AND NOT c.is_here GROUP BY f.file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What is known of one file. `problem` is a reason code of the hub's, "" for none."""

    is_here: bool = False
    is_at_hub: bool = False
    is_wanted: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A file that has to travel, by its id and encrypted length."""

    file: str
    size: int
    is_result: bool
    at_ms: int

    @property
    def order(self) -> tuple[int, int, int]:
        return travel_order(is_result=self.is_result, at_ms=self.at_ms, size=self.size)


def copies_of(db: Database, dossier: str, *, hub_epoch: str) -> dict[str, Copy]:
    """The files of a dossier, by id."""
    rows = db.conn.execute(
        "SELECT file, is_here, hub_epoch, is_wanted, problem FROM file_copy "
        "WHERE file IN (SELECT file FROM file WHERE dossier = ?)",
        (bytes.fromhex(dossier),),
    )
    return {
        row[0].hex(): Copy(
            is_here=bool(row[1]),
            is_at_hub=row[2] is not None and row[2] == hub_epoch,
            is_wanted=bool(row[3]),
            problem=row[4],
        )
        for row in rows
    }


def note_here(db: Database, file: str, *, is_here: bool = True) -> None:
    """The whole file is on this disk, or is not after all."""
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO file_copy (file, is_here) VALUES (?1, ?2) "
            "ON CONFLICT (file) DO UPDATE SET is_here = ?2, is_wanted = is_wanted AND NOT ?2",
            (bytes.fromhex(file), int(is_here)),
        )


def note_at_hub(db: Database, file: str, *, hub_epoch: str) -> None:
    """The hub said that it holds the whole file."""
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO file_copy (file, hub_epoch) VALUES (?1, ?2) "
            "ON CONFLICT (file) DO UPDATE SET hub_epoch = ?2, problem = ''",
            (bytes.fromhex(file), hub_epoch),
        )


def note_not_at_hub(db: Database, file: str) -> None:
    """The hub said that it lacks a file that it once held: it goes again."""
    with write_transaction(db):
        db.conn.execute("UPDATE file_copy SET hub_epoch = NULL WHERE file = ?", (bytes.fromhex(file),))


def held_there(db: Database, *, hub_epoch: str, after: str, count: int) -> list[Queued]:
    """Files here that the hub is said to hold, by id from `after` on."""
    rows = db.conn.execute(
        _QUEUED + "c.is_here AND c.hub_epoch = ? AND f.file > ? GROUP BY f.file ORDER BY f.file LIMIT ?",
        (hub_epoch, bytes.fromhex(after), count),
    )
    return [Queued(file=row[0].hex(), size=row[1], is_result=bool(row[2]), at_ms=row[3]) for row in rows]


def note_problem(db: Database, file: str, problem: str) -> None:
    """Why the hub does not take a file; the others go on."""
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO file_copy (file, problem) VALUES (?1, ?2) ON CONFLICT (file) DO UPDATE SET problem = ?2",
            (bytes.fromhex(file), problem),
        )


def want(db: Database, file: str) -> None:
    """Somebody here wants to see a file that is not here: it comes with the next sync."""
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO file_copy (file, is_wanted) VALUES (?, 1) "
            "ON CONFLICT (file) DO UPDATE SET is_wanted = NOT is_here",
            (bytes.fromhex(file),),
        )


def to_send(db: Database, *, hub_epoch: str) -> list[Queued]:
    """Files here that the hub does not hold in this life, in the order in which they travel."""
    return _queued(db, _TO_SEND, hub_epoch)


def to_fetch(db: Database) -> list[Queued]:
    """Files that somebody here asked for."""
    return _queued(db, _TO_FETCH)


def to_gather(db: Database, offered: dict[str, int], *, hub_epoch: str) -> list[Queued]:
    """Of files that a colleague offers (id to encrypted length), those that a record here states, that are not here and that the
    province is not known to hold; and of the others, what somebody here asked for."""
    found = []
    for file, size in offered.items():
        row = db.conn.execute(
            "SELECT max(f.size), max(f.is_result), min(f.at) FROM file f LEFT JOIN file_copy c ON c.file = f.file "
            "WHERE f.file = ?1 AND f.is_standing AND f.is_open AND NOT ifnull(c.is_here, 0) "
            "AND (c.is_wanted OR c.hub_epoch IS NOT ?2)",
            (bytes.fromhex(file), hub_epoch),
        ).fetchone()
        if row[0] is not None and row[0] == size:
            found.append(Queued(file=file, size=size, is_result=bool(row[1]), at_ms=row[2]))
    return sorted(found, key=lambda each: each.order)


def standing_size(db: Database, file: str) -> int | None:
    """The encrypted length of a file that a record held here states and that still stands; None for any other."""
    row = db.conn.execute(
        "SELECT max(size) FROM file WHERE file = ? AND is_standing", (bytes.fromhex(file),)
    ).fetchone()
    return None if row is None else row[0]


def files_waiting(db: Database) -> int:
    """How many files of this PC the province does not hold: part of the status (never a flag of its own)."""
    epoch = hub_epoch_of(db)
    return len(to_send(db, hub_epoch=epoch)) if epoch is not None else 0


def hub_epoch_of(db: Database) -> str | None:
    """The life of the hub that this database knows; None before enrolment."""
    row = db.conn.execute("SELECT value FROM local WHERE name = 'office.hub_epoch'").fetchone()
    return str(row[0]) if row else None


def _queued(db: Database, query: str, *values: str) -> list[Queued]:
    rows = db.conn.execute(query, values)
    queued = [Queued(file=row[0].hex(), size=row[1], is_result=bool(row[2]), at_ms=row[3]) for row in rows]
    return sorted(queued, key=lambda each: each.order)
