"""Begin with a snapshot: take one that was made for this PC, or make one for a colleague's new PC (ADR 0030).

Taking: what came is durable message by message, in an order in which an interruption leaves something that is true. First
the keys; then, in one transaction, the bases (from then on the frontier says honestly where the logs begin here); then
loose records, each verified and projected; the history comes later by rounds. Taking the same snapshot again, or a part of
it, changes nothing that is there.

A record that nobody can verify here yet, because the province has not judged it, keeps nothing out but itself, what descends
from it and, above a base, the run that it stands in: all of these come by rounds, with the verdict.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

from dossiers.lifecycle import is_open
from dossiers.merge import FOLD_VERSION
from edge_node.copies.service import is_entitled, may_be_copied
from edge_node.journal.service import require_office, seal_tail
from edge_node.keyring.units import is_of_office, may_hold, read_genealogy
from edge_node.services import Services
from edge_node.store import SqliteLogStore, alerts, write_transaction
from edge_node.store.bases import keep_snapshot, note_whole, snapshot_number
from edge_node.store.local import Office
from edge_node.sync.absorb import Absorbed, absorb, take_loose, verified_records, writer_of
from edge_node.sync.foreign import absorb_foreign, foreign_frames
from signing.roles import Role
from signing.signatures import PublicKey
from signing.statements import KeyStatement
from sync_protocol import digest, reasons
from sync_protocol.copies import REVIEWED
from sync_protocol.errors import LogForked, RemoteFault, RunInvalid
from sync_protocol.limits import PART_SIZE_BYTES_MAX, ROUND_SIZE_BYTES_MAX
from sync_protocol.log import LogOpening, verify_seal
from sync_protocol.parcel import Label, ParcelWriter, Part, Sink, Stretch, enclose
from sync_protocol.record import Record, UnverifiedRecord, verify_record
from sync_protocol.snapshot import (
    NOT_SUMMED,
    SNAPSHOT,
    VERSION,
    Base,
    SnapshotHead,
    SnapshotMessage,
    encode_message,
    make_base,
    open_head,
    snapshot_messages,
    unpack_loose,
)

Progress = Callable[[int, int], None]
_FOREIGN_RECORDS: Final = 512
"""Foreign records in one message."""
_UNJUDGED: Final = (reasons.RECORD_KEY_UNKNOWN, reasons.RECORD_SIGNATURE)
"""For these a run is left to the province's judgement."""


