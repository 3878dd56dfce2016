"""Beacons of the office's PCs, as each signed its own: kept here, passed on to colleagues and, with the next round, to the hub.

So the province learns how a PC is that has no line, grants it numbers, and has what that PC says as a witness of its log. A beacon is passed to the hub when it says
something new, or once an hour.
"""

from typing import Final

import msgspec
from sqlite_utils import Database

from edge_node.keyring.trust import office_log_ids
from edge_node.keyring.units import is_of_office, read_genealogy
from edge_node.services import Services
from edge_node.store import SqliteLogStore, write_transaction
from edge_node.store.local import Office, read_local, write_local
from edge_node.sync.beacon import last_problem, read_beacon
from edge_node.sync.reach import lacks_line
from edge_node.witness.service import Testimony, testimony
from sync_protocol.carried import CarriedBeacon, SignedBeacon, open_beacon, sign_beacon
from sync_protocol.errors import RemoteFault
from sync_protocol.limits import BEACONS_MAX
from sync_protocol.wire import Beacon

_COUNT: Final = "lan.beacon_count"
_SAID: Final = "lan.beacon"
PASSED_AGAIN_MS: Final = 60 * 60 * 1000


def own_beacon(db: Database, services: Services, office: Office) -> bytes:
    """What this PC says of itself now; the one signed before while nothing that matters has changed."""
    store = SqliteLogStore(db)
    seen = testimony(db, services, office) if lacks_line(db) else Testimony()
    said = CarriedBeacon(
        device=bytes.fromhex(office.device),
        log=bytes.fromhex(office.log),
        count=0,
        leases_seen=_leases_seen(db, store, office),
        beacon=read_beacon(db, services, office, now=services.clock(), problem=last_problem(db)),
        tree=seen.tree if seen.cosignature else b"",
        cosignature=seen.cosignature,
    )
    before = read_local(db, _SAID)
    if before is not None:
        kept = open_beacon(bytes.fromhex(before))
        if _essence(kept.said) == _essence(said) and kept.said.log == said.log:
            return bytes.fromhex(before)
    with write_transaction(db):
        count = int(read_local(db, _COUNT) or 0) + 1
        signed = sign_beacon(msgspec.structs.replace(said, count=count), services.keyring.device)
        write_local(db, _COUNT, str(count))
        write_local(db, _SAID, signed.hex())
    return signed


def beacons_to_pass(db: Database, services: Services, office: Office, *, to: str) -> list[bytes]:
    """For a colleague: this PC's own beacon, then the others' (but the colleague's own)."""
    rows = db.conn.execute(
        "SELECT signed FROM lan_beacon WHERE device <> ? ORDER BY at DESC LIMIT ?", (to, BEACONS_MAX - 1)
    )
    return [own_beacon(db, services, office), *(bytes(row[0]) for row in rows)]


def take_beacons(db: Database, services: Services, office: Office, beacons: list[bytes]) -> None:
    """Keep what is newer, of PCs of this office; the rest is passed over."""
    trust = services.trust.trust(db)
    for signed in beacons:
        try:
            found = open_beacon(signed)
            statement = trust.statement(found.device)
            if statement is None or found.device == office.device:
                continue
            if not is_of_office(db, statement, office.unit):
                continue
            if _is_newer(db, found):
                _keep(db, found.verify(statement.key), signed, now=services.clock())
        except RemoteFault:
            continue


def beacons_for_hub(db: Database, *, now: int) -> list[bytes]:
    """Those of which the hub has not been told, or not for an hour."""
    rows = db.conn.execute(
        "SELECT signed FROM lan_beacon WHERE count <> passed_on OR passed_at IS NULL OR passed_at <= ?1 - ?2 "
        "OR passed_at > ?1 ORDER BY at DESC LIMIT ?3",
        (now, PASSED_AGAIN_MS, BEACONS_MAX),
    )
    return [bytes(row[0]) for row in rows]


def note_passed(db: Database, beacons: list[bytes], *, now: int) -> None:
    """The hub has taken a round that carried these."""
    with write_transaction(db):
        for signed in beacons:
            said = open_beacon(signed).said
            db.conn.execute(
                "UPDATE lan_beacon SET passed_on = ?, passed_at = ? WHERE device = ? AND count = ?",
                (said.count, now, said.device.hex(), said.count),
            )


def known_beacons(db: Database) -> dict[str, tuple[Beacon, int]]:
    """What the office's other PCs last said, and when that came here, by device."""
    rows = db.conn.execute("SELECT device, signed, at FROM lan_beacon").fetchall()
    return {device: (open_beacon(signed).said.beacon, at) for device, signed, at in rows}


def _leases_seen(db: Database, store: SqliteLogStore, office: Office) -> int:
    devices = set(office_log_ids(db))
    units = sorted(read_genealogy(db).scope(office.unit))
    logs = [log for unit in units for log in store.logs_of(commune=unit) if log not in devices]
    return sum(entry.length for entry in store.frontier(logs).values())


def _essence(said: CarriedBeacon) -> tuple[object, ...]:
    """What somebody acts on; the free space of a disk changes with every breath."""
    beacon = said.beacon
    return (
        said.leases_seen, said.cosignature, beacon.version, beacon.fold, beacon.unsent, beacon.conflicts, beacon.refused,
        beacon.codes_left, beacon.problem, bool(beacon.history), beacon.files, beacon.disk_free_mb // 1024, beacon.offset_ms // 60_000,
    )  # fmt: skip


def _is_newer(db: Database, found: SignedBeacon) -> bool:
    row = db.conn.execute("SELECT log, count FROM lan_beacon WHERE device = ?", (found.device,)).fetchone()
    return row is None or row[0] != found.said.log.hex() or found.said.count > row[1]


def _keep(db: Database, said: CarriedBeacon, signed: bytes, *, now: int) -> None:
    with write_transaction(db):
        db.conn.execute(
            "INSERT INTO lan_beacon (device, log, count, leases_seen, signed, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
            "ON CONFLICT (device) DO UPDATE SET log = ?2, count = ?3, leases_seen = ?4, signed = ?5, at = ?6",
            (said.device.hex(), said.log.hex(), said.count, said.leases_seen, signed, now),
        )
