"""Make every derived table again from the logs and the judge's decisions.

One transaction: readers see the old tables until the new ones are whole. It uses the judge's own projector, so what
comes out is what had grown, or one of the two is wrong (a test compares them; `doctor` compares counts).
"""

from collections.abc import Callable, Iterator

from sqlalchemy import Connection, delete, select, update

from central_hub.projection import refolding
from central_hub.projection.projector import Projector
from central_hub.projection.protocol import apply_protocol
from central_hub.projection.twins import PURPOSE as TWINS
from central_hub.projection.twins import note_twins
from central_hub.services import Services
from central_hub.store.bulk import insert_rows
from central_hub.store.engine import writing
from central_hub.store.record_log import PLACE_COLUMNS, HubLogStore, opening_reason, place_rows
from central_hub.store.tables import DERIVED, LOG, PLACE, RUN, STANDING
from sync_protocol import reasons
from sync_protocol.admission import Outcome
from sync_protocol.frame import decode_run
from sync_protocol.record import Header, UnverifiedRecord

_BATCH_RECORDS = 4_096
_PROTOCOL_KINDS = frozenset(
    {
        "key.requested",
        "lease.granted",
        "foreign.listed",
        "catalogue.published",
        "calendar.published",
        "verdict.given",
    }
)

Progress = Callable[[int], None]


def rebuild(services: Services, *, progress: Progress | None = None) -> int:
    """Rebuild; returns how many records were read."""
    with writing(services.engine) as connection:
        for table in DERIVED:
            connection.execute(delete(table))
        rows = connection.execute(select(STANDING.c.record, STANDING.c.outcome, STANDING.c.code)).all()
        standings = {row.record: row.outcome for row in rows}
        unread = {row.record for row in rows if row.code == reasons.RECORD_VERSION.code}
        pending = {
            record for record, outcome in standings.items() if outcome == Outcome.PENDING.value
        } - unread
        refused = {record for record, outcome in standings.items() if outcome == Outcome.QUARANTINED.value}
        store = HubLogStore(connection, services.opened)
        projector, secret = Projector(), services.keys.derived(TWINS)
        genealogy = services.genealogy.current(connection)
        read = 0
        for batch in _batches(connection):
            arrived = _take_in(connection, batch, standings)
            projector.load(connection, store, arrived, known=(), genealogy=genealogy)
            projector.distrust(arrived)
            projector.fold(arrived, left_out=pending, quarantined=refused, store=store)
            projector.write(connection)
            note_twins(connection, secret, [r for records in arrived.values() for r in records])
            for log_no, records in batch:
                insert_rows(connection, PLACE, PLACE_COLUMNS, place_rows(log_no, records))
                _note_reason(connection, log_no, records[0].header)
            read += sum(len(records) for _, records in batch)
            if progress is not None:
                progress(read)
        refolding.mark_current(connection)
    return read


def _note_reason(connection: Connection, log_no: int, header: Header) -> None:
    """Why a log was opened, for one that an earlier version of the program took in."""
    reason = opening_reason(header)
    if reason is not None:
        is_lacking = (LOG.c.no == log_no) & LOG.c.origin.is_(None) & LOG.c.reason.is_(None)
        connection.execute(update(LOG).where(is_lacking).values(reason=reason))


def _take_in(
    connection: Connection,
    batch: list[tuple[int, tuple[UnverifiedRecord, ...]]],
    standings: dict[str, str],
) -> dict[str, list[UnverifiedRecord]]:
    arrived: dict[str, list[UnverifiedRecord]] = {}
    spoken = []
    for _, records in batch:
        for record in records:
            if record.header.dossier is not None:
                arrived.setdefault(record.header.dossier, []).append(record)
            elif record.header.kind in _PROTOCOL_KINDS and record.id not in standings:
                spoken.append(record)
    apply_protocol(connection, spoken)
    return arrived


def _batches(connection: Connection) -> Iterator[list[tuple[int, tuple[UnverifiedRecord, ...]]]]:
    """All judged runs, in order of arrival, a few thousand records at a time."""
    query = (
        select(RUN.c.no, RUN.c.log_no)
        .join(LOG, RUN.c.log_no == LOG.c.no)
        .where(RUN.c.stop <= LOG.c.judged)
        .order_by(RUN.c.no)
    )
    batch: list[tuple[int, tuple[UnverifiedRecord, ...]]] = []
    count = 0
    for no, log_no in connection.execute(query).all():
        frame = connection.execute(select(RUN.c.frame).where(RUN.c.no == no)).scalar_one()
        records = decode_run(frame).records
        batch.append((log_no, records))
        count += len(records)
        if count >= _BATCH_RECORDS:
            yield batch
            batch, count = [], 0
    if batch:
        yield batch
