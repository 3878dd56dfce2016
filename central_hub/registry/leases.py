"""Number leases: which dossier numbers a device may give, bound to one log of it, valid on every day from the first.

The first range is granted when the hub holds the log's opening record; another when the PC says that it runs low and
the records that it has sent show it. A range is never granted twice, because a code on paper is for ever; so a PC's word
alone, from a wrong clock or in bad faith, must not be able to use up a unit's numbers.
"""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import Connection, func, select

from central_hub.journal.service import Draft, write
from central_hub.services import Services
from central_hub.store.tables import DOSSIER, LEASE, LOG, STANDING
from central_hub.tlog.places import is_caught_up
from dossiers.calendar import from_yyyymmdd, to_yyyymmdd
from dossiers.codes import Lease, grantable_range
from dossiers.local_time import local_date

_UNIT_DIGITS = 5
_NUMBER_DIGITS = 4
_LOW_WATER_PERCENT = 80
_DAYS_LOOKED_AT = 31


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
    """Grant the next free range of a unit to a log; None when the unit has no number left or is no commune.

    None, too, while a restored database has not caught up with the province's log: it may not know yet what was granted.
    """
    if len(unit) != _UNIT_DIGITS or not is_caught_up(connection, services.tree):
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


def grant_what_waited(
    connection: Connection, services: Services, *, now_ms: int, except_logs: Collection[int] = ()
) -> None:
    """Give the logs their first range whose opening was judged while no lease could be granted.

    `except_logs`: numbers of the logs that get none, since a suspected copy writes them.
    """
    opened = (
        select(LOG.c.id, LOG.c.commune)
        .where(LOG.c.judged > 0, LOG.c.device != services.keys.hub.public.id)
        .where(LOG.c.id.not_in(select(LEASE.c.log)))
        .where(LOG.c.no.not_in(select(STANDING.c.log_no).where(STANDING.c.seq == 0)))
        .order_by(LOG.c.no)
    )
    for row in connection.execute(opened.where(LOG.c.origin.is_(None), LOG.c.no.not_in(except_logs))).all():
        grant_lease(connection, services, unit=row.commune, log=row.id, now_ms=now_ms)


def has_lease(connection: Connection, log: str) -> bool:
    """Whether a log was ever granted numbers."""
    return connection.execute(select(LEASE.c.unit).where(LEASE.c.log == log).limit(1)).first() is not None


def has_used_its_numbers(connection: Connection, *, unit: str, log: str, now_ms: int) -> bool:
    """Whether on one of the last days a log gave out at least 80 % of the numbers that it was leased."""
    mine = [lease for lease in leases_of_unit(connection, unit) if lease.log == log]
    leased = sum(lease.last - lease.first + 1 for lease in mine)
    since = to_yyyymmdd(local_date(now_ms) - timedelta(days=_DAYS_LOOKED_AT))
    number = func.substr(DOSSIER.c.code, func.length(DOSSIER.c.code) - _NUMBER_DIGITS + 1)
    codes = connection.execute(
        select(DOSSIER.c.accepted_day, number).where(
            DOSSIER.c.commune == unit, DOSSIER.c.accepted_day >= since
        )
    )
    used: dict[int, int] = {}
    for day, text in codes:
        if text.isdigit() and any(lease.first <= int(text) <= lease.last for lease in mine):
            used[day] = used.get(day, 0) + 1
    return bool(mine) and max(used.values(), default=0) * 100 >= leased * _LOW_WATER_PERCENT
