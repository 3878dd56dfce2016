"""One PC: its logs at the province, its number leases, the codes that may be withdrawn."""

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from central_hub.store.tables import ENROLMENT, LEASE, LOG


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """One log of a PC as the province holds it."""

    id: str
    length: int
    acknowledged: int
    judged: int
    opened_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseState:
    """One range of dossier numbers granted to a log."""

    first: int
    last: int
    from_day: int

    @property
    def count(self) -> int:
        return self.last - self.first + 1


def logs_of(connection: Connection, device: str) -> list[LogState]:
    """The PC's logs, the newest first: each life of its database has one."""
    names = ("id", "length", "acknowledged", "judged", "opened_ms")
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
