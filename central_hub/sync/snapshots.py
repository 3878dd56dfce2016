"""Make a snapshot of a commune for a PC that begins there: open dossiers at once, the history later (ADR 0030).

Everything is read in one look at the database, and only what is judged is told. Bases stand where a log's own device has
sealed it; logs that have no seal yet, the hub's own and the recipient's travel whole. State is not sent, only a sum of it
by which the PC sees that it came to the same.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select

from central_hub.copies.suspicion import has_undecided_copy
from central_hub.projection.refolding import is_due
from central_hub.services import Services
from central_hub.store.bulk import chunks
from central_hub.store.engine import reading
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import DOSSIER, FOREIGN, STANDING
from central_hub.sync.foreign import foreign_part
from central_hub.sync.service import Scope, asker_of, place_of, scope_of
from central_hub.sync.workplaces import Workplace, may_hold
from dossiers.lifecycle import is_open
from dossiers.merge import FOLD_VERSION
from sync_protocol import digest, reasons
from sync_protocol.errors import RemoteFault
from sync_protocol.limits import PART_SIZE_BYTES_MAX, ROUND_SIZE_BYTES_MAX
from sync_protocol.parcel import Label, ParcelWriter, Sink, Stretch, enclose
from sync_protocol.record import Record
from sync_protocol.snapshot import (
    NOT_SUMMED,
    SNAPSHOT,
    VERSION,
    Base,
    SnapshotHead,
    SnapshotMessage,
    encode_message,
    make_base,
    snapshot_messages,
)

Progress = Callable[[int, int], None]
"""(done, total) in records."""
_FOREIGN_RECORDS = 8
"""Records of other units in one message: with the largest bodies they still fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenSnapshot:
    """A snapshot parcel: what is inside, and what the PC will lack until its history comes."""

    label: Label
    parts: int
    size_bytes: int
    dossiers: int
    records: int
    later: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What goes into it: logs that are taken whole and up to where, bases, open dossiers.

    A branch of a log does not: it follows in rounds, once the log that it comes off is there. `is_summable`: without it,
    and with all dossiers folded by this version.
    """

    whole: dict[str, int]
    bases: list[Base]
    dossiers: list[str]
    guests: list[str]
    """Open dossiers of other units that concern this one: they go along, and count in no sum."""
    digest: bytes
    is_summable: bool


def write_snapshot(
    services: Services,
    device: str,
    open_part: Callable[[Label, int], Sink],
    *,
    part_bytes_max: int = PART_SIZE_BYTES_MAX,
    progress: Progress | None = None,
) -> WrittenSnapshot:
    """Write the snapshot of a PC's commune, enclosed for that PC alone; raises RemoteFault if it has no X25519 key, or
    somebody has yet to decide about a copy of its disk."""
    asker, _, _ = asker_of(services, device)
    if asker.box is None or asker.is_cut_off:
        raise RemoteFault(reasons.PARCEL_NO_KEY, device)
    with reading(services.engine) as connection:
        if has_undecided_copy(connection, device):
            raise RemoteFault(reasons.PARCEL_COPY, device)
        store = HubLogStore(connection, services.opened)
        place = place_of(connection, services, asker)
        plan = _plan(connection, store, scope_of(connection, services, place.scope), place, device)
        below = _loose(store, plan)
        loose = sum(map(len, below.values()))
        head = SnapshotHead(
            version=VERSION,
            snapshot=services.random_bytes(16),
            unit=place.unit,
            maker=bytes.fromhex(services.keys.hub.public.id),
            at_ms=services.clock(),
            bases=plan.bases,
            dossiers=[bytes.fromhex(dossier) for dossier in plan.dossiers],
            records=loose,
            fold=FOLD_VERSION if plan.is_summable else NOT_SUMMED,
            digest=plan.digest,
        )
        key = services.random_bytes(32)
        label = Label(
            parcel=services.random_bytes(16).hex(),
            part=1,
            content=SNAPSHOT,
            sender=services.keys.hub.public.id,
            unit=services.province,
            recipients=[enclose(key, device, asker.box)],
            logs=[_stretch(log, length) for log, length in plan.whole.items() if length],
            at=head.at_ms,
        )
        writer = ParcelWriter(
            label,
            key=key,
            sender=services.keys.hub,
            open_part=lambda number: open_part(label, number),
            part_bytes_max=part_bytes_max,
        )
        done = 0
        messages = snapshot_messages(
            store,
            head,
            services.keys.hub,
            whole=plan.whole,
            about_none=below[None],
            dossiers=(below.get(dossier, []) for dossier in (*plan.dossiers, *plan.guests)),
            may_hold=may_hold(connection, place),
        )
        for message, records in messages:
            writer.add(message)
            done += records
            if progress:
                progress(min(done, loose), loose)
        for frames in _foreign(connection, store, place):
            writer.add(encode_message(SnapshotMessage(snapshot=head.snapshot, foreign=frames)))
        writer.close()
    return WrittenSnapshot(
        label=label,
        parts=writer.parts,
        size_bytes=writer.bytes_written,
        dossiers=len(head.dossiers),
        records=loose,
        later=head.below - loose,
    )


def _plan(connection: Connection, store: HubLogStore, scope: Scope, place: Workplace, device: str) -> _Plan:
    whole = {log.id: log.judged for log in (*scope.province, *scope.commune)}
    bases = []
    branches = [log for log in scope.devices if log.origin is not None]
    for log in scope.devices:
        if log.origin is not None:
            continue
        base = None if log.device == device else make_base(store, log.id, stop=log.judged)
        if base is None:
            whole[log.id] = log.judged
        else:
            bases.append(base)
    standing = select(STANDING.c.dossier).where(
        STANDING.c.commune.in_(place.scope), STANDING.c.dossier.is_not(None)
    )
    unsettled = set(connection.scalars(standing))
    query = select(DOSSIER.c.id, DOSSIER.c.status, DOSSIER.c.conflicts, DOSSIER.c.digest).where(
        DOSSIER.c.keeper == place.unit
    )
    rows = list(connection.execute(query.order_by(DOSSIER.c.received_ms, DOSSIER.c.id)))
    known = {bytes(row.id).hex() for row in rows}
    kept = [
        row
        for row in rows
        if is_open(row.status, conflicts=row.conflicts) or bytes(row.id).hex() in unsettled
    ]
    total = 0
    for row in kept:
        total = digest.replace(total, old=0, new=digest.from_bytes(row.digest))
    return _Plan(
        whole=whole,
        bases=bases,
        dossiers=[bytes(row.id).hex() for row in kept] + sorted(unsettled - known),
        guests=sorted(_listed_open(connection, place) - known - unsettled),
        digest=digest.to_bytes(total),
        is_summable=not branches and not is_due(connection),
    )


def _listed_open(connection: Connection, place: Workplace) -> set[str]:
    """The open dossiers of which the unit's lists name records."""
    query = select(FOREIGN.c.dossier).distinct().where(FOREIGN.c.unit.in_(place.scope))
    ids = [bytes.fromhex(each) for each in connection.scalars(query.where(FOREIGN.c.dossier.is_not(None)))]
    still_open: set[str] = set()
    for part in chunks(ids):
        rows = select(DOSSIER.c.id, DOSSIER.c.status, DOSSIER.c.conflicts).where(DOSSIER.c.id.in_(part))
        found = connection.execute(rows)
        still_open |= {bytes(r.id).hex() for r in found if is_open(r.status, conflicts=r.conflicts)}
    return still_open


