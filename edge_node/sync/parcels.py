"""«Mang bằng USB»: write what the province lacks to a stick, and take what came back.

What goes out are the requests that would be posted, what comes in are answers that the hub would have given: both run
through the same code as a sync over a line (`runner.Rounds`), so writing twice, losing a stick, or taking one late, twice
or damaged changes nothing that a round would not. Each export holds everything that the newest receipt does not name, so
a newer one on the same stick replaces the older.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from edge_node.journal.service import require_office, seal_tail
from edge_node.journal.stamp import offset_now
from edge_node.services import Services
from edge_node.store import SqliteLogStore, write_transaction
from edge_node.store.local import Office, read_local, write_local
from edge_node.sync.absorb import Absorbed
from edge_node.sync.carried_files import CarriedFiles, take_files_answer
from edge_node.sync.runner import Rounds, newest_hub_ms
from edge_node.sync.snapshots import TakingSnapshot, WrittenSnapshot, write_snapshot
from edge_node.sync.status import LAST_FULL, read_status
from edge_node.sync.stick import (
    FoundPart,
    Parts,
    check_written,
    list_parts,
    look_at,
    parcel_folder,
    remove_parts,
    stick_faults,
)
from signing.reasons import Reason
from signing.signatures import PublicKey
from sync_protocol import reasons
from sync_protocol.carried_files import is_about_files
from sync_protocol.errors import RemoteFault
from sync_protocol.frontier import Frontier, Relation
from sync_protocol.limits import PART_SIZE_BYTES_MAX, PART_SIZE_BYTES_USUAL
from sync_protocol.parcel import (
    REQUESTS,
    Label,
    ParcelWriter,
    Part,
    Sink,
    Stretch,
    enclose,
    open_answer,
)
from sync_protocol.snapshot import SNAPSHOT, decode_message

DONE: Final = "done"
PARCELS_KEPT: Final = 200
FILES_BYTES_MAX: Final = 512 * 1024 * 1024
"""How much of files goes along where nobody says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One parcel written or taken. `outcome` is DONE or a reason code; `at` by this PC's clock.

    `files` whole files went along, of `files_total` that waited; of one taken, so many became whole here.
    """

    parcel: str
    direction: str
    at: int
    folder: str
    answers: str | None = None
    records: int = 0
    parts: int = 0
    size_bytes: int = 0
    outcome: str = DONE
    detail: str = ""
    files: int = 0
    files_total: int = 0

    @property
    def reason(self) -> Reason | None:
        return reasons.BY_CODE.get(self.outcome)


Progress = Callable[[int, int], None]
"""(done, total), in records when writing and in bytes when reading."""


def export_parcel(
    db: Database,
    services: Services,
    chosen: Path,
    *,
    progress: Progress | None = None,
    part_bytes_max: int = PART_SIZE_BYTES_USUAL,
    files_bytes_max: int = FILES_BYTES_MAX,
) -> Carried:
    """Write everything that the province lacks into a folder, then files as far as there is room; raises RemoteFault, and NotEnrolled as a sync does."""
    office = require_office(db)
    _require_box(db, services)
    folder = parcel_folder(chosen)
    with stick_faults(), Parts(folder) as parts:
        folder.mkdir(parents=True, exist_ok=True)
        before = list_parts(chosen)
        written = compose_requests(
            db,
            services,
            parts.open,
            progress=progress,
            part_bytes_max=part_bytes_max,
            files_bytes_max=files_bytes_max,
        )
    check_written(parts.paths)
    taken = taken_whole(db)
    remove_parts([part for part in before if _is_superseded(part, office, taken)])
    written = replace(written, folder=str(folder))
    _note(db, written)
    return written


def compose_requests(
    db: Database,
    services: Services,
    open_part: Callable[[Label, int], Sink],
    *,
    progress: Progress | None = None,
    part_bytes_max: int = PART_SIZE_BYTES_USUAL,
    files_bytes_max: int = FILES_BYTES_MAX,
) -> Carried:
    """Write everything that the province lacks into parts, then files as far as there is room; raises as `export_parcel`."""
    office = require_office(db)
    hub, box = services.trust.trust(db).bundle.hub, _require_box(db, services)
    seal_tail(db, services, office)
    rounds, mine = Rounds(db, services), SqliteLogStore(db).frontier()
    key = services.random_bytes(32)
    label = Label(
        parcel=services.random_bytes(16).hex(),
        part=1,
        content=REQUESTS,
        sender=office.device,
        unit=office.unit,
        recipients=[enclose(key, hub.key.id, box)],
        logs=_stretches(SqliteLogStore(db), rounds, mine, office),
        at=services.clock(),
    )
    writer = ParcelWriter(
        label,
        key=key,
        sender=services.keyring.device,
        open_part=lambda number: open_part(label, number),
        part_bytes_max=part_bytes_max,
    )
    done = 0
    for message, records in rounds.requests(mine, office):
        writer.add(message)
        done += records
        if progress:
            progress(done, max(label.records, done))
    files = CarriedFiles()
    for message in files.messages(db, services, office, bytes_max=files_bytes_max):
        writer.add(message)
    writer.close()
    return Carried(
        parcel=label.parcel,
        direction="out",
        at=label.at,
        folder="",
        records=done,
        parts=writer.parts,
        size_bytes=writer.bytes_written,
        files=files.carried,
        files_total=files.waiting,
    )


def _require_box(db: Database, services: Services) -> str:
    """The key for which the hub has parcels enclosed; raises RemoteFault(PARCEL_NO_KEY) where it has none."""
    box = services.trust.trust(db).bundle.hub.box
    if box is None:
        raise RemoteFault(reasons.PARCEL_NO_KEY)
    return box


def export_snapshot(
    db: Database,
    services: Services,
    chosen: Path,
    device: str,
    *,
    progress: Progress | None = None,
    part_bytes_max: int = PART_SIZE_BYTES_MAX,
) -> WrittenSnapshot:
    """Write a snapshot for a colleague's new PC into a folder, in place of older ones for it; raises RemoteFault."""
    office = require_office(db)
    folder = parcel_folder(chosen)
    with stick_faults(), Parts(folder) as parts:
        folder.mkdir(parents=True, exist_ok=True)
        before = [part for part in list_parts(chosen) if _is_snapshot_of(part, office.device, device)]
        written = write_snapshot(
            db, services, device, parts.open, part_bytes_max=part_bytes_max, progress=progress
        )
    check_written(parts.paths)
    remove_parts(before)
    _note(
        db,
        Carried(
            parcel=written.label.parcel,
            direction="out",
            at=written.label.at,
            folder=str(folder),
            records=written.records,
            parts=written.parts,
            size_bytes=written.size_bytes,
        ),
    )
    return written


