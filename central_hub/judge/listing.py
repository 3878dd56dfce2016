"""List for each unit the records of others that concern it, in the hub's log of that unit.

Written by the judge, in the transaction that applied the records: a list names only what stands. With the records of a
dossier go the statements of delegated keys that signed them (the province's own statements reach everybody anyway), and
the erasure orders about the dossier, so that what must go goes everywhere; and what was told of a record that waits, which
nobody else hears again.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from central_hub.journal.service import Draft, write
from central_hub.judge.verdicts import verdicts_for
from central_hub.projection.foreign import Audience, listed_for
from central_hub.services import Services
from central_hub.store.erasures import erasures_of
from central_hub.store.record_log import HubLogStore
from central_hub.store.tables import KEY
from dossiers.kinds import LISTED_MAX


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
    store = HubLogStore(connection, services.opened)
    for unit, lists in sorted(drafts.items()):
        if lists:
            fresh = _distinct(lists)
            listed = dict.fromkeys(record for draft in fresh for record in draft.facts["records"])
            said = verdicts_for(connection, store, unit, listed)
            write(connection, services, commune=unit, drafts=[*fresh, *said], now_ms=now_ms)


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
