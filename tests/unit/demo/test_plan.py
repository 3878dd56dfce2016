"""The plan of the quarter gives the published figures, in office hours, in the order of a dossier's life."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest

from demo.catalogue import REPLAY_FROM, catalogue_file, replay_catalogue
from demo.lives import Desk, Step, steps_of, steps_of_unit
from demo.plan import (
    FIRST_DAY,
    IN_TIME,
    LAST_DAY,
    LATE,
    MIX,
    SOLVED,
    Plan,
    PlannedDossier,
    plan_quarter,
    share_out,
    working_days,
)
from dossiers.axes import Channel
from dossiers.calendar import load_default_calendar
from dossiers.codes import parse_code
from dossiers.deadlines import Timeliness
from dossiers.kinds import check_body, check_facts, roles_for
from dossiers.lifecycle import Move, Status, check_move
from dossiers.local_time import local_date
from dossiers.merge import fold
from dossiers.procedures import Catalogue, load_default_catalogue
from dossiers.units import load_default_units
from signing.roles import Role
from sync_protocol.record import Body, Header, Record, compose
from tests.support.log_builder import key

CALENDAR = load_default_calendar()
CATALOGUE = replay_catalogue(load_default_catalogue())
UNITS = load_default_units()
ROLES = frozenset({Role.RECEPTIONIST, Role.SPECIALIST, Role.LEADER, Role.CLERK})


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_quarter(UNITS.communes, CATALOGUE, CALENDAR)


@pytest.fixture(scope="module")
def everything(plan: Plan) -> list[PlannedDossier]:
    return [dossier for each in plan.values() for dossier in each]


def desk(unit: str) -> Desk:
    found = UNITS.find(unit)
    assert found
    return Desk(
        unit=found, officer="0a" * 16, officer_name="Trần Thị Lan", catalogue=CATALOGUE, calendar=CALENDAR
    )


def some(everything: list[PlannedDossier]) -> list[PlannedDossier]:
    """A few of each procedure, and all with something special about them."""
    special = [d for d in everything if d.supplement or d.handed is None]
    return everything[::40] + special


# The figures


def test_the_published_figures_come_out(everything: list[PlannedDossier]) -> None:
    found = Counter(dossier.timeliness for dossier in everything)
    assert sum(found.values()) == SOLVED == 32_548
    assert found[Timeliness.EARLY] + found[Timeliness.ON_TIME] == IN_TIME == 31_747
    assert found[Timeliness.LATE] == LATE
    assert f"{100 * IN_TIME / SOLVED:.2f}" == "97.54"


def test_every_commune_of_today_takes_part(plan: Plan) -> None:
    assert plan.keys() == {unit.code for unit in UNITS.communes}
    assert len(plan) == 94
    assert all(plan.values())


def small_plan(seed: int) -> Plan:
    return plan_quarter(UNITS.communes, CATALOGUE, CALENDAR, seed=seed, solved=600, late=50)


def test_the_same_seed_gives_the_same_plan() -> None:
    assert small_plan(1) == small_plan(1)


def test_another_seed_gives_another_plan_with_the_same_figures() -> None:
    first, second = small_plan(1), small_plan(2)
    assert first != second
    for each in (first, second):
        late = [d for dossiers in each.values() for d in dossiers if d.timeliness is Timeliness.LATE]
        assert len(late) == 50


def test_copies_dominate_and_every_procedure_of_the_mix_occurs(everything: list[PlannedDossier]) -> None:
    found = Counter(dossier.procedure for dossier in everything)
    assert found.keys() == MIX.keys()
    assert found.most_common(1)[0][0] == "2.000815"
    assert found["2.000815"] > SOLVED * Fraction(4, 10)


@pytest.mark.parametrize("total", [282, 283, 1_000, 32_548])
def test_shares_add_up(total: int) -> None:
    shares = share_out(total, UNITS.communes, Random(3))
    assert sum(shares.values()) == total
    assert min(shares.values()) >= 3


def test_too_few_to_share_is_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        share_out(281, UNITS.communes, Random(3))


# Times


def test_tet_is_kept() -> None:
    days = working_days(CALENDAR, FIRST_DAY, LAST_DAY)
    assert len(days) == 58
    assert date(2025, 1, 29) not in days
    assert date(2025, 1, 1) not in days


def test_everything_happens_in_office_hours_of_the_quarter(everything: list[PlannedDossier]) -> None:
    for dossier in everything:
        for moment in (dossier.came, dossier.accepted, dossier.finished, dossier.handed):
            if moment is not None:
                assert CALENDAR.is_working_time(moment)
                assert FIRST_DAY <= local_date(moment) <= LAST_DAY


def test_a_dossier_comes_before_it_goes(everything: list[PlannedDossier]) -> None:
    for dossier in everything:
        assert dossier.came <= dossier.accepted < dossier.finished
        assert (dossier.came < dossier.accepted) == (dossier.channel is Channel.ONLINE)
        assert dossier.handed is None or dossier.finished < dossier.handed
        if dossier.supplement:
            assert dossier.accepted < dossier.supplement.asked < dossier.supplement.brought < dossier.finished


def test_numbers_of_a_day_are_given_once(everything: list[PlannedDossier]) -> None:
    given = Counter((d.unit, local_date(d.accepted), d.ordinal) for d in everything)
    assert max(given.values()) == 1
    assert max(d.ordinal for d in everything) <= 500


# Records


def test_about_six_records_a_dossier(everything: list[PlannedDossier]) -> None:
    counts = [len(steps_of(desk(d.unit), d)) for d in everything[::20]]
    assert 5.8 < sum(counts) / len(counts) < 6.5


def test_every_step_may_be_taken_and_written(everything: list[PlannedDossier]) -> None:
    for dossier in some(everything):
        steps = steps_of(desk(dossier.unit), dossier)
        assert all(earlier.at_ms < later.at_ms for earlier, later in pairwise(steps))
        status = Status.NEW
        for step in steps:
            # A number is given one millisecond before its acceptance, be that at opening time.
            assert CALENDAR.is_working_time(step.at_ms) or CALENDAR.is_working_time(step.at_ms + 1)
            assert check_facts(step.kind, step.facts) is None
            assert check_body(step.kind, step.facts, step.content) is None
            assert roles_for(step.kind, step.facts) & ROLES
            status = follow(step, status)
        assert status is (Status.RETURNED if dossier.handed else Status.SOLVED)


def follow(step: Step, status: Status) -> Status:
    if step.kind == "dossier.received":
        return Status(step.facts["status"])
    if step.kind != "dossier.moved":
        return status
    move = check_move(status, step.facts["action"], ROLES, facts=step.facts, content=step.content or {})
    assert isinstance(move, Move)
    assert (move.source, move.target) == (step.facts["from"], step.facts["to"])
    return move.target


def test_the_fold_of_the_records_says_what_was_planned(everything: list[PlannedDossier]) -> None:
    for dossier in some(everything)[::4]:
        view = fold(records_of(steps_of(desk(dossier.unit), dossier), dossier.unit))
        assert view.accepted == dossier.accepted
        assert view.finished == dossier.finished
        assert view.due == dossier.due_at_end
        assert view.timeliness is dossier.timeliness
        assert view.paid == view.fee_due
        assert not view.conflicts
        code = parse_code(view.code or "")
        assert code
        assert (code.unit, code.day, code.number) == (
            dossier.unit,
            local_date(dossier.accepted),
            dossier.ordinal,
        )


def records_of(steps: list[Step], unit: str) -> list[Record]:
    records: list[Record] = []
    for seq, step in enumerate(steps):
        body = Body.of(step.content, salt=bytes(16)) if step.content is not None else None
        header = Header(
            at=(step.at_ms, 0),
            body=body.hash if body else None,
            by=key("Lan").public.id,
            commune=unit,
            dossier=step.dossier,
            facts=step.facts,
            kind=step.kind,
            log="ab" * 16,
            parents=(records[-1].id,) if records else (),
            prev=records[-1].link if records else None,
            seq=seq,
        )
        records.append(compose(header, body, key("Lan")))
    return records


def test_a_units_steps_are_in_the_order_of_time(plan: Plan) -> None:
    steps = steps_of_unit(desk("20333"), plan["20333"])
    assert [step.at_ms for step in steps] == sorted(step.at_ms for step in steps)
    assert {step.dossier for step in steps} == {steps_of(desk("20333"), d)[0].dossier for d in plan["20333"]}


# The catalogue of then


def test_the_replay_catalogue_is_in_force_then_and_alters_nothing() -> None:
    today = load_default_catalogue()
    assert today.altered_by(CATALOGUE) == ()
    assert not any(p.key == q.key for p in today.procedures for q in CATALOGUE.procedures)
    both = today.with_published(CATALOGUE)
    for code in MIX:
        then, now = both.current(code, REPLAY_FROM), both.current(code, date(2026, 11, 1))
        assert then
        assert now
        assert then.version == now.version + 1
        assert then.rule == now.rule


def test_the_catalogue_survives_its_file() -> None:
    content: Mapping[str, object] = catalogue_file(CATALOGUE)
    again = Catalogue.from_data(content, version=CATALOGUE.version, effective=20250101)
    assert again.procedures == CATALOGUE.procedures
