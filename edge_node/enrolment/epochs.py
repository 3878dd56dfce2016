"""Open a log: the first one of this PC, or the next after a restore, a clone or a new key.

An epoch is random, so the new log's id meets no older one. Its record 0 names the logs that it follows, as far as they
are held here, and why it was opened.
"""

from dataclasses import replace

from sqlite_utils import Database

from edge_node.journal import Draft, require_office, write
from edge_node.journal.stamp import begin_epoch
from edge_node.journal.watermark import read_watermark
from edge_node.services import Services
from edge_node.store import SqliteLogStore, write_transaction
from edge_node.store.local import ADOPTED_DEVICE, Office, read_local, read_office, write_office
from sync_protocol.log import OPENING_KIND, LogOpening, OpeningReason, Predecessor, log_id


def open_log(db: Database, services: Services, *, reason: OpeningReason) -> Office:
    """Draw an epoch and write record 0 of its log; returns the office that now writes there."""
    with write_transaction(db):
        before = require_office(db)
        epoch = services.random_bytes(16).hex()
        log = log_id(before.device, before.unit, epoch)
        opening = LogOpening(
            device=before.device, epoch=epoch, reason=reason, predecessors=_predecessors(db, before)
        )
        office = replace(before, epoch=epoch, log=log)
        write_office(db, office)
        begin_epoch(db)
        write(db, services, None, [Draft(kind=OPENING_KIND, facts=opening.to_facts())])
    return office


def was_put_back(db: Database, services: Services) -> bool:
    """Whether the database is older than the watermark beside it: copied back without `restore`."""
    office = read_office(db)
    mark = read_watermark(services.config.keys)
    if office is None or mark is None or mark.log != office.log:
        return False
    return SqliteLogStore(db).link_at(mark.log, mark.length) != mark.head


def _predecessors(db: Database, office: Office) -> tuple[Predecessor, ...]:
    """This PC's logs for the unit, and those that came with another PC's backup."""
    store = SqliteLogStore(db)
    devices = {office.device, read_local(db, ADOPTED_DEVICE) or office.device}
    logs = [log for device in sorted(devices) for log in store.logs_of(device=device, commune=office.unit)]
    frontier = store.frontier(logs)
    return tuple(Predecessor(log=e.log, length=e.length, head=e.head) for _, e in sorted(frontier.items()))
