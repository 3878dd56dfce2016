"""How the province's units were re-organised, as this PC believes it, and so for which units a key may act.

`unit_event` is a view of signed records that were found good when they were stored (`projection.units`).
"""

from dataclasses import replace

import orjson
from sqlite_utils import Database

from dossiers.genealogy import NOTHING, Genealogy, read_event, receiving_log
from dossiers.local_time import local_date, to_yyyymmdd
from dossiers.units import Units, load_default_units
from dossiers.views import DossierView
from edge_node.store import SqliteLogStore
from edge_node.store.local import Office
from signing.statements import KeyStatement
from sync_protocol.record import Record
from sync_protocol.rounds import MayHold, meant_for


def read_genealogy(db: Database) -> Genealogy:
    """Everything that is believed of units."""
    rows = db.conn.execute(
        "SELECT record, kind, at_ms, at_counter, facts, content FROM unit_event"
    ).fetchall()
    if not rows:
        return NOTHING
    return Genealogy(
        read_event(kind, record.hex(), (at_ms, at_counter), orjson.loads(facts), orjson.loads(content))
        for record, kind, at_ms, at_counter, facts, content in rows
    )


def units_at(db: Database, at_ms: int) -> Units:
    """The province's units with the names that they bear at an instant; those that are no more, or are yet to come, stand
    apart: they have names and can be given nothing."""
    genealogy = read_genealogy(db)
    if genealogy.is_empty:
        return load_default_units()
    day = to_yyyymmdd(local_date(at_ms))
    return load_default_units().renamed(
        genealogy.names_at(day), ended=genealogy.ended_at(day) | genealogy.coming_at(day)
    )


def office_at(db: Database, office: Office, unit: str, at_ms: int) -> Office:
    """The office as it was when it acted as `unit`, this one or one before it: with that unit's name on that day."""
    return replace(office, unit=unit, unit_name=units_at(db, at_ms).name(unit))


def scope_of(db: Database, unit: str) -> frozenset[str]:
    """A unit and the units before it: whose dossiers, papers and people are its business."""
    return read_genealogy(db).scope(unit)


def former_units(db: Database, office: Office, today: int) -> list[tuple[str, str]]:
    """The units that became this one and are no more, by code and the name that they bore last: their books are kept here."""
    genealogy = read_genealogy(db)
    names, units = genealogy.names_at(today), load_default_units()
    ended = sorted(genealogy.forebears(office.unit) & genealogy.ended_at(today))
    return [(unit, names.get(unit) or units.name(unit)) for unit in ended]


def office_as(office: Office, former: list[tuple[str, str]], unit: str) -> Office:
    """The office as it was under a former unit; as it is now for any other word."""
    names = dict(former)
    return replace(office, unit=unit, unit_name=names[unit]) if unit in names else office


def stands_for(db: Database, view: DossierView, unit: str) -> str:
    """For which unit on a dossier's way the office `unit` stands: the receiving one where it keeps the dossier by now, one
    that was asked and became this one, else itself; "" where the dossier went to another unit."""
    genealogy = read_genealogy(db)
    if genealogy.is_empty:
        return unit
    device = SqliteLogStore(db).device_of(receiving_log(view))
    held = [tenure.unit for tenure in genealogy.tenures(view.commune, device=device, dossier=view.dossier)]
    # An office that will itself be another one on a day to come keeps until then what it has.
    if held[-1] == unit or (unit in held and genealogy.last_unit(unit) != unit):
        return view.commune
    asked = [leg.unit for leg in view.legs if leg.unit in genealogy.scope(unit)]
    return asked[0] if asked else ("" if view.commune == unit else unit)


def is_of_office(db: Database, statement: KeyStatement, unit: str) -> bool:
    """Whether the PC or officer of a statement belongs to the office of `unit`: by the statement itself, or because its
    unit became, or was once, this one for it."""
    if statement.unit == unit:
        return True
    device = statement.device or statement.key.id
    return any(tenure.unit == unit for tenure in read_genealogy(db).tenures(statement.unit, device=device))


def may_hold(db: Database, office: Office) -> MayHold:
    """Whose bodies this PC may give to another of its office: those of its unit; where units were re-organised, of the dossiers that it keeps now."""
    genealogy = read_genealogy(db)
    if genealogy.is_empty:
        return meant_for(office.unit)
    of_scope = meant_for(*genealogy.scope(office.unit))

    def answer(record: Record) -> bool:
        if record.header.dossier is None or not of_scope(record):
            return of_scope(record)
        query = "SELECT keeper FROM dossier WHERE id = ?"
        row = db.conn.execute(query, (bytes.fromhex(record.header.dossier),)).fetchone()
        return row is not None and row[0] == office.unit

    return answer