@dataclass(slots=True)
class TakingSnapshot:
    """One snapshot parcel being taken; messages come in order, parts perhaps without the ones before."""

    db: Database
    services: Services
    office: Office
    part: Part
    head: SnapshotHead | None = None
    number: int | None = None
    loose: int = 0
    unsure: int = 0
    """How many records and runs were left to the province's judgement."""
    _signed: bytes = b""
    _believed: Part | None = None

    @property
    def label(self) -> Label:
        return self.part.label

    def message(self, message: SnapshotMessage) -> Absorbed:
        """Store everything of one message; raises RemoteFault where the snapshot is not for this PC or does not hold."""
        absorbed = Absorbed()
        self._signed = message.head or self._signed
        if message.runs:
            taken = absorb(self.db, self.services, self.office, message.runs)
            absorbed.records += taken.records
            absorbed.problems += self._faults(taken)
        if message.loose:
            absorbed.records += self._take_loose(message)
        if message.foreign:
            kept, problems = absorb_foreign(self.db, self.services, self.office, message.foreign)
            absorbed.records += kept
            absorbed.problems += problems
        return absorbed

    def _faults(self, taken: Absorbed) -> list[RemoteFault]:
        """What is wrong with the snapshot itself: not that a colleague's log holds a record nobody here can verify yet."""
        hub, store = self.services.trust.trust(self.db).bundle.hub.key.id, SqliteLogStore(self.db)
        if any(writer_of(store, run) == hub for run in taken.untaken):
            return taken.problems
        faults = [problem for problem in taken.problems if problem.reason not in _UNJUDGED]
        self.unsure += len(taken.problems) - len(faults)
        return faults

    def close(self, *, is_complete: bool) -> None:
        """The parcel has been read: say whether all of it came in, and compare what came out of it."""
        if self.head is None or self.number is None or not is_complete or self.loose < self.head.records:
            return
        note_whole(self.db, self.number)
        self._compare(self.head)

    def _believe(self) -> PublicKey:
        """The maker's key, once this part and the head are its own.

        A colleague's key is known only after the province's log, which lies first in the parcel and proves itself.
        """
        maker = maker_of(self.db, self.services, self.office, self.label)
        if self._believed is not self.part:
            self.part.verify(maker)
            self._believed = self.part
        if self.head is None and self._signed:
            head = open_head(self._signed, maker)
            if head.unit != self.office.unit:
                raise RemoteFault(reasons.PARCEL_RECIPIENT, head.unit)
            self.head = head
        return maker

    def _take_loose(self, message: SnapshotMessage) -> int:
        maker = self._believe()
        records = unpack_loose(message.loose)
        self.loose += len(records)
        if self.number is None:
            self._refuse_copied(records)
            self.number = self._adopt(message, records, maker)
        try:
            fresh, unsure = take_loose(self.db, self.services, self.office, records)
        except LogForked as error:
            raise RunInvalid(reasons.LOG_FORK, f"log {error.log}") from error
        self.unsure += unsure
        return fresh

    def _refuse_copied(self, records: list[UnverifiedRecord]) -> None:
        """Refuse a maker of whose disk a copy waits; the word that ended it may lie in the snapshot itself."""
        trust = self.services.trust.trust(self.db)
        words = [record for record in records if record.header.kind == REVIEWED]
        said = [r for r in verified_records(self.db, trust, words) if is_entitled(trust, r)]
        if may_be_copied(self.db, self.label.sender, also=said):
            raise RemoteFault(reasons.PARCEL_COPY, self.label.sender)

    def _adopt(self, message: SnapshotMessage, records: list[UnverifiedRecord], maker: PublicKey) -> int:
        """The bases, before the first loose record; they stand already where an earlier part or import brought them."""
        if self.head is None:
            number = snapshot_number(self.db, message.snapshot)
            if number is None:
                raise RemoteFault(reasons.PARCEL_CUT, "the snapshot's first part is missing")
            return number
        openings = {r.header.log: r for r in records if r.header.seq == 0}
        with write_transaction(self.db):
            number = keep_snapshot(
                self.db,
                self.head.snapshot,
                maker=maker.id,
                head=self._signed,
                now=self.services.clock(),
            )
            for base in self.head.bases:
                self._add_base(base, openings.get(base.log.hex()), number)
        return number

    def _add_base(self, base: Base, opening: UnverifiedRecord | None, number: int) -> None:
        if opening is None:
            raise RemoteFault(reasons.PARCEL_FORMAT, f"log {base.log.hex()} is not opened")
        device = LogOpening.from_header(opening.header).device
        units = read_genealogy(self.db).scope(self.office.unit)
        if opening.header.commune not in units or device == self.office.device:
            raise RemoteFault(reasons.RECORD_UNIT, base.log.hex())
        statement = self.services.trust.trust(self.db).statement(device)
        if statement is None:
            self.unsure += 1  # a log of somebody nobody here knows yet is left to rounds, whole
            return
        seal = base.as_seal()
        verify_seal(seal, statement.key)
        SqliteLogStore(self.db).add_base(seal, opening=verify_record(opening, statement.key), snapshot=number)

    def _compare(self, head: SnapshotHead) -> None:
        """The maker's sum of the open dossiers against ours, where both come from the same records and the same fold."""
        if head.fold != FOLD_VERSION or self.unsure or not self._holds_just_this(head):
            return
        total = 0
        for dossier in head.dossiers:
            row = self.db.conn.execute("SELECT digest FROM dossier WHERE id = ?", (dossier,)).fetchone()
            total = digest.replace(total, old=0, new=digest.from_bytes(row[0]) if row else 0)
        if digest.to_bytes(total) != head.digest:
            detail = f"snapshot {head.id[:8]}: {len(head.dossiers)} open dossiers come out otherwise"
            alerts.raise_alert(self.db, alerts.DIGEST, now=self.services.clock(), detail=detail)

    def _holds_just_this(self, head: SnapshotHead) -> bool:
        """Whether no record about a dossier is here that the maker did not have."""
        stops = {base.log.hex(): base.stop for base in head.bases}
        stops |= {stretch.log: stretch.length for stretch in self.label.logs}
        frontier = SqliteLogStore(self.db).frontier()
        return all(
            stops.get(log, 0) == entry.length or not self._speaks_of_dossiers(log)
            for log, entry in frontier.items()
        )

    def _speaks_of_dossiers(self, log: str) -> bool:
        row = self.db.conn.execute(
            "SELECT 1 FROM record JOIN log ON log.number = record.log "
            "WHERE log.id = ? AND dossier IS NOT NULL LIMIT 1",
            (log,),
        ).fetchone()
        return row is not None


