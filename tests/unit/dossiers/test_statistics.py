"""The definitions by example: one quarter of one commune, counted by hand."""

from fractions import Fraction

import pytest

from dossiers.merge import fold
from dossiers.statistics import (
    ClockDay,
    Column,
    Contribution,
    DossierSummary,
    Metric,
    Placement,
    ReportRow,
    contributions,
    counter_changes,
    place,
    rate_a,
    rate_b,
    row_from_summaries,
    summarise,
    total,
)
from dossiers.views import EndedAs
from tests.support.histories import COMMUNE, PROCEDURE, History, at

FIRST, LAST = 20261001, 20261231


def summary(
    received: int = 20261120,
    due: int | None = 20261124,
    ended: int | None = None,
    ended_as: EndedAs | None = EndedAs.SOLVED,
    channel: int = 1,
    clock: tuple[ClockDay, ...] | None = None,
) -> DossierSummary:
    return DossierSummary(
        dossier="0" * 32,
        commune=COMMUNE,
        procedure=PROCEDURE,
        channel=channel,
        received=received,
        ended=ended,
        ended_as=None if ended is None else ended_as,
        due=due,
        clock=clock or (ClockDay(received, due, runs=True),),
    )


@pytest.mark.parametrize(
    ("ended", "due", "column"),
    [
        (20261123, 20261124, Column.EARLY),
        (20261124, 20261124, Column.ON_TIME),
        (20261125, 20261124, Column.LATE),
        (20261231, None, Column.ON_TIME),
    ],
)
def test_early_on_time_and_late_compare_days(ended: int, due: int | None, column: Column) -> None:
    found = place(summary(due=due, ended=ended), first=FIRST, last=LAST)
    assert found == Placement(Column.OTHER, column)


@pytest.mark.parametrize(
    ("last", "column"), [(20261123, Column.IN_TERM), (20261124, Column.IN_TERM), (20261125, Column.OVERDUE)]
)
def test_a_dossier_is_in_term_through_its_due_day(last: int, column: Column) -> None:
    found = place(summary(), first=FIRST, last=last)
    assert found is not None
    assert found.stands is column


def test_while_the_clock_stands_a_dossier_is_in_term() -> None:
    clock = (
        ClockDay(20261120, 20261124, runs=True),
        ClockDay(20261126, 20261124, runs=False),
        ClockDay(20261201, 20261203, runs=True),
    )
    one = summary(due=20261203, clock=clock, ended=20261207)
    assert contributions(one) == (
        Contribution(20261120, Metric.RECEIVED_OTHER, 1),
        Contribution(20261207, Metric.SOLVED_LATE, 1),
        Contribution(20261125, Metric.OVERDUE_ENTER, 1),
        Contribution(20261126, Metric.OVERDUE_LEAVE, 1),
        Contribution(20261204, Metric.OVERDUE_ENTER, 1),
        Contribution(20261207, Metric.OVERDUE_LEAVE, 1),
    )


def test_a_new_due_date_on_the_day_after_the_old_one_leaves_no_gap() -> None:
    clock = (ClockDay(20261120, 20261124, runs=True), ClockDay(20261130, 20261126, runs=True))
    overdue = [one for one in contributions(summary(due=20261126, clock=clock)) if "overdue" in one.metric]
    assert overdue == [Contribution(20261125, Metric.OVERDUE_ENTER, 1)]


def test_solved_on_its_due_day_it_never_was_overdue() -> None:
    metrics = {one.metric for one in contributions(summary(ended=20261124))}
    assert metrics == {Metric.RECEIVED_OTHER, Metric.SOLVED_ON_TIME}


def test_a_quarter_counted_by_hand() -> None:
    quarter = [
        summary(received=20260928, due=20261002, ended=20261001),
        summary(received=20260928, due=20261002, ended=20260930),
        summary(received=20261005, due=20261008, ended=20261008, channel=2),
        summary(received=20261005, due=20261008, ended=20261012, channel=3),
        summary(received=20261006, due=20261009, ended=20261007, ended_as=EndedAs.WITHDRAWN),
        summary(received=20261006, due=20261009, ended=20261020, ended_as=EndedAs.REFUSED),
        summary(received=20261228, due=20261230),
        summary(received=20261230, due=20270105, channel=2),
        summary(received=20270104, due=20270105),
    ]
    row = row_from_summaries(quarter, first=FIRST, last=LAST)
    assert row == ReportRow(
        online=2,
        other=4,
        carried_over=1,
        early=1,
        on_time=1,
        late=1,
        in_term=1,
        overdue=1,
        withdrawn=1,
        refused=1,
    )
    assert (row.received, row.solved, row.processing) == (7, 3, 2)
    assert (rate_a(row).label, rate_a(row).value) == ("A", Fraction(2, 3))
    assert (rate_b(row).label, rate_b(row).value) == ("B", Fraction(3, 5))
    assert total([row, row]).received == 14


def test_nothing_to_divide_by_is_no_rate() -> None:
    assert rate_a(ReportRow()).value is None
    assert rate_b(ReportRow()).value is None
    assert total([]) == ReportRow()


def test_a_row_whose_sums_disagree_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="became of it"):
        ReportRow(online=2, early=1)
    with pytest.raises(ValueError, match="below zero"):
        ReportRow(online=1, in_term=2, overdue=-1)


def test_a_change_of_due_date_moves_only_what_depends_on_it() -> None:
    before, after = summary(), summary(due=20261127)
    assert [change[2:] for change in counter_changes(before, after)] == [
        (20261125, Metric.OVERDUE_ENTER, -1),
        (20261128, Metric.OVERDUE_ENTER, 1),
    ]
    assert counter_changes(after, after) == ()
    assert {change.amount for change in counter_changes(after, None)} == {-1}


def test_a_folded_dossier_is_summarised_by_days_in_vietnam() -> None:
    history = History()
    history.receive(channel=2, received=at(0, 0, 30), due=at(3, 17))
    history.move(2, 4, "forward")
    history.move(4, 5, "request_supplement", options={"frozen": {"unit": "days", "amount": 1}}, at_ms=at(5))
    history.move(5, 4, "complete_supplement", options={"due": at(12, 17)}, at_ms=at(11, 23, 30))
    history.move(4, 9, "finish", at_ms=at(12, 0, 5))
    found = summarise(fold(history.records))
    assert found == DossierSummary(
        dossier=history.dossier,
        commune=COMMUNE,
        procedure=PROCEDURE,
        channel=2,
        received=20261120,
        ended=20261202,
        ended_as=EndedAs.SOLVED,
        due=20261202,
        clock=(
            ClockDay(20261120, 20261123, runs=True),
            ClockDay(20261125, 20261123, runs=False),
            ClockDay(20261201, 20261202, runs=True),
        ),
    )


def test_paused_is_open_with_the_clock_standing() -> None:
    stopped = (ClockDay(20261120, 20261124, runs=True), ClockDay(20261123, 20261124, runs=False))
    assert summary(clock=stopped).is_paused
    assert not summary(clock=stopped, ended=20261125, ended_as=EndedAs.WITHDRAWN).is_paused
    assert not summary().is_paused


def test_what_was_never_accepted_is_not_counted() -> None:
    history = History()
    history.receive(channel=2, status=1, due=None)
    assert summarise(fold(history.records)) is None
    history.move(1, 3, "refuse")
    assert summarise(fold(history.records)) is None


def test_a_dossier_received_for_another_commune_is_counted_where_it_is_settled() -> None:
    history = History()
    history.receive(competent="20200")
    found = summarise(fold(history.records))
    assert found is not None
    assert found.commune == "20200"
