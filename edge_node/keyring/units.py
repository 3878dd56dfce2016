"""How the province's units were re-organised, as this PC believes it, and so for which units a key may act.

`unit_event` is a view of signed records that were found good when they were stored (`projection.units`).
"""

import orjson
from sqlite_utils import Database

from dossiers.genealogy import NOTHING, Genealogy, read_event
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
