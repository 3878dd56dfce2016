"""The fleet: every enrolled PC, what its last contact said, and what is not here yet as far as known."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Update, and_, bindparam, delete, func, insert, select, update

from central_hub.store.tables import COPY, DEVICE, HEARD, LOG, SET_ASIDE, STANDING
from central_hub.sync.slots import Seat
from sync_protocol.frontier import Frontier, length_of
from sync_protocol.log import OpeningReason
from sync_protocol.reasons import LOG_FORK
from sync_protocol.wire import Beacon

_MINE = DEVICE.c.unit == bindparam("of")
_SEAT = select(
    func.count(DEVICE.c.unit.distinct()).label("communes"),
    func.count(DEVICE.c.unit.distinct()).filter(DEVICE.c.unit < bindparam("of")).label("commune"),
    func.count().filter(_MINE).label("devices"),
    func.count().filter(_MINE & (DEVICE.c.id < bindparam("named"))).label("device"),
)
_HEARD = (
    select(LOG.c.id, HEARD.c.length)
    .join(HEARD, and_(HEARD.c.log == LOG.c.id, HEARD.c.device == bindparam("named")), isouter=True)
    .where(LOG.c.commune == bindparam("of"))
)
_UNJUDGED = select(func.sum(LOG.c.length - LOG.c.judged))


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetState:
    """The sentence in the frame: PCs enrolled, silent ones, last contact; records that wait for a person."""

    nodes: int
    silent: int
    last: int | None
    waiting: int
    now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """One PC.

    Attributes:
        contact_ms: last request of any kind; `synced_ms`: last round after which neither side had more.
        beacon: what the PC said of itself then.
        held, acknowledged, judged: records of all its logs at the hub.
        unsent: records that the PC had and the hub had not, at that contact.
        logs: how many logs it has opened here; lives: those that began a life of its database (an epoch), which a log for
            another unit does not; forks: other branches of its logs, and runs that were set aside because of one.
        restored_ms, forked_ms: when the province learned last that its database was put back, and that a log of it goes on in
            two ways; looked_ms: up to when an administrator has looked into that.
        copies: suspected copies of its disk of which nobody has said whose they are.
        digest_state: 0 not compared, 1 equal, 2 different at the last comparison.
    """

    id: str
    unit: str
    name: str
    enrolled_ms: int
    contact_ms: int | None
    synced_ms: int | None
    beacon: Beacon | None
    held: int
    acknowledged: int
    judged: int
    unsent: int
    oldest_unsent_s: int
    digest_state: int
    is_silent: bool
    logs: int = 0
    lives: int = 0
    forks: int = 0
    restored_ms: int | None = None
    forked_ms: int | None = None
    looked_ms: int | None = None
    copies: int = 0

    @property
    def is_put_back(self) -> bool:
        """Whether its database was put back and no administrator has looked into it since."""
        return self.restored_ms is not None and self.restored_ms > (self.looked_ms or 0)

    @property
    def is_forked(self) -> bool:
        """Whether a log of it goes on in two ways and no administrator has looked into it since."""
        return self.forks > 0 and (self.forked_ms or 0) > (self.looked_ms or 0)


def fleet_state(connection: Connection, *, now_ms: int, silent_ms: int) -> FleetState:
    """The fleet in one sentence."""
    since = now_ms - silent_ms
    row = connection.execute(
        select(
            func.count().label("nodes"),
            func.count(DEVICE.c.contact_ms).filter(DEVICE.c.contact_ms >= since).label("heard"),
            func.max(DEVICE.c.contact_ms).label("last"),
        ).select_from(DEVICE)
    ).one()
    waiting = connection.scalar(select(func.count()).select_from(STANDING)) or 0
    return FleetState(
        nodes=row.nodes, silent=row.nodes - row.heard, last=row.last, waiting=waiting, now=now_ms
    )


def list_devices(
    connection: Connection, *, now_ms: int, silent_ms: int, unit: str | None = None
) -> list[DeviceState]:
    """Every enrolled PC, by unit and name. One not heard for `silent_ms` is silent."""
    begins_life = func.coalesce(LOG.c.reason, "") != OpeningReason.REORGANISATION.value
    totals = (
        select(
            LOG.c.device,
            func.sum(LOG.c.length - LOG.c.base).label("held"),
            func.sum(LOG.c.acknowledged - LOG.c.base).label("acknowledged"),
            func.sum(LOG.c.judged - LOG.c.base).label("judged"),
            func.count().filter(LOG.c.origin.is_(None)).label("logs"),
            func.count().filter(LOG.c.origin.is_(None), begins_life).label("lives"),
            func.max(LOG.c.opened_ms).filter(LOG.c.reason == OpeningReason.RESTORE.value).label("restored"),
        )
        .group_by(LOG.c.device)
        .subquery()
    )
    branches = select(LOG.c.device, LOG.c.opened_ms.label("at_ms")).where(LOG.c.origin.is_not(None))
    aside = select(LOG.c.device, SET_ASIDE.c.arrived_ms).join(SET_ASIDE, SET_ASIDE.c.log == LOG.c.id)
    apart = branches.union_all(aside.where(SET_ASIDE.c.reason == LOG_FORK.code)).subquery()
    forked = (
        select(apart.c.device, func.count().label("forks"), func.max(apart.c.at_ms).label("forked"))
        .group_by(apart.c.device)
        .subquery()
    )
    copied = (
        select(COPY.c.device, func.count().label("copies"))
        .where(COPY.c.reviewed_by.is_(None))
        .group_by(COPY.c.device)
        .subquery()
    )
    sums = [totals.c[name] for name in ("held", "acknowledged", "judged", "logs", "lives", "restored")]
    query = (
        select(DEVICE, *sums, forked.c.forks, forked.c.forked, copied.c.copies)
        .join(totals, totals.c.device == DEVICE.c.id, isouter=True)
        .join(forked, forked.c.device == DEVICE.c.id, isouter=True)
        .join(copied, copied.c.device == DEVICE.c.id, isouter=True)
        .order_by(DEVICE.c.unit, DEVICE.c.name, DEVICE.c.id)
    )
    if unit is not None:
        query = query.where(DEVICE.c.unit == unit)
    found = []
    for row in connection.execute(query):
        beacon = _beacon_decoder.decode(row.beacon.encode()) if row.beacon else None
        found.append(
            DeviceState(
                id=row.id,
                unit=row.unit,
                name=row.name,
                enrolled_ms=row.enrolled_ms,
                contact_ms=row.contact_ms,
                synced_ms=row.synced_ms,
                beacon=beacon,
                held=row.held or 0,
                acknowledged=row.acknowledged or 0,
                judged=row.judged or 0,
                unsent=beacon.unsent if beacon else 0,
                oldest_unsent_s=beacon.oldest_unsent_s if beacon else 0,
                digest_state=row.digest_state,
                logs=row.logs or 0,
                lives=row.lives or 0,
                forks=row.forks or 0,
                restored_ms=row.restored,
                forked_ms=row.forked,
                looked_ms=row.looked_ms,
                copies=row.copies or 0,
                is_silent=row.contact_ms is None or row.contact_ms < now_ms - silent_ms,
            )
        )
    return found


def note_contact(
    connection: Connection,
    device: str,
    beacon: Beacon,
    *,
    now_ms: int,
    bytes_in: int,
    bytes_out: int,
    is_complete: bool,
    digest_state: int,
) -> None:
    """Remember a round."""
    said = msgspec.json.encode(beacon).decode()
    values = {"of": device, "now": now_ms, "said": said, "up": bytes_in, "down": bytes_out}
    if is_complete:
        values["synced"] = now_ms
    if digest_state:
        values["compared"] = digest_state
    connection.execute(_contact(is_complete=is_complete, is_compared=bool(digest_state)), values)


@cache
def _contact(*, is_complete: bool, is_compared: bool) -> Update:
    values: dict[str, Any] = {
        "contact_ms": bindparam("now"),
        "beacon": bindparam("said"),
        "rounds": DEVICE.c.rounds + 1,
        "bytes_in": DEVICE.c.bytes_in + bindparam("up"),
        "bytes_out": DEVICE.c.bytes_out + bindparam("down"),
    }
    if is_complete:
        values["synced_ms"] = bindparam("synced")
    if is_compared:
        values["digest_state"] = bindparam("compared")
    return update(DEVICE).where(DEVICE.c.id == bindparam("of")).values(values)


def note_looked(connection: Connection, device: str, *, until_ms: int) -> bool:
    """Remember that an administrator has looked into what the fleet told of a PC's disk; whether that was news."""
    is_news = (DEVICE.c.id == device) & (func.coalesce(DEVICE.c.looked_ms, 0) < until_ms)
    looked = connection.execute(update(DEVICE).where(is_news).values(looked_ms=until_ms))
    return looked.rowcount > 0