def import_parcels(
    db: Database, services: Services, chosen: Path, *, progress: Progress | None = None
) -> list[Carried]:
    """Take every answer for this PC from a folder; one outcome a parcel. Raises RemoteFault where there is none at all.

    What other PCs wrote for the province stays as it is: this PC may carry it (`edge_node.relay`), and opens nothing.
    """
    office = require_office(db)
    found = list_parts(chosen)
    if not found:
        raise RemoteFault(reasons.PARCEL_NONE, str(parcel_folder(chosen)))
    taking = _Taking(db, services, office, total=sum(part.size_bytes for part in found), progress=progress)
    parcels: dict[str, list[FoundPart]] = {}
    for part in found:
        if part.label is None or part.label.content != REQUESTS:  # those lie there for the hub
            parcels.setdefault(part.label.parcel if part.label else part.path.name, []).append(part)
    if not parcels:
        raise RemoteFault(reasons.PARCEL_NONE, "only what is for the province")
    carried = [taking.parcel(parts) for parts in parcels.values()]
    _note_full(db, services, carried)
    return carried


def import_answer(db: Database, services: Services, paths: list[Path]) -> Carried:
    """Take the parts of one answer that came by another way than a stick."""
    office = require_office(db)
    with stick_faults():
        parts = look_at(paths)
    taking = _Taking(db, services, office, total=sum(part.size_bytes for part in parts), progress=None)
    carried = taking.parcel(parts, folder="")
    _note_full(db, services, [carried])
    return carried


def list_carried(db: Database, *, limit: int = 20) -> list[Carried]:
    """Parcels written and taken, newest first."""
    rows = db.conn.execute(
        "SELECT parcel, direction, at, folder, answers, records, parts, size_bytes, outcome, detail, files, files_total FROM parcel "
        "ORDER BY number DESC LIMIT ?",
        (limit,),
    )
    names = tuple(Carried.__dataclass_fields__)
    return [Carried(**dict(zip(names, row, strict=True))) for row in rows]


def taken_whole(db: Database) -> frozenset[str]:
    """The answers of which nothing was missing when they were taken."""
    rows = db.conn.execute("SELECT parcel FROM parcel WHERE direction = 'in' AND outcome = ?", (DONE,))
    return frozenset(row[0] for row in rows)


