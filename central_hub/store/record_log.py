"""The store of logs on SQLAlchemy: `sync_protocol.log_store.LogStore`, and the few questions only a hub asks.

A run is stored as one row: its frame, as it travelled. Where a record stands is in `place` (written with the run, or by
the judge for runs that the web workers received), so any record is found without keeping it a second time. Bodies are
reached through this module alone.

Every method works inside the caller's transaction. `receive` is for runs of devices: durable at once, found by log and
position, and by id once judged. `append` also makes them findable; the hub writes its own logs with it.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, insert, select, update

from central_hub.store.bulk import chunks, insert_rows, update_rows
from central_hub.store.erasures import as_kept, carry_out
from central_hub.store.opened_runs import OpenedRuns
from central_hub.store.tables import LATE_BODY, LOG, PLACE, RUN, SEAL
from sync_protocol.erasure import Erasure
from sync_protocol.errors import LogForked
from sync_protocol.frame import encode_run
from sync_protocol.frontier import Frontier, FrontierEntry
from sync_protocol.log import OPENING_KIND, OpeningReason, Run, Seal
from sync_protocol.log_store import cut_to_size, first_length, new_part
from sync_protocol.record import Body, BodyState, Header, Record, UnverifiedRecord, trusted

_ONE_LOG = select(LOG).where(LOG.c.id == bindparam("log"))
"""Asked several times in every round, as are the next ones: composing a statement costs more than running it."""
_NEWEST_RUN = select(func.max(RUN.c.no))
_ONE_SEAL = select(SEAL.c.length).where(
    SEAL.c.log_no == bindparam("log_no"), SEAL.c.length == bindparam("length")
)
_HEAD_AT = select(RUN.c.head).where(RUN.c.log_no == bindparam("log_no"), RUN.c.stop == bindparam("stop"))
_RUNS_WITHIN = (
    select(RUN.c.no)
    .where(
        RUN.c.log_no == bindparam("log_no"), RUN.c.stop > bindparam("begin"), RUN.c.first < bindparam("end")
    )
    .order_by(RUN.c.first)
)
FRAME = select(RUN.c.frame).where(RUN.c.no == bindparam("no"))
_NEWEST_SEAL = (
    select(SEAL)
    .join(LOG, SEAL.c.log_no == LOG.c.no)
    .where(LOG.c.id == bindparam("log"))
    .order_by(SEAL.c.length.desc())
    .limit(1)
)
_NEWEST_SEAL_WITHIN = _NEWEST_SEAL.where(SEAL.c.length <= bindparam("most"))
_PLACES = select(PLACE.c.log_no, PLACE.c.seq).order_by(PLACE.c.log_no, PLACE.c.seq)
_PLACES_OF_RECORD = _PLACES.where(PLACE.c.record_prefix == bindparam("of"))
_PLACES_OF_DOSSIERS = _PLACES.where(PLACE.c.dossier_prefix.in_(bindparam("of", expanding=True)))
_RUN_WITH = (
    select(RUN.c.no, RUN.c.first, RUN.c.stop, RUN.c.frame)
    .where(RUN.c.log_no == bindparam("log_no"), RUN.c.first <= bindparam("seq"))
    .order_by(RUN.c.first.desc())
    .limit(1)
)
_LATE_BODIES = select(LATE_BODY).where(
    LATE_BODY.c.log_no == bindparam("log_no"),
    LATE_BODY.c.seq >= bindparam("begin"),
    LATE_BODY.c.seq <= bindparam("end"),
)
_BRANCHES = select(LOG).where(LOG.c.origin == bindparam("origin")).order_by(LOG.c.no)
_RUN_COLUMNS = ("no", "log_no", "first", "stop", "head", "arrived_ms", "frame")
_SEAL_COLUMNS = ("log_no", "length", "head", "signature")
PLACE_COLUMNS = ("log_no", "seq", "record_prefix", "dossier_prefix")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLog:
    """How far a log is stored, acknowledged and judged."""

    no: int
    id: str
    commune: str
    device: str
    length: int
    head: str
    acknowledged: int
    acknowledged_head: str
    judged: int
    opened_ms: int = 0
    base: int = 0
    origin: str | None = None

    @property
    def count(self) -> int:
        """How many records are stored here."""
        return self.length - self.base


@cache
def _logs_by(names: tuple[str, ...]) -> Select[Any]:
    """The question for the logs in `logs`, of one commune, of one device: all conditions that are named."""
    meant = {
        "logs": LOG.c.id.in_(bindparam("logs", expanding=True)),
        "commune": LOG.c.commune == bindparam("commune"),
        "device": LOG.c.device == bindparam("device"),
    }
    return select(LOG).where(*(meant[name] for name in names)).order_by(LOG.c.no)


def prefix(id_hex: str) -> int:
    """The first 64 bits of an id, as the signed number that both databases store."""
    return int.from_bytes(bytes.fromhex(id_hex[:16]), "big", signed=True)


def place_rows(log_no: int, records: Iterable[UnverifiedRecord]) -> list[tuple[int, int, int, int | None]]:
    """Rows of `place` for the records of a run."""
    return [
        (log_no, r.header.seq, prefix(r.id), prefix(r.header.dossier) if r.header.dossier else None)
        for r in records
    ]


class HubLogStore:
    """Keeps logs in the hub's database, within the transaction of `connection`."""

    def __init__(self, connection: Connection, opened: OpenedRuns, *, now_ms: int = 0) -> None:
        self._connection = connection
        self._opened = opened
        self._now_ms = now_ms

    # --- the contract ---

    def frontier(self, logs: Iterable[str] | None = None) -> Frontier:
        return Frontier(
            FrontierEntry(log=held.id, base=held.base, length=held.length, head=held.head)
            for held in self.held_logs(logs=logs)
        )

    def link_at(self, log: str, length: int) -> str | None:
        held = self.held(log)
        if held is None or not max(held.base, 1) <= length <= held.length:
            return None
        if length == held.length:
            return held.head
        if length == held.base:
            return self._range(held.no, length, length + 1)[0].header.prev
        return self._link(held, length)

    def append(self, run: Run) -> int:
        return self._add(run, frame=None, findable=True)

    def span(
        self, log: str, first: int, *, stop: int | None = None, bytes_max: int | None = None
    ) -> list[Record]:
        held = self.held(log)
        if held is None:
            return []
        end = held.length if stop is None else min(stop, held.length)
        if bytes_max is None:
            return self._range(held.no, first, end)
        return self._range_in_budget(held.no, first, end, bytes_max)

    def seal(self, log: str, *, at_most: int | None = None) -> Seal | None:
        if at_most is None:
            row = self._connection.execute(_NEWEST_SEAL, {"log": log}).first()
        else:
            row = self._connection.execute(_NEWEST_SEAL_WITHIN, {"log": log, "most": at_most}).first()
        return (
            None if row is None else Seal(log=log, length=row.length, head=row.head, signature=row.signature)
        )

    def add_seal(self, seal: Seal) -> None:
        held = self.held(seal.log)
        link = self.link_at(seal.log, seal.length)
        if held is None or link != seal.head:
            raise LogForked(seal.log, seal.length - 1)
        self._keep_seal(held.no, seal)

    def record(self, record_id: str) -> Record | None:
        found = self._at(_PLACES_OF_RECORD, prefix(record_id))
        return next((record for record in found if record.id == record_id), None)

    def dossier_records(self, dossier: str) -> list[Record]:
        return self.records_of_dossiers([dossier]).get(dossier, [])

    def put_body(self, record_id: str, body: Body) -> None:
        record = self.record(record_id)
        held = self.held(record.header.log) if record else None
        if record is None or held is None:
            raise KeyError(record_id)
        if record.body is None and record.body_state is not BodyState.ERASED:
            row = {"log_no": held.no, "seq": record.header.seq, "salt": body.salt, "content": body.content}
            self._connection.execute(insert(LATE_BODY).values(row))

    def erase(self, erasure: Erasure) -> None:
        carry_out(self._connection, erasure, places=[prefix(erasure.dossier)])

    # --- what only a hub asks ---

    def held(self, log: str) -> HeldLog | None:
        """Where this hub stands in one log."""
        row = self._connection.execute(_ONE_LOG, {"log": log}).first()
        return None if row is None else _held(row)

    def family(self, log: str) -> list[HeldLog]:
        """Where this hub stands in a log and in every branch of it."""
        rows = self._connection.execute(select(LOG).where((LOG.c.id == log) | (LOG.c.origin == log)))
        return [_held(row) for row in rows.all()]

    def held_logs(
        self, *, logs: Iterable[str] | None = None, commune: str | None = None, device: str | None = None
    ) -> list[HeldLog]:
        """Where this hub stands in all logs, in `logs`, or in those of one commune or device."""
        given = {"logs": None if logs is None else list(logs), "commune": commune, "device": device}
        named = {name: value for name, value in given.items() if value is not None}
        return [_held(row) for row in self._connection.execute(_logs_by(tuple(named)), named)]

    def branches_of(self, origin: str) -> list[HeldLog]:
        """The branches of a log, oldest first."""
        return [_held(row) for row in self._connection.execute(_BRANCHES, {"origin": origin})]

    def receive(self, run: Run, frame: bytes | None) -> int:
        """Store a device's run durably, without making its records findable: that is the judge's work."""
        return self._add(run, frame=frame, findable=False)

    def drop_tail(self, log: str) -> None:
        """Forget the part of a log that nobody acknowledged, because it did not stand or another tail replaces it."""
        held = self.held(log)
        if held is None or held.length == held.acknowledged:
            return
        gone = (RUN.c.log_no == held.no) & (RUN.c.first >= held.acknowledged)
        self._connection.execute(delete(RUN).where(gone))
        self._connection.execute(
            delete(PLACE).where(PLACE.c.log_no == held.no, PLACE.c.seq >= held.acknowledged)
        )
        self._connection.execute(
            update(LOG)
            .where(LOG.c.no == held.no)
            .values(length=held.acknowledged, head=held.acknowledged_head)
        )

    def records_of_dossiers(self, dossiers: Sequence[str]) -> dict[str, list[Record]]:
        """All findable records of several dossiers."""
        found: dict[str, list[Record]] = {dossier: [] for dossier in dossiers}
        for part in chunks(dossiers):
            for record in self._at(_PLACES_OF_DOSSIERS, [prefix(dossier) for dossier in part]):
                if record.header.dossier in found:
                    found[record.header.dossier].append(record)
        return found

    def records_below(self, log: str, stop: int, dossiers: AbstractSet[str]) -> list[Record]:
        """The records of a log before `stop` that concern one of these dossiers, or none at all (openings, keys, orders)."""
        held = self.held(log)
        if held is None:
            return []
        found = [
            record
            for records in self._runs(held.no, 0, stop)
            for record in records
            if record.header.seq < stop
            and (record.header.dossier is None or record.header.dossier in dossiers)
        ]
        return self._with_late_bodies(held.no, found)

    # --- inside ---

    def _add(self, run: Run, *, frame: bytes | None, findable: bool) -> int:
        held = self.held(run.log)
        length = held.length if held else first_length(run)
        overlap = (
            self._range(held.no, run.first, min(run.stop, length)) if held and run.first < length else []
        )
        new = new_part(run, length, [record.link for record in overlap])
        if run.seal:
            self._check_seal(run, run.seal, held)
        if new:
            new, is_stripped = as_kept(self._connection, new)
            if frame is None or is_stripped or len(new) < len(run.records):
                part = Run(log=run.log, first=run.stop - len(new), records=tuple(new), seal=run.seal)
                frame = encode_run(part)
            held = self._store(run, new, frame, held)
        if held is not None and run.seal:
            self._keep_seal(held.no, run.seal)
        if held is not None and new and findable:
            insert_rows(self._connection, PLACE, PLACE_COLUMNS, place_rows(held.no, new))
        return len(new)

    def _check_seal(self, run: Run, seal: Seal, held: HeldLog | None) -> None:
        in_run = seal.length - run.first - 1
        if 0 <= in_run < len(run.records):
            link: str | None = run.records[in_run].link
        else:
            link = self.link_at(run.log, seal.length) if held else None
        if link != seal.head:
            raise LogForked(run.log, seal.length - 1)

    def _store(
        self, run: Run, new: Sequence[UnverifiedRecord], frame: bytes, held: HeldLog | None
    ) -> HeldLog:
        head, first = new[-1].link, run.stop - len(new)
        if held is None:
            held = self._open_log(run, first, head)
        else:
            update_rows(self._connection, LOG, ("length", "head"), ("no",), [(run.stop, head, held.no)])
        no = 1 + (self._connection.scalar(_NEWEST_RUN) or 0)
        row = (no, held.no, first, run.stop, head, self._now_ms, frame)
        insert_rows(self._connection, RUN, _RUN_COLUMNS, [row])
        return held

    def _open_log(self, run: Run, base: int, head: str) -> HeldLog:
        header = run.records[0].header
        device = str(header.facts.get("device", "")) if header.name == OPENING_KIND else ""
        if run.is_branch:
            origin = self.held(run.origin)
            device = origin.device if origin else ""
        row: dict[str, Any] = {
            "no": 1 + (self._connection.scalar(select(func.max(LOG.c.no))) or 0),
            "id": run.log,
            "commune": header.commune,
            "device": device,
            "length": run.stop,
            "head": head,
            "acknowledged": base,
            "acknowledged_head": header.prev or "",
            "judged": base,
            "base": base,
            "origin": run.origin if run.is_branch else None,
        }
        row["opened_ms"] = self._now_ms
        reason = None if run.is_branch else opening_reason(header)
        self._connection.execute(insert(LOG).values(row | {"reason": reason}))
        return HeldLog(**row)

    def _keep_seal(self, log_no: int, seal: Seal) -> None:
        known = {"log_no": log_no, "length": seal.length}
        if self._connection.execute(_ONE_SEAL, known).first() is None:
            row = (log_no, seal.length, seal.head, seal.signature)
            insert_rows(self._connection, SEAL, _SEAL_COLUMNS, [row])

    def _link(self, held: HeldLog, length: int) -> str:
        head = self._connection.scalar(_HEAD_AT, {"log_no": held.no, "stop": length})
        return head if head is not None else self._range(held.no, length - 1, length)[0].link

    def _runs(self, log_no: int, first: int, end: int) -> Iterable[tuple[UnverifiedRecord, ...]]:
        within = {"log_no": log_no, "begin": first, "end": end}
        for no in self._connection.scalars(_RUNS_WITHIN, within).all():
            frame = self._connection.execute(FRAME, {"no": no}).scalar_one()
            yield self._opened.open(no, frame)

    def _range(self, log_no: int, first: int, end: int) -> list[Record]:
        if first >= end:
            return []
        found = [
            r for records in self._runs(log_no, first, end) for r in records if first <= r.header.seq < end
        ]
        return self._with_late_bodies(log_no, found)

    def _range_in_budget(self, log_no: int, first: int, end: int, bytes_max: int) -> list[Record]:
        found: list[Record] = []
        for records in self._runs(log_no, first, end):
            found += [trusted(r) for r in records if first <= r.header.seq < end]
            kept = cut_to_size(found, bytes_max)
            if len(kept) < len(found):
                found = kept
                break
        return self._with_late_bodies(log_no, found)

    def _with_late_bodies(self, log_no: int, records: Sequence[UnverifiedRecord | Record]) -> list[Record]:
        lacking = [r.header.seq for r in records if r.body is None and r.header.body is not None]
        late: dict[int, Body] = {}
        if lacking:
            within = {"log_no": log_no, "begin": lacking[0], "end": lacking[-1]}
            rows = self._connection.execute(_LATE_BODIES, within)
            late = {row.seq: Body(row.salt, row.content) for row in rows}
        return [_completed(record, late.get(record.header.seq)) for record in records]

    def _at(self, places: Select[Any], of: object) -> list[Record]:
        rows = self._connection.execute(places, {"of": of}).all()
        wanted: dict[int, list[int]] = {}
        for row in rows:
            wanted.setdefault(row.log_no, []).append(row.seq)
        return [record for log_no, seqs in wanted.items() for record in self._singles(log_no, seqs)]

    def _singles(self, log_no: int, seqs: list[int]) -> list[Record]:
        found: list[Record] = []
        while seqs:
            row = self._connection.execute(_RUN_WITH, {"log_no": log_no, "seq": seqs[0]}).one()
            records = self._opened.open(row.no, row.frame)
            inside = [seq for seq in seqs if seq < row.stop]
            seqs = seqs[len(inside) :]
            found += self._with_late_bodies(log_no, [records[seq - row.first] for seq in inside])
        return found


def opening_reason(header: Header) -> str | None:
    """Why a log was opened, as its record 0 says; None where this record tells no known reason."""
    said = header.facts.get("reason") if header.name == OPENING_KIND and header.seq == 0 else None
    return said if isinstance(said, str) and said in set(OpeningReason) else None


def _held(row: Row[Any]) -> HeldLog:
    return HeldLog(
        no=row.no,
        id=row.id,
        commune=row.commune,
        device=row.device,
        length=row.length,
        head=row.head,
        acknowledged=row.acknowledged,
        acknowledged_head=row.acknowledged_head,
        judged=row.judged,
        opened_ms=row.opened_ms,
        base=row.base,
        origin=row.origin,
    )


def _completed(record: UnverifiedRecord | Record, late: Body | None) -> Record:
    if late is None:
        return record if isinstance(record, Record) else trusted(record)
    return Record(
        record.header,
        record.header_bytes,
        record.signature,
        record.id,
        record.link,
        late,
        BodyState.PRESENT,
    )
