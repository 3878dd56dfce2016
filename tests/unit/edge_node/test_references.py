"""Published data in force: catalogue, calendar, leases, and the codes that follow from them."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dossiers.codes import Lease, parse_code
from dossiers.local_time import instant
from dossiers.procedures import load_default_catalogue
from edge_node.store import SqliteLogStore
from tests.support.log_builder import LogBuilder, key
from tests.support.office import TestOffice, make_office

DAY = date(2026, 11, 24)


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    return make_office(tmp_path)


def publish(
    office: TestOffice, kind: str, facts: dict[str, Any], content: dict[str, Any] | None = None
) -> None:
    log = LogBuilder(device="hub", epoch=f"{kind} {facts}")
    log.add(kind, facts, content=content, signer=key("hub"))
    SqliteLogStore(office.db).append(log.run())


def grant(office: TestOffice, first: int, last: int, *, log: str | None = None, start: date = DAY) -> None:
    lease = Lease(unit=office.office.unit, first=first, last=last, start=start, log=log or office.office.log)
    publish(office, "lease.granted", lease.to_facts())


def allocate(office: TestOffice, day: date = DAY) -> str:
    found = office.services.references.allocate_code(
        office.db, office.office, received_ms=instant(day, 8 * 60)
    )
    code = found.code or found.provisional
    assert code is not None
    office.receive(code=found.code, provisional=found.provisional)
    return code


def test_without_a_lease_codes_are_provisional_and_differ(office: TestOffice) -> None:
    one, other = allocate(office), allocate(office)
    assert one != other and one.startswith("TAM.20242-261124-") and other.endswith("-002")
    parsed = parse_code(one)
    assert parsed is not None and parsed.code == one


def test_a_lease_gives_official_codes_from_its_day_on_until_it_is_used_up(office: TestOffice) -> None:
    grant(office, 21, 22)
    assert allocate(office, date(2026, 11, 23)).startswith("TAM.")
    assert [allocate(office) for _ in range(2)] == ["H17.20242-261124-0021", "H17.20242-261124-0022"]
    assert allocate(office).startswith("TAM.")
    assert allocate(office, date(2026, 11, 25)) == "H17.20242-261125-0021"


def test_only_the_own_logs_lease_counts_and_a_new_one_is_seen_at_once(office: TestOffice) -> None:
    grant(office, 1, 9, log="0" * 32)
    assert allocate(office).startswith("TAM.")
    grant(office, 31, 40)
    assert allocate(office) == "H17.20242-261124-0031"
    left = office.services.references.codes_left(office.db, office.office, now_ms=instant(DAY, 600))
    assert left == 9


def test_a_published_catalogue_replaces_the_built_in_one_and_a_broken_one_does_not(
    office: TestOffice,
) -> None:
    references = office.services.references
    assert references.catalogue(office.db) == load_default_catalogue()
    data = load_default_catalogue().to_data()
    publish(office, "catalogue.published", {"version": 7, "effective": 20261201}, data)
    assert references.catalogue(office.db).version == 7
    publish(office, "catalogue.published", {"version": 8, "effective": 20261202}, {"procedures": "nonsense"})
    assert references.catalogue(office.db).version == 7


def test_a_broken_calendar_leaves_the_one_before_in_force(office: TestOffice) -> None:
    before = office.services.references.calendar(office.db)
    publish(office, "calendar.published", {"version": 9, "first": 20260101, "last": 20261231}, {"x": 1})
    assert office.services.references.calendar(office.db).is_working_day(DAY) == before.is_working_day(DAY)
