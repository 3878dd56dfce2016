"""Runs of colleagues that cannot be taken here yet, carried to the province all the same.

A record whose key is not known here, or whose signature fails, is for the province to judge; until it has, the log cannot
grow here, and a PC that has no line of its own would be cut off by one bad record. So the run is kept as it came, once its
chain and its device's seal have been checked, and goes up with the next round. When the hub has receipted it, it is forgotten,
and the run comes again from whoever has it, with the verdict.
"""

from typing import Final

from sqlite_utils import Database

from edge_node.services import Services
from edge_node.store import SqliteLogStore, write_transaction
from edge_node.store.local import Office
from edge_node.sync.absorb import check_of_office
from sync_protocol.errors import ProtocolError
from sync_protocol.frame import encode_run
from sync_protocol.log import Run, check_chain, verify_seal
from sync_protocol.rounds import opening_of

ASIDE_BYTES_MAX: Final = 8 * 1024 * 1024
Place = tuple[str, int, int]
"""Log, first record and end of a run."""


def keep_aside(db: Database, services: Services, office: Office, runs: list[Run]) -> None:
    """Keep what its device has sealed, as long as there is room; the rest is passed over."""
    for run in sorted(runs, key=lambda each: (each.log, each.first)):
        device = _device(db, run)
        statement = services.trust.trust(db).statement(device) if device else None
        if device is None or statement is None or run.seal is None:
            continue
        try:
            check_of_office(services.trust.trust(db), office, run, device)
            check_chain(run, run.records[0].header.prev if run.first else None)
            verify_seal(run.seal, statement.key)
        except ProtocolError:
            continue
        _keep(db, run, device)


def aside_for_hub(db: Database, sent: set[Place], *, bytes_max: int) -> tuple[list[bytes], list[Place]]:
    """What the hub has not receipted, in order, but for what was sent in this sync; at least one run where there is any."""
    with write_transaction(db):
        db.conn.execute(
            "DELETE FROM lan_aside WHERE stop <= ifnull((SELECT held FROM receipt_log WHERE log = lan_aside.log), 0) "
            "OR stop <= (SELECT ifnull(max(record.seq) + 1, 0) FROM record JOIN log ON log.number = record.log "
            "WHERE log.id = lan_aside.log)"
        )
    frames: list[bytes] = []
    places: list[Place] = []
    for log, first, stop, frame in db.conn.execute(
        "SELECT log, first, stop, frame FROM lan_aside ORDER BY log, first, stop"
    ).fetchall():
        place = (log, first, stop)
        if place in sent:
            continue
        if frames and sum(map(len, frames)) + len(frame) > bytes_max:
            break
        frames.append(bytes(frame))
        places.append(place)
    return frames, places


def _device(db: Database, run: Run) -> str | None:
    if run.first == 0:
        try:
            return opening_of(run).device
        except ProtocolError:
            return None
    known = db.conn.execute("SELECT device FROM lan_aside WHERE log = ? LIMIT 1", (run.log,)).fetchone()
    return known[0] if known else SqliteLogStore(db).device_of(run.log)


def _keep(db: Database, run: Run, device: str) -> None:
    frame = encode_run(run)
    with write_transaction(db):
        kept = db.conn.execute("SELECT ifnull(sum(length(frame)), 0) FROM lan_aside").fetchone()[0]
        if kept + len(frame) <= ASIDE_BYTES_MAX:
            db.conn.execute(
                "INSERT INTO lan_aside (log, first, stop, device, frame) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (log, first, stop) DO NOTHING",
                (run.log, run.first, run.stop, device, frame),
            )