def maker_of(db: Database, services: Services, office: Office, label: Label) -> PublicKey:
    """Whose snapshots are taken here: the hub's, or those of a PC of this unit that was not cut off; raises RemoteFault."""
    trust = services.trust.trust(db)
    if label.sender == trust.bundle.hub.key.id:
        return trust.bundle.hub.key
    statement = trust.statement(label.sender)
    if statement is None or not _is_colleague(db, services, office, statement):
        raise RemoteFault(reasons.PARCEL_SENDER, label.sender)
    return statement.key


def _is_colleague(db: Database, services: Services, office: Office, statement: KeyStatement) -> bool:
    from_here = is_of_office(db, statement, office.unit) and Role.DEVICE in statement.roles
    return from_here and services.status.refusal(db, statement.key.id, device=statement.key.id) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenSnapshot:
    """A snapshot parcel: what is inside."""

    label: Label
    parts: int
    size_bytes: int
    dossiers: int
    records: int


def write_snapshot(
    db: Database,
    services: Services,
    device: str,
    open_part: Callable[[Label, int], Sink],
    *,
    part_bytes_max: int = PART_SIZE_BYTES_MAX,
    progress: Progress | None = None,
) -> WrittenSnapshot:
    """Write what a colleague's new PC of this commune needs, enclosed for it alone; raises RemoteFault."""
    office = require_office(db)
    statement = services.trust.trust(db).statement(device)
    if statement is None or statement.box is None or not _is_colleague(db, services, office, statement):
        raise RemoteFault(reasons.PARCEL_NO_KEY, device)
    for each in (device, office.device):
        if may_be_copied(db, each):
            raise RemoteFault(reasons.PARCEL_COPY, each)
    seal_tail(db, services, office)
    store = SqliteLogStore(db)
    whole, bases, has_branches = _logs(db, services, office, device)
    rows = _open_rows(db, office)
    told = [*(dossier for dossier, _ in rows), *_guests(db, office)]
    about_none = [r for base in bases for r in _about_no_dossier(db, base.log.hex())]
    limits = {base.log.hex(): base.length for base in bases}
    total = 0
    for _, number in rows:
        total = digest.replace(total, old=0, new=number)
    loose = sum(r.header.seq < limits[r.header.log] for r in about_none) + sum(
        r.header.seq < limits.get(r.header.log, 0) for dossier in told for r in _in_logs(store, dossier)
    )
    head = SnapshotHead(
        version=VERSION,
        snapshot=services.random_bytes(16),
        unit=office.unit,
        maker=bytes.fromhex(office.device),
        at_ms=services.clock(),
        bases=bases,
        dossiers=[bytes.fromhex(dossier) for dossier, _ in rows],
        records=loose,
        fold=NOT_SUMMED if has_branches else FOLD_VERSION,
        digest=digest.to_bytes(total),
    )
    key = services.random_bytes(32)
    label = Label(
        parcel=services.random_bytes(16).hex(),
        part=1,
        content=SNAPSHOT,
        sender=office.device,
        unit=office.unit,
        recipients=[enclose(key, device, statement.box)],
        logs=[Stretch(log=log, first=0, length=length, head="") for log, length in whole.items()],
        at=head.at_ms,
    )
    writer = ParcelWriter(
        label,
        key=key,
        sender=services.keyring.device,
        open_part=lambda number: open_part(label, number),
        part_bytes_max=part_bytes_max,
    )
    done = 0
    for message, records in snapshot_messages(
        store,
        head,
        services.keyring.device,
        whole=whole,
        about_none=about_none,
        dossiers=(_in_logs(store, dossier) for dossier in told),
        may_hold=may_hold(db, office),
    ):
        writer.add(message)
        done += records
        if progress:
            progress(done, max(loose, 1))
    for frames in _foreign(db):
        writer.add(encode_message(SnapshotMessage(snapshot=head.snapshot, foreign=frames)))
    writer.close()
    return WrittenSnapshot(
        label=label, parts=writer.parts, size_bytes=writer.bytes_written, dossiers=len(rows), records=loose
    )