def _foreign(connection: Connection, store: HubLogStore, place: Workplace) -> Iterator[list[bytes]]:
    """What other units wrote of open dossiers that concern this one, and the keys needed for it: what its lists name."""
    still_open = _listed_open(connection, place)
    query = select(FOREIGN.c.record, FOREIGN.c.dossier).where(FOREIGN.c.unit.in_(place.scope))
    rows = connection.execute(query)
    wanted = dict.fromkeys(row.record for row in rows if not row.dossier or row.dossier in still_open)
    records = [bytes.fromhex(record) for record in wanted]
    for first in range(0, len(records), _FOREIGN_RECORDS):
        part = records[first : first + _FOREIGN_RECORDS]
        listed = foreign_part(connection, store, place.scope, (), part, room=ROUND_SIZE_BYTES_MAX)
        if listed.frames:
            yield list(listed.frames)


def _loose(store: HubLogStore, plan: _Plan) -> dict[str | None, list[Record]]:
    """What lies below the bases and goes along, by dossier; None for records about no dossier. One pass over each log."""
    found: dict[str | None, list[Record]] = {None: []}
    wanted = frozenset((*plan.dossiers, *plan.guests))
    for base in plan.bases:
        for record in store.records_below(base.log.hex(), base.length, wanted):
            found.setdefault(record.header.dossier, []).append(record)
    return found


def _stretch(log: str, length: int) -> Stretch:
    return Stretch(log=log, first=0, length=length, head="")
