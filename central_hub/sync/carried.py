"""What other PCs of a commune said of themselves and one of them brings: the fleet hears of a PC that has no line.

Believed by its own signature, for a PC of the bringer's unit alone, and only when it is newer than the last. It is worth a
line in the fleet and, where the PC runs out of numbers, another lease, under the same conditions as in a round of its own; what
it says as a witness of the province's log is kept as if it had come from the PC itself.
"""

from sqlalchemy import Connection, bindparam, delete, insert, select

from central_hub.services import Services
from central_hub.store.engine import reading, writing
from central_hub.store.tables import CARRIED_BEACON
from central_hub.sync.fleet import note_heard_of
from central_hub.sync.workplaces import workplace_of
from central_hub.tlog.answers import take_cosignature
from signing.roles import Role
from sync_protocol.carried import CarriedBeacon, open_beacon
from sync_protocol.errors import RemoteFault

_SHORT = (
    select(CARRIED_BEACON.c.device)
    .where(
        CARRIED_BEACON.c.unit == bindparam("of"),
        CARRIED_BEACON.c.leases_seen == bindparam("seen"),
        CARRIED_BEACON.c.codes_left < bindparam("fewer"),
    )
    .order_by(CARRIED_BEACON.c.device)
)


def take_carried(services: Services, beacons: list[bytes], *, unit: str, bringer: str, now_ms: int) -> int:
    """Keep what is new of these; returns how many were. One that does not hold spoils no other."""
    found = [said for signed in beacons if (said := _verified(services, signed, unit, bringer)) is not None]
    if not found:
        return 0
    with writing(services.engine) as connection:
        taken = [said for said in found if _keep(connection, said, unit)]
        for said in taken:
            note_heard_of(connection, said.device.hex(), said.beacon, now_ms=now_ms)
    for said in taken:
        _take_witness(services, said)
    return len(taken)


def short_of_numbers(connection: Connection, unit: str, *, leases_seen: int, fewer_than: int) -> list[str]:
    """PCs of the unit that said so by way of another, in full knowledge of the leases granted so far."""
    asked = {"of": unit, "seen": leases_seen, "fewer": fewer_than}
    return list(connection.scalars(_SHORT, asked))


def _take_witness(services: Services, said: CarriedBeacon) -> None:
    """What the PC says of the province's log, which it knows by its colleagues."""
    with reading(services.engine) as connection:
        statement = services.trust.current(connection).statement(said.device.hex())
    if statement is not None and said.cosignature:
        take_cosignature(services, statement.key, said.tree, said.cosignature)


def _verified(services: Services, signed: bytes, unit: str, bringer: str) -> CarriedBeacon | None:
    try:
        beacon = open_beacon(signed)
        with reading(services.engine) as connection:
            statement = services.trust.current(connection).statement(beacon.device)
            is_cut_off = not services.status.current(connection).is_silent(beacon.device)
            if statement is None or Role.DEVICE not in statement.roles:
                return None
            genealogy = services.genealogy.current(connection)
            place = workplace_of(connection, genealogy, device=beacon.device, stated=statement.unit)
        if place.unit != unit:
            return None
        return None if is_cut_off or beacon.device == bringer else beacon.verify(statement.key)
    except RemoteFault:
        return None


def _keep(connection: Connection, said: CarriedBeacon, unit: str) -> bool:
    device, log = said.device.hex(), said.log.hex()
    table = CARRIED_BEACON
    newest = select(table.c.log, table.c["count"].label("newest")).where(table.c.device == device)
    known = connection.execute(newest).first()
    if known is not None and known.log == log and known.newest >= said.count:
        return False
    connection.execute(delete(table).where(table.c.device == device))
    connection.execute(
        insert(table).values(
            device=device,
            unit=unit,
            log=log,
            count=said.count,
            leases_seen=said.leases_seen,
            codes_left=max(0, said.beacon.codes_left),
        )
    )
    return True
