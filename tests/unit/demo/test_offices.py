"""The replay writes through the node's journal, every record at its own hour, and a correction makes a dossier late."""

from pathlib import Path

import pytest

from demo.catalogue import replay_catalogue
from demo.lives import Desk, steps_of, steps_of_unit
from demo.plan import PlannedDossier, plan_quarter
from demo.quarter.correction import correctable, correction_steps
from demo.quarter.offices import Agenda, ReplayClock
from dossiers.calendar import load_default_calendar
from dossiers.deadlines import Timeliness
from dossiers.local_time import local_date
from dossiers.procedures import load_default_catalogue
from dossiers.units import load_default_units
from edge_node.journal import write
from edge_node.journal.stamp import begin_epoch
from edge_node.keyring import Actor
from edge_node.projection.service import view
from signing.roles import Role
from tests.support.office import TestOffice, make_office

UNIT = load_default_units().communes[5]
CATALOGUE = replay_catalogue(load_default_catalogue())
CALENDAR = load_default_calendar()
PLAN = plan_quarter([UNIT], CATALOGUE, CALENDAR, solved=40, late=4)


@pytest.fixture
def office(tmp_path: Path) -> TestOffice:
    made = make_office(tmp_path / "node", unit=UNIT.code)
    begin_epoch(made.db)
    return made


@pytest.fixture
def officer(office: TestOffice) -> Actor:
    return office.actor("Mai", Role.RECEPTIONIST, Role.SPECIALIST, Role.LEADER, Role.CLERK)


def desk(officer: Actor) -> Desk:
    return Desk(
        unit=UNIT, officer=officer.officer, officer_name="Mai", catalogue=CATALOGUE, calendar=CALENDAR
    )


def subject(officer: Actor, dossier: PlannedDossier) -> str:
    return steps_of(desk(officer), dossier)[0].dossier


def write_all(office: TestOffice, officer: Actor) -> None:
    steps = steps_of_unit(desk(officer), PLAN[UNIT.code])
    records = write(office.db, office.services, officer, Agenda(steps, office.clock))  # type: ignore[arg-type]
    assert [record.header.at[0] for record in records] == [step.at_ms for step in steps]


def test_the_node_says_of_every_dossier_what_was_planned(office: TestOffice, officer: Actor) -> None:
    write_all(office, officer)
    for dossier in PLAN[UNIT.code]:
        found = view(office.db, subject(officer, dossier))
        assert found
        assert (found.accepted, found.finished, found.timeliness) == (
            dossier.accepted, dossier.finished, dossier.timeliness,
        )  # fmt: skip


def test_a_correction_makes_a_dossier_late(office: TestOffice, officer: Actor) -> None:
    write_all(office, officer)
    dossier = correctable(PLAN)
    steps = correction_steps(desk(officer), dossier)
    write(office.db, office.services, officer, Agenda(steps, office.clock))  # type: ignore[arg-type]
    found = view(office.db, subject(officer, dossier))
    assert found
    assert found.timeliness is Timeliness.LATE
    assert found.due == dossier.due_at_end
    assert str(local_date(found.finished or 0)) == "2025-03-31"


def test_an_agenda_moves_the_clock_only_as_it_is_taken_up() -> None:
    steps = steps_of(
        Desk(unit=UNIT, officer="0a" * 16, officer_name="Mai", catalogue=CATALOGUE, calendar=CALENDAR),
        PLAN[UNIT.code][0],
    )
    clock = ReplayClock(0)
    agenda = Agenda(steps, clock)
    assert len(agenda) == len(steps)
    assert (agenda[0].kind, clock.now) == ("dossier.received", 0)
    seen = [clock.now for _ in agenda]
    assert seen == [step.at_ms for step in steps]
