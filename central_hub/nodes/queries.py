"""One PC: its logs at the province, its number leases, the codes that may be withdrawn."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from central_hub.projection.twins import open_duplicates
from central_hub.store.tables import ENROLMENT, LEASE, LOG


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """One log of a PC as the province holds it. `reason`: an `OpeningReason`, None where it is not known here; `origin`: of
    which log it is another branch."""

    id: str
    length: int
    acknowledged: int
    judged: int
    opened_ms: int
    reason: str | None
    origin: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseState:
    """One range of dossier numbers granted to a log."""

    first: int
    last: int
    from_day: int

    @property
    def count(self) -> int:
        return self.last - self.first + 1


def duplicates_of(connection: Connection) -> Counter[str]:
    """Duplicates that nobody has settled, by PC: each counts once at every PC that wrote one of its dossiers."""
    waiting = [{side.log for side in each.sides} for each in open_duplicates(connection)]
    logs: set[str] = set().union(*waiting)
    rows = connection.execute(select(LOG.c.id, LOG.c.device).where(LOG.c.id.in_(logs)))
    device_of: dict[str, str] = {row.id: row.device for row in rows}
    return Counter(
        device for each in waiting for device in {device_of[log] for log in each if log in device_of}
    )


def logs_of(connection: Connection, device: str) -> list[LogState]:
    """The PC's logs, the newest first: each life of its database has one."""
    names = ("id", "length", "acknowledged", "judged", "opened_ms", "reason", "origin")
    query = select(*(LOG.c[name] for name in names)).where(LOG.c.device == device).order_by(LOG.c.no.desc())
    return [LogState(**dict(zip(names, row, strict=True))) for row in connection.execute(query)]


def leases_of(connection: Connection, device: str) -> list[LeaseState]:
    """The ranges granted to any log of the PC."""
    logs = select(LOG.c.id).where(LOG.c.device == device)
    query = select(LEASE).where(LEASE.c.log.in_(logs)).order_by(LEASE.c.first)
    return [
        LeaseState(first=row.first, last=row.last, from_day=row.from_day) for row in connection.execute(query)
    ]


def withdraw_code(connection: Connection, no: int, *, now_ms: int) -> tuple[str, str] | None:
    """End an unused code now; its unit and PC name, or None where there is no such open code."""
    is_open = (ENROLMENT.c.no == no) & ENROLMENT.c.used_ms.is_(None) & (ENROLMENT.c.expires_ms > now_ms)
    row = connection.execute(select(ENROLMENT.c.unit, ENROLMENT.c.device_name).where(is_open)).first()
    if row is None:
        return None
    connection.execute(update(ENROLMENT).where(ENROLMENT.c.no == no).values(expires_ms=now_ms))
    return row.unit, row.device_name
