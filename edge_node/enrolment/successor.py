"""Follow a re-organisation: from its day on this PC works for the successor of its unit, by itself.

The PC opens a log of its own for the successor (a log never spans communes) that names the old ones, goes on under the
successor's name, and reckons its lists anew, because other dossiers are its unit's now. What was written under the old
unit stays as it is, codes and signatures too, and goes on travelling. Nobody has to do anything; the officers are told.

`follow` is cheap when there is nothing to do: it is asked at every start, in every sync and by the schedule.
"""

import logging
from dataclasses import replace
from typing import Final

from sqlite_utils import Database

from dossiers.local_time import local_date, to_yyyymmdd
from dossiers.units import load_default_units
from edge_node.enrolment.epochs import open_log
from edge_node.journal import require_office
from edge_node.journal.stamp import offset_now
from edge_node.keyring.units import read_genealogy
from edge_node.projection.service import rebuild
from edge_node.services import Services
from edge_node.store import alerts, write_transaction
from edge_node.store.local import Office, read_local, read_office, write_local, write_office
from sync_protocol.log import OpeningReason

_LOG: Final = logging.getLogger(__name__)
FOLLOWED: Final = "units.followed"
"""What the derived tables were reckoned by: the unit, and which records about units were believed."""


def today_of(db: Database, services: Services) -> int:
    """Today (yyyymmdd) by the province's clock, as far as this PC has measured it."""
    now = services.clock()
    offset = offset_now(db, now)
    return to_yyyymmdd(local_date(now + (offset[0] if offset else 0)))


def follow(db: Database, services: Services) -> Office | None:
    """Go where the records about units put this PC today; returns its office, None before enrolment.

    Raises JournalReadOnly where the disk is full: it stays in the old unit until there is room.
    """
    office = read_office(db)
    if office is None:
        return None
    genealogy = read_genealogy(db)
    if genealogy.is_empty:
        return office
    today = today_of(db, services)
    unit = genealogy.unit_at(office.unit, today, device=office.device)
    name = genealogy.name_at(unit, today) or load_default_units().name(unit)
    before = office
    if unit != office.unit:
        _LOG.info("this PC works for %s from now on, no longer for %s", unit, office.unit)
        office = open_log(
            db,
            services,
            reason=OpeningReason.REORGANISATION,
            unit=unit,
            unit_name=name,
            instead_of=office.log,
        )
    elif name != office.unit_name and genealogy.name_at(unit, today):
        with write_transaction(db):
            office = replace(require_office(db), unit_name=name)
            write_office(db, office)
    _tell(db, services, before, office)
    believed = db.conn.execute("SELECT count(*) FROM unit_event").fetchone()[0]
    state = f"{office.unit} {believed}"
    if read_local(db, FOLLOWED) != state:
        with write_transaction(db):
            rebuild(db)
            write_local(db, FOLLOWED, state)
    return office


def _tell(db: Database, services: Services, before: Office, office: Office) -> None:
    if (before.unit, before.unit_name) != (office.unit, office.unit_name):
        detail = f"{before.unit} {before.unit_name} → {office.unit} {office.unit_name}"
        alerts.raise_alert(db, alerts.UNIT_CHANGED, now=services.clock(), detail=detail)
