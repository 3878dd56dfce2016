"""Catalogue, calendar and leases in force, read from the province's signed records; built-in data until they arrive.

Each is remembered until a newer record is held. A published catalogue that cannot be read leaves the one before it in
force: the office goes on working.
"""

import logging
import threading
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlite_utils import Database

from dossiers.calendar import WorkingCalendar
from dossiers.codes import Exhausted, Lease, ParsedCode, next_code, parse_code, provisional_code
from dossiers.errors import DossierError
from dossiers.local_time import local_date
from dossiers.procedures import Catalogue, load_default_calendar, load_default_catalogue
from edge_node.store import SqliteLogStore
from edge_node.store.local import Office
from sync_protocol.record import Record

_LOG: Final = logging.getLogger(__name__)
_NEWEST: Final = (
    "SELECT (SELECT id FROM record WHERE kind = 'catalogue.published' AND dossier IS NULL ORDER BY number DESC LIMIT 1), "
    "(SELECT id FROM record WHERE kind = 'calendar.published' AND dossier IS NULL ORDER BY number DESC LIMIT 1), "
    "(SELECT id FROM record WHERE kind = 'lease.granted' AND dossier IS NULL ORDER BY number DESC LIMIT 1)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocatedCode:
    """The code for a dossier received now: official, or provisional when no leased number holds.

    `is_low`: fewer than a fifth of today's leased numbers are left (the next sync asks for more).
    """

    code: str | None
    provisional: str | None
    left: int
    is_low: bool


class References:
    """Published data in force, remembered between requests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state: tuple[bytes | None, ...] | None = None
        self._found: tuple[Catalogue, WorkingCalendar, tuple[Lease, ...]] | None = None

    def catalogue(self, db: Database) -> Catalogue:
        """All versions ever published; `.at(day)` gives what can be received on a day."""
        return self._current(db)[0]

    def calendar(self, db: Database) -> WorkingCalendar:
        return self._current(db)[1]

    def leases(self, db: Database) -> tuple[Lease, ...]:
        """Every lease of every log of this unit."""
        return self._current(db)[2]

    def allocate_code(self, db: Database, office: Office, *, received_ms: int) -> AllocatedCode:
        """The next free code of this PC's log for the day of receipt; call it inside the write transaction."""
        day = local_date(received_ms)
        pattern = self.catalogue(db).code_pattern
        used = used_numbers(db, office.unit, day, pattern.format(office.unit, day, 1)[:-4])
        found = next_code(self.leases(db), used, day, unit=office.unit, log=office.log, pattern=pattern)
        if isinstance(found, Exhausted):
            counter = 1 + last_provisional(db, provisional_code(office.unit, office.log, day, 1)[:-3])
            code = provisional_code(office.unit, office.log, day, counter)
            return AllocatedCode(code=None, provisional=code, left=0, is_low=True)
        return AllocatedCode(code=found.code, provisional=None, left=found.left, is_low=found.is_low)

    def codes_left(self, db: Database, office: Office, *, now_ms: int) -> int:
        """Official codes that this PC may still give today."""
        day = local_date(now_ms)
        pattern = self.catalogue(db).code_pattern
        used = used_numbers(db, office.unit, day, pattern.format(office.unit, day, 1)[:-4])
        mine = [each for each in self.leases(db) if each.log == office.log and each.start <= day]
        return len({n for each in mine for n in range(each.first, each.last + 1)} - used)

    def parse_code(self, db: Database, text: str) -> ParsedCode | None:
        """A code as typed or scanned."""
        return parse_code(text, pattern=self.catalogue(db).code_pattern)

    def _current(self, db: Database) -> tuple[Catalogue, WorkingCalendar, tuple[Lease, ...]]:
        state = db.conn.execute(_NEWEST).fetchone()
        with self._lock:
            if self._found is None or state != self._state:
                self._found, self._state = (read_catalogue(db), read_calendar(db), read_leases(db)), state
            return self._found


def _published_order(record: Record) -> tuple[int, tuple[int, int], str]:
    """By version; of two under one number, which a hub that was put back may give twice, the later said, whatever came first."""
    return int(record.header.facts["version"]), record.header.at, record.id


def read_catalogue(db: Database) -> Catalogue:
    catalogue = load_default_catalogue()
    published = None
    records = SqliteLogStore(db).records_of_kinds("catalogue.published")
    for record in sorted(records, key=_published_order):
        facts = record.header.facts
        try:
            found = Catalogue.from_data(
                record.content, version=int(facts["version"]), effective=int(facts["effective"])
            )
            published = found if published is None else published.with_published(found)
        except DossierError as error:
            _LOG.error("catalogue version %s is not used: %s", facts.get("version"), error)
    return published or catalogue


def read_calendar(db: Database) -> WorkingCalendar:
    records = SqliteLogStore(db).records_of_kinds("calendar.published")
    for record in sorted(records, key=_published_order, reverse=True):
        try:
            return WorkingCalendar.from_data(record.content)
        except DossierError as error:
            _LOG.error("calendar version %s is not used: %s", record.header.facts.get("version"), error)
    return load_default_calendar()


def read_leases(db: Database) -> tuple[Lease, ...]:
    records = SqliteLogStore(db).records_of_kinds("lease.granted")
    return tuple(Lease.from_facts(record.header.facts) for record in records)


def used_numbers(db: Database, unit: str, day: date, prefix: str) -> set[int]:
    """Numbers of a unit and day that any record held here gave, also one that the fold or the province set aside."""
    rows = db.conn.execute(
        "SELECT code FROM given_code WHERE code >= ?1 AND code < ?1 || 'Z'", (prefix,)
    ).fetchall()
    return {int(row[0][len(prefix) :]) for row in rows if row[0][len(prefix) :].isdigit()}


def last_provisional(db: Database, prefix: str) -> int:
    """The highest count of provisional codes with this beginning."""
    rows = db.conn.execute(
        "SELECT code FROM given_code WHERE code >= ?1 AND code < ?1 || 'Z'", (prefix,)
    ).fetchall()
    return max((int(row[0][len(prefix) :]) for row in rows), default=0)
