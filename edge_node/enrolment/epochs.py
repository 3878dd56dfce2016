"""Open a log: the first one of this PC, or the next after a restore, a clone or a new key.

An epoch is random, so the new log's id meets no older one. Its record 0 names the logs that it follows, as far as they
are held here, and why it was opened.
"""

from collections.abc import Iterable
from dataclasses import replace

from sqlite_utils import Database

from edge_node import reasons
from edge_node.journal import Draft, JournalReadOnly, require_office, write_opening
from edge_node.journal.stamp import begin_epoch
from edge_node.journal.watermark import read_watermark, write_watermark
from edge_node.services import Services
from edge_node.store import SqliteLogStore, StorageFull, alerts, write_transaction
from edge_node.store.local import ADOPTED_DEVICE, Office, read_local, read_office, write_office
from sync_protocol.log import OPENING_KIND, LogOpening, OpeningReason, Predecessor, log_id
from sync_protocol.record import Record

Difference = tuple[str, int]
"""A log, and from where on the records here are another continuation of it."""


def open_log(
    db: Database,
    services: Services,
    *,
    reason: OpeningReason,
    apart: Iterable[Difference] = (),
    unit: str | None = None,
    unit_name: str | None = None,
    instead_of: str | None = None,
) -> Office:
    """Draw an epoch and write record 0 of its log; returns the office that now writes there.

    What is `apart` becomes a branch in the same transaction: the new log names it as what it follows. `unit` and
    `unit_name` are those of another unit for which this PC works from now on. `instead_of`: the log that was written when
    this was found necessary; where another one is written by now, somebody else (the schedule, a command beside it) found
    the same, and that one is enough.

    Raises JournalReadOnly where not even that found room: from then on nothing is recorded, whatever room there is,
    until a later call succeeds.
    """
    is_outermost = not db.conn.in_transaction
    try:
        with write_transaction(db):
            now = require_office(db)
            if instead_of not in (None, now.log):
                return now
            office, opening = _open(db, services, reason, tuple(apart), unit, unit_name)
    except StorageFull as error:
        services.space.release()
        services.space.hold()
        raise JournalReadOnly(reasons.DISK_FULL, str(error)) from error
    if is_outermost:
        write_watermark(services.config.keys, opening)
    services.space.let_go()
    return office


def open_log_if_due(db: Database, services: Services) -> bool:
    """Open the epoch that a full disk did not allow; whether one was opened. Raises JournalReadOnly as `open_log`."""
    if not services.space.is_held:
        return False
    open_log(db, services, reason=OpeningReason.RESTORE)
    return True


def keep_apart(db: Database, apart: Iterable[Difference]) -> None:
    """Keep what continues a log differently as a branch of it; inside the caller's transaction or one of its own."""
    store = SqliteLogStore(db)
    with write_transaction(db):
        for log, first in apart:
            branch = store.branch_off(log, first)
            # Lists tell how far a dossier's own records have travelled: they travel as the branch from now on.
            db.conn.execute(
                "UPDATE dossier SET own_log = ?1 WHERE own_log = ?2 AND own_seq >= ?3", (branch, log, first)
            )


def _open(
    db: Database,
    services: Services,
    reason: OpeningReason,
    apart: tuple[Difference, ...],
    unit: str | None,
    unit_name: str | None,
) -> tuple[Office, Record]:
    with write_transaction(db):
        before = require_office(db)
        keep_apart(db, apart)
        unit, unit_name = unit or before.unit, unit_name or before.unit_name
        epoch = services.random_bytes(16).hex()
        log = log_id(before.device, unit, epoch)
        opening = LogOpening(
            device=before.device, epoch=epoch, reason=reason, predecessors=_predecessors(db, before)
        )
        office = replace(before, unit=unit, unit_name=unit_name, epoch=epoch, log=log)
        write_office(db, office)
        if (
            reason is not OpeningReason.REORGANISATION
        ):  # the clock of a PC that only moves house is as good as before
            begin_epoch(db)
        record = write_opening(db, services, Draft(kind=OPENING_KIND, facts=opening.to_facts()))
        if reason is OpeningReason.RESTORE:
            detail = f"log {log} follows {before.log}"
            alerts.raise_alert(db, alerts.PUT_BACK, now=services.clock(), detail=detail)
    return office, record


def was_put_back(db: Database, services: Services) -> bool:
    """Whether the database is older than the watermark beside it: copied back without `restore`.

    A note about a log that is held and no longer written is behind, which is normal; a note about one that is not held at all
    was made in a later life of this database: it was put back before, to the same copy or an older one.
    """
    office = read_office(db)
    mark = read_watermark(services.config.keys)
    if office is None or mark is None:
        return False
    store = SqliteLogStore(db)
    if mark.log != office.log:
        return store.frontier([mark.log]).get(mark.log) is None
    return store.link_at(mark.log, mark.length) != mark.head


def _predecessors(db: Database, office: Office) -> tuple[Predecessor, ...]:
    """This PC's logs for the unit, and those that came with another PC's backup."""
    store = SqliteLogStore(db)
    devices = {office.device, read_local(db, ADOPTED_DEVICE) or office.device}
    logs = [log for device in sorted(devices) for log in store.logs_of(device=device, commune=office.unit)]
    frontier = store.frontier(logs)
    return tuple(Predecessor(log=e.log, length=e.length, head=e.head) for _, e in sorted(frontier.items()))