def _logs(
    db: Database, services: Services, office: Office, recipient: str
) -> tuple[dict[str, int], list[Base], bool]:
    """The logs to be taken whole, with their lengths, the bases of the others (those of this office's PCs), and whether
    there are branches: they follow in rounds, once the log that each comes off is there."""
    store, trust = SqliteLogStore(db), services.trust.trust(db)
    whole: dict[str, int] = {}
    bases: list[Base] = []
    has_branches = False
    for log, entry in store.frontier().items():
        if store.origin_of(log) != log:
            has_branches = True
            continue
        device = store.device_of(log)
        statement = trust.statement(device) if device else None
        is_office = statement is not None and Role.DEVICE in statement.roles and device != recipient
        base = make_base(store, log, stop=entry.length) if is_office else None
        if base is not None:
            bases.append(base)
        elif entry.base == 0:
            whole[log] = entry.length
    return whole, bases, has_branches


def _open_rows(db: Database, office: Office) -> list[tuple[str, int]]:
    """The open dossiers, oldest first, each with its number in the sum."""
    rows = db.conn.execute(
        "SELECT id, status, conflicts + refused, digest FROM dossier WHERE keeper = ? ORDER BY received, number",
        (office.unit,),
    )
    return [(row[0].hex(), digest.from_bytes(row[3])) for row in rows if is_open(row[1], conflicts=row[2])]


def _guests(db: Database, office: Office) -> list[str]:
    """Open dossiers of other units that concern this one: what this office wrote of them goes along, and counts in no sum."""
    rows = db.conn.execute(
        "SELECT id, status, conflicts + refused FROM dossier WHERE keeper <> ? ORDER BY received, number",
        (office.unit,),
    )
    return [row[0].hex() for row in rows if is_open(row[1], conflicts=row[2])]


def _foreign(db: Database) -> Iterator[list[bytes]]:
    """What other units wrote of open dossiers that concern this one, and the keys needed for it: of what the province's lists
    name, whatever is here."""
    rows = db.conn.execute(
        "SELECT foreign_listed.record, foreign_listed.dossier, dossier.status, dossier.conflicts + dossier.refused "
        "FROM foreign_listed JOIN foreign_record ON foreign_record.id = foreign_listed.record "
        "LEFT JOIN dossier ON dossier.id = foreign_listed.dossier "
        "ORDER BY foreign_listed.dossier IS NOT NULL, foreign_listed.number, foreign_listed.record"
    ).fetchall()
    wanted = [
        row[0] for row in rows if row[1] is None or (row[2] is not None and is_open(row[2], conflicts=row[3]))
    ]
    parts = [wanted[first : first + _FOREIGN_RECORDS] for first in range(0, len(wanted), _FOREIGN_RECORDS)]
    while parts:
        part = parts.pop(0)
        frames, has_more = foreign_frames(db, part, bytes_max=ROUND_SIZE_BYTES_MAX)
        if has_more and len(part) > 1:
            parts[:0] = [part[: len(part) // 2], part[len(part) // 2 :]]
        elif frames:
            yield frames


def _in_logs(store: SqliteLogStore, dossier: str) -> list[Record]:
    """A dossier's records but for those that a branch keeps: they stand at places of the log that hold others."""
    return [r for r in store.dossier_records(dossier) if store.log_of(r) == r.header.log]


def _about_no_dossier(db: Database, log: str) -> list[Record]:
    rows = db.conn.execute(
        "SELECT record.id FROM record JOIN log ON log.number = record.log WHERE log.id = ? AND dossier IS NULL",
        (log,),
    ).fetchall()
    found = [SqliteLogStore(db).record(row[0].hex()) for row in rows]
    return [record for record in found if record is not None]
