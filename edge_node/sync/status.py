"""How far the office's records held here have travelled: computed from durable facts, never from flags (lessons 3).

The facts are the lengths of the logs of this PC and of what it holds of the office's others, the hub's newest receipt, the
standing verdicts and when a round last ended with nothing left to do. Ages come from this PC's clock alone, so they cannot be negative or "tomorrow" (lessons 17).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import orjson
from sqlite_utils import Database

from edge_node.files.copies import files_waiting
from edge_node.keyring.trust import hub_keys
from edge_node.keyring.units import read_genealogy
from edge_node.store.bases import Seeded, read_seeded
from edge_node.store.local import read_local

WHOLE: Final = Seeded()
LAST_FULL: Final = "sync.last_full"
RECEIPT_IS_OURS: Final = (
    "NOT EXISTS (SELECT 1 FROM record WHERE record.log = log.number AND record.seq = receipt_log.held - 1 "
    "AND record_link(record.id, record.signature) <> receipt_log.head)"
)
"""A receipt for what another copy of this disk wrote in the log says nothing of the records here."""

_OFFICE_LOGS: Final = (
    "SELECT log.number, log.id, max(ifnull((SELECT max(seq) + 1 FROM record WHERE record.log = log.number), 0), "  # noqa: S608 — constants
    "ifnull(log_base.base, 0)), ifnull(log_base.base, 0), max(ifnull(receipt_log.held, 0), begin), "
    "max(ifnull(receipt_log.judged, 0), begin), log.device, "
    "log.device IS (SELECT value FROM local WHERE name = 'office.device') AS is_own "
    "FROM (SELECT *, CASE WHEN origin IS NULL THEN 0 ELSE ifnull((SELECT min(seq) FROM record "
    "WHERE record.log = log.number), 0) END AS begin FROM log) AS log "
    f"LEFT JOIN receipt_log ON receipt_log.log = log.id AND {RECEIPT_IS_OURS} "
    "LEFT JOIN log_base ON log_base.log = log.number "
    "WHERE is_own OR log.commune IN (SELECT value FROM json_each(?))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLog:
    """One log of a PC of this office: its length, and what the receipt says. `oldest_at` is the time of the first unheld record.

    `absent` records after the held ones are not here at all: they lie below the base of a snapshot.
    """

    log: str
    length: int
    held: int
    judged: int
    oldest_at: int | None
    is_own: bool = True
    absent: int = 0

    @property
    def waiting(self) -> int:
        """Records here that the province does not hold."""
        return max(0, self.length - self.held - self.absent)


class Said(StrEnum):
    """What a status says, part by part: screens and commands only put it into words."""

    WAITING = "waiting"
    NEVER = "never"
    UNJUDGED = "unjudged"
    ALL_THERE = "all_there"
    RECORDS_THERE = "records_there"
    REFUSED = "refused"
    UNDECIDED = "undecided"
    FILES = "files"
    SNAPSHOT_CUT = "snapshot_cut"
    HISTORY = "history"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncStatus:
    """One sentence's worth.

    Attributes:
        waiting: records held here that the province does not hold; oldest_ms: age of the oldest of them.
        others: how many of `waiting` other PCs of the office wrote.
        unjudged: held there but not yet judged; refused, undecided: records whose verdict stands against them.
        last: when this PC last had nothing left to exchange (its own clock), None for never.
        files: scans and results here that the province does not hold; they follow the records.
        history: records of the past that are not here yet, because this PC began with a snapshot.
        is_seeded_whole: whether all of that snapshot came in.
    """

    waiting: int
    oldest_ms: int
    unjudged: int
    refused: int
    undecided: int
    last: int | None
    now: int
    files: int = 0
    others: int = 0
    history: int = 0
    is_seeded_whole: bool = True

    @property
    def oldest_days(self) -> int:
        return self.oldest_ms // 86_400_000

    @property
    def said(self) -> tuple[Said, ...]:
        """Everything that has to be said: how far the records are first, then each thing that is still open."""
        parts = [self._records()]
        open_ends = {
            Said.REFUSED: self.refused,
            Said.UNDECIDED: self.undecided,
            Said.FILES: self.files,
            Said.SNAPSHOT_CUT: not self.is_seeded_whole,
            Said.HISTORY: self.history,
        }
        return (*parts, *(part for part, is_open in open_ends.items() if is_open))

    def _records(self) -> Said:
        if self.waiting:
            return Said.WAITING
        if self.last is None:
            return Said.NEVER
        if self.unjudged:
            return Said.UNJUDGED
        return Said.ALL_THERE if self.is_full else Said.RECORDS_THERE

    @property
    def is_full(self) -> bool:
        """Everything is at the province, judged, and nothing stands against it; and everything of the past is here."""
        open_ends = (self.waiting, self.unjudged, self.refused, self.undecided, self.files, self.history)
        return self.is_seeded_whole and self.last is not None and not any(open_ends)


def status_of(
    logs: Iterable[UnitLog],
    *,
    refused: int,
    undecided: int,
    last: int | None,
    now: int,
    files: int = 0,
    seeded: Seeded = WHOLE,
) -> SyncStatus:
    """The status that these facts mean."""
    held = list(logs)
    ages = [now - log.oldest_at for log in held if log.oldest_at is not None and log.waiting]
    return SyncStatus(
        waiting=sum(log.waiting for log in held),
        oldest_ms=max([0, *ages]),
        unjudged=sum(max(0, min(log.held, log.length) - log.judged) for log in held),
        refused=refused,
        undecided=undecided,
        last=None if last is None else min(last, now),
        now=now,
        files=files,
        others=sum(log.waiting for log in held if not log.is_own),
        history=seeded.missing,
        is_seeded_whole=seeded.is_whole,
    )


def read_status(db: Database, *, now: int) -> SyncStatus:
    """The status of this PC."""
    last = read_local(db, LAST_FULL)
    verdicts = dict(
        db.conn.execute(
            "SELECT outcome, count(*) FROM verdict WHERE outcome <> 'applied' GROUP BY outcome"
        ).fetchall()
    )
    return status_of(
        office_logs(db),
        refused=verdicts.get("quarantined", 0),
        undecided=verdicts.get("pending", 0),
        last=int(last) if last else None,
        now=now,
        files=files_waiting(db),
        seeded=read_seeded(db),
    )


def office_logs(db: Database) -> list[UnitLog]:
    """The logs of this office's PCs that are held here, with their receipts; those of the units before it are its, too."""
    hubs, unit = hub_keys(db), read_local(db, "office.unit")
    units = sorted(read_genealogy(db).scope(unit)) if unit else []
    rows = db.conn.execute(_OFFICE_LOGS, (orjson.dumps(units).decode(),)).fetchall()
    return [
        UnitLog(
            log=log,
            length=length,
            held=held,
            judged=judged,
            oldest_at=_written_at(db, number, held) if held < length else None,
            is_own=bool(is_own),
            absent=_absent(db, number, held, base) if held < base else 0,
        )
        for number, log, length, base, held, judged, device, is_own in rows
        if device not in hubs
    ]


def own_logs(db: Database) -> list[UnitLog]:
    """The logs that this PC writes or wrote, with their receipts."""
    return [log for log in office_logs(db) if log.is_own]


def _written_at(db: Database, log: int, seq: int) -> int | None:
    row = db.conn.execute(
        "SELECT signed_header(header) FROM record WHERE log = ? AND seq >= ? ORDER BY seq LIMIT 1", (log, seq)
    ).fetchone()
    return int(orjson.loads(row[0])["at"][0]) if row else None


def _absent(db: Database, log: int, held: int, base: int) -> int:
    query = "SELECT count(*) FROM record WHERE log = ? AND seq >= ? AND seq < ?"
    return base - held - int(db.conn.execute(query, (log, held, base)).fetchone()[0])
