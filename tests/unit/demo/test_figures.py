"""The checks of the quarter's figures catch a report that does not add up, and one that is not what was planned."""

import io
from dataclasses import replace
from typing import Any

import pytest

from demo.catalogue import replay_catalogue
from demo.claims import Ledger
from demo.plan import Plan, plan_quarter
from demo.quarter.correction import correctable
from demo.quarter.figures import GROUPS, check_group, check_published, check_reports, differences
from demo.reports import Report, Row, _row
from dossiers.calendar import load_default_calendar
from dossiers.deadlines import Timeliness
from dossiers.procedures import load_default_catalogue
from dossiers.units import load_default_units


def row(early: int, on_time: int, late: int) -> Row:
    solved = early + on_time + late
    return Row(
        received=solved, online=1, other=solved - 1, carried_over=0, solved=solved, early=early, on_time=on_time,
        late=late, processing=0, in_term=0, overdue=0,
    )  # fmt: skip


def added(rows: dict[str, Row]) -> Row:
    columns = [each.columns() for each in rows.values()]
    return Row(**{name: sum(column[name] for column in columns) for name in columns[0]})


ROWS = {"20242": row(2, 3, 1), "20900": row(1, 1, 0)}
REPORT = Report("commune", ROWS, added(ROWS))


def failures(check: Any, *values: Any) -> list[str]:
    ledger = Ledger(out=io.StringIO())
    check(ledger, *values)
    assert ledger.claims
    return [claim.evidence for claim in ledger.failed]


def test_a_report_that_adds_up() -> None:
    assert failures(check_group, REPORT, REPORT) == []


@pytest.mark.parametrize(
    "wrong",
    [
        Report("commune", ROWS | {"20900": row(1, 2, 0)}, REPORT.total),
        Report("commune", ROWS, replace(REPORT.total, late=0)),
        Report("commune", ROWS | {"20900": replace(row(1, 1, 0), processing=1)}, REPORT.total),
    ],
    ids=["rows", "total", "one row"],
)
def test_a_report_that_does_not(wrong: Report) -> None:
    assert failures(check_group, wrong, REPORT)


def test_another_total_than_the_other_groups() -> None:
    other = Report("field", {"x": row(3, 4, 0)}, row(3, 4, 0))
    assert failures(check_group, other, REPORT)


def test_the_rate_is_that_of_the_press() -> None:
    assert row(6_534, 25_213, 801).rate == "97,54 %"
    assert row(0, 0, 0).rate == "–"
    assert failures(check_published, Report("commune", {}, row(6_534, 25_213, 801))) == []
    assert len(failures(check_published, Report("commune", {}, row(6_534, 25_212, 802)))) == 1


def test_one_dossier_late_changes_one_column() -> None:
    after = Report("commune", {}, row(2, 5, 2))
    assert differences(Report("commune", {}, row(2, 6, 1)), after) == {"on_time": -1, "late": 1}


def test_the_hubs_answer_is_read_column_by_column() -> None:
    told = {
        "key": "20242",
        "received": {"total": 9, "online": 4, "other": 3, "carried_over": 2},
        "solved": {"total": 6, "early": 1, "on_time": 2, "late": 3},
        "processing": {"total": 3, "in_term": 2, "overdue": 1},
        "withdrawn": 0, "refused": 0, "rates": {},
    }  # fmt: skip
    found = _row(told)
    assert found.adds_up
    assert (found.received, found.carried_over, found.late, found.overdue) == (9, 2, 3, 1)


# Against a plan


@pytest.fixture(scope="module")
def plan() -> Plan:
    units = load_default_units().communes[:4]
    return plan_quarter(
        units, replay_catalogue(load_default_catalogue()), load_default_calendar(), solved=60, late=6
    )


def reports_of(plan: Plan) -> list[Report]:
    """What a hub would say that received exactly the plan."""
    found = []
    for group in GROUPS:
        rows: dict[str, dict[str, int]] = {}
        for dossier in (d for each in plan.values() for d in each):
            key = {"commune": dossier.unit, "procedure": dossier.procedure}.get(group, group)
            counted = rows.setdefault(key, dict.fromkeys(row(0, 0, 0).columns(), 0))
            for name in (
                "received",
                "online" if dossier.channel == 2 else "other",
                "solved",
                dossier.timeliness.value,
            ):
                counted[name] += 1
        made = {key: Row(**counted) for key, counted in rows.items()}
        found.append(Report(group, made, added(made)))
    return found


def test_what_was_planned_is_accepted(plan: Plan) -> None:
    assert failures(check_reports, reports_of(plan), plan) == []


def test_one_dossier_in_another_commune_is_noticed(plan: Plan) -> None:
    reports = reports_of(plan)
    first, second, *_ = reports[0].rows
    moved = {
        first: replace(reports[0].rows[first], solved=reports[0].rows[first].solved - 1),
        second: replace(reports[0].rows[second], solved=reports[0].rows[second].solved + 1),
    }
    reports[0] = Report("commune", {**reports[0].rows, **moved}, reports[0].total)
    assert failures(check_reports, reports, plan)


def test_what_is_corrected_was_in_time(plan: Plan) -> None:
    dossier = correctable(plan)
    assert dossier.timeliness is not Timeliness.LATE
    assert dossier.due_at_end
