"""Any report of any period from sums of daily counters equals the same report counted dossier by dossier, day by day."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dossiers.local_time import from_yyyymmdd, to_yyyymmdd
from dossiers.merge import fold
from dossiers.statistics import (
    ClockDay,
    Column,
    DossierSummary,
    Metric,
    ReportRow,
    contributions,
    counter_changes,
    place,
    rate_a,
    rate_b,
    row_from_summaries,
    row_from_sums,
    summarise,
    total,
)
from dossiers.views import EndedAs
from tests.support.histories import FRIDAY
from tests.support.offices import office


def day(number: int) -> int:
    return to_yyyymmdd(FRIDAY + timedelta(days=number))


@st.composite
def summaries(draw: st.DrawFn) -> DossierSummary:
    received = draw(st.integers(0, 20))
    changes = sorted(draw(st.lists(st.integers(received, received + 15), max_size=4)))
    ended = draw(st.none() | st.integers(received, received + 25))
    clock = [
        ClockDay(
            day(change),
            draw(st.none() | st.integers(received - 1, received + 12).map(day)),
            draw(st.booleans()),
        )
        for change in (received, *changes)
    ]
    return DossierSummary(
        dossier=f"{draw(st.integers(0, 2**32)):032x}",
        commune=draw(st.sampled_from(["20242", "20200"])),
        procedure=draw(st.sampled_from(["1.004873", "2.000635"])),
        channel=draw(st.integers(1, 3)),
        received=day(received),
        ended=None if ended is None else day(ended),
        ended_as=None if ended is None else draw(st.sampled_from(EndedAs)),
        due=clock[-1].due,
        clock=tuple(clock),
    )


periods = st.tuples(st.integers(-3, 45), st.integers(0, 30)).map(lambda p: (day(p[0]), day(p[0] + p[1])))
crowds = st.lists(summaries(), max_size=12)


def counted(crowd: list[DossierSummary], first: int, last: int) -> ReportRow:
    """The definitions, read aloud: nothing here but comparing days."""
    row: Counter[str] = Counter()
    for one in crowd:
        if one.received > last:
            continue
        was_over = one.ended is not None and one.ended < first
        if was_over:
            continue
        if one.received < first:
            row["carried_over"] += 1
        else:
            row["online" if one.channel == 2 else "other"] += 1
        if one.ended is not None and one.ended <= last:
            if one.ended_as is EndedAs.SOLVED:
                due = one.due if one.due is not None else one.ended
                row["early" if one.ended < due else "on_time" if one.ended == due else "late"] += 1
            else:
                row["withdrawn" if one.ended_as is EndedAs.WITHDRAWN else "refused"] += 1
        else:
            at_close = [span for span in one.clock if span.day <= last][-1]
            late = at_close.runs and at_close.due is not None and at_close.due < last
            row["overdue" if late else "in_term"] += 1
    return ReportRow(**row)


def from_counters(crowd: list[DossierSummary], first: int, last: int) -> ReportRow:
    before: Counter[Metric] = Counter()
    within: Counter[Metric] = Counter()
    for one in crowd:
        for when, metric, amount in contributions(one):
            if when <= last:
                (before if when < first else within)[metric] += amount
    return row_from_sums(before, within)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(crowds, periods)
def test_a_report_from_counters_is_the_report_from_dossiers(
    crowd: list[DossierSummary], period: tuple[int, int]
) -> None:
    first, last = period
    assert from_counters(crowd, first, last) == counted(crowd, first, last)
    assert row_from_summaries(crowd, first=first, last=last) == counted(crowd, first, last)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 2**32), min_size=1, max_size=4), periods)
def test_so_it_is_for_folded_histories(seeds: list[int], period: tuple[int, int]) -> None:
    first, last = period
    found = [summarise(fold(office(seed, 25).records.values())) for seed in seeds]
    crowd = [one for one in found if one is not None]
    assert from_counters(crowd, first, last) == counted(crowd, first, last)


@settings(max_examples=100, deadline=None)
@given(crowds, st.randoms(use_true_random=False))
def test_changes_of_summaries_add_up_to_the_counters_of_the_last(
    crowd: list[DossierSummary], chance: random.Random
) -> None:
    counters: Counter[tuple[str, str, int, Metric]] = Counter()
    current: dict[int, DossierSummary | None] = {}
    for _ in range(3 * len(crowd)):
        place_, after = chance.randrange(3), chance.choice([*crowd, None])
        for commune, procedure, when, metric, amount in counter_changes(current.get(place_), after):
            assert amount
            counters[commune, procedure, when, metric] += amount
        current[place_] = after
    expected: Counter[tuple[str, str, int, Metric]] = Counter()
    for one in current.values():
        for when, metric, amount in contributions(one) if one is not None else ():
            expected[one.commune if one else "", one.procedure if one else "", when, metric] += amount
    assert {key: amount for key, amount in counters.items() if amount} == dict(expected)


@settings(max_examples=100, deadline=None)
@given(crowds, periods, st.integers(0, 29))
def test_what_one_period_leaves_open_the_next_carries_over(
    crowd: list[DossierSummary], period: tuple[int, int], more: int
) -> None:
    first, last = period
    following = to_yyyymmdd(from_yyyymmdd(last) + timedelta(days=1))
    end = to_yyyymmdd(from_yyyymmdd(following) + timedelta(days=more))
    one, other = from_counters(crowd, first, last), from_counters(crowd, following, end)
    assert other.carried_over == one.processing
    whole = from_counters(crowd, first, end)
    assert (whole.solved, whole.withdrawn) == (one.solved + other.solved, one.withdrawn + other.withdrawn)
    assert (whole.processing, whole.overdue) == (other.processing, other.overdue)


@settings(max_examples=100, deadline=None)
@given(crowds, periods)
def test_rows_by_procedure_add_up_to_the_total_and_lists_to_their_figures(
    crowd: list[DossierSummary], period: tuple[int, int]
) -> None:
    first, last = period
    parts = [[one for one in crowd if one.procedure == code] for code in ("1.004873", "2.000635")]
    row = counted(crowd, first, last)
    assert total(counted(part, first, last) for part in parts) == row
    placed = [place(one, first=first, last=last) for one in crowd]
    for column in Column:
        assert sum(column in found for found in placed if found is not None) == getattr(row, column.value)


@settings(max_examples=100, deadline=None)
@given(crowds, periods)
def test_rates_are_shares_and_leave_withdrawn_dossiers_out(
    crowd: list[DossierSummary], period: tuple[int, int]
) -> None:
    first, last = period
    row = counted(crowd, first, last)
    left = [one for one in crowd if one.ended is None or one.ended_as is EndedAs.SOLVED]
    without = counted(left, first, last)
    if row.withdrawn + row.refused + without.received == row.received:
        assert (rate_a(without), rate_b(without)) == (rate_a(row), rate_b(row))
    for rate in (rate_a(row), rate_b(row)):
        assert rate.value is None if rate.denominator == 0 else 0 <= rate.numerator <= rate.denominator
    assert rate_b(row).denominator == row.solved + row.processing
