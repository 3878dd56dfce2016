"""Where records lie in the province's log, as far as this PC was shown and has checked: what a proof written here says of it.

One row per stretch of neighbours, with the one proof that held for all of them, and the checkpoint it led to; a single record's path
is computed when a proof is written, from the records themselves. Nothing here is believed for being here: a place is used
only under a checkpoint that meets the roots' policy of today. A record without one becomes a wish: the next syncs ask for it.
All of it can be lost; it is fetched again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from edge_node.store import SqliteLogStore, write_transaction
from signing.errors import LogInvalid
from signing.tlog import merkle
from signing.tlog.checkpoint import Checkpoint
from signing.tlog.leaf import Leaf
from signing.tlog.merkle import HASH_BYTES
from signing.tlog.note import Note
from signing.tlog.policy import Policy
from sync_protocol.record import Record

WISHES_MAX: Final = 256
ASKED_MAX: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A record's leaf, and how it leads to the root of a checkpoint that meets the policy."""

    note: str
    index: int
    hashes: tuple[bytes, ...]


def leaf_hashes(records: Iterable[Record]) -> list[bytes]:
    """The leaves of records, hashed as they stand in the tree: each under the log that it names."""
    return [
        merkle.leaf_hash(
            Leaf(by=r.header.by, kind=r.header.name, link=r.link, log=r.header.log, seq=r.header.seq).encode()
        )
        for r in records
    ]


def keep_places(
    db: Database,
    log: str,
    *,
    first: int,
    count: int,
    position: int,
    size: int,
    proof: Sequence[bytes],
    note: bytes,
) -> None:
    """Keep what was checked against the checkpoint of `size` leaves; wishes for these records are fulfilled.

    The newest word counts: where another log goes on from an earlier size, it comes to the same sizes once more.
    """
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO log_checkpoint (size, note) VALUES (?1, ?2) ON CONFLICT (size) DO UPDATE SET note = ?2",
            (size, note),
        )
        db.conn.execute(
            "INSERT OR REPLACE INTO log_place (log, first, size, count, position, proof) VALUES (?, ?, ?, ?, ?, ?)",
            (log, first, size, count, position, b"".join(proof)),
        )
        db.conn.execute(
            "DELETE FROM log_wish WHERE log = ? AND seq >= ? AND seq < ?", (log, first, first + count)
        )


def wish(db: Database, records: Iterable[Record]) -> None:
    """Ask for the places of these records with the next syncs; beyond the limit the older wishes stay."""
    with write_transaction(db):
        for record in records:
            db.conn.execute(
                "INSERT INTO log_wish (log, seq) SELECT ?1, ?2 WHERE (SELECT count(*) FROM log_wish) < ?3 "
                "ON CONFLICT (log, seq) DO UPDATE SET asked = 0",
                (record.header.log, record.header.seq, WISHES_MAX),
            )


def wish_place(db: Database, log: str, seq: int) -> None:
    """Ask for the place of a record that a colleague wants to know, where the record is here."""
    if SqliteLogStore(db).span(log, seq, stop=seq + 1):
        with write_transaction(db):
            db.conn.execute(
                "INSERT INTO log_wish (log, seq) SELECT ?1, ?2 WHERE (SELECT count(*) FROM log_wish) < ?3 "
                "ON CONFLICT (log, seq) DO NOTHING",
                (log, seq, WISHES_MAX),
            )


def wishes(db: Database, *, limit: int) -> list[tuple[str, int]]:
    """What to ask for next: log, and the first record wanted in it; those asked least often first."""
    rows = db.conn.execute(
        "SELECT log, min(seq) FROM log_wish GROUP BY log ORDER BY min(asked), log LIMIT ?", (limit,)
    )
    return [(log, seq) for log, seq in rows]


def note_asked(db: Database, asked: Iterable[tuple[str, int]]) -> None:
    """The province answered without these places; what it does not know after many requests is not asked for any more."""
    with write_transaction(db):
        for log, seq in asked:
            db.conn.execute("UPDATE log_wish SET asked = asked + 1 WHERE log = ? AND seq = ?", (log, seq))
        db.conn.execute("DELETE FROM log_wish WHERE asked >= ?", (ASKED_MAX,))


class Places:
    """The places of one proof's records; each stretch is computed once."""

    def __init__(self, db: Database, policy: Policy | None) -> None:
        self._db, self._policy = db, policy
        self._notes: dict[int, str | None] = {}
        self._stretches: dict[tuple[str, int, int], _Stretch | None] = {}

    def of(self, record: Record) -> Place | None:
        """Under the earliest checkpoint kept; None where nothing is known, or nothing that the policy believes."""
        log, seq = record.header.log, record.header.seq
        rows = self._db.conn.execute(
            "SELECT first, size, count, position, proof FROM log_place "
            "WHERE log = ?1 AND first <= ?2 AND first + count > ?2 ORDER BY size",
            (log, seq),
        ).fetchall()
        for first, size, count, position, proof in rows:
            note = self._note(size)
            stretch = None if note is None else self._stretch(log, first, size, count, position, proof)
            if note is not None and stretch is not None:
                index = position + seq - first
                return Place(note=note, index=index, hashes=tuple(stretch.path(index)))
        return None

    def _note(self, size: int) -> str | None:
        if size not in self._notes:
            row = self._db.conn.execute("SELECT note FROM log_checkpoint WHERE size = ?", (size,)).fetchone()
            self._notes[size] = None if row is None else _believed(row[0], self._policy)
        return self._notes[size]

    def _stretch(
        self, log: str, first: int, size: int, count: int, position: int, proof: bytes
    ) -> _Stretch | None:
        key = (log, first, size)
        if key not in self._stretches:
            leaves = leaf_hashes(SqliteLogStore(self._db).span(log, first, stop=first + count))
            hashes = [proof[at : at + HASH_BYTES] for at in range(0, len(proof), HASH_BYTES)]
            root = Checkpoint.parse(Note.parse(str(self._note(size)).encode()).text).root
            try:
                merkle.verify_range(leaves, position, size, hashes, root)
                self._stretches[key] = _Stretch(leaves, position, size, hashes)
            except LogInvalid:
                self._stretches[key] = None
        return self._stretches[key]


class _Stretch:
    """Neighbouring leaves and the proof that held for them."""

    def __init__(self, leaves: list[bytes], position: int, size: int, proof: list[bytes]) -> None:
        self.path = merkle.inclusions_in_range(leaves, position, size, proof)


def _believed(note: bytes, policy: Policy | None) -> str | None:
    if policy is None:
        return None
    try:
        policy.open(Note.parse(note))
    except LogInvalid:
        return None
    return note.decode()
