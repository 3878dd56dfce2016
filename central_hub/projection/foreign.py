"""Which records of a dossier other units are to hold, with or without their bodies, and what was listed for them so far.

What a unit is to hold follows from the dossier's records alone (`dossiers.routes`); what was listed stands in the hub's
own logs, and the table `foreign_record` is made of that.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from central_hub.store.bulk import chunks
from central_hub.store.tables import FOREIGN
from dossiers.causality import Order
from dossiers.merge import gather
from dossiers.routes import Route
from sync_protocol.record import Record


class Audience(msgspec.Struct, frozen=True):
    """Per unit the records of other units that it is to hold: True where their bodies are for it."""

    units: Mapping[str, Mapping[str, bool]]
    signers: Mapping[str, str]
    """By which key each of those records is signed."""


def audience(order: Order, refused: AbstractSet[str]) -> Audience:
    """Who is to hold what of a routed dossier; what was refused is for nobody."""
    gathering, refused_mask, held = gather(order, refused)
    route = Route(gathering)
    if route.home is None:
        return Audience({}, {})
    out = refused_mask | held
    standing = [record for index, record in enumerate(order.records) if not out >> index & 1]
    units = {}
    for unit in sorted(route.units | {route.home}):
        readable = route.readable(unit)
        found = {r.id: r.id in readable for r in standing if r.header.commune != unit}
        if found:
            units[unit] = found
    return Audience(units, {record.id: record.header.by for record in standing})


def names_others(history: Iterable[Record]) -> bool:
    """Whether any of these records may begin a leg to another unit; quick to say no."""
    for record in history:
        header = record.header
        facts = header.facts
        if header.kind == "dossier.referred":
            return True
        if "competent" in facts and facts["competent"] != header.commune:
            return True
        if "set" in facts and isinstance(facts["set"], Mapping) and "competent" in facts["set"]:
            return True
    return False


def apply_listing(connection: Connection, facts: Mapping[str, Any]) -> None:
    """Keep what a list says; a later one opens what an earlier one kept closed, never the other way."""
    unit, dossier = facts.get("unit"), facts.get("dossier")
    if unit is None:
        return
    is_closed = int(bool(facts.get("closed")))
    known = listed_for(connection, facts.get("records", ()), unit=unit)
    for record in facts.get("records", ()):
        here = (FOREIGN.c.unit == unit) & (FOREIGN.c.record == record)
        if record not in known:
            row = {"unit": unit, "record": record, "dossier": dossier, "is_closed": is_closed}
            connection.execute(insert(FOREIGN).values(row))
        elif known[record] and not is_closed:
            connection.execute(update(FOREIGN).where(here).values(is_closed=0))


def listed_for(connection: Connection, records: Iterable[str], *, unit: str) -> dict[str, bool]:
    """Of these records those listed for a unit: True where they are closed to it."""
    found: dict[str, bool] = {}
    for part in chunks(records):
        query = select(FOREIGN.c.record, FOREIGN.c.is_closed)
        for row in connection.execute(query.where(FOREIGN.c.unit == unit, FOREIGN.c.record.in_(part))):
            found[row.record] = bool(row.is_closed)
    return found


def units_of(connection: Connection, record: str) -> list[str]:
    """The units for which a record was listed."""
    return sorted(connection.scalars(select(FOREIGN.c.unit).where(FOREIGN.c.record == record)))