class _Taking:
    """One import: takes parcels part by part and tells how far it is."""

    def __init__(
        self, db: Database, services: Services, office: Office, *, total: int, progress: Progress | None
    ) -> None:
        self._db, self._services, self._office = db, services, office
        self._rounds = Rounds(db, services)
        self._snapshot: TakingSnapshot | None = None
        self._files = 0
        self._done, self._total, self._progress = 0, total, progress

    def parcel(self, parts: list[FoundPart], *, folder: str | None = None) -> Carried:
        """Everything of one parcel that can be used; a fault of one part does not keep the others out."""
        label = parts[0].label
        records, problem, is_ended = 0, None, False
        self._snapshot = None
        self._files = 0
        for part in parts:
            try:
                is_last, absorbed = self._part(part)
            except RemoteFault as fault:
                problem = problem or fault
                continue
            records += absorbed.records
            is_ended = is_ended or is_last
            if absorbed.problems:
                problem = problem or absorbed.problems[0]
        numbers = [part.label.part for part in parts if part.label]
        if problem is None and (not is_ended or numbers != list(range(1, len(parts) + 1))):
            problem = RemoteFault(reasons.PARCEL_CUT, f"parts {numbers}")
        if self._snapshot is not None:
            self._snapshot.close(is_complete=problem is None)
        carried = Carried(
            parcel=label.parcel if label else parts[0].path.name,
            direction="in",
            at=self._services.clock(),
            folder=str(parts[0].path.parent) if folder is None else folder,
            answers=label.answers if label else None,
            records=records,
            parts=len(parts),
            size_bytes=sum(part.size_bytes for part in parts),
            outcome=problem.reason.code if problem else DONE,
            detail=problem.detail if problem else "",
            files=self._files,
            files_total=self._files,
        )
        _note(self._db, carried)
        return carried

    def _part(self, found: FoundPart) -> tuple[bool, Absorbed]:
        if found.fault is not None:
            raise found.fault
        absorbed = Absorbed()
        device = self._office.device
        with stick_faults(), found.path.open("rb") as file:
            part = Part(file)
            if part.label.content == REQUESTS or part.label.enclosed_for(device) is None:
                raise RemoteFault(reasons.PARCEL_RECIPIENT, part.label.unit)
            take = self._reader(part)
            for message in part.messages(device, self._services.keyring.files.box()):
                taken = take(message)
                absorbed.records += taken.records
                absorbed.problems += taken.problems
                self._tell(len(message))
        return part.is_last, absorbed

    def _reader(self, part: Part) -> Callable[[bytes], Absorbed]:
        """How the messages of a part are taken; whose it is, an answer must show first, a snapshot before it is adopted."""
        if part.label.content == SNAPSHOT:
            taking = self._snapshot or TakingSnapshot(self._db, self._services, self._office, part)
            taking.part = part
            self._snapshot = taking
            return lambda message: taking.message(decode_message(message))
        hub, device = self._services.trust.trust(self._db).bundle.hub.key, self._office.device
        part.verify(hub)
        return lambda message: self._take_answer(message, device, hub)

    def _take_answer(self, message: bytes, device: str, hub: PublicKey) -> Absorbed:
        if is_about_files(message):
            self._files += take_files_answer(self._db, self._services, self._office, message, hub=hub)
            return Absorbed()
        return self._rounds.take_carried(open_answer(message, device=device, hub=hub))

    def _tell(self, moved_bytes: int) -> None:
        self._done = min(self._total, self._done + moved_bytes)
        if self._progress:
            self._progress(self._done, self._total)


def _stretches(store: SqliteLogStore, rounds: Rounds, mine: Frontier, office: Office) -> list[Stretch]:
    found = []
    for difference in rounds.missing_there(mine, office):
        if difference.relation is Relation.AHEAD and difference.mine is not None:
            length = difference.mine.length
            seal = store.seal(difference.log, at_most=length)
            found.append(
                Stretch(
                    log=difference.log,
                    first=difference.theirs.length if difference.theirs else 0,
                    length=length,
                    head=difference.mine.head,
                    seal=seal.signature.hex() if seal and seal.length == length else "",
                )
            )
    return found


def _is_superseded(part: FoundPart, office: Office, taken: frozenset[str]) -> bool:
    """An older export of this PC, or an answer to it that has been taken in whole; never a snapshot for a colleague."""
    label = part.label
    if label is None:
        return False
    return (label.sender == office.device and label.content == REQUESTS) or label.parcel in taken


def _is_snapshot_of(part: FoundPart, maker: str, device: str) -> bool:
    label = part.label
    return (
        label is not None
        and (label.sender, label.content) == (maker, SNAPSHOT)
        and label.enclosed_for(device) is not None
    )


def _note_full(db: Database, services: Services, carried: list[Carried]) -> None:
    """When both sides last held the same: when the newest whole answer was made, told by this PC's clock."""
    now = services.clock()
    if not any(each.outcome == DONE for each in carried) or read_status(db, now=now).waiting:
        return
    offset = offset_now(db, now)
    made = newest_hub_ms(db) - (offset[0] if offset else 0)
    last = int(read_local(db, LAST_FULL) or 0)
    write_local(db, LAST_FULL, str(max(last, min(now, made))))


def _note(db: Database, carried: Carried) -> None:
    names = tuple(Carried.__dataclass_fields__)
    with write_transaction(db):
        db.conn.execute(
            f"INSERT INTO parcel ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",  # noqa: S608 — our names
            tuple(getattr(carried, name) for name in names),
        )
        db.conn.execute(
            "DELETE FROM parcel WHERE number <= (SELECT max(number) FROM parcel) - ?", (PARCELS_KEPT,)
        )
