"""The store of logs on SQLite: keeps the contract of `sync_protocol.log_store`.

A log's position is read from its last record through the key (log, seq): no counter is kept beside the records that
could disagree with them. Every write joins the caller's transaction or makes its own. Ids and links are hex outside and
raw bytes inside.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlite_utils import Database

from edge_node.store.bases import Foundation, base_of, bases, keep_base
from edge_node.store.bodies import (
    BODY_COLUMNS,
    BODY_JOIN,
    erase_bodies,
    fill_body,
    insert_body,
    insert_foreign,
    read_body,
)
from edge_node.store.connection import write_transaction
from edge_node.store.headers import as_kept, as_signed
from sync_protocol.erasure import Erasure
from sync_protocol.errors import LogForked, LogGap
from sync_protocol.frontier import Frontier, FrontierEntry
from sync_protocol.log import OPENING_KIND, Run, Seal, branch_id
from sync_protocol.log_store import cut_to_size, first_length, new_part
from sync_protocol.record import (
    Body,
    Header,
    Record,
    UnverifiedRecord,
    decode_header,
    record_id,
    record_link,
    unverified,
)

_RECORD: Final = (
    f"SELECT record.id, record.header, record.signature, {BODY_COLUMNS} "  # noqa: S608 — constants
    f"FROM record {BODY_JOIN}"
)
_FOREIGN: Final = "SELECT id, header, signature, state, salt, content FROM foreign_record"
_ROWS_AT_ONCE: Final = 256
_HEADERS_REMEMBERED: Final = 2_048
"""A few megabytes; nothing of a body is among them, for what is erased must be gone from memory, too."""
_LINK_KEPT_BYTES: Final = 8
"""The link follows from its record; so much of it stays beside the newest one, which no other record vouches for yet."""


class SqliteLogStore:
    """The logs that this PC holds: its own, the province's, and those of the office's other PCs."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def frontier(self, logs: Iterable[str] | None = None) -> Frontier:
        held = bases(self._db)
        entries = (self._entry(number, log, held.get(number)) for number, log in self._logs(logs))
        return Frontier(entry for entry in entries if entry)

    def link_at(self, log: str, length: int) -> str | None:
        found = base_of(self._db, log)
        if found is not None and length <= found.base:
            return found.head if length == found.base else None
        row = self._db.conn.execute(
            "SELECT record.id, signature FROM record JOIN log ON log.number = record.log WHERE log.id = ? AND seq = ?",
            (log, length - 1),
        ).fetchone()
        return link_of(*row) if row else self._link_before_branch(log, length)

    def append(self, run: Run) -> int:
        with write_transaction(self._db):
            log = self._log_number(run)
            held = self._length(log, base_of(self._db, run.log)) or first_length(run)
            new = new_part(run, held, self._links(log, run.first, min(held, run.stop)))
            for record in new:
                self._insert(log, record)
            if run.seal:
                self.add_seal(run.seal)
        return len(new)

    def span(
        self, log: str, first: int, *, stop: int | None = None, bytes_max: int | None = None
    ) -> list[Record]:
        cursor = self._db.conn.execute(
            f"{_RECORD} JOIN log ON log.number = record.log "
            "WHERE log.id = ? AND seq >= ? AND seq < ? ORDER BY seq",
            (log, first, 2**62 if stop is None else stop),
        )
        cursor.arraysize = _ROWS_AT_ONCE
        kept: list[Record] = []
        size = 0
        for row in cursor:
            record = read_record(row)
            body = record.body
            size += len(record.header_bytes) + 64 + (len(body.content) + 16 if body is not None else 0)
            kept.append(record)
            if bytes_max is not None and size > bytes_max:
                break
        return cut_to_size(kept, bytes_max)

    def is_as_written(self, log: str, seq: int) -> bool:
        """Whether a record is what was written, by the beginning of its link that was kept beside it.

        What follows a record names its link, so damage further down shows by the chain; this is for the newest. A row that an
        older program wrote holds the whole link, or (for a short time) nothing.
        """
        row = self._db.conn.execute(
            "SELECT record.link, record.id, header, signature FROM record JOIN log ON log.number = record.log "
            "WHERE log.id = ? AND seq = ?",
            (log, seq),
        ).fetchone()
        if row is None:
            return True
        kept, stored_id, header, signature = row
        is_same = record_id(as_signed(header)) == stored_id.hex()
        return is_same and link_of(stored_id, signature).startswith(kept.hex())

    def seal(self, log: str, *, at_most: int | None = None) -> Seal | None:
        row = self._db.conn.execute(
            "SELECT seal.length, seal.head, seal.signature FROM seal JOIN log ON log.number = seal.log "
            "WHERE log.id = ? AND seal.length <= ? ORDER BY seal.length DESC LIMIT 1",
            (log, 2**62 if at_most is None else at_most),
        ).fetchone()
        return Seal(log=log, length=row[0], head=row[1].hex(), signature=row[2]) if row else None

    def add_seal(self, seal: Seal) -> None:
        with write_transaction(self._db):
            if self.link_at(seal.log, seal.length) != seal.head:
                raise LogForked(seal.log, seal.length - 1)
            self._insert_seal(seal)

    def record(self, record_id: str) -> Record | None:
        wanted = (bytes.fromhex(record_id),)
        row = self._db.conn.execute(f"{_RECORD} WHERE record.id = ?", wanted).fetchone()
        row = row or self._db.conn.execute(f"{_FOREIGN} WHERE id = ?", wanted).fetchone()
        return read_record(row) if row else None

    def dossier_records(self, dossier: str) -> list[Record]:
        rows = self._db.conn.execute(
            f"{_RECORD} WHERE record.dossier = ? ORDER BY record.number", (bytes.fromhex(dossier),)
        )
        foreign = self._db.conn.execute(
            f"{_FOREIGN} WHERE dossier = ? ORDER BY number", (bytes.fromhex(dossier),)
        )
        # One that came from elsewhere may have come again with a log, since units were re-organised.
        found = {row[0]: row for row in (*foreign, *rows)}
        return [read_record(row) for row in found.values()]

    def keep_foreign(self, record: UnverifiedRecord) -> None:
        """Keep a record of another commune that was verified: beside the logs, in no frontier."""
        with write_transaction(self._db):
            insert_foreign(self._db, record)

    def put_body(self, record_id: str, body: Body) -> None:
        with write_transaction(self._db):
            number = self._db.conn.execute(
                "SELECT number FROM record WHERE id = ?", (bytes.fromhex(record_id),)
            ).fetchone()
            if number is None:
                raise KeyError(record_id)
            fill_body(self._db, number[0], body)

    def erase(self, erasure: Erasure) -> None:
        with write_transaction(self._db):
            erase_bodies(self._db, erasure)

    def records_of_kinds(self, *kinds: str) -> list[Record]:
        """Records about no dossier, of these kinds, in order of arrival: keys, leases, verdicts, catalogue."""
        marks = ", ".join("?" for _ in kinds)
        rows = self._db.conn.execute(
            f"{_RECORD} WHERE record.dossier IS NULL AND record.kind IN ({marks}) ORDER BY record.number",
            kinds,
        )
        foreign = self._db.conn.execute(
            f"{_FOREIGN} WHERE dossier IS NULL AND kind IN ({marks}) ORDER BY number", kinds
        )
        # One that came from elsewhere may have come again with a log, since units were re-organised.
        found = {row[0]: row for row in (*foreign, *rows)}
        # Those of a later version wait in their logs until a program that can read them comes.
        return [record for record in map(read_record, found.values()) if record.header.kind in kinds]

    def device_of(self, log: str) -> str | None:
        """Key id of the device that opened `log`, once its record 0 is held."""
        row = self._db.conn.execute("SELECT device FROM log WHERE id = ?", (log,)).fetchone()
        return row[0] if row else None

    def logs_of(self, *, device: str | None = None, commune: str | None = None) -> list[str]:
        """Ids of the logs of one device or one unit, oldest first."""
        rows = self._db.conn.execute(
            "SELECT id FROM log WHERE (?1 IS NULL OR device = ?1) AND (?2 IS NULL OR commune = ?2) ORDER BY number",
            (device, commune),
        )
        return [row[0] for row in rows]

    def _insert_seal(self, seal: Seal) -> None:
        # The first seal at a length stays: WHERE NOT EXISTS, because the guard refuses a second one.
        self._db.conn.execute(
            "INSERT INTO seal (log, length, head, signature) "
            "SELECT number, ?1, ?2, ?3 FROM log WHERE id = ?4 AND NOT EXISTS "
            "(SELECT 1 FROM seal WHERE seal.log = log.number AND seal.length = ?1)",
            (seal.length, bytes.fromhex(seal.head), seal.signature, seal.log),
        )

    def add_base(self, seal: Seal, *, opening: Record, snapshot: int) -> bool:
        """From now on hold a log from `seal.length` on; returns False where more of it is held already.

        The caller has checked the seal under the key of the log's device, and record 0 (`opening`), which names it.
        """
        with write_transaction(self._db):
            log = self._log_number(Run(log=seal.log, first=0, records=(unverified(opening),)))
            present = base_of(self._db, seal.log)
            if self._length(log, present) >= seal.length:
                return False
            keep_base(self._db, log, Foundation(base=seal.length, head=seal.head, snapshot=snapshot))
            self._insert_seal(seal)
            self.put_loose([unverified(opening)])
            return True

    def put_loose(self, records: Iterable[UnverifiedRecord]) -> list[UnverifiedRecord]:
        """Keep records that stand below their log's base, in the order given; returns those that were new.

        What stands above a base, or in a log that is held whole, is not kept: it comes with its chain.
        """
        fresh = []
        with write_transaction(self._db):
            logs = {log: number for number, log in self._logs(None)}
            held = bases(self._db)
            for record in records:
                log = logs.get(record.header.log)
                found = held.get(log) if log is not None else None
                if log is None or found is None or record.header.seq >= found.base:
                    continue
                link = self._link_stored(log, record.header.seq)
                if link is None:
                    self._insert(log, record)
                    fresh.append(record)
                elif link != record.link:
                    raise LogForked(record.header.log, record.header.seq)
        return fresh

    def append_below(self, run: Run) -> list[UnverifiedRecord]:
        """Store history that ends at the base, whose chain the caller has checked; returns what was new.

        The base goes down to the start of the run, and on over records that lie loose there and join.
        """
        with write_transaction(self._db):
            found = base_of(self._db, run.log)
            if found is None or run.stop != found.base:
                raise LogGap(run.log, found.base if found else 0)
            log = self._log_number(run)
            fresh = []
            # A dossier that is new here gets a lower number than all others, so that lists by number keep the newest first;
            # one that is here keeps its number. -1 stays free: it is what a guard reads for a row that is given none.
            number = min(-1, self._db.conn.execute("SELECT min(number) FROM record").fetchone()[0])
            for record in reversed(run.records):
                link = self._link_stored(log, record.header.seq)
                if link is None:
                    is_first = record.header.dossier is not None and not self._holds_any(
                        record.header.dossier
                    )
                    number -= is_first
                    self._insert(log, record, number=number if is_first else None)
                    fresh.append(record)
                elif link != record.link:
                    raise LogForked(run.log, record.header.seq)
            first, prev = run.first, run.records[0].header.prev
            while first and prev and self._link_stored(log, first - 1) == prev:
                first -= 1
                prev = self._prev_stored(log, first)
            keep_base(self._db, log, Foundation(base=first, head=prev or "", snapshot=found.snapshot))
        return fresh[::-1]

    def _holds_any(self, dossier: str) -> bool:
        row = self._db.conn.execute(
            "SELECT 1 FROM record WHERE dossier = ? LIMIT 1", (bytes.fromhex(dossier),)
        ).fetchone()
        return row is not None

    def _link_stored(self, log: int, seq: int) -> str | None:
        row = self._db.conn.execute(
            "SELECT id, signature FROM record WHERE log = ? AND seq = ?", (log, seq)
        ).fetchone()
        return link_of(*row) if row else None

    def _prev_stored(self, log: int, seq: int) -> str | None:
        row = self._db.conn.execute(
            "SELECT header FROM record WHERE log = ? AND seq = ?", (log, seq)
        ).fetchone()
        return decode_header(as_signed(row[0])).prev if row else None

    def origin_of(self, log: str) -> str:
        """The log that the records of `log` name: itself, unless it is a branch."""
        row = self._db.conn.execute("SELECT ifnull(origin, id) FROM log WHERE id = ?", (log,)).fetchone()
        return str(row[0]) if row else log

    def log_of(self, record: Record) -> str:
        """Where a record is kept: in the log that it names, or in a branch of it."""
        named = record.header.log
        if len(self.family_of(named)) < 2:
            return named
        row = self._db.conn.execute(
            "SELECT log.id FROM record JOIN log ON log.number = record.log WHERE record.id = ?",
            (bytes.fromhex(record.id),),
        ).fetchone()
        return str(row[0]) if row else named

    def family_of(self, origin: str) -> list[str]:
        """A log and its branches, as far as they are held, oldest first."""
        rows = self._db.conn.execute(
            "SELECT id FROM log WHERE id = ?1 OR origin = ?1 ORDER BY number", (origin,)
        )
        return [row[0] for row in rows]

    def branch_off(self, log: str, first: int) -> str:
        """Keep the records of `log` from `first` on, and their seals, as a branch; returns its id.

        Only where they are kept changes: no signed byte does.
        """
        with write_transaction(self._db):
            origin, link = self.origin_of(log), self.link_at(log, first + 1)
            if link is None:
                raise LogGap(log, first)
            branch = branch_id(origin, link)
            self._db.conn.execute(
                "INSERT INTO log (id, commune, device, origin) SELECT ?1, commune, device, ?2 FROM log WHERE id = ?3 "
                "AND NOT EXISTS (SELECT 1 FROM log WHERE id = ?1)",
                (branch, origin, log),
            )
            numbers = "log = (SELECT number FROM log WHERE id = ?2)"
            target = "log = (SELECT number FROM log WHERE id = ?1)"
            for table, condition in (("seal", "length > ?3"), ("record", "seq >= ?3")):
                self._db.conn.execute(
                    f"UPDATE {table} SET {target} WHERE {numbers} AND {condition}",  # noqa: S608 — constants
                    (branch, log, first),
                )
        return branch

    def _link_before_branch(self, log: str, length: int) -> str | None:
        """The link that the first record of a branch follows."""
        row = self._db.conn.execute(
            "SELECT record.header FROM record JOIN log ON log.number = record.log "
            "WHERE log.id = ?1 AND log.origin IS NOT NULL AND seq = ?2",
            (log, length),
        ).fetchone()
        entry = self.frontier([log]).get(log) if row else None
        is_first = entry is not None and entry.base == length
        return decode_header(as_signed(row[0])).prev if is_first else None

    def _logs(self, wanted: Iterable[str] | None) -> Sequence[tuple[int, str]]:
        rows: list[tuple[int, str]] = self._db.conn.execute(
            "SELECT number, id FROM log ORDER BY id"
        ).fetchall()
        if wanted is None:
            return rows
        chosen = set(wanted)
        return [row for row in rows if row[1] in chosen]

    def _entry(self, number: int, log: str, found: Foundation | None) -> FrontierEntry | None:
        base = found.base if found else 0
        row = self._db.conn.execute(
            "SELECT seq, id, signature, CASE WHEN (SELECT origin FROM log WHERE number = ?1) IS NULL THEN ?2 "
            "ELSE (SELECT min(seq) FROM record WHERE log = ?1) END "
            "FROM record WHERE log = ?1 AND seq >= ?2 ORDER BY seq DESC LIMIT 1",
            (number, base),
        ).fetchone()
        if row is not None:
            seq, stored_id, signature, base = row
            return FrontierEntry(log=log, base=base, length=seq + 1, head=link_of(stored_id, signature))
        return FrontierEntry(log=log, base=base, length=base, head=found.head) if found else None

    def _length(self, log: int | None, found: Foundation | None) -> int:
        base = found.base if found else 0
        row = self._db.conn.execute(
            "SELECT max(seq) FROM record WHERE log = ? AND seq >= ?", (log, base)
        ).fetchone()
        return base if row[0] is None else int(row[0]) + 1

    def _links(self, log: int, first: int, stop: int) -> list[str]:
        rows = self._db.conn.execute(
            "SELECT id, signature FROM record WHERE log = ? AND seq >= ? AND seq < ? ORDER BY seq",
            (log, first, stop),
        )
        return [link_of(*row) for row in rows]

    def _log_number(self, run: Run) -> int:
        row = self._db.conn.execute("SELECT number FROM log WHERE id = ?", (run.log,)).fetchone()
        if row:
            return int(row[0])
        opening = run.records[0].header
        device = opening.facts.get("device") if opening.name == OPENING_KIND and run.first == 0 else None
        if run.begins_branch:
            device = self.device_of(run.origin)
        cursor = self._db.conn.execute(
            "INSERT INTO log (id, commune, device, origin) VALUES (?, ?, ?, ?)",
            (run.log, opening.commune, device, run.origin if run.is_branch else None),
        )
        return int(cursor.lastrowid or 0)

    def _insert(self, log: int, record: UnverifiedRecord, *, number: int | None = None) -> None:
        header = record.header
        cursor = self._db.conn.execute(
            "INSERT INTO record (number, log, seq, id, link, kind, dossier, header, signature) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                log,
                header.seq,
                bytes.fromhex(record.id),
                bytes.fromhex(record.link)[:_LINK_KEPT_BYTES],
                header.name,
                bytes.fromhex(header.dossier) if header.dossier else None,
                as_kept(record.header_bytes),
                record.signature,
            ),
        )
        insert_body(self._db, int(cursor.lastrowid or 0), record)


def read_record(row: Sequence[Any]) -> Record:
    """A stored row as a record: only verified ones are ever stored, and their id stands beside them."""
    stored_id, kept, signature, state, salt, content = row
    header, signed = _read_header(kept)
    body, body_state = read_body(state, salt, content)
    link = link_of(stored_id, signature)
    return Record(header, signed, signature, stored_id.hex(), link, body, body_state)


@lru_cache(maxsize=_HEADERS_REMEMBERED)
def _read_header(kept: bytes) -> tuple[Header, bytes]:
    """A stored header and its signed bytes: every list, view and round reads the same ones again, and none ever changes."""
    signed = as_signed(kept)
    return decode_header(signed), signed


def link_of(stored_id: bytes, signature: bytes) -> str:
    """The link of a stored record, which follows from two of its columns."""
    return record_link(stored_id.hex(), signature)
