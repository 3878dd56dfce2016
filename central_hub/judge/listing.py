"""List for each unit the records of others that concern it, in the hub's log of that unit.

Written by the judge, in the transaction that applied the records: a list names only what stands. With the records of a
dossier go the statements of delegated keys that signed them (the province's own statements reach everybody anyway), and
the erasure orders about the dossier, so that what must go goes everywhere.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, func, select

from central_hub.journal.service import Draft, write
from central_hub.projection.foreign import Audience, listed_for
from central_hub.services import Services
from central_hub.settings import get_setting, put_setting
from central_hub.store.erasures import erasures_of
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import DOSSIER, FOREIGN, KEY
from dossiers.kinds import LISTED_MAX

WAYS_READ = "ways_read"
PROVINCE_DIGITS = 2


def list_foreign(
    connection: Connection, services: Services, audiences: Mapping[str, Audience], now_ms: int
) -> None:
    """Write what is not listed yet."""
    drafts: dict[str, list[Draft]] = {}
    for dossier, audience in audiences.items():
        orders = erasures_of(connection, [dossier])
        for unit, records in audience.units.items():
            mine = drafts.setdefault(unit, [])
            keys = {audience.signers[record] for record in records}
            mine += _new(connection, unit, None, _statements(connection, services, keys, unit))
            ordered = {order.order: False for order in orders if order.commune != unit}
            mine += _new(connection, unit, dossier, {**records, **ordered})
    for unit, lists in sorted(drafts.items()):
        if lists:
            write(connection, services, commune=unit, drafts=_distinct(lists), now_ms=now_ms)


def unread_ways(connection: Connection) -> list[str]:
    """Dossiers for another unit that an earlier version folded: they are folded once more, so that they reach it."""
    if get_setting(connection, WAYS_READ) is not None:
        return []
    away = (DOSSIER.c.commune != DOSSIER.c.home) & (func.length(DOSSIER.c.commune) > PROVINCE_DIGITS)
    return [row.id.hex() for row in connection.execute(select(DOSSIER.c.id).where(away))]


def mark_ways_read(connection: Connection) -> None:
    """From now on every fold reads the way."""
    if get_setting(connection, WAYS_READ) is None:
        put_setting(connection, WAYS_READ, "1")


def units_of(connection: Connection, record: str) -> list[str]:
    """The units for which a record was listed."""
    return sorted(connection.scalars(select(FOREIGN.c.unit).where(FOREIGN.c.record == record)))


def _new(
    connection: Connection, unit: str, dossier: str | None, records: Mapping[str, bool]
) -> Iterable[Draft]:
    known = listed_for(connection, records, unit=unit)
    for is_open in (True, False):
        lacking = [r for r, opens in records.items() if opens is is_open and _lacks(known.get(r), is_open)]
        for start in range(0, len(lacking), LISTED_MAX):
            facts = {"unit": unit, "records": lacking[start : start + LISTED_MAX]}
            if dossier is not None:
                facts["dossier"] = dossier
            yield Draft(kind="foreign.listed", facts=facts if is_open else {**facts, "closed": True})


def _lacks(is_closed: bool | None, is_open: bool) -> bool:
    return is_closed is None or (is_closed and is_open)


def _statements(
    connection: Connection, services: Services, keys: Iterable[str], unit: str
) -> dict[str, bool]:
    """The statements of these keys that stand in a log which nodes of `unit` do not hold."""
    store = HubLogStore(connection, services.opened)
    found: dict[str, bool] = {}
    for key in sorted(keys):
        rows = connection.execute(
            select(KEY.c.record).where(KEY.c.id == key, KEY.c.unit != unit).order_by(KEY.c.no)
        )
        for row in rows.all():
            record = store.record(row.record)
            if record is not None and record.header.commune not in (unit, services.province):
                found[record.id] = False
    return found


def _distinct(lists: Iterable[Draft]) -> list[Draft]:
    """Two dossiers of one batch may ask for the same statement."""
    kept: list[Draft] = []
    for draft in lists:
        if draft not in kept:
            kept.append(draft)
    return kept
