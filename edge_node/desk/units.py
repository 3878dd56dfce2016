"""What the desk says of a re-organisation of its own unit: that the day comes, or that this PC works for another unit now."""

from dataclasses import dataclass

from sqlite_utils import Database

from dossiers.genealogy import Genealogy, Reorganisation
from dossiers.units import load_default_units
from edge_node.enrolment.successor import today_of
from edge_node.keyring.units import read_genealogy
from edge_node.services import Services
from edge_node.store import alerts
from edge_node.store.local import Office, read_office


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitNotice:
    """From which day (yyyymmdd) this PC's office bears another name, by which act; `is_coming`: the day is not here yet."""

    old_name: str
    new_name: str
    day: int
    number: str
    is_coming: bool


def unit_notice(db: Database, services: Services) -> UnitNotice | None:
    """What officers should know; a change that has come is said until somebody has confirmed to have seen it."""
    office, genealogy = read_office(db), read_genealogy(db)
    if office is None or genealogy.is_empty:
        return None
    today = today_of(db, services)
    coming = next((event for event in genealogy.reorganisations if event.effective > today), None)
    if coming is not None and _concerns(genealogy, office, coming):
        return _notice(genealogy, office, coming, is_coming=True)
    if all(alert.code != alerts.UNIT_CHANGED for alert in alerts.list_alerts(db)):
        return None
    past = [e for e in genealogy.reorganisations if e.effective <= today and _concerns(genealogy, office, e)]
    return _notice(genealogy, office, past[-1], is_coming=False) if past else None


def _concerns(genealogy: Genealogy, office: Office, event: Reorganisation) -> bool:
    units = {unit for change in event.changes for unit in (change.old, *change.successors)}
    return not units.isdisjoint(genealogy.scope(office.unit))


def _notice(genealogy: Genealogy, office: Office, event: Reorganisation, *, is_coming: bool) -> UnitNotice:
    unit = genealogy.unit_at(office.unit, event.effective, device=office.device)
    before = genealogy.names_at(event.effective - 1)
    old = [c.old for c in event.changes if is_coming is False or c.old == office.unit] or [office.unit]
    return UnitNotice(
        old_name=", ".join(before.get(each) or load_default_units().name(each) for each in old),
        new_name=genealogy.name_at(unit, event.effective) or load_default_units().name(unit),
        day=event.effective,
        number=event.number,
        is_coming=is_coming,
    )
