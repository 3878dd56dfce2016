"""Number leases: which dossier numbers a device may give, bound to one log of it, valid on every day from the first.

The first range is granted when the hub holds the log's opening record; another when the PC says that it runs low. A
range is never granted twice, because a code on paper is for ever.
"""

from sqlalchemy import Connection, select

from central_hub.journal.service import Draft, write
from central_hub.services import Services
from central_hub.store.tables import LEASE
from dossiers.calendar import from_yyyymmdd, to_yyyymmdd
from dossiers.codes import Lease, grantable_range
from dossiers.local_time import local_date

_UNIT_DIGITS = 5


def leases_of_unit(connection: Connection, unit: str) -> list[Lease]:
    """Every range ever granted for a unit."""
    rows = connection.execute(select(LEASE).where(LEASE.c.unit == unit).order_by(LEASE.c.first))
    return [
        Lease(unit=row.unit, first=row.first, last=row.last, start=from_yyyymmdd(row.from_day), log=row.log)
        for row in rows
    ]


def grant_lease(
    connection: Connection, services: Services, *, unit: str, log: str, now_ms: int
) -> Lease | None:
    """Grant the next free range of a unit to a log; None when the unit has no number left or is no commune."""
    if len(unit) != _UNIT_DIGITS:
        return None
    free = grantable_range(leases_of_unit(connection, unit), unit, services.config.lease_size)
    if free is None:
        return None
    start = local_date(now_ms)
    lease = Lease(unit=unit, first=free[0], last=free[1], start=start, log=log)
    write(
        connection,
        services,
        commune=unit,
        drafts=[Draft(kind="lease.granted", facts={**lease.to_facts(), "from": to_yyyymmdd(start)})],
        now_ms=now_ms,
    )
    return lease


def has_lease(connection: Connection, log: str) -> bool:
    """Whether a log was ever granted numbers."""
    return connection.execute(select(LEASE.c.unit).where(LEASE.c.log == log).limit(1)).first() is not None