def note_heard(connection: Connection, device: str, theirs: Frontier, *, province: str) -> None:
    """Remember how far a PC has the province's logs, as its request says; a restored PC may have less than before."""
    for log, before in connection.execute(_HEARD, {"named": device, "of": province}).all():
        length = length_of(theirs, log)
        if length == (before or 0):
            continue
        row = (HEARD.c.device == device) & (HEARD.c.log == log)
        if before is None:
            connection.execute(insert(HEARD).values(device=device, log=log, length=length))
        elif length:
            connection.execute(update(HEARD).where(row).values(length=length))
        else:
            connection.execute(delete(HEARD).where(row))


def note_heard_of(connection: Connection, device: str, beacon: Beacon, *, now_ms: int) -> None:
    """Remember what a PC said of itself by way of another one: it is alive, but this was no round with it."""
    values = {"contact_ms": now_ms, "beacon": msgspec.json.encode(beacon).decode()}
    connection.execute(update(DEVICE).where(DEVICE.c.id == device).values(values))


def seat_of(connection: Connection, device: str, unit: str) -> Seat:
    """Where a PC stands among all enrolled PCs, by unit and key id."""
    row = connection.execute(_SEAT, {"of": unit, "named": device}).one()
    return Seat(
        commune=row.commune, communes=max(1, row.communes), device=row.device, devices=max(1, row.devices)
    )


def count_unjudged(connection: Connection) -> int:
    """Records of all logs that are stored and wait for the judge."""
    return connection.scalar(_UNJUDGED) or 0


_beacon_decoder = msgspec.json.Decoder(Beacon)
